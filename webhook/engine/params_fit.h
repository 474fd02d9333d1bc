/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PARAMS_FIT_H
#define PN_ENGINE_PARAMS_FIT_H

#include "engine/params.h"

/* Private to params.c and overrides.c: does a value fit its parameter? */

/* The words of pn_parameter_type, in its order; ends with NULL. */
extern const char *const pn_params_type_words[];

/* True when the value is of the parameter's type. */
bool pn_params_has_type(const struct pn_parameter *p, struct pn_value v);

/* -1, 0 or 1 for two values of an ordered type; quantities by value. */
int pn_params_order(const struct pn_parameter *p, struct pn_value a, struct pn_value b);

/* What does not fit. */
struct pn_misfit {
    struct pn_err expected;
    struct pn_str key;  /* of a map; s == NULL: it is the value as such */
    bool is_key;        /* the key itself does not fit, not its value */
    bool out_of_memory; /* nothing is known: it may fit */
};

/* True when the value fits; else *ret says what does not. */
bool pn_params_fits(const struct pn_parameter *p, struct pn_value v, struct pn_misfit *ret);

/* The parameter of that name, or NULL. */
const struct pn_parameter *pn_params_find(const struct pn_parameters *parameters,
                                          struct pn_str name);

/* A fault about `node`, a name that no parameter has. */
void pn_params_unknown(struct pn_decoder *d, const struct pn_node *node,
                       const struct pn_parameters *parameters);

#endif
