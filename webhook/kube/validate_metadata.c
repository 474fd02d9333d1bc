/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/number.h"
#include "kube/names.h"
#include "kube/validate_walk.h"

/* ---- labels and annotations ------------------------------------------------------------ */

void pn_validate_labels(struct pn_validate *v, const struct pn_at *at, struct pn_value labels)
{
    for (uint32_t i = 0; i < pn_value_count(labels) && !v->done; i++) {
        const struct pn_member *m = pn_value_member(labels, i);
        struct pn_str value = pn_validate_string(v, PN_AT_KEY(at, m->key), m->value);
        if (!pn_name_is_qualified(m->key))
            pn_validate_add(v, at, PN_VALIDATE_INVALID, "key \"%.*s\" must be %s",
                            PN_STR_ARG(m->key), PN_NAME_QUALIFIED_RULE);
        if (!pn_name_is_label_value(value))
            pn_validate_add(v, at, PN_VALIDATE_INVALID, "value of \"%.*s\" must be %s",
                            PN_STR_ARG(m->key), PN_NAME_LABEL_VALUE_RULE);
    }
}

/* ValidateLabelSelectorRequirement. */
static void walk_requirement(struct pn_validate *v, const struct pn_at *at,
                             struct pn_value requirement)
{
    static const struct pn_field rows[] = {
        PN_FIELD("key", STRING),
        PN_FIELD("operator", STRING),
        PN_FIELD("values", LIST),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, requirement, rows, f);
    struct pn_str operator= pn_value_str(f[1]);
    const struct pn_at *values = PN_AT(at, "values");
    bool wants_values = pn_str_is(operator, "In") || pn_str_is(operator, "NotIn");
    if (!wants_values && !pn_str_is(operator, "Exists") && !pn_str_is(operator, "DoesNotExist"))
        pn_validate_add(v, PN_AT(at, "operator"), PN_VALIDATE_INVALID,
                        "must be one of In, NotIn, Exists, DoesNotExist");
    else if (wants_values && pn_value_count(f[2]) == 0)
        pn_validate_add(v, values, PN_VALIDATE_REQUIRED, "must be given for this operator");
    else if (!wants_values && pn_value_count(f[2]) > 0)
        pn_validate_add(v, values, PN_VALIDATE_FORBIDDEN, "must not be given for this operator");
    if (!pn_name_is_qualified(pn_value_str(f[0])))
        pn_validate_add(v, PN_AT(at, "key"), PN_VALIDATE_INVALID, "must be %s",
                        PN_NAME_QUALIFIED_RULE);
    for (uint32_t i = 0; i < pn_value_count(f[2]) && !v->done; i++) {
        const struct pn_at *item = PN_AT_ITEM(values, i);
        if (!pn_name_is_label_value(pn_validate_string(v, item, pn_value_at(f[2], i))))
            pn_validate_add(v, item, PN_VALIDATE_INVALID, "must be %s", PN_NAME_LABEL_VALUE_RULE);
    }
}

void pn_validate_label_selector(struct pn_validate *v, const struct pn_at *at,
                                struct pn_value selector)
{
    static const struct pn_field rows[] = {
        PN_FIELD("matchLabels", OBJECT),
        PN_FIELD("matchExpressions", LIST),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, selector, rows, f);
    pn_validate_labels(v, PN_AT(at, "matchLabels"), f[0]);
    for (uint32_t i = 0; i < pn_value_count(f[1]) && !v->done; i++)
        walk_requirement(v, PN_AT_ITEM(PN_AT(at, "matchExpressions"), i), pn_value_at(f[1], i));
}

void pn_validate_annotations_size(struct pn_validate *v, const struct pn_at *at,
                                  struct pn_value annotations)
{
    size_t total = 0;
    for (uint32_t i = 0; i < pn_value_count(annotations) && !v->done; i++) {
        const struct pn_member *m = pn_value_member(annotations, i);
        total += m->key.n + pn_validate_string(v, PN_AT_KEY(at, m->key), m->value).n;
    }
    if (total > PN_ANNOTATIONS_MAX_BYTES)
        pn_validate_add(v, at, PN_VALIDATE_TOO_LONG, "must have at most %u bytes in all",
                        PN_ANNOTATIONS_MAX_BYTES);
}

void pn_validate_annotations(struct pn_validate *v, const struct pn_at *at,
                             struct pn_value annotations)
{
    pn_validate_annotations_size(v, at, annotations);
    for (uint32_t i = 0; i < pn_value_count(annotations) && !v->done; i++) {
        struct pn_str key = pn_value_member(annotations, i)->key;
        if (!pn_name_is_annotation_key(key))
            pn_validate_add(v, at, PN_VALIDATE_INVALID, "key \"%.*s\" must be %s", PN_STR_ARG(key),
                            PN_NAME_QUALIFIED_RULE);
    }
}

/* ---- annotations that Kubernetes reads ------------------------------------------------- */

#define APPARMOR_PREFIX "container.apparmor.security.beta.kubernetes.io/"
#define SECCOMP_PREFIX "container.seccomp.security.alpha.kubernetes.io/"
#define SECCOMP_POD "seccomp.security.alpha.kubernetes.io/pod"
#define LOCALHOST "localhost/"

static struct pn_str behind(struct pn_str text, struct pn_str prefix)
{
    return (struct pn_str){text.s + prefix.n, text.n - prefix.n};
}

/* Digits of an int32, without plus sign and leading zeros (GetDeletionCostFromPodAnnotations). */
static bool is_deletion_cost(struct pn_str text)
{
    int64_t i;
    if (text.n == 0 || (text.s[0] == '0' && text.n > 1))
        return false;
    return pn_number_read_int(&i, text) && i >= INT32_MIN && i <= INT32_MAX;
}

/* ValidateSeccompProfile. */
static void walk_seccomp(struct pn_validate *v, const struct pn_at *at, struct pn_str profile)
{
    if (pn_str_has_prefix(profile, PN_STR(LOCALHOST)))
        pn_validate_descending(v, at, behind(profile, PN_STR(LOCALHOST)));
    else if (!pn_str_is(profile, "runtime/default") && !pn_str_is(profile, "docker/default") &&
             !pn_str_is(profile, "unconfined"))
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must be runtime/default, unconfined or localhost/PATH");
}

/* ValidateAppArmorPodAnnotations; the container is looked for when all are known. */
static void walk_apparmor(struct pn_validate *v, const struct pn_at *at, struct pn_str profile)
{
    if (profile.n > 0 && !pn_str_has_prefix(profile, PN_STR(LOCALHOST)) &&
        !pn_str_is(profile, "runtime/default") && !pn_str_is(profile, "unconfined"))
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must be runtime/default, unconfined or localhost/PROFILE");
}

void pn_validate_known_annotations(struct pn_validate *v, const struct pn_at *at)
{
    for (uint32_t i = 0; i < pn_value_count(v->annotations) && !v->done; i++) {
        const struct pn_member *m = pn_value_member(v->annotations, i);
        struct pn_str value = pn_value_str(m->value);
        if (m->key.n == 0 || (m->key.s[0] != 'c' && m->key.s[0] != 's')) /* most are others */
            continue;
        if (pn_str_has_prefix(m->key, PN_STR(APPARMOR_PREFIX))) {
            v->annotates_apparmor = true;
            walk_apparmor(v, PN_AT_KEY(at, m->key), value);
        } else if (pn_str_has_prefix(m->key, PN_STR(SECCOMP_PREFIX))) {
            v->annotates_seccomp = true;
            walk_seccomp(v, PN_AT_MEMBER(at, m->key), value);
        } else if (pn_str_is(m->key, SECCOMP_POD)) {
            walk_seccomp(v, PN_AT_MEMBER(at, m->key), value);
        } else if (pn_str_is(m->key, "controller.kubernetes.io/pod-deletion-cost") &&
                   !is_deletion_cost(value)) {
            pn_validate_add(v, PN_AT_KEY(at, m->key), PN_VALIDATE_INVALID,
                            "must be an integer of 32 bits");
        }
    }
}

void pn_validate_annotated_containers(struct pn_validate *v)
{
    const struct pn_at *at = PN_AT(PN_AT(NULL, "metadata"), "annotations");
    if (!v->annotates_apparmor)
        return;
    for (uint32_t i = 0; i < pn_value_count(v->annotations) && !v->done; i++) {
        struct pn_str key = pn_value_member(v->annotations, i)->key;
        if (pn_str_has_prefix(key, PN_STR(APPARMOR_PREFIX)) &&
            pn_names_first(&v->containers, behind(key, PN_STR(APPARMOR_PREFIX))) == PN_NAMES_NONE)
            pn_validate_add(v, PN_AT_KEY(at, key), PN_VALIDATE_INVALID,
                            "there is no container of that name");
    }
}

/* The annotation and the field have to say one thing, where both are there. */
static void walk_agreement(struct pn_validate *v, const struct pn_at *at, struct pn_value profile,
                           struct pn_str key, bool docker_too)
{
    struct pn_value annotation = pn_value_get(v->annotations, key);
    struct pn_str text = pn_value_str(annotation), type = pn_value_str(PN_GET(profile, "type"));
    struct pn_value file = PN_GET(profile, "localhostProfile");
    bool agree = true;
    if (annotation.kind == PN_ABSENT || profile.kind != PN_OBJECT)
        return;
    if (pn_str_is(type, "Unconfined"))
        agree = pn_str_is(text, "unconfined");
    else if (pn_str_is(type, "RuntimeDefault"))
        agree = pn_str_is(text, "runtime/default") ||
                (docker_too && pn_str_is(text, "docker/default"));
    else if (pn_str_is(type, "Localhost"))
        agree = pn_str_has_prefix(text, PN_STR(LOCALHOST));
    if (!agree)
        pn_validate_add(v, PN_AT(at, "type"), PN_VALIDATE_FORBIDDEN,
                        "must agree with annotation \"%.*s\"", PN_STR_ARG(key));
    else if (pn_str_is(type, "Localhost") &&
             (file.kind != PN_STRING ||
              !pn_str_eq(behind(text, PN_STR(LOCALHOST)), pn_value_str(file))))
        pn_validate_add(v, PN_AT(at, "localhostProfile"), PN_VALIDATE_FORBIDDEN,
                        "must agree with annotation \"%.*s\"", PN_STR_ARG(key));
}

static struct pn_str join(struct pn_validate *v, struct pn_str prefix, struct pn_str name)
{
    struct pn_buf text = PN_BUF_IN_ARENA(v->arena);
    pn_buf_str(&text, prefix);
    pn_buf_str(&text, name);
    if (text.failed)
        v->failed = v->done = true;
    return text.failed ? PN_STR_NULL : pn_buf_view(&text);
}

void pn_validate_profiles(struct pn_validate *v, const struct pn_at *at, struct pn_str container,
                          struct pn_value context)
{
    struct pn_value apparmor = PN_GET(context, "appArmorProfile");
    if (v->annotates_seccomp)
        walk_agreement(v, PN_AT(at, "seccompProfile"), PN_GET(context, "seccompProfile"),
                       join(v, PN_STR(SECCOMP_PREFIX), container), true);
    if (apparmor.kind != PN_OBJECT)
        apparmor = PN_GET(v->spec[PN_S_SECURITY], "appArmorProfile");
    if (v->annotates_apparmor && !v->windows_os)
        walk_agreement(v, PN_AT(at, "appArmorProfile"), apparmor,
                       join(v, PN_STR(APPARMOR_PREFIX), container), false);
}

void pn_validate_pod_profile(struct pn_validate *v, const struct pn_at *at)
{
    walk_agreement(v, PN_AT(at, "seccompProfile"), PN_GET(v->spec[PN_S_SECURITY], "seccompProfile"),
                   PN_STR(SECCOMP_POD), true);
}
