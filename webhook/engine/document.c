/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/policy_set.h"
#include "kube/names.h"

/* What documents of all kinds have. */

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
