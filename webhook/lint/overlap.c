/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/overlap.h"

void pn_overlap_init(struct pn_overlap *o, struct pn_arena *a)
{
    *o = (struct pn_overlap){.arena = a, .is_known = true};
}

/* Room for one more; false when memory was refused. */
static bool reserve(struct pn_overlap *o)
{
    if (o->count < o->cap)
        return true;
    size_t bytes = o->cap * sizeof *o->pods, more = 2 * bytes + 4 * sizeof *o->pods;
    const struct pn_selector **p = pn_arena_grow(o->arena, o->pods, bytes, more);
    const struct pn_selector **n = pn_arena_grow(o->arena, o->namespaces, bytes, more);
    const struct pn_selector **a = pn_arena_grow(o->arena, o->annotations, bytes, more);
    if (p == NULL || n == NULL || a == NULL) {
        o->out_of_memory = true;
        o->is_known = false;
        return false;
    }
    o->pods = p;
    o->namespaces = n;
    o->annotations = a;
    o->cap = 2 * o->cap + 4;
    return true;
}

static void add(struct pn_overlap *o, const struct pn_selector *pods,
                const struct pn_selector *namespaces, const struct pn_selector *annotations)
{
    if (!reserve(o))
        return;
    o->pods[o->count] = pods;
    o->namespaces[o->count] = namespaces;
    o->annotations[o->count++] = annotations;
}

void pn_overlap_add_policy(struct pn_overlap *o, const struct pn_lint_policy *p)
{
    if (p->when.s != NULL) {
        o->is_known = o->is_known && (o->when.s == NULL || pn_str_eq(o->when, p->when));
        o->when = p->when;
    }
    add(o, &p->pods, &p->namespaces, &p->annotations);
}

void pn_overlap_add_budget(struct pn_overlap *o, const struct pn_lint_budget *b)
{
    static const struct pn_selector none;
    add(o, &b->pods, &b->namespaces, &none);
}

void pn_overlap_cut(struct pn_overlap *o, size_t mark, struct pn_str when, bool is_known)
{
    o->count = mark;
    o->when = when;
    o->is_known = is_known;
}

/* ---- one key --------------------------------------------------------------------------- */

/* What is asked of one key by all selectors. */
struct key_view {
    const struct pn_selector *const *selectors;
    size_t count;
    struct pn_str key;
    const struct pn_requirement *extra; /* one more, or NULL */
};

static bool holds_value(const struct pn_requirement *r, struct pn_str value)
{
    bool listed = false;
    for (uint32_t i = 0; i < r->count; i++)
        listed = listed || pn_str_eq(r->values[i], value);
    if (r->op == PN_OP_IN)
        return listed;
    if (r->op == PN_OP_NOT_IN)
        return !listed;
    return r->op == PN_OP_EXISTS;
}

/* The requirements on the key, one after the other; NULL at the end. */
static const struct pn_requirement *next_of(const struct key_view *v, size_t *selector,
                                            uint32_t *at)
{
    for (; *selector < v->count; (*selector)++, *at = 0) {
        const struct pn_selector *s = v->selectors[*selector];
        while (*at < s->count) {
            const struct pn_requirement *r = &s->requirements[(*at)++];
            if (pn_str_eq(r->key, v->key))
                return r;
        }
    }
    if (*selector == v->count && v->extra != NULL) {
        ++*selector;
        return v->extra;
    }
    return NULL;
}

static bool all_hold(const struct key_view *v, struct pn_str value)
{
    size_t selector = 0;
    uint32_t at = 0;
    const struct pn_requirement *r;
    while ((r = next_of(v, &selector, &at)) != NULL) {
        if (!holds_value(r, value))
            return false;
    }
    return true;
}

static bool may_be_absent(const struct key_view *v)
{
    size_t selector = 0;
    uint32_t at = 0;
    const struct pn_requirement *r;
    while ((r = next_of(v, &selector, &at)) != NULL) {
        if (r->op == PN_OP_IN || r->op == PN_OP_EXISTS)
            return false;
    }
    return true;
}

/* A value for the key that all requirements hold for; s == NULL: there is none. */
static struct pn_str find_value(const struct key_view *v, struct pn_arena *a)
{
    size_t selector = 0, excluded = 0;
    uint32_t at = 0;
    const struct pn_requirement *r;
    while ((r = next_of(v, &selector, &at)) != NULL) {
        for (uint32_t i = 0; r->op == PN_OP_IN && i < r->count; i++) {
            if (all_hold(v, r->values[i]))
                return r->values[i];
        }
        if (r->op == PN_OP_IN || r->op == PN_OP_DOES_NOT_EXIST)
            return PN_STR_NULL;
        excluded += r->count;
    }
    /* Only exclusions, and there are finitely many. */
    for (size_t i = 0; i <= excluded; i++) {
        struct pn_str value = i == 0 ? PN_STR("any") : pn_arena_format(a, "any-%zu", i);
        if (value.s != NULL && all_hold(v, value))
            return value;
    }
    return PN_STR_NULL;
}

static bool is_possible_key(const struct key_view *v, struct pn_arena *a)
{
    return may_be_absent(v) || find_value(v, a).s != NULL;
}

/* ---- selectors ------------------------------------------------------------------------- */

static const struct pn_requirement name_is_there = {PN_STR_INIT("kubernetes.io/metadata.name"),
                                                    PN_OP_EXISTS, NULL, 0};

/* Each namespace has this label. */
static const struct pn_requirement *extra_of(struct pn_str key, bool of_namespaces)
{
    return of_namespaces && pn_str_eq(key, name_is_there.key) ? &name_is_there : NULL;
}

/* The key that cannot be had, or s == NULL. */
static struct pn_str impossible_key(const struct pn_selector *const *selectors, size_t n,
                                    bool of_namespaces, struct pn_arena *a)
{
    for (size_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < selectors[i]->count; k++) {
            struct pn_str key = selectors[i]->requirements[k].key;
            const struct key_view v = {selectors, n, key, extra_of(key, of_namespaces)};
            if (!is_possible_key(&v, a))
                return key;
        }
    }
    return PN_STR_NULL;
}

bool pn_overlap_is_possible(const struct pn_overlap *o)
{
    return o->is_known && impossible_key(o->pods, o->count, false, o->arena).s == NULL &&
           impossible_key(o->namespaces, o->count, true, o->arena).s == NULL &&
           impossible_key(o->annotations, o->count, false, o->arena).s == NULL;
}

bool pn_overlap_is_satisfiable(const struct pn_selector *s, struct pn_str *ret_key,
                               struct pn_arena *a)
{
    *ret_key = impossible_key(&s, 1, false, a);
    return ret_key->s == NULL;
}

static struct pn_requirement negation_of(const struct pn_requirement *r)
{
    struct pn_requirement n = *r;
    switch (r->op) {
    case PN_OP_IN:
        n.op = PN_OP_NOT_IN;
        break;
    case PN_OP_NOT_IN:
        n.op = PN_OP_IN;
        break;
    case PN_OP_EXISTS:
        n.op = PN_OP_DOES_NOT_EXIST;
        break;
    default:
        n.op = PN_OP_EXISTS;
        break;
    }
    return n;
}

bool pn_overlap_implies(const struct pn_selector *narrow, const struct pn_selector *wide,
                        struct pn_arena *a)
{
    for (uint32_t i = 0; i < wide->count; i++) {
        const struct pn_requirement not = negation_of(&wide->requirements[i]);
        const struct key_view v = {&narrow, 1, not .key, &not };
        if (is_possible_key(&v, a))
            return false;
    }
    return true;
}

bool pn_overlap_policy_implies(const struct pn_lint_policy *narrow,
                               const struct pn_lint_policy *wide, struct pn_arena *a)
{
    return (wide->when.s == NULL || pn_str_eq(wide->when, narrow->when)) && wide->percent == 100 &&
           (wide->opt_out_forbidden || !narrow->opt_out_forbidden) &&
           pn_overlap_implies(&narrow->pods, &wide->pods, a) &&
           pn_overlap_implies(&narrow->namespaces, &wide->namespaces, a) &&
           pn_overlap_implies(&narrow->annotations, &wide->annotations, a);
}

/* ---- a witness ------------------------------------------------------------------------- */

static bool is_first(const struct pn_selector *const *selectors, size_t i, uint32_t k)
{
    struct pn_str key = selectors[i]->requirements[k].key;
    for (size_t j = 0; j <= i; j++) {
        for (uint32_t m = 0; m < (j == i ? k : selectors[j]->count); m++) {
            if (pn_str_eq(selectors[j]->requirements[m].key, key))
                return false;
        }
    }
    return true;
}

/* "key: value, ..." of all keys that have to be there. Returns how many. */
static size_t write_values(struct pn_buf *out, const struct pn_selector *const *selectors, size_t n,
                           struct pn_arena *a)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < selectors[i]->count; k++) {
            const struct key_view v = {selectors, n, selectors[i]->requirements[k].key, NULL};
            if (!is_first(selectors, i, k) || may_be_absent(&v))
                continue;
            struct pn_str value = find_value(&v, a);
            pn_buf_printf(out, "%s%.*s: %.*s", count++ > 0 ? ", " : "", PN_STR_ARG(v.key),
                          PN_STR_ARG(value));
        }
    }
    return count;
}

void pn_overlap_write_witness(struct pn_buf *out, const struct pn_overlap *o)
{
    const struct key_view name = {o->namespaces, o->count, name_is_there.key, &name_is_there};
    size_t start = out->len;
    pn_buf_cstr(out, "with labels {");
    size_t n = write_values(out, o->pods, o->count, o->arena);
    if (n == 0) {
        out->len = start;
        pn_buf_cstr(out, "without labels");
    } else {
        pn_buf_char(out, '}');
    }
    start = out->len;
    pn_buf_cstr(out, " and annotations {");
    n = write_values(out, o->annotations, o->count, o->arena);
    if (n == 0)
        out->len = start;
    else
        pn_buf_char(out, '}');
    struct pn_str value = find_value(&name, o->arena);
    if (pn_str_is(value, "any"))
        pn_buf_cstr(out, " in any namespace");
    else
        pn_buf_printf(out, " in namespace %.*s", PN_STR_ARG(value));
    if (o->when.s != NULL)
        pn_buf_printf(out, ", where %.*s", PN_STR_ARG(o->when));
}
