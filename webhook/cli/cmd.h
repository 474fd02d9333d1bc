/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_CMD_H
#define PN_CLI_CMD_H

#include <stddef.h>

#include "cli/flags.h"

/* What a command's run returns, and the process with it. */
enum pn_exit {
    PN_EXIT_OK = 0,
    PN_EXIT_DENIED = 1, /* an object was denied, a test failed */
    PN_EXIT_FOUND = 1,  /* what was to be checked is not as it should be; lint: something was found;
                           diff:  something differs */
    PN_EXIT_FAILED = 2, /* usage, unreadable or malformed input, no input found, no output */
    PN_EXIT_UNCHANGED = 3, /* preview --error-unchanged: all is well, and nothing was injected */
};

/* One subcommand. The table of them (cli/commands.h) is both dispatch and help. */
struct pn_cmd {
    const char *name;     /* one word or two */
    const char *summary;  /* a capital verb, no final period */
    const char *about;    /* paragraphs, a line break between them; NULL: the summary says all */
    const char *usage;    /* what follows "pannier NAME" */
    const char *examples; /* lines "  # comment" and "  command"; NULL: none */
    const struct pn_flag *flags; /* ends with a NULL name; NULL: none */
    size_t options_size;         /* of the struct that the flags fill */
    size_t operands_max;
    /* `options`: as the flags filled it. Prints what is to be said, and returns the exit code. */
    enum pn_exit (*run)(const void *options, char **operands, size_t n);
};

extern const struct pn_cmd pn_cmd_serve;
extern const struct pn_cmd pn_cmd_preview;
extern const struct pn_cmd pn_cmd_diff;
extern const struct pn_cmd pn_cmd_lint;
extern const struct pn_cmd pn_cmd_test;
extern const struct pn_cmd pn_cmd_verify;
extern const struct pn_cmd pn_cmd_certs_issue;
extern const struct pn_cmd pn_cmd_certs_check;
extern const struct pn_cmd pn_cmd_webhook_config;
extern const struct pn_cmd pn_cmd_explain;
extern const struct pn_cmd pn_cmd_schema;
extern const struct pn_cmd pn_cmd_completion;
extern const struct pn_cmd pn_cmd_version;
extern const struct pn_cmd pn_cmd_help;

#endif
