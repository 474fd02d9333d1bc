/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/apply.h"

#include <errno.h>

#include "engine/merge.h"
#include "engine/own.h"
#include "engine/place.h"

static const struct pn_policy *policy_of(const struct pn_apply *a, const struct pn_candidate *c)
{
    return &a->plan->set->policies[c->policy];
}

/* The verdict of candidate `c`; both stand in order of evaluation. */
static struct pn_verdict *verdict_of(const struct pn_apply *a, size_t c, size_t *inout_at)
{
    while (a->verdicts[*inout_at].policy != a->plan->candidates[c].policy)
        ++*inout_at;
    return &a->verdicts[*inout_at];
}

/* True when the Pod has every container that the candidate adds, and there is one. */
static bool is_present(const struct pn_apply *a, const struct pn_candidate *c)
{
    const struct pn_policy *policy = policy_of(a, c);
    uint32_t total = 0;
    for (size_t t = 0; t < policy->injection_count; t++) {
        const struct pn_value lists[] = {c->fragments[t]->containers,
                                         c->fragments[t]->init_containers};
        for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
            for (uint32_t k = 0; k < pn_value_count(lists[l]); k++) {
                struct pn_own own = pn_own_container(a->plan->pod, policy->injections[t].template,
                                                     pn_value_at(lists[l], k), l == 1);
                if (own.state != PN_OWN_OURS)
                    return false;
                total++;
            }
        }
    }
    return total > 0;
}

static int over_budget(struct pn_verdict *v, const struct pn_reason *why, struct pn_arena *arena)
{
    struct pn_buf detail = PN_BUF_IN_ARENA(arena);
    pn_reason_write(&detail, why);
    if (detail.failed)
        return -ENOMEM;
    v->reason = PN_REASON(arena, PN_REASON_INJECTED_OVER_BUDGET,
                          {"content", pn_value_str(PN_GET(v->reason.arguments, "content"))},
                          {"detail", pn_buf_view(&detail)});
    return 0;
}

/* Whether the budgets let the merged candidate stay; *ret_trims says that they do not. */
static int check_budgets(struct pn_apply *a, size_t c, struct pn_verdict *v, bool present,
                         const struct pn_budget_usage *before, struct pn_reason *ret_note,
                         bool *ret_trims)
{
    const struct pn_candidate *candidate = &a->plan->candidates[c];
    struct pn_reason why = {.id = PN_REASON_NONE};
    struct pn_budget_usage after;
    bool stays = present || policy_of(a, candidate)->deny_on_failure;
    int r = pn_budgets_measure(&after, a->budgets, a->plan, !present);
    if (r == 0)
        r = pn_budgets_check(a->budgets, a->plan, candidate, stays, before, &after, &why, ret_note);
    if (r <= 0)
        return r;
    /* Pod-level resources are a rule of Kubernetes, not a wish: nothing goes beyond them. */
    *ret_trims = r == PN_BUDGET_E_EXCEEDED &&
                 (!stays || why.id == PN_REASON_POD_LEVEL_RESOURCES_EXCEEDED ||
                  why.id == PN_REASON_PATCH_TOO_LARGE);
    if (!*ret_trims)
        return over_budget(v, &why, a->plan->arena);
    v->reason = why;
    return 0;
}

/* Whether the API server takes the Pod with the merged candidate; *ret_trims says that it does not.
 */
static int check_validity(struct pn_apply *a, struct pn_verdict *v, bool *ret_trims)
{
    struct pn_str fault = PN_STR_NULL;
    int r = pn_verify_plan(&fault, &a->verify, a->plan);
    if (r != 0 || fault.s == NULL)
        return r;
    *ret_trims = true;
    v->reason = PN_REASON(a->plan->arena, PN_REASON_POD_WOULD_BE_INVALID, {"detail", fault});
    return 0;
}

/* A note of this file's: of what the policy brings about, or why it does not fit. */
static bool is_note_of_budgets(enum pn_reason_id id)
{
    return id == PN_REASON_REQUESTS_RAISED || id == PN_REASON_POD_LEVEL_RESOURCES_RAISED ||
           id == PN_REASON_APP_REQUESTS_UNKNOWN;
}

/* Merges one candidate, as a whole or not at all. */
static int apply_one(struct pn_apply *a, size_t c, struct pn_verdict *v)
{
    const struct pn_candidate *candidate = &a->plan->candidates[c];
    uint32_t start = a->plan->count;
    bool present = !v->audit && is_present(a, candidate), trims = false;
    struct pn_reason note = {.id = PN_REASON_NONE};
    struct pn_budget_usage before;
    if (is_note_of_budgets(v->note.id)) /* of an earlier pass */
        v->note = note;
    int r = a->budgets->counts ? pn_budgets_measure(&before, a->budgets, a->plan, !present) : 0;
    if (r == 0)
        r = pn_merge(a->plan, candidate, &v->reason);
    if (r != 0 || pn_reason_class_of(v->reason.id) == PN_CLASS_FAILURE)
        return r;
    v->changes = pn_plan_changes(a->plan, start);
    if (a->raised != NULL && a->raised[c])
        note.id = PN_REASON_REQUESTS_RAISED;
    if (a->budgets->counts)
        r = check_budgets(a, c, v, present, &before, &note, &trims);
    if (r == 0 && !trims && a->verifies_each && v->changes)
        r = check_validity(a, v, &trims);
    if (trims || v->audit) /* nothing is built on what Audit would do */
        pn_plan_cut(a->plan, start);
    if (trims && note.id != PN_REASON_APP_REQUESTS_UNKNOWN) /* nothing is raised */
        note.id = PN_REASON_NONE;
    if (v->note.id == PN_REASON_NONE)
        v->note = note;
    return r;
}

static int apply_once(struct pn_apply *a)
{
    int r = 0;
    for (size_t c = 0, at = 0; r == 0 && c < a->plan->candidate_count; c++) {
        struct pn_verdict *v = verdict_of(a, c, &at);
        r = apply_one(a, c, v);
    }
    return r;
}

/* A reason that depends on what else was applied. */
static bool is_relative(enum pn_reason_id id)
{
    return id >= PN_REASON_BUDGET_SIDECARS && id <= PN_REASON_POD_WOULD_BE_INVALID;
}

/*
 * Why each policy that failed does so beside all that were applied: those are the same in both
 * rounds, and so are these reasons. (In the order of evaluation, what a later policy adds would be
 * in the way in the second round only.)
 */
static int explain_failures(struct pn_apply *a)
{
    int r = 0;
    for (size_t c = 0, at = 0; r == 0 && c < a->plan->candidate_count; c++) {
        struct pn_verdict *v = verdict_of(a, c, &at), again = *v;
        uint32_t start = a->plan->count;
        if (pn_reason_class_of(v->reason.id) != PN_CLASS_FAILURE ||
            (!a->plan->strict && !is_relative(v->reason.id)))
            continue;
        r = apply_one(a, c, &again);
        pn_plan_cut(a->plan, start);
        if (r == 0 && pn_reason_class_of(again.reason.id) == PN_CLASS_FAILURE)
            v->reason = again.reason;
    }
    return r;
}

static int apply_again(struct pn_apply *a)
{
    pn_plan_cut(a->plan, 0);
    return apply_once(a);
}

/* What comes out is what the API server takes, if it takes what was received. */
static int verify(struct pn_apply *a)
{
    struct pn_str fault = PN_STR_NULL, before = PN_STR_NULL;
    int r = pn_plan_changes(a->plan, 0) ? pn_verify_plan(&fault, &a->verify, a->plan) : 0;
    if (r == 0 && fault.s != NULL)
        r = pn_verify_received(&before, &a->verify, a->plan->arena);
    if (r != 0 || fault.s == NULL || before.s != NULL)
        return r;
    a->verifies_each = true;
    return apply_again(a);
}

int pn_apply_all(struct pn_apply *a)
{
    int r = apply_once(a);
    if (r == 0 && pn_plan_is_provisional(a->plan)) {
        a->plan->strict = true;
        r = apply_again(a);
    }
    if (r == 0)
        r = verify(a);
    return r == 0 ? explain_failures(a) : r;
}
