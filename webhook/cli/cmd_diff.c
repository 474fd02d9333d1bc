/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/preview.h"

static const struct pn_flag flags[] = {
    PN_PREVIEW_FLAGS,
    {"color", 0, PN_FLAG_CHOICE, PN_PREVIEW_AT(color), "WHEN", "Colour", "auto",
     .choices = pn_color_words},
    {0},
};

/* With the differences of our own. */
static enum pn_exit run_plain(struct pn_preview_run *run)
{
    if (pn_preview_execute(run) != PN_EXIT_OK)
        return PN_EXIT_FAILED;
    return run->differing > 0 ? PN_EXIT_FOUND : PN_EXIT_OK;
}

/* With those that a program finds; its 0 and 1 are ours. */
static enum pn_exit run_program(struct pn_preview_run *run, const char *command)
{
    struct pn_preview_files *files = run->files;
    enum pn_exit exit_code = PN_EXIT_FAILED;
    if (pn_preview_files_init(files, command) == 0)
        exit_code = pn_preview_execute(run);
    if (exit_code == PN_EXIT_OK && files->exit_code > 1)
        pn_out_error("KUBECTL_EXTERNAL_DIFF: \"%s\" exited with %d", command, files->exit_code);
    if (exit_code == PN_EXIT_OK && files->exit_code > 0)
        exit_code = files->exit_code == 1 ? PN_EXIT_FOUND : PN_EXIT_FAILED;
    pn_preview_files_deinit(files);
    return exit_code;
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    const char *command = getenv("KUBECTL_EXTERNAL_DIFF");
    bool has_program = command != NULL && command[0] != '\0';
    struct pn_preview_options o = *(const struct pn_preview_options *)options;
    struct pn_preview_files files;
    struct pn_preview_run run = {.o = &o, .out = PN_OUT_INIT, .files = &files};
    (void)operands;
    (void)n;
    if (o.files.count == 0) {
        pn_out_error("no manifests: name them with -f");
        return pn_program_refuse("diff");
    }
    o.format = has_program ? PN_PREVIEW_FILES : PN_PREVIEW_DIFF;
    o.quiet = true;
    enum pn_exit exit_code = has_program ? run_program(&run, command) : run_plain(&run);
    return pn_preview_denied(&run) > 0 ? PN_EXIT_FAILED : exit_code;
}

const struct pn_cmd pn_cmd_diff = {
    .name = "diff",
    .summary = "Show what injection changes, with kubectl diff's exit codes",
    .about =
        "Compares each object with what the policies make of it; with --base-policies, what "
        "those make of it with what the new ones do. KUBECTL_EXTERNAL_DIFF is honoured as by "
        "kubectl diff: a program that gets two directories with a file for each object, and "
        "arguments of letters, digits, - and =.\n"
        "Exit code: 0 when nothing differs, 1 when something does, 2 when an object was denied "
        "(with --base-policies: that was not before), something could not be read or decided, or "
        "the program failed.",
    .usage = "-f FILE... [-p PATH]... [flags]",
    .examples = "  # Whether what is committed has its sidecars already\n"
                "  pannier preview -f web.yaml -p policies -o yaml >injected.yaml\n"
                "  pannier diff -f injected.yaml -p policies\n"
                "\n"
                "  # With another program\n"
                "  KUBECTL_EXTERNAL_DIFF=\"diff -r -u -N\" pannier diff -f web.yaml -p policies\n",
    .flags = flags,
    .options_size = sizeof(struct pn_preview_options),
    .run = run,
};
