/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/plan.h"

#include <errno.h>

#include "base/limits.h"
#include "engine/status.h"

/* What annotation `key` weighs as planned now; room for our own record is kept (see merge.c). */
static size_t weight(const struct pn_plan *plan, struct pn_str key)
{
    struct pn_value v = pn_plan_annotation(plan, key);
    return v.kind == PN_ABSENT || pn_str_eq(key, pn_status_annotation) ? 0 : key.n + v.len;
}

int pn_plan_init(struct pn_plan *ret, const struct pn_policy_set *set, const struct pn_pod *pod,
                 const struct pn_candidate *candidates, size_t candidate_count, struct pn_arena *a)
{
    struct pn_plan plan = {.set = set,
                           .pod = pod,
                           .candidates = candidates,
                           .candidate_count = candidate_count,
                           .arena = a};
    for (int init = 0; init < 2; init++) {
        uint32_t n = pn_plan_list(&plan, init)->count;
        plan.last_edit[init] = pn_arena_zalloc(a, n, sizeof *plan.last_edit[init]);
        plan.ours[init] = pn_arena_zalloc(a, n, sizeof *plan.ours[init]);
        plan.rendered[init] = pn_arena_zalloc(a, n, sizeof *plan.rendered[init]);
        if (plan.last_edit[init] == NULL || plan.ours[init] == NULL || plan.rendered[init] == NULL)
            return -ENOMEM;
    }
    for (uint32_t i = 0; i < pn_value_count(pod->annotations); i++)
        plan.annotation_bytes += weight(&plan, pn_value_member(pod->annotations, i)->key);
    *ret = plan;
    return 0;
}

static bool concerns_received_container(const struct pn_edit *edit)
{
    return edit->kind == PN_EDIT_FIELD || edit->kind == PN_EDIT_ITEM;
}

/* Repairs are gone in the second round, so they must not count against others in the first. */
static bool is_repair(const struct pn_plan *plan, const struct pn_edit *edit)
{
    return concerns_received_container(edit) && plan->ours[edit->init][edit->at];
}

int pn_plan_add(struct pn_plan *plan, struct pn_edit edit)
{
    if (plan->count - plan->repair_count >= PN_PLAN_EDITS_MAX)
        return PN_PLAN_E_FULL;
    plan->repair_count += is_repair(plan, &edit);
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
    size_t before = edit.kind == PN_EDIT_ANNOTATION ? weight(plan, edit.key) : 0;
    plan->edits[plan->count++] = edit;
    if (edit.kind == PN_EDIT_ANNOTATION)
        plan->annotation_bytes += weight(plan, edit.key) - before;
    return 0;
}

void pn_plan_cut(struct pn_plan *plan, uint32_t count)
{
    while (plan->count > count) {
        const struct pn_edit *edit = &plan->edits[plan->count - 1];
        size_t before = edit->kind == PN_EDIT_ANNOTATION ? weight(plan, edit->key) : 0;
        plan->repair_count -= is_repair(plan, edit);
        plan->count--;
        if (edit->kind == PN_EDIT_ANNOTATION)
            plan->annotation_bytes += weight(plan, edit->key) - before;
        if (concerns_received_container(edit))
            plan->last_edit[edit->init][edit->at] = edit->previous;
    }
}

bool pn_plan_changes(const struct pn_plan *plan, uint32_t from)
{
    for (uint32_t i = from; i < plan->count; i++) {
        if (!plan->edits[i].present)
            return true;
    }
    return false;
}

/* "volumeMounts /logs", "env LEVEL", "envFrom secretRef tokens" */
static void describe_item(struct pn_buf *out, const struct pn_edit *edit)
{
    struct pn_value item = edit->value, path = PN_GET(item, "mountPath");
    struct pn_str name = path.kind != PN_ABSENT ? pn_value_str(path) : pn_plan_name(item);
    pn_buf_printf(out, "%.*s", PN_STR_ARG(edit->key));
    if (name.n > 0)
        pn_buf_printf(out, " %.*s", PN_STR_ARG(name));
    for (uint32_t i = 0; name.n == 0 && i < pn_value_count(item); i++) {
        const struct pn_member *source = pn_value_member(item, i);
        if (source->value.kind == PN_OBJECT)
            pn_buf_printf(out, " %.*s %.*s", PN_STR_ARG(source->key),
                          PN_STR_ARG(pn_plan_name(source->value)));
    }
}

static void describe(struct pn_buf *out, const struct pn_plan *plan, const struct pn_edit *edit)
{
    struct pn_str name = pn_plan_name(edit->value), key = edit->key;
    switch (edit->kind) {
    case PN_EDIT_CONTAINER:
    case PN_EDIT_ORDER:
        pn_buf_printf(out, "container %.*s", PN_STR_ARG(name));
        return;
    case PN_EDIT_VOLUME:
        pn_buf_printf(out, "volume %.*s", PN_STR_ARG(name));
        return;
    case PN_EDIT_PULL_SECRET:
        pn_buf_printf(out, "imagePullSecret %.*s", PN_STR_ARG(name));
        return;
    case PN_EDIT_ANNOTATION:
        pn_buf_printf(out, "annotation %.*s", PN_STR_ARG(key));
        return;
    case PN_EDIT_RESOURCES:
        pn_buf_cstr(out, "spec.resources");
        return;
    case PN_EDIT_FIELD:
        pn_buf_str(out, key);
        break;
    case PN_EDIT_ITEM:
        describe_item(out, edit);
        break;
    }
    name = pn_plan_list(plan, edit->init)->items[edit->at].name;
    pn_buf_printf(out, " of container %.*s", PN_STR_ARG(name));
}

struct pn_str pn_plan_describe_changes(const struct pn_plan *plan, uint32_t from)
{
    struct pn_buf text = PN_BUF_IN_ARENA(plan->arena);
    for (uint32_t i = from; i < plan->count && text.len <= PN_REASON_ARGUMENT_MAX_BYTES; i++) {
        if (plan->edits[i].present)
            continue;
        pn_buf_cstr(&text, text.len > 0 ? ", " : "");
        describe(&text, plan, &plan->edits[i]);
    }
    return pn_buf_view(&text);
}

bool pn_plan_is_provisional(const struct pn_plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        if (plan->edits[i].provisional)
            return true;
    }
    return false;
}

struct pn_value pn_plan_named(struct pn_value list, struct pn_str name)
{
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        if (pn_str_eq(pn_plan_name(pn_value_at(list, i)), name))
            return pn_value_at(list, i);
    }
    return PN_VALUE_ABSENT;
}

const struct pn_edit *pn_plan_find(const struct pn_plan *plan, enum pn_edit_kind kind,
                                   struct pn_str name)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind == kind && pn_str_eq(pn_plan_name(edit->value), name))
            return edit;
    }
    return NULL;
}

const struct pn_edit *pn_plan_find_annotation(const struct pn_plan *plan, struct pn_str key)
{
    for (uint32_t i = plan->count; i-- > 0;) {
        const struct pn_edit *edit = &plan->edits[i];
        if (edit->kind == PN_EDIT_ANNOTATION && pn_str_eq(edit->key, key))
            return edit;
    }
    return NULL;
}

struct pn_value pn_plan_annotation(const struct pn_plan *plan, struct pn_str key)
{
    const struct pn_edit *edit = pn_plan_find_annotation(plan, key);
    return edit != NULL ? edit->value : pn_value_get(plan->pod->annotations, key);
}

struct pn_str pn_plan_path(struct pn_str path)
{
    while (path.n > 1 && path.s[path.n - 1] == '/')
        path.n--;
    return path;
}

static bool same_path(struct pn_str a, struct pn_str b)
{
    return pn_str_eq(pn_plan_path(a), pn_plan_path(b));
}

/* The next component of a path; s == NULL at its end. */
static struct pn_str next_component(struct pn_str *rest)
{
    struct pn_str component;
    do
        component = pn_str_split(rest, '/');
    while (component.s != NULL && (component.n == 0 || pn_str_is(component, ".")));
    return component;
}

static bool goes_up(struct pn_str path)
{
    while (path.s != NULL) {
        if (pn_str_is(pn_str_split(&path, '/'), ".."))
            return true;
    }
    return false;
}

bool pn_plan_is_inside(struct pn_str inner, struct pn_str outer)
{
    struct pn_str x, y;
    if (inner.n == 0 || outer.n == 0 || same_path(inner, outer))
        return false;
    if (goes_up(inner) || goes_up(outer))
        return true;
    do {
        x = next_component(&inner);
        y = next_component(&outer);
    } while (x.s != NULL && y.s != NULL && pn_str_eq(x, y));
    return y.s == NULL;
}

bool pn_plan_is_nested(struct pn_str a, struct pn_str b)
{
    return pn_plan_is_inside(a, b) || pn_plan_is_inside(b, a);
}

static bool same_key(struct pn_str key, struct pn_value a, struct pn_value b)
{
    struct pn_str x = pn_value_str(pn_value_get(a, key)), y = pn_value_str(pn_value_get(b, key));
    return pn_str_is(key, "mountPath") ? same_path(x, y) : pn_str_eq(x, y);
}

const struct pn_edit *pn_plan_find_item(const struct pn_plan *plan, bool init, uint32_t at,
                                        struct pn_str field, struct pn_str key,
                                        struct pn_value item)
{
    for (uint32_t e = plan->last_edit[init][at]; e != 0; e = plan->edits[e - 1].previous) {
        const struct pn_edit *edit = &plan->edits[e - 1];
        if (edit->kind == PN_EDIT_ITEM && pn_str_eq(edit->key, field) &&
            same_key(key, edit->value, item))
            return edit;
    }
    return NULL;
}

struct pn_value pn_plan_received_item(struct pn_value container, struct pn_str field,
                                      struct pn_str key, struct pn_value item)
{
    struct pn_value list = pn_value_get(container, field);
    for (uint32_t i = pn_value_count(list); i-- > 0;) {
        if (same_key(key, pn_value_at(list, i), item))
            return pn_value_at(list, i);
    }
    return PN_VALUE_ABSENT;
}

size_t pn_plan_annotation_bytes(const struct pn_plan *plan)
{
    return plan->annotation_bytes;
}
