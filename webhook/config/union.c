/* SPDX-License-Identifier: Apache-2.0 */
#include "config/union.h"

#include <errno.h>
#include <stdlib.h>

/* ---- requirements ----------------------------------------------------------------------- */

static bool is_positive(const struct pn_requirement *r)
{
    return r->op == PN_OP_IN || r->op == PN_OP_EXISTS;
}

static bool lists(const struct pn_requirement *r, struct pn_str value)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (pn_str_eq(r->values[i], value))
            return true;
    }
    return false;
}

/* The same key, operator and set of values. */
static bool is_same(const struct pn_requirement *a, const struct pn_requirement *b)
{
    bool same = pn_str_eq(a->key, b->key) && a->op == b->op;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = lists(b, a->values[i]);
    for (uint32_t i = 0; same && i < b->count; i++)
        same = lists(a, b->values[i]);
    return same;
}

static bool has_same(const struct pn_selector *s, const struct pn_requirement *r)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (is_same(&s->requirements[i], r))
            return true;
    }
    return false;
}

/* What the selector asks of the key's presence, or NULL: In rather than Exists, which is weaker. */
static const struct pn_requirement *positive_of(const struct pn_selector *s, struct pn_str key)
{
    const struct pn_requirement *found = NULL;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct pn_requirement *r = &s->requirements[i];
        if (is_positive(r) && pn_str_eq(r->key, key) && (found == NULL || r->op == PN_OP_IN))
            found = r;
    }
    return found;
}

/* ---- what all of them imply ------------------------------------------------------------- */

static int by_bytes(const void *a, const void *b)
{
    return pn_str_cmp(*(const struct pn_str *)a, *(const struct pn_str *)b);
}

/* Sorts, and drops what stands twice. Returns how many are left. */
static uint32_t unique(struct pn_str *values, size_t n)
{
    uint32_t kept = 0;
    if (n > 0)
        qsort(values, n, sizeof *values, by_bytes);
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || !pn_str_eq(values[kept - 1], values[i]))
            values[kept++] = values[i];
    }
    return kept;
}

static int join_values(struct pn_requirement *ret, const struct pn_selector *const *selectors,
                       size_t n, struct pn_arena *a)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += positive_of(selectors[i], ret->key)->count;
    struct pn_str *values = pn_arena_alloc(a, total * sizeof *values);
    if (values == NULL)
        return -ENOMEM;
    total = 0;
    for (size_t i = 0; i < n; i++) {
        const struct pn_requirement *r = positive_of(selectors[i], ret->key);
        for (uint32_t v = 0; v < r->count; v++)
            values[total++] = r->values[v];
    }
    ret->values = values;
    ret->count = unique(values, total);
    return 0;
}

/* What is left of `r`, a requirement of the first selector, when all of them are asked.
 * *ret_kept: whether anything is. */
static int weaken(struct pn_requirement *ret, bool *ret_kept, const struct pn_requirement *r,
                  const struct pn_selector *const *selectors, size_t n, struct pn_arena *a)
{
    bool all_same = true, all_positive = is_positive(r), all_in = true;
    for (size_t i = 0; i < n; i++) {
        const struct pn_requirement *other = positive_of(selectors[i], r->key);
        all_same = all_same && has_same(selectors[i], r);
        all_positive = all_positive && other != NULL;
        all_in = all_in && other != NULL && other->op == PN_OP_IN;
    }
    *ret = *r;
    *ret_kept = all_same || all_positive;
    if (all_same || !all_positive)
        return 0;
    *ret = (struct pn_requirement){.key = r->key, .op = all_in ? PN_OP_IN : PN_OP_EXISTS};
    return all_in ? join_values(ret, selectors, n, a) : 0;
}

int pn_union_of(struct pn_selector *ret, const struct pn_selector *const *selectors, size_t n,
                struct pn_arena *a)
{
    const struct pn_selector none = {0};
    const struct pn_selector *first = n > 0 ? selectors[0] : &none;
    struct pn_requirement *kept = pn_arena_alloc(a, first->count * sizeof *kept);
    struct pn_selector result = {kept, 0};
    if (kept == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < first->count; i++) {
        struct pn_requirement r;
        bool is_kept = false;
        int code = weaken(&r, &is_kept, &first->requirements[i], selectors, n, a);
        if (code != 0)
            return code;
        if (is_kept && !has_same(&result, &r))
            kept[result.count++] = r;
    }
    *ret = result;
    return 0;
}
