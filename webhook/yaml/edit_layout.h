/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_EDIT_LAYOUT_H
#define PN_YAML_EDIT_LAYOUT_H

#include "yaml/edit_walk.h"

/* One entry of a collection as it is written. Places are bytes of the source. */
struct pn_slot {
    size_t begin;                /* of the entry: its key, dash, or item in brackets */
    const struct pn_node *key;   /* of a mapping's entry */
    struct pn_str key_anchor;    /* s == NULL: none */
    const struct pn_node *value; /* NULL: a merge (<<) */
    size_t open;                 /* behind the colon or dash, and anchor and tag */
    size_t tag, tag_end;         /* the value's tag; equal: none */
    struct pn_str anchor;        /* of the value; s == NULL: none */
    size_t start, end;           /* of the content or alias; equal: nothing is written */
    struct pn_str alias;         /* s == NULL: none */
    bool has_colon;              /* false in flow style for {a} */
    struct pn_str *merged;       /* the aliases of a merge */
    uint32_t merged_count;
};

struct pn_layout {
    struct pn_slot *slots;
    uint32_t count, cap;
};

/* True for a collection in brackets or braces. */
bool pn_edit_layout_is_flow(const struct pn_edit_walk *w, const struct pn_node *node);

/* True when all of a node is written as JSON would have it. */
bool pn_edit_layout_is_json(const struct pn_edit_walk *w, const struct pn_node *node);

/*
 * Finds the entries of a collection in the text. PN_EDIT_E_ANEW for what is not understood: complex
 * keys, merges of anything but aliases, keys that became equal.
 */
int pn_edit_layout_read(struct pn_layout *ret, struct pn_edit_walk *w,
                        const struct pn_node *node) PN_MUST_CHECK;

/*
 * Says which entries of a mapping stay (*ret_stays, one for each slot), and which members of
 * `after` none of these brings (*ret_new). A merge stays when all that it brings is wanted. Both
 * are in the scratch arena.
 */
int pn_edit_layout_plan(struct pn_value *ret_new, bool **ret_stays, struct pn_edit_walk *w,
                        const struct pn_layout *l, struct pn_value after) PN_MUST_CHECK;

#endif
