/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "engine/kinds.h"
#include "engine/mentions.h"
#include "engine/policy_set.h"
#include "kube/names.h"

static const char *const opt_out_words[] = {"Allowed", "Forbidden", NULL};
static const char *const on_failure_words[] = {"Skip", "Deny", NULL};
static const char *const mode_words[] = {"Enforce", "Audit", NULL};

struct match {
    const struct pn_node *pod_selector, *namespace_selector, *when;
    struct pn_value pod_annotations;
};

struct rollout {
    int32_t percent;
    struct pn_str salt;
};

struct spec {
    struct match match;
    const struct pn_node *inject;
    int32_t priority;
    int opt_out, on_failure, mode;
    struct rollout rollout;
};

static const struct pn_field match_fields[] = {
    {"podSelector", PN_FIELD_NODE, offsetof(struct match, pod_selector), true,
     .form = PN_FORM_SELECTOR, .help = "Labels of the Pods that get it; {} is every Pod"},
    {"podAnnotations", PN_FIELD_STRING_MAP, offsetof(struct match, pod_annotations),
     .help = "Annotations that the Pod must have, with exactly these values"},
    {"namespaceSelector", PN_FIELD_NODE, offsetof(struct match, namespace_selector),
     .form = PN_FORM_SELECTOR,
     .help = "Labels of the namespaces; absent: all. kubernetes.io/metadata.name is always known"},
    {"when", PN_FIELD_NODE, offsetof(struct match, when), .form = PN_FORM_STRING,
     .help = "A JSON-e expression over pod, namespace and policy that must hold"},
    {0}};

static const struct pn_field rollout_fields[] = {
    {"percent", PN_FIELD_INT32, offsetof(struct rollout, percent), true,
     .help = "Share of the workloads that get it, 0 to 100"},
    {"salt", PN_FIELD_STRING, offsetof(struct rollout, salt),
     .help = "Policies with one salt take the same workloads; default: the policy's name"},
    {0}};

static const struct pn_field spec_fields[] = {
    {"match", PN_FIELD_OBJECT, offsetof(struct spec, match), true, NULL, match_fields,
     .help = "Which Pods get it; all of it must hold"},
    {"inject", PN_FIELD_NODE, offsetof(struct spec, inject), true, .form = PN_FORM_OBJECT,
     .shape = PN_SCHEMA_LIST, .fields = pn_inject_fields,
     .help = "The templates, all of them or none"},
    {"priority", PN_FIELD_INT32, offsetof(struct spec, priority),
     .help = "Higher comes first, then the name decides; default 0"},
    {"optOut", PN_FIELD_ENUM, offsetof(struct spec, opt_out), false, opt_out_words,
     .help = "Whether a Pod's author may say no; default Allowed"},
    {"onFailure", PN_FIELD_ENUM, offsetof(struct spec, on_failure), false, on_failure_words,
     .help = "When it is not possible: leave it out (Skip, the default), or refuse the Pod (Deny)"},
    {"mode", PN_FIELD_ENUM, offsetof(struct spec, mode), false, mode_words,
     .help = "Audit decides and tells, and changes nothing; default Enforce"},
    {"rollout", PN_FIELD_OBJECT, offsetof(struct spec, rollout), false, NULL, rollout_fields,
     .help = "For a part of the workloads only"},
    {0}};

const struct pn_document_kind pn_policy_kind = {
    "InjectionPolicy", "Which Pods get what templates add", pn_document_fields, spec_fields};

static void decode_when(struct pn_policy *p, struct pn_decoder *d, const struct pn_node *node)
{
    if (node == NULL)
        return;
    if (node->kind != PN_NODE_STRING) {
        pn_decode_fault(d, node, "wrong-type", "spec.match.when: expected an expression, got %s",
                        pn_node_kind_name(node));
        pn_diags_help(d->diags, "write it in quotes: \"pod.spec.restartPolicy == 'Always'\"");
        return;
    }
    p->when_text = pn_arena_dup(d->arena, node->s);
    if (pn_jsone_compile_expression(&p->when, d->source, node, d->arena, d->diags) < 0 ||
        p->when_text.s == NULL)
        d->out_of_memory = true;
    pn_mentions_check(&p->when_mentions, d, p->when, NULL);
}

static void decode_match(struct pn_policy_draft *ret, struct pn_decoder *d,
                         const struct match *match, const struct pn_node *node)
{
    struct pn_policy *p = &ret->policy;
    pn_selector_decode(&p->pod_selector, d, match->pod_selector, "spec.match.podSelector");
    pn_selector_decode(&p->namespace_selector, d, match->namespace_selector,
                       "spec.match.namespaceSelector");
    decode_when(p, d, match->when);
    p->pod_annotations = match->pod_annotations;
    if (p->pod_annotations.kind != PN_OBJECT)
        return;
    ret->pod_annotations_node = pn_node_get(node, "podAnnotations");
    for (uint32_t i = 0; i < ret->pod_annotations_node->mapping.count; i++) {
        const struct pn_node *key = ret->pod_annotations_node->mapping.entries[i].key;
        if (!pn_name_is_annotation_key(key->s))
            pn_decode_fault(d, key, "invalid-name",
                            "spec.match.podAnnotations: `%.*s` is no annotation key",
                            PN_STR_ARG(key->s));
    }
}

static void decode_rollout(struct pn_policy *p, struct pn_decoder *d, const struct rollout *rollout,
                           const struct pn_node *node)
{
    p->rollout_percent = rollout->percent;
    p->rollout_salt = rollout->salt.n > 0 ? rollout->salt : p->name;
    if (rollout->percent < 0 || rollout->percent > 100)
        pn_decode_fault(d, pn_node_get(node, "percent"), "out-of-range",
                        "spec.rollout.percent: must be between 0 and 100");
}

void pn_policy_decode(struct pn_policy_draft *ret, struct pn_decoder *d,
                      const struct pn_document *doc)
{
    struct spec nodes = {.rollout = {.percent = 100}};
    *ret = (struct pn_policy_draft){.source = doc->source};
    pn_metadata_decode(&ret->policy.name, &ret->name_node, d, doc);
    const struct pn_node *spec = pn_node_get(doc->root, "spec");
    if (spec == NULL) {
        pn_decode_fault(d, doc->root, "missing-field", "field `spec` is required");
        return;
    }
    pn_decode_object(d, spec, "spec", spec_fields, &nodes);
    decode_match(ret, d, &nodes.match, pn_node_get(spec, "match"));
    if (nodes.inject != NULL && pn_decode_list(d, nodes.inject, "spec.inject") != NULL) {
        ret->inject = nodes.inject;
        if (nodes.inject->sequence.count == 0)
            pn_decode_fault(d, nodes.inject, "empty-value", "spec.inject: names no template");
        if (nodes.inject->sequence.count > PN_TEMPLATES_PER_POLICY_MAX)
            pn_decode_fault(d, nodes.inject, "out-of-range", "spec.inject: at most %d templates",
                            PN_TEMPLATES_PER_POLICY_MAX);
    }
    ret->policy.priority = nodes.priority;
    ret->policy.opt_out_forbidden = nodes.opt_out == 1;
    ret->policy.deny_on_failure = nodes.on_failure == 1;
    ret->policy.audit = nodes.mode == 1;
    decode_rollout(&ret->policy, d, &nodes.rollout, pn_node_get(spec, "rollout"));
    ret->hash = pn_node_hash(d, spec);
}
