/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/edit_layout.h"

#include <errno.h>

#include "yaml/edit_text.h"

bool pn_edit_layout_is_flow(const struct pn_edit_walk *w, const struct pn_node *node)
{
    char first = node->span.start < w->span.end ? w->bytes.s[node->span.start] : '\0';
    return (node->kind == PN_NODE_MAPPING && first == '{') ||
           (node->kind == PN_NODE_SEQUENCE && first == '[');
}

static bool is_quoted(const struct pn_edit_walk *w, const struct pn_node *node)
{
    return w->bytes.s[node->span.start] == '"';
}

bool pn_edit_layout_is_json(const struct pn_edit_walk *w, const struct pn_node *node)
{
    bool json = node->span.start < node->span.end;
    if (node->kind == PN_NODE_STRING)
        return json && is_quoted(w, node);
    if (node->kind == PN_NODE_SEQUENCE || node->kind == PN_NODE_MAPPING)
        json = json && pn_edit_layout_is_flow(w, node);
    for (uint32_t i = 0; json && node->kind == PN_NODE_SEQUENCE && i < node->sequence.count; i++)
        json = pn_edit_layout_is_json(w, node->sequence.items[i]);
    for (uint32_t i = 0; json && node->kind == PN_NODE_MAPPING && i < node->mapping.count; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        json = pn_edit_layout_is_json(w, e->key) && pn_edit_layout_is_json(w, e->value);
    }
    return json;
}

static char char_at(const struct pn_edit_walk *w, size_t at)
{
    return at < w->span.end ? w->bytes.s[at] : '\0';
}

static bool is_space_at(const struct pn_edit_walk *w, size_t at)
{
    char c = char_at(w, at);
    return at >= w->span.end || pn_edit_text_is_blank(c) || c == '\r' || c == '\n';
}

/* The name behind the `&` or `*` at *at, which moves behind it. */
static struct pn_str take_name(const struct pn_edit_walk *w, size_t *at)
{
    size_t start = ++*at;
    for (char c = char_at(w, *at); (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                                   (c >= 'a' && c <= 'z') || c == '_' || c == '-';
         c = char_at(w, *at))
        ++*at;
    return (struct pn_str){w->bytes.s + start, *at - start};
}

static size_t skip_word(const struct pn_edit_walk *w, size_t at)
{
    while (!is_space_at(w, at))
        at++;
    return at;
}

static bool is_unwritten(const struct pn_node *node)
{
    return node->kind == PN_NODE_NULL && node->span.start == node->span.end;
}

/* Finds the content of a slot's value behind its colon or dash at `at`. */
static int find_value(struct pn_slot *slot, const struct pn_edit_walk *w, size_t at, bool is_flow)
{
    const struct pn_node *node = slot->value;
    slot->open = slot->tag = slot->tag_end = at;
    for (;;) {
        char c = char_at(w, at);
        slot->start = at;
        slot->end = node->span.end;
        if (node->span.start == at && node->span.end <= w->span.end)
            return 0;
        if (c == '&') {
            slot->anchor = take_name(w, &at);
            slot->open = at;
        } else if (c == '!') {
            slot->tag = at; /* with the blanks in front */
            while (pn_edit_text_is_blank(w->bytes.s[slot->tag - 1]))
                slot->tag--;
            slot->open = slot->tag_end = at = skip_word(w, at);
        } else if (c == '*') {
            slot->alias = take_name(w, &at);
            slot->end = at;
            return 0;
        } else if (pn_edit_text_skip(w, at) > at) {
            at = pn_edit_text_skip(w, at);
        } else {
            slot->start = slot->end = slot->open;
            return is_flow && is_unwritten(node) ? 0 : PN_EDIT_E_ANEW;
        }
    }
}

static struct pn_slot *push_slot(struct pn_layout *l, struct pn_edit_walk *w, size_t begin)
{
    if (l->count == l->cap) {
        uint32_t cap = l->cap > 0 ? 2 * l->cap : 8;
        struct pn_slot *slots = pn_arena_grow(w->scratch, l->slots, l->cap * sizeof *slots,
                                              cap * sizeof *slots);
        if (slots == NULL)
            return NULL;
        l->slots = slots;
        l->cap = cap;
    }
    l->slots[l->count] = (struct pn_slot){.begin = begin, .has_colon = true};
    return &l->slots[l->count++];
}

/* ---- merges ---------------------------------------------------------------------------- */

static int push_merged(struct pn_slot *slot, struct pn_edit_walk *w, size_t *at)
{
    if (char_at(w, *at) != '*')
        return PN_EDIT_E_ANEW;
    size_t n = slot->merged_count;
    struct pn_str *names = pn_arena_grow(w->scratch, slot->merged, n * sizeof *names,
                                         (n + 1) * sizeof *names);
    if (names == NULL)
        return -ENOMEM;
    names[n] = take_name(w, at);
    slot->merged = names;
    slot->merged_count++;
    slot->end = *at;
    return 0;
}

/* The aliases of `<<: *a`, `<<: [*a, *b]`, and of a list with dashes. */
static int read_merged(struct pn_slot *slot, struct pn_edit_walk *w, size_t at)
{
    slot->open = slot->tag = slot->tag_end = at;
    at = pn_edit_text_skip(w, at);
    slot->start = at;
    bool is_flow = char_at(w, at) == '[';
    bool is_list = char_at(w, at) == '-' && is_space_at(w, at + 1);
    if (!is_flow && !is_list)
        return push_merged(slot, w, &at);
    do {
        at = pn_edit_text_skip(w, at + 1);
        if (is_flow && char_at(w, at) == ']')
            break;
        int r = push_merged(slot, w, &at);
        if (r != 0)
            return r;
        at = pn_edit_text_skip(w, at);
    } while (char_at(w, at) == (is_flow ? ',' : '-') && (is_flow || is_space_at(w, at + 1)));
    if (is_flow && char_at(w, at) != ']')
        return PN_EDIT_E_ANEW;
    if (is_flow)
        slot->end = at + 1;
    return 0;
}

/* True for a `<<` without quotes. */
static bool is_merge(const struct pn_edit_walk *w, size_t at)
{
    return char_at(w, at) == '<' && char_at(w, at + 1) == '<' &&
           (char_at(w, at + 2) == ':' || is_space_at(w, at + 2));
}

/* ---- mappings -------------------------------------------------------------------------- */

/* Moves over anchor and tag of a key. */
static size_t skip_key_properties(struct pn_slot *slot, const struct pn_edit_walk *w, size_t at)
{
    for (;;) {
        if (char_at(w, at) == '&')
            slot->key_anchor = take_name(w, &at);
        else if (char_at(w, at) == '!')
            at = skip_word(w, at);
        else
            return at;
        while (pn_edit_text_is_blank(char_at(w, at)))
            at++;
    }
}

/* Moves behind the colon; false when there is none. */
static bool skip_colon(size_t *at, const struct pn_edit_walk *w, bool is_flow)
{
    size_t colon = *at;
    if (is_flow)
        colon = pn_edit_text_skip(w, colon);
    while (pn_edit_text_is_blank(char_at(w, colon)))
        colon++;
    if (char_at(w, colon) != ':')
        return false;
    *at = colon + 1;
    return true;
}

/* Reads the entry at `at`; `next` is the entry of the node that is not yet found. */
static int read_entry(struct pn_slot *slot, struct pn_edit_walk *w, size_t at,
                      const struct pn_node_entry *next, bool is_flow)
{
    at = skip_key_properties(slot, w, at);
    if (next == NULL || next->key->span.start != at) {
        bool merges = is_merge(w, at);
        at += 2;
        return merges && skip_colon(&at, w, is_flow) ? read_merged(slot, w, at) : PN_EDIT_E_ANEW;
    }
    slot->key = next->key;
    slot->value = next->value;
    at = next->key->span.end;
    if (skip_colon(&at, w, is_flow))
        return find_value(slot, w, at, is_flow);
    slot->has_colon = false;
    slot->open = slot->start = slot->end = slot->tag = slot->tag_end = at;
    return is_flow && is_unwritten(next->value) ? 0 : PN_EDIT_E_ANEW;
}

static int read_mapping(struct pn_layout *l, struct pn_edit_walk *w, const struct pn_node *node,
                        bool is_flow)
{
    uint32_t found = 0, n = node->mapping.count;
    size_t at = node->span.start + is_flow, end = node->span.end - is_flow;
    for (;;) {
        at = pn_edit_text_skip(w, at);
        if (is_flow && at < end && char_at(w, at) == ',')
            at = pn_edit_text_skip(w, at + 1);
        if (at >= end)
            return found == n ? 0 : PN_EDIT_E_ANEW;
        struct pn_slot *slot = push_slot(l, w, at);
        if (slot == NULL)
            return -ENOMEM;
        int r = read_entry(slot, w, at, found < n ? &node->mapping.entries[found] : NULL, is_flow);
        if (r != 0)
            return r;
        if (slot->end <= at)
            return PN_EDIT_E_ANEW;
        at = slot->end;
        found += slot->key != NULL;
        /* what a merge brought stands elsewhere */
        while (slot->key == NULL && found < n && node->mapping.entries[found].key->span.start < at)
            found++;
    }
}

/* ---- sequences ------------------------------------------------------------------------- */

static int read_sequence(struct pn_layout *l, struct pn_edit_walk *w, const struct pn_node *node,
                         bool is_flow)
{
    size_t at = node->span.start + is_flow;
    for (uint32_t i = 0; i < node->sequence.count; i++) {
        at = pn_edit_text_skip(w, at);
        if (is_flow && i > 0 && char_at(w, at) == ',')
            at = pn_edit_text_skip(w, at + 1);
        if (!is_flow && (char_at(w, at) != '-' || !is_space_at(w, at + 1)))
            return PN_EDIT_E_ANEW;
        struct pn_slot *slot = push_slot(l, w, at);
        if (slot == NULL)
            return -ENOMEM;
        slot->value = node->sequence.items[i];
        int r = find_value(slot, w, is_flow ? at : at + 1, is_flow);
        if (r != 0)
            return r;
        if (slot->end < at)
            return PN_EDIT_E_ANEW;
        at = slot->end;
    }
    return 0;
}

int pn_edit_layout_read(struct pn_layout *ret, struct pn_edit_walk *w, const struct pn_node *node)
{
    struct pn_layout l = {0};
    bool is_flow = pn_edit_layout_is_flow(w, node);
    if (node->span.start < w->span.start || node->span.end > w->span.end)
        return PN_EDIT_E_ANEW;
    int r = node->kind == PN_NODE_MAPPING ? read_mapping(&l, w, node, is_flow)
                                          : read_sequence(&l, w, node, is_flow);
    if (r == 0)
        *ret = l;
    return r;
}

/* ---- what becomes of the entries ------------------------------------------------------- */

/* The keys that a collection of slots holds itself, as an object for looking them up. */
static int own_keys(struct pn_value *ret, struct pn_edit_walk *w, const struct pn_layout *l)
{
    struct pn_member *members = pn_arena_alloc(w->scratch, (l->count + 1) * sizeof *members);
    size_t n = 0;
    if (members == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->slots[i].key != NULL)
            members[n++] = (struct pn_member){l->slots[i].key->s, pn_null()};
    }
    int r = pn_object_take(ret, w->scratch, members, n);
    return r > 0 ? PN_EDIT_E_ANEW : r;
}

/*
 * Adds to `known` what a merge brings, when all of it is in `after` and nothing else brings it.
 * PN_EDIT_E_ANEW: the merge cannot stay.
 */
static int keep_merge(struct pn_value *known, struct pn_edit_walk *w, const struct pn_slot *slot,
                      struct pn_value after)
{
    size_t n = pn_value_count(*known), max = n;
    for (uint32_t i = 0; i < slot->merged_count; i++) {
        struct pn_value target;
        if (!pn_edit_walk_find_anchor(&target, w, slot->merged[i]) || target.kind != PN_OBJECT)
            return PN_EDIT_E_ANEW;
        max += pn_value_count(target);
    }
    struct pn_member *members = pn_arena_alloc(w->scratch, (max + 1) * sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        members[i] = *pn_value_member(*known, (uint32_t)i);
    for (uint32_t i = 0; i < slot->merged_count; i++) {
        struct pn_value target = PN_VALUE_ABSENT;
        pn_edit_walk_find_anchor(&target, w, slot->merged[i]);
        for (uint32_t k = 0; k < pn_value_count(target); k++) {
            members[n] = *pn_value_member(target, k);
            struct pn_value wanted = pn_value_get(after, members[n].key);
            if (wanted.kind == PN_ABSENT || !pn_value_equal(wanted, members[n].value))
                return PN_EDIT_E_ANEW;
            n++;
        }
    }
    int r = pn_object_take(known, w->scratch, members, n);
    return r > 0 ? PN_EDIT_E_ANEW : r; /* a key twice */
}

int pn_edit_layout_plan(struct pn_value *ret_new, bool **ret_stays, struct pn_edit_walk *w,
                        const struct pn_layout *l, struct pn_value after)
{
    struct pn_value known;
    bool *stays = pn_arena_alloc(w->scratch, l->count);
    struct pn_member *new = pn_arena_alloc(w->scratch, pn_value_count(after) * sizeof *new);
    size_t n = 0;
    if (stays == NULL || new == NULL)
        return -ENOMEM;
    int r = own_keys(&known, w, l);
    for (uint32_t i = 0; r == 0 && i < l->count; i++) {
        const struct pn_slot *slot = &l->slots[i];
        stays[i] = slot->key != NULL && pn_value_get(after, slot->key->s).kind != PN_ABSENT;
        if (slot->key == NULL) {
            r = keep_merge(&known, w, slot, after);
            stays[i] = r == 0;
            r = r == PN_EDIT_E_ANEW ? 0 : r;
        }
    }
    for (uint32_t i = 0; r == 0 && i < pn_value_count(after); i++) {
        if (pn_value_get(known, pn_value_member(after, i)->key).kind == PN_ABSENT)
            new[n++] = *pn_value_member(after, i);
    }
    *ret_stays = stays;
    return r == 0 ? pn_object_take(ret_new, w->scratch, new, n) : r;
}
