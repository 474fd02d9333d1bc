/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_run.h"

#include <errno.h>
#include <stdlib.h>

#include "lint/lint.h"

void pn_lint_result_deinit(struct pn_lint_result *result)
{
    pn_diags_deinit(&result->diags);
    pn_input_deinit(&result->paths);
    pn_input_deinit(&result->manifests);
    free(result->gone);
}

bool pn_lint_result_is_empty(const struct pn_lint_result *result)
{
    return result->policy_count == 0 && result->diags.errors == 0;
}

/* ---- documents ------------------------------------------------------------------------- */

struct documents {
    struct pn_document *policies, *others; /* on the heap */
    size_t policy_count, other_count, file_count;
};

static void documents_deinit(struct documents *d)
{
    free(d->policies);
    free(d->others);
}

static size_t count_documents(const struct pn_input *input)
{
    size_t n = 0;
    for (size_t i = 0; i < input->file_count; i++)
        n += input->files[i].doc_count;
    return n;
}

/* A JSON Patch: the golden files of tests stand beside their policies. */
static bool is_patch(const struct pn_node *root)
{
    return root->kind == PN_NODE_SEQUENCE && root->sequence.count > 0 &&
           pn_node_get(root->sequence.items[0], "op") != NULL &&
           pn_node_get(root->sequence.items[0], "path") != NULL;
}

/* Text that is YAML by chance, a list, a number: nothing that anybody would apply. */
static void say_no_object(struct pn_diags *diags, const struct pn_document *doc)
{
    if (doc->root == NULL || doc->root->kind == PN_NODE_MAPPING || is_patch(doc->root))
        return;
    pn_diags_add(diags, PN_SEVERITY_ERROR, "not-a-policy", doc->source, doc->root->span,
                 "expected an object, got %s", pn_node_kind_name(doc->root));
    pn_diags_help(diags, "leave the file out, or correct it");
}

/* Policies among the paths; everything else is a manifest. */
static int sort_documents(struct documents *ret, const struct pn_input *paths,
                          const struct pn_input *manifests, struct pn_diags *diags)
{
    size_t n = count_documents(paths) + count_documents(manifests);
    ret->policies = calloc(n + 1, sizeof *ret->policies);
    ret->others = calloc(n + 1, sizeof *ret->others);
    if (ret->policies == NULL || ret->others == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < paths->file_count; i++) {
        const struct pn_input_file *file = &paths->files[i];
        size_t before = ret->policy_count;
        for (size_t k = 0; k < file->doc_count; k++) {
            say_no_object(diags, &file->docs[k]);
            if (pn_lint_is_policy(&file->docs[k]))
                ret->policies[ret->policy_count++] = file->docs[k];
            else
                ret->others[ret->other_count++] = file->docs[k];
        }
        ret->file_count += ret->policy_count > before;
    }
    for (size_t i = 0; i < manifests->file_count; i++) {
        for (size_t k = 0; k < manifests->files[i].doc_count; k++) {
            say_no_object(diags, &manifests->files[i].docs[k]);
            ret->others[ret->other_count++] = manifests->files[i].docs[k];
        }
    }
    return 0;
}

/* True when a file could not be read at all: that is no finding about what is in it. */
static bool has_unread(const struct pn_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        if (pn_str_has_prefix(pn_str_of(diags->items[i].id), PN_STR("file-")))
            return true;
    }
    return false;
}

/* Names of all files, in the arena of the configuration. */
static int list_files(struct pn_strs *ret, const struct pn_lint_result *result, struct pn_arena *a)
{
    const struct pn_input *const inputs[] = {&result->paths, &result->manifests};
    size_t n = result->paths.file_count + result->manifests.file_count;
    struct pn_str *names = pn_arena_zalloc(a, n + 1, sizeof *names);
    if (names == NULL)
        return -ENOMEM;
    *ret = (struct pn_strs){names, 0};
    for (size_t i = 0; i < PN_COUNT_OF(inputs); i++) {
        for (size_t k = 0; k < inputs[i]->file_count; k++)
            names[ret->count++] = inputs[i]->files[k].source.name;
    }
    return 0;
}

/* Of what the loader has refused nobody knows what else would be found. */
static bool is_whole(const struct pn_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        if (diags->items[i].severity == PN_SEVERITY_ERROR &&
            pn_rule_of_diagnostic(diags->items[i].id) != NULL)
            return false;
    }
    return true;
}

/* ---- the run --------------------------------------------------------------------------- */

static int lint(struct pn_lint_result *ret, const struct documents *d,
                const struct pn_lint_job *job)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    struct pn_lint_exemption *exemptions = NULL;
    struct pn_strs files = {NULL, 0};
    size_t n = 0;
    int r = pn_load_policies_and(&set, NULL, 0, d->policies, d->policy_count, &ret->diags);
    if (r >= 0 && job->config->per_file != NULL)
        r = list_files(&files, ret, job->config->arena);
    if (r >= 0)
        r = pn_lint_config_exemptions(&exemptions, &n, job->config, &files);
    if (r < 0)
        return r;
    const struct pn_lint_options options = {
        .states = job->settings->states,
        .severities = job->settings->severities,
        .raises_infos = job->settings->raises_infos,
        .ignores_suppressions = job->ignores_suppressions,
        .exemptions = exemptions,
        .exemption_count = n,
    };
    return pn_lint_run(&ret->diags, d->policies, d->policy_count, d->others, d->other_count,
                       &options);
}

/* ---- the baseline ---------------------------------------------------------------------- */

static int apply_baseline(struct pn_lint_result *ret, const struct pn_lint_job *job)
{
    size_t n = 0;
    int r = pn_lint_baseline_apply(&ret->gone, &n, job->baseline, &ret->diags);
    for (size_t i = 0; r == 0 && ret->is_whole && i < n; i++) {
        const struct pn_rule *rule = pn_rule_find(ret->gone[i].rule);
        if (rule == NULL || pn_rule_is_on(rule, job->settings->states[pn_rule_index(rule)]))
            ret->gone[ret->gone_count++] = ret->gone[i];
    }
    return r;
}

/* Manifests are somebody else's, and mostly made by something. */
static void drop_repairs(struct pn_lint_result *ret)
{
    for (size_t i = 0; i < ret->diags.count; i++) {
        struct pn_diag *d = &ret->diags.items[i];
        bool is_ours = false;
        for (size_t k = 0; k < ret->paths.file_count && !is_ours; k++)
            is_ours = d->file != NULL && pn_str_is(ret->paths.files[k].source.name, d->file);
        if (!is_ours || d->suppressed != NULL)
            pn_diag_drop_edits(d);
    }
}

int pn_lint_examine(struct pn_lint_result *ret, const struct pn_lint_job *job)
{
    PN_CLEANUP(documents_deinit) struct documents d = {0};
    int r = pn_input_read_texts(&ret->paths, job->paths, job->recursive, job->texts,
                                job->text_count, &ret->diags);
    if (r == 0)
        r = pn_input_read_texts(&ret->manifests, job->manifests, job->recursive, job->texts,
                                job->text_count, &ret->diags);
    if (r == 0)
        r = sort_documents(&d, &ret->paths, &ret->manifests, &ret->diags);
    ret->is_unread = has_unread(&ret->diags);
    ret->policy_count = d.policy_count;
    ret->file_count = d.file_count;
    if (r != 0 || pn_lint_result_is_empty(ret))
        return r;
    r = lint(ret, &d, job);
    ret->is_whole = is_whole(&ret->diags);
    drop_repairs(ret);
    return r == 0 && job->baseline != NULL ? apply_baseline(ret, job) : r;
}
