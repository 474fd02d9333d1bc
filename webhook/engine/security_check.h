/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_SECURITY_CHECK_H
#define PN_ENGINE_SECURITY_CHECK_H

#include "engine/decode.h"
#include "engine/fragment.h"
#include "kube/security.h"

/*
 * spec.podSecurity: what a template adds satisfies a level of the Pod Security Standards by itself,
 * whatever the securityContext of the Pod that it is added to. (A Pod of that level then stays one:
 * a container's own fields go before the Pod's.)
 */

/* The level's name in policies, static: Privileged, Baseline, Restricted. */
extern const char *const pn_security_words[];

/*
 * At load: every container and volume that is written out. Lists may be NULL, and what is computed
 * is passed over.
 */
void pn_check_security(struct pn_decoder *d, enum pn_security_level level,
                       const struct pn_node *init_containers, const struct pn_node *containers,
                       const struct pn_node *volumes);

/*
 * After rendering: the first check of the level that the fragment fails, for people; s == NULL:
 * none. Returns 0 or -ENOMEM.
 */
int pn_fragment_security_fault(struct pn_str *ret, const struct pn_fragment *f,
                               enum pn_security_level level, struct pn_arena *a) PN_MUST_CHECK;

#endif
