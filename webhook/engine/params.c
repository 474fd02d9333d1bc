/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/params.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/number.h"
#include "kube/names.h"
#include "kube/quantity.h"

static const char *const type_words[] = {"string", "integer", "number", "boolean", "quantity",
                                         "array",  "object",  "map",    NULL};

/* ---- does a value fit? ------------------------------------------------------------------------
 */

static bool number_of(double *ret, struct pn_value v)
{
    if (v.kind == PN_INT)
        *ret = (double)v.i;
    else if (v.kind == PN_REAL)
        *ret = v.r;
    else
        return false;
    return true;
}

static bool has_type(const struct pn_parameter *p, struct pn_value v)
{
    struct pn_quantity quantity;
    double number;
    switch (p->type) {
    case PN_PARAMETER_STRING:
        return v.kind == PN_STRING;
    case PN_PARAMETER_INTEGER:
        return v.kind == PN_INT;
    case PN_PARAMETER_NUMBER:
        return number_of(&number, v);
    case PN_PARAMETER_BOOLEAN:
        return v.kind == PN_BOOL;
    case PN_PARAMETER_QUANTITY:
        return v.kind == PN_STRING && pn_quantity_parse(&quantity, pn_value_str(v), NULL) == 0;
    case PN_PARAMETER_ARRAY:
        return v.kind == PN_ARRAY;
    case PN_PARAMETER_OBJECT:
        return v.kind == PN_OBJECT;
    case PN_PARAMETER_MAP:
        for (uint32_t i = 0; i < pn_value_count(v); i++) {
            if (v.kind != PN_OBJECT || pn_value_member(v, i)->value.kind != PN_STRING)
                return false;
        }
        return v.kind == PN_OBJECT;
    }
    return false;
}

/* -1, 0 or 1; quantities by value. */
static int order(const struct pn_parameter *p, struct pn_value a, struct pn_value b)
{
    struct pn_quantity x, y;
    double m = 0, n = 0;
    if (p->type == PN_PARAMETER_QUANTITY) {
        if (pn_quantity_from_value(&x, a, NULL) != 0 || pn_quantity_from_value(&y, b, NULL) != 0)
            return 0;
        return pn_quantity_cmp(&x, &y);
    }
    if (a.kind == PN_INT && b.kind == PN_INT)
        return (a.i > b.i) - (a.i < b.i);
    number_of(&m, a);
    number_of(&n, b);
    return (m > n) - (m < n);
}

/*
 * Matches by an expression that is compiled for this one match: glibc lets a compiled one grow with
 * what it has matched, and locks it. Text and pattern are short, and it is rare.
 */
static bool matches(const struct pn_parameter *p, struct pn_str text)
{
    PN_CLEANUP(pn_free_pointer) char *copy = NULL;
    regex_t regex;
    if (p->pattern.s == NULL)
        return true;
    if (text.n > 0 && memchr(text.s, '\0', text.n) != NULL)
        return false;
    copy = malloc(text.n + 1);
    if (copy == NULL || regcomp(&regex, p->pattern.s, REG_EXTENDED | REG_NOSUB) != 0)
        return false; /* out of memory: better refused than unchecked */
    if (text.n > 0)
        memcpy(copy, text.s, text.n);
    copy[text.n] = '\0';
    bool matched = regexec(&regex, copy, 0, NULL, 0) == 0;
    regfree(&regex);
    return matched;
}

static bool is_allowed(const struct pn_parameter *p, struct pn_value v)
{
    for (uint32_t i = 0; i < pn_value_count(p->allowed); i++) {
        if (pn_value_equal(pn_value_at(p->allowed, i), v))
            return true;
    }
    return p->allowed.kind == PN_ABSENT;
}

/* Sets err to what was expected; true when the value fits. */
static bool fits_one(const struct pn_parameter *p, struct pn_value v, struct pn_err *err)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    if (p->max_length > 0 && v.kind == PN_STRING && v.len > p->max_length) {
        pn_err_set(err, 0, "at most %u bytes", p->max_length);
        return false;
    }
    if (!is_allowed(p, v)) {
        pn_json_write(&text, p->allowed);
        pn_err_set(err, 0, "one of %.*s", PN_STR_ARG(pn_buf_view(&text)));
        return false;
    }
    if (v.kind == PN_STRING && !matches(p, pn_value_str(v))) {
        pn_err_set(err, 0, "text that matches %.*s", (int)p->pattern.n - 4,
                   p->pattern.s + 2); /* without ^( and )$ */
        return false;
    }
    if (p->minimum.kind != PN_ABSENT && order(p, v, p->minimum) < 0) {
        pn_json_write(&text, p->minimum);
        pn_err_set(err, 0, "at least %.*s", PN_STR_ARG(pn_buf_view(&text)));
        return false;
    }
    if (p->maximum.kind != PN_ABSENT && order(p, v, p->maximum) > 0) {
        pn_json_write(&text, p->maximum);
        pn_err_set(err, 0, "at most %.*s", PN_STR_ARG(pn_buf_view(&text)));
        return false;
    }
    return true;
}

/* *ret_key becomes the key of the map's value that does not fit; untouched for anything else. */
static bool fits(const struct pn_parameter *p, struct pn_value v, struct pn_str *ret_key,
                 struct pn_err *err)
{
    if (!has_type(p, v)) {
        pn_err_set(err, 0, "%s %s",
                   p->type == PN_PARAMETER_INTEGER || p->type == PN_PARAMETER_ARRAY ||
                           p->type == PN_PARAMETER_OBJECT
                       ? "an"
                       : "a",
                   p->type == PN_PARAMETER_MAP ? "map of strings" : type_words[p->type]);
        return false;
    }
    if (p->type != PN_PARAMETER_MAP)
        return fits_one(p, v, err);
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        if (fits_one(p, pn_value_member(v, i)->value, err))
            continue;
        *ret_key = pn_value_member(v, i)->key;
        return false;
    }
    return true;
}

/* ---- spec.parameters ---------------------------------------------------------------------------
 */

struct declaration {
    struct pn_str name, pattern, description;
    int type;
    const struct pn_node *default_node, *allowed, *minimum, *maximum;
    int32_t max_length;
};

static const struct pn_field declaration_fields[] = {
    {"name", PN_FIELD_STRING, offsetof(struct declaration, name), true},
    {"type", PN_FIELD_ENUM, offsetof(struct declaration, type), true, type_words},
    {"default", PN_FIELD_NODE, offsetof(struct declaration, default_node)},
    {"enum", PN_FIELD_NODE, offsetof(struct declaration, allowed)},
    {"pattern", PN_FIELD_STRING, offsetof(struct declaration, pattern)},
    {"minimum", PN_FIELD_NODE, offsetof(struct declaration, minimum)},
    {"maximum", PN_FIELD_NODE, offsetof(struct declaration, maximum)},
    {"maxLength", PN_FIELD_INT32, offsetof(struct declaration, max_length)},
    {"description", PN_FIELD_STRING, offsetof(struct declaration, description)},
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

/* The pattern for the whole text; checked by itself first, so that the brackets cannot be left. */
static void decode_pattern(struct pn_parameter *p, struct pn_decoder *d, struct pn_str raw,
                           const struct pn_node *node)
{
    char why[128];
    regex_t regex;
    p->pattern = pn_arena_format(d->arena, "^(%.*s)$", PN_STR_ARG(raw));
    if (p->pattern.s == NULL) {
        d->out_of_memory = true;
        return;
    }
    if (raw.n > PN_PATTERN_MAX_BYTES || memchr(raw.s, '\0', raw.n) != NULL) {
        pn_decode_fault(d, node, "invalid-pattern", "pattern: at most %d bytes, and no NUL",
                        PN_PATTERN_MAX_BYTES);
        return;
    }
    for (size_t i = 0; i + 1 < raw.n; i++) {
        if (raw.s[i] == '\\' && raw.s[i + 1] >= '1' && raw.s[i + 1] <= '9')
            pn_decode_fault(d, node, "invalid-pattern",
                            "pattern: a reference back (\\%c) can take for ever to match",
                            raw.s[i + 1]);
    }
    char *copy = pn_arena_alloc(d->arena, raw.n + 1);
    if (copy == NULL) {
        d->out_of_memory = true;
        return;
    }
    memcpy(copy, raw.s, raw.n);
    copy[raw.n] = '\0';
    int r = regcomp(&regex, copy, REG_EXTENDED | REG_NOSUB);
    if (r == 0) {
        regfree(&regex);
        return;
    }
    regerror(r, &regex, why, sizeof why);
    pn_decode_fault(d, node, "invalid-pattern", "pattern: no POSIX extended regular expression: %s",
                    why);
}

/* A value of the declaration that must fit the declaration's type. */
static struct pn_value typed_value(const struct pn_parameter *p, struct pn_decoder *d,
                                   const struct pn_node *node, const char *what)
{
    struct pn_value v = value_of(d, node);
    if (has_type(p, v))
        return v;
    pn_decode_fault(d, node, "wrong-type", "%s of parameter `%.*s`: expected type %s, got %s", what,
                    PN_STR_ARG(p->name), type_words[p->type], pn_node_kind_name(node));
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
        order(p, p->minimum, p->maximum) > 0)
        pn_decode_fault(d, nodes->minimum, "parameter-bounds", "minimum is above maximum");
    if (nodes->pattern.n > 0 && !text)
        pn_decode_fault(d, pn_node_get(item, "pattern"), "parameter-bounds",
                        "pattern is for strings and maps");
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
    struct pn_err expected = PN_ERR_INIT;
    struct pn_str key;
    size_t errors = d->diags->errors;
    pn_decode_object(d, item, "spec.parameters", declaration_fields, &nodes);
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
    if (nodes.pattern.n > 0)
        decode_pattern(p, d, nodes.pattern, pn_node_get(item, "pattern"));
    if (nodes.default_node == NULL)
        return;
    p->default_value = typed_value(p, d, nodes.default_node, "default");
    if (p->default_value.kind != PN_ABSENT && !fits(p, p->default_value, &key, &expected))
        pn_decode_fault(d, nodes.default_node, "parameter-invalid",
                        "default of parameter `%.*s`: expected %s", PN_STR_ARG(p->name),
                        expected.text);
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

/* ---- what the policy gives
 * ------------------------------------------------------------------------ */

static const struct pn_parameter *find(const struct pn_parameters *parameters, struct pn_str name)
{
    for (size_t i = 0; i < parameters->count; i++) {
        if (pn_str_eq(parameters->items[i].name, name))
            return &parameters->items[i];
    }
    return NULL;
}

static void unknown_parameter(struct pn_decoder *d, const struct pn_node *node,
                              const struct pn_parameters *parameters)
{
    const char *names[64 + 1] = {NULL};
    for (size_t i = 0, n = 0; i < parameters->count && n < 64; i++) {
        if (parameters->items[i].name.n > 0)
            names[n++] = parameters->items[i].name.s;
    }
    pn_decode_fault(d, node, "unknown-parameter", "the template has no parameter `%.*s`",
                    PN_STR_ARG(node->s));
    pn_decode_help_with_words(d, node->s, names);
}

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
    struct pn_err expected = PN_ERR_INIT;
    if (given != NULL) {
        struct pn_value v = value_of(d, given);
        struct pn_str key = PN_STR_NULL;
        if (fits(p, v, &key, &expected))
            return v;
        for (uint32_t i = 0; key.s != NULL && i < given->mapping.count; i++) {
            if (!pn_str_eq(given->mapping.entries[i].key->s, key))
                continue;
            given = given->mapping.entries[i].value;
            break;
        }
        pn_decode_fault(d, given, "parameter-invalid", "parameter `%.*s`: expected %s",
                        PN_STR_ARG(p->name), expected.text);
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
        if (find(parameters, given->mapping.entries[i].key->s) == NULL)
            unknown_parameter(d, given->mapping.entries[i].key, parameters);
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

/* ---- overrides
 * ---------------------------------------------------------------------------------------- */

struct override_nodes {
    struct pn_str parameter, label, annotation, prefix;
};

static const struct pn_field override_fields[] = {
    {"parameter", PN_FIELD_STRING, offsetof(struct override_nodes, parameter), true},
    {"podLabel", PN_FIELD_STRING, offsetof(struct override_nodes, label)},
    {"podAnnotation", PN_FIELD_STRING, offsetof(struct override_nodes, annotation)},
    {"podAnnotationPrefix", PN_FIELD_STRING, offsetof(struct override_nodes, prefix)},
    {0}};

/* What a Pod's author may give: nothing that could smuggle text into a template unchecked. */
static void check_override(struct pn_decoder *d, const struct pn_node *item,
                           const struct pn_parameter *p, enum pn_override_source source,
                           struct pn_str key)
{
    const struct pn_str own = PN_STR("pannier.dev/");
    bool text = p->type == PN_PARAMETER_STRING || p->type == PN_PARAMETER_MAP;
    if (p->type == PN_PARAMETER_ARRAY || p->type == PN_PARAMETER_OBJECT)
        pn_decode_fault(d, item, "unsafe-override",
                        "parameter `%.*s`: an array or object cannot be overridden",
                        PN_STR_ARG(p->name));
    else if (text && p->pattern.s == NULL && p->allowed.kind == PN_ABSENT)
        pn_decode_fault(
            d, item, "unsafe-override",
            "parameter `%.*s` can be overridden, so it needs a pattern or an enum: what "
            "a Pod's author writes must not enter a template unchecked",
            PN_STR_ARG(p->name));
    if (pn_str_has_prefix(key, own) || pn_str_has_prefix(own, key))
        pn_decode_fault(
            d, item, "reserved-annotation",
            "overrides: `pannier.dev/` is for pannier itself: it changes between rounds");
    if ((source == PN_OVERRIDE_ANNOTATION_PREFIX) != (p->type == PN_PARAMETER_MAP))
        pn_decode_fault(d, item, "override-source",
                        "podAnnotationPrefix is for maps, podLabel and podAnnotation for all else");
}

static void decode_override(struct pn_override *ret, struct pn_decoder *d,
                            const struct pn_parameters *parameters, const struct pn_node *item)
{
    struct override_nodes nodes = {0};
    pn_decode_object(d, item, "overrides", override_fields, &nodes);
    int sources = (nodes.label.n > 0) + (nodes.annotation.n > 0) + (nodes.prefix.n > 0);
    if (item->kind != PN_NODE_MAPPING || nodes.parameter.n == 0)
        return;
    if (sources != 1) {
        pn_decode_fault(d, item, "override-source",
                        "an override has one of podLabel, podAnnotation and podAnnotationPrefix");
        return;
    }
    ret->parameter = find(parameters, nodes.parameter);
    if (ret->parameter == NULL) {
        unknown_parameter(d, pn_node_get(item, "parameter"), parameters);
        return;
    }
    ret->source = nodes.label.n > 0        ? PN_OVERRIDE_LABEL
                  : nodes.annotation.n > 0 ? PN_OVERRIDE_ANNOTATION
                                           : PN_OVERRIDE_ANNOTATION_PREFIX;
    ret->key = nodes.label.n > 0        ? nodes.label
               : nodes.annotation.n > 0 ? nodes.annotation
                                        : nodes.prefix;
    check_override(d, item, ret->parameter, ret->source, ret->key);
}

void pn_overrides_decode(struct pn_overrides *ret, struct pn_decoder *d,
                         const struct pn_parameters *parameters, const struct pn_node *list)
{
    if (list == NULL || pn_decode_list(d, list, "overrides") == NULL)
        return;
    struct pn_override *items = pn_arena_zalloc(d->arena, list->sequence.count, sizeof *items);
    size_t n = 0;
    if (items == NULL) {
        d->out_of_memory = true;
        return;
    }
    /* Labels first: an annotation beats a label. */
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < list->sequence.count; i++) {
            const struct pn_node *item = list->sequence.items[i];
            if ((pn_node_get(item, "podLabel") != NULL) != (pass == 0))
                continue;
            struct pn_override override = {0};
            decode_override(&override, d, parameters, item);
            if (override.parameter != NULL)
                items[n++] = override;
        }
    }
    *ret = (struct pn_overrides){items, n};
}

/* ---- for one Pod
 * ------------------------------------------------------------------------------------------ */

static bool read_text(struct pn_value *ret, const struct pn_parameter *p, struct pn_str text)
{
    int64_t i;
    double r;
    switch (p->type) {
    case PN_PARAMETER_INTEGER:
        if (!pn_number_read_int(&i, text))
            return false;
        *ret = pn_int(i);
        return true;
    case PN_PARAMETER_NUMBER:
        if (!pn_number_read_real(&r, text))
            return false;
        *ret = pn_number_read_int(&i, text) ? pn_int(i) : pn_real(r);
        return true;
    case PN_PARAMETER_BOOLEAN:
        *ret = pn_bool(pn_str_is(text, "true"));
        return pn_str_is(text, "true") || pn_str_is(text, "false");
    default:
        *ret = pn_string(text);
        return true;
    }
}

/* `key`: of a map, behind the prefix. */
static int invalid(struct pn_reason *ret_reason, struct pn_arena *a, const struct pn_override *o,
                   struct pn_str key, const char *expected)
{
    struct pn_str from = pn_arena_format(a, "%s %.*s%.*s",
                                         o->source == PN_OVERRIDE_LABEL ? "label" : "annotation",
                                         PN_STR_ARG(o->key), PN_STR_ARG(key));
    struct pn_str about = o->parameter->description;
    if (about.n > 0)
        about = pn_arena_format(a, " (%.*s)", PN_STR_ARG(about));
    *ret_reason = PN_REASON(a, PN_REASON_PARAMETER_INVALID, {"parameter", o->parameter->name},
                            {"about", about}, {"source", from},
                            {"expected", pn_arena_dup(a, pn_str_of(expected))});
    return PN_PARAMETERS_E_REASON;
}

/* The map of all annotations that begin with the key; PN_ABSENT when there is none. */
static int read_prefix(struct pn_value *ret, const struct pn_override *o, const struct pn_pod *pod,
                       struct pn_arena *a)
{
    uint32_t all = pn_value_count(pod->annotations);
    struct pn_member *members = pn_arena_alloc(a, all * sizeof *members);
    size_t n = 0;
    if (members == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < all; i++) {
        const struct pn_member *m = pn_value_member(pod->annotations, i);
        /* The key is the author's text too: only what can be an annotation's name gets through. */
        if (m->key.n <= o->key.n || !pn_str_has_prefix(m->key, o->key) ||
            !pn_name_is_annotation_key(m->key))
            continue;
        members[n].key = (struct pn_str){m->key.s + o->key.n, m->key.n - o->key.n};
        members[n++].value = m->value;
    }
    *ret = PN_VALUE_ABSENT;
    return n > 0 ? pn_object_take(ret, a, members, n) : 0;
}

static int read_override(struct pn_value *ret, const struct pn_override *o,
                         const struct pn_pod *pod, struct pn_arena *a, struct pn_reason *ret_reason)
{
    struct pn_err expected = PN_ERR_INIT;
    struct pn_parameter bounded = *o->parameter;
    struct pn_str key = PN_STR("");
    struct pn_value v;
    if (bounded.max_length == 0) /* a stranger's text has a bound in any case */
        bounded.max_length = PN_PARAMETER_TEXT_MAX_BYTES;
    if (o->source == PN_OVERRIDE_ANNOTATION_PREFIX) {
        int r = read_prefix(&v, o, pod, a);
        if (r != 0)
            return r;
    } else {
        v = pn_value_get(o->source == PN_OVERRIDE_LABEL ? pod->labels : pod->annotations, o->key);
        if (v.kind == PN_STRING && !read_text(&v, o->parameter, pn_value_str(v))) {
            pn_err_set(&expected, 0, "type %s", type_words[o->parameter->type]);
            return invalid(ret_reason, a, o, key, expected.text);
        }
    }
    if (v.kind != PN_ABSENT && !fits(&bounded, v, &key, &expected))
        return invalid(ret_reason, a, o, key, expected.text);
    *ret = v;
    return 0;
}

int pn_parameters_resolve(struct pn_value *ret, const struct pn_parameters *parameters,
                          struct pn_value bound, const struct pn_overrides *overrides,
                          const struct pn_pod *pod, struct pn_arena *a,
                          struct pn_reason *ret_reason)
{
    for (size_t i = 0; i < overrides->count; i++) {
        struct pn_value v;
        int r = read_override(&v, &overrides->items[i], pod, a, ret_reason);
        if (r == 0 && v.kind != PN_ABSENT)
            r = pn_object_with(&bound, a, bound, overrides->items[i].parameter->name, v);
        if (r != 0)
            return r;
    }
    for (size_t i = 0; overrides->count > 0 && i < parameters->count; i++) {
        if (pn_value_get(bound, parameters->items[i].name).kind != PN_ABSENT)
            continue;
        *ret_reason = PN_REASON(a, PN_REASON_PARAMETER_MISSING,
                                {"parameter", parameters->items[i].name});
        return PN_PARAMETERS_E_REASON;
    }
    *ret = bound;
    return 0;
}
