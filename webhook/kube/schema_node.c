/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fix.h"
#include "base/number.h"
#include "kube/schema_table.h"

/* A node's place: a chain along the recursion, read only when something is wrong. */
struct step {
    const struct step *up; /* NULL: the document, and `name` is the caller's path */
    enum { FIELD, ITEM, ENTRY } how;
    uint32_t index;     /* ITEM */
    struct pn_str name; /* FIELD; ENTRY: the key */
    uint8_t since;      /* the newest version that was complained of on the way */
};

/* ---- faults ---------------------------------------------------------------------------- */

static void write_path(struct pn_buf *out, const struct step *step)
{
    if (step->up != NULL)
        write_path(out, step->up);
    if (step->how == FIELD && step->name.n > 0) {
        pn_buf_cstr(out, out->len > 0 ? "." : "");
        pn_buf_str(out, step->name);
    } else if (step->how == ITEM) {
        pn_buf_printf(out, "[%u]", step->index);
    } else if (step->how == ENTRY) {
        pn_buf_printf(out, "[%.*s]", PN_STR_ARG(step->name));
    }
}

/* Adds an error that begins with the path of `step`. */
static void fault(const struct pn_schema_check *c, const struct pn_node *node, const char *id,
                  const struct step *step, const char *text)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf message = PN_BUF_INIT;
    write_path(&message, step);
    pn_buf_cstr(&message, message.len > 0 ? ": " : "");
    pn_buf_cstr(&message, text);
    if (message.failed)
        c->diags->failed = true;
    pn_diags_add(c->diags, PN_SEVERITY_ERROR, id, c->source, node->span, "%.*s",
                 PN_STR_ARG(pn_buf_view(&message)));
}

/* True when the value is of the shape that the field has, whatever else may be wrong with it. */
static bool is_of_field(const struct pn_node *value, const struct pn_schema_field *field)
{
    if (field->shape == PN_SCHEMA_LIST)
        return value->kind == PN_NODE_SEQUENCE;
    if (field->shape != PN_SCHEMA_ONE || field->kind == PN_SCHEMA_OBJECT ||
        field->kind == PN_SCHEMA_OPAQUE)
        return value->kind == PN_NODE_MAPPING;
    return value->kind != PN_NODE_MAPPING && value->kind != PN_NODE_SEQUENCE;
}

/* Renames a misspelt key, unless the field is there already, or is another one by its value. */
static void fix_key(const struct pn_schema_check *c, const struct pn_node *object,
                    const struct pn_node_entry *e, const struct pn_schema_type *type)
{
    uint32_t cursor = 0;
    const char *meant = pn_schema_meant(type, e->key->s);
    if (meant == NULL || pn_node_get(object, meant) != NULL)
        return;
    const struct pn_schema_field *field = pn_schema_find_from(type, pn_str_of(meant), &cursor);
    if (field != NULL && is_of_field(e->value, field))
        pn_fix_word(c->diags, c->source, e->key, pn_str_of(meant));
}

static void unknown_field(const struct pn_schema_check *c, const struct pn_node *object,
                          const struct pn_node_entry *e, const struct step *parent,
                          const struct pn_schema_type *type)
{
    const struct pn_node *key = e->key;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf path = PN_BUF_INIT;
    write_path(&path, parent);
    if (path.failed)
        c->diags->failed = true;
    pn_diags_add(c->diags, PN_SEVERITY_ERROR, "unknown-field", c->source, key->span,
                 "unknown field `%.*s`%s%.*s", PN_STR_ARG(key->s), path.len > 0 ? " in " : "",
                 PN_STR_ARG(pn_buf_view(&path)));
    pn_schema_suggest(type, key->s, c->diags);
    fix_key(c, object, e, type);
}

static void too_new(const struct pn_schema_check *c, const struct pn_node *key,
                    const struct step *step, const struct pn_schema_field *field)
{
    struct pn_err text;
    pn_err_set(&text, 0, "the field is new in Kubernetes 1.%u, and 1.%u is to be supported",
               field->since, c->kube_minor);
    fault(c, key, "field-too-new", step, text.text);
    pn_diags_help(c->diags, "an older API server drops the field without a word");
}

/* ---- wrong types ----------------------------------------------------------------------- */

/* What stands between the braces when `text` is one ${...} and nothing else; s == NULL otherwise,
 * and when it cannot be shown between double quotes as it is. */
static struct pn_str sole_expression(struct pn_str text)
{
    if (!pn_str_has_prefix(text, PN_STR("${")) || !pn_str_has_suffix(text, PN_STR("}")))
        return PN_STR_NULL;
    struct pn_str inner = pn_str_trim((struct pn_str){text.s + 2, text.n - 3});
    for (size_t i = 0; i < inner.n; i++) {
        if (strchr("\"\\\n{}", inner.s[i]) != NULL)
            return PN_STR_NULL;
    }
    return inner;
}

/* True when the text of a string, without its quotes, would be of the wanted kind. */
static bool is_quoted_by_mistake(struct pn_str text, enum pn_schema_kind kind)
{
    int64_t i;
    if (kind == PN_SCHEMA_BOOL)
        return pn_str_is(text, "true") || pn_str_is(text, "false");
    return (kind == PN_SCHEMA_INT32 || kind == PN_SCHEMA_INT64) && pn_number_read_int(&i, text);
}

static void help_with_string(const struct pn_schema_check *c, const struct pn_node *node,
                             enum pn_schema_kind kind)
{
    struct pn_str text = node->s;
    struct pn_str expression = sole_expression(text);
    if (expression.s != NULL)
        pn_diags_help(c->diags, "${...} always makes a string: write {$eval: \"%.*s\"}",
                      PN_STR_ARG(expression));
    else if (pn_str_contains(text, PN_STR("${")))
        pn_diags_help(c->diags, "${...} always makes a string: write {$eval: ...}");
    else if (is_quoted_by_mistake(text, kind)) {
        pn_diags_help(c->diags, "leave out the quotes");
        pn_fix_unquote(c->diags, c->source, node);
    }
}

static void wrong_type(const struct pn_schema_check *c, const struct pn_node *node,
                       const struct step *step, const char *expected, enum pn_schema_kind kind)
{
    struct pn_err text;
    pn_err_set(&text, 0, "expected %s, got %s", expected, pn_node_kind_name(node));
    fault(c, node, "wrong-type", step, text.text);
    if (node->kind == PN_NODE_STRING)
        help_with_string(c, node, kind);
    else if (node->kind == PN_NODE_NULL)
        pn_diags_help(c->diags, "give a value or leave it out");
    else if (kind == PN_SCHEMA_STRING && node->plain) {
        pn_diags_help(c->diags, "put it in quotes");
        pn_fix_quote(c->diags, c->source, node);
    } else if (node->kind == PN_NODE_REAL && (kind == PN_SCHEMA_INT32 || kind == PN_SCHEMA_INT64))
        pn_diags_help(c->diags, "write it without a fraction or an exponent");
}

/* The binary suffix that is meant by "mi", "MI", "MiB"; 0: none. */
static char binary_prefix(struct pn_str suffix)
{
    bool has_byte = suffix.n == 3 && (suffix.s[2] == 'B' || suffix.s[2] == 'b');
    if ((suffix.n != 2 && !has_byte) || (suffix.s[1] != 'i' && suffix.s[1] != 'I'))
        return 0;
    for (const char *prefix = "KMGTPE"; *prefix != '\0'; prefix++) {
        if ((suffix.s[0] | 0x20) == (*prefix | 0x20))
            return *prefix;
    }
    return 0;
}

/* Writes what was meant by `text`, a quantity that is none: "16 Mi", "16mi"; 0: not known. */
static size_t mean_quantity(char *ret, size_t room, struct pn_str text)
{
    size_t n = 0;
    while (n < text.n && ((text.s[n] >= '0' && text.s[n] <= '9') || text.s[n] == '.'))
        n++;
    struct pn_str suffix = pn_str_trim((struct pn_str){text.s + n, text.n - n});
    bool begins_with_letter = suffix.n > 0 && (suffix.s[0] | 0x20) >= 'a' &&
                              (suffix.s[0] | 0x20) <= 'z';
    if (n == 0 || !begins_with_letter || n + suffix.n > room)
        return 0;
    memcpy(ret, text.s, n);
    char prefix = binary_prefix(suffix);
    if (prefix != 0)
        suffix.n = 2;
    memcpy(ret + n, suffix.s, suffix.n);
    if (prefix != 0) {
        ret[n] = prefix;
        ret[n + 1] = 'i';
    }
    return n + suffix.n;
}

static void fix_quantity(const struct pn_schema_check *c, const struct pn_node *node)
{
    char text[64];
    struct pn_err unused = PN_ERR_INIT;
    size_t n = mean_quantity(text, sizeof text, pn_node_str(node));
    struct pn_str meant = {text, n};
    if (n == 0 ||
        pn_schema_judge(PN_SCHEMA_QUANTITY, pn_string(meant), &unused) != PN_SCHEMA_FAULT_NONE)
        return;
    pn_diags_help(c->diags, "write %.*s", PN_STR_ARG(meant));
    pn_fix_word(c->diags, c->source, node, meant);
}

/* The same for what should have been a list. */
static void no_list(const struct pn_schema_check *c, const struct pn_node *node,
                    const struct step *step)
{
    struct pn_err text;
    pn_err_set(&text, 0, "expected a list, got %s", pn_node_kind_name(node));
    fault(c, node, "wrong-type", step, text.text);
    if (node->kind == PN_NODE_STRING && pn_str_contains(node->s, PN_STR("${")))
        help_with_string(c, node, PN_SCHEMA_OBJECT);
    else
        pn_diags_help(c->diags, "write a list: each item on a line that begins with `- `");
}

/* ---- the walk -------------------------------------------------------------------------- */

static bool is_computed(const struct pn_schema_check *c, const struct pn_node *node)
{
    return c->is_computed != NULL && c->is_computed(node, c->ctx);
}

/* The value of a scalar; of a list or mapping, its kind alone. */
static struct pn_value value_of(const struct pn_node *node)
{
    if (node->kind == PN_NODE_SEQUENCE || node->kind == PN_NODE_MAPPING)
        return (struct pn_value){.kind = node->kind == PN_NODE_SEQUENCE ? PN_ARRAY : PN_OBJECT};
    return pn_value_of_scalar(node);
}

static void check_scalar(const struct pn_schema_check *c, const struct pn_node *node,
                         const struct step *step, enum pn_schema_kind kind)
{
    static const char *const ids[] = {
        [PN_SCHEMA_FAULT_RANGE] = "out-of-range",
        [PN_SCHEMA_FAULT_QUANTITY] = "invalid-quantity",
        [PN_SCHEMA_FAULT_TIME] = "invalid-time",
    };
    struct pn_err text = PN_ERR_INIT;
    enum pn_schema_fault found = pn_schema_judge(kind, value_of(node), &text);
    if (found == PN_SCHEMA_FAULT_TYPE)
        wrong_type(c, node, step, pn_schema_expected(kind), kind);
    else if (found != PN_SCHEMA_FAULT_NONE && !is_computed(c, node)) {
        fault(c, node, ids[found], step, text.text);
        if (found == PN_SCHEMA_FAULT_QUANTITY)
            fix_quantity(c, node);
    }
}

static void check_object(const struct pn_schema_check *c, const struct pn_node *node,
                         const struct step *step, const struct pn_schema_type *type);

/* The field's value, or an item of it. */
static void check_one(const struct pn_schema_check *c, const struct pn_node *node,
                      const struct step *step, const struct pn_schema_field *field)
{
    /* A computed string is known to be a string. */
    if (node->kind != PN_NODE_STRING && is_computed(c, node))
        return;
    if (field->kind == PN_SCHEMA_OBJECT)
        check_object(c, node, step, pn_schema_field_type(field));
    else if (field->kind != PN_SCHEMA_OPAQUE)
        check_scalar(c, node, step, (enum pn_schema_kind)field->kind);
    else if (node->kind != PN_NODE_MAPPING)
        wrong_type(c, node, step, "a mapping", PN_SCHEMA_OPAQUE);
}

static void check_list(const struct pn_schema_check *c, const struct pn_node *node,
                       const struct step *step, const struct pn_schema_field *field)
{
    if (node->kind != PN_NODE_SEQUENCE) {
        no_list(c, node, step);
        return;
    }
    for (uint32_t i = 0; i < node->sequence.count; i++) {
        struct step below = {.up = step, .how = ITEM, .index = i, .since = step->since};
        check_one(c, node->sequence.items[i], &below, field);
    }
}

static void check_map(const struct pn_schema_check *c, const struct pn_node *node,
                      const struct step *step, const struct pn_schema_field *field)
{
    if (node->kind != PN_NODE_MAPPING) {
        wrong_type(c, node, step, "a mapping", PN_SCHEMA_OBJECT);
        return;
    }
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        struct step below = {.up = step, .how = ENTRY, .name = e->key->s, .since = step->since};
        check_one(c, e->value, &below, field);
    }
}

static void check_field(const struct pn_schema_check *c, const struct pn_node *node,
                        const struct step *step, const struct pn_schema_field *field)
{
    if (node->kind == PN_NODE_NULL)
        return;
    if (field->shape == PN_SCHEMA_ONE)
        check_one(c, node, step, field);
    else if (node->kind != PN_NODE_STRING && is_computed(c, node))
        return;
    else if (field->shape == PN_SCHEMA_LIST)
        check_list(c, node, step, field);
    else
        check_map(c, node, step, field);
}

static void check_object(const struct pn_schema_check *c, const struct pn_node *node,
                         const struct step *step, const struct pn_schema_type *type)
{
    uint32_t cursor = 0;
    if (node->kind != PN_NODE_MAPPING) {
        wrong_type(c, node, step, "a mapping", PN_SCHEMA_OBJECT);
        return;
    }
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        struct step below = {.up = step, .how = FIELD, .name = e->key->s, .since = step->since};
        if (is_computed(c, e->key))
            continue;
        const struct pn_schema_field *field = pn_schema_find_from(type, e->key->s, &cursor);
        if (field == NULL) {
            unknown_field(c, node, e, step, type);
            continue;
        }
        if (c->kube_minor > 0 && field->since > c->kube_minor && field->since > step->since) {
            too_new(c, e->key, &below, field);
            below.since = field->since;
        }
        check_field(c, e->value, &below, field);
    }
}

void pn_schema_check_node(const struct pn_schema_check *check, const struct pn_schema_type *type,
                          const struct pn_node *node, const char *path)
{
    struct step root = {.how = FIELD, .name = pn_str_of(path)};
    if (node->kind == PN_NODE_STRING || !is_computed(check, node))
        check_object(check, node, &root, type);
}
