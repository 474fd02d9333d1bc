/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_PARSE_STATE_H
#define PN_JSONE_PARSE_STATE_H

#include "jsone/lex.h"
#include "jsone/parse.h"

/*
 * The parser at work. Its functions return 0, PN_JSONE_E_TEMPLATE (the fault is set) or -ENOMEM.
 *
 * The grammar, loosest first: || && in (== !=) (< > <= >=) (+ -) (* /) **, then calls and
 * accesses, whose subject is a unit: a unary operator and a unit, a literal, a name, (...), [...]
 * or {...}. So `-a.b` is `(-a).b`, which no value satisfies.
 */
struct pn_parse {
    struct pn_lex lex;
    const struct pn_tree_place *place;
    struct pn_arena *set;
    struct pn_parse_fault *fault;
    unsigned depth;
};

/* Nodes that become children, in the set. */
struct pn_parse_list {
    const struct pn_template_expr **items;
    size_t n, cap;
};

/* ---- parse_unit.c ---------------------------------------------------------------------------- */

/* The current token is not what is expected. */
int pn_parse_fail(struct pn_parse *p, const char *expected);

/* One level deeper; the caller leaves it by p->depth--. */
int pn_parse_enter(struct pn_parse *p) PN_MUST_CHECK;

/* Passes over `token`, which must be there. */
int pn_parse_expect(struct pn_parse *p, enum pn_token token, const char *expected) PN_MUST_CHECK;

int pn_parse_append(struct pn_parse *p, struct pn_parse_list *list,
                    const struct pn_template_expr *t) PN_MUST_CHECK;

/* A node over the list's items; the caller fills in the rest. */
int pn_parse_make(struct pn_parse *p, struct pn_template_expr **ret, enum pn_tree_kind kind,
                  size_t offset, const struct pn_parse_list *children) PN_MUST_CHECK;
int pn_parse_make_over(struct pn_parse *p, struct pn_template_expr **ret, enum pn_tree_kind kind,
                       size_t offset, const struct pn_template_expr *child) PN_MUST_CHECK;
int pn_parse_make_constant(struct pn_parse *p, const struct pn_template_expr **ret, size_t offset,
                           struct pn_value value) PN_MUST_CHECK;

/* Expressions with commas between them, up to `close`; the opening token is taken already. */
int pn_parse_items(struct pn_parse *p, struct pn_parse_list *items, enum pn_token close,
                   const char *expected) PN_MUST_CHECK;

int pn_parse_unit(struct pn_parse *p, const struct pn_template_expr **ret) PN_MUST_CHECK;

/* ---- parse.c --------------------------------------------------------------------------------- */

int pn_parse_expression(struct pn_parse *p, const struct pn_template_expr **ret) PN_MUST_CHECK;

#endif
