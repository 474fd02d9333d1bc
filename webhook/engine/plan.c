/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/plan.h"

#include <errno.h>

#include "base/limits.h"

int pn_plan_init(struct pn_plan *ret, const struct pn_policy_set *set, const struct pn_pod *pod,
                 struct pn_arena *a)
{
    struct pn_plan plan = {.set = set, .pod = pod, .arena = a};
    for (int init = 0; init < 2; init++) {
        uint32_t n = pn_plan_list(&plan, init)->count;
        plan.last_edit[init] = pn_arena_zalloc(a, n, sizeof *plan.last_edit[init]);
        plan.ours[init] = pn_arena_zalloc(a, n, sizeof *plan.ours[init]);
        if (plan.last_edit[init] == NULL || plan.ours[init] == NULL)
            return -ENOMEM;
    }
    *ret = plan;
    return 0;
}

static bool concerns_received_container(const struct pn_edit *edit)
{
    return edit->kind == PN_EDIT_FIELD || edit->kind == PN_EDIT_ITEM;
}

int pn_plan_add(struct pn_plan *plan, struct pn_edit edit)
{
    if (plan->count >= PN_PLAN_EDITS_MAX)
        return PN_PLAN_E_FULL;
    if (plan->count == plan->capacity) {
        uint32_t capacity = plan->capacity > 0 ? plan->capacity * 2 : 16;
        struct pn_edit *edits = pn_arena_grow(
            plan->arena, plan->edits, plan->capacity * sizeof *edits, capacity * sizeof *edits);
        if (edits == NULL)
            return -ENOMEM;
        plan->edits = edits;
        plan->capacity = capacity;
    }
    edit.policy = plan->policy;
    if (concerns_received_container(&edit)) {
        uint32_t *last = &plan->last_edit[edit.init][edit.at];
        edit.previous = *last;
        *last = plan->count + 1;
    }
    plan->edits[plan->count++] = edit;
    return 0;
}

void pn_plan_cut(struct pn_plan *plan, uint32_t count)
{
    while (plan->count > count) {
        const struct pn_edit *edit = &plan->edits[--plan->count];
        if (concerns_received_container(edit))
            plan->last_edit[edit->init][edit->at] = edit->previous;
    }
}

const struct pn_edit *pn_plan_find(const struct pn_plan *plan, enum pn_edit_kind kind,
                                   struct pn_str name)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind == kind && pn_str_eq(pn_value_str(PN_GET(edit->value, "name")), name))
            return edit;
    }
    return NULL;
}

struct pn_value pn_plan_annotation(const struct pn_plan *plan, struct pn_str key)
{
    for (uint32_t i = plan->count; i-- > 0;) {
        if (plan->edits[i].kind == PN_EDIT_ANNOTATION && pn_str_eq(plan->edits[i].key, key))
            return plan->edits[i].value;
    }
    return pn_value_get(plan->pod->annotations, key);
}

struct pn_value pn_plan_received_volume(const struct pn_plan *plan, struct pn_str name)
{
    for (uint32_t i = 0; i < pn_value_count(plan->pod->volumes); i++) {
        struct pn_value volume = pn_value_at(plan->pod->volumes, i);
        if (pn_str_eq(pn_value_str(PN_GET(volume, "name")), name))
            return volume;
    }
    return PN_VALUE_ABSENT;
}

static bool same_path(struct pn_str a, struct pn_str b)
{
    while (a.n > 1 && a.s[a.n - 1] == '/')
        a.n--;
    while (b.n > 1 && b.s[b.n - 1] == '/')
        b.n--;
    return pn_str_eq(a, b);
}

static bool same_key(struct pn_str key, struct pn_value a, struct pn_value b)
{
    struct pn_value x = pn_value_get(a, key), y = pn_value_get(b, key);
    return pn_str_is(key, "mountPath") ? same_path(pn_value_str(x), pn_value_str(y))
                                       : pn_value_equal(x, y);
}

struct pn_value pn_plan_item(const struct pn_plan *plan, bool init, uint32_t at,
                             struct pn_str field, struct pn_str key, struct pn_value item)
{
    struct pn_value list = pn_value_get(pn_plan_list(plan, init)->items[at].value, field);
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        if (same_key(key, pn_value_at(list, i), item))
            return pn_value_at(list, i);
    }
    for (uint32_t e = plan->last_edit[init][at]; e != 0; e = plan->edits[e - 1].previous) {
        const struct pn_edit *edit = &plan->edits[e - 1];
        if (edit->kind == PN_EDIT_ITEM && pn_str_eq(edit->key, field) &&
            same_key(key, edit->value, item))
            return edit->value;
    }
    return PN_VALUE_ABSENT;
}

bool pn_plan_has_field(const struct pn_plan *plan, bool init, uint32_t at, struct pn_str key)
{
    for (uint32_t e = plan->last_edit[init][at]; e != 0; e = plan->edits[e - 1].previous) {
        const struct pn_edit *edit = &plan->edits[e - 1];
        if (edit->kind == PN_EDIT_FIELD && pn_str_eq(edit->key, key))
            return true;
    }
    return false;
}

size_t pn_plan_annotation_bytes(const struct pn_plan *plan)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < pn_value_count(plan->pod->annotations); i++) {
        const struct pn_member *m = pn_value_member(plan->pod->annotations, i);
        bytes += m->key.n + m->value.len;
    }
    for (uint32_t i = 0; i < plan->count; i++) {
        /* An annotation that is replaced counts twice: too strict by what it was, never too lax. */
        if (plan->edits[i].kind == PN_EDIT_ANNOTATION)
            bytes += plan->edits[i].key.n + plan->edits[i].value.len;
    }
    return bytes;
}
