/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/model.h"

/* A workload: what is written on itself, and on the Pods that it makes. */
struct workload {
    const struct pn_source *source;
    const struct pn_node *own, *pods; /* metadata */
    struct pn_str kind, name;
};

static const struct pn_node *template_of(const struct pn_node *root)
{
    const struct pn_node *spec = pn_node_get(root, "spec");
    const struct pn_node *job = pn_node_get(pn_node_get(spec, "jobTemplate"), "spec");
    const struct pn_node *template = pn_node_get(job != NULL ? job : spec, "template");
    return pn_node_get(pn_node_get(template, "spec"), "containers") != NULL ? template : NULL;
}

static const struct pn_node *find(const struct pn_node *mapping, struct pn_str key)
{
    for (uint32_t i = 0;
         mapping != NULL && mapping->kind == PN_NODE_MAPPING && i < mapping->mapping.count; i++) {
        if (pn_str_eq(mapping->mapping.entries[i].key->s, key))
            return mapping->mapping.entries[i].value;
    }
    return NULL;
}

static struct pn_value value_of(struct pn_lint *l, const struct pn_node *node)
{
    struct pn_value v = PN_VALUE_ABSENT;
    if (node != NULL && node->kind == PN_NODE_MAPPING &&
        pn_value_from_node(&v, node, l->arena) != 0)
        l->out_of_memory = true;
    return v;
}

/* True when the Pods would be selected, had they what the workload itself has. */
static bool would_match(struct pn_lint *l, const struct workload *w, const char *field,
                        const struct pn_selector *s)
{
    struct pn_value own = value_of(l, pn_node_get(w->own, field));
    struct pn_value all = value_of(l, pn_node_get(w->pods, field));
    if (pn_selector_matches(s, all))
        return false;
    for (uint32_t i = 0; i < pn_value_count(own); i++) {
        const struct pn_member *m = pn_value_member(own, i);
        if (pn_value_get(all, m->key).kind != PN_ABSENT)
            continue;
        if (pn_object_with(&all, l->arena, all, m->key, m->value) != 0) {
            l->out_of_memory = true;
            return false;
        }
    }
    return pn_selector_matches(s, all);
}

static void check_level(struct pn_lint *l, const struct workload *w, const struct pn_lint_policy *p,
                        const char *field, const struct pn_selector *s)
{
    const struct pn_node *own = pn_node_get(w->own, field);
    const char *what = strcmp(field, "labels") == 0 ? "label" : "annotation";
    if (!would_match(l, w, field, s))
        return;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct pn_requirement *r = &s->requirements[i];
        const struct pn_node *value = find(own, r->key);
        bool asks = r->op == PN_OP_IN || r->op == PN_OP_EXISTS;
        if (!asks || value == NULL || find(pn_node_get(w->pods, field), r->key) != NULL)
            continue;
        pn_lint_report(
            l, PN_RULE_LABEL_ON_WRONG_LEVEL, (struct pn_place){w->source, value},
            "%s `%.*s` is on %.*s `%.*s` itself, not on its Pods: policy `%.*s` does not "
            "select them",
            what, PN_STR_ARG(r->key), PN_STR_ARG(w->kind), PN_STR_ARG(w->name),
            PN_STR_ARG(p->name));
        pn_lint_also(l, p->name_at, "the policy that asks for it");
        pn_lint_help(l, "write it in the Pod template: %s",
                     pn_str_is(w->kind, "CronJob") ? "spec.jobTemplate.spec.template.metadata"
                                                   : "spec.template.metadata");
    }
}

static void check_object(struct pn_lint *l, const struct pn_source *source,
                         const struct pn_node *root)
{
    const struct pn_node *items = pn_node_get(root, "items");
    const struct pn_node *template = template_of(root);
    struct workload w = {
        .source = source,
        .own = pn_node_get(root, "metadata"),
        .pods = pn_node_get(template, "metadata"),
        .kind = pn_node_str(pn_node_get(root, "kind")),
    };
    for (uint32_t i = 0; items != NULL && items->kind == PN_NODE_SEQUENCE &&
                         pn_str_has_suffix(w.kind, PN_STR("List")) && i < items->sequence.count;
         i++)
        check_object(l, source, items->sequence.items[i]);
    if (template == NULL)
        return;
    w.name = pn_node_str(pn_node_get(w.own, "name"));
    for (size_t i = 0; i < l->policy_count; i++) {
        check_level(l, &w, &l->policies[i], "labels", &l->policies[i].pods);
        check_level(l, &w, &l->policies[i], "annotations", &l->policies[i].annotations);
    }
}

void pn_lint_check_manifests(struct pn_lint *l)
{
    for (size_t i = 0; i < l->manifest_count; i++) {
        if (l->manifests[i].root != NULL)
            check_object(l, l->manifests[i].source, l->manifests[i].root);
    }
}
