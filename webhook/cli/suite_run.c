/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cli/suite_judge.h"

/* ---- coverage -------------------------------------------------------------------------- */

static void cover(struct pn_coverage *coverage, const struct pn_decision *d)
{
    coverage->reasons[d->review.id] = true;
    for (size_t i = 0; i < d->note_count; i++)
        coverage->reasons[d->notes[i].id] = true;
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        struct pn_str name = pn_policy_set_policy_name(d->set, v->policy);
        coverage->reasons[v->reason.id] = true;
        coverage->reasons[v->note.id] = true;
        if (pn_reason_class_of(v->reason.id) == PN_CLASS_NOT_SELECTED)
            continue;
        for (size_t k = 0; k < coverage->policy_count; k++) {
            if (pn_str_eq(coverage->policies[k], name))
                coverage->is_selected[k] = true;
        }
    }
}

/* ---- one case -------------------------------------------------------------------------- */

/* What a reader of a failure, or a machine, wants to know of the decision. */
static int record(struct pn_case_result *ret, const struct pn_judge *j)
{
    const struct pn_decision *d = j->decision;
    struct pn_arena *a = j->run->results;
    struct pn_buf trace = PN_BUF_IN_ARENA(a);
    struct pn_case_verdict *verdicts = pn_arena_zalloc(a, d->verdict_count + 1, sizeof *verdicts);
    if (verdicts == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < d->verdict_count; i++) {
        struct pn_buf text = PN_BUF_IN_ARENA(a);
        pn_reason_write(&text, &d->verdicts[i].reason);
        struct pn_str name = pn_policy_set_policy_name(d->set, d->verdicts[i].policy);
        verdicts[i] = (struct pn_case_verdict){name, d->verdicts[i].reason.id, pn_buf_view(&text)};
        if (text.failed)
            return -ENOMEM;
    }
    const struct pn_preview preview = {
        .file = j->suite->doc->source->name,
        .line = j->c->object_span.line,
        .column = j->c->object_span.column,
        .kind = j->c->kind,
        .name = j->c->object_name,
        .namespace = d->pod_namespace,
        .decision = d,
    };
    pn_preview_write_explain(&trace, &preview, "");
    ret->outcome = pn_preview_outcome(d);
    ret->verdicts = verdicts;
    ret->verdict_count = d->verdict_count;
    ret->trace = pn_buf_view(&trace);
    return trace.failed ? -ENOMEM : 0;
}

/* The API server asks again about a Pod that somebody changed behind us: nothing may follow. */
static int check_second_round(struct pn_judge *j)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_decision *again = NULL;
    struct pn_value twice;
    bool allowed = j->decision->allowed;
    struct pn_span at = j->c->node->span;
    int r = pn_decide_pod(&again, &j->run->decider, j->after, j->c->pod_namespace, &err);
    if (r > 0)
        return pn_judge_fail(j, at, PN_STR("second round"), "%s", err.text);
    if (r == 0 && again->allowed != allowed)
        return pn_judge_fail(j, at, PN_STR("second round"),
                             "the Pod is %s when it is asked about again",
                             again->allowed ? "allowed" : "denied");
    if (r != 0 || again->patch.n == 0)
        return r;
    r = pn_decide_apply(&twice, again, j->after, j->run->values, &err);
    if (r > 0)
        return pn_judge_fail(j, at, PN_STR("second round"), "%s", err.text);
    if (r == 0)
        r = pn_judge_fail_with(j, at, PN_STR("second round"), j->after, twice);
    if (r == 0 && j->failures[j->count - 1].diff.n > 0)
        j->failures[j->count - 1].message = PN_STR(
            "asked again, the policies change the Pod again");
    return r;
}

static int decide(struct pn_judge *j, struct pn_case_result *ret)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_decision *decision = NULL;
    const struct pn_case *c = j->c;
    int r = pn_workload_pod(&j->before, c->workload, c->object, c->pod_namespace, j->run->values,
                            &err);
    if (r == 0)
        r = pn_decide_pod(&decision, &j->run->decider, j->before, c->pod_namespace, &err);
    if (r == 0)
        r = pn_decide_apply(&j->after, decision, j->before, j->run->values, &err);
    if (r > 0) /* no review can be made of the object, or no patch of the policies */
        return pn_judge_fail(j, c->object_span, PN_STR("object"), "%s", err.text);
    j->decision = decision;
    if (r == 0)
        r = record(ret, j);
    if (r == 0 && j->run->coverage != NULL)
        cover(j->run->coverage, decision);
    if (r == 0)
        r = pn_judge_expected(j);
    return r == 0 ? check_second_round(j) : r;
}

int pn_suite_run_case(struct pn_case_result *ret, struct pn_suite_run *run,
                      const struct pn_suite *suite, const struct pn_case *c)
{
    struct pn_judge j = {.run = run, .suite = suite, .c = c};
    struct pn_decider *d = &run->decider;
    struct pn_case_result result = {
        .file = suite->doc->source->name,
        .suite = suite->name,
        .name = c->name,
        .line = c->node->span.line,
        .column = c->node->span.column,
    };
    pn_arena_reset(run->values, 0);
    d->set = suite->set;
    d->flags = PN_DECIDE_ALL_REASONS;
    d->env.namespace_labels = c->namespace_labels.kind == PN_OBJECT ? &c->namespace_labels : NULL;
    d->operation = c->operation;
    d->user_info = c->user_info;
    int r = decide(&j, &result);
    if (r < 0)
        return r;
    result.failures = j.failures;
    result.failure_count = j.count;
    *ret = result;
    return 0;
}
