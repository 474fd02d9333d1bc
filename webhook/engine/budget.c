/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/budget.h"

#include <errno.h>

#include "engine/match.h"
#include "engine/planned.h"

/* A container that runs for long: no init container that ends. */
static bool runs_for_long(struct pn_value container, bool init)
{
    return !init || pn_value_is_string(PN_GET(container, "restartPolicy"), "Always");
}

static bool is_known_sidecar(const struct pn_budget *b, struct pn_str name)
{
    for (size_t i = 0; i < b->known_sidecars.count; i++) {
        if (pn_str_eq(b->known_sidecars.items[i], name))
            return true;
    }
    return false;
}

/* Memory in Ki to Gi where that is exact, everything else in decimal units. */
struct pn_str pn_budget_amount(struct pn_str resource, __int128 nano, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    struct pn_quantity q = {.mantissa = nano, .exp10 = -9};
    bool binary = !pn_str_is(resource, "cpu") && nano % 1000000000 == 0;
    q.format = binary ? PN_QUANTITY_BINARY_SI : PN_QUANTITY_DECIMAL_SI;
    while (q.mantissa != 0 && q.mantissa % 10 == 0) {
        q.mantissa /= 10;
        q.exp10++;
    }
    if (q.mantissa == 0)
        q.exp10 = 0;
    pn_quantity_write(&text, &q);
    return pn_buf_view(&text);
}

__int128 pn_budget_share_most(const struct pn_budget_share *share,
                              const struct pn_requirements *app, struct pn_str resource)
{
    __int128 own = 0, most = 0;
    bool known = pn_resources_nano(&own, &app->requests, resource) &&
                 pn_resources_percent(&most, own, (uint32_t)share->percent);
    return known && most > share->floor_nano ? most : share->floor_nano;
}

/* ---- what the Pod comes to before anything is added -------------------------------------- */

/* The app's own containers and the sidecars of others, as budget `b` tells them apart. */
static int count_app(struct pn_requirements *ret_app, uint32_t *ret_foreign,
                     const struct pn_budget *b, const struct pn_plan *plan, struct pn_err *err)
{
    const struct pn_containers *list = &plan->pod->containers, *init = &plan->pod->init_containers;
    struct pn_value *items = pn_arena_alloc(plan->arena, list->count * sizeof *items);
    uint32_t n = 0;
    *ret_foreign = 0;
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < init->count; i++)
        *ret_foreign += init->items[i].sidecar && !plan->ours[true][i];
    for (uint32_t i = 0; i < list->count; i++) {
        bool known = is_known_sidecar(b, list->items[i].name);
        *ret_foreign += known && !plan->ours[false][i];
        if (!known && !plan->ours[false][i])
            items[n++] = list->items[i].value;
    }
    return pn_resources_sum(ret_app, items, n, plan->arena, err);
}

static bool holds(const struct pn_budget *b, const struct pn_pod *pod, struct pn_value labels)
{
    const struct pn_requirement *unused;
    return pn_selector_matches(&b->pod_selector, pod->labels) &&
           pn_match_namespace(&unused, &b->namespace_selector, pod->pod_namespace, labels) !=
               PN_MATCH_NO;
}

static int collect(struct pn_budgets *ret, const struct pn_plan *plan, struct pn_value labels,
                   struct pn_err *err)
{
    size_t all = plan->set->budget_count;
    struct pn_requirements *apps = pn_arena_zalloc(plan->arena, all, sizeof *apps);
    ret->items = pn_arena_zalloc(plan->arena, all, sizeof(*ret->items));
    ret->foreign = pn_arena_zalloc(plan->arena, all, sizeof *ret->foreign);
    ret->apps = apps;
    if (apps == NULL || ret->items == NULL || ret->foreign == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < all; i++) {
        const struct pn_budget *b = &plan->set->budgets[i];
        if (!holds(b, plan->pod, labels))
            continue;
        bool first = ret->count == 0;
        int r = count_app(&apps[ret->count], &ret->foreign[ret->count], b, plan, err);
        if (r != 0)
            return r;
        ret->items[ret->count++] = b;
        if (b->guaranteed == PN_GUARANTEED_SKIP || ret->guaranteed == PN_GUARANTEED_ALLOW)
            ret->guaranteed = b->guaranteed;
        ret->raises_pod_level = !b->skips_pod_level && (first || ret->raises_pod_level);
    }
    return 0;
}

int pn_budgets_init(struct pn_budgets *ret, const struct pn_plan *plan, struct pn_value spec,
                    struct pn_value namespace_labels, struct pn_err *err)
{
    struct pn_budgets b = {.guaranteed = PN_GUARANTEED_ALLOW, .spec = spec};
    struct pn_value baseline;
    bool has_pod_level = !pn_value_is_unset(PN_GET(spec, "resources"));
    int r = collect(&b, plan, namespace_labels, err);
    b.counts = b.count > 0 || has_pod_level;
    if (r == 0 && b.counts)
        r = pn_planned_spec(&baseline, plan, spec, PN_PLANNED_BASELINE);
    if (r == 0 && b.counts)
        r = pn_resources_of_spec(&b.start, baseline, plan->arena, err);
    if (r != 0)
        return r == PN_RESOURCES_E_INVALID ? PN_BUDGETS_E_POD : r;
    b.qos = b.counts ? pn_qos_compute(&b.start) : PN_QOS_UNKNOWN;
    *ret = b;
    return 0;
}

/* ---- guaranteedPods: RaiseRequests ------------------------------------------------------ */

/* Request and limit of one resource become the same: the limit, where there is one. */
static int raise_resource(struct pn_value *inout_resources, struct pn_str name, struct pn_arena *a)
{
    struct pn_value requests = PN_GET(*inout_resources, "requests");
    struct pn_value limits = PN_GET(*inout_resources, "limits");
    struct pn_value limit = pn_value_get(limits, name);
    struct pn_value amount = pn_value_is_unset(limit) ? pn_value_get(requests, name) : limit;
    int r = pn_object_with(&requests, a, requests, name, amount);
    if (r == 0)
        r = pn_object_with(&limits, a, limits, name, amount);
    if (r == 0)
        r = pn_object_with(inout_resources, a, *inout_resources, PN_STR("requests"), requests);
    return r == 0 ? pn_object_with(inout_resources, a, *inout_resources, PN_STR("limits"), limits)
                  : r;
}

static int raise_containers(struct pn_value *inout_list, bool *inout_raised, struct pn_arena *a)
{
    uint32_t n = pn_value_count(*inout_list);
    struct pn_value *items = pn_arena_alloc(a, n * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        struct pn_value resources = PN_GET(pn_value_at(*inout_list, i), "resources");
        items[i] = pn_value_at(*inout_list, i);
        int r = raise_resource(&resources, PN_STR("cpu"), a);
        if (r == 0)
            r = raise_resource(&resources, PN_STR("memory"), a);
        if (r == 0 && !pn_value_equal(resources, PN_GET(items[i], "resources"))) {
            r = pn_object_with(&items[i], a, items[i], PN_STR("resources"), resources);
            *inout_raised = true;
        }
        if (r != 0)
            return r;
    }
    return n > 0 ? pn_array_take(inout_list, a, items, n) : 0;
}

static int raise_candidate(struct pn_candidate *inout, bool *ret_raised, size_t templates,
                           struct pn_arena *a)
{
    const struct pn_fragment **fragments = pn_arena_zalloc(a, templates, sizeof(*fragments));
    if (fragments == NULL)
        return -ENOMEM;
    for (size_t t = 0; t < templates; t++) {
        struct pn_fragment *f = pn_arena_zalloc(a, 1, sizeof *f);
        if (f == NULL)
            return -ENOMEM;
        *f = *inout->fragments[t];
        int r = raise_containers(&f->init_containers, ret_raised, a);
        if (r == 0)
            r = raise_containers(&f->containers, ret_raised, a);
        if (r != 0)
            return r;
        fragments[t] = f;
    }
    inout->fragments = fragments;
    return 0;
}

int pn_budgets_raise_requests(const bool **ret_raised, const struct pn_budgets *b,
                              struct pn_candidate *inout_candidates, size_t n,
                              const struct pn_policy_set *set, struct pn_arena *a)
{
    *ret_raised = NULL;
    /* With spec.resources the class is the Pod's own, whatever its containers say. */
    if (b->guaranteed != PN_GUARANTEED_RAISE || b->qos != PN_QOS_GUARANTEED ||
        b->start.has_pod_level)
        return 0;
    bool *raised = pn_arena_zalloc(a, n, sizeof *raised);
    int r = raised != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < n; i++)
        r = raise_candidate(&inout_candidates[i], &raised[i],
                            set->policies[inout_candidates[i].policy].injection_count, a);
    *ret_raised = raised;
    return r;
}

/* ---- the judgement ----------------------------------------------------------------------- */

/* A check that is under way: one candidate against all budgets. */
struct check {
    const struct pn_budgets *budgets;
    const struct pn_plan *plan;
    const struct pn_candidate *candidate;
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

int64_t pn_budget_count_category(const struct pn_plan *plan, struct pn_str category)
{
    int64_t count = 0;
    uint32_t last = UINT32_MAX;
    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->edits[i].policy == last) /* the edits of a policy stand together */
            continue;
        last = plan->edits[i].policy;
        const struct pn_policy *policy = &plan->set->policies[last];
        for (size_t t = 0; t < policy->injection_count; t++)
            count += pn_str_eq(policy->injections[t].template->category, category);
    }
    return count;
}

static bool exceeds_category(struct check *c, const struct pn_budget *b)
{
    const struct pn_policy *policy = &c->plan->set->policies[c->candidate->policy];
    for (size_t t = 0; b->per_category >= 0 && t < policy->injection_count; t++) {
        struct pn_str category = policy->injections[t].template->category;
        int64_t would = pn_budget_count_category(c->plan, category);
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
    bool known = pn_resources_nano(ret_would, after, resource);
    bool known_then = pn_resources_nano(&then, before, resource);
    if (known && known_then)
        return *ret_would > most && *ret_would > then;
    return !known;
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
    __int128 own = 0, would = 0;
    if (!share->is_set)
        return false;
    __int128 most = pn_budget_share_most(share, app, resource);
    bool known = pn_resources_nano(&own, &app->requests, resource);
    if (!is_beyond(&c->after->added.requests, &c->before->added.requests, resource, most, &would))
        return false;
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

/* ---- what the plan comes to -------------------------------------------------------------- */

static bool is_planned(const struct pn_plan *plan, bool init, uint32_t at)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind == PN_EDIT_CONTAINER && edit->present && edit->init == init &&
            edit->at == at)
            return true;
    }
    return false;
}

/* Containers of ours that run for long: planned ones, and perhaps others that are in the Pod. */
static int list_added(struct pn_value **ret, uint32_t *ret_n, const struct pn_plan *plan,
                      bool present)
{
    const uint32_t most = plan->count + plan->pod->init_containers.count +
                          plan->pod->containers.count;
    struct pn_value *items = pn_arena_alloc(plan->arena, most * sizeof *items);
    uint32_t n = 0;
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind == PN_EDIT_CONTAINER && runs_for_long(edit->value, edit->init))
            items[n++] = edit->value;
    }
    for (int init = 0; present && init < 2; init++) {
        for (uint32_t at = 0; at < pn_plan_list(plan, init)->count; at++) {
            if (plan->ours[init][at] && runs_for_long(plan->rendered[init][at], init) &&
                !is_planned(plan, init, at))
                items[n++] = plan->rendered[init][at];
        }
    }
    *ret = items;
    *ret_n = n;
    return 0;
}

int pn_budgets_measure(struct pn_budget_usage *ret, const struct pn_budgets *b,
                       const struct pn_plan *plan, bool present)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_value spec, *items = NULL;
    int r = list_added(&items, &ret->sidecars, plan, present);
    if (r == 0)
        r = pn_resources_sum(&ret->added, items, ret->sidecars, plan->arena, &err);
    if (r == 0)
        r = pn_planned_spec(&spec, plan, b->spec,
                            present ? PN_PLANNED_PRESENT : PN_PLANNED_RENDERED);
    if (r == 0)
        r = pn_resources_of_spec(&ret->whole, spec, plan->arena, &err);
    return r > 0 ? -EINVAL : r; /* what we render is checked, and the Pod was read before */
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
                 pn_resources_nano(&most,
                                   written ? &whole->pod.requests : &c->budgets->start.pod.requests,
                                   request->name);
    if (known && needed <= most)
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

static int check_pod_level(struct check *c, struct pn_plan *plan, struct pn_reason *ret_note)
{
    const struct pn_resource_list *stated = &c->after->whole.pod.requests;
    struct pn_value resources = pn_planned_resources(plan, c->budgets->spec);
    struct pn_value requests = PN_GET(resources, "requests");
    struct pn_buf told = PN_BUF_IN_ARENA(plan->arena);
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < stated->count; i++)
        r = raise_pod_level(c, &stated->items[i], &requests, &told);
    if (r != 0 || told.len == 0)
        return r;
    r = pn_object_with(&resources, plan->arena, resources, PN_STR("requests"), requests);
    if (r == 0)
        r = pn_plan_add(plan, (struct pn_edit){.kind = PN_EDIT_RESOURCES, .value = resources});
    if (r == PN_PLAN_E_FULL) {
        c->reason = PN_REASON(plan->arena, PN_REASON_PATCH_TOO_LARGE,
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
    enum pn_qos qos = pn_qos_compute(&c->after->whole);
    if (qos == PN_QOS_GUARANTEED || pn_qos_compute(&c->before->whole) != PN_QOS_GUARANTEED)
        return false;
    return EXCEEDED(c, PN_REASON_GUARANTEED_QOS_LOST, {"class", pn_str_of(pn_qos_name(qos))});
}

int pn_budgets_check(const struct pn_budgets *b, struct pn_plan *plan,
                     const struct pn_candidate *candidate, bool stays,
                     const struct pn_budget_usage *before, const struct pn_budget_usage *after,
                     struct pn_reason *ret_reason, struct pn_reason *ret_note)
{
    struct check c = {
        .budgets = b, .plan = plan, .candidate = candidate, .before = before, .after = after};
    int r = check_budgets(&c);
    if (r != PN_BUDGET_E_EXCEEDED && loses_guaranteed(&c))
        r = PN_BUDGET_E_EXCEEDED;
    bool fits = r != PN_BUDGET_E_EXCEEDED;
    if ((fits || stays) && after->whole.has_pod_level) {
        int raised = check_pod_level(&c, plan, ret_note);
        r = raised != 0 ? raised : r;
    }
    if (!fits && c.reason.id == PN_REASON_BUDGET_SHARE_OF_APP)
        *ret_note = c.note.id != PN_REASON_NONE ? c.note : *ret_note;
    *ret_reason = c.reason;
    return r;
}
