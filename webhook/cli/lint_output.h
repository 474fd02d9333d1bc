/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_LINT_OUTPUT_H
#define PN_CLI_LINT_OUTPUT_H

#include "cli/flags.h"
#include "report/findings.h"

/* What -o of `pannier lint` names: "FORMAT" for standard output, "FORMAT=FILE" for a file. */

/* Their words, for completion; ends with NULL. */
extern const char *const pn_lint_formats[];

/* False: one is not legal, or two go to standard output; that was said. */
bool pn_lint_output_check(const struct pn_flag_list *outputs);

/* True when nothing but the default is asked for: `full` on standard output. */
bool pn_lint_output_is_default(const struct pn_flag_list *outputs);

/*
 * Writes the findings in each format, and a summary on standard error beside those for people.
 * `stdout_is_taken`: standard output is for something else, and what is for it goes to standard
 * error. False: some of it was lost, which was said.
 */
bool pn_lint_output_write(const struct pn_flag_list *outputs, const struct pn_findings *f,
                          bool stdout_is_taken, int color);

#endif
