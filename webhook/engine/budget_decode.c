/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "engine/budget.h"
#include "engine/kinds.h"
#include "kube/names.h"
#include "kube/quantity.h"
#include "kube/resources_lines.h"

static const char *const exceeded_words[] = {"Trim", "Warn", NULL};
static const char *const guaranteed_words[] = {"RaiseRequests", "Skip", "Allow", NULL};
static const char *const pod_level_words[] = {"Raise", "Skip", NULL};

struct amounts {
    const struct pn_node *requests, *limits;
};

struct share {
    const struct pn_node *percent, *floor;
};

struct spec {
    struct {
        const struct pn_node *pod_selector, *namespace_selector;
    } match;
    struct {
        int32_t sidecars, per_category;
        struct amounts added, growth;
        struct {
            struct share cpu, memory;
        } share;
    } max;
    struct pn_strs known_sidecars;
    int on_exceeded, guaranteed, pod_level;
};

#define AT(member) (offsetof(struct spec, member) - offsetof(struct spec, max))

static const struct pn_field match_fields[] = {
    {"podSelector", PN_FIELD_NODE, 0, true, .form = PN_FORM_SELECTOR,
     .help = "Labels of the Pods that it bounds; {} is every Pod"},
    {"namespaceSelector", PN_FIELD_NODE,
     offsetof(struct spec, match.namespace_selector) - offsetof(struct spec, match),
     .form = PN_FORM_SELECTOR, .help = "Labels of the namespaces; absent: all"},
    {0}};

static const struct pn_field amounts_fields[] = {
    {"requests", PN_FIELD_NODE, offsetof(struct amounts, requests), .form = PN_FORM_QUANTITY,
     .shape = PN_SCHEMA_MAP, .help = "Sums of the requests, by resource"},
    {"limits", PN_FIELD_NODE, offsetof(struct amounts, limits), .form = PN_FORM_QUANTITY,
     .shape = PN_SCHEMA_MAP, .help = "Sums of the limits, by resource"},
    {0}};

static const struct pn_field growth_fields[] = {
    {"requests", PN_FIELD_NODE, offsetof(struct amounts, requests), .form = PN_FORM_QUANTITY,
     .shape = PN_SCHEMA_MAP, .help = "By resource"},
    {0}};

static const struct pn_field share_fields[] = {
    {"percent", PN_FIELD_NODE, offsetof(struct share, percent), true, .form = PN_FORM_INTEGER,
     .help = "Percent of what the app's own containers request"},
    {"floor", PN_FIELD_NODE, offsetof(struct share, floor), .form = PN_FORM_QUANTITY,
     .help = "What may always be added, however small the app"},
    {0}};

static const struct pn_field shares_fields[] = {
    {"cpu", PN_FIELD_OBJECT, 0, false, NULL, share_fields, .help = "Share of the app's cpu"},
    {"memory", PN_FIELD_OBJECT, sizeof(struct share), false, NULL, share_fields,
     .help = "Share of the app's memory"},
    {0}};

static const struct pn_field max_fields[] = {
    {"sidecars", PN_FIELD_INT32, AT(max.sidecars),
     .help = "Sidecars in the Pod: native ones, known ones of others, ours"},
    {"perCategory", PN_FIELD_INT32, AT(max.per_category),
     .help = "Templates of one category in the Pod"},
    {"added", PN_FIELD_OBJECT, AT(max.added), false, NULL, amounts_fields,
     .help = "Sum of what the long-running containers that we add request, and their limits"},
    {"podGrowth", PN_FIELD_OBJECT, AT(max.growth), false, NULL, growth_fields,
     .help = "Growth of the Pod's effective requests, as the scheduler counts them"},
    {"shareOfApp", PN_FIELD_OBJECT, AT(max.share), false, NULL, shares_fields,
     .help = "What we add, compared with what the app requests"},
    {0}};

static const struct pn_field spec_fields[] = {
    {"match", PN_FIELD_OBJECT, offsetof(struct spec, match), true, NULL, match_fields,
     .help = "Which Pods it bounds"},
    {"max", PN_FIELD_OBJECT, offsetof(struct spec, max), false, NULL, max_fields,
     .help = "The bounds; what is left out is not bounded"},
    {"knownSidecars", PN_FIELD_STRING_LIST, offsetof(struct spec, known_sidecars),
     .help = "Names of classic sidecars of others, which are not the app"},
    {"onExceeded", PN_FIELD_ENUM, offsetof(struct spec, on_exceeded), false, exceeded_words,
     .help = "What does not fit is left out (Trim, the default), or added and told (Warn)"},
    {"guaranteedPods", PN_FIELD_ENUM, offsetof(struct spec, guaranteed), false, guaranteed_words,
     .help = "A Pod of class Guaranteed: our requests become our limits (RaiseRequests, the "
             "default), nothing is added (Skip), or it loses its class (Allow)"},
    {"podLevelResources", PN_FIELD_ENUM, offsetof(struct spec, pod_level), false, pod_level_words,
     .help = "A Pod with resources of its own: they grow by what is added (Raise, the default), or "
             "nothing is added (Skip)"},
    {0}};

const struct pn_document_kind pn_budget_kind = {"InjectionBudget", "How much may be added to a Pod",
                                                pn_document_fields, spec_fields};

/* A quantity that is not negative; false after a fault. */
static bool decode_quantity(__int128 *ret, struct pn_str *ret_text, struct pn_decoder *d,
                            const struct pn_node *node, const char *what)
{
    struct pn_quantity q;
    struct pn_err err = PN_ERR_INIT;
    struct pn_value v;
    if (pn_value_from_node(&v, node, d->arena) != 0) {
        d->out_of_memory = true;
        return false;
    }
    if ((v.kind != PN_STRING && v.kind != PN_INT && v.kind != PN_REAL) ||
        pn_quantity_from_value(&q, v, &err) != 0 || !pn_quantity_nano(ret, &q) || *ret < 0) {
        pn_decode_fault(d, node, "invalid-quantity",
                        "%s: expected a quantity that is not negative, such as 500m or 1Gi", what);
        return false;
    }
    struct pn_buf text = PN_BUF_IN_ARENA(d->arena);
    pn_quantity_write(&text, &q);
    *ret_text = pn_buf_view(&text);
    d->out_of_memory = d->out_of_memory || text.failed;
    return !text.failed;
}

/* What a container can state (validateContainerResourceName). */
static bool is_resource(struct pn_str name)
{
    return pn_name_is_qualified(name) &&
           (pn_str_contains(name, PN_STR("/")) || pn_resource_is_hugepages(name) ||
            pn_str_is(name, "cpu") || pn_str_is(name, "memory") ||
            pn_str_is(name, "ephemeral-storage"));
}

static void no_resource(struct pn_decoder *d, const struct pn_node *name, const char *what)
{
    static const char *const words[] = {"cpu", "memory", "ephemeral-storage", NULL};
    pn_decode_fault(d, name, "invalid-name",
                    "%s: `%.*s` is no resource of containers: expected cpu, memory, "
                    "ephemeral-storage, hugepages-SIZE or DOMAIN/NAME",
                    what, PN_STR_ARG(name->s));
    if (pn_str_nearest(name->s, words) != NULL)
        pn_decode_help_with_words(d, name->s, words);
}

static void decode_limits(struct pn_budget_limits *ret, struct pn_decoder *d,
                          const struct pn_node *node, const char *what)
{
    if (node == NULL)
        return;
    if (node->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, node, "wrong-type", "%s: expected a mapping of resources, got %s", what,
                        pn_node_kind_name(node));
        return;
    }
    struct pn_budget_limit *items = pn_arena_zalloc(d->arena, node->mapping.count, sizeof *items);
    if (items == NULL) {
        d->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        struct pn_budget_limit *limit = &items[ret->count];
        if (!is_resource(e->key->s))
            no_resource(d, e->key, what);
        limit->resource = pn_arena_dup(d->arena, e->key->s);
        if (limit->resource.s == NULL)
            d->out_of_memory = true;
        else if (decode_quantity(&limit->nano, &limit->text, d, e->value, what))
            ret->count++;
    }
    ret->items = items;
}

static void decode_share(struct pn_budget_share *ret, struct pn_decoder *d,
                         const struct share *nodes, const char *what)
{
    struct pn_str unused;
    if (nodes->percent == NULL)
        return;
    ret->is_set = true;
    if (nodes->percent->kind != PN_NODE_INT || nodes->percent->i < 0 ||
        nodes->percent->i > PN_BUDGET_PERCENT_MAX)
        pn_decode_fault(d, nodes->percent, "out-of-range",
                        "%s.percent: expected an integer from 0 to %d", what,
                        PN_BUDGET_PERCENT_MAX);
    else
        ret->percent = (int32_t)nodes->percent->i;
    if (nodes->floor != NULL)
        decode_quantity(&ret->floor_nano, &unused, d, nodes->floor, what);
}

static void decode_count(int32_t *ret, struct pn_decoder *d, int32_t count,
                         const struct pn_node *max, const char *key)
{
    const struct pn_node *node = pn_node_get(max, key);
    *ret = node != NULL ? count : -1;
    if (node != NULL && count < 0)
        pn_decode_fault(d, node, "out-of-range", "spec.max.%s: must not be negative", key);
}

void pn_budget_decode(struct pn_budget_draft *ret, struct pn_decoder *d,
                      const struct pn_document *doc)
{
    struct spec nodes = {0};
    struct pn_budget *b = &ret->budget;
    *ret = (struct pn_budget_draft){.source = doc->source};
    pn_metadata_decode(&b->name, &ret->name_node, d, doc);
    const struct pn_node *spec = pn_node_get(doc->root, "spec");
    if (spec == NULL) {
        pn_decode_fault(d, doc->root, "missing-field", "field `spec` is required");
        return;
    }
    pn_decode_object(d, spec, "spec", spec_fields, &nodes);
    const struct pn_node *max = pn_node_get(spec, "max");
    pn_selector_decode(&b->pod_selector, d, nodes.match.pod_selector, "spec.match.podSelector");
    pn_selector_decode(&b->namespace_selector, d, nodes.match.namespace_selector,
                       "spec.match.namespaceSelector");
    decode_count(&b->sidecars, d, nodes.max.sidecars, max, "sidecars");
    decode_count(&b->per_category, d, nodes.max.per_category, max, "perCategory");
    decode_limits(&b->added_requests, d, nodes.max.added.requests, "spec.max.added.requests");
    decode_limits(&b->added_limits, d, nodes.max.added.limits, "spec.max.added.limits");
    decode_limits(&b->growth_requests, d, nodes.max.growth.requests, "spec.max.podGrowth.requests");
    decode_share(&b->cpu_share, d, &nodes.max.share.cpu, "spec.max.shareOfApp.cpu");
    decode_share(&b->memory_share, d, &nodes.max.share.memory, "spec.max.shareOfApp.memory");
    b->known_sidecars = nodes.known_sidecars;
    b->warns = nodes.on_exceeded == 1;
    b->guaranteed = (enum pn_guaranteed)nodes.guaranteed;
    b->skips_pod_level = nodes.pod_level == 1;
    ret->hash = pn_node_hash(d, spec);
}
