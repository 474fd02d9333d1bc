/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/tree.h"

#include "jsone/chars.h"

static bool has_plain_keys(const struct pn_template_expr *const *children, size_t count)
{
    if (count > 2 * PN_TREE_PLAIN_MAX)
        return false;
    for (size_t i = 0; i < count; i += 2) {
        if (!children[i]->constant)
            return false;
        for (size_t j = 0; j < i; j += 2) {
            if (pn_str_eq(pn_value_str(children[i]->value), pn_value_str(children[j]->value)))
                return false;
        }
    }
    return true;
}

struct pn_template_expr *pn_tree_new(struct pn_arena *a, enum pn_tree_kind kind,
                                     const struct pn_tree_place *place, size_t offset,
                                     const struct pn_template_expr *const *children, size_t count)
{
    struct pn_template_expr *t = pn_arena_zalloc(a, 1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->kind = (uint8_t)kind;
    t->place = place;
    t->offset = (uint32_t)offset;
    t->children = children;
    t->count = (uint32_t)count;
    t->height = 1;
    t->plain = kind == PN_TREE_OBJECT && has_plain_keys(children, count);
    for (size_t i = 0; i < count; i++) {
        if (children[i]->height >= t->height)
            t->height = (uint16_t)(children[i]->height + 1);
    }
    return t;
}

struct pn_template_expr *pn_tree_constant(struct pn_arena *a, const struct pn_tree_place *place,
                                          size_t offset, struct pn_value value)
{
    struct pn_template_expr *t = pn_tree_new(a, PN_TREE_CONSTANT, place, offset, NULL, 0);
    if (t != NULL) {
        t->constant = true;
        t->value = value;
    }
    return t;
}

struct pn_template_expr *pn_tree_copy(struct pn_arena *a, const struct pn_template_expr *t,
                                      const struct pn_template_expr *const *children, size_t count)
{
    struct pn_template_expr *copy = pn_tree_new(a, t->kind, t->place, t->offset, children, count);
    if (copy == NULL)
        return NULL;
    copy->op = t->op;
    copy->name_count = t->name_count;
    copy->open = t->open;
    copy->value = t->value;
    copy->names = t->names; /* or infix, the same pointer */
    return copy;
}

uint32_t pn_tree_scoped_from(const struct pn_template_expr *t)
{
    switch (t->kind) {
    case PN_TREE_LET:
    case PN_TREE_MAP:
    case PN_TREE_FIND:
    case PN_TREE_SORT:
        return 1;
    case PN_TREE_REDUCE:
        return 2;
    default:
        return t->count;
    }
}

struct pn_span pn_tree_span(const struct pn_tree_place *place, size_t offset)
{
    struct pn_span span = place->span;
    if (place->text.s == NULL || !place->exact || offset > place->text.n)
        return span;
    struct pn_str before = {place->text.s, offset};
    if (before.n > 0 && memchr(before.s, '\n', before.n) != NULL)
        return span;
    span.start += offset;
    span.end = span.start > span.end ? span.start : span.end;
    span.column += (uint32_t)pn_chars_count(before);
    return span;
}

const char *pn_tree_operator(enum pn_tree_kind kind)
{
    static const char *const names[PN_TREE_KINDS] = {
        [PN_TREE_IF] = "$if",
        [PN_TREE_LET] = "$let",
        [PN_TREE_MAP] = "$map",
        [PN_TREE_REDUCE] = "$reduce",
        [PN_TREE_FIND] = "$find",
        [PN_TREE_SORT] = "$sort",
        [PN_TREE_MATCH] = "$match",
        [PN_TREE_SWITCH] = "$switch",
        [PN_TREE_FROM_NOW] = "$fromNow",
        [PN_TREE_FLATTEN] = "$flatten",
        [PN_TREE_FLATTEN_DEEP] = "$flattenDeep",
        [PN_TREE_JSON] = "$json",
        [PN_TREE_MERGE] = "$merge",
        [PN_TREE_MERGE_DEEP] = "$mergeDeep",
        [PN_TREE_REVERSE] = "$reverse",
    };
    return kind < PN_TREE_KINDS ? names[kind] : NULL;
}

const struct pn_tree_scope *pn_tree_find_scope(const struct pn_tree_scope *scope,
                                               struct pn_str name)
{
    for (; scope != NULL; scope = scope->outer) {
        if (scope->binder->open)
            return scope;
        for (uint32_t i = 0; i < scope->binder->name_count; i++) {
            if (pn_str_eq(scope->binder->names[i], name))
                return scope;
        }
    }
    return NULL;
}

/* ---- jsone.h: looking into a template -------------------------------------------------- */

enum pn_jsone_shape pn_jsone_shape(const struct pn_template_expr *t)
{
    switch (t->kind) {
    case PN_TREE_CONSTANT:
        return PN_JSONE_CONSTANT;
    case PN_TREE_TEXT:
        return PN_JSONE_TEXT;
    case PN_TREE_ARRAY:
        return PN_JSONE_ARRAY;
    case PN_TREE_OBJECT:
        return PN_JSONE_OBJECT;
    default:
        return PN_JSONE_COMPUTED;
    }
}

struct pn_span pn_jsone_span(const struct pn_template_expr *t)
{
    return pn_tree_span(t->place, t->offset);
}

bool pn_jsone_is_constant(const struct pn_template_expr *t)
{
    return t->constant;
}

struct pn_value pn_jsone_constant(const struct pn_template_expr *t)
{
    return t->constant ? t->value : PN_VALUE_ABSENT;
}

uint32_t pn_jsone_count(const struct pn_template_expr *t)
{
    return t->kind == PN_TREE_ARRAY ? t->count : t->kind == PN_TREE_OBJECT ? t->count / 2 : 0;
}

const struct pn_template_expr *pn_jsone_item(const struct pn_template_expr *t, uint32_t i)
{
    return t->children[i];
}

struct pn_jsone_member pn_jsone_member(const struct pn_template_expr *t, uint32_t i)
{
    const struct pn_template_expr *key = t->children[2 * i];
    return (struct pn_jsone_member){
        .key = key->constant ? pn_value_str(key->value) : PN_STR_NULL,
        .key_span = pn_jsone_span(key),
        .value = t->children[2 * i + 1],
    };
}
