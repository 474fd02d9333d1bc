/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/policy.h"

#include <errno.h>
#include <stdlib.h>

#include "base/fix.h"
#include "base/limits.h"
#include "engine/budget.h"
#include "engine/policy_set.h"

/* ---- documents ------------------------------------------------------------------------- */

static const char api_version[] = PN_API_VERSION;

static const char *const api_versions[] = {api_version, NULL};
static const char *const kinds[] = {"SidecarTemplate", "InjectionPolicy", "InjectionBudget",
                                    "PolicyTest", NULL};
enum kind { KIND_TEMPLATE, KIND_POLICY, KIND_BUDGET, KIND_TEST, KIND_UNKNOWN };

static enum kind kind_of(const struct pn_document *doc)
{
    struct pn_str kind = pn_node_str(pn_node_get(doc->root, "kind"));
    for (int i = 0; kinds[i] != NULL; i++) {
        if (pn_str_is(kind, kinds[i]))
            return (enum kind)i;
    }
    return KIND_UNKNOWN;
}

bool pn_policy_is_ours(const struct pn_document *doc)
{
    return pn_str_has_prefix(pn_node_str(pn_node_get(doc->root, "apiVersion")),
                             PN_STR("pannier.dev/"));
}

/* Says what is wrong with a document that is none of ours; true when it is to be decoded. */
static bool check_header(struct pn_decoder *d, const struct pn_document *doc)
{
    const struct pn_node *version = pn_node_get(doc->root, "apiVersion");
    const struct pn_node *kind = pn_node_get(doc->root, "kind");
    if (!pn_policy_is_ours(doc)) {
        pn_decode_fault(d, version != NULL ? version : doc->root, "not-a-policy",
                        "not a policy: expected apiVersion %s", api_version);
        return false;
    }
    if (!pn_str_is(version->s, api_version)) {
        pn_decode_fault(d, version, "unknown-value", "unknown apiVersion `%.*s`; expected %s",
                        PN_STR_ARG(version->s), api_version);
        pn_fix_misspelt(d->diags, d->source, version, api_versions);
        return false;
    }
    switch (kind_of(doc)) {
    case KIND_TEMPLATE:
    case KIND_POLICY:
    case KIND_BUDGET:
        return true;
    case KIND_TEST: /* is run by `pannier test`, beside what it tests */
        return false;
    case KIND_UNKNOWN:
        break;
    }
    if (kind == NULL || kind->kind != PN_NODE_STRING) {
        pn_decode_fault(d, kind != NULL ? kind : doc->root, "missing-field",
                        "field `kind` is required");
        return false;
    }
    pn_decode_fault(d, kind, "unknown-value", "unknown kind `%.*s`", PN_STR_ARG(kind->s));
    const char *near = pn_str_nearest(kind->s, kinds);
    if (near != NULL)
        pn_diags_help(d->diags, "did you mean `%s`?", near);
    pn_fix_misspelt(d->diags, d->source, kind, kinds);
    return false;
}

/* ---- the set --------------------------------------------------------------------------- */

static void set_free(struct pn_policy_set *set)
{
    pn_arena_free(set->arena);
    free(set);
}

static int set_alloc(struct pn_policy_set **ret)
{
    struct pn_policy_set *set = calloc(1, sizeof *set);
    if (set == NULL)
        return -ENOMEM;
    atomic_init(&set->references, 1);
    int r = pn_arena_new(&set->arena, 0);
    if (r != 0) {
        free(set);
        return r;
    }
    *ret = set;
    return 0;
}

/* One document's part in the hash of the set; a sum, which knows no order. */
static void add_hash(struct pn_policy_set *set, enum kind kind, struct pn_str name, uint64_t spec)
{
    uint64_t hash = pn_str_hash(PN_HASH_BASIS, pn_str_of(kinds[kind]));
    hash = pn_str_hash(hash, PN_STR("\0"));
    hash = pn_str_hash(hash, name);
    hash = pn_str_hash(hash, PN_STR("\0"));
    set->hash += pn_str_hash(hash, (struct pn_str){(const char *)&spec, sizeof spec});
}

static void hash_all(struct pn_policy_set *set, const struct pn_drafts *drafts)
{
    for (size_t i = 0; i < drafts->template_count; i++)
        add_hash(set, KIND_TEMPLATE, drafts->templates[i].template.name,
                 drafts->templates[i].template.hash);
    for (size_t i = 0; i < drafts->policy_count; i++)
        add_hash(set, KIND_POLICY, drafts->policies[i].policy.name, drafts->policies[i].hash);
    for (size_t i = 0; i < drafts->budget_count; i++)
        add_hash(set, KIND_BUDGET, drafts->budgets[i].budget.name, drafts->budgets[i].hash);
}

static int decode_documents(struct pn_policy_set *set, struct pn_decoder *d,
                            const struct pn_document *docs, size_t n, struct pn_drafts *drafts,
                            bool audit)
{
    for (size_t i = 0; i < n; i++) {
        d->source = docs[i].source;
        if (!check_header(d, &docs[i]))
            continue;
        if (kind_of(&docs[i]) == KIND_TEMPLATE)
            pn_template_decode(&drafts->templates[drafts->template_count++], d, &docs[i]);
        else if (kind_of(&docs[i]) == KIND_BUDGET)
            pn_budget_decode(&drafts->budgets[drafts->budget_count++], d, &docs[i]);
        else
            pn_policy_decode(&drafts->policies[drafts->policy_count++], d, &docs[i]);
    }
    for (size_t i = 0; i < drafts->policy_count; i++)
        drafts->policies[i].policy.audit |= audit;
    hash_all(set, drafts);
    if (drafts->policy_count > PN_POLICIES_MAX)
        pn_diags_add(d->diags, PN_SEVERITY_ERROR, "out-of-range", NULL, (struct pn_span){0},
                     "%zu policies; at most %d", drafts->policy_count, PN_POLICIES_MAX);
    else
        pn_compile(set, drafts, d);
    return d->out_of_memory || pn_arena_out_of_memory(d->arena) ? -ENOMEM : 0;
}

static int set_new(struct pn_policy_set **ret, const struct pn_document *docs, size_t n, bool audit,
                   struct pn_diags *diags)
{
    struct pn_policy_set *set = NULL;
    size_t errors = diags->errors;
    int r = set_alloc(&set);
    if (r != 0)
        return r;
    struct pn_decoder d = {.arena = set->arena, .diags = diags, .errors_before = errors};
    struct pn_drafts drafts = {
        .templates = calloc(n + 1, sizeof *drafts.templates),
        .policies = calloc(n + 1, sizeof *drafts.policies),
        .budgets = calloc(n + 1, sizeof *drafts.budgets),
    };
    if (drafts.templates == NULL || drafts.policies == NULL || drafts.budgets == NULL)
        r = -ENOMEM;
    else
        r = decode_documents(set, &d, docs, n, &drafts, audit);
    free(drafts.templates);
    free(drafts.policies);
    free(drafts.budgets);
    if (r == 0 && diags->errors > errors)
        r = PN_POLICY_E_FAULTS;
    if (r != 0) {
        set_free(set);
        return r;
    }
    *ret = set;
    return 0;
}

int pn_policy_set_new(struct pn_policy_set **ret, const struct pn_document *docs, size_t n,
                      struct pn_diags *diags)
{
    return set_new(ret, docs, n, false, diags);
}

int pn_policy_set_new_audit(struct pn_policy_set **ret, const struct pn_document *docs, size_t n,
                            struct pn_diags *diags)
{
    return set_new(ret, docs, n, true, diags);
}

struct pn_policy_set *pn_policy_set_ref(struct pn_policy_set *set)
{
    atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    return set;
}

void pn_policy_set_unref(struct pn_policy_set *set)
{
    if (set == NULL)
        return;
    /* Release: our reads are done before the free. Acquire: the free comes after all of them. */
    if (atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) == 1)
        set_free(set);
}

void pn_policy_set_unref_pointer(struct pn_policy_set **set)
{
    pn_policy_set_unref(*set);
}

size_t pn_policy_set_policy_count(const struct pn_policy_set *set)
{
    return set->policy_count;
}

size_t pn_policy_set_template_count(const struct pn_policy_set *set)
{
    return set->template_count;
}

size_t pn_policy_set_budget_count(const struct pn_policy_set *set)
{
    return set->budget_count;
}

uint64_t pn_policy_set_hash(const struct pn_policy_set *set)
{
    return set->hash;
}

struct pn_str pn_policy_set_policy_name(const struct pn_policy_set *set, uint32_t id)
{
    return id < set->policy_count ? set->policies[id].name : PN_STR_NULL;
}

void pn_policy_set_scope(struct pn_policy_scope *ret, const struct pn_policy_set *set, uint32_t id)
{
    const struct pn_policy *p = &set->policies[id];
    *ret = (struct pn_policy_scope){.pods = &p->pod_selector,
                                    .namespaces = &p->namespace_selector,
                                    .annotations = p->pod_annotations,
                                    .denies = p->deny_on_failure && !p->audit};
}
