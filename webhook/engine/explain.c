/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/explain.h"

#include <errno.h>

#include "engine/planned.h"

struct rows {
    struct pn_arena *arena;
    struct pn_change *items;
    size_t count, capacity;
    bool failed;
};

static void add(struct rows *rows, struct pn_change row)
{
    if (rows->count == rows->capacity) {
        size_t capacity = rows->capacity > 0 ? rows->capacity * 2 : 8;
        struct pn_change *items = pn_arena_grow(
            rows->arena, rows->items, rows->capacity * sizeof *items, capacity * sizeof *items);
        rows->failed = rows->failed || items == NULL;
        if (rows->failed)
            return;
        rows->items = items;
        rows->capacity = capacity;
    }
    rows->items[rows->count++] = row;
}

static struct pn_str number(const struct rows *rows, int64_t n)
{
    return pn_arena_format(rows->arena, "%lld", (long long)n);
}

/* How much of a resource a list has, as text; what is out of range is told so. */
static struct pn_str amount(const struct rows *rows, const struct pn_resource_list *list,
                            struct pn_str resource)
{
    __int128 nano = 0;
    if (!pn_resources_nano(&nano, list, resource))
        return PN_STR("out of range");
    return pn_budget_amount(resource, nano, rows->arena);
}

/* ---- budgets --------------------------------------------------------------------------- */

static void add_limits(struct rows *rows, const struct pn_budget *b, const char *what,
                       const struct pn_budget_limits *limits, const struct pn_resource_list *after)
{
    for (size_t i = 0; i < limits->count; i++) {
        const struct pn_budget_limit *limit = &limits->items[i];
        struct pn_str name = pn_arena_format(rows->arena, "%s%.*s", what,
                                             PN_STR_ARG(limit->resource));
        add(rows, (struct pn_change){b->name, name, PN_STR("0"),
                                     amount(rows, after, limit->resource), limit->text});
    }
}

static void add_growth(struct rows *rows, const struct pn_budgets *b,
                       const struct pn_budget *budget, const struct pn_budget_usage *usage)
{
    for (size_t i = 0; i < budget->growth_requests.count; i++) {
        const struct pn_budget_limit *limit = &budget->growth_requests.items[i];
        __int128 growth = 0;
        bool known = pn_resources_growth(&growth, &usage->whole.containers.requests,
                                         &b->start.containers.requests, limit->resource);
        struct pn_str after = known ? pn_budget_amount(limit->resource, growth, rows->arena)
                                    : PN_STR("out of range");
        add(rows, (struct pn_change){budget->name,
                                     pn_arena_format(rows->arena, "growth of requests.%.*s",
                                                     PN_STR_ARG(limit->resource)),
                                     PN_STR("0"), after, limit->text});
    }
}

static void add_share(struct rows *rows, const struct pn_budget *b,
                      const struct pn_budget_share *share, const struct pn_requirements *app,
                      const struct pn_budget_usage *usage, struct pn_str resource)
{
    if (!share->is_set)
        return;
    __int128 most = pn_budget_share_most(share, app, resource);
    add(rows,
        (struct pn_change){
            b->name, pn_arena_format(rows->arena, "share of the app's %.*s", PN_STR_ARG(resource)),
            PN_STR("0"), amount(rows, &usage->added.requests, resource),
            pn_budget_amount(resource, most, rows->arena)});
}

/* The categories of the templates that were added, each once. */
static void add_categories(struct rows *rows, const struct pn_budget *b, const struct pn_plan *plan)
{
    for (size_t i = 0; b->per_category >= 0 && i < plan->set->category_count; i++) {
        struct pn_str category = plan->set->categories[i];
        int64_t count = pn_budget_count_category(plan, category);
        if (count > 0)
            add(rows,
                (struct pn_change){
                    b->name, pn_arena_format(rows->arena, "category %.*s", PN_STR_ARG(category)),
                    PN_STR("0"), number(rows, count), number(rows, b->per_category)});
    }
}

static void add_budget(struct rows *rows, const struct pn_budgets *b, size_t i,
                       const struct pn_budget_usage *usage, const struct pn_plan *plan)
{
    const struct pn_budget *budget = b->items[i];
    const struct pn_requirements *app = &b->apps[i];
    if (budget->sidecars >= 0)
        add(rows, (struct pn_change){budget->name, PN_STR("sidecars"), number(rows, b->foreign[i]),
                                     number(rows, (int64_t)b->foreign[i] + usage->sidecars),
                                     number(rows, budget->sidecars)});
    add_categories(rows, budget, plan);
    add_limits(rows, budget, "added requests.", &budget->added_requests, &usage->added.requests);
    add_limits(rows, budget, "added limits.", &budget->added_limits, &usage->added.limits);
    add_growth(rows, b, budget, usage);
    add_share(rows, budget, &budget->cpu_share, app, usage, PN_STR("cpu"));
    add_share(rows, budget, &budget->memory_share, app, usage, PN_STR("memory"));
}

/* ---- the Pod --------------------------------------------------------------------------- */

static void add_requests(struct rows *rows, const struct pn_resource_list *before,
                         const struct pn_resource_list *after)
{
    for (uint32_t i = 0; i < after->count; i++) { /* nothing is taken out: after has them all */
        struct pn_str name = after->items[i].name;
        add(rows, (struct pn_change){PN_STR_NULL, name, amount(rows, before, name),
                                     amount(rows, after, name), PN_STR_NULL});
    }
}

static int explain_pod(struct pn_explanation *ret, const struct pn_budgets *b,
                       const struct pn_plan *plan)
{
    struct rows rows = {.arena = plan->arena};
    struct pn_pod_resources before, after;
    struct pn_err err = PN_ERR_INIT;
    struct pn_value baseline, final;
    int r = pn_planned_spec(&baseline, plan, b->spec, PN_PLANNED_BASELINE);
    if (r == 0)
        r = pn_planned_spec(&final, plan, b->spec, PN_PLANNED_FINAL);
    if (r == 0)
        r = pn_resources_of_spec(&before, baseline, plan->arena, &err);
    if (r == 0)
        r = pn_resources_of_spec(&after, final, plan->arena, &err);
    if (r != 0)
        return r == PN_RESOURCES_E_INVALID ? 0 : r;
    add_requests(&rows, &before.effective.requests, &after.effective.requests);
    ret->requests = rows.items;
    ret->request_count = rows.count;
    ret->qos_before = pn_qos_name(pn_budgets_qos(b, &before));
    ret->qos_after = pn_qos_name(pn_budgets_qos(b, &after));
    return rows.failed ? -ENOMEM : 0;
}

int pn_explain(struct pn_explanation *ret, const struct pn_budgets *b, const struct pn_plan *plan)
{
    struct rows rows = {.arena = plan->arena};
    struct pn_budget_usage usage;
    struct pn_explanation e = {0};
    int r = b->count > 0 ? pn_budgets_measure(&usage, b, plan, NULL, true) : 0;
    if (r != 0)
        return r;
    for (size_t i = 0; i < b->count; i++)
        add_budget(&rows, b, i, &usage, plan);
    e.budgets = rows.items;
    e.budget_count = rows.count;
    r = rows.failed ? -ENOMEM : explain_pod(&e, b, plan);
    if (r == 0)
        *ret = e;
    return r;
}
