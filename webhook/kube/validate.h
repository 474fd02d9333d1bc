/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_VALIDATE_H
#define PN_KUBE_VALIDATE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/value.h"

/*
 * What the API server of Kubernetes 1.36 refuses in a Pod that is created (ValidatePodCreate of
 * pkg/apis/core/validation, with the feature gates of a plain 1.36), as far as an injection could
 * break it: labels and annotations, volumes, containers with all that is in them, the Pod's
 * resources, resource claims, operating system, host namespaces and security context.
 *
 * Not looked at is what names and places the Pod, which nobody injects:
 *  - of metadata, everything but labels and annotations, and what the annotation
 *    scheduler.alpha.kubernetes.io/tolerations holds;
 *  - of spec, activeDeadlineSeconds, affinity, dnsConfig, dnsPolicy, hostAliases, hostname,
 *    hostnameOverride, nodeName, nodeSelector, overhead, preemptionPolicy, priorityClassName,
 *    readinessGates, runtimeClassName, schedulingGates, schedulingGroup, subdomain, tolerations,
 *    topologySpreadConstraints, and how serviceAccountName is written;
 *  - of security contexts, sysctls, seLinuxChangePolicy (gates widen it), and the names of users
 *    and credentials in windowsOptions. Privileged containers are allowed, as an API server does
 *    that runs with --allow-privileged.
 *
 * A field that is absent counts as what the API server's defaulting makes of it, so that a Pod may
 * be asked about before and after defaulting. Unlike there, nobody fills in a service account
 * (the ServiceAccount admission plugin does, before any webhook): a Pod without serviceAccountName
 * may not project a token.
 */
enum pn_validate_type {
    PN_VALIDATE_REQUIRED,
    PN_VALIDATE_INVALID,
    PN_VALIDATE_DUPLICATE,
    PN_VALIDATE_NOT_FOUND,
    PN_VALIDATE_NOT_SUPPORTED,
    PN_VALIDATE_FORBIDDEN,
    PN_VALIDATE_TOO_LONG,
    PN_VALIDATE_TOO_MANY,
    PN_VALIDATE_TYPE_INVALID, /* what the API server's decoder would not have let through */
};

/* The word that the API server has for it, static: "FieldValueRequired". */
const char *pn_validate_type_name(enum pn_validate_type type);

struct pn_validate_error {
    struct pn_str field; /* as the API server names it: spec.containers[0].ports[1].name */
    enum pn_validate_type type;
    struct pn_str detail; /* a sentence without its subject: "must be given" */
    const char *words;    /* of which it must be one, separated by commas; NULL: another error */
};

struct pn_validate_errors {
    const struct pn_validate_error *items; /* in no particular order */
    uint32_t count;
    uint32_t more; /* found beyond PN_VALIDATE_ERRORS_MAX, and dropped */
};

enum pn_validate_mode {
    PN_VALIDATE_ALL,
    PN_VALIDATE_FIRST, /* stop at the first error */
};

/*
 * Judges a Pod by its metadata and spec; neither has to be what it should be (an object with a
 * string where a list belongs is an error like others). Errors and scratch live in `a`: while
 * nothing is wrong, scratch is needed by lists of more than 16 items, host ports and pod-level
 * resources alone. Time and memory grow with the Pod's size and no faster (but for sorting).
 * Returns 0, whatever the errors, or -ENOMEM.
 */
int pn_validate_pod(struct pn_validate_errors *ret, struct pn_value metadata, struct pn_value spec,
                    enum pn_validate_mode mode, struct pn_arena *a) PN_MUST_CHECK;

#endif
