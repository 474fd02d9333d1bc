/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/validate_walk.h"

/* The template of the claim that is made for an ephemeral volume. */

enum {
    ACCESS_MODES,
    SELECTOR,
    RESOURCES,
    STORAGE_CLASS,
    VOLUME_MODE,
    DATA_SOURCE,
    DATA_SOURCE_REF,
    ATTRIBUTES_CLASS,
    SPEC_FIELDS,
};

static const struct pn_field spec_fields[SPEC_FIELDS] = {
    [ACCESS_MODES] = PN_FIELD("accessModes", LIST),
    [SELECTOR] = PN_FIELD("selector", OBJECT),
    [RESOURCES] = PN_FIELD("resources", OBJECT),
    [STORAGE_CLASS] = PN_FIELD("storageClassName", STRING),
    [VOLUME_MODE] = PN_FIELD("volumeMode", STRING),
    [DATA_SOURCE] = PN_FIELD("dataSource", OBJECT),
    [DATA_SOURCE_REF] = PN_FIELD("dataSourceRef", OBJECT),
    [ATTRIBUTES_CLASS] = PN_FIELD("volumeAttributesClassName", STRING),
};

enum {
    API_GROUP,
    KIND,
    NAME,
    NAMESPACE, /* of dataSourceRef only */
    SOURCE_FIELDS,
};

static const struct pn_field source_fields[SOURCE_FIELDS] = {
    [API_GROUP] = PN_FIELD("apiGroup", STRING),
    [KIND] = PN_FIELD("kind", STRING),
    [NAME] = PN_FIELD("name", STRING),
    [NAMESPACE] = PN_FIELD("namespace", STRING),
};

static void walk_modes(struct pn_validate *v, const struct pn_at *at, struct pn_value modes)
{
    bool once_pod = false, other = false;
    if (pn_value_count(modes) == 0)
        pn_validate_add(v, at, PN_VALIDATE_REQUIRED, "must have at least one");
    for (uint32_t i = 0; i < pn_value_count(modes) && !v->done; i++) {
        struct pn_str mode = pn_validate_string(v, PN_AT_ITEM(at, i), pn_value_at(modes, i));
        uint32_t before = v->found;
        pn_validate_choice(v, at, mode,
                           "ReadOnlyMany,ReadWriteMany,ReadWriteOnce,ReadWriteOncePod");
        once_pod = once_pod || pn_str_is(mode, "ReadWriteOncePod");
        other = other || (v->found == before && !pn_str_is(mode, "ReadWriteOncePod"));
    }
    if (once_pod && other)
        pn_validate_add(v, at, PN_VALIDATE_FORBIDDEN,
                        "must not have ReadWriteOncePod among others");
}

static void walk_storage(struct pn_validate *v, const struct pn_at *at, struct pn_value resources)
{
    struct pn_value requests = pn_validate_one(v, at, resources, "requests", PN_FIELD_OBJECT);
    struct pn_value storage = PN_GET(requests, "storage");
    const struct pn_at *place = PN_AT_KEY(at, PN_STR("storage"));
    pn_milli milli = 0;
    if (storage.kind == PN_ABSENT)
        pn_validate_add(v, place, PN_VALIDATE_REQUIRED, "must be given");
    else if (pn_validate_milli(v, place, storage, &milli) && milli <= 0)
        pn_validate_add(v, place, PN_VALIDATE_INVALID, "must be more than 0");
}

/* A DNS subdomain, or empty. */
static void walk_class(struct pn_validate *v, const struct pn_at *at, struct pn_str name)
{
    if (name.n > 0 && !pn_name_is_dns_subdomain(name))
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must be %s", PN_NAME_DNS_SUBDOMAIN_RULE);
}

/* validateDataSource and validateDataSourceRef. */
static void walk_data_source(struct pn_validate *v, const struct pn_at *at,
                             const struct pn_value *f, bool is_ref)
{
    struct pn_str group = pn_value_str(f[API_GROUP]), namespace = pn_value_str(f[NAMESPACE]);
    pn_validate_require(v, PN_AT(at, "name"), pn_value_str(f[NAME]));
    pn_validate_require(v, PN_AT(at, "kind"), pn_value_str(f[KIND]));
    if (group.n == 0 && !pn_value_is_string(f[KIND], "PersistentVolumeClaim"))
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must be of kind PersistentVolumeClaim without apiGroup");
    walk_class(v, PN_AT(at, "apiGroup"), group);
    if (is_ref && namespace.n > 0 && !pn_name_is_dns_label(namespace))
        pn_validate_add(v, PN_AT(at, "namespace"), PN_VALIDATE_INVALID, "must be %s",
                        PN_NAME_DNS_LABEL_RULE);
}

static bool are_same_text(struct pn_value a, struct pn_value b)
{
    return pn_str_eq(pn_value_str(a), pn_value_str(b));
}

static void walk_data_sources(struct pn_validate *v, const struct pn_at *at, struct pn_value source,
                              struct pn_value ref)
{
    struct pn_value f[SOURCE_FIELDS] = {{0}}, r[SOURCE_FIELDS] = {{0}};
    const struct pn_at *source_at = PN_AT(at, "dataSource"), *ref_at = PN_AT(at, "dataSourceRef");
    PN_PICK(v, source_at, source, source_fields, f);
    PN_PICK(v, ref_at, ref, source_fields, r);
    bool same = f[API_GROUP].kind == r[API_GROUP].kind &&
                are_same_text(f[API_GROUP], r[API_GROUP]) && are_same_text(f[KIND], r[KIND]) &&
                are_same_text(f[NAME], r[NAME]);
    if (source.kind == PN_OBJECT)
        walk_data_source(v, source_at, f, false);
    if (ref.kind == PN_OBJECT)
        walk_data_source(v, ref_at, r, true);
    if (source.kind != PN_OBJECT || ref.kind != PN_OBJECT)
        return;
    if (pn_value_str(r[NAMESPACE]).n > 0)
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must not have dataSource beside a dataSourceRef with a namespace");
    else if (!same)
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must have one thing in dataSource and "
                        "dataSourceRef");
}

static void walk_spec(struct pn_validate *v, const struct pn_at *at, struct pn_value spec)
{
    struct pn_value f[SPEC_FIELDS] = {{0}};
    PN_PICK(v, at, spec, spec_fields, f);
    walk_modes(v, PN_AT(at, "accessModes"), f[ACCESS_MODES]);
    pn_validate_label_selector(v, PN_AT(at, "selector"), f[SELECTOR]);
    walk_storage(v, PN_AT(at, "resources"), f[RESOURCES]);
    walk_class(v, PN_AT(at, "storageClassName"), pn_value_str(f[STORAGE_CLASS]));
    walk_class(v, PN_AT(at, "volumeAttributesClassName"), pn_value_str(f[ATTRIBUTES_CLASS]));
    if (f[VOLUME_MODE].kind == PN_STRING)
        pn_validate_choice(v, PN_AT(at, "volumeMode"), pn_value_str(f[VOLUME_MODE]),
                           "Block,Filesystem");
    walk_data_sources(v, at, f[DATA_SOURCE], f[DATA_SOURCE_REF]);
}

static const struct pn_field metadata_fields[] = {
    PN_FIELD("name", STRING),
    PN_FIELD("generateName", STRING),
    PN_FIELD("namespace", STRING),
    PN_FIELD("selfLink", STRING),
    PN_FIELD("uid", STRING),
    PN_FIELD("resourceVersion", STRING),
    PN_FIELD("generation", INT64),
    PN_FIELD("creationTimestamp", STRING),
    PN_FIELD("deletionTimestamp", STRING),
    PN_FIELD("deletionGracePeriodSeconds", INT64),
    PN_FIELD("labels", OBJECT),
    PN_FIELD("annotations", OBJECT),
    PN_FIELD("ownerReferences", LIST),
    PN_FIELD("finalizers", LIST),
    PN_FIELD("managedFields", LIST),
};

/* A pointer or list that is there; anything else that is not Go's zero. */
static bool is_set(const struct pn_field *field, struct pn_value value)
{
    if (pn_str_is(pn_str_of(field->name), "generation"))
        return pn_field_int(value) != 0;
    return value.kind == PN_STRING ? value.len > 0 : value.kind != PN_ABSENT;
}

/* ValidateTemplateObjectMeta: labels and annotations are all that a template may set. */
static void walk_metadata(struct pn_validate *v, const struct pn_at *at, struct pn_value metadata)
{
    struct pn_value f[PN_COUNT_OF(metadata_fields)] = {{0}};
    PN_PICK(v, at, metadata, metadata_fields, f);
    for (size_t i = 0; i < PN_COUNT_OF(metadata_fields); i++) {
        const char *name = metadata_fields[i].name;
        if (strcmp(name, "labels") == 0)
            pn_validate_labels(v, PN_AT(at, name), f[i]);
        else if (strcmp(name, "annotations") == 0)
            pn_validate_annotations(v, PN_AT(at, name), f[i]);
        else if (is_set(&metadata_fields[i], f[i]))
            pn_validate_add(v, PN_AT(at, strcmp(name, "uid") == 0 ? "uID" : name),
                            PN_VALIDATE_FORBIDDEN, "must not be set");
    }
}

void pn_validate_ephemeral(struct pn_validate *v, const struct pn_at *at, struct pn_value source)
{
    static const struct pn_field rows[] = {
        PN_FIELD("metadata", OBJECT),
        PN_FIELD("spec", OBJECT),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    const struct pn_at *place = PN_AT(at, "volumeClaimTemplate");
    struct pn_value template = pn_validate_one(v, at, source, "volumeClaimTemplate",
                                               PN_FIELD_OBJECT);
    if (template.kind != PN_OBJECT) {
        pn_validate_add(v, place, PN_VALIDATE_REQUIRED, "must be given");
        return;
    }
    PN_PICK(v, place, template, rows, f);
    walk_metadata(v, PN_AT(place, "metadata"), f[0]);
    walk_spec(v, PN_AT(place, "spec"), f[1]);
}
