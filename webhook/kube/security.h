/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_SECURITY_H
#define PN_KUBE_SECURITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/value.h"

/*
 * The Pod Security Standards, as the admission plugin PodSecurity of Kubernetes 1.36 holds Pods to
 * them at version `latest` (pod-security-admission/policy).
 */
enum pn_security_level {
    PN_SECURITY_PRIVILEGED, /* anything goes */
    PN_SECURITY_BASELINE,
    PN_SECURITY_RESTRICTED,
};

/* "privileged", "baseline", "restricted": as namespace labels have it, static. */
const char *pn_security_level_name(enum pn_security_level level);

/* In the order in which the plugin tells of them. */
enum pn_security_check {
    PN_SECURITY_APPARMOR,
    PN_SECURITY_CAPABILITIES_BASELINE,
    PN_SECURITY_HOST_NAMESPACES,
    PN_SECURITY_HOST_PATH,
    PN_SECURITY_HOST_PORTS,
    PN_SECURITY_HOST_PROBES,
    PN_SECURITY_PRIVILEGED_CONTAINERS,
    PN_SECURITY_PROC_MOUNT_BASELINE,
    PN_SECURITY_SE_LINUX,
    PN_SECURITY_SECCOMP_BASELINE,
    PN_SECURITY_SYSCTLS,
    PN_SECURITY_HOST_PROCESS,
    PN_SECURITY_ESCALATION, /* from here on, of Restricted alone */
    PN_SECURITY_CAPABILITIES_RESTRICTED,
    PN_SECURITY_PROC_MOUNT_RESTRICTED,
    PN_SECURITY_VOLUMES,
    PN_SECURITY_NON_ROOT,
    PN_SECURITY_RUN_AS_USER,
    PN_SECURITY_SECCOMP_RESTRICTED,
    PN_SECURITY_CHECKS,
};

/* What all checks say of one Pod. */
struct pn_security {
    uint32_t failed; /* a bit for each check: 1 << PN_SECURITY_APPARMOR, ... */
    /* Of a failed check, the first container or volume that fails it; s == NULL: the Pod as such.
     * Borrowed from the Pod; it need not be a legal name. */
    struct pn_str culprits[PN_SECURITY_CHECKS];
    bool several_profiles; /* AppArmor: there are two or more, which changes the reason */
};

/*
 * Judges a Pod by its metadata and spec. Absent fields count as defaulted: on the host's network, a
 * container's port is a host port; a volume without a source is an emptyDir. What is not of its
 * type counts as absent: nobody decodes such a Pod, and pn_validate_pod tells of it. Allocates
 * nothing; takes time in proportion to the Pod.
 */
void pn_security_judge(struct pn_security *ret, struct pn_value metadata, struct pn_value spec);

/* The checks that a level consists of, as bits like `failed`. Restricted has stricter ones in the
 * place of some of Baseline's. */
uint32_t pn_security_checks(enum pn_security_level level);

/* The highest level that the Pod is of. */
enum pn_security_level pn_security_level_of(const struct pn_security *security);

/* The plugin's own words for a check, static: its id ("runAsNonRoot"), and the reason that it gives
 * when it fails ("runAsNonRoot != true"). */
const char *pn_security_check_id(enum pn_security_check check);
const char *pn_security_reason(const struct pn_security *security, enum pn_security_check check);

#endif
