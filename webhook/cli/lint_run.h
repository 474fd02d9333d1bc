/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_LINT_RUN_H
#define PN_CLI_LINT_RUN_H

#include "cli/input.h"
#include "cli/lint_baseline.h"
#include "cli/lint_config.h"
#include "cli/lint_settings.h"

/* What is examined, and how. All of it is borrowed. */
struct pn_lint_job {
    const struct pn_flag_list *paths, *manifests;
    const struct pn_lint_settings *settings;
    const struct pn_lint_config *config;
    const struct pn_lint_baseline *baseline; /* NULL: none */
    const struct pn_input_text *texts;       /* in place of what is in some of the files */
    size_t text_count;
    bool recursive, ignores_suppressions;
};

struct pn_lint_result {
    struct pn_diags diags;
    struct pn_input paths, manifests;
    size_t policy_count, file_count; /* documents of pannier's, and files that hold any */
    bool is_whole;                 /* all was read and can be loaded: nothing else would be found */
    bool is_unread;                /* some file could not be read at all */
    struct pn_known_finding *gone; /* of the baseline, whose rules are on; on the heap */
    size_t gone_count;
};

/*
 * Reads and examines everything; findings are in ret->diags, with repairs for the files of `paths`
 * alone. *ret is zeroed before, and given to
 * pn_lint_result_deinit in any case. Returns 0 or a negative errno.
 */
int pn_lint_examine(struct pn_lint_result *ret, const struct pn_lint_job *job) PN_MUST_CHECK;

void pn_lint_result_deinit(struct pn_lint_result *result);

/* True when there was nothing to examine, and nothing wrong with what there was. */
bool pn_lint_result_is_empty(const struct pn_lint_result *result);

#endif
