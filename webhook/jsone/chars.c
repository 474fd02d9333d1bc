/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/chars.h"

size_t pn_chars_next(struct pn_str s)
{
    size_t n = pn_str_utf8_next(s);
    return n > 0 ? n : 1;
}

size_t pn_chars_count(struct pn_str s)
{
    size_t count = 0;
    for (size_t at = 0; at < s.n; count++)
        at += pn_chars_next((struct pn_str){s.s + at, s.n - at});
    return count;
}

size_t pn_chars_skip(struct pn_str s, size_t n)
{
    size_t at = 0;
    for (; n > 0 && at < s.n; n--)
        at += pn_chars_next((struct pn_str){s.s + at, s.n - at});
    return at;
}

size_t pn_chars_space(struct pn_str s)
{
    if (s.n == 0)
        return 0;
    if ((s.s[0] >= '\t' && s.s[0] <= '\r') || s.s[0] == ' ')
        return 1;
    /* U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000, U+FEFF */
    static const char wide[] = "\xe1\x9a\x80\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaf\xe2\x81\x9f"
                               "\xe3\x80\x80\xef\xbb\xbf";
    if (s.n >= 2 && memcmp(s.s, "\xc2\xa0", 2) == 0)
        return 2;
    if (s.n < 3)
        return 0;
    unsigned char last = (unsigned char)s.s[2];
    if (memcmp(s.s, "\xe2\x80", 2) == 0 && last >= 0x80 && last <= 0x8a)
        return 3;
    for (size_t i = 0; i + 3 < sizeof wide; i += 3) {
        if (memcmp(s.s, wide + i, 3) == 0)
            return 3;
    }
    return 0;
}

size_t pn_chars_name(struct pn_str s)
{
    size_t n = 0;
    if (s.n == 0 || !pn_chars_starts_name(s.s[0]))
        return 0;
    while (n < s.n && (pn_chars_starts_name(s.s[n]) || pn_chars_is_digit(s.s[n])))
        n++;
    return n;
}

bool pn_chars_is_name(struct pn_str s)
{
    return s.n > 0 && pn_chars_name(s) == s.n;
}

void pn_chars_flatten(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
    }
}
