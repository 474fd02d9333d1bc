/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_QOS_H
#define PN_KUBE_QOS_H

#include "kube/resources.h"

/* How the kubelet treats a Pod when a node runs short. */
enum pn_qos {
    PN_QOS_BEST_EFFORT,
    PN_QOS_BURSTABLE,
    PN_QOS_GUARANTEED,
    PN_QOS_UNKNOWN, /* a number is out of range */
};

/*
 * The class that the API server gives a Pod (ComputePodQOS, pkg/apis/core/helper/qos of Kubernetes
 * 1.36). Only cpu and memory count, and only what is above 0. With spec.resources, be it empty, it
 * alone is looked at, else all containers, init containers and sidecars too:
 *  - nothing is stated: BestEffort;
 *  - each has a limit of both, and what is requested is the sum of the limits: Guaranteed;
 *  - Burstable else.
 */
enum pn_qos pn_qos_compute(const struct pn_pod_resources *resources);

/* status.qosClass: "BestEffort", "Burstable", "Guaranteed"; else "unknown". Static. */
const char *pn_qos_name(enum pn_qos qos);

#endif
