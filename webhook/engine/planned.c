/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/planned.h"

#include <errno.h>

static bool stands_before(const struct pn_edit *a, const struct pn_edit *b)
{
    return a->at != b->at ? a->at < b->at : a->slot < b->slot;
}

int pn_planned_edits(struct pn_edits *ret, const struct pn_plan *plan, enum pn_edit_kind kind,
                     bool init)
{
    const struct pn_edit **items = pn_arena_alloc(plan->arena, plan->count * sizeof(*items));
    uint32_t n = 0;
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind != kind || edit->init != init || edit->present)
            continue;
        uint32_t k = n++;
        for (; k > 0 && stands_before(edit, items[k - 1]); k--)
            items[k] = items[k - 1];
        items[k] = edit;
    }
    *ret = (struct pn_edits){items, n};
    return 0;
}

/* ---- containers ------------------------------------------------------------------------ */

/* One item more in list `field` of a container. */
static int append(struct pn_value *inout_container, struct pn_str field, struct pn_value item,
                  struct pn_arena *a)
{
    struct pn_value list = pn_value_get(*inout_container, field), grown;
    uint32_t n = pn_value_count(list);
    struct pn_value *items = pn_arena_alloc(a, (n + 1) * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        items[i] = pn_value_at(list, i);
    items[n] = item;
    int r = pn_array_take(&grown, a, items, n + 1);
    return r == 0 ? pn_object_with(inout_container, a, *inout_container, field, grown) : r;
}

/* A received container with its edits, the oldest first. */
static int edit_container(struct pn_value *inout, const struct pn_plan *plan, bool init,
                          uint32_t at)
{
    uint32_t last = plan->last_edit[init][at], n = 0;
    for (uint32_t e = last; e != 0; e = plan->edits[e - 1].previous)
        n += !plan->edits[e - 1].present;
    if (n == 0)
        return 0;
    const struct pn_edit **chain = pn_arena_alloc(plan->arena, n * sizeof(*chain));
    if (chain == NULL)
        return -ENOMEM;
    for (uint32_t e = last, k = n; e != 0; e = plan->edits[e - 1].previous) {
        if (!plan->edits[e - 1].present)
            chain[--k] = &plan->edits[e - 1];
    }
    int r = 0;
    for (uint32_t k = 0; r == 0 && k < n; k++)
        r = chain[k]->kind == PN_EDIT_ITEM
                ? append(inout, chain[k]->key, chain[k]->value, plan->arena)
                : pn_object_with(inout, plan->arena, *inout, chain[k]->key, chain[k]->value);
    return r;
}

/* What we render of received container `at`; absent when nothing planned says so. */
static struct pn_value rendered_at(const struct pn_plan *plan, bool init, uint32_t at)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind == PN_EDIT_CONTAINER && edit->present && edit->init == init &&
            edit->at == at)
            return edit->value;
    }
    return PN_VALUE_ABSENT;
}

/* Received container `at` as it is wanted; absent: left out. */
static int received_at(struct pn_value *ret, const struct pn_plan *plan, bool init, uint32_t at,
                       enum pn_planned what)
{
    *ret = pn_plan_list(plan, init)->items[at].value;
    if (what == PN_PLANNED_FINAL)
        return edit_container(ret, plan, init, at);
    if (!plan->ours[init][at])
        return 0;
    *ret = what == PN_PLANNED_BASELINE ? PN_VALUE_ABSENT : rendered_at(plan, init, at);
    if (what == PN_PLANNED_PRESENT && ret->kind == PN_ABSENT)
        *ret = plan->rendered[init][at];
    return 0;
}

static int put_containers(struct pn_value *inout_spec, const struct pn_plan *plan, bool init,
                          enum pn_planned what)
{
    uint32_t n = pn_plan_list(plan, init)->count, count = 0, next = 0;
    struct pn_edits new = {NULL, 0};
    struct pn_value list;
    int r = what != PN_PLANNED_BASELINE ? pn_planned_edits(&new, plan, PN_EDIT_CONTAINER, init) : 0;
    struct pn_value *items = pn_arena_alloc(plan->arena, (n + new.count) * sizeof *items);
    if (r != 0 || items == NULL)
        return -ENOMEM;
    for (uint32_t at = 0; r == 0 && at <= n; at++) {
        for (; next < new.count &&new.items[next]->at <= at; next++)
            items[count++] = new.items[next]->value;
        struct pn_value received = PN_VALUE_ABSENT;
        if (at < n)
            r = received_at(&received, plan, init, at, what);
        if (received.kind != PN_ABSENT)
            items[count++] = received;
    }
    if (r != 0 || (count == 0 && n == 0))
        return r;
    r = pn_array_take(&list, plan->arena, items, count);
    return r == 0 ? pn_object_with(inout_spec, plan->arena, *inout_spec,
                                   init ? PN_STR("initContainers") : PN_STR("containers"), list)
                  : r;
}

/* ---- the rest of the spec -------------------------------------------------------------- */

static int put_list(struct pn_value *inout_spec, const struct pn_plan *plan, enum pn_edit_kind kind,
                    struct pn_str field)
{
    struct pn_edits new;
    int r = pn_planned_edits(&new, plan, kind, false);
    for (uint32_t i = 0; r == 0 && i < new.count; i++)
        r = append(inout_spec, field, new.items[i]->value, plan->arena);
    return r;
}

struct pn_value pn_planned_resources(const struct pn_plan *plan, struct pn_value spec)
{
    for (uint32_t i = plan->count; i-- > 0;) {
        if (plan->edits[i].kind == PN_EDIT_RESOURCES)
            return plan->edits[i].value;
    }
    return PN_GET(spec, "resources");
}

int pn_planned_spec(struct pn_value *ret, const struct pn_plan *plan, struct pn_value spec,
                    enum pn_planned what)
{
    struct pn_value resources = pn_planned_resources(plan, spec);
    int r = put_containers(&spec, plan, true, what);
    if (r == 0)
        r = put_containers(&spec, plan, false, what);
    if (r == 0 && what != PN_PLANNED_BASELINE && resources.kind != PN_ABSENT)
        r = pn_object_with(&spec, plan->arena, spec, PN_STR("resources"), resources);
    if (r == 0 && what == PN_PLANNED_FINAL)
        r = put_list(&spec, plan, PN_EDIT_VOLUME, PN_STR("volumes"));
    if (r == 0 && what == PN_PLANNED_FINAL)
        r = put_list(&spec, plan, PN_EDIT_PULL_SECRET, PN_STR("imagePullSecrets"));
    if (r == 0)
        *ret = spec;
    return r;
}

int pn_planned_metadata(struct pn_value *ret, const struct pn_plan *plan, struct pn_value metadata)
{
    struct pn_value annotations = plan->pod->annotations;
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind == PN_EDIT_ANNOTATION && !edit->present)
            r = pn_object_with(&annotations, plan->arena, annotations, edit->key, edit->value);
    }
    if (r == 0 && annotations.kind == PN_OBJECT)
        r = pn_object_with(&metadata, plan->arena, metadata, PN_STR("annotations"), annotations);
    if (r == 0)
        *ret = metadata;
    return r;
}
