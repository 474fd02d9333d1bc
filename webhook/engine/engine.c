/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <errno.h>

#include "base/limits.h"
#include "engine/index.h"
#include "engine/match.h"
#include "engine/merge.h"
#include "engine/patch.h"
#include "engine/review.h"
#include "engine/status.h"

/* The only file that knows the order of the stages. */

const struct pn_str pn_default_protected_namespaces[] = {
    PN_STR_INIT("kube-system"),
    PN_STR_INIT("kube-public"),
    PN_STR_INIT("kube-node-lease"),
    PN_STR_INIT("pannier-system"),
    {NULL, 0},
};

static const struct pn_str no_text = {NULL, 0};

size_t pn_engine_arena_cap(size_t len)
{
    return PN_REQUEST_ARENA_FACTOR * len + PN_REQUEST_ARENA_SLACK_BYTES;
}

/* What the stages share while one review is decided. */
struct run {
    const struct pn_policy_set *set;
    const struct pn_env *env;
    unsigned flags;
    struct pn_arena *arena;
    struct pn_request request;
    struct pn_pod pod;
    struct pn_decision *decision;
    struct pn_verdict *verdicts;
    size_t selected; /* verdicts of policies that select the Pod */
};

static bool is_protected(const struct run *run)
{
    const struct pn_str *names = run->env != NULL && run->env->protected_namespaces != NULL
                                     ? run->env->protected_namespaces
                                     : pn_default_protected_namespaces;
    for (; names->n > 0; names++) {
        if (pn_str_eq(*names, run->request.pod_namespace))
            return true;
    }
    return false;
}

/* ---- reviews that no policy is asked about
 * --------------------------------------------------------- */

static struct pn_reason one_argument(const struct run *run, enum pn_reason_id id, const char *name,
                                     struct pn_str value)
{
    return pn_reason_make(run->arena, id, name, value, NULL, no_text, NULL, no_text);
}

/* From the request alone. */
static struct pn_reason check_request(const struct run *run)
{
    const struct pn_request *q = &run->request;
    if (!q->is_pods)
        return one_argument(run, PN_REASON_NOT_A_POD, "resource", q->resource);
    if (!pn_str_is(q->operation, "CREATE"))
        return one_argument(run, PN_REASON_NOT_CREATE, "operation", q->operation);
    if (q->subresource.n > 0)
        return one_argument(run, PN_REASON_SUBRESOURCE, "subresource", q->subresource);
    return (struct pn_reason){.id = PN_REASON_NONE};
}

/* From the Pod. */
static struct pn_reason check_pod(const struct run *run)
{
    if (pn_value_get(run->pod.annotations, PN_STR("kubernetes.io/config.mirror")).kind != PN_ABSENT)
        return (struct pn_reason){.id = PN_REASON_MIRROR_POD};
    if (is_protected(run))
        return one_argument(run, PN_REASON_PROTECTED_NAMESPACE, "namespace",
                            run->request.pod_namespace);
    struct pn_str fault = pn_pod_fault(&run->pod, run->arena);
    if (fault.s != NULL)
        return one_argument(run, PN_REASON_POD_ALREADY_INVALID, "detail", fault);
    return (struct pn_reason){.id = PN_REASON_NONE};
}

/* ---- policies
 * --------------------------------------------------------------------------------------- */

static struct pn_value namespace_labels(const struct run *run)
{
    if (run->env == NULL || run->env->namespace_labels == NULL)
        return PN_VALUE_ABSENT;
    return pn_value_get(*run->env->namespace_labels, run->request.pod_namespace);
}

/* A reason that only preview gives: the policy's selectors do not match. */
static bool is_mismatch(enum pn_reason_id id)
{
    return id != PN_REASON_OPTED_OUT && id != PN_REASON_NONE &&
           pn_reason_class_of(id) == PN_CLASS_NOT_SELECTED;
}

static int all_policies(const uint32_t **ret, size_t *ret_n, const struct run *run)
{
    size_t n = run->set->policy_count;
    uint32_t *ids = pn_arena_alloc(run->arena, n * sizeof *ids);
    if (ids == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        ids[i] = (uint32_t)i;
    *ret = ids;
    *ret_n = n;
    return 0;
}

static int match_all(struct run *run)
{
    const uint32_t *ids = NULL;
    size_t n = 0;
    bool all = run->flags & PN_DECIDE_ALL_REASONS;
    struct pn_opt_out opt_out;
    int r = all ? all_policies(&ids, &n, run)
                : pn_index_candidates(&ids, &n, run->set, run->request.pod_namespace,
                                      run->pod.labels, run->pod.annotations, run->arena);
    if (r != 0)
        return r;
    run->verdicts = pn_arena_alloc(run->arena, n * sizeof *run->verdicts);
    if (run->verdicts == NULL)
        return -ENOMEM;
    run->decision->verdicts = run->verdicts;
    pn_opt_out_read(&opt_out, &run->pod, run->set, run->arena);
    struct pn_value labels = namespace_labels(run);
    for (size_t i = 0; i < n; i++) {
        struct pn_verdict v = {.policy = ids[i]};
        v.reason = pn_match(&run->set->policies[ids[i]], &run->pod, labels, &opt_out, &v.note,
                            run->arena);
        if (is_mismatch(v.reason.id) && !all)
            continue;
        if (v.reason.id == PN_REASON_NONE || pn_reason_class_of(v.reason.id) == PN_CLASS_FAILURE)
            run->selected++;
        run->verdicts[run->decision->verdict_count++] = v;
        if (!is_mismatch(v.reason.id))
            run->decision->note = opt_out.note;
    }
    return 0;
}

/* Merges what matched, in order; decides about denial. */
static int merge_all(struct pn_plan *plan, struct run *run)
{
    struct pn_decision *d = run->decision;
    int r = pn_plan_init(plan, run->set, &run->pod, run->arena);
    for (size_t i = 0; r == 0 && i < d->verdict_count; i++) {
        if (run->verdicts[i].reason.id == PN_REASON_NONE)
            pn_merge_mark_ours(plan, &run->set->policies[run->verdicts[i].policy]);
    }
    for (size_t i = 0; r == 0 && i < d->verdict_count; i++) {
        struct pn_verdict *v = &run->verdicts[i];
        plan->policy = v->policy;
        if (v->reason.id == PN_REASON_NONE)
            r = pn_merge(plan, &run->set->policies[v->policy], &v->reason);
    }
    if (r != 0)
        return r;
    r = pn_status_denial(&d->message, d, run->arena);
    d->allowed = d->message.n == 0;
    return r;
}

static int write_patch(struct pn_plan *plan, struct run *run)
{
    struct pn_buf patch = PN_BUF_IN_ARENA(run->arena);
    struct pn_str status = pn_status_make(run->decision, run->arena);
    if (status.s == NULL)
        return -ENOMEM;
    int r = 0;
    if (!pn_str_eq(pn_value_str(pn_plan_annotation(plan, pn_status_annotation)), status))
        r = pn_plan_add(plan, (struct pn_edit){.kind = PN_EDIT_ANNOTATION,
                                               .key = pn_status_annotation,
                                               .value = pn_string(status)});
    /* A full plan goes without its record; what it does is right all the same. */
    if (r == 0 || r == PN_PLAN_E_FULL)
        r = pn_patch_write(&patch, plan);
    run->decision->patch = pn_buf_view(&patch);
    return r;
}

static int decide_pod(struct run *run, struct pn_err *err)
{
    struct pn_decision *d = run->decision;
    struct pn_plan plan;
    int r = pn_pod_init(&run->pod, run->request.pod_namespace, run->request.metadata,
                        run->request.spec, run->arena, err);
    if (r != 0)
        return r == PN_POD_E_TYPE ? PN_ENGINE_E_BAD_REVIEW : r;
    d->pod_name = run->pod.name;
    d->review = check_pod(run);
    if (d->review.id != PN_REASON_NONE)
        return 0;
    r = match_all(run);
    if (r == 0 && run->selected == 0)
        d->review = (struct pn_reason){.id = PN_REASON_NO_POLICY_SELECTED};
    else if (r == 0) {
        r = merge_all(&plan, run);
        if (r == 0 && d->allowed)
            r = write_patch(&plan, run);
    }
    return r == 0 ? pn_status_tell(d, run->arena) : r;
}

int pn_engine_decide(struct pn_decision **ret, const struct pn_policy_set *set,
                     const struct pn_env *env, unsigned flags, char *body_inout, size_t len,
                     struct pn_arena *a, struct pn_err *err)
{
    struct run run = {.set = set, .env = env, .flags = flags, .arena = a};
    int r = pn_review_read(&run.request, body_inout, len, a, err);
    if (r != 0)
        return r;
    run.decision = pn_arena_zalloc(a, 1, sizeof *run.decision);
    if (run.decision == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    run.decision->set = set;
    run.decision->uid = run.request.uid;
    run.decision->pod_namespace = run.request.pod_namespace;
    run.decision->dry_run = run.request.dry_run;
    run.decision->allowed = true;
    run.decision->review = check_request(&run);
    if (run.decision->review.id == PN_REASON_NONE)
        r = decide_pod(&run, err);
    if (r == -ENOMEM)
        pn_err_set(err, r, "out of memory");
    if (r == 0)
        *ret = run.decision;
    return r;
}
