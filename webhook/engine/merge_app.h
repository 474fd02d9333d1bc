/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_MERGE_APP_H
#define PN_ENGINE_MERGE_APP_H

#include "engine/plan.h"
#include "engine/reason.h"

/* Private to merge.c and merge_app.c: a merge that is under way. */
struct pn_merge {
    struct pn_plan *plan;
    const struct pn_template *template;
    struct pn_reason reason; /* of the clash */
    uint32_t found;          /* containers of ours that were there */
};

/* What steps of a merge return beside 0 and -ENOMEM: a reason is set. */
enum { PN_MERGE_CLASH = 1 };

/* Sets the reason: PN_CLASH(m, PN_REASON_X, {"name", value}, ...). Yields PN_MERGE_CLASH. */
#define PN_CLASH(m, id, ...) \
    ((m)->reason = PN_REASON((m)->plan->arena, (id), __VA_ARGS__), PN_MERGE_CLASH)

/* Gives the Pod's own containers what the rule says: mounts, env, envFrom. */
int pn_merge_app_rule(struct pn_merge *m, const struct pn_app_rule *rule) PN_MUST_CHECK;

#endif
