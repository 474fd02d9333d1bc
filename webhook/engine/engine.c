/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include <errno.h>

#include "base/limits.h"
#include "engine/apply.h"
#include "engine/baseline.h"
#include "engine/explain.h"
#include "engine/final.h"
#include "engine/index.h"
#include "engine/match.h"
#include "engine/merge.h"
#include "engine/patch.h"
#include "engine/place.h"
#include "engine/render.h"
#include "engine/review.h"
#include "engine/status.h"
#include "engine/token.h"

/* The only file that knows the order of the stages. */

const struct pn_str pn_default_protected_namespaces[] = {
    PN_STR_INIT("kube-system"),
    PN_STR_INIT("kube-public"),
    PN_STR_INIT("kube-node-lease"),
    PN_STR_INIT("pannier-system"),
    {NULL, 0},
};

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
    size_t enforced; /* those of them that are not in mode Audit */
};

/* Counts a policy that selects the Pod, or takes it back. */
static void count_selected(struct run *run, uint32_t policy, int by)
{
    run->selected += (size_t)by;
    if (!run->set->policies[policy].audit)
        run->enforced += (size_t)by;
}

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

/* ---- reviews that no policy is asked about --------------------------------------------- */

/* From the request alone. */
static struct pn_reason check_request(const struct run *run)
{
    const struct pn_request *q = &run->request;
    if (!q->is_pods)
        return PN_REASON(run->arena, PN_REASON_NOT_A_POD, {"resource", q->resource});
    bool update = pn_str_is(q->operation, "UPDATE") && (run->flags & PN_DECIDE_VALIDATE);
    if (!pn_str_is(q->operation, "CREATE") && !update)
        return PN_REASON(run->arena, PN_REASON_NOT_CREATE, {"operation", q->operation});
    if (q->subresource.n > 0)
        return PN_REASON(run->arena, PN_REASON_SUBRESOURCE, {"subresource", q->subresource});
    return (struct pn_reason){.id = PN_REASON_NONE};
}

/* From the Pod. */
static int check_pod(struct pn_reason *ret, const struct run *run)
{
    struct pn_str fault = PN_STR_NULL;
    int r = pn_pod_fault(&fault, &run->pod, run->arena);
    *ret = (struct pn_reason){.id = PN_REASON_NONE};
    if (r != 0)
        return r;
    if (pn_value_get(run->pod.annotations, PN_STR("kubernetes.io/config.mirror")).kind != PN_ABSENT)
        ret->id = PN_REASON_MIRROR_POD;
    else if (is_protected(run))
        *ret = PN_REASON(run->arena, PN_REASON_PROTECTED_NAMESPACE,
                         {"namespace", run->request.pod_namespace});
    else if (fault.s != NULL)
        *ret = PN_REASON(run->arena, PN_REASON_POD_ALREADY_INVALID, {"detail", fault});
    return 0;
}

/* ---- policies -------------------------------------------------------------------------- */

static struct pn_value namespace_labels(const struct run *run)
{
    if (run->env == NULL || run->env->namespace_labels == NULL)
        return PN_VALUE_ABSENT;
    return pn_value_get(*run->env->namespace_labels, run->request.pod_namespace);
}

/* A reason that only preview gives: the policy's selectors do not match. */
static bool is_mismatch(enum pn_reason_id id)
{
    return id == PN_REASON_NAMESPACE_SELECTOR_MISMATCH || id == PN_REASON_POD_SELECTOR_MISMATCH ||
           id == PN_REASON_POD_ANNOTATION_MISMATCH;
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

static void match_each(struct run *run, const uint32_t *ids, size_t n, bool all)
{
    struct pn_decision *d = run->decision;
    struct pn_opt_out opt_out;
    struct pn_value labels = namespace_labels(run);
    pn_opt_out_read(&opt_out, &run->pod, run->set, run->arena);
    for (size_t i = 0; i < n; i++) {
        struct pn_verdict v = {.policy = ids[i], .audit = run->set->policies[ids[i]].audit};
        v.reason = pn_match(&run->set->policies[ids[i]], &run->pod, labels, &opt_out, all, &v.note,
                            run->arena);
        if (is_mismatch(v.reason.id) && !all)
            continue;
        if (v.reason.id == PN_REASON_NONE || pn_reason_class_of(v.reason.id) == PN_CLASS_FAILURE)
            count_selected(run, v.policy, 1);
        run->verdicts[d->verdict_count++] = v;
        if (is_mismatch(v.reason.id))
            continue;
        /* What a Pod's author wrote concerns policies that would reach the Pod. */
        memcpy(d->notes, opt_out.notes, sizeof d->notes);
        d->note_count = opt_out.note_count;
    }
}

static int match_all(struct run *run)
{
    const uint32_t *ids = NULL;
    size_t n = 0;
    bool all = run->flags & PN_DECIDE_ALL_REASONS;
    int r = all ? all_policies(&ids, &n, run)
                : pn_index_candidates(&ids, &n, run->set, run->request.pod_namespace,
                                      run->pod.labels, run->pod.annotations, run->arena);
    if (r != 0)
        return r;
    run->verdicts = pn_arena_alloc(run->arena, n * sizeof *run->verdicts);
    if (run->verdicts == NULL)
        return -ENOMEM;
    run->decision->verdicts = run->verdicts;
    match_each(run, ids, n, all);
    return 0;
}

/* ---- what the selected policies add ----------------------------------------------------- */

/* What the expressions of a policy ask of the Pod. */
static struct pn_view_fields mentioned_fields(const struct pn_policy *policy)
{
    struct pn_view_fields fields = policy->when_mentions.pod;
    for (size_t i = 0; i < policy->injection_count; i++)
        fields = pn_view_union(fields, policy->injections[i].template->mentions.pod);
    return fields;
}

/* Renders what the policy adds; a reason when that is not possible. */
static int render_policy(struct pn_candidate *ret, struct pn_reason *ret_reason, struct run *run,
                         uint32_t id, const struct pn_scene *scene)
{
    const struct pn_policy *policy = &run->set->policies[id];
    const struct pn_fragment **fragments = pn_arena_zalloc(run->arena, policy->injection_count,
                                                           sizeof(*fragments));
    if (fragments == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < policy->injection_count; i++) {
        int r = pn_render(&fragments[i], &policy->injections[i], scene, run->arena, ret_reason);
        if (r != 0)
            return r;
    }
    *ret = (struct pn_candidate){id, fragments};
    return pn_token_apply(ret, policy, &run->pod, run->arena);
}

/*
 * What all policies add whose selectors match, whatever their conditions say: by it the Pod's own
 * part is told from ours. One that cannot be rendered has added nothing.
 */
static int render_first(struct pn_candidate *ret, size_t *ret_n, struct run *run,
                        const struct pn_scene *scene)
{
    size_t n = 0;
    for (size_t i = 0; i < run->decision->verdict_count; i++) {
        struct pn_reason unused;
        if (run->verdicts[i].reason.id != PN_REASON_NONE)
            continue;
        int r = render_policy(&ret[n], &unused, run, run->verdicts[i].policy, scene);
        if (r < 0)
            return r;
        n += r == 0;
    }
    *ret_n = n;
    return 0;
}

/* A policy's condition, and then what it adds, as the baseline has it: `known`, unless NULL. */
static int render_again(struct pn_candidate *ret, struct pn_verdict *v, struct run *run,
                        const struct pn_scene *scene, const struct pn_candidate *known)
{
    const struct pn_policy *policy = &run->set->policies[v->policy];
    bool holds = true;
    int r = pn_render_condition(&holds, policy, scene, run->arena, &v->reason);
    if (r == 0 && !holds) {
        v->reason = PN_REASON(run->arena, PN_REASON_CONDITION_FALSE,
                              {"condition", policy->when_text});
        count_selected(run, v->policy, -1);
        return PN_RENDER_E_REASON;
    }
    if (r == 0 && known == NULL)
        return render_policy(ret, &v->reason, run, v->policy, scene);
    if (r == 0)
        *ret = *known;
    return r;
}

/* The view of the Pod for expressions, as it was received. */
static int make_view(struct pn_scene *scene, const struct run *run, struct pn_view_fields fields)
{
    return pn_view_pod(&scene->pod_view, run->set->zeros, run->request.metadata, run->request.spec,
                       fields, run->arena);
}

/* The view minus what is ours, by the first candidates. *ret_same: nothing is ours, so that they
 * are good as they are. */
static int make_baseline_view(struct pn_scene *scene, bool *ret_same, const struct run *run,
                              struct pn_view_fields fields, const struct pn_candidate *first,
                              size_t n)
{
    struct pn_value metadata = run->request.metadata, spec = run->request.spec;
    struct pn_plan plan;
    int r = pn_plan_init(&plan, run->set, &run->pod, first, n, run->arena);
    if (r != 0)
        return r;
    pn_merge_mark_ours(&plan);
    r = pn_baseline_make(&metadata, &spec, ret_same, &plan, metadata, spec);
    if (r != 0 || *ret_same)
        return r;
    return pn_view_pod(&scene->pod_view, run->set->zeros, metadata, spec, fields, run->arena);
}

/* Fills the candidates: the policies that select the Pod and can be rendered, in order. */
static int render_all(struct pn_candidate *ret, size_t *ret_n, struct run *run)
{
    struct pn_scene scene = {.pod = &run->pod, .namespace_labels = namespace_labels(run)};
    struct pn_view_fields fields = {0, 0};
    size_t n = 0, first = 0;
    bool is_baseline = false; /* what was received */
    for (size_t i = 0; i < run->decision->verdict_count; i++) {
        const struct pn_verdict *v = &run->verdicts[i];
        if (v->reason.id == PN_REASON_NONE)
            fields = pn_view_union(fields, mentioned_fields(&run->set->policies[v->policy]));
    }
    bool asks = !pn_view_is_empty(fields);
    int r = asks ? make_view(&scene, run, fields) : 0;
    if (r == 0 && asks)
        r = render_first(ret, &first, run, &scene);
    if (r == 0 && asks)
        r = make_baseline_view(&scene, &is_baseline, run, fields, ret, first);
    /* In the same array: never more are written than were read. */
    for (size_t i = 0, read = 0; r == 0 && i < run->decision->verdict_count; i++) {
        struct pn_verdict *v = &run->verdicts[i];
        const struct pn_candidate *known = NULL;
        if (v->reason.id != PN_REASON_NONE)
            continue;
        if (is_baseline && read < first && ret[read].policy == v->policy)
            known = &ret[read++];
        r = render_again(&ret[n], v, run, &scene, known);
        if (r == 0)
            v->fragments = ret[n++].fragments;
        r = r == PN_RENDER_E_REASON ? 0 : r;
    }
    *ret_n = n;
    return r;
}

/* What a policy in mode Audit would have done. */
static int tell_audit(struct run *run)
{
    for (size_t i = 0; i < run->decision->verdict_count; i++) {
        struct pn_verdict *v = &run->verdicts[i];
        const struct pn_policy *policy = &run->set->policies[v->policy];
        enum pn_reason_class class = pn_reason_class_of(v->reason.id);
        struct pn_buf detail = PN_BUF_IN_ARENA(run->arena);
        bool denies = class == PN_CLASS_FAILURE && policy->deny_on_failure;
        if (!v->audit || v->reason.id == PN_REASON_NONE || (class != PN_CLASS_SUCCESS && !denies))
            continue;
        pn_reason_write(&detail, &v->reason);
        if (detail.failed)
            return -ENOMEM;
        v->reason = PN_REASON(run->arena, denies ? PN_REASON_WOULD_DENY : PN_REASON_WOULD_INJECT,
                              {"reason", pn_str_of(pn_reason_name(v->reason.id))},
                              {"detail", pn_buf_view(&detail)});
    }
    return 0;
}

/* For preview: a neighbour that a container is ordered by, and that the Pod does not have. */
static void note_absent_neighbours(struct run *run, const struct pn_plan *plan)
{
    for (size_t c = 0, i = 0; c < plan->candidate_count; c++) {
        struct pn_str name, other;
        while (run->verdicts[i].policy != plan->candidates[c].policy)
            i++;
        struct pn_verdict *v = &run->verdicts[i];
        if (v->note.id != PN_REASON_NONE || pn_reason_class_of(v->reason.id) != PN_CLASS_SUCCESS)
            continue;
        pn_place_find_absent(&name, &other, plan, &plan->candidates[c]);
        if (name.s != NULL)
            v->note = PN_REASON(run->arena, PN_REASON_ORDER_NEIGHBOUR_ABSENT, {"container", name},
                                {"other", other});
    }
}

/* The candidates, and the budgets that hold for them; guaranteedPods may change what they ask for.
 */
static int prepare(struct pn_apply *apply, struct run *run, struct pn_err *err)
{
    size_t n = 0;
    struct pn_candidate *candidates = pn_arena_alloc(run->arena, run->decision->verdict_count *
                                                                     sizeof *candidates);
    if (candidates == NULL)
        return -ENOMEM;
    int r = render_all(candidates, &n, run);
    if (r == 0)
        r = pn_plan_init(apply->plan, run->set, &run->pod, candidates, n, run->arena);
    if (r != 0)
        return r;
    pn_merge_mark_ours(apply->plan);
    r = pn_budgets_init(apply->budgets, apply->plan, run->request.spec, namespace_labels(run), err);
    if (r == 0)
        r = pn_budgets_raise_requests(&apply->raised, apply->budgets, candidates, n, run->set,
                                      run->arena);
    if (r != 0 || apply->raised == NULL)
        return r;
    r = pn_plan_init(apply->plan, run->set, &run->pod, candidates, n, run->arena);
    if (r == 0)
        pn_merge_mark_ours(apply->plan); /* as they are rendered now */
    return r;
}

/* The planned Pod, and why each policy is or is not in it. PN_BUDGETS_E_POD: it cannot be counted.
 */
static int plan_all(struct pn_plan *plan, struct run *run, struct pn_err *err)
{
    struct pn_budgets budgets;
    struct pn_apply apply = {.plan = plan,
                             .budgets = &budgets,
                             .verdicts = run->verdicts,
                             .verify = {run->request.metadata, run->request.spec}};
    int r = prepare(&apply, run, err);
    if (r == 0) {
        plan->is_final = run->flags & PN_DECIDE_VALIDATE;
        r = pn_apply_all(&apply);
    }
    if (r == 0)
        r = tell_audit(run);
    if (r == 0 && run->flags & PN_DECIDE_ALL_REASONS) {
        note_absent_neighbours(run, plan);
        r = pn_explain(&run->decision->explanation, &budgets, plan);
    }
    return r;
}

/* The record of the decision, unless it is there already or would not fit. */
static int add_status(struct pn_plan *plan, const struct run *run)
{
    struct pn_str status = pn_status_make(run->decision, run->request.metadata, run->arena);
    if (status.s == NULL)
        return -ENOMEM;
    if (pn_str_eq(pn_value_str(pn_plan_annotation(plan, pn_status_annotation)), status))
        return 0;
    uint32_t before = plan->count;
    int r = pn_plan_add(plan, (struct pn_edit){.kind = PN_EDIT_ANNOTATION,
                                               .key = pn_status_annotation,
                                               .value = pn_string(status)});
    if (r == 0 && pn_plan_annotation_bytes(plan) + pn_status_annotation.n + status.n >
                      PN_ANNOTATIONS_MAX_BYTES)
        pn_plan_cut(plan, before);
    return r == PN_PLAN_E_FULL ? 0 : r;
}

static int write_patch(struct pn_plan *plan, struct run *run)
{
    struct pn_buf patch = PN_BUF_IN_ARENA(run->arena);
    const struct pn_edit *unused = NULL;
    int r = add_status(plan, run);
    if (r == 0 && pn_place_all(plan, &unused) < 0) /* what was cut leaves no trace in the order */
        r = -ENOMEM;
    if (r == 0)
        r = pn_patch_write(&patch, plan);
    run->decision->patch = pn_buf_view(&patch);
    return r;
}

static bool mutates(const struct run *run)
{
    return !(run->flags & PN_DECIDE_VALIDATE);
}

/* The Pod is one that policies select: what they come to, and the answer. */
static int decide_selected(struct run *run, struct pn_err *err)
{
    struct pn_decision *d = run->decision;
    struct pn_plan plan;
    int r = plan_all(&plan, run, err);
    if (r == PN_BUDGETS_E_POD) {
        d->review = PN_REASON(run->arena, PN_REASON_POD_ALREADY_INVALID,
                              {"detail", pn_arena_format(run->arena, "/spec%s", err->text)});
        d->verdict_count = 0;
        return 0;
    }
    if (r == 0)
        r = mutates(run) ? pn_status_denial(&d->message, d, run->arena)
                         : pn_final_denial(&d->message, d, run->arena);
    if (r != 0)
        return r;
    d->allowed = d->message.n == 0;
    if (run->selected == 0) /* no condition holds */
        d->review = (struct pn_reason){.id = PN_REASON_NO_POLICY_SELECTED};
    else if (d->allowed && run->enforced > 0 && mutates(run))
        r = write_patch(&plan, run);
    return r;
}

static int view_pod(struct pn_pod *ret, const struct run *run, struct pn_value metadata,
                    struct pn_value spec, struct pn_err *err)
{
    int r = pn_pod_init(ret, run->request.pod_namespace, metadata, spec, run->arena, err);
    return r == PN_POD_E_TYPE ? PN_ENGINE_E_BAD_REVIEW : r;
}

static int decide_pod(struct run *run, struct pn_err *err)
{
    struct pn_decision *d = run->decision;
    int r = view_pod(&run->pod, run, run->request.metadata, run->request.spec, err);
    if (r != 0)
        return r;
    d->pod_name = run->pod.name;
    d->workload = run->pod.workload;
    r = check_pod(&d->review, run);
    if (r != 0 || d->review.id != PN_REASON_NONE)
        return r;
    r = match_all(run);
    if (r == 0 && run->selected > 0)
        r = decide_selected(run, err);
    else if (r == 0)
        d->review = (struct pn_reason){.id = PN_REASON_NO_POLICY_SELECTED};
    return r == 0 && mutates(run) ? pn_status_tell(d, run->arena) : r;
}

/* Decides about the old Pod, or the new one, of an update. */
static int decide_side(struct pn_decision *ret, struct run *side, struct pn_value metadata,
                       struct pn_value spec, struct pn_err *err)
{
    side->decision = ret;
    side->request.metadata = metadata;
    side->request.spec = spec;
    return decide_pod(side, err);
}

/* An update, validated: it is judged by what it makes of the old Pod. */
static int decide_update(struct run *run, struct pn_err *err)
{
    struct run old = *run, new = *run;
    struct pn_decision *d = run->decision, before = *d, after = *d;
    int r = decide_side(&before, &old, run->request.old_metadata, run->request.old_spec, err);
    if (r == 0)
        r = decide_side(&after, &new, run->request.metadata, run->request.spec, err);
    if (r != 0)
        return r;
    d->pod_name = after.pod_name;
    d->workload = after.workload;
    d->review = before.review.id == PN_REASON_NONE ? before.review : after.review;
    r = pn_final_update(d, &before, &old.pod, &after, &new.pod, run->arena);
    if (r == 0)
        r = pn_final_denial(&d->message, d, run->arena);
    d->allowed = d->message.n == 0;
    return r;
}

static int decide(struct run *run, char *body_inout, size_t len, struct pn_err *err)
{
    int r = pn_review_read(&run->request, body_inout, len, run->flags & PN_DECIDE_VALIDATE,
                           run->arena, err);
    if (r != 0)
        return r;
    struct pn_decision *d = pn_arena_zalloc(run->arena, 1, sizeof *d);
    if (d == NULL)
        return -ENOMEM;
    run->decision = d;
    d->set = run->set;
    d->uid = run->request.uid;
    d->operation = run->request.operation;
    d->pod_namespace = run->request.pod_namespace;
    d->dry_run = run->request.dry_run;
    d->allowed = true;
    d->review = check_request(run);
    if (d->review.id != PN_REASON_NONE)
        return 0;
    return pn_str_is(run->request.operation, "UPDATE") ? decide_update(run, err)
                                                       : decide_pod(run, err);
}

int pn_engine_decide(struct pn_decision **ret, const struct pn_policy_set *set,
                     const struct pn_env *env, unsigned flags, char *body_inout, size_t len,
                     struct pn_arena *a, struct pn_err *err)
{
    struct run run = {.set = set, .env = env, .flags = flags, .arena = a};
    int r = decide(&run, body_inout, len, err);
    if (r == 0 && pn_arena_out_of_memory(a)) /* a reason without its words, at the least */
        r = -ENOMEM;
    if (r == -ENOMEM && pn_arena_hit_cap(a))
        return pn_err_set(err, PN_ENGINE_E_TOO_DENSE,
                          "deciding this review of %zu bytes needs more memory than it may", len);
    if (r == -ENOMEM)
        return pn_err_set(err, r, "out of memory");
    if (r == 0)
        *ret = run.decision;
    return r;
}

const struct pn_verdict *pn_decision_verdict(const struct pn_decision *d, struct pn_str policy)
{
    for (size_t i = 0; d != NULL && i < d->verdict_count; i++) {
        if (pn_str_eq(pn_policy_set_policy_name(d->set, d->verdicts[i].policy), policy))
            return &d->verdicts[i];
    }
    return NULL;
}
