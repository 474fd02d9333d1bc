/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_ROLLOUT_H
#define PN_ENGINE_ROLLOUT_H

#include "engine/pod.h"
#include "engine/policy_set.h"

/*
 * True when the Pod's workload is within the policy's rollout: the FNV-1a hash of 64 bits of
 * "SALT/NAMESPACE/WORKLOAD", modulo 10,000, is below percent x 100. So all Pods of a workload get
 * one answer, also in preview, and a larger percentage only adds Pods.
 */
bool pn_rollout_includes(const struct pn_policy *policy, const struct pn_pod *pod);

/* The number that decides, 0 to 9,999. */
uint32_t pn_rollout_point(struct pn_str salt, struct pn_str pod_namespace, struct pn_str workload);

#endif
