/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/place.h"

static enum pn_position position_of(const struct pn_template *t, struct pn_str name)
{
    for (size_t i = 0; i < t->placement_count; i++) {
        if (pn_str_eq(t->placements[i].container, name))
            return t->placements[i].position;
    }
    return PN_POSITION_LAST;
}

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

struct pn_place pn_place_init(const struct pn_plan *plan, const struct pn_template *t,
                              struct pn_str name)
{
    enum pn_position position = position_of(t, name);
    return (struct pn_place){gap_of(plan, position), position};
}
