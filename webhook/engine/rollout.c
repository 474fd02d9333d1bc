/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rollout.h"

uint32_t pn_rollout_point(struct pn_str salt, struct pn_str pod_namespace, struct pn_str workload)
{
    const struct pn_str parts[] = {salt, PN_STR("/"), pod_namespace, PN_STR("/"), workload};
    uint64_t hash = PN_HASH_BASIS;
    for (size_t i = 0; i < PN_COUNT_OF(parts); i++)
        hash = pn_str_hash(hash, parts[i]);
    return (uint32_t)(hash % 10000);
}

bool pn_rollout_includes(const struct pn_policy *policy, const struct pn_pod *pod)
{
    return policy->rollout_percent >= 100 ||
           pn_rollout_point(policy->rollout_salt, pod->pod_namespace, pod->workload) <
               (uint32_t)policy->rollout_percent * 100;
}
