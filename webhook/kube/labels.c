/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/labels.h"

#include <errno.h>

#include "base/number.h"
#include "kube/names.h"

/* strconv.ParseInt in base 10: a plus sign is allowed. */
static bool read_integer(int64_t *ret, struct pn_str text)
{
    if (text.n > 1 && text.s[0] == '+' && text.s[1] >= '0' && text.s[1] <= '9')
        text = (struct pn_str){text.s + 1, text.n - 1};
    return pn_number_read_int(ret, text);
}

/* ---- matching -------------------------------------------------------------------------- */

static bool has_value(const struct pn_requirement *requirement, struct pn_value label)
{
    struct pn_str text = pn_value_str(label);
    if (label.kind != PN_STRING && label.kind != PN_NULL)
        return false;
    for (uint32_t i = 0; i < requirement->count; i++) {
        if (pn_str_eq(requirement->values[i], text))
            return true;
    }
    return false;
}

static bool compares(const struct pn_requirement *requirement, struct pn_value label)
{
    enum pn_operator op = requirement->op;
    int64_t have, bound;
    if (label.kind != PN_STRING || !read_integer(&have, pn_value_str(label)) ||
        !read_integer(&bound, requirement->values[0]))
        return false;
    return op == PN_OP_GREATER ? have > bound : have < bound;
}

bool pn_requirement_matches(const struct pn_requirement *requirement, struct pn_value labels)
{
    struct pn_value label = pn_value_get(labels, requirement->key);
    bool present = label.kind != PN_ABSENT;
    switch (requirement->op) {
    case PN_OP_IN:
        return present && has_value(requirement, label);
    case PN_OP_NOT_IN:
        return !present || !has_value(requirement, label);
    case PN_OP_EXISTS:
        return present;
    case PN_OP_DOES_NOT_EXIST:
        return !present;
    case PN_OP_GREATER:
    case PN_OP_LESS:
        return present && compares(requirement, label);
    }
    return false;
}

bool pn_selector_matches(const struct pn_selector *selector, struct pn_value labels)
{
    for (uint32_t i = 0; i < selector->count; i++) {
        if (!pn_requirement_matches(&selector->requirements[i], labels))
            return false;
    }
    return true;
}

/* ---- the document form ----------------------------------------------------------------- */

struct compiler {
    struct pn_arena *a;
    struct pn_err *err;
    const struct pn_node *at; /* what the message is about */
    struct pn_requirement *requirements;
    uint32_t count;
};

static const char *const selector_fields[] = {"matchLabels", "matchExpressions", NULL};
static const char *const expression_fields[] = {"key", "operator", "values", NULL};
/* In the order of enum pn_operator. */
static const char *const operators[] = {"In", "NotIn", "Exists", "DoesNotExist", NULL};

static int out_of_memory(struct pn_err *err)
{
    return pn_err_set(err, -ENOMEM, "out of memory");
}

static bool is_unset(const struct pn_node *node)
{
    return node == NULL || node->kind == PN_NODE_NULL;
}

static bool is_one_of(struct pn_str word, const char *const *words)
{
    while (*words != NULL && !pn_str_is(word, *words))
        words++;
    return *words != NULL;
}

/* `place` names the mapping in messages: "" or "matchExpressions[0]". */
static int check_fields(struct compiler *c, const struct pn_node *mapping,
                        const char *const *fields, struct pn_str place)
{
    const char *dot = place.n > 0 ? "." : "";
    for (uint32_t i = 0; i < mapping->mapping.count; i++) {
        struct pn_str name = mapping->mapping.entries[i].key->s;
        if (is_one_of(name, fields))
            continue;
        const char *nearest = pn_str_nearest(name, fields);
        c->at = mapping->mapping.entries[i].key;
        return pn_err_set(c->err, PN_SELECTOR_E_INVALID, "%.*s%s%.*s: unknown field%s%s%s",
                          PN_STR_ARG(place), dot, PN_STR_ARG(name),
                          nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
                          nearest != NULL ? "?" : "");
    }
    return 0;
}

static int expect_kind(struct compiler *c, const struct pn_node *node, enum pn_node_kind kind,
                       struct pn_str place, const char *expected)
{
    if (node->kind == kind)
        return 0;
    bool scalar = kind == PN_NODE_STRING &&
                  (node->kind == PN_NODE_BOOL || node->kind == PN_NODE_INT ||
                   node->kind == PN_NODE_REAL || node->kind == PN_NODE_RAW);
    c->at = node;
    return pn_err_set(c->err, PN_SELECTOR_E_INVALID, "%.*s%sexpected %s, found %s%s",
                      PN_STR_ARG(place), place.n > 0 ? ": " : "", expected, pn_node_kind_name(node),
                      scalar ? "; put it in quotes" : "");
}

static int check_value(struct compiler *c, const struct pn_node *value, struct pn_str place)
{
    int r = expect_kind(c, value, PN_NODE_STRING, place, "a string");
    if (r != 0 || pn_name_is_label_value(value->s))
        return r;
    c->at = value;
    return pn_err_set(c->err, PN_SELECTOR_E_INVALID,
                      "%.*s: \"%.*s\" is no label value; it must be " PN_NAME_LABEL_VALUE_RULE,
                      PN_STR_ARG(place), PN_STR_ARG(value->s));
}

static int check_key(struct compiler *c, const struct pn_node *key, struct pn_str place)
{
    if (pn_name_is_qualified(key->s))
        return 0;
    c->at = key;
    return pn_err_set(c->err, PN_SELECTOR_E_INVALID,
                      "%.*s: \"%.*s\" is no label key; it must be " PN_NAME_QUALIFIED_RULE,
                      PN_STR_ARG(place), PN_STR_ARG(key->s));
}

/* Appends a requirement whose values (strings, checked) are those of `values`. */
static int add_requirement(struct compiler *c, const struct pn_node *key, enum pn_operator op,
                           const struct pn_node *const *values, uint32_t n)
{
    struct pn_str *copies = pn_arena_zalloc(c->a, n, sizeof *copies);
    struct pn_str key_copy = pn_arena_dup(c->a, key->s);
    if (copies == NULL || key_copy.s == NULL)
        return out_of_memory(c->err);
    for (uint32_t i = 0; i < n; i++) {
        copies[i] = pn_arena_dup(c->a, values[i]->s);
        if (copies[i].s == NULL)
            return out_of_memory(c->err);
    }
    c->requirements[c->count++] = (struct pn_requirement){key_copy, op, copies, n};
    return 0;
}

static int compile_labels(struct compiler *c, const struct pn_node *labels)
{
    for (uint32_t i = 0; i < labels->mapping.count; i++) {
        const struct pn_node_entry *entry = &labels->mapping.entries[i];
        struct pn_str place = pn_arena_format(c->a, "matchLabels.%.*s", PN_STR_ARG(entry->key->s));
        if (place.s == NULL)
            return out_of_memory(c->err);
        int r = check_key(c, entry->key, PN_STR("matchLabels"));
        if (r == 0)
            r = check_value(c, entry->value, place);
        if (r == 0)
            r = add_requirement(c, entry->key, PN_OP_IN, &entry->value, 1);
        if (r != 0)
            return r;
    }
    return 0;
}

static int read_operator(struct compiler *c, enum pn_operator *ret, const struct pn_node *node,
                         struct pn_str place)
{
    for (int i = 0; operators[i] != NULL; i++) {
        if (pn_str_is(node->s, operators[i])) {
            *ret = (enum pn_operator)i;
            return 0;
        }
    }
    const char *nearest = pn_str_nearest(node->s, operators);
    c->at = node;
    return pn_err_set(c->err, PN_SELECTOR_E_INVALID,
                      "%.*s.operator: expected In, NotIn, Exists or DoesNotExist, found "
                      "\"%.*s\"%s%s%s",
                      PN_STR_ARG(place), PN_STR_ARG(node->s),
                      nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
                      nearest != NULL ? "?" : "");
}

/* The items of `values` (unset: none), all of them valid label values. */
static int read_values(struct compiler *c, const struct pn_node *const **ret_items, uint32_t *ret_n,
                       const struct pn_node *values, struct pn_str place)
{
    *ret_items = NULL;
    *ret_n = 0;
    if (is_unset(values))
        return 0;
    int r = expect_kind(c, values, PN_NODE_SEQUENCE, place, "a list of strings");
    for (uint32_t i = 0; r == 0 && i < values->sequence.count; i++)
        r = check_value(c, values->sequence.items[i], place);
    if (r != 0)
        return r;
    *ret_items = values->sequence.items;
    *ret_n = values->sequence.count;
    return 0;
}

/* A required string field of an expression. */
static int get_string(struct compiler *c, const struct pn_node **ret, const struct pn_node *mapping,
                      const char *field, struct pn_str place)
{
    const struct pn_node *node = pn_node_get(mapping, field);
    struct pn_str inner = pn_arena_format(c->a, "%.*s.%s", PN_STR_ARG(place), field);
    if (inner.s == NULL)
        return out_of_memory(c->err);
    if (node == NULL) {
        c->at = mapping;
        return pn_err_set(c->err, PN_SELECTOR_E_INVALID, "%.*s: missing; it is required",
                          PN_STR_ARG(inner));
    }
    *ret = node;
    return expect_kind(c, node, PN_NODE_STRING, inner, "a string");
}

static int compile_expression(struct compiler *c, const struct pn_node *node, struct pn_str place)
{
    const struct pn_node *key = NULL, *operator_node = NULL, *const *items = NULL;
    const struct pn_node *values = pn_node_get(node, "values");
    enum pn_operator op = PN_OP_IN;
    uint32_t n = 0;
    struct pn_str inner = pn_arena_format(c->a, "%.*s.values", PN_STR_ARG(place));
    if (inner.s == NULL)
        return out_of_memory(c->err);
    int r = expect_kind(c, node, PN_NODE_MAPPING, place, "a mapping");
    if (r == 0)
        r = check_fields(c, node, expression_fields, place);
    if (r == 0)
        r = get_string(c, &key, node, "key", place);
    if (r == 0)
        r = check_key(c, key, place);
    if (r == 0)
        r = get_string(c, &operator_node, node, "operator", place);
    if (r == 0)
        r = read_operator(c, &op, operator_node, place);
    if (r == 0)
        r = read_values(c, &items, &n, values, inner);
    if (r != 0)
        return r;
    bool wants_values = op == PN_OP_IN || op == PN_OP_NOT_IN;
    if (wants_values != (n > 0)) {
        c->at = values != NULL ? values : node;
        return pn_err_set(
            c->err, PN_SELECTOR_E_INVALID, "%.*s: %s with operator %s", PN_STR_ARG(inner),
            wants_values ? "at least one is required" : "none are allowed", operators[op]);
    }
    return add_requirement(c, key, op, items, n);
}

static int compile_expressions(struct compiler *c, const struct pn_node *expressions)
{
    for (uint32_t i = 0; i < expressions->sequence.count; i++) {
        struct pn_str place = pn_arena_format(c->a, "matchExpressions[%u]", i);
        if (place.s == NULL)
            return out_of_memory(c->err);
        int r = compile_expression(c, expressions->sequence.items[i], place);
        if (r != 0)
            return r;
    }
    return 0;
}

static int compile(struct compiler *c, const struct pn_node *node)
{
    const struct pn_node *labels = pn_node_get(node, "matchLabels");
    const struct pn_node *expressions = pn_node_get(node, "matchExpressions");
    int r = expect_kind(c, node, PN_NODE_MAPPING, PN_STR_NULL, "a label selector (a mapping)");
    if (r == 0)
        r = check_fields(c, node, selector_fields, PN_STR_NULL);
    if (r == 0 && !is_unset(labels))
        r = expect_kind(c, labels, PN_NODE_MAPPING, PN_STR("matchLabels"), "a mapping of strings");
    if (r == 0 && !is_unset(expressions))
        r = expect_kind(c, expressions, PN_NODE_SEQUENCE, PN_STR("matchExpressions"), "a list");
    if (r != 0)
        return r;
    size_t n = is_unset(labels) ? 0 : labels->mapping.count;
    n += is_unset(expressions) ? 0 : expressions->sequence.count;
    c->requirements = pn_arena_zalloc(c->a, n, sizeof *c->requirements);
    if (c->requirements == NULL)
        return out_of_memory(c->err);
    if (!is_unset(labels))
        r = compile_labels(c, labels);
    if (r == 0 && !is_unset(expressions))
        r = compile_expressions(c, expressions);
    return r;
}

int pn_selector_from_node(struct pn_selector *ret, const struct pn_node *node, struct pn_arena *a,
                          const struct pn_node **ret_at, struct pn_err *err)
{
    struct compiler c = {.a = a, .err = err};
    int r = compile(&c, node);
    if (r == PN_SELECTOR_E_INVALID)
        *ret_at = c.at;
    if (r == 0)
        *ret = (struct pn_selector){c.requirements, c.count};
    return r;
}
