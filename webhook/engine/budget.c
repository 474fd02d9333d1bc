/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/budget.h"

#include <errno.h>
#include <string.h>

#include "engine/match.h"
#include "engine/planned.h"

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

static bool asks_app(const struct pn_budget *b)
{
    return b->cpu_share.is_set || b->memory_share.is_set;
}

static bool asks_added(const struct pn_budget *b)
{
    return asks_app(b) || b->added_requests.count > 0 || b->added_limits.count > 0;
}

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
    return asks_app(b) ? pn_resources_sum(ret_app, items, n, plan->arena, err) : 0;
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
        ret->asks_added = ret->asks_added || asks_added(b);
        ret->asks_whole = ret->asks_whole || b->growth_requests.count > 0;
        if (b->guaranteed == PN_GUARANTEED_SKIP || ret->guaranteed == PN_GUARANTEED_ALLOW)
            ret->guaranteed = b->guaranteed;
        ret->raises_pod_level = !b->skips_pod_level && (first || ret->raises_pod_level);
    }
    return 0;
}

enum pn_qos pn_budgets_qos(const struct pn_budgets *b, const struct pn_pod_resources *resources)
{
    struct pn_pod_resources r = *resources;
    if (r.has_pod_level)
        r.pod.requests = b->stated;
    return pn_qos_compute(&r);
}

int pn_budgets_init(struct pn_budgets *ret, const struct pn_plan *plan, struct pn_value spec,
                    struct pn_value namespace_labels, struct pn_err *err)
{
    struct pn_budgets b = {.guaranteed = PN_GUARANTEED_ALLOW, .spec = spec};
    struct pn_pod_resources received = {0};
    struct pn_value baseline;
    bool has_pod_level = !pn_value_is_unset(PN_GET(spec, "resources"));
    int r = collect(&b, plan, namespace_labels, err);
    b.counts = b.count > 0 || has_pod_level;
    if (r == 0 && b.counts)
        r = pn_planned_spec(&baseline, plan, spec, PN_PLANNED_BASELINE);
    if (r == 0 && b.counts)
        r = pn_resources_of_spec(&b.start, baseline, plan->arena, err);
    if (r == 0 && has_pod_level)
        r = pn_resources_of_spec(&received, spec, plan->arena, err);
    if (r == PN_RESOURCES_E_INVALID) /* again, for its place in the Pod as it was received */
        r = pn_resources_of_spec(&received, spec, plan->arena, err);
    if (r != 0)
        return r == PN_RESOURCES_E_INVALID ? PN_BUDGETS_E_POD : r;
    b.stated = received.pod.requests;
    b.qos = b.counts ? pn_budgets_qos(&b, &b.start) : PN_QOS_UNKNOWN;
    b.asks_whole = b.asks_whole || has_pod_level ||
                   (b.guaranteed == PN_GUARANTEED_SKIP && b.qos == PN_QOS_GUARANTEED);
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

/* Containers of ours that run for long: planned ones, from edit `first` on, and perhaps others that
 * are in the Pod. */
static int list_added(struct pn_value **ret, uint32_t *ret_n, const struct pn_plan *plan,
                      uint32_t first, bool present)
{
    const uint32_t most = plan->count - first + plan->pod->init_containers.count +
                          plan->pod->containers.count;
    struct pn_value *items = pn_arena_alloc(plan->arena, most * sizeof *items);
    uint32_t n = 0;
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = first; i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind == PN_EDIT_CONTAINER && pn_plan_runs_for_long(edit->value, edit->init))
            items[n++] = edit->value;
    }
    for (int init = 0; present && init < 2; init++) {
        for (uint32_t at = 0; at < pn_plan_list(plan, init)->count; at++) {
            if (plan->ours[init][at] && pn_plan_runs_for_long(plan->rendered[init][at], init) &&
                !is_planned(plan, init, at))
                items[n++] = plan->rendered[init][at];
        }
    }
    *ret = items;
    *ret_n = n;
    return 0;
}

static int measure_whole(struct pn_budget_usage *ret, const struct pn_budgets *b,
                         const struct pn_plan *plan, bool present, struct pn_err *err)
{
    struct pn_value spec;
    int r = pn_planned_spec(&spec, plan, b->spec,
                            present ? PN_PLANNED_PRESENT : PN_PLANNED_RENDERED);
    return r == 0 ? pn_resources_of_spec(&ret->whole, spec, plan->arena, err) : r;
}

static int measure(struct pn_budget_usage *ret, const struct pn_budgets *b,
                   const struct pn_plan *plan, const struct pn_budget_usage *planned, bool present)
{
    struct pn_budget_usage usage = {.edits = plan->count, .whole = b->start};
    struct pn_err err = PN_ERR_INIT;
    struct pn_value *items = NULL;
    uint32_t n = 0;
    int r = list_added(&items, &n, plan, planned->edits, present);
    if (r == 0 && b->asks_added)
        r = pn_resources_add(&usage.added, &planned->added, items, n, plan->arena, &err);
    usage.sidecars = planned->sidecars + n;
    if (r == 0 && b->asks_whole)
        r = measure_whole(&usage, b, plan, present, &err);
    if (r == 0)
        *ret = usage;
    return r > 0 ? -EINVAL : r; /* what we render is checked, and the Pod was read before */
}

enum { USAGE_LISTS = 10, USAGE_ITEMS = 32 };

/* Takes back the memory that measuring took, but for the result, unless that is unusually long.
 * `whole` is older than the mark where nobody asked for it. */
static int settle(struct pn_budget_usage *inout, bool asks_whole, struct pn_arena *a,
                  struct pn_arena_mark mark)
{
    struct pn_requirements *const all[] = {&inout->added, &inout->whole.effective,
                                           &inout->whole.containers, &inout->whole.pod,
                                           &inout->whole.above_zero};
    struct pn_resource_list *lists[USAGE_LISTS];
    struct pn_resource kept[USAGE_ITEMS];
    const size_t list_count = asks_whole ? USAGE_LISTS : 2;
    uint32_t n = 0;
    for (size_t i = 0; i < PN_COUNT_OF(all); i++) {
        lists[2 * i] = &all[i]->requests;
        lists[2 * i + 1] = &all[i]->limits;
    }
    for (size_t i = 0; i < list_count; i++) {
        if (lists[i]->count > USAGE_ITEMS - n)
            return 0;
        for (uint32_t k = 0; k < lists[i]->count; k++)
            kept[n++] = lists[i]->items[k];
    }
    pn_arena_rewind(a, mark);
    struct pn_resource *items = pn_arena_alloc(a, n * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    memcpy(items, kept, n * sizeof *items);
    for (size_t i = 0, at = 0; i < list_count; at += lists[i]->count, i++)
        lists[i]->items = items + at;
    return 0;
}

int pn_budgets_measure(struct pn_budget_usage *ret, const struct pn_budgets *b,
                       const struct pn_plan *plan, const struct pn_budget_usage *planned,
                       bool present)
{
    const struct pn_budget_usage nothing = {.edits = 0};
    struct pn_arena_mark mark = pn_arena_mark(plan->arena);
    if (plan->count == 0 && !present) {
        *ret = (struct pn_budget_usage){.whole = b->start};
        return 0;
    }
    int r = measure(ret, b, plan, planned != NULL ? planned : &nothing, present);
    return r == 0 ? settle(ret, b->asks_whole, plan->arena, mark) : r;
}
