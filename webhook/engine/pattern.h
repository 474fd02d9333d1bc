/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PATTERN_H
#define PN_ENGINE_PATTERN_H

#include <regex.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Patterns of parameters: POSIX extended regular expressions (libc's), for the whole text. libc
 * compiles and matches some of them in exponential time or memory, so a pattern is measured before
 * it comes near it.
 */

/*
 * Why libc should not be given `raw`, as one line: it is too long, refers back, closes a bracket
 * that it did not open, repeats what may be empty, has more than PN_PATTERN_MAX_PLACES with its
 * repeats written out, or is none. NULL when it is fine. `buffer` holds libc's own words.
 */
const char *pn_pattern_fault(struct pn_str raw, char *buffer, size_t size);

/* What pn_pattern_fault() returns when it cannot be told, for want of memory. */
extern const char pn_pattern_out_of_memory[];

/*
 * A pattern at work. libc lets a compiled one grow with what it has matched, and locks it: so it is
 * compiled for the texts of one parameter of one Pod, when the first of them comes.
 */
struct pn_pattern {
    struct pn_str raw;     /* without fault; s == NULL: everything matches */
    bool compiled, failed; /* failed: there was no memory */
    regex_t regex;
    struct pn_buf text;
};

#define PN_PATTERN_INIT(text_)              \
    {                                       \
        .raw = (text_), .text = PN_BUF_INIT \
    }

void pn_pattern_deinit(struct pn_pattern *pattern);

/* True when the whole text matches. Without memory nothing does, and `failed` is set. */
bool pn_pattern_matches(struct pn_pattern *pattern, struct pn_str text);

#endif
