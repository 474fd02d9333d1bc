/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A selector in string form on the first line, a label KEY=VALUE on each other. What parses must
 * match the same after it is written and parsed again, and as a document.
 */

#include <assert.h>
#include <errno.h>

#include "kube/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct pn_value read_labels(struct pn_str rest, struct pn_arena *a)
{
    struct pn_value labels = PN_VALUE_ABSENT;
    for (int i = 0; rest.s != NULL && i < 64; i++) {
        struct pn_str value = pn_str_split(&rest, '\n');
        struct pn_str key = pn_str_split(&value, '=');
        int r = pn_object_with(&labels, a, labels, key,
                               value.s != NULL ? pn_string(value) : pn_null());
        assert(r == 0);
    }
    return labels;
}

static void write_requirement(struct pn_buf *out, const struct pn_requirement *q)
{
    static const char *const signs[] = {
        [PN_OP_IN] = " in (",
        [PN_OP_NOT_IN] = " notin (",
        [PN_OP_GREATER] = ">",
        [PN_OP_LESS] = "<",
    };
    bool existence = q->op == PN_OP_EXISTS || q->op == PN_OP_DOES_NOT_EXIST;
    assert(existence == (q->count == 0));
    if (q->op == PN_OP_DOES_NOT_EXIST)
        pn_buf_char(out, '!');
    pn_buf_str(out, q->key);
    if (!existence)
        pn_buf_cstr(out, signs[q->op]);
    for (uint32_t i = 0; i < q->count; i++) {
        if (i > 0)
            pn_buf_char(out, ',');
        pn_buf_str(out, q->values[i]);
    }
    if (q->op == PN_OP_IN || q->op == PN_OP_NOT_IN)
        pn_buf_char(out, ')');
}

static void check_text(const struct pn_selector *s, struct pn_value labels, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    struct pn_selector again;
    struct pn_err err = PN_ERR_INIT;
    bool all = true;
    for (uint32_t i = 0; i < s->count; i++) {
        if (i > 0)
            pn_buf_char(&text, ',');
        write_requirement(&text, &s->requirements[i]);
        all = all && pn_requirement_matches(&s->requirements[i], labels);
    }
    assert(all == pn_selector_matches(s, labels));
    int r = pn_selector_parse(&again, pn_buf_view(&text), a, &err);
    assert(r == 0 && again.count == s->count);
    assert(all == pn_selector_matches(&again, labels));
}

static struct pn_node *new_node(enum pn_node_kind kind, struct pn_str text, struct pn_arena *a)
{
    struct pn_node *node = pn_arena_zalloc(a, 1, sizeof *node);
    assert(node != NULL);
    node->kind = kind;
    node->s = text;
    return node;
}

static struct pn_node *new_mapping(const struct pn_node_entry *entries, uint32_t n,
                                   struct pn_arena *a)
{
    struct pn_node *node = new_node(PN_NODE_MAPPING, PN_STR_NULL, a);
    struct pn_node_entry *copy = pn_arena_zalloc(a, n, sizeof *copy);
    assert(copy != NULL);
    memcpy(copy, entries, n * sizeof *copy);
    node->mapping.entries = copy;
    node->mapping.count = n;
    return node;
}

static struct pn_node *new_sequence(const struct pn_node **items, uint32_t n, struct pn_arena *a)
{
    struct pn_node *node = new_node(PN_NODE_SEQUENCE, PN_STR_NULL, a);
    node->sequence.items = items;
    node->sequence.count = n;
    return node;
}

static struct pn_node *string_node(const char *text, struct pn_arena *a)
{
    return new_node(PN_NODE_STRING, pn_str_of(text), a);
}

static struct pn_node *expression(const struct pn_requirement *q, struct pn_arena *a)
{
    static const char *const names[] = {"In", "NotIn", "Exists", "DoesNotExist"};
    const struct pn_node **values = pn_arena_zalloc(a, q->count, sizeof *values);
    assert(values != NULL);
    for (uint32_t i = 0; i < q->count; i++)
        values[i] = new_node(PN_NODE_STRING, q->values[i], a);
    const struct pn_node_entry entries[] = {
        {string_node("key", a), new_node(PN_NODE_STRING, q->key, a)},
        {string_node("operator", a), string_node(names[q->op], a)},
        {string_node("values", a), new_sequence(values, q->count, a)},
    };
    return new_mapping(entries, 3, a);
}

/* The same selector as a document; Gt and Lt have none. */
static void check_document(const struct pn_selector *s, struct pn_value labels, struct pn_arena *a)
{
    const struct pn_node **items = pn_arena_zalloc(a, s->count, sizeof *items), *at = NULL;
    struct pn_selector again;
    struct pn_err err = PN_ERR_INIT;
    assert(items != NULL);
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->requirements[i].op == PN_OP_GREATER || s->requirements[i].op == PN_OP_LESS)
            return;
        items[i] = expression(&s->requirements[i], a);
    }
    const struct pn_node_entry entry = {string_node("matchExpressions", a),
                                        new_sequence(items, s->count, a)};
    int r = pn_selector_from_node(&again, new_mapping(&entry, 1, a), a, &at, &err);
    assert(r == 0 && again.count == s->count);
    assert(pn_selector_matches(s, labels) == pn_selector_matches(&again, labels));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pn_arena *a = NULL;
    struct pn_str rest = {(const char *)data, size};
    struct pn_selector s;
    struct pn_err err = PN_ERR_INIT;
    if (pn_arena_new(&a, 1 << 16) != 0)
        return 0;
    int r = pn_selector_parse(&s, pn_str_split(&rest, '\n'), a, &err);
    assert(r == 0 || (r == PN_SELECTOR_E_INVALID && err.text[0] != '\0'));
    if (r == 0) {
        struct pn_value labels = read_labels(rest, a);
        check_text(&s, labels, a);
        check_document(&s, labels, a);
    }
    pn_arena_free(a);
    return 0;
}
