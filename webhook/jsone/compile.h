/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_COMPILE_H
#define PN_JSONE_COMPILE_H

#include "base/diag.h"
#include "jsone/tree.h"

/*
 * The compiler at work. Its functions return 0 or -ENOMEM; what is wrong goes to the diagnostics,
 * and *ret is NULL then, so that the rest is looked at too.
 */
struct pn_compile {
    const struct pn_source *source;
    struct pn_arena *set;
    struct pn_diags *diags;
    unsigned depth;
};

/* A document node. */
int pn_compile_node(struct pn_compile *c, const struct pn_node *n,
                    const struct pn_template_expr **ret) PN_MUST_CHECK;

/* Text with ${...}, from a string or a key. */
int pn_compile_text(struct pn_compile *c, const struct pn_node *n,
                    const struct pn_template_expr **ret) PN_MUST_CHECK;

/* A string that is an expression. `owner` is who wants it, such as "$if". */
int pn_compile_scalar(struct pn_compile *c, const struct pn_node *n, const char *owner,
                      const struct pn_template_expr **ret) PN_MUST_CHECK;

/* The operator of this name, or PN_TREE_KINDS; $eval has no kind of its own (PN_TREE_NAME). */
enum pn_tree_kind pn_compile_find_operator(struct pn_str name);

/* A mapping whose entry `key` names an operator. */
int pn_compile_operator(struct pn_compile *c, const struct pn_node *n, const struct pn_node *key,
                        const struct pn_template_expr **ret) PN_MUST_CHECK;

/* The operator near to a misspelt $name, without its $, or NULL. */
const char *pn_compile_nearest_operator(struct pn_str name);

/*
 * A node over `count` children (in the set), of which NULL ones were reported: then *ret is NULL,
 * and so it is when the tree grows too high.
 */
int pn_compile_make(struct pn_compile *c, enum pn_tree_kind kind, struct pn_span span,
                    const struct pn_template_expr *const *children, size_t count,
                    struct pn_template_expr **ret) PN_MUST_CHECK;

/* A place without an expression; NULL: out of memory. */
struct pn_tree_place *pn_compile_place(struct pn_compile *c, struct pn_span span) PN_MUST_CHECK;

/* A constant at `span`. */
int pn_compile_constant(struct pn_compile *c, struct pn_span span, struct pn_value value,
                        const struct pn_template_expr **ret) PN_MUST_CHECK;

#endif
