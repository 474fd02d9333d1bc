/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/out.h"
#include "cli/suite.h"
#include "yaml/read.h"

enum format { FORMAT_PRETTY, FORMAT_JSON, FORMAT_JUNIT, FORMAT_GITHUB };
static const char *const formats[] = {"pretty", "json", "junit", "github", NULL};

struct options {
    const char *run; /* NULL: all */
    bool update, coverage;
    int format; /* enum format */
    int color;  /* enum pn_color */
};

#define AT(field) offsetof(struct options, field)

static const struct pn_flag flags[] = {
    {"run", 0, PN_FLAG_TEXT, AT(run), "PATTERN",
     "Run the cases of which TEST/CASE matches this extended regular expression"},
    {"update", 0, PN_FLAG_BOOL, AT(update), NULL,
     "Write the golden files as they would be right; read the difference before you keep it"},
    {"coverage", 0, PN_FLAG_BOOL, AT(coverage), NULL,
     "List the policies that no case selected, and the reasons that no case ended with"},
    {"output", 'o', PN_FLAG_CHOICE, AT(format), "FORMAT", "Format", "pretty", .choices = formats},
    {"color", 0, PN_FLAG_CHOICE, AT(color), "WHEN", "Colour", "auto", .choices = pn_color_words},
    {0},
};

/* ---- files ----------------------------------------------------------------------------- */

/* A file with tests. Documents borrow its source. */
struct file {
    struct pn_buf bytes;
    struct pn_source source;
    struct pn_document *docs;
    size_t doc_count;
};

struct session {
    const struct options *o;
    struct pn_arena *arena; /* documents, suites, results */
    struct pn_paths paths;
    struct file *files;
    struct pn_suite *suites;
    size_t suite_count;
    struct pn_diags diags;
    regex_t pattern; /* with o->run */
    bool has_pattern;
    struct pn_coverage coverage;
};

static void session_deinit(struct session *s)
{
    for (size_t i = 0; i < s->suite_count; i++)
        pn_suite_deinit(&s->suites[i]);
    for (size_t i = 0; s->files != NULL && i < s->paths.count; i++)
        pn_buf_deinit(&s->files[i].bytes);
    if (s->has_pattern)
        regfree(&s->pattern);
    free(s->suites);
    free(s->files);
    pn_paths_deinit(&s->paths);
    pn_diags_deinit(&s->diags);
    pn_arena_free(s->arena);
}

static int add_path(struct session *s, const char *path)
{
    struct pn_err err = PN_ERR_INIT;
    if (!pn_file_is_directory(path))
        return pn_paths_add(&s->paths, path);
    int r = pn_paths_add_directory(&s->paths, path, true, &err);
    if (r == 0 || r == -ENOMEM)
        return r;
    pn_diags_add(&s->diags, PN_SEVERITY_ERROR, "file-unreadable", NULL, (struct pn_span){0},
                 "cannot list directory %s", err.text);
    return 0;
}

/* A directory holds manifests and charts too, which need not be YAML. */
static int read_file(struct session *s, struct file *file, const char *path)
{
    int r = pn_file_read(&file->bytes, path, PN_SOURCE_MAX_BYTES);
    file->source = (struct pn_source){pn_str_of(path), pn_buf_view(&file->bytes)};
    if (r == -ENOMEM)
        return r;
    if (r != 0) {
        pn_diags_add(&s->diags, PN_SEVERITY_ERROR, "file-unreadable", &file->source,
                     (struct pn_span){0}, "cannot be read: %s",
                     r == PN_FILE_E_NOT_REGULAR ? "not a regular file"
                     : r == PN_FILE_E_TOO_LARGE ? "larger than 64 MiB"
                                                : strerror(-r));
        return 0;
    }
    if (!pn_str_contains(file->source.bytes, PN_STR("PolicyTest")))
        return 0;
    r = pn_yaml_read(&file->docs, &file->doc_count, &file->source, s->arena, &s->diags);
    if (r == PN_YAML_E_INVALID)
        file->doc_count = 0; /* half a file is not what was asked for */
    return r < 0 ? r : 0;
}

static int add_suite(struct session *s, const struct file *file, const struct pn_document *doc)
{
    struct pn_suite *grown = realloc(s->suites, (s->suite_count + 1) * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    s->suites = grown;
    int r = pn_suite_init(&grown[s->suite_count], doc, file->docs, file->doc_count, s->arena,
                          &s->diags);
    if (r == 0) {
        s->suite_count++;
        return 0;
    }
    pn_suite_deinit(&grown[s->suite_count]);
    return r < 0 ? r : 0; /* the others run all the same */
}

static int read_suites(struct session *s, char **operands, size_t n)
{
    int r = n == 0 ? add_path(s, ".") : 0;
    for (size_t i = 0; i < n && r == 0; i++)
        r = add_path(s, operands[i]);
    if (r == 0)
        s->files = calloc(s->paths.count + 1, sizeof *s->files);
    if (r != 0 || s->files == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < s->paths.count && r == 0; i++) {
        struct file *file = &s->files[i];
        char *path = s->paths.items[i];
        if (strncmp(path, "./", 2) == 0) /* as CI systems name files */
            memmove(path, path + 2, strlen(path) - 1);
        r = read_file(s, file, s->paths.items[i]);
        for (size_t k = 0; k < file->doc_count && r == 0; k++) {
            if (pn_suite_is_one(&file->docs[k]))
                r = add_suite(s, file, &file->docs[k]);
        }
    }
    return r;
}

/* ---- cases ----------------------------------------------------------------------------- */

static bool is_wanted(const struct session *s, const struct pn_suite *suite,
                      const struct pn_case *c)
{
    if (!s->has_pattern)
        return true;
    struct pn_str name = pn_arena_format(s->arena, "%.*s/%.*s", PN_STR_ARG(suite->name),
                                         PN_STR_ARG(c->name));
    return name.s != NULL && regexec(&s->pattern, name.s, 0, NULL, 0) == 0;
}

/* The policies of all sets, by name. */
static int list_policies(struct pn_coverage *ret, const struct session *s)
{
    size_t all = 0;
    for (size_t i = 0; i < s->suite_count; i++)
        all += pn_policy_set_policy_count(s->suites[i].set);
    ret->policies = pn_arena_zalloc(s->arena, all + 1, sizeof *ret->policies);
    ret->is_selected = pn_arena_zalloc(s->arena, all + 1, sizeof *ret->is_selected);
    if (ret->policies == NULL || ret->is_selected == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < s->suite_count; i++) {
        const struct pn_policy_set *set = s->suites[i].set;
        for (uint32_t k = 0; k < pn_policy_set_policy_count(set); k++) {
            struct pn_str name = pn_policy_set_policy_name(set, k);
            size_t at = 0;
            while (at < ret->policy_count && !pn_str_eq(ret->policies[at], name))
                at++;
            if (at == ret->policy_count)
                ret->policies[ret->policy_count++] = name;
        }
    }
    return 0;
}

static int run_cases(struct pn_results *ret, struct session *s, struct pn_suite_run *run)
{
    size_t all = 0;
    for (size_t i = 0; i < s->suite_count; i++)
        all += s->suites[i].case_count;
    struct pn_case_result *results = pn_arena_zalloc(s->arena, all + 1, sizeof *results);
    if (results == NULL)
        return -ENOMEM;
    ret->cases = results;
    for (size_t i = 0; i < s->suite_count; i++) {
        for (size_t k = 0; k < s->suites[i].case_count; k++) {
            const struct pn_case *c = &s->suites[i].cases[k];
            if (!is_wanted(s, &s->suites[i], c))
                continue;
            int r = pn_suite_run_case(&results[ret->count], run, &s->suites[i], c);
            if (r != 0)
                return r;
            ret->failed += results[ret->count++].failure_count > 0;
        }
    }
    return 0;
}

/* ---- the run --------------------------------------------------------------------------- */

static int print(struct pn_out *out, const struct session *s, const struct pn_results *results)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf summary = PN_BUF_INIT;
    switch (s->o->format) {
    case FORMAT_JSON:
        return pn_results_write_json(&out->buf, results, s->arena);
    case FORMAT_JUNIT:
        pn_results_write_junit(&out->buf, results);
        return 0;
    case FORMAT_GITHUB:
        pn_results_write_github(&out->buf, results);
        break;
    default:
        pn_results_write_text(&out->buf, results, pn_color_wanted(s->o->color, STDOUT_FILENO));
    }
    pn_results_write_summary(&summary, results);
    pn_out_summarise(out, &summary);
    return 0;
}

static int run_and_print(struct session *s, struct pn_results *results)
{
    struct pn_suite_run run = {
        .results = s->arena,
        .updates = s->o->update,
        .coverage = s->o->coverage ? &s->coverage : NULL,
    };
    struct pn_out out = PN_OUT_INIT;
    results->coverage = run.coverage;
    int r = pn_arena_new(&run.values, PN_ARENA_KEEP_BYTES);
    if (r == 0)
        r = pn_arena_new(&run.decider.arena, PN_ARENA_KEEP_BYTES);
    if (r == 0 && s->o->coverage)
        r = list_policies(&s->coverage, s);
    if (r == 0)
        r = run_cases(results, s, &run);
    if (r == 0 && results->count > 0)
        r = print(&out, s, results);
    bool is_written = pn_out_finish(&out);
    pn_buf_deinit(&run.decider.body);
    pn_arena_free(run.decider.arena);
    pn_arena_free(run.values);
    return r == 0 && !is_written ? -EIO : r;
}

static bool compile_pattern(struct session *s)
{
    char text[256];
    if (s->o->run == NULL)
        return true;
    int r = regcomp(&s->pattern, s->o->run, REG_EXTENDED | REG_NOSUB);
    s->has_pattern = r == 0;
    if (r == 0)
        return true;
    regerror(r, &s->pattern, text, sizeof text);
    pn_out_error("--run: \"%s\" is no regular expression: %s", s->o->run, text);
    return false;
}

/* Why nothing ran. */
static void say_nothing_ran(const struct session *s, char **operands, size_t n)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf names = PN_BUF_INIT;
    if (s->suite_count > 0) {
        pn_out_error("--run: no case matches \"%s\"", s->o->run);
        return;
    }
    for (size_t i = 0; i < n; i++)
        pn_buf_printf(&names, "%s%s", i == 0 ? "" : ", ", operands[i]);
    pn_out_error("no PolicyTest found in %.*s",
                 PN_STR_ARG(n > 0 ? pn_buf_view(&names) : PN_STR(".")));
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    PN_CLEANUP(session_deinit)
    struct session s = {.o = options, .paths = PN_PATHS_INIT, .diags = PN_DIAGS_INIT};
    struct pn_results results = {.cases = NULL};
    if (!compile_pattern(&s))
        return PN_EXIT_FAILED;
    int r = pn_arena_new(&s.arena, 0);
    if (r == 0)
        r = read_suites(&s, operands, n);
    bool is_faulty = s.diags.errors > 0;
    pn_out_diags(&s.diags, pn_color_wanted(s.o->color, STDERR_FILENO));
    if (r == 0)
        r = run_and_print(&s, &results);
    if (r < 0 && r != -EIO) /* an output that fails is told already */
        pn_out_error("%s", strerror(-r));
    if (r < 0 || is_faulty)
        return PN_EXIT_FAILED;
    if (results.count > 0)
        return results.failed > 0 ? PN_EXIT_DENIED : PN_EXIT_OK;
    say_nothing_ran(&s, operands, n);
    return PN_EXIT_FAILED;
}

const struct pn_cmd pn_cmd_test = {
    .name = "test",
    .summary = "Run the tests of policies",
    .about = "Runs the cases of PolicyTest documents: each asks the policies about an object, as "
             "the webhook would, and compares the decision with what is expected; then it asks "
             "again about the result, which must change nothing. Directories are read with "
             "their subdirectories; the default is the current one.\n"
             "Exit code: 0 when all cases pass, 1 when one fails, 2 when a test or what it names "
             "has a fault, or there was nothing to run.",
    .usage = "[PATH...] [flags]",
    .examples = "  # All tests below a directory\n"
                "  pannier test policies\n"
                "\n"
                "  # One of them, and its golden files anew\n"
                "  pannier test policies --run '^log-shipper/' --update\n"
                "\n"
                "  # For a CI system\n"
                "  pannier test policies -o junit > results.xml\n",
    .flags = flags,
    .options_size = sizeof(struct options),
    .operands_max = SIZE_MAX,
    .run = run,
};
