/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "jsone/builtins.h"
#include "jsone/chars.h"
#include "jsone/run.h"

static int run_array(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value *items = pn_run_alloc(run, t->count, sizeof *items);
    size_t n = 0;
    if (items == NULL)
        return pn_run_refused(run, t);
    for (uint32_t i = 0; i < t->count; i++) {
        int r = pn_run_node(run, t->children[i], scope, &items[n]);
        if (r != 0)
            return r;
        n += items[n].kind != PN_ABSENT;
    }
    return pn_run_array(run, t, items, n, ret);
}

/* No member needs to be looked for; the steps are those of pn_run_set. */
static int run_plain_object(struct pn_run *run, const struct pn_template_expr *t,
                            const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_member *members = pn_arena_alloc(run->arena, t->count / 2 * sizeof *members);
    uint32_t n = 0;
    if (members == NULL)
        return pn_run_refused(run, t);
    for (uint32_t i = 0; i + 1 < t->count; i += 2) {
        int r = pn_run_node(run, t->children[i + 1], scope, &members[n].value);
        if (r == 0 && members[n].value.kind == PN_ABSENT)
            continue;
        if (r == 0)
            r = pn_run_charge(run, t->children[i], 1);
        if (r == 0)
            r = pn_run_charge(run, t, 1 + n / 8);
        if (r != 0)
            return r;
        members[n++].key = pn_value_str(t->children[i]->value);
    }
    if (pn_object_take_distinct(ret, run->arena, members, n) != 0)
        return pn_run_refused(run, t);
    return 0;
}

static int run_object(struct pn_run *run, const struct pn_template_expr *t,
                      const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_build build = PN_BUILD_IN(run->arena);
    if (t->plain)
        return run_plain_object(run, t, scope, ret);
    for (uint32_t i = 0; i + 1 < t->count; i += 2) {
        struct pn_value key, value;
        int r = pn_run_node(run, t->children[i + 1], scope, &value);
        if (r == 0 && value.kind == PN_ABSENT)
            continue;
        if (r == 0)
            r = pn_run_node(run, t->children[i], scope, &key);
        if (r == 0)
            r = pn_run_set(run, t, &build, pn_value_str(key), value);
        if (r != 0)
            return r;
    }
    return pn_run_object(run, t, &build, ret);
}

static int run_text(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_str *pieces = pn_run_alloc(run, t->count, sizeof *pieces);
    if (pieces == NULL)
        return pn_run_refused(run, t);
    for (uint32_t i = 0; i < t->count; i++) {
        struct pn_value v;
        const struct pn_template_expr *part = t->children[i];
        int r = pn_run_node(run, part, scope, &v);
        if (r == 0)
            r = pn_run_text(run, part, v, PN_STR(""), &pieces[i]);
        if (r != 0)
            return r;
        if (pieces[i].s == NULL)
            return pn_run_fail(run, part, "${...} takes a string, number, boolean or null, not %s",
                               pn_value_kind_name(v));
    }
    return pn_run_join(run, t, pieces, t->count, PN_STR(""), ret);
}

/* ---- names ----------------------------------------------------------------------------- */

static struct pn_value find_in_scope(const struct pn_scope *scope, struct pn_str name)
{
    struct pn_value v = pn_value_get(scope->object, name);
    for (uint32_t i = scope->count; v.kind == PN_ABSENT && i-- > 0;) {
        if (pn_str_eq(scope->names[i], name))
            v = scope->values[i];
    }
    return v;
}

int pn_run_lookup(struct pn_run *run, const struct pn_template_expr *at,
                  const struct pn_scope *scope, struct pn_str name, uint8_t builtin,
                  struct pn_value *ret)
{
    struct pn_value v = PN_VALUE_ABSENT;
    for (; v.kind == PN_ABSENT && scope != NULL; scope = scope->outer)
        v = find_in_scope(scope, name);
    if (v.kind == PN_ABSENT)
        v = pn_value_get(run->context, name);
    if (v.kind == PN_ABSENT && builtin != 0)
        return pn_builtin_value(run, at, builtin, ret);
    *ret = v;
    return 0;
}

static int run_name(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_str name = pn_value_str(t->value);
    int r = pn_run_lookup(run, t, scope, name, t->op, ret);
    if (r != 0)
        return r;
    if (ret->kind == PN_BUILTIN)
        run->loose = t;
    if (ret->kind != PN_ABSENT)
        return 0;
    const char *near = pn_builtin_nearest(name);
    if (near != NULL)
        return pn_run_fail(run, t, "unknown name `%.*s`; did you mean `%s`?", PN_STR_ARG(name),
                           near);
    return pn_run_fail(run, t, "unknown name `%.*s`%s", PN_STR_ARG(name),
                       t->place->in_text ? "; if this ${ is for a shell or another tool, write $${"
                                         : "");
}

/* ---- all nodes ------------------------------------------------------------------------- */

typedef int run_fn(struct pn_run *run, const struct pn_template_expr *t,
                   const struct pn_scope *scope, struct pn_value *ret);

static run_fn *const run_by_kind[PN_TREE_KINDS] = {
    [PN_TREE_TEXT] = run_text,
    [PN_TREE_ARRAY] = run_array,
    [PN_TREE_OBJECT] = run_object,
    [PN_TREE_NAME] = run_name,
    [PN_TREE_UNARY] = pn_express_unary,
    [PN_TREE_CHAIN] = pn_express_chain,
    [PN_TREE_POWER] = pn_express_power,
    [PN_TREE_MEMBER] = pn_access_member,
    [PN_TREE_INDEX] = pn_access_index,
    [PN_TREE_SLICE] = pn_access_slice,
    [PN_TREE_CALL] = pn_builtin_call,
    [PN_TREE_IF] = pn_operators_if,
    [PN_TREE_LET] = pn_operators_let,
    [PN_TREE_MAP] = pn_operators_map,
    [PN_TREE_REDUCE] = pn_operators_reduce,
    [PN_TREE_FIND] = pn_operators_find,
    [PN_TREE_SORT] = pn_merge_sort,
    [PN_TREE_MATCH] = pn_operators_match,
    [PN_TREE_SWITCH] = pn_operators_switch,
    [PN_TREE_FROM_NOW] = pn_operators_from_now,
    [PN_TREE_FLATTEN] = pn_merge_flatten,
    [PN_TREE_FLATTEN_DEEP] = pn_merge_flatten,
    [PN_TREE_JSON] = pn_merge_json,
    [PN_TREE_MERGE] = pn_merge_objects,
    [PN_TREE_MERGE_DEEP] = pn_merge_objects,
    [PN_TREE_REVERSE] = pn_merge_reverse,
};

int pn_run_node(struct pn_run *run, const struct pn_template_expr *t, const struct pn_scope *scope,
                struct pn_value *ret)
{
    int r = pn_run_charge(run, t, 1);
    if (r == 0 && t->constant) {
        *ret = t->value;
        return 0;
    }
    if (r == 0)
        r = pn_run_enter(run, t);
    if (r == 0)
        r = run_by_kind[t->kind](run, t, scope, ret);
    if (r == 0)
        pn_run_leave(run);
    return r;
}

int pn_run_list(struct pn_run *run, const struct pn_template_expr *t, const struct pn_scope *scope,
                struct pn_value *ret)
{
    int r = pn_run_node(run, t->children[0], scope, ret);
    if (r == 0 && ret->kind != PN_ARRAY)
        r = pn_run_fail(run, t->children[0], "the value of %s must be a list, not %s",
                        pn_tree_operator(t->kind), pn_value_kind_name(*ret));
    return r;
}

/* ---- the result ------------------------------------------------------------------------ */

static int check_items(struct pn_run *run, const struct pn_template_expr *at, struct pn_value v)
{
    int r = pn_run_enter(run, at);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(v); i++) {
        if (v.kind == PN_OBJECT)
            r = pn_run_charge_bytes(run, at, pn_value_member(v, i)->key.n);
        if (r == 0)
            r = pn_run_check(
                run, at, v.kind == PN_OBJECT ? pn_value_member(v, i)->value : pn_value_at(v, i));
    }
    if (r == 0)
        pn_run_leave(run);
    return r;
}

/*
 * Values may share parts: a template of ten lines can build one that is small in memory and without
 * end on paper. So the finished value is walked as its writer will walk it, for the same steps.
 */
int pn_run_check(struct pn_run *run, const struct pn_template_expr *at, struct pn_value v)
{
    int r = pn_run_charge(run, at, 1);
    if (r != 0)
        return r;
    switch (v.kind) {
    case PN_STRING:
    case PN_RAW:
        return pn_run_charge_bytes(run, at, v.len);
    case PN_ARRAY:
    case PN_OBJECT:
        return check_items(run, at, v);
    case PN_BUILTIN:
        at = run->loose != NULL ? run->loose : at;
        return pn_run_fail(run, at, "the function `%s` is in the result; call it: %s(...)",
                           pn_builtin_name(v), pn_builtin_name(v));
    default:
        return 0;
    }
}

static int check_context(struct pn_run *run)
{
    if (run->context.kind != PN_OBJECT)
        return pn_run_fail(run, NULL, "the context must be an object, not %s",
                           pn_value_kind_name(run->context));
    for (uint32_t i = 0; i < pn_value_count(run->context); i++) {
        struct pn_str key = pn_value_member(run->context, i)->key;
        if (!pn_chars_is_name(key))
            return pn_run_fail(run, NULL,
                               "the name `%.*s` of the context is no identifier "
                               "([a-zA-Z_][a-zA-Z0-9_]*)",
                               PN_STR_ARG(key));
    }
    return 0;
}

int pn_jsone_eval(struct pn_value *ret, const struct pn_template_expr *t, struct pn_value context,
                  int64_t now_ms, const struct pn_jsone_limits *l, struct pn_arena *a,
                  struct pn_jsone_error *ret_error)
{
    struct pn_run run = {
        .arena = a,
        .context = context,
        .now_ms = now_ms,
        .limits = l != NULL ? *l : (struct pn_jsone_limits)PN_JSONE_LIMITS_INIT,
        .error = ret_error,
    };
    struct pn_value v;
    int r = check_context(&run);
    if (r == 0)
        r = pn_run_node(&run, t, NULL, &v);
    if (r != 0)
        return r;
    if (v.kind == PN_ABSENT)
        v = pn_null();
    r = pn_run_check(&run, t, v);
    if (r == 0)
        *ret = v;
    return r;
}

bool pn_jsone_is_truthy(struct pn_value v)
{
    switch (v.kind) {
    case PN_ABSENT:
    case PN_NULL:
        return false;
    case PN_BOOL:
        return v.b;
    case PN_INT:
    case PN_REAL:
    case PN_RAW:
        return !pn_value_equal(v, pn_int(0));
    case PN_STRING:
        return v.len > 0;
    case PN_ARRAY:
    case PN_OBJECT:
        return pn_value_count(v) > 0;
    default:
        return true;
    }
}

static void write_shown(struct pn_buf *out, struct pn_str text)
{
    for (size_t i = 0; i < text.n; i++)
        pn_buf_char(out, (unsigned char)text.s[i] < 0x20 ? ' ' : text.s[i]);
}

void pn_jsone_error_write(struct pn_buf *out, const struct pn_jsone_error *e)
{
    pn_buf_cstr(out, e->what.text);
    if (e->expression.s == NULL || e->offset > e->expression.n)
        return;
    /* The line of the expression that it is about, and only that. */
    size_t start = e->offset, end = start;
    while (start > 0 && e->expression.s[start - 1] != '\n')
        start--;
    while (end < e->expression.n && e->expression.s[end] != '\n')
        end++;
    pn_buf_cstr(out, "\n  ");
    write_shown(out, (struct pn_str){e->expression.s + start, end - start});
    size_t column = pn_chars_count((struct pn_str){e->expression.s + start, e->offset - start});
    pn_buf_printf(out, "\n  %*s^", (int)column, "");
}
