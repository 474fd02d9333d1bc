/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "cli/build_info.h"
#include "cli/commands.h"
#include "cli/lint_fix.h"
#include "cli/lint_output.h"
#include "cli/out.h"
#include "report/findings.h"

struct options {
    struct pn_flag_list manifests, outputs, select, ignore, severities;
    const char *config, *baseline;
    int fail_level, color, profile; /* fail_level and profile: -1 when not given */
    bool exit_zero, list_rules, no_suppressions, recursive, no_config, write_baseline, fix, diff;
};

#define AT(field) offsetof(struct options, field)

static const struct pn_flag flags[] = {
    {"filename", 'f', PN_FLAG_LIST, AT(manifests), "FILE",
     "Manifests of workloads, for the rules that need them: a file, a directory, or -; may be "
     "repeated"},
    {"output", 'o', PN_FLAG_LIST, AT(outputs), "FORMAT[=FILE]",
     "Format: full, concise, json, sarif, github, gitlab, junit; with =FILE into a file. May be "
     "repeated, once for standard output",
     "full", .words = pn_lint_formats},
    {"profile", 0, PN_FLAG_CHOICE, AT(profile), "NAME",
     "Rules to begin with; minimal has only the errors, strict has all rules, and hints are "
     "warnings",
     .choices = pn_lint_profiles},
    {"select", 0, PN_FLAG_LIST, AT(select), "RULES",
     "Rules to look for, in place of those that are on by default: PN0604, port-collision, PN06 "
     "for a group, ALL, DEFAULT; separated by commas, may be repeated"},
    {"ignore", 0, PN_FLAG_LIST, AT(ignore), "RULES", "Rules to leave out, likewise"},
    {"severity", 0, PN_FLAG_LIST, AT(severities), "RULE=LEVEL",
     "Count a rule as error, warning or info; may be repeated"},
    {"fail-level", 0, PN_FLAG_CHOICE, AT(fail_level), "LEVEL",
     "Exit with 1 from this level on, by default warning", .choices = pn_severity_words},
    {"exit-zero", 0, PN_FLAG_BOOL, AT(exit_zero), NULL, "Exit with 0 whatever is found"},
    {"list-rules", 0, PN_FLAG_BOOL, AT(list_rules), NULL, "Print the rules, with -o json too"},
    {"no-inline-suppressions", 0, PN_FLAG_BOOL, AT(no_suppressions), NULL,
     "Take no notice of # pannier:ignore comments and pannier.dev/ignore annotations"},
    {"fix", 0, PN_FLAG_BOOL, AT(fix), NULL,
     "Repair in the files what can be repaired in one way only, and report the rest"},
    {"diff", 0, PN_FLAG_BOOL, AT(diff), NULL,
     "Print what --fix would change, and nothing else; exit with 1 when it is anything"},
    {"baseline", 0, PN_FLAG_TEXT, AT(baseline), "FILE",
     "Findings that are known and do not count; made by --write-baseline"},
    {"write-baseline", 0, PN_FLAG_BOOL, AT(write_baseline), NULL,
     "Write all that is found to the baseline"},
    {"config", 0, PN_FLAG_TEXT, AT(config), "FILE",
     "Configuration, in place of the nearest .pannier.yaml up to the root of the repository"},
    {"no-config", 0, PN_FLAG_BOOL, AT(no_config), NULL, "Read no configuration"},
    {"color", 0, PN_FLAG_CHOICE, AT(color), "WHEN", "Colour", "auto", .choices = pn_color_words},
    {"recursive", 'R', PN_FLAG_BOOL, AT(recursive), NULL, "Read subdirectories too"},
    {0},
};

/* ---- the run --------------------------------------------------------------------------- */

/* The flag, else the configuration. */
static int fail_level(const struct options *o, const struct pn_lint_config *config)
{
    int level = o->fail_level >= 0 ? o->fail_level : config->fail_level;
    return level >= 0 ? level : PN_SEVERITY_WARNING;
}

static const char *baseline_path(const struct options *o, const struct pn_lint_config *config)
{
    return o->baseline != NULL ? o->baseline : config->baseline.s;
}

static bool is_failure(const struct pn_findings *f)
{
    struct pn_findings_counts counts = pn_findings_count(f);
    for (int i = 0; i <= (int)f->fail_level; i++) {
        if (counts.by_severity[i] > 0)
            return true;
    }
    return f->diags->dropped > 0;
}

static enum pn_exit say_nothing_found(const struct pn_flag_list *paths)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf names = PN_BUF_INIT;
    pn_input_write_names(&names, paths);
    pn_out_error("no templates or policies found in %.*s", PN_STR_ARG(pn_buf_view(&names)));
    return PN_EXIT_FAILED;
}

static enum pn_exit say_no_paths(void)
{
    pn_out_error("no policies: name their files or directories");
    return pn_program_refuse("lint");
}

/* What standard input gets by --fix is its repaired text, on standard output. */
static bool is_stdout_taken(const struct options *o, const struct pn_lint_job *job)
{
    for (size_t i = 0; o->fix && i < job->paths->count; i++) {
        if (strcmp(job->paths->items[i], "-") == 0)
            return true;
    }
    return false;
}

static enum pn_exit report(const struct options *o, const struct pn_lint_job *job,
                           struct pn_lint_result *result, size_t fixed)
{
    const struct pn_findings findings = {
        .diags = &result->diags,
        .version = PN_BUILD_VERSION,
        .documents = result->policy_count,
        .files = result->file_count,
        .fail_level = (enum pn_severity)fail_level(o, job->config),
        .baseline = baseline_path(o, job->config),
        .gone = result->gone,
        .gone_count = result->gone_count,
        .fixed = fixed,
    };
    if (o->write_baseline && !result->is_whole)
        pn_out_error("--write-baseline: not written, since not all can be loaded");
    else if (o->write_baseline &&
             !pn_lint_baseline_write(findings.baseline, &findings, &result->diags))
        return PN_EXIT_FAILED;
    if (!pn_lint_output_write(&o->outputs, &findings, is_stdout_taken(o, job), o->color) ||
        result->is_unread)
        return PN_EXIT_FAILED;
    return is_failure(&findings) && !o->exit_zero ? PN_EXIT_DENIED : PN_EXIT_OK;
}

static enum pn_exit print_diff(const struct options *o, const struct pn_lint_fixes *fixes,
                               struct pn_lint_result *result)
{
    struct pn_out out = PN_OUT_INIT;
    int n = pn_lint_fixes_diff(&out.buf, fixes, pn_color_wanted(o->color, STDOUT_FILENO));
    out.buf.failed = out.buf.failed || n < 0;
    if (!pn_out_finish(&out))
        return PN_EXIT_FAILED;
    if (result->is_unread) { /* it is among them */
        pn_out_diags(&result->diags, pn_color_wanted(o->color, STDERR_FILENO));
        return PN_EXIT_FAILED;
    }
    PN_CLEANUP(pn_buf_deinit) struct pn_buf summary = PN_BUF_INIT;
    pn_buf_printf(&summary, "%zu to be fixed in %d file%s\n", fixes->fixed, n, n == 1 ? "" : "s");
    pn_out_note(pn_buf_view(&summary));
    return n > 0 && !o->exit_zero ? PN_EXIT_DENIED : PN_EXIT_OK;
}

static enum pn_exit lint_paths(const struct options *o, const struct pn_lint_job *job)
{
    PN_CLEANUP(pn_lint_result_deinit) struct pn_lint_result result = {0};
    PN_CLEANUP(pn_lint_fixes_deinit) struct pn_lint_fixes fixes = {0};
    int r = o->fix || o->diff ? pn_lint_fix(&fixes, &result, job) : pn_lint_examine(&result, job);
    if (r < 0) {
        pn_out_error("%s", strerror(-r));
        return PN_EXIT_FAILED;
    }
    if (pn_lint_result_is_empty(&result))
        return say_nothing_found(job->paths);
    if (o->diff)
        return print_diff(o, &fixes, &result);
    bool is_written = !o->fix || pn_lint_fixes_write(&fixes, is_stdout_taken(o, job));
    enum pn_exit code = report(o, job, &result, is_written ? fixes.fixed : 0);
    return is_written ? code : PN_EXIT_FAILED;
}

/* Flags that exclude each other; false: that was said. */
static bool check_flags(const struct options *o)
{
    if (o->diff && (o->fix || o->write_baseline))
        pn_out_error("--diff changes nothing: leave out --fix and --write-baseline");
    else if (o->diff && !pn_lint_output_is_default(&o->outputs))
        pn_out_error("--diff prints a diff, not findings: leave out --output");
    else
        return pn_lint_output_check(&o->outputs);
    return false;
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

/* False: it has faults, or cannot be read, which was said. */
static bool read_config(struct pn_lint_config *ret, const struct options *o)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    if (o->no_config && o->config != NULL)
        pn_out_error("--config and --no-config exclude each other");
    if (o->no_config)
        return o->config == NULL;
    int r = pn_lint_config_read(ret, o->config, &diags);
    bool is_good = r == 0 && diags.errors == 0;
    if (r < 0)
        pn_out_error("%s", strerror(-r));
    pn_out_diags(&diags, pn_color_wanted(o->color, STDERR_FILENO));
    return is_good;
}

/* Leaves *ret empty when there is none to be read. False: it has faults, which was said. */
static bool read_baseline(struct pn_lint_baseline *ret, const struct options *o,
                          const struct pn_lint_config *config)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    const char *path = baseline_path(o, config);
    if (path == NULL && o->write_baseline)
        pn_out_error("--write-baseline: --baseline FILE says where to");
    if (path == NULL || o->write_baseline)
        return path != NULL || !o->write_baseline;
    int r = pn_lint_baseline_read(ret, path, &diags);
    bool is_good = r == 0 && diags.errors == 0;
    if (r < 0)
        pn_out_error("%s", strerror(-r));
    pn_out_diags(&diags, pn_color_wanted(o->color, STDERR_FILENO));
    return is_good;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct options *o = options;
    PN_CLEANUP(pn_lint_config_deinit) struct pn_lint_config config = PN_LINT_CONFIG_INIT;
    PN_CLEANUP(pn_lint_settings_deinit) struct pn_lint_settings settings = {0};
    const struct pn_lint_wishes wishes = {o->profile, &o->select, &o->ignore, &o->severities};
    PN_CLEANUP(pn_lint_baseline_deinit) struct pn_lint_baseline baseline = {0};
    const struct pn_flag_list named = {(const char **)(void *)operands, n};
    if (!check_flags(o) || (!o->list_rules && !read_config(&config, o)) ||
        !pn_lint_settings_read(&settings, &wishes, &config))
        return PN_EXIT_FAILED;
    if (o->list_rules)
        return list_rules(o);
    if (!read_baseline(&baseline, o, &config))
        return PN_EXIT_FAILED;
    const struct pn_lint_job job = {
        .paths = n > 0 ? &named : &config.paths,
        .manifests = &o->manifests,
        .settings = &settings,
        .config = &config,
        .baseline = baseline.path != NULL ? &baseline : NULL,
        .recursive = o->recursive,
        .ignores_suppressions = o->no_suppressions,
    };
    return job.paths->count > 0 ? lint_paths(o, &job) : say_no_paths();
}

const struct pn_cmd pn_cmd_lint = {
    .name = "lint",
    .summary = "Look for mistakes in templates, policies and budgets",
    .about =
        "Whatever keeps policies from being loaded, and what is wrong, risky or useless beside: "
        "in one document, between policies that may select one Pod, and against budgets. Each "
        "finding has its place, its evidence and a page. A comment suppresses it: "
        "# pannier:ignore PN0501 the reason.\n"
        "Without a path, those of the configuration are examined (lint.paths in .pannier.yaml).\n"
        "Documents that are not pannier's are manifests: workloads are compared with the "
        "policies.\n"
        "Exit code: 0 when nothing is found from --fail-level on, 1 when something is, 2 when a "
        "file could not be read or there was nothing to examine; the same for all formats.",
    .usage = "[PATH...] [flags]",
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
