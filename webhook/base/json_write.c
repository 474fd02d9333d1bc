/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"
#include "base/value.h"

static void write_escape(struct pn_buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        pn_buf_append(out, "\\\"", 2);
        return;
    case '\\':
        pn_buf_append(out, "\\\\", 2);
        return;
    case '\n':
        pn_buf_append(out, "\\n", 2);
        return;
    case '\r':
        pn_buf_append(out, "\\r", 2);
        return;
    case '\t':
        pn_buf_append(out, "\\t", 2);
        return;
    default:
        break;
    }
    char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    pn_buf_append(out, escape, sizeof escape);
}

/* Bytes that may not stand in a string as they are, or that are not alone a character. */
static const bool needs_care[256] = {
    [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true, [0x80 ... 0xff] = true};

/* How many bytes from the start need no care; eight at a time as far as that goes. */
static size_t count_plain(struct pn_str text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    size_t i = 0;
    for (uint64_t w; i + sizeof w <= text.n; i += sizeof w) {
        memcpy(&w, text.s + i, sizeof w);
        /* A byte's top bit is set where it is 0 after the XOR, below 0x20, or has it already. */
        uint64_t quote = w ^ ones * '"', backslash = w ^ ones * '\\';
        uint64_t care = (quote - ones) | (backslash - ones) | (w - ones * 0x20) | w;
        if ((care & tops) != 0)
            break;
    }
    while (i < text.n && !needs_care[(unsigned char)text.s[i]])
        i++;
    return i;
}

void pn_json_write_text(struct pn_buf *out, struct pn_str text)
{
    size_t done = 0, i = count_plain(text);
    while (i < text.n) {
        size_t n = pn_str_utf8_next((struct pn_str){text.s + i, text.n - i});
        if (n <= 1) {
            pn_buf_append(out, text.s + done, i - done);
            if (n == 1)
                write_escape(out, (unsigned char)text.s[i]);
            else
                pn_buf_cstr(out, "\xef\xbf\xbd");
            done = i + 1;
        }
        i += n > 0 ? n : 1;
        i += count_plain((struct pn_str){text.s + i, text.n - i});
    }
    if (done < text.n)
        pn_buf_append(out, text.s + done, text.n - done);
}

void pn_json_write_str(struct pn_buf *out, struct pn_str text)
{
    if (text.n > 0 && count_plain(text) == text.n) { /* nearly always: in one piece */
        char *at = pn_buf_reserve(out, text.n + 2);
        if (at == NULL)
            return;
        at[0] = at[text.n + 1] = '"';
        memcpy(at + 1, text.s, text.n);
        return;
    }
    pn_buf_char(out, '"');
    pn_json_write_text(out, text);
    pn_buf_char(out, '"');
}

static void write_array(struct pn_buf *out, struct pn_value v)
{
    pn_buf_char(out, '[');
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        if (i > 0)
            pn_buf_char(out, ',');
        pn_json_write(out, pn_value_at(v, i));
    }
    pn_buf_char(out, ']');
}

static void write_object(struct pn_buf *out, struct pn_value v)
{
    if (v.block->note != NULL) {
        pn_buf_str(out, v.block->note->json);
        return;
    }
    pn_buf_char(out, '{');
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        const struct pn_member *m = pn_value_member(v, i);
        if (i > 0)
            pn_buf_char(out, ',');
        pn_json_write_str(out, m->key);
        pn_buf_char(out, ':');
        pn_json_write(out, m->value);
    }
    pn_buf_char(out, '}');
}

void pn_json_write(struct pn_buf *out, struct pn_value v)
{
    switch (v.kind) {
    case PN_BOOL:
        pn_buf_cstr(out, v.b ? "true" : "false");
        return;
    case PN_INT:
        pn_buf_int(out, v.i);
        return;
    case PN_REAL:
        pn_number_write_real(out, v.r);
        return;
    case PN_RAW:
        pn_buf_str(out, pn_value_str(v));
        return;
    case PN_STRING:
        pn_json_write_str(out, pn_value_str(v));
        return;
    case PN_ARRAY:
        write_array(out, v);
        return;
    case PN_OBJECT:
        write_object(out, v);
        return;
    default:
        pn_buf_cstr(out, "null");
        return;
    }
}
