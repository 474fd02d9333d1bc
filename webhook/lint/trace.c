/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/trace.h"

#include <errno.h>

#include "jsone/jsone.h"

const struct pn_trace pn_trace_unknown = {.kind = PN_TRACE_UNKNOWN};

static struct pn_trace *new_trace(struct pn_trace_scope *s, enum pn_trace_kind kind,
                                  struct pn_place at)
{
    struct pn_trace *t = pn_arena_zalloc(s->arena, 1, sizeof *t);
    if (t == NULL) {
        s->out_of_memory = true;
        return NULL;
    }
    t->kind = kind;
    t->at = at;
    return t;
}

static const struct pn_trace *unknown_at(struct pn_trace_scope *s, struct pn_place at)
{
    const struct pn_trace *t = new_trace(s, PN_TRACE_UNKNOWN, at);
    return t != NULL ? t : &pn_trace_unknown;
}

static bool add_entry(struct pn_trace_scope *s, struct pn_trace *t, struct pn_trace_entry entry)
{
    size_t bytes = t->count * sizeof entry;
    struct pn_trace_entry *grown = pn_arena_grow(s->arena, (void *)(uintptr_t)t->entries, bytes,
                                                 bytes + sizeof entry);
    if (grown == NULL) {
        s->out_of_memory = true;
        return false;
    }
    grown[t->count++] = entry;
    t->entries = grown;
    return true;
}

/* ---- values ---------------------------------------------------------------------------- */

/* All parts stand where the whole does. */
static const struct pn_trace *of_value(struct pn_trace_scope *s, struct pn_value v,
                                       struct pn_place at)
{
    bool is_list = v.kind == PN_ARRAY, is_map = v.kind == PN_OBJECT;
    struct pn_trace *t = new_trace(s,
                                   is_list  ? PN_TRACE_LIST
                                   : is_map ? PN_TRACE_MAP
                                            : PN_TRACE_SCALAR,
                                   at);
    if (t == NULL)
        return &pn_trace_unknown;
    t->scalar = v;
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        const struct pn_member *m = pn_value_member(v, i);
        struct pn_value item = is_list ? pn_value_at(v, i) : m->value;
        if (!add_entry(s, t, (struct pn_trace_entry){m->key, at, of_value(s, item, at)}))
            return &pn_trace_unknown;
    }
    return t;
}

/* The same for what a policy or a default says, with its places. */
static const struct pn_trace *of_node(struct pn_trace_scope *s, struct pn_place at)
{
    const struct pn_node *n = at.node;
    bool is_list = n->kind == PN_NODE_SEQUENCE, is_map = n->kind == PN_NODE_MAPPING;
    struct pn_trace *t = new_trace(s,
                                   is_list  ? PN_TRACE_LIST
                                   : is_map ? PN_TRACE_MAP
                                            : PN_TRACE_SCALAR,
                                   at);
    if (t == NULL)
        return &pn_trace_unknown;
    if (!is_list && !is_map && pn_value_from_node(&t->scalar, n, s->arena) != 0)
        s->out_of_memory = true;
    for (uint32_t i = 0; is_list && i < n->sequence.count; i++)
        add_entry(
            s, t,
            (struct pn_trace_entry){
                PN_STR_NULL, {0}, of_node(s, (struct pn_place){at.source, n->sequence.items[i]})});
    for (uint32_t i = 0; is_map && i < n->mapping.count; i++) {
        const struct pn_node_entry *e = &n->mapping.entries[i];
        add_entry(s, t,
                  (struct pn_trace_entry){e->key->s,
                                          {at.source, e->key},
                                          of_node(s, (struct pn_place){at.source, e->value})});
    }
    return t;
}

/* ---- expressions ----------------------------------------------------------------------- */

static bool evaluate(struct pn_value *ret, struct pn_trace_scope *s, const struct pn_node *node,
                     bool is_expression)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags unused = PN_DIAGS_INIT;
    const struct pn_template_expr *t = NULL;
    struct pn_source none = {0};
    int r = is_expression ? pn_jsone_compile_expression(&t, &none, node, s->arena, &unused)
                          : pn_jsone_compile(&t, &none, node, s->arena, &unused);
    if (r == 0)
        r = pn_jsone_eval(ret, t, s->context, 0, NULL, s->arena, NULL);
    s->out_of_memory = s->out_of_memory || r < 0;
    return r == 0;
}

/* The parameter that an expression is, and nothing else. */
static const struct pn_trace_parameter *parameter_of(const struct pn_trace_scope *s,
                                                     struct pn_str expression)
{
    struct pn_str name = pn_str_trim(expression);
    const struct pn_str prefix = PN_STR("parameters.");
    if (!pn_str_has_prefix(name, prefix))
        return NULL;
    name = (struct pn_str){name.s + prefix.n, name.n - prefix.n};
    for (size_t i = 0; i < s->parameter_count; i++) {
        if (pn_str_eq(s->parameters[i].name, name))
            return &s->parameters[i];
    }
    return NULL;
}

static const struct pn_trace *of_text(struct pn_trace_scope *s, struct pn_place at)
{
    struct pn_str text = at.node->s;
    if (!pn_str_contains(text, PN_STR("${")))
        return of_node(s, at);
    struct pn_value v;
    if (!evaluate(&v, s, at.node, false))
        return unknown_at(s, at);
    if (pn_str_has_prefix(text, PN_STR("${")) && pn_str_has_suffix(text, PN_STR("}"))) {
        struct pn_str inner = {text.s + 2, text.n - 3};
        const struct pn_trace_parameter *p = parameter_of(s, inner);
        if (p != NULL)
            return of_value(s, v, p->at); /* always text, whatever the parameter is */
    }
    return of_value(s, v, at);
}

static const struct pn_trace *of_computed(struct pn_trace_scope *s, struct pn_place at)
{
    const struct pn_node *expression = pn_node_get(at.node, "$eval");
    const struct pn_trace_parameter *p = expression != NULL && expression->kind == PN_NODE_STRING
                                             ? parameter_of(s, expression->s)
                                             : NULL;
    if (p != NULL)
        return of_node(s, p->at);
    struct pn_value v;
    return evaluate(&v, s, at.node, false) ? of_value(s, v, at) : unknown_at(s, at);
}

/* NULL: nothing is there. */
static const struct pn_trace *of_condition(struct pn_trace_scope *s, struct pn_place at,
                                           const struct pn_node *condition)
{
    const struct pn_node *yes = pn_node_get(at.node, "then"), *no = pn_node_get(at.node, "else");
    struct pn_value v;
    if (condition->kind == PN_NODE_STRING && evaluate(&v, s, condition, true)) {
        const struct pn_node *branch = pn_jsone_is_truthy(v) ? yes : no;
        return branch != NULL ? pn_trace_of(s, branch) : NULL;
    }
    const struct pn_node *only = yes == NULL ? no : no == NULL ? yes : NULL;
    const struct pn_trace *t = only != NULL ? pn_trace_of(s, only) : unknown_at(s, at);
    if (t == NULL)
        return NULL;
    struct pn_trace *perhaps = new_trace(s, t->kind, t->at);
    if (perhaps == NULL)
        return &pn_trace_unknown;
    *perhaps = *t;
    perhaps->maybe = true;
    return perhaps;
}

static void flatten_into(struct pn_trace_scope *s, struct pn_trace *list, const struct pn_trace *t,
                         bool deep)
{
    if (t->kind != PN_TRACE_LIST) {
        list->open = list->open || t->kind == PN_TRACE_UNKNOWN;
        add_entry(s, list, (struct pn_trace_entry){PN_STR_NULL, {0}, t});
        return;
    }
    list->open = list->open || t->open || t->maybe;
    for (uint32_t i = 0; i < t->count && !t->maybe; i++) {
        if (deep)
            flatten_into(s, list, t->entries[i].value, true);
        else
            add_entry(s, list, t->entries[i]);
    }
}

static const struct pn_trace *of_flatten(struct pn_trace_scope *s, struct pn_place at,
                                         const struct pn_node *lists, bool deep)
{
    const struct pn_trace *parts = pn_trace_of(s, lists);
    struct pn_trace *list = new_trace(s, PN_TRACE_LIST, at);
    if (parts == NULL || list == NULL || parts->kind != PN_TRACE_LIST)
        return unknown_at(s, at);
    list->open = parts->open;
    for (uint32_t i = 0; i < parts->count; i++)
        flatten_into(s, list, parts->entries[i].value, deep);
    return list;
}

static void merge_entry(struct pn_trace_scope *s, struct pn_trace *map,
                        const struct pn_trace_entry *entry)
{
    struct pn_trace_entry *entries = (void *)(uintptr_t)map->entries;
    for (uint32_t i = 0; i < map->count; i++) {
        if (pn_str_eq(entries[i].key, entry->key)) {
            entries[i] = *entry;
            return;
        }
    }
    add_entry(s, map, *entry);
}

static const struct pn_trace *of_merge(struct pn_trace_scope *s, struct pn_place at,
                                       const struct pn_node *maps)
{
    const struct pn_trace *parts = pn_trace_of(s, maps);
    struct pn_trace *map = new_trace(s, PN_TRACE_MAP, at);
    if (parts == NULL || map == NULL || parts->kind != PN_TRACE_LIST || parts->open)
        return unknown_at(s, at);
    for (uint32_t i = 0; i < parts->count; i++) {
        const struct pn_trace *part = parts->entries[i].value;
        if (part->kind != PN_TRACE_MAP || part->maybe || part->open)
            return unknown_at(s, at);
        for (uint32_t k = 0; k < part->count; k++)
            merge_entry(s, map, &part->entries[k]);
    }
    return map;
}

/* The operator of a mapping, or NULL: "$$" is a key that begins with "$". */
static const struct pn_node_entry *operator_of(const struct pn_node *n)
{
    for (uint32_t i = 0; i < n->mapping.count; i++) {
        struct pn_str key = n->mapping.entries[i].key->s;
        if (key.n > 1 && key.s[0] == '$' && key.s[1] != '$' && key.s[1] != '{')
            return &n->mapping.entries[i];
    }
    return NULL;
}

static const struct pn_trace *of_mapping(struct pn_trace_scope *s, struct pn_place at)
{
    const struct pn_node_entry *operator= operator_of(at.node);
    if (operator!= NULL) {
        struct pn_str name = operator->key->s;
        if (pn_str_is(name, "$if"))
            return of_condition(s, at, operator->value);
        if (pn_str_is(name, "$flatten") || pn_str_is(name, "$flattenDeep"))
            return of_flatten(s, at, operator->value, pn_str_is(name, "$flattenDeep"));
        if (pn_str_is(name, "$merge"))
            return of_merge(s, at, operator->value);
        return of_computed(s, at);
    }
    struct pn_trace *map = new_trace(s, PN_TRACE_MAP, at);
    if (map == NULL)
        return &pn_trace_unknown;
    for (uint32_t i = 0; i < at.node->mapping.count; i++) {
        const struct pn_node_entry *e = &at.node->mapping.entries[i];
        struct pn_str key = e->key->s;
        if (pn_str_contains(key, PN_STR("${"))) {
            map->open = true;
            continue;
        }
        if (pn_str_has_prefix(key, PN_STR("$$")))
            key = (struct pn_str){key.s + 1, key.n - 1};
        const struct pn_trace *value = pn_trace_of(s, e->value);
        if (value != NULL &&
            !add_entry(s, map, (struct pn_trace_entry){key, {at.source, e->key}, value}))
            return &pn_trace_unknown;
    }
    return map;
}

const struct pn_trace *pn_trace_of(struct pn_trace_scope *s, const struct pn_node *node)
{
    const struct pn_place at = {s->source, node};
    if (node == NULL)
        return NULL;
    if (node->kind == PN_NODE_STRING)
        return of_text(s, at);
    if (node->kind == PN_NODE_MAPPING)
        return of_mapping(s, at);
    if (node->kind != PN_NODE_SEQUENCE)
        return of_node(s, at);
    struct pn_trace *list = new_trace(s, PN_TRACE_LIST, at);
    if (list == NULL)
        return &pn_trace_unknown;
    for (uint32_t i = 0; i < node->sequence.count; i++) {
        const struct pn_trace *item = pn_trace_of(s, node->sequence.items[i]);
        if (item == NULL)
            continue;
        list->open = list->open || (item->kind == PN_TRACE_UNKNOWN && item->maybe);
        add_entry(s, list, (struct pn_trace_entry){PN_STR_NULL, {0}, item});
    }
    return list;
}
