/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/final.h"

#include <errno.h>

#include "base/limits.h"
#include "engine/merge.h"

static bool is_required(const struct pn_decision *d, const struct pn_verdict *v)
{
    enum pn_reason_class class = pn_reason_class_of(v->reason.id);
    return d->set->policies[v->policy].deny_on_failure && !v->audit &&
           v->reason.id != PN_REASON_NONE &&
           (class == PN_CLASS_SUCCESS || class == PN_CLASS_FAILURE);
}

/* Everything that the policy adds is in the Pod. */
static bool is_content(const struct pn_verdict *v)
{
    return pn_reason_class_of(v->reason.id) == PN_CLASS_SUCCESS && !v->changes;
}

const char *pn_final_refusal(const struct pn_decision *d, const struct pn_verdict *v)
{
    if (!is_required(d, v) || is_content(v))
        return NULL;
    if (pn_reason_class_of(v->reason.id) == PN_CLASS_FAILURE)
        return pn_reason_name(v->reason.id);
    return v->reason.id == PN_REASON_REPAIRED ? "incomplete" : "missing";
}

static void write_complaint(struct pn_buf *out, const char *refusal, const struct pn_verdict *v)
{
    pn_buf_printf(out, "%s: ", refusal);
    if (pn_reason_class_of(v->reason.id) == PN_CLASS_FAILURE)
        pn_reason_write(out, &v->reason);
    else
        pn_buf_str(out, pn_reason_lack(&v->reason));
}

int pn_final_denial(struct pn_str *ret, const struct pn_decision *d, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    for (size_t i = 0; i < d->verdict_count && text.len < PN_DENIAL_MAX_BYTES; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        const char *refusal = pn_final_refusal(d, v);
        if (refusal == NULL)
            continue;
        pn_buf_printf(&text, "%spolicy %.*s: ", text.len > 0 ? "; " : "",
                      PN_STR_ARG(d->set->policies[v->policy].name));
        write_complaint(&text, refusal, v);
    }
    text.len = pn_str_utf8_cut(pn_buf_view(&text), PN_DENIAL_MAX_BYTES);
    *ret = pn_buf_view(&text);
    return text.failed ? -ENOMEM : 0;
}

/* The verdict of a policy that requires something of the Pod, or NULL. */
static const struct pn_verdict *find_required(const struct pn_decision *d, uint32_t policy)
{
    for (size_t i = 0; i < d->verdict_count; i++) {
        if (d->verdicts[i].policy == policy && is_required(d, &d->verdicts[i]))
            return &d->verdicts[i];
    }
    return NULL;
}

/* What is looked for: the verdicts of required policies, and everything that is ours. */
struct wanted {
    struct pn_verdict *verdicts;
    size_t count;
    struct pn_candidate *candidates; /* all that select the old Pod, required or not */
    size_t candidate_count;
};

/* What was content in the old Pod, of policies that do not select the new one. */
static int take_over(struct wanted *ret, const struct pn_decision *old,
                     const struct pn_decision *new, struct pn_arena *a)
{
    struct wanted w = {.verdicts = pn_arena_alloc(a, old->verdict_count * sizeof *w.verdicts),
                       .candidates = pn_arena_alloc(a, old->verdict_count * sizeof *w.candidates)};
    if (w.verdicts == NULL || w.candidates == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < old->verdict_count; i++) {
        const struct pn_verdict *v = &old->verdicts[i];
        if (v->fragments == NULL)
            continue;
        w.candidates[w.candidate_count++] = (struct pn_candidate){v->policy, v->fragments};
        if (is_required(old, v) && is_content(v) && find_required(new, v->policy) == NULL)
            w.verdicts[w.count++] = (struct pn_verdict){.policy = v->policy,
                                                        .fragments = v->fragments};
    }
    *ret = w;
    return 0;
}

/* Gives each verdict its reason by `pod`. */
static int look_for(struct wanted *w, const struct pn_policy_set *set, const struct pn_pod *pod,
                    struct pn_arena *a)
{
    struct pn_plan plan;
    int r = pn_plan_init(&plan, set, pod, w->candidates, w->candidate_count, a);
    if (r != 0)
        return r;
    pn_merge_mark_ours(&plan);
    plan.is_final = true;
    for (size_t i = 0; r == 0 && i < w->count; i++) {
        struct pn_verdict *v = &w->verdicts[i];
        const struct pn_candidate candidate = {v->policy, v->fragments};
        uint32_t before = plan.count;
        r = pn_merge(&plan, &candidate, &v->reason);
        v->changes = pn_plan_changes(&plan, before);
    }
    return r;
}

/* What the new Pod has lost, though its policies no longer select it. */
static int find_lost(struct wanted *ret, const struct pn_decision *old,
                     const struct pn_pod *old_pod, const struct pn_decision *new,
                     const struct pn_pod *new_pod, struct pn_arena *a)
{
    struct wanted w = {0};
    int r = take_over(&w, old, new, a);
    if (r == 0)
        r = look_for(&w, old->set, old_pod, a);
    if (r != 0)
        return r;
    size_t all = w.count;
    w.count = 0;
    for (size_t i = 0; i < all; i++) {
        if (is_content(&w.verdicts[i]))
            w.verdicts[w.count++] = w.verdicts[i];
    }
    *ret = w;
    return look_for(ret, old->set, new_pod, a);
}

/* A container runs another image than ours; of what a policy adds, an update can change no more. */
static bool is_replaced(const struct pn_verdict *v)
{
    return v->reason.id == PN_REASON_CONTAINER_NAME_TAKEN;
}

/* The update breaks it: what a policy requires is not there, and before the update it was, or was
 * not what it should be and is another program now, or nobody required it. */
static bool is_broken(const struct pn_decision *old, const struct pn_decision *new,
                      const struct pn_verdict *v)
{
    if (!is_required(new, v) || is_content(v))
        return false;
    const struct pn_verdict *before = find_required(old, v->policy);
    return before == NULL || is_content(before) || (is_replaced(v) && !is_replaced(before));
}

int pn_final_update(struct pn_decision *d, const struct pn_decision *old,
                    const struct pn_pod *old_pod, const struct pn_decision *new,
                    const struct pn_pod *new_pod, struct pn_arena *a)
{
    struct wanted lost;
    size_t n = 0;
    int r = find_lost(&lost, old, old_pod, new, new_pod, a);
    if (r != 0)
        return r;
    struct pn_verdict *verdicts = pn_arena_alloc(a, (lost.count + new->verdict_count) *
                                                        sizeof *verdicts);
    if (verdicts == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < new->verdict_count; i++) {
        const struct pn_verdict *v = &new->verdicts[i];
        if (is_broken(old, new, v) || (is_required(new, v) && is_content(v)))
            verdicts[n++] = *v;
    }
    for (size_t i = 0; i < lost.count; i++)
        verdicts[n++] = lost.verdicts[i];
    d->verdicts = verdicts;
    d->verdict_count = n;
    return 0;
}
