/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/out.h"

/* What a terminal shows without wrapping; the last column stays free. */
enum { HELP_COLUMNS = 79, HELP_INDENT = 6 };

/* Words of `text`, broken at the column limit, each line indented. */
static void write_wrapped(struct pn_buf *out, struct pn_str text, size_t indent)
{
    size_t column = 0;
    while (text.s != NULL) {
        struct pn_str word = pn_str_split(&text, ' ');
        if (column > 0 && column + 1 + word.n > HELP_COLUMNS) {
            pn_buf_char(out, '\n');
            column = 0;
        }
        if (column == 0) {
            pn_buf_printf(out, "%*s", (int)indent, "");
            column = indent;
        } else {
            pn_buf_char(out, ' ');
            column++;
        }
        pn_buf_str(out, word);
        column += word.n;
    }
    pn_buf_char(out, '\n');
}

static void write_flag(struct pn_buf *out, const struct pn_flag *f)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    if (f->letter != 0)
        pn_buf_printf(out, "  -%c, --%s", f->letter, f->name);
    else
        pn_buf_printf(out, "      --%s", f->name);
    pn_buf_printf(out, "%s%s\n", f->value != NULL ? " " : "", f->value != NULL ? f->value : "");
    pn_buf_cstr(&text, f->help);
    for (int i = 0; f->choices != NULL && f->choices[i] != NULL; i++)
        pn_buf_printf(&text, "%s%s", i == 0 ? ": " : ", ", f->choices[i]);
    if (f->initial != NULL)
        pn_buf_printf(&text, " (default %s)", f->initial);
    write_wrapped(out, pn_buf_view(&text), HELP_INDENT);
    out->failed = out->failed || text.failed;
}

static void write_command(struct pn_buf *out, const struct pn_cmd *cmd)
{
    static const struct pn_flag help = {"help", 'h', .help = "Print this help"};
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_buf_printf(out, "%s\n", cmd->summary);
    if (cmd->about != NULL)
        pn_program_write(&text, cmd->about);
    for (struct pn_str about = pn_buf_view(&text); about.s != NULL;) {
        pn_buf_char(out, '\n');
        write_wrapped(out, pn_str_split(&about, '\n'), 0);
    }
    pn_buf_printf(out, "\nUsage:\n  %s %s%s%s\n", pn_program_name(), cmd->name,
                  cmd->usage[0] != '\0' ? " " : "", cmd->usage);
    if (cmd->examples != NULL) {
        pn_buf_cstr(out, "\nExamples:\n");
        pn_program_write(out, cmd->examples);
    }
    pn_buf_cstr(out, "\nFlags:\n");
    for (const struct pn_flag *f = cmd->flags; f != NULL && f->name != NULL; f++)
        write_flag(out, f);
    write_flag(out, &help);
    out->failed = out->failed || text.failed;
}

static void write_overview(struct pn_buf *out)
{
    pn_buf_printf(out,
                  "pannier adds sidecars to Pods, by policy\n"
                  "\n"
                  "Usage:\n"
                  "  %s COMMAND [flags]\n"
                  "\n"
                  "Commands:\n",
                  pn_program_name());
    for (size_t i = 0; pn_commands[i] != NULL; i++)
        pn_buf_printf(out, "  %-16s%s\n", pn_commands[i]->name, pn_commands[i]->summary);
    pn_buf_printf(out, "\nUse \"%s help COMMAND\" for more about a command.\n", pn_program_name());
}

void pn_help_write(struct pn_buf *out, const struct pn_cmd *cmd)
{
    if (cmd != NULL)
        write_command(out, cmd);
    else
        write_overview(out);
}

enum pn_exit pn_help_print(const struct pn_cmd *cmd)
{
    struct pn_out out = PN_OUT_INIT;
    pn_help_write(&out.buf, cmd);
    return pn_out_finish(&out) ? PN_EXIT_OK : PN_EXIT_FAILED;
}
