/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_RENDER_H
#define PN_ENGINE_RENDER_H

#include "engine/policy_set.h"
#include "engine/reason.h"

/* What expressions see of one request. */
struct pn_scene {
    const struct pn_pod *pod;         /* as received: overrides are read from it */
    struct pn_value pod_view;         /* the baseline through the schema; absent: nobody asks */
    struct pn_value namespace_labels; /* absent: nobody told */
};

/* A policy cannot be rendered: the reason is set. */
#define PN_RENDER_E_REASON 1

/*
 * What `injection` adds to this Pod. Returns 0 (*ret lives in the arena or in the set),
 * PN_RENDER_E_REASON (parameter-missing, parameter-invalid, template-error, template-limit,
 * rendered-invalid, pod-security-violation, namespace-labels-unknown), or -ENOMEM.
 */
int pn_render(const struct pn_fragment **ret, const struct pn_injection *injection,
              const struct pn_scene *scene, struct pn_arena *a,
              struct pn_reason *ret_reason) PN_MUST_CHECK;

/*
 * The policy's `when`: *ret says whether it holds. Returns 0, PN_RENDER_E_REASON (condition-error,
 * namespace-labels-unknown), or -ENOMEM.
 */
int pn_render_condition(bool *ret, const struct pn_policy *policy, const struct pn_scene *scene,
                        struct pn_arena *a, struct pn_reason *ret_reason) PN_MUST_CHECK;

/*
 * At load: the object of what is known of an injection before any Pod is seen (policy, template,
 * literals, and parameters unless they can be overridden); and of which objects some members are
 * known (parameters: those that cannot be overridden). Both return 0 or -ENOMEM.
 */
int pn_render_partly_bound(struct pn_value *ret, const struct pn_injection *injection,
                           struct pn_arena *a) PN_MUST_CHECK;
int pn_render_bound(struct pn_value *ret, const struct pn_policy *policy,
                    const struct pn_injection *injection, struct pn_arena *a) PN_MUST_CHECK;

/* The three parts of a template evaluated in `context`, for a Windows Pod or another, and taken
 * apart; see pn_render. */
int pn_render_in(const struct pn_fragment **ret, const struct pn_injection *injection,
                 struct pn_value context, bool windows, struct pn_arena *a,
                 struct pn_reason *ret_reason) PN_MUST_CHECK;

#endif
