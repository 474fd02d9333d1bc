/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
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
    {"podSelector", PN_FIELD_NODE, offsetof(struct match, pod_selector), true},
    {"podAnnotations", PN_FIELD_STRING_MAP, offsetof(struct match, pod_annotations)},
    {"namespaceSelector", PN_FIELD_NODE, offsetof(struct match, namespace_selector)},
    {"when", PN_FIELD_NODE, offsetof(struct match, when)},
    {0}};

static const struct pn_field rollout_fields[] = {
    {"percent", PN_FIELD_INT32, offsetof(struct rollout, percent), true},
    {"salt", PN_FIELD_STRING, offsetof(struct rollout, salt)},
    {0}};

static const struct pn_field spec_fields[] = {
    {"match", PN_FIELD_OBJECT, offsetof(struct spec, match), true, NULL, match_fields},
    {"inject", PN_FIELD_NODE, offsetof(struct spec, inject), true},
    {"priority", PN_FIELD_INT32, offsetof(struct spec, priority)},
    {"optOut", PN_FIELD_ENUM, offsetof(struct spec, opt_out), false, opt_out_words},
    {"onFailure", PN_FIELD_ENUM, offsetof(struct spec, on_failure), false, on_failure_words},
    {"mode", PN_FIELD_ENUM, offsetof(struct spec, mode), false, mode_words},
    {"rollout", PN_FIELD_OBJECT, offsetof(struct spec, rollout), false, NULL, rollout_fields},
    {0}};

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
