/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "engine/match.h"
#include "lint/judge.h"
#include "lint/sides.h"

/*
 * What the policies do to the workloads of the manifests, as the engine decides it: for each it is
 * asked what it would say to the Pod that the API server would ask about.
 */

const struct pn_lint_policy *pn_judge_policy(const struct pn_judge *j, const struct pn_verdict *v)
{
    return j->policies[v->policy];
}

static const struct pn_lint_policy *find_policy(const struct pn_lint *l, struct pn_str name)
{
    for (size_t i = 0; i < l->policy_count; i++) {
        if (pn_str_eq(l->policies[i].name, name))
            return &l->policies[i];
    }
    return NULL;
}

static struct pn_str text_of(struct pn_judge *j, const struct pn_reason *reason)
{
    struct pn_buf text = PN_BUF_IN_ARENA(j->l->arena);
    pn_reason_write(&text, reason);
    j->l->out_of_memory = j->l->out_of_memory || text.failed;
    return pn_buf_view(&text);
}

struct pn_group *pn_judge_add(struct pn_judge *j, enum pn_rule_id rule, struct pn_place at,
                              struct pn_place theirs, struct pn_str text)
{
    struct pn_group *group = pn_groups_at(&j->groups, rule, at);
    struct pn_str label = PN_STR_NULL;
    if (group == NULL)
        return NULL;
    if (group->count < PN_GROUP_SHOWN)
        label = PN_JUDGE_FORMAT(j, "%.*s: %.*s", PN_STR_ARG(pn_manifest_title(j->l, j->m)),
                                PN_STR_ARG(text));
    pn_group_add(group, theirs.node != NULL ? theirs : pn_manifest_place(j->m), label);
    return group->count == 1 ? group : NULL;
}

/* ---- policies that fail ---------------------------------------------------------------- */

static const struct outcome {
    enum pn_reason_id reason;
    enum pn_rule_id rule;     /* the app is in the way, or the Pod as such */
    enum pn_rule_id policies; /* the same where another policy is; PN_RULE_COUNT: never */
    enum pn_side side;
    const char *help;
} outcomes[] = {
    {PN_REASON_CONTAINER_NAME_TAKEN, PN_RULE_APP_HAS_CONTAINER, PN_RULE_CONTAINER_COLLISION,
     PN_SIDE_CONTAINER, "give the template's container another name, or exclude such Pods"},
    {PN_REASON_VOLUME_NAME_TAKEN, PN_RULE_APP_HAS_VOLUME, PN_RULE_VOLUME_CONFLICT, PN_SIDE_VOLUME,
     "give the template's volume another name: one with the template's name in it"},
    {PN_REASON_MOUNT_PATH_TAKEN, PN_RULE_APP_HAS_MOUNT, PN_RULE_MOUNT_CONFLICT, PN_SIDE_MOUNT,
     "mount it elsewhere in the app's containers"},
    {PN_REASON_MOUNT_PATH_OVERLAP, PN_RULE_APP_HAS_MOUNT, PN_RULE_MOUNT_CONFLICT, PN_SIDE_MOUNT,
     "mount it elsewhere in the app's containers"},
    {PN_REASON_PORT_TAKEN, PN_RULE_APP_HAS_PORT, PN_RULE_PORT_COLLISION, PN_SIDE_PORT,
     "let the sidecar listen on another port: a parameter, which the Pod's author may override"},
    {PN_REASON_HOST_PORT_TAKEN, PN_RULE_APP_HAS_HOST_PORT, PN_RULE_PORT_COLLISION,
     PN_SIDE_HOST_PORT,
     "remove the template's hostPort, or exclude Pods that use the node's ports"},
    {PN_REASON_PORT_NAME_TAKEN, PN_RULE_APP_HAS_PORT_NAME, PN_RULE_PORT_NAME_COLLISION,
     PN_SIDE_PORT_NAME, "name the template's port by what it is of: greeter-http, not http"},
    {PN_REASON_ENV_TAKEN, PN_RULE_APP_HAS_ENV, PN_RULE_ENV_CONFLICT, PN_SIDE_ENV,
     "remove the variable from the workload, or from the template"},
    {PN_REASON_ANNOTATION_TAKEN, PN_RULE_APP_HAS_ANNOTATION, PN_RULE_ANNOTATION_CONFLICT,
     PN_SIDE_ANNOTATION, "remove the annotation from the workload, or from the template"},
    {PN_REASON_APP_CONTAINER_NOT_FOUND, PN_RULE_APP_CONTAINER_MISSING, PN_RULE_COUNT,
     PN_SIDE_APP_CONTAINER, "write \"*\" for all containers of the app, or select fewer Pods"},
    {PN_REASON_PARAMETER_MISSING, PN_RULE_PARAMETER_REFUSED, PN_RULE_COUNT, PN_SIDE_PARAMETER,
     "write the annotation or label in the Pod template, or give the parameter a value"},
    {PN_REASON_PARAMETER_INVALID, PN_RULE_PARAMETER_REFUSED, PN_RULE_COUNT, PN_SIDE_PARAMETER,
     "write what the parameter allows"},
    {PN_REASON_HOST_NETWORK, PN_RULE_HOST_NETWORK_SELECTED, PN_RULE_COUNT, PN_SIDE_NONE,
     "exclude them: when: \"!(pod.spec.hostNetwork)\", or let the template support them"},
    {PN_REASON_WINDOWS_POD, PN_RULE_WINDOWS_SELECTED, PN_RULE_COUNT, PN_SIDE_NONE,
     "exclude them: when: \"pod.spec.os.name != 'windows'\""},
    {PN_REASON_BUDGET_SIDECARS, PN_RULE_BUDGET_TRIMS, PN_RULE_COUNT, PN_SIDE_NONE, NULL},
    {PN_REASON_BUDGET_CATEGORY, PN_RULE_BUDGET_TRIMS, PN_RULE_COUNT, PN_SIDE_NONE, NULL},
    {PN_REASON_BUDGET_ADDED, PN_RULE_BUDGET_TRIMS, PN_RULE_COUNT, PN_SIDE_NONE, NULL},
    {PN_REASON_BUDGET_POD_GROWTH, PN_RULE_BUDGET_TRIMS, PN_RULE_COUNT, PN_SIDE_NONE, NULL},
    {PN_REASON_BUDGET_SHARE_OF_APP, PN_RULE_BUDGET_TRIMS, PN_RULE_COUNT, PN_SIDE_NONE, NULL},
    {PN_REASON_GUARANTEED_QOS_LOST, PN_RULE_BUDGET_TRIMS, PN_RULE_COUNT, PN_SIDE_NONE, NULL},
    {PN_REASON_POD_LEVEL_RESOURCES_EXCEEDED, PN_RULE_POD_LEVEL_EXCEEDED, PN_RULE_COUNT,
     PN_SIDE_NONE, "raise the Pod's spec.resources, or set podLevelResources: Raise in a budget"},
};

static const struct outcome *outcome_of(enum pn_reason_id reason)
{
    static const struct outcome other = {PN_REASON_NONE, PN_RULE_FAILS_ON_WORKLOAD, PN_RULE_COUNT,
                                         PN_SIDE_NONE,
                                         "exclude such Pods in the policy's match, or change what "
                                         "the reason names"};
    for (size_t i = 0; i < PN_COUNT_OF(outcomes); i++) {
        if (outcomes[i].reason == reason)
            return &outcomes[i];
    }
    return &other;
}

static bool is_of_budget(const struct outcome *o)
{
    return o->rule == PN_RULE_BUDGET_TRIMS;
}

/* True when a budget may be none of this workload's: it asks for labels of namespaces that are not
 * known, and then the engine takes it for one. */
static bool is_budget_guessed(const struct pn_judge *j, struct pn_str name)
{
    if (pn_value_get(j->namespaces, j->m->namespace).kind != PN_ABSENT)
        return false;
    for (size_t i = 0; i < j->l->budget_count; i++) {
        const struct pn_lint_budget *b = &j->l->budgets[i];
        for (uint32_t k = 0; k < b->namespaces.count; k++) {
            if ((name.n == 0 || pn_str_eq(b->name, name)) &&
                !pn_str_eq(b->namespaces.requirements[k].key, pn_namespace_name_label))
                return true;
        }
    }
    return false;
}

static void say_denied(struct pn_judge *j, const struct pn_lint_policy *p, struct pn_place theirs,
                       struct pn_str text)
{
    const struct pn_node *deny = pn_node_get(p->spec, "onFailure");
    struct pn_group *group = pn_judge_add(j, PN_RULE_WORKLOAD_DENIED, pn_lint_in_policy(p, deny),
                                          theirs, text);
    if (group == NULL)
        return;
    group->message = PN_JUDGE_FORMAT(j, "policy `%.*s` %s the Pods of %.*s", PN_STR_ARG(p->name),
                                     p->audits ? "would refuse, in mode Enforce," : "refuses",
                                     PN_STR_ARG(pn_manifest_title(j->l, j->m)));
    group->cause = p->name_at;
    group->cause_label = "the policy";
    group->note = "a rollout of it stops: its controller tries again and again";
    group->help = "change the workload or the template, exclude it in the policy's match, or "
                  "write onFailure: Skip";
    if (p->audits)
        group->severity = PN_SEVERITY_WARNING;
}

static void say_left_out(struct pn_judge *j, const struct pn_lint_policy *p, struct pn_place theirs,
                         const struct pn_reason *reason, const struct outcome *o)
{
    struct pn_str text = text_of(j, reason);
    struct pn_place ours = pn_side_of_policy(p, o->side, reason);
    enum pn_rule_id rule = theirs.node == NULL && o->policies != PN_RULE_COUNT ? o->policies
                                                                               : o->rule;
    struct pn_group *group = pn_judge_add(j, rule, ours, theirs, text);
    if (group == NULL)
        return;
    group->message = PN_JUDGE_FORMAT(j, "policy `%.*s` %s left out of %.*s: %.*s",
                                     PN_STR_ARG(p->name), p->audits ? "would be" : "is",
                                     PN_STR_ARG(pn_manifest_title(j->l, j->m)), PN_STR_ARG(text));
    group->help = o->help;
    if (is_of_budget(o)) {
        group->cause = pn_side_of_budget(j->l, reason);
        group->cause_label = "the budget";
        group->help = "raise the budget, let the policy ask for less, or let it select fewer Pods";
    } else if (ours.node != p->name_at.node) {
        group->cause = p->name_at;
        group->cause_label = "the policy";
    }
}

static void judge_failure(struct pn_judge *j, const struct pn_lint_policy *p,
                          const struct pn_verdict *v)
{
    const struct outcome *o = outcome_of(v->reason.id);
    if (v->reason.id == PN_REASON_NAMESPACE_LABELS_UNKNOWN ||
        (is_of_budget(o) && is_budget_guessed(j, pn_side_argument(&v->reason, "budget"))))
        return;
    struct pn_place theirs = pn_side_of_manifest(j->m, p, o->side, &v->reason);
    if (p->denies)
        say_denied(j, p, theirs, text_of(j, &v->reason));
    else
        say_left_out(j, p, theirs, &v->reason, o);
}

/* What the Pod itself says wrongly about pannier. */
static void judge_note(struct pn_judge *j, const struct pn_reason *note)
{
    const struct pn_node *annotations = pn_node_get(pn_node_get(j->m->pod, "metadata"),
                                                    "annotations");
    const struct pn_node *value = pn_manifest_find(annotations,
                                                   pn_side_argument(note, "annotation"));
    struct pn_group *group = pn_groups_at(&j->groups, PN_RULE_OPT_OUT_WITHOUT_EFFECT,
                                          (struct pn_place){j->m->source, value});
    if (group == NULL || group->message.n > 0)
        return;
    group->message = text_of(j, note);
    group->help = "pannier.dev/inject takes \"false\", pannier.dev/skip a list of categories, and "
                  "both hold where a policy allows it";
}

static void say_over_budget(struct pn_judge *j, const struct pn_lint_policy *p, struct pn_str text)
{
    struct pn_group *group = pn_judge_add(j, PN_RULE_BUDGET_TRIMS, p->name_at, (struct pn_place){0},
                                          text);
    if (group == NULL)
        return;
    group->message = PN_JUDGE_FORMAT(j, "policy `%.*s` goes beyond a budget in %.*s",
                                     PN_STR_ARG(p->name),
                                     PN_STR_ARG(pn_manifest_title(j->l, j->m)));
    group->help = "raise the budget, or let the policies ask for less";
}

static void say_no_share(struct pn_judge *j, const struct pn_lint_policy *p, struct pn_str text)
{
    struct pn_group *group = pn_judge_add(j, PN_RULE_APP_REQUESTS_NOTHING, p->name_at,
                                          (struct pn_place){0}, text);
    if (group == NULL)
        return;
    group->message = PN_JUDGE_FORMAT(
        j, "a budget gives policy `%.*s` a share of what %.*s requests, which is nothing",
        PN_STR_ARG(p->name), PN_STR_ARG(pn_manifest_title(j->l, j->m)));
    group->help = "let the workload request cpu and memory; the scheduler needs it too";
}

static void judge_verdict(struct pn_judge *j, const struct pn_lint_policy *p,
                          const struct pn_verdict *v)
{
    enum pn_reason_class class = pn_reason_class_of(v->reason.id);
    if (class == PN_CLASS_FAILURE)
        judge_failure(j, p, v);
    else if (v->reason.id == PN_REASON_WOULD_DENY)
        say_denied(j, p, (struct pn_place){0}, text_of(j, &v->reason));
    else if (v->reason.id == PN_REASON_INJECTED_OVER_BUDGET && !is_budget_guessed(j, PN_STR_NULL))
        say_over_budget(j, p, text_of(j, &v->reason));
    if (v->note.id == PN_REASON_OPT_OUT_REFUSED)
        judge_note(j, &v->note);
    if (v->note.id == PN_REASON_APP_REQUESTS_UNKNOWN && !is_budget_guessed(j, PN_STR_NULL))
        say_no_share(j, p, text_of(j, &v->note));
}

/* ---- workloads ------------------------------------------------------------------------- */

static bool decide(struct pn_judge *j)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_value object, pod;
    struct pn_decision *decision = NULL;
    int r = pn_value_from_node(&object, j->m->root, j->l->arena);
    if (r == 0)
        r = pn_workload_pod(&pod, j->m->workload, object, j->m->namespace, j->l->arena, &err);
    if (r == 0)
        r = pn_decide_pod(&decision, &j->decider, pod, j->m->namespace, &err);
    j->l->out_of_memory = j->l->out_of_memory || r == -ENOMEM;
    j->decision = decision;
    return r == 0;
}

static void judge_pod(struct pn_judge *j)
{
    const struct pn_decision *d = j->decision;
    if (d->review.id == PN_REASON_POD_ALREADY_INVALID) {
        pn_lint_report(j->l, PN_RULE_INVALID_WORKLOAD, pn_manifest_place(j->m), "%.*s: %.*s",
                       PN_STR_ARG(pn_manifest_title(j->l, j->m)),
                       PN_STR_ARG(text_of(j, &d->review)));
        pn_lint_note(j->l, "no policy is asked about such a Pod");
    }
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        const struct pn_lint_policy *p = pn_judge_policy(j, v);
        if (p == NULL || v->reason.id == PN_REASON_NONE)
            continue;
        enum pn_reason_class class = pn_reason_class_of(v->reason.id);
        if (class != PN_CLASS_NOT_SELECTED || v->reason.id == PN_REASON_OUTSIDE_ROLLOUT ||
            v->reason.id == PN_REASON_OPTED_OUT)
            j->is_met[p - j->l->policies] = true;
        judge_verdict(j, p, v);
    }
    for (size_t i = 0; i < d->note_count; i++)
        judge_note(j, &d->notes[i]);
    if (!d->allowed)
        return;
    if (!is_budget_guessed(j, PN_STR_NULL))
        pn_judge_class(j);
    pn_judge_weight(j);
    pn_judge_number(j);
    pn_judge_grace(j);
}

static void judge_unmet(struct pn_judge *j, size_t count)
{
    for (size_t i = 0; i < j->l->policy_count; i++) {
        const struct pn_lint_policy *p = &j->l->policies[i];
        if (j->is_met[i])
            continue;
        pn_lint_report(j->l, PN_RULE_SELECTS_NO_WORKLOAD, p->name_at,
                       "policy `%.*s` selects none of the %zu workloads of the manifests",
                       PN_STR_ARG(p->name), count);
        pn_lint_help(j->l, "`pannier preview --explain` tells for each workload which condition "
                           "does not hold");
    }
}

static bool prepare(struct pn_judge *j, struct pn_policy_set **ret_set, struct pn_arena **ret_arena)
{
    /* What is wrong with them has been told; a manifest that cannot be read is in nobody's way. */
    PN_CLEANUP(pn_diags_deinit) struct pn_diags unused = PN_DIAGS_INIT;
    int r = pn_policy_set_new(ret_set, j->l->docs, j->l->doc_count, &unused);
    if (r == 0)
        r = pn_arena_new(ret_arena, 0);
    size_t n = r == 0 ? pn_policy_set_policy_count(*ret_set) : 0;
    j->is_met = pn_arena_zalloc(j->l->arena, j->l->policy_count + 1, sizeof *j->is_met);
    j->policies = pn_arena_zalloc(j->l->arena, n + 1, sizeof *j->policies);
    j->l->out_of_memory = j->l->out_of_memory || r < 0 || j->is_met == NULL || j->policies == NULL;
    if (r != 0 || j->l->out_of_memory)
        return false;
    for (uint32_t i = 0; i < n; i++)
        j->policies[i] = find_policy(j->l, pn_policy_set_policy_name(*ret_set, i));
    j->namespaces = pn_manifests_namespaces(j->l);
    j->decider.set = *ret_set;
    j->decider.flags = PN_DECIDE_ALL_REASONS;
    j->decider.arena = *ret_arena;
    if (j->namespaces.kind == PN_OBJECT)
        j->decider.env.namespace_labels = &j->namespaces;
    return true;
}

void pn_lint_check_decisions(struct pn_lint *l)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *arena = NULL;
    struct pn_judge j = {.l = l, .groups = {.l = l}};
    size_t decided = 0;
    if (l->workload_count == 0 || l->policy_count == 0 || l->out_of_memory ||
        !prepare(&j, &set, &arena))
        return;
    for (size_t i = 0; i < l->workload_count && !l->out_of_memory; i++) {
        j.m = &l->workloads[i];
        if (!decide(&j))
            continue; /* nothing that the API server would take for a Pod */
        decided += j.decision->review.id == PN_REASON_NONE ||
                   j.decision->review.id == PN_REASON_NO_POLICY_SELECTED;
        judge_pod(&j);
    }
    pn_buf_deinit(&j.decider.body);
    if (decided > 0)
        judge_unmet(&j, decided);
    pn_groups_report(&j.groups);
}
