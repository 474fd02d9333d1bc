/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_PARSE_H
#define PN_JSONE_PARSE_H

#include "base/err.h"
#include "jsone/tree.h"

/* What is wrong with an expression, and which of its bytes. */
struct pn_parse_fault {
    struct pn_err what;
    size_t start, end;
    const char *help; /* static; NULL: none */
};

/*
 * Parses all of place->text. Returns 0, PN_JSONE_E_TEMPLATE (*ret_fault is set) or -ENOMEM.
 */
int pn_parse_whole(const struct pn_template_expr **ret, const struct pn_tree_place *place,
                   struct pn_arena *set, struct pn_parse_fault *ret_fault) PN_MUST_CHECK;

/*
 * Parses the expression at the start of `text`, up to the `}` that closes its ${. place->text
 * becomes the expression (a part of `text`). Returns as above; a fault counts from the start of
 * `text`.
 */
int pn_parse_embedded(const struct pn_template_expr **ret, struct pn_tree_place *place,
                      struct pn_str text, struct pn_arena *set,
                      struct pn_parse_fault *ret_fault) PN_MUST_CHECK;

#endif
