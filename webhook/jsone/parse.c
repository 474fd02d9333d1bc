/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/parse.h"

#include <errno.h>

#include "jsone/parse_state.h"

/* ---- calls and accesses ---------------------------------------------------------------- */

static int parse_member(struct pn_parse *p, const struct pn_template_expr **subject)
{
    struct pn_template_expr *t = NULL;
    pn_lex_next(&p->lex);
    if (p->lex.token != PN_TOKEN_NAME)
        return pn_parse_fail(p, "a name after `.`");
    int r = pn_parse_make_over(p, &t, PN_TREE_MEMBER, p->lex.at, *subject);
    if (r != 0)
        return r;
    t->value = pn_string(p->lex.lexeme);
    pn_lex_next(&p->lex);
    *subject = t;
    return 0;
}

static int parse_call(struct pn_parse *p, const struct pn_template_expr **subject)
{
    struct pn_parse_list children = {0};
    struct pn_template_expr *t = NULL;
    size_t at = (*subject)->offset;
    pn_lex_next(&p->lex);
    int r = pn_parse_append(p, &children, *subject);
    if (r == 0)
        r = pn_parse_items(p, &children, PN_TOKEN_PAREN_CLOSE, "`,` or `)`");
    if (r == 0)
        r = pn_parse_make(p, &t, PN_TREE_CALL, at, &children);
    *subject = t;
    return r;
}

/* One side of a slice: nothing when `stop` follows at once. */
static int parse_bound(struct pn_parse *p, struct pn_parse_list *children, enum pn_token stop)
{
    const struct pn_template_expr *bound = NULL;
    int r = p->lex.token == stop ? pn_parse_make_constant(p, &bound, p->lex.at, PN_VALUE_ABSENT)
                                 : pn_parse_expression(p, &bound);
    return r != 0 ? r : pn_parse_append(p, children, bound);
}

static int parse_brackets(struct pn_parse *p, const struct pn_template_expr **subject)
{
    struct pn_parse_list children = {0};
    struct pn_template_expr *t = NULL;
    enum pn_tree_kind kind = PN_TREE_INDEX;
    size_t at = p->lex.at;
    pn_lex_next(&p->lex);
    int r = pn_parse_append(p, &children, *subject);
    if (r == 0)
        r = parse_bound(p, &children, PN_TOKEN_COLON);
    if (r == 0 && p->lex.token == PN_TOKEN_COLON) {
        kind = PN_TREE_SLICE;
        pn_lex_next(&p->lex);
        r = parse_bound(p, &children, PN_TOKEN_BRACKET_CLOSE);
    }
    if (r == 0)
        r = pn_parse_expect(p, PN_TOKEN_BRACKET_CLOSE,
                            kind == PN_TREE_SLICE ? "an operator or `]`"
                                                  : "an operator, `:` or `]`");
    if (r == 0)
        r = pn_parse_make(p, &t, kind, at, &children);
    *subject = t;
    return r;
}

static int fail_unary(struct pn_parse *p, enum pn_token operator)
{
    p->fault->start = p->lex.at;
    p->fault->end = p->lex.at + p->lex.lexeme.n;
    p->fault->help = "put what belongs together into parentheses: !(defined(\"x\")), -(a.b)";
    return pn_err_set(&p->fault->what, PN_JSONE_E_TEMPLATE,
                      "in JSON-e `%s` comes before `%s`, so this could never be evaluated",
                      pn_lex_spelling(operator), pn_lex_spelling(p->lex.token));
}

static bool is_unary(enum pn_token token)
{
    return token == PN_TOKEN_PLUS || token == PN_TOKEN_MINUS || token == PN_TOKEN_NOT;
}

static int parse_postfix(struct pn_parse *p, const struct pn_template_expr **ret)
{
    enum pn_token first = p->lex.token;
    int r = pn_parse_unit(p, ret);
    while (r == 0) {
        bool is_member = p->lex.token == PN_TOKEN_DOT,
             is_call = p->lex.token == PN_TOKEN_PAREN_OPEN;
        if (!is_member && !is_call && p->lex.token != PN_TOKEN_BRACKET_OPEN)
            break;
        if (is_unary(first))
            return fail_unary(p, first);
        r = is_member ? parse_member(p, ret)
            : is_call ? parse_call(p, ret)
                      : parse_brackets(p, ret);
    }
    return r;
}

/* ---- operators between operands -------------------------------------------------------- */

/* Looser operators have a lower level. ** is none of these, being right-associative. */
enum { LEVELS = 7 };

static int level_of(enum pn_token token)
{
    switch (token) {
    case PN_TOKEN_OR:
        return 0;
    case PN_TOKEN_AND:
        return 1;
    case PN_TOKEN_IN:
        return 2;
    case PN_TOKEN_EQUAL:
    case PN_TOKEN_NOT_EQUAL:
        return 3;
    case PN_TOKEN_LESS:
    case PN_TOKEN_GREATER:
    case PN_TOKEN_LESS_EQUAL:
    case PN_TOKEN_GREATER_EQUAL:
        return 4;
    case PN_TOKEN_PLUS:
    case PN_TOKEN_MINUS:
        return 5;
    case PN_TOKEN_TIMES:
    case PN_TOKEN_DIVIDE:
        return 6;
    default:
        return -1;
    }
}

static int parse_power(struct pn_parse *p, const struct pn_template_expr **ret)
{
    struct pn_parse_list operands = {0};
    struct pn_template_expr *t = NULL;
    const struct pn_template_expr *exponent = NULL;
    int r = parse_postfix(p, ret);
    if (r != 0 || p->lex.token != PN_TOKEN_POWER)
        return r;
    size_t at = p->lex.at;
    r = pn_parse_enter(p);
    pn_lex_next(&p->lex);
    if (r == 0)
        r = parse_power(p, &exponent);
    if (r == 0)
        r = pn_parse_append(p, &operands, *ret);
    if (r == 0)
        r = pn_parse_append(p, &operands, exponent);
    if (r == 0)
        r = pn_parse_make(p, &t, PN_TREE_POWER, at, &operands);
    p->depth--;
    *ret = t;
    return r;
}

static int append_infix(struct pn_parse *p, struct pn_tree_infix **infix, size_t n)
{
    /* Doubled at powers of two: from room for n (none at first) to room for 2 n. */
    if ((n & (n - 1)) == 0) {
        size_t had = n > 1 ? n : 0;
        struct pn_tree_infix *grown = pn_arena_grow(p->set, *infix, had * sizeof *grown,
                                                    2 * n * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        *infix = grown;
    }
    (*infix)[n - 1] = (struct pn_tree_infix){p->lex.token, (uint32_t)p->lex.at};
    return 0;
}

static int parse_level(struct pn_parse *p, int level, const struct pn_template_expr **ret)
{
    struct pn_parse_list operands = {0};
    struct pn_tree_infix *infix = NULL;
    struct pn_template_expr *t = NULL;
    const struct pn_template_expr *operand = NULL;
    if (level == LEVELS)
        return parse_power(p, ret);
    int r = parse_level(p, level + 1, &operand);
    if (r != 0 || level_of(p->lex.token) != level) {
        *ret = operand;
        return r;
    }
    r = pn_parse_append(p, &operands, operand);
    while (r == 0 && level_of(p->lex.token) == level) {
        r = append_infix(p, &infix, operands.n);
        pn_lex_next(&p->lex);
        if (r == 0)
            r = parse_level(p, level + 1, &operand);
        if (r == 0)
            r = pn_parse_append(p, &operands, operand);
    }
    if (r == 0)
        r = pn_parse_make(p, &t, PN_TREE_CHAIN, operands.items[0]->offset, &operands);
    if (r != 0)
        return r;
    t->infix = infix;
    *ret = t;
    return 0;
}

int pn_parse_expression(struct pn_parse *p, const struct pn_template_expr **ret)
{
    int r = pn_parse_enter(p);
    if (r == 0)
        r = parse_level(p, 0, ret);
    p->depth--;
    return r;
}

/* ---- entry ----------------------------------------------------------------------------- */

int pn_parse_whole(const struct pn_template_expr **ret, const struct pn_tree_place *place,
                   struct pn_arena *set, struct pn_parse_fault *ret_fault)
{
    struct pn_parse p = {.place = place, .set = set, .fault = ret_fault};
    const struct pn_template_expr *t = NULL;
    *ret_fault = (struct pn_parse_fault){0};
    pn_lex_start(&p.lex, place->text, 0);
    int r = pn_parse_expression(&p, &t);
    if (r == 0)
        r = pn_parse_expect(&p, PN_TOKEN_END, "an operator or the end");
    if (r == 0)
        *ret = t;
    return r;
}

int pn_parse_embedded(const struct pn_template_expr **ret, struct pn_tree_place *place,
                      struct pn_str text, struct pn_arena *set, struct pn_parse_fault *ret_fault)
{
    struct pn_parse p = {.place = place, .set = set, .fault = ret_fault};
    const struct pn_template_expr *t = NULL;
    *ret_fault = (struct pn_parse_fault){0};
    pn_lex_start(&p.lex, text, 0);
    int r = pn_parse_expression(&p, &t);
    if (r == 0 && p.lex.token == PN_TOKEN_END)
        r = pn_err_set(&ret_fault->what, PN_JSONE_E_TEMPLATE, "no `}` closes this `${`");
    else if (r == 0 && p.lex.token != PN_TOKEN_BRACE_CLOSE)
        r = pn_parse_fail(&p, "an operator or `}`");
    if (r != 0)
        return r;
    place->text = (struct pn_str){text.s, p.lex.at};
    *ret = t;
    return 0;
}
