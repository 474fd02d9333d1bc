/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/image.h"
#include "lint/lone.h"
#include "lint/observers.h"
#include "lint/overlap.h"

/* What is there twice: policies, collectors of one policy, versions of one image. */

/* True when `wide` injects what the item of `narrow` does, with the same values. */
static bool injects_too(struct pn_lint *l, const struct pn_lint_policy *wide,
                        const struct pn_lint_injection *in)
{
    struct pn_value a, b;
    for (size_t i = 0; i < wide->injection_count; i++) {
        if (wide->injections[i].template != in->template)
            continue;
        if (pn_value_from_node(&a, in->node, l->arena) != 0 ||
            pn_value_from_node(&b, wide->injections[i].node, l->arena) != 0) {
            l->out_of_memory = true;
            return false;
        }
        if (pn_value_equal(a, b))
            return true;
    }
    return false;
}

static bool check_redundant(struct pn_lint *l, const struct pn_lint_policy *narrow,
                            const struct pn_lint_policy *wide)
{
    if ((narrow->denies && !wide->denies) || narrow->injection_count == 0 ||
        !pn_overlap_policy_implies(narrow, wide, l->arena))
        return false;
    for (size_t i = 0; i < narrow->injection_count; i++) {
        if (!injects_too(l, wide, &narrow->injections[i]))
            return false;
    }
    pn_lint_report(l, PN_RULE_REDUNDANT_POLICY, narrow->name_at,
                   "policy `%.*s` adds nothing: `%.*s` selects all its Pods and injects the same",
                   PN_STR_ARG(narrow->name), PN_STR_ARG(wide->name));
    pn_lint_also(l, wide->name_at, "this one does it already");
    pn_lint_help(l, "remove one of them, or let them differ");
    return true;
}

void pn_lint_check_redundancy(struct pn_lint *l, const struct pn_lint_policy *a,
                              const struct pn_lint_policy *b)
{
    if (!check_redundant(l, b, a))
        check_redundant(l, a, b);
}

/* ---- collectors of one policy ----------------------------------------------------------- */

static void compare_collectors(struct pn_lint *l, const struct pn_lint_policy *p,
                               const struct pn_lint_container *x, const struct pn_lint_container *y)
{
    uint32_t both = pn_observer_by_image(x) & pn_observer_by_image(y);
    if (both == 0 || !pn_lone_runs_for_long(x) || !pn_lone_runs_for_long(y) || x->trace->maybe ||
        y->trace->maybe)
        return;
    pn_lint_report(l, PN_RULE_REDUNDANT_OBSERVERS, pn_lone_place(y),
                   "`%.*s` and `%.*s` of policy `%.*s` both collect %s", PN_STR_ARG(y->name),
                   PN_STR_ARG(x->name), PN_STR_ARG(p->name), pn_observes_name(both));
    pn_lint_also(l, pn_lone_place(x), "the other one");
    pn_lint_help(l, "one collector can take all signals of a Pod, and one per node those of all");
}

/* The n-th container that the policy adds, or NULL. */
static const struct pn_lint_container *container_at(const struct pn_lint_policy *p, size_t n)
{
    for (size_t i = 0; i < p->injection_count; i++) {
        if (n < p->injections[i].container_count)
            return &p->injections[i].containers[n];
        n -= p->injections[i].container_count;
    }
    return NULL;
}

static void check_collectors(struct pn_lint *l, const struct pn_lint_policy *p)
{
    const struct pn_lint_container *x, *y;
    for (size_t i = 1; (y = container_at(p, i)) != NULL; i++) {
        for (size_t k = 0; k < i && (x = container_at(p, k)) != NULL; k++)
            compare_collectors(l, p, x, y);
    }
}

/* ---- versions -------------------------------------------------------------------------- */

static void compare_versions(struct pn_lint *l, const struct pn_lint_injection *in,
                             const struct pn_lint_injection *of)
{
    for (size_t i = 0; i < in->container_count; i++) {
        for (size_t k = 0; k < of->container_count; k++) {
            const struct pn_trace *x = pn_trace_get(in->containers[i].trace, "image");
            const struct pn_trace *y = pn_trace_get(of->containers[k].trace, "image");
            struct pn_image a = pn_image_parse(pn_trace_str(x));
            struct pn_image b = pn_image_parse(pn_trace_str(y));
            if (a.tag.n == 0 || b.tag.n == 0 || !pn_str_eq(a.repository, b.repository) ||
                pn_str_eq(a.tag, b.tag))
                continue;
            if (!pn_lint_report(
                    l, PN_RULE_VERSION_SKEW, y->at, "`%.*s` runs %.*s:%.*s, and `%.*s` runs :%.*s",
                    PN_STR_ARG(of->containers[k].name), PN_STR_ARG(b.repository), PN_STR_ARG(b.tag),
                    PN_STR_ARG(in->containers[i].name), PN_STR_ARG(a.tag)))
                continue;
            pn_lint_also(l, x->at, "the other version");
            pn_lint_help(l, "run one version, or say why there are two");
        }
    }
}

void pn_lint_check_repetition(struct pn_lint *l)
{
    for (size_t i = 0; i < l->policy_count; i++)
        check_collectors(l, &l->policies[i]);
    for (size_t t = 0; t < l->template_count; t++) {
        for (size_t u = 0; u < t; u++) {
            const struct pn_lint_injection *x = l->templates[u].sample;
            const struct pn_lint_injection *y = l->templates[t].sample;
            if (x != NULL && y != NULL)
                compare_versions(l, x, y);
        }
    }
}
