/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/decode.h"

#include <stdarg.h>

#include "base/err.h"
#include "base/fix.h"
#include "base/number.h"

/* The longest field table. */
enum { MAX_FIELDS = 32 };

void pn_decode_fault(struct pn_decoder *d, const struct pn_node *node, const char *id,
                     const char *format, ...)
{
    va_list args;
    struct pn_err text = PN_ERR_INIT;
    va_start(args, format);
    pn_err_setv(&text, 0, format, args);
    va_end(args);
    pn_diags_add(d->diags, PN_SEVERITY_ERROR, id, d->source, node->span, "%s", text.text);
}

static void wrong_type(struct pn_decoder *d, const struct pn_node *node, const char *what,
                       const char *name, const char *expected)
{
    pn_decode_fault(d, node, "wrong-type", "%s.%s: expected %s, got %s", what, name, expected,
                    pn_node_kind_name(node));
    if (node->kind == PN_NODE_NULL)
        pn_diags_help(d->diags, "give a value or leave the field out");
}

void pn_decode_help_with_quotes(struct pn_decoder *d, const struct pn_node *node)
{
    if (!node->plain || node->kind == PN_NODE_NULL)
        return;
    pn_diags_help(d->diags, "put it in quotes");
    pn_fix_quote(d->diags, d->source, node);
}

static struct pn_str keep(struct pn_decoder *d, struct pn_str text)
{
    struct pn_str copy = pn_arena_dup(d->arena, text);
    if (copy.s == NULL)
        d->out_of_memory = true;
    return copy;
}

/* "did you mean", or all that would have been right. */
void pn_decode_help_with_words(struct pn_decoder *d, struct pn_str word, const char *const *words)
{
    const char *near = pn_str_nearest(word, words);
    if (near != NULL) {
        pn_diags_help(d->diags, "did you mean `%s`?", near);
        return;
    }
    char list[512];
    size_t used = 0;
    for (; *words != NULL && used + strlen(*words) + 2 < sizeof list; words++) {
        if (used > 0) {
            memcpy(list + used, ", ", 2);
            used += 2;
        }
        memcpy(list + used, *words, strlen(*words));
        used += strlen(*words);
    }
    pn_diags_help(d->diags, "expected one of: %.*s", (int)used, list);
}

/* True when the value is of the kind that the field has, whatever else may be wrong with it. */
static bool is_of_field(const struct pn_node *value, const struct pn_field *field)
{
    bool is_scalar = value->kind != PN_NODE_MAPPING && value->kind != PN_NODE_SEQUENCE;
    switch (field->type) {
    case PN_FIELD_STRING_LIST:
        return value->kind == PN_NODE_SEQUENCE;
    case PN_FIELD_STRING_MAP:
    case PN_FIELD_OBJECT:
        return value->kind == PN_NODE_MAPPING;
    case PN_FIELD_NODE:
        return true;
    default:
        return is_scalar;
    }
}

/* Renames a misspelt key, unless the field is there already, or is another one by its value. */
static void fix_key(struct pn_decoder *d, const struct pn_node *object,
                    const struct pn_node_entry *e, const struct pn_field *fields,
                    const char *const *names)
{
    const char *meant = pn_str_meant(e->key->s, names);
    if (meant == NULL || pn_node_get(object, meant) != NULL)
        return;
    while (strcmp(fields->name, meant) != 0)
        fields++;
    if (is_of_field(e->value, fields))
        pn_fix_word(d->diags, d->source, e->key, pn_str_of(meant));
}

static void unknown_field(struct pn_decoder *d, const struct pn_node *object,
                          const struct pn_node_entry *e, const char *what,
                          const struct pn_field *fields)
{
    const struct pn_node *key = e->key;
    const char *names[MAX_FIELDS + 1];
    size_t n = 0;
    for (const struct pn_field *f = fields; f->name != NULL && n < MAX_FIELDS; f++)
        names[n++] = f->name;
    names[n] = NULL;
    pn_decode_fault(d, key, "unknown-field", "unknown field `%.*s` in %s", PN_STR_ARG(key->s),
                    what);
    pn_decode_help_with_words(d, key->s, names);
    fix_key(d, object, e, fields, names);
}

const struct pn_node *pn_decode_list(struct pn_decoder *d, const struct pn_node *node,
                                     const char *what)
{
    if (node->kind == PN_NODE_SEQUENCE)
        return node;
    pn_decode_fault(d, node, "wrong-type", "%s: expected a list, got %s", what,
                    pn_node_kind_name(node));
    return NULL;
}

static void decode_string(struct pn_decoder *d, const struct pn_node *node, const char *what,
                          const struct pn_field *field, struct pn_str *target)
{
    if (node->kind != PN_NODE_STRING) {
        wrong_type(d, node, what, field->name, "a string");
        pn_decode_help_with_quotes(d, node);
        return;
    }
    if (node->s.n == 0) {
        pn_decode_fault(d, node, "empty-value", "%s.%s: must not be empty", what, field->name);
        return;
    }
    *target = keep(d, node->s);
}

static void without_quotes(struct pn_decoder *d, const struct pn_node *node)
{
    pn_diags_help(d->diags, "leave out the quotes");
    pn_fix_unquote(d->diags, d->source, node);
}

static void decode_int32(struct pn_decoder *d, const struct pn_node *node, const char *what,
                         const struct pn_field *field, int32_t *target)
{
    int64_t i;
    if (node->kind != PN_NODE_INT) {
        wrong_type(d, node, what, field->name, "an integer");
        if (node->kind == PN_NODE_STRING && pn_number_read_int(&i, node->s))
            without_quotes(d, node);
    } else if (node->i < INT32_MIN || node->i > INT32_MAX)
        pn_decode_fault(d, node, "out-of-range", "%s.%s: must be between %d and %d", what,
                        field->name, INT32_MIN, INT32_MAX);
    else
        *target = (int32_t)node->i;
}

static void decode_bool(struct pn_decoder *d, const struct pn_node *node, const char *what,
                        const struct pn_field *field, bool *target)
{
    struct pn_str text = pn_node_str(node);
    if (node->kind == PN_NODE_BOOL) {
        *target = node->b;
        return;
    }
    wrong_type(d, node, what, field->name, "true or false");
    if (pn_str_is(text, "true") || pn_str_is(text, "false"))
        without_quotes(d, node);
}

static void decode_enum(struct pn_decoder *d, const struct pn_node *node, const char *what,
                        const struct pn_field *field, int *target)
{
    if (node->kind != PN_NODE_STRING) {
        wrong_type(d, node, what, field->name, "a string");
        return;
    }
    for (int i = 0; field->words[i] != NULL; i++) {
        if (pn_str_is(node->s, field->words[i])) {
            *target = i;
            return;
        }
    }
    pn_decode_fault(d, node, "unknown-value", "%s.%s: unknown value `%.*s`", what, field->name,
                    PN_STR_ARG(node->s));
    pn_decode_help_with_words(d, node->s, field->words);
    pn_fix_misspelt(d->diags, d->source, node, field->words);
}

static void decode_string_list(struct pn_decoder *d, const struct pn_node *node, const char *what,
                               const struct pn_field *field, struct pn_strs *target)
{
    if (node->kind != PN_NODE_SEQUENCE) {
        wrong_type(d, node, what, field->name, "a list of strings");
        return;
    }
    struct pn_str *items = pn_arena_alloc(d->arena, node->sequence.count * sizeof *items);
    if (items == NULL) {
        d->out_of_memory = true;
        return;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < node->sequence.count; i++) {
        const struct pn_node *item = node->sequence.items[i];
        if (item->kind == PN_NODE_STRING && item->s.n > 0)
            items[n++] = keep(d, item->s);
        else {
            wrong_type(d, item, what, field->name, "strings in the list");
            pn_decode_help_with_quotes(d, item);
        }
    }
    *target = (struct pn_strs){items, n};
}

static void decode_string_map(struct pn_decoder *d, const struct pn_node *node, const char *what,
                              const struct pn_field *field, struct pn_value *target)
{
    if (node->kind != PN_NODE_MAPPING) {
        wrong_type(d, node, what, field->name, "a mapping of strings");
        return;
    }
    bool good = true;
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        if (e->value->kind == PN_NODE_STRING)
            continue;
        good = false;
        pn_decode_fault(d, e->value, "wrong-type", "%s.%s[%.*s]: expected a string, got %s", what,
                        field->name, PN_STR_ARG(e->key->s), pn_node_kind_name(e->value));
        pn_decode_help_with_quotes(d, e->value);
    }
    struct pn_value borrowed;
    if (!good)
        return;
    if (pn_value_from_node(&borrowed, node, d->arena) != 0 ||
        pn_value_freeze(target, borrowed, d->arena) != 0)
        d->out_of_memory = true;
}

static void decode_field(struct pn_decoder *d, const struct pn_node *node, const char *what,
                         const struct pn_field *field, void *target)
{
    char *at = (char *)target + field->offset;
    struct pn_err inner;
    switch (field->type) {
    case PN_FIELD_STRING:
        decode_string(d, node, what, field, (void *)at);
        return;
    case PN_FIELD_BOOL:
        decode_bool(d, node, what, field, (void *)at);
        return;
    case PN_FIELD_INT32:
        decode_int32(d, node, what, field, (void *)at);
        return;
    case PN_FIELD_ENUM:
        decode_enum(d, node, what, field, (void *)at);
        return;
    case PN_FIELD_STRING_LIST:
        decode_string_list(d, node, what, field, (void *)at);
        return;
    case PN_FIELD_STRING_MAP:
        decode_string_map(d, node, what, field, (void *)at);
        return;
    case PN_FIELD_OBJECT:
        pn_err_set(&inner, 0, "%s.%s", what, field->name);
        pn_decode_object(d, node, inner.text, field->fields, at);
        return;
    case PN_FIELD_NODE:
        *(const struct pn_node **)(void *)at = node;
        return;
    }
}

void pn_decode_object(struct pn_decoder *d, const struct pn_node *node, const char *what,
                      const struct pn_field *fields, void *target)
{
    if (node->kind != PN_NODE_MAPPING) {
        pn_decode_fault(d, node, "wrong-type", "%s: expected a mapping, got %s", what,
                        pn_node_kind_name(node));
        return;
    }
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        const struct pn_field *f = fields;
        while (f->name != NULL && !pn_str_is(e->key->s, f->name))
            f++;
        if (f->name == NULL)
            unknown_field(d, node, e, what, fields);
        else
            decode_field(d, e->value, what, f, target);
    }
    for (const struct pn_field *f = fields; f->name != NULL; f++) {
        if (f->required && pn_node_get(node, f->name) == NULL)
            pn_decode_fault(d, node, "missing-field", "%s: field `%s` is required", what, f->name);
    }
}
