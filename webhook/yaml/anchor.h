/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_ANCHOR_H
#define PN_YAML_ANCHOR_H

#include "base/arena.h"
#include "base/node.h"

/* One `&name`. A name that is declared again hides the earlier one from then on. */
struct pn_anchor {
    struct pn_str name;
    const struct pn_node *node; /* NULL while its content is still being read */
    uint64_t cost;              /* nodes that an alias of it stands for */
    unsigned height;            /* collections nested in it, itself included */
};

/* The anchors of one document, found by name. */
struct pn_anchors {
    struct pn_anchor *items;
    size_t count, cap;
    uint32_t *slots; /* open addressing: index + 1 of the latest anchor of a name, 0: free */
    size_t slot_count;
};

/* Forgets all anchors and keeps the memory, for the next document. */
void pn_anchor_clear(struct pn_anchors *anchors);
void pn_anchor_deinit(struct pn_anchors *anchors);

/*
 * Declares `name` (copied to `a`) with no node yet. *ret is its index in `items`. Returns 0 or
 * -ENOMEM.
 */
int pn_anchor_declare(size_t *ret, struct pn_anchors *anchors, struct pn_str name,
                      struct pn_arena *a) PN_MUST_CHECK;

/* The latest anchor of that name, or NULL; valid until the next one is declared. */
const struct pn_anchor *pn_anchor_find(const struct pn_anchors *anchors, struct pn_str name);

#endif
