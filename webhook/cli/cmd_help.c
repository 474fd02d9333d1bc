/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "cli/out.h"

static enum pn_exit unexpected(const char *word)
{
    pn_out_error("unexpected argument \"%s\"", word);
    return pn_program_refuse("help");
}

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    size_t words = 0;
    const struct pn_cmd *cmd = n > 0 ? pn_commands_find(operands, n, &words) : NULL;
    (void)options;
    if (n == 1 && cmd == NULL && pn_commands_is_group(pn_str_of(operands[0])))
        return pn_help_print(NULL); /* it lists them */
    if (n > 0 && cmd == NULL)
        return pn_commands_refuse(operands, n);
    if (words < n)
        return unexpected(operands[words]);
    return pn_help_print(cmd);
}

const struct pn_cmd pn_cmd_help = {
    .name = "help",
    .summary = "Explain a command",
    .usage = "[COMMAND]",
    .operands_max = 2,
    .run = run,
};
