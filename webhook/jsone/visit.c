/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/builtins.h"
#include "jsone/tree.h"

struct visit {
    pn_jsone_mention_fn *fn;
    void *context;
};

static int visit_node(const struct visit *v, const struct pn_template_expr *t,
                      const struct pn_tree_scope *scope);

static struct pn_jsone_mention mention_at(const struct pn_template_expr *t,
                                          enum pn_jsone_mention_kind kind, struct pn_str name)
{
    return (struct pn_jsone_mention){
        .kind = kind,
        .name = name,
        .in_text = t->place->in_text,
        .span = pn_jsone_span(t),
        .expression = t->place->text,
        .offset = t->offset,
    };
}

/* ---- references ------------------------------------------------------------------------ */

static bool is_access(const struct pn_template_expr *t)
{
    return t->kind == PN_TREE_MEMBER || t->kind == PN_TREE_INDEX || t->kind == PN_TREE_SLICE;
}

static struct pn_jsone_step step_of(const struct pn_template_expr *t)
{
    if (t->kind == PN_TREE_MEMBER)
        return (struct pn_jsone_step){PN_JSONE_STEP_NAME, pn_value_str(t->value)};
    if (t->kind == PN_TREE_SLICE)
        return (struct pn_jsone_step){PN_JSONE_STEP_SLICE, PN_STR_NULL};
    const struct pn_template_expr *index = t->children[1];
    if (index->constant && index->value.kind == PN_STRING)
        return (struct pn_jsone_step){PN_JSONE_STEP_KEY, pn_value_str(index->value)};
    return (struct pn_jsone_step){PN_JSONE_STEP_ANY, PN_STR_NULL};
}

static int tell_name(const struct visit *v, const struct pn_template_expr *t,
                     const struct pn_tree_scope *scope, const struct pn_jsone_step *steps,
                     uint32_t step_count)
{
    struct pn_str name = pn_value_str(t->value);
    const struct pn_tree_scope *local = pn_tree_find_scope(scope, name);
    if (local != NULL && !local->binder->open)
        return 0;
    struct pn_jsone_mention mention = mention_at(
        t, t->op != 0 ? PN_JSONE_BUILTIN : PN_JSONE_REFERENCE, name);
    mention.steps = steps;
    mention.step_count = step_count;
    mention.perhaps_local = local != NULL;
    return v->fn(v->context, &mention);
}

/* a.b["c"][d]: the name with what is read of it, then what stands in the brackets. */
static int visit_access(const struct visit *v, const struct pn_template_expr *t,
                        const struct pn_tree_scope *scope)
{
    struct pn_jsone_step steps[PN_JSONE_DEPTH_MAX];
    uint32_t count = 0;
    const struct pn_template_expr *subject = t;
    for (; is_access(subject); subject = subject->children[0])
        count++;
    const struct pn_template_expr *outer = t;
    for (uint32_t i = count; i-- > 0; outer = outer->children[0])
        steps[i] = step_of(outer);
    int r = subject->kind == PN_TREE_NAME && !subject->constant
                ? tell_name(v, subject, scope, steps, count)
                : visit_node(v, subject, scope);
    for (outer = t; r == 0 && outer != subject; outer = outer->children[0]) {
        for (uint32_t i = 1; r == 0 && i < outer->count; i++)
            r = visit_node(v, outer->children[i], scope);
    }
    return r;
}

/* ---- all nodes ------------------------------------------------------------------------- */

static int visit_node(const struct visit *v, const struct pn_template_expr *t,
                      const struct pn_tree_scope *scope)
{
    const struct pn_tree_scope inner = {scope, t, scope != NULL ? scope->level + 1 : 1};
    const char *operator= pn_tree_operator(t->kind);
    int r = 0;
    if (t->constant)
        return 0;
    if (t->kind == PN_TREE_NAME)
        return tell_name(v, t, scope, NULL, 0);
    if (is_access(t))
        return visit_access(v, t, scope);
    if (operator!= NULL) {
        struct pn_jsone_mention mention = mention_at(t, PN_JSONE_OPERATOR, pn_str_of(operator));
        r = v->fn(v->context, &mention);
    }
    for (uint32_t i = 0; r == 0 && i < t->count; i++)
        r = visit_node(v, t->children[i], i >= pn_tree_scoped_from(t) ? &inner : scope);
    return r;
}

int pn_jsone_visit(const struct pn_template_expr *t, pn_jsone_mention_fn *fn, void *context)
{
    const struct visit v = {fn, context};
    return visit_node(&v, t, NULL);
}
