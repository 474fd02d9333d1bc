/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_RUNNING_KNOWN_H
#define PN_ENGINE_RUNNING_KNOWN_H

#include "engine/policy_set.h"
#include "engine/running.h"

/* Private to engine/running.c: what the containers of all policies look like. */

struct pn_running_known_container {
    struct pn_str name;
    bool init;
    uint32_t policy; /* in the set */
    const struct pn_template *template;
    struct pn_value rendered;
};

/* All of that name are together, in order of the policies. */
struct pn_running_known {
    struct pn_running_known_container *items;
    size_t count;
};

/* The containers of that name and kind: the first, and how many; NULL: there are none. */
const struct pn_running_known_container *pn_running_known_find(size_t *ret_n,
                                                               const struct pn_running_known *known,
                                                               struct pn_str name, bool init);

#endif
