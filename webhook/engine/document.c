/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fix.h"
#include "engine/policy_set.h"
#include "kube/names.h"

/* What documents of all kinds have. */

struct metadata {
    const struct pn_node *name;
    const struct pn_node *ignored;
};

static const struct pn_field metadata_fields[] = {
    {"name", PN_FIELD_NODE, offsetof(struct metadata, name), true, .form = PN_FORM_STRING,
     .help = "Name of the document, one of its kind; a DNS subdomain"},
    {"labels", PN_FIELD_NODE, offsetof(struct metadata, ignored),
     .help = "Labels; pannier takes no notice of them"},
    {"annotations", PN_FIELD_NODE, offsetof(struct metadata, ignored),
     .help = "Annotations; pannier takes no notice of them"},
    {0}};

struct header {
    const struct pn_node *api_version, *kind, *metadata, *spec;
};

const struct pn_field pn_document_fields[] = {
    {"apiVersion", PN_FIELD_NODE, offsetof(struct header, api_version), true,
     .form = PN_FORM_STRING, .help = "Always pannier.dev/v1alpha1"},
    {"kind", PN_FIELD_NODE, offsetof(struct header, kind), true, .form = PN_FORM_STRING,
     .help = "What the document is"},
    {"metadata", PN_FIELD_NODE, offsetof(struct header, metadata), true, .form = PN_FORM_OBJECT,
     .fields = metadata_fields, .help = "Name, and what others want to note"},
    {"spec", PN_FIELD_NODE, offsetof(struct header, spec)},
    {0}};

void pn_metadata_decode(struct pn_str *ret_name, const struct pn_node **ret_node,
                        struct pn_decoder *d, const struct pn_document *doc)
{
    struct header header = {0};
    struct metadata metadata = {0};
    pn_decode_object(d, doc->root, "document", pn_document_fields, &header);
    if (header.metadata == NULL)
        return;
    pn_decode_object(d, header.metadata, "metadata", metadata_fields, &metadata);
    const struct pn_node *name = metadata.name;
    if (name == NULL)
        return;
    if (name->kind != PN_NODE_STRING) {
        pn_decode_fault(d, name, "wrong-type", "metadata.name: expected a string, got %s",
                        pn_node_kind_name(name));
        pn_decode_help_with_quotes(d, name);
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

static bool holds(const struct pn_node *list, const struct pn_node *item)
{
    for (uint32_t i = 0; list != NULL && list->kind == PN_NODE_SEQUENCE && i < list->sequence.count;
         i++) {
        if (list->sequence.items[i] == item)
            return true;
    }
    return false;
}

static bool is_value_of(const struct pn_node *mapping, const struct pn_node *value)
{
    for (uint32_t i = 0;
         mapping != NULL && mapping->kind == PN_NODE_MAPPING && i < mapping->mapping.count; i++) {
        if (mapping->mapping.entries[i].value == value)
            return true;
    }
    return false;
}

/* The repair of what is wrong at `at`, somewhere in the selector: quotes, or an operator's name. */
static void fix_selector(struct pn_decoder *d, const struct pn_node *selector,
                         const struct pn_node *at)
{
    static const char *const operators[] = {"In", "NotIn", "Exists", "DoesNotExist", NULL};
    const struct pn_node *list = pn_node_get(selector, "matchExpressions");
    if (is_value_of(pn_node_get(selector, "matchLabels"), at))
        pn_fix_quote(d->diags, d->source, at);
    for (uint32_t i = 0; list != NULL && list->kind == PN_NODE_SEQUENCE && i < list->sequence.count;
         i++) {
        const struct pn_node *expression = list->sequence.items[i];
        if (holds(pn_node_get(expression, "values"), at))
            pn_fix_quote(d->diags, d->source, at);
        else if (pn_node_get(expression, "operator") == at)
            pn_fix_misspelt(d->diags, d->source, at, operators);
    }
}

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
    if (r == PN_SELECTOR_E_INVALID) {
        pn_decode_fault(d, at, "invalid-selector", "%s: %s", what, err.text);
        fix_selector(d, node, at);
    } else if (r != 0)
        d->out_of_memory = true;
}
