/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "cli/object.h"
#include "cli/policies.h"
#include "cli/preview.h"
#include "config/load.h"

/* ---- policies -------------------------------------------------------------------------- */

/* True when the file is named, or the directory it is in. */
static bool is_among(const struct pn_flag_list *paths, const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    PN_CLEANUP(pn_free_pointer) char *directory = NULL;
    if (path == NULL)
        return false;
    directory = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    for (size_t i = 0; i < paths->count; i++) {
        if (pn_file_is_same(path, paths->items[i]) ||
            (directory != NULL && pn_file_is_same(directory, paths->items[i])))
            return true;
    }
    return false;
}

/* The policy documents among the manifests; the array is the caller's. */
static int collect_policies(struct pn_document **ret, size_t *ret_n,
                            const struct pn_preview_options *o, const struct pn_input *input)
{
    size_t n = 0, all = 0;
    for (size_t i = 0; i < input->file_count; i++)
        all += input->files[i].doc_count;
    struct pn_document *docs = calloc(all + 1, sizeof *docs);
    if (docs == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < input->file_count; i++) {
        const struct pn_input_file *file = &input->files[i];
        /* Its policies are loaded from there, or are none of the new ones. */
        bool is_loaded = is_among(&o->policies, file->path) || is_among(&o->base, file->path);
        for (size_t j = 0; j < file->doc_count && !is_loaded; j++) {
            if (pn_policy_is_ours(&file->docs[j]))
                docs[n++] = file->docs[j];
        }
    }
    *ret = docs;
    *ret_n = n;
    return 0;
}

enum pn_exit pn_preview_load_policies(struct pn_policy_set **ret,
                                      const struct pn_preview_options *o,
                                      const struct pn_input *input, bool color)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    PN_CLEANUP(pn_free_pointer) struct pn_document *docs = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    size_t n = 0;
    int r = collect_policies(&docs, &n, o, input);
    if (r == 0)
        r = pn_load_policies_and(&set, o->policies.items, o->policies.count, docs, n, &diags);
    if (!pn_policies_end_load(r, "policies", &diags, color) ||
        !pn_policies_check_any(set, &o->policies))
        return PN_EXIT_FAILED;
    *ret = PN_TAKE(set);
    return PN_EXIT_OK;
}

enum pn_exit pn_preview_load_base(struct pn_policy_set **ret, const struct pn_preview_options *o,
                                  bool color)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    if (o->base.count == 0)
        return PN_EXIT_OK;
    int r = pn_load_policies(ret, o->base.items, o->base.count, &diags);
    return pn_policies_end_load(r, "the base policies", &diags, color) ? PN_EXIT_OK
                                                                       : PN_EXIT_FAILED;
}

/* ---- labels of namespaces -------------------------------------------------------------- */

/* Members by name; the last Namespace of a name counts, as it would when applied in order. */
struct namespaces {
    struct pn_member *members; /* in the input's arena */
    size_t count;
};

static int add_namespace(struct namespaces *all, struct pn_value object, struct pn_arena *a)
{
    struct pn_value metadata = PN_GET(object, "metadata");
    struct pn_str name = pn_value_str(PN_GET(metadata, "name"));
    struct pn_value labels = PN_GET(metadata, "labels");
    if (pn_value_is_unset(labels)) {
        int r = pn_object_new(&labels, a, NULL, 0);
        if (r != 0)
            return r;
    }
    if (name.n == 0 || labels.kind != PN_OBJECT)
        return 0; /* the API server would refuse it */
    for (size_t i = 0; i < all->count; i++) {
        if (pn_str_eq(all->members[i].key, name)) {
            all->members[i].value = labels;
            return 0;
        }
    }
    size_t bytes = all->count * sizeof *all->members;
    struct pn_member *grown = pn_arena_grow(a, all->members, bytes, bytes + sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    grown[all->count++] = (struct pn_member){name, labels};
    all->members = grown;
    return 0;
}

static int find_namespaces(struct namespaces *all, struct pn_value v, struct pn_arena *a)
{
    struct pn_str kind = pn_value_str(PN_GET(v, "kind"));
    struct pn_value items = PN_GET(v, "items");
    if (pn_str_is(kind, "Namespace") && pn_value_is_string(PN_GET(v, "apiVersion"), "v1"))
        return add_namespace(all, v, a);
    int r = 0;
    if (pn_object_is_list(kind, v)) {
        for (uint32_t i = 0; i < pn_value_count(items) && r == 0; i++)
            r = find_namespaces(all, pn_value_at(items, i), a);
    }
    return r;
}

/* Whether a document may hold a Namespace: the others are not worth the conversion. */
static bool may_hold_namespace(const struct pn_document *doc)
{
    struct pn_str kind = pn_node_str(pn_node_get(doc->root, "kind"));
    return doc->root == NULL || pn_str_is(kind, "Namespace") ||
           pn_str_has_suffix(kind, PN_STR("List"));
}

int pn_preview_collect_namespaces(struct pn_value *ret, size_t *ret_own, struct pn_input *input,
                                  const struct pn_namespaces *known)
{
    struct namespaces all = {NULL, 0};
    for (size_t i = 0; i < input->file_count; i++) {
        const struct pn_input_file *file = &input->files[i];
        for (size_t j = 0; j < file->doc_count; j++) {
            struct pn_value v;
            if (!may_hold_namespace(&file->docs[j]))
                continue;
            int r = pn_input_value(&v, file, j, input->arena);
            if (r == 0)
                r = find_namespaces(&all, v, input->arena);
            if (r != 0)
                return r;
        }
    }
    *ret_own = all.count;
    *ret = known != NULL ? *pn_namespaces_labels(known) : PN_VALUE_ABSENT;
    if (known == NULL)
        return pn_object_new(ret, input->arena, all.members, all.count);
    int r = 0;
    for (size_t i = 0; i < all.count && r == 0; i++)
        r = pn_object_with(ret, input->arena, *ret, all.members[i].key, all.members[i].value);
    return r;
}

enum pn_exit pn_preview_load_namespaces(struct pn_namespaces **ret,
                                        const struct pn_preview_options *o, bool color)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    int r = o->namespaces != NULL ? pn_namespaces_load(ret, o->namespaces, &diags) : 0;
    return pn_policies_end_load(r, "namespaces", &diags, color) ? PN_EXIT_OK : PN_EXIT_FAILED;
}
