/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_COMMANDS_H
#define PN_CLI_COMMANDS_H

#include <stdbool.h>

#include "base/buf.h"
#include "cli/cmd.h"

/* All commands: dispatch, help, completion and manual pages; a command is in all of them, or in
 * none. Ends with NULL. */
extern const struct pn_cmd *const pn_commands[];

/* The command that the first words are the name of, one or two; *ret_words is how many. */
const struct pn_cmd *pn_commands_find(char *const *words, size_t n, size_t *ret_words);

/* The first word of commands that have two. */
bool pn_commands_is_group(struct pn_str word);

/* Says that there is no such command, and which may have been meant. */
enum pn_exit pn_commands_refuse(char *const *words, size_t n);

/*
 * What people call us by: "kubectl pannier" for a plugin of kubectl, which goes by its file's name,
 * "pannier" otherwise. To be set once, with argv[0].
 */
void pn_program_set(const char *argv0);
const char *pn_program_name(void);

/* Appends `text`, with that name in each "pannier COMMAND"; or prints it on standard error. */
void pn_program_write(struct pn_buf *out, const char *text);
void pn_program_note(const char *text);

/* Says on standard error where the usage of `command` is told; what is wrong was said. */
enum pn_exit pn_program_refuse(const char *command);

/* Appends the help of a command, at most 80 columns wide; NULL: of all. */
void pn_help_write(struct pn_buf *out, const struct pn_cmd *cmd);

/* The same on standard output. */
enum pn_exit pn_help_print(const struct pn_cmd *cmd);

#endif
