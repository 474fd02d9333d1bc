/* SPDX-License-Identifier: Apache-2.0 */
#include "report/effect.h"

#include <errno.h>

#include "engine/budget.h"

static bool is_denied(const struct pn_effect_side *side)
{
    return side->decision != NULL && !side->decision->allowed;
}

/* ---- policies -------------------------------------------------------------------------- */

bool pn_effect_is_in(const struct pn_reason *reason)
{
    return reason != NULL && pn_reason_class_of(reason->id) == PN_CLASS_SUCCESS;
}

/* The policy's part in the decision; NULL: none. */
static const struct pn_reason *reason_of(const struct pn_verdict *v)
{
    enum pn_reason_class class = v != NULL ? pn_reason_class_of(v->reason.id)
                                           : PN_CLASS_NOT_SELECTED;
    return class == PN_CLASS_SUCCESS || class == PN_CLASS_FAILURE ? &v->reason : NULL;
}

static bool is_same_reason(const struct pn_reason *a, const struct pn_reason *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    bool none = a->arguments.kind == PN_ABSENT && b->arguments.kind == PN_ABSENT;
    return a->id == b->id && (none || pn_value_equal(a->arguments, b->arguments));
}

/* Of a Pod that is denied nobody's content is there, so none is gained by it or lost. */
static void drop_denied(struct pn_effect_policy *row, const struct pn_effect_side *before,
                        const struct pn_effect_side *after)
{
    if (is_denied(after) && pn_effect_is_in(row->after) && !pn_effect_is_in(row->before))
        row->after = NULL;
    if (is_denied(before) && pn_effect_is_in(row->before) && !pn_effect_is_in(row->after))
        row->before = NULL;
}

static size_t verdict_count(const struct pn_effect_side *side)
{
    return side->decision != NULL ? side->decision->verdict_count : 0;
}

/* Policies in the order of the new set, then those that it has no verdict about. */
static int compare_policies(struct pn_effect *e, const struct pn_effect_side *before,
                            const struct pn_effect_side *after, struct pn_arena *a)
{
    size_t first = verdict_count(after), all = first + verdict_count(before);
    struct pn_effect_policy *rows = pn_arena_zalloc(a, all, sizeof *rows);
    if (rows == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < all; i++) {
        const struct pn_decision *d = i < first ? after->decision : before->decision;
        const struct pn_verdict *v = &d->verdicts[i < first ? i : i - first];
        struct pn_str name = pn_policy_set_policy_name(d->set, v->policy);
        const struct pn_verdict *new = pn_decision_verdict(after->decision, name);
        struct pn_effect_policy row = {name, reason_of(pn_decision_verdict(before->decision, name)),
                                       reason_of(new)};
        if (i >= first && new != NULL)
            continue; /* it was among the first */
        drop_denied(&row, before, after);
        if (!is_same_reason(row.before, row.after))
            rows[e->policy_count++] = row;
    }
    e->policies = rows;
    return 0;
}

/* ---- containers ------------------------------------------------------------------------ */

static const struct pn_str lists[] = {PN_STR_INIT("initContainers"), PN_STR_INIT("containers")};

static struct pn_str name_of(struct pn_value container)
{
    return pn_value_str(PN_GET(container, "name"));
}

/* The container of that name, and its list; PN_ABSENT: there is none. */
static struct pn_value find_container(size_t *ret_list, struct pn_value spec, struct pn_str name)
{
    for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
        struct pn_value list = pn_value_get(spec, lists[l]);
        for (uint32_t i = 0; i < pn_value_count(list); i++) {
            *ret_list = l;
            if (pn_str_eq(name_of(pn_value_at(list, i)), name))
                return pn_value_at(list, i);
        }
    }
    return PN_VALUE_ABSENT;
}

/* Rows for the containers of `spec` as against `others`: `absent` is the row of one that is not
 * there; what differs is a row only when `differing`. */
static void add_containers(struct pn_effect_container *rows, size_t *n_inout, struct pn_value spec,
                           struct pn_value others, enum pn_effect_change absent, bool differing)
{
    for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
        struct pn_value list = pn_value_get(spec, lists[l]);
        for (uint32_t i = 0; i < pn_value_count(list); i++) {
            struct pn_value container = pn_value_at(list, i);
            size_t other_list = l;
            struct pn_value other = find_container(&other_list, others, name_of(container));
            if (other.kind == PN_ABSENT)
                rows[(*n_inout)++] = (struct pn_effect_container){name_of(container), absent};
            else if (differing && (other_list != l || !pn_value_equal(other, container)))
                rows[(*n_inout)++] = (struct pn_effect_container){name_of(container),
                                                                  PN_EFFECT_CHANGED};
        }
    }
}

static int compare_containers(struct pn_effect *e, struct pn_value before, struct pn_value after,
                              struct pn_arena *a)
{
    size_t room = 0;
    for (size_t l = 0; l < PN_COUNT_OF(lists); l++)
        room += pn_value_count(pn_value_get(before, lists[l])) +
                pn_value_count(pn_value_get(after, lists[l]));
    struct pn_effect_container *rows = pn_arena_zalloc(a, room, sizeof *rows);
    if (rows == NULL)
        return -ENOMEM;
    add_containers(rows, &e->container_count, after, before, PN_EFFECT_ADDED, true);
    add_containers(rows, &e->container_count, before, after, PN_EFFECT_REMOVED, false);
    e->containers = rows;
    return 0;
}

/* ---- requests -------------------------------------------------------------------------- */

struct pn_str pn_effect_delta(struct pn_str resource, __int128 nano, struct pn_arena *a)
{
    struct pn_str amount = pn_budget_amount(resource, nano < 0 ? -nano : nano, a);
    if (nano == 0 || amount.s == NULL)
        return amount;
    return pn_arena_format(a, "%c%.*s", nano < 0 ? '-' : '+', PN_STR_ARG(amount));
}

/* Returns false when memory is out. */
static bool make_request(struct pn_effect_request *ret, struct pn_str resource,
                         const struct pn_resource_list *before,
                         const struct pn_resource_list *after, struct pn_arena *a)
{
    __int128 old = 0, new = 0;
    bool old_known = pn_resources_nano(&old, before, resource);
    bool new_known = pn_resources_nano(&new, after, resource);
    struct pn_str unknown = PN_STR("out of range");
    *ret = (struct pn_effect_request){
        .resource = resource,
        .before = old_known ? pn_budget_amount(resource, old, a) : unknown,
        .after = new_known ? pn_budget_amount(resource, new, a) : unknown,
        .delta = PN_STR_NULL,
    };
    if (ret->before.s == NULL || ret->after.s == NULL)
        return false;
    if (!old_known || !new_known || __builtin_sub_overflow(new, old, &ret->delta_nano))
        return true;
    ret->delta = pn_effect_delta(resource, ret->delta_nano, a);
    return ret->delta.s != NULL;
}

static int compare_requests(struct pn_effect *e, const struct pn_resource_list *before,
                            const struct pn_resource_list *after, struct pn_arena *a)
{
    size_t all = (size_t)before->count + after->count;
    struct pn_effect_request *rows = pn_arena_zalloc(a, all, sizeof *rows);
    if (rows == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < all; i++) {
        bool is_new = i >= before->count;
        struct pn_str name = is_new ? after->items[i - before->count].name : before->items[i].name;
        if (is_new && pn_resources_find(before, name) != NULL)
            continue;
        if (!make_request(&rows[e->request_count++], name, before, after, a))
            return -ENOMEM;
    }
    e->requests = rows;
    return 0;
}

/* What is no quantity is the API server's to refuse: nothing is known of such a Pod then. */
static int compare_resources(struct pn_effect *e, struct pn_value before, struct pn_value after,
                             struct pn_arena *a)
{
    struct pn_pod_resources old, new;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_resources_of_spec(&old, before, a, &err);
    if (r == 0)
        r = pn_resources_of_spec(&new, after, a, &err);
    if (r != 0)
        return r == PN_RESOURCES_E_INVALID ? 0 : r;
    e->qos_before = pn_qos_compute(&old);
    e->qos_after = pn_qos_compute(&new);
    return compare_requests(e, &old.effective.requests, &new.effective.requests, a);
}

/* ---- messages -------------------------------------------------------------------------- */

static bool has_warning(const struct pn_decision *d, struct pn_str warning)
{
    for (size_t i = 0; d != NULL && i < d->warning_count; i++) {
        if (pn_str_eq(d->warnings[i], warning))
            return true;
    }
    return false;
}

/* The warnings of `d` that `other` does not have. */
static int find_warnings(const struct pn_str **ret, size_t *ret_n, const struct pn_decision *d,
                         const struct pn_decision *other, struct pn_arena *a)
{
    size_t count = d != NULL ? d->warning_count : 0, n = 0;
    struct pn_str *found = pn_arena_zalloc(a, count, sizeof *found);
    if (found == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (!has_warning(other, d->warnings[i]))
            found[n++] = d->warnings[i];
    }
    *ret = found;
    *ret_n = n;
    return 0;
}

static bool is_same_message(const struct pn_decision *a, const struct pn_decision *b)
{
    return a == NULL || b == NULL || a->allowed || b->allowed || pn_str_eq(a->message, b->message);
}

/* ---- all of it ------------------------------------------------------------------------- */

static bool has_request_change(const struct pn_effect *e)
{
    for (size_t i = 0; i < e->request_count; i++) {
        if (e->requests[i].delta_nano != 0)
            return true;
    }
    return false;
}

int pn_effect_make(struct pn_effect *ret, const struct pn_effect_side *before,
                   const struct pn_effect_side *after, struct pn_arena *a)
{
    struct pn_effect e = {.qos_before = PN_QOS_UNKNOWN, .qos_after = PN_QOS_UNKNOWN};
    struct pn_value old = PN_GET(before->pod, "spec"), new = PN_GET(after->pod, "spec");
    e.compares = before->decision != NULL;
    e.differs = !pn_value_equal(before->object, after->object);
    e.before = before->decision != NULL ? pn_preview_outcome(before->decision)
                                        : PN_OUTCOME_UNCHANGED;
    e.after = pn_preview_outcome(after->decision);
    int r = compare_policies(&e, before, after, a);
    if (r == 0 && !is_denied(before) && !is_denied(after)) {
        r = e.differs ? compare_containers(&e, old, new, a) : 0;
        if (r == 0)
            r = compare_resources(&e, old, new, a);
    }
    if (r == 0)
        r = find_warnings(&e.new_warnings, &e.new_warning_count, after->decision, before->decision,
                          a);
    if (r == 0)
        r = find_warnings(&e.gone_warnings, &e.gone_warning_count, before->decision,
                          after->decision, a);
    if (r != 0)
        return r;
    e.other = e.differs && e.before == e.after && e.policy_count == 0 && e.container_count == 0 &&
              !has_request_change(&e) && e.qos_before == e.qos_after;
    e.changes = e.differs || e.before != e.after || e.policy_count > 0 || e.new_warning_count > 0 ||
                e.gone_warning_count > 0 || !is_same_message(before->decision, after->decision);
    *ret = e;
    return 0;
}

/* ---- sums ------------------------------------------------------------------------------ */

static void add_nano(struct pn_effect_totals *totals, __int128 *sum_inout, __int128 nano)
{
    if (__builtin_add_overflow(*sum_inout, nano, sum_inout))
        totals->out_of_range = true;
}

void pn_effect_count(struct pn_effect_totals *totals, const struct pn_effect *e)
{
    totals->changed += e->changes;
    totals->newly_denied += e->after == PN_OUTCOME_DENIED && e->before != PN_OUTCOME_DENIED;
    totals->no_longer_denied += e->before == PN_OUTCOME_DENIED && e->after != PN_OUTCOME_DENIED;
    for (size_t i = 0; i < e->request_count; i++) {
        const struct pn_effect_request *request = &e->requests[i];
        bool is_cpu = pn_str_is(request->resource, "cpu");
        if (!is_cpu && !pn_str_is(request->resource, "memory"))
            continue;
        totals->out_of_range = totals->out_of_range || request->delta.s == NULL;
        add_nano(totals, is_cpu ? &totals->cpu_nano : &totals->memory_nano, request->delta_nano);
    }
}
