/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/policy_set.h"

#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "engine/budget.h"
#include "engine/mentions.h"
#include "kube/names.h"

/* ---- metadata, shared by all kinds ----------------------------------------------------- */

struct metadata {
    const struct pn_node *name;
    const struct pn_node *ignored;
};

static const struct pn_field metadata_fields[] = {
    {"name", PN_FIELD_NODE, offsetof(struct metadata, name), true},
    {"labels", PN_FIELD_NODE, offsetof(struct metadata, ignored)},
    {"annotations", PN_FIELD_NODE, offsetof(struct metadata, ignored)},
    {0}};

struct header {
    const struct pn_node *api_version, *kind, *metadata, *spec;
};

static const struct pn_field header_fields[] = {
    {"apiVersion", PN_FIELD_NODE, offsetof(struct header, api_version), true},
    {"kind", PN_FIELD_NODE, offsetof(struct header, kind), true},
    {"metadata", PN_FIELD_NODE, offsetof(struct header, metadata), true},
    {"spec", PN_FIELD_NODE, offsetof(struct header, spec)},
    {0}};

void pn_metadata_decode(struct pn_str *ret_name, const struct pn_node **ret_node,
                        struct pn_decoder *d, const struct pn_document *doc)
{
    struct header header = {0};
    struct metadata metadata = {0};
    pn_decode_object(d, doc->root, "document", header_fields, &header);
    if (header.metadata == NULL)
        return;
    pn_decode_object(d, header.metadata, "metadata", metadata_fields, &metadata);
    const struct pn_node *name = metadata.name;
    if (name == NULL)
        return;
    if (name->kind != PN_NODE_STRING) {
        pn_decode_fault(d, name, "wrong-type", "metadata.name: expected a string, got %s",
                        pn_node_kind_name(name));
        pn_diags_help(d->diags, "put it in quotes");
        return;
    }
    if (!pn_name_is_dns_subdomain(name->s)) {
        pn_decode_fault(d, name, "invalid-name", "metadata.name: `%.*s` is no legal name",
                        PN_STR_ARG(name->s));
        pn_diags_help(d->diags, "expected " PN_NAME_DNS_SUBDOMAIN_RULE);
        return;
    }
    struct pn_str copy = pn_arena_dup(d->arena, name->s);
    if (copy.s == NULL)
        d->out_of_memory = true;
    *ret_name = copy;
    *ret_node = name;
}

uint64_t pn_node_hash(struct pn_decoder *d, const struct pn_node *node)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    struct pn_value value;
    if (pn_value_from_node(&value, node, d->arena) != 0) {
        d->out_of_memory = true;
        return 0;
    }
    pn_json_write(&text, value);
    if (text.failed)
        d->out_of_memory = true;
    return pn_str_hash(PN_HASH_BASIS, pn_buf_view(&text));
}

/* ---- InjectionPolicy ------------------------------------------------------------------- */

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

void pn_selector_decode(struct pn_selector *ret, struct pn_decoder *d, const struct pn_node *node,
                        const char *what)
{
    const struct pn_node *at = node;
    struct pn_err err = PN_ERR_INIT;
    if (node == NULL)
        return;
    if (node->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, node, "wrong-type", "%s: expected a mapping, got %s", what,
                        pn_node_kind_name(node));
        pn_diags_help(d->diags, "write {} to match all");
        return;
    }
    int r = pn_selector_from_node(ret, node, d->arena, &at, &err);
    if (r == PN_SELECTOR_E_INVALID)
        pn_decode_fault(d, at, "invalid-selector", "%s: %s", what, err.text);
    else if (r != 0)
        d->out_of_memory = true;
}

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

/* ---- documents ------------------------------------------------------------------------- */

static const char api_version[] = "pannier.dev/v1alpha1";

static const char *const kinds[] = {"SidecarTemplate", "InjectionPolicy", "InjectionBudget",
                                    "PolicyTest", NULL};
enum kind { KIND_TEMPLATE, KIND_POLICY, KIND_BUDGET, KIND_TEST, KIND_UNKNOWN };

static enum kind kind_of(const struct pn_document *doc)
{
    struct pn_str kind = pn_node_str(pn_node_get(doc->root, "kind"));
    for (int i = 0; kinds[i] != NULL; i++) {
        if (pn_str_is(kind, kinds[i]))
            return (enum kind)i;
    }
    return KIND_UNKNOWN;
}

bool pn_policy_is_ours(const struct pn_document *doc)
{
    return pn_str_has_prefix(pn_node_str(pn_node_get(doc->root, "apiVersion")),
                             PN_STR("pannier.dev/"));
}

/* Says what is wrong with a document that is none of ours; true when it is to be decoded. */
static bool check_header(struct pn_decoder *d, const struct pn_document *doc)
{
    const struct pn_node *version = pn_node_get(doc->root, "apiVersion");
    const struct pn_node *kind = pn_node_get(doc->root, "kind");
    if (!pn_policy_is_ours(doc)) {
        pn_decode_fault(d, version != NULL ? version : doc->root, "not-a-policy",
                        "not a policy: expected apiVersion %s", api_version);
        return false;
    }
    if (!pn_str_is(version->s, api_version)) {
        pn_decode_fault(d, version, "unknown-value", "unknown apiVersion `%.*s`; expected %s",
                        PN_STR_ARG(version->s), api_version);
        return false;
    }
    switch (kind_of(doc)) {
    case KIND_TEMPLATE:
    case KIND_POLICY:
    case KIND_BUDGET:
        return true;
    case KIND_TEST: /* is run by `pannier test`, beside what it tests */
        return false;
    case KIND_UNKNOWN:
        break;
    }
    if (kind == NULL || kind->kind != PN_NODE_STRING) {
        pn_decode_fault(d, kind != NULL ? kind : doc->root, "missing-field",
                        "field `kind` is required");
        return false;
    }
    pn_decode_fault(d, kind, "unknown-value", "unknown kind `%.*s`", PN_STR_ARG(kind->s));
    const char *near = pn_str_nearest(kind->s, kinds);
    if (near != NULL)
        pn_diags_help(d->diags, "did you mean `%s`?", near);
    return false;
}

/* ---- the set --------------------------------------------------------------------------- */

static void set_free(struct pn_policy_set *set)
{
    pn_arena_free(set->arena);
    free(set);
}

static int set_alloc(struct pn_policy_set **ret)
{
    struct pn_policy_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return -ENOMEM;
    atomic_init(&set->references, 1);
    int r = pn_arena_new(&set->arena, 0);
    if (r != 0) {
        free(set);
        return r;
    }
    *ret = set;
    return 0;
}

static int decode_documents(struct pn_policy_set *set, struct pn_decoder *d,
                            const struct pn_document *docs, size_t n, struct pn_drafts *drafts)
{
    for (size_t i = 0; i < n; i++) {
        d->source = docs[i].source;
        if (!check_header(d, &docs[i]))
            continue;
        if (kind_of(&docs[i]) == KIND_TEMPLATE)
            pn_template_decode(&drafts->templates[drafts->template_count++], d, &docs[i]);
        else if (kind_of(&docs[i]) == KIND_BUDGET)
            pn_budget_decode(&drafts->budgets[drafts->budget_count++], d, &docs[i]);
        else
            pn_policy_decode(&drafts->policies[drafts->policy_count++], d, &docs[i]);
    }
    if (drafts->policy_count > PN_POLICIES_MAX)
        pn_diags_add(d->diags, PN_SEVERITY_ERROR, "out-of-range", NULL, (struct pn_span){0},
                     "%zu policies; at most %d", drafts->policy_count, PN_POLICIES_MAX);
    else
        pn_compile(set, drafts, d);
    return d->out_of_memory ? -ENOMEM : 0;
}

int pn_policy_set_new(struct pn_policy_set **ret, const struct pn_document *docs, size_t n,
                      struct pn_diags *diags)
{
    struct pn_policy_set *set = NULL;
    size_t errors = diags->errors;
    int r = set_alloc(&set);
    if (r != 0)
        return r;
    struct pn_decoder d = {.arena = set->arena, .diags = diags};
    struct pn_drafts drafts = {
        .templates = calloc(n + 1, sizeof *drafts.templates),
        .policies = calloc(n + 1, sizeof *drafts.policies),
        .budgets = calloc(n + 1, sizeof *drafts.budgets),
    };
    if (drafts.templates == NULL || drafts.policies == NULL || drafts.budgets == NULL)
        r = -ENOMEM;
    else
        r = decode_documents(set, &d, docs, n, &drafts);
    free(drafts.templates);
    free(drafts.policies);
    free(drafts.budgets);
    if (r == 0 && diags->errors > errors)
        r = PN_POLICY_E_FAULTS;
    if (r != 0) {
        set_free(set);
        return r;
    }
    *ret = set;
    return 0;
}

struct pn_policy_set *pn_policy_set_ref(struct pn_policy_set *set)
{
    atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    return set;
}

void pn_policy_set_unref(struct pn_policy_set *set)
{
    if (set == NULL)
        return;
    /* Release: our reads are done before the free. Acquire: the free comes after all of them. */
    if (atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) == 1)
        set_free(set);
}

void pn_policy_set_unref_pointer(struct pn_policy_set **set)
{
    pn_policy_set_unref(*set);
}

size_t pn_policy_set_policy_count(const struct pn_policy_set *set)
{
    return set->policy_count;
}

size_t pn_policy_set_template_count(const struct pn_policy_set *set)
{
    return set->template_count;
}

struct pn_str pn_policy_set_policy_name(const struct pn_policy_set *set, uint32_t id)
{
    return id < set->policy_count ? set->policies[id].name : PN_STR_NULL;
}
