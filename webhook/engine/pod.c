/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pod.h"

#include <errno.h>

#include "base/buf.h"
#include "kube/names.h"

/* A path, written out only when there is something to say about it. */
struct where {
    const struct where *above; /* NULL: the object itself */
    const char *field;         /* NULL: an item of a list, or the value of `key` */
    uint32_t index;
    struct pn_str key; /* s == NULL: none */
};

static void write_where(struct pn_buf *out, const struct where *where)
{
    if (where == NULL) {
        pn_buf_cstr(out, "request.object");
        return;
    }
    write_where(out, where->above);
    if (where->field != NULL)
        pn_buf_printf(out, ".%s", where->field);
    else if (where->key.s != NULL) {
        pn_buf_char(out, '[');
        pn_json_write_str(out, where->key);
        pn_buf_char(out, ']');
    } else
        pn_buf_printf(out, "[%u]", where->index);
}

static int wrong_type(struct pn_err *err, const struct where *where, const char *expected,
                      struct pn_value got)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf path = PN_BUF_INIT;
    write_where(&path, where);
    if (path.failed)
        return -ENOMEM;
    return pn_err_set(err, PN_POD_E_TYPE, "%.*s: expected %s, got %s",
                      PN_STR_ARG(pn_buf_view(&path)), expected, pn_value_kind_name(got));
}

static int check_string(struct pn_value object, const struct where *above, const char *key,
                        struct pn_err *err)
{
    struct pn_value v = pn_value_get(object, pn_str_of(key));
    if (pn_value_is_unset(v) || v.kind == PN_STRING)
        return 0;
    return wrong_type(err, &(struct where){.above = above, .field = key}, "a string", v);
}

static int check_string_map(struct pn_value v, const struct where *where, struct pn_err *err)
{
    if (pn_value_is_unset(v))
        return 0;
    if (v.kind != PN_OBJECT)
        return wrong_type(err, where, "an object of strings", v);
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        const struct pn_member *m = pn_value_member(v, i);
        if (m->value.kind != PN_STRING)
            return wrong_type(err, &(struct where){.above = where, .key = m->key}, "a string",
                              m->value);
    }
    return 0;
}

/* A list of objects, each with strings (or nothing) under the given keys. */
static int check_objects(struct pn_value v, const struct where *where,
                         const char *const *string_keys, struct pn_err *err)
{
    if (pn_value_is_unset(v))
        return 0;
    if (v.kind != PN_ARRAY)
        return wrong_type(err, where, "a list of objects", v);
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        struct pn_value item = pn_value_at(v, i);
        struct where at = {.above = where, .index = i};
        if (item.kind != PN_OBJECT)
            return wrong_type(err, &at, "an object", item);
        for (const char *const *key = string_keys; *key != NULL; key++) {
            int r = check_string(item, &at, *key, err);
            if (r != 0)
                return r;
        }
    }
    return 0;
}

static int check_container(struct pn_value container, const struct where *where, struct pn_err *err)
{
    static const char *const mount_keys[] = {"name", "mountPath", NULL};
    static const char *const env_keys[] = {"name", "value", NULL};
    static const char *const device_keys[] = {"devicePath", NULL};
    static const char *const no_keys[] = {NULL};
    static const struct {
        const char *field;
        const char *const *keys;
    } lists[] = {{"volumeMounts", mount_keys},
                 {"env", env_keys},
                 {"envFrom", no_keys},
                 {"ports", no_keys},
                 {"volumeDevices", device_keys}};
    for (size_t i = 0; i < PN_COUNT_OF(lists); i++) {
        struct where at = {.above = where, .field = lists[i].field};
        int r = check_objects(pn_value_get(container, pn_str_of(lists[i].field)), &at,
                              lists[i].keys, err);
        if (r != 0)
            return r;
    }
    return 0;
}

static int view_containers(struct pn_containers *ret, struct pn_value spec, const char *field,
                           struct pn_arena *a, struct pn_err *err)
{
    static const char *const keys[] = {"name", "image", "restartPolicy", NULL};
    struct where above = {.field = "spec"}, where = {.above = &above, .field = field};
    struct pn_value list = pn_value_get(spec, pn_str_of(field));
    int r = check_objects(list, &where, keys, err);
    if (r != 0)
        return r;
    uint32_t n = pn_value_count(list);
    struct pn_container *items = pn_arena_alloc(a, n * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        struct pn_value v = pn_value_at(list, i);
        r = check_container(v, &(struct where){.above = &where, .index = i}, err);
        if (r != 0)
            return r;
        items[i] = (struct pn_container){
            .value = v,
            .name = pn_value_str(PN_GET(v, "name")),
            .sidecar = strcmp(field, "initContainers") == 0 &&
                       pn_value_is_string(PN_GET(v, "restartPolicy"), "Always"),
        };
    }
    *ret = (struct pn_containers){items, n, list};
    return 0;
}

static int check_metadata(struct pn_value metadata, struct pn_err *err)
{
    static const char *const maps[] = {"labels", "annotations"};
    static const char *const strings[] = {"name", "generateName"};
    struct where where = {.field = "metadata"};
    int r = 0;
    if (metadata.kind != PN_OBJECT)
        return wrong_type(err, &where, "an object", metadata);
    for (size_t i = 0; r == 0 && i < PN_COUNT_OF(maps); i++)
        r = check_string_map(pn_value_get(metadata, pn_str_of(maps[i])),
                             &(struct where){.above = &where, .field = maps[i]}, err);
    for (size_t i = 0; r == 0 && i < PN_COUNT_OF(strings); i++)
        r = check_string(metadata, &where, strings[i], err);
    return r;
}

static int view_os(struct pn_pod *pod, struct pn_value spec, struct pn_err *err)
{
    struct where where = {.field = "spec"};
    struct pn_value host_network = PN_GET(spec, "hostNetwork");
    struct pn_value os = PN_GET(spec, "os");
    struct pn_value node_selector = PN_GET(spec, "nodeSelector");
    if (!pn_value_is_unset(host_network) && host_network.kind != PN_BOOL)
        return wrong_type(err, &(struct where){.above = &where, .field = "hostNetwork"},
                          "true or false", host_network);
    if (!pn_value_is_unset(os) && os.kind != PN_OBJECT)
        return wrong_type(err, &(struct where){.above = &where, .field = "os"}, "an object", os);
    int r = check_string_map(node_selector,
                             &(struct where){.above = &where, .field = "nodeSelector"}, err);
    if (r == 0)
        r = check_string(os, &(struct where){.above = &where, .field = "os"}, "name", err);
    if (r != 0)
        return r;
    pod->host_network = host_network.kind == PN_BOOL && host_network.b;
    pod->os = pn_value_str(PN_GET(os, "name"));
    if (pod->os.n == 0) /* often unset; the node selector is the second hint */
        pod->os = pn_value_str(PN_GET(node_selector, "kubernetes.io/os"));
    if (pod->os.n == 0)
        pod->os = PN_STR("linux");
    return 0;
}

/* ---- the workload ---------------------------------------------------------------------- */

/* `name` without "-SUFFIX"; the name itself when it does not end so. */
static struct pn_str without_suffix(struct pn_str name, struct pn_str suffix)
{
    if (suffix.n == 0 || name.n <= suffix.n + 1 || name.s[name.n - suffix.n - 1] != '-' ||
        memcmp(name.s + name.n - suffix.n, suffix.s, suffix.n) != 0)
        return name;
    return (struct pn_str){name.s, name.n - suffix.n - 1};
}

/* `name` without the "-29384756" that a CronJob gives its Jobs: minutes since 1970, eight digits
 * until the year 2160; seconds, ten digits, before Kubernetes 1.21. */
static struct pn_str without_minute(struct pn_str name)
{
    size_t digits = 0;
    while (digits < name.n && name.s[name.n - digits - 1] >= '0' &&
           name.s[name.n - digits - 1] <= '9')
        digits++;
    if (digits < 8 || digits > 10)
        return name;
    return without_suffix(name, (struct pn_str){name.s + name.n - digits, digits});
}

static struct pn_value controller_of(struct pn_value metadata)
{
    struct pn_value owners = PN_GET(metadata, "ownerReferences");
    for (uint32_t i = 0; owners.kind == PN_ARRAY && i < pn_value_count(owners); i++) {
        struct pn_value is_controller = PN_GET(pn_value_at(owners, i), "controller");
        if (is_controller.kind == PN_BOOL && is_controller.b)
            return pn_value_at(owners, i);
    }
    return PN_VALUE_ABSENT;
}

static struct pn_str workload_of(struct pn_value metadata)
{
    struct pn_value owner = controller_of(metadata);
    struct pn_str name = pn_value_str(PN_GET(owner, "name"));
    if (name.n > 0 && pn_value_is_string(PN_GET(owner, "kind"), "ReplicaSet"))
        return without_suffix(
            name, pn_value_str(PN_GET(PN_GET(metadata, "labels"), "pod-template-hash")));
    if (name.n > 0 && pn_value_is_string(PN_GET(owner, "kind"), "Job"))
        return without_minute(name);
    if (name.n == 0)
        name = pn_value_str(PN_GET(metadata, "generateName"));
    return name.n > 0 ? name : pn_value_str(PN_GET(metadata, "name"));
}

int pn_pod_init(struct pn_pod *ret, struct pn_str pod_namespace, struct pn_value metadata,
                struct pn_value spec, struct pn_arena *a, struct pn_err *err)
{
    static const char *const keys[] = {"name", NULL};
    struct where where = {.field = "spec"};
    struct pn_pod pod = {.pod_namespace = pod_namespace};
    int r = check_metadata(metadata, err);
    if (r == 0 && spec.kind != PN_OBJECT)
        r = wrong_type(err, &where, "an object", spec);
    if (r == 0)
        r = view_containers(&pod.init_containers, spec, "initContainers", a, err);
    if (r == 0)
        r = view_containers(&pod.containers, spec, "containers", a, err);
    if (r == 0)
        r = check_objects(PN_GET(spec, "volumes"),
                          &(struct where){.above = &where, .field = "volumes"}, keys, err);
    if (r == 0)
        r = check_objects(PN_GET(spec, "imagePullSecrets"),
                          &(struct where){.above = &where, .field = "imagePullSecrets"}, keys, err);
    if (r == 0)
        r = view_os(&pod, spec, err);
    if (r == 0)
        r = check_string(spec, &where, "restartPolicy", err);
    if (r != 0)
        return r;
    struct pn_str restart = pn_value_str(PN_GET(spec, "restartPolicy"));
    pod.ends = pn_str_is(restart, "OnFailure") || pn_str_is(restart, "Never");
    pod.workload = workload_of(metadata);
    pod.name = pn_value_str(PN_GET(metadata, "name"));
    if (pod.name.n == 0)
        pod.name = pn_value_str(PN_GET(metadata, "generateName"));
    pod.labels = PN_GET(metadata, "labels");
    pod.annotations = PN_GET(metadata, "annotations");
    pod.volumes = PN_GET(spec, "volumes");
    pod.image_pull_secrets = PN_GET(spec, "imagePullSecrets");
    pod.requests = PN_GET(PN_GET(spec, "resources"), "requests");
    *ret = pod;
    return 0;
}

/* ---- what the API server will refuse --------------------------------------------------- */

/* The first illegal name of a list, s == NULL when all are DNS labels. */
static int find_illegal_name(struct pn_str *ret, const struct pn_containers *list, const char *what,
                             struct pn_arena *a)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (pn_name_is_dns_label(list->items[i].name))
            continue;
        *ret = pn_arena_format(a, "spec.%s[%u].name is missing or no DNS label", what, i);
        return ret->s != NULL ? 0 : -ENOMEM;
    }
    return 0;
}

/* Sets *ret when a name stands twice; by an object's index, so not by comparing all pairs. */
static int find_twice(struct pn_str *ret, struct pn_member *names, size_t n, struct pn_str fault,
                      struct pn_arena *a)
{
    struct pn_value unused;
    int r = pn_object_take(&unused, a, names, n);
    if (r == PN_VALUE_E_DUPLICATE_KEY)
        *ret = fault;
    return r < 0 ? r : 0;
}

static int find_repeated_name(struct pn_str *ret, const struct pn_pod *pod, struct pn_arena *a)
{
    uint32_t n = 0, volume_count = pn_value_count(pod->volumes);
    uint32_t total = pod->init_containers.count + pod->containers.count;
    struct pn_member *names = pn_arena_alloc(a, (total > volume_count ? total : volume_count) *
                                                    sizeof *names);
    if (names == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < pod->init_containers.count; i++)
        names[n++] = (struct pn_member){pod->init_containers.items[i].name, pn_null()};
    for (uint32_t i = 0; i < pod->containers.count; i++)
        names[n++] = (struct pn_member){pod->containers.items[i].name, pn_null()};
    int r = find_twice(ret, names, n, PN_STR("two containers have one name"), a);
    if (r != 0 || ret->s != NULL)
        return r;
    for (uint32_t i = 0; i < volume_count; i++)
        names[i] = (struct pn_member){pn_value_str(PN_GET(pn_value_at(pod->volumes, i), "name")),
                                      pn_null()};
    return find_twice(ret, names, volume_count, PN_STR("two volumes have one name"), a);
}

int pn_pod_fault(struct pn_str *ret, const struct pn_pod *pod, struct pn_arena *a)
{
    *ret = pod->containers.count == 0 ? PN_STR("it has no containers") : PN_STR_NULL;
    int r = 0;
    if (ret->s == NULL)
        r = find_illegal_name(ret, &pod->init_containers, "initContainers", a);
    if (r == 0 && ret->s == NULL)
        r = find_illegal_name(ret, &pod->containers, "containers", a);
    if (r == 0 && ret->s == NULL)
        r = find_repeated_name(ret, pod, a);
    return r;
}
