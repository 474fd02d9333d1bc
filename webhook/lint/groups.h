/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_GROUPS_H
#define PN_LINT_GROUPS_H

#include "lint/model.h"

/*
 * Findings about workloads, put together: what has one cause in twelve workloads is one finding
 * that names the first of them, shows a few, and says how many more there are.
 */
enum { PN_GROUP_SHOWN = 3 };

struct pn_group {
    enum pn_rule_id rule;
    struct pn_place at;
    struct pn_str message;
    const char *note, *help; /* static; NULL: none */
    struct pn_place cause;   /* another place that it is about; node NULL: none */
    const char *cause_label;
    enum pn_severity severity; /* by default the rule's own */
    struct {
        struct pn_place at;
        struct pn_str label;
    } shown[PN_GROUP_SHOWN];
    size_t count; /* of workloads */
};

struct pn_groups {
    struct pn_lint *l;
    struct pn_group *items;
    size_t count, cap;
};

/*
 * The group of a rule at a place; a new one has rule, place and severity only. NULL: the place is
 * none, or memory was refused. It is valid until the next call.
 */
struct pn_group *pn_groups_at(struct pn_groups *g, enum pn_rule_id rule, struct pn_place at);

/* One more workload; `at` is what in it the finding is about, and `label` what stands there. */
void pn_group_add(struct pn_group *group, struct pn_place at, struct pn_str label);

/* Reports them all. */
void pn_groups_report(const struct pn_groups *g);

#endif
