/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PLACE_H
#define PN_ENGINE_PLACE_H

#include "engine/plan.h"
#include "engine/reason.h"

/*
 * Where new init containers go. The wish is a position relative to the Pod's own init containers
 * (those that are not ours); before and after, which name others of ours or foreign ones, are the
 * law. What is in the Pod already stays where it is. Several at one place stand in the order that
 * before and after ask for, then by position, then in order of evaluation.
 */

/* The words of a placement's position, in the order of enum pn_position; ends with NULL. */
extern const char *const pn_position_words[];

/* What template `t` says of its init container `name`; NULL: nothing, which is Last. */
const struct pn_placement *pn_place_of(const struct pn_template *t, struct pn_str name);

/* A container cannot stand, or in a final plan does not stand, where before and after want it. */
#define PN_PLACE_E_UNSATISFIABLE 1

/*
 * Gives every new init container of the plan its place (`at` and `slot`). Returns 0, -ENOMEM, or
 * PN_PLACE_E_UNSATISFIABLE (*ret_which is one that has none).
 */
int pn_place_all(struct pn_plan *plan, const struct pn_edit **ret_which) PN_MUST_CHECK;

/* "after istio-proxy and before app-init": what a placement asks for, for people. */
struct pn_str pn_place_describe(const struct pn_placement *p, struct pn_arena *a);

/*
 * A container of the candidate that is to stand before or after one that the planned Pod does not
 * have: *ret_name and *ret_other, or s == NULL when there is none.
 */
void pn_place_find_absent(struct pn_str *ret_name, struct pn_str *ret_other,
                          const struct pn_plan *plan, const struct pn_candidate *candidate);

#endif
