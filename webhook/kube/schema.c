/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/schema.h"

#include "base/number.h"
#include "kube/quantity.h"
#include "kube/schema_table.h"

/* Field names that a message lists when none is near what was written. */
enum { LISTED_MAX = 8 };

/* ---- fields ---------------------------------------------------------------------------- */

const struct pn_schema_type *pn_schema_type(enum pn_schema_root root)
{
    return &pn_schema_types[pn_schema_roots[root]];
}

static const struct pn_schema_field *find_between(const struct pn_schema_field *from,
                                                  const struct pn_schema_field *end,
                                                  struct pn_str name)
{
    for (const struct pn_schema_field *f = from; f < end; f++) {
        if (f->name_bytes == name.n && pn_str_same(pn_schema_names + f->name, name.s, name.n))
            return f;
    }
    return NULL;
}

uint16_t pn_schema_type_total(void)
{
    return pn_schema_type_count;
}

uint16_t pn_schema_type_index(const struct pn_schema_type *type)
{
    return (uint16_t)(type - pn_schema_types);
}

const struct pn_schema_field *pn_schema_field_at(const struct pn_schema_type *type, uint16_t i)
{
    return &pn_schema_fields[type->first + i];
}

const struct pn_schema_field *pn_schema_find_from(const struct pn_schema_type *type,
                                                  struct pn_str name, uint32_t *cursor)
{
    const struct pn_schema_field *first = &pn_schema_fields[type->first];
    const struct pn_schema_field *middle = first + *cursor;
    const struct pn_schema_field *found = find_between(middle, first + type->count, name);
    if (found == NULL)
        found = find_between(first, middle, name);
    if (found != NULL)
        *cursor = (uint32_t)(found - first) + 1;
    return found;
}

const struct pn_schema_field *pn_schema_find(const struct pn_schema_type *type, struct pn_str name)
{
    uint32_t cursor = 0;
    return pn_schema_find_from(type, name, &cursor);
}

struct pn_str pn_schema_field_name(const struct pn_schema_field *field)
{
    return (struct pn_str){pn_schema_names + field->name, field->name_bytes};
}

const struct pn_schema_type *pn_schema_field_type(const struct pn_schema_field *field)
{
    return field->kind == PN_SCHEMA_OBJECT ? &pn_schema_types[field->object] : NULL;
}

const struct pn_schema_type *pn_schema_inner(const struct pn_schema_type *type, struct pn_str name)
{
    const struct pn_schema_field *field = pn_schema_find(type, name);
    return field != NULL && field->shape != PN_SCHEMA_MAP ? pn_schema_field_type(field) : NULL;
}

struct pn_str pn_schema_field_keys(const struct pn_schema_field *field)
{
    return pn_str_of(pn_schema_names + field->keys);
}

/* ---- suggestions ----------------------------------------------------------------------- */

static void list_names(const char **ret, const struct pn_schema_type *type)
{
    for (uint32_t i = 0; i < type->count; i++)
        ret[i] = pn_schema_names + pn_schema_fields[type->first + i].name;
    ret[type->count] = NULL;
}

const char *pn_schema_nearest(const struct pn_schema_type *type, struct pn_str word)
{
    const char *names[PN_SCHEMA_FIELDS_MAX + 1];
    list_names(names, type);
    return pn_str_nearest(word, names);
}

const char *pn_schema_meant(const struct pn_schema_type *type, struct pn_str word)
{
    const char *names[PN_SCHEMA_FIELDS_MAX + 1];
    list_names(names, type);
    return pn_str_meant(word, names);
}

void pn_schema_suggest(const struct pn_schema_type *type, struct pn_str word,
                       struct pn_diags *diags)
{
    const char *near = pn_schema_nearest(type, word);
    if (near != NULL) {
        pn_diags_help(diags, "did you mean `%s`?", near);
        return;
    }
    PN_CLEANUP(pn_buf_deinit) struct pn_buf list = PN_BUF_INIT;
    for (uint32_t i = 0; i < type->count && i < LISTED_MAX; i++) {
        pn_buf_cstr(&list, i > 0 ? ", " : "");
        pn_buf_str(&list, pn_schema_field_name(&pn_schema_fields[type->first + i]));
    }
    if (type->count > LISTED_MAX)
        pn_buf_cstr(&list, ", ...");
    if (list.failed)
        diags->failed = true;
    pn_diags_help(diags, "expected one of: %.*s", PN_STR_ARG(pn_buf_view(&list)));
}

/* ---- kinds ----------------------------------------------------------------------------- */

const char *pn_schema_expected(enum pn_schema_kind kind)
{
    switch (kind) {
    case PN_SCHEMA_STRING:
        return "a string";
    case PN_SCHEMA_BOOL:
        return "true or false";
    case PN_SCHEMA_INT32:
    case PN_SCHEMA_INT64:
        return "an integer";
    case PN_SCHEMA_QUANTITY:
        return "a quantity such as 100m or 128Mi";
    case PN_SCHEMA_INT_OR_STRING:
        return "an integer or a string";
    case PN_SCHEMA_TIME:
        return "a time such as 2026-01-31T08:00:00Z";
    case PN_SCHEMA_OBJECT:
    case PN_SCHEMA_OPAQUE:
        break;
    }
    return "an object";
}

static enum pn_schema_fault out_of_range(int64_t min, int64_t max, struct pn_err *err)
{
    pn_err_set(err, 0, "must be between %lld and %lld", (long long)min, (long long)max);
    return PN_SCHEMA_FAULT_RANGE;
}

/* Go reads the digits as they stand: a fraction or an exponent is an error, 1e2 and 8080.0 too. */
static enum pn_schema_fault judge_int(struct pn_value v, int64_t min, int64_t max,
                                      struct pn_err *err)
{
    int64_t i = v.i;
    if (v.kind == PN_RAW && !pn_number_read_int(&i, pn_value_str(v))) {
        struct pn_str text = pn_value_str(v);
        bool digits_only = memchr(text.s, '.', text.n) == NULL &&
                           memchr(text.s, 'e', text.n) == NULL &&
                           memchr(text.s, 'E', text.n) == NULL;
        return digits_only ? out_of_range(min, max, err) : PN_SCHEMA_FAULT_TYPE;
    }
    if (v.kind != PN_INT && v.kind != PN_RAW)
        return PN_SCHEMA_FAULT_TYPE;
    return i < min || i > max ? out_of_range(min, max, err) : PN_SCHEMA_FAULT_NONE;
}

/* Digits, then m or Ki, Mi, Gi: what nearly all quantities look like, seen without arithmetic. */
static bool is_plain_quantity(struct pn_str text)
{
    size_t n = 0;
    while (n < text.n && text.s[n] >= '0' && text.s[n] <= '9')
        n++;
    if (n == 0 || n > 15) /* more digits may be out of range */
        return false;
    struct pn_str unit = {text.s + n, text.n - n};
    if (unit.n == 2 && unit.s[1] == 'i')
        return unit.s[0] == 'K' || unit.s[0] == 'M' || unit.s[0] == 'G';
    return unit.n == 0 || (unit.n == 1 && unit.s[0] == 'm');
}

static enum pn_schema_fault judge_quantity(struct pn_value v, struct pn_err *err)
{
    struct pn_quantity quantity;
    if (v.kind == PN_INT || v.kind == PN_REAL) /* every number is one */
        return PN_SCHEMA_FAULT_NONE;
    if (v.kind != PN_STRING && v.kind != PN_RAW)
        return PN_SCHEMA_FAULT_TYPE;
    if (is_plain_quantity(pn_value_str(v)))
        return PN_SCHEMA_FAULT_NONE;
    /* Quantity.UnmarshalJSON trims, ParseQuantity does not. */
    if (pn_quantity_parse(&quantity, pn_str_trim(pn_value_str(v)), err) != 0)
        return PN_SCHEMA_FAULT_QUANTITY;
    return PN_SCHEMA_FAULT_NONE;
}

/* Takes from *text what `pattern` says: '0' stands for a digit, all else for itself. */
static bool take(struct pn_str *text, const char *pattern)
{
    size_t n = strlen(pattern);
    if (text->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = text->s[i];
        if (pattern[i] == '0' ? c < '0' || c > '9' : c != pattern[i])
            return false;
    }
    *text = (struct pn_str){text->s + n, text->n - n};
    return true;
}

/* The form of RFC 3339, as Time.UnmarshalJSON reads it; whether June has 31 days is left to it. */
static bool is_time(struct pn_str text)
{
    if (!take(&text, "0000-00-00T00:00:00"))
        return false;
    if (take(&text, ".0") || take(&text, ",0")) {
        while (take(&text, "0"))
            ;
    }
    return (take(&text, "Z") || take(&text, "+00:00") || take(&text, "-00:00")) && text.n == 0;
}

enum pn_schema_fault pn_schema_judge(enum pn_schema_kind kind, struct pn_value v,
                                     struct pn_err *err)
{
    switch (kind) {
    case PN_SCHEMA_STRING:
        return v.kind == PN_STRING ? PN_SCHEMA_FAULT_NONE : PN_SCHEMA_FAULT_TYPE;
    case PN_SCHEMA_BOOL:
        return v.kind == PN_BOOL ? PN_SCHEMA_FAULT_NONE : PN_SCHEMA_FAULT_TYPE;
    case PN_SCHEMA_INT32:
        return judge_int(v, INT32_MIN, INT32_MAX, err);
    case PN_SCHEMA_INT64:
        return judge_int(v, INT64_MIN, INT64_MAX, err);
    case PN_SCHEMA_QUANTITY:
        return judge_quantity(v, err);
    case PN_SCHEMA_INT_OR_STRING:
        if (v.kind == PN_STRING)
            return PN_SCHEMA_FAULT_NONE;
        return judge_int(v, INT32_MIN, INT32_MAX, err);
    case PN_SCHEMA_TIME:
        if (v.kind != PN_STRING)
            return PN_SCHEMA_FAULT_TYPE;
        if (is_time(pn_value_str(v)))
            return PN_SCHEMA_FAULT_NONE;
        pn_err_set(err, 0, "expected %s", pn_schema_expected(kind));
        return PN_SCHEMA_FAULT_TIME;
    case PN_SCHEMA_OBJECT:
    case PN_SCHEMA_OPAQUE:
        break;
    }
    return PN_SCHEMA_FAULT_TYPE;
}

/* ---- what expressions see -------------------------------------------------------------- */

struct pn_value pn_schema_zero(const struct pn_schema_field *field)
{
    static const struct pn_block empty = {.count = 0};
    if (field->shape == PN_SCHEMA_LIST)
        return (struct pn_value){.kind = PN_ARRAY, .block = &empty};
    if (field->shape == PN_SCHEMA_MAP || field->kind == PN_SCHEMA_OBJECT ||
        field->kind == PN_SCHEMA_OPAQUE)
        return (struct pn_value){.kind = PN_OBJECT, .block = &empty};
    if (field->pointer)
        return pn_null();
    switch ((enum pn_schema_kind)field->kind) {
    case PN_SCHEMA_STRING:
        return pn_string(PN_STR(""));
    case PN_SCHEMA_BOOL:
        return pn_bool(false);
    case PN_SCHEMA_INT32:
    case PN_SCHEMA_INT64:
    case PN_SCHEMA_INT_OR_STRING:
        return pn_int(0);
    case PN_SCHEMA_QUANTITY:
        return pn_string(PN_STR("0"));
    case PN_SCHEMA_TIME:
    case PN_SCHEMA_OBJECT:
    case PN_SCHEMA_OPAQUE:
        break;
    }
    return pn_null();
}

struct pn_value pn_schema_get(const struct pn_schema_type *type, struct pn_value object,
                              struct pn_str name, const struct pn_schema_type **ret_type,
                              bool *ret_known)
{
    const struct pn_schema_field *field = pn_schema_find(type, name);
    struct pn_value v = pn_value_get(object, name);
    *ret_known = field != NULL;
    *ret_type = field != NULL ? pn_schema_field_type(field) : NULL;
    return field != NULL && pn_value_is_unset(v) ? pn_schema_zero(field) : v;
}
