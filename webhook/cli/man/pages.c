/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the manual pages of all commands, from the tables that dispatch and help are made of:
 *
 *   pannier-man FILE...
 *
 * Each FILE is named pannier.1 or pannier-COMMAND.1; there must be one for each command. It runs
 * when pannier is built, and is not installed. The pages are in mdoc(7).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/build_info.h" /* made by meson */
#include "cli/commands.h"
#include "sys/file.h"

enum { MAN_COLUMNS = 78 };

/* ---- text ------------------------------------------------------------------------------ */

/* roff's own characters as themselves, and a dash that can be copied where a flag begins. */
static void write_word(struct pn_buf *out, struct pn_str word, bool is_literal)
{
    for (size_t i = 0; i < word.n; i++) {
        char c = word.s[i];
        bool begins = i == 0 || strchr("-'\"([=", word.s[i - 1]) != NULL;
        if (c == '\\')
            pn_buf_cstr(out, "\\e");
        else if (c == '-' && (is_literal || begins))
            pn_buf_cstr(out, "\\-");
        else if (c == '\'' && is_literal)
            pn_buf_cstr(out, "\\(aq");
        else if (c == '`' && is_literal)
            pn_buf_cstr(out, "\\(ga");
        else
            pn_buf_char(out, c);
    }
}

/* A line that begins like a request is none. */
static void begin_line(struct pn_buf *out, struct pn_str word)
{
    if (word.n > 0 && (word.s[0] == '.' || word.s[0] == '\''))
        pn_buf_cstr(out, "\\&");
}

/* Each sentence begins a line, as mdoc has it; `end` closes the last one. */
static void write_text(struct pn_buf *out, struct pn_str text, const char *end)
{
    size_t column = 0;
    while (text.s != NULL) {
        struct pn_str word = pn_str_split(&text, ' ');
        bool ends = word.n > 0 && strchr(".?!", word.s[word.n - 1]) != NULL;
        if (word.n == 0)
            continue;
        if (column > 0 && column + 1 + word.n > MAN_COLUMNS) {
            pn_buf_char(out, '\n');
            column = 0;
        } else if (column > 0) {
            pn_buf_char(out, ' ');
        }
        if (column == 0)
            begin_line(out, word);
        write_word(out, word, false);
        column += word.n + 1;
        if (ends && text.s != NULL) {
            pn_buf_char(out, '\n');
            column = 0;
        }
    }
    pn_buf_printf(out, "%s\n", end);
}

/* "certs issue" as the page is called: pannier-certs-issue. */
static void write_page_name(struct pn_buf *out, const char *command)
{
    pn_buf_cstr(out, "pannier");
    if (command != NULL)
        pn_buf_char(out, '-');
    for (; command != NULL && *command != '\0'; command++)
        pn_buf_char(out, *command == ' ' ? '-' : *command);
}

static void write_head(struct pn_buf *out, const struct pn_cmd *cmd, const char *summary)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    write_page_name(&name, cmd != NULL ? cmd->name : NULL);
    struct pn_str text = pn_buf_view(&name);
    pn_buf_cstr(out, ".\\\" Made of the tables of commands and flags when pannier was built.\n"
                     ".Dd $Mdocdate$\n.Dt ");
    for (size_t i = 0; i < text.n; i++)
        pn_buf_char(out, (char)(text.s[i] >= 'a' && text.s[i] <= 'z' ? text.s[i] - 32 : text.s[i]));
    pn_buf_printf(out, " 1\n.Os pannier " PN_BUILD_VERSION "\n.Sh NAME\n.Nm %.*s\n.Nd %c%s\n",
                  PN_STR_ARG(text),
                  summary[0] >= 'A' && summary[0] <= 'Z' ? summary[0] + 32 : summary[0],
                  summary + 1);
    out->failed = out->failed || name.failed;
}

/* ---- sections -------------------------------------------------------------------------- */

static bool is_exit_code(struct pn_str paragraph)
{
    return pn_str_has_prefix(paragraph, PN_STR("Exit code"));
}

/* The paragraphs about exit codes, or all others. */
static void write_about(struct pn_buf *out, const struct pn_cmd *cmd, bool exit_codes)
{
    bool is_first = true;
    struct pn_str about = pn_str_of(cmd->about != NULL ? cmd->about : "");
    while (about.s != NULL) {
        struct pn_str paragraph = pn_str_split(&about, '\n');
        if (paragraph.n == 0 || is_exit_code(paragraph) != exit_codes)
            continue;
        pn_buf_cstr(out, is_first ? "" : ".Pp\n");
        write_text(out, paragraph, "");
        is_first = false;
    }
    if (!is_first)
        return;
    if (exit_codes) {
        write_text(out,
                   PN_STR("Exit code 0: done. 2: usage, unreadable or malformed input, or a "
                          "result that could not be written."),
                   "");
    } else {
        write_text(out, pn_str_of(cmd->summary), ".");
    }
}

static void write_flag(struct pn_buf *out, const struct pn_flag *f)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_buf_cstr(out, ".It ");
    if (f->letter != 0)
        pn_buf_printf(out, "Fl %c , ", f->letter);
    pn_buf_printf(out, "Fl Fl %s%s%s\n", f->name, f->value != NULL ? " Ar " : "",
                  f->value != NULL ? f->value : "");
    pn_buf_cstr(&text, f->help);
    for (int i = 0; f->choices != NULL && f->choices[i] != NULL; i++)
        pn_buf_printf(&text, "%s%s", i == 0 ? ": " : ", ", f->choices[i]);
    pn_buf_char(&text, '.');
    if (f->initial != NULL)
        pn_buf_printf(&text, " The default is %s.", f->initial);
    write_text(out, pn_buf_view(&text), "");
    out->failed = out->failed || text.failed;
}

static void write_flags(struct pn_buf *out, const struct pn_cmd *cmd)
{
    static const struct pn_flag help = {"help", 'h', .help = "Print a help text"};
    pn_buf_cstr(out, ".Sh OPTIONS\n.Bl -tag -width Ds\n");
    for (const struct pn_flag *f = cmd->flags; f != NULL && f->name != NULL; f++)
        write_flag(out, f);
    write_flag(out, &help);
    pn_buf_cstr(out, ".El\n");
}

/* What is read from the environment, by commands that have the flag. */
static const struct {
    const char *name, *flag, *text;
} variables[] = {
    {"NO_COLOR", "color", "When it is not empty: no colour, unless --color says otherwise."},
    {"CLICOLOR_FORCE , Ev FORCE_COLOR", "color",
     "When one is neither empty nor 0: colour, also where no terminal is."},
    {"TERM", "color", "No colour when it is dumb."},
    {"POD_NAMESPACE", "protected-namespaces",
     "The server's own namespace, which no policy reaches when --protected-namespaces does not say "
     "otherwise."},
};

static bool has_flag(const struct pn_cmd *cmd, const char *name)
{
    for (const struct pn_flag *f = cmd->flags; f != NULL && f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0)
            return true;
    }
    return false;
}

/* `cmd`: NULL for all variables. */
static void write_environment(struct pn_buf *out, const struct pn_cmd *cmd)
{
    bool is_first = true;
    for (size_t i = 0; i < PN_COUNT_OF(variables); i++) {
        if (cmd != NULL && !has_flag(cmd, variables[i].flag))
            continue;
        if (is_first)
            pn_buf_cstr(out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n");
        is_first = false;
        pn_buf_printf(out, ".It Ev %s\n", variables[i].name);
        write_text(out, pn_str_of(variables[i].text), "");
    }
    pn_buf_cstr(out, is_first ? "" : ".El\n");
}

/* Comments become text, commands are shown as they are typed; of a `brief` one, the first. */
static void write_examples(struct pn_buf *out, const char *examples, bool brief)
{
    bool in_block = false, was_command = false;
    struct pn_str rest = pn_str_of(examples);
    while (rest.n > 0) {
        struct pn_str line = pn_str_split(&rest, '\n');
        if (line.n <= 2)
            continue;
        line = (struct pn_str){line.s + 2, line.n - 2}; /* the indentation in help */
        bool is_comment = pn_str_has_prefix(line, PN_STR("# "));
        if (is_comment && brief && was_command)
            break;
        if (is_comment && in_block)
            pn_buf_cstr(out, ".Ed\n.Pp\n");
        if (is_comment) {
            in_block = false;
            write_text(out, (struct pn_str){line.s + 2, line.n - 2},
                       line.s[line.n - 1] == '?' ? "" : ":");
            continue;
        }
        if (!in_block)
            pn_buf_cstr(out, ".Bd -literal -offset indent\n");
        in_block = was_command = true;
        begin_line(out, line);
        write_word(out, line, true);
        pn_buf_char(out, '\n');
    }
    pn_buf_cstr(out, in_block ? ".Ed\n" : "");
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct pn_cmd *const *)a)->name,
                  (*(const struct pn_cmd *const *)b)->name);
}

static void write_see_also(struct pn_buf *out, const struct pn_cmd *cmd)
{
    const struct pn_cmd *sorted[64] = {NULL};
    size_t n = 0;
    for (; n < PN_COUNT_OF(sorted) && pn_commands[n] != NULL; n++)
        sorted[n] = pn_commands[n];
    qsort(sorted, n, sizeof sorted[0], by_name);
    pn_buf_cstr(out, ".Sh SEE ALSO\n");
    if (cmd != NULL)
        pn_buf_cstr(out, ".Xr pannier 1 ,\n");
    for (size_t i = 0, left = n - (cmd != NULL); i < n; i++) {
        if (sorted[i] == cmd)
            continue;
        pn_buf_cstr(out, ".Xr ");
        write_page_name(out, sorted[i]->name);
        pn_buf_cstr(out, --left > 0 ? " 1 ,\n" : " 1\n");
    }
}

/* ---- pages ----------------------------------------------------------------------------- */

static void write_command_page(struct pn_buf *out, const struct pn_cmd *cmd)
{
    write_head(out, cmd, cmd->summary);
    pn_buf_printf(out, ".Sh SYNOPSIS\n.Nm pannier %s\n", cmd->name);
    write_word(out, pn_str_of(cmd->usage), true);
    pn_buf_cstr(out, cmd->usage[0] != '\0' ? "\n.Sh DESCRIPTION\n" : ".Sh DESCRIPTION\n");
    write_about(out, cmd, false);
    write_flags(out, cmd);
    write_environment(out, cmd);
    pn_buf_cstr(out, ".Sh EXIT STATUS\n");
    write_about(out, cmd, true);
    if (cmd->examples != NULL) {
        pn_buf_cstr(out, ".Sh EXAMPLES\n");
        write_examples(out, cmd->examples, false);
    }
    write_see_also(out, cmd);
}

static void write_overview_page(struct pn_buf *out)
{
    bool is_first = true;
    write_head(out, NULL, "adds sidecars to Pods, by policy");
    pn_buf_cstr(out, ".Sh SYNOPSIS\n.Nm pannier\n.Ar COMMAND\n.Op Ar flags\n.Sh DESCRIPTION\n");
    write_text(out,
               PN_STR("An admission webhook for Kubernetes that adds helper containers to Pods by "
                      "policy, and what is needed around it: the same engine shows what would be "
                      "added, looks for mistakes in policies, and tests them, without a cluster. "
                      "Called kubectl-pannier, it is a plugin of kubectl."),
               "");
    pn_buf_cstr(out, ".Pp\nThe commands are:\n.Bl -tag -width Ds\n");
    for (size_t i = 0; pn_commands[i] != NULL; i++) {
        pn_buf_cstr(out, ".It Xr ");
        write_page_name(out, pn_commands[i]->name);
        pn_buf_printf(out, " 1\n%s.\n", pn_commands[i]->summary);
    }
    pn_buf_cstr(out, ".El\n.Pp\n");
    write_text(out,
               PN_STR("Flags may stand before or after operands. The result goes to standard "
                      "output; warnings, errors and summaries go to standard error."),
               "");
    write_environment(out, NULL);
    pn_buf_cstr(out, ".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/pannier/policies\n");
    write_text(
        out, PN_STR("Templates, policies and budgets of a server that is told of no others."), "");
    pn_buf_cstr(out, ".El\n.Sh EXIT STATUS\n.Bl -tag -width Ds\n");
    pn_buf_printf(out,
                  ".It %d\nDone.\n"
                  ".It %d\nAn object was denied, a test failed, or what was examined\n"
                  "is not as it should be.\n"
                  ".It %d\nUsage, unreadable or malformed input, faulty policies,\n"
                  "or nothing to examine.\n"
                  ".It %d\nNothing was injected, and preview was asked to tell.\n"
                  ".El\n.Sh EXAMPLES\n",
                  PN_EXIT_OK, PN_EXIT_FOUND, PN_EXIT_FAILED, PN_EXIT_UNCHANGED);
    for (size_t i = 0; pn_commands[i] != NULL; i++) {
        if (pn_commands[i]->examples == NULL)
            continue;
        pn_buf_cstr(out, is_first ? "" : ".Pp\n");
        write_examples(out, pn_commands[i]->examples, true);
        is_first = false;
    }
    write_see_also(out, NULL);
}

static bool is_page_of(struct pn_str file, const char *command)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    write_page_name(&name, command);
    pn_buf_cstr(&name, ".1");
    return pn_str_eq(pn_buf_view(&name), file);
}

static int write_page(const char *path)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    const char *slash = strrchr(path, '/');
    struct pn_str file = pn_str_of(slash != NULL ? slash + 1 : path);
    size_t i = 0;
    while (pn_commands[i] != NULL && !is_page_of(file, pn_commands[i]->name))
        i++;
    if (pn_commands[i] != NULL)
        write_command_page(&text, pn_commands[i]);
    else if (is_page_of(file, NULL))
        write_overview_page(&text);
    else
        return -ENOENT;
    return text.failed ? -ENOMEM : pn_file_write_atomic(path, pn_buf_view(&text), 0644);
}

int main(int argc, char **argv)
{
    size_t count = 1;
    for (size_t i = 0; pn_commands[i] != NULL; i++)
        count++;
    if ((size_t)argc - 1 != count) {
        fprintf(stderr, "pannier-man: %d files for %zu pages\n", argc - 1, count);
        return EXIT_FAILURE;
    }
    for (int i = 1; i < argc; i++) {
        int r = write_page(argv[i]);
        if (r < 0) {
            fprintf(stderr, "pannier-man: %s: %s\n", argv[i], strerror(-r));
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
