/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"
#include "engine/match.h"
#include "jsone/jsone.h"
#include "lint/overlap.h"

/* Whether a policy reaches anything, whatever the Pods are: its namespaces, its condition, its
 * mode.
 */

/* ---- namespaces ------------------------------------------------------------------------ */

static bool is_protected(struct pn_str namespace)
{
    for (const struct pn_str *p = pn_default_protected_namespaces; p->n > 0; p++) {
        if (pn_str_eq(*p, namespace))
            return true;
    }
    return false;
}

static void check_protected(struct pn_lint *l, const struct pn_lint_policy *p,
                            const struct pn_requirement *r)
{
    const struct pn_node *selector = pn_node_get(p->match, "namespaceSelector");
    for (uint32_t i = 0;
         r->op == PN_OP_IN && pn_str_eq(r->key, pn_namespace_name_label) && i < r->count; i++) {
        if (!is_protected(r->values[i]))
            continue;
        pn_lint_report(l, PN_RULE_SELECTS_PROTECTED,
                       pn_lint_in_policy(p, pn_lint_find_key(selector, r->key, NULL)),
                       "policy `%.*s` selects namespace %.*s, which no policy reaches",
                       PN_STR_ARG(p->name), PN_STR_ARG(r->values[i]));
        pn_lint_note(l, "what the cluster itself lives on is protected, unless the server's "
                        "--protected-namespaces says otherwise");
        pn_lint_help(l, "leave it out");
        return;
    }
}

static void check_labels(struct pn_lint *l, const struct pn_lint_policy *p,
                         const struct pn_requirement *r)
{
    const struct pn_node *selector = pn_node_get(p->match, "namespaceSelector");
    if (pn_str_eq(r->key, pn_namespace_name_label))
        return;
    pn_lint_report(l, PN_RULE_NEEDS_NAMESPACE_LABELS,
                   pn_lint_in_policy(p, pn_lint_find_key(selector, r->key, NULL)),
                   "policy `%.*s` asks for label `%.*s` of namespaces, which a review does not "
                   "carry",
                   PN_STR_ARG(p->name), PN_STR_ARG(r->key));
    if (p->denies && !p->audits)
        pn_lint_weigh(l, PN_RULE_NEEDS_NAMESPACE_LABELS, PN_SEVERITY_WARNING);
    pn_lint_note(l,
                 "where the server is not told the labels of a namespace, each Pod of it %s: "
                 "namespace-labels-unknown",
                 p->denies ? "is refused" : "starts without");
    pn_lint_help(l, "select by kubernetes.io/metadata.name, or give the server --namespaces");
}

/* ---- the condition --------------------------------------------------------------------- */

/* The value of an expression that depends on nothing but the policy; false: it depends on more. */
static bool is_constant(struct pn_value *ret, struct pn_lint *l, const struct pn_lint_policy *p,
                        const struct pn_node *when)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags unused = PN_DIAGS_INIT;
    const struct pn_template_expr *t = NULL;
    struct pn_member name = {PN_STR("name"), pn_string(p->name)};
    struct pn_member policy = {PN_STR("policy"), PN_VALUE_ABSENT};
    struct pn_value bound;
    int r = pn_object_new(&policy.value, l->arena, &name, 1);
    r = r == 0 ? pn_object_new(&bound, l->arena, &policy, 1) : r;
    r = r == 0 ? pn_jsone_compile_expression(&t, p->at.source, when, l->arena, &unused) : r;
    r = r == 0 ? pn_jsone_fold(&t, t, bound, PN_VALUE_ABSENT, NULL, l->arena) : r;
    l->out_of_memory = l->out_of_memory || r < 0;
    if (r != 0 || !pn_jsone_is_constant(t))
        return false;
    *ret = pn_jsone_constant(t);
    return true;
}

static void check_condition(struct pn_lint *l, const struct pn_lint_policy *p)
{
    const struct pn_node *when = pn_node_get(p->match, "when");
    struct pn_value v;
    if (when == NULL || when->kind != PN_NODE_STRING || !is_constant(&v, l, p, when))
        return;
    bool holds = pn_jsone_is_truthy(v);
    pn_lint_report(l, PN_RULE_CONSTANT_CONDITION, pn_lint_in_policy(p, when),
                   "the condition of policy `%.*s` %s", PN_STR_ARG(p->name),
                   holds ? "always holds" : "never holds: it selects no Pod");
    if (!holds)
        pn_lint_weigh(l, PN_RULE_CONSTANT_CONDITION, PN_SEVERITY_ERROR);
    pn_lint_help(l, holds ? "leave it out" : "ask for something of the Pod, or remove the policy");
}

void pn_lint_check_reach(struct pn_lint *l, const struct pn_lint_policy *p)
{
    for (uint32_t i = 0; i < p->namespaces.count; i++) {
        check_protected(l, p, &p->namespaces.requirements[i]);
        check_labels(l, p, &p->namespaces.requirements[i]);
    }
    check_condition(l, p);
    if (p->audits) {
        pn_lint_report(l, PN_RULE_AUDIT_ONLY, pn_lint_in_policy(p, pn_node_get(p->spec, "mode")),
                       "policy `%.*s` tells what it would do, and does nothing",
                       PN_STR_ARG(p->name));
        pn_lint_help(l, "mode: Enforce, when what it tells is what is wanted");
    }
}
