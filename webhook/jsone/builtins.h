/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_BUILTINS_H
#define PN_JSONE_BUILTINS_H

#include "jsone/run.h"

/* The built-in of this name, counted from 1; 0: there is none. */
uint8_t pn_builtin_find(struct pn_str name);

/* A built-in whose name is near to a misspelt one, or NULL. */
const char *pn_builtin_nearest(struct pn_str name);

/* What a built-in's name stands for: a function, or the time as text for `now`. */
int pn_builtin_value(struct pn_run *run, const struct pn_template_expr *at, uint8_t builtin,
                     struct pn_value *ret) PN_MUST_CHECK;

/* The name of a PN_BUILTIN value. */
const char *pn_builtin_name(struct pn_value function);

/* True when the built-in looks at the clock or the context: `now`, fromNow, defined. */
bool pn_builtin_is_impure(uint8_t builtin);

/* True for defined(), which is decided early where its argument is known. */
bool pn_builtin_is_defined(uint8_t builtin);

/* PN_TREE_CALL. */
int pn_builtin_call(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret) PN_MUST_CHECK;

/*
 * `span` ("1 day 2 hours") later than `reference`, or than `now` as the scope has it when reference
 * is PN_ABSENT or "".
 */
int pn_builtin_from_now(struct pn_run *run, const struct pn_template_expr *at,
                        const struct pn_scope *scope, struct pn_value span,
                        struct pn_value reference, struct pn_value *ret) PN_MUST_CHECK;

#endif
