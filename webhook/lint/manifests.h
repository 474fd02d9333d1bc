/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_MANIFESTS_H
#define PN_LINT_MANIFESTS_H

#include "kube/workload.h"
#include "lint/model.h"

/* One workload of the manifests: an object of a kind that carries a Pod. */
struct pn_manifest {
    const struct pn_source *source;
    const struct pn_node *root; /* the object */
    const struct pn_node *pod;  /* what has the Pod's metadata and spec: the template, or `root` */
    const struct pn_workload *workload;
    struct pn_str kind, name, namespace;
};

/* Reads all of them into the run's `workloads`, those in lists too, in order. */
void pn_manifests_read(struct pn_lint *l);

/*
 * The labels of the namespaces that the manifests have (kind Namespace): an object of name ->
 * labels. Absent: there is none.
 */
struct pn_value pn_manifests_namespaces(struct pn_lint *l);

/* Its name, or what else tells where it is. */
struct pn_place pn_manifest_place(const struct pn_manifest *m);

/* "Deployment `web`", in the run's arena. */
struct pn_str pn_manifest_title(struct pn_lint *l, const struct pn_manifest *m);

/* The member of a mapping whose key is any text, or NULL. */
const struct pn_node *pn_manifest_find(const struct pn_node *mapping, struct pn_str key);

/* The member of `list` in the Pod's spec that is named so, or NULL. */
const struct pn_node *pn_manifest_named(const struct pn_manifest *m, const char *list,
                                        struct pn_str name);

/* A container of the Pod, be it an init container, or NULL. */
const struct pn_node *pn_manifest_container(const struct pn_manifest *m, struct pn_str name);

#endif
