/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_SIDES_H
#define PN_LINT_SIDES_H

#include "engine/reason.h"
#include "lint/manifests.h"

/*
 * The two sides of what the engine found in the way of a policy: where the template, the policy or
 * the budget says it, and where the workload does. Neither is guessed: a place that is not found
 * has no node.
 */

/* What a reason is about. */
enum pn_side {
    PN_SIDE_NONE,
    PN_SIDE_CONTAINER,
    PN_SIDE_VOLUME,
    PN_SIDE_MOUNT,
    PN_SIDE_PORT,
    PN_SIDE_HOST_PORT,
    PN_SIDE_PORT_NAME,
    PN_SIDE_ENV,
    PN_SIDE_ANNOTATION,
    PN_SIDE_APP_CONTAINER, /* the name of one that templates give something to */
    PN_SIDE_PARAMETER,
};

struct pn_place pn_side_of_policy(const struct pn_lint_policy *p, enum pn_side side,
                                  const struct pn_reason *reason);

struct pn_place pn_side_of_manifest(const struct pn_manifest *m, const struct pn_lint_policy *p,
                                    enum pn_side side, const struct pn_reason *reason);

/* The number of the budget that a reason names. */
struct pn_place pn_side_of_budget(const struct pn_lint *l, const struct pn_reason *reason);

/* The text of an argument, or s == NULL. */
struct pn_str pn_side_argument(const struct pn_reason *reason, const char *name);

#endif
