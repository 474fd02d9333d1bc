/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/place.h"

#include <errno.h>

const char *const pn_position_words[] = {"First", "BeforeInit", "AfterInit", "Last", NULL};

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

static struct mover *find_mover(const struct law *law, struct pn_str name)
{
    for (uint32_t i = 0; i < law->count; i++) {
        if (pn_str_eq(law->movers[i].name, name))
            return &law->movers[i];
    }
    return NULL;
}

static bool find_received(uint32_t *ret, const struct pn_plan *plan, struct pn_str name)
{
    const struct pn_containers *list = &plan->pod->init_containers;
    for (*ret = 0; *ret < list->count; ++*ret) {
        if (pn_str_eq(list->items[*ret].name, name))
            return true;
    }
    return false;
}

/* What `edit` asks for: one container before another. False when what is there already does not. */
static bool demand(struct law *law, const struct pn_plan *plan, struct pn_str first,
                   struct pn_str second)
{
    struct mover *a = find_mover(law, first), *b = find_mover(law, second);
    uint32_t at_a = 0, at_b = 0;
    if (a != NULL && b != NULL) {
        law->edges[law->edge_count++] = (struct edge){(uint32_t)(a - law->movers),
                                                      (uint32_t)(b - law->movers)};
        b->waits_for++;
        return true;
    }
    bool there_a = a == NULL && find_received(&at_a, plan, first);
    bool there_b = b == NULL && find_received(&at_b, plan, second);
    if (a != NULL && there_b && a->high > at_b)
        a->high = at_b;
    if (b != NULL && there_a && b->low < at_a + 1)
        b->low = at_a + 1;
    return !(there_a && there_b) || at_a < at_b;
}

/* All that the edits' placements ask for; *ret_broken: an edit whose wish what is there breaks. */
static int read_law(struct law *law, const struct pn_plan *plan, const struct pn_edit **ret_broken)
{
    size_t most = 0;
    *ret_broken = NULL;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct pn_placement *p = plan->edits[i].placement;
        most += p != NULL ? p->before.count + p->after.count : 0;
    }
    law->edges = pn_arena_alloc(plan->arena, most * sizeof *law->edges);
    if (law->edges == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        struct pn_str name = pn_plan_name(edit->value);
        bool holds = true;
        for (size_t k = 0; edit->placement != NULL && k < edit->placement->before.count; k++)
            holds = demand(law, plan, name, edit->placement->before.items[k]) && holds;
        for (size_t k = 0; edit->placement != NULL && k < edit->placement->after.count; k++)
            holds = demand(law, plan, edit->placement->after.items[k], name) && holds;
        if (!holds && *ret_broken == NULL)
            *ret_broken = edit;
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
    const struct pn_edit *broken = NULL;
    int r = read_law(law, plan, &broken);
    if (r != 0)
        return r;
    if (plan->is_final && broken != NULL) {
        *ret_which = broken;
        return PN_PLACE_E_UNSATISFIABLE;
    }
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
        has_law = has_law || (edit->placement != NULL && (edit->placement->before.count > 0 ||
                                                          edit->placement->after.count > 0));
        if (!is_new(edit))
            continue;
        edit->at = gap_of(plan, edit->position);
        edit->slot = edit->position;
        n++;
    }
    if (!has_law || (n == 0 && !plan->is_final))
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
