/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PLACE_H
#define PN_ENGINE_PLACE_H

#include "engine/plan.h"

/*
 * Where a new init container goes: the received index before which it stands. What the Pod's own
 * init containers (those that are not ours) say decides; ours that are there already stay where
 * they are, and nothing of others is ever moved. Several at one place stand in order of
 * evaluation.
 */
uint32_t pn_place_gap(const struct pn_plan *plan, const struct pn_template *t, struct pn_str name);

#endif
