/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/validate_walk.h"

/* validateProjectionSources. */

/* A projection: its own place, that of all projections, and the paths of all of them. */
struct projection {
    const struct pn_at *at, *projected;
    struct pn_names *paths;
};

static void add_path(struct pn_validate *v, const struct projection *p, struct pn_str path)
{
    if (path.n > 0)
        pn_names_add(v, p->paths, path);
}

/* Of a Secret or ConfigMap. */
static void walk_keys(struct pn_validate *v, const struct projection *p, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("name", STRING),
        PN_FIELD("items", LIST),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, p->at, source, rows, f);
    const struct pn_at *items = PN_AT(p->at, "items");
    pn_validate_require(v, PN_AT(p->at, "name"), pn_value_str(f[0]));
    for (uint32_t i = 0; i < pn_value_count(f[1]) && !v->done; i++)
        add_path(v, p, pn_validate_key_file(v, PN_AT_ITEM(items, i), pn_value_at(f[1], i)));
}

static void walk_fields(struct pn_validate *v, const struct projection *p, struct pn_value source)
{
    struct pn_value items = pn_validate_one(v, p->at, source, "items", PN_FIELD_LIST);
    for (uint32_t i = 0; i < pn_value_count(items) && !v->done; i++)
        add_path(v, p, pn_validate_field_file(v, p->at, pn_value_at(items, i)));
}

static void walk_token(struct pn_validate *v, const struct projection *p, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("expirationSeconds", INT64),
        PN_FIELD("path", STRING),
    };
    enum { EXPIRATION_MIN_SECONDS = 600 };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, p->at, source, rows, f);
    const struct pn_at *path = PN_AT(p->projected, "path"); /* there, not at its own place */
    if (f[0].kind == PN_INT)
        pn_validate_range(v, PN_AT(p->at, "expirationSeconds"), f[0].i, EXPIRATION_MIN_SECONDS,
                          INT64_C(1) << 32);
    pn_validate_require(v, path, pn_value_str(f[1]));
    pn_validate_file_path(v, path, pn_value_str(f[1]));
}

/* ---- certificates ---------------------------------------------------------------------- */

/* ValidateSignerName: DOMAIN/PATH, where DOMAIN has a dot. */
static void walk_signer(struct pn_validate *v, const struct pn_at *at, struct pn_str signer)
{
    enum { PATH_MAX_BYTES = PN_NAME_DNS_SUBDOMAIN_MAX_BYTES + PN_NAME_DNS_LABEL_MAX_BYTES + 1 };
    struct pn_str path = signer, domain = pn_str_split(&path, '/');
    bool valid = path.s != NULL && memchr(path.s, '/', path.n) == NULL;
    uint32_t labels = 0;
    pn_validate_require(v, at, signer);
    if (signer.n == 0)
        return;
    if (valid && (domain.n > PN_NAME_DNS_SUBDOMAIN_MAX_BYTES ||
                  signer.n > PN_NAME_DNS_SUBDOMAIN_MAX_BYTES + 1 + PATH_MAX_BYTES))
        pn_validate_add(v, at, PN_VALIDATE_TOO_LONG, "must have at most %d bytes, %d of a domain",
                        PN_NAME_DNS_SUBDOMAIN_MAX_BYTES + 1 + PATH_MAX_BYTES,
                        PN_NAME_DNS_SUBDOMAIN_MAX_BYTES);
    for (struct pn_str rest = domain; rest.s != NULL; labels++)
        valid = pn_name_is_dns_label(pn_str_split(&rest, '.')) && valid;
    for (struct pn_str rest = path; rest.s != NULL;)
        valid = pn_name_is_dns_subdomain(pn_str_split(&rest, '.')) && valid;
    if (!valid || labels < 2)
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must be DOMAIN/PATH such as example.com/signer, all in lower case");
}

/* ValidateClusterTrustBundleName: a DNS subdomain, behind its signer's name where it has one. */
static bool is_bundle_name(struct pn_str name)
{
    const char *colon = name.n > 0 ? memrchr(name.s, ':', name.n) : NULL;
    size_t signer = colon != NULL ? (size_t)(colon - name.s) : 0;
    struct pn_str rest = colon != NULL ? (struct pn_str){colon + 1, name.n - signer - 1} : name;
    if (colon != NULL && (signer == 0 || memchr(name.s, '/', signer) != NULL))
        return false;
    return pn_name_is_dns_subdomain(rest);
}

static void walk_bundle(struct pn_validate *v, const struct projection *p, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("name", STRING),
        PN_FIELD("signerName", STRING),
        PN_FIELD("labelSelector", OBJECT),
        PN_FIELD("path", STRING),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, p->at, source, rows, f);
    bool named = f[0].kind == PN_STRING, signer = f[1].kind == PN_STRING;
    const struct pn_at *name = PN_AT(p->at, "name"), *path = PN_AT(p->at, "path");
    const struct pn_at *selector = PN_AT(p->at, "labelSelector");
    if (named && signer)
        pn_validate_add(v, p->at, PN_VALIDATE_INVALID, "must not have both name and signerName");
    else if (!named && !signer)
        pn_validate_add(v, p->at, PN_VALIDATE_REQUIRED, "must have name or signerName");
    else if (signer) {
        walk_signer(v, PN_AT(p->at, "signerName"), pn_value_str(f[1]));
        pn_validate_label_selector(v, selector, f[2]);
    } else {
        pn_validate_require(v, name, pn_value_str(f[0]));
        if (!is_bundle_name(pn_value_str(f[0])))
            pn_validate_add(v, name, PN_VALIDATE_INVALID, "must be %s, or SIGNER:NAME",
                            PN_NAME_DNS_SUBDOMAIN_RULE);
        if (f[2].kind == PN_OBJECT)
            pn_validate_add(v, selector, PN_VALIDATE_INVALID, "must not be given beside name");
    }
    pn_validate_require(v, path, pn_value_str(f[3]));
    pn_validate_file_path(v, path, pn_value_str(f[3]));
    pn_names_add(v, p->paths, pn_value_str(f[3])); /* also when it is empty */
}

enum {
    SIGNER,
    KEY_TYPE,
    MAX_EXPIRATION,
    BUNDLE_PATH,
    KEY_PATH,
    CHAIN_PATH,
    USER_ANNOTATIONS,
    CERTIFICATE_FIELDS,
};

static const struct pn_field certificate_fields[CERTIFICATE_FIELDS] = {
    [SIGNER] = PN_FIELD("signerName", STRING),
    [KEY_TYPE] = PN_FIELD("keyType", STRING),
    [MAX_EXPIRATION] = PN_FIELD("maxExpirationSeconds", INT32),
    [BUNDLE_PATH] = PN_FIELD("credentialBundlePath", STRING),
    [KEY_PATH] = PN_FIELD("keyPath", STRING),
    [CHAIN_PATH] = PN_FIELD("certificateChainPath", STRING),
    [USER_ANNOTATIONS] = PN_FIELD("userAnnotations", OBJECT),
};

/* ValidateUserAnnotations: like annotations, but each key has a domain. */
static void walk_user_annotations(struct pn_validate *v, const struct pn_at *at,
                                  struct pn_value annotations)
{
    pn_validate_annotations_size(v, at, annotations);
    for (uint32_t i = 0; i < pn_value_count(annotations) && !v->done; i++) {
        struct pn_str key = pn_value_member(annotations, i)->key;
        bool has_domain = key.n > 0 && memchr(key.s, '/', key.n) != NULL;
        pn_validate_require(v, at, key);
        if (key.n > 0 && !(has_domain && pn_name_is_annotation_key(key)))
            pn_validate_add(v, at, PN_VALIDATE_INVALID, "key \"%.*s\" must be DOMAIN/NAME",
                            PN_STR_ARG(key));
    }
}

static void walk_certificate(struct pn_validate *v, const struct projection *p,
                             struct pn_value source)
{
    enum { DAY_SECONDS = 24 * 3600, MIN_SECONDS = 3600 };
    struct pn_value f[CERTIFICATE_FIELDS] = {{0}};
    PN_PICK(v, p->at, source, certificate_fields, f);
    struct pn_str path = pn_value_str(f[SIGNER]), domain = pn_str_split(&path, '/');
    bool own = pn_str_is(domain, "kubernetes.io") ||
               pn_str_has_suffix(domain, PN_STR(".kubernetes.io"));
    size_t paths = 0;
    walk_signer(v, PN_AT(p->at, "signerName"), pn_value_str(f[SIGNER]));
    walk_user_annotations(v, PN_AT(p->at, "userAnnotations"), f[USER_ANNOTATIONS]);
    pn_validate_choice(v, PN_AT(p->at, "keyType"), pn_value_str(f[KEY_TYPE]),
                       "RSA3072,RSA4096,ECDSAP256,ECDSAP384,ECDSAP521,ED25519");
    if (f[MAX_EXPIRATION].kind == PN_INT)
        pn_validate_range(v, PN_AT(p->at, "maxExpirationSeconds"), f[MAX_EXPIRATION].i, MIN_SECONDS,
                          own ? DAY_SECONDS : 91 * DAY_SECONDS);
    for (uint32_t i = BUNDLE_PATH; i <= CHAIN_PATH; i++) {
        pn_validate_file_path(v, PN_AT(p->at, certificate_fields[i].name), pn_value_str(f[i]));
        add_path(v, p, pn_value_str(f[i]));
        paths += pn_value_str(f[i]).n;
    }
    if (paths == 0)
        pn_validate_add(v, p->at, PN_VALIDATE_REQUIRED,
                        "must have credentialBundlePath, keyPath or certificateChainPath");
}

/* ---- all projections ------------------------------------------------------------------- */

static const struct pn_field kinds[] = {
    PN_FIELD("secret", OBJECT),
    PN_FIELD("downwardAPI", OBJECT),
    PN_FIELD("configMap", OBJECT),
    PN_FIELD("serviceAccountToken", OBJECT),
    PN_FIELD("clusterTrustBundle", OBJECT),
    PN_FIELD("podCertificate", OBJECT),
};

static void (*const walks[PN_COUNT_OF(kinds)])(struct pn_validate *v, const struct projection *p,
                                               struct pn_value source) = {
    walk_keys, walk_fields, walk_keys, walk_token, walk_bundle, walk_certificate,
};

static void walk_projection(struct pn_validate *v, const struct pn_at *at,
                            const struct projection *p, struct pn_value source)
{
    struct pn_value f[PN_COUNT_OF(kinds)] = {{0}};
    unsigned found = 0;
    PN_PICK(v, at, source, kinds, f);
    for (size_t i = 0; i < PN_COUNT_OF(kinds); i++) {
        struct projection one = {PN_AT(at, kinds[i].name), p->projected, p->paths};
        if (f[i].kind != PN_OBJECT)
            continue;
        walks[i](v, &one, f[i]);
        found++;
    }
    if (found > 1)
        pn_validate_add(v, at, PN_VALIDATE_FORBIDDEN, "must have one source only");
}

void pn_validate_projected(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("sources", LIST),
        PN_FIELD("defaultMode", INT32),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    struct pn_names paths = pn_names_start(v, PN_NAMES_SCRATCH);
    struct projection p = {NULL, at, &paths};
    PN_PICK(v, at, source, rows, f);
    const struct pn_at *list = PN_AT(at, "sources");
    pn_validate_mode(v, PN_AT(at, "defaultMode"), f[1]);
    for (uint32_t i = 0; i < pn_value_count(f[0]) && !v->done; i++)
        walk_projection(v, PN_AT_ITEM(list, i), &p, pn_value_at(f[0], i));
    pn_names_sort(v, &paths);
    for (uint32_t i = 0; i < paths.count && !v->done; i++) {
        struct pn_str path = paths.items[i];
        if (pn_names_first(&paths, path) != i)
            pn_validate_add(v, at, PN_VALIDATE_INVALID, "path \"%.*s\" stands twice",
                            PN_STR_ARG(path));
    }
}

void pn_validate_unowned_tokens(struct pn_validate *v, const struct pn_at *at,
                                struct pn_value source)
{
    struct pn_value list = PN_GET(source, "sources");
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++) {
        if (PN_GET(pn_value_at(list, i), "serviceAccountToken").kind == PN_OBJECT)
            pn_validate_add(v, PN_AT(PN_AT_ITEM(PN_AT(at, "sources"), i), "serviceAccountToken"),
                            PN_VALIDATE_FORBIDDEN, "must not be given without serviceAccountName");
    }
}
