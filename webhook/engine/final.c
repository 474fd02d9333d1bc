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

static void write_complaint(struct pn_buf *out, const struct pn_verdict *v)
{
    if (pn_reason_class_of(v->reason.id) == PN_CLASS_FAILURE) {
        pn_buf_printf(out, "%s: ", pn_reason_name(v->reason.id));
        pn_reason_write(out, &v->reason);
        return;
    }
    pn_buf_cstr(out, v->reason.id == PN_REASON_REPAIRED ? "incomplete: " : "missing: ");
    pn_buf_str(out, pn_value_str(PN_GET(v->reason.arguments, "content")));
}

int pn_final_denial(struct pn_str *ret, const struct pn_decision *d, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    for (size_t i = 0; i < d->verdict_count && text.len < PN_DENIAL_MAX_BYTES; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        if (!is_required(d, v) || is_content(v))
            continue;
        pn_buf_printf(&text, "%spolicy %.*s: ", text.len > 0 ? "; " : "",
                      PN_STR_ARG(d->set->policies[v->policy].name));
        write_complaint(&text, v);
    }
    text.len = pn_str_utf8_cut(pn_buf_view(&text), PN_DENIAL_MAX_BYTES);
    *ret = pn_buf_view(&text);
    return text.failed ? -ENOMEM : 0;
}

/* The verdicts and candidates of what was content in the old Pod. */
static int take_over(struct pn_verdict **ret_verdicts, struct pn_candidate **ret_candidates,
                     size_t *ret_n, const struct pn_decision *old, struct pn_arena *a)
{
    struct pn_verdict *verdicts = pn_arena_alloc(a, old->verdict_count * sizeof *verdicts);
    struct pn_candidate *candidates = pn_arena_alloc(a, old->verdict_count * sizeof *candidates);
    size_t n = 0;
    if (verdicts == NULL || candidates == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < old->verdict_count; i++) {
        const struct pn_verdict *v = &old->verdicts[i];
        if (!is_required(old, v) || !is_content(v))
            continue;
        verdicts[n] = (struct pn_verdict){.policy = v->policy, .fragments = v->fragments};
        candidates[n++] = (struct pn_candidate){v->policy, v->fragments};
    }
    *ret_verdicts = verdicts;
    *ret_candidates = candidates;
    *ret_n = n;
    return 0;
}

int pn_final_update(struct pn_decision *d, const struct pn_decision *old, const struct pn_pod *pod,
                    struct pn_arena *a)
{
    struct pn_verdict *verdicts = NULL;
    struct pn_candidate *candidates = NULL;
    struct pn_plan plan;
    size_t n = 0;
    int r = take_over(&verdicts, &candidates, &n, old, a);
    if (r == 0)
        r = pn_plan_init(&plan, d->set, pod, candidates, n, a);
    if (r != 0)
        return r;
    pn_merge_mark_ours(&plan);
    plan.strict = true; /* the Pod is what it is */
    for (size_t i = 0; r == 0 && i < n; i++) {
        uint32_t before = plan.count;
        r = pn_merge(&plan, &candidates[i], &verdicts[i].reason);
        verdicts[i].changes = pn_plan_changes(&plan, before);
    }
    d->verdicts = verdicts;
    d->verdict_count = n;
    return r;
}
