/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/manifests.h"

/* ---- nodes ----------------------------------------------------------------------------- */

const struct pn_node *pn_manifest_find(const struct pn_node *mapping, struct pn_str key)
{
    for (uint32_t i = 0;
         mapping != NULL && mapping->kind == PN_NODE_MAPPING && i < mapping->mapping.count; i++) {
        if (pn_str_eq(mapping->mapping.entries[i].key->s, key))
            return mapping->mapping.entries[i].value;
    }
    return NULL;
}

const struct pn_node *pn_manifest_named(const struct pn_manifest *m, const char *list,
                                        struct pn_str name)
{
    const struct pn_node *items = pn_node_get(pn_node_get(m->pod, "spec"), list);
    for (uint32_t i = 0;
         items != NULL && items->kind == PN_NODE_SEQUENCE && i < items->sequence.count; i++) {
        const struct pn_node *item = items->sequence.items[i];
        if (pn_str_eq(pn_node_str(pn_node_get(item, "name")), name))
            return item;
    }
    return NULL;
}

const struct pn_node *pn_manifest_container(const struct pn_manifest *m, struct pn_str name)
{
    const struct pn_node *found = pn_manifest_named(m, "containers", name);
    return found != NULL ? found : pn_manifest_named(m, "initContainers", name);
}

struct pn_place pn_manifest_place(const struct pn_manifest *m)
{
    const struct pn_node *metadata = pn_node_get(m->root, "metadata");
    const struct pn_node *name = pn_node_get(metadata, "name");
    if (name == NULL)
        name = pn_node_get(metadata, "generateName");
    if (name == NULL)
        name = pn_node_get(m->root, "kind");
    return (struct pn_place){m->source, name != NULL ? name : m->root};
}

struct pn_str pn_manifest_title(struct pn_lint *l, const struct pn_manifest *m)
{
    struct pn_str title = pn_arena_format(l->arena, "%.*s `%.*s`", PN_STR_ARG(m->kind),
                                          PN_STR_ARG(m->name));
    l->out_of_memory = l->out_of_memory || title.s == NULL;
    return title;
}

/* ---- workloads ------------------------------------------------------------------------- */

struct list {
    struct pn_lint *l;
    struct pn_manifest *items;
    size_t count, cap;
};

/* What an item of a typed list is when it does not say so itself. */
struct header {
    struct pn_str api_version, kind;
};

static void add(struct list *list, struct pn_manifest m)
{
    if (list->count == list->cap) {
        size_t bytes = list->cap * sizeof m, more = 2 * bytes + 16 * sizeof m;
        struct pn_manifest *grown = pn_arena_grow(list->l->arena, list->items, bytes, more);
        if (grown == NULL) {
            list->l->out_of_memory = true;
            return;
        }
        list->items = grown;
        list->cap = more / sizeof m;
    }
    list->items[list->count++] = m;
}

static const struct pn_node *follow(const struct pn_node *node, struct pn_str path)
{
    while (path.n > 0 && node != NULL)
        node = pn_manifest_find(node, pn_str_split(&path, '.'));
    return node;
}

static void add_workload(struct list *list, const struct pn_source *source,
                         const struct pn_node *root, struct header header,
                         const struct pn_workload *workload)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf path = PN_BUF_INIT;
    const struct pn_node *metadata = pn_node_get(root, "metadata");
    pn_workload_write_path(&path, workload);
    list->l->out_of_memory = list->l->out_of_memory || path.failed;
    struct pn_manifest m = {
        .source = source,
        .root = root,
        .pod = follow(root, pn_buf_view(&path)),
        .workload = workload,
        .kind = header.kind,
        .name = pn_node_str(pn_node_get(metadata, "name")),
        .namespace = pn_node_str(pn_node_get(metadata, "namespace")),
    };
    if (m.name.n == 0)
        m.name = pn_node_str(pn_node_get(metadata, "generateName"));
    if (m.namespace.n == 0)
        m.namespace = PN_STR("default");
    if (m.pod != NULL)
        add(list, m);
}

static void walk(struct list *list, const struct pn_source *source, const struct pn_node *root,
                 struct header from_list)
{
    const struct pn_node *items = pn_node_get(root, "items");
    struct header header = {pn_node_str(pn_node_get(root, "apiVersion")),
                            pn_node_str(pn_node_get(root, "kind"))};
    header.api_version = header.api_version.n > 0 ? header.api_version : from_list.api_version;
    header.kind = header.kind.n > 0 ? header.kind : from_list.kind;
    const struct pn_workload *workload = pn_workload_find(header.api_version, header.kind);
    if (workload != NULL)
        add_workload(list, source, root, header, workload);
    if (!pn_str_has_suffix(header.kind, PN_STR("List")) || items == NULL ||
        items->kind != PN_NODE_SEQUENCE)
        return;
    struct header of_items = {header.api_version, {header.kind.s, header.kind.n - 4}};
    if (of_items.kind.n == 0) /* a List of anything */
        of_items.api_version = PN_STR_NULL;
    for (uint32_t i = 0; i < items->sequence.count; i++)
        walk(list, source, items->sequence.items[i], of_items);
}

void pn_manifests_read(struct pn_lint *l)
{
    struct list list = {.l = l};
    for (size_t i = 0; i < l->manifest_count; i++) {
        if (l->manifests[i].root != NULL)
            walk(&list, l->manifests[i].source, l->manifests[i].root, (struct header){{NULL, 0}});
    }
    l->workloads = list.items;
    l->workload_count = list.count;
}

/* ---- namespaces ------------------------------------------------------------------------ */

static void add_namespace(struct pn_lint *l, struct pn_value *all_inout,
                          const struct pn_node *metadata)
{
    const struct pn_node *node = pn_node_get(metadata, "labels");
    struct pn_str name = pn_node_str(pn_node_get(metadata, "name"));
    struct pn_value labels = PN_VALUE_ABSENT;
    if (name.n == 0)
        return;
    int r = node != NULL && node->kind == PN_NODE_MAPPING
                ? pn_value_from_node(&labels, node, l->arena)
                : pn_object_new(&labels, l->arena, NULL, 0);
    if (r == 0)
        r = pn_object_with(all_inout, l->arena, *all_inout, name, labels);
    l->out_of_memory = l->out_of_memory || r < 0;
}

struct pn_value pn_manifests_namespaces(struct pn_lint *l)
{
    struct pn_value all = PN_VALUE_ABSENT;
    for (size_t i = 0; i < l->manifest_count; i++) {
        const struct pn_node *root = l->manifests[i].root;
        if (pn_str_is(pn_node_str(pn_node_get(root, "kind")), "Namespace") &&
            pn_str_is(pn_node_str(pn_node_get(root, "apiVersion")), "v1"))
            add_namespace(l, &all, pn_node_get(root, "metadata"));
    }
    return all;
}
