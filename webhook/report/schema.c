/* SPDX-License-Identifier: Apache-2.0 */
#include "report/schema.h"

#include <errno.h>

#include "engine/params.h"
#include "engine/params_fit.h"
#include "engine/reason.h"
#include "report/schema_kit.h"

/*
 * A schema that cannot be made is NULL, which travels up (json_kit.h).
 *
 * All that is referred to stands under `definitions`: kinds by their names, types of a Pod as
 * pod-N, and what is used in many places.
 */

/* In draft-07 nothing beside a $ref counts. */
static json_t *described(json_t *take, const char *help)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = take;
    if (schema != NULL && json_object_get(schema, "$ref") != NULL)
        schema = pn_schema_kit_combine(PN_STR("allOf"), PN_TAKE(schema), NULL, false);
    return help == NULL || PN_JSON_SET(schema, "description", pn_json_text(help)) ? PN_TAKE(schema)
                                                                                  : NULL;
}

static json_t *filled_string(void)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = pn_schema_kit_type("string");
    return PN_JSON_SET(schema, "minLength", json_integer(1)) ? PN_TAKE(schema) : NULL;
}

static bool define(json_t *definitions, const char *name, json_t *take)
{
    return pn_json_set(definitions, pn_str_of(name), take);
}

/* As in apimachinery/pkg/api/resource: digits with a point somewhere, and a suffix. */
#define QUANTITY "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"

/* ---- our documents --------------------------------------------------------------------- */

static json_t *object_of(json_t *definitions, const struct pn_field *fields,
                         const struct pn_document_kind *kind);

/* Reasons of the class, or those that a policy can have. */
static json_t *reasons_of(enum pn_field_form form)
{
    const char *names[PN_REASON_COUNT + 1] = {NULL};
    size_t n = 0;
    for (unsigned i = PN_REASON_NONE + 1; i < PN_REASON_COUNT; i++) {
        enum pn_reason_class class = pn_reason_class_of((enum pn_reason_id)i);
        enum pn_field_form its = class == PN_CLASS_REVIEW ? PN_FORM_REVIEW_REASON
                                 : class == PN_CLASS_NOTE ? PN_FORM_NOTE
                                                          : PN_FORM_POLICY_REASON;
        if (its == form)
            names[n++] = pn_reason_name((enum pn_reason_id)i);
    }
    return pn_schema_kit_words(names);
}

/* An object of this schema that has a name. */
static json_t *named(json_t *take)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = json_object();
    json_t *required = json_array();
    bool is_good = pn_json_append(required, pn_json_text("name"));
    is_good = PN_JSON_SET(schema, "required", required) && is_good;
    if (is_good)
        return pn_schema_kit_combine(PN_STR("allOf"), take, PN_TAKE(schema), true);
    json_decref(take);
    return NULL;
}

static json_t *node_value(json_t *definitions, const struct pn_field *f)
{
    static const char *const manifest[] = {"object", "string", NULL};
    switch (f->form) {
    case PN_FORM_ANY:
    case PN_FORM_OF_TYPE: /* see add_types() */
        return json_object();
    case PN_FORM_STRING:
        return f->words != NULL ? pn_schema_kit_words(f->words) : pn_schema_kit_type("string");
    case PN_FORM_STRINGS:
        return pn_schema_kit_list(pn_schema_kit_type("string"));
    case PN_FORM_BOOL:
        return pn_schema_kit_type("boolean");
    case PN_FORM_INTEGER:
        return pn_schema_kit_type("integer");
    case PN_FORM_QUANTITY:
        return pn_schema_kit_refer("quantity");
    case PN_FORM_OBJECT:
        return f->fields != NULL ? object_of(definitions, f->fields, NULL)
                                 : pn_schema_kit_type("object");
    case PN_FORM_SELECTOR:
        return pn_schema_kit_refer("selector");
    case PN_FORM_KUBERNETES:
        if (f->root == PN_SCHEMA_LOCAL_OBJECT_REFERENCE) /* elsewhere in a Pod, its name may lack */
            return named(pn_schema_kit_pod(definitions, f->root));
        return pn_schema_kit_pod(definitions, f->root);
    case PN_FORM_MANIFEST:
        return pn_schema_kit_types(manifest);
    case PN_FORM_REVIEW_REASON:
    case PN_FORM_POLICY_REASON:
    case PN_FORM_NOTE:
        return reasons_of(f->form);
    }
    return NULL;
}

static json_t *node_schema(json_t *definitions, const struct pn_field *f)
{
    json_t *value = pn_schema_kit_or_computed(node_value(definitions, f), f->computed);
    switch (f->shape) {
    case PN_SCHEMA_LIST:
        return pn_schema_kit_or_computed(pn_schema_kit_list(value), f->computed);
    case PN_SCHEMA_MAP:
        return pn_schema_kit_map(value);
    case PN_SCHEMA_ONE:
        break;
    }
    return value;
}

static json_t *int32_schema(void)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = pn_schema_kit_type("integer");
    return PN_JSON_SET(schema, "minimum", json_integer(INT32_MIN)) &&
                   PN_JSON_SET(schema, "maximum", json_integer(INT32_MAX))
               ? PN_TAKE(schema)
               : NULL;
}

static json_t *field_schema(json_t *definitions, const struct pn_field *f)
{
    switch (f->type) {
    case PN_FIELD_STRING:
        return filled_string();
    case PN_FIELD_BOOL:
        return pn_schema_kit_type("boolean");
    case PN_FIELD_INT32:
        return int32_schema();
    case PN_FIELD_ENUM:
        return pn_schema_kit_words(f->words);
    case PN_FIELD_STRING_LIST:
        return pn_schema_kit_list(f->words != NULL ? pn_schema_kit_words(f->words)
                                                   : filled_string());
    case PN_FIELD_STRING_MAP:
        return pn_schema_kit_map(pn_schema_kit_type("string"));
    case PN_FIELD_OBJECT:
        return object_of(definitions, f->fields, NULL);
    case PN_FIELD_NODE:
        return node_schema(definitions, f);
    }
    return NULL;
}

/* A value of a parameter's type; `is_item`: of a list of what is allowed, which for a map are its
 * values. */
static json_t *value_of_type(enum pn_parameter_type type, bool is_item)
{
    static const char *const names[] = {
        [PN_PARAMETER_STRING] = "string", [PN_PARAMETER_INTEGER] = "integer",
        [PN_PARAMETER_NUMBER] = "number", [PN_PARAMETER_BOOLEAN] = "boolean",
        [PN_PARAMETER_ARRAY] = "array",   [PN_PARAMETER_OBJECT] = "object",
    };
    if (type == PN_PARAMETER_QUANTITY)
        return pn_schema_kit_pattern(QUANTITY);
    if (type == PN_PARAMETER_MAP)
        return is_item ? pn_schema_kit_type("string")
                       : pn_schema_kit_map(pn_schema_kit_type("string"));
    return pn_schema_kit_type(names[type]);
}

static json_t *constant(const char *word)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = json_object();
    return PN_JSON_SET(schema, "const", pn_json_text(word)) ? PN_TAKE(schema) : NULL;
}

/* {"if": {"properties": {FIELD: {"const": VALUE}}, "required": [FIELD]}, "then": ...} */
static json_t *when_field_is(const char *field, const char *value, json_t *then)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = json_object();
    PN_CLEANUP(pn_json_drop) json_t *condition = json_object();
    PN_CLEANUP(pn_json_drop) json_t *properties = json_object();
    PN_CLEANUP(pn_json_drop) json_t *required = json_array();
    bool is_good = PN_JSON_SET(schema, "then", then);
    return is_good && pn_json_set(properties, pn_str_of(field), constant(value)) &&
                   PN_JSON_SET(condition, "properties", PN_TAKE(properties)) &&
                   pn_json_append(required, pn_json_text(field)) &&
                   PN_JSON_SET(condition, "required", PN_TAKE(required)) &&
                   PN_JSON_SET(schema, "if", PN_TAKE(condition))
               ? PN_TAKE(schema)
               : NULL;
}

/* What the field `type` of a parameter says of other fields. */
static bool add_types(json_t *schema, const struct pn_field *fields)
{
    json_t *all = json_array(); /* borrowed from here on */
    bool is_good = PN_JSON_SET(schema, "allOf", all);
    for (unsigned type = 0; pn_params_type_words[type] != NULL && is_good; type++) {
        PN_CLEANUP(pn_json_drop) json_t *then = json_object();
        json_t *properties = json_object();
        is_good = PN_JSON_SET(then, "properties", properties);
        for (const struct pn_field *f = fields; f->name != NULL && is_good; f++) {
            bool is_list = f->shape == PN_SCHEMA_LIST;
            if (f->type != PN_FIELD_NODE || f->form != PN_FORM_OF_TYPE)
                continue;
            json_t *value = value_of_type((enum pn_parameter_type)type, is_list);
            is_good = pn_json_set(properties, pn_str_of(f->name),
                                  is_list ? pn_schema_kit_list(value) : value);
        }
        is_good = is_good && pn_json_append(all, when_field_is("type", pn_params_type_words[type],
                                                               PN_TAKE(then)));
    }
    return is_good;
}

static bool has_types(const struct pn_field *fields)
{
    for (; fields->name != NULL; fields++) {
        if (fields->type == PN_FIELD_NODE && fields->form == PN_FORM_OF_TYPE)
            return true;
    }
    return false;
}

/* A field of a document whose value its kind decides; NULL with *ret_is_other for all others. */
static json_t *header_schema(json_t *definitions, const struct pn_field *f,
                             const struct pn_document_kind *kind, bool *ret_is_other)
{
    struct pn_str name = pn_str_of(f->name);
    if (kind != NULL && pn_str_is(name, "apiVersion"))
        return constant(PN_API_VERSION);
    if (kind != NULL && pn_str_is(name, "kind"))
        return constant(kind->name);
    if (kind != NULL && kind->spec != NULL && pn_str_is(name, "spec"))
        return described(object_of(definitions, kind->spec, NULL), kind->help);
    *ret_is_other = true;
    return NULL;
}

/* `kind`: NULL unless the object is a document. */
static json_t *object_of(json_t *definitions, const struct pn_field *fields,
                         const struct pn_document_kind *kind)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = pn_schema_kit_type("object");
    PN_CLEANUP(pn_json_drop) json_t *required = json_array();
    json_t *properties = json_object(); /* borrowed from here on */
    bool is_good = PN_JSON_SET(schema, "properties", properties) && required != NULL;
    for (const struct pn_field *f = fields; f->name != NULL && is_good; f++) {
        bool is_other = false;
        json_t *value = header_schema(definitions, f, kind, &is_other);
        if (is_other)
            value = field_schema(definitions, f);
        is_good = pn_json_set(properties, pn_str_of(f->name), described(value, f->help));
        if (f->required || (kind != NULL && kind->spec != NULL && strcmp(f->name, "spec") == 0))
            is_good = pn_json_append(required, pn_json_text(f->name)) && is_good;
    }
    if (is_good && json_array_size(required) > 0)
        is_good = PN_JSON_SET(schema, "required", PN_TAKE(required));
    is_good = is_good && PN_JSON_SET(schema, "additionalProperties", json_false());
    if (is_good && has_types(fields))
        is_good = add_types(schema, fields);
    return is_good ? PN_TAKE(schema) : NULL;
}

/* ---- the whole ------------------------------------------------------------------------- */

/* What is simplest to read as it is. */
static const char common[] =
    "{\"expression\": {"
    "  \"description\": \"JSON-e: an operator such as $eval, $if, $map or $merge\","
    "  \"type\": \"object\","
    "  \"not\": {\"propertyNames\": {\"not\": {\"pattern\": \"^[$][^$]|[$][{]\"}}}"
    " },"
    " \"quantity\": {\"type\": [\"string\", \"number\"], \"pattern\": \"" QUANTITY "\"},"
    " \"selector\": {"
    "  \"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "   \"matchLabels\": {\"type\": [\"object\", \"null\"],"
    "    \"additionalProperties\": {\"type\": \"string\"}},"
    "   \"matchExpressions\": {\"type\": [\"array\", \"null\"], \"items\": {"
    "    \"type\": \"object\", \"additionalProperties\": false,"
    "    \"required\": [\"key\", \"operator\"], \"properties\": {"
    "     \"key\": {\"type\": \"string\"},"
    "     \"operator\": {\"enum\": [\"In\", \"NotIn\", \"Exists\", \"DoesNotExist\"]},"
    "     \"values\": {\"type\": [\"array\", \"null\"], \"items\": {\"type\": \"string\"}}"
    "}}}}}}";

static bool define_kind(json_t *definitions, const struct pn_document_kind *kind)
{
    return define(definitions, kind->name,
                  described(object_of(definitions, kind->fields, kind), kind->help));
}

/* The kinds by the field `kind`; of one alone, the document is of it. */
static bool add_choice(json_t *schema, const struct pn_document_kind *const *kinds)
{
    json_t *all = json_array(); /* borrowed from here on */
    bool is_good = PN_JSON_SET(schema, "allOf", all);
    if (is_good && kinds[0] != NULL && kinds[1] == NULL)
        return pn_json_append(all, pn_schema_kit_refer(kinds[0]->name));
    PN_CLEANUP(pn_json_drop) json_t *header = pn_schema_kit_type("object");
    PN_CLEANUP(pn_json_drop) json_t *properties = json_object();
    PN_CLEANUP(pn_json_drop) json_t *required = json_array();
    const char *names[16] = {NULL};
    for (size_t i = 0; kinds[i] != NULL && i + 1 < PN_COUNT_OF(names) && is_good; i++) {
        names[i] = kinds[i]->name;
        is_good = pn_json_append(
            all, when_field_is("kind", kinds[i]->name, pn_schema_kit_refer(kinds[i]->name)));
    }
    return is_good && PN_JSON_SET(properties, "apiVersion", constant(PN_API_VERSION)) &&
           PN_JSON_SET(properties, "kind", pn_schema_kit_words(names)) &&
           PN_JSON_SET(header, "properties", PN_TAKE(properties)) &&
           pn_json_append(required, pn_json_text("apiVersion")) &&
           pn_json_append(required, pn_json_text("kind")) &&
           PN_JSON_SET(header, "required", PN_TAKE(required)) &&
           json_array_insert_new(all, 0, PN_TAKE(header)) == 0;
}

int pn_schema_write_document(struct pn_buf *out, const struct pn_document_kind *const *kinds)
{
    PN_CLEANUP(pn_json_drop) json_t *schema = json_object();
    json_t *definitions = json_loads(common, 0, NULL);
    json_t *borrowed = definitions;
    bool is_good = PN_JSON_SET(schema, "$schema",
                               pn_json_text("http://json-schema.org/draft-07/schema#")) &&
                   PN_JSON_SET(schema, "title", pn_json_text("Documents of pannier"));
    is_good = is_good && add_choice(schema, kinds);
    is_good = PN_JSON_SET(schema, "definitions", definitions) && is_good;
    for (size_t i = 0; kinds[i] != NULL && is_good; i++)
        is_good = define_kind(borrowed, kinds[i]);
    return is_good ? pn_json_document(out, schema) : -ENOMEM;
}
