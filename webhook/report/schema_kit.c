/* SPDX-License-Identifier: Apache-2.0 */
#include "report/schema_kit.h"

json_t *pn_schema_kit_type(const char *name)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = json_object();
    return PN_JSON_SET(schema, "type", pn_json_text(name)) ? PN_TAKE(schema) : NULL;
}

json_t *pn_schema_kit_refer(const char *name)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = json_object();
    PN_CLEANUP(pn_buf_deinit) struct pn_buf target = PN_BUF_INIT;
    pn_buf_printf(&target, "#/definitions/%s", name);
    return !target.failed && PN_JSON_SET(schema, "$ref", pn_json_string(pn_buf_view(&target)))
               ? PN_TAKE(schema)
               : NULL;
}

/* {"KEYWORD": [a, b]}; b may be missing. */
json_t *pn_schema_kit_combine(struct pn_str keyword, json_t *a, json_t *b, bool has_b)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = json_object();
    json_t *list = json_array();
    bool is_good = pn_json_append(list, a);
    if (has_b)
        is_good = pn_json_append(list, b) && is_good;
    if (!is_good) {
        json_decref(list);
        return NULL;
    }
    return pn_json_set(schema, keyword, list) ? PN_TAKE(schema) : NULL;
}

json_t *pn_schema_kit_or_computed(json_t *schema, bool computed)
{
    return computed ? pn_schema_kit_combine(PN_STR("anyOf"), schema,
                                            pn_schema_kit_refer("expression"), true)
                    : schema;
}

json_t *pn_schema_kit_list(json_t *items)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = pn_schema_kit_type("array");
    return PN_JSON_SET(schema, "items", items) ? PN_TAKE(schema) : NULL;
}

json_t *pn_schema_kit_map(json_t *values)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = pn_schema_kit_type("object");
    return PN_JSON_SET(schema, "additionalProperties", values) ? PN_TAKE(schema) : NULL;
}

/* {"KEYWORD": [...]}; `words` ends with NULL. */
static json_t *keyword_words(struct pn_str keyword, const char *const *words)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = json_object();
    PN_CLEANUP(pn_json_drop) json_t *list = json_array();
    bool is_good = list != NULL;
    for (; *words != NULL; words++)
        is_good = pn_json_append(list, pn_json_text(*words)) && is_good;
    return is_good && pn_json_set(schema, keyword, PN_TAKE(list)) ? PN_TAKE(schema) : NULL;
}

json_t *pn_schema_kit_words(const char *const *words)
{
    return keyword_words(PN_STR("enum"), words);
}

json_t *pn_schema_kit_types(const char *const *names)
{
    return keyword_words(PN_STR("type"), names);
}

/* ---- a Pod ----------------------------------------------------------------------------- */

/* "pod-12": the name of a type of the Pod schema. */
struct type_name {
    char text[16];
};

static struct type_name name_of_type(const struct pn_schema_type *type)
{
    struct type_name name;
    snprintf(name.text, sizeof name.text, "pod-%u", pn_schema_type_index(type));
    return name;
}

/* What templates must say beyond the schema of a Pod (engine/fragment_check.c). */
static const struct demand {
    enum pn_schema_root type;
    const char *field;
    bool required;
    bool is_list;        /* null is none */
    const char *pattern; /* of the string */
} demands[] = {
    {PN_SCHEMA_CONTAINER, "name", .required = true},
    {PN_SCHEMA_CONTAINER, "image", .required = true},
    {PN_SCHEMA_CONTAINER, "restartPolicy", .pattern = "^Always$|[$][{]"},
    {PN_SCHEMA_CONTAINER, "ports", .is_list = true},
    {PN_SCHEMA_CONTAINER, "env", .is_list = true},
    {PN_SCHEMA_CONTAINER, "volumeMounts", .is_list = true},
    {PN_SCHEMA_VOLUME, "name", .required = true},
    {PN_SCHEMA_VOLUME_MOUNT, "name", .required = true},
    {PN_SCHEMA_VOLUME_MOUNT, "mountPath", .required = true},
    {PN_SCHEMA_ENV_VAR, "name", .required = true},
};

static const struct demand *find_demand(const struct pn_schema_type *type,
                                        const struct pn_schema_field *f)
{
    for (size_t i = 0; i < PN_COUNT_OF(demands); i++) {
        if (pn_schema_type(demands[i].type) == type &&
            pn_str_is(pn_schema_field_name(f), demands[i].field))
            return &demands[i];
    }
    return NULL;
}

json_t *pn_schema_kit_pattern(const char *pattern)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = pn_schema_kit_type("string");
    return PN_JSON_SET(schema, "pattern", pn_json_text(pattern)) ? PN_TAKE(schema) : NULL;
}

/* One value; null is none, but for an item. */
static json_t *pod_value(const struct pn_schema_field *f, bool is_item)
{
    static const char *const names[][4] = {
        [PN_SCHEMA_STRING] = {"string", "null"},
        [PN_SCHEMA_BOOL] = {"boolean", "null"},
        [PN_SCHEMA_INT32] = {"integer", "null"},
        [PN_SCHEMA_INT64] = {"integer", "null"},
        [PN_SCHEMA_QUANTITY] = {"string", "number", "null"},
        [PN_SCHEMA_INT_OR_STRING] = {"integer", "string", "null"},
        [PN_SCHEMA_TIME] = {"string", "null"},
        [PN_SCHEMA_OPAQUE] = {"object", "null"},
    };
    const struct pn_schema_type *type = pn_schema_field_type(f);
    if (type != NULL && is_item)
        return pn_schema_kit_refer(name_of_type(type).text);
    if (type != NULL)
        return pn_schema_kit_combine(PN_STR("anyOf"), pn_schema_kit_refer(name_of_type(type).text),
                                     pn_schema_kit_type("null"), true);
    const char *list[4] = {NULL};
    for (size_t i = 0; names[f->kind][i] != NULL; i++) {
        if (!is_item || strcmp(names[f->kind][i], "null") != 0)
            list[i] = names[f->kind][i];
    }
    return pn_schema_kit_or_computed(pn_schema_kit_types(list), true);
}

static json_t *pod_field(const struct pn_schema_field *f, const struct demand *demand)
{
    if (demand != NULL && demand->pattern != NULL)
        return pn_schema_kit_or_computed(pn_schema_kit_pattern(demand->pattern), true);
    if (f->shape == PN_SCHEMA_ONE)
        return pod_value(f, false);
    bool is_list = f->shape == PN_SCHEMA_LIST;
    bool needs_list = demand != NULL && demand->is_list;
    const char *const names[] = {is_list ? "array" : "object", needs_list ? NULL : "null", NULL};
    PN_CLEANUP(pn_json_drop) json_t *schema = pn_schema_kit_types(names);
    bool is_good = pn_json_set(schema, is_list ? PN_STR("items") : PN_STR("additionalProperties"),
                               pod_value(f, true));
    return is_good ? pn_schema_kit_or_computed(PN_TAKE(schema), true) : NULL;
}

/* A type and all that it holds, each once. */
static bool define_pod_type(json_t *definitions, const struct pn_schema_type *type)
{
    struct type_name name = name_of_type(type);
    if (json_object_get(definitions, name.text) != NULL)
        return true;
    PN_CLEANUP(pn_json_drop) json_t *schema = pn_schema_kit_type("object");
    json_t *properties = json_object(), *required = json_array(); /* borrowed from here on */
    bool is_good = PN_JSON_SET(schema, "properties", properties);
    is_good = PN_JSON_SET(schema, "required", required) && is_good;
    is_good = is_good && PN_JSON_SET(schema, "additionalProperties", json_false()) &&
              pn_json_set(definitions, pn_str_of(name.text),
                          pn_schema_kit_or_computed(json_incref(schema), true));
    for (uint16_t i = 0; i < type->count && is_good; i++) {
        const struct pn_schema_field *f = pn_schema_field_at(type, i);
        const struct demand *demand = find_demand(type, f);
        is_good = pn_json_set(properties, pn_schema_field_name(f), pod_field(f, demand));
        if (is_good && demand != NULL && demand->required)
            is_good = pn_json_append(required, pn_json_text(demand->field));
        if (is_good && pn_schema_field_type(f) != NULL)
            is_good = define_pod_type(definitions, pn_schema_field_type(f));
    }
    return is_good;
}

json_t *pn_schema_kit_pod(json_t *definitions, enum pn_schema_root root)
{
    const struct pn_schema_type *type = pn_schema_type(root);
    return define_pod_type(definitions, type) ? pn_schema_kit_refer(name_of_type(type).text) : NULL;
}
