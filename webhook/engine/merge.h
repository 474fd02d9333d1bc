/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_MERGE_H
#define PN_ENGINE_MERGE_H

#include "engine/plan.h"
#include "engine/reason.h"

/*
 * Marks the received containers that are ours: what a candidate would add, or has added and
 * somebody changed; not in mode Audit. Done once, before the first merge, so that all policies see the same app.
 */
void pn_merge_mark_ours(struct pn_plan *plan);

/*
 * Merges all that the candidate adds into the planned Pod, or nothing. *ret_reason becomes
 * injected, already-injected or repaired; or, with the plan as it was, the reason of class failure
 * that names both sides of the first clash. Returns 0 or -ENOMEM.
 */
int pn_merge(struct pn_plan *plan, const struct pn_candidate *candidate,
             struct pn_reason *ret_reason) PN_MUST_CHECK;

#endif
