/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CONFIG_REGISTRATION_H
#define PN_CONFIG_REGISTRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/value.h"
#include "engine/policy.h"

/*
 * How the webhook is registered with an API server (admissionregistration.k8s.io/v1), computed from
 * the policies: it is asked about every Pod that one of them may select, and about as few others as
 * a label selector can say.
 */

/* All is borrowed, also by the result. */
struct pn_registration_options {
    struct pn_str
        name; /* of the objects; the mutating one gets "zz-" in front, to be called late */
    /* Where it is reached: a Service, or an URL (https, without path) when url.s is set. */
    struct pn_str service, namespace;
    uint16_t port;
    struct pn_str url;
    struct pn_str ca_pem; /* s == NULL: no caBundle */
    /* Never asked about, beside `namespace` (s == NULL: none); ends with an empty str. */
    const struct pn_str *protected_namespaces;
};

/*
 * The MutatingWebhookConfiguration: failurePolicy Ignore, reinvocationPolicy IfNeeded. Returns 0 or
 * -ENOMEM.
 */
int pn_registration_mutating(struct pn_value *ret, const struct pn_policy_set *set,
                             const struct pn_registration_options *o,
                             struct pn_arena *a) PN_MUST_CHECK;

/*
 * The ValidatingWebhookConfiguration. Policies that deny and name their namespaces get
 * failurePolicy Fail there, those that name none get Ignore, lest the whole cluster hangs on one
 * webhook. Without a policy that denies it has no webhooks: applied, it takes those of before away.
 * Returns 0 or -ENOMEM.
 */
int pn_registration_validating(struct pn_value *ret, const struct pn_policy_set *set,
                               const struct pn_registration_options *o,
                               struct pn_arena *a) PN_MUST_CHECK;

/* True when the policy says by In or Exists in which namespaces it holds, and not only where not.
 */
bool pn_registration_names_namespaces(const struct pn_policy_scope *scope);

#endif
