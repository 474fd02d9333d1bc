/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_MERGE_H
#define PN_ENGINE_MERGE_H

#include "engine/own.h"
#include "engine/plan.h"
#include "engine/reason.h"

/*
 * Marks the received containers that are ours: what a candidate would add, or has added and
 * somebody changed; not in mode Audit. Done once, before the first merge, so that all policies see
 * the same app.
 */
void pn_merge_mark_ours(struct pn_plan *plan);

/*
 * pn_own_container() for the plan's Pod, after that: what is all that another candidate renders is
 * that one's, and not one of ours that lost something.
 */
struct pn_own pn_merge_own(const struct pn_plan *plan, const struct pn_template *t,
                           struct pn_value rendered, bool init);

/* True when some policy of this round would recognise the received container as its own. */
bool pn_merge_is_of_a_candidate(const struct pn_plan *plan, struct pn_str name);

/*
 * Merges all that the candidate adds into the planned Pod, or nothing. *ret_reason becomes
 * injected, already-injected or repaired; or, with the plan as it was, the reason of class failure
 * that names both sides of the first clash. Returns 0 or -ENOMEM.
 */
int pn_merge(struct pn_plan *plan, const struct pn_candidate *candidate,
             struct pn_reason *ret_reason) PN_MUST_CHECK;

#endif
