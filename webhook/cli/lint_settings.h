/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_LINT_SETTINGS_H
#define PN_CLI_LINT_SETTINGS_H

#include "cli/flags.h"
#include "lint/lint.h"

/* What --select, --ignore and --severity make of the rules: arrays by pn_rule_index(). */
struct pn_lint_settings {
    enum pn_rule_state *states;
    enum pn_severity *severities;
};

/* False: a rule or level is unknown, or memory is out; that was said. *s is zeroed before, and
 * given to pn_lint_settings_deinit in any case. */
bool pn_lint_settings_read(struct pn_lint_settings *s, const struct pn_flag_list *select,
                           const struct pn_flag_list *ignore,
                           const struct pn_flag_list *severities);

void pn_lint_settings_deinit(struct pn_lint_settings *s);

#endif
