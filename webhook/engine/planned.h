/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PLANNED_H
#define PN_ENGINE_PLANNED_H

#include "engine/plan.h"

enum pn_planned {
    PN_PLANNED_FINAL,    /* what the API server makes of Pod and patch */
    PN_PLANNED_RENDERED, /* what is planned, as rendered, whatever came back of it */
    PN_PLANNED_PRESENT,  /* and what of ours is in the Pod without being planned (yet) */
    PN_PLANNED_BASELINE, /* the containers that are not ours */
};

/*
 * The Pod's spec with what is planned for its containers and its resources; FINAL has volumes and
 * pull secrets too. Borrows from plan and spec. Returns 0 or -ENOMEM.
 */
int pn_planned_spec(struct pn_value *ret, const struct pn_plan *plan, struct pn_value spec,
                    enum pn_planned what) PN_MUST_CHECK;

/* metadata with the planned annotations. Returns 0 or -ENOMEM. */
int pn_planned_metadata(struct pn_value *ret, const struct pn_plan *plan,
                        struct pn_value metadata) PN_MUST_CHECK;

/* spec.resources as planned, else as received. */
struct pn_value pn_planned_resources(const struct pn_plan *plan, struct pn_value spec);

/*
 * Edits of one kind (of one list of containers) that are new, by place and then in the order they
 * were made. Returns 0 or -ENOMEM.
 */
struct pn_edits {
    const struct pn_edit **items;
    uint32_t count;
};
int pn_planned_edits(struct pn_edits *ret, const struct pn_plan *plan, enum pn_edit_kind kind,
                     bool init) PN_MUST_CHECK;

#endif
