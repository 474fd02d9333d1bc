/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/anchor.h"

#include <errno.h>
#include <stdlib.h>

void pn_anchor_clear(struct pn_anchors *anchors)
{
    if (anchors->count > 0)
        memset(anchors->slots, 0, anchors->slot_count * sizeof *anchors->slots);
    anchors->count = 0;
}

void pn_anchor_deinit(struct pn_anchors *anchors)
{
    free(anchors->items);
    free(anchors->slots);
    *anchors = (struct pn_anchors){0};
}

/* The slot that holds `name`, or the free one where it belongs. */
static uint32_t *find_slot(const struct pn_anchors *anchors, struct pn_str name)
{
    size_t mask = anchors->slot_count - 1;
    size_t at = (size_t)pn_str_hash(PN_HASH_BASIS, name) & mask;
    while (anchors->slots[at] != 0 && !pn_str_eq(anchors->items[anchors->slots[at] - 1].name, name))
        at = (at + 1) & mask;
    return &anchors->slots[at];
}

static int grow(struct pn_anchors *anchors)
{
    size_t cap = anchors->cap > 0 ? anchors->cap * 2 : 16;
    struct pn_anchor *items = realloc(anchors->items, cap * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    anchors->items = items;
    uint32_t *slots = calloc(cap * 2, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    free(anchors->slots);
    anchors->slots = slots;
    anchors->slot_count = cap * 2;
    anchors->cap = cap;
    for (size_t i = 0; i < anchors->count; i++)
        *find_slot(anchors, anchors->items[i].name) = (uint32_t)i + 1;
    return 0;
}

int pn_anchor_declare(size_t *ret, struct pn_anchors *anchors, struct pn_str name,
                      struct pn_arena *a)
{
    if (anchors->count == anchors->cap) {
        int r = grow(anchors);
        if (r != 0)
            return r;
    }
    struct pn_str copy = pn_arena_dup(a, name);
    if (copy.s == NULL)
        return -ENOMEM;
    anchors->items[anchors->count] = (struct pn_anchor){.name = copy};
    *find_slot(anchors, copy) = (uint32_t)anchors->count + 1;
    *ret = anchors->count++;
    return 0;
}

const struct pn_anchor *pn_anchor_find(const struct pn_anchors *anchors, struct pn_str name)
{
    if (anchors->count == 0)
        return NULL;
    uint32_t slot = *find_slot(anchors, name);
    return slot != 0 ? &anchors->items[slot - 1] : NULL;
}
