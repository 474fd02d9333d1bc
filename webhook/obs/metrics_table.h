/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_OBS_METRICS_TABLE_H
#define PN_OBS_METRICS_TABLE_H

/* Private to metrics.c and metrics_write.c: where the numbers are. */

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "obs/metrics.h"

/* Threads add to sums of their own, so that they do not fight for a cache line; who reads adds them
 * up. More threads than this share. */
enum { PN_METRICS_SHARDS = 8, PN_CACHE_LINE_BYTES = 64 };

typedef _Atomic uint64_t pn_count;

/* ---- requests -------------------------------------------------------------------------- */

enum { PN_METRICS_PATHS = PN_METRICS_VALIDATE + 1 };

/* How a request may end: one of the outcomes, or one of the statuses of an error. */
enum pn_result {
    PN_RESULT_ALLOWED,
    PN_RESULT_PATCHED,
    PN_RESULT_DENIED,
    PN_RESULT_ERROR,                         /* a status that is none of the list */
    PN_RESULT_UNANSWERED,                    /* its client left */
    PN_RESULT_STATUS,                        /* and on: the statuses of the list */
    PN_RESULT_COUNT = PN_RESULT_STATUS + 10, /* PN_METRICS_STATUSES has so many */
};
extern const unsigned pn_metrics_statuses[PN_RESULT_COUNT - PN_RESULT_STATUS];

/* Upper bounds of the buckets, in the unit that is counted; then comes what is above. */
enum { PN_LATENCY_BOUNDS = 17, PN_PATCH_BOUNDS = 12, PN_BOUNDS_MAX = PN_LATENCY_BOUNDS };
extern const uint64_t pn_latency_bounds_us[PN_LATENCY_BOUNDS];
extern const uint64_t pn_patch_bounds_bytes[PN_PATCH_BOUNDS];

struct pn_histogram {
    pn_count buckets[PN_BOUNDS_MAX + 1]; /* not added up */
    pn_count sum;
};

struct pn_shard {
    _Alignas(PN_CACHE_LINE_BYTES) pn_count requests[PN_METRICS_PATHS][PN_RESULT_COUNT];
    struct pn_histogram latency[PN_METRICS_PATHS];
    struct pn_histogram patch;
};

/* ---- policies and budgets -------------------------------------------------------------- */

/* What a row counts, by reason. */
enum pn_row_kind {
    PN_ROW_ENFORCED,         /* decisions about a policy */
    PN_ROW_AUDITED,          /* the same of one in mode Audit */
    PN_ROW_REFUSED_MUTATE,   /* Pods that a policy refused; "missing" counts as injected, */
    PN_ROW_REFUSED_VALIDATE, /* "incomplete" as repaired */
    PN_ROW_TRIMMED,          /* policies that a budget left out */
    PN_ROW_KINDS,
};

enum { PN_ADDED_CPU_MILLI, PN_ADDED_MEMORY, PN_ADDED_STORAGE, PN_ADDED_COUNT };

struct pn_row {
    enum pn_row_kind kind;
    struct pn_str name; /* stands behind the row */
    pn_count reasons[PN_REASON_COUNT];
    pn_count added[PN_ADDED_COUNT];
};

/* An open table with twice as many places as rows; rows are only ever added. */
enum { PN_ROW_PLACES = 2 * PN_METRICS_ROWS_MAX };

struct pn_metrics {
    struct pn_shard shards[PN_METRICS_SHARDS];
    _Atomic(struct pn_row *) places[PN_ROW_PLACES];
    struct pn_row others[PN_ROW_KINDS]; /* for what finds no place */
    pthread_mutex_t lock;               /* of adding a row */
    size_t row_count;
    pn_count refused_connections;
    int64_t started_ms; /* of the process, by the wall clock; 0: unknown */
};

static inline uint64_t pn_count_read(const pn_count *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static inline void pn_count_add(pn_count *count, uint64_t n)
{
    atomic_fetch_add_explicit(count, n, memory_order_relaxed);
}

#endif
