/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/quantity.h"
#include "kube/validate_walk.h"

/* ---- references to the Pod ------------------------------------------------------------- */

/* validateObjectFieldSelector over ConvertDownwardAPIFieldLabel: a path that the conversion does
 * not know is invalid; one that it knows and that has no use here is not supported. */
static const char env_paths[] =
    "metadata.name,metadata.namespace,status.podIP,spec.nodeName,metadata.uid,"
    "spec.serviceAccountName,status.hostIP,status.podIPs,status.hostIPs";
static const char volume_paths[] =
    "metadata.name,metadata.namespace,metadata.labels,metadata.annotations,metadata.uid";
static const char other_paths[] = "spec.restartPolicy,spec.schedulerName,status.phase";

static bool is_convertible(struct pn_str path)
{
    return pn_validate_is_word(path, env_paths) || pn_validate_is_word(path, volume_paths) ||
           pn_validate_is_word(path, other_paths);
}

/* PATH['KEY']: true, *ret_key and *path are the parts. */
static bool split_subscript(struct pn_str *path, struct pn_str *ret_key)
{
    struct pn_str text = *path;
    const char *bracket = text.n > 4 ? memmem(text.s, text.n - 2, "['", 2) : NULL;
    if (!pn_str_has_suffix(text, PN_STR("']")) || bracket == NULL || bracket == text.s)
        return false;
    path->n = (size_t)(bracket - text.s);
    *ret_key = (struct pn_str){bracket + 2, text.n - path->n - 4};
    return true;
}

static void walk_path(struct pn_validate *v, const struct pn_at *at, struct pn_str path,
                      bool in_volume)
{
    struct pn_str key = PN_STR_NULL;
    const struct pn_at *place = PN_AT(at, "fieldPath");
    const char *paths = in_volume ? volume_paths : env_paths;
    if (pn_str_is(path, "spec.host")) /* its name of old */
        path = PN_STR("spec.nodeName");
    if (pn_validate_is_word(path, paths))
        return;
    if (split_subscript(&path, &key)) {
        bool label = pn_str_is(path, "metadata.labels");
        if (!label && !pn_str_is(path, "metadata.annotations"))
            pn_validate_add(v, place, PN_VALIDATE_INVALID,
                            "must not have a subscript, but for metadata.labels and "
                            "metadata.annotations");
        else if (label ? !pn_name_is_qualified(key) : !pn_name_is_annotation_key(key))
            pn_validate_add(v, at, PN_VALIDATE_INVALID, "the key in fieldPath must be %s",
                            PN_NAME_QUALIFIED_RULE);
        return;
    }
    pn_validate_add(v, place,
                    is_convertible(path) ? PN_VALIDATE_NOT_SUPPORTED : PN_VALIDATE_INVALID,
                    "must be one of %s", paths);
}

void pn_validate_field_ref(struct pn_validate *v, const struct pn_at *at, struct pn_value ref,
                           bool in_volume)
{
    static const struct pn_field rows[] = {
        PN_FIELD("apiVersion", STRING),
        PN_FIELD("fieldPath", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, ref, rows, f);
    struct pn_str version = pn_value_str(f[0]), path = pn_value_str(f[1]);
    if (path.n == 0)
        pn_validate_require(v, PN_AT(at, "fieldPath"), path);
    else if (version.n > 0 && !pn_str_is(version, "v1"))
        pn_validate_add(v, PN_AT(at, "fieldPath"), PN_VALIDATE_INVALID, "must be of apiVersion v1");
    else
        walk_path(v, at, path, in_volume);
}

/* validateContainerResourceDivisor: text that Kubernetes would write it with. */
static void walk_divisor(struct pn_validate *v, const struct pn_at *at, struct pn_str resource,
                         struct pn_value divisor)
{
    static const char sizes[] = "1,1k,1M,1G,1T,1P,1E,1Ki,1Mi,1Gi,1Ti,1Pi,1Ei";
    struct pn_buf text = PN_BUF_IN_ARENA(v->arena);
    struct pn_quantity quantity;
    struct pn_err err = PN_ERR_INIT;
    struct pn_str kind = resource, side = pn_str_split(&kind, '.');
    bool cpu = pn_str_is(kind, "cpu");
    if (pn_quantity_from_value(&quantity, divisor, &err) != 0) {
        pn_validate_add(v, at, PN_VALIDATE_TYPE_INVALID, "%s", err.text);
        return;
    }
    bool known = cpu || pn_str_is(kind, "memory") || pn_str_is(kind, "ephemeral-storage") ||
                 pn_str_has_prefix(kind, PN_STR("hugepages-"));
    if (quantity.mantissa == 0 || !known ||
        (!pn_str_is(side, "limits") && !pn_str_is(side, "requests")))
        return;
    pn_quantity_write(&text, &quantity);
    if (text.failed)
        v->failed = v->done = true;
    else if (!pn_validate_is_word(pn_buf_view(&text), cpu ? "1m,1" : sizes))
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must be one of %s", cpu ? "1m,1" : sizes);
}

void pn_validate_resource_ref(struct pn_validate *v, const struct pn_at *at, struct pn_value ref,
                              bool in_volume)
{
    static const struct pn_field rows[] = {
        PN_FIELD("containerName", STRING),
        PN_FIELD("resource", STRING),
        PN_FIELD("divisor", QUANTITY),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, ref, rows, f);
    struct pn_str resource = pn_value_str(f[1]);
    if (in_volume && pn_value_str(f[0]).n == 0)
        pn_validate_require(v, PN_AT(at, "containerName"), PN_STR_NULL);
    else if (resource.n == 0)
        pn_validate_require(v, PN_AT(at, "resource"), resource);
    else if (!pn_str_has_prefix(resource, PN_STR("limits.hugepages-")) &&
             !pn_str_has_prefix(resource, PN_STR("requests.hugepages-")))
        pn_validate_choice(v, PN_AT(at, "resource"), resource,
                           "limits.cpu,limits.memory,limits.ephemeral-storage,requests.cpu,"
                           "requests.memory,requests.ephemeral-storage");
    if (f[2].kind != PN_ABSENT)
        walk_divisor(v, PN_AT(at, "divisor"), resource, f[2]);
}

/* ---- other references ------------------------------------------------------------------ */

/* IsConfigMapKey. */
static bool is_config_key(struct pn_str key)
{
    for (size_t i = 0; i < key.n; i++) {
        char c = key.s[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
            c != '-' && c != '_' && c != '.')
            return false;
    }
    return key.n > 0 && key.n <= PN_NAME_DNS_SUBDOMAIN_MAX_BYTES && !pn_str_is(key, ".") &&
           !pn_str_has_prefix(key, PN_STR(".."));
}

/* Of a ConfigMap or a Secret; a missing name is an illegal one, as they have it. */
static void walk_key_ref(struct pn_validate *v, const struct pn_at *at, struct pn_value ref)
{
    static const struct pn_field rows[] = {
        PN_FIELD("name", STRING),
        PN_FIELD("key", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, ref, rows, f);
    struct pn_str key = pn_value_str(f[1]);
    if (!pn_name_is_dns_subdomain(pn_value_str(f[0])))
        pn_validate_add(v, PN_AT(at, "name"), PN_VALIDATE_INVALID, "must be %s",
                        PN_NAME_DNS_SUBDOMAIN_RULE);
    pn_validate_require(v, PN_AT(at, "key"), key);
    if (key.n > 0 && !is_config_key(key))
        pn_validate_add(v, PN_AT(at, "key"), PN_VALIDATE_INVALID,
                        "must be 1 to 253 letters, digits, '-', '_' and '.', not '.' and not "
                        "beginning with '..'");
}

/* A volume of spec.volumes, errors or not, of which the last with a name counts. */
static void walk_file_volume(struct pn_validate *v, const struct pn_at *at, struct pn_str name)
{
    uint32_t i = pn_names_last(&v->volumes.names, name);
    if (i == PN_NAMES_NONE)
        pn_validate_add(v, at, PN_VALIDATE_NOT_FOUND, "there is no volume \"%.*s\"",
                        PN_STR_ARG(name));
    else if (!pn_validate_is_empty_dir(pn_value_at(v->volumes.list, i)))
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must be a volume of type emptyDir");
}

static void walk_file_ref(struct pn_validate *v, const struct pn_at *at, struct pn_value ref)
{
    static const struct pn_field rows[] = {
        PN_FIELD("volumeName", STRING),
        PN_FIELD("path", STRING),
        PN_FIELD("key", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, ref, rows, f);
    struct pn_str volume = pn_value_str(f[0]), key = pn_value_str(f[2]);
    pn_validate_require(v, PN_AT(at, "key"), key);
    if (key.n > 0 && !pn_name_is_env(key))
        pn_validate_add(v, PN_AT(at, "key"), PN_VALIDATE_INVALID, "must be %s", PN_NAME_ENV_RULE);
    pn_validate_require(v, PN_AT(at, "volumeName"), volume);
    if (volume.n > 0 && !pn_name_is_dns_label(volume))
        pn_validate_add(v, PN_AT(at, "volumeName"), PN_VALIDATE_INVALID, "must be %s",
                        PN_NAME_DNS_LABEL_RULE);
    pn_validate_require(v, PN_AT(at, "path"), pn_value_str(f[1]));
    pn_validate_no_backsteps(v, PN_AT(at, "path"), pn_value_str(f[1]));
    walk_file_volume(v, PN_AT(at, "volumeName"), volume);
}

/* ---- env ------------------------------------------------------------------------------- */

enum {
    FIELD_REF,
    RESOURCE_REF,
    CONFIG_MAP_REF,
    SECRET_REF,
    FILE_REF,
    SOURCES,
};

static void walk_value_from(struct pn_validate *v, const struct pn_at *at, struct pn_value source,
                            bool has_value)
{
    static const struct pn_field rows[SOURCES] = {
        [FIELD_REF] = PN_FIELD("fieldRef", OBJECT),
        [RESOURCE_REF] = PN_FIELD("resourceFieldRef", OBJECT),
        [CONFIG_MAP_REF] = PN_FIELD("configMapKeyRef", OBJECT),
        [SECRET_REF] = PN_FIELD("secretKeyRef", OBJECT),
        [FILE_REF] = PN_FIELD("fileKeyRef", OBJECT),
    };
    struct pn_value f[SOURCES] = {{0}};
    uint64_t there = PN_PICK(v, at, source, rows, f);
    if (f[FIELD_REF].kind == PN_OBJECT)
        pn_validate_field_ref(v, PN_AT(at, "fieldRef"), f[FIELD_REF], false);
    if (f[RESOURCE_REF].kind == PN_OBJECT)
        pn_validate_resource_ref(v, PN_AT(at, "resourceFieldRef"), f[RESOURCE_REF], false);
    if (f[CONFIG_MAP_REF].kind == PN_OBJECT)
        walk_key_ref(v, PN_AT(at, "configMapKeyRef"), f[CONFIG_MAP_REF]);
    if (f[SECRET_REF].kind == PN_OBJECT)
        walk_key_ref(v, PN_AT(at, "secretKeyRef"), f[SECRET_REF]);
    if (f[FILE_REF].kind == PN_OBJECT)
        walk_file_ref(v, PN_AT(at, "fileKeyRef"), f[FILE_REF]);
    if (there == 0)
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must have a source");
    else if (has_value)
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must not be given beside value");
    else if ((there & (there - 1)) != 0)
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must have one source only");
}

void pn_validate_env(struct pn_validate *v, const struct pn_at *at, struct pn_value list)
{
    static const struct pn_field rows[] = {
        PN_FIELD("name", STRING),
        PN_FIELD("value", STRING),
        PN_FIELD("valueFrom", OBJECT),
    };
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++) {
        struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
        const struct pn_at *item = PN_AT_ITEM(at, i);
        PN_PICK(v, item, pn_value_at(list, i), rows, f);
        struct pn_str name = pn_value_str(f[0]);
        if (name.n == 0)
            pn_validate_require(v, PN_AT(item, "name"), name);
        else if (!pn_name_is_env(name))
            pn_validate_add(v, PN_AT(item, "name"), PN_VALIDATE_INVALID, "must be %s",
                            PN_NAME_ENV_RULE);
        if (f[2].kind == PN_OBJECT)
            walk_value_from(v, PN_AT(item, "valueFrom"), f[2], pn_value_str(f[1]).n > 0);
    }
}

/* ---- envFrom --------------------------------------------------------------------------- */

/* NameIsDNSSubdomain for a name that may be continued: a dash at the end stands for an "a", and
 * takes what is before it along. */
static bool is_name_or_prefix(struct pn_str name)
{
    char text[PN_NAME_DNS_SUBDOMAIN_MAX_BYTES + 1];
    if (name.n < 2 || name.s[name.n - 1] != '-' || name.n > sizeof text)
        return pn_name_is_dns_subdomain(name);
    memcpy(text, name.s, name.n - 2);
    text[name.n - 2] = 'a';
    return pn_name_is_dns_subdomain((struct pn_str){text, name.n - 1});
}

static void walk_ref(struct pn_validate *v, const struct pn_at *at, struct pn_value ref)
{
    const struct pn_at *place = PN_AT(at, "name");
    struct pn_str name = pn_value_str(pn_validate_one(v, at, ref, "name", PN_FIELD_STRING));
    pn_validate_require(v, place, name);
    if (name.n > 0 && !is_name_or_prefix(name))
        pn_validate_add(v, place, PN_VALIDATE_INVALID, "must be %s", PN_NAME_DNS_SUBDOMAIN_RULE);
}

void pn_validate_env_from(struct pn_validate *v, const struct pn_at *at, struct pn_value list)
{
    static const struct pn_field rows[] = {
        PN_FIELD("prefix", STRING),
        PN_FIELD("configMapRef", OBJECT),
        PN_FIELD("secretRef", OBJECT),
    };
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++) {
        struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
        const struct pn_at *item = PN_AT_ITEM(at, i);
        PN_PICK(v, item, pn_value_at(list, i), rows, f);
        struct pn_str prefix = pn_value_str(f[0]);
        bool config_map = f[1].kind == PN_OBJECT, secret = f[2].kind == PN_OBJECT;
        if (prefix.n > 0 && !pn_name_is_env(prefix))
            pn_validate_add(v, PN_AT(item, "prefix"), PN_VALIDATE_INVALID, "must be %s",
                            PN_NAME_ENV_RULE);
        if (config_map)
            walk_ref(v, PN_AT(item, "configMapRef"), f[1]);
        if (secret)
            walk_ref(v, PN_AT(item, "secretRef"), f[2]);
        if (config_map == secret) /* told of the list, as they have it */
            pn_validate_add(v, at, PN_VALIDATE_INVALID,
                            "item %u must have one of configMapRef and secretRef", i);
    }
}
