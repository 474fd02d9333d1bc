/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_POLICY_H
#define PN_ENGINE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/node.h"
#include "base/str.h"
#include "base/value.h"

/*
 * An immutable, compiled set of templates and policies in one arena. Shared by reference count;
 * reading it needs no lock. The count is atomic; the last unref frees.
 */
struct pn_policy_set;
struct pn_selector;

/* Documents hold faults; all of them are in `diags`. */
#define PN_POLICY_E_FAULTS 1

/*
 * Decodes, checks and compiles documents of apiVersion pannier.dev/v1alpha1: SidecarTemplate,
 * InjectionPolicy and InjectionBudget (PolicyTest is left to `pannier test`). Every fault of every
 * document is reported with its place. Nothing of the documents is borrowed afterwards. No document
 * at all gives an empty set. Returns 0 (caller owns one reference), PN_POLICY_E_FAULTS, or -ENOMEM.
 */
int pn_policy_set_new(struct pn_policy_set **ret, const struct pn_document *docs, size_t n,
                      struct pn_diags *diags) PN_MUST_CHECK;

/*
 * The same with every policy in mode Audit, whatever it says: all is decided and told, nothing is
 * changed or denied.
 */
int pn_policy_set_new_audit(struct pn_policy_set **ret, const struct pn_document *docs, size_t n,
                            struct pn_diags *diags) PN_MUST_CHECK;

struct pn_policy_set *pn_policy_set_ref(struct pn_policy_set *set);
/* NULL is allowed. */
void pn_policy_set_unref(struct pn_policy_set *set);
/* For PN_CLEANUP. */
void pn_policy_set_unref_pointer(struct pn_policy_set **set);

size_t pn_policy_set_policy_count(const struct pn_policy_set *set);
size_t pn_policy_set_template_count(const struct pn_policy_set *set);
size_t pn_policy_set_budget_count(const struct pn_policy_set *set);

/*
 * A hash of kind, name and spec of all documents: the same for the same documents, in whatever
 * files and order they stand.
 */
uint64_t pn_policy_set_hash(const struct pn_policy_set *set);

/* Name of policy `id` (0 to count-1, in order of evaluation). */
struct pn_str pn_policy_set_policy_name(const struct pn_policy_set *set, uint32_t id);

/* Whom a policy may reach. Borrowed from the set. */
struct pn_policy_scope {
    const struct pn_selector *pods, *namespaces; /* no requirements: all of them */
    struct pn_value annotations;                 /* pairs that the Pod must have, or absent */
    bool denies; /* refuses a Pod that lacks what it adds: onFailure Deny, not in mode Audit */
};

/* `id` is below pn_policy_set_policy_count. */
void pn_policy_set_scope(struct pn_policy_scope *ret, const struct pn_policy_set *set, uint32_t id);

/* True when `apiVersion` of the document is ours (pannier.dev/...). */
bool pn_policy_is_ours(const struct pn_document *doc);

#endif
