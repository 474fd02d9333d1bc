/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "engine/budget.h"
#include "engine/planned.h"

/* A check that is under way: one candidate against all budgets. */
struct check {
    const struct pn_budgets *budgets;
    const struct pn_plan *plan;
    const struct pn_candidate *candidate;
    const bool *charged; /* for each candidate; or NULL */
    const struct pn_budget_usage *before, *after;
    struct pn_reason reason, note;
};

static struct pn_str number_text(const struct check *c, int64_t number)
{
    return pn_arena_format(c->plan->arena, "%lld", (long long)number);
}

static struct pn_str amount_text(const struct check *c, struct pn_str resource, __int128 nano)
{
    return pn_budget_amount(resource, nano, c->plan->arena);
}

#define EXCEEDED(c, id, ...) ((c)->reason = PN_REASON((c)->plan->arena, (id), __VA_ARGS__), true)

static bool exceeds_sidecars(struct check *c, const struct pn_budget *b, uint32_t foreign)
{
    int64_t would = (int64_t)foreign + c->after->sidecars;
    if (b->sidecars < 0 || would <= b->sidecars || c->after->sidecars <= c->before->sidecars)
        return false;
    return EXCEEDED(c, PN_REASON_BUDGET_SIDECARS, {"budget", b->name},
                    {"would", number_text(c, would)}, {"most", number_text(c, b->sidecars)});
}

static int64_t count_templates(const struct pn_policy *policy, struct pn_str category)
{
    int64_t count = 0;
    for (size_t t = 0; t < policy->injection_count; t++)
        count += pn_str_eq(policy->injections[t].template->category, category);
    return count;
}

int64_t pn_budget_count_category(const struct pn_plan *plan, struct pn_str category)
{
    int64_t count = 0;
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->edits[i].policy == last) /* the edits of a policy stand together */
            continue;
        last = plan->edits[i].policy;
        count += count_templates(&plan->set->policies[last], category);
    }
    return count;
}

/* True when another enforced candidate renders the same container. */
static bool is_shared(const struct pn_plan *plan, size_t but, struct pn_value container, bool init)
{
    for (size_t c = 0; c < plan->candidate_count; c++) {
        const struct pn_candidate *candidate = &plan->candidates[c];
        const struct pn_policy *policy = pn_plan_policy(plan, candidate);
        for (size_t t = 0; c != but && !policy->audit && t < policy->injection_count; t++) {
            const struct pn_fragment *f = candidate->fragments[t];
            if (pn_value_equal(pn_plan_named(init ? f->init_containers : f->containers,
                                             pn_plan_name(container)),
                               container))
                return true;
        }
    }
    return false;
}

/* True when the candidate has an edit of its own as soon as it is planned: a container that no
 * other brings. */
static bool brings_its_own(const struct pn_plan *plan, size_t c)
{
    const struct pn_candidate *candidate = &plan->candidates[c];
    const struct pn_policy *policy = pn_plan_policy(plan, candidate);
    for (size_t t = 0; t < policy->injection_count; t++) {
        const struct pn_fragment *f = candidate->fragments[t];
        const struct pn_value lists[] = {f->containers, f->init_containers};
        for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
            for (uint32_t i = 0; i < pn_value_count(lists[l]); i++) {
                if (!is_shared(plan, c, pn_value_at(lists[l], i), l == 1))
                    return true;
            }
        }
    }
    return false;
}

static bool has_edits(const struct pn_plan *plan, uint32_t policy)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->edits[i].policy == policy)
            return true;
    }
    return false;
}

/* Templates of a category that count before they are planned. */
static int64_t count_charged(const struct check *c, struct pn_str category)
{
    int64_t count = 0;
    for (size_t i = 0; c->charged != NULL && i < c->plan->candidate_count; i++) {
        uint32_t at = c->plan->candidates[i].policy;
        int64_t templates = count_templates(&c->plan->set->policies[at], category);
        if (c->charged[i] && templates > 0 && !has_edits(c->plan, at) && brings_its_own(c->plan, i))
            count += templates;
    }
    return count;
}

static bool exceeds_category(struct check *c, const struct pn_budget *b)
{
    const struct pn_policy *policy = pn_plan_policy(c->plan, c->candidate);
    if (c->plan->count == 0 || c->plan->edits[c->plan->count - 1].policy != c->candidate->policy)
        return false; /* others bring all that it would add */
    for (size_t t = 0; b->per_category >= 0 && t < policy->injection_count; t++) {
        struct pn_str category = policy->injections[t].template->category;
        int64_t would = pn_budget_count_category(c->plan, category) + count_charged(c, category);
        if (would > b->per_category)
            return EXCEEDED(c, PN_REASON_BUDGET_CATEGORY, {"budget", b->name},
                            {"would", number_text(c, would)}, {"category", category},
                            {"most", number_text(c, b->per_category)});
    }
    return false;
}

/* Beyond `most`, and more so than before. What is out of range counts as beyond. */
static bool is_beyond(const struct pn_resource_list *after, const struct pn_resource_list *before,
                      struct pn_str resource, __int128 most, __int128 *ret_would)
{
    __int128 then = 0;
    if (!pn_resources_nano(ret_would, after, resource))
        return true;
    return *ret_would > most && pn_resources_nano(&then, before, resource) && *ret_would > then;
}

/* Containers of ours without a limit of the resource. */
static uint32_t count_unlimited(const struct pn_budget_usage *usage, struct pn_str resource)
{
    const struct pn_resource *limit = pn_resources_find(&usage->added.limits, resource);
    return usage->sidecars - (limit != NULL ? limit->containers : 0);
}

static bool exceeds_added(struct check *c, const struct pn_budget *b,
                          const struct pn_budget_limits *limits, bool requests)
{
    const struct pn_requirements *after = &c->after->added, *before = &c->before->added;
    for (size_t i = 0; i < limits->count; i++) {
        const struct pn_budget_limit *limit = &limits->items[i];
        __int128 would = 0;
        bool unlimited = !requests && count_unlimited(c->after, limit->resource) >
                                          count_unlimited(c->before, limit->resource);
        if (!unlimited && !is_beyond(requests ? &after->requests : &after->limits,
                                     requests ? &before->requests : &before->limits,
                                     limit->resource, limit->nano, &would))
            continue;
        struct pn_str what = pn_arena_format(c->plan->arena, "%s.%.*s",
                                             requests ? "requests" : "limits",
                                             PN_STR_ARG(limit->resource));
        struct pn_str text = unlimited ? PN_STR("an unlimited amount")
                                       : amount_text(c, limit->resource, would);
        return EXCEEDED(c, PN_REASON_BUDGET_ADDED, {"budget", b->name}, {"resource", what},
                        {"would", text}, {"most", limit->text});
    }
    return false;
}

/* The scheduler's effective requests, without spec.resources: we may have raised those. */
static bool exceeds_growth(struct check *c, const struct pn_budget *b)
{
    const struct pn_resource_list *start = &c->budgets->start.containers.requests;
    const struct pn_resource_list *before = &c->before->whole.containers.requests;
    const struct pn_resource_list *after = &c->after->whole.containers.requests;
    for (size_t i = 0; i < b->growth_requests.count; i++) {
        const struct pn_budget_limit *limit = &b->growth_requests.items[i];
        __int128 growth = 0, then = 0;
        bool known = pn_resources_growth(&growth, after, start, limit->resource) &&
                     pn_resources_growth(&then, before, start, limit->resource);
        if (known && (growth <= limit->nano || growth <= then))
            continue;
        return EXCEEDED(c, PN_REASON_BUDGET_POD_GROWTH, {"budget", b->name},
                        {"resource", limit->resource},
                        {"would", amount_text(c, limit->resource, growth)}, {"most", limit->text});
    }
    return false;
}

static bool exceeds_share(struct check *c, const struct pn_budget *b,
                          const struct pn_budget_share *share, const struct pn_requirements *app,
                          struct pn_str resource)
{
    const struct pn_resource_list *after = &c->after->added.requests;
    const struct pn_resource_list *before = &c->before->added.requests;
    __int128 own = 0, would = 0;
    /* The floor alone suffices for most: only beyond it does the app's share matter. */
    if (!share->is_set || !is_beyond(after, before, resource, share->floor_nano, &would))
        return false;
    __int128 most = pn_budget_share_most(share, app, resource);
    if (!is_beyond(after, before, resource, most, &would))
        return false;
    bool known = pn_resources_nano(&own, &app->requests, resource);
    if (known && own == 0)
        c->note = PN_REASON(c->plan->arena, PN_REASON_APP_REQUESTS_UNKNOWN, {"resource", resource});
    return EXCEEDED(c, PN_REASON_BUDGET_SHARE_OF_APP, {"budget", b->name}, {"resource", resource},
                    {"would", amount_text(c, resource, would)},
                    {"app", known ? amount_text(c, resource, own) : PN_STR("an unknown amount")},
                    {"most", amount_text(c, resource, most)});
}

static bool exceeds(struct check *c, size_t i)
{
    const struct pn_budget *b = c->budgets->items[i];
    const struct pn_requirements *app = &c->budgets->apps[i];
    return exceeds_sidecars(c, b, c->budgets->foreign[i]) || exceeds_category(c, b) ||
           exceeds_added(c, b, &b->added_requests, true) ||
           exceeds_added(c, b, &b->added_limits, false) || exceeds_growth(c, b) ||
           exceeds_share(c, b, &b->cpu_share, app, PN_STR("cpu")) ||
           exceeds_share(c, b, &b->memory_share, app, PN_STR("memory"));
}

/* All budgets; one that trims goes before one that only warns. */
static int check_budgets(struct check *c)
{
    struct pn_reason warning = {.id = PN_REASON_NONE};
    for (size_t i = 0; i < c->budgets->count; i++) {
        if (!exceeds(c, i))
            continue;
        if (!c->budgets->items[i]->warns)
            return PN_BUDGET_E_EXCEEDED;
        if (warning.id == PN_REASON_NONE)
            warning = c->reason;
    }
    c->reason = warning;
    return warning.id != PN_REASON_NONE ? PN_BUDGET_E_WARNING : 0;
}

/* ---- the Pod's own spec.resources -------------------------------------------------------- */

static bool pod_level_no(struct check *c, struct pn_str resource, __int128 would, __int128 most)
{
    return EXCEEDED(c, PN_REASON_POD_LEVEL_RESOURCES_EXCEEDED, {"resource", resource},
                    {"would", amount_text(c, resource, would)},
                    {"most", amount_text(c, resource, most)});
}

/*
 * The request of one resource in spec.resources, raised to what the containers come to, but not
 * above its limit (ValidatePodResources: it must have room for all of them). 0: there is room.
 */
static int raise_pod_level(struct check *c, const struct pn_resource *request,
                           struct pn_value *inout_requests, struct pn_buf *told)
{
    const struct pn_pod_resources *whole = &c->after->whole;
    __int128 needed = 0, most = 0, limit = 0;
    /* What is not written there has been set by defaulting, before anything was added. */
    bool written = !pn_value_is_unset(pn_value_get(*inout_requests, request->name));
    bool known = pn_resources_nano(&needed, &whole->containers.requests, request->name) &&
                 pn_resources_nano(&most, written ? &whole->pod.requests : &c->budgets->stated,
                                   request->name);
    __int128 then = 0;
    bool grows = !known ||
                 !pn_resources_nano(&then, &c->before->whole.containers.requests, request->name) ||
                 needed > then;
    if (!grows || (known && needed <= most))
        return 0;
    bool limited = pn_resources_find(&whole->pod.limits, request->name) != NULL;
    bool room = !limited ||
                (pn_resources_nano(&limit, &whole->pod.limits, request->name) && needed <= limit);
    if (!known || !c->budgets->raises_pod_level || !room) {
        pod_level_no(c, request->name, needed, !room && limit > most ? limit : most);
        return PN_BUDGET_E_EXCEEDED;
    }
    struct pn_str text = amount_text(c, request->name, needed);
    pn_buf_printf(told, "%s%.*s to %.*s", told->len > 0 ? ", " : "", PN_STR_ARG(request->name),
                  PN_STR_ARG(text));
    return pn_object_with(inout_requests, c->plan->arena, *inout_requests, request->name,
                          pn_string(text));
}

int pn_budgets_check_pod_level(const struct pn_budgets *b, struct pn_plan *plan,
                               const struct pn_budget_usage *before,
                               const struct pn_budget_usage *after, struct pn_reason *ret_reason,
                               struct pn_reason *ret_note)
{
    struct check c = {.budgets = b, .plan = plan, .before = before, .after = after};
    const struct pn_resource_list *stated = &after->whole.pod.requests;
    struct pn_value resources = pn_planned_resources(plan, b->spec);
    struct pn_value requests = PN_GET(resources, "requests");
    struct pn_buf told = PN_BUF_IN_ARENA(plan->arena);
    int r = 0;
    struct pn_str exceeded =
        PN_STR_NULL; /* the first by name: the list's order is the containers' */
    for (uint32_t i = 0; r == 0 && i < stated->count; i++) {
        r = raise_pod_level(&c, &stated->items[i], &requests, &told);
        if (r != PN_BUDGET_E_EXCEEDED)
            continue;
        r = 0;
        if (exceeded.s != NULL && pn_str_cmp(exceeded, stated->items[i].name) < 0)
            continue;
        exceeded = stated->items[i].name;
        *ret_reason = c.reason;
    }
    if (r == 0 && exceeded.s != NULL)
        return PN_BUDGET_E_EXCEEDED;
    if (r != 0 || told.len == 0)
        return r;
    r = pn_object_with(&resources, plan->arena, resources, PN_STR("requests"), requests);
    if (r == 0)
        r = pn_plan_add(plan, (struct pn_edit){.kind = PN_EDIT_RESOURCES, .value = resources});
    if (r == PN_PLAN_E_FULL) {
        *ret_reason = PN_REASON(plan->arena, PN_REASON_PATCH_TOO_LARGE,
                                {"detail", PN_STR("too many changes")});
        return PN_BUDGET_E_EXCEEDED;
    }
    *ret_note = PN_REASON(plan->arena, PN_REASON_POD_LEVEL_RESOURCES_RAISED,
                          {"detail", pn_buf_view(&told)});
    return r;
}

static bool loses_guaranteed(struct check *c)
{
    if (c->budgets->guaranteed != PN_GUARANTEED_SKIP || c->budgets->qos != PN_QOS_GUARANTEED)
        return false;
    enum pn_qos qos = pn_budgets_qos(c->budgets, &c->after->whole);
    if (qos == PN_QOS_GUARANTEED ||
        pn_budgets_qos(c->budgets, &c->before->whole) != PN_QOS_GUARANTEED)
        return false;
    return EXCEEDED(c, PN_REASON_GUARANTEED_QOS_LOST, {"class", pn_str_of(pn_qos_name(qos))});
}

int pn_budgets_check(const struct pn_budgets *b, const struct pn_plan *plan,
                     const struct pn_candidate *candidate, const bool *charged,
                     const struct pn_budget_usage *before, const struct pn_budget_usage *after,
                     struct pn_reason *ret_reason, struct pn_reason *ret_note)
{
    struct check c = {.budgets = b,
                      .plan = plan,
                      .candidate = candidate,
                      .charged = charged,
                      .before = before,
                      .after = after};
    int r = check_budgets(&c);
    if (r != PN_BUDGET_E_EXCEEDED && loses_guaranteed(&c))
        r = PN_BUDGET_E_EXCEEDED;
    if (r == PN_BUDGET_E_EXCEEDED && c.reason.id == PN_REASON_BUDGET_SHARE_OF_APP &&
        c.note.id != PN_REASON_NONE)
        *ret_note = c.note;
    *ret_reason = c.reason;
    return r;
}
