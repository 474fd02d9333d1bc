/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_FLEET_H
#define PN_REPORT_FLEET_H

#include "base/arena.h"
#include "engine/running.h"

/* What verify says about the running Pods of a cluster. */

/* One Pod. Borrows everything. */
struct pn_fleet_pod {
    struct pn_str file, namespace, name;
    struct pn_str owner_kind, owner_name; /* its controller; n == 0: none */
    struct pn_str workload;               /* as the engine has it: see engine/pod.h */
    const struct pn_running *running;
};

/* Pods that are not looked at. */
enum pn_fleet_skip {
    PN_FLEET_COMPLETED, /* Succeeded or Failed */
    PN_FLEET_DELETING,
    PN_FLEET_STATIC, /* mirrors of a kubelet's own Pods, which no webhook is asked about */
    PN_FLEET_PROTECTED,
    PN_FLEET_FILTERED, /* of other namespaces than the one that was asked for */
    PN_FLEET_SKIP_COUNT,
};

/* What a policy's containers come to, in the Pods that have any. */
struct pn_fleet_sum {
    struct pn_str policy;
    size_t pods;
    struct pn_running_requests sidecars, app; /* app: of those Pods */
};

/* All of them. */
struct pn_fleet {
    struct pn_arena *arena; /* names, and rows until they are printed */
    bool keeps_rows;        /* for the table... */
    bool keeps_all;         /* ... also what is as it should be */
    size_t pods;
    size_t standings[PN_STANDING_COUNT];
    size_t skipped[PN_FLEET_SKIP_COUNT];
    size_t other;   /* objects that are no Pods */
    size_t invalid; /* Pods that could not be decided; their faults were told */
    struct pn_fleet_sum all, *sums;
    size_t sum_count;
    struct pn_fleet_row *rows;
    size_t row_count;
};

/* True for what has to be done something about. */
bool pn_fleet_is_finding(enum pn_standing standing);

/* Counts a Pod and, for the table, keeps what is to be said of it. Returns 0 or -ENOMEM. */
int pn_fleet_add(struct pn_fleet *fleet, const struct pn_fleet_pod *pod) PN_MUST_CHECK;

/* Appends a row for each policy of each Pod, Pods of one owner that stand alike as one row; nothing
 * when there are no rows. Returns 0 or -ENOMEM. */
int pn_fleet_write_table(struct pn_buf *out, struct pn_fleet *fleet, bool color) PN_MUST_CHECK;

/* Appends how many Pods stand how, and a table of what sidecars request, by policy. Returns 0 or
 * -ENOMEM. */
int pn_fleet_write_summary(struct pn_buf *out, const struct pn_fleet *fleet) PN_MUST_CHECK;

/*
 * {"schemaVersion": 1,
 *  "pods": [{"file", "namespace", "name", "owner": {"kind", "name"}, "workload", "state",
 *            "policies": [{"name", "state", "rev", "recordedRev", "text", "containers",
 *                          "requests", "decision": {"reason", "arguments", "text"}}],
 *            "requests": {"sidecars", "app"}}],
 *  "summary": {"pods", "states": {state: count}, "skipped": {...}, "otherObjects", "invalid",
 *              "requests": {"pods", "sidecars", "app", "percentOfApp",
 *                           "policies": [{"name", "pods", ...}]}}}
 *
 * Requests are {"cpuMilli", "memoryBytes"}. Written in parts, so that its size does not matter.
 */
void pn_fleet_json_begin(struct pn_buf *out);
/* `is_first` says whether a comma goes before it. Returns 0 or -ENOMEM. */
int pn_fleet_json_pod(struct pn_buf *out, const struct pn_fleet_pod *pod,
                      bool is_first) PN_MUST_CHECK;
int pn_fleet_json_end(struct pn_buf *out, const struct pn_fleet *fleet) PN_MUST_CHECK;

/* What part of the app's requests the sidecars' are, in per cent; -1: the app requests none. */
int64_t pn_fleet_percent(int64_t sidecars, int64_t app);

/* "completed", "deleting", "static", "protectedNamespace", "otherNamespace". */
const char *pn_fleet_skip_name(enum pn_fleet_skip skip);

#endif
