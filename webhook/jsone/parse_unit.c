/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "jsone/arith.h"
#include "jsone/build.h"
#include "jsone/builtins.h"
#include "jsone/chars.h"
#include "jsone/parse_state.h"

/* ---- faults ---------------------------------------------------------------------------- */

int pn_parse_fail(struct pn_parse *p, const char *expected)
{
    struct pn_buf found = PN_BUF_IN_ARENA(p->set);
    pn_lex_describe(&found, &p->lex);
    if (found.failed)
        return -ENOMEM;
    p->fault->start = p->lex.at;
    p->fault->end = p->lex.at + p->lex.lexeme.n;
    pn_err_set(&p->fault->what, 0, "expected %s, found %.*s", expected,
               PN_STR_ARG(pn_buf_view(&found)));
    pn_chars_flatten(p->fault->what.text);
    return PN_JSONE_E_TEMPLATE;
}

static int fail_too_deep(struct pn_parse *p)
{
    p->fault->start = p->fault->end = p->lex.at;
    return pn_err_set(&p->fault->what, PN_JSONE_E_TEMPLATE, "nested deeper than %u levels",
                      PN_JSONE_DEPTH_MAX);
}

int pn_parse_enter(struct pn_parse *p)
{
    p->depth++;
    return p->depth > PN_JSONE_DEPTH_MAX ? fail_too_deep(p) : 0;
}

int pn_parse_expect(struct pn_parse *p, enum pn_token token, const char *expected)
{
    if (p->lex.token != token)
        return pn_parse_fail(p, expected);
    pn_lex_next(&p->lex);
    return 0;
}

/* ---- nodes ----------------------------------------------------------------------------- */

int pn_parse_append(struct pn_parse *p, struct pn_parse_list *list,
                    const struct pn_template_expr *t)
{
    if (list->n == list->cap) {
        size_t cap = list->cap > 0 ? 2 * list->cap : 4;
        const struct pn_template_expr **items = pn_arena_grow(
            p->set, list->items, list->cap * sizeof *items, cap * sizeof *items);
        if (items == NULL)
            return -ENOMEM;
        list->items = items;
        list->cap = cap;
    }
    list->items[list->n++] = t;
    return 0;
}

/* A node over the list's items, to be filled in by the caller before it is handed on. */
int pn_parse_make(struct pn_parse *p, struct pn_template_expr **ret, enum pn_tree_kind kind,
                  size_t offset, const struct pn_parse_list *children)
{
    struct pn_template_expr *t = pn_tree_new(p->set, kind, p->place, offset, children->items,
                                             children->n);
    if (t == NULL)
        return -ENOMEM;
    if (t->height > PN_JSONE_DEPTH_MAX)
        return fail_too_deep(p);
    *ret = t;
    return 0;
}

int pn_parse_make_constant(struct pn_parse *p, const struct pn_template_expr **ret, size_t offset,
                           struct pn_value value)
{
    struct pn_template_expr *t = pn_tree_constant(p->set, p->place, offset, value);
    *ret = t;
    return t != NULL ? 0 : -ENOMEM;
}

int pn_parse_make_over(struct pn_parse *p, struct pn_template_expr **ret, enum pn_tree_kind kind,
                       size_t offset, const struct pn_template_expr *child)
{
    struct pn_parse_list children = {0};
    int r = pn_parse_append(p, &children, child);
    return r != 0 ? r : pn_parse_make(p, ret, kind, offset, &children);
}

/* ---- units ----------------------------------------------------------------------------- */

static int parse_number(struct pn_parse *p, const struct pn_template_expr **ret)
{
    struct pn_value value = pn_raw(p->lex.lexeme);
    size_t at = p->lex.at;
    if (!pn_arith_read(&value, value)) {
        p->fault->start = at;
        p->fault->end = at + p->lex.lexeme.n;
        return pn_err_set(&p->fault->what, PN_JSONE_E_TEMPLATE, "this number is too large");
    }
    pn_lex_next(&p->lex);
    return pn_parse_make_constant(p, ret, at, value);
}

static struct pn_str unquoted(struct pn_str lexeme)
{
    return (struct pn_str){lexeme.s + 1, lexeme.n - 2};
}

static int parse_literal(struct pn_parse *p, const struct pn_template_expr **ret)
{
    size_t at = p->lex.at;
    struct pn_value value = p->lex.token == PN_TOKEN_STRING ? pn_string(unquoted(p->lex.lexeme))
                            : p->lex.token == PN_TOKEN_NULL
                                ? pn_null()
                                : pn_bool(p->lex.token == PN_TOKEN_TRUE);
    pn_lex_next(&p->lex);
    return pn_parse_make_constant(p, ret, at, value);
}

static int parse_name(struct pn_parse *p, const struct pn_template_expr **ret)
{
    struct pn_template_expr *t = NULL;
    int r = pn_parse_make(p, &t, PN_TREE_NAME, p->lex.at, &(struct pn_parse_list){0});
    if (r != 0)
        return r;
    t->value = pn_string(p->lex.lexeme);
    t->op = pn_builtin_find(p->lex.lexeme);
    pn_lex_next(&p->lex);
    *ret = t;
    return 0;
}

static int parse_unary(struct pn_parse *p, const struct pn_template_expr **ret)
{
    size_t at = p->lex.at;
    enum pn_token token = p->lex.token;
    struct pn_template_expr *t = NULL;
    const struct pn_template_expr *operand = NULL;
    int r = pn_parse_enter(p);
    pn_lex_next(&p->lex);
    if (r == 0)
        r = pn_parse_unit(p, &operand);
    if (r == 0)
        r = pn_parse_make_over(p, &t, PN_TREE_UNARY, at, operand);
    if (r != 0)
        return r;
    p->depth--;
    t->op = (uint8_t)token;
    *ret = t;
    return 0;
}

/* Expressions with commas between them, up to `close`; the opening token is taken already. */
int pn_parse_items(struct pn_parse *p, struct pn_parse_list *items, enum pn_token close,
                   const char *expected)
{
    const struct pn_template_expr *item = NULL;
    if (p->lex.token == close) {
        pn_lex_next(&p->lex);
        return 0;
    }
    for (;;) {
        int r = pn_parse_expression(p, &item);
        if (r == 0)
            r = pn_parse_append(p, items, item);
        if (r != 0)
            return r;
        if (p->lex.token != PN_TOKEN_COMMA)
            return pn_parse_expect(p, close, expected);
        pn_lex_next(&p->lex);
    }
}

static int parse_list(struct pn_parse *p, const struct pn_template_expr **ret)
{
    size_t at = p->lex.at;
    struct pn_parse_list items = {0};
    struct pn_template_expr *t = NULL;
    pn_lex_next(&p->lex);
    int r = pn_parse_items(p, &items, PN_TOKEN_BRACKET_CLOSE, "`,` or `]`");
    if (r == 0)
        r = pn_parse_make(p, &t, PN_TREE_ARRAY, at, &items);
    *ret = t;
    return r;
}

/* Sets one member: of keys that stand twice, the last one counts and the others are not looked at.
 */
static int set_entry(struct pn_parse *p, struct pn_parse_list *entries, struct pn_build *seen,
                     const struct pn_template_expr *key, const struct pn_template_expr *value)
{
    struct pn_str name = pn_value_str(key->value);
    const struct pn_value *there = pn_build_find(seen, name);
    if (there != NULL) {
        entries->items[there->i] = value;
        return 0;
    }
    int r = pn_parse_append(p, entries, key);
    if (r == 0)
        r = pn_parse_append(p, entries, value);
    return r != 0 ? r : pn_build_set(seen, name, pn_int((int64_t)entries->n - 1));
}

static int parse_entry(struct pn_parse *p, struct pn_parse_list *entries, struct pn_build *seen)
{
    const struct pn_template_expr *key = NULL, *value = NULL;
    struct pn_str name = p->lex.token == PN_TOKEN_STRING ? unquoted(p->lex.lexeme) : p->lex.lexeme;
    int r = pn_parse_make_constant(p, &key, p->lex.at, pn_string(name));
    if (r != 0)
        return r;
    pn_lex_next(&p->lex);
    r = pn_parse_expect(p, PN_TOKEN_COLON, "`:` after the key");
    if (r == 0)
        r = pn_parse_expression(p, &value);
    return r != 0 ? r : set_entry(p, entries, seen, key, value);
}

/* A comma may stand before the closing brace, as the other implementations have it. */
static int parse_object(struct pn_parse *p, const struct pn_template_expr **ret)
{
    size_t at = p->lex.at;
    struct pn_parse_list entries = {0};
    struct pn_build seen = PN_BUILD_IN(p->set);
    struct pn_template_expr *t = NULL;
    pn_lex_next(&p->lex);
    while (p->lex.token == PN_TOKEN_STRING || p->lex.token == PN_TOKEN_NAME) {
        int r = parse_entry(p, &entries, &seen);
        if (r != 0)
            return r;
        if (p->lex.token == PN_TOKEN_BRACE_CLOSE)
            break;
        r = pn_parse_expect(p, PN_TOKEN_COMMA, "`,` or `}`");
        if (r != 0)
            return r;
    }
    int r = pn_parse_expect(p, PN_TOKEN_BRACE_CLOSE, "a key (a name or a string) or `}`");
    if (r == 0)
        r = pn_parse_make(p, &t, PN_TREE_OBJECT, at, &entries);
    *ret = t;
    return r;
}

int pn_parse_unit(struct pn_parse *p, const struct pn_template_expr **ret)
{
    int r;
    switch (p->lex.token) {
    case PN_TOKEN_PLUS:
    case PN_TOKEN_MINUS:
    case PN_TOKEN_NOT:
        return parse_unary(p, ret);
    case PN_TOKEN_NUMBER:
        return parse_number(p, ret);
    case PN_TOKEN_STRING:
    case PN_TOKEN_NULL:
    case PN_TOKEN_TRUE:
    case PN_TOKEN_FALSE:
        return parse_literal(p, ret);
    case PN_TOKEN_NAME:
        return parse_name(p, ret);
    case PN_TOKEN_PAREN_OPEN:
        pn_lex_next(&p->lex);
        r = pn_parse_expression(p, ret);
        return r != 0 ? r : pn_parse_expect(p, PN_TOKEN_PAREN_CLOSE, "an operator or `)`");
    case PN_TOKEN_BRACKET_OPEN:
        return parse_list(p, ret);
    case PN_TOKEN_BRACE_OPEN:
        return parse_object(p, ret);
    default:
        return pn_parse_fail(p, "a value");
    }
}
