/* SPDX-License-Identifier: Apache-2.0 */
#include "base/value.h"

#include <errno.h>
#include <stdlib.h>

#include "base/number.h"

/* Up to here a scan over the members is as fast as a search, and needs no index. */
enum { SCAN_MAX_MEMBERS = 32 };

/* Apart, so that a scan saves no registers. */
static __attribute__((noinline)) const struct pn_member *search(const struct pn_block *block,
                                                                struct pn_str key)
{
    uint32_t low = 0, high = block->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct pn_member *m = &block->members[block->by_key[middle]];
        int order = pn_str_cmp(m->key, key);
        if (order == 0)
            return m;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct pn_member *pn_value_find(struct pn_value object, struct pn_str key)
{
    if (object.kind != PN_OBJECT)
        return NULL;
    const struct pn_block *block = object.block;
    if (block->by_key != NULL)
        return search(block, key);
    for (uint32_t i = 0; i < block->count; i++) {
        const struct pn_member *m = &block->members[i];
        if (m->key.n == key.n && pn_str_same(m->key.s, key.s, key.n))
            return m;
    }
    return NULL;
}

struct pn_value pn_value_get(struct pn_value object, struct pn_str key)
{
    const struct pn_member *m = pn_value_find(object, key);
    return m != NULL ? m->value : PN_VALUE_ABSENT;
}

int pn_array_take(struct pn_value *ret, struct pn_arena *a, struct pn_value *take_items, size_t n)
{
    struct pn_block *block = pn_arena_alloc(a, sizeof *block);
    if (block == NULL || n > UINT32_MAX)
        return -ENOMEM;
    *block = (struct pn_block){.count = (uint32_t)n, .items = take_items};
    *ret = (struct pn_value){.kind = PN_ARRAY, .block = block};
    return 0;
}

int pn_array_new(struct pn_value *ret, struct pn_arena *a, const struct pn_value *items, size_t n)
{
    struct pn_value *copy = pn_arena_alloc(a, n * sizeof *copy);
    if (copy == NULL)
        return -ENOMEM;
    if (n > 0)
        memcpy(copy, items, n * sizeof *copy);
    return pn_array_take(ret, a, copy, n);
}

/* Heap sort of member indices by key: no recursion, no allocation, no worst case. */
static void sift_down(uint32_t *index, uint32_t root, uint32_t n, const struct pn_member *members)
{
    while (2 * (uint64_t)root + 1 < n) {
        uint32_t child = 2 * root + 1;
        if (child + 1 < n &&
            pn_str_cmp(members[index[child]].key, members[index[child + 1]].key) < 0)
            child++;
        if (pn_str_cmp(members[index[root]].key, members[index[child]].key) >= 0)
            return;
        uint32_t swap = index[root];
        index[root] = index[child];
        index[child] = swap;
        root = child;
    }
}

static void sort_by_key(uint32_t *index, uint32_t n, const struct pn_member *members)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sift_down(index, i, n, members);
    for (uint32_t end = n; end-- > 1;) {
        uint32_t swap = index[0];
        index[0] = index[end];
        index[end] = swap;
        sift_down(index, 0, end, members);
    }
}

static bool scan_finds_duplicate(const struct pn_member *members, size_t n)
{
    for (const struct pn_member *m = members; m < members + n; m++) {
        for (const struct pn_member *before = members; before < m; before++) {
            if (before->key.n == m->key.n && pn_str_same(before->key.s, m->key.s, m->key.n))
                return true;
        }
    }
    return false;
}

/* Apart, so that small objects save no registers for it. */
static __attribute__((noinline)) int index_members(const uint32_t **ret, struct pn_arena *a,
                                                   const struct pn_member *members, uint32_t n)
{
    uint32_t *index = pn_arena_alloc(a, n * sizeof *index);
    if (index == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        index[i] = i;
    sort_by_key(index, n, members);
    for (uint32_t i = 1; i < n; i++) {
        if (pn_str_eq(members[index[i - 1]].key, members[index[i]].key))
            return PN_VALUE_E_DUPLICATE_KEY;
    }
    *ret = index;
    return 0;
}

int pn_object_take_distinct(struct pn_value *ret, struct pn_arena *a,
                            struct pn_member *take_members, size_t n)
{
    struct pn_block *block = pn_arena_alloc(a, sizeof *block);
    if (block == NULL || n > UINT32_MAX)
        return -ENOMEM;
    *block = (struct pn_block){.count = (uint32_t)n, .members = take_members};
    if (n > SCAN_MAX_MEMBERS) {
        int r = index_members(&block->by_key, a, take_members, block->count);
        if (r != 0)
            return r;
    }
    *ret = (struct pn_value){.kind = PN_OBJECT, .block = block};
    return 0;
}

int pn_object_take(struct pn_value *ret, struct pn_arena *a, struct pn_member *take_members,
                   size_t n)
{
    if (n <= SCAN_MAX_MEMBERS && scan_finds_duplicate(take_members, n))
        return PN_VALUE_E_DUPLICATE_KEY;
    return pn_object_take_distinct(ret, a, take_members, n);
}

int pn_object_new(struct pn_value *ret, struct pn_arena *a, const struct pn_member *members,
                  size_t n)
{
    struct pn_member *copy = pn_arena_alloc(a, n * sizeof *copy);
    if (copy == NULL)
        return -ENOMEM;
    if (n > 0)
        memcpy(copy, members, n * sizeof *copy);
    return pn_object_take(ret, a, copy, n);
}

int pn_object_like(struct pn_value *ret, struct pn_arena *a, struct pn_value like,
                   struct pn_member *take_members)
{
    struct pn_block *block = pn_arena_alloc(a, sizeof *block);
    if (block == NULL)
        return -ENOMEM;
    *block = (struct pn_block){
        .count = like.block->count, .by_key = like.block->by_key, .members = take_members};
    *ret = (struct pn_value){.kind = PN_OBJECT, .block = block};
    return 0;
}

/* The object with another value in the place of member `at`. */
static int replace(struct pn_value *ret, struct pn_arena *a, struct pn_value v, uint32_t at,
                   struct pn_value value)
{
    struct pn_member *members = pn_arena_alloc(a, v.block->count * sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    memcpy(members, v.block->members, v.block->count * sizeof *members);
    members[at].value = value;
    return pn_object_like(ret, a, v, members);
}

int pn_object_with(struct pn_value *ret, struct pn_arena *a, struct pn_value v, struct pn_str key,
                   struct pn_value value)
{
    uint32_t count = v.kind == PN_OBJECT ? v.block->count : 0;
    const struct pn_member *found = pn_value_find(v, key);
    if (found != NULL && value.kind != PN_ABSENT)
        return replace(ret, a, v, (uint32_t)(found - v.block->members), value);
    struct pn_member *members = pn_arena_alloc(a, (count + 1) * sizeof *members);
    uint32_t n = 0;
    if (members == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        if (&v.block->members[i] != found)
            members[n++] = v.block->members[i];
    }
    if (value.kind != PN_ABSENT)
        members[n++] = (struct pn_member){key, value};
    return pn_object_take_distinct(ret, a, members, n);
}

int pn_value_note(struct pn_value v, uint32_t fits, struct pn_arena *a)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf json = PN_BUF_INIT;
    struct pn_note *note = pn_arena_alloc(a, sizeof *note);
    pn_json_write(&json, v);
    if (note == NULL || json.failed)
        return -ENOMEM;
    *note = (struct pn_note){pn_arena_dup(a, pn_buf_view(&json)), fits};
    if (note->json.s == NULL)
        return -ENOMEM;
    ((struct pn_block *)(uintptr_t)v.block)->note = note;
    return 0;
}

static int freeze_array(struct pn_value *ret, struct pn_value v, struct pn_arena *a)
{
    uint32_t n = pn_value_count(v);
    struct pn_value *items = pn_arena_alloc(a, n * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        int r = pn_value_freeze(&items[i], pn_value_at(v, i), a);
        if (r != 0)
            return r;
    }
    return pn_array_take(ret, a, items, n);
}

static int freeze_object(struct pn_value *ret, struct pn_value v, struct pn_arena *a)
{
    uint32_t n = pn_value_count(v);
    struct pn_member *members = pn_arena_alloc(a, n * sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        members[i].key = pn_arena_dup(a, pn_value_member(v, i)->key);
        if (members[i].key.s == NULL)
            return -ENOMEM;
        int r = pn_value_freeze(&members[i].value, pn_value_member(v, i)->value, a);
        if (r != 0)
            return r;
    }
    return pn_object_take(ret, a, members, n);
}

int pn_value_freeze(struct pn_value *ret, struct pn_value v, struct pn_arena *a)
{
    if (v.kind == PN_ARRAY)
        return freeze_array(ret, v, a);
    if (v.kind == PN_OBJECT)
        return freeze_object(ret, v, a);
    if (v.kind == PN_STRING || v.kind == PN_RAW) {
        struct pn_str copy = pn_arena_dup(a, pn_value_str(v));
        if (copy.s == NULL)
            return -ENOMEM;
        v.s = copy.s;
    }
    *ret = v;
    return 0;
}

struct pn_value pn_value_of_scalar(const struct pn_node *n)
{
    switch (n->kind) {
    case PN_NODE_NULL:
        return pn_null();
    case PN_NODE_BOOL:
        return pn_bool(n->b);
    case PN_NODE_INT:
        return pn_int(n->i);
    case PN_NODE_REAL:
        return pn_real(n->r);
    case PN_NODE_RAW:
        return pn_raw(n->s);
    case PN_NODE_STRING:
        return pn_string(n->s);
    case PN_NODE_SEQUENCE:
    case PN_NODE_MAPPING:
        break;
    }
    return PN_VALUE_ABSENT;
}

static int sequence_from_node(struct pn_value *ret, const struct pn_node *node, struct pn_arena *a)
{
    uint32_t n = node->sequence.count;
    struct pn_value *items = pn_arena_alloc(a, n * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        int r = pn_value_from_node(&items[i], node->sequence.items[i], a);
        if (r != 0)
            return r;
    }
    return pn_array_take(ret, a, items, n);
}

static int mapping_from_node(struct pn_value *ret, const struct pn_node *node, struct pn_arena *a)
{
    uint32_t n = node->mapping.count;
    struct pn_member *members = pn_arena_alloc(a, n * sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        members[i].key = node->mapping.entries[i].key->s;
        int r = pn_value_from_node(&members[i].value, node->mapping.entries[i].value, a);
        if (r != 0)
            return r;
    }
    return pn_object_take(ret, a, members, n);
}

int pn_value_from_node(struct pn_value *ret, const struct pn_node *n, struct pn_arena *a)
{
    if (n->kind == PN_NODE_SEQUENCE)
        return sequence_from_node(ret, n, a);
    if (n->kind == PN_NODE_MAPPING)
        return mapping_from_node(ret, n, a);
    *ret = pn_value_of_scalar(n);
    return 0;
}

static bool is_number(struct pn_value v)
{
    return v.kind == PN_INT || v.kind == PN_REAL || v.kind == PN_RAW;
}

/* A PN_RAW as PN_INT or PN_REAL, where it is within one of them. */
static struct pn_value plain_number(struct pn_value v)
{
    int64_t i;
    double r;
    if (v.kind == PN_RAW && pn_number_read_int(&i, pn_value_str(v)))
        return pn_int(i);
    if (v.kind == PN_RAW && pn_number_read_real(&r, pn_value_str(v)))
        return pn_real(r);
    return v;
}

static bool is_digits(struct pn_value v)
{
    for (uint32_t i = v.len > 0 && v.s[0] == '-' ? 1 : 0; i < v.len; i++) {
        if (v.s[i] < '0' || v.s[i] > '9')
            return false;
    }
    return true;
}

static bool numbers_equal(struct pn_value a, struct pn_value b)
{
    struct pn_value x = plain_number(a), y = plain_number(b);
    if (a.kind == PN_RAW && b.kind == PN_RAW) {
        bool same_text = pn_str_eq(pn_value_str(a), pn_value_str(b));
        /* Integers beyond int64 must not be compared by their nearest doubles. */
        if (same_text || (x.kind != PN_INT && y.kind != PN_INT && is_digits(a) && is_digits(b)))
            return same_text;
    }
    if (x.kind == PN_RAW || y.kind == PN_RAW)
        return false;
    if (x.kind == PN_REAL && y.kind == PN_REAL)
        return x.r == y.r;
    if (x.kind == PN_INT && y.kind == PN_INT)
        return x.i == y.i;
    int64_t i = x.kind == PN_INT ? x.i : y.i;
    double r = x.kind == PN_INT ? y.r : x.r;
    return r >= -0x1p63 && r < 0x1p63 && (int64_t)r == i && (double)(int64_t)r == r;
}

static bool arrays_equal(struct pn_value a, struct pn_value b)
{
    if (pn_value_count(a) != pn_value_count(b))
        return false;
    for (uint32_t i = 0; i < pn_value_count(a); i++) {
        if (!pn_value_equal(pn_value_at(a, i), pn_value_at(b, i)))
            return false;
    }
    return true;
}

static bool objects_equal(struct pn_value a, struct pn_value b)
{
    if (pn_value_count(a) != pn_value_count(b))
        return false;
    for (uint32_t i = 0; i < pn_value_count(a); i++) {
        const struct pn_member *m = pn_value_member(a, i);
        struct pn_value other = pn_value_get(b, m->key);
        if (other.kind == PN_ABSENT || !pn_value_equal(m->value, other))
            return false;
    }
    return true;
}

bool pn_value_equal(struct pn_value a, struct pn_value b)
{
    if (is_number(a) && is_number(b))
        return numbers_equal(a, b);
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case PN_BOOL:
        return a.b == b.b;
    case PN_STRING:
        return pn_str_eq(pn_value_str(a), pn_value_str(b));
    case PN_ARRAY:
        return arrays_equal(a, b);
    case PN_OBJECT:
        return objects_equal(a, b);
    case PN_BUILTIN:
        return a.builtin == b.builtin;
    default:
        return true; /* absent, null */
    }
}

const char *pn_value_kind_name(struct pn_value v)
{
    static const char *const names[] = {
        [PN_ABSENT] = "nothing",     [PN_NULL] = "null",     [PN_BOOL] = "a boolean",
        [PN_INT] = "an integer",     [PN_REAL] = "a number", [PN_RAW] = "a number",
        [PN_STRING] = "a string",    [PN_ARRAY] = "a list",  [PN_OBJECT] = "an object",
        [PN_BUILTIN] = "a function",
    };
    return names[v.kind];
}
