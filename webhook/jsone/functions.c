/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/functions.h"

#include <math.h>

#include "base/number.h"
#include "jsone/arith.h"
#include "jsone/builtins.h"
#include "jsone/chars.h"
#include "jsone/sort.h"

/* ---- numbers --------------------------------------------------------------------------- */

static int extreme(const struct pn_call *call, int sign, struct pn_value *ret)
{
    struct pn_value best = call->arguments[0];
    for (uint32_t i = 1; i < call->n; i++) {
        if (pn_arith_compare(call->arguments[i], best) * sign > 0)
            best = call->arguments[i];
    }
    *ret = best;
    return 0;
}

int pn_function_min(const struct pn_call *call, struct pn_value *ret)
{
    return extreme(call, -1, ret);
}

int pn_function_max(const struct pn_call *call, struct pn_value *ret)
{
    return extreme(call, 1, ret);
}

static int give_real(const struct pn_call *call, double r, struct pn_value *ret)
{
    return pn_arith_real(ret, r)
               ? 0
               : pn_run_fail(call->run, call->t, "the result is no finite number");
}

static double real_of(struct pn_value number)
{
    return number.kind == PN_INT ? (double)number.i : number.r;
}

int pn_function_abs(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_value v = call->arguments[0];
    if (v.kind == PN_INT && v.i != INT64_MIN) {
        *ret = pn_int(v.i < 0 ? -v.i : v.i);
        return 0;
    }
    return give_real(call, fabs(real_of(v)), ret);
}

int pn_function_ceil(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_value v = call->arguments[0];
    *ret = v;
    return v.kind == PN_INT ? 0 : give_real(call, ceil(v.r), ret);
}

int pn_function_floor(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_value v = call->arguments[0];
    *ret = v;
    return v.kind == PN_INT ? 0 : give_real(call, floor(v.r), ret);
}

int pn_function_sqrt(const struct pn_call *call, struct pn_value *ret)
{
    double r = real_of(call->arguments[0]);
    if (r < 0)
        return pn_run_fail(call->run, call->t, "sqrt() of a negative number");
    return give_real(call, sqrt(r), ret);
}

/* How many numbers range() makes: the distance is taken unsigned, where it always fits. */
static uint64_t range_length(int64_t start, int64_t stop, int64_t step)
{
    if (step > 0 && start < stop)
        return ((uint64_t)stop - (uint64_t)start - 1) / (uint64_t)step + 1;
    if (step < 0 && start > stop)
        return ((uint64_t)start - (uint64_t)stop - 1) / (0 - (uint64_t)step) + 1;
    return 0;
}

int pn_function_range(const struct pn_call *call, struct pn_value *ret)
{
    int64_t start = call->arguments[0].i, stop = call->arguments[1].i;
    int64_t step = call->n > 2 ? call->arguments[2].i : 1;
    if (step == 0)
        return pn_run_fail(call->run, call->t, "the step of range() is 0");
    uint64_t n = range_length(start, stop, step);
    int r = pn_run_charge(call->run, call->t, n);
    if (r != 0)
        return r;
    struct pn_value *items = pn_run_alloc(call->run, n, sizeof *items);
    if (items == NULL)
        return pn_run_refused(call->run, call->t);
    for (uint64_t i = 0; i < n; i++)
        items[i] = pn_int((int64_t)((uint64_t)start + i * (uint64_t)step));
    return pn_run_array(call->run, call->t, items, n, ret);
}

/* A decimal number with white space around it, as JavaScript and Python take it. */
int pn_function_number(const struct pn_call *call, struct pn_value *ret)
{
    double r;
    int64_t i;
    struct pn_value stripped;
    int failed = pn_function_strip(call, &stripped);
    if (failed != 0)
        return failed;
    struct pn_str text = pn_value_str(stripped);
    if (pn_number_read_int(&i, text)) {
        *ret = pn_int(i);
        return 0;
    }
    if (pn_number_read_real(&r, text))
        return give_real(call, r, ret);
    text.n = pn_str_utf8_cut(text, 80);
    return pn_run_fail(call->run, call->t, "number() cannot read \"%.*s\" as a decimal number",
                       PN_STR_ARG(text));
}

/* ---- strings --------------------------------------------------------------------------- */

/* Adds `shift` to the ASCII letters from `first` to `last`; all else is not touched. */
static int change_case(const struct pn_call *call, char first, char last, int shift,
                       struct pn_value *ret)
{
    struct pn_str text = pn_value_str(call->arguments[0]);
    int r = pn_run_charge_bytes(call->run, call->t, text.n);
    if (r != 0)
        return r;
    char *copy = pn_arena_alloc(call->run->arena, text.n);
    if (copy == NULL)
        return pn_run_refused(call->run, call->t);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.s[i];
        copy[i] = c >= first && c <= last ? (char)(c + shift) : c;
    }
    *ret = pn_string((struct pn_str){copy, text.n});
    return 0;
}

int pn_function_lowercase(const struct pn_call *call, struct pn_value *ret)
{
    return change_case(call, 'A', 'Z', 'a' - 'A', ret);
}

int pn_function_uppercase(const struct pn_call *call, struct pn_value *ret)
{
    return change_case(call, 'a', 'z', 'A' - 'a', ret);
}

static int strip(const struct pn_call *call, bool left, bool right, struct pn_value *ret)
{
    struct pn_str text = pn_value_str(call->arguments[0]);
    for (size_t n = left ? pn_chars_space(text) : 0; n > 0; n = pn_chars_space(text)) {
        text.s += n;
        text.n -= n;
    }
    size_t end = 0; /* of the last character that is no space */
    for (size_t at = 0; right && at < text.n;) {
        struct pn_str rest = {text.s + at, text.n - at};
        size_t space = pn_chars_space(rest);
        at += space > 0 ? space : pn_chars_next(rest);
        end = space > 0 ? end : at;
    }
    if (right)
        text.n = end;
    *ret = pn_string(text);
    return pn_run_charge_bytes(call->run, call->t, call->arguments[0].len);
}

int pn_function_strip(const struct pn_call *call, struct pn_value *ret)
{
    return strip(call, true, true, ret);
}

int pn_function_lstrip(const struct pn_call *call, struct pn_value *ret)
{
    return strip(call, true, false, ret);
}

int pn_function_rstrip(const struct pn_call *call, struct pn_value *ret)
{
    return strip(call, false, true, ret);
}

int pn_function_str(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_str text = PN_STR_NULL;
    int r = pn_run_text(call->run, call->t, call->arguments[0], PN_STR("null"), &text);
    *ret = pn_string(text);
    return r;
}

int pn_function_len(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_value v = call->arguments[0];
    if (v.kind == PN_ARRAY) {
        *ret = pn_int(pn_value_count(v));
        return 0;
    }
    *ret = pn_int((int64_t)pn_chars_count(pn_value_str(v)));
    return pn_run_charge_bytes(call->run, call->t, v.len);
}

/* The bytes before the next separator; of an empty one, the next character. */
static size_t piece_length(struct pn_str rest, struct pn_str separator)
{
    if (separator.n == 0)
        return pn_chars_next(rest);
    const char *at = rest.n > 0 ? memmem(rest.s, rest.n, separator.s, separator.n) : NULL;
    return at != NULL ? (size_t)(at - rest.s) : rest.n;
}

static size_t count_pieces(struct pn_str text, struct pn_str separator)
{
    size_t count = 0;
    if (separator.n == 0)
        return pn_chars_count(text);
    for (struct pn_str rest = text;; count++) {
        size_t n = piece_length(rest, separator);
        if (n == rest.n)
            return count + 1;
        rest.s += n + separator.n;
        rest.n -= n + separator.n;
    }
}

int pn_function_split(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_str rest = pn_value_str(call->arguments[0]), separator;
    int r = pn_run_text(call->run, call->t, call->arguments[1], PN_STR(""), &separator);
    if (r == 0)
        r = pn_run_charge_bytes(call->run, call->t, 2 * (uint64_t)rest.n);
    if (r != 0)
        return r;
    size_t count = count_pieces(rest, separator);
    r = pn_run_charge(call->run, call->t, count);
    if (r != 0)
        return r;
    struct pn_value *items = pn_run_alloc(call->run, count, sizeof *items);
    if (items == NULL)
        return pn_run_refused(call->run, call->t);
    for (size_t i = 0; i < count; i++) {
        size_t n = piece_length(rest, separator);
        items[i] = pn_string((struct pn_str){rest.s, n});
        n = i + 1 < count ? n + separator.n : n;
        rest.s += n;
        rest.n -= n;
    }
    return pn_run_array(call->run, call->t, items, count, ret);
}

int pn_function_join(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_value list = call->arguments[0];
    uint32_t n = pn_value_count(list);
    struct pn_str separator, *pieces = pn_run_alloc(call->run, n, sizeof *pieces);
    if (pieces == NULL)
        return pn_run_refused(call->run, call->t);
    int r = pn_run_text(call->run, call->t, call->arguments[1], PN_STR(""), &separator);
    if (r == 0)
        r = pn_run_charge(call->run, call->t, n);
    for (uint32_t i = 0; r == 0 && i < n; i++) {
        r = pn_run_text(call->run, call->t, pn_value_at(list, i), PN_STR(""), &pieces[i]);
        if (r == 0 && pieces[i].s == NULL)
            r = pn_run_fail(call->run, call->t,
                            "join() takes a list of strings and numbers; item %u is %s", i,
                            pn_value_kind_name(pn_value_at(list, i)));
    }
    return r != 0 ? r : pn_run_join(call->run, call->t, pieces, n, separator, ret);
}

int pn_function_base64(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_str text = pn_value_str(call->arguments[0]);
    struct pn_buf out = PN_BUF_IN_ARENA(call->run->arena);
    int r = pn_run_charge_bytes(call->run, call->t, 2 * (uint64_t)text.n);
    if (r != 0)
        return r;
    pn_buf_base64(&out, text);
    if (out.failed)
        return pn_run_refused(call->run, call->t);
    *ret = pn_string(pn_buf_view(&out));
    return 0;
}

/* ---- objects --------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct pn_member *const *x = a, *const *y = b;
    return pn_str_cmp((*x)->key, (*y)->key);
}

/*
 * The members as a list of {key, val}, in the words that each(x) of $map has for a member; ordered
 * by key, so that the order in which somebody wrote them does not matter.
 */
int pn_function_entries(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_value object = call->arguments[0];
    struct pn_run *run = call->run;
    uint32_t n = pn_value_count(object);
    if (object.kind != PN_OBJECT)
        return pn_run_fail(run, call->t, "entries() takes an object, not %s",
                           pn_value_kind_name(object));
    int r = pn_run_charge(run, call->t, 2 * (uint64_t)n);
    if (r != 0)
        return r;
    const struct pn_member **sorted = pn_run_alloc(run, n, sizeof(*sorted));
    const struct pn_member **scratch = pn_run_alloc(run, n, sizeof(*scratch));
    struct pn_value *items = pn_run_alloc(run, n, sizeof *items);
    if (sorted == NULL || scratch == NULL || items == NULL)
        return pn_run_refused(run, call->t);
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = pn_value_member(object, i);
    pn_sort_stable(sorted, scratch, n, sizeof(*sorted), by_key);
    for (uint32_t i = 0; i < n; i++) {
        const struct pn_member pair[] = {{PN_STR("key"), pn_string(sorted[i]->key)},
                                         {PN_STR("val"), sorted[i]->value}};
        if (pn_object_new(&items[i], run->arena, pair, PN_COUNT_OF(pair)) != 0)
            return pn_run_refused(run, call->t);
    }
    return pn_run_array(run, call->t, items, n, ret);
}

/* ---- the rest -------------------------------------------------------------------------- */

int pn_function_fail(const struct pn_call *call, struct pn_value *ret)
{
    (void)ret;
    int r = pn_run_fail(call->run, call->t, "%.*s", PN_STR_ARG(pn_value_str(call->arguments[0])));
    if (call->run->error != NULL)
        call->run->error->refused = true;
    return r;
}

int pn_function_typeof(const struct pn_call *call, struct pn_value *ret)
{
    static const char *const names[] = {
        [PN_NULL] = "null",   [PN_BOOL] = "boolean",  [PN_INT] = "number",
        [PN_REAL] = "number", [PN_RAW] = "number",    [PN_STRING] = "string",
        [PN_ARRAY] = "array", [PN_OBJECT] = "object", [PN_BUILTIN] = "function",
    };
    *ret = pn_string(pn_str_of(names[call->arguments[0].kind]));
    return 0;
}

int pn_function_defined(const struct pn_call *call, struct pn_value *ret)
{
    struct pn_value v;
    struct pn_str name = pn_value_str(call->arguments[0]);
    int r = pn_run_lookup(call->run, call->t, call->scope, name, 0, &v);
    if (r != 0)
        return r;
    bool found = v.kind != PN_ABSENT || pn_builtin_find(name) != 0;
    if (!found && call->run->folding)
        return pn_run_fail(call->run, call->t, "what the context holds is not known yet");
    *ret = pn_bool(found);
    return 0;
}

int pn_function_from_now(const struct pn_call *call, struct pn_value *ret)
{
    return pn_builtin_from_now(call->run, call->t, call->scope, call->arguments[0],
                               call->n > 1 ? call->arguments[1] : PN_VALUE_ABSENT, ret);
}
