/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_REVIEW_H
#define PN_ENGINE_REVIEW_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/* AdmissionReview v1 bytes to the parts that the engine looks at. */
struct pn_request {
    struct pn_str uid;
    struct pn_str pod_namespace;
    struct pn_str operation;
    struct pn_str resource; /* "pods", "deployments.apps" */
    bool is_pods;           /* pods of the core group, v1 */
    struct pn_str subresource;
    bool dry_run;
    /* Of the object, for CREATE of pods: without managedFields; absent otherwise. */
    struct pn_value metadata, spec;
    struct pn_value old_metadata, old_spec; /* of the old object, where UPDATE was asked for */
};

/*
 * `updates`: the objects of an UPDATE are wanted too.
 * Reads a review in place: strings of *ret point into `body_inout`, which holds `len` bytes and
 * four zero bytes behind. Returns 0, PN_ENGINE_E_BAD_REVIEW (see engine.h), or -ENOMEM. The rules:
 * apiserver/pkg/admission/plugin/webhook/request.
 */
int pn_review_read(struct pn_request *ret, char *body_inout, size_t len, bool updates,
                   struct pn_arena *a, struct pn_err *err) PN_MUST_CHECK;

#endif
