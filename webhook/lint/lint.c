/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/lint.h"

#include <errno.h>

#include "engine/policy.h"
#include "lint/manifests.h"
#include "lint/model.h"
#include "lint/suppress.h"

bool pn_lint_is_policy(const struct pn_document *doc)
{
    const struct pn_str kinds = PN_STR("SidecarTemplate, InjectionPolicy, InjectionBudget");
    struct pn_str kind = pn_node_str(pn_node_get(doc->root, "kind"));
    return doc->root != NULL && (pn_str_lists(kinds, kind) || pn_policy_is_ours(doc));
}

/* The loader's diagnostics get their codes. Their rules are always on: what they tell of cannot be
 * loaded, whether it is told or not. */
static void adopt(struct pn_lint *l)
{
    for (size_t i = 0; i < l->diags->count; i++) {
        struct pn_diag *d = &l->diags->items[i];
        const struct pn_rule *rule = pn_rule_of_diagnostic(d->id);
        if (rule != NULL)
            d->code = rule->code;
    }
}

static void check_injection(struct pn_lint *l, const struct pn_lint_injection *in)
{
    for (size_t i = 0; i < in->container_count; i++) {
        pn_lint_check_images(l, &in->containers[i]);
        pn_lint_check_lifecycle(l, in, &in->containers[i]);
        pn_lint_check_probes(l, in, &in->containers[i]);
        pn_lint_check_resources(l, &in->containers[i]);
    }
    pn_lint_check_volumes(l, in);
    pn_lint_check_security(l, in);
    pn_lint_check_validity(l, in);
    pn_lint_check_order(l, in);
    pn_lint_check_patterns(l, in);
    pn_lint_check_references(l, in);
}

static void check_all(struct pn_lint *l)
{
    for (size_t i = 0; i < l->policy_count; i++) {
        pn_lint_check_match(l, &l->policies[i]);
        pn_lint_check_reach(l, &l->policies[i]);
        pn_lint_check_overrides(l, &l->policies[i]);
        for (size_t k = 0; k < l->policies[i].injection_count && !l->out_of_memory; k++)
            check_injection(l, &l->policies[i].injections[k]);
    }
    for (size_t i = 0; i < l->spare_count && !l->out_of_memory; i++)
        check_injection(l, &l->spare[i]);
    pn_lint_check_clashes(l);
    pn_lint_check_repetition(l);
    pn_lint_check_budgets(l);
    pn_lint_check_usage(l);
    pn_lint_check_manifests(l);
    pn_manifests_read(l);
    pn_lint_check_labels(l);
    pn_lint_check_decisions(l);
}

int pn_lint_run(struct pn_diags *diags, const struct pn_document *policies, size_t policy_count,
                const struct pn_document *manifests, size_t manifest_count,
                const struct pn_lint_options *o)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *arena = NULL;
    int r = pn_arena_new(&arena, 0);
    if (r != 0)
        return r;
    struct pn_lint l = {
        .diags = diags,
        .arena = arena,
        .options = o,
        .docs = policies,
        .doc_count = policy_count,
        .manifests = manifests,
        .manifest_count = manifest_count,
        .is_whole = diags->errors == 0,
    };
    pn_lint_model(&l);
    adopt(&l);
    if (!l.out_of_memory)
        check_all(&l);
    if (!l.out_of_memory)
        pn_suppress(&l);
    pn_diags_sort(diags);
    return l.out_of_memory || diags->failed ? -ENOMEM : 0;
}
