/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_EDITS_H
#define PN_BASE_EDITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"

/* Changes of a text: each puts `text` in the place of the bytes [start, end). */
struct pn_edit {
    size_t start, end; /* equal: an insertion */
    struct pn_str text;
};

/* Edits in any order; their texts are borrowed. Adding never fails in between: see pn_buf. */
struct pn_edits {
    struct pn_edit *items;
    size_t count;
    bool failed; /* an allocation was refused */
};

#define PN_EDITS_INIT  \
    {                  \
        NULL, 0, false \
    }

/* For PN_CLEANUP too. */
void pn_edits_deinit(struct pn_edits *edits);

void pn_edits_add(struct pn_edits *edits, size_t start, size_t end, struct pn_str text);

/*
 * Sorts the edits by place (those of one place keep their order) and appends the changed `source`
 * to `out`; bytes that no edit names are passed on as they are. Returns 0, -EINVAL when two edits
 * overlap or one is beyond the end (nothing is appended), -ENOMEM.
 */
int pn_edits_apply(struct pn_buf *out, struct pn_edits *edits, struct pn_str source) PN_MUST_CHECK;

#endif
