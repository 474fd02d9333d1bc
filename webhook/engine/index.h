/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_INDEX_H
#define PN_ENGINE_INDEX_H

#include "engine/policy_set.h"

/*
 * From a Pod to the policies that may select it, without looking at the others. Each policy is
 * posted once under its cheapest necessary condition: a required label pair (one posting for each
 * value of an In), else a label key that must exist, else the namespaces it names, else an
 * annotation pair, else the list of those that are always looked at. The rarest pair wins. Never
 * under NotIn or DoesNotExist, which an absent label satisfies.
 */

/* Builds the index of set->policies in `a`. Returns 0 or -ENOMEM. */
int pn_index_new(const struct pn_index **ret, const struct pn_policy_set *set,
                 struct pn_arena *a) PN_MUST_CHECK;

/*
 * The ids of all policies whose posting fits, ascending (which is the order of evaluation), each
 * once. *ret lives in `a`. Returns 0 or -ENOMEM.
 */
int pn_index_candidates(const uint32_t **ret, size_t *ret_n, const struct pn_policy_set *set,
                        struct pn_str pod_namespace, struct pn_value labels,
                        struct pn_value annotations, struct pn_arena *a) PN_MUST_CHECK;

#endif
