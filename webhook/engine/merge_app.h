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

/* Sets the reason (see pn_reason_make) and returns PN_MERGE_CLASH. */
int pn_merge_clash(struct pn_merge *m, enum pn_reason_id id, const char *name1,
                   struct pn_str value1, const char *name2, struct pn_str value2, const char *name3,
                   struct pn_str value3);

/* Gives the Pod's own containers what the rule says: mounts, env, envFrom. */
int pn_merge_app_rule(struct pn_merge *m, const struct pn_app_rule *rule) PN_MUST_CHECK;

#endif
