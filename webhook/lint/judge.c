/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/judge.h"

#include "lint/lone.h"

/* More sidecars than this are told of. */
enum { SIDECARS_MAX = 3 };

static bool is_injected(const struct pn_verdict *v)
{
    return !v->audit &&
           (v->reason.id == PN_REASON_INJECTED || v->reason.id == PN_REASON_INJECTED_OVER_BUDGET);
}

/* The first policy that is injected and, where `is_lesser`, has a container that costs a Pod its
 * class; *ret_at is that container's resources, else the policy's name. */
static const struct pn_lint_policy *find_injected(const struct pn_judge *j, bool is_lesser,
                                                  struct pn_place *ret_at)
{
    for (size_t i = 0; i < j->decision->verdict_count; i++) {
        const struct pn_verdict *v = &j->decision->verdicts[i];
        const struct pn_lint_policy *p = is_injected(v) ? pn_judge_policy(j, v) : NULL;
        for (size_t k = 0; p != NULL && is_lesser && k < p->injection_count; k++) {
            const struct pn_lint_container *c = pn_lone_lesser(&p->injections[k]);
            if (c != NULL) {
                *ret_at = pn_trace_get(c->trace, "resources")->at;
                return p;
            }
        }
        if (p != NULL && !is_lesser) {
            *ret_at = p->name_at;
            return p;
        }
    }
    return NULL;
}

void pn_judge_class(struct pn_judge *j)
{
    const struct pn_explanation *e = &j->decision->explanation;
    struct pn_place at = {0};
    if (e->qos_before == NULL || e->qos_after == NULL || strcmp(e->qos_before, "Guaranteed") != 0 ||
        strcmp(e->qos_after, "Guaranteed") == 0)
        return;
    const struct pn_lint_policy *p = find_injected(j, true, &at);
    if (p == NULL)
        p = find_injected(j, false, &at);
    if (p == NULL)
        return;
    struct pn_group *group = pn_judge_add(
        j, PN_RULE_WORKLOAD_LOSES_CLASS, at, (struct pn_place){0},
        PN_JUDGE_FORMAT(j, "Guaranteed becomes %s", e->qos_after));
    if (group == NULL)
        return;
    group->message = PN_JUDGE_FORMAT(j, "%.*s is Guaranteed, and %s with what policy `%.*s` adds",
                                     PN_STR_ARG(pn_manifest_title(j->l, j->m)), e->qos_after,
                                     PN_STR_ARG(p->name));
    group->note = "it is evicted and killed before Guaranteed Pods, and has no cores of its own";
    group->help = "request as much cpu and memory as the limits are, or write a budget with "
                  "guaranteedPods: RaiseRequests";
}

/* The sidecars request more than the app. */
void pn_judge_weight(struct pn_judge *j)
{
    struct pn_place at = {0};
    const struct pn_lint_policy *p = find_injected(j, false, &at);
    for (size_t i = 0; p != NULL && i < j->decision->explanation.request_count; i++) {
        const struct pn_change *c = &j->decision->explanation.requests[i];
        __int128 before, after;
        if (!pn_lone_nano(&before, pn_string(c->before)) ||
            !pn_lone_nano(&after, pn_string(c->after)) || before == 0 || after <= 2 * before)
            continue;
        struct pn_str text = PN_JUDGE_FORMAT(j, "%.*s %.*s -> %.*s", PN_STR_ARG(c->what),
                                             PN_STR_ARG(c->before), PN_STR_ARG(c->after));
        struct pn_group *group = pn_judge_add(j, PN_RULE_HEAVY_SIDECARS, at, (struct pn_place){0},
                                              text);
        if (group == NULL)
            return;
        group->message = PN_JUDGE_FORMAT(
            j,
            "the sidecars of %.*s request more %.*s than it does itself: "
            "%.*s -> %.*s",
            PN_STR_ARG(pn_manifest_title(j->l, j->m)), PN_STR_ARG(c->what), PN_STR_ARG(c->before),
            PN_STR_ARG(c->after));
        group->note = "policies are named by the first of them that is injected";
        group->help = "let the sidecars ask for less, serve many Pods by one DaemonSet, or "
                      "bound it by a budget's shareOfApp";
        return;
    }
}

void pn_judge_number(struct pn_judge *j)
{
    struct pn_buf names = PN_BUF_IN_ARENA(j->l->arena);
    struct pn_place at = {0};
    size_t total = 0;
    for (size_t i = 0; i < j->decision->verdict_count; i++) {
        const struct pn_verdict *v = &j->decision->verdicts[i];
        const struct pn_lint_policy *p = is_injected(v) ? pn_judge_policy(j, v) : NULL;
        size_t n = p != NULL ? pn_lone_count_sidecars(p) : 0;
        if (n == 0)
            continue;
        total += n;
        pn_buf_printf(&names, "%s%.*s", names.len > 0 ? ", " : "", PN_STR_ARG(p->name));
        if (total > SIDECARS_MAX && at.node == NULL)
            at = p->name_at;
    }
    j->l->out_of_memory = j->l->out_of_memory || names.failed;
    if (at.node == NULL)
        return; /* few enough */
    struct pn_group *group = pn_judge_add(
        j, PN_RULE_TOO_MANY_SIDECARS, at, (struct pn_place){0},
        PN_JUDGE_FORMAT(j, "%zu sidecars: %.*s", total, PN_STR_ARG(pn_buf_view(&names))));
    if (group == NULL)
        return;
    group->message = PN_JUDGE_FORMAT(j, "%.*s gets %zu sidecars",
                                     PN_STR_ARG(pn_manifest_title(j->l, j->m)), total);
    group->note = "each starts before the app, takes its share of the node, and is one more thing "
                  "that can keep the Pod from being ready";
    group->help = "let one sidecar do the work of several, serve many Pods by one DaemonSet, or "
                  "bound it by a budget's max.sidecars";
}

static void judge_hooks(struct pn_judge *j, const struct pn_lint_injection *in,
                        const struct pn_node *grace)
{
    int64_t seconds;
    struct pn_place at;
    for (size_t i = 0; i < in->container_count; i++) {
        const struct pn_lint_container *c = &in->containers[i];
        if (!pn_lone_stop_delay(&seconds, &at, c) || seconds < grace->i)
            continue;
        struct pn_group *group = pn_judge_add(
            j, PN_RULE_STOP_EXCEEDS_GRACE, at, (struct pn_place){j->m->source, grace},
            PN_JUDGE_FORMAT(j, "it has %lld seconds to stop", (long long)grace->i));
        if (group == NULL)
            continue;
        group->message = PN_JUDGE_FORMAT(
            j, "preStop of `%.*s` sleeps %lld seconds, and %.*s has %lld", PN_STR_ARG(c->name),
            (long long)seconds, PN_STR_ARG(pn_manifest_title(j->l, j->m)), (long long)grace->i);
        group->note = "then the process is killed without having been told to stop";
        group->help = "sleep less, or give such Pods more time";
    }
}

void pn_judge_grace(struct pn_judge *j)
{
    const struct pn_node *grace = pn_node_get(pn_node_get(j->m->pod, "spec"),
                                              "terminationGracePeriodSeconds");
    if (grace == NULL || grace->kind != PN_NODE_INT)
        return;
    for (size_t i = 0; i < j->decision->verdict_count; i++) {
        const struct pn_verdict *v = &j->decision->verdicts[i];
        const struct pn_lint_policy *p = is_injected(v) ? pn_judge_policy(j, v) : NULL;
        for (size_t k = 0; p != NULL && k < p->injection_count; k++)
            judge_hooks(j, &p->injections[k], grace);
    }
}
