/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_SPLIT_H
#define PN_YAML_SPLIT_H

#include <stdbool.h>

#include "yaml/cursor.h"

/*
 * One document's stretch of a source. kubectl cuts a file at lines that start with `---` before
 * it parses anything, so that a fault in one document leaves the others whole; so do we.
 */
struct pn_stretch {
    struct pn_cursor start; /* what the parser reads: the `---` line, the text and `...` */
    size_t end;
    struct pn_cursor text_start; /* the text alone, with its directives if it has any */
    size_t text_end;
};

/* Moves over a byte order mark, which is no character of the text; false when there is none. */
bool pn_split_skip_mark(struct pn_cursor *c);

/*
 * The stretch that begins at *next, and moves *next behind it. False at the end of the source.
 */
bool pn_split_next(struct pn_stretch *ret, struct pn_cursor *next);

#endif
