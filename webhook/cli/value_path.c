/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/value_path.h"

#include <errno.h>

#include "base/number.h"
#include "kube/schema.h"

/* ---- reading --------------------------------------------------------------------------- */

/* More steps than any field of a Pod is deep. */
enum { STEPS_MAX = 32 };

struct reader {
    struct pn_str rest;
    struct pn_err *err;
};

static int wrong(struct reader *r, const char *expected)
{
    return pn_err_set(r->err, PN_VALUE_PATH_E_SYNTAX, "expected %s%s%.*s%s", expected,
                      r->rest.n > 0 ? " before `" : " at the end", PN_STR_ARG(r->rest),
                      r->rest.n > 0 ? "`" : "");
}

static bool take(struct reader *r, const char *text)
{
    struct pn_str word = pn_str_of(text);
    if (!pn_str_has_prefix(r->rest, word))
        return false;
    r->rest.s += word.n;
    r->rest.n -= word.n;
    return true;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static struct pn_str take_name(struct reader *r)
{
    struct pn_str name = {r->rest.s, 0};
    while (name.n < r->rest.n && is_name_byte(r->rest.s[name.n]))
        name.n++;
    r->rest.s += name.n;
    r->rest.n -= name.n;
    return name;
}

/* Text in quotes of either kind, without escapes. */
static bool take_quoted(struct pn_str *ret, struct reader *r)
{
    if (r->rest.n == 0 || (r->rest.s[0] != '"' && r->rest.s[0] != '\''))
        return false;
    const char *end = memchr(r->rest.s + 1, r->rest.s[0], r->rest.n - 1);
    if (end == NULL)
        return false;
    *ret = (struct pn_str){r->rest.s + 1, (size_t)(end - r->rest.s) - 1};
    r->rest.n -= ret->n + 2;
    r->rest.s = end + 1;
    return true;
}

/* "text", 8080, true or false. */
static bool take_literal(struct pn_value *ret, struct reader *r)
{
    struct pn_str text;
    int64_t number;
    if (take_quoted(&text, r)) {
        *ret = pn_string(text);
        return true;
    }
    text = take_name(r);
    if (pn_str_is(text, "true") || pn_str_is(text, "false"))
        *ret = pn_bool(text.n == 4);
    else if (pn_number_read_int(&number, text))
        *ret = pn_int(number);
    else
        return false;
    return true;
}

/* Behind "[?(@.". */
static int read_filter(struct pn_path_step *ret, struct reader *r)
{
    struct pn_path_step step = {.kind = PN_STEP_FILTER, .key = take_name(r)};
    if (step.key.n == 0)
        return wrong(r, "the name of a field");
    if (!take(r, "==") && !take(r, " == "))
        return wrong(r, "==");
    if (!take_literal(&step.equal, r))
        return wrong(r, "text in quotes, a number, true or false");
    if (!take(r, ")]"))
        return wrong(r, "`)]`");
    *ret = step;
    return 0;
}

/* Behind "[". */
static int read_bracket(struct pn_path_step *ret, struct reader *r)
{
    struct pn_path_step step = {.kind = PN_STEP_ALL};
    int64_t index;
    if (take(r, "?(@."))
        return read_filter(ret, r);
    if (take_quoted(&step.key, r)) {
        step.kind = PN_STEP_FIELD;
    } else if (!take(r, "*")) {
        struct pn_str digits = take_name(r);
        if (!pn_number_read_int(&index, digits) || index < 0 || index > UINT32_MAX)
            return wrong(r, "a number, *, a name in quotes or ?(@.NAME==VALUE)");
        step.kind = PN_STEP_INDEX;
        step.index = (uint32_t)index;
    }
    if (!take(r, "]"))
        return wrong(r, "`]`");
    *ret = step;
    return 0;
}

static int read_step(struct pn_path_step *ret, struct reader *r)
{
    if (take(r, "["))
        return read_bracket(ret, r);
    if (!take(r, "."))
        return wrong(r, "`.` or `[`");
    *ret = (struct pn_path_step){.kind = PN_STEP_FIELD, .key = take_name(r)};
    return ret->key.n > 0 ? 0 : wrong(r, "the name of a field");
}

int pn_value_path_read(struct pn_value_path *ret, struct pn_str text, struct pn_arena *a,
                       struct pn_err *err)
{
    struct reader r = {text, err};
    struct pn_value_path path = {NULL, 0, false};
    struct pn_path_step *steps = pn_arena_zalloc(a, STEPS_MAX, sizeof *steps);
    if (steps == NULL)
        return -ENOMEM;
    if (!take(&r, "$"))
        return wrong(&r, "`$`");
    while (r.rest.n > 0) {
        if (path.count == STEPS_MAX)
            return wrong(&r, "the end");
        int result = read_step(&steps[path.count], &r);
        if (result != 0)
            return result;
        path.is_many = path.is_many || steps[path.count].kind == PN_STEP_ALL;
        path.count++;
    }
    path.steps = steps;
    *ret = path;
    return 0;
}

/* ---- the schema ------------------------------------------------------------------------ */

/* Where the walk stands: an object of `type`, or what `field` holds, below its list or map. */
struct at {
    const struct pn_schema_type *type; /* NULL: no object with fields */
    enum pn_schema_shape shape;
    bool is_opaque;
};

static struct at at_field(const struct pn_schema_field *field)
{
    return (struct at){pn_schema_field_type(field), field->shape, field->kind == PN_SCHEMA_OPAQUE};
}

struct check {
    const struct pn_source *source;
    struct pn_span span;
    struct pn_diags *diags;
};

static bool check_field(struct at *at, const struct check *c, struct pn_str name)
{
    const struct pn_schema_field *field = at->type != NULL ? pn_schema_find(at->type, name) : NULL;
    if (field != NULL) {
        *at = at_field(field);
        return true;
    }
    pn_diags_add(c->diags, PN_SEVERITY_ERROR, "unknown-field", c->source, c->span,
                 "path: a Pod has no field `%.*s` there", PN_STR_ARG(name));
    if (at->type != NULL)
        pn_schema_suggest(at->type, name, c->diags);
    return false;
}

static bool check_step(struct at *at, const struct check *c, const struct pn_path_step *step)
{
    static const char *const words[] = {"a field", "an index", "[*]", "a filter"};
    bool is_field = step->kind == PN_STEP_FIELD;
    if (at->shape == PN_SCHEMA_ONE && is_field)
        return check_field(at, c, step->key);
    bool fits = at->shape == PN_SCHEMA_LIST  ? !is_field
                : at->shape == PN_SCHEMA_MAP ? is_field || step->kind == PN_STEP_ALL
                                             : false;
    if (!fits) {
        pn_diags_add(c->diags, PN_SEVERITY_ERROR, "wrong-type", c->source, c->span,
                     "path: %s of what is %s", words[step->kind],
                     at->shape == PN_SCHEMA_LIST  ? "a list"
                     : at->shape == PN_SCHEMA_MAP ? "a mapping"
                                                  : "no list");
        if (at->shape == PN_SCHEMA_LIST)
            pn_diags_help(c->diags, "write [0], [*] or [?(@.name==\"...\")] first");
        return false;
    }
    at->shape = PN_SCHEMA_ONE;
    struct at item = *at;
    return step->kind != PN_STEP_FILTER || check_field(&item, c, step->key);
}

void pn_value_path_check(const struct pn_value_path *path, const struct pn_source *source,
                         struct pn_span span, struct pn_diags *diags)
{
    const struct check check = {source, span, diags};
    struct at at = {pn_schema_type(PN_SCHEMA_POD), PN_SCHEMA_ONE, false};
    for (size_t i = 0; i < path->count && !at.is_opaque; i++) {
        if (!check_step(&at, &check, &path->steps[i]))
            return;
    }
}

/* ---- finding --------------------------------------------------------------------------- */

/* Values in the arena; there is room for `cap`. */
struct found {
    struct pn_value *items;
    size_t count, cap;
    struct pn_arena *arena;
};

static int add(struct found *found, struct pn_value v)
{
    if (v.kind == PN_ABSENT)
        return 0;
    if (found->count == found->cap) {
        size_t cap = 2 * found->cap + 8;
        struct pn_value *grown = pn_arena_grow(found->arena, found->items,
                                               found->cap * sizeof *grown, cap * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        found->items = grown;
        found->cap = cap;
    }
    found->items[found->count++] = v;
    return 0;
}

static int add_items(struct found *found, const struct pn_path_step *step, struct pn_value v)
{
    int r = 0;
    if (v.kind == PN_OBJECT && step->kind == PN_STEP_ALL) {
        for (uint32_t i = 0; i < pn_value_count(v) && r == 0; i++)
            r = add(found, pn_value_member(v, i)->value);
        return r;
    }
    for (uint32_t i = 0; v.kind == PN_ARRAY && i < pn_value_count(v) && r == 0; i++) {
        struct pn_value item = pn_value_at(v, i);
        if (step->kind == PN_STEP_ALL || pn_value_equal(pn_value_get(item, step->key), step->equal))
            r = add(found, item);
    }
    return r;
}

static int take_step(struct found *found, const struct pn_path_step *step, struct pn_value v)
{
    if (step->kind == PN_STEP_FIELD)
        return add(found, pn_value_get(v, step->key));
    if (step->kind != PN_STEP_INDEX)
        return add_items(found, step, v);
    return step->index < pn_value_count(v) ? add(found, pn_value_at(v, step->index)) : 0;
}

int pn_value_path_find(struct pn_value *ret, const struct pn_value_path *path, struct pn_value v,
                       struct pn_arena *a)
{
    struct found at = {.arena = a};
    int r = add(&at, v);
    for (size_t i = 0; i < path->count && r == 0; i++) {
        struct found next = {.arena = a};
        for (size_t j = 0; j < at.count && r == 0; j++)
            r = take_step(&next, &path->steps[i], at.items[j]);
        at = next;
    }
    return r == 0 ? pn_array_new(ret, a, at.items, at.count) : r;
}
