/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_FINAL_H
#define PN_ENGINE_FINAL_H

#include "engine/engine.h"
#include "engine/pod.h"

/*
 * POST /validate: the Pod as it will be stored, after all webhooks. What policies with onFailure
 * Deny add must be there, whatever has become of it since: never added because we were down,
 * stripped by a later webhook, changed by `kubectl patch`.
 */

/*
 * The message of a denial: each enforced policy with onFailure Deny whose content is not in the
 * Pod, or not all of it, or that cannot be. s == NULL: there is none. Returns 0 or -ENOMEM.
 */
int pn_final_denial(struct pn_str *ret, const struct pn_decision *d,
                    struct pn_arena *a) PN_MUST_CHECK;

/* Why a policy refuses the Pod: a reason's id, "missing" or "incomplete"; NULL: it does not. */
const char *pn_final_refusal(const struct pn_decision *d, const struct pn_verdict *v);

/*
 * What an update breaks, by the decisions about the old Pod and the new one; the verdicts of `d`
 * become those of the Deny policies that the update is judged by:
 * - A policy that selects the new Pod has what it adds there, unless it was missing before and the
 *   policy selected the Pod then, too: that is no reason to keep a finalizer from being removed.
 *   What was ours, if not as the policy has it by now, does not become another image, either.
 * - What a policy had in the old Pod is not lost with the label that the policy selects by: that is
 *   looked for in the new Pod, as the old one has it.
 * So the label can be dropped, and given back to a Pod that has all of it. Returns 0 or -ENOMEM.
 */
int pn_final_update(struct pn_decision *d, const struct pn_decision *old,
                    const struct pn_pod *old_pod, const struct pn_decision *new,
                    const struct pn_pod *new_pod, struct pn_arena *a) PN_MUST_CHECK;

#endif
