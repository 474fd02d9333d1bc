/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_DIFF_H
#define PN_REPORT_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* Lines of context around a change, as diff -u and git give. */
#define PN_DIFF_CONTEXT_LINES 3

/*
 * Which lines of two texts have no partner in the other. A line ends with its line break; the last
 * one may lack it, and then differs from the same words with one.
 */
struct pn_diff_side {
    struct pn_str *lines;
    size_t count;
    bool *changed; /* for each line: deleted (before) or added (after) */
};

struct pn_diff {
    struct pn_diff_side before, after;
};

/*
 * Compares by Myers' O(ND) algorithm in linear space. Lines that the other text does not have at
 * all are set aside first, and a search that becomes too expensive settles for a good split, so
 * the time is bounded for any input; the result is then correct but perhaps not the shortest.
 * Borrows both texts. Returns 0 (caller: pn_diff_deinit) or -ENOMEM.
 */
int pn_diff_init(struct pn_diff *ret, struct pn_str before, struct pn_str after) PN_MUST_CHECK;

void pn_diff_deinit(struct pn_diff *diff);

/*
 * Appends a unified diff: the two header lines ("--- old_name"), then hunks. Nothing when the texts
 * are equal. `color`: as git colours it. Names are written as they are. Returns 0 or -ENOMEM.
 */
int pn_diff_write(struct pn_buf *out, struct pn_str old_name, struct pn_str before,
                  struct pn_str new_name, struct pn_str after, bool color) PN_MUST_CHECK;

#endif
