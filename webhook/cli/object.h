/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_OBJECT_H
#define PN_CLI_OBJECT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/value.h"

/* What an object says it is; n == 0 where it says nothing. */
struct pn_object_header {
    struct pn_str api_version, kind;
};

#define PN_OBJECT_HEADER_NONE    \
    (struct pn_object_header)    \
    {                            \
        PN_STR_NULL, PN_STR_NULL \
    }

/* The header of any value; `from_list`: what an item of a list is when it does not say so. */
struct pn_object_header pn_object_header(struct pn_value value, struct pn_object_header from_list);

/* What the items of a list with this header are: of a PodList each is a Pod, of a List each says so
 * itself. */
struct pn_object_header pn_object_header_of_items(struct pn_object_header list);

/* True when an object of this kind is a list of objects, in `items`. */
bool pn_object_is_list(struct pn_str kind, struct pn_value object);

/* The value is no Kubernetes object; err says why. */
#define PN_OBJECT_E_OTHER 1

/* Whether `value` is an object whose header is whole. Returns 0 or PN_OBJECT_E_OTHER. */
int pn_object_check(struct pn_value value, struct pn_object_header header,
                    struct pn_err *err) PN_MUST_CHECK;

#endif
