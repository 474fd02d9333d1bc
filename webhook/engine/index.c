/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/index.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/match.h"

enum posting_kind { LABEL_PAIR, LABEL_KEY, NAMESPACE, ANNOTATION_PAIR };

/* A condition; for LABEL_KEY and NAMESPACE, `value` is empty. */
struct condition {
    enum posting_kind kind;
    struct pn_str key, value;
};

struct posting {
    uint64_t hash;
    struct condition condition;
    uint32_t policy;
};

/* Postings [start, start + count) of one condition. */
struct group {
    uint64_t hash;
    uint32_t start, count; /* count 0: a free slot */
};

struct pn_index {
    const struct posting *postings; /* sorted by hash, condition, policy */
    struct group *slots;            /* open addressing, a power of two */
    uint64_t slot_mask;
    bool has[ANNOTATION_PAIR + 1]; /* postings, by kind: most policies go by pairs of labels */
    const uint32_t *always;
    size_t always_count;
    size_t word_count; /* of a bit set over the policies */
};

static uint64_t hash_condition(struct condition c)
{
    char kind = (char)c.kind;
    uint64_t hash = pn_str_hash(PN_HASH_BASIS, (struct pn_str){&kind, 1});
    hash = pn_str_hash(hash, c.key);
    hash = pn_str_hash(hash, PN_STR("\0"));
    return pn_str_hash(hash, c.value);
}

static int order_conditions(const struct condition *a, const struct condition *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int order = pn_str_cmp(a->key, b->key);
    return order != 0 ? order : pn_str_cmp(a->value, b->value);
}

static int by_hash(const void *a, const void *b)
{
    const struct posting *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    int order = order_conditions(&x->condition, &y->condition);
    if (order != 0)
        return order;
    return (x->policy > y->policy) - (x->policy < y->policy);
}

/* ---- building: how often a label pair is asked for
 * ----------------------------------------------- */

struct frequencies {
    uint64_t *hashes; /* of all required label pairs of all policies, sorted */
    size_t count;
};

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static size_t lower_bound(const struct frequencies *f, uint64_t hash)
{
    size_t low = 0, high = f->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (f->hashes[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t frequency(const struct frequencies *f, struct condition c)
{
    uint64_t hash = hash_condition(c);
    size_t first = lower_bound(f, hash);
    size_t end = hash == UINT64_MAX ? f->count : lower_bound(f, hash + 1);
    return end - first;
}

static struct condition label_pair(const struct pn_requirement *r, size_t i)
{
    return (struct condition){LABEL_PAIR, r->key, r->values[i]};
}

static int count_pairs(struct frequencies *ret, const struct pn_policy_set *set)
{
    size_t n = 0;
    for (size_t p = 0; p < set->policy_count; p++) {
        const struct pn_selector *s = &set->policies[p].pod_selector;
        for (size_t i = 0; i < s->count; i++)
            n += s->requirements[i].op == PN_OP_IN ? s->requirements[i].count : 0;
    }
    uint64_t *hashes = malloc((n + 1) * sizeof *hashes);
    if (hashes == NULL)
        return -ENOMEM;
    n = 0;
    for (size_t p = 0; p < set->policy_count; p++) {
        const struct pn_selector *s = &set->policies[p].pod_selector;
        for (size_t i = 0; i < s->count; i++) {
            for (size_t v = 0; s->requirements[i].op == PN_OP_IN && v < s->requirements[i].count;
                 v++)
                hashes[n++] = hash_condition(label_pair(&s->requirements[i], v));
        }
    }
    qsort(hashes, n, sizeof *hashes, by_value);
    *ret = (struct frequencies){hashes, n};
    return 0;
}

/* ---- building: the condition of each policy
 * -------------------------------------------------------- */

/* The requirement whose pairs are asked for least, or NULL. */
static const struct pn_requirement *rarest(const struct pn_selector *s, const struct frequencies *f)
{
    const struct pn_requirement *best = NULL;
    size_t best_cost = SIZE_MAX;
    for (size_t i = 0; i < s->count; i++) {
        const struct pn_requirement *r = &s->requirements[i];
        size_t cost = 0;
        if (r->op != PN_OP_IN)
            continue;
        for (size_t v = 0; v < r->count; v++)
            cost += frequency(f, label_pair(r, v));
        if (cost < best_cost) {
            best = r;
            best_cost = cost;
        }
    }
    return best;
}

struct builder {
    struct posting *postings; /* on the heap; NULL while counting */
    size_t count;
    uint32_t *always;
    size_t always_count;
};

static void post(struct builder *b, struct condition c, uint32_t policy)
{
    if (b->postings != NULL)
        b->postings[b->count] = (struct posting){hash_condition(c), c, policy};
    b->count++;
}

static bool post_namespaces(struct builder *b, const struct pn_selector *s, uint32_t policy)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct pn_requirement *r = &s->requirements[i];
        if (r->op != PN_OP_IN || !pn_str_eq(r->key, pn_namespace_name_label))
            continue;
        for (size_t v = 0; v < r->count; v++)
            post(b, (struct condition){NAMESPACE, r->values[v], PN_STR_NULL}, policy);
        return true;
    }
    return false;
}

static void post_policy(struct builder *b, const struct pn_policy *p, uint32_t id,
                        const struct frequencies *f)
{
    const struct pn_requirement *r = rarest(&p->pod_selector, f);
    if (r != NULL) {
        for (size_t v = 0; v < r->count; v++)
            post(b, label_pair(r, v), id);
        return;
    }
    for (size_t i = 0; i < p->pod_selector.count; i++) {
        if (p->pod_selector.requirements[i].op != PN_OP_EXISTS)
            continue;
        post(b, (struct condition){LABEL_KEY, p->pod_selector.requirements[i].key, PN_STR_NULL},
             id);
        return;
    }
    if (post_namespaces(b, &p->namespace_selector, id))
        return;
    if (pn_value_count(p->pod_annotations) > 0) {
        const struct pn_member *m = pn_value_member(p->pod_annotations, 0);
        post(b, (struct condition){ANNOTATION_PAIR, m->key, pn_value_str(m->value)}, id);
        return;
    }
    if (b->always != NULL)
        b->always[b->always_count] = id;
    b->always_count++;
}

static void post_all(struct builder *b, const struct pn_policy_set *set,
                     const struct frequencies *f)
{
    for (uint32_t p = 0; p < set->policy_count; p++)
        post_policy(b, &set->policies[p], p, f);
}

/* ---- building: the table
 * ---------------------------------------------------------------------------- */

static void insert(struct pn_index *index, uint32_t start, uint32_t count)
{
    uint64_t hash = index->postings[start].hash;
    uint64_t at = hash & index->slot_mask;
    while (index->slots[at].count > 0)
        at = (at + 1) & index->slot_mask;
    index->slots[at] = (struct group){hash, start, count};
    index->has[index->postings[start].condition.kind] = true;
}

static int build_table(struct pn_index *index, const struct posting *sorted, size_t n,
                       struct pn_arena *a)
{
    size_t slots = 8;
    while (slots < 2 * n)
        slots *= 2;
    struct posting *postings = pn_arena_alloc(a, n * sizeof *postings);
    index->slots = pn_arena_zalloc(a, slots, sizeof *index->slots);
    if (postings == NULL || index->slots == NULL)
        return -ENOMEM;
    if (n > 0)
        memcpy(postings, sorted, n * sizeof *postings);
    index->postings = postings;
    index->slot_mask = slots - 1;
    for (size_t start = 0, end; start < n; start = end) {
        for (end = start + 1; end < n; end++) {
            if (postings[end].hash != postings[start].hash ||
                order_conditions(&postings[end].condition, &postings[start].condition) != 0)
                break;
        }
        insert(index, (uint32_t)start, (uint32_t)(end - start));
    }
    return 0;
}

static int build(struct pn_index *index, const struct pn_policy_set *set,
                 const struct frequencies *f, struct pn_arena *a)
{
    struct builder count = {0};
    post_all(&count, set, f);
    struct builder b = {.postings = malloc((count.count + 1) * sizeof *b.postings),
                        .always = pn_arena_alloc(a, count.always_count * sizeof *b.always)};
    int r = -ENOMEM;
    if (b.postings != NULL && b.always != NULL) {
        post_all(&b, set, f);
        qsort(b.postings, b.count, sizeof *b.postings, by_hash);
        r = build_table(index, b.postings, b.count, a);
    }
    free(b.postings);
    index->always = b.always;
    index->always_count = b.always_count;
    index->word_count = (set->policy_count + 63) / 64;
    return r;
}

int pn_index_new(const struct pn_index **ret, const struct pn_policy_set *set, struct pn_arena *a)
{
    struct frequencies f = {0};
    struct pn_index *index = pn_arena_zalloc(a, 1, sizeof *index);
    if (index == NULL || count_pairs(&f, set) != 0)
        return -ENOMEM;
    int r = build(index, set, &f, a);
    free(f.hashes);
    if (r == 0)
        *ret = index;
    return r;
}

/* ---- looking up
 * --------------------------------------------------------------------------------------- */

/* Marks the policies posted under `c`. */
static void mark(uint64_t *bits, const struct pn_index *index, struct condition c)
{
    if (!index->has[c.kind])
        return;
    uint64_t hash = hash_condition(c);
    for (uint64_t at = hash & index->slot_mask; index->slots[at].count > 0;
         at = (at + 1) & index->slot_mask) {
        const struct group *g = &index->slots[at];
        const struct posting *p = &index->postings[g->start];
        if (g->hash != hash || order_conditions(&p->condition, &c) != 0)
            continue;
        for (uint32_t i = 0; i < g->count; i++)
            bits[p[i].policy / 64] |= UINT64_C(1) << (p[i].policy % 64);
        return;
    }
}

int pn_index_candidates(const uint32_t **ret, size_t *ret_n, const struct pn_policy_set *set,
                        struct pn_str pod_namespace, struct pn_value labels,
                        struct pn_value annotations, struct pn_arena *a)
{
    const struct pn_index *index = set->index;
    uint64_t *bits = pn_arena_zalloc(a, index->word_count, sizeof *bits);
    if (bits == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < index->always_count; i++)
        bits[index->always[i] / 64] |= UINT64_C(1) << (index->always[i] % 64);
    for (uint32_t i = 0; i < pn_value_count(labels); i++) {
        const struct pn_member *m = pn_value_member(labels, i);
        mark(bits, index, (struct condition){LABEL_PAIR, m->key, pn_value_str(m->value)});
        mark(bits, index, (struct condition){LABEL_KEY, m->key, PN_STR_NULL});
    }
    for (uint32_t i = 0; i < pn_value_count(annotations); i++) {
        const struct pn_member *m = pn_value_member(annotations, i);
        mark(bits, index, (struct condition){ANNOTATION_PAIR, m->key, pn_value_str(m->value)});
    }
    mark(bits, index, (struct condition){NAMESPACE, pod_namespace, PN_STR_NULL});
    size_t n = 0;
    for (size_t w = 0; w < index->word_count; w++)
        n += (size_t)__builtin_popcountll(bits[w]);
    uint32_t *ids = pn_arena_alloc(a, n * sizeof *ids);
    if (ids == NULL)
        return -ENOMEM;
    n = 0;
    for (size_t w = 0; w < index->word_count; w++) {
        for (uint64_t rest = bits[w]; rest != 0; rest &= rest - 1)
            ids[n++] = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(rest));
    }
    *ret = ids;
    *ret_n = n;
    return 0;
}
