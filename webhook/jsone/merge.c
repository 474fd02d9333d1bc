/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/arith.h"
#include "jsone/run.h"
#include "jsone/sort.h"

/* The operators that rearrange lists and objects. */

/* ---- $flatten, $flattenDeep, $reverse -------------------------------------------------- */

/* Counts the items that come out (items == NULL), or writes them. */
static int flatten(struct pn_run *run, const struct pn_template_expr *t, struct pn_value list,
                   bool deep, struct pn_value *items, size_t *n)
{
    int r = pn_run_enter(run, t);
    if (r == 0)
        r = pn_run_charge(run, t, pn_value_count(list));
    for (uint32_t i = 0; r == 0 && i < pn_value_count(list); i++) {
        struct pn_value v = pn_value_at(list, i);
        if (v.kind == PN_ARRAY && deep) {
            r = flatten(run, t, v, deep, items, n);
            continue;
        }
        uint32_t inner = v.kind == PN_ARRAY ? pn_value_count(v) : 1;
        if (v.kind == PN_ARRAY)
            r = pn_run_charge(run, t, inner);
        for (uint32_t j = 0; items != NULL && j < inner; j++)
            items[*n + j] = v.kind == PN_ARRAY ? pn_value_at(v, j) : v;
        *n += inner;
    }
    if (r == 0)
        pn_run_leave(run);
    return r;
}

int pn_merge_flatten(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value list;
    bool deep = t->kind == PN_TREE_FLATTEN_DEEP;
    size_t n = 0, written = 0;
    int r = pn_run_list(run, t, scope, &list);
    if (r == 0)
        r = flatten(run, t, list, deep, NULL, &n);
    if (r != 0)
        return r;
    struct pn_value *items = pn_run_alloc(run, n, sizeof *items);
    if (items == NULL)
        return pn_run_refused(run, t);
    r = flatten(run, t, list, deep, items, &written);
    return r != 0 ? r : pn_run_array(run, t, items, n, ret);
}

int pn_merge_reverse(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value list;
    int r = pn_run_list(run, t, scope, &list);
    if (r == 0)
        r = pn_run_charge(run, t, pn_value_count(list));
    if (r != 0)
        return r;
    uint32_t n = pn_value_count(list);
    struct pn_value *items = pn_run_alloc(run, n, sizeof *items);
    if (items == NULL)
        return pn_run_refused(run, t);
    for (uint32_t i = 0; i < n; i++)
        items[i] = pn_value_at(list, n - 1 - i);
    return pn_run_array(run, t, items, n, ret);
}

/* ---- $sort ----------------------------------------------------------------------------- */

struct sorted {
    struct pn_value key;
    struct pn_value item;
};

static int compare_numbers(const void *a, const void *b)
{
    return pn_arith_compare(((const struct sorted *)a)->key, ((const struct sorted *)b)->key);
}

static int compare_strings(const void *a, const void *b)
{
    return pn_str_cmp(pn_value_str(((const struct sorted *)a)->key),
                      pn_value_str(((const struct sorted *)b)->key));
}

static int run_key(struct pn_run *run, const struct pn_template_expr *t,
                   const struct pn_scope *scope, struct sorted *s)
{
    const struct pn_scope inner = {
        .outer = scope, .names = t->names, .values = &s->item, .count = t->name_count};
    s->key = s->item;
    int r = t->count > 1 ? pn_run_node(run, t->children[1], &inner, &s->key) : 0;
    if (r != 0 || s->key.kind == PN_STRING || pn_arith_read(&s->key, s->key))
        return r;
    return pn_run_fail(run, t->children[t->count - 1], "$sort orders numbers or strings, not %s%s",
                       pn_value_kind_name(s->key),
                       t->count > 1 ? "" : "; by(x) says what to order by");
}

/* The steps of n log2 n comparisons, each of which may read all of a string. */
static int charge_sort(struct pn_run *run, const struct pn_template_expr *t, size_t n,
                       uint64_t bytes)
{
    uint64_t rounds = 0;
    while (n >> rounds > 1)
        rounds++;
    int r = pn_run_charge(run, t, n * rounds);
    return r != 0 ? r : pn_run_charge_bytes(run, t, bytes * rounds);
}

static int sort_items(struct pn_run *run, const struct pn_template_expr *t, struct sorted *all,
                      uint32_t n)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < n; i++) {
        if ((all[i].key.kind == PN_STRING) != (all[0].key.kind == PN_STRING))
            return pn_run_fail(run, t, "$sort orders numbers or strings, not both together");
        bytes += pn_value_str(all[i].key).n;
    }
    int r = charge_sort(run, t, n, bytes);
    if (r != 0)
        return r;
    struct sorted *scratch = pn_run_alloc(run, n, sizeof *scratch);
    if (scratch == NULL)
        return pn_run_refused(run, t);
    bool by_string = n > 0 && all[0].key.kind == PN_STRING;
    pn_sort_stable(all, scratch, n, sizeof *all, by_string ? compare_strings : compare_numbers);
    return 0;
}

int pn_merge_sort(struct pn_run *run, const struct pn_template_expr *t,
                  const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value list;
    int r = pn_run_list(run, t, scope, &list);
    if (r != 0)
        return r;
    uint32_t n = pn_value_count(list);
    struct sorted *all = pn_run_alloc(run, n, sizeof *all);
    struct pn_value *items = pn_run_alloc(run, n, sizeof *items);
    if (all == NULL || items == NULL)
        return pn_run_refused(run, t);
    for (uint32_t i = 0; r == 0 && i < n; i++) {
        all[i].item = pn_value_at(list, i);
        r = run_key(run, t, scope, &all[i]);
    }
    if (r == 0)
        r = sort_items(run, t, all, n);
    if (r != 0)
        return r;
    for (uint32_t i = 0; i < n; i++)
        items[i] = all[i].item;
    return pn_run_array(run, t, items, n, ret);
}

/* ---- $merge, $mergeDeep ---------------------------------------------------------------- */

static int set_all(struct pn_run *run, const struct pn_template_expr *t, struct pn_build *build,
                   struct pn_value object)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < pn_value_count(object); i++) {
        const struct pn_member *m = pn_value_member(object, i);
        r = pn_run_set(run, t, build, m->key, m->value);
    }
    return r;
}

static int concatenate(struct pn_run *run, const struct pn_template_expr *t, struct pn_value a,
                       struct pn_value b, struct pn_value *ret)
{
    uint32_t n = pn_value_count(a), m = pn_value_count(b);
    int r = pn_run_charge(run, t, (uint64_t)n + m);
    if (r != 0)
        return r;
    struct pn_value *items = pn_run_alloc(run, (size_t)n + m, sizeof *items);
    if (items == NULL)
        return pn_run_refused(run, t);
    for (uint32_t i = 0; i < n; i++)
        items[i] = pn_value_at(a, i);
    for (uint32_t i = 0; i < m; i++)
        items[n + i] = pn_value_at(b, i);
    return pn_run_array(run, t, items, (size_t)n + m, ret);
}

static int merge_deep(struct pn_run *run, const struct pn_template_expr *t, struct pn_value a,
                      struct pn_value b, struct pn_value *ret);

static int merge_members(struct pn_run *run, const struct pn_template_expr *t, struct pn_value a,
                         struct pn_value b, struct pn_value *ret)
{
    struct pn_build build = PN_BUILD_IN(run->arena);
    int r = set_all(run, t, &build, a);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(b); i++) {
        const struct pn_member *m = pn_value_member(b, i);
        struct pn_value value = m->value, there = pn_value_get(a, m->key);
        if (there.kind != PN_ABSENT)
            r = merge_deep(run, t, there, value, &value);
        if (r == 0)
            r = pn_run_set(run, t, &build, m->key, value);
    }
    return r != 0 ? r : pn_run_object(run, t, &build, ret);
}

static int merge_deep(struct pn_run *run, const struct pn_template_expr *t, struct pn_value a,
                      struct pn_value b, struct pn_value *ret)
{
    if (a.kind == PN_ARRAY && b.kind == PN_ARRAY)
        return concatenate(run, t, a, b, ret);
    if (a.kind != PN_OBJECT || b.kind != PN_OBJECT) {
        *ret = b;
        return 0;
    }
    int r = pn_run_enter(run, t);
    if (r == 0)
        r = merge_members(run, t, a, b, ret);
    if (r == 0)
        pn_run_leave(run);
    return r;
}

static int merge_all_deep(struct pn_run *run, const struct pn_template_expr *t,
                          struct pn_value list, struct pn_value *ret)
{
    struct pn_build empty = PN_BUILD_IN(run->arena);
    int r = pn_run_object(run, t, &empty, ret);
    if (r == 0 && pn_value_count(list) > 0)
        *ret = pn_value_at(list, 0);
    for (uint32_t i = 1; r == 0 && i < pn_value_count(list); i++)
        r = merge_deep(run, t, *ret, pn_value_at(list, i), ret);
    return r;
}

int pn_merge_objects(struct pn_run *run, const struct pn_template_expr *t,
                     const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_build build = PN_BUILD_IN(run->arena);
    struct pn_value list;
    int r = pn_run_list(run, t, scope, &list);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(list); i++) {
        if (pn_value_at(list, i).kind != PN_OBJECT)
            r = pn_run_fail(run, t->children[0],
                            "the value of %s must be a list of objects; item %u is %s",
                            pn_tree_operator(t->kind), i, pn_value_kind_name(pn_value_at(list, i)));
    }
    if (r == 0 && t->kind == PN_TREE_MERGE_DEEP)
        return merge_all_deep(run, t, list, ret);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(list); i++)
        r = set_all(run, t, &build, pn_value_at(list, i));
    return r != 0 ? r : pn_run_object(run, t, &build, ret);
}

/* ---- $json ----------------------------------------------------------------------------- */

static int compare_keys(const void *a, const void *b)
{
    return pn_str_cmp(((const struct pn_member *)a)->key, ((const struct pn_member *)b)->key);
}

static int write_sorted(struct pn_run *run, const struct pn_template_expr *t, struct pn_buf *out,
                        struct pn_value v);

static int write_members(struct pn_run *run, const struct pn_template_expr *t, struct pn_buf *out,
                         struct pn_value v)
{
    uint32_t n = pn_value_count(v);
    uint64_t bytes = 0;
    struct pn_member *members = pn_arena_alloc(run->arena, 2 * (size_t)n * sizeof *members);
    if (members == NULL)
        return pn_run_refused(run, t);
    for (uint32_t i = 0; i < n; i++) {
        members[i] = *pn_value_member(v, i);
        bytes += members[i].key.n;
    }
    int r = charge_sort(run, t, n, bytes);
    if (r == 0)
        pn_sort_stable(members, members + n, n, sizeof *members, compare_keys);
    for (uint32_t i = 0; r == 0 && i < n; i++) {
        pn_buf_char(out, i == 0 ? '{' : ',');
        pn_json_write_str(out, members[i].key);
        pn_buf_char(out, ':');
        r = write_sorted(run, t, out, members[i].value);
    }
    pn_buf_cstr(out, n > 0 ? "}" : "{}");
    return r;
}

/* As pn_json_write does it, with the members of each object ordered by key. */
static int write_sorted(struct pn_run *run, const struct pn_template_expr *t, struct pn_buf *out,
                        struct pn_value v)
{
    int r = 0;
    if (v.kind == PN_OBJECT)
        return write_members(run, t, out, v);
    if (v.kind != PN_ARRAY) {
        pn_json_write(out, v);
        return 0;
    }
    pn_buf_char(out, '[');
    for (uint32_t i = 0; r == 0 && i < pn_value_count(v); i++) {
        if (i > 0)
            pn_buf_char(out, ',');
        r = write_sorted(run, t, out, pn_value_at(v, i));
    }
    pn_buf_char(out, ']');
    return r;
}

int pn_merge_json(struct pn_run *run, const struct pn_template_expr *t,
                  const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_buf out = PN_BUF_IN_ARENA(run->arena);
    struct pn_value v;
    int r = pn_run_node(run, t->children[0], scope, &v);
    if (r == 0 && v.kind == PN_ABSENT)
        r = pn_run_fail(run, t->children[0], "$json has nothing to write");
    if (r == 0)
        r = pn_run_check(run, t->children[0], v); /* bounds depth and size of what follows */
    if (r == 0)
        r = write_sorted(run, t, &out, v);
    if (r != 0)
        return r;
    if (out.failed || out.len > UINT32_MAX)
        return pn_run_refused(run, t);
    *ret = pn_string(pn_buf_view(&out));
    return pn_run_charge_bytes(run, t, out.len);
}
