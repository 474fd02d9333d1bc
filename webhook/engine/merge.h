/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_MERGE_H
#define PN_ENGINE_MERGE_H

#include "engine/plan.h"
#include "engine/reason.h"

/*
 * Marks what of the policy's templates is in the received Pod already. Done for all selected
 * policies before the first is merged, so that all see the same baseline: the Pod minus ours.
 */
void pn_merge_mark_ours(struct pn_plan *plan, const struct pn_policy *policy);

/*
 * Merges all templates of plan->policy into the planned Pod, or none. *ret_reason becomes injected,
 * already-injected or repaired; or, with the plan as it was, the reason of class failure that
 * names both sides of the first clash. Returns 0 or -ENOMEM.
 */
int pn_merge(struct pn_plan *plan, const struct pn_policy *policy,
             struct pn_reason *ret_reason) PN_MUST_CHECK;

#endif
