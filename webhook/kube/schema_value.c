/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "kube/schema_table.h"

/* A value's place: a chain along the recursion, read only when something is wrong. */
struct step {
    const struct step *up;          /* NULL: the value as a whole */
    const struct pn_member *member; /* NULL: the item at `index` */
    uint32_t index;
};

struct pointer {
    struct pn_str *ret;
    struct pn_arena *arena;
    struct pn_err *err;
};

/* ---- faults ---------------------------------------------------------------------------- */

static void write_pointer(struct pn_buf *out, const struct step *step)
{
    if (step->up == NULL)
        return;
    write_pointer(out, step->up);
    if (step->member != NULL)
        pn_buf_pointer(out, step->member->key);
    else
        pn_buf_printf(out, "/%u", step->index);
}

static int point_at(const struct pointer *p, const struct step *step)
{
    struct pn_buf text = PN_BUF_IN_ARENA(p->arena);
    write_pointer(&text, step);
    if (text.failed)
        return pn_err_set(p->err, -ENOMEM, "out of memory");
    *p->ret = text.len > 0 ? pn_buf_view(&text) : PN_STR("");
    return PN_SCHEMA_E_INVALID;
}

static int wrong_type(const struct pointer *p, const struct step *step, const char *expected,
                      struct pn_value v)
{
    pn_err_set(p->err, 0, "expected %s, got %s", expected, pn_value_kind_name(v));
    return point_at(p, step);
}

static int unknown_field(const struct pointer *p, const struct step *step,
                         const struct pn_schema_type *type)
{
    const char *near = pn_schema_nearest(type, step->member->key);
    if (near != NULL)
        pn_err_set(p->err, 0, "unknown field; did you mean `%s`?", near);
    else
        pn_err_set(p->err, 0, "unknown field");
    return point_at(p, step);
}

/* ---- the walk -------------------------------------------------------------------------- */

/* What is noted of a value that fits the type. */
static uint32_t note_of(const struct pn_schema_type *type)
{
    return pn_schema_type_index(type) + UINT32_C(1);
}

static int check_object(const struct pointer *p, const struct step *step,
                        const struct pn_schema_type *type, struct pn_value v);

/* The field's value, or an item of it. */
static int check_one(const struct pointer *p, const struct step *step,
                     const struct pn_schema_field *field, struct pn_value v)
{
    if (field->kind == PN_SCHEMA_STRING && v.kind == PN_STRING) /* two of three values */
        return 0;
    if (field->kind == PN_SCHEMA_OBJECT)
        return check_object(p, step, pn_schema_field_type(field), v);
    if (field->kind == PN_SCHEMA_OPAQUE)
        return v.kind == PN_OBJECT ? 0 : wrong_type(p, step, "an object", v);
    enum pn_schema_kind kind = (enum pn_schema_kind)field->kind;
    enum pn_schema_fault fault = pn_schema_judge(kind, v, p->err);
    if (fault == PN_SCHEMA_FAULT_NONE)
        return 0;
    if (fault == PN_SCHEMA_FAULT_TYPE)
        return wrong_type(p, step, pn_schema_expected(kind), v);
    return point_at(p, step);
}

static int check_field(const struct pointer *p, const struct step *step,
                       const struct pn_schema_field *field, struct pn_value v)
{
    bool is_list = field->shape == PN_SCHEMA_LIST;
    int r = 0;
    if (v.kind == PN_NULL)
        return 0;
    if (field->shape == PN_SCHEMA_ONE)
        return check_one(p, step, field, v);
    if (v.kind != (is_list ? PN_ARRAY : PN_OBJECT))
        return wrong_type(p, step, is_list ? "a list" : "an object", v);
    for (uint32_t i = 0; i < pn_value_count(v) && r == 0; i++) {
        const struct pn_member *member = is_list ? NULL : pn_value_member(v, i);
        struct step below = {.up = step, .member = member, .index = i};
        r = check_one(p, &below, field, is_list ? pn_value_at(v, i) : member->value);
    }
    return r;
}

static int check_object(const struct pointer *p, const struct step *step,
                        const struct pn_schema_type *type, struct pn_value v)
{
    uint32_t cursor = 0;
    int r = 0;
    if (v.kind != PN_OBJECT)
        return wrong_type(p, step, "an object", v);
    if (pn_value_fits(v, note_of(type)))
        return 0;
    for (uint32_t i = 0; i < pn_value_count(v) && r == 0; i++) {
        const struct pn_member *member = pn_value_member(v, i);
        struct step below = {.up = step, .member = member};
        const struct pn_schema_field *field = pn_schema_find_from(type, member->key, &cursor);
        r = field != NULL ? check_field(p, &below, field, member->value)
                          : unknown_field(p, &below, type);
    }
    return r;
}

int pn_schema_check_value(const struct pn_schema_type *type, struct pn_value v,
                          struct pn_str *ret_pointer, struct pn_arena *a, struct pn_err *err)
{
    struct pointer p = {ret_pointer, a, err};
    struct step root = {0};
    return check_object(&p, &root, type, v);
}

int pn_schema_note_value(const struct pn_schema_type *type, struct pn_value v, struct pn_arena *a)
{
    struct pn_str unused;
    int r = 0;
    for (uint32_t i = 0; r == 0 && v.kind == PN_ARRAY && i < pn_value_count(v); i++) {
        if (pn_value_at(v, i).kind == PN_OBJECT)
            r = pn_schema_note_value(type, pn_value_at(v, i), a);
    }
    if (r != 0 || v.kind != PN_OBJECT || v.block->note != NULL)
        return r;
    r = pn_schema_check_value(type, v, &unused, a, NULL);
    if (r <= 0)
        return r == 0 ? pn_value_note(v, note_of(type), a) : r;
    r = 0;
    for (uint32_t i = 0; r == 0 && i < pn_value_count(v); i++) {
        const struct pn_schema_type *inner = pn_schema_inner(type, pn_value_member(v, i)->key);
        if (inner != NULL)
            r = pn_schema_note_value(inner, pn_value_member(v, i)->value, a);
    }
    return r;
}
