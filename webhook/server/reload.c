/* SPDX-License-Identifier: Apache-2.0 */
#include "server/reload.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "config/load.h"
#include "server/clock.h"
#include "sys/fingerprint.h"

struct pn_reload {
    struct pn_reload_options o;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    bool stopping, asked;
    struct pn_reload_state state;
    int64_t first_micros; /* of the first load */
    /* The thread's own: */
    uint64_t tried;   /* the files' fingerprint at the last load */
    uint64_t seen;    /* ... when they were looked at last */
    int64_t since_ms; /* when they were first seen to be others than `tried`; 0: they are not */
    int64_t again_ms; /* when to load once more what could not be read; 0: no need */
    uint64_t told;    /* a hash of the failure in the log; 0: tell whatever it is */
};

/* One load. */
struct result {
    int code; /* as pn_reload_first returns it */
    struct pn_policy_set *set;
    struct pn_namespaces *namespaces;
    int64_t micros;
};

static void result_deinit(struct result *result)
{
    pn_policy_set_unref(result->set);
    pn_namespaces_unref(result->namespaces);
}

int pn_reload_new(struct pn_reload **ret, const struct pn_reload_options *o)
{
    struct pn_reload *r = calloc(1, sizeof *r);
    if (r == NULL)
        return -ENOMEM;
    pthread_condattr_t attributes;
    r->o = *o;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&r->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret = r;
    return 0;
}

void pn_reload_free(struct pn_reload *r)
{
    if (r == NULL)
        return;
    pn_reload_stop(r);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* ---- a load ---------------------------------------------------------------------------- */

static uint64_t fingerprint(const struct pn_reload *r)
{
    uint64_t all = PN_FINGERPRINT_BASIS;
    for (size_t i = 0; i < r->o.policy_path_count; i++)
        all = pn_fingerprint_add(all, r->o.policies[i]);
    return r->o.namespaces_file != NULL ? pn_fingerprint_add(all, r->o.namespaces_file) : all;
}

/* Loads all files, and tells the faults of all of them. */
static int load_files(struct result *ret, const struct pn_reload *r, struct pn_diags *diags)
{
    const struct pn_reload_options *o = &r->o;
    int policies = o->audit_only
                       ? pn_load_policies_audit(&ret->set, o->policies, o->policy_path_count, diags)
                       : pn_load_policies(&ret->set, o->policies, o->policy_path_count, diags);
    int namespaces = o->namespaces_file != NULL && policies >= 0
                         ? pn_namespaces_load(&ret->namespaces, o->namespaces_file, diags)
                         : 0;
    if (policies < 0 || namespaces < 0)
        return policies < 0 ? policies : namespaces;
    if (policies > 0 || namespaces > 0)
        return PN_RELOAD_E_FAULTS;
    return pn_policy_set_policy_count(ret->set) > 0 || o->allow_empty ? 0 : PN_RELOAD_E_EMPTY;
}

static void load(struct result *ret, const struct pn_reload *r, struct pn_diags *diags)
{
    int64_t began_us = pn_clock_us();
    *ret = (struct result){0};
    ret->code = load_files(ret, r, diags);
    ret->micros = pn_clock_us() - began_us;
}

/* Publishes what is good, which is taken over, and keeps account. */
static void settle(struct pn_reload *r, struct result *result)
{
    struct pn_reload_state state;
    pn_reload_read(r, &state);
    state.failed = result->code != 0;
    if (state.failed) {
        state.failures++;
    } else {
        state.loads++;
        state.hash = pn_policy_set_hash(result->set);
        state.policies = pn_policy_set_policy_count(result->set);
        state.templates = pn_policy_set_template_count(result->set);
        state.budgets = pn_policy_set_budget_count(result->set);
        state.namespaces = result->namespaces != NULL
                               ? pn_value_count(*pn_namespaces_labels(result->namespaces))
                               : 0;
        state.published_at = time(NULL);
        pn_snapshot_publish_both(r->o.snapshot, PN_TAKE(result->set), PN_TAKE(result->namespaces));
    }
    pthread_mutex_lock(&r->lock);
    r->state = state;
    pthread_mutex_unlock(&r->lock);
}

void pn_reload_read(struct pn_reload *r, struct pn_reload_state *ret)
{
    *ret = (struct pn_reload_state){0};
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    *ret = r->state;
    pthread_mutex_unlock(&r->lock);
}

/* ---- the log --------------------------------------------------------------------------- */

/* "FILE:LINE:COLUMN: message" of the first by place; false when there is none. */
static bool write_first(struct pn_buf *out, struct pn_diags *diags, enum pn_severity severity)
{
    pn_diags_sort(diags);
    for (size_t i = 0; i < diags->count; i++) {
        const struct pn_diag *d = &diags->items[i];
        if (d->severity != severity)
            continue;
        if (d->file != NULL)
            pn_buf_printf(out, "%s:", d->file);
        if (d->span.line > 0)
            pn_buf_printf(out, "%u:%u:", d->span.line, d->span.column);
        pn_buf_printf(out, "%s%s", out->len > 0 ? " " : "", d->message);
        return true;
    }
    return false;
}

static void tell_published(struct pn_reload *r, const struct result *result, struct pn_diags *diags)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf warning = PN_BUF_INIT;
    struct pn_reload_state state;
    struct pn_log_line line;
    char hash[17];
    pn_reload_read(r, &state);
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)state.hash);
    pn_log_begin(&line, r->o.log, NULL, PN_LOG_INFO,
                 state.loads > 1 ? PN_STR("policies reloaded") : PN_STR("policies loaded"));
    pn_log_str(&line, "hash", pn_str_of(hash));
    pn_log_int(&line, "policies", (int64_t)state.policies);
    pn_log_int(&line, "templates", (int64_t)state.templates);
    pn_log_int(&line, "budgets", (int64_t)state.budgets);
    if (r->o.namespaces_file != NULL)
        pn_log_int(&line, "namespaces", (int64_t)state.namespaces);
    if (r->o.audit_only)
        pn_log_bool(&line, "auditOnly", true);
    if (write_first(&warning, diags, PN_SEVERITY_WARNING))
        pn_log_str(&line, "warning", pn_buf_view(&warning));
    pn_log_int(&line, "durationMicros", result->micros);
    pn_log_commit(&line);
}

static void write_fault(struct pn_buf *out, const struct result *result, struct pn_diags *diags)
{
    if (result->code < 0)
        pn_buf_cstr(out, strerror(-result->code));
    else if (!write_first(out, diags, PN_SEVERITY_ERROR))
        pn_buf_cstr(out, result->code == PN_RELOAD_E_EMPTY ? "there are no policies"
                                                           : "out of memory for the faults");
}

static void tell_failed(struct pn_reload *r, const struct result *result, struct pn_diags *diags)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf fault = PN_BUF_INIT;
    struct pn_reload_state state;
    struct pn_log_line line;
    write_fault(&fault, result, diags);
    uint64_t hash = pn_str_hash(PN_HASH_BASIS, pn_buf_view(&fault));
    if (hash == r->told)
        return; /* tried again, and nothing is new */
    r->told = hash;
    pn_reload_read(r, &state);
    pn_log_begin(&line, r->o.log, NULL, state.loads > 0 ? PN_LOG_ERROR : PN_LOG_WARN,
                 state.loads > 0 ? PN_STR("policies not reloaded: those from before serve on")
                                 : PN_STR("policies not loaded: not ready"));
    pn_log_str(&line, "fault", pn_buf_view(&fault));
    if (diags->errors > 1)
        pn_log_int(&line, "others", (int64_t)diags->errors - 1);
    pn_log_int(&line, "durationMicros", result->micros);
    pn_log_commit(&line);
}

/* ---- the thread ------------------------------------------------------------------------ */

/* Whether it may be read another time without a change of the files: they are not to blame. */
static bool may_pass(const struct result *result, const struct pn_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        if (strcmp(diags->items[i].id, PN_LOAD_UNREADABLE) == 0)
            return true;
    }
    return result->code < 0;
}

/* Loads the files, which look like `before` now, unless they change meanwhile. */
static void attempt(struct pn_reload *r, uint64_t before, int64_t now_ms)
{
    PN_CLEANUP(result_deinit) struct result result = {0};
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    load(&result, r, &diags);
    r->seen = fingerprint(r);
    if (r->since_ms == 0)
        r->since_ms = now_ms;
    if (r->seen != before && now_ms - r->since_ms < PN_RELOAD_SETTLE_MAX_MS)
        return;
    r->since_ms = 0;
    r->tried = before;
    settle(r, &result);
    if (result.code == 0)
        tell_published(r, &result, &diags);
    else
        tell_failed(r, &result, &diags);
    r->again_ms = result.code != 0 && may_pass(&result, &diags) ? now_ms + PN_RELOAD_RETRY_MS : 0;
}

/* Whether to load now; keeps `since_ms` and `seen`. */
static bool is_due(struct pn_reload *r, uint64_t now_seen, bool asked, int64_t now_ms)
{
    bool settled = now_seen == r->seen;
    r->seen = now_seen;
    if (asked || now_seen != r->tried)
        r->told = 0;
    if (asked)
        return true;
    if (now_seen == r->tried) {
        r->since_ms = 0; /* changed and changed back, or not at all */
        return r->again_ms > 0 && now_ms >= r->again_ms;
    }
    if (r->since_ms == 0) {
        r->since_ms = now_ms;
        return false;
    }
    return settled || now_ms - r->since_ms >= PN_RELOAD_SETTLE_MAX_MS;
}

/* Sleeps until it is time to look, or somebody calls. False: the thread is to end. */
static bool wait_turn(struct pn_reload *r, bool *ret_asked)
{
    int64_t until_ms = pn_clock_ms() + (r->since_ms > 0 ? PN_RELOAD_SETTLE_MS : PN_RELOAD_POLL_MS);
    const struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};
    pthread_mutex_lock(&r->lock);
    while (!r->stopping && !r->asked &&
           pthread_cond_timedwait(&r->wake, &r->lock, &until) != ETIMEDOUT)
        continue;
    *ret_asked = r->asked;
    r->asked = false;
    bool go_on = !r->stopping;
    pthread_mutex_unlock(&r->lock);
    return go_on;
}

static void *reload_main(void *argument)
{
    struct pn_reload *r = argument;
    bool asked;
    while (wait_turn(r, &asked)) {
        uint64_t now_seen = fingerprint(r);
        int64_t now_ms = pn_clock_ms();
        if (is_due(r, now_seen, asked, now_ms))
            attempt(r, now_seen, now_ms);
    }
    return NULL;
}

int pn_reload_first(struct pn_reload *r, struct pn_diags *diags)
{
    PN_CLEANUP(result_deinit) struct result result = {0};
    /* Before the load: what changes during it is seen by the thread. */
    r->tried = r->seen = fingerprint(r);
    load(&result, r, diags);
    settle(r, &result);
    r->first_micros = result.micros;
    return result.code;
}

int pn_reload_start(struct pn_reload *r)
{
    sigset_t all, before;
    PN_CLEANUP(pn_diags_deinit) struct pn_diags none = PN_DIAGS_INIT;
    const struct result first = {.code = r->state.failed ? PN_RELOAD_E_EMPTY : 0,
                                 .micros = r->first_micros};
    if (first.code == 0)
        tell_published(r, &first, &none);
    else
        tell_failed(r, &first, &none);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&r->thread, NULL, reload_main, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    r->started = code == 0;
    return -code;
}

static void call(struct pn_reload *r, bool *which)
{
    pthread_mutex_lock(&r->lock);
    *which = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}

void pn_reload_ask(struct pn_reload *r)
{
    if (r != NULL)
        call(r, &r->asked);
}

void pn_reload_stop(struct pn_reload *r)
{
    if (r == NULL || !r->started)
        return;
    call(r, &r->stopping);
    pthread_join(r->thread, NULL);
    r->started = false;
}
