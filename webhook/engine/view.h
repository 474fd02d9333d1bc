/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_VIEW_H
#define PN_ENGINE_VIEW_H

#include "base/arena.h"
#include "base/value.h"
#include "kube/schema.h"

/*
 * What expressions see as `pod`: the Pod through Kubernetes' schema. A known field that is absent
 * reads as its zero value (pn_schema_zero), so that an expression need not ask for every step
 * whether it is there. Values of env variables are not visible: they may be secrets.
 */

/* Zero objects of all types, made once for a policy set and shared by all views. */
struct pn_view_zeros;

/* Returns 0 or -ENOMEM. *ret lives in `a`. */
int pn_view_zeros_new(const struct pn_view_zeros **ret, struct pn_arena *a) PN_MUST_CHECK;

/* The view of a Pod of this metadata and spec. *ret lives in `a` and borrows. 0 or -ENOMEM. */
int pn_view_pod(struct pn_value *ret, const struct pn_view_zeros *zeros, struct pn_value metadata,
                struct pn_value spec, struct pn_arena *a) PN_MUST_CHECK;

#endif
