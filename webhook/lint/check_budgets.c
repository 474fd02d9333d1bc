/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/quantity.h"
#include "kube/resources.h"
#include "lint/lone.h"
#include "lint/overlap.h"

/* Selectors that are looked at for one number of one budget, over all combinations. What is found
 * within them is beyond the budget for certain; a larger sum may be missed. */
enum { SELECTORS_MAX = 200000, RELATED_MAX = 8 };

/* One number of a budget, and how a policy counts towards it. */
enum counted { COUNT_SIDECARS, COUNT_CATEGORY, COUNT_REQUESTS, COUNT_LIMITS, COUNT_GROWTH };

struct bound {
    enum counted counted;
    struct pn_str name; /* the resource, or the category */
    __int128 most;      /* nano-units, or a count */
    const struct pn_node *node;
};

struct search {
    struct pn_lint *l;
    const struct pn_lint_budget *budget;
    const struct bound *bound;
    const struct pn_lint_policy **policies; /* that may be within the budget and count at all */
    __int128 *amounts;
    size_t count;
    struct pn_overlap overlap;
    bool *is_in, *best; /* of policies */
    __int128 sum, best_sum;
    size_t steps;
};

/* ---- what a policy comes to ------------------------------------------------------------ */

static size_t count_category(const struct pn_lint_policy *p, struct pn_str category)
{
    size_t n = 0;
    for (size_t i = 0; i < p->injection_count; i++)
        n += pn_str_eq(p->injections[i].template->category, category);
    return n;
}

/* What the containers state for certain; 0 where it is not known. */
static __int128 resources_of(struct pn_lint *l, const struct pn_lint_policy *p,
                             const struct bound *bound)
{
    __int128 sum = 0;
    for (size_t i = 0; i < p->injection_count; i++) {
        for (size_t k = 0; k < p->injections[i].container_count; k++) {
            const struct pn_lint_container *c = &p->injections[i].containers[k];
            struct pn_requirements stated;
            struct pn_err err = PN_ERR_INIT;
            struct pn_value v;
            bool whole = true;
            __int128 nano = 0;
            if (!pn_lone_runs_for_long(c) || c->trace->maybe)
                continue;
            int r = pn_trace_value(&v, &whole, c->trace, l->arena);
            r = r == 0 ? pn_resources_sum(&stated, &v, 1, l->arena, &err) : r;
            l->out_of_memory = l->out_of_memory || r < 0;
            if (r == 0 && pn_resources_nano(&nano,
                                            bound->counted == COUNT_LIMITS ? &stated.limits
                                                                           : &stated.requests,
                                            bound->name))
                sum += nano;
        }
    }
    return sum;
}

static __int128 amount_of(struct pn_lint *l, const struct pn_lint_policy *p,
                          const struct bound *bound)
{
    if (bound->counted == COUNT_SIDECARS)
        return (__int128)pn_lone_count_sidecars(p);
    if (bound->counted == COUNT_CATEGORY)
        return (__int128)count_category(p, bound->name);
    return resources_of(l, p, bound);
}

static void write_amount(struct pn_buf *out, const struct bound *bound, __int128 amount)
{
    struct pn_quantity q = {.mantissa = amount, .exp10 = -9};
    if (bound->counted == COUNT_SIDECARS || bound->counted == COUNT_CATEGORY) {
        pn_buf_int(out, (int64_t)amount);
        return;
    }
    if (!pn_str_is(bound->name, "cpu")) {
        q.format = PN_QUANTITY_BINARY_SI;
    }
    while (q.mantissa != 0 && q.mantissa % 10 == 0) {
        q.mantissa /= 10;
        q.exp10++;
    }
    if (q.mantissa == 0)
        q.exp10 = 0;
    pn_quantity_write(out, &q);
}

static struct pn_str amount_text(struct pn_lint *l, const struct bound *bound, __int128 amount)
{
    struct pn_buf text = PN_BUF_IN_ARENA(l->arena);
    write_amount(&text, bound, amount);
    l->out_of_memory = l->out_of_memory || text.failed;
    return pn_buf_view(&text);
}

static struct pn_str words_of(struct pn_lint *l, const struct bound *bound)
{
    switch (bound->counted) {
    case COUNT_SIDECARS:
        return PN_STR("sidecars");
    case COUNT_CATEGORY:
        return pn_arena_format(l->arena, "templates of category %.*s", PN_STR_ARG(bound->name));
    case COUNT_REQUESTS:
        return pn_arena_format(l->arena, "%.*s in requests", PN_STR_ARG(bound->name));
    case COUNT_GROWTH:
        return pn_arena_format(l->arena, "%.*s of growth", PN_STR_ARG(bound->name));
    default:
        return pn_arena_format(l->arena, "%.*s in limits", PN_STR_ARG(bound->name));
    }
}

/* ---- the worst combination ------------------------------------------------------------- */

static __int128 rest_of(const struct search *s, size_t from)
{
    __int128 sum = 0;
    for (size_t i = from; i < s->count; i++)
        sum += s->amounts[i];
    return sum;
}

static bool clashes(const struct search *s, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (s->is_in[k] && pn_lint_do_clash(s->l, s->policies[k], s->policies[i]))
            return true;
    }
    return false;
}

static void try_from(struct search *s, size_t i)
{
    if (s->sum > s->best_sum) {
        s->best_sum = s->sum;
        memcpy(s->best, s->is_in, s->count * sizeof *s->best);
    }
    if (i == s->count || s->sum + rest_of(s, i) <= s->best_sum || s->steps > SELECTORS_MAX)
        return;
    size_t mark = s->overlap.count;
    s->steps += mark;
    struct pn_str when = s->overlap.when;
    bool is_known = s->overlap.is_known;
    pn_overlap_add_policy(&s->overlap, s->policies[i]);
    if (!clashes(s, i) && pn_overlap_is_possible(&s->overlap)) {
        s->is_in[i] = true;
        s->sum += s->amounts[i];
        try_from(s, i + 1);
        s->sum -= s->amounts[i];
        s->is_in[i] = false;
    }
    pn_overlap_cut(&s->overlap, mark, when, is_known);
    try_from(s, i + 1);
}

static void say_combination(struct search *s)
{
    struct pn_lint *l = s->l;
    struct pn_buf witness = PN_BUF_IN_ARENA(l->arena), sum = PN_BUF_IN_ARENA(l->arena);
    size_t related = 0;
    pn_overlap_cut(&s->overlap, 1, PN_STR_NULL, true);
    for (size_t i = 0; i < s->count; i++) {
        if (!s->best[i])
            continue;
        pn_overlap_add_policy(&s->overlap, s->policies[i]);
        struct pn_str amount = amount_text(l, s->bound, s->amounts[i]);
        if (related < RELATED_MAX)
            pn_lint_also(l, s->policies[i]->name_at, "adds %.*s", PN_STR_ARG(amount));
        pn_buf_printf(&sum, "%s%.*s", related++ > 0 ? " + " : "", PN_STR_ARG(amount));
    }
    pn_overlap_write_witness(&witness, &s->overlap);
    pn_lint_note(l, "all %zu select a Pod %.*s", related, PN_STR_ARG(pn_buf_view(&witness)));
    pn_lint_note(l, "%.*s = %.*s", PN_STR_ARG(pn_buf_view(&sum)),
                 PN_STR_ARG(amount_text(l, s->bound, s->best_sum)));
    l->out_of_memory = l->out_of_memory || witness.failed || sum.failed;
}

/* Two of the combination that only their names put in an order: one of them may be left out. */
static void report_order(struct search *s)
{
    const struct pn_lint_policy *before = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct pn_lint_policy *p = s->policies[i];
        bool is_even = s->best[i] && before != NULL && !p->denies && !before->denies &&
                       p->priority == before->priority;
        if (is_even &&
            pn_lint_report(s->l, PN_RULE_AMBIGUOUS_ORDER, p->name_at,
                           "only their names decide that `%.*s` comes before `%.*s`, and budget "
                           "`%.*s` has no room for all",
                           PN_STR_ARG(before->name), PN_STR_ARG(p->name),
                           PN_STR_ARG(s->budget->name))) {
            pn_lint_also(s->l, before->name_at, "has the same priority");
            pn_lint_also(s->l, (struct pn_place){s->budget->at.source, s->bound->node},
                         "the budget");
            pn_lint_help(s->l, "give them priorities: the highest is kept");
        }
        before = s->best[i] ? p : before;
    }
}

static void report_combination(struct search *s)
{
    struct pn_lint *l = s->l;
    if (s->best_sum <= s->bound->most)
        return;
    pn_lint_report(l, PN_RULE_COMBINED_BUDGET_EXCEEDED,
                   (struct pn_place){s->budget->at.source, s->bound->node},
                   "budget `%.*s` allows %.*s: policies that may select one Pod come to %.*s",
                   PN_STR_ARG(s->budget->name),
                   PN_STR_ARG(pn_arena_format(l->arena, "%.*s %.*s",
                                              PN_STR_ARG(amount_text(l, s->bound, s->bound->most)),
                                              PN_STR_ARG(words_of(l, s->bound)))),
                   PN_STR_ARG(amount_text(l, s->bound, s->best_sum)));
    say_combination(s);
    pn_lint_help(l, "raise it, let fewer policies select one Pod, or accept that those of lower "
                    "priority are left out");
    report_order(s);
}

/* ---- one number ------------------------------------------------------------------------ */

/* What the policy adds counts against the budget in some Pod. */
static bool is_within(const struct pn_lint *l, const struct pn_lint_policy *p,
                      const struct pn_lint_budget *b)
{
    return !p->audits && b->is_shared[p - l->policies];
}

static void check_alone(struct search *s, const struct pn_lint_policy *p, __int128 amount)
{
    struct pn_lint *l = s->l;
    struct pn_arena *a = l->arena;
    /* A Pod does not grow by what an init container of its own needs anyway. */
    bool always = s->bound->counted != COUNT_GROWTH &&
                  pn_overlap_implies(&p->pods, &s->budget->pods, a) &&
                  pn_overlap_implies(&p->namespaces, &s->budget->namespaces, a);
    pn_lint_report(l, PN_RULE_BUDGET_EXCEEDED, p->name_at,
                   "policy `%.*s` alone comes to %.*s %.*s; budget `%.*s` allows %.*s",
                   PN_STR_ARG(p->name), PN_STR_ARG(amount_text(l, s->bound, amount)),
                   PN_STR_ARG(words_of(l, s->bound)), PN_STR_ARG(s->budget->name),
                   PN_STR_ARG(amount_text(l, s->bound, s->bound->most)));
    if (!always || p->denies)
        pn_lint_weigh(l, PN_RULE_BUDGET_EXCEEDED, PN_SEVERITY_WARNING);
    pn_lint_also(l, (struct pn_place){s->budget->at.source, s->bound->node}, "the budget");
    if (p->denies)
        pn_lint_note(l, "a policy that denies is never left out: it is noted as "
                        "injected-over-budget, and nothing else has room beside it");
    else
        pn_lint_note(l, always ? "it never applies: the budget holds for all its Pods"
                               : "it does not apply to Pods that the budget holds for");
    pn_lint_help(l, "raise the budget, or let the sidecar ask for less");
}

static void check_bound(struct pn_lint *l, const struct pn_lint_budget *b,
                        const struct bound *bound)
{
    struct search s = {.l = l, .budget = b, .bound = bound};
    size_t n = l->policy_count + 1;
    s.policies = pn_arena_zalloc(l->arena, n, sizeof *s.policies);
    s.amounts = pn_arena_zalloc(l->arena, n, sizeof *s.amounts);
    s.is_in = pn_arena_zalloc(l->arena, n, sizeof *s.is_in);
    s.best = pn_arena_zalloc(l->arena, n, sizeof *s.best);
    pn_overlap_init(&s.overlap, l->arena);
    if (s.policies == NULL || s.amounts == NULL || s.is_in == NULL || s.best == NULL) {
        l->out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < l->policy_count; i++) {
        const struct pn_lint_policy *p = &l->policies[i];
        if (!is_within(l, p, b))
            continue;
        __int128 amount = amount_of(l, p, bound);
        if (amount == 0)
            continue;
        if (amount > bound->most) {
            check_alone(&s, p, amount);
            continue;
        }
        s.policies[s.count] = p;
        s.amounts[s.count++] = amount;
    }
    pn_overlap_add_budget(&s.overlap, b);
    try_from(&s, 0);
    report_combination(&s);
}

/* ---- budgets --------------------------------------------------------------------------- */

static void check_amounts(struct pn_lint *l, const struct pn_lint_budget *b,
                          const struct pn_node *amounts, enum counted counted)
{
    for (uint32_t i = 0;
         amounts != NULL && amounts->kind == PN_NODE_MAPPING && i < amounts->mapping.count; i++) {
        const struct pn_node_entry *e = &amounts->mapping.entries[i];
        struct bound bound = {.counted = counted, .name = e->key->s, .node = e->value};
        struct pn_value v;
        if (pn_value_from_node(&v, e->value, l->arena) != 0) {
            l->out_of_memory = true;
            return;
        }
        if (!pn_lone_nano(&bound.most, v))
            continue;
        if (bound.most > 0)
            check_bound(l, b, &bound);
        else if (bound.most == 0)
            pn_lint_report(l, PN_RULE_BUDGET_ALLOWS_NOTHING,
                           (struct pn_place){b->at.source, e->value},
                           "budget `%.*s` has no %.*s for any sidecar", PN_STR_ARG(b->name),
                           PN_STR_ARG(e->key->s));
    }
}

static bool is_first_of_category(const struct pn_lint *l, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (pn_str_eq(l->templates[k].category, l->templates[i].category))
            return false;
    }
    return true;
}

static void check_counts(struct pn_lint *l, const struct pn_lint_budget *b)
{
    const struct pn_node *sidecars = pn_node_get(b->max, "sidecars");
    const struct pn_node *per_category = pn_node_get(b->max, "perCategory");
    const struct pn_node *counts[] = {sidecars, per_category};
    for (size_t i = 0; i < PN_COUNT_OF(counts); i++) {
        if (counts[i] == NULL || counts[i]->kind != PN_NODE_INT || counts[i]->i != 0)
            continue;
        pn_lint_report(l, PN_RULE_BUDGET_ALLOWS_NOTHING, (struct pn_place){b->at.source, counts[i]},
                       "budget `%.*s` allows no sidecar at all", PN_STR_ARG(b->name));
        pn_lint_help(l,
                     "to keep Pods out, exclude them in the policies' match: that is told as not "
                     "selected");
    }
    if (sidecars != NULL && sidecars->kind == PN_NODE_INT && sidecars->i > 0) {
        const struct bound bound = {COUNT_SIDECARS, PN_STR_NULL, sidecars->i, sidecars};
        check_bound(l, b, &bound);
    }
    for (size_t i = 0; per_category != NULL && per_category->kind == PN_NODE_INT &&
                       per_category->i > 0 && i < l->template_count;
         i++) {
        if (!is_first_of_category(l, i))
            continue;
        const struct bound bound = {COUNT_CATEGORY, l->templates[i].category, per_category->i,
                                    per_category};
        check_bound(l, b, &bound);
    }
}

static void check_qos(struct pn_lint *l, const struct pn_lint_budget *b)
{
    const struct pn_place at = {b->at.source, pn_node_get(b->spec, "guaranteedPods")};
    for (size_t i = 0; i < l->policy_count && pn_str_is(b->guaranteed, "Allow"); i++) {
        const struct pn_lint_policy *p = &l->policies[i];
        for (size_t k = 0; k < p->injection_count && is_within(l, p, b); k++) {
            const struct pn_lint_container *c = pn_lone_lesser(&p->injections[k]);
            if (c == NULL)
                continue;
            pn_lint_report(l, PN_RULE_QOS_DOWNGRADE, at,
                           "budget `%.*s` lets Guaranteed Pods become Burstable: `%.*s` of policy "
                           "`%.*s` requests less than its limits",
                           PN_STR_ARG(b->name), PN_STR_ARG(c->name), PN_STR_ARG(p->name));
            pn_lint_also(l, pn_trace_get(c->trace, "resources")->at, "requests and limits differ");
            pn_lint_note(l,
                         "a Burstable Pod is evicted and killed before a Guaranteed one, and has "
                         "no cores of its own");
            pn_lint_help(l, "guaranteedPods: RaiseRequests");
            return;
        }
    }
}

/* ---- budgets that hold for nothing, or leave nothing ------------------------------------ */

static void check_share(struct pn_lint *l, const struct pn_lint_budget *b, const char *resource)
{
    const struct pn_node *share = pn_node_get(pn_node_get(b->max, "shareOfApp"), resource);
    const struct pn_node *percent = pn_node_get(share, "percent");
    const struct pn_node *floor = pn_node_get(share, "floor");
    struct pn_quantity q = {0};
    struct pn_err err = PN_ERR_INIT;
    struct pn_value v;
    if (share == NULL || percent == NULL || percent->kind != PN_NODE_INT)
        return;
    if (floor != NULL && pn_value_from_node(&v, floor, l->arena) != 0) {
        l->out_of_memory = true;
        return;
    }
    if (floor != NULL && (pn_quantity_from_value(&q, v, &err) != 0 || q.mantissa != 0))
        return;
    if (percent->i == 0) {
        pn_lint_report(l, PN_RULE_BUDGET_ALLOWS_NOTHING, (struct pn_place){b->at.source, percent},
                       "budget `%.*s` has no %s for any sidecar", PN_STR_ARG(b->name), resource);
        return;
    }
    pn_lint_report(l, PN_RULE_SHARE_WITHOUT_FLOOR, (struct pn_place){b->at.source, share},
                   "budget `%.*s` leaves out every policy where the app requests no %s",
                   PN_STR_ARG(b->name), resource);
    pn_lint_note(l, "a share of nothing is nothing, and no floor is given");
    pn_lint_help(l, "%s: {percent: %lld, floor: %s}", resource, (long long)percent->i,
                 strcmp(resource, "cpu") == 0 ? "100m" : "128Mi");
}

static void check_reach(struct pn_lint *l, const struct pn_lint_budget *b)
{
    const struct pn_node *match = pn_node_get(b->spec, "match");
    for (size_t i = 0; i < l->policy_count; i++) {
        if (b->is_shared[i])
            return;
    }
    if (l->policy_count == 0 || !l->is_whole)
        return;
    pn_lint_report(l, PN_RULE_BUDGET_OF_NOTHING, (struct pn_place){b->at.source, match},
                   "budget `%.*s` holds for no Pod that a policy selects", PN_STR_ARG(b->name));
    pn_lint_help(l, "compare its match with those of the policies, or remove it");
}

/* Asks once what the checks of a budget ask of each policy; false when memory was refused. */
static bool compare(struct pn_lint *l, struct pn_lint_budget *b)
{
    bool *is_shared = pn_arena_zalloc(l->arena, l->policy_count + 1, sizeof *is_shared);
    for (size_t i = 0; is_shared != NULL && i < l->policy_count; i++) {
        const struct pn_arena_mark mark = pn_arena_mark(l->arena);
        struct pn_overlap both;
        pn_overlap_init(&both, l->arena);
        pn_overlap_add_budget(&both, b);
        pn_overlap_add_policy(&both, &l->policies[i]);
        is_shared[i] = pn_overlap_is_possible(&both);
        l->out_of_memory = l->out_of_memory || both.out_of_memory;
        pn_arena_rewind(l->arena, mark);
    }
    b->is_shared = is_shared;
    l->out_of_memory = l->out_of_memory || is_shared == NULL;
    return is_shared != NULL;
}

void pn_lint_check_budgets(struct pn_lint *l)
{
    for (size_t i = 0; i < l->budget_count; i++) {
        struct pn_lint_budget *b = &l->budgets[i];
        const struct pn_node *added = pn_node_get(b->max, "added");
        const struct pn_node *growth = pn_node_get(b->max, "podGrowth");
        if (!compare(l, b))
            return;
        check_qos(l, b);
        check_reach(l, b);
        if (pn_str_is(pn_node_str(pn_node_get(b->spec, "onExceeded")), "Warn"))
            continue; /* nothing is left out */
        check_counts(l, b);
        check_amounts(l, b, pn_node_get(added, "requests"), COUNT_REQUESTS);
        check_amounts(l, b, pn_node_get(added, "limits"), COUNT_LIMITS);
        check_amounts(l, b, pn_node_get(growth, "requests"), COUNT_GROWTH);
        check_share(l, b, "cpu");
        check_share(l, b, "memory");
    }
}
