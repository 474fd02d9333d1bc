/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_WORKLOAD_H
#define PN_KUBE_WORKLOAD_H

#include "base/err.h"
#include "base/value.h"

/* The built-in kinds that carry a Pod, and the Pod that their controllers make of them. */
struct pn_workload;

/*
 * The kind, or NULL for one that carries no Pod. The API group counts and the version does not: a
 * Job of batch is one, a Job of somebody's custom resources is not.
 */
const struct pn_workload *pn_workload_find(struct pn_str api_version, struct pn_str kind);

/* Appends where the kind keeps its template ("spec.template"), nothing for a Pod. */
void pn_workload_write_path(struct pn_buf *out, const struct pn_workload *workload);

/* The object cannot become a Pod; err says which field, and what was expected. */
#define PN_WORKLOAD_E_INVALID 1

/*
 * The Pod that the API server would be asked to create for `object` in namespace `namespace`: a Pod
 * as it is, otherwise what the controller makes of the template. Returns 0, PN_WORKLOAD_E_INVALID,
 * or -ENOMEM.
 */
int pn_workload_pod(struct pn_value *ret, const struct pn_workload *workload,
                    struct pn_value object, struct pn_str namespace, struct pn_arena *a,
                    struct pn_err *err) PN_MUST_CHECK;

/*
 * `object` with what changed from `before` (as pn_workload_pod made it) to `after` put into its
 * template. What the controller adds to each Pod stays out of it. Returns 0 or -ENOMEM.
 */
int pn_workload_put(struct pn_value *ret, const struct pn_workload *workload,
                    struct pn_value object, struct pn_value before, struct pn_value after,
                    struct pn_arena *a) PN_MUST_CHECK;

#endif
