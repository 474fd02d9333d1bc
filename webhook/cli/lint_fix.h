/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_LINT_FIX_H
#define PN_CLI_LINT_FIX_H

#include "cli/lint_run.h"

/* A file that was changed, or standard input in any case. */
struct pn_lint_text {
    char *path; /* "-": standard input */
    struct pn_buf before, now;
};

struct pn_lint_fixes {
    struct pn_lint_text *items;
    size_t count;
    size_t fixed; /* findings that were repaired */
};

/*
 * Examines `job`, repairs what has a repair, and examines what came of it, until nothing more is to
 * be repaired; writes no file. *ret_result are the findings that remain. Both are zeroed before,
 * and freed by the caller in any case. Returns 0 or a negative errno.
 */
int pn_lint_fix(struct pn_lint_fixes *ret, struct pn_lint_result *ret_result,
                const struct pn_lint_job *job) PN_MUST_CHECK;

void pn_lint_fixes_deinit(struct pn_lint_fixes *fixes);

/*
 * Puts the changed files in their places, each whole and with the permissions that it has. With
 * `prints_stdin`, the text of standard input goes to standard output, changed or not. False: one
 * could not be written, which was said.
 */
bool pn_lint_fixes_write(const struct pn_lint_fixes *fixes, bool prints_stdin);

/* Appends what would be changed as unified diffs. Returns the number of files, or -ENOMEM. */
int pn_lint_fixes_diff(struct pn_buf *out, const struct pn_lint_fixes *fixes, bool color);

#endif
