/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CONFIG_SNAPSHOT_H
#define PN_CONFIG_SNAPSHOT_H

#include "config/namespaces.h"
#include "engine/policy.h"

/*
 * The published policy set and labels of namespaces: two pointers under a mutex that is held for a
 * load and an increment. (An atomic pointer alone races: the set could be freed between the load
 * and the increment.)
 */
struct pn_snapshot;

/* A snapshot that holds nothing yet. Returns 0 or -ENOMEM. */
int pn_snapshot_new(struct pn_snapshot **ret) PN_MUST_CHECK;

/* Drops the references to what is published. NULL is allowed. */
void pn_snapshot_free(struct pn_snapshot *s);

/* The published set with a reference for the caller (pn_policy_set_unref), or NULL before any. */
struct pn_policy_set *pn_snapshot_acquire(struct pn_snapshot *s) PN_MUST_CHECK;

/* Publishes `take`, whose reference is taken over; the set before loses its own. */
void pn_snapshot_publish(struct pn_snapshot *s, struct pn_policy_set *take);

/*
 * The same for both, which belong together: they come from one load. *ret_namespaces is NULL when
 * nobody gave labels (pn_namespaces_unref otherwise).
 */
struct pn_policy_set *pn_snapshot_acquire_both(struct pn_snapshot *s,
                                               struct pn_namespaces **ret_namespaces) PN_MUST_CHECK;
void pn_snapshot_publish_both(struct pn_snapshot *s, struct pn_policy_set *take_set,
                              struct pn_namespaces *take_namespaces);

#endif
