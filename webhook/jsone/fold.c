/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "jsone/builtins.h"
#include "jsone/lex.h"
#include "jsone/run.h"

/*
 * Folding goes from the leaves up. What a node depends on is told as one number: the outermost of
 * what it refers to. A node that depends on nothing is evaluated; one that defines names takes the
 * dependency on them away.
 */
#define DEPENDS_ON_REQUEST 0u /* a free name, the clock; or it failed */
/* ... between them the level of a scope around the node ... */
#define DEPENDS_ON_NOTHING UINT32_MAX

struct fold {
    struct pn_value bound, partly;
    struct pn_jsone_limits limits;
    struct pn_arena *set;
};

struct folded {
    const struct pn_template_expr *t;
    uint32_t depends;
};

static int fold_node(struct fold *f, const struct pn_template_expr *t,
                     const struct pn_tree_scope *scope, struct folded *ret);

static uint32_t outermost(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- names ----------------------------------------------------------------------------- */

static int make_constant(struct fold *f, const struct pn_template_expr *t, struct pn_value value,
                         struct folded *ret)
{
    ret->t = pn_tree_constant(f->set, t->place, t->offset, value);
    ret->depends = DEPENDS_ON_NOTHING;
    return ret->t != NULL ? 0 : -ENOMEM;
}

static int fold_name(struct fold *f, const struct pn_template_expr *t,
                     const struct pn_tree_scope *scope, struct folded *ret)
{
    struct pn_str name = pn_value_str(t->value);
    const struct pn_tree_scope *local = pn_tree_find_scope(scope, name);
    struct pn_value value = pn_value_get(f->bound, name);
    *ret = (struct folded){t, DEPENDS_ON_REQUEST};
    if (local != NULL)
        ret->depends = local->level;
    else if (value.kind != PN_ABSENT)
        return make_constant(f, t, value, ret);
    else if (t->op != 0 && !pn_builtin_is_impure(t->op))
        ret->depends = DEPENDS_ON_NOTHING;
    return 0;
}

/* name.member of a name of which only some members are known, this one among them. */
static bool is_known_member(const struct fold *f, const struct pn_template_expr *t,
                            const struct pn_tree_scope *scope, struct pn_value *ret)
{
    if (t->kind != PN_TREE_MEMBER || t->children[0]->kind != PN_TREE_NAME)
        return false;
    struct pn_str name = pn_value_str(t->children[0]->value);
    *ret = pn_value_get(pn_value_get(f->partly, name), pn_value_str(t->value));
    return ret->kind != PN_ABSENT && pn_tree_find_scope(scope, name) == NULL;
}

/* defined("name") is known when the name is bound, or a scope may tell; else the request tells. */
static bool is_defined_call(const struct pn_template_expr *t, const struct pn_tree_scope *scope)
{
    if (t->kind != PN_TREE_CALL || t->count != 2 || t->children[0]->kind != PN_TREE_NAME)
        return false;
    const struct pn_template_expr *function = t->children[0];
    return pn_builtin_is_defined(function->op) && t->children[1]->constant &&
           t->children[1]->value.kind == PN_STRING &&
           pn_tree_find_scope(scope, pn_value_str(function->value)) == NULL;
}

static uint32_t defined_depends(struct fold *f, const struct pn_template_expr *t,
                                const struct pn_tree_scope *scope)
{
    struct pn_str name = pn_value_str(t->children[1]->value);
    const struct pn_tree_scope *local = pn_tree_find_scope(scope, name);
    if (local != NULL)
        return local->level;
    bool known = pn_value_get(f->bound, name).kind != PN_ABSENT || pn_builtin_find(name) != 0;
    return known ? DEPENDS_ON_NOTHING : DEPENDS_ON_REQUEST;
}

/* ---- evaluation ------------------------------------------------------------------------ */

/* The value of a node that depends on nothing. Positive: it has none (yet). */
static int evaluate(struct fold *f, const struct pn_template_expr *t, struct pn_value *ret,
                    bool *ret_has_function)
{
    struct pn_run run = {
        .arena = f->set, .context = f->bound, .limits = f->limits, .folding = true};
    int r = pn_run_node(&run, t, NULL, ret);
    if (r == 0) {
        r = pn_run_check(&run, t, *ret);
        *ret_has_function = r == PN_JSONE_E_TEMPLATE;
    }
    return r;
}

/* Lists and objects keep their parts, for their places; text remains text. */
static int fold_closed(struct fold *f, struct folded *folded)
{
    const struct pn_template_expr *t = folded->t;
    struct pn_value value;
    bool has_function = false;
    if (t->constant || t->kind == PN_TREE_NAME)
        return 0;
    int r = evaluate(f, t, &value, &has_function);
    if (r < 0)
        return r;
    if (r > 0) { /* a function may still be called by what is around */
        folded->depends = has_function ? DEPENDS_ON_NOTHING : DEPENDS_ON_REQUEST;
        return 0;
    }
    if (t->kind != PN_TREE_ARRAY && t->kind != PN_TREE_OBJECT && t->kind != PN_TREE_TEXT)
        return make_constant(f, t, value, folded);
    struct pn_template_expr *copy = pn_tree_copy(f->set, t, t->children,
                                                 t->kind == PN_TREE_TEXT ? 0 : t->count);
    if (copy == NULL)
        return -ENOMEM;
    copy->constant = true;
    copy->value = value;
    folded->t = copy;
    return 0;
}

/* ---- what is decided though a part of it is not known ---------------------------------- */

/* Delete markers that are known are left out, with their key. */
static uint32_t drop_markers(enum pn_tree_kind kind, const struct pn_template_expr **children,
                             uint32_t count)
{
    uint32_t step = kind == PN_TREE_OBJECT ? 2 : 1, n = 0;
    for (uint32_t i = 0; i + step <= count; i += step) {
        const struct pn_template_expr *value = children[i + step - 1];
        if (value->constant && value->value.kind == PN_ABSENT)
            continue;
        for (uint32_t j = 0; j < step; j++)
            children[n++] = children[i + j];
    }
    return n;
}

/* a && b, a || b whose first operand decides. */
static bool is_decided_chain(const struct pn_template_expr *t, bool *ret)
{
    if (t->kind != PN_TREE_CHAIN || !t->children[0]->constant)
        return false;
    *ret = t->infix[0].token == PN_TOKEN_OR;
    return (t->infix[0].token == PN_TOKEN_OR || t->infix[0].token == PN_TOKEN_AND) &&
           pn_jsone_is_truthy(t->children[0]->value) == *ret;
}

/* ---- nodes ----------------------------------------------------------------------------- */

/* Children of which the first `count` did not change, to be written to. NULL: out of memory. */
static const struct pn_template_expr **
copy_children(struct fold *f, const struct pn_template_expr *t, uint32_t count)
{
    const struct pn_template_expr **children = pn_arena_alloc(f->set, t->count * sizeof *children);
    for (uint32_t i = 0; children != NULL && i < count; i++)
        children[i] = t->children[i];
    return children;
}

/* The node with its children folded; it is shared where nothing changed. */
static int fold_children(struct fold *f, const struct pn_template_expr *t,
                         const struct pn_tree_scope *scope, struct folded *ret)
{
    const struct pn_tree_scope inner = {scope, t, scope != NULL ? scope->level + 1 : 1};
    const struct pn_template_expr **children = NULL; /* none while nothing changed */
    uint32_t depends = DEPENDS_ON_NOTHING, count = t->count;
    for (uint32_t i = 0; i < t->count; i++) {
        struct folded child;
        bool is_scoped = i >= pn_tree_scoped_from(t);
        int r = fold_node(f, t->children[i], is_scoped ? &inner : scope, &child);
        if (r != 0)
            return r;
        if (children == NULL && child.t != t->children[i])
            children = copy_children(f, t, i);
        if (children != NULL)
            children[i] = child.t;
        else if (child.t != t->children[i])
            return -ENOMEM;
        if (!is_scoped || child.depends != inner.level)
            depends = outermost(depends, child.depends);
    }
    if (children != NULL && (t->kind == PN_TREE_ARRAY || t->kind == PN_TREE_OBJECT))
        count = drop_markers(t->kind, children, count);
    ret->depends = depends;
    ret->t = children != NULL ? pn_tree_copy(f->set, t, children, count) : t;
    return ret->t != NULL ? 0 : -ENOMEM;
}

/* What $fromNow without `from` counts from. */
static uint32_t clock_depends(struct fold *f, const struct pn_tree_scope *scope)
{
    const struct pn_tree_scope *local = pn_tree_find_scope(scope, PN_STR("now"));
    if (local != NULL)
        return local->level;
    return PN_GET(f->bound, "now").kind != PN_ABSENT ? DEPENDS_ON_NOTHING : DEPENDS_ON_REQUEST;
}

static int fold_node(struct fold *f, const struct pn_template_expr *t,
                     const struct pn_tree_scope *scope, struct folded *ret)
{
    bool decided;
    struct pn_value known;
    *ret = (struct folded){t, DEPENDS_ON_NOTHING};
    if (t->constant)
        return 0;
    if (t->kind == PN_TREE_NAME)
        return fold_name(f, t, scope, ret);
    if (is_known_member(f, t, scope, &known))
        return make_constant(f, t, known, ret);
    int r = fold_children(f, t, scope, ret);
    if (r != 0)
        return r;
    if (is_defined_call(t, scope))
        ret->depends = defined_depends(f, t, scope);
    if (t->kind == PN_TREE_FROM_NOW && t->count == 1)
        ret->depends = outermost(ret->depends, clock_depends(f, scope));
    if (ret->depends == DEPENDS_ON_NOTHING)
        return fold_closed(f, ret);
    if (is_decided_chain(ret->t, &decided))
        return make_constant(f, ret->t, pn_bool(decided), ret);
    if (t->kind == PN_TREE_IF && ret->t->children[0]->constant) {
        bool holds = pn_jsone_is_truthy(ret->t->children[0]->value);
        return fold_node(f, ret->t->children[holds ? 1 : 2], scope, ret);
    }
    return 0;
}

int pn_jsone_fold(const struct pn_template_expr **ret, const struct pn_template_expr *t,
                  struct pn_value bound, struct pn_value partly, const struct pn_jsone_limits *l,
                  struct pn_arena *set)
{
    struct fold f = {
        .bound = bound,
        .partly = partly,
        .limits = l != NULL ? *l : (struct pn_jsone_limits)PN_JSONE_LIMITS_INIT,
        .set = set,
    };
    struct folded folded;
    int r = fold_node(&f, t, NULL, &folded);
    if (r == 0)
        *ret = folded.t;
    return r;
}
