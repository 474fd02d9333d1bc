/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_LINT_BASELINE_H
#define PN_CLI_LINT_BASELINE_H

#include "base/diag.h"
#include "config/load.h"
#include "report/findings.h"

/* Findings of an earlier run, which do not count: see pn_findings_write_baseline. */
struct pn_lint_baseline {
    struct pn_arena *arena;
    struct pn_load_file file;
    const char *path; /* borrowed; NULL: none */
    struct pn_known_finding *items;
    size_t count;
};

/*
 * Reads one. Faults go to `diags`. *ret is zeroed before, and given to pn_lint_baseline_deinit in
 * any case. Returns 0 or a negative errno.
 */
int pn_lint_baseline_read(struct pn_lint_baseline *ret, const char *path,
                          struct pn_diags *diags) PN_MUST_CHECK;

void pn_lint_baseline_deinit(struct pn_lint_baseline *baseline);

/*
 * Marks the findings that are in it. *ret_gone (on the heap, for the caller to free; it borrows
 * from the baseline) are those of it that were not found. Returns 0 or -ENOMEM.
 */
int pn_lint_baseline_apply(struct pn_known_finding **ret_gone, size_t *ret_count,
                           const struct pn_lint_baseline *baseline,
                           struct pn_diags *diags) PN_MUST_CHECK;

/* Writes the findings to `path`, and marks them. False: it could not be written, which was said. */
bool pn_lint_baseline_write(const char *path, const struct pn_findings *f, struct pn_diags *diags);

#endif
