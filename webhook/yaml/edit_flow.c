/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/edit_layout.h"
#include "yaml/edit_match.h"
#include "yaml/edit_text.h"
#include "yaml/edit_value.h"

/* ---- how it is written ----------------------------------------------------------------- */

/* The text between two places, when it is one of blanks. */
static struct pn_str gap(const struct pn_edit_walk *w, size_t start, size_t end)
{
    struct pn_str text = {w->bytes.s + start, end - start};
    for (size_t i = 0; i < text.n; i++) {
        if (!pn_edit_text_is_blank(text.s[i]))
            return PN_STR(" ");
    }
    return text;
}

/* The indentation of the line at `at`. */
static struct pn_str indentation(const struct pn_edit_walk *w, size_t at)
{
    size_t line = pn_edit_text_line_start(w, at), end = line;
    while (end < at && pn_edit_text_is_blank(w->bytes.s[end]))
        end++;
    return (struct pn_str){w->bytes.s + line, end - line};
}

/* Of entries as the one at `first` is, in a bracket that ends at `last`. */
static void find_indentation(struct pn_edit_flow *flow, const struct pn_edit_walk *w, size_t first,
                             size_t last)
{
    struct pn_str outer = indentation(w, last);
    flow->indent = indentation(w, first);
    flow->unit = PN_STR("  ");
    if (flow->indent.n > outer.n && pn_str_has_prefix(flow->indent, outer))
        flow->unit = (struct pn_str){flow->indent.s + outer.n, flow->indent.n - outer.n};
}

/* Fills in how entries are separated and indented. */
static void find_style(struct pn_edit_flow *flow, const struct pn_edit_walk *w,
                       const struct pn_node *node, const struct pn_layout *l)
{
    const struct pn_slot *first = &l->slots[0];
    flow->has_lines = pn_edit_text_has_break(w, node->span.start, first->begin);
    if (flow->has_lines)
        find_indentation(flow, w, first->begin, node->span.end - 1);
    bool is_tight = flow->is_json && first->key != NULL && first->has_colon &&
                    gap(w, first->open, first->start).n == 0;
    if (flow->is_json && first->key == NULL && l->count > 1 && !flow->has_lines)
        is_tight = w->bytes.s[l->slots[1].begin - 1] == ',';
    flow->colon = is_tight ? PN_STR(":") : PN_STR(": ");
    flow->comma = is_tight || flow->has_lines ? PN_STR(",") : PN_STR(", ");
}

/* ---- new entries ----------------------------------------------------------------------- */

static void begin_entry(struct pn_buf *text, const struct pn_edit_walk *w,
                        const struct pn_edit_flow *flow)
{
    if (flow->has_lines) {
        pn_buf_str(text, w->newline);
        pn_buf_str(text, flow->indent);
    }
}

/* Member or item `i` of a collection. */
static int write_entry(struct pn_buf *text, const struct pn_edit_walk *w, struct pn_value from,
                       uint32_t i, const struct pn_edit_flow *flow)
{
    return from.kind == PN_OBJECT ? pn_edit_value_member(text, w, pn_value_member(from, i), flow)
                                  : pn_edit_value_flow(text, w, pn_value_at(from, i), flow, 0);
}

/* Entries [from, to) of `new` behind a slot. */
static int add_behind(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value new,
                      uint32_t from, uint32_t to, const struct pn_edit_flow *flow)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    int r = 0;
    for (; r == 0 && from < to; from++) {
        pn_buf_str(&text, flow->comma);
        begin_entry(&text, w, flow);
        r = write_entry(&text, w, new, from, flow);
    }
    return r == 0 && text.len > 0 ? pn_edit_walk_add_buf(w, slot->end, slot->end, &text) : r;
}

/* The same in front of the first one. */
static int add_in_front(struct pn_edit_walk *w, const struct pn_slot *first, struct pn_value new,
                        uint32_t to, const struct pn_edit_flow *flow)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < to; i++) {
        r = write_entry(&text, w, new, i, flow);
        pn_buf_str(&text, flow->comma);
        begin_entry(&text, w, flow);
    }
    return r == 0 && text.len > 0 ? pn_edit_walk_add_buf(w, first->begin, first->begin, &text) : r;
}

/* ---- collections ----------------------------------------------------------------------- */

/* Entries are added and changed; where one goes away, the collection is written anew. */
static int edit_mapping(struct pn_edit_walk *w, const struct pn_layout *l, struct pn_value after,
                        const struct pn_edit_flow *flow)
{
    const struct pn_edit_place place = {.is_flow = true, .flow = flow};
    struct pn_value new;
    bool *stays;
    int r = pn_edit_layout_plan(&new, &stays, w, l, after);
    for (uint32_t i = 0; r == 0 && i < l->count; i++) {
        const struct pn_slot *s = &l->slots[i];
        if (!stays[i])
            return PN_EDIT_E_ANEW;
        if (s->key == NULL)
            continue;
        if (s->key_anchor.s != NULL)
            r = pn_edit_walk_anchor(w, s->key_anchor, s->key, pn_string(s->key->s));
        if (r == 0)
            r = pn_edit_walk_slot(w, s, pn_value_get(after, s->key->s), &place);
    }
    return r == 0 ? add_behind(w, &l->slots[l->count - 1], new, 0, pn_value_count(new), flow) : r;
}

static int edit_sequence(struct pn_edit_walk *w, const struct pn_node *node,
                         const struct pn_layout *l, struct pn_value after,
                         const struct pn_edit_flow *flow)
{
    const struct pn_edit_place place = {.is_flow = true, .is_item = true, .flow = flow};
    uint32_t n = pn_value_count(after), next = 0, done = 0;
    uint32_t *match = NULL;
    int r = pn_edit_match_items(&match, w, node, after);
    for (uint32_t j = 0; r == 0 && j <= n; j++) {
        if (j < n && match[j] == PN_EDIT_MATCH_NONE)
            continue;
        if ((j < n ? match[j] : l->count) != next)
            return PN_EDIT_E_ANEW;
        r = next == 0 ? add_in_front(w, &l->slots[0], after, j, flow)
                      : add_behind(w, &l->slots[next - 1], after, done, j, flow);
        if (r == 0 && j < n)
            r = pn_edit_walk_slot(w, &l->slots[next], pn_value_at(after, j), &place);
        done = j + 1;
        next++;
    }
    return r;
}

int pn_edit_flow_collection(struct pn_edit_walk *w, const struct pn_slot *slot,
                            struct pn_value after, const struct pn_edit_flow *outer)
{
    const struct pn_node *node = slot->value;
    struct pn_layout l;
    struct pn_edit_flow flow = {.is_json = outer != NULL ? outer->is_json
                                                         : pn_edit_layout_is_json(w, node)};
    int r = pn_edit_layout_read(&l, w, node);
    if (r != 0)
        return r;
    find_style(&flow, w, node, &l);
    return node->kind == PN_NODE_MAPPING ? edit_mapping(w, &l, after, &flow)
                                         : edit_sequence(w, node, &l, after, &flow);
}

int pn_edit_flow_replace(struct pn_edit_walk *w, const struct pn_slot *slot, struct pn_value after,
                         const struct pn_edit_flow *flow)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    if (slot->start == slot->end)
        pn_buf_cstr(&text, slot->has_colon ? " " : ": ");
    int r = pn_edit_value_flow(&text, w, after, flow, 0);
    if (r == 0 && slot->tag < slot->tag_end)
        r = pn_edit_walk_add(w, slot->tag, slot->tag_end, PN_STR(""));
    return r == 0 ? pn_edit_walk_add_buf(w, slot->start, slot->end, &text) : r;
}
