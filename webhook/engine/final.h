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

/*
 * What an update breaks: `old` is the decision about the old Pod. Its Deny policies that were
 * content become the verdicts of `d`, each judged by the new Pod, whether it still selects that or
 * not. Returns 0 or a negative errno.
 */
int pn_final_update(struct pn_decision *d, const struct pn_decision *old, const struct pn_pod *pod,
                    struct pn_arena *a) PN_MUST_CHECK;

#endif
