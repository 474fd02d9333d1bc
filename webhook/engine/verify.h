/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_VERIFY_H
#define PN_ENGINE_VERIFY_H

#include "engine/plan.h"

/* The Pod as it was received, for the API server's own rules (kube/validate.h). */
struct pn_verify {
    struct pn_value metadata, spec;
};

/*
 * Why the API server would refuse the Pod with everything that is planned: the first fault, as
 * "spec.containers[0].name: FieldValueDuplicate: ...". *ret has s == NULL when nothing is wrong.
 * Returns 0 or -ENOMEM.
 */
int pn_verify_plan(struct pn_str *ret, const struct pn_verify *verify,
                   const struct pn_plan *plan) PN_MUST_CHECK;

/* The same for the Pod as it was received. */
int pn_verify_received(struct pn_str *ret, const struct pn_verify *verify,
                       struct pn_arena *a) PN_MUST_CHECK;

#endif
