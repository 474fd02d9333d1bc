/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/review.h"

#include <errno.h>

#include "engine/engine.h"
#include "engine/json.h"
#include "engine/json_yy.h"

static int bad(struct pn_err *err, const char *path, const char *expected)
{
    return pn_err_set(err, PN_ENGINE_E_BAD_REVIEW, "%s: expected %s", path, expected);
}

/*
 * Member `key` of an object; NULL when it is not there. yyjson gives the first of equal keys and
 * Go keeps the last: a key that stands twice is refused, not interpreted.
 */
static int member(yyjson_val **ret, yyjson_val *object, const char *key, const char *path,
                  struct pn_err *err)
{
    size_t i, max, length = strlen(key);
    yyjson_val *k, *v, *found = NULL;
    yyjson_obj_foreach(object, i, max, k, v)
    {
        if (!unsafe_yyjson_equals_strn(k, key, length))
            continue;
        if (found != NULL)
            return pn_err_set(err, PN_ENGINE_E_BAD_REVIEW, "%s: key \"%s\" stands twice", path,
                              key);
        found = v;
    }
    *ret = found;
    return 0;
}

/* An object member that must be there. */
static int need_object(yyjson_val **ret, yyjson_val *object, const char *key, const char *path,
                       struct pn_err *err)
{
    yyjson_val *v = NULL;
    int r = member(&v, object, key, path, err);
    if (r != 0)
        return r;
    if (!yyjson_is_obj(v)) {
        struct pn_err inner; /* declared here: the compiler clears it */
        pn_err_set(&inner, 0, "%s%s%s", path, path[0] != '\0' ? "." : "", key);
        return bad(err, inner.text, v == NULL ? "an object, got nothing" : "an object");
    }
    *ret = v;
    return 0;
}

/* A string member; an empty str when it is not there or null. */
static int get_string(struct pn_str *ret, yyjson_val *object, const char *key, const char *path,
                      struct pn_err *err)
{
    yyjson_val *v = NULL;
    int r = member(&v, object, key, path, err);
    if (r != 0)
        return r;
    if (v != NULL && !yyjson_is_null(v) && !yyjson_is_str(v)) {
        struct pn_err inner;
        pn_err_set(&inner, 0, "%s.%s", path, key);
        return bad(err, inner.text, "a string");
    }
    *ret = yyjson_is_str(v) ? (struct pn_str){yyjson_get_str(v), yyjson_get_len(v)} : PN_STR("");
    return 0;
}

static int check_header(yyjson_val *root, struct pn_err *err)
{
    struct pn_str version, kind;
    if (!yyjson_is_obj(root))
        return bad(err, "review", "an object of kind AdmissionReview");
    int r = get_string(&version, root, "apiVersion", "review", err);
    if (r == 0)
        r = get_string(&kind, root, "kind", "review", err);
    if (r != 0)
        return r;
    if (!pn_str_is(kind, "AdmissionReview"))
        return pn_err_set(err, PN_ENGINE_E_BAD_REVIEW,
                          "kind: expected AdmissionReview, got \"%.*s\"", PN_STR_ARG(kind));
    if (!pn_str_is(version, "admission.k8s.io/v1"))
        return pn_err_set(err, PN_ENGINE_E_BAD_REVIEW,
                          "apiVersion: expected admission.k8s.io/v1, got \"%.*s\"",
                          PN_STR_ARG(version));
    return 0;
}

static int read_resource(struct pn_request *q, yyjson_val *request, struct pn_arena *a,
                         struct pn_err *err)
{
    struct pn_str group, version, resource;
    yyjson_val *object = NULL;
    int r = need_object(&object, request, "resource", "request", err);
    if (r == 0)
        r = get_string(&group, object, "group", "request.resource", err);
    if (r == 0)
        r = get_string(&version, object, "version", "request.resource", err);
    if (r == 0)
        r = get_string(&resource, object, "resource", "request.resource", err);
    if (r != 0)
        return r;
    if (resource.n == 0)
        return bad(err, "request.resource.resource", "a name such as pods");
    q->is_pods = group.n == 0 && pn_str_is(version, "v1") && pn_str_is(resource, "pods");
    q->resource = group.n == 0
                      ? resource
                      : pn_arena_format(a, "%.*s.%.*s", PN_STR_ARG(resource), PN_STR_ARG(group));
    return q->resource.s != NULL ? 0 : -ENOMEM;
}

static int read_flags(struct pn_request *q, yyjson_val *request, struct pn_err *err)
{
    yyjson_val *dry_run = NULL;
    int r = get_string(&q->uid, request, "uid", "request", err);
    if (r == 0)
        r = get_string(&q->operation, request, "operation", "request", err);
    if (r == 0)
        r = get_string(&q->subresource, request, "subResource", "request", err);
    if (r == 0)
        r = get_string(&q->pod_namespace, request, "namespace", "request", err);
    if (r == 0)
        r = member(&dry_run, request, "dryRun", "request", err);
    if (r != 0)
        return r;
    if (q->uid.n == 0)
        return bad(err, "request.uid", "the uid that the response must repeat");
    if (q->operation.n == 0)
        return bad(err, "request.operation", "CREATE, UPDATE, DELETE or CONNECT");
    if (dry_run != NULL && !yyjson_is_null(dry_run) && !yyjson_is_bool(dry_run))
        return bad(err, "request.dryRun", "true or false");
    q->dry_run = yyjson_get_bool(dry_run);
    return 0;
}

/* Forwards what pn_yy_to_value says, with the path in front. */
static int to_value(struct pn_value *ret, yyjson_val *yy, const char *path, struct pn_arena *a,
                    struct pn_err *err)
{
    int r = pn_yy_to_value(ret, yy, a, err);
    return r == PN_JSON_E_INVALID ? pn_err_wrap(err, PN_ENGINE_E_BAD_REVIEW, "%s", path) : r;
}

/* metadata without managedFields: it is half of a Pod's bytes, and nobody asks for it. */
static int read_metadata(struct pn_value *ret, yyjson_val *object, const char *path,
                         struct pn_arena *a, struct pn_err *err)
{
    size_t i, max, n = 0, size = yyjson_obj_size(object);
    yyjson_val *key, *value;
    struct pn_member *members = pn_arena_alloc(a, size * sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    yyjson_obj_foreach(object, i, max, key, value)
    {
        if (yyjson_equals_str(key, "managedFields"))
            continue;
        members[n].key = (struct pn_str){yyjson_get_str(key), yyjson_get_len(key)};
        int r = to_value(&members[n].value, value, path, a, err);
        if (r != 0)
            return r;
        n++;
    }
    int r = pn_object_take(ret, a, members, n);
    if (r == PN_VALUE_E_DUPLICATE_KEY)
        return pn_err_set(err, PN_ENGINE_E_BAD_REVIEW, "%s: an object holds a key twice", path);
    return r;
}

/* Where Pods are. */
static const struct place {
    const char *key, *path, *metadata, *spec;
} places[] = {
    {"object", "request.object", "request.object.metadata", "request.object.spec"},
    {"oldObject", "request.oldObject", "request.oldObject.metadata", "request.oldObject.spec"},
};

/* Metadata and spec of the Pod there. */
static int read_object(struct pn_value *ret_metadata, struct pn_value *ret_spec,
                       yyjson_val *request, const struct place *place, struct pn_arena *a,
                       struct pn_err *err)
{
    yyjson_val *object = NULL, *metadata = NULL, *spec = NULL;
    struct pn_str kind;
    int r = need_object(&object, request, place->key, "request", err);
    if (r == 0)
        r = get_string(&kind, object, "kind", place->path, err);
    if (r != 0)
        return r;
    if (kind.n > 0 && !pn_str_is(kind, "Pod"))
        return pn_err_set(err, PN_ENGINE_E_BAD_REVIEW, "%s.kind: expected Pod, got \"%.*s\"",
                          place->path, PN_STR_ARG(kind));
    r = need_object(&metadata, object, "metadata", place->path, err);
    if (r == 0)
        r = need_object(&spec, object, "spec", place->path, err);
    if (r == 0)
        r = read_metadata(ret_metadata, metadata, place->metadata, a, err);
    if (r == 0)
        r = to_value(ret_spec, spec, place->spec, a, err);
    return r;
}

/* The Pods that somebody asks for. */
static int read_objects(struct pn_request *q, yyjson_val *request, bool updates, struct pn_arena *a,
                        struct pn_err *err)
{
    bool update = updates && pn_str_is(q->operation, "UPDATE");
    if (!q->is_pods || q->subresource.n > 0 || (!update && !pn_str_is(q->operation, "CREATE")))
        return 0;
    int r = read_object(&q->metadata, &q->spec, request, &places[0], a, err);
    return r == 0 && update
               ? read_object(&q->old_metadata, &q->old_spec, request, &places[1], a, err)
               : r;
}

static int read_request(struct pn_request *q, yyjson_val *root, bool updates, struct pn_arena *a,
                        struct pn_err *err)
{
    yyjson_val *request = NULL;
    int r = check_header(root, err);
    if (r == 0)
        r = need_object(&request, root, "request", "", err);
    if (r == 0)
        r = read_flags(q, request, err);
    if (r == 0)
        r = read_resource(q, request, a, err);
    return r == 0 ? read_objects(q, request, updates, a, err) : r;
}

int pn_review_read(struct pn_request *ret, char *body_inout, size_t len, bool updates,
                   struct pn_arena *a, struct pn_err *err)
{
    struct yyjson_alc alc = pn_yy_alc(a);
    yyjson_read_err failure;
    struct pn_request q = {0};
    int r;
    if (len == 0)
        return pn_err_set(err, PN_ENGINE_E_BAD_REVIEW, "the body is empty");
    yyjson_doc *doc = yyjson_read_opts(body_inout, len, YYJSON_READ_INSITU, &alc, &failure);
    if (doc == NULL) {
        r = pn_yy_read_failed(&failure, err);
        r = r > 0 ? PN_ENGINE_E_BAD_REVIEW : r;
    } else {
        r = read_request(&q, yyjson_doc_get_root(doc), updates, a, err);
    }
    if (r == 0)
        *ret = q;
    return r;
}
