/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_RUNNING_OWN_H
#define PN_ENGINE_RUNNING_OWN_H

#include "engine/policy_set.h"
#include "engine/running.h"

/* Private to engine/running.c: the containers of a running Pod, and whose they are. */

struct pn_running_image {
    struct pn_str container, runs, rendered;
};

/*
 * Looks for a container that the verdict's policy renders and that is there with another image:
 * another tag or digest, since repositories were compared by the engine. A tag that somebody
 * resolved to a digest is no other image. False: there is none.
 */
bool pn_running_find_image(struct pn_running_image *ret, const struct pn_policy *policy,
                           const struct pn_verdict *verdict, struct pn_value spec);

struct pn_running_own {
    struct pn_value lists[2]; /* [init] */
    bool *taken[2];           /* [init][i]: it is a policy's */
    bool has_sidecars;
    struct pn_running_requests sidecars;
    struct pn_arena *arena;
};

/* Returns 0 or -ENOMEM. */
int pn_running_own_init(struct pn_running_own *ret, struct pn_value spec,
                        struct pn_arena *a) PN_MUST_CHECK;

/*
 * Gives the item the containers that are there of those that the status names (`claimed`, a list or
 * absent) or, where it names none, of those that `verdict` renders (NULL: nothing). A container is
 * the first policy's that takes it. Returns 0, PN_RUNNING_E_INVALID or -ENOMEM.
 */
int pn_running_own_take(struct pn_running_policy *item_inout, struct pn_running_own *own,
                        const struct pn_policy *policy, const struct pn_verdict *verdict,
                        struct pn_value claimed, struct pn_err *err) PN_MUST_CHECK;

/* What all that was taken requests, and what the app does. Returns likewise. */
int pn_running_own_sum(struct pn_running *inout, const struct pn_running_own *own,
                       struct pn_err *err) PN_MUST_CHECK;

#endif
