/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/place.h"

#include <errno.h>

const struct pn_placement *pn_place_of(const struct pn_template *t, struct pn_str name)
{
    for (size_t i = 0; i < t->placement_count; i++) {
        if (pn_str_eq(t->placements[i].container, name))
            return &t->placements[i];
    }
    return NULL;
}

/* ---- the wish -------------------------------------------------------------------------- */

/* An init container of the app: it ends, and it is not ours. */
static bool is_app_init(const struct pn_plan *plan, uint32_t i)
{
    return !plan->ours[true][i] && !plan->pod->init_containers.items[i].sidecar;
}

/* Behind those of ours that stand at the gap already. */
static uint32_t skip_ours(const struct pn_plan *plan, uint32_t gap)
{
    while (gap < plan->pod->init_containers.count && plan->ours[true][gap])
        gap++;
    return gap;
}

static uint32_t gap_of(const struct pn_plan *plan, enum pn_position position)
{
    uint32_t n = plan->pod->init_containers.count;
    uint32_t gap = 0;
    switch (position) {
    case PN_POSITION_FIRST:
        return skip_ours(plan, 0);
    case PN_POSITION_BEFORE_INIT:
        while (gap < n && !is_app_init(plan, gap))
            gap++;
        return gap;
    case PN_POSITION_AFTER_INIT:
        for (uint32_t i = 0; i < n; i++) {
            if (is_app_init(plan, i))
                gap = i + 1;
        }
        return gap > 0 ? skip_ours(plan, gap) : n;
    case PN_POSITION_LAST:
        break;
    }
    return n;
}

/* ---- the law --------------------------------------------------------------------------- */

/* A new init container on its way to its place, between received indices `low` and `high`. */
struct mover {
    struct pn_edit *edit;
    struct pn_str name;
    uint32_t wish, low, high;
    uint32_t waits_for; /* edges from movers that have no place yet */
    bool placed;
};

/* Mover `first` must precede mover `second`. */
struct edge {
    uint32_t first, second;
};

struct law {
    struct mover *movers;
    uint32_t count;
    struct edge *edges;
    uint32_t edge_count;
};

static bool lists(const struct pn_strs *names, struct pn_str name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (pn_str_eq(names->items[i], name))
            return true;
    }
    return false;
}

/* True when container `a` must stand before `b`, by what either says. */
static bool must_precede(struct pn_str a, const struct pn_placement *of_a, struct pn_str b,
                         const struct pn_placement *of_b)
{
    return (of_a != NULL && lists(&of_a->before, b)) || (of_b != NULL && lists(&of_b->after, a));
}

/* What the planned container at received index `i` says of its own order, if it is ours. */
static const struct pn_placement *placement_of_received(const struct pn_plan *plan, uint32_t i)
{
    for (uint32_t e = 0; plan->ours[true][i] && e < plan->count; e++) {
        const struct pn_edit *edit = &plan->edits[e];
        if (edit->kind == PN_EDIT_CONTAINER && edit->init && edit->present && edit->at == i)
            return edit->placement;
    }
    return NULL;
}

/* The gaps that what is in the Pod leaves to a mover. */
static void bound_by_received(struct mover *m, const struct pn_plan *plan)
{
    const struct pn_containers *list = &plan->pod->init_containers;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct pn_placement *theirs = placement_of_received(plan, i);
        struct pn_str name = list->items[i].name;
        if (must_precede(name, theirs, m->name, m->edit->placement))
            m->low = i + 1;
        if (must_precede(m->name, m->edit->placement, name, theirs) && m->high > i)
            m->high = i;
    }
}

/* The edges between mover `i` and those that one of its lists names. */
static void add_edges(struct law *law, uint32_t i, const struct pn_strs *names, bool before)
{
    for (size_t k = 0; k < names->count; k++) {
        for (uint32_t other = 0; other < law->count; other++) {
            if (!pn_str_eq(law->movers[other].name, names->items[k]))
                continue;
            law->edges[law->edge_count++] = before ? (struct edge){i, other}
                                                   : (struct edge){other, i};
            law->movers[before ? other : i].waits_for++;
            break;
        }
    }
}

static int find_edges(struct law *law, struct pn_arena *a)
{
    size_t most = 0;
    for (uint32_t i = 0; i < law->count; i++) {
        const struct pn_placement *p = law->movers[i].edit->placement;
        most += p != NULL ? p->before.count + p->after.count : 0;
    }
    law->edges = pn_arena_alloc(a, most * sizeof *law->edges);
    if (law->edges == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < law->count; i++) {
        const struct pn_placement *p = law->movers[i].edit->placement;
        if (p == NULL)
            continue;
        add_edges(law, i, &p->before, true);
        add_edges(law, i, &p->after, false);
    }
    return 0;
}

/* Whoever must precede another cannot stand behind the other's last gap. */
static void bound_by_each_other(struct law *law)
{
    bool moved = true;
    for (uint32_t round = 0; moved && round < law->count; round++) {
        moved = false;
        for (uint32_t e = law->edge_count; e-- > 0;) {
            struct mover *first = &law->movers[law->edges[e].first];
            const struct mover *second = &law->movers[law->edges[e].second];
            if (first->high <= second->high)
                continue;
            first->high = second->high;
            moved = true;
        }
    }
}

static bool stands_before(const struct mover *a, const struct mover *b)
{
    return a->wish != b->wish ? a->wish < b->wish : a->edit->position < b->edit->position;
}

/* The one whose turn it is, or NULL: they wait for each other. */
static struct mover *next(const struct law *law)
{
    struct mover *best = NULL;
    for (uint32_t i = 0; i < law->count; i++) {
        struct mover *m = &law->movers[i];
        if (!m->placed && m->waits_for == 0 && (best == NULL || stands_before(m, best)))
            best = m;
    }
    return best;
}

static const struct mover *first_unplaced(const struct law *law)
{
    uint32_t i = 0;
    while (i + 1 < law->count && law->movers[i].placed)
        i++;
    return &law->movers[i];
}

static void put(struct law *law, struct mover *m, uint32_t slot)
{
    m->edit->at = m->wish < m->low ? m->low : m->wish > m->high ? m->high : m->wish;
    m->edit->slot = slot;
    m->placed = true;
    for (uint32_t e = 0; e < law->edge_count; e++) {
        struct mover *behind = &law->movers[law->edges[e].second];
        if (&law->movers[law->edges[e].first] != m)
            continue;
        behind->waits_for--;
        if (behind->low < m->edit->at)
            behind->low = m->edit->at;
    }
}

static int place_by_law(struct law *law, const struct pn_plan *plan,
                        const struct pn_edit **ret_which)
{
    int r = find_edges(law, plan->arena);
    if (r != 0)
        return r;
    for (uint32_t i = 0; i < law->count; i++)
        bound_by_received(&law->movers[i], plan);
    bound_by_each_other(law);
    for (uint32_t slot = 0; slot < law->count; slot++) {
        struct mover *m = next(law);
        if (m == NULL || m->low > m->high) {
            *ret_which = m != NULL ? m->edit : first_unplaced(law)->edit;
            return PN_PLACE_E_UNSATISFIABLE;
        }
        put(law, m, slot);
    }
    return 0;
}

static bool is_new(const struct pn_edit *edit)
{
    return edit->kind == PN_EDIT_CONTAINER && edit->init && !edit->present;
}

int pn_place_all(struct pn_plan *plan, const struct pn_edit **ret_which)
{
    bool has_law = false;
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        struct pn_edit *edit = &plan->edits[i];
        if (edit->kind == PN_EDIT_CONTAINER && edit->init && edit->placement != NULL)
            has_law = has_law || edit->placement->before.count > 0 ||
                      edit->placement->after.count > 0;
        if (!is_new(edit))
            continue;
        edit->at = gap_of(plan, edit->position);
        edit->slot = edit->position;
        n++;
    }
    if (!has_law || n == 0)
        return 0;
    struct law law = {.movers = pn_arena_alloc(plan->arena, n * sizeof *law.movers)};
    if (law.movers == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < plan->count; i++) {
        struct pn_edit *edit = &plan->edits[i];
        if (is_new(edit))
            law.movers[law.count++] = (struct mover){.edit = edit,
                                                     .name = pn_plan_name(edit->value),
                                                     .wish = edit->at,
                                                     .high = plan->pod->init_containers.count};
    }
    return place_by_law(&law, plan, ret_which);
}

/* ---- for people ------------------------------------------------------------------------ */

static void write_names(struct pn_buf *out, const char *word, const struct pn_strs *names)
{
    for (size_t i = 0; i < names->count; i++) {
        pn_buf_cstr(out, i > 0 ? ", " : out->len > 0 ? " and " : "");
        pn_buf_cstr(out, i > 0 ? "" : word);
        pn_buf_str(out, names->items[i]);
    }
}

struct pn_str pn_place_describe(const struct pn_placement *p, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    if (p != NULL)
        write_names(&text, "after ", &p->after);
    if (p != NULL)
        write_names(&text, "before ", &p->before);
    return text.len > 0 ? pn_buf_view(&text) : PN_STR("where others want it");
}

static bool is_there(const struct pn_plan *plan, struct pn_str name)
{
    const struct pn_containers *list = &plan->pod->init_containers;
    for (uint32_t i = 0; i < list->count; i++) {
        if (pn_str_eq(list->items[i].name, name))
            return true;
    }
    const struct pn_edit *planned = pn_plan_find(plan, PN_EDIT_CONTAINER, name);
    return planned != NULL && planned->init;
}

void pn_place_find_absent(struct pn_str *ret_name, struct pn_str *ret_other,
                          const struct pn_plan *plan, const struct pn_candidate *candidate)
{
    const struct pn_policy *policy = &plan->set->policies[candidate->policy];
    *ret_name = *ret_other = PN_STR_NULL;
    for (size_t t = 0; t < policy->injection_count; t++) {
        struct pn_value list = candidate->fragments[t]->init_containers;
        for (uint32_t i = 0; i < pn_value_count(list); i++) {
            struct pn_str name = pn_plan_name(pn_value_at(list, i));
            const struct pn_placement *p = pn_place_of(policy->injections[t].template, name);
            const struct pn_strs *both[] = {p != NULL ? &p->after : NULL,
                                            p != NULL ? &p->before : NULL};
            for (size_t b = 0; b < PN_COUNT_OF(both); b++) {
                for (size_t k = 0; both[b] != NULL && k < both[b]->count; k++) {
                    if (is_there(plan, both[b]->items[k]))
                        continue;
                    *ret_name = name;
                    *ret_other = both[b]->items[k];
                    return;
                }
            }
        }
    }
}
