/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admission.h"

#include <string.h>

#include "base/limits.h"
#include "engine/engine.h"
#include "engine/final.h"
#include "engine/status.h"
#include "server/clock.h"

/* The reason that is told of a verdict; NULL: there is nothing to tell. */
static const char *told_reason(const struct pn_decision *d, const struct pn_verdict *v,
                               unsigned flags)
{
    bool validates = flags & PN_DECIDE_VALIDATE;
    const char *refusal = validates ? pn_final_refusal(d, v) : pn_status_refusal(d, v);
    if (refusal != NULL || v->reason.id == PN_REASON_NONE)
        return refusal;
    bool success = pn_reason_class_of(v->reason.id) == PN_CLASS_SUCCESS;
    /* Nothing of a refused Pod is added. */
    return success && !d->allowed && !validates ? NULL : pn_reason_name(v->reason.id);
}

/* Policy and reason, of those in mode Audit or of the others. */
static void log_verdicts(struct pn_log_line *line, const char *key, bool audit,
                         const struct pn_decision *d, unsigned flags)
{
    bool opened = false;
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        const char *reason = told_reason(d, v, flags);
        if (v->audit != audit || reason == NULL)
            continue;
        if (!opened)
            pn_log_open(line, key);
        opened = true;
        pn_log_member(line, pn_policy_set_policy_name(d->set, v->policy), pn_str_of(reason));
    }
    if (opened)
        pn_log_close(line);
}

/* One line for each Pod that policies select; of the rest only who wants to know everything. */
static enum pn_log_level level_of(const struct pn_decision *d, unsigned flags)
{
    bool routine = d->review.id != PN_REASON_NONE ||
                   (flags & PN_DECIDE_VALIDATE && d->allowed); /* it was told at /mutate */
    return routine ? PN_LOG_DEBUG : PN_LOG_INFO;
}

/* Never annotation values or contents of the Pod: those may be secrets. */
static void log_decision(struct pn_service *service, const struct pn_decision *d,
                         const struct pn_exchange *ex, unsigned flags, int64_t began_us,
                         struct pn_arena *arena)
{
    static const char *const outcomes[] = {[PN_OUTCOME_ALLOWED] = "allowed",
                                           [PN_OUTCOME_PATCHED] = "patched",
                                           [PN_OUTCOME_DENIED] = "denied"};
    struct pn_log_line line;
    pn_log_begin(&line, service->log, arena, level_of(d, flags),
                 flags & PN_DECIDE_VALIDATE ? PN_STR("validated") : PN_STR("decided"));
    if (line.log == NULL)
        return;
    pn_log_str(&line, "uid", d->uid);
    pn_log_str(&line, "operation", d->operation);
    pn_log_str(&line, "namespace", d->pod_namespace);
    pn_log_str(&line, "pod", d->pod_name);
    pn_log_str(&line, "workload", d->workload);
    pn_log_str(&line, "decision", pn_str_of(outcomes[ex->outcome]));
    if (d->dry_run)
        pn_log_bool(&line, "dryRun", true);
    if (d->review.id != PN_REASON_NONE)
        pn_log_str(&line, "review", pn_str_of(pn_reason_name(d->review.id)));
    log_verdicts(&line, "policies", false, d, flags);
    log_verdicts(&line, "audited", true, d, flags);
    pn_log_int(&line, "patchBytes", (int64_t)d->patch.n);
    pn_log_int(&line, "durationMicros", pn_clock_us() - began_us);
    pn_log_commit(&line);
}

static void broken(struct pn_service *service, struct pn_exchange *ex, const char *what, int code,
                   const char *detail)
{
    /* The API server shows the message to the Pod's author; the rest is for our operator. */
    pn_exchange_fail(ex, 500, "internal error while deciding: %s", what);
    pn_log_say(service->log, PN_LOG_ERROR, "internal error while deciding: %s: %s (%s)", what,
               strerror(-code), detail);
}

static void decide(struct pn_service *service, struct pn_exchange *ex,
                   const struct pn_policy_set *set, const struct pn_namespaces *namespaces,
                   unsigned flags, struct pn_arena *arena)
{
    struct pn_env env = *service->env;
    int64_t began_us = pn_clock_us();
    struct pn_decision *decision = NULL;
    struct pn_err err = PN_ERR_INIT;
    env.namespace_labels = namespaces != NULL ? pn_namespaces_labels(namespaces) : NULL;
    int r = pn_engine_decide(&decision, set, &env, flags, ex->body, ex->body_len, arena, &err);
    if (r == PN_ENGINE_E_BAD_REVIEW) {
        pn_exchange_fail(ex, 400, "%s", err.text);
    } else if (r == PN_ENGINE_E_TOO_DENSE) {
        pn_exchange_fail(ex, 413, "%s", err.text);
    } else if (r != 0) {
        broken(service, ex, "the engine failed", r < 0 ? r : -r, err.text);
    } else {
        ex->status = 200;
        ex->content_type = "application/json";
        ex->outcome = !decision->allowed      ? PN_OUTCOME_DENIED
                      : decision->patch.n > 0 ? PN_OUTCOME_PATCHED
                                              : PN_OUTCOME_ALLOWED;
        pn_respond_write(&ex->out, decision);
        pn_metrics_decision(service->metrics, decision, flags);
        log_decision(service, decision, ex, flags, began_us, arena);
    }
}

static void handle(struct pn_service *service, struct pn_exchange *ex, unsigned flags)
{
    struct pn_namespaces *namespaces = NULL;
    struct pn_policy_set *set = pn_snapshot_acquire_both(service->snapshot, &namespaces);
    struct pn_arena *arena = pn_pool_take_arena(service->pool);
    if (set == NULL) {
        pn_exchange_fail(ex, 503, "no policies are loaded yet");
    } else if (arena == NULL) {
        pn_exchange_fail(ex, 500, "out of memory");
    } else {
        pn_arena_reset(arena, pn_engine_arena_cap(ex->body_len));
        decide(service, ex, set, namespaces, flags, arena);
    }
    if (arena != NULL)
        pn_pool_give_arena(service->pool, arena);
    pn_policy_set_unref(set);
    pn_namespaces_unref(namespaces);
}

void pn_admission_mutate(struct pn_service *service, struct pn_exchange *ex)
{
    /* A registration that leads here is a mistake: the API server is to count it as one. */
    if (service->validate_only)
        pn_exchange_fail(ex, 404, "this server validates only (--validate-only): use /validate");
    else
        handle(service, ex, 0);
}

void pn_admission_validate(struct pn_service *service, struct pn_exchange *ex)
{
    handle(service, ex, PN_DECIDE_VALIDATE);
}
