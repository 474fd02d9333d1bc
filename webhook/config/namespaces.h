/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CONFIG_NAMESPACES_H
#define PN_CONFIG_NAMESPACES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/diag.h"
#include "base/value.h"

/*
 * Labels of namespaces, from a file: an immutable object of name -> object of labels. Shared by
 * reference count; reading it needs no lock.
 */
struct pn_namespaces;

/* The file holds faults; all are in `diags`. */
#define PN_NAMESPACES_E_FAULTS 1

/*
 * Reads v1 Namespaces from a YAML or JSON file: documents, and lists of them as `kubectl get
 * namespaces -o json` and the API server (NamespaceList, whose items have no kind) write them. Any
 * other kind of object is a fault. The last Namespace of a name counts, as it would when applied in
 * order. Returns 0 (caller owns one reference), PN_NAMESPACES_E_FAULTS, or -ENOMEM.
 */
int pn_namespaces_load(struct pn_namespaces **ret, const char *path,
                       struct pn_diags *diags) PN_MUST_CHECK;

struct pn_namespaces *pn_namespaces_ref(struct pn_namespaces *n);
/* NULL is allowed. */
void pn_namespaces_unref(struct pn_namespaces *n);
/* For PN_CLEANUP. */
void pn_namespaces_unref_pointer(struct pn_namespaces **n);

/* Object of namespace name -> object of labels, as struct pn_env has it. Borrowed. */
const struct pn_value *pn_namespaces_labels(const struct pn_namespaces *n);

#endif
