/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_FUNCTIONS_H
#define PN_JSONE_FUNCTIONS_H

#include "jsone/run.h"

/* A call of a built-in whose arguments are as its row in builtins.c asks; numbers are plain. */
struct pn_call {
    struct pn_run *run;
    const struct pn_template_expr *t;
    const struct pn_scope *scope;
    const struct pn_value *arguments;
    uint32_t n;
};

typedef int pn_function(const struct pn_call *call, struct pn_value *ret);

pn_function pn_function_abs;
pn_function pn_function_base64; /* ours */
pn_function pn_function_ceil;
pn_function pn_function_defined;
pn_function pn_function_entries; /* ours */
pn_function pn_function_fail;    /* ours */
pn_function pn_function_floor;
pn_function pn_function_from_now;
pn_function pn_function_join;
pn_function pn_function_len;
pn_function pn_function_lowercase;
pn_function pn_function_lstrip;
pn_function pn_function_max;
pn_function pn_function_min;
pn_function pn_function_number;
pn_function pn_function_range;
pn_function pn_function_rstrip;
pn_function pn_function_split;
pn_function pn_function_sqrt;
pn_function pn_function_str;
pn_function pn_function_strip;
pn_function pn_function_typeof;
pn_function pn_function_uppercase;

#endif
