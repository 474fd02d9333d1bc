/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/arith.h"
#include "jsone/chars.h"
#include "jsone/run.h"

int pn_access_member(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value subject;
    struct pn_str name = pn_value_str(t->value);
    int r = pn_run_node(run, t->children[0], scope, &subject);
    if (r != 0)
        return r;
    if (subject.kind != PN_OBJECT)
        return pn_run_fail(run, t, "`.%.*s` takes an object before the dot, not %s",
                           PN_STR_ARG(name), pn_value_kind_name(subject));
    *ret = pn_value_get(subject, name);
    if (ret->kind == PN_ABSENT)
        return pn_run_fail(run, t,
                           "the object has no property `%.*s` (where it may be missing, [\"%.*s\"] "
                           "gives null)",
                           PN_STR_ARG(name), PN_STR_ARG(name));
    return 0;
}

/* Characters or items. */
static int measure(struct pn_run *run, const struct pn_template_expr *t, struct pn_value v,
                   int64_t *ret)
{
    *ret = v.kind == PN_STRING ? (int64_t)pn_chars_count(pn_value_str(v)) : pn_value_count(v);
    return v.kind == PN_STRING ? pn_run_charge_bytes(run, t, v.len) : 0;
}

static struct pn_str characters(struct pn_value string, int64_t begin, int64_t end)
{
    struct pn_str s = pn_value_str(string);
    size_t skipped = pn_chars_skip(s, (size_t)begin);
    struct pn_str rest = {s.s + skipped, s.n - skipped};
    return (struct pn_str){rest.s, pn_chars_skip(rest, (size_t)(end - begin))};
}

/* Negative positions count from the end; what lies before the start is the start. */
static int64_t from_start(int64_t position, int64_t length)
{
    if (position >= 0)
        return position;
    return position < -length ? 0 : position + length;
}

static int index_sequence(struct pn_run *run, const struct pn_template_expr *t,
                          struct pn_value subject, struct pn_value index, struct pn_value *ret)
{
    int64_t length, position;
    if (!pn_arith_position(&position, index))
        return pn_run_fail(run, t, "the index of %s must be an integer, not %s",
                           pn_value_kind_name(subject), pn_value_kind_name(index));
    int r = measure(run, t, subject, &length);
    if (r != 0)
        return r;
    int64_t at = from_start(position, length);
    if (at >= length)
        return pn_run_fail(run, t, "index %lld is behind the end: there are %lld %s",
                           (long long)position, (long long)length,
                           subject.kind == PN_STRING ? "characters" : "items");
    *ret = subject.kind == PN_STRING ? pn_string(characters(subject, at, at + 1))
                                     : pn_value_at(subject, (uint32_t)at);
    return 0;
}

int pn_access_index(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value subject, index;
    int r = pn_run_node(run, t->children[0], scope, &subject);
    if (r == 0)
        r = pn_run_node(run, t->children[1], scope, &index);
    if (r != 0)
        return r;
    if (subject.kind == PN_STRING || subject.kind == PN_ARRAY)
        return index_sequence(run, t, subject, index, ret);
    if (subject.kind != PN_OBJECT)
        return pn_run_fail(run, t, "[...] takes an object, a list or a string, not %s",
                           pn_value_kind_name(subject));
    if (index.kind != PN_STRING)
        return pn_run_fail(run, t, "the key of an object must be a string, not %s",
                           pn_value_kind_name(index));
    *ret = pn_value_get(subject, pn_value_str(index));
    if (ret->kind == PN_ABSENT)
        *ret = pn_null();
    return 0;
}

static int read_bound(struct pn_run *run, const struct pn_template_expr *t,
                      const struct pn_scope *scope, int64_t absent, int64_t length, int64_t *ret)
{
    struct pn_value v;
    int64_t position;
    int r = pn_run_node(run, t, scope, &v);
    if (r != 0)
        return r;
    if (v.kind == PN_ABSENT) {
        *ret = absent;
        return 0;
    }
    if (!pn_arith_position(&position, v))
        return pn_run_fail(run, t, "the bounds of a slice must be integers, not %s",
                           pn_value_kind_name(v));
    int64_t at = from_start(position, length);
    *ret = at < length ? at : length;
    return 0;
}

static int slice_array(struct pn_run *run, const struct pn_template_expr *t, struct pn_value array,
                       int64_t begin, int64_t end, struct pn_value *ret)
{
    size_t n = (size_t)(end - begin);
    int r = pn_run_charge(run, t, n);
    if (r != 0)
        return r;
    const struct pn_value *first = n > 0 ? array.block->items + begin : NULL;
    if (pn_array_new(ret, run->arena, first, n) != 0)
        return pn_run_refused(run, t);
    return 0;
}

int pn_access_slice(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value subject;
    int64_t length = 0, begin = 0, end = 0;
    int r = pn_run_node(run, t->children[0], scope, &subject);
    if (r == 0 && subject.kind != PN_STRING && subject.kind != PN_ARRAY)
        r = pn_run_fail(run, t, "[a:b] takes a list or a string, not %s",
                        pn_value_kind_name(subject));
    if (r == 0)
        r = measure(run, t, subject, &length);
    if (r == 0)
        r = read_bound(run, t->children[1], scope, 0, length, &begin);
    if (r == 0)
        r = read_bound(run, t->children[2], scope, length, length, &end);
    if (r != 0)
        return r;
    if (begin > end)
        begin = end;
    if (subject.kind == PN_ARRAY)
        return slice_array(run, t, subject, begin, end, ret);
    *ret = pn_string(characters(subject, begin, end));
    return 0;
}
