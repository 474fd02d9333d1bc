/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/fragment_check.h"

#include "base/err.h"
#include "base/fix.h"
#include "base/limits.h"
#include "engine/fragment.h"
#include "kube/names.h"
#include "kube/quantity.h"

static uint32_t list_count(const struct pn_node *list)
{
    return list != NULL && list->kind == PN_NODE_SEQUENCE ? list->sequence.count : 0;
}

/* ---- expressions ------------------------------------------------------------------------ */

/* "${" that is not written "$${". */
static bool has_expression(struct pn_str text)
{
    for (size_t i = 0; i + 1 < text.n; i++) {
        if (text.s[i] == '$' && text.s[i + 1] == '{')
            return true;
        if (text.s[i] == '$' && text.s[i + 1] == '$')
            i++;
    }
    return false;
}

bool pn_is_computed(const struct pn_node *node)
{
    if (node->kind == PN_NODE_STRING)
        return has_expression(node->s);
    for (uint32_t i = 0; node->kind == PN_NODE_MAPPING && i < node->mapping.count; i++) {
        struct pn_str key = node->mapping.entries[i].key->s;
        bool is_operator = key.n > 1 && key.s[0] == '$' && key.s[1] != '$';
        if (is_operator || has_expression(key))
            return true;
    }
    return false;
}

static bool is_computed(const struct pn_node *node, void *unused)
{
    (void)unused;
    return pn_is_computed(node);
}

/* The member, unless it or its holder is missing or computed. */
static const struct pn_node *get_static(const struct pn_node *mapping, const char *key)
{
    const struct pn_node *node = mapping != NULL && !pn_is_computed(mapping)
                                     ? pn_node_get(mapping, key)
                                     : NULL;
    return node != NULL && !pn_is_computed(node) ? node : NULL;
}

/* ---- lists of named objects ------------------------------------------------------------ */

/* True when `list` is a list of mappings; faults about what is not. */
static bool check_list(struct pn_decoder *d, const struct pn_node *list, const char *what,
                       const char *field)
{
    struct pn_err path;
    bool good = true;
    if (list == NULL || pn_is_computed(list))
        return false;
    pn_err_set(&path, 0, "%s.%s", what, field);
    if (pn_decode_list(d, list, path.text) == NULL)
        return false;
    if (list->sequence.count > PN_TEMPLATE_LIST_MAX) {
        pn_decode_fault(d, list, "out-of-range", "%s: at most %d items", path.text,
                        PN_TEMPLATE_LIST_MAX);
        return false;
    }
    for (uint32_t i = 0; i < list->sequence.count; i++) {
        const struct pn_node *item = list->sequence.items[i];
        if (item->kind == PN_NODE_MAPPING || pn_is_computed(item))
            continue;
        pn_decode_fault(d, item, "wrong-type", "%s[%u]: expected a mapping, got %s", path.text, i,
                        pn_node_kind_name(item));
        good = false;
    }
    return good;
}

void pn_check_schema(struct pn_decoder *d, const struct pn_node *list, enum pn_schema_root root,
                     const char *what)
{
    struct pn_schema_check check = {
        .source = d->source, .diags = d->diags, .is_computed = is_computed};
    struct pn_err path;
    for (uint32_t i = 0; i < list_count(list) && list->sequence.count <= PN_TEMPLATE_LIST_MAX;
         i++) {
        pn_err_set(&path, 0, "%s[%u]", what, i);
        if (list->sequence.items[i]->kind == PN_NODE_MAPPING) /* else told already */
            pn_schema_check_node(&check, pn_schema_type(root), list->sequence.items[i], path.text);
    }
}

void pn_check_objects(struct pn_decoder *d, const struct pn_node *list, const char *what,
                      const char *field)
{
    check_list(d, list, what, field);
}

/* The string field `key` of `item`, not empty; a fault and NULL otherwise. */
static const struct pn_node *need_string(struct pn_decoder *d, const struct pn_node *item,
                                         const char *what, const char *key)
{
    const struct pn_node *node = pn_node_get(item, key);
    if (pn_is_computed(item) || (node != NULL && pn_is_computed(node)))
        return NULL;
    if (node == NULL)
        pn_decode_fault(d, item, "missing-field", "%s: field `%s` is required", what, key);
    else if (node->kind != PN_NODE_STRING)
        return NULL; /* the schema has told it */
    else if (node->s.n == 0)
        pn_decode_fault(d, node, "empty-value", "%s.%s: must not be empty", what, key);
    else
        return node;
    return NULL;
}

/* True when an item before `index` in `list` has the same `key`. */
static bool is_repeated(const struct pn_node *list, uint32_t index, const char *key,
                        struct pn_str value)
{
    for (uint32_t i = 0; i < index && i < list_count(list); i++) {
        if (pn_str_eq(pn_node_str(pn_node_get(list->sequence.items[i], key)), value))
            return true;
    }
    return false;
}

void pn_check_named_objects(struct pn_decoder *d, const struct pn_node *list, const char *what,
                            const char *field)
{
    if (!check_list(d, list, what, field))
        return;
    for (uint32_t i = 0; i < list->sequence.count; i++)
        need_string(d, list->sequence.items[i], field, "name");
}

/* A name that must be a DNS-1123 label; NULL after a fault. */
static const struct pn_node *need_label(struct pn_decoder *d, const struct pn_node *item,
                                        const char *what)
{
    const struct pn_node *name = need_string(d, item, what, "name");
    if (name == NULL || pn_name_is_dns_label(name->s))
        return name;
    pn_decode_fault(d, name, "invalid-name", "%s.name: `%.*s` is no DNS label", what,
                    PN_STR_ARG(name->s));
    pn_diags_help(d->diags, "expected " PN_NAME_DNS_LABEL_RULE);
    return NULL;
}

/* ---- annotations ----------------------------------------------------------------------- */

void pn_check_annotations(struct pn_decoder *d, const struct pn_node *node, const char *what)
{
    if (node == NULL || pn_is_computed(node))
        return;
    if (node->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, node, "wrong-type", "%s: expected a mapping of strings, got %s", what,
                        pn_node_kind_name(node));
        return;
    }
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        if (!pn_name_is_annotation_key(e->key->s))
            pn_decode_fault(d, e->key, "invalid-name", "%s: `%.*s` is no annotation key", what,
                            PN_STR_ARG(e->key->s));
        else if (pn_str_has_prefix(e->key->s, PN_STR("pannier.dev/")))
            pn_decode_fault(d, e->key, "reserved-annotation",
                            "%s: `%.*s` is for Pods' authors and pannier itself", what,
                            PN_STR_ARG(e->key->s));
        if (e->value->kind != PN_NODE_STRING && !pn_is_computed(e->value)) {
            pn_decode_fault(d, e->value, "wrong-type", "%s[%.*s]: expected a string, got %s", what,
                            PN_STR_ARG(e->key->s), pn_node_kind_name(e->value));
            pn_decode_help_with_quotes(d, e->value);
        }
    }
}

/* ---- volumes and mounts ---------------------------------------------------------------- */

/* A null is no source: the API server would make an emptyDir of it. */
static unsigned count_sources(const struct pn_node *volume)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < volume->mapping.count; i++) {
        const struct pn_node_entry *e = &volume->mapping.entries[i];
        n += !pn_str_is(e->key->s, "name") && e->value->kind != PN_NODE_NULL;
    }
    return n;
}

void pn_check_volumes(struct pn_decoder *d, const struct pn_node *list)
{
    if (!check_list(d, list, "spec.pod.spec", "volumes"))
        return;
    for (uint32_t i = 0; i < list->sequence.count; i++) {
        const struct pn_node *item = list->sequence.items[i];
        const struct pn_node *name = need_label(d, item, "volumes");
        if (name == NULL)
            continue;
        if (is_repeated(list, i, "name", name->s))
            pn_decode_fault(d, name, "duplicate-name", "two volumes are named `%.*s`",
                            PN_STR_ARG(name->s));
        if (pn_str_has_prefix(name->s, PN_STR("kube-api-access-")))
            pn_decode_fault(d, name, "reserved-name",
                            "a volume `kube-api-access-...` is the API server's token volume");
        if (!pn_is_computed(item) && count_sources(item) != 1)
            pn_decode_fault(d, item, "volume-source",
                            "volume `%.*s`: expected exactly one source, such as emptyDir: {}",
                            PN_STR_ARG(name->s));
    }
}

/* True when every volume and its name is known: then a mount must name one of them. */
static bool all_are_written_out(const struct pn_node *list)
{
    for (uint32_t i = 0; i < list_count(list); i++) {
        if (get_static(list->sequence.items[i], "name") == NULL)
            return false;
    }
    return list == NULL || list->kind == PN_NODE_SEQUENCE;
}

static void check_mount(struct pn_decoder *d, const struct pn_node *list, uint32_t index,
                        const struct pn_node *volumes)
{
    const struct pn_node *item = list->sequence.items[index];
    const struct pn_node *name = need_string(d, item, "volumeMounts", "name");
    const struct pn_node *path = need_string(d, item, "volumeMounts", "mountPath");
    if (name != NULL && all_are_written_out(volumes) &&
        !is_repeated(volumes, list_count(volumes), "name", name->s))
        pn_decode_fault(d, name, "unknown-volume", "the template has no volume `%.*s`",
                        PN_STR_ARG(name->s));
    if (path == NULL)
        return;
    if (path->s.s[0] != '/' || pn_str_contains(path->s, PN_STR(":")))
        pn_decode_fault(d, path, "invalid-path",
                        "volumeMounts.mountPath: `%.*s` is not absolute, or holds `:`",
                        PN_STR_ARG(path->s));
    if (is_repeated(list, index, "mountPath", path->s))
        pn_decode_fault(d, path, "duplicate-name", "two mounts at `%.*s`", PN_STR_ARG(path->s));
}

void pn_check_mounts(struct pn_decoder *d, const struct pn_node *list,
                     const struct pn_node *volumes, const char *what)
{
    if (!check_list(d, list, what, "volumeMounts"))
        return;
    for (uint32_t i = 0; i < list->sequence.count; i++)
        check_mount(d, list, i, volumes);
}

void pn_check_forbidden_mounts(struct pn_decoder *d, const struct pn_node *list)
{
    for (uint32_t i = 0; i < list_count(list); i++) {
        const struct pn_node *path = get_static(list->sequence.items[i], "mountPath");
        if (path != NULL && pn_fragment_is_forbidden_mount(pn_node_str(path)))
            pn_decode_fault(d, path, "forbidden-path",
                            "volumeMounts.mountPath: nothing may be mounted at `%.*s` of an app",
                            PN_STR_ARG(path->s));
    }
}

/* ---- env ------------------------------------------------------------------------------- */

void pn_check_env(struct pn_decoder *d, const struct pn_node *list, const char *what)
{
    if (!check_list(d, list, what, "env"))
        return;
    for (uint32_t i = 0; i < list->sequence.count; i++) {
        const struct pn_node *item = list->sequence.items[i];
        const struct pn_node *name = need_string(d, item, "env", "name");
        const struct pn_node *value = get_static(item, "value");
        if (value != NULL && pn_node_get(item, "valueFrom") != NULL)
            pn_decode_fault(d, item, "env-source", "env: one of value and valueFrom");
        if (name == NULL)
            continue;
        if (!pn_name_is_env(name->s))
            pn_decode_fault(d, name, "invalid-name", "env.name: `%.*s`: expected " PN_NAME_ENV_RULE,
                            PN_STR_ARG(name->s));
        if (is_repeated(list, i, "name", name->s))
            pn_decode_fault(d, name, "duplicate-name", "two env variables are named `%.*s`",
                            PN_STR_ARG(name->s));
        if (value != NULL && pn_node_str(value).n > 0 && pn_fragment_says_secret(name->s)) {
            pn_decode_fault(d, value, "literal-secret",
                            "`%.*s` looks like a secret, and patches are written to audit logs",
                            PN_STR_ARG(name->s));
            pn_diags_help(d->diags, "take it from a Secret: valueFrom.secretKeyRef");
        }
    }
}

/* ---- containers ------------------------------------------------------------------------ */

/* Quantities that are none are told by the schema. */
static bool read_quantity(struct pn_quantity *ret, const struct pn_node *node)
{
    struct pn_value v = node == NULL                   ? PN_VALUE_ABSENT
                        : node->kind == PN_NODE_STRING ? pn_string(node->s)
                        : node->kind == PN_NODE_INT    ? pn_int(node->i)
                        : node->kind == PN_NODE_REAL   ? pn_real(node->r)
                                                       : PN_VALUE_ABSENT;
    return v.kind != PN_ABSENT && pn_quantity_from_value(ret, v, NULL) == 0;
}

static void check_requests(struct pn_decoder *d, const struct pn_node *container,
                           const char *resource)
{
    const struct pn_node *resources = pn_node_get(container, "resources");
    const struct pn_node *requests = pn_node_get(resources, "requests");
    const struct pn_node *request = pn_node_get(requests, resource);
    const struct pn_node *limit = get_static(get_static(resources, "limits"), resource);
    struct pn_quantity asked, most, zero = {0};
    if (pn_is_computed(container) || (resources != NULL && pn_is_computed(resources)) ||
        (requests != NULL && pn_is_computed(requests)) ||
        (request != NULL && pn_is_computed(request)))
        return;
    if (request == NULL) {
        pn_decode_fault(d, container, "missing-requests",
                        "container `%.*s`: resources.requests.%s is required",
                        PN_STR_ARG(pn_node_str(pn_node_get(container, "name"))), resource);
        pn_diags_help(d->diags, "what is not said cannot be held to a budget or a quota");
        return;
    }
    if (!read_quantity(&asked, request))
        return;
    if (pn_quantity_cmp(&asked, &zero) < 0)
        pn_decode_fault(d, request, "out-of-range", "requests.%s: must not be negative", resource);
    if (read_quantity(&most, limit) && pn_quantity_cmp(&most, &asked) < 0)
        pn_decode_fault(d, limit, "out-of-range", "limits.%s: less than the request", resource);
}

static void check_restart_policy(struct pn_decoder *d, const struct pn_node *container, bool init)
{
    static const char *const words[] = {"Always", NULL};
    const struct pn_node *policy = get_static(container, "restartPolicy");
    if (policy == NULL)
        return;
    if (init && pn_str_is(pn_node_str(policy), "Always"))
        return;
    pn_decode_fault(d, policy, "unknown-value",
                    init ? "restartPolicy of an init container: expected Always (a native sidecar) "
                           "or nothing"
                         : "restartPolicy belongs to init containers: a native sidecar is an init "
                           "container with restartPolicy Always");
    if (init)
        pn_fix_misspelt(d->diags, d->source, policy, words);
}

static void check_container(struct pn_decoder *d, const struct pn_node *list, uint32_t index,
                            bool init, const struct pn_node *earlier_list,
                            const struct pn_node *volumes)
{
    const struct pn_node *item = list->sequence.items[index];
    const struct pn_node *name = need_label(d, item, "container");
    const struct pn_node *image = need_string(d, item, "container", "image");
    if (image != NULL && pn_str_trim(image->s).n != image->s.n)
        pn_decode_fault(d, image, "invalid-name", "container.image: blanks around the image");
    if (name != NULL && (is_repeated(list, index, "name", name->s) ||
                         is_repeated(earlier_list, list_count(earlier_list), "name", name->s)))
        pn_decode_fault(d, name, "duplicate-name", "two containers are named `%.*s`",
                        PN_STR_ARG(name->s));
    check_requests(d, item, "cpu");
    check_requests(d, item, "memory");
    check_restart_policy(d, item, init);
    pn_check_mounts(d, pn_node_get(item, "volumeMounts"), volumes, "container");
    pn_check_env(d, pn_node_get(item, "env"), "container");
    pn_check_objects(d, pn_node_get(item, "envFrom"), "container", "envFrom");
    pn_check_objects(d, pn_node_get(item, "ports"), "container", "ports");
}

void pn_check_containers(struct pn_decoder *d, const struct pn_node *init_containers,
                         const struct pn_node *containers, const struct pn_node *volumes)
{
    if (check_list(d, init_containers, "spec.pod.spec", "initContainers")) {
        for (uint32_t i = 0; i < init_containers->sequence.count; i++)
            check_container(d, init_containers, i, true, NULL, volumes);
    }
    if (check_list(d, containers, "spec.pod.spec", "containers")) {
        for (uint32_t i = 0; i < containers->sequence.count; i++)
            check_container(d, containers, i, false, init_containers, volumes);
    }
}
