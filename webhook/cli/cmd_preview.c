/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/preview.h"

/* In the order of enum pn_preview_format. */
static const char *const formats[] = {
    "diff",     "patch", "yaml", "json", "name", "table", "admission-review", "admission-request",
    "markdown", NULL,
};

static const struct pn_flag flags[] = {
    PN_PREVIEW_FLAGS,
    {"as", 0, PN_FLAG_TEXT, PN_PREVIEW_AT(user), "USER",
     "User of the requests. No policy sees it: it is in the reviews that -o admission-request "
     "prints"},
    {"as-group", 0, PN_FLAG_LIST, PN_PREVIEW_AT(groups), "GROUP",
     "Group of that user; may be repeated"},
    {"output", 'o', PN_FLAG_CHOICE, PN_PREVIEW_AT(format), "FORMAT", "Format", "diff",
     .choices = formats},
    {"explain", 0, PN_FLAG_BOOL, PN_PREVIEW_AT(explain), NULL, "Give the reason of each policy"},
    {"color", 0, PN_FLAG_CHOICE, PN_PREVIEW_AT(color), "WHEN", "Colour", "auto",
     .choices = pn_color_words},
    {"error-unchanged", 0, PN_FLAG_BOOL, PN_PREVIEW_AT(error_unchanged), NULL,
     "Exit with 3 when all is well and nothing was injected, or nothing becomes different"},
    {0},
};

/* ---- the run --------------------------------------------------------------------------- */

static int preview_document(struct pn_preview_run *run, const struct pn_input_file *file, size_t i)
{
    const struct pn_document *doc = &file->docs[i];
    struct pn_value value, after;
    bool changed = false;
    if (pn_policy_is_ours(doc))
        return 0;
    pn_arena_reset(run->values, 0);
    int r = pn_input_value(&value, file, i, run->values);
    if (r == 0)
        r = pn_preview_walk(&after, &changed, run, file, doc, value);
    if (r == 0 && changed && run->o->format == PN_PREVIEW_YAML)
        r = pn_preview_yaml_document(run, doc, after, file->json.kind != PN_ABSENT);
    return r;
}

static int preview_all(struct pn_preview_run *run, const struct pn_input *input)
{
    int r = 0;
    pn_preview_print_start(run);
    for (size_t i = 0; i < input->file_count && r == 0 && run->out.error == 0; i++) {
        const struct pn_input_file *file = &input->files[i];
        bool is_yaml = run->o->format == PN_PREVIEW_YAML && !file->is_faulty;
        if (is_yaml)
            pn_preview_yaml_start(run, file, input->file_count == 1);
        for (size_t j = 0; j < file->doc_count && r == 0 && run->out.error == 0; j++)
            r = preview_document(run, file, j);
        if (is_yaml && r == 0)
            pn_preview_yaml_end(run, file);
    }
    return r == 0 ? pn_preview_print_end(run) : r;
}

static void say_nothing_found(const struct pn_preview_options *o)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf names = PN_BUF_INIT;
    pn_input_write_names(&names, &o->files);
    pn_out_error("no objects found in %.*s", PN_STR_ARG(pn_buf_view(&names)));
}

/* Options that are wrong by themselves or together with others. */
static int read_options(struct pn_preview_run *run, struct pn_arena *a, struct pn_err *err)
{
    int r = 0;
    if (run->o->namespace_labels != NULL)
        r = pn_preview_labels_read(&run->given_labels, run->o->namespace_labels, a, err);
    if (r == PN_PREVIEW_E_LABELS)
        return pn_err_wrap(err, r, "--namespace-labels");
    return r == 0 ? pn_preview_user_make(&run->decider.user_info, run->o, a, err) : r;
}

static int make_arenas(struct pn_preview_run *run)
{
    int r = pn_arena_new(&run->values, PN_ARENA_KEEP_BYTES);
    if (r == 0)
        r = pn_arena_new(&run->decider.arena, PN_ARENA_KEEP_BYTES);
    if (r == 0 && run->base.set != NULL)
        r = pn_arena_new(&run->base.arena, PN_ARENA_KEEP_BYTES);
    return r;
}

static void drop(struct pn_preview_run *run)
{
    pn_table_deinit(&run->table);
    pn_markdown_report_deinit(&run->report);
    pn_arena_free(run->values);
    pn_arena_free(run->decider.arena);
    pn_arena_free(run->base.arena);
    pn_buf_deinit(&run->decider.body);
    pn_buf_deinit(&run->base.body);
}

static void note_labels(const struct pn_preview_run *run, size_t own)
{
    if (own > 0)
        pn_out_note(PN_STR("note: labels of namespaces are taken from the manifests; the webhook "
                           "knows those of its --namespaces\n"));
    else if (run->given_labels.kind == PN_OBJECT)
        pn_out_note(PN_STR("note: labels of namespaces are those of --namespace-labels; the "
                           "webhook knows those of its --namespaces\n"));
}

/*
 * -o yaml is for `kubectl apply`, which a pipe runs whatever our exit code is: it gets everything,
 * or nothing when something of it lacks what must be there.
 */
static void withhold(struct pn_preview_run *run, int r)
{
    bool is_fit = r == 0 && !run->is_faulty && run->counts.invalid == 0 &&
                  pn_preview_denied(run) == 0;
    if (run->o->format != PN_PREVIEW_YAML || is_fit)
        return;
    run->out.buf.len = 0;
    pn_out_error("nothing is written: an object is denied or could not be read, see above");
}

static enum pn_exit run_on(struct pn_preview_run *run, struct pn_input *input,
                           const struct pn_namespaces *known)
{
    size_t own = 0;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_preview_collect_namespaces(&run->by_namespace, &own, input, known);
    if (r == 0)
        r = read_options(run, input->arena, &err);
    if (r > 0) {
        pn_out_error("%s", err.text);
        return PN_EXIT_FAILED;
    }
    if (r == 0)
        r = make_arenas(run);
    if (r == 0) {
        note_labels(run, own);
        r = preview_all(run, input);
        withhold(run, r);
    }
    bool is_written = pn_out_finish(&run->out);
    drop(run);
    if (r < 0 && r != -ECANCELED)
        pn_out_error("%s", strerror(-r));
    return r != 0 || !is_written || run->counts.invalid > 0 ? PN_EXIT_FAILED : PN_EXIT_OK;
}

/* Loads what is asked, which lives as long as the run. */
static enum pn_exit run_with(struct pn_preview_run *run, struct pn_input *input)
{
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *base = NULL;
    PN_CLEANUP(pn_namespaces_unref_pointer) struct pn_namespaces *known = NULL;
    const struct pn_preview_options *o = run->o;
    if (pn_preview_load_policies(&set, o, input, run->color_err) != PN_EXIT_OK ||
        pn_preview_load_base(&base, o, run->color_err) != PN_EXIT_OK ||
        pn_preview_load_namespaces(&known, o, run->color_err) != PN_EXIT_OK)
        return PN_EXIT_FAILED;
    /* What differs is reckoned from verdicts and Pods: it needs no other reasons. */
    bool explains = o->explain || (o->format == PN_PREVIEW_JSON && base == NULL);
    run->decider.set = set;
    run->decider.flags = explains ? PN_DECIDE_ALL_REASONS : 0;
    run->decider.operation = (enum pn_operation)o->operation;
    run->base.set = base;
    run->base.operation = run->decider.operation;
    return run_on(run, input, known);
}

enum pn_exit pn_preview_execute(struct pn_preview_run *run)
{
    PN_CLEANUP(pn_input_deinit) struct pn_input input = {0};
    struct pn_diags diags = PN_DIAGS_INIT;
    const struct pn_preview_options *o = run->o;
    run->color_out = pn_color_wanted(o->color, STDOUT_FILENO);
    run->color_err = pn_color_wanted(o->color, STDERR_FILENO);
    int r = pn_input_read(&input, &o->files, o->recursive, &diags);
    run->is_faulty = diags.errors > 0;
    pn_out_diags(&diags, run->color_err);
    if (r < 0) {
        pn_out_error("%s", strerror(-r));
        return PN_EXIT_FAILED;
    }
    enum pn_exit exit_code = run_with(run, &input);
    if (run->is_faulty)
        return PN_EXIT_FAILED;
    if (!pn_preview_has_seen_any(&run->counts) && exit_code != PN_EXIT_FAILED) {
        say_nothing_found(o);
        return PN_EXIT_FAILED;
    }
    return exit_code;
}

size_t pn_preview_denied(const struct pn_preview_run *run)
{
    return run->o->base.count > 0 ? run->totals.newly_denied
                                  : run->counts.outcomes[PN_OUTCOME_DENIED];
}

/* ---- the command ----------------------------------------------------------------------- */

/* True when the format has room for two results. */
static bool can_compare(int format)
{
    return format != PN_PREVIEW_PATCH && format != PN_PREVIEW_YAML && format != PN_PREVIEW_REVIEW &&
           format != PN_PREVIEW_REQUEST;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const struct pn_preview_options *o = options;
    struct pn_preview_run run = {.o = o, .out = PN_OUT_INIT};
    (void)operands;
    (void)n;
    if (o->files.count == 0) {
        pn_out_error("no manifests: name them with -f");
        return pn_program_refuse("preview");
    }
    if (o->base.count > 0 && !can_compare(o->format)) {
        pn_out_error("--base-policies compares two results, and -o %s shows one; choose diff, "
                     "table, markdown, json or name",
                     formats[o->format]);
        return PN_EXIT_FAILED;
    }
    enum pn_exit exit_code = pn_preview_execute(&run);
    bool compares = o->base.count > 0;
    if (exit_code != PN_EXIT_OK)
        return exit_code;
    if (pn_preview_denied(&run) > 0)
        return PN_EXIT_DENIED;
    bool is_idle = compares ? run.totals.changed == 0
                            : run.counts.outcomes[PN_OUTCOME_INJECTED] == 0;
    return o->error_unchanged && is_idle ? PN_EXIT_UNCHANGED : PN_EXIT_OK;
}

const struct pn_cmd pn_cmd_preview = {
    .name = "preview",
    .summary = "Show what injection does to manifests",
    .about =
        "Asks the policies about the Pod of each object, as the webhook would, and shows the "
        "object before and after. Pods, all kinds with a Pod template, lists, and recorded "
        "AdmissionReviews are examined; other documents pass through. Namespaces among the "
        "manifests tell their labels. With -o yaml nothing is written when an object is denied or "
        "could not be read: what is piped into kubectl is whole, or nothing.\n"
        "Exit code: 0 when all is well, 1 when an object was denied (with --base-policies: that "
        "was not before), 2 when something could not be read or decided, or there were no "
        "documents; 3 with --error-unchanged when "
        "all is well and nothing was injected.",
    .usage = "-f FILE... [-p PATH]... [flags]",
    .examples = "  # What the policies change, as a diff\n"
                "  pannier preview -f web.yaml -p policies\n"
                "\n"
                "  # Why, for each policy\n"
                "  pannier preview -f web.yaml -p policies --explain\n"
                "\n"
                "  # Apply a chart with its sidecars, without a webhook in the cluster\n"
                "  helm template . | pannier preview -f - -p policies -o yaml | \\\n"
                "    kubectl apply -f -\n"
                "\n"
                "  # What a change of policies does, for a comment on a pull request\n"
                "  pannier preview -f manifests --base-policies main/policies -p policies \\\n"
                "    -o markdown\n",
    .flags = flags,
    .options_size = sizeof(struct pn_preview_options),
    .run = run,
};
