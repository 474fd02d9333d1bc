/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/workload.h"

#include <errno.h>

enum { GROUPS_MAX = 2, PATH_MAX_KEYS = 4 };

struct pn_workload {
    const char *kind;
    const char *groups[GROUPS_MAX];         /* "" is core; `extensions` had the early versions */
    const char *template[PATH_MAX_KEYS];    /* path of the template; none: the object is a Pod */
    const char *owner_version, *owner_kind; /* who creates the Pods; NULL: nobody */
    const char *owner_suffix;               /* what the owner's name has behind the object's */
    const char *hash;                       /* value of the label pod-template-hash */
    bool has_ordinals;                      /* Pods are named NAME-0, not NAME-<random> */
};

/*
 * A Deployment's Pods belong to a ReplicaSet that is named after the Deployment and the hash of its
 * template, and carry that hash as a label; a CronJob's belong to a Job that is named after the
 * minute it was due. Both names are made up here, with digits that the real ones do not have (the
 * hash's alphabet has no 0, and minute 0 is in 1970), so that whoever strips them finds the
 * workload's name as in a cluster.
 *
 * Not made up: what controllers know only at run time (controller-uid, completion indices), and
 * the volumes of a StatefulSet's claims.
 */
static const struct pn_workload workloads[] = {
    {.kind = "Pod", .groups = {""}},
    {.kind = "PodTemplate", .groups = {""}, .template = {"template"}},
    {.kind = "ReplicationController",
     .groups = {""},
     .template = {"spec", "template"},
     .owner_version = "v1",
     .owner_kind = "ReplicationController"},
    {.kind = "Deployment",
     .groups = {"apps", "extensions"},
     .template = {"spec", "template"},
     .owner_version = "apps/v1",
     .owner_kind = "ReplicaSet",
     .owner_suffix = "-0000000000",
     .hash = "0000000000"},
    {.kind = "ReplicaSet",
     .groups = {"apps", "extensions"},
     .template = {"spec", "template"},
     .owner_version = "apps/v1",
     .owner_kind = "ReplicaSet"},
    {.kind = "StatefulSet",
     .groups = {"apps"},
     .template = {"spec", "template"},
     .owner_version = "apps/v1",
     .owner_kind = "StatefulSet",
     .has_ordinals = true},
    {.kind = "DaemonSet",
     .groups = {"apps", "extensions"},
     .template = {"spec", "template"},
     .owner_version = "apps/v1",
     .owner_kind = "DaemonSet"},
    {.kind = "Job",
     .groups = {"batch", "extensions"},
     .template = {"spec", "template"},
     .owner_version = "batch/v1",
     .owner_kind = "Job"},
    {.kind = "CronJob",
     .groups = {"batch"},
     .template = {"spec", "jobTemplate", "spec", "template"},
     .owner_version = "batch/v1",
     .owner_kind = "Job",
     .owner_suffix = "-00000000"},
};

const struct pn_workload *pn_workload_find(struct pn_str api_version, struct pn_str kind)
{
    struct pn_str rest = api_version;
    struct pn_str group = pn_str_split(&rest, '/');
    if (rest.s == NULL)
        group = PN_STR("");
    for (size_t i = 0; i < PN_COUNT_OF(workloads); i++) {
        const struct pn_workload *w = &workloads[i];
        if (!pn_str_is(kind, w->kind))
            continue;
        for (size_t j = 0; j < GROUPS_MAX && w->groups[j] != NULL; j++) {
            if (pn_str_is(group, w->groups[j]))
                return w;
        }
    }
    return NULL;
}

void pn_workload_write_path(struct pn_buf *out, const struct pn_workload *w)
{
    for (size_t i = 0; i < PATH_MAX_KEYS && w->template[i] != NULL; i++)
        pn_buf_printf(out, "%s%s", i > 0 ? "." : "", w->template[i]);
}

/* ---- template to Pod ------------------------------------------------------------------- */

static int check_object(struct pn_value v, bool is_required, struct pn_str path, struct pn_err *err)
{
    if (v.kind == PN_OBJECT || (!is_required && pn_value_is_unset(v)))
        return 0;
    return pn_err_set(err, PN_WORKLOAD_E_INVALID, "%.*s: expected an object, got %s",
                      PN_STR_ARG(path), pn_value_kind_name(v));
}

/* The template at the workload's path. */
static int find_template(struct pn_value *ret, const struct pn_workload *w, struct pn_value object,
                         struct pn_err *err)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf path = PN_BUF_INIT;
    struct pn_value v = object;
    for (size_t i = 0; i < PATH_MAX_KEYS && w->template[i] != NULL; i++) {
        v = pn_value_get(v, pn_str_of(w->template[i]));
        pn_buf_printf(&path, "%s%s", i > 0 ? "." : "", w->template[i]);
        int r = path.failed ? -ENOMEM : check_object(v, true, pn_buf_view(&path), err);
        if (r != 0)
            return r;
    }
    *ret = v;
    return 0;
}

/* Members of an object in the making; room is the caller's business. */
struct members {
    struct pn_member items[12];
    size_t n;
};

static void put(struct members *members, const char *key, struct pn_value value)
{
    if (value.kind != PN_ABSENT)
        members->items[members->n++] = (struct pn_member){pn_str_of(key), value};
}

static void put_str(struct members *members, const char *key, struct pn_str text)
{
    put(members, key, pn_string(text));
}

static int make(struct pn_value *ret, const struct members *members, struct pn_arena *a)
{
    return pn_object_new(ret, a, members->items, members->n);
}

/* As metav1.NewControllerRef makes it. The uid is not known offline. */
static int owner_references(struct pn_value *ret, const struct pn_workload *w, struct pn_str name,
                            struct pn_arena *a)
{
    struct members m = {.n = 0};
    struct pn_value owner;
    put_str(&m, "apiVersion", pn_str_of(w->owner_version));
    put_str(&m, "kind", pn_str_of(w->owner_kind));
    put_str(&m, "name", name);
    put_str(&m, "uid", PN_STR(""));
    put(&m, "controller", pn_bool(true));
    put(&m, "blockOwnerDeletion", pn_bool(true));
    int r = make(&owner, &m, a);
    return r == 0 ? pn_array_new(ret, a, &owner, 1) : r;
}

static int pod_labels(struct pn_value *ret, const struct pn_workload *w, struct pn_value labels,
                      struct pn_arena *a)
{
    *ret = labels;
    /* Labels that are no object go to the engine as they are: it says what is wrong with them. */
    if (w->hash == NULL || (labels.kind != PN_OBJECT && !pn_value_is_unset(labels)))
        return 0;
    return pn_object_with(ret, a, labels, PN_STR("pod-template-hash"),
                          pn_string(pn_str_of(w->hash)));
}

/* What GetPodFromTemplate of kubernetes/pkg/controller/controller_utils.go puts into a Pod. */
static int pod_metadata(struct pn_value *ret, const struct pn_workload *w,
                        struct pn_value template_metadata, struct pn_str object_name,
                        struct pn_str namespace, struct pn_arena *a)
{
    struct members m = {.n = 0};
    struct pn_value labels, owners = PN_VALUE_ABSENT;
    const char *suffix = w->owner_suffix != NULL ? w->owner_suffix : "";
    struct pn_str owner = pn_arena_format(a, "%.*s%s", PN_STR_ARG(object_name), suffix);
    struct pn_str name = pn_arena_format(a, "%.*s-%s", PN_STR_ARG(owner),
                                         w->has_ordinals ? "0" : "");
    int r = owner.s != NULL && name.s != NULL ? 0 : -ENOMEM;
    if (r == 0)
        r = pod_labels(&labels, w, PN_GET(template_metadata, "labels"), a);
    if (r == 0 && w->owner_kind != NULL)
        r = owner_references(&owners, w, owner, a);
    if (r != 0)
        return r;
    put_str(&m, w->has_ordinals ? "name" : "generateName", name);
    put_str(&m, "namespace", namespace);
    put(&m, "labels", labels);
    put(&m, "annotations", PN_GET(template_metadata, "annotations"));
    put(&m, "finalizers", PN_GET(template_metadata, "finalizers"));
    put(&m, "ownerReferences", owners);
    return make(ret, &m, a);
}

static struct pn_str object_name(struct pn_value object)
{
    struct pn_value metadata = PN_GET(object, "metadata");
    struct pn_str name = pn_value_str(PN_GET(metadata, "name"));
    return name.n > 0 ? name : pn_value_str(PN_GET(metadata, "generateName"));
}

int pn_workload_pod(struct pn_value *ret, const struct pn_workload *w, struct pn_value object,
                    struct pn_str namespace, struct pn_arena *a, struct pn_err *err)
{
    struct members m = {.n = 0};
    struct pn_value template, metadata;
    if (w->template[0] == NULL) {
        *ret = object;
        return 0;
    }
    int r = find_template(&template, w, object, err);
    if (r != 0)
        return r;
    struct pn_value template_metadata = PN_GET(template, "metadata");
    r = check_object(template_metadata, false, PN_STR("request.object.metadata"), err);
    if (r == 0)
        r = pod_metadata(&metadata, w, template_metadata, object_name(object), namespace, a);
    if (r != 0)
        return r;
    put_str(&m, "apiVersion", PN_STR("v1"));
    put_str(&m, "kind", PN_STR("Pod"));
    put(&m, "metadata", metadata);
    put(&m, "spec", PN_GET(template, "spec"));
    return make(ret, &m, a);
}

/* ---- Pod to template ------------------------------------------------------------------- */

/* Member `key` of the Pod's part goes to the same member of the template's, when it changed. */
static int put_member(struct pn_value *part_inout, const char *key, struct pn_value before,
                      struct pn_value after, struct pn_arena *a)
{
    struct pn_str k = pn_str_of(key);
    struct pn_value changed = pn_value_get(after, k);
    if (pn_value_equal(pn_value_get(before, k), changed))
        return 0;
    return pn_object_with(part_inout, a, *part_inout, k, changed);
}

static int put_metadata(struct pn_value *ret, const struct pn_workload *w, struct pn_value metadata,
                        struct pn_value before, struct pn_value after, struct pn_arena *a)
{
    struct pn_value kept = metadata;
    int r = put_member(&metadata, "annotations", before, after, a);
    if (r == 0)
        r = put_member(&metadata, "labels", before, after, a);
    struct pn_value labels = PN_GET(metadata, "labels");
    /* The hash that was made up for the Pod is none of the template's labels. */
    bool has_hash = w->hash != NULL && PN_GET(labels, "pod-template-hash").kind != PN_ABSENT;
    if (r == 0 && has_hash) {
        struct pn_value own = PN_GET(PN_GET(kept, "labels"), "pod-template-hash");
        r = pn_object_with(&labels, a, labels, PN_STR("pod-template-hash"), own);
        if (r == 0)
            r = pn_object_with(&metadata, a, metadata, PN_STR("labels"), labels);
    }
    *ret = metadata;
    return r;
}

static int put_template(struct pn_value *ret, const struct pn_workload *w, struct pn_value template,
                        struct pn_value before, struct pn_value after, struct pn_arena *a)
{
    struct pn_value metadata;
    int r = put_metadata(&metadata, w, PN_GET(template, "metadata"), PN_GET(before, "metadata"),
                         PN_GET(after, "metadata"), a);
    if (r == 0 && metadata.kind == PN_OBJECT)
        r = pn_object_with(&template, a, template, PN_STR("metadata"), metadata);
    if (r == 0)
        r = put_member(&template, "spec", before, after, a);
    *ret = template;
    return r;
}

int pn_workload_put(struct pn_value *ret, const struct pn_workload *w, struct pn_value object,
                    struct pn_value before, struct pn_value after, struct pn_arena *a)
{
    struct pn_value parents[PATH_MAX_KEYS + 1] = {object};
    size_t depth = 0;
    for (; depth < PATH_MAX_KEYS && w->template[depth] != NULL; depth++)
        parents[depth + 1] = pn_value_get(parents[depth], pn_str_of(w->template[depth]));
    if (depth == 0) {
        *ret = after;
        return 0;
    }
    struct pn_value v;
    int r = put_template(&v, w, parents[depth], before, after, a);
    for (; r == 0 && depth > 0; depth--)
        r = pn_object_with(&v, a, parents[depth - 1], pn_str_of(w->template[depth - 1]), v);
    *ret = v;
    return r;
}
