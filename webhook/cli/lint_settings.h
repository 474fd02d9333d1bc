/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_LINT_SETTINGS_H
#define PN_CLI_LINT_SETTINGS_H

#include "cli/flags.h"
#include "lint/lint.h"

struct pn_lint_config;

/*
 * Sets of rules to begin with. `default`: those that are on by default. `minimal`: the errors among
 * them. `strict`: all rules, and hints are warnings.
 */
enum pn_lint_profile { PN_LINT_DEFAULT, PN_LINT_MINIMAL, PN_LINT_STRICT };
extern const char *const pn_lint_profiles[]; /* in the order of the enum; ends with NULL */

/* What the flags ask for: a flag that is not given leaves it to the configuration. */
struct pn_lint_wishes {
    int profile; /* -1: not given */
    const struct pn_flag_list *select, *ignore, *severities;
};

/* What profile, configuration and flags make of the rules: arrays by pn_rule_index(). */
struct pn_lint_settings {
    enum pn_rule_state *states;
    enum pn_severity *severities;
    bool raises_infos;
};

/* False: a rule or level is unknown, or memory is out; that was said. *s is zeroed before, and
 * given to pn_lint_settings_deinit in any case. */
bool pn_lint_settings_read(struct pn_lint_settings *s, const struct pn_lint_wishes *wishes,
                           const struct pn_lint_config *config);

void pn_lint_settings_deinit(struct pn_lint_settings *s);

/* True when the word means a rule, a group, ALL or DEFAULT. */
bool pn_lint_settings_is_rule(struct pn_str word);

#endif
