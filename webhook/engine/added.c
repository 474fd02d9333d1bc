/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/added.h"

#include "engine/plan.h"
#include "kube/quantity.h"

static void add(int64_t *inout_sum, int64_t amount)
{
    if (__builtin_add_overflow(*inout_sum, amount, inout_sum))
        *inout_sum = INT64_MAX;
}

/* The request of one resource in units or thousandths; 0: none is stated. */
static int64_t requested(struct pn_value resources, struct pn_str name, bool raised, bool milli)
{
    struct pn_value request = pn_value_get(PN_GET(resources, "requests"), name);
    struct pn_value limit = pn_value_get(PN_GET(resources, "limits"), name);
    struct pn_quantity q;
    int64_t amount = INT64_MAX;
    if (!pn_value_is_unset(limit) && (raised || pn_value_is_unset(request)))
        request = limit;
    if (pn_value_is_unset(request))
        return 0;
    int r = pn_quantity_from_value(&q, request, NULL);
    if (r != 0)
        return r == PN_QUANTITY_E_RANGE ? INT64_MAX : 0;
    bool fits = milli ? pn_quantity_milli(&amount, &q) : pn_quantity_value(&amount, &q);
    return !fits || amount > 0 ? amount : 0;
}

static void add_list(struct pn_added *inout, struct pn_value containers, bool init, bool raised)
{
    for (uint32_t i = 0; i < pn_value_count(containers); i++) {
        struct pn_value container = pn_value_at(containers, i);
        struct pn_value resources = PN_GET(container, "resources");
        if (!pn_plan_runs_for_long(container, init))
            continue;
        add(&inout->cpu_milli, requested(resources, PN_STR("cpu"), raised, true));
        add(&inout->memory_bytes, requested(resources, PN_STR("memory"), raised, false));
        add(&inout->ephemeral_storage_bytes,
            requested(resources, PN_STR("ephemeral-storage"), false, false));
    }
}

struct pn_added pn_added_fragment(const struct pn_fragment *f, bool raised)
{
    struct pn_added sum = {0};
    add_list(&sum, f->init_containers, true, raised);
    add_list(&sum, f->containers, false, raised);
    return sum;
}

struct pn_added pn_added_requests(const struct pn_decision *d, const struct pn_verdict *v)
{
    struct pn_added sum = {0};
    const struct pn_policy *policy = &d->set->policies[v->policy];
    bool adds = v->reason.id == PN_REASON_INJECTED ||
                v->reason.id == PN_REASON_INJECTED_OVER_BUDGET;
    if (!adds || !v->changes || v->audit || !d->allowed || d->patch.n == 0)
        return sum;
    bool raised = v->note.id == PN_REASON_REQUESTS_RAISED;
    for (size_t t = 0; t < policy->injection_count; t++) {
        const struct pn_injection *injection = &policy->injections[t];
        struct pn_added added = !raised && v->fragments[t] == injection->constant
                                    ? injection->constant_added
                                    : pn_added_fragment(v->fragments[t], raised);
        add(&sum.cpu_milli, added.cpu_milli);
        add(&sum.memory_bytes, added.memory_bytes);
        add(&sum.ephemeral_storage_bytes, added.ephemeral_storage_bytes);
    }
    return sum;
}
