/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/out.h"

static enum pn_exit bad_usage(const struct pn_cmd *cmd, const char *text)
{
    pn_out_error("%s", text);
    return pn_program_refuse(cmd->name);
}

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
        exit_code = pn_help_print(cmd);
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
    pn_program_set(argc > 0 ? argv[0] : NULL);
    if (argc < 2) {
        struct pn_buf text = PN_BUF_INIT;
        pn_help_write(&text, NULL);
        pn_out_note(pn_buf_view(&text));
        pn_buf_deinit(&text);
        return PN_EXIT_FAILED;
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
        return pn_help_print(NULL);
    if (strcmp(argv[1], "--version") == 0)
        return run_command(&pn_cmd_version, argc - 1, argv + 1);
    size_t words = 0;
    const struct pn_cmd *cmd = pn_commands_find(argv + 1, (size_t)argc - 1, &words);
    if (cmd == NULL && argc > 2 && (strcmp(argv[2], "-h") == 0 || strcmp(argv[2], "--help") == 0))
        return run_command(&pn_cmd_help, 2, argv);
    if (cmd == NULL)
        return pn_commands_refuse(argv + 1, (size_t)argc - 1);
    return run_command(cmd, argc - (int)words, argv + words);
}
