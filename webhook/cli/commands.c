/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <string.h>

#include "cli/out.h"

/* The names of the manual pages are made of this table, too: see meson.build. */
const struct pn_cmd *const pn_commands[] = {
    &pn_cmd_serve,       &pn_cmd_preview,     &pn_cmd_diff,
    &pn_cmd_lint,        &pn_cmd_test,        &pn_cmd_verify,
    &pn_cmd_certs_issue, &pn_cmd_certs_check, &pn_cmd_webhook_config,
    &pn_cmd_explain,     &pn_cmd_schema,      &pn_cmd_completion,
    &pn_cmd_version,     &pn_cmd_help,        NULL,
};

const struct pn_cmd *pn_commands_find(char *const *words, size_t n, size_t *ret_words)
{
    for (size_t i = 0; pn_commands[i] != NULL; i++) {
        struct pn_str second = pn_str_of(pn_commands[i]->name);
        struct pn_str first = pn_str_split(&second, ' ');
        size_t count = second.s != NULL ? 2 : 1;
        if (n < count || !pn_str_is(first, words[0]) ||
            (count == 2 && !pn_str_is(second, words[1])))
            continue;
        *ret_words = count;
        return pn_commands[i];
    }
    return NULL;
}

bool pn_commands_is_group(struct pn_str word)
{
    for (size_t i = 0; pn_commands[i] != NULL; i++) {
        struct pn_str rest = pn_str_of(pn_commands[i]->name);
        if (pn_str_eq(pn_str_split(&rest, ' '), word) && rest.s != NULL)
            return true;
    }
    return false;
}

enum pn_exit pn_commands_refuse(char *const *words, size_t n)
{
    const char *names[PN_COUNT_OF(pn_commands)] = {NULL};
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    bool is_group = pn_commands_is_group(pn_str_of(words[0]));
    for (size_t i = 0; pn_commands[i] != NULL; i++)
        names[i] = pn_commands[i]->name;
    pn_buf_cstr(&name, words[0]);
    if (n > 1 && is_group)
        pn_buf_printf(&name, " %s", words[1]);
    const char *near = pn_str_nearest(pn_buf_view(&name), names);
    if (near != NULL)
        pn_out_error("unknown command \"%.*s\"; did you mean \"%s\"?",
                     PN_STR_ARG(pn_buf_view(&name)), near);
    else if (n == 1 && is_group)
        pn_out_error("\"%s\" is only the first word of a command", words[0]);
    else
        pn_out_error("unknown command \"%.*s\"", PN_STR_ARG(pn_buf_view(&name)));
    pn_program_note("See 'pannier help' for the commands.\n");
    return PN_EXIT_FAILED;
}

/* ---- our name -------------------------------------------------------------------------- */

static const char *program = "pannier";

void pn_program_set(const char *argv0)
{
    const char *slash = argv0 != NULL ? strrchr(argv0, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : argv0;
    if (name != NULL && strcmp(name, "kubectl-pannier") == 0)
        program = "kubectl pannier";
}

const char *pn_program_name(void)
{
    return program;
}

/* True when a command's first word begins at `text`. */
static bool is_command(struct pn_str text)
{
    for (size_t i = 0; pn_commands[i] != NULL; i++) {
        struct pn_str rest = pn_str_of(pn_commands[i]->name);
        struct pn_str first = pn_str_split(&rest, ' ');
        if (pn_str_has_prefix(text, first) &&
            (text.n == first.n || strchr(" '\"\n", text.s[first.n]) != NULL))
            return true;
    }
    return false;
}

void pn_program_write(struct pn_buf *out, const char *text)
{
    const struct pn_str word = PN_STR("pannier ");
    for (struct pn_str rest = pn_str_of(text); rest.n > 0; rest.s++, rest.n--) {
        if (!pn_str_has_prefix(rest, word) ||
            !is_command((struct pn_str){rest.s + word.n, rest.n - word.n})) {
            pn_buf_char(out, *rest.s);
            continue;
        }
        pn_buf_cstr(out, program);
        rest.s += word.n - 2; /* the blank comes next */
        rest.n -= word.n - 2;
    }
}

void pn_program_note(const char *text)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf note = PN_BUF_INIT;
    pn_program_write(&note, text);
    pn_out_note(pn_buf_view(&note));
}

enum pn_exit pn_program_refuse(const char *command)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf hint = PN_BUF_INIT;
    pn_buf_printf(&hint, "See '%s %s --help' for usage.\n", program, command);
    pn_out_note(pn_buf_view(&hint));
    return PN_EXIT_FAILED;
}
