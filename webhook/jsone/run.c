/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/run.h"

#include <errno.h>
#include <stdarg.h>

#include "jsone/arith.h"
#include "jsone/chars.h"

/* What a step of text is; see PN_JSONE_STEPS_MAX. */
enum { BYTES_PER_STEP = 64 };

/* ---- faults ---------------------------------------------------------------------------- */

static PN_PRINTF(4, 0) void set_error(struct pn_run *run, const struct pn_template_expr *at,
                                      size_t offset, const char *format, va_list args)
{
    if (run->error == NULL)
        return;
    *run->error = (struct pn_jsone_error){.offset = offset};
    pn_err_setv(&run->error->what, 0, format, args);
    pn_chars_flatten(run->error->what.text);
    if (at != NULL) {
        run->error->span = pn_tree_span(at->place, offset);
        run->error->expression = at->place->text;
    }
}

int pn_run_fail(struct pn_run *run, const struct pn_template_expr *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_error(run, at, at != NULL ? at->offset : 0, format, args);
    va_end(args);
    return PN_JSONE_E_TEMPLATE;
}

int pn_run_fail_at(struct pn_run *run, const struct pn_template_expr *at, size_t offset,
                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_error(run, at, offset, format, args);
    va_end(args);
    return PN_JSONE_E_TEMPLATE;
}

int pn_run_refused(struct pn_run *run, const struct pn_template_expr *at)
{
    if (!pn_arena_hit_cap(run->arena))
        return -ENOMEM;
    pn_run_fail(run, at, "what the template makes does not fit into the memory of a request");
    return PN_JSONE_E_LIMIT;
}

/* ---- limits ---------------------------------------------------------------------------- */

int pn_run_charge(struct pn_run *run, const struct pn_template_expr *at, uint64_t n)
{
    if (n <= run->limits.steps - run->steps) {
        run->steps += (uint32_t)n;
        return 0;
    }
    run->steps = run->limits.steps;
    pn_run_fail(run, at, "the template takes more than %u steps", run->limits.steps);
    return PN_JSONE_E_LIMIT;
}

int pn_run_charge_bytes(struct pn_run *run, const struct pn_template_expr *at, uint64_t n)
{
    return pn_run_charge(run, at, n / BYTES_PER_STEP);
}

int pn_run_enter(struct pn_run *run, const struct pn_template_expr *at)
{
    if (run->depth < run->limits.depth) {
        run->depth++;
        return 0;
    }
    pn_run_fail(run, at, "nested deeper than %u levels", run->limits.depth);
    return PN_JSONE_E_LIMIT;
}

void pn_run_leave(struct pn_run *run)
{
    run->depth--;
}

/* ---- values ---------------------------------------------------------------------------- */

void *pn_run_alloc(struct pn_run *run, size_t count, size_t size)
{
    return count <= SIZE_MAX / size ? pn_arena_alloc(run->arena, count * size) : NULL;
}

int pn_run_array(struct pn_run *run, const struct pn_template_expr *at, struct pn_value *items,
                 size_t n, struct pn_value *ret)
{
    return pn_array_take(ret, run->arena, items, n) == 0 ? 0 : pn_run_refused(run, at);
}

int pn_run_set(struct pn_run *run, const struct pn_template_expr *at, struct pn_build *b,
               struct pn_str key, struct pn_value value)
{
    uint64_t probes = b->probes;
    if (pn_build_set(b, key, value) != 0)
        return pn_run_refused(run, at);
    return pn_run_charge(run, at, 1 + (b->probes - probes) / 8); /* a probe is less than a node */
}

int pn_run_object(struct pn_run *run, const struct pn_template_expr *at, struct pn_build *b,
                  struct pn_value *ret)
{
    return pn_build_finish(ret, b) == 0 ? 0 : pn_run_refused(run, at);
}

static int equal_items(struct pn_run *run, const struct pn_template_expr *at, struct pn_value a,
                       struct pn_value b, bool *ret)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && *ret && i < pn_value_count(a); i++) {
        if (a.kind == PN_ARRAY) {
            r = pn_run_equal(run, at, pn_value_at(a, i), pn_value_at(b, i), ret);
            continue;
        }
        const struct pn_member *m = pn_value_member(a, i);
        struct pn_value other = pn_value_get(b, m->key);
        if (other.kind == PN_ABSENT)
            *ret = false;
        else
            r = pn_run_equal(run, at, m->value, other, ret);
    }
    return r;
}

int pn_run_equal(struct pn_run *run, const struct pn_template_expr *at, struct pn_value a,
                 struct pn_value b, bool *ret)
{
    int r = pn_run_charge(run, at, 1);
    if (r == 0 && a.kind == PN_STRING && b.kind == PN_STRING)
        r = pn_run_charge_bytes(run, at, a.len < b.len ? a.len : b.len);
    if (r != 0)
        return r;
    if ((a.kind != PN_ARRAY && a.kind != PN_OBJECT) || a.kind != b.kind) {
        *ret = pn_value_equal(a, b);
        return 0;
    }
    *ret = pn_value_count(a) == pn_value_count(b);
    if (!*ret || a.block == b.block)
        return 0;
    r = pn_run_enter(run, at);
    if (r == 0)
        r = equal_items(run, at, a, b, ret);
    if (r == 0)
        pn_run_leave(run);
    return r;
}

/* ---- texts ----------------------------------------------------------------------------- */

int pn_run_text(struct pn_run *run, const struct pn_template_expr *at, struct pn_value v,
                struct pn_str null_text, struct pn_str *ret)
{
    switch (v.kind) {
    case PN_STRING:
        *ret = v.len > 0 ? pn_value_str(v) : PN_STR("");
        return 0;
    case PN_NULL:
        *ret = null_text;
        return 0;
    case PN_BOOL:
        *ret = v.b ? PN_STR("true") : PN_STR("false");
        return 0;
    case PN_INT:
    case PN_REAL:
    case PN_RAW:
        *ret = pn_arith_text(v, run->arena);
        return ret->s != NULL ? 0 : pn_run_refused(run, at);
    default:
        *ret = PN_STR_NULL;
        return 0;
    }
}

int pn_run_join(struct pn_run *run, const struct pn_template_expr *at, const struct pn_str *pieces,
                size_t n, struct pn_str separator, struct pn_value *ret)
{
    if (n == 1) {
        *ret = pn_string(pieces[0]);
        return 0;
    }
    uint64_t total = n > 0 ? (uint64_t)separator.n * (n - 1) : 0;
    for (size_t i = 0; i < n; i++)
        total += pieces[i].n;
    int r = pn_run_charge_bytes(run, at, total);
    if (r != 0)
        return r;
    char *text = pn_arena_alloc(run->arena, total);
    if (text == NULL || total > UINT32_MAX)
        return pn_run_refused(run, at);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && separator.n > 0) {
            memcpy(text + used, separator.s, separator.n);
            used += separator.n;
        }
        if (pieces[i].n > 0)
            memcpy(text + used, pieces[i].s, pieces[i].n);
        used += pieces[i].n;
    }
    *ret = pn_string((struct pn_str){text, used});
    return 0;
}
