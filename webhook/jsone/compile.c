/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/compile.h"

#include <errno.h>

#include "jsone/arith.h"
#include "jsone/build.h"
#include "jsone/chars.h"

struct pn_tree_place *pn_compile_place(struct pn_compile *c, struct pn_span span)
{
    struct pn_tree_place *place = pn_arena_zalloc(c->set, 1, sizeof *place);
    if (place != NULL)
        place->span = span;
    return place;
}

int pn_compile_constant(struct pn_compile *c, struct pn_span span, struct pn_value value,
                        const struct pn_template_expr **ret)
{
    const struct pn_tree_place *place = pn_compile_place(c, span);
    const struct pn_template_expr *t = place != NULL ? pn_tree_constant(c->set, place, 0, value)
                                                     : NULL;
    *ret = t;
    return t != NULL ? 0 : -ENOMEM;
}

int pn_compile_make(struct pn_compile *c, enum pn_tree_kind kind, struct pn_span span,
                    const struct pn_template_expr *const *children, size_t count,
                    struct pn_template_expr **ret)
{
    *ret = NULL;
    for (size_t i = 0; i < count; i++) {
        if (children[i] == NULL)
            return 0;
    }
    const struct pn_tree_place *place = pn_compile_place(c, span);
    struct pn_template_expr *t = place != NULL
                                     ? pn_tree_new(c->set, kind, place, 0, children, count)
                                     : NULL;
    if (t == NULL)
        return -ENOMEM;
    if (t->height > PN_JSONE_DEPTH_MAX) {
        pn_diags_add(c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_TEMPLATE, c->source, span,
                     "templates and their expressions are nested at most %u levels deep",
                     PN_JSONE_DEPTH_MAX);
        return 0;
    }
    *ret = t;
    return 0;
}

/* ---- lists ----------------------------------------------------------------------------- */

/* A list or object whose parts are all constant is constant; it keeps them for their places. */
static bool all_constant(const struct pn_template_expr *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        if (!t->children[i]->constant)
            return false;
    }
    return true;
}

static int array_value(struct pn_compile *c, struct pn_template_expr *t)
{
    struct pn_value *items = pn_arena_alloc(c->set, t->count * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < t->count; i++)
        items[i] = t->children[i]->value;
    t->constant = true;
    return pn_array_take(&t->value, c->set, items, t->count);
}

static int compile_sequence(struct pn_compile *c, const struct pn_node *n,
                            const struct pn_template_expr **ret)
{
    uint32_t count = n->sequence.count;
    struct pn_template_expr *t = NULL;
    const struct pn_template_expr **children = pn_arena_zalloc(c->set, count, sizeof *children);
    if (children == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        int r = pn_compile_node(c, n->sequence.items[i], &children[i]);
        if (r != 0)
            return r;
    }
    int r = pn_compile_make(c, PN_TREE_ARRAY, n->span, children, count, &t);
    if (r == 0 && t != NULL && all_constant(t))
        r = array_value(c, t);
    *ret = t;
    return r;
}

/* ---- objects --------------------------------------------------------------------------- */

static int object_value(struct pn_compile *c, struct pn_template_expr *t)
{
    struct pn_build build = PN_BUILD_IN(c->set);
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < t->count; i += 2)
        r = pn_build_set(&build, pn_value_str(t->children[i]->value), t->children[i + 1]->value);
    t->constant = true;
    return r != 0 ? r : pn_build_finish(&t->value, &build);
}

/* $name, which is kept for operators. */
static bool is_reserved(struct pn_str key)
{
    if (key.n < 2 || key.s[0] != '$' || !pn_chars_is_letter(key.s[1]))
        return false;
    for (size_t i = 2; i < key.n; i++) {
        if (!pn_chars_is_letter(key.s[i]) && !pn_chars_is_digit(key.s[i]))
            return false;
    }
    return true;
}

static void report_reserved(struct pn_compile *c, const struct pn_node *key)
{
    const char *near = pn_compile_nearest_operator(key->s);
    pn_diags_add(c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_TEMPLATE, c->source, key->span,
                 "JSON-e has no operator `%.*s`", PN_STR_ARG(key->s));
    if (near != NULL)
        pn_diags_help(c->diags, "did you mean `$%s`? A key that begins with $ is written $$", near);
    else
        pn_diags_help(c->diags, "for a key of this name write `$%.*s`", PN_STR_ARG(key->s));
}

static int compile_key(struct pn_compile *c, const struct pn_node *key,
                       const struct pn_template_expr **ret)
{
    if (is_reserved(key->s)) {
        report_reserved(c, key);
        return 0;
    }
    if (!pn_str_has_prefix(key->s, PN_STR("$$")))
        return pn_compile_text(c, key, ret);
    struct pn_str name = pn_arena_dup(c->set, (struct pn_str){key->s.s + 1, key->s.n - 1});
    return name.s != NULL ? pn_compile_constant(c, key->span, pn_string(name), ret) : -ENOMEM;
}

static int compile_object(struct pn_compile *c, const struct pn_node *n,
                          const struct pn_template_expr **ret)
{
    uint32_t count = n->mapping.count;
    struct pn_template_expr *t = NULL;
    const struct pn_template_expr **children = pn_arena_zalloc(c->set, 2 * (size_t)count,
                                                               sizeof *children);
    if (children == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        int r = compile_key(c, n->mapping.entries[i].key, &children[2 * i]);
        if (r == 0)
            r = pn_compile_node(c, n->mapping.entries[i].value, &children[2 * i + 1]);
        if (r != 0)
            return r;
    }
    int r = pn_compile_make(c, PN_TREE_OBJECT, n->span, children, 2 * (size_t)count, &t);
    if (r == 0 && t != NULL && all_constant(t))
        r = object_value(c, t);
    *ret = t;
    return r;
}

static int compile_mapping(struct pn_compile *c, const struct pn_node *n,
                           const struct pn_template_expr **ret)
{
    const struct pn_node *operator= NULL;
    for (uint32_t i = 0; i < n->mapping.count; i++) {
        const struct pn_node *key = n->mapping.entries[i].key;
        if (pn_compile_find_operator(key->s) == PN_TREE_KINDS)
            continue;
        if (operator!= NULL) {
            pn_diags_add(c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_TEMPLATE, c->source, key->span,
                         "`%.*s` and `%.*s` stand in one object, which takes one operator",
                         PN_STR_ARG(operator->s), PN_STR_ARG(key->s));
            return 0;
        }
        operator= key;
    }
    return operator!= NULL ? pn_compile_operator(c, n, operator, ret) : compile_object(c, n, ret);
}

/* ---- all nodes ------------------------------------------------------------------------- */

static int compile_number(struct pn_compile *c, const struct pn_node *n,
                          const struct pn_template_expr **ret)
{
    struct pn_value value, plain;
    int r = pn_value_from_node(&value, n, c->set);
    if (r == 0)
        r = pn_value_freeze(&value, value, c->set);
    if (r != 0)
        return r;
    /* 4.0 is 4. What int64 does not hold stays as it is written. */
    if (value.kind == PN_REAL && pn_arith_read(&plain, value))
        value = plain;
    return pn_compile_constant(c, n->span, value, ret);
}

static int compile_any(struct pn_compile *c, const struct pn_node *n,
                       const struct pn_template_expr **ret)
{
    switch (n->kind) {
    case PN_NODE_NULL:
        return pn_compile_constant(c, n->span, pn_null(), ret);
    case PN_NODE_BOOL:
        return pn_compile_constant(c, n->span, pn_bool(n->b), ret);
    case PN_NODE_INT:
    case PN_NODE_REAL:
    case PN_NODE_RAW:
        return compile_number(c, n, ret);
    case PN_NODE_STRING:
        return pn_compile_text(c, n, ret);
    case PN_NODE_SEQUENCE:
        return compile_sequence(c, n, ret);
    case PN_NODE_MAPPING:
        return compile_mapping(c, n, ret);
    }
    return -EINVAL;
}

int pn_compile_node(struct pn_compile *c, const struct pn_node *n,
                    const struct pn_template_expr **ret)
{
    *ret = NULL;
    if (c->depth >= PN_JSONE_DEPTH_MAX) {
        pn_diags_add(c->diags, PN_SEVERITY_ERROR, PN_JSONE_DIAG_TEMPLATE, c->source, n->span,
                     "templates are nested at most %u levels deep", PN_JSONE_DEPTH_MAX);
        return 0;
    }
    c->depth++;
    int r = compile_any(c, n, ret);
    c->depth--;
    return r;
}

static int finish(const struct pn_template_expr **ret, int r, const struct pn_template_expr *t)
{
    if (r == 0 && t == NULL)
        r = PN_JSONE_E_TEMPLATE;
    if (r == 0)
        *ret = t;
    return r;
}

int pn_jsone_compile(const struct pn_template_expr **ret, const struct pn_source *source,
                     const struct pn_node *n, struct pn_arena *set, struct pn_diags *diags)
{
    struct pn_compile c = {.source = source, .set = set, .diags = diags};
    const struct pn_template_expr *t = NULL;
    int r = pn_compile_node(&c, n, &t);
    return finish(ret, r, t);
}

int pn_jsone_compile_expression(const struct pn_template_expr **ret, const struct pn_source *source,
                                const struct pn_node *n, struct pn_arena *set,
                                struct pn_diags *diags)
{
    struct pn_compile c = {.source = source, .set = set, .diags = diags};
    const struct pn_template_expr *t = NULL;
    int r = pn_compile_scalar(&c, n, "this field", &t);
    return finish(ret, r, t);
}
