/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_TOKEN_H
#define PN_ENGINE_TOKEN_H

#include "engine/plan.h"

/*
 * serviceAccountToken of a template. By default the ServiceAccount admission plugin mounts the
 * token into our containers after us, and has the webhooks called again. Mount does what it would
 * do, so that it finds nothing to do; None mounts an empty directory there, so that it does nothing
 * (plugin/pkg/admission/serviceaccount/admission.go: a container with a mount at the path is left
 * alone).
 */
enum pn_token { PN_TOKEN_DEFAULT, PN_TOKEN_MOUNT, PN_TOKEN_NONE };

/* Changes what the candidate adds, as its templates say. Returns 0 or -ENOMEM. */
int pn_token_apply(struct pn_candidate *inout, const struct pn_policy *policy,
                   const struct pn_pod *pod, struct pn_arena *a) PN_MUST_CHECK;

#endif
