/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_OBS_METRICS_H
#define PN_OBS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "engine/engine.h"

/*
 * What happened, in numbers for Prometheus. Counting is atomic additions: it takes no lock and
 * allocates nothing, except once for each policy, at its first decision. Safe from any thread.
 * metrics: NULL is allowed everywhere and does nothing.
 *
 * The number of time series is bounded: reasons, paths and statuses are fixed lists, and of
 * policies and budgets PN_METRICS_ROWS_MAX are told apart; what comes later counts as "_other". A
 * policy that is gone keeps its counters until the process ends, so that no rate jumps.
 */
struct pn_metrics;

/* Returns 0 or -ENOMEM. */
int pn_metrics_new(struct pn_metrics **ret) PN_MUST_CHECK;

void pn_metrics_free(struct pn_metrics *metrics);

/* ---- the request path ------------------------------------------------------------------ */

enum pn_metrics_path { PN_METRICS_OTHER, PN_METRICS_MUTATE, PN_METRICS_VALIDATE };

/* What became of a review; with a status other than 200 it is an error, whatever is said here. */
enum pn_outcome { PN_OUTCOME_ALLOWED, PN_OUTCOME_PATCHED, PN_OUTCOME_DENIED };

/* A request has its answer: `status`, or 0 when its client left without one. */
void pn_metrics_request(struct pn_metrics *metrics, enum pn_metrics_path path,
                        enum pn_outcome outcome, unsigned status, int64_t duration_us);

/*
 * A review was decided with `flags`. /mutate counts what became of each policy; of a Pod that is
 * refused, not what would have been added. /validate counts what refuses.
 */
void pn_metrics_decision(struct pn_metrics *metrics, const struct pn_decision *d, unsigned flags);

/* A connection was closed at once, since too many were open. */
void pn_metrics_connection_refused(struct pn_metrics *metrics);

/* ---- reading --------------------------------------------------------------------------- */

/* What others count, at the time of reading. */
struct pn_metrics_facts {
    const char *version;                 /* of pannier */
    uint64_t set_hash;                   /* of the policies in force */
    size_t policies, templates, budgets; /* in force */
    size_t namespaces;                   /* whose labels are known */
    uint64_t policy_loads, policy_load_failures;
    bool policy_load_failed;       /* the last one */
    int64_t policies_loaded_s;     /* since 1970; 0: never, and set_hash means nothing */
    int64_t certificate_expires_s; /* since 1970 */
    bool certificate_failed;       /* a newer one was refused, or could not be made */
    size_t connections, connections_max;
    size_t in_flight;
    uint64_t log_lines_dropped;
    bool ready;
};

/*
 * Appends all metrics in Prometheus' text format, version 0.0.4. The caller asks out->failed. What
 * /proc does not tell of the process is left out.
 */
void pn_metrics_write(struct pn_buf *out, struct pn_metrics *metrics,
                      const struct pn_metrics_facts *facts);

#endif
