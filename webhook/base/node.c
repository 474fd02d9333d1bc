/* SPDX-License-Identifier: Apache-2.0 */
#include "base/node.h"

const struct pn_node *pn_node_get(const struct pn_node *node, const char *key)
{
    if (node == NULL || node->kind != PN_NODE_MAPPING)
        return NULL;
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        if (pn_str_is(node->mapping.entries[i].key->s, key))
            return node->mapping.entries[i].value;
    }
    return NULL;
}

struct pn_str pn_node_str(const struct pn_node *node)
{
    return node != NULL && node->kind == PN_NODE_STRING ? node->s : PN_STR_NULL;
}

const char *pn_node_kind_name(const struct pn_node *node)
{
    switch (node->kind) {
    case PN_NODE_NULL:
        return "null";
    case PN_NODE_BOOL:
        return "a boolean";
    case PN_NODE_INT:
        return "an integer";
    case PN_NODE_REAL:
    case PN_NODE_RAW:
        return "a number";
    case PN_NODE_STRING:
        return "a string";
    case PN_NODE_SEQUENCE:
        return "a list";
    case PN_NODE_MAPPING:
        return "a mapping";
    }
    return "nothing";
}
