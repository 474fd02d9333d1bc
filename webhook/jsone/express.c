/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/arith.h"
#include "jsone/lex.h"
#include "jsone/run.h"

/* An operator at work: where it stands, for what is said about it. */
struct operation {
    struct pn_run *run;
    const struct pn_template_expr *t;
    enum pn_token token;
    size_t offset;
};

static int fail_kinds(const struct operation *o, const char *takes, struct pn_value a,
                      struct pn_value b)
{
    return pn_run_fail_at(o->run, o->t, o->offset, "`%s` takes %s, not %s and %s",
                          pn_lex_spelling(o->token), takes, pn_value_kind_name(a),
                          pn_value_kind_name(b));
}

static int apply_arithmetic(const struct operation *o, struct pn_value a, struct pn_value b,
                            struct pn_value *ret)
{
    struct pn_value x, y;
    if (!pn_arith_is_number(a) || !pn_arith_is_number(b))
        return fail_kinds(
            o, o->token == PN_TOKEN_PLUS ? "two numbers or two strings" : "two numbers", a, b);
    if (!pn_arith_read(&x, a) || !pn_arith_read(&y, b))
        return pn_run_fail_at(o->run, o->t, o->offset, "a number is too large for `%s`",
                              pn_lex_spelling(o->token));
    if (o->token == PN_TOKEN_DIVIDE && pn_arith_compare(y, pn_int(0)) == 0)
        return pn_run_fail_at(o->run, o->t, o->offset, "division by zero");
    if (!pn_arith_apply(ret, o->token, x, y))
        return pn_run_fail_at(o->run, o->t, o->offset, "the result of `%s` is no finite number",
                              pn_lex_spelling(o->token));
    return 0;
}

static int apply_plus(const struct operation *o, struct pn_value a, struct pn_value b,
                      struct pn_value *ret)
{
    if (a.kind != PN_STRING || b.kind != PN_STRING)
        return apply_arithmetic(o, a, b, ret);
    const struct pn_str both[] = {pn_value_str(a), pn_value_str(b)};
    return pn_run_join(o->run, o->t, both, 2, PN_STR(""), ret);
}

static int apply_order(const struct operation *o, struct pn_value a, struct pn_value b,
                       struct pn_value *ret)
{
    struct pn_value x, y;
    int order;
    if (a.kind == PN_STRING && b.kind == PN_STRING) {
        int r = pn_run_charge_bytes(o->run, o->t, a.len < b.len ? a.len : b.len);
        if (r != 0)
            return r;
        order = pn_str_cmp(pn_value_str(a), pn_value_str(b));
    } else if (pn_arith_read(&x, a) && pn_arith_read(&y, b)) {
        order = pn_arith_compare(x, y);
    } else {
        return fail_kinds(o, "two numbers or two strings", a, b);
    }
    bool holds = o->token == PN_TOKEN_LESS         ? order < 0
                 : o->token == PN_TOKEN_LESS_EQUAL ? order <= 0
                 : o->token == PN_TOKEN_GREATER    ? order > 0
                                                   : order >= 0;
    *ret = pn_bool(holds);
    return 0;
}

static int apply_equal(const struct operation *o, struct pn_value a, struct pn_value b,
                       struct pn_value *ret)
{
    bool equal = false;
    int r = pn_run_equal(o->run, o->t, a, b, &equal);
    *ret = pn_bool(equal == (o->token == PN_TOKEN_EQUAL));
    return r;
}

static int search_string(const struct operation *o, struct pn_str needle, struct pn_str text,
                         struct pn_value *ret)
{
    bool found = needle.n == 0 ||
                 (needle.n <= text.n && memmem(text.s, text.n, needle.s, needle.n) != NULL);
    *ret = pn_bool(found);
    return pn_run_charge_bytes(o->run, o->t, text.n);
}

static int search_array(const struct operation *o, struct pn_value needle, struct pn_value array,
                        struct pn_value *ret)
{
    bool found = false;
    int r = 0;
    for (uint32_t i = 0; r == 0 && !found && i < pn_value_count(array); i++)
        r = pn_run_equal(o->run, o->t, needle, pn_value_at(array, i), &found);
    *ret = pn_bool(found);
    return r;
}

static int apply_in(const struct operation *o, struct pn_value a, struct pn_value b,
                    struct pn_value *ret)
{
    if (b.kind == PN_ARRAY)
        return search_array(o, a, b, ret);
    if (b.kind != PN_OBJECT && b.kind != PN_STRING)
        return pn_run_fail_at(o->run, o->t, o->offset,
                              "`in` searches an object, a list or a string, not %s",
                              pn_value_kind_name(b));
    if (a.kind != PN_STRING)
        return pn_run_fail_at(o->run, o->t, o->offset, "`in` searches %s for a string, not for %s",
                              pn_value_kind_name(b), pn_value_kind_name(a));
    if (b.kind == PN_STRING)
        return search_string(o, pn_value_str(a), pn_value_str(b), ret);
    *ret = pn_bool(pn_value_get(b, pn_value_str(a)).kind != PN_ABSENT);
    return 0;
}

static int apply(const struct operation *o, struct pn_value a, struct pn_value b,
                 struct pn_value *ret)
{
    switch (o->token) {
    case PN_TOKEN_PLUS:
        return apply_plus(o, a, b, ret);
    case PN_TOKEN_EQUAL:
    case PN_TOKEN_NOT_EQUAL:
        return apply_equal(o, a, b, ret);
    case PN_TOKEN_LESS:
    case PN_TOKEN_LESS_EQUAL:
    case PN_TOKEN_GREATER:
    case PN_TOKEN_GREATER_EQUAL:
        return apply_order(o, a, b, ret);
    case PN_TOKEN_IN:
        return apply_in(o, a, b, ret);
    default:
        return apply_arithmetic(o, a, b, ret);
    }
}

/* a || b || c, a && b && c: what decides ends it, and the result is a boolean. */
static int run_logic(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, bool decisive, struct pn_value *ret)
{
    bool holds = !decisive;
    for (uint32_t i = 0; holds != decisive && i < t->count; i++) {
        struct pn_value v;
        int r = pn_run_node(run, t->children[i], scope, &v);
        if (r != 0)
            return r;
        holds = pn_jsone_is_truthy(v);
    }
    *ret = pn_bool(holds);
    return 0;
}

int pn_express_chain(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value left, right;
    if (t->infix[0].token == PN_TOKEN_OR || t->infix[0].token == PN_TOKEN_AND)
        return run_logic(run, t, scope, t->infix[0].token == PN_TOKEN_OR, ret);
    int r = pn_run_node(run, t->children[0], scope, &left);
    for (uint32_t i = 1; r == 0 && i < t->count; i++) {
        const struct operation o = {run, t, t->infix[i - 1].token, t->infix[i - 1].offset};
        r = pn_run_node(run, t->children[i], scope, &right);
        if (r == 0)
            r = apply(&o, left, right, &left);
    }
    if (r == 0)
        *ret = left;
    return r;
}

int pn_express_power(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    const struct operation o = {run, t, PN_TOKEN_POWER, t->offset};
    struct pn_value base, exponent;
    int r = pn_run_node(run, t->children[0], scope, &base);
    if (r == 0)
        r = pn_run_node(run, t->children[1], scope, &exponent);
    return r != 0 ? r : apply_arithmetic(&o, base, exponent, ret);
}

int pn_express_unary(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value v, plain;
    int r = pn_run_node(run, t->children[0], scope, &v);
    if (r != 0)
        return r;
    if (t->op == PN_TOKEN_NOT) {
        *ret = pn_bool(!pn_jsone_is_truthy(v));
        return 0;
    }
    if (!pn_arith_read(&plain, v))
        return pn_run_fail(run, t, "`%s` before a value takes a number, not %s",
                           pn_lex_spelling(t->op), pn_value_kind_name(v));
    const struct operation o = {run, t, t->op, t->offset};
    return apply_arithmetic(&o, pn_int(0), plain, ret);
}
