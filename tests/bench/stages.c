/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Where the engine's time goes, stage by stage:
 *
 *     bench-stages MILLISECONDS POLICIES REVIEW
 *
 * The engine itself knows nothing of it. The linker leads its calls from one file to another
 * through the functions below (--wrap, see meson.build), which read the clock. A stage's time is
 * without that of the stages inside it, and without the clock's own; what is in no stage is "rest".
 */

#include <stdio.h>
#include <stdlib.h>

#include "allocations.h"
#include "engine/apply.h"
#include "engine/baseline.h"
#include "engine/budget.h"
#include "engine/index.h"
#include "engine/match.h"
#include "engine/merge.h"
#include "engine/patch.h"
#include "engine/place.h"
#include "engine/render.h"
#include "engine/review.h"
#include "engine/status.h"
#include "engine/token.h"
#include "engine/verify.h"
#include "kit.h"

enum stage { REST, REVIEW, MATCH, RENDER, PLAN, BUDGET, VERIFY, PATCH, RESPOND, STAGES };

static const char *const names[STAGES] = {"rest",   "review", "match", "render", "plan",
                                          "budget", "verify", "patch", "respond"};

enum { SAMPLES_MAX = 4096, NESTING_MAX = 16 };

/* What one stage has taken, in one decision. */
struct share {
    double us;
    size_t arena_bytes;
    uint64_t allocations;
};

static struct {
    struct bench_review review;
    enum stage stack[NESTING_MAX];
    size_t depth;
    double clock_us; /* what asking for the time takes */
    struct share at; /* where time and memory stood at the last change of stage */
    struct share shares[STAGES];
} run;

/* Charges what has been used since the last change to the stage that is left or interrupted. */
static void charge(void)
{
    struct share *share = &run.shares[run.stack[run.depth]];
    struct share now = {.arena_bytes = pn_arena_used(run.review.arena),
                        .allocations = bench_allocations != NULL ? bench_allocations() : 0};
    now.us = bench_now_us();
    share->us += now.us - run.at.us - run.clock_us;
    share->arena_bytes += now.arena_bytes - run.at.arena_bytes;
    share->allocations += now.allocations - run.at.allocations;
    run.at = now;
}

static void enter(enum stage stage)
{
    charge();
    if (++run.depth == NESTING_MAX)
        bench_die("stages nest deeper than %d", NESTING_MAX);
    run.stack[run.depth] = stage;
}

static void leave(void)
{
    charge();
    run.depth--;
}

/* Leads the calls of `name` through the clock. */
#define STAGE(stage, type, name, parameters, arguments) \
    type __real_##name parameters;                      \
    type __wrap_##name parameters;                      \
    type __wrap_##name parameters                       \
    {                                                   \
        enter(stage);                                   \
        type result = __real_##name arguments;          \
        leave();                                        \
        return result;                                  \
    }

#define STAGE_VOID(stage, name, parameters, arguments) \
    void __real_##name parameters;                     \
    void __wrap_##name parameters;                     \
    void __wrap_##name parameters                      \
    {                                                  \
        enter(stage);                                  \
        __real_##name arguments;                       \
        leave();                                       \
    }

STAGE(REVIEW, int, pn_review_read,
      (struct pn_request * ret, char *body, size_t len, bool updates, struct pn_arena *a,
       struct pn_err *err),
      (ret, body, len, updates, a, err))

STAGE(MATCH, int, pn_pod_init,
      (struct pn_pod * ret, struct pn_str pod_namespace, struct pn_value metadata,
       struct pn_value spec, struct pn_arena *a, struct pn_err *err),
      (ret, pod_namespace, metadata, spec, a, err))
STAGE(MATCH, int, pn_pod_fault, (struct pn_str * ret, const struct pn_pod *pod, struct pn_arena *a),
      (ret, pod, a))
STAGE(MATCH, int, pn_index_candidates,
      (const uint32_t **ret, size_t *ret_n, const struct pn_policy_set *set,
       struct pn_str pod_namespace, struct pn_value labels, struct pn_value annotations,
       struct pn_arena *a),
      (ret, ret_n, set, pod_namespace, labels, annotations, a))
STAGE_VOID(MATCH, pn_opt_out_read,
           (struct pn_opt_out * ret, const struct pn_pod *pod, const struct pn_policy_set *set,
            struct pn_arena *a),
           (ret, pod, set, a))
STAGE(MATCH, struct pn_reason, pn_match,
      (const struct pn_policy *policy, const struct pn_pod *pod, struct pn_value labels,
       const struct pn_opt_out *opt_out, bool describes, struct pn_reason *ret_note,
       struct pn_arena *a),
      (policy, pod, labels, opt_out, describes, ret_note, a))

STAGE(RENDER, int, pn_view_pod,
      (struct pn_value * ret, const struct pn_view_zeros *zeros, struct pn_value metadata,
       struct pn_value spec, struct pn_view_fields fields, struct pn_arena *a),
      (ret, zeros, metadata, spec, fields, a))
STAGE(RENDER, int, pn_baseline_make,
      (struct pn_value * ret_metadata, struct pn_value *ret_spec, bool *ret_same,
       const struct pn_plan *plan, struct pn_value metadata, struct pn_value spec),
      (ret_metadata, ret_spec, ret_same, plan, metadata, spec))
STAGE(RENDER, int, pn_render,
      (const struct pn_fragment **ret, const struct pn_injection *injection,
       const struct pn_scene *scene, struct pn_arena *a, struct pn_reason *ret_reason),
      (ret, injection, scene, a, ret_reason))
STAGE(RENDER, int, pn_render_condition,
      (bool *ret, const struct pn_policy *policy, const struct pn_scene *scene, struct pn_arena *a,
       struct pn_reason *ret_reason),
      (ret, policy, scene, a, ret_reason))
STAGE(RENDER, int, pn_token_apply,
      (struct pn_candidate * inout, const struct pn_policy *policy, const struct pn_pod *pod,
       struct pn_arena *a),
      (inout, policy, pod, a))

STAGE(PLAN, int, pn_plan_init,
      (struct pn_plan * ret, const struct pn_policy_set *set, const struct pn_pod *pod,
       const struct pn_candidate *candidates, size_t n, struct pn_arena *a),
      (ret, set, pod, candidates, n, a))
STAGE_VOID(PLAN, pn_merge_mark_ours, (struct pn_plan * plan), (plan))
STAGE(PLAN, int, pn_apply_all, (struct pn_apply * apply), (apply))

STAGE(BUDGET, int, pn_budgets_init,
      (struct pn_budgets * ret, const struct pn_plan *plan, struct pn_value spec,
       struct pn_value labels, struct pn_err *err),
      (ret, plan, spec, labels, err))
STAGE(BUDGET, int, pn_budgets_raise_requests,
      (const bool **ret_raised, const struct pn_budgets *b, struct pn_candidate *inout_candidates,
       size_t n, const struct pn_policy_set *set, struct pn_arena *a),
      (ret_raised, b, inout_candidates, n, set, a))
STAGE(BUDGET, int, pn_budgets_measure,
      (struct pn_budget_usage * ret, const struct pn_budgets *b, const struct pn_plan *plan,
       const struct pn_budget_usage *planned, bool present),
      (ret, b, plan, planned, present))
STAGE(BUDGET, int, pn_budgets_check,
      (const struct pn_budgets *b, const struct pn_plan *plan, const struct pn_candidate *candidate,
       const bool *charged, const struct pn_budget_usage *before,
       const struct pn_budget_usage *after, struct pn_reason *ret_reason,
       struct pn_reason *ret_note),
      (b, plan, candidate, charged, before, after, ret_reason, ret_note))
STAGE(BUDGET, int, pn_budgets_check_pod_level,
      (const struct pn_budgets *b, struct pn_plan *plan, const struct pn_budget_usage *before,
       const struct pn_budget_usage *after, struct pn_reason *ret_reason,
       struct pn_reason *ret_note),
      (b, plan, before, after, ret_reason, ret_note))

STAGE(VERIFY, int, pn_verify_plan,
      (struct pn_str * ret, const struct pn_verify *verify, const struct pn_plan *plan),
      (ret, verify, plan))
STAGE(VERIFY, int, pn_verify_received,
      (struct pn_str * ret, const struct pn_verify *verify, struct pn_arena *a), (ret, verify, a))

STAGE(PATCH, struct pn_str, pn_status_make,
      (const struct pn_decision *d, struct pn_value metadata, struct pn_arena *a), (d, metadata, a))
STAGE(PATCH, int, pn_status_tell, (struct pn_decision * d, struct pn_arena *a), (d, a))
STAGE(PATCH, int, pn_status_denial,
      (struct pn_str * ret, const struct pn_decision *d, struct pn_arena *a), (ret, d, a))
STAGE(PATCH, int, pn_patch_write, (struct pn_buf * out, const struct pn_plan *plan), (out, plan))

STAGE_VOID(RESPOND, pn_respond_write, (struct pn_buf * out, const struct pn_decision *d), (out, d))

/* ---- samples ----------------------------------------------------------------------------- */

static double samples[STAGES][SAMPLES_MAX];

static double time_the_clock(void)
{
    double spans[101];
    double before = bench_now_us();
    for (size_t i = 0; i < PN_COUNT_OF(spans); i++) {
        double now = bench_now_us();
        spans[i] = now - before;
        before = now;
    }
    return bench_median(spans, PN_COUNT_OF(spans));
}

static void decide_once(const struct pn_policy_set *set)
{
    bench_review_reset(&run.review);
    pn_arena_reset(run.review.arena, 0);
    for (size_t i = 0; i < STAGES; i++)
        run.shares[i] = (struct share){0};
    run.depth = 0;
    run.stack[0] = REST;
    run.at = (struct share){.allocations = bench_allocations != NULL ? bench_allocations() : 0};
    run.at.us = bench_now_us();
    bench_review_decide(&run.review, set);
    charge();
}

static size_t sample(const struct pn_policy_set *set, double milliseconds)
{
    size_t n = 0;
    double until = bench_now_us() + milliseconds * 1e3;
    while (n < SAMPLES_MAX && (n == 0 || bench_now_us() < until)) {
        decide_once(set);
        for (size_t i = 0; i < STAGES; i++)
            samples[i][n] = run.shares[i].us;
        n++;
    }
    return n;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        bench_die("see the head of tests/bench/stages.c");
    bench_set_heap(false);
    struct pn_policy_set *set = bench_load(argv[2]);
    bench_review_init(&run.review, argv[3]);
    run.clock_us = time_the_clock();
    decide_once(set); /* the arena has its blocks */
    size_t n = sample(set, atof(argv[1]));
    for (size_t i = 0; i < STAGES; i++) {
        printf("{\"stage\": \"%s\", \"us\": %.3f, \"arena_bytes\": %zu", names[i],
               bench_median(samples[i], n), run.shares[i].arena_bytes);
        if (bench_allocations != NULL)
            printf(", \"allocations\": %llu", (unsigned long long)run.shares[i].allocations);
        printf("}\n");
    }
    bench_review_deinit(&run.review);
    pn_policy_set_unref(set);
    return 0;
}
