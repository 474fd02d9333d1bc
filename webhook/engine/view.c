/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/view.h"

#include <errno.h>
#include <string.h>

/* The zero value of a type, and where in it each of the type's fields stands. */
struct zero {
    struct pn_value value; /* PN_ABSENT: not made yet */
    uint16_t *places;      /* by the field's number in its type; or NO_PLACE: hidden */
};

#define NO_PLACE UINT16_MAX

struct pn_view_zeros {
    struct zero *by_type; /* by pn_schema_type_index() */
};

static bool is_struct(const struct pn_schema_field *f)
{
    return f->kind == PN_SCHEMA_OBJECT && f->shape == PN_SCHEMA_ONE;
}

const char *pn_view_why_hidden(const struct pn_schema_type *type, struct pn_str name)
{
    static const char *const later[] = {"name",           "uid",
                                        "generation",     "creationTimestamp",
                                        "selfLink",       "deletionTimestamp",
                                        "nodeName",       "deletionGracePeriodSeconds",
                                        "resourceVersion"};
    bool of_pod = type == pn_schema_type(PN_SCHEMA_OBJECT_META) ||
                  type == pn_schema_type(PN_SCHEMA_POD_SPEC);
    if (type == pn_schema_type(PN_SCHEMA_ENV_VAR) && pn_str_is(name, "value"))
        return "values of env variables are not visible to templates";
    for (size_t i = 0; of_pod && i < PN_COUNT_OF(later); i++) {
        if (pn_str_is(name, later[i]))
            return "it is not known yet when a Pod is created, and changes afterwards";
    }
    return NULL;
}

static bool is_hidden(const struct pn_schema_type *type, const struct pn_schema_field *f)
{
    return pn_view_why_hidden(type, pn_schema_field_name(f)) != NULL;
}

static struct zero *zero_of(const struct pn_view_zeros *zeros, const struct pn_schema_type *type)
{
    return &zeros->by_type[pn_schema_type_index(type)];
}

static int make_zero(struct pn_view_zeros *zeros, const struct pn_schema_type *type,
                     struct pn_arena *a)
{
    struct zero *mine = zero_of(zeros, type);
    if (mine->value.kind != PN_ABSENT)
        return 0;
    struct pn_member *members = pn_arena_alloc(a, type->count * sizeof *members);
    mine->places = pn_arena_alloc(a, type->count * sizeof *mine->places);
    size_t n = 0;
    if (members == NULL || mine->places == NULL)
        return -ENOMEM;
    for (uint16_t i = 0; i < type->count; i++) {
        const struct pn_schema_field *f = pn_schema_field_at(type, i);
        const struct pn_schema_type *inner = pn_schema_field_type(f);
        int r = inner != NULL ? make_zero(zeros, inner, a) : 0;
        if (r != 0)
            return r;
        mine->places[i] = is_hidden(type, f) ? NO_PLACE : (uint16_t)n;
        if (mine->places[i] != NO_PLACE)
            members[n++] = (struct pn_member){pn_schema_field_name(f),
                                              is_struct(f) ? zero_of(zeros, inner)->value
                                                           : pn_schema_zero(f)};
    }
    return pn_object_take(&mine->value, a, members, n);
}

int pn_view_zeros_new(const struct pn_view_zeros **ret, struct pn_arena *a)
{
    static const enum pn_schema_root roots[] = {PN_SCHEMA_OBJECT_META, PN_SCHEMA_POD_SPEC};
    struct pn_view_zeros *zeros = pn_arena_zalloc(a, 1, sizeof *zeros);
    if (zeros == NULL)
        return -ENOMEM;
    zeros->by_type = pn_arena_zalloc(a, pn_schema_type_total(), sizeof *zeros->by_type);
    if (zeros->by_type == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < PN_COUNT_OF(roots); i++) {
        int r = make_zero(zeros, pn_schema_type(roots[i]), a);
        if (r != 0)
            return r;
    }
    *ret = zeros;
    return 0;
}

#define ALL_FIELDS UINT64_MAX

static int fill(struct pn_value *ret, const struct pn_view_zeros *zeros,
                const struct pn_schema_type *type, struct pn_value v, struct pn_arena *a);

static int fill_list(struct pn_value *ret, const struct pn_view_zeros *zeros,
                     const struct pn_schema_type *type, struct pn_value list, struct pn_arena *a)
{
    uint32_t n = pn_value_count(list);
    struct pn_value *items = pn_arena_alloc(a, n * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        int r = fill(&items[i], zeros, type, pn_value_at(list, i), a);
        if (r != 0)
            return r;
    }
    return pn_array_take(ret, a, items, n);
}

static int fill_field(struct pn_value *ret, const struct pn_view_zeros *zeros,
                      const struct pn_schema_field *f, struct pn_value v, struct pn_arena *a)
{
    const struct pn_schema_type *inner = pn_schema_field_type(f);
    if (is_struct(f))
        return fill(ret, zeros, inner, v, a);
    if (inner != NULL && f->shape == PN_SCHEMA_LIST && v.kind == PN_ARRAY)
        return fill_list(ret, zeros, inner, v, a);
    *ret = pn_value_is_unset(v) ? pn_schema_zero(f) : v;
    return 0;
}

/* A type of more fields than bits has the last ones together. */
static uint64_t bit_of(uint16_t i)
{
    return UINT64_C(1) << (i < 63 ? i : 63);
}

uint64_t pn_view_field(const struct pn_schema_type *type, struct pn_str name)
{
    const struct pn_schema_field *f = name.s != NULL ? pn_schema_find(type, name) : NULL;
    for (uint16_t i = 0; f != NULL && i < type->count; i++) {
        if (pn_schema_field_at(type, i) == f)
            return bit_of(i);
    }
    return ALL_FIELDS;
}

/* All fields: the zero value, and in it what is there. */
static int fill(struct pn_value *ret, const struct pn_view_zeros *zeros,
                const struct pn_schema_type *type, struct pn_value v, struct pn_arena *a)
{
    const struct zero *zero = zero_of(zeros, type);
    uint32_t n = pn_value_count(zero->value), cursor = 0;
    *ret = zero->value;
    if (v.kind != PN_OBJECT || n == 0)
        return 0;
    struct pn_member *members = pn_arena_alloc(a, n * sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    memcpy(members, zero->value.block->members, n * sizeof *members);
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        const struct pn_member *m = pn_value_member(v, i);
        const struct pn_schema_field *f = pn_schema_find_from(type, m->key, &cursor);
        uint16_t place = f != NULL ? zero->places[cursor - 1] : NO_PLACE;
        if (place == NO_PLACE) /* unknown, or hidden */
            continue;
        int r = fill_field(&members[place].value, zeros, f, m->value, a);
        if (r != 0)
            return r;
    }
    return pn_object_like(ret, a, zero->value, members);
}

/* Only some fields of a root. */
static int fill_root(struct pn_value *ret, const struct pn_view_zeros *zeros,
                     const struct pn_schema_type *type, struct pn_value v, uint64_t fields,
                     struct pn_arena *a)
{
    if (fields == ALL_FIELDS || v.kind != PN_OBJECT)
        return fill(ret, zeros, type, v, a);
    const struct zero *zero = zero_of(zeros, type);
    struct pn_member *members = pn_arena_alloc(a, type->count * sizeof *members);
    size_t n = 0;
    if (members == NULL)
        return -ENOMEM;
    for (uint16_t i = 0; i < type->count; i++) {
        const struct pn_schema_field *f = pn_schema_field_at(type, i);
        struct pn_str name = pn_schema_field_name(f);
        if ((fields & bit_of(i)) == 0 || zero->places[i] == NO_PLACE)
            continue;
        members[n].key = name;
        int r = fill_field(&members[n++].value, zeros, f, pn_value_get(v, name), a);
        if (r != 0)
            return r;
    }
    return pn_object_take_distinct(ret, a, members, n);
}

int pn_view_pod(struct pn_value *ret, const struct pn_view_zeros *zeros, struct pn_value metadata,
                struct pn_value spec, struct pn_view_fields fields, struct pn_arena *a)
{
    struct pn_member members[] = {{PN_STR("metadata"), {0}}, {PN_STR("spec"), {0}}};
    int r = fill_root(&members[0].value, zeros, pn_schema_type(PN_SCHEMA_OBJECT_META), metadata,
                      fields.metadata, a);
    if (r == 0)
        r = fill_root(&members[1].value, zeros, pn_schema_type(PN_SCHEMA_POD_SPEC), spec,
                      fields.spec, a);
    return r == 0 ? pn_object_new(ret, a, members, PN_COUNT_OF(members)) : r;
}
