/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

#include <errno.h>

#include "base/node.h"
#include "kube/labels.h"

static struct pn_node *node_of(struct pn_value v, struct pn_arena *a);

static struct pn_node *node_of_string(struct pn_str text, struct pn_arena *a)
{
    struct pn_node *node = pn_arena_zalloc(a, 1, sizeof *node);
    if (node != NULL) {
        node->kind = PN_NODE_STRING;
        node->s = text;
    }
    return node;
}

static bool fill_sequence(struct pn_node *node, struct pn_value v, struct pn_arena *a)
{
    uint32_t n = pn_value_count(v);
    const struct pn_node **items = pn_arena_zalloc(a, n, sizeof *items);
    for (uint32_t i = 0; items != NULL && i < n; i++) {
        items[i] = node_of(pn_value_at(v, i), a);
        if (items[i] == NULL)
            return false;
    }
    node->kind = PN_NODE_SEQUENCE;
    node->sequence.items = items;
    node->sequence.count = n;
    return items != NULL;
}

static bool fill_mapping(struct pn_node *node, struct pn_value v, struct pn_arena *a)
{
    uint32_t n = pn_value_count(v);
    struct pn_node_entry *entries = pn_arena_zalloc(a, n, sizeof *entries);
    for (uint32_t i = 0; entries != NULL && i < n; i++) {
        entries[i].key = node_of_string(pn_value_member(v, i)->key, a);
        entries[i].value = node_of(pn_value_member(v, i)->value, a);
        if (entries[i].key == NULL || entries[i].value == NULL)
            return false;
    }
    node->kind = PN_NODE_MAPPING;
    node->mapping.entries = entries;
    node->mapping.count = n;
    return entries != NULL;
}

/* The document that a value would be read from; NULL: out of memory. */
static struct pn_node *node_of(struct pn_value v, struct pn_arena *a)
{
    struct pn_node *node = node_of_string(pn_value_str(v), a);
    bool done = node != NULL;
    if (!done)
        return NULL;
    switch (v.kind) {
    case PN_BOOL:
        node->kind = PN_NODE_BOOL;
        node->b = v.b;
        break;
    case PN_INT:
        node->kind = PN_NODE_INT;
        node->i = v.i;
        break;
    case PN_REAL:
        node->kind = PN_NODE_REAL;
        node->r = v.r;
        break;
    case PN_RAW:
        node->kind = PN_NODE_RAW;
        break;
    case PN_ARRAY:
        done = fill_sequence(node, v, a);
        break;
    case PN_OBJECT:
        done = fill_mapping(node, v, a);
        break;
    case PN_STRING:
        break;
    default:
        node->kind = PN_NODE_NULL;
        break;
    }
    return done ? node : NULL;
}

enum outcome check_selector(struct run *run)
{
    struct pn_value document = PN_GET(run->input, "selector");
    struct pn_value string = PN_GET(run->input, "string");
    struct pn_value match = PN_GET(run->input, "match");
    bool error = PN_GET(run->input, "error").kind != PN_ABSENT;
    struct pn_selector selector;
    struct pn_err err = PN_ERR_INIT;
    const struct pn_node *at = NULL;
    bool nothing = document.kind == PN_NULL; /* no selector: it matches nothing */
    int r = 0;
    if ((document.kind == PN_ABSENT) == (string.kind == PN_ABSENT) ||
        (!error && match.kind != PN_BOOL))
        return BROKEN;
    if (string.kind != PN_ABSENT) {
        r = pn_selector_parse(&selector, pn_value_str(string), run->a, &err);
    } else if (!nothing) {
        const struct pn_node *node = node_of(document, run->a);
        r = node != NULL ? pn_selector_from_node(&selector, node, run->a, &at, &err) : -ENOMEM;
    }
    pn_buf_cstr(&run->expected, error ? "error" : match.b ? "match" : "no match");
    if (r != 0) {
        pn_buf_printf(&run->got, "error (%s)", err.text);
        return verdict(error && r == PN_SELECTOR_E_INVALID);
    }
    bool matches = !nothing && pn_selector_matches(&selector, PN_GET(run->input, "labels"));
    pn_buf_cstr(&run->got, matches ? "match" : "no match");
    return verdict(!error && matches == match.b);
}
