/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_CHARS_H
#define PN_JSONE_CHARS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Characters of strings: code points of UTF-8; a byte that is none counts as one. */

/* Length in bytes of the character at the start of `s`, which is not empty. */
size_t pn_chars_next(struct pn_str s);

size_t pn_chars_count(struct pn_str s);

/* Bytes of the first `n` characters of `s`, or of all of it when there are fewer. */
size_t pn_chars_skip(struct pn_str s, size_t n);

/* Length of the white space character (as ECMAScript's \s has it) at the start of `s`, or 0. */
size_t pn_chars_space(struct pn_str s);

static inline bool pn_chars_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool pn_chars_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool pn_chars_starts_name(char c)
{
    return pn_chars_is_letter(c) || c == '_';
}

/* Length of the identifier [a-zA-Z_][a-zA-Z0-9_]* at the start of `s`, or 0. */
size_t pn_chars_name(struct pn_str s);

/* Makes control characters spaces: messages are one line. `text` is terminated. */
void pn_chars_flatten(char *text);

/* True when all of `s` is one identifier. */
bool pn_chars_is_name(struct pn_str s);

#endif
