/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/edit_match.h"

#include <errno.h>

/* Comparisons for one sequence, so that two long ones without anything in common cost little. */
enum { MATCH_MAX_COMPARISONS = 1 << 20 };

struct match {
    const struct pn_node *const *items;
    uint32_t count;
    struct pn_value after;
    uint32_t *of; /* for each item of `after` */
    size_t budget;
};

/* What tells an item from others: its name, or that of the object that it is. */
static struct pn_str node_name(const struct pn_node *node)
{
    const struct pn_node *name = pn_node_get(node, "name");
    return pn_node_str(name != NULL ? name : pn_node_get(pn_node_get(node, "metadata"), "name"));
}

static struct pn_str value_name(struct pn_value v)
{
    struct pn_value name = PN_GET(v, "name");
    return pn_value_str(name.kind != PN_ABSENT ? name : PN_GET(PN_GET(v, "metadata"), "name"));
}

static bool has_same_name(const struct pn_node *node, struct pn_value v)
{
    struct pn_str a = node_name(node), b = value_name(v);
    return a.s != NULL && b.s != NULL && pn_str_eq(a, b);
}

/* Neither says who it is, or both say the same. */
static bool is_alike(const struct pn_node *node, struct pn_value v)
{
    struct pn_str a = node_name(node), b = value_name(v);
    return (a.s != NULL) == (b.s != NULL) && pn_str_eq(a, b);
}

/* Pairs items within [i, i_end) and [j, j_end) that `is_pair` takes for each other. */
static void pair_some(struct match *m, uint32_t i, uint32_t i_end, uint32_t j, uint32_t j_end,
                      bool (*is_pair)(const struct pn_node *, struct pn_value))
{
    for (; j < j_end; j++) {
        for (uint32_t at = i; at < i_end && m->budget > 0; at++, m->budget--) {
            if (!is_pair(m->items[at], pn_value_at(m->after, j)))
                continue;
            m->of[j] = at;
            i = at + 1;
            break;
        }
    }
}

/* Pairs by place, as far as the items are alike. */
static void pair_places(struct match *m, uint32_t i, uint32_t i_end, uint32_t j, uint32_t j_end)
{
    for (; i < i_end && j < j_end; i++, j++) {
        if (is_alike(m->items[i], pn_value_at(m->after, j)))
            m->of[j] = i;
    }
}

/* Pairs within each stretch between items that are paired already. */
static void fill_gaps(struct match *m, bool by_name)
{
    uint32_t n = pn_value_count(m->after), i = 0;
    for (uint32_t j = 0; j < n;) {
        uint32_t end = j;
        while (end < n && m->of[end] == PN_EDIT_MATCH_NONE)
            end++;
        uint32_t i_end = end < n ? m->of[end] : m->count;
        if (by_name)
            pair_some(m, i, i_end, j, end, has_same_name);
        else
            pair_places(m, i, i_end, j, end);
        i = end < n ? i_end + 1 : i_end;
        j = end + 1;
    }
}

/* The same number of items with the same names: nothing was added nor taken away. */
static bool pair_all(struct match *m)
{
    if (m->count != pn_value_count(m->after))
        return false;
    for (uint32_t i = 0; i < m->count; i++) {
        if (!has_same_name(m->items[i], pn_value_at(m->after, i)))
            return false;
    }
    for (uint32_t i = 0; i < m->count; i++)
        m->of[i] = i;
    return true;
}

int pn_edit_match_items(uint32_t **ret, struct pn_edit_walk *w, const struct pn_node *node,
                        struct pn_value after)
{
    uint32_t n = pn_value_count(after), count = node->sequence.count, front = 0, back = 0;
    struct match m = {node->sequence.items, count, after,
                      pn_arena_alloc(w->scratch, n * sizeof *m.of), MATCH_MAX_COMPARISONS};
    if (m.of == NULL)
        return -ENOMEM;
    *ret = m.of;
    if (pair_all(&m))
        return 0;
    for (uint32_t j = 0; j < n; j++)
        m.of[j] = PN_EDIT_MATCH_NONE;
    for (; front < n && front < count &&
           pn_edit_walk_equal(m.items[front], pn_value_at(after, front));
         front++)
        m.of[front] = front;
    for (; back < n - front && back < count - front &&
           pn_edit_walk_equal(m.items[count - 1 - back], pn_value_at(after, n - 1 - back));
         back++)
        m.of[n - 1 - back] = count - 1 - back;
    pair_some(&m, front, count - back, front, n - back, pn_edit_walk_equal);
    fill_gaps(&m, true);
    fill_gaps(&m, false);
    return 0;
}
