/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/qos.h"

static bool is_out_of_range(const struct pn_resource *resource)
{
    return resource != NULL && resource->out_of_range;
}

static bool is_above_zero(const struct pn_resource *resource)
{
    return resource != NULL && resource->quantity.mantissa > 0;
}

enum pn_qos pn_qos_compute(const struct pn_pod_resources *resources)
{
    static const struct pn_str names[] = {PN_STR_INIT("cpu"), PN_STR_INIT("memory")};
    bool pod_level = resources->has_pod_level, anything = false, guaranteed = true;
    const struct pn_requirements *stated = pod_level ? &resources->pod : &resources->above_zero;
    for (size_t i = 0; i < PN_COUNT_OF(names); i++) {
        const struct pn_resource *request = pn_resources_find(&stated->requests, names[i]);
        const struct pn_resource *limit = pn_resources_find(&stated->limits, names[i]);
        if (is_out_of_range(request) || is_out_of_range(limit))
            return PN_QOS_UNKNOWN;
        bool both = is_above_zero(request) && is_above_zero(limit);
        anything = anything || is_above_zero(request) || is_above_zero(limit);
        guaranteed = guaranteed && both &&
                     (pod_level || limit->containers == resources->container_count) &&
                     pn_quantity_cmp(&request->quantity, &limit->quantity) == 0;
    }
    return !anything ? PN_QOS_BEST_EFFORT : guaranteed ? PN_QOS_GUARANTEED : PN_QOS_BURSTABLE;
}

const char *pn_qos_name(enum pn_qos qos)
{
    static const char *const names[] = {
        [PN_QOS_BEST_EFFORT] = "BestEffort",
        [PN_QOS_BURSTABLE] = "Burstable",
        [PN_QOS_GUARANTEED] = "Guaranteed",
        [PN_QOS_UNKNOWN] = "unknown",
    };
    return names[qos];
}
