/* SPDX-License-Identifier: Apache-2.0 */
#include "base/edits.h"

#include <errno.h>
#include <stdlib.h>

void pn_edits_deinit(struct pn_edits *edits)
{
    free(edits->items);
    *edits = (struct pn_edits)PN_EDITS_INIT;
}

void pn_edits_add(struct pn_edits *edits, size_t start, size_t end, struct pn_str text)
{
    /* Room grows when the count is a power of two. */
    if (!edits->failed && (edits->count & (edits->count - 1)) == 0) {
        size_t room = edits->count == 0 ? 1 : 2 * edits->count;
        struct pn_edit *items = reallocarray(edits->items, room, sizeof *items);
        edits->failed = items == NULL;
        edits->items = items != NULL ? items : edits->items;
    }
    if (!edits->failed)
        edits->items[edits->count++] = (struct pn_edit){start, end, text};
}

/* Insertion sort: edits come almost in order, and it keeps those of one place as they came. */
static void sort(struct pn_edits *edits)
{
    for (size_t i = 1; i < edits->count; i++) {
        struct pn_edit moved = edits->items[i];
        size_t at = i;
        for (; at > 0 && edits->items[at - 1].start > moved.start; at--)
            edits->items[at] = edits->items[at - 1];
        edits->items[at] = moved;
    }
}

int pn_edits_apply(struct pn_buf *out, struct pn_edits *edits, struct pn_str source)
{
    if (edits->failed)
        return -ENOMEM;
    sort(edits);
    size_t done = 0;
    for (size_t i = 0; i < edits->count; i++) {
        const struct pn_edit *e = &edits->items[i];
        if (e->start < done || e->end < e->start || e->end > source.n)
            return -EINVAL;
        done = e->end;
    }
    done = 0;
    for (size_t i = 0; i < edits->count; i++) {
        const struct pn_edit *e = &edits->items[i];
        pn_buf_append(out, source.s + done, e->start - done);
        pn_buf_str(out, e->text);
        done = e->end;
    }
    pn_buf_append(out, source.s + done, source.n - done);
    return out->failed ? -ENOMEM : 0;
}
