/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_POD_H
#define PN_ENGINE_POD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/*
 * A typed, read-only view of the Pod as it was sent. Its types are checked (the API server decodes
 * into Go structs before it asks us); its values are not: admission runs before validation.
 */
struct pn_container {
    struct pn_value value;
    struct pn_str name; /* may be empty or illegal */
    bool sidecar;       /* an init container with restartPolicy Always */
};

struct pn_containers {
    const struct pn_container *items;
    uint32_t count;
    struct pn_value list; /* as received: absent, null, or a list */
};

struct pn_pod {
    struct pn_str pod_namespace;         /* of the request */
    struct pn_str name;                  /* metadata.name, else generateName; may be empty */
    struct pn_value labels, annotations; /* objects of strings, or unset */
    struct pn_containers init_containers, containers;
    struct pn_value volumes, image_pull_secrets; /* lists of objects, or unset */
    struct pn_value requests;                    /* spec.resources.requests, whatever it is */
    bool host_network;
    bool ends; /* restartPolicy is OnFailure or Never */
    /* Whose Pod it is: its controller without what differs from Pod to Pod; see pn_pod_init. */
    struct pn_str workload;
    struct pn_str os; /* "windows", or "linux" also when nothing is said */
};

/* A field has a type that the API server could not have sent. */
#define PN_POD_E_TYPE 1

/*
 * Views a Pod's metadata and spec. Borrows from both; arrays live in `a`. The workload is the
 * controller's name, without `-<pod-template-hash>` of a ReplicaSet that a Deployment made and
 * without the minute in the name of a CronJob's Job (kubernetes/pkg/controller: deployment/sync.go,
 * cronjob/utils.go); without a controller generateName, else the name. Returns 0,
 * PN_POD_E_TYPE (err names the path below "request.object"), or -ENOMEM.
 */
int pn_pod_init(struct pn_pod *ret, struct pn_str pod_namespace, struct pn_value metadata,
                struct pn_value spec, struct pn_arena *a, struct pn_err *err) PN_MUST_CHECK;

/*
 * Why the API server will refuse this Pod whatever we add: no containers, or names that are
 * missing, illegal or used twice. *ret has s == NULL when nothing is wrong. Returns 0 or -ENOMEM.
 * (V:3807-4048 of Kubernetes' pkg/apis/core/validation: container names are DNS labels, unique over
 * both lists.)
 */
int pn_pod_fault(struct pn_str *ret, const struct pn_pod *pod, struct pn_arena *a) PN_MUST_CHECK;

#endif
