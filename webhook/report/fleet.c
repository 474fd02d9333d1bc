/* SPDX-License-Identifier: Apache-2.0 */
#include "report/fleet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/budget.h"
#include "report/table.h"
#include "report/term.h"

struct pn_fleet_row {
    struct pn_str namespace, owner, policy, text;
    enum pn_standing standing;
    size_t pods;
};

bool pn_fleet_is_finding(enum pn_standing standing)
{
    return standing == PN_STANDING_UNEXPECTED || standing == PN_STANDING_STALE ||
           standing == PN_STANDING_MISSING || standing == PN_STANDING_TAMPERED;
}

/* What it says is what there is to know, also without --all. */
static bool is_told(const struct pn_fleet *fleet, enum pn_standing standing)
{
    return fleet->keeps_all || standing == PN_STANDING_UNKNOWN || pn_fleet_is_finding(standing);
}

/* ---- what gathers ----------------------------------------------------------------------- */

/*
 * Whose Pod it is, for people: by the workload's name, a ReplicaSet's owner is a Deployment and a
 * Job's a CronJob. Without an owner, the Pod.
 */
static struct pn_str owner_of(const struct pn_fleet_pod *pod, struct pn_arena *a)
{
    const char *kind = NULL;
    if (pod->owner_kind.n == 0)
        return pn_arena_format(a, "Pod/%.*s", PN_STR_ARG(pod->name));
    if (!pn_str_eq(pod->owner_name, pod->workload))
        kind = pn_str_is(pod->owner_kind, "ReplicaSet") ? "Deployment"
               : pn_str_is(pod->owner_kind, "Job")      ? "CronJob"
                                                        : NULL;
    if (kind == NULL)
        return pn_arena_format(a, "%.*s/%.*s", PN_STR_ARG(pod->owner_kind),
                               PN_STR_ARG(pod->owner_name));
    return pn_arena_format(a, "%s/%.*s", kind, PN_STR_ARG(pod->workload));
}

/* Makes room for one more of `count` items, by doubling. NULL when memory is refused. */
static void *grow(struct pn_arena *a, void *items, size_t count, size_t size)
{
    bool is_full = count == 0 || (count >= 16 && (count & (count - 1)) == 0);
    size_t cap = count == 0 ? 16 : 2 * count;
    return is_full ? pn_arena_grow(a, items, count * size, cap * size) : items;
}

static int add_row(struct pn_fleet *fleet, const struct pn_fleet_pod *pod, struct pn_str owner,
                   const struct pn_running_policy *item)
{
    struct pn_arena *a = fleet->arena;
    struct pn_fleet_row *rows = grow(a, fleet->rows, fleet->row_count, sizeof *rows);
    if (rows == NULL)
        return -ENOMEM;
    fleet->rows = rows;
    struct pn_fleet_row row = {
        .namespace = pn_arena_dup(a, pod->namespace),
        .owner = owner,
        .policy = pn_arena_dup(a, item->policy),
        .text = pn_arena_dup(a, item->text),
        .standing = item->standing,
        .pods = 1,
    };
    if (row.namespace.s == NULL || owner.s == NULL || row.policy.s == NULL || row.text.s == NULL)
        return -ENOMEM;
    rows[fleet->row_count++] = row;
    return 0;
}

static int add_rows(struct pn_fleet *fleet, const struct pn_fleet_pod *pod)
{
    const struct pn_running *running = pod->running;
    struct pn_str owner = PN_STR_NULL;
    int r = 0;
    for (size_t i = 0; i < running->policy_count && r == 0; i++) {
        if (!is_told(fleet, running->policies[i].standing))
            continue;
        if (owner.s == NULL)
            owner = owner_of(pod, fleet->arena);
        r = add_row(fleet, pod, owner, &running->policies[i]);
    }
    return r;
}

static struct pn_fleet_sum *sum_of(struct pn_fleet *fleet, struct pn_str policy)
{
    for (size_t i = 0; i < fleet->sum_count; i++) {
        if (pn_str_eq(fleet->sums[i].policy, policy))
            return &fleet->sums[i];
    }
    struct pn_fleet_sum *sums = grow(fleet->arena, fleet->sums, fleet->sum_count, sizeof *sums);
    struct pn_str name = pn_arena_dup(fleet->arena, policy);
    if (sums == NULL || name.s == NULL)
        return NULL;
    fleet->sums = sums;
    sums[fleet->sum_count] = (struct pn_fleet_sum){.policy = name};
    return &sums[fleet->sum_count++];
}

static void add_to_sum(struct pn_fleet_sum *sum, const struct pn_running_requests *sidecars,
                       const struct pn_running_requests *app)
{
    sum->pods++;
    pn_running_add(&sum->sidecars, sidecars);
    pn_running_add(&sum->app, app);
}

int pn_fleet_add(struct pn_fleet *fleet, const struct pn_fleet_pod *pod)
{
    const struct pn_running *running = pod->running;
    fleet->pods++;
    fleet->standings[running->standing]++;
    if (running->has_sidecars)
        add_to_sum(&fleet->all, &running->sidecars, &running->app);
    for (size_t i = 0; i < running->policy_count; i++) {
        const struct pn_running_policy *item = &running->policies[i];
        if (item->container_count == 0)
            continue;
        struct pn_fleet_sum *sum = sum_of(fleet, item->policy);
        if (sum == NULL)
            return -ENOMEM;
        add_to_sum(sum, &item->requests, &running->app);
    }
    return fleet->keeps_rows ? add_rows(fleet, pod) : 0;
}

/* ---- the table -------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct pn_fleet_row *x = a, *y = b;
    int order = pn_str_cmp(x->namespace, y->namespace);
    if (order == 0)
        order = pn_str_cmp(x->owner, y->owner);
    if (order == 0)
        order = pn_str_cmp(x->policy, y->policy);
    if (order == 0)
        order = (int)y->standing - (int)x->standing; /* the worst first */
    return order != 0 ? order : pn_str_cmp(x->text, y->text);
}

static size_t merge_rows(struct pn_fleet_row *rows, size_t count)
{
    size_t n = 0;
    qsort(rows, count, sizeof *rows, by_place);
    for (size_t i = 0; i < count; i++) {
        if (n > 0 && by_place(&rows[n - 1], &rows[i]) == 0)
            rows[n - 1].pods++;
        else
            rows[n++] = rows[i];
    }
    return n;
}

static const char *color_of(enum pn_standing standing)
{
    switch (standing) {
    case PN_STANDING_TAMPERED:
    case PN_STANDING_MISSING:
        return PN_TERM_RED;
    case PN_STANDING_STALE:
    case PN_STANDING_UNEXPECTED:
        return PN_TERM_YELLOW;
    case PN_STANDING_CURRENT:
        return PN_TERM_GREEN;
    default:
        return PN_TERM_CYAN;
    }
}

static void add_number(struct pn_table *table, size_t number)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%zu", number);
    pn_table_add(table, (struct pn_str){text, (size_t)n});
}

int pn_fleet_write_table(struct pn_buf *out, struct pn_fleet *fleet, bool color)
{
    static const char *const heads[] = {"NAMESPACE", "OWNER", "PODS", "POLICY", "STATE", "WHY"};
    PN_CLEANUP(pn_table_deinit) struct pn_table table;
    if (fleet->row_count == 0)
        return 0;
    pn_table_init(&table, PN_COUNT_OF(heads));
    pn_table_add_heads(&table, heads);
    fleet->row_count = merge_rows(fleet->rows, fleet->row_count);
    for (size_t i = 0; i < fleet->row_count; i++) {
        const struct pn_fleet_row *row = &fleet->rows[i];
        pn_table_add(&table, row->namespace);
        pn_table_add(&table, row->owner);
        add_number(&table, row->pods);
        pn_table_add(&table, row->policy);
        pn_table_add(&table, pn_str_of(pn_standing_name(row->standing)));
        if (color)
            pn_table_paint(&table, color_of(row->standing));
        pn_table_add(&table, row->text);
    }
    return pn_table_write(out, &table);
}

/* ---- the summary ------------------------------------------------------------------------ */

const char *pn_fleet_skip_name(enum pn_fleet_skip skip)
{
    static const char *const names[] = {
        [PN_FLEET_COMPLETED] = "completed",     [PN_FLEET_DELETING] = "deleting",
        [PN_FLEET_STATIC] = "static",           [PN_FLEET_PROTECTED] = "protectedNamespace",
        [PN_FLEET_FILTERED] = "otherNamespace",
    };
    return names[skip];
}

int64_t pn_fleet_percent(int64_t sidecars, int64_t app)
{
    return app > 0 ? (int64_t)(((__int128)sidecars * 100 + app / 2) / app) : -1;
}

static void write_counts(struct pn_buf *out, const struct pn_fleet *fleet)
{
    static const char *const skips[] = {
        [PN_FLEET_COMPLETED] = "completed",
        [PN_FLEET_DELETING] = "being deleted",
        [PN_FLEET_STATIC] = "static",
        [PN_FLEET_PROTECTED] = "in protected namespaces",
        [PN_FLEET_FILTERED] = "in other namespaces",
    };
    pn_buf_printf(out, "%zu Pod%s", fleet->pods, fleet->pods == 1 ? "" : "s");
    const char *separator = ": ";
    for (unsigned i = PN_STANDING_COUNT; i-- > 0;) {
        if (fleet->standings[i] == 0)
            continue;
        pn_buf_printf(out, "%s%zu %s", separator, fleet->standings[i],
                      pn_standing_name((enum pn_standing)i));
        separator = ", ";
    }
    separator = "; not looked at: ";
    for (unsigned i = 0; i < PN_FLEET_SKIP_COUNT; i++) {
        if (fleet->skipped[i] == 0)
            continue;
        pn_buf_printf(out, "%s%zu %s", separator, fleet->skipped[i], skips[i]);
        separator = ", ";
    }
    if (fleet->invalid > 0)
        pn_buf_printf(out, "; %zu invalid", fleet->invalid);
    if (fleet->other > 0)
        pn_buf_printf(out, "; %zu other object%s", fleet->other, fleet->other == 1 ? "" : "s");
    pn_buf_char(out, '\n');
}

static void add_amount(struct pn_table *table, const char *resource, int64_t amount, int64_t of,
                       struct pn_arena *a)
{
    bool is_cpu = strcmp(resource, "cpu") == 0;
    __int128 nano = (__int128)amount * (is_cpu ? 1000000 : 1000000000);
    struct pn_str text = pn_budget_amount(pn_str_of(resource), nano, a);
    int64_t percent = pn_fleet_percent(amount, of);
    struct pn_str share = percent < 0 ? PN_STR("")
                                      : pn_arena_format(a, "%lld%%", (long long)percent);
    table->failed = table->failed || text.s == NULL || share.s == NULL;
    pn_table_add(table, text);
    pn_table_add(table, share);
}

static void add_sum(struct pn_table *table, const struct pn_fleet_sum *sum, struct pn_str name,
                    struct pn_arena *a)
{
    pn_table_add(table, name);
    add_number(table, sum->pods);
    add_amount(table, "cpu", sum->sidecars.cpu_milli, sum->app.cpu_milli, a);
    add_amount(table, "memory", sum->sidecars.memory_bytes, sum->app.memory_bytes, a);
}

int pn_fleet_write_summary(struct pn_buf *out, const struct pn_fleet *fleet)
{
    static const char *const heads[] = {"SIDECARS OF", "PODS",   "CPU",
                                        "OF APPS",     "MEMORY", "OF APPS"};
    PN_CLEANUP(pn_table_deinit) struct pn_table table;
    write_counts(out, fleet);
    if (fleet->all.pods == 0)
        return out->failed ? -ENOMEM : 0;
    pn_table_init(&table, PN_COUNT_OF(heads));
    pn_table_add_heads(&table, heads);
    for (size_t i = 0; i < fleet->sum_count; i++)
        add_sum(&table, &fleet->sums[i], fleet->sums[i].policy, fleet->arena);
    if (fleet->sum_count > 1)
        add_sum(&table, &fleet->all, PN_STR("all policies"), fleet->arena);
    return pn_table_write(out, &table);
}
