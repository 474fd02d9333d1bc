/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/match.h"
#include "lint/model.h"

/* Objects that must exist in each namespace that a policy reaches, or its Pods do not start. */

/* The policy holds in one namespace only. */
static bool is_of_one_namespace(const struct pn_lint_policy *p)
{
    for (uint32_t i = 0; i < p->namespaces.count; i++) {
        const struct pn_requirement *r = &p->namespaces.requirements[i];
        if (pn_str_eq(r->key, pn_namespace_name_label) && r->op == PN_OP_IN && r->count == 1)
            return true;
    }
    return false;
}

static void say(struct pn_lint *l, const struct pn_lint_injection *in, const struct pn_trace *name,
                const char *kind)
{
    struct pn_str text = pn_trace_str(name);
    bool is_claim = strcmp(kind, "PersistentVolumeClaim") == 0;
    /* Kubernetes puts this one into each namespace. */
    if (text.n == 0 || (pn_str_is(text, "kube-root-ca.crt") && strcmp(kind, "ConfigMap") == 0))
        return;
    pn_lint_report(l, PN_RULE_NAMESPACED_REFERENCE, name->at,
                   "%s `%.*s` must exist in each namespace that policy `%.*s` reaches", kind,
                   PN_STR_ARG(text), PN_STR_ARG(in->policy->name));
    pn_lint_also(l, in->policy->name_at, "the policy");
    if (is_claim) {
        pn_lint_weigh(l, PN_RULE_NAMESPACED_REFERENCE, PN_SEVERITY_WARNING);
        pn_lint_note(l, "all its Pods would share one volume, if it can be mounted so often");
    } else {
        pn_lint_note(l, "where it is not there, the Pods do not start, and the app with them");
    }
    pn_lint_help(l, is_claim ? "use an emptyDir, or an ephemeral volume"
                             : "optional: true, where it can do without; or select the namespaces "
                               "that have it");
}

/* A reference {name, optional} below `field` of `t`. */
static void check_reference(struct pn_lint *l, const struct pn_lint_injection *in,
                            const struct pn_trace *t, const char *field, const char *key,
                            const char *kind)
{
    const struct pn_trace *reference = pn_trace_path(t, field);
    const struct pn_trace *optional = pn_trace_get(reference, "optional");
    if (reference == NULL || reference->kind != PN_TRACE_MAP || reference->maybe || t->maybe ||
        (!pn_trace_is_unset(optional) && !pn_trace_is_bool(optional, false)))
        return;
    say(l, in, pn_trace_get(reference, key), kind);
}

static void check_volumes(struct pn_lint *l, const struct pn_lint_injection *in)
{
    const struct pn_trace *volumes = pn_trace_path(in->pod, "spec.volumes");
    for (uint32_t i = 0; i < pn_trace_count(volumes); i++) {
        const struct pn_trace *volume = pn_trace_item(volumes, i);
        const struct pn_trace *sources = pn_trace_path(volume, "projected.sources");
        check_reference(l, in, volume, "configMap", "name", "ConfigMap");
        check_reference(l, in, volume, "secret", "secretName", "Secret");
        check_reference(l, in, volume, "persistentVolumeClaim", "claimName",
                        "PersistentVolumeClaim");
        for (uint32_t k = 0; k < pn_trace_count(sources) && !volume->maybe; k++) {
            check_reference(l, in, pn_trace_item(sources, k), "configMap", "name", "ConfigMap");
            check_reference(l, in, pn_trace_item(sources, k), "secret", "name", "Secret");
        }
    }
}

/* Variables of a container, ours or the app's. */
static void check_variables(struct pn_lint *l, const struct pn_lint_injection *in,
                            const struct pn_trace *t)
{
    const struct pn_trace *env = pn_trace_get(t, "env"), *from = pn_trace_get(t, "envFrom");
    for (uint32_t i = 0; i < pn_trace_count(env); i++) {
        const struct pn_trace *item = pn_trace_item(env, i);
        check_reference(l, in, item, "valueFrom.configMapKeyRef", "name", "ConfigMap");
        check_reference(l, in, item, "valueFrom.secretKeyRef", "name", "Secret");
    }
    for (uint32_t i = 0; i < pn_trace_count(from); i++) {
        check_reference(l, in, pn_trace_item(from, i), "configMapRef", "name", "ConfigMap");
        check_reference(l, in, pn_trace_item(from, i), "secretRef", "name", "Secret");
    }
}

void pn_lint_check_references(struct pn_lint *l, const struct pn_lint_injection *in)
{
    if (in->policy == NULL || in->policy->audits || is_of_one_namespace(in->policy))
        return;
    check_volumes(l, in);
    for (size_t i = 0; i < in->container_count; i++) {
        if (!in->containers[i].trace->maybe)
            check_variables(l, in, in->containers[i].trace);
    }
    for (uint32_t i = 0; i < pn_trace_count(in->app); i++)
        check_variables(l, in, pn_trace_item(in->app, i));
}
