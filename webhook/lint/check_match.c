/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/overlap.h"

/* ---- selectors ------------------------------------------------------------------------- */

static void check_satisfiable(struct pn_lint *l, const struct pn_lint_policy *p,
                              const struct pn_selector *s, const char *field)
{
    struct pn_str key;
    const struct pn_node *selector = pn_node_get(p->match, field);
    if (pn_overlap_is_satisfiable(s, &key, l->arena))
        return;
    const struct pn_node *first = pn_lint_find_key(selector, key, NULL);
    const struct pn_node *last = first, *next = first;
    while ((next = pn_lint_find_key(selector, key, next)) != NULL)
        last = next;
    pn_lint_report(
        l, PN_RULE_UNSATISFIABLE_SELECTOR, pn_lint_in_policy(p, last),
        "%s of policy `%.*s` can never hold: no value of label `%.*s` satisfies all that "
        "is asked of it",
        field, PN_STR_ARG(p->name), PN_STR_ARG(key));
    if (last != first)
        pn_lint_also(l, pn_lint_in_policy(p, first), "and this is asked of it as well");
    pn_lint_help(l, "several values for one label are one expression: operator In");
}

/* Labels that a controller gives its Pods, another value at each rollout or for each Pod. */
static const char *const managed[] = {
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
};

static void check_managed(struct pn_lint *l, const struct pn_lint_policy *p)
{
    for (uint32_t i = 0; i < p->pods.count; i++) {
        const struct pn_requirement *r = &p->pods.requirements[i];
        for (size_t k = 0; k < PN_COUNT_OF(managed); k++) {
            /* That it is there, or not, says who made the Pod. */
            if (!pn_str_is(r->key, managed[k]) || r->count == 0)
                continue;
            const struct pn_node *selector = pn_node_get(p->match, "podSelector");
            pn_lint_report(l, PN_RULE_CONTROLLER_MANAGED_LABEL,
                           pn_lint_in_policy(p, pn_lint_find_key(selector, r->key, NULL)),
                           "policy `%.*s` selects on a value of `%s`, which its controller changes "
                           "with each rollout or Pod",
                           PN_STR_ARG(p->name), managed[k]);
            pn_lint_help(l, "select on a label of the Pod template");
        }
    }
}

static bool excludes_only(const struct pn_selector *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->requirements[i].op != PN_OP_NOT_IN && s->requirements[i].op != PN_OP_DOES_NOT_EXIST)
            return false;
    }
    return true;
}

static void check_width(struct pn_lint *l, const struct pn_lint_policy *p)
{
    const struct pn_node *selector = pn_node_get(p->match, "podSelector");
    if (p->namespaces.count > 0 || p->annotations.count > 0 || p->when.s != NULL ||
        !excludes_only(&p->pods))
        return;
    if (p->pods.count == 0) {
        pn_lint_report(l, PN_RULE_MATCH_EVERYTHING, pn_lint_in_policy(p, selector),
                       "policy `%.*s` selects every Pod of every namespace", PN_STR_ARG(p->name));
        pn_lint_help(l, "let Pods ask for it by a label, or name namespaces in namespaceSelector");
        return;
    }
    pn_lint_report(l, PN_RULE_NEGATIVE_ONLY_SELECTOR, pn_lint_in_policy(p, selector),
                   "podSelector of policy `%.*s` only excludes: a Pod without labels is selected, "
                   "in every namespace",
                   PN_STR_ARG(p->name));
    pn_lint_help(l, "let Pods ask for it by a label, or name namespaces in namespaceSelector");
}

/* ---- policies that deny ---------------------------------------------------------------- */

static void check_deny(struct pn_lint *l, const struct pn_lint_policy *p)
{
    const struct pn_node *deny = pn_node_get(p->spec, "onFailure");
    const struct pn_node *opt_out = pn_node_get(p->spec, "optOut");
    if (p->namespaces.count == 0) {
        pn_lint_report(l, PN_RULE_DENY_IN_ALL_NAMESPACES, pn_lint_in_policy(p, deny),
                       "policy `%.*s` refuses Pods, and no namespaceSelector says where",
                       PN_STR_ARG(p->name));
        pn_lint_note(l, "its validating webhook cannot fail closed in every namespace, so it is "
                        "registered to fail open: while pannier is down, Pods start without it");
        pn_lint_help(l, "name the namespaces in spec.match.namespaceSelector");
    }
    if (!p->opt_out_forbidden) {
        pn_lint_report(l, PN_RULE_DENY_CAN_BE_AVOIDED,
                       pn_lint_in_policy(p, opt_out != NULL ? opt_out : deny),
                       "policy `%.*s` denies, but a Pod's author can leave it with the annotation "
                       "pannier.dev/inject: \"false\"",
                       PN_STR_ARG(p->name));
        pn_lint_help(l, "optOut: Forbidden");
    }
    const struct pn_node *percent = pn_node_get(pn_node_get(p->spec, "rollout"), "percent");
    if (p->percent > 0 && p->percent < 100) {
        pn_lint_report(l, PN_RULE_DENY_CAN_BE_AVOIDED, pn_lint_in_policy(p, percent),
                       "policy `%.*s` denies, but holds for %lld%% of the workloads, which is "
                       "decided by their names",
                       PN_STR_ARG(p->name), (long long)p->percent);
        pn_lint_help(l, "use mode: Audit or onFailure: Skip while it is rolled out");
    }
}

static void check_asked_for(struct pn_lint *l, const struct pn_lint_policy *p)
{
    static const char *const fields[] = {"podSelector", "podAnnotations", "when"};
    const bool asks[] = {!excludes_only(&p->pods) || p->pods.count > 0, p->annotations.count > 0,
                         p->when.s != NULL};
    for (size_t i = 0; i < PN_COUNT_OF(fields); i++) {
        if (!asks[i])
            continue;
        pn_lint_report(l, PN_RULE_DENY_IS_ASKED_FOR,
                       pn_lint_in_policy(p, pn_node_get(p->match, fields[i])),
                       "policy `%.*s` denies, but its %s is about what a Pod's author writes",
                       PN_STR_ARG(p->name), fields[i]);
        pn_lint_note(l, "a Pod that is written otherwise is not refused");
        pn_lint_help(l,
                     "what must hold for every Pod is selected by namespace, with podSelector: {}");
    }
}

void pn_lint_check_match(struct pn_lint *l, const struct pn_lint_policy *p)
{
    check_satisfiable(l, p, &p->pods, "podSelector");
    check_satisfiable(l, p, &p->namespaces, "namespaceSelector");
    check_managed(l, p);
    if (!p->audits)
        check_width(l, p);
    if (p->denies && !p->audits) {
        check_deny(l, p);
        check_asked_for(l, p);
    }
    if (p->percent == 0) {
        const struct pn_node *percent = pn_node_get(pn_node_get(p->spec, "rollout"), "percent");
        pn_lint_report(l, PN_RULE_ROLLOUT_OF_NOTHING, pn_lint_in_policy(p, percent),
                       "policy `%.*s` holds for no Pod: its rollout is at 0%%",
                       PN_STR_ARG(p->name));
        pn_lint_help(l, "raise it, or use mode: Audit to see what it would do");
    }
}
