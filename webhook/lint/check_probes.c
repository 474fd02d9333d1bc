/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/lone.h"

/* How a container is asked whether it lives, and how it stops. */

/* A liveness probe that gives up sooner restarts what is merely busy. */
enum { LIVENESS_MIN_SECONDS = 10 };

/* spec.terminationGracePeriodSeconds, where a Pod does not say otherwise. */
enum { GRACE_SECONDS = 30 };

static void check_alike(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *live = pn_trace_get(c->trace, "livenessProbe");
    const struct pn_trace *ready = pn_trace_get(c->trace, "readinessProbe");
    struct pn_value a, b;
    bool whole = true;
    if (live == NULL || ready == NULL || live->maybe || ready->maybe)
        return;
    if (pn_trace_value(&a, &whole, live, l->arena) != 0 ||
        pn_trace_value(&b, &whole, ready, l->arena) != 0) {
        l->out_of_memory = true;
        return;
    }
    if (!whole || !pn_value_equal(a, b))
        return;
    pn_lint_report(l, PN_RULE_IDENTICAL_PROBES, live->at,
                   "`%.*s` is restarted as soon as it is not ready: liveness and readiness probe "
                   "are the same",
                   PN_STR_ARG(c->name));
    pn_lint_also(l, ready->at, "the same");
    pn_lint_help(l, "ask less for liveness and give it more time, or leave one of them out");
}

static void check_eager(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *probe = pn_trace_get(c->trace, "livenessProbe");
    if (probe == NULL || probe->kind != PN_TRACE_MAP || probe->open)
        return;
    int64_t failures = pn_lone_probe_number(probe, "failureThreshold", 3);
    int64_t period = pn_lone_probe_number(probe, "periodSeconds", 10);
    if (failures <= 0 || period <= 0 || failures > INT32_MAX || period > INT32_MAX)
        return;
    const int64_t seconds = failures * period;
    const struct pn_trace *at = pn_trace_get(probe, "periodSeconds");
    if (seconds >= LIVENESS_MIN_SECONDS)
        return;
    pn_lint_report(l, PN_RULE_EAGER_LIVENESS, at != NULL ? at->at : probe->at,
                   "`%.*s` is restarted when it does not answer for %lld second%s",
                   PN_STR_ARG(c->name), (long long)seconds, seconds == 1 ? "" : "s");
    pn_lint_note(l, "a node that is busy for a moment then restarts the sidecars of all its Pods");
    pn_lint_help(l,
                 "failureThreshold x periodSeconds of %d seconds or more; a startupProbe for the "
                 "first moments",
                 LIVENESS_MIN_SECONDS);
}

static void check_stop(struct pn_lint *l, const struct pn_lint_injection *in,
                       const struct pn_lint_container *c)
{
    int64_t seconds;
    struct pn_place at;
    bool knows = in->policy != NULL &&
                 pn_str_contains(in->policy->when, PN_STR("terminationGracePeriodSeconds"));
    if (knows || !pn_lone_stop_delay(&seconds, &at, c) || seconds < GRACE_SECONDS)
        return;
    pn_lint_report(l, PN_RULE_STOP_EXCEEDS_GRACE, at,
                   "preStop of `%.*s` sleeps %lld seconds: Pods have %d, unless they say otherwise",
                   PN_STR_ARG(c->name), (long long)seconds, GRACE_SECONDS);
    pn_lint_note(l,
                 "terminationGracePeriodSeconds counts from before the hook; then the process is "
                 "killed without having been told to stop");
    pn_lint_help(l, "sleep less; a native sidecar is stopped after the app anyway");
}

static void check_together(struct pn_lint *l, const struct pn_lint_injection *in,
                           const struct pn_lint_container *c)
{
    if (c->init || !pn_lone_is_proxy(in->template->category) ||
        pn_trace_count(pn_trace_get(c->trace, "ports")) == 0 ||
        pn_trace_path(c->trace, "lifecycle.preStop") != NULL)
        return;
    pn_lint_report(
        l, PN_RULE_STOPS_WITH_APP, pn_lone_place(c),
        "`%.*s` is told to stop together with the app, whose last requests go through it",
        PN_STR_ARG(c->name));
    pn_lint_note(l, "its template is of category %.*s, and it has ports",
                 PN_STR_ARG(in->template->category));
    pn_lint_help(l, "a native sidecar (initContainers, restartPolicy: Always) stops after the app");
}

void pn_lint_check_probes(struct pn_lint *l, const struct pn_lint_injection *in,
                          const struct pn_lint_container *c)
{
    check_alike(l, c);
    check_eager(l, c);
    check_stop(l, in, c);
    check_together(l, in, c);
}
