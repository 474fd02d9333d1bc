/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/manifests.h"

/* Labels of workloads that look as if they were to ask for a policy, and ask for none. */

/* Written by tools about what they made; whoever selects on them means what is there. */
static bool is_of_kubernetes(struct pn_str domain)
{
    return pn_str_has_suffix(domain, PN_STR("kubernetes.io")) ||
           pn_str_has_suffix(domain, PN_STR("k8s.io")) || pn_str_is(domain, "helm.sh");
}

static bool is_yes(struct pn_str word)
{
    return pn_str_lists(PN_STR("true, yes, on, 1, enabled, enable, inject, active, auto"), word);
}

struct label {
    const struct pn_manifest *m;
    struct pn_str key, value;
    const struct pn_node *key_node, *value_node;
};

static void say(struct pn_lint *l, const struct label *label, const struct pn_node *at,
                const struct pn_lint_policy *p, struct pn_str key, struct pn_str value)
{
    struct pn_str title = pn_manifest_title(l, label->m);
    pn_lint_report(l, PN_RULE_LABEL_OF_NO_POLICY, (struct pn_place){label->m->source, at},
                   "label `%.*s: %.*s` of %.*s is what no policy asks for", PN_STR_ARG(label->key),
                   PN_STR_ARG(label->value), PN_STR_ARG(title));
    pn_lint_also(l, p->name_at, "this policy asks for `%.*s%s%.*s`", PN_STR_ARG(key),
                 value.s != NULL ? ": " : "", PN_STR_ARG(value));
    pn_lint_help(l, "did you mean `%.*s%s%.*s`?", PN_STR_ARG(key), value.s != NULL ? ": " : "",
                 PN_STR_ARG(value));
}

/* The next requirement of any policy; false at the end. Both cursors begin with 0. */
static bool next(const struct pn_lint *l, size_t *policy, uint32_t *at,
                 const struct pn_requirement **ret)
{
    for (; *policy < l->policy_count; (*policy)++, *at = 0) {
        const struct pn_selector *s = &l->policies[*policy].pods;
        if (*at < s->count) {
            *ret = &s->requirements[(*at)++];
            return true;
        }
    }
    return false;
}

static bool holds(const struct pn_requirement *r, struct pn_str value)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (pn_str_eq(r->values[i], value))
            return true;
    }
    return r->count == 0; /* its being there is asked for, or its not being there */
}

/* The key is asked for. */
static void check_value(struct pn_lint *l, const struct label *label)
{
    size_t policy = 0;
    uint32_t at = 0;
    const struct pn_requirement *r;
    while (next(l, &policy, &at, &r)) {
        if (pn_str_eq(r->key, label->key) && holds(r, label->value))
            return;
    }
    policy = 0;
    at = 0;
    while (next(l, &policy, &at, &r)) {
        for (uint32_t i = 0; r->op == PN_OP_IN && pn_str_eq(r->key, label->key) && i < r->count;
             i++) {
            bool both = is_yes(label->value) && is_yes(r->values[i]);
            if (!both && !pn_str_is_near(label->value, r->values[i]))
                continue;
            say(l, label, label->value_node, &l->policies[policy], r->key, r->values[i]);
            return;
        }
    }
}

/* A key that is asked for, of the same domain, with a name near to this one. */
static void check_key(struct pn_lint *l, const struct label *label)
{
    size_t policy = 0;
    uint32_t at = 0;
    const struct pn_requirement *r;
    struct pn_str name = label->key;
    struct pn_str domain = pn_str_split(&name, '/');
    while (next(l, &policy, &at, &r)) {
        struct pn_str other = r->key;
        struct pn_str other_domain = pn_str_split(&other, '/');
        bool asks = r->op == PN_OP_IN || r->op == PN_OP_EXISTS;
        if (!asks || other.s == NULL || !pn_str_eq(domain, other_domain) ||
            !pn_str_is_near(name, other))
            continue;
        say(l, label, label->key_node, &l->policies[policy], r->key,
            r->count == 1 ? r->values[0] : PN_STR_NULL);
        return;
    }
}

static bool is_asked_for(const struct pn_lint *l, struct pn_str key)
{
    size_t policy = 0;
    uint32_t at = 0;
    const struct pn_requirement *r;
    while (next(l, &policy, &at, &r)) {
        if (pn_str_eq(r->key, key))
            return true;
    }
    return false;
}

void pn_lint_check_labels(struct pn_lint *l)
{
    for (size_t i = 0; i < l->workload_count && !l->out_of_memory; i++) {
        const struct pn_manifest *m = &l->workloads[i];
        const struct pn_node *labels = pn_node_get(pn_node_get(m->pod, "metadata"), "labels");
        for (uint32_t k = 0;
             labels != NULL && labels->kind == PN_NODE_MAPPING && k < labels->mapping.count; k++) {
            const struct pn_node_entry *e = &labels->mapping.entries[k];
            const struct label label = {m, e->key->s, pn_node_str(e->value), e->key, e->value};
            struct pn_str rest = label.key;
            struct pn_str domain = pn_str_split(&rest, '/');
            if (rest.s == NULL || label.value.n == 0 || is_of_kubernetes(domain))
                continue;
            if (is_asked_for(l, label.key))
                check_value(l, &label);
            else
                check_key(l, &label);
        }
    }
}
