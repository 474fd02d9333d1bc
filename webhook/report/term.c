/* SPDX-License-Identifier: Apache-2.0 */
#include "report/term.h"

#include <stdbool.h>

struct range {
    uint32_t first, last;
};

/*
 * Widths are kept here because wcwidth() knows only what the locale knows, and the program has
 * none. Sorted; of Unicode's EastAsianWidth W and F, and of its combining marks, the blocks that
 * are met in manifests.
 */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2614, 0x2615},   {0x26a1, 0x26a1},
    {0x2705, 0x2705},   {0x2728, 0x2728},   {0x274c, 0x274c},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x2b50, 0x2b50},   {0x2e80, 0x303e},
    {0x3041, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60},   {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff},
    {0x20000, 0x3fffd},
};

static const struct range zero_width[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x064b, 0x065f},   {0x0e34, 0x0e3a},
    {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200d, 0x200d},   {0x20d0, 0x20ff},
    {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xe0100, 0xe01ef},
};

/* C1 controls, and what hides or reorders text: zero width spaces, marks and overrides of
 * direction, line and paragraph separators, byte order mark. */
static const struct range unsafe[] = {
    {0x80, 0x9f},     {0x061c, 0x061c}, {0x200b, 0x200c}, {0x200e, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff},
};

static bool is_in(const struct range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n && ranges[i].first <= c; i++) {
        if (c <= ranges[i].last)
            return true;
    }
    return false;
}

static uint32_t code_point(const char *s, size_t n)
{
    static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t c = (unsigned char)s[0] & lead_mask[n];
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)s[i] & 0x3fu);
    return c;
}

/* Returns the columns: an escape is ASCII. */
static size_t put_escape(struct pn_buf *out, char kind, uint32_t c)
{
    size_t before = out->len;
    pn_buf_printf(out, "\\%c%0*x", kind, kind == 'x' ? 2 : 4, (unsigned)c);
    return out->len - before;
}

static size_t put_ascii(struct pn_buf *out, unsigned char c)
{
    if (c >= 0x20 && c != 0x7f) {
        pn_buf_char(out, (char)c);
        return 1;
    }
    if (c == '\n' || c == '\t' || c == '\r') {
        pn_buf_char(out, '\\');
        pn_buf_char(out, c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
        return 2;
    }
    return put_escape(out, 'x', c);
}

size_t pn_term_put(struct pn_buf *out, struct pn_str *rest)
{
    struct pn_str at = *rest;
    size_t n = pn_str_utf8_next(at);
    size_t step = n > 0 ? n : 1;
    *rest = (struct pn_str){at.s + step, at.n - step};
    if (n == 0)
        return put_escape(out, 'x', (unsigned char)at.s[0]);
    uint32_t c = code_point(at.s, n);
    if (c < 0x80)
        return put_ascii(out, (unsigned char)c);
    if (is_in(unsafe, PN_COUNT_OF(unsafe), c))
        return put_escape(out, 'u', c);
    pn_buf_append(out, at.s, n);
    if (is_in(zero_width, PN_COUNT_OF(zero_width), c))
        return 0;
    return is_in(wide, PN_COUNT_OF(wide), c) ? 2 : 1;
}

size_t pn_term_write(struct pn_buf *out, struct pn_str text)
{
    size_t columns = 0;
    while (text.n > 0)
        columns += pn_term_put(out, &text);
    return columns;
}
