/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "report/effect.h"

const char *pn_effect_change_name(enum pn_effect_change change)
{
    static const char *const names[] = {"added", "removed", "changed"};
    return change < PN_COUNT_OF(names) ? names[change] : "";
}

static const char *mark(const struct pn_effect_style *style, enum pn_effect_change change)
{
    return change == PN_EFFECT_ADDED ? "+" : change == PN_EFFECT_REMOVED ? "-" : style->changed;
}

void pn_effect_write_result(struct pn_buf *out, const struct pn_effect *e)
{
    if (e->compares && e->before != e->after)
        pn_buf_printf(out, "%s -> ", pn_outcome_name(e->before));
    pn_buf_cstr(out, pn_outcome_name(e->after));
}

/* ---- policies -------------------------------------------------------------------------- */

static enum pn_effect_change policy_change(const struct pn_effect_policy *p)
{
    if (pn_effect_is_in(p->after) && p->before == NULL)
        return PN_EFFECT_ADDED;
    return pn_effect_is_in(p->before) && p->after == NULL ? PN_EFFECT_REMOVED : PN_EFFECT_CHANGED;
}

static const char *reason_word(const struct pn_reason *reason)
{
    return reason != NULL ? pn_reason_name(reason->id) : "none";
}

/* What is behind the name, in parentheses: what the mark does not say. */
static void write_reasons(struct pn_buf *out, const struct pn_effect_policy *p)
{
    enum pn_effect_change change = policy_change(p);
    if (change != PN_EFFECT_CHANGED) {
        const struct pn_reason *reason = change == PN_EFFECT_ADDED ? p->after : p->before;
        if (reason->id != PN_REASON_INJECTED)
            pn_buf_printf(out, " (%s)", pn_reason_name(reason->id));
    } else if (p->before == NULL) {
        pn_buf_printf(out, " (left out: %s)", reason_word(p->after));
    } else if (p->after == NULL || p->before->id != p->after->id) {
        pn_buf_printf(out, " (%s -> %s)", reason_word(p->before), reason_word(p->after));
    } else if (!pn_effect_is_in(p->after)) {
        pn_buf_printf(out, " (%s)", reason_word(p->after));
    }
}

void pn_effect_write_policies(struct pn_buf *out, const struct pn_effect *e,
                              const struct pn_effect_style *style)
{
    for (size_t i = 0; i < e->policy_count; i++) {
        const struct pn_effect_policy *p = &e->policies[i];
        pn_buf_printf(out, "%s%s", i > 0 ? ", " : "", mark(style, policy_change(p)));
        style->name(out, p->name);
        write_reasons(out, p);
    }
}

/* ---- the Pod --------------------------------------------------------------------------- */

void pn_effect_write_containers(struct pn_buf *out, const struct pn_effect *e,
                                const struct pn_effect_style *style)
{
    for (size_t i = 0; i < e->container_count; i++) {
        const struct pn_effect_container *c = &e->containers[i];
        pn_buf_printf(out, "%s%s", i > 0 ? ", " : "", mark(style, c->change));
        style->name(out, c->name);
    }
    if (e->other)
        pn_buf_cstr(out, "(other fields)");
}

void pn_effect_write_requests(struct pn_buf *out, const struct pn_effect *e,
                              const struct pn_effect_style *style)
{
    size_t n = 0;
    for (size_t i = 0; i < e->request_count; i++) {
        const struct pn_effect_request *r = &e->requests[i];
        if (pn_str_eq(r->before, r->after))
            continue;
        pn_buf_cstr(out, n++ > 0 ? ", " : "");
        if (pn_str_is(r->resource, "cpu") || pn_str_is(r->resource, "memory"))
            pn_buf_str(out, r->resource);
        else
            style->name(out, r->resource);
        pn_buf_printf(out, " %.*s -> %.*s", PN_STR_ARG(r->before), PN_STR_ARG(r->after));
        if (r->delta.s != NULL)
            pn_buf_printf(out, " (%.*s)", PN_STR_ARG(r->delta));
    }
}

void pn_effect_write_qos(struct pn_buf *out, const struct pn_effect *e)
{
    if (e->qos_before != e->qos_after)
        pn_buf_printf(out, "%s -> %s", pn_qos_name(e->qos_before), pn_qos_name(e->qos_after));
}

/* ---- all objects ----------------------------------------------------------------------- */

static void write_compared(struct pn_buf *out, const struct pn_effect_totals *t,
                           const struct pn_preview_counts *counts)
{
    size_t decided = pn_preview_decided(counts), same = decided - t->changed;
    size_t all = decided + counts->invalid;
    pn_buf_printf(out, "%zu object%s: %zu change%s", all, all == 1 ? "" : "s", t->changed,
                  t->changed == 1 ? "s" : "");
    if (same > 0)
        pn_buf_printf(out, ", %zu do%s not", same, same == 1 ? "es" : "");
    if (counts->invalid > 0)
        pn_buf_printf(out, ", %zu invalid", counts->invalid);
    if (t->newly_denied > 0)
        pn_buf_printf(out, "; %zu newly denied", t->newly_denied);
    if (t->no_longer_denied > 0)
        pn_buf_printf(out, "; %zu no longer denied", t->no_longer_denied);
}

/* Returns -ENOMEM or 0. */
static int write_growth(struct pn_buf *out, const struct pn_effect_totals *t)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    const struct {
        struct pn_str resource;
        __int128 nano;
    } sums[] = {{PN_STR("cpu"), t->cpu_nano}, {PN_STR("memory"), t->memory_nano}};
    if (t->out_of_range) {
        pn_buf_cstr(out, "; the sum of the requests is out of range");
        return 0;
    }
    int r = pn_arena_new(&a, 0);
    size_t n = 0;
    for (size_t i = 0; i < PN_COUNT_OF(sums) && r == 0; i++) {
        struct pn_str delta = pn_effect_delta(sums[i].resource, sums[i].nano, a);
        r = delta.s != NULL ? 0 : -ENOMEM;
        if (r == 0 && sums[i].nano != 0)
            pn_buf_printf(out, "%s%.*s %.*s", n++ > 0 ? ", " : "; requests ",
                          PN_STR_ARG(sums[i].resource), PN_STR_ARG(delta));
    }
    pn_buf_cstr(out, n > 0 ? " (one Pod of each)" : "");
    return r;
}

int pn_effect_write_summary(struct pn_buf *out, const struct pn_effect_totals *t,
                            const struct pn_preview_counts *counts)
{
    if (t->compares)
        write_compared(out, t, counts);
    else
        pn_preview_write_objects(out, counts);
    int r = write_growth(out, t);
    pn_preview_write_others(out, counts);
    return r == 0 && out->failed ? -ENOMEM : r;
}
