/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/metrics.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/added.h"
#include "engine/final.h"
#include "engine/status.h"
#include "obs/metrics_table.h"
#include "obs/process.h"

const unsigned pn_metrics_statuses[] = {400, 403, 404, 405, 411, 413, 415, 500, 501, 503};

/* A decision takes tens of microseconds; the API server waits for seconds. */
const uint64_t pn_latency_bounds_us[PN_LATENCY_BOUNDS] = {
    25,    50,    100,    250,    500,    1000,    2500,    5000,    10000,
    25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 10000000};

/* Most patches have some kilobytes; etcd takes no object of more than 1.5 MiB. */
const uint64_t pn_patch_bounds_bytes[PN_PATCH_BOUNDS] = {
    256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 1048576};

int pn_metrics_new(struct pn_metrics **ret)
{
    struct pn_metrics *m = aligned_alloc(_Alignof(struct pn_metrics), sizeof *m);
    if (m == NULL)
        return -ENOMEM;
    memset(m, 0, sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    for (size_t i = 0; i < PN_ROW_KINDS; i++) {
        m->others[i].kind = (enum pn_row_kind)i;
        m->others[i].name = PN_STR("_other"); /* no name of a policy: those have no underscore */
    }
    m->started_ms = pn_process_started_ms();
    *ret = m;
    return 0;
}

void pn_metrics_free(struct pn_metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (size_t i = 0; i < PN_ROW_PLACES; i++)
        free(atomic_load(&metrics->places[i]));
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

/* ---- requests -------------------------------------------------------------------------- */

static struct pn_shard *my_shard(struct pn_metrics *m)
{
    static atomic_uint threads;
    static _Thread_local unsigned mine; /* 0: not yet known; else one more than the number */
    if (mine == 0)
        mine = atomic_fetch_add(&threads, 1) % PN_METRICS_SHARDS + 1;
    return &m->shards[mine - 1];
}

static void observe(struct pn_histogram *h, const uint64_t *bounds, size_t n, uint64_t value)
{
    size_t i = 0;
    while (i < n && value > bounds[i])
        i++;
    pn_count_add(&h->buckets[i], 1);
    pn_count_add(&h->sum, value);
}

static size_t result_of(enum pn_outcome outcome, unsigned status)
{
    if (status == 200)
        return (size_t)outcome;
    if (status == 0)
        return PN_RESULT_UNANSWERED;
    for (size_t i = 0; i < PN_COUNT_OF(pn_metrics_statuses); i++) {
        if (pn_metrics_statuses[i] == status)
            return PN_RESULT_STATUS + i;
    }
    return PN_RESULT_ERROR;
}

void pn_metrics_request(struct pn_metrics *metrics, enum pn_metrics_path path,
                        enum pn_outcome outcome, unsigned status, int64_t duration_us)
{
    if (metrics == NULL)
        return;
    struct pn_shard *shard = my_shard(metrics);
    pn_count_add(&shard->requests[path][result_of(outcome, status)], 1);
    if (status != 0)
        observe(&shard->latency[path], pn_latency_bounds_us, PN_LATENCY_BOUNDS,
                duration_us > 0 ? (uint64_t)duration_us : 0);
}

/* ---- policies and budgets -------------------------------------------------------------- */

/* The place of a row, or the empty one where it would be. */
static _Atomic(struct pn_row *) *find_place(struct pn_metrics *m, enum pn_row_kind kind,
                                            struct pn_str name)
{
    size_t i = (pn_str_hash(PN_HASH_BASIS, name) + kind) % PN_ROW_PLACES;
    for (;; i = (i + 1) % PN_ROW_PLACES) {
        const struct pn_row *row = atomic_load_explicit(&m->places[i], memory_order_acquire);
        if (row == NULL || (row->kind == kind && pn_str_eq(row->name, name)))
            return &m->places[i];
    }
}

static struct pn_row *add_row(struct pn_metrics *m, enum pn_row_kind kind, struct pn_str name)
{
    pthread_mutex_lock(&m->lock);
    _Atomic(struct pn_row *) *place = find_place(m, kind, name); /* others may have been faster */
    struct pn_row *row = atomic_load(place);
    if (row == NULL && m->row_count < PN_METRICS_ROWS_MAX)
        row = calloc(1, sizeof *row + name.n);
    if (row != NULL && row->name.s == NULL) {
        char *copy = (char *)(row + 1);
        memcpy(copy, name.s, name.n);
        row->kind = kind;
        row->name = (struct pn_str){copy, name.n};
        m->row_count++;
        atomic_store_explicit(place, row, memory_order_release);
    }
    pthread_mutex_unlock(&m->lock);
    return row != NULL ? row : &m->others[kind];
}

static struct pn_row *row_of(struct pn_metrics *m, enum pn_row_kind kind, struct pn_str name)
{
    struct pn_row *row = atomic_load_explicit(find_place(m, kind, name), memory_order_acquire);
    return row != NULL ? row : add_row(m, kind, name);
}

static void count_added(struct pn_row *row, const struct pn_decision *d, const struct pn_verdict *v)
{
    struct pn_added added = pn_added_requests(d, v);
    const int64_t amounts[] = {[PN_ADDED_CPU_MILLI] = added.cpu_milli,
                               [PN_ADDED_MEMORY] = added.memory_bytes,
                               [PN_ADDED_STORAGE] = added.ephemeral_storage_bytes};
    for (size_t i = 0; i < PN_ADDED_COUNT; i++) {
        if (amounts[i] > 0)
            pn_count_add(&row->added[i], (uint64_t)amounts[i]);
    }
}

static bool is_trim(enum pn_reason_id id)
{
    return id >= PN_REASON_BUDGET_SIDECARS && id <= PN_REASON_BUDGET_SHARE_OF_APP;
}

static void count_verdict(struct pn_metrics *m, const struct pn_decision *d,
                          const struct pn_verdict *v)
{
    enum pn_reason_id id = v->reason.id;
    bool success = pn_reason_class_of(id) == PN_CLASS_SUCCESS;
    if (id == PN_REASON_NONE || (success && !d->allowed)) /* nothing of a refused Pod is added */
        return;
    struct pn_row *row = row_of(m, v->audit ? PN_ROW_AUDITED : PN_ROW_ENFORCED,
                                pn_policy_set_policy_name(d->set, v->policy));
    pn_count_add(&row->reasons[id], 1);
    if (success && !d->dry_run)
        count_added(row, d, v);
    if (is_trim(id) && !v->audit) {
        struct pn_str budget = pn_value_str(PN_GET(v->reason.arguments, "budget"));
        pn_count_add(&row_of(m, PN_ROW_TRIMMED, budget)->reasons[id], 1);
    }
}

static void count_refusal(struct pn_metrics *m, const struct pn_decision *d,
                          const struct pn_verdict *v, bool validates)
{
    enum pn_reason_id id = v->reason.id;
    if ((validates ? pn_final_refusal(d, v) : pn_status_refusal(d, v)) == NULL)
        return;
    if (pn_reason_class_of(id) == PN_CLASS_SUCCESS && id != PN_REASON_REPAIRED)
        id = PN_REASON_INJECTED;
    struct pn_row *row = row_of(m, validates ? PN_ROW_REFUSED_VALIDATE : PN_ROW_REFUSED_MUTATE,
                                pn_policy_set_policy_name(d->set, v->policy));
    pn_count_add(&row->reasons[id], 1);
}

void pn_metrics_decision(struct pn_metrics *metrics, const struct pn_decision *d, unsigned flags)
{
    bool validates = flags & PN_DECIDE_VALIDATE;
    if (metrics == NULL)
        return;
    for (size_t i = 0; i < d->verdict_count; i++) {
        if (!validates)
            count_verdict(metrics, d, &d->verdicts[i]);
        if (!d->allowed)
            count_refusal(metrics, d, &d->verdicts[i], validates);
    }
    if (d->patch.n > 0)
        observe(&my_shard(metrics)->patch, pn_patch_bounds_bytes, PN_PATCH_BOUNDS, d->patch.n);
}

void pn_metrics_connection_refused(struct pn_metrics *metrics)
{
    if (metrics != NULL)
        pn_count_add(&metrics->refused_connections, 1);
}
