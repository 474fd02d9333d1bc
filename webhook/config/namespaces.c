/* SPDX-License-Identifier: Apache-2.0 */
#include "config/namespaces.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/node.h"
#include "config/load.h"

struct pn_namespaces {
    atomic_uint references;
    struct pn_arena *arena;
    struct pn_value labels;
};

/* A Namespace as it was found; `at` is its place in the file. */
struct found {
    struct pn_member member; /* name, and labels that borrow from the document */
    size_t at;
};

/* What one load holds on to while it works. */
struct load {
    struct pn_load_file file;
    struct pn_arena *arena; /* nodes and values of the file */
    struct pn_diags *diags;
    struct found *all;
    size_t count, cap;
};

static void load_deinit(struct load *load)
{
    pn_buf_deinit(&load->file.bytes);
    pn_arena_free(load->arena);
    free(load->all);
}

/* ---- documents ------------------------------------------------------------------------- */

static void fault(struct load *load, const struct pn_node *node, const char *id, const char *what)
{
    pn_diags_add(load->diags, PN_SEVERITY_ERROR, id, &load->file.source, node->span, "%s", what);
}

/* The labels of a Namespace; false when they are none (it was told). */
static bool check_labels(struct load *load, const struct pn_node *labels)
{
    if (labels->kind != PN_NODE_MAPPING) {
        fault(load, labels, "wrong-type", "metadata.labels: expected a mapping");
        return false;
    }
    for (uint32_t i = 0; i < labels->mapping.count; i++) {
        const struct pn_node *value = labels->mapping.entries[i].value;
        if (value->kind != PN_NODE_STRING) {
            fault(load, value, "wrong-type", "a label's value: expected a string");
            return false;
        }
    }
    return true;
}

static int add(struct load *load, struct pn_str name, struct pn_value labels)
{
    if (load->count == load->cap) {
        size_t cap = load->cap > 0 ? 2 * load->cap : 64;
        struct found *all = realloc(load->all, cap * sizeof *all);
        if (all == NULL)
            return -ENOMEM;
        load->all = all;
        load->cap = cap;
    }
    load->all[load->count] = (struct found){{name, labels}, load->count};
    load->count++;
    return 0;
}

static int add_namespace(struct load *load, const struct pn_node *node)
{
    const struct pn_node *metadata = pn_node_get(node, "metadata");
    const struct pn_node *labels = pn_node_get(metadata, "labels");
    struct pn_str name = pn_node_str(pn_node_get(metadata, "name"));
    struct pn_value value;
    if (name.n == 0) {
        fault(load, metadata != NULL ? metadata : node, "missing-field",
              "a Namespace without metadata.name");
        return 0;
    }
    bool is_unset = labels == NULL || labels->kind == PN_NODE_NULL;
    if (!is_unset && !check_labels(load, labels))
        return 0;
    int r = is_unset ? pn_object_new(&value, load->arena, NULL, 0)
                     : pn_value_from_node(&value, labels, load->arena);
    return r == 0 ? add(load, name, value) : r;
}

static int add_items(struct load *load, const struct pn_node *list, bool are_namespaces);

static int add_object(struct load *load, const struct pn_node *node)
{
    struct pn_str kind = pn_node_str(pn_node_get(node, "kind"));
    bool is_v1 = pn_str_is(pn_node_str(pn_node_get(node, "apiVersion")), "v1");
    if (is_v1 && pn_str_is(kind, "Namespace"))
        return add_namespace(load, node);
    if (is_v1 && (pn_str_is(kind, "List") || pn_str_is(kind, "NamespaceList")))
        return add_items(load, node, pn_str_is(kind, "NamespaceList"));
    fault(load, node, "not-a-namespace",
          "not a Namespace: expected apiVersion v1 and kind Namespace, List or NamespaceList");
    return 0;
}

/* Lists in lists nest no deeper than the document reader allows. */
static int add_items(struct load *load, const struct pn_node *list, bool are_namespaces)
{
    const struct pn_node *items = pn_node_get(list, "items");
    if (items == NULL || items->kind != PN_NODE_SEQUENCE) {
        fault(load, items != NULL ? items : list, "wrong-type", "items: expected a list");
        return 0;
    }
    for (uint32_t i = 0; i < items->sequence.count; i++) {
        const struct pn_node *item = items->sequence.items[i];
        int r = are_namespaces ? add_namespace(load, item) : add_object(load, item);
        if (r != 0)
            return r;
    }
    return 0;
}

static int read_documents(struct load *load, const char *path)
{
    struct pn_document *docs = NULL;
    size_t n = 0;
    int r = pn_load_file(&docs, &n, &load->file, path, load->arena, load->diags);
    for (size_t i = 0; i < n && r == 0; i++)
        r = add_object(load, docs[i].root);
    return r;
}

/* ---- the object ------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = pn_str_cmp(x->member.key, y->member.key);
    if (order != 0)
        return order;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* One value of all, the last of each name, in the arena of `n`. */
static int gather(struct pn_namespaces *n, struct load *load)
{
    struct pn_member *members = pn_arena_zalloc(load->arena, load->count + 1, sizeof *members);
    struct pn_value borrowed;
    size_t count = 0;
    if (members == NULL)
        return -ENOMEM;
    if (load->count > 0)
        qsort(load->all, load->count, sizeof *load->all, by_name);
    for (size_t i = 0; i < load->count; i++) {
        if (i + 1 == load->count ||
            !pn_str_eq(load->all[i].member.key, load->all[i + 1].member.key))
            members[count++] = load->all[i].member;
    }
    int r = pn_object_take(&borrowed, load->arena, members, count);
    return r == 0 ? pn_value_freeze(&n->labels, borrowed, n->arena) : r;
}

int pn_namespaces_load(struct pn_namespaces **ret, const char *path, struct pn_diags *diags)
{
    PN_CLEANUP(load_deinit) struct load load = {.diags = diags};
    PN_CLEANUP(pn_namespaces_unref_pointer) struct pn_namespaces *n = calloc(1, sizeof *n);
    size_t errors = diags->errors;
    if (n == NULL)
        return -ENOMEM;
    atomic_init(&n->references, 1);
    int r = pn_arena_new(&n->arena, 0);
    if (r == 0)
        r = pn_arena_new(&load.arena, 0);
    if (r == 0)
        r = read_documents(&load, path);
    if (r == 0 && diags->errors > errors)
        return PN_NAMESPACES_E_FAULTS;
    if (r == 0)
        r = gather(n, &load);
    if (r == 0)
        *ret = PN_TAKE(n);
    return r;
}

/* ---- references ------------------------------------------------------------------------ */

struct pn_namespaces *pn_namespaces_ref(struct pn_namespaces *n)
{
    atomic_fetch_add_explicit(&n->references, 1, memory_order_relaxed);
    return n;
}

void pn_namespaces_unref(struct pn_namespaces *n)
{
    /* As pn_policy_set_unref. */
    if (n == NULL || atomic_fetch_sub_explicit(&n->references, 1, memory_order_acq_rel) != 1)
        return;
    pn_arena_free(n->arena);
    free(n);
}

void pn_namespaces_unref_pointer(struct pn_namespaces **n)
{
    pn_namespaces_unref(*n);
}

const struct pn_value *pn_namespaces_labels(const struct pn_namespaces *n)
{
    return &n->labels;
}
