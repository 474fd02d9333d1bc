/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_BUDGET_H
#define PN_ENGINE_BUDGET_H

#include "engine/plan.h"
#include "engine/reason.h"
#include "kube/qos.h"
#include "kube/resources.h"

/*
 * InjectionBudget: how much may be added to a Pod. A budget looks at the planned Pod after each
 * policy. A policy fails it when it takes a number beyond its maximum, or further beyond; what
 * others have taken beyond before is not its fault. All numbers are those of the Pod minus what is
 * ours and of what we render, never of what came back from the API server: so both rounds count
 * alike.
 */
struct pn_budget_limit {
    struct pn_str resource;
    __int128 nano;
    struct pn_str text; /* the quantity as written */
};

struct pn_budget_limits {
    const struct pn_budget_limit *items;
    size_t count;
};

/* added <= max(floor, percent of the app's own) */
struct pn_budget_share {
    bool is_set;
    int32_t percent;
    __int128 floor_nano;
};

enum pn_guaranteed { PN_GUARANTEED_RAISE, PN_GUARANTEED_SKIP, PN_GUARANTEED_ALLOW };

struct pn_budget {
    struct pn_str name;
    struct pn_selector pod_selector;
    struct pn_selector namespace_selector; /* no requirements: all namespaces */
    int32_t sidecars, per_category;        /* -1: not bounded */
    struct pn_budget_limits added_requests, added_limits, growth_requests;
    struct pn_budget_share cpu_share, memory_share;
    struct pn_strs known_sidecars; /* names of classic sidecars of others */
    bool warns;                    /* onExceeded: Warn */
    enum pn_guaranteed guaranteed;
    bool skips_pod_level; /* podLevelResources: Skip */
};

struct pn_budget_draft {
    struct pn_budget budget;
    const struct pn_source *source;
    const struct pn_node *name_node;
    uint64_t hash; /* of the document's spec */
};

/* Decodes a document of kind InjectionBudget; faults go to d->diags. */
void pn_budget_decode(struct pn_budget_draft *ret, struct pn_decoder *d,
                      const struct pn_document *doc);

/* What the planned Pod comes to at one point. */
struct pn_budget_usage {
    uint32_t edits;                /* of the plan, which are counted */
    uint32_t sidecars;             /* of ours */
    struct pn_requirements added;  /* of our containers that run for long; empty where nobody asks
                                      (pn_budgets.asks_added) */
    struct pn_pod_resources whole; /* the Pod minus what is ours, and what is planned; without the
                                      latter where nobody asks (pn_budgets.asks_whole) */
};

/* All budgets that hold for one Pod, and what it comes to so far. */
struct pn_budgets {
    const struct pn_budget **items;     /* by name */
    const struct pn_requirements *apps; /* for each budget: what the app itself states; empty where
                                           it allows no share of that */
    uint32_t *foreign;                  /* for each budget: sidecars of others */
    size_t count;
    enum pn_guaranteed guaranteed; /* the strictest of them; ALLOW when there is none */
    bool raises_pod_level;
    bool counts;     /* there is something to count: a budget, or pod-level resources */
    enum pn_qos qos; /* of the Pod minus what is ours */
    bool asks_added; /* somebody looks at what is added, not only at how many sidecars */
    bool asks_whole; /* somebody looks at what the whole Pod comes to, not only at what is added */
    struct pn_pod_resources start;  /* of the Pod minus what is ours */
    struct pn_resource_list stated; /* the requests of spec.resources, as defaulting leaves them */
    struct pn_value spec;           /* as received */
};

/* Quantities of the Pod are none: the API server would not have sent it. */
#define PN_BUDGETS_E_POD 1

/*
 * The budgets that hold for the plan's Pod, with what it comes to before anything is added. A
 * namespace selector that asks for labels which nobody told holds: a budget is not left out by
 * ignorance. Returns 0, PN_BUDGETS_E_POD (err says where) or -ENOMEM.
 */
int pn_budgets_init(struct pn_budgets *ret, const struct pn_plan *plan, struct pn_value spec,
                    struct pn_value namespace_labels, struct pn_err *err) PN_MUST_CHECK;

/* The QoS class of the Pod with these resources; requests of spec.resources are those that
 * defaulting gave it before anything was added. */
enum pn_qos pn_budgets_qos(const struct pn_budgets *b, const struct pn_pod_resources *resources);

/*
 * guaranteedPods: RaiseRequests. Where the Pod is Guaranteed, the containers of the candidates
 * request what they are limited to. *ret_raised: for each candidate, whether it was changed; NULL
 * when none was. Returns 0 or -ENOMEM.
 */
int pn_budgets_raise_requests(const bool **ret_raised, const struct pn_budgets *b,
                              struct pn_candidate *inout_candidates, size_t n,
                              const struct pn_policy_set *set, struct pn_arena *a) PN_MUST_CHECK;

/* A budget says no, or would if it did not only warn: the reason is set. */
#define PN_BUDGET_E_EXCEEDED 1
#define PN_BUDGET_E_WARNING 2

/*
 * What the plan comes to. With `present`, what is in the Pod already counts before it is planned:
 * it is never taken out, so it is charged first. What is added is summed from `planned` on, which
 * was measured without `present`, and since when edits were only appended, or cut back to there
 * (they may have moved: a sum does not ask where). NULL: from the start. Returns 0 or a negative
 * errno.
 */
int pn_budgets_measure(struct pn_budget_usage *ret, const struct pn_budgets *b,
                       const struct pn_plan *plan, const struct pn_budget_usage *planned,
                       bool present) PN_MUST_CHECK;

/* Nano-units of a resource as a quantity, in `a`; s == NULL when memory was refused. */
struct pn_str pn_budget_amount(struct pn_str resource, __int128 nano, struct pn_arena *a);

/* The most that the share allows, in nano-units: of what the app itself requests. */
__int128 pn_budget_share_most(const struct pn_budget_share *share,
                              const struct pn_requirements *app, struct pn_str resource);

/* Templates of a category that the plan's policies have added. */
int64_t pn_budget_count_category(const struct pn_plan *plan, struct pn_str category);

/*
 * Judges the plan after `candidate` was merged, by what it came to before and comes to now.
 * `charged` tells for each candidate whether its templates count before they are planned (NULL:
 * none does). Returns 0, PN_BUDGET_E_EXCEEDED (*ret_note may say more), PN_BUDGET_E_WARNING, or a
 * negative errno.
 */
int pn_budgets_check(const struct pn_budgets *b, const struct pn_plan *plan,
                     const struct pn_candidate *candidate, const bool *charged,
                     const struct pn_budget_usage *before, const struct pn_budget_usage *after,
                     struct pn_reason *ret_reason, struct pn_reason *ret_note) PN_MUST_CHECK;

/*
 * The Pod's own spec.resources, which must have room for what the plan comes to now, where that is
 * more than before: raised where that is wanted (an edit, and *ret_note). Returns 0,
 * PN_BUDGET_E_EXCEEDED, or a negative errno.
 */
int pn_budgets_check_pod_level(const struct pn_budgets *b, struct pn_plan *plan,
                               const struct pn_budget_usage *before,
                               const struct pn_budget_usage *after, struct pn_reason *ret_reason,
                               struct pn_reason *ret_note) PN_MUST_CHECK;

#endif
