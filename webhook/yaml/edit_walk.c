/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/edit_walk.h"

#include <errno.h>
#include <stdlib.h>

#include "yaml/edit_layout.h"
#include "yaml/emit.h"

int pn_edit_walk_add(struct pn_edit_walk *w, size_t start, size_t end, struct pn_str text)
{
    struct pn_str copy = text.n > 0 ? pn_arena_dup(w->texts, text) : PN_STR("");
    if (copy.s == NULL)
        return -ENOMEM;
    pn_edits_add(w->edits, start, end, copy);
    return w->edits->failed ? -ENOMEM : 0;
}

int pn_edit_walk_add_buf(struct pn_edit_walk *w, size_t start, size_t end,
                         const struct pn_buf *text)
{
    return text->failed ? -ENOMEM : pn_edit_walk_add(w, start, end, pn_buf_view(text));
}

/* ---- equality -------------------------------------------------------------------------- */

static bool mapping_equal(const struct pn_node *node, struct pn_value v)
{
    uint32_t n = node->mapping.count;
    if (v.kind != PN_OBJECT || pn_value_count(v) != n)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        const struct pn_member *m = pn_value_member(v, i); /* most keep their order */
        struct pn_value value = pn_str_eq(m->key, e->key->s) ? m->value
                                                             : pn_value_get(v, e->key->s);
        if (value.kind == PN_ABSENT || !pn_edit_walk_equal(e->value, value))
            return false;
    }
    return true;
}

bool pn_edit_walk_equal(const struct pn_node *node, struct pn_value v)
{
    if (node->kind == PN_NODE_MAPPING)
        return mapping_equal(node, v);
    if (node->kind != PN_NODE_SEQUENCE)
        return pn_value_equal(pn_value_of_scalar(node), v);
    if (v.kind != PN_ARRAY || pn_value_count(v) != node->sequence.count)
        return false;
    for (uint32_t i = 0; i < node->sequence.count; i++) {
        if (!pn_edit_walk_equal(node->sequence.items[i], pn_value_at(v, i)))
            return false;
    }
    return true;
}

/* ---- anchors --------------------------------------------------------------------------- */

int pn_edit_walk_anchor(struct pn_edit_walk *w, struct pn_str name, const struct pn_node *node,
                        struct pn_value after)
{
    size_t at;
    if (!w->has_aliases)
        return 0;
    int r = pn_anchor_declare(&at, &w->anchors, name, w->texts);
    if (r != 0)
        return r;
    if (at >= w->after_cap) {
        size_t cap = w->after_cap > 0 ? 2 * w->after_cap : 16;
        struct pn_value *afters = reallocarray(w->afters, cap, sizeof *afters);
        if (afters == NULL)
            return -ENOMEM;
        w->afters = afters;
        w->after_cap = cap;
    }
    w->anchors.items[at].node = node;
    w->afters[at] = after;
    return 0;
}

bool pn_edit_walk_find_anchor(struct pn_value *ret, const struct pn_edit_walk *w,
                              struct pn_str name)
{
    const struct pn_anchor *anchor = w->anchors.count > 0 ? pn_anchor_find(&w->anchors, name)
                                                          : NULL;
    if (anchor != NULL)
        *ret = w->afters[anchor - w->anchors.items];
    return anchor != NULL;
}

/* True when an alias gives `after` without an edit. */
static bool is_alias_right(const struct pn_edit_walk *w, const struct pn_slot *slot,
                           struct pn_value after)
{
    struct pn_value target;
    if (pn_edit_walk_find_anchor(&target, w, slot->alias))
        return target.kind != PN_ABSENT && pn_value_equal(target, after);
    return pn_edit_walk_equal(slot->value, after);
}

static bool is_collection(const struct pn_node *node)
{
    return node->kind == PN_NODE_MAPPING || node->kind == PN_NODE_SEQUENCE;
}

/* The anchors within the content of a slot go away with it. One that is not seen here is told when
 * the text is read again. */
static int lose_content(struct pn_edit_walk *w, const struct pn_slot *slot)
{
    struct pn_layout l = {0};
    int r = 0;
    if (w->has_aliases && slot->value != NULL && slot->alias.s == NULL &&
        is_collection(slot->value))
        r = pn_edit_layout_read(&l, w, slot->value);
    for (uint32_t i = 0; r == 0 && i < l.count; i++)
        r = pn_edit_walk_lose(w, &l.slots[i]);
    return r < 0 ? r : 0;
}

int pn_edit_walk_lose(struct pn_edit_walk *w, const struct pn_slot *slot)
{
    int r = 0;
    if (slot->key_anchor.s != NULL)
        r = pn_edit_walk_anchor(w, slot->key_anchor, slot->key, PN_VALUE_ABSENT);
    if (r == 0 && slot->anchor.s != NULL)
        r = pn_edit_walk_anchor(w, slot->anchor, slot->value, PN_VALUE_ABSENT);
    return r == 0 ? lose_content(w, slot) : r;
}

/* ---- slots ----------------------------------------------------------------------------- */

bool pn_edit_walk_is_distrusted(const struct pn_edit_walk *w, const struct pn_node *node)
{
    for (size_t i = 0; i < w->distrusted_count; i++) {
        if (w->distrusted[i] == node)
            return true;
    }
    return false;
}

static bool has_entries(const struct pn_node *node)
{
    return (node->kind == PN_NODE_MAPPING && node->mapping.count > 0) ||
           (node->kind == PN_NODE_SEQUENCE && node->sequence.count > 0);
}

/* True when a node within this one is to be written anew. */
static bool holds_distrusted(const struct pn_edit_walk *w, const struct pn_node *node)
{
    for (size_t i = 0; i < w->distrusted_count; i++) {
        const struct pn_node *inner = w->distrusted[i];
        if (inner->span.start >= node->span.start && inner->span.end <= node->span.end)
            return true;
    }
    return false;
}

static int replace(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                   const struct pn_edit_place *place)
{
    int r = lose_content(w, slot);
    if (r != 0)
        return r;
    w->anew_count += slot->alias.s == NULL && has_entries(slot->value) && pn_value_count(after) > 0;
    return place->is_flow ? pn_edit_flow_replace(w, slot, after, place->flow)
                          : pn_edit_block_replace(w, slot, after, place);
}

int pn_edit_walk_content(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                         const struct pn_edit_place *place)
{
    const struct pn_node *node = slot->value;
    bool is_mapping = node->kind == PN_NODE_MAPPING && after.kind == PN_OBJECT;
    bool is_sequence = node->kind == PN_NODE_SEQUENCE && after.kind == PN_ARRAY;
    if ((!is_mapping && !is_sequence) || !has_entries(node) || pn_value_count(after) == 0)
        return PN_EDIT_E_ANEW;
    struct pn_arena_mark mark = pn_arena_mark(w->scratch);
    size_t edits = w->edits->count, anew = w->anew_count;
    int r = PN_EDIT_E_ANEW;
    if (pn_edit_layout_is_flow(w, node))
        r = pn_edit_flow_collection(w, slot, after, place->flow);
    else if (!place->is_flow)
        r = is_mapping ? pn_edit_block_mapping(w, slot, after)
                       : pn_edit_block_sequence(w, slot, after);
    pn_arena_rewind(w->scratch, mark);
    if (r != 0) {
        w->edits->count = edits;
        w->anew_count = anew;
    }
    return r;
}

int pn_edit_walk_slot(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                      const struct pn_edit_place *place)
{
    const struct pn_node *node = slot->value;
    if (slot->alias.s != NULL)
        return is_alias_right(w, slot, after) ? 0 : replace(w, slot, after, place);
    if (slot->anchor.s != NULL) {
        int r = pn_edit_walk_anchor(w, slot->anchor, node, after);
        if (r != 0)
            return r;
    }
    if (pn_edit_walk_is_distrusted(w, node)) {
        w->emit_flags = PN_EMIT_QUOTED;
        int r = replace(w, slot, after, place);
        w->emit_flags = 0;
        return r;
    }
    bool is_equal = pn_edit_walk_equal(node, after);
    /* An alias within may stand for something else by now. */
    if (is_equal && (!is_collection(node) || (!w->has_aliases && !holds_distrusted(w, node))))
        return 0;
    int r = pn_edit_walk_content(w, slot, after, place);
    return r == PN_EDIT_E_ANEW && !is_equal ? replace(w, slot, after, place) : r < 0 ? r : 0;
}
