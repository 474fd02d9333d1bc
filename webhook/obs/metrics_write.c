/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "obs/metrics_table.h"
#include "obs/process.h"
#include "obs/prom.h"

/* ---- requests -------------------------------------------------------------------------- */

static const char *const path_names[] = {[PN_METRICS_OTHER] = "other",
                                         [PN_METRICS_MUTATE] = "/mutate",
                                         [PN_METRICS_VALIDATE] = "/validate"};

static const char *outcome_name(size_t result)
{
    static const char *const names[] = {[PN_RESULT_ALLOWED] = "allowed",
                                        [PN_RESULT_PATCHED] = "patched",
                                        [PN_RESULT_DENIED] = "denied",
                                        [PN_RESULT_ERROR] = "error",
                                        [PN_RESULT_UNANSWERED] = "unanswered"};
    return result < PN_RESULT_STATUS ? names[result] : "error";
}

static void write_code(struct pn_buf *out, size_t result)
{
    if (result <= PN_RESULT_DENIED)
        pn_buf_cstr(out, "200");
    else if (result >= PN_RESULT_STATUS)
        pn_buf_int(out, pn_metrics_statuses[result - PN_RESULT_STATUS]);
    else
        pn_buf_cstr(out, result == PN_RESULT_UNANSWERED ? "none" : "other");
}

/* What is there from the start, as a rate needs a first value; the rest comes when it happens. */
static bool is_usual(size_t path, size_t result)
{
    return path != PN_METRICS_OTHER &&
           (result == PN_RESULT_ALLOWED || result == PN_RESULT_DENIED ||
            (result == PN_RESULT_PATCHED && path == PN_METRICS_MUTATE) ||
            (result >= PN_RESULT_STATUS && pn_metrics_statuses[result - PN_RESULT_STATUS] == 500));
}

static void write_requests(struct pn_buf *out, const struct pn_metrics *m)
{
    static const char name[] = "pannier_requests_total";
    pn_prom_head(out, name, PN_PROM_COUNTER,
                 "Requests by path, HTTP status and outcome. Probes and scrapes do not count.");
    for (size_t path = 0; path < PN_METRICS_PATHS; path++) {
        for (size_t result = 0; result < PN_RESULT_COUNT; result++) {
            uint64_t n = 0;
            for (size_t s = 0; s < PN_METRICS_SHARDS; s++)
                n += pn_count_read(&m->shards[s].requests[path][result]);
            if (n == 0 && !is_usual(path, result))
                continue;
            pn_buf_printf(out, "%s{path=\"%s\",code=\"", name, path_names[path]);
            write_code(out, result);
            pn_buf_printf(out, "\",outcome=\"%s\"} %llu\n", outcome_name(result),
                          (unsigned long long)n);
        }
    }
}

/* Sums up the shards. `at` is where the histogram is in each. */
static void sum_histogram(uint64_t buckets[static PN_BOUNDS_MAX + 1], uint64_t *ret_sum,
                          const struct pn_metrics *m, size_t at)
{
    memset(buckets, 0, (PN_BOUNDS_MAX + 1) * sizeof buckets[0]);
    *ret_sum = 0;
    for (size_t s = 0; s < PN_METRICS_SHARDS; s++) {
        const struct pn_histogram *h = (const void *)((const char *)&m->shards[s] + at);
        *ret_sum += pn_count_read(&h->sum);
        for (size_t i = 0; i <= PN_BOUNDS_MAX; i++)
            buckets[i] += pn_count_read(&h->buckets[i]);
    }
}

static void write_micros(struct pn_buf *out, uint64_t micros)
{
    pn_buf_printf(out, "%llu", (unsigned long long)(micros / 1000000));
    if (micros % 1000000 == 0)
        return;
    pn_buf_printf(out, ".%06llu", (unsigned long long)(micros % 1000000));
    while (out->len > 0 && !out->failed && out->data[out->len - 1] == '0')
        out->len--;
}

/* pn_latency_bounds_us in seconds, as Go's clients write them, which rules name. */
static const char *const latency_texts[PN_LATENCY_BOUNDS] = {
    "2.5e-05", "5e-05", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01",
    "0.025",   "0.05",  "0.1",    "0.25",    "0.5",    "1",     "2.5",    "10"};

/* `label` is "" or ends with a comma. */
static void write_histogram(struct pn_buf *out, const char *name, const char *label,
                            const struct pn_metrics *m, size_t at, const uint64_t *bounds, size_t n)
{
    uint64_t buckets[PN_BOUNDS_MAX + 1], sum, count = 0;
    bool is_micros = bounds == pn_latency_bounds_us;
    int label_bytes = label[0] != '\0' ? (int)strlen(label) - 1 : 0;
    sum_histogram(buckets, &sum, m, at);
    for (size_t i = 0; i <= n; i++) {
        count += buckets[i];
        pn_buf_printf(out, "%s_bucket{%sle=\"", name, label);
        if (i == n)
            pn_buf_cstr(out, "+Inf");
        else if (is_micros)
            pn_buf_cstr(out, latency_texts[i]);
        else
            pn_buf_int(out, (int64_t)bounds[i]);
        pn_buf_printf(out, "\"} %llu\n", (unsigned long long)count);
    }
    const char *open = label_bytes > 0 ? "{" : "", *close = label_bytes > 0 ? "}" : "";
    pn_buf_printf(out, "%s_sum%s%.*s%s ", name, open, label_bytes, label, close);
    if (is_micros)
        write_micros(out, sum);
    else
        pn_buf_printf(out, "%llu", (unsigned long long)sum);
    pn_buf_printf(out, "\n%s_count%s%.*s%s %llu\n", name, open, label_bytes, label, close,
                  (unsigned long long)count);
}

static void write_histograms(struct pn_buf *out, const struct pn_metrics *m)
{
    pn_prom_head(out, "pannier_request_duration_seconds", PN_PROM_HISTOGRAM,
                 "Time from a review's headers to its answer, its body's arrival included.");
    for (size_t path = PN_METRICS_MUTATE; path < PN_METRICS_PATHS; path++) {
        char label[32];
        snprintf(label, sizeof label, "path=\"%s\",", path_names[path]);
        write_histogram(out, "pannier_request_duration_seconds", label, m,
                        offsetof(struct pn_shard, latency) + path * sizeof(struct pn_histogram),
                        pn_latency_bounds_us, PN_LATENCY_BOUNDS);
    }
    pn_prom_head(out, "pannier_patch_bytes", PN_PROM_HISTOGRAM,
                 "Size of the JSON Patch of Pods that were patched.");
    write_histogram(out, "pannier_patch_bytes", "", m, offsetof(struct pn_shard, patch),
                    pn_patch_bounds_bytes, PN_PATCH_BOUNDS);
}

/* ---- policies and budgets -------------------------------------------------------------- */

/* What all rows of some kinds have in common when they are written. */
struct family {
    const char *name;
    const char *subject; /* the label for the row's name */
    const char *kind_label;
    const char *kinds[PN_ROW_KINDS]; /* the value of kind_label; NULL: not of this family */
};

static const char *reason_word(enum pn_row_kind kind, size_t reason)
{
    if (kind == PN_ROW_REFUSED_VALIDATE && reason == PN_REASON_INJECTED)
        return "missing";
    if (kind == PN_ROW_REFUSED_VALIDATE && reason == PN_REASON_REPAIRED)
        return "incomplete";
    return pn_reason_name((enum pn_reason_id)reason);
}

static void write_row(struct pn_buf *out, const struct family *f, const struct pn_row *row)
{
    for (size_t i = 0; i < PN_REASON_COUNT; i++) {
        uint64_t n = pn_count_read(&row->reasons[i]);
        if (n == 0)
            continue;
        pn_buf_cstr(out, f->name);
        pn_prom_label(out, true, f->subject, row->name);
        pn_prom_label(out, false, "reason", pn_str_of(reason_word(row->kind, i)));
        if (f->kind_label != NULL)
            pn_prom_label(out, false, f->kind_label, pn_str_of(f->kinds[row->kind]));
        pn_buf_printf(out, "} %llu\n", (unsigned long long)n);
    }
}

static void write_added(struct pn_buf *out, const struct pn_row *row)
{
    static const char name[] = "pannier_added_requests_total";
    static const char *const resources[] = {[PN_ADDED_CPU_MILLI] = "cpu",
                                            [PN_ADDED_MEMORY] = "memory",
                                            [PN_ADDED_STORAGE] = "ephemeral-storage"};
    for (size_t i = 0; i < PN_ADDED_COUNT; i++) {
        unsigned long long n = pn_count_read(&row->added[i]);
        if (n == 0)
            continue;
        pn_buf_cstr(out, name);
        pn_prom_label(out, true, "policy", row->name);
        pn_prom_label(out, false, "resource", pn_str_of(resources[i]));
        if (i == PN_ADDED_CPU_MILLI)
            pn_buf_printf(out, "} %llu.%03llu\n", n / 1000, n % 1000);
        else
            pn_buf_printf(out, "} %llu\n", n);
    }
}

/* Row `i` of all places, the last ones being for what found none; NULL: that place is empty. */
static const struct pn_row *row_at(struct pn_metrics *m, size_t i)
{
    return i < PN_ROW_PLACES ? atomic_load_explicit(&m->places[i], memory_order_acquire)
                             : &m->others[i - PN_ROW_PLACES];
}

static void write_family(struct pn_buf *out, struct pn_metrics *m, const struct family *f)
{
    for (size_t i = 0; i < PN_ROW_PLACES + PN_ROW_KINDS; i++) {
        const struct pn_row *row = row_at(m, i);
        if (row != NULL && f->kinds[row->kind] != NULL)
            write_row(out, f, row);
    }
}

static void write_all_added(struct pn_buf *out, struct pn_metrics *m)
{
    for (size_t i = 0; i < PN_ROW_PLACES + PN_ROW_KINDS; i++) {
        const struct pn_row *row = row_at(m, i);
        if (row != NULL && row->kind == PN_ROW_ENFORCED)
            write_added(out, row);
    }
}

static void write_policies(struct pn_buf *out, struct pn_metrics *m)
{
    static const struct family decisions = {
        "pannier_decisions_total",
        "policy",
        "mode",
        {[PN_ROW_ENFORCED] = "Enforce", [PN_ROW_AUDITED] = "Audit"}};
    static const struct family refusals = {
        "pannier_refusals_total",
        "policy",
        "path",
        {[PN_ROW_REFUSED_MUTATE] = "/mutate", [PN_ROW_REFUSED_VALIDATE] = "/validate"}};
    static const struct family trims = {
        "pannier_budget_trims_total", "budget", NULL, {[PN_ROW_TRIMMED] = ""}};
    pn_prom_head(out, decisions.name, PN_PROM_COUNTER,
                 "What became of a policy whose selectors match, by reason.");
    write_family(out, m, &decisions);
    pn_prom_head(out, "pannier_added_requests_total", PN_PROM_COUNTER,
                 "Requests of the containers that policies added for long: cpu in cores, memory "
                 "and ephemeral-storage in bytes. Dry runs do not count.");
    write_all_added(out, m);
    pn_prom_head(out, refusals.name, PN_PROM_COUNTER,
                 "Pods that a policy with onFailure Deny refused, by reason.");
    write_family(out, m, &refusals);
    pn_prom_head(out, trims.name, PN_PROM_COUNTER,
                 "Policies that a budget left out of a Pod, by reason.");
    write_family(out, m, &trims);
}

/* ---- all of it ------------------------------------------------------------------------- */

static void write_one(struct pn_buf *out, const char *name, enum pn_prom_type type,
                      const char *help, uint64_t value)
{
    pn_prom_head(out, name, type, help);
    pn_buf_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void write_set(struct pn_buf *out, const struct pn_metrics_facts *facts)
{
    pn_prom_head(out, "pannier_policy_set_info", PN_PROM_GAUGE,
                 "1, with a hash of the policies that are in force.");
    if (facts->policies_loaded_s != 0)
        pn_buf_printf(out, "pannier_policy_set_info{hash=\"%016llx\"} 1\n",
                      (unsigned long long)facts->set_hash);
    write_one(out, "pannier_policies", PN_PROM_GAUGE, "Injection policies in force.",
              facts->policies);
    write_one(out, "pannier_templates", PN_PROM_GAUGE, "Sidecar templates in force.",
              facts->templates);
    write_one(out, "pannier_budgets", PN_PROM_GAUGE, "Injection budgets in force.", facts->budgets);
    write_one(out, "pannier_namespaces", PN_PROM_GAUGE, "Namespaces whose labels are known.",
              facts->namespaces);
    pn_prom_head(out, "pannier_policy_loads_total", PN_PROM_COUNTER,
                 "Loads of the policies, the one at the start included, by result.");
    pn_buf_printf(out,
                  "pannier_policy_loads_total{result=\"success\"} %llu\n"
                  "pannier_policy_loads_total{result=\"failure\"} %llu\n",
                  (unsigned long long)facts->policy_loads,
                  (unsigned long long)facts->policy_load_failures);
    write_one(out, "pannier_policy_load_failed", PN_PROM_GAUGE,
              "1 when the last load failed and an older set is in force; 0 otherwise.",
              facts->policy_load_failed);
    write_one(out, "pannier_policy_last_load_success_timestamp_seconds", PN_PROM_GAUGE,
              "When the policies in force were loaded, in seconds since 1970.",
              (uint64_t)facts->policies_loaded_s);
}

static void write_server(struct pn_buf *out, const struct pn_metrics *m,
                         const struct pn_metrics_facts *facts)
{
    write_one(out, "pannier_ready", PN_PROM_GAUGE,
              "1 when /readyz says so; 0 before policies are loaded and while it drains.",
              facts->ready);
    write_one(out, "pannier_requests_in_flight", PN_PROM_GAUGE,
              "Requests on the TLS port that have no answer yet.", facts->in_flight);
    write_one(out, "pannier_connections", PN_PROM_GAUGE, "Open connections of the TLS port.",
              facts->connections);
    write_one(out, "pannier_connections_max", PN_PROM_GAUGE,
              "Connections of the TLS port that may be open.", facts->connections_max);
    write_one(out, "pannier_connections_refused_total", PN_PROM_COUNTER,
              "Connections that were closed at once, since too many were open.",
              pn_count_read(&m->refused_connections));
    pn_prom_head(out, "pannier_certificate_expiry_timestamp_seconds", PN_PROM_GAUGE,
                 "When the certificate that is served ends, in seconds since 1970.");
    pn_buf_printf(out, "pannier_certificate_expiry_timestamp_seconds %lld\n",
                  (long long)facts->certificate_expires_s);
    write_one(out, "pannier_certificate_load_failed", PN_PROM_GAUGE,
              "1 when a newer certificate was refused and an older one is served; 0 otherwise.",
              facts->certificate_failed);
    write_one(out, "pannier_log_lines_dropped_total", PN_PROM_COUNTER,
              "Log lines that nobody read in time.", facts->log_lines_dropped);
    pn_prom_head(out, "pannier_build_info", PN_PROM_GAUGE, "1, with the version of pannier.");
    pn_buf_cstr(out, "pannier_build_info");
    pn_prom_label(out, true, "version", pn_str_of(facts->version));
    pn_buf_cstr(out, "} 1\n");
}

void pn_metrics_write(struct pn_buf *out, struct pn_metrics *metrics,
                      const struct pn_metrics_facts *facts)
{
    if (metrics == NULL)
        return;
    write_requests(out, metrics);
    write_histograms(out, metrics);
    write_policies(out, metrics);
    write_set(out, facts);
    write_server(out, metrics, facts);
    pn_process_write(out, metrics->started_ms);
}
