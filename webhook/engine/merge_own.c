/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/merge.h"

static enum pn_ours judge(const struct pn_plan *plan, const struct pn_own *own,
                          struct pn_value rendered)
{
    if (own->state == PN_OWN_TAMPERED)
        return PN_OURS_TAMPERED;
    if (own->state != PN_OWN_OURS)
        return PN_OURS_NO;
    struct pn_value received = pn_plan_list(plan, own->init)->items[own->at].value;
    return pn_own_is_whole(received, rendered) ? PN_OURS_WHOLE : PN_OURS_PARTLY;
}

/* The rendering that fits best is it; of several, the first. */
static void mark(struct pn_plan *plan, const struct pn_template *t, struct pn_value list, bool init)
{
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        struct pn_value rendered = pn_value_at(list, i);
        struct pn_own own = pn_own_container(plan->pod, t, rendered, init);
        enum pn_ours fit = judge(plan, &own, rendered);
        if (fit == PN_OURS_NO || fit <= plan->ours[own.init][own.at])
            continue;
        plan->ours[own.init][own.at] = fit;
        plan->rendered[own.init][own.at] = rendered;
    }
}

void pn_merge_mark_ours(struct pn_plan *plan)
{
    for (size_t c = 0; c < plan->candidate_count; c++) {
        const struct pn_policy *policy = pn_plan_policy(plan, &plan->candidates[c]);
        /* Audit adds nothing: what looks like it is the app's own. */
        for (size_t t = 0; !policy->audit && t < policy->injection_count; t++) {
            const struct pn_fragment *f = plan->candidates[c].fragments[t];
            mark(plan, policy->injections[t].template, f->containers, false);
            mark(plan, policy->injections[t].template, f->init_containers, true);
        }
    }
}

struct pn_own pn_merge_own(const struct pn_plan *plan, const struct pn_template *t,
                           struct pn_value rendered, bool init)
{
    struct pn_own own = pn_own_container(plan->pod, t, rendered, init);
    if (own.state == PN_OWN_OURS && plan->ours[init][own.at] == PN_OURS_WHOLE &&
        judge(plan, &own, rendered) != PN_OURS_WHOLE) {
        own.state = PN_OWN_TAKEN;
        own.field = "it is another policy's";
    }
    return own;
}

bool pn_merge_is_of_a_candidate(const struct pn_plan *plan, struct pn_str name)
{
    for (size_t c = 0; c < plan->candidate_count; c++) {
        const struct pn_policy *policy = pn_plan_policy(plan, &plan->candidates[c]);
        for (size_t t = 0; t < policy->injection_count; t++) {
            const struct pn_fragment *f = plan->candidates[c].fragments[t];
            struct pn_value init = pn_plan_named(f->init_containers, name);
            struct pn_value regular = pn_plan_named(f->containers, name);
            bool is_init = init.kind != PN_ABSENT;
            if (!is_init && regular.kind == PN_ABSENT)
                continue;
            struct pn_own own = pn_own_container(plan->pod, policy->injections[t].template,
                                                 is_init ? init : regular, is_init);
            if (own.state == PN_OWN_OURS)
                return true;
        }
    }
    return false;
}
