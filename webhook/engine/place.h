/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PLACE_H
#define PN_ENGINE_PLACE_H

#include "engine/plan.h"

/*
 * Where a new init container goes: before received index `gap`. What the Pod's own init containers
 * (those that are not ours) are decides; ours that are there already stay where they are, and
 * nothing of others is ever moved. Several at one gap stand by position, then in order of
 * evaluation.
 */
struct pn_place {
    uint32_t gap;
    enum pn_position position;
};

struct pn_place pn_place_init(const struct pn_plan *plan, const struct pn_template *t,
                              struct pn_str name);

#endif
