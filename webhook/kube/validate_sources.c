/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/validate_walk.h"

/* What single volume sources must say beyond the strings that validate_volumes.c knows. */

void pn_validate_empty_dir(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    struct pn_value limit = pn_validate_one(v, at, source, "sizeLimit", PN_FIELD_QUANTITY);
    const struct pn_at *place = PN_AT(at, "sizeLimit");
    pn_milli milli = 0;
    if (limit.kind != PN_ABSENT && pn_validate_milli(v, place, limit, &milli) && milli < 0)
        pn_validate_add(v, place, PN_VALIDATE_FORBIDDEN, "must not be negative");
}

void pn_validate_host_path(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("path", STRING),
        PN_FIELD("type", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, source, rows, f);
    if (pn_value_str(f[0]).n == 0)
        return;
    pn_validate_no_backsteps(v, PN_AT(at, "path"), pn_value_str(f[0]));
    if (pn_value_str(f[1]).n > 0)
        pn_validate_choice(v, PN_AT(at, "type"), pn_value_str(f[1]),
                           "DirectoryOrCreate,Directory,FileOrCreate,File,Socket,CharDevice,"
                           "BlockDevice");
}

void pn_validate_git_repo(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    struct pn_value directory = pn_validate_one(v, at, source, "directory", PN_FIELD_STRING);
    pn_validate_descending(v, PN_AT(at, "directory"), pn_value_str(directory));
}

void pn_validate_partition(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    struct pn_value partition = pn_validate_one(v, at, source, "partition", PN_FIELD_INT32);
    pn_validate_range(v, PN_AT(at, "partition"), pn_field_int(partition), 0, 255);
}

void pn_validate_nfs(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    struct pn_str path = pn_value_str(PN_GET(source, "path"));
    if (path.n == 0 || path.s[0] != '/')
        pn_validate_add(v, PN_AT(at, "path"), PN_VALIDATE_INVALID, "must be an absolute path");
}

void pn_validate_monitors(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    struct pn_value monitors = pn_validate_one(v, at, source, "monitors", PN_FIELD_LIST);
    if (pn_value_count(monitors) == 0)
        pn_validate_add(v, PN_AT(at, "monitors"), PN_VALIDATE_REQUIRED, "must be given");
}

void pn_validate_secret_ref(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    struct pn_value ref = pn_validate_one(v, at, source, "secretRef", PN_FIELD_OBJECT);
    const struct pn_at *place = PN_AT(at, "secretRef");
    if (ref.kind == PN_OBJECT)
        pn_validate_require(v, PN_AT(place, "name"),
                            pn_value_str(pn_validate_one(v, place, ref, "name", PN_FIELD_STRING)));
}

void pn_validate_image(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    struct pn_str policy = pn_value_str(
        pn_validate_one(v, at, source, "pullPolicy", PN_FIELD_STRING));
    if (policy.n > 0)
        pn_validate_choice(v, PN_AT(at, "pullPolicy"), policy, "IfNotPresent,Always,Never");
}

/* ---- csi ------------------------------------------------------------------------------- */

void pn_validate_csi(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    enum { DRIVER_MAX_BYTES = 63 };
    struct pn_str driver = pn_value_str(PN_GET(source, "driver"));
    struct pn_value ref = pn_validate_one(v, at, source, "nodePublishSecretRef", PN_FIELD_OBJECT);
    const struct pn_at *place = PN_AT(at, "nodePublishSecretRef");
    if (driver.n > DRIVER_MAX_BYTES)
        pn_validate_add(v, PN_AT(at, "driver"), PN_VALIDATE_TOO_LONG, "must have at most %d bytes",
                        DRIVER_MAX_BYTES);
    if (driver.n > 0 && !pn_name_is_csi_driver(driver))
        pn_validate_add(v, PN_AT(at, "driver"), PN_VALIDATE_INVALID, "must be %s",
                        PN_NAME_DNS_SUBDOMAIN_RULE);
    if (ref.kind != PN_OBJECT)
        return;
    struct pn_str name = pn_value_str(pn_validate_one(v, place, ref, "name", PN_FIELD_STRING));
    pn_validate_require(v, PN_AT(place, "name"), name);
    if (name.n > 0 && !pn_name_is_dns_subdomain(name)) /* told of a field that csi has not */
        pn_validate_add(v, PN_AT(at, "name"), PN_VALIDATE_INVALID,
                        "name of nodePublishSecretRef must be %s", PN_NAME_DNS_SUBDOMAIN_RULE);
}

/* ---- sources of old -------------------------------------------------------------------- */

void pn_validate_flocker(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("datasetName", STRING),
        PN_FIELD("datasetUUID", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, source, rows, f);
    struct pn_str name = pn_value_str(f[0]), uuid = pn_value_str(f[1]);
    if (name.n == 0 && uuid.n == 0)
        pn_validate_add(v, at, PN_VALIDATE_REQUIRED, "must have datasetName or datasetUUID");
    if (name.n > 0 && uuid.n > 0)
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must not have both datasetName and datasetUUID");
    if (name.n > 0 && memchr(name.s, '/', name.n) != NULL)
        pn_validate_add(v, PN_AT(at, "datasetName"), PN_VALIDATE_INVALID, "must not contain '/'");
}

void pn_validate_fc(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("targetWWNs", LIST),
        PN_FIELD("lun", INT32),
        PN_FIELD("wwids", LIST),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, source, rows, f);
    uint32_t targets = pn_value_count(f[0]), wwids = pn_value_count(f[2]);
    if (targets == 0 && wwids == 0)
        pn_validate_add(v, PN_AT(at, "targetWWNs"), PN_VALIDATE_REQUIRED,
                        "must be given, or else wwids");
    if (targets > 0 && wwids > 0)
        pn_validate_add(v, PN_AT(at, "targetWWNs"), PN_VALIDATE_INVALID,
                        "must not be given beside wwids");
    if (targets > 0 && f[1].kind != PN_INT)
        pn_validate_add(v, PN_AT(at, "lun"), PN_VALIDATE_REQUIRED,
                        "must be given beside targetWWNs");
    else if (targets > 0)
        pn_validate_range(v, PN_AT(at, "lun"), f[1].i, 0, 255);
}

/* What stands before the slash of an option's name, or all of it, is a domain of Kubernetes. */
static bool is_reserved(struct pn_str option)
{
    char lower[64];
    struct pn_str rest = option, domain = pn_str_split(&rest, '/');
    size_t cut = domain.n > sizeof lower ? domain.n - sizeof lower : 0;
    struct pn_str end = {domain.s + cut, domain.n - cut}; /* its end decides */
    end = (struct pn_str){lower, pn_name_lower(lower, end)};
    return pn_str_is(end, "kubernetes.io") || pn_str_is(end, "k8s.io") ||
           pn_str_has_suffix(end, PN_STR(".kubernetes.io")) ||
           pn_str_has_suffix(end, PN_STR(".k8s.io"));
}

void pn_validate_flex(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    struct pn_value options = pn_validate_one(v, at, source, "options", PN_FIELD_OBJECT);
    for (uint32_t i = 0; i < pn_value_count(options) && !v->done; i++) {
        struct pn_str key = pn_value_member(options, i)->key;
        if (is_reserved(key))
            pn_validate_add(v, PN_AT_KEY(PN_AT(at, "options"), key), PN_VALIDATE_INVALID,
                            "must not be in the domains kubernetes.io and k8s.io");
    }
}
