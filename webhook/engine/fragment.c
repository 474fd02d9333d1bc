/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/fragment.h"

#include <errno.h>

#include "kube/names.h"
#include "kube/quantity.h"
#include "kube/schema.h"

struct check {
    struct pn_arena *arena;
    struct pn_err *err;
};

static int invalid(struct check *c, const char *format, ...) PN_PRINTF(2, 3);

static int invalid(struct check *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pn_err_setv(c->err, 0, format, args);
    va_end(args);
    return PN_FRAGMENT_E_INVALID;
}

/* Compares one item with the schema; `what` and `index` name it. */
static int check_schema(struct check *c, enum pn_schema_root root, struct pn_value v,
                        const char *what, uint32_t index)
{
    struct pn_str pointer = PN_STR_NULL;
    int r = pn_schema_check_value(pn_schema_type(root), v, &pointer, c->arena, c->err);
    if (r == PN_SCHEMA_E_INVALID)
        return pn_err_wrap(c->err, PN_FRAGMENT_E_INVALID, "%s/%u%.*s", what, index,
                           PN_STR_ARG(pointer));
    return r;
}

/* A list of items that fit the schema; unset becomes PN_ABSENT. */
static int check_list(struct pn_value *ret, struct check *c, struct pn_value list,
                      enum pn_schema_root root, const char *what)
{
    if (pn_value_is_unset(list)) {
        *ret = PN_VALUE_ABSENT;
        return 0;
    }
    if (list.kind != PN_ARRAY)
        return invalid(c, "%s: expected a list, got %s", what, pn_value_kind_name(list));
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        int r = check_schema(c, root, pn_value_at(list, i), what, i);
        if (r != 0)
            return r;
    }
    *ret = list;
    return 0;
}

static int check_string_map(struct pn_value *ret, struct check *c, struct pn_value map,
                            const char *what)
{
    *ret = PN_VALUE_ABSENT;
    if (pn_value_is_unset(map))
        return 0;
    if (map.kind != PN_OBJECT)
        return invalid(c, "%s: expected an object of strings, got %s", what,
                       pn_value_kind_name(map));
    for (uint32_t i = 0; i < pn_value_count(map); i++) {
        const struct pn_member *m = pn_value_member(map, i);
        if (!pn_name_is_annotation_key(m->key))
            return invalid(c, "%s: %.*s is no annotation key", what, PN_STR_ARG(m->key));
        if (pn_str_has_prefix(m->key, PN_STR("pannier.dev/")) ||
            pn_str_is(m->key, "kubernetes.io/config.mirror"))
            return invalid(c, "%s: %.*s is not for templates", what, PN_STR_ARG(m->key));
        if (m->value.kind != PN_STRING)
            return invalid(c, "%s/%.*s: expected a string, got %s", what, PN_STR_ARG(m->key),
                           pn_value_kind_name(m->value));
    }
    *ret = map;
    return 0;
}

static struct pn_str name_of(struct pn_value named)
{
    return pn_value_str(PN_GET(named, "name"));
}

/* 0 or PN_VALUE_E_DUPLICATE_KEY; what comparing takes is given back. */
static int compare_keys(struct check *c, struct pn_member *members, uint32_t n)
{
    struct pn_arena_mark mark = pn_arena_mark(c->arena);
    struct pn_value unused;
    int r = pn_object_take(&unused, c->arena, members, n);
    pn_arena_rewind(c->arena, mark);
    return r;
}

/* DNS labels, each once over both lists (b may be absent). */
static int check_names(struct check *c, struct pn_value a, struct pn_value b, const char *what)
{
    const struct pn_value lists[] = {a, b};
    uint32_t total = pn_value_count(a) + pn_value_count(b), n = 0;
    struct pn_arena_mark mark = pn_arena_mark(c->arena);
    struct pn_member *seen = pn_arena_alloc(c->arena, total * sizeof *seen);
    if (seen == NULL)
        return -ENOMEM;
    for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
        for (uint32_t i = 0; i < pn_value_count(lists[l]); i++) {
            struct pn_str name = name_of(pn_value_at(lists[l], i));
            if (!pn_name_is_dns_label(name))
                return invalid(c, "%s: name \"%.*s\": expected " PN_NAME_DNS_LABEL_RULE, what,
                               PN_STR_ARG(name));
            seen[n++] = (struct pn_member){name, pn_null()};
        }
    }
    int r = compare_keys(c, seen, n);
    pn_arena_rewind(c->arena, mark);
    return r == PN_VALUE_E_DUPLICATE_KEY ? invalid(c, "%s: two have one name", what) : r;
}

/* requests are there and not negative, limits are not below them. */
static int check_resources(struct check *c, struct pn_value container)
{
    static const struct pn_str names[] = {PN_STR_INIT("cpu"), PN_STR_INIT("memory")};
    struct pn_value resources = PN_GET(container, "resources");
    struct pn_value requests = PN_GET(resources, "requests"), limits = PN_GET(resources, "limits");
    for (size_t i = 0; i < PN_COUNT_OF(names); i++) {
        struct pn_value request = pn_value_get(requests, names[i]);
        struct pn_value limit = pn_value_get(limits, names[i]);
        struct pn_quantity asked, most;
        if (pn_value_is_unset(request) || pn_quantity_from_value(&asked, request, NULL) != 0)
            return invalid(c, "container %.*s: resources.requests.%.*s is required",
                           PN_STR_ARG(name_of(container)), PN_STR_ARG(names[i]));
        if (asked.mantissa < 0 ||
            (!pn_value_is_unset(limit) && pn_quantity_from_value(&most, limit, NULL) == 0 &&
             pn_quantity_cmp(&most, &asked) < 0))
            return invalid(c, "container %.*s: %.*s: the request is negative, or above the limit",
                           PN_STR_ARG(name_of(container)), PN_STR_ARG(names[i]));
    }
    return 0;
}

/* The first key that stands twice: *ret is its second place, or `n`. */
static int find_repeated(uint32_t *ret, struct check *c, struct pn_member *members, uint32_t n)
{
    uint32_t low = 0, high = n; /* so many differ; among so many is one twice */
    int r = compare_keys(c, members, n);
    *ret = n;
    if (r != PN_VALUE_E_DUPLICATE_KEY)
        return r;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        r = compare_keys(c, members, middle);
        if (r < 0)
            return r;
        if (r == 0)
            low = middle;
        else
            high = middle;
    }
    *ret = high - 1;
    return 0;
}

/* Absolute paths, each once; `paths` has room for as many. */
static int compare_mount_paths(struct check *c, struct pn_value mounts, struct pn_member *paths)
{
    uint32_t n = pn_value_count(mounts), legal = 0, repeated;
    struct pn_str path = PN_STR_NULL;
    for (; legal < n; legal++) {
        path = pn_value_str(PN_GET(pn_value_at(mounts, legal), "mountPath"));
        if (path.n == 0 || path.s[0] != '/' || pn_str_contains(path, PN_STR(":")))
            break;
        paths[legal] = (struct pn_member){path, pn_null()};
    }
    int r = find_repeated(&repeated, c, paths, legal);
    if (r != 0)
        return r;
    if (repeated < legal)
        return invalid(c, "volumeMounts: two at %.*s", PN_STR_ARG(paths[repeated].key));
    if (legal < n)
        return invalid(c, "volumeMounts: mountPath \"%.*s\" is not absolute, or holds ':'",
                       PN_STR_ARG(path));
    return 0;
}

static int check_mount_paths(struct check *c, struct pn_value mounts)
{
    struct pn_arena_mark mark = pn_arena_mark(c->arena);
    struct pn_member *paths = pn_arena_alloc(c->arena, pn_value_count(mounts) * sizeof *paths);
    int r = paths != NULL ? compare_mount_paths(c, mounts, paths) : -ENOMEM;
    pn_arena_rewind(c->arena, mark);
    return r;
}

bool pn_fragment_says_secret(struct pn_str name)
{
    return pn_str_contains(name, PN_STR("PASSWORD")) || pn_str_contains(name, PN_STR("TOKEN")) ||
           pn_str_contains(name, PN_STR("SECRET")) || pn_str_contains(name, PN_STR("KEY"));
}

/* A name that stands twice would be ours in the first round and tampered with in the second. */
static int check_env_names(struct check *c, struct pn_value env)
{
    uint32_t n = pn_value_count(env);
    struct pn_arena_mark mark = pn_arena_mark(c->arena);
    struct pn_member *names = pn_arena_alloc(c->arena, n * sizeof *names);
    if (names == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        names[i] = (struct pn_member){name_of(pn_value_at(env, i)), pn_null()};
    int r = compare_keys(c, names, n);
    pn_arena_rewind(c->arena, mark);
    return r == PN_VALUE_E_DUPLICATE_KEY ? invalid(c, "env: two variables have one name") : r;
}

static int check_env(struct check *c, struct pn_value env)
{
    for (uint32_t i = 0; i < pn_value_count(env); i++) {
        struct pn_value v = pn_value_at(env, i);
        struct pn_str name = name_of(v);
        bool has_value = pn_value_str(PN_GET(v, "value")).n > 0;
        if (!pn_name_is_env(name))
            return invalid(c, "env: name \"%.*s\": expected " PN_NAME_ENV_RULE, PN_STR_ARG(name));
        if (has_value && !pn_value_is_unset(PN_GET(v, "valueFrom")))
            return invalid(c, "env %.*s: one of value and valueFrom", PN_STR_ARG(name));
        if (has_value && pn_fragment_says_secret(name))
            return invalid(c, "env %.*s looks like a secret, and patches are written to audit logs",
                           PN_STR_ARG(name));
    }
    return check_env_names(c, env);
}

/* ContainerPort: 1 to 65535, and a legal name. */
static int check_ports(struct check *c, struct pn_value ports)
{
    for (uint32_t i = 0; i < pn_value_count(ports); i++) {
        struct pn_value port = PN_GET(pn_value_at(ports, i), "containerPort");
        struct pn_str name = name_of(pn_value_at(ports, i));
        if (port.kind != PN_INT || port.i < 1 || port.i > 65535)
            return invalid(c, "ports: containerPort must be between 1 and 65535");
        if (name.n > 0 && !pn_name_is_port(name))
            return invalid(c, "ports: name \"%.*s\": expected " PN_NAME_PORT_RULE,
                           PN_STR_ARG(name));
    }
    return 0;
}

static int check_containers(struct check *c, struct pn_value list, bool init)
{
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        struct pn_value container = pn_value_at(list, i);
        struct pn_value policy = PN_GET(container, "restartPolicy");
        if (pn_value_str(PN_GET(container, "image")).n == 0)
            return invalid(c, "container %.*s has no image", PN_STR_ARG(name_of(container)));
        if (policy.kind != PN_ABSENT && !(init && pn_value_is_string(policy, "Always")))
            return invalid(c,
                           "container %.*s: restartPolicy is for init containers, and then Always",
                           PN_STR_ARG(name_of(container)));
        int r = check_resources(c, container);
        if (r == 0)
            r = check_mount_paths(c, PN_GET(container, "volumeMounts"));
        if (r == 0)
            r = check_env(c, PN_GET(container, "env"));
        if (r == 0)
            r = check_ports(c, PN_GET(container, "ports"));
        if (r != 0)
            return r;
    }
    return 0;
}

static int check_volumes(struct check *c, struct pn_value list)
{
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        struct pn_str name = name_of(pn_value_at(list, i));
        if (pn_str_has_prefix(name, PN_STR("kube-api-access-")))
            return invalid(c, "volume %.*s: this name is the API server's", PN_STR_ARG(name));
        unsigned sources = 0;
        for (uint32_t k = 0; k < pn_value_count(pn_value_at(list, i)); k++) {
            const struct pn_member *m = pn_value_member(pn_value_at(list, i), k);
            sources += !pn_str_is(m->key, "name") && !pn_value_is_unset(m->value);
        }
        if (sources != 1)
            return invalid(c, "volume %.*s: expected exactly one source", PN_STR_ARG(name));
    }
    return 0;
}

/* The members of `object` are among `names` (which end with NULL); unset is fine. */
static int check_keys(struct check *c, struct pn_value object, const char *what,
                      const char *const *names)
{
    if (pn_value_is_unset(object))
        return 0;
    if (object.kind != PN_OBJECT)
        return invalid(c, "%s: expected an object, got %s", what, pn_value_kind_name(object));
    for (uint32_t i = 0; i < pn_value_count(object); i++) {
        struct pn_str key = pn_value_member(object, i)->key;
        const char *const *name = names;
        while (*name != NULL && !pn_str_is(key, *name))
            name++;
        if (*name == NULL)
            return invalid(c, "%s: a template cannot set %.*s", what, PN_STR_ARG(key));
    }
    return 0;
}

static int build_pod(struct pn_fragment *f, struct check *c, struct pn_value pod)
{
    static const char *const pod_keys[] = {"metadata", "spec", NULL};
    static const char *const metadata_keys[] = {"annotations", NULL};
    static const char *const spec_keys[] = {"initContainers", "containers", "volumes",
                                            "imagePullSecrets", NULL};
    struct pn_value metadata = PN_GET(pod, "metadata"), spec = PN_GET(pod, "spec");
    int r = check_keys(c, pod, "pod", pod_keys);
    if (r == 0)
        r = check_keys(c, metadata, "pod/metadata", metadata_keys);
    if (r == 0)
        r = check_keys(c, spec, "pod/spec", spec_keys);
    if (r == 0)
        r = check_string_map(&f->annotations, c, PN_GET(metadata, "annotations"),
                             "pod/metadata/annotations");
    if (r == 0)
        r = check_list(&f->init_containers, c, PN_GET(spec, "initContainers"), PN_SCHEMA_CONTAINER,
                       "pod/spec/initContainers");
    if (r == 0)
        r = check_list(&f->containers, c, PN_GET(spec, "containers"), PN_SCHEMA_CONTAINER,
                       "pod/spec/containers");
    if (r == 0)
        r = check_list(&f->volumes, c, PN_GET(spec, "volumes"), PN_SCHEMA_VOLUME,
                       "pod/spec/volumes");
    if (r == 0)
        r = check_list(&f->image_pull_secrets, c, PN_GET(spec, "imagePullSecrets"),
                       PN_SCHEMA_LOCAL_OBJECT_REFERENCE, "pod/spec/imagePullSecrets");
    return r;
}

bool pn_fragment_rule_names(const struct pn_app_rule *rule, struct pn_str name)
{
    for (uint32_t i = 0; i < pn_value_count(rule->names); i++) {
        struct pn_value wanted = pn_value_at(rule->names, i);
        if (pn_value_is_string(wanted, "*") || pn_str_eq(pn_value_str(wanted), name))
            return true;
    }
    return false;
}

bool pn_fragment_is_forbidden_mount(struct pn_str path)
{
    static const char *const exact[] = {
        "/",     "/bin", "/dev", "/etc",     "/lib",         "/lib64",          "/run",
        "/sbin", "/usr", "/var", "/var/run", "/run/secrets", "/var/run/secrets"};
    static const char *const whole[] = {"/proc", "/sys", "/run/secrets/kubernetes.io",
                                        "/var/run/secrets/kubernetes.io"};
    while (path.n > 1 && path.s[path.n - 1] == '/')
        path.n--;
    for (size_t i = 0; i < PN_COUNT_OF(exact); i++) {
        if (pn_str_is(path, exact[i]))
            return true;
    }
    for (size_t i = 0; i < PN_COUNT_OF(whole); i++) {
        struct pn_str top = pn_str_of(whole[i]);
        if (pn_str_has_prefix(path, top) && (path.n == top.n || path.s[top.n] == '/'))
            return true;
    }
    return false;
}

static int check_forbidden_mounts(struct check *c, struct pn_value mounts)
{
    for (uint32_t i = 0; i < pn_value_count(mounts); i++) {
        struct pn_str path = pn_value_str(PN_GET(pn_value_at(mounts, i), "mountPath"));
        if (pn_fragment_is_forbidden_mount(path))
            return invalid(c,
                           "appContainers/volumeMounts: nothing may be mounted at %.*s of an app",
                           PN_STR_ARG(path));
    }
    return 0;
}

static int build_app_rule(struct pn_app_rule *rule, struct check *c, struct pn_value v)
{
    static const char *const keys[] = {"names", "initContainers", "volumeMounts",
                                       "env",   "envFrom",        NULL};
    struct pn_value init = PN_GET(v, "initContainers");
    int r = v.kind == PN_OBJECT ? check_keys(c, v, "appContainers", keys)
                                : invalid(c, "appContainers: expected objects");
    if (r != 0)
        return r;
    rule->names = PN_GET(v, "names");
    rule->init_containers = init.kind == PN_BOOL && init.b;
    if (rule->names.kind != PN_ARRAY || pn_value_count(rule->names) == 0)
        return invalid(c, "appContainers/names: expected a list of names, got %s",
                       pn_value_kind_name(rule->names));
    for (uint32_t i = 0; i < pn_value_count(rule->names); i++) {
        if (pn_value_at(rule->names, i).kind != PN_STRING)
            return invalid(c, "appContainers/names: expected strings");
    }
    if (!pn_value_is_unset(init) && init.kind != PN_BOOL)
        return invalid(c, "appContainers/initContainers: expected true or false");
    r = check_list(&rule->volume_mounts, c, PN_GET(v, "volumeMounts"), PN_SCHEMA_VOLUME_MOUNT,
                   "appContainers/volumeMounts");
    if (r == 0)
        r = check_mount_paths(c, rule->volume_mounts);
    if (r == 0)
        r = check_forbidden_mounts(c, rule->volume_mounts);
    if (r == 0)
        r = check_list(&rule->env, c, PN_GET(v, "env"), PN_SCHEMA_ENV_VAR, "appContainers/env");
    if (r == 0)
        r = check_env(c, rule->env);
    if (r == 0)
        r = check_list(&rule->env_from, c, PN_GET(v, "envFrom"), PN_SCHEMA_ENV_FROM_SOURCE,
                       "appContainers/envFrom");
    return r;
}

static int build_app_rules(struct pn_fragment *f, struct check *c, struct pn_value list)
{
    if (pn_value_is_unset(list))
        return 0;
    if (list.kind != PN_ARRAY)
        return invalid(c, "appContainers: expected a list, got %s", pn_value_kind_name(list));
    uint32_t n = pn_value_count(list);
    struct pn_app_rule *rules = pn_arena_zalloc(c->arena, n, sizeof *rules);
    if (rules == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        int r = build_app_rule(&rules[i], c, pn_value_at(list, i));
        if (r != 0)
            return r;
    }
    f->app_rules = rules;
    f->app_rule_count = n;
    return 0;
}

int pn_fragment_build(struct pn_fragment *ret, struct pn_value pod, struct pn_value app_containers,
                      struct pn_value append_annotations, struct pn_arena *a, struct pn_err *err)
{
    struct check c = {a, err};
    struct pn_fragment f = {0};
    int r = build_pod(&f, &c, pod);
    if (r == 0)
        r = check_string_map(&f.append_annotations, &c, append_annotations, "appendAnnotations");
    if (r == 0)
        r = check_names(&c, f.init_containers, f.containers, "containers");
    if (r == 0)
        r = check_names(&c, f.volumes, PN_VALUE_ABSENT, "volumes");
    if (r == 0)
        r = check_volumes(&c, f.volumes);
    if (r == 0)
        r = check_containers(&c, f.init_containers, true);
    if (r == 0)
        r = check_containers(&c, f.containers, false);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(f.image_pull_secrets); i++) {
        if (name_of(pn_value_at(f.image_pull_secrets, i)).n == 0)
            r = invalid(&c, "imagePullSecrets: one has no name");
    }
    if (r == 0)
        r = build_app_rules(&f, &c, app_containers);
    if (r == 0)
        *ret = f;
    return r;
}
