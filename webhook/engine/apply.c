/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/apply.h"

#include <errno.h>

#include "engine/merge.h"
#include "engine/place.h"

/* The verdict of candidate `c`; both stand in order of evaluation. */
static struct pn_verdict *verdict_of(const struct pn_apply *a, size_t c, size_t *inout_at)
{
    while (a->verdicts[*inout_at].policy != a->plan->candidates[c].policy)
        ++*inout_at;
    return &a->verdicts[*inout_at];
}

/* Containers that a candidate adds: how many of them the Pod has, of those how many nobody has
 * planned, and how many are planned that the Pod has not. */
struct presence {
    uint32_t all, received, unplanned, planned;
};

static struct presence presence_of(const struct pn_apply *a, const struct pn_candidate *c)
{
    const struct pn_policy *policy = pn_plan_policy(a->plan, c);
    struct presence n = {0};
    for (size_t t = 0; t < policy->injection_count; t++) {
        const struct pn_value lists[] = {c->fragments[t]->containers,
                                         c->fragments[t]->init_containers};
        for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
            for (uint32_t k = 0; k < pn_value_count(lists[l]); k++) {
                struct pn_value rendered = pn_value_at(lists[l], k);
                struct pn_own own = pn_merge_own(a->plan, policy->injections[t].template, rendered,
                                                 l == 1);
                const struct pn_edit *edit = pn_plan_find(a->plan, PN_EDIT_CONTAINER,
                                                          pn_plan_name(rendered));
                bool received = own.state == PN_OWN_OURS;
                n.received += received;
                n.unplanned += received && edit == NULL;
                n.planned += !received && edit != NULL && edit->init == (l == 1) &&
                             pn_value_equal(edit->value, rendered);
                n.all++;
            }
        }
    }
    return n;
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

static bool holds_ours(const struct pn_plan *plan)
{
    for (int init = 0; init < 2; init++) {
        for (uint32_t i = 0; i < pn_plan_list(plan, init)->count; i++) {
            if (plan->ours[init][i])
                return true;
        }
    }
    return false;
}

/*
 * What the Pod comes to. A policy is trimmed by what is planned and by what of ours is in the Pod
 * besides, which is charged first. That a policy is beyond a budget is told by what is planned
 * alone, in order of evaluation: in the second round everything is there.
 */
struct usage {
    struct pn_budget_usage planned, charged;
};

/* `before`: what it came to when the plan was a beginning of what it is now; NULL: unknown. */
static int measure(struct usage *ret, const struct pn_apply *a, const struct usage *before)
{
    *ret = (struct usage){0};
    if (!a->budgets->counts)
        return 0;
    int r = pn_budgets_measure(&ret->planned, a->budgets, a->plan,
                               before != NULL ? &before->planned : NULL, false);
    ret->charged = ret->planned;
    return r == 0 && a->holds_ours
               ? pn_budgets_measure(&ret->charged, a->budgets, a->plan, &ret->planned, true)
               : r;
}

/* Whether the merged candidate goes beyond a budget that it may be trimmed for, or that it tells.
 */
static int check_budgets(struct pn_apply *a, const struct pn_candidate *candidate, bool stays,
                         const struct usage *before, const struct usage *after,
                         struct pn_verdict *v, struct pn_reason *ret_note)
{
    struct pn_reason why = {.id = PN_REASON_NONE}, unused;
    int r = stays ? 0
                  : pn_budgets_check(a->budgets, a->plan, candidate, a->stays, &before->charged,
                                     &after->charged, &why, ret_note);
    if (r == PN_BUDGET_E_EXCEEDED)
        v->reason = why;
    if (r < 0 || r == PN_BUDGET_E_EXCEEDED)
        return r;
    if (stays || a->holds_ours || a->has_staying) /* else it is the same question again */
        r = pn_budgets_check(a->budgets, a->plan, candidate, NULL, &before->planned,
                             &after->planned, &why, &unused);
    return r > 0 ? over_budget(v, &why, a->plan->arena) : r;
}

/* All that bounds resources. *ret_trims: the merged candidate cannot stay. */
static int check_resources(struct pn_apply *a, size_t c, struct pn_verdict *v,
                           const struct usage *before, struct usage *ret_after,
                           struct pn_reason *inout_note, bool *ret_trims)
{
    const struct pn_candidate *candidate = &a->plan->candidates[c];
    bool stays = a->stays[c] || pn_plan_policy(a->plan, candidate)->deny_on_failure;
    int r = measure(ret_after, a, before);
    if (r == 0)
        r = check_budgets(a, candidate, stays, before, ret_after, v, inout_note);
    /* Pod-level resources are a rule of Kubernetes, not a wish: nothing goes beyond them. */
    if (r == 0)
        r = pn_budgets_check_pod_level(a->budgets, a->plan, &before->planned,
                                       a->stays[c] ? &ret_after->planned : &ret_after->charged,
                                       &v->reason, inout_note);
    *ret_trims = r == PN_BUDGET_E_EXCEEDED;
    return r < 0 ? r : 0;
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

/* Merges one candidate, as a whole or not at all; *ret_after is told when it is merged. */
static int apply_one(struct pn_apply *a, size_t c, struct pn_verdict *v, const struct usage *before,
                     struct usage *ret_after)
{
    uint32_t start = a->plan->count;
    bool trims = false;
    struct pn_reason note = {.id = PN_REASON_NONE};
    if (is_note_of_budgets(v->note.id)) /* of an earlier pass */
        v->note = note;
    int r = pn_merge(a->plan, &a->plan->candidates[c], &v->reason);
    if (r != 0 || pn_reason_class_of(v->reason.id) == PN_CLASS_FAILURE)
        return r;
    v->changes = pn_plan_changes(a->plan, start);
    if (a->raised != NULL && a->raised[c])
        note.id = PN_REASON_REQUESTS_RAISED;
    if (a->budgets->counts)
        r = check_resources(a, c, v, before, ret_after, &note, &trims);
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

/* Merges all of them, from the start. */
static int apply_once(struct pn_apply *a)
{
    struct usage now, after = {0};
    pn_plan_cut(a->plan, 0);
    int r = measure(&now, a, NULL);
    for (size_t c = 0, at = 0; r == 0 && c < a->plan->candidate_count; c++) {
        struct pn_verdict *v = verdict_of(a, c, &at);
        uint32_t start = a->plan->count;
        r = apply_one(a, c, v, &now, &after);
        if (a->plan->count > start)
            now = after;
    }
    return r;
}

/* A reason that depends on what else was applied. */
static bool is_relative(enum pn_reason_id id)
{
    return id == PN_REASON_ORDER_UNSATISFIABLE ||
           (id >= PN_REASON_BUDGET_SIDECARS && id <= PN_REASON_POD_WOULD_BE_INVALID);
}

/*
 * Why each policy that failed does so beside all that were applied: those are the same in both
 * rounds, and so are these reasons. (In the order of evaluation, what a later policy adds would be
 * in the way in the second round only.) The order comes last: in the first round the containers of
 * the others can still be moved.
 */
static int explain_failures(struct pn_apply *a)
{
    struct usage now, unused;
    bool is_measured = false;
    int r = 0;
    a->plan->ignores_order = true;
    for (size_t c = 0, at = 0; r == 0 && c < a->plan->candidate_count; c++) {
        struct pn_verdict *v = verdict_of(a, c, &at), again = *v;
        uint32_t start = a->plan->count;
        if (pn_reason_class_of(v->reason.id) != PN_CLASS_FAILURE ||
            (!a->plan->strict && !is_relative(v->reason.id)))
            continue;
        r = is_measured ? 0 : measure(&now, a, NULL);
        is_measured = true;
        if (r == 0)
            r = apply_one(a, c, &again, &now, &unused);
        pn_plan_cut(a->plan, start);
        if (r == 0 && pn_reason_class_of(again.reason.id) == PN_CLASS_FAILURE)
            v->reason = again.reason;
    }
    a->plan->ignores_order = false;
    return r;
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
    return apply_once(a);
}

/* Marks what stays because it is in the Pod, or planned by others; true when there is more of it.
 * Nobody asks where nothing is counted. */
static bool find_staying(struct pn_apply *a, bool planned_too)
{
    bool found = false;
    for (size_t c = 0, at = 0; a->budgets->counts && c < a->plan->candidate_count; c++) {
        const struct pn_verdict *v = verdict_of(a, c, &at);
        if (v->audit || a->stays[c] || (planned_too && !is_relative(v->reason.id)))
            continue;
        struct presence n = presence_of(a, &a->plan->candidates[c]);
        if (n.all == 0 || n.received + (planned_too ? n.planned : 0) < n.all)
            continue;
        a->stays[c] = a->has_staying = found = true;
    }
    return found;
}

/* True when something was received that a policy would add, and that policy fails: it is in the Pod
 * all the same, and must be reckoned with. */
static bool leaves_received(const struct pn_apply *a)
{
    for (size_t c = 0, at = 0; c < a->plan->candidate_count; c++) {
        const struct pn_verdict *v = verdict_of(a, c, &at);
        if (!v->audit && pn_reason_class_of(v->reason.id) == PN_CLASS_FAILURE &&
            presence_of(a, &a->plan->candidates[c]).unplanned > 0)
            return true;
    }
    return false;
}

int pn_apply_all(struct pn_apply *a)
{
    int r = 0;
    a->stays = pn_arena_zalloc(a->plan->arena, a->plan->candidate_count, sizeof *a->stays);
    if (a->stays == NULL)
        return -ENOMEM;
    a->holds_ours = holds_ours(a->plan);
    find_staying(a, false);
    do {
        r = apply_once(a);
        if (r == 0 && !a->plan->strict && (pn_plan_is_provisional(a->plan) || leaves_received(a))) {
            a->plan->strict = true;
            r = apply_once(a);
        }
        if (r == 0 && !a->verifies_each)
            r = verify(a);
    } while (r == 0 && find_staying(a, true));
    return r == 0 ? explain_failures(a) : r;
}
