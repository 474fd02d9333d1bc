/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_LINT_CONFIG_H
#define PN_CLI_LINT_CONFIG_H

#include "cli/flags.h"
#include "config/load.h"
#include "engine/decode.h"
#include "lint/lint.h"

/*
 * The section `lint` of .pannier.yaml:
 *
 *   lint:
 *     paths: [policies]               # what is linted when no path is named
 *     profile: strict
 *     select: [DEFAULT, PN0402]
 *     ignore: [PN0309]
 *     severity: {PN0302: error}
 *     failLevel: warning
 *     baseline: lint-baseline.json
 *     perFile:
 *       "policies/team-*.yaml": [PN0101]
 *
 * Paths are relative to the file.
 */

/* The table that reads it. */
extern const struct pn_document_kind pn_lint_config_kind;

struct pn_lint_level {
    const struct pn_rule *rule;
    int severity;
};

/* What is not in the file is empty, and -1 where it is a choice. */
struct pn_lint_config {
    struct pn_arena *arena;
    struct pn_load_file file;
    struct pn_buf path;
    struct pn_strs select, ignore; /* each means a rule */
    struct pn_flag_list paths;     /* from where we stand; items in the arena */
    struct pn_str baseline;        /* likewise; s == NULL: none */
    int profile, fail_level;
    struct pn_lint_level *levels;
    size_t level_count;
    const struct pn_node *per_file; /* NULL: none */
};

/* Nothing from any file, which is how each begins. */
#define PN_LINT_CONFIG_INIT                                  \
    {                                                        \
        .path = PN_BUF_INIT, .profile = -1, .fail_level = -1 \
    }

/*
 * Reads `path`, or (NULL) the .pannier.yaml that is nearest: in the working directory, or above it
 * as far as the root of the repository, which is the directory that holds .git; outside of one,
 * only in the working directory. No file is no fault then. Faults go to `diags`. *ret is empty
 * before, and given to pn_lint_config_deinit in any case. Returns 0 or a negative errno.
 */
int pn_lint_config_read(struct pn_lint_config *ret, const char *path,
                        struct pn_diags *diags) PN_MUST_CHECK;

void pn_lint_config_deinit(struct pn_lint_config *config);

/* The same as perFile says it: for the files of which these are the names. *ret is in the arena of
 * the configuration. Returns 0 or -ENOMEM. */
int pn_lint_config_exemptions(struct pn_lint_exemption **ret, size_t *ret_n,
                              const struct pn_lint_config *config,
                              const struct pn_strs *files) PN_MUST_CHECK;

#endif
