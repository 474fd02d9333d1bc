/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_EDIT_WALK_H
#define PN_YAML_EDIT_WALK_H

#include "base/arena.h"
#include "base/edits.h"
#include "base/node.h"
#include "base/value.h"
#include "yaml/anchor.h"

/*
 * Edits of one document: its nodes are compared with the value that it shall have, in the order of
 * the text. Inside webhook/yaml only.
 *
 * Functions return 0, PN_EDIT_E_ANEW (what was asked cannot be done as an edit: the node around it
 * is written anew; edits that were added are dropped by the one who does that) or -ENOMEM.
 */
#define PN_EDIT_E_ANEW 1

struct pn_edit_walk {
    struct pn_str bytes; /* of the whole source */
    struct pn_span span; /* of the document in it */
    struct pn_edits *edits;
    struct pn_arena *texts;   /* of the edits */
    struct pn_arena *scratch; /* of one collection after the other */
    struct pn_str newline;    /* as the source ends its lines */
    unsigned step;            /* columns from a mapping to one below it */
    unsigned list_offset;     /* columns from a key to the dashes below it */

    /* A document with aliases: what each anchor stands for afterwards, beside `anchors.items`;
     * PN_ABSENT: the anchor is gone. */
    bool has_aliases;
    struct pn_anchors anchors;
    struct pn_value *afters;
    size_t after_cap;

    const struct pn_node *const *distrusted; /* nodes to write anew */
    size_t distrusted_count;
    unsigned emit_flags; /* quotes within those: what is around them took a part of a text */
    size_t anew_count;   /* collections that were written anew */
};

/* Where a collection writes its children. */
struct pn_edit_place {
    bool is_flow;
    bool is_item;         /* of a sequence */
    unsigned column;      /* block style: of the collection's keys or dashes */
    unsigned list_offset; /* block style: from the keys to the dashes below them */
    const struct pn_edit_flow *flow;
};

/* How a flow collection is written. */
struct pn_edit_flow {
    bool is_json;
    bool has_lines;       /* each entry on a line of its own */
    struct pn_str indent; /* of the entries, if so */
    struct pn_str unit;   /* what a level adds to the indentation */
    struct pn_str colon, comma;
};

struct pn_slot;

/* Makes the content of a slot `after`. (edit_walk.c) */
int pn_edit_walk_slot(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                      const struct pn_edit_place *place) PN_MUST_CHECK;

/* The same for a collection that stays one: edits within it. What goes wrong leaves no edits. */
int pn_edit_walk_content(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                         const struct pn_edit_place *place) PN_MUST_CHECK;

/* Compares a block or flow collection with `after`, of the same kind and both not empty, slot by
 * slot. (edit_block.c, edit_flow.c) */
int pn_edit_block_mapping(struct pn_edit_walk *w, const struct pn_slot *slot,
                          struct pn_value after) PN_MUST_CHECK;
int pn_edit_block_sequence(struct pn_edit_walk *w, const struct pn_slot *slot,
                           struct pn_value after) PN_MUST_CHECK;
int pn_edit_flow_collection(struct pn_edit_walk *w, const struct pn_slot *slot,
                            struct pn_value after, const struct pn_edit_flow *outer) PN_MUST_CHECK;

/* Writes the content of a slot anew. */
int pn_edit_block_replace(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                          const struct pn_edit_place *place) PN_MUST_CHECK;
int pn_edit_flow_replace(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                         const struct pn_edit_flow *flow) PN_MUST_CHECK;

/* Notes what an anchor in front of `node` stands for afterwards (PN_ABSENT: it goes away). */
int pn_edit_walk_anchor(struct pn_edit_walk *w, struct pn_str name, const struct pn_node *node,
                        struct pn_value after) PN_MUST_CHECK;

/* Notes that the anchors in a slot go away with it. */
int pn_edit_walk_lose(struct pn_edit_walk *w, const struct pn_slot *slot) PN_MUST_CHECK;

/*
 * What an alias of that name stands for afterwards, when an anchor of that name was seen. *ret is
 * PN_ABSENT when the anchor is gone.
 */
bool pn_edit_walk_find_anchor(struct pn_value *ret, const struct pn_edit_walk *w,
                              struct pn_str name);

/* Adds an edit; `text` is copied. -ENOMEM, also when a buffer has failed. */
int pn_edit_walk_add(struct pn_edit_walk *w, size_t start, size_t end,
                     struct pn_str text) PN_MUST_CHECK;
int pn_edit_walk_add_buf(struct pn_edit_walk *w, size_t start, size_t end,
                         const struct pn_buf *text) PN_MUST_CHECK;

/* True for a node that is to be written anew. */
bool pn_edit_walk_is_distrusted(const struct pn_edit_walk *w, const struct pn_node *node);

/* True when the node reads as `v`. */
bool pn_edit_walk_equal(const struct pn_node *node, struct pn_value v);

#endif
