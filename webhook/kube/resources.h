/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_RESOURCES_H
#define PN_KUBE_RESOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/value.h"
#include "kube/quantity.h"

/*
 * What a Pod requests and is limited to, as the scheduler, ResourceQuota and the kubelet add it up
 * (Kubernetes 1.36: component-helpers resource/helpers.go), after the API server's defaulting
 * (pkg/apis/core/v1/defaults.go). Defaulting a Pod twice changes nothing, so a received Pod, a
 * planned one and a manifest are all read alike.
 */
struct pn_resource {
    struct pn_str name;          /* "cpu", "hugepages-2Mi", "example.com/gpu"; borrowed */
    struct pn_quantity quantity; /* in the format that Kubernetes shows; 0 when out_of_range */
    bool out_of_range;           /* more digits than are held: a budget counts it as not fitting */
    uint32_t containers;         /* how many containers state it, a limit being a request too */
};

/* Ascending by name, no name twice. What is not listed is stated nowhere: no request, which counts
 * as 0, or no limit, which is none at all. */
struct pn_resource_list {
    const struct pn_resource *items;
    uint32_t count;
};

struct pn_requirements {
    struct pn_resource_list requests, limits;
};

struct pn_pod_resources {
    /* What counts for the Pod as a whole (PodRequests, PodLimits): `containers`, where `pod` does
     * not state cpu, memory or hugepages itself, plus the overhead; a limit that is absent or 0
     * gets none. A limit sums up what is stated: a container without one does not show in it. */
    struct pn_requirements effective;
    /* What the containers come to (AggregateContainerRequests, AggregateContainerLimits), which
     * spec.resources must have room for: app containers and sidecars together or, where that is
     * more, an init container and the sidecars before it. */
    struct pn_requirements containers;
    /* spec.resources. When it has limits, what it does not request is what the containers request,
     * else the limit; its hugepages limits are by default those of the containers. The items'
     * `containers` is 0. */
    struct pn_requirements pod;
    bool has_pod_level; /* spec.resources is there, be it empty */
    /* What the QoS class is made of: cpu and memory above 0, added up over all containers, init
     * containers too. The items' `containers` counts those. */
    struct pn_requirements above_zero;
    uint32_t container_count; /* init containers too */
};

/* A value has the wrong type or is no quantity. */
#define PN_RESOURCES_E_INVALID 1

/*
 * Computes the resources of a Pod from its spec (an object, or unset). Lists are in `a`, names are
 * borrowed from `spec`. The cost is that of sorting what is stated. Returns 0,
 * PN_RESOURCES_E_INVALID (err begins with the JSON pointer of what is wrong, as in
 * "/containers/0/resources/requests/cpu: ...") or -ENOMEM.
 */
int pn_resources_of_spec(struct pn_pod_resources *ret, struct pn_value spec, struct pn_arena *a,
                         struct pn_err *err) PN_MUST_CHECK;

/*
 * Adds up what `n` containers state, whatever they are: a missing request is the limit, all is
 * rounded to thousandths, as defaulting does. Otherwise like pn_resources_of_spec; pointers in err
 * begin with the number of the container ("/0/resources/limits/memory: ...").
 */
int pn_resources_sum(struct pn_requirements *ret, const struct pn_value *containers, uint32_t n,
                     struct pn_arena *a, struct pn_err *err) PN_MUST_CHECK;

/* The same, going on from an earlier sum, from which names are borrowed too: as if the containers
 * of both had been added up at once, those of `to` first. */
int pn_resources_add(struct pn_requirements *ret, const struct pn_requirements *to,
                     const struct pn_value *containers, uint32_t n, struct pn_arena *a,
                     struct pn_err *err) PN_MUST_CHECK;

/* The resource of that name, or NULL. */
const struct pn_resource *pn_resources_find(const struct pn_resource_list *list,
                                            struct pn_str name);

/*
 * Arithmetic in nano-units, exact. False: a number is out of range, which a budget counts as not
 * fitting.
 */

/* How much there is of a resource; 0 when it is not listed. */
bool pn_resources_nano(__int128 *ret, const struct pn_resource_list *list, struct pn_str name);

/* By how much it grows from `before` to `after`; negative when it shrinks. */
bool pn_resources_growth(__int128 *ret, const struct pn_resource_list *after,
                         const struct pn_resource_list *before, struct pn_str name);

/* `percent` per cent of `nano`, rounded down: what is at most this is at most the exact share. */
bool pn_resources_percent(__int128 *ret, __int128 nano, uint32_t percent);

#endif
