/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/out.h"

static const struct pn_cmd help_cmd;

/* Dispatch and help: a command is in both, or in neither. */
static const struct pn_cmd *const commands[] = {
    &pn_cmd_serve,          &pn_cmd_preview, &pn_cmd_diff,        &pn_cmd_lint,
    &pn_cmd_test,           &pn_cmd_verify,  &pn_cmd_certs_issue, &pn_cmd_certs_check,
    &pn_cmd_webhook_config, &pn_cmd_explain, &pn_cmd_version,     &help_cmd,
};

/* The command that the first words are the name of, one or two; *ret_words is how many. */
static const struct pn_cmd *find_command(char *const *words, size_t n, size_t *ret_words)
{
    for (size_t i = 0; i < PN_COUNT_OF(commands); i++) {
        struct pn_str second = pn_str_of(commands[i]->name);
        struct pn_str first = pn_str_split(&second, ' ');
        size_t count = second.s != NULL ? 2 : 1;
        if (n < count || !pn_str_is(first, words[0]) ||
            (count == 2 && !pn_str_is(second, words[1])))
            continue;
        *ret_words = count;
        return commands[i];
    }
    return NULL;
}

/* The first word of commands that have two. */
static bool is_group(const char *word)
{
    for (size_t i = 0; i < PN_COUNT_OF(commands); i++) {
        struct pn_str rest = pn_str_of(commands[i]->name);
        if (pn_str_is(pn_str_split(&rest, ' '), word) && rest.s != NULL)
            return true;
    }
    return false;
}

static enum pn_exit unknown_command(char *const *words, size_t n)
{
    const char *names[PN_COUNT_OF(commands) + 1] = {NULL};
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    for (size_t i = 0; i < PN_COUNT_OF(commands); i++)
        names[i] = commands[i]->name;
    pn_buf_cstr(&name, words[0]);
    if (n > 1 && is_group(words[0]))
        pn_buf_printf(&name, " %s", words[1]);
    const char *near = pn_str_nearest(pn_buf_view(&name), names);
    if (near != NULL)
        pn_out_error("unknown command \"%.*s\"; did you mean \"%s\"?",
                     PN_STR_ARG(pn_buf_view(&name)), near);
    else if (n == 1 && is_group(words[0]))
        pn_out_error("\"%s\" is only the first word of a command", words[0]);
    else
        pn_out_error("unknown command \"%.*s\"", PN_STR_ARG(pn_buf_view(&name)));
    pn_out_note(PN_STR("See 'pannier help' for the commands.\n"));
    return PN_EXIT_FAILED;
}

static void write_overview(struct pn_buf *out)
{
    pn_buf_cstr(out, "pannier adds sidecars to Pods, by policy\n"
                     "\n"
                     "Usage:\n"
                     "  pannier COMMAND [flags]\n"
                     "\n"
                     "Commands:\n");
    for (size_t i = 0; i < PN_COUNT_OF(commands); i++)
        pn_buf_printf(out, "  %-16s%s\n", commands[i]->name, commands[i]->summary);
    pn_buf_cstr(out, "\nUse \"pannier help COMMAND\" for more about a command.\n");
}

static enum pn_exit print_help(const struct pn_cmd *cmd)
{
    struct pn_out out = PN_OUT_INIT;
    if (cmd != NULL)
        pn_flags_write_help(&out.buf, cmd);
    else
        write_overview(&out.buf);
    return pn_out_finish(&out) ? PN_EXIT_OK : PN_EXIT_FAILED;
}

static enum pn_exit bad_usage(const struct pn_cmd *cmd, const char *text)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf hint = PN_BUF_INIT;
    pn_out_error("%s", text);
    pn_buf_printf(&hint, "See 'pannier %s --help' for usage.\n", cmd->name);
    pn_out_note(pn_buf_view(&hint));
    return PN_EXIT_FAILED;
}

static enum pn_exit run_help(const void *options, char **operands, size_t n)
{
    (void)options;
    size_t words = 0;
    const struct pn_cmd *cmd = n > 0 ? find_command(operands, n, &words) : NULL;
    if (n > 0 && cmd == NULL)
        return unknown_command(operands, n);
    if (words < n) {
        struct pn_err err = PN_ERR_INIT;
        pn_err_set(&err, 0, "unexpected argument \"%s\"", operands[words]);
        return bad_usage(&help_cmd, err.text);
    }
    return print_help(cmd);
}

static const struct pn_cmd help_cmd = {
    .name = "help",
    .summary = "Explain a command",
    .usage = "[COMMAND]",
    .operands_max = 2,
    .run = run_help,
};

/* argv[0] is the command's name, or its last word. */
static enum pn_exit run_command(const struct pn_cmd *cmd, int argc, char **argv)
{
    struct pn_err err = PN_ERR_INIT;
    int first = 0;
    void *options = calloc(1, cmd->options_size + 1);
    int r = options != NULL ? pn_flags_parse(options, &first, cmd, argc, argv, &err) : -ENOMEM;
    size_t n = r == 0 ? (size_t)(argc - first) : 0;
    enum pn_exit exit_code = PN_EXIT_FAILED;
    if (r < 0) {
        pn_out_error("%s", strerror(-r));
    } else if (r == PN_FLAGS_E_HELP) {
        exit_code = print_help(cmd);
    } else if (r == PN_FLAGS_E_USAGE) {
        exit_code = bad_usage(cmd, err.text);
    } else if (n > cmd->operands_max) {
        pn_err_set(&err, 0, "unexpected argument \"%s\"", argv[first + (int)cmd->operands_max]);
        exit_code = bad_usage(cmd, err.text);
    } else {
        exit_code = cmd->run(options, argv + first, n);
    }
    if (options != NULL)
        pn_flags_deinit(cmd, options);
    free(options);
    return exit_code;
}

int main(int argc, char **argv)
{
    /* A closed pipe is told by write(), with a message and an exit code. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        struct pn_buf text = PN_BUF_INIT;
        write_overview(&text);
        pn_out_note(pn_buf_view(&text));
        pn_buf_deinit(&text);
        return PN_EXIT_FAILED;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
        return print_help(NULL);
    if (strcmp(argv[1], "--version") == 0)
        return run_command(&pn_cmd_version, argc - 1, argv + 1);
    size_t words = 0;
    const struct pn_cmd *cmd = find_command(argv + 1, (size_t)argc - 1, &words);
    if (cmd == NULL)
        return unknown_command(argv + 1, (size_t)argc - 1);
    return run_command(cmd, argc - (int)words, argv + words);
}
