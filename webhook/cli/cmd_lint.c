/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "cli/build_info.h"
#include "cli/cmd.h"
#include "cli/input.h"
#include "cli/lint_output.h"
#include "cli/lint_settings.h"
#include "cli/out.h"
#include "config/load.h"
#include "lint/lint.h"
#include "report/findings.h"

static const char *const levels[] = {"error", "warning", "info", NULL};

struct options {
    struct pn_flag_list manifests, outputs, select, ignore, severities;
    int fail_level, color;
    bool exit_zero, list_rules, no_suppressions, recursive;
};

#define AT(field) offsetof(struct options, field)

static const struct pn_flag flags[] = {
    {"filename", 'f', PN_FLAG_LIST, AT(manifests), "FILE",
     "Manifests of workloads, for the rules that need them: a file, a directory, or -; may be "
     "repeated"},
    {"output", 'o', PN_FLAG_LIST, AT(outputs), "FORMAT[=FILE]",
     "Format: full, concise, json, sarif, github, gitlab, junit; with =FILE into a file. May be "
     "repeated, once for standard output",
     "full"},
    {"select", 0, PN_FLAG_LIST, AT(select), "RULES",
     "Rules to look for, in place of those that are on by default: PN0604, port-collision, PN06 "
     "for a group, ALL, DEFAULT; separated by commas, may be repeated"},
    {"ignore", 0, PN_FLAG_LIST, AT(ignore), "RULES", "Rules to leave out, likewise"},
    {"severity", 0, PN_FLAG_LIST, AT(severities), "RULE=LEVEL",
     "Count a rule as error, warning or info; may be repeated"},
    {"fail-level", 0, PN_FLAG_CHOICE, AT(fail_level), "LEVEL", "Exit with 1 from this level on",
     "warning", .choices = levels},
    {"exit-zero", 0, PN_FLAG_BOOL, AT(exit_zero), NULL, "Exit with 0 whatever is found"},
    {"list-rules", 0, PN_FLAG_BOOL, AT(list_rules), NULL, "Print the rules, with -o json too"},
    {"no-inline-suppressions", 0, PN_FLAG_BOOL, AT(no_suppressions), NULL,
     "Take no notice of # pannier:ignore comments"},
    {"color", 0, PN_FLAG_CHOICE, AT(color), "WHEN", "Colour", "auto", .choices = pn_color_words},
    {"recursive", 'R', PN_FLAG_BOOL, AT(recursive), NULL, "Read subdirectories too"},
    {0},
};

/* ---- the run --------------------------------------------------------------------------- */

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

/* Policies among the paths; everything else is a manifest. */
static int sort_documents(struct documents *ret, const struct pn_input *paths,
                          const struct pn_input *manifests)
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
            if (pn_lint_is_policy(&file->docs[k]))
                ret->policies[ret->policy_count++] = file->docs[k];
            else
                ret->others[ret->other_count++] = file->docs[k];
        }
        ret->file_count += ret->policy_count > before;
    }
    for (size_t i = 0; i < manifests->file_count; i++) {
        for (size_t k = 0; k < manifests->files[i].doc_count; k++)
            ret->others[ret->other_count++] = manifests->files[i].docs[k];
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

static int examine(struct pn_diags *diags, const struct documents *d,
                   const struct pn_lint_settings *s, const struct options *o)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    const struct pn_lint_options lint = {s->states, s->severities, o->no_suppressions};
    int r = pn_load_policies_and(&set, NULL, 0, d->policies, d->policy_count, diags);
    if (r < 0)
        return r;
    return pn_lint_run(diags, d->policies, d->policy_count, d->others, d->other_count, &lint);
}

static bool is_failure(const struct pn_findings *f, int level)
{
    struct pn_findings_counts counts = pn_findings_count(f);
    for (int i = 0; i <= level; i++) {
        if (counts.by_severity[i] > 0)
            return true;
    }
    return f->diags->dropped > 0;
}

static enum pn_exit say_nothing_found(char **paths, size_t n)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf names = PN_BUF_INIT;
    for (size_t i = 0; i < n; i++)
        pn_buf_printf(&names, "%s%s", i == 0 ? "" : ", ",
                      strcmp(paths[i], "-") == 0 ? "<stdin>" : paths[i]);
    pn_out_error("no templates or policies found in %.*s", PN_STR_ARG(pn_buf_view(&names)));
    return PN_EXIT_FAILED;
}

static enum pn_exit lint_inputs(struct pn_diags *diags, const struct options *o,
                                const struct pn_lint_settings *s, const struct pn_input *paths,
                                const struct pn_input *manifests, bool *ret_is_empty)
{
    PN_CLEANUP(documents_deinit) struct documents d = {0};
    int r = sort_documents(&d, paths, manifests);
    bool is_unread = has_unread(diags);
    *ret_is_empty = r == 0 && d.policy_count == 0 && diags->errors == 0;
    if (*ret_is_empty)
        return PN_EXIT_FAILED;
    r = r == 0 ? examine(diags, &d, s, o) : r;
    if (r < 0) {
        pn_out_error("%s", strerror(-r));
        return PN_EXIT_FAILED;
    }
    const struct pn_findings findings = {diags, PN_BUILD_VERSION, d.policy_count, d.file_count,
                                         (enum pn_severity)o->fail_level};
    if (!pn_lint_output_write(&o->outputs, &findings, o->color) || is_unread)
        return PN_EXIT_FAILED;
    return is_failure(&findings, o->fail_level) && !o->exit_zero ? PN_EXIT_DENIED : PN_EXIT_OK;
}

static enum pn_exit list_rules(const struct options *o)
{
    struct pn_out out = PN_OUT_INIT;
    int r = 0;
    if (strcmp(o->outputs.items[0], "json") == 0)
        r = pn_findings_write_rules_json(&out.buf);
    else
        pn_findings_write_rules(&out.buf);
    if (r < 0)
        pn_out_error("%s", strerror(-r));
    return pn_out_finish(&out) && r == 0 ? PN_EXIT_OK : PN_EXIT_FAILED;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct options *o = options;
    PN_CLEANUP(pn_lint_settings_deinit) struct pn_lint_settings settings = {0};
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    PN_CLEANUP(pn_input_deinit) struct pn_input paths = {0};
    PN_CLEANUP(pn_input_deinit) struct pn_input manifests = {0};
    const struct pn_flag_list names = {(const char **)(void *)operands, n};
    bool is_empty = false;
    if (!pn_lint_output_check(&o->outputs) ||
        !pn_lint_settings_read(&settings, &o->select, &o->ignore, &o->severities))
        return PN_EXIT_FAILED;
    if (o->list_rules)
        return list_rules(o);
    if (n == 0) {
        pn_out_error("no policies: name their files or directories");
        pn_out_note(PN_STR("See 'pannier lint --help' for usage.\n"));
        return PN_EXIT_FAILED;
    }
    int r = pn_input_read(&paths, &names, o->recursive, &diags);
    r = r == 0 ? pn_input_read(&manifests, &o->manifests, o->recursive, &diags) : r;
    if (r < 0) {
        pn_out_error("%s", strerror(-r));
        return PN_EXIT_FAILED;
    }
    enum pn_exit exit_code = lint_inputs(&diags, o, &settings, &paths, &manifests, &is_empty);
    return is_empty ? say_nothing_found(operands, n) : exit_code;
}

const struct pn_cmd pn_cmd_lint = {
    .name = "lint",
    .summary = "Look for mistakes in templates, policies and budgets",
    .about =
        "Whatever keeps policies from being loaded, and what is wrong, risky or useless beside: "
        "in one document, between policies that may select one Pod, and against budgets. Each "
        "finding has its place, its evidence and a page. A comment suppresses it: "
        "# pannier:ignore PN0501 the reason.\n"
        "Documents that are not pannier's are manifests: workloads are compared with the "
        "policies.\n"
        "Exit code: 0 when nothing is found from --fail-level on, 1 when something is, 2 when a "
        "file could not be read or there was nothing to examine; the same for all formats.",
    .usage = "PATH... [flags]",
    .examples = "  # All policies of a directory\n"
                "  pannier lint policies\n"
                "\n"
                "  # In CI: annotations for GitHub, and a file for code scanning\n"
                "  pannier lint policies -o github -o sarif=lint.sarif\n"
                "\n"
                "  # With the workloads of a chart, without one rule\n"
                "  helm template . | pannier lint policies -f - --ignore PN0309\n",
    .flags = flags,
    .options_size = sizeof(struct options),
    .operands_max = SIZE_MAX,
    .run = run,
};
