/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/params.h"

#include "base/err.h"
#include "base/limits.h"
#include "engine/params_fit.h"
#include "engine/policy_set.h"
#include "engine/pattern.h"

/* ---- spec.parameters ------------------------------------------------------------------- */

struct declaration {
    struct pn_str name, pattern, key_pattern, description;
    int type;
    const struct pn_node *default_node, *allowed, *minimum, *maximum;
    int32_t max_length;
};

const struct pn_field pn_parameter_fields[] = {
    {"name", PN_FIELD_STRING, offsetof(struct declaration, name), true,
     .help = "Name, for parameters.NAME: letters, digits and _, no digit first"},
    {"type", PN_FIELD_ENUM, offsetof(struct declaration, type), true, pn_params_type_words,
     .help = "Type of its values"},
    {"default", PN_FIELD_NODE, offsetof(struct declaration, default_node), .form = PN_FORM_OF_TYPE,
     .help = "Value when nobody gives one; without it, the policy or the Pod must"},
    {"enum", PN_FIELD_NODE, offsetof(struct declaration, allowed), .form = PN_FORM_OF_TYPE,
     .shape = PN_SCHEMA_LIST, .help = "The values that are allowed"},
    {"pattern", PN_FIELD_STRING, offsetof(struct declaration, pattern),
     .help = "POSIX extended regular expression for the whole of a string, or each value of a map"},
    {"keyPattern", PN_FIELD_STRING, offsetof(struct declaration, key_pattern),
     .help = "The same for each key of a map"},
    {"minimum", PN_FIELD_NODE, offsetof(struct declaration, minimum), .form = PN_FORM_OF_TYPE,
     .help = "Smallest value, of numbers and quantities"},
    {"maximum", PN_FIELD_NODE, offsetof(struct declaration, maximum), .form = PN_FORM_OF_TYPE,
     .help = "Largest value, of numbers and quantities"},
    {"maxLength", PN_FIELD_INT32, offsetof(struct declaration, max_length),
     .help = "Bytes that a string, or a value of a map, has at most: 1 to 16384"},
    {"description", PN_FIELD_STRING, offsetof(struct declaration, description),
     .help = "What it is for"},
    {0}};

static struct pn_value value_of(struct pn_decoder *d, const struct pn_node *node)
{
    struct pn_value borrowed, frozen;
    if (pn_value_from_node(&borrowed, node, d->arena) != 0 ||
        pn_value_freeze(&frozen, borrowed, d->arena) != 0) {
        d->out_of_memory = true;
        return PN_VALUE_ABSENT;
    }
    return frozen;
}

/* An identifier, since expressions say parameters.NAME. */
static bool is_identifier(struct pn_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.s[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name.n > 0;
}

static void decode_pattern(struct pn_str *ret, struct pn_decoder *d, const struct pn_node *item,
                           const char *field, struct pn_str raw)
{
    char why[128];
    const char *fault = pn_pattern_fault(raw, why, sizeof why);
    if (fault == NULL) {
        *ret = raw.n > 0 ? raw : *ret;
        return;
    }
    d->out_of_memory = d->out_of_memory || fault == pn_pattern_out_of_memory;
    pn_decode_fault(d, pn_node_get(item, field), "invalid-pattern", "%s: %s", field, fault);
    pn_diags_help(d->diags,
                  "a POSIX extended regular expression of at most %d bytes, and %u characters with "
                  "its repeats written out",
                  PN_PATTERN_MAX_BYTES, PN_PATTERN_MAX_PLACES);
}

/* A value of the declaration that must fit the declaration's type. */
static struct pn_value typed_value(const struct pn_parameter *p, struct pn_decoder *d,
                                   const struct pn_node *node, const char *what)
{
    struct pn_value v = value_of(d, node);
    if (pn_params_has_type(p, v))
        return v;
    pn_decode_fault(d, node, "wrong-type", "%s of parameter `%.*s`: expected type %s, got %s", what,
                    PN_STR_ARG(p->name), pn_params_type_words[p->type], pn_node_kind_name(node));
    return PN_VALUE_ABSENT;
}

static void decode_bounds(struct pn_parameter *p, struct pn_decoder *d,
                          const struct declaration *nodes, const struct pn_node *item)
{
    bool ordered = p->type == PN_PARAMETER_INTEGER || p->type == PN_PARAMETER_NUMBER ||
                   p->type == PN_PARAMETER_QUANTITY;
    bool text = p->type == PN_PARAMETER_STRING || p->type == PN_PARAMETER_MAP;
    if (nodes->minimum != NULL && ordered)
        p->minimum = typed_value(p, d, nodes->minimum, "minimum");
    if (nodes->maximum != NULL && ordered)
        p->maximum = typed_value(p, d, nodes->maximum, "maximum");
    if ((nodes->minimum != NULL || nodes->maximum != NULL) && !ordered)
        pn_decode_fault(d, item, "parameter-bounds",
                        "minimum and maximum are for integers, numbers and quantities");
    if (p->minimum.kind != PN_ABSENT && p->maximum.kind != PN_ABSENT &&
        pn_params_order(p, p->minimum, p->maximum) > 0)
        pn_decode_fault(d, nodes->minimum, "parameter-bounds", "minimum is above maximum");
    if (nodes->pattern.n > 0 && !text)
        pn_decode_fault(d, pn_node_get(item, "pattern"), "parameter-bounds",
                        "pattern is for strings and maps");
    if (nodes->key_pattern.n > 0 && p->type != PN_PARAMETER_MAP)
        pn_decode_fault(d, pn_node_get(item, "keyPattern"), "parameter-bounds",
                        "keyPattern is for maps");
    const struct pn_node *max_length = pn_node_get(item, "maxLength");
    p->max_length = (uint32_t)nodes->max_length;
    if (max_length != NULL && !text)
        pn_decode_fault(d, max_length, "parameter-bounds", "maxLength is for strings and maps");
    else if (max_length != NULL &&
             (nodes->max_length < 1 || nodes->max_length > PN_PARAMETER_TEXT_LIMIT_BYTES))
        pn_decode_fault(d, max_length, "parameter-bounds",
                        "maxLength: expected 1 to %d, the bytes of a text (%d when it is not said)",
                        PN_PARAMETER_TEXT_LIMIT_BYTES, PN_PARAMETER_TEXT_MAX_BYTES);
    if (nodes->allowed == NULL || pn_decode_list(d, nodes->allowed, "enum") == NULL)
        return;
    p->allowed = value_of(d, nodes->allowed);
    struct pn_parameter one = *p;
    if (p->type == PN_PARAMETER_MAP) /* the words are for the values */
        one.type = PN_PARAMETER_STRING;
    for (uint32_t i = 0; i < nodes->allowed->sequence.count; i++)
        typed_value(&one, d, nodes->allowed->sequence.items[i], "enum");
}

static void decode_declaration(struct pn_parameter *p, struct pn_decoder *d,
                               const struct pn_node *item)
{
    struct declaration nodes = {0};
    struct pn_misfit misfit;
    size_t errors = d->diags->errors;
    pn_decode_object(d, item, "spec.parameters", pn_parameter_fields, &nodes);
    *p = (struct pn_parameter){.name = nodes.name,
                               .description = nodes.description,
                               .type = (enum pn_parameter_type)nodes.type};
    if (d->diags->errors > errors)
        return;
    if (!is_identifier(p->name)) {
        pn_decode_fault(d, pn_node_get(item, "name"), "invalid-name",
                        "parameter name `%.*s`: expected letters, digits and `_`, no digit first",
                        PN_STR_ARG(p->name));
        pn_diags_help(d->diags, "expressions say parameters.%s", "NAME");
    }
    decode_bounds(p, d, &nodes, item);
    decode_pattern(&p->pattern, d, item, "pattern", nodes.pattern);
    decode_pattern(&p->key_pattern, d, item, "keyPattern", nodes.key_pattern);
    if (nodes.default_node == NULL)
        return;
    p->default_value = typed_value(p, d, nodes.default_node, "default");
    if (p->default_value.kind == PN_ABSENT || pn_params_fits(p, p->default_value, &misfit))
        return;
    d->out_of_memory = d->out_of_memory || misfit.out_of_memory;
    pn_decode_fault(d, nodes.default_node, "parameter-invalid",
                    "default of parameter `%.*s`: expected %s", PN_STR_ARG(p->name),
                    misfit.expected.text);
}

void pn_parameters_decode(struct pn_parameters *ret, struct pn_decoder *d,
                          const struct pn_node *list)
{
    if (list == NULL || pn_decode_list(d, list, "spec.parameters") == NULL)
        return;
    uint32_t n = list->sequence.count;
    struct pn_parameter *items = pn_arena_zalloc(d->arena, n, sizeof *items);
    if (items == NULL) {
        d->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        decode_declaration(&items[i], d, list->sequence.items[i]);
        for (uint32_t k = 0; k < i; k++) {
            if (items[i].name.n > 0 && pn_str_eq(items[k].name, items[i].name))
                pn_decode_fault(d, list->sequence.items[i], "duplicate-name",
                                "two parameters are named `%.*s`", PN_STR_ARG(items[i].name));
        }
    }
    *ret = (struct pn_parameters){items, n};
}

/* ---- what the policy gives ------------------------------------------------------------- */

static bool is_overridden(const struct pn_overrides *overrides, const struct pn_parameter *p)
{
    for (size_t i = 0; i < overrides->count; i++) {
        if (overrides->items[i].parameter == p)
            return true;
    }
    return false;
}

/* The value of one parameter, PN_ABSENT when there is none (a fault, or left to overrides). */
static struct pn_value bind_one(struct pn_decoder *d, const struct pn_parameter *p,
                                const struct pn_node *given, bool overridden,
                                const struct pn_node *at)
{
    struct pn_misfit misfit;
    if (given != NULL) {
        struct pn_value v = value_of(d, given);
        if (pn_params_fits(p, v, &misfit))
            return v;
        d->out_of_memory = d->out_of_memory || misfit.out_of_memory;
        for (uint32_t i = 0; misfit.key.s != NULL && i < given->mapping.count; i++) {
            const struct pn_node_entry *e = &given->mapping.entries[i];
            if (!pn_str_eq(e->key->s, misfit.key))
                continue;
            given = misfit.is_key ? e->key : e->value;
            break;
        }
        pn_decode_fault(d, given, "parameter-invalid", "parameter `%.*s`: expected %s",
                        PN_STR_ARG(p->name), misfit.expected.text);
        return PN_VALUE_ABSENT;
    }
    if (p->default_value.kind == PN_ABSENT && !overridden)
        pn_decode_fault(d, at, "parameter-missing", "parameter `%.*s` has no default: give a value",
                        PN_STR_ARG(p->name));
    return p->default_value;
}

void pn_parameters_bind(struct pn_value *ret, struct pn_decoder *d,
                        const struct pn_parameters *parameters, const struct pn_node *given,
                        const struct pn_overrides *overrides, const struct pn_node *at)
{
    if (given != NULL && given->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, given, "wrong-type", "parameters: expected a mapping, got %s",
                        pn_node_kind_name(given));
        return;
    }
    for (uint32_t i = 0; given != NULL && i < given->mapping.count; i++) {
        if (pn_params_find(parameters, given->mapping.entries[i].key->s) == NULL)
            pn_params_unknown(d, given->mapping.entries[i].key, parameters);
    }
    struct pn_member *members = pn_arena_alloc(d->arena, parameters->count * sizeof *members);
    size_t n = 0;
    if (members == NULL) {
        d->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < parameters->count; i++) {
        const struct pn_parameter *p = &parameters->items[i];
        if (p->name.n == 0)
            continue; /* its declaration is faulty */
        struct pn_value v = bind_one(d, p, pn_node_get(given, p->name.s),
                                     is_overridden(overrides, p), at);
        if (v.kind != PN_ABSENT)
            members[n++] = (struct pn_member){p->name, v};
    }
    if (pn_object_take(ret, d->arena, members, n) < 0)
        d->out_of_memory = true;
}
