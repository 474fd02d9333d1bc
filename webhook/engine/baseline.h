/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_BASELINE_H
#define PN_ENGINE_BASELINE_H

#include "engine/plan.h"

/*
 * The Pod minus what is ours: what conditions and templates see, so that the second round of an
 * admission decides as the first did. Taken out are our containers (plan->ours), and the volumes,
 * mounts, env, envFrom, pull secrets and annotations that candidates add, by their names; and the
 * status. What a
 * template adds may depend on the Pod, whether it adds something must not depend on just that.
 * *ret_metadata and *ret_spec live in the plan's arena and borrow; *ret_same says that nothing was
 * taken out. Returns 0 or -ENOMEM.
 */
int pn_baseline_make(struct pn_value *ret_metadata, struct pn_value *ret_spec, bool *ret_same,
                     const struct pn_plan *plan, struct pn_value metadata,
                     struct pn_value spec) PN_MUST_CHECK;

#endif
