/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_JUDGE_H
#define PN_LINT_JUDGE_H

#include "engine/decide.h"
#include "lint/groups.h"
#include "lint/manifests.h"

/* One workload after the other, with what the engine decides about it. */
struct pn_judge {
    struct pn_lint *l;
    struct pn_groups groups;
    struct pn_decider decider;
    struct pn_value namespaces; /* name -> labels */
    const struct pn_manifest *m;
    const struct pn_decision *decision;
    const struct pn_lint_policy **policies; /* by their ids in the set; NULL: lint has none */
    bool *is_met;                           /* of policies: selects a workload, or nobody knows */
};

/* The policy that a verdict is about; NULL: lint does not know it. */
const struct pn_lint_policy *pn_judge_policy(const struct pn_judge *j, const struct pn_verdict *v);

/*
 * Adds this workload to the group of a rule and place, with what is said of it ("`web`: text"), at
 * `theirs` or, where that is no place, at its name. Returns the group when it is a new one, which
 * the caller has to tell about; else NULL, also as pn_groups_at.
 */
struct pn_group *pn_judge_add(struct pn_judge *j, enum pn_rule_id rule, struct pn_place at,
                              struct pn_place theirs, struct pn_str text);

/* A text in the run's arena. */
#define PN_JUDGE_FORMAT(j, ...) pn_arena_format((j)->l->arena, __VA_ARGS__)

/* Looks at the Pod as a whole: its class, and how many sidecars it gets, and how heavy. */
void pn_judge_class(struct pn_judge *j);
void pn_judge_weight(struct pn_judge *j);
void pn_judge_number(struct pn_judge *j);

/* Hooks that sleep for longer than this Pod has time to stop. */
void pn_judge_grace(struct pn_judge *j);

#endif
