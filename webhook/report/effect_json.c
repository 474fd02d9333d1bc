/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "report/json.h"
#include "report/json_kit.h"

/* Members "before" and "after"; both are taken. */
static bool set_pair(json_t *object, json_t *take_before, json_t *take_after)
{
    bool stored = PN_JSON_SET(object, "before", take_before);
    return PN_JSON_SET(object, "after", take_after) && stored;
}

static json_t *pair_json(json_t *take_before, json_t *take_after)
{
    PN_CLEANUP(pn_json_drop) json_t *pair = json_object();
    return set_pair(pair, take_before, take_after) ? PN_TAKE(pair) : NULL;
}

static json_t *reason_or_null(const struct pn_reason *reason)
{
    return reason != NULL ? pn_json_of_reason(reason) : json_null();
}

static json_t *policies_json(const struct pn_effect *e)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (size_t i = 0; i < e->policy_count; i++) {
        const struct pn_effect_policy *p = &e->policies[i];
        PN_CLEANUP(pn_json_drop) json_t *row = json_object();
        if (!PN_JSON_SET(row, "name", pn_json_string(p->name)) ||
            !set_pair(row, reason_or_null(p->before), reason_or_null(p->after)) ||
            !pn_json_append(array, PN_TAKE(row)))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *containers_json(const struct pn_effect *e)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (size_t i = 0; i < e->container_count; i++) {
        const struct pn_effect_container *c = &e->containers[i];
        PN_CLEANUP(pn_json_drop) json_t *row = json_object();
        if (!PN_JSON_SET(row, "name", pn_json_string(c->name)) ||
            !PN_JSON_SET(row, "change", pn_json_text(pn_effect_change_name(c->change))) ||
            !pn_json_append(array, PN_TAKE(row)))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *requests_json(const struct pn_effect *e)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (size_t i = 0; i < e->request_count; i++) {
        const struct pn_effect_request *r = &e->requests[i];
        PN_CLEANUP(pn_json_drop) json_t *row = json_object();
        if (!PN_JSON_SET(row, "what", pn_json_string(r->resource)) ||
            !set_pair(row, pn_json_string(r->before), pn_json_string(r->after)) ||
            (r->delta.s != NULL && !PN_JSON_SET(row, "delta", pn_json_string(r->delta))) ||
            !pn_json_append(array, PN_TAKE(row)))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *message_json(const struct pn_decision *d)
{
    return d != NULL && !d->allowed ? pn_json_string(d->message) : json_null();
}

static json_t *warnings_json(const struct pn_effect *e)
{
    PN_CLEANUP(pn_json_drop) json_t *object = json_object();
    bool stored =
        PN_JSON_SET(object, "added", pn_json_strings(e->new_warnings, e->new_warning_count)) &&
        PN_JSON_SET(object, "removed", pn_json_strings(e->gone_warnings, e->gone_warning_count));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *effect_json(const struct pn_preview *p, const struct pn_decision *base,
                           const struct pn_effect *e)
{
    PN_CLEANUP(pn_json_drop) json_t *object = pn_json_of_place(p);
    bool has_message = !p->decision->allowed || (base != NULL && !base->allowed);
    bool stored = PN_JSON_SET(object, "changes", json_boolean(e->changes)) &&
                  PN_JSON_SET(object, "result",
                              pair_json(pn_json_text(pn_outcome_name(e->before)),
                                        pn_json_text(pn_outcome_name(e->after))));
    if (stored && has_message)
        stored = PN_JSON_SET(object, "message",
                             pair_json(message_json(base), message_json(p->decision)));
    stored = stored && PN_JSON_SET(object, "policies", policies_json(e)) &&
             PN_JSON_SET(object, "containers", containers_json(e)) &&
             PN_JSON_SET(object, "effectiveRequests", requests_json(e));
    if (stored && (e->qos_before != PN_QOS_UNKNOWN || e->qos_after != PN_QOS_UNKNOWN))
        stored = PN_JSON_SET(object, "qosClass",
                             pair_json(pn_json_text(pn_qos_name(e->qos_before)),
                                       pn_json_text(pn_qos_name(e->qos_after))));
    stored = stored && PN_JSON_SET(object, "warnings", warnings_json(e));
    return stored ? PN_TAKE(object) : NULL;
}

int pn_json_write_effect(struct pn_buf *out, const struct pn_preview *preview,
                         const struct pn_decision *base, const struct pn_effect *effect,
                         bool is_first)
{
    PN_CLEANUP(pn_json_drop) json_t *object = effect_json(preview, base, effect);
    return pn_json_write_part(out, object, is_first);
}

/* By which one Pod of each object grows. */
static json_t *growth_json(const struct pn_effect_totals *t)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    PN_CLEANUP(pn_json_drop) json_t *object = json_object();
    if (pn_arena_new(&a, 0) != 0)
        return NULL;
    struct pn_str cpu = pn_effect_delta(PN_STR("cpu"), t->cpu_nano, a);
    struct pn_str memory = pn_effect_delta(PN_STR("memory"), t->memory_nano, a);
    bool stored = cpu.s != NULL && memory.s != NULL &&
                  PN_JSON_SET(object, "cpu", pn_json_string(cpu)) &&
                  PN_JSON_SET(object, "memory", pn_json_string(memory));
    return stored ? PN_TAKE(object) : NULL;
}

int pn_json_end_effects(struct pn_buf *out, const struct pn_effect_totals *t,
                        const struct pn_preview_counts *counts)
{
    PN_CLEANUP(pn_json_drop) json_t *summary = json_object();
    bool stored = PN_JSON_SET(summary, "objects",
                              pn_json_count(pn_preview_decided(counts) + counts->invalid)) &&
                  PN_JSON_SET(summary, "changed", pn_json_count(t->changed)) &&
                  PN_JSON_SET(summary, "newlyDenied", pn_json_count(t->newly_denied)) &&
                  PN_JSON_SET(summary, "noLongerDenied", pn_json_count(t->no_longer_denied)) &&
                  PN_JSON_SET(summary, "invalid", pn_json_count(counts->invalid)) &&
                  PN_JSON_SET(summary, "other", pn_json_count(counts->other)) &&
                  (t->out_of_range || PN_JSON_SET(summary, "growth", growth_json(t)));
    return stored ? pn_json_end_parts(out, summary) : -ENOMEM;
}
