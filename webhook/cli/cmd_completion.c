/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/complete.h"
#include "cli/completion_scripts.h" /* made by meson of completion/ */
#include "cli/out.h"

static const struct {
    const char *shell, *script;
} scripts[] = {
    {"bash", completion_bash},
    {"zsh", completion_zsh},
    {"fish", completion_fish},
};

static enum pn_exit run(const void *options, char **operands, size_t n)
{
    struct pn_out out = PN_OUT_INIT;
    const char *script = NULL;
    (void)options;
    if (n > 0 && strcmp(operands[0], "candidates") == 0) {
        pn_complete_write(&out.buf, operands + 1, n - 1);
        return pn_out_finish(&out) ? PN_EXIT_OK : PN_EXIT_FAILED;
    }
    for (size_t i = 0; i < PN_COUNT_OF(scripts) && n > 0; i++)
        script = strcmp(operands[0], scripts[i].shell) == 0 ? scripts[i].script : script;
    if (n == 0)
        pn_out_error("for which shell? bash, zsh or fish");
    else if (script == NULL)
        pn_out_error("unknown shell \"%s\"; expected bash, zsh or fish", operands[0]);
    else if (n > 1)
        pn_out_error("unexpected argument \"%s\"", operands[1]);
    if (script == NULL || n > 1)
        return PN_EXIT_FAILED;
    pn_buf_cstr(&out.buf, script);
    return pn_out_finish(&out) ? PN_EXIT_OK : PN_EXIT_FAILED;
}

const struct pn_cmd pn_cmd_completion = {
    .name = "completion",
    .summary = "Print a shell's completion script",
    .about = "The script asks this program what may stand at the cursor: commands, flags, formats, "
             "reasons and rules are always those of the pannier that is typed, which must be in "
             "PATH.\n"
             "'pannier completion candidates -- WORD...' is what it asks: candidates for the last "
             "word, one on a line.",
    .usage = "bash|zsh|fish",
    .examples = "  # In this bash, and in each new one\n"
                "  source <(pannier completion bash)\n"
                "  pannier completion bash > ~/.local/share/bash-completion/completions/pannier\n"
                "\n"
                "  # For zsh, in a directory of fpath\n"
                "  pannier completion zsh > ~/.zfunc/_pannier\n"
                "\n"
                "  # For fish\n"
                "  pannier completion fish > ~/.config/fish/completions/pannier.fish\n",
    .operands_max = SIZE_MAX,
    .run = run,
};
