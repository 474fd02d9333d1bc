/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/builtins.h"
#include "jsone/chars.h"
#include "jsone/run.h"

static int run_truth(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, bool *ret)
{
    struct pn_value v;
    int r = pn_run_node(run, t, scope, &v);
    if (r == 0)
        *ret = pn_jsone_is_truthy(v);
    return r;
}

int pn_operators_if(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret)
{
    bool holds = false;
    int r = run_truth(run, t->children[0], scope, &holds);
    return r != 0 ? r : pn_run_node(run, t->children[holds ? 1 : 2], scope, ret);
}

int pn_operators_let(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_scope inner = {.outer = scope};
    int r = pn_run_node(run, t->children[0], scope, &inner.object);
    if (r != 0)
        return r;
    if (inner.object.kind != PN_OBJECT)
        return pn_run_fail(run, t->children[0], "the value of $let must be an object, not %s",
                           pn_value_kind_name(inner.object));
    for (uint32_t i = 0; t->open && i < pn_value_count(inner.object); i++) {
        struct pn_str name = pn_value_member(inner.object, i)->key;
        if (!pn_chars_is_name(name))
            return pn_run_fail(run, t->children[0],
                               "\"%.*s\" cannot be a name in $let ([a-zA-Z_][a-zA-Z0-9_]*)",
                               PN_STR_ARG(name));
    }
    return pn_run_node(run, t->children[1], &inner, ret);
}

/* ---- loops ----------------------------------------------------------------------------- */

/* What each() and by() are given in a round. */
struct round {
    struct pn_scope scope;
    struct pn_value values[PN_TREE_NAMES_MAX];
};

static void round_init(struct round *round, const struct pn_template_expr *t,
                       const struct pn_scope *outer)
{
    *round = (struct round){.scope = {.outer = outer, .names = t->names, .count = t->name_count}};
    round->scope.values = round->values;
}

static int map_array(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value array, struct pn_value *ret)
{
    struct round round;
    struct pn_value *items = pn_run_alloc(run, pn_value_count(array), sizeof *items);
    size_t n = 0;
    if (items == NULL)
        return pn_run_refused(run, t);
    round_init(&round, t, scope);
    for (uint32_t i = 0; i < pn_value_count(array); i++) {
        round.values[0] = pn_value_at(array, i);
        round.values[1] = pn_int(i);
        int r = pn_run_node(run, t->children[1], &round.scope, &items[n]);
        if (r != 0)
            return r;
        n += items[n].kind != PN_ABSENT;
    }
    return pn_run_array(run, t, items, n, ret);
}

/* {key: ..., val: ...}, for each() with one name. */
static int make_pair(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_member *member, struct pn_value *ret)
{
    const struct pn_member pair[] = {{PN_STR("key"), pn_string(member->key)},
                                     {PN_STR("val"), member->value}};
    return pn_object_new(ret, run->arena, pair, 2) == 0 ? 0 : pn_run_refused(run, t);
}

static int map_member(struct pn_run *run, const struct pn_template_expr *t,
                      const struct pn_member *member, struct round *round, struct pn_build *build)
{
    struct pn_value made;
    int r = 0;
    round->values[0] = member->value;
    round->values[1] = pn_string(member->key);
    if (t->name_count == 1)
        r = make_pair(run, t, member, &round->values[0]);
    if (r == 0)
        r = pn_run_node(run, t->children[1], &round->scope, &made);
    if (r != 0 || made.kind == PN_ABSENT)
        return r;
    if (made.kind != PN_OBJECT)
        return pn_run_fail(run, t->children[1],
                           "$map over an object takes an object from each(), not %s",
                           pn_value_kind_name(made));
    for (uint32_t i = 0; r == 0 && i < pn_value_count(made); i++) {
        const struct pn_member *m = pn_value_member(made, i);
        r = pn_run_set(run, t, build, m->key, m->value);
    }
    return r;
}

static int map_object(struct pn_run *run, const struct pn_template_expr *t,
                      const struct pn_scope *scope, struct pn_value object, struct pn_value *ret)
{
    struct round round;
    struct pn_build build = PN_BUILD_IN(run->arena);
    round_init(&round, t, scope);
    for (uint32_t i = 0; i < pn_value_count(object); i++) {
        int r = map_member(run, t, pn_value_member(object, i), &round, &build);
        if (r != 0)
            return r;
    }
    return pn_run_object(run, t, &build, ret);
}

int pn_operators_map(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value v;
    int r = pn_run_node(run, t->children[0], scope, &v);
    if (r != 0)
        return r;
    if (v.kind == PN_ARRAY)
        return map_array(run, t, scope, v, ret);
    if (v.kind == PN_OBJECT)
        return map_object(run, t, scope, v, ret);
    return pn_run_fail(run, t->children[0], "the value of $map must be a list or an object, not %s",
                       pn_value_kind_name(v));
}

int pn_operators_reduce(struct pn_run *run, const struct pn_template_expr *t,
                        const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value list, result = t->children[1]->value, made;
    struct round round;
    int r = pn_run_list(run, t, scope, &list);
    round_init(&round, t, scope);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(list); i++) {
        round.values[0] = result;
        round.values[1] = pn_value_at(list, i);
        round.values[2] = pn_int(i);
        r = pn_run_node(run, t->children[2], &round.scope, &made);
        if (r == 0 && made.kind != PN_ABSENT)
            result = made;
    }
    if (r == 0)
        *ret = result;
    return r;
}

int pn_operators_find(struct pn_run *run, const struct pn_template_expr *t,
                      const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value list;
    struct round round;
    bool found = false;
    int r = pn_run_list(run, t, scope, &list);
    round_init(&round, t, scope);
    *ret = PN_VALUE_ABSENT;
    for (uint32_t i = 0; r == 0 && !found && i < pn_value_count(list); i++) {
        round.values[0] = pn_value_at(list, i);
        round.values[1] = pn_int(i);
        r = run_truth(run, t->children[1], &round.scope, &found);
    }
    if (r == 0 && found)
        *ret = round.values[0];
    return r;
}

/* ---- choices --------------------------------------------------------------------------- */

int pn_operators_match(struct pn_run *run, const struct pn_template_expr *t,
                       const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value *items = pn_run_alloc(run, t->count / 2, sizeof *items);
    size_t n = 0;
    if (items == NULL)
        return pn_run_refused(run, t);
    for (uint32_t i = 0; i + 1 < t->count; i += 2) {
        bool holds = false;
        int r = run_truth(run, t->children[i], scope, &holds);
        if (r == 0 && holds)
            r = pn_run_node(run, t->children[i + 1], scope, &items[n]);
        if (r != 0)
            return r;
        n += holds && items[n].kind != PN_ABSENT;
    }
    return pn_run_array(run, t, items, n, ret);
}

int pn_operators_switch(struct pn_run *run, const struct pn_template_expr *t,
                        const struct pn_scope *scope, struct pn_value *ret)
{
    const struct pn_template_expr *chosen = NULL;
    for (uint32_t i = 0; i + 1 < t->count; i += 2) {
        bool holds = false;
        int r = run_truth(run, t->children[i], scope, &holds);
        if (r == 0 && holds && chosen != NULL)
            r = pn_run_fail(run, t->children[i], "two conditions of $switch hold; one may");
        if (r != 0)
            return r;
        if (holds)
            chosen = t->children[i + 1];
    }
    if (chosen == NULL && t->count % 2 == 1)
        chosen = t->children[t->count - 1];
    *ret = PN_VALUE_ABSENT;
    return chosen != NULL ? pn_run_node(run, chosen, scope, ret) : 0;
}

int pn_operators_from_now(struct pn_run *run, const struct pn_template_expr *t,
                          const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value span, from = PN_VALUE_ABSENT;
    int r = pn_run_node(run, t->children[0], scope, &span);
    if (r == 0 && t->count > 1)
        r = pn_run_node(run, t->children[1], scope, &from);
    if (r != 0)
        return r;
    if (span.kind != PN_STRING)
        return pn_run_fail(run, t->children[0], "the value of $fromNow must be a string, not %s",
                           pn_value_kind_name(span));
    return pn_builtin_from_now(run, t, scope, span, from, ret);
}
