/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_RESULTS_H
#define PN_REPORT_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/value.h"
#include "engine/reason.h"
#include "report/preview.h"

/* What `pannier test` found out: the facts that all of its formats are made of. Borrows. */

/* One expectation that does not hold. */
struct pn_failure {
    uint32_t line, column; /* of what was expected */
    struct pn_str what;    /* "result", "reasons.mesh", "golden", "second round" */
    struct pn_str message; /* one line */
    struct pn_str diff;    /* expected against what came out; n == 0: the message says it all */
};

/* One policy's reason. */
struct pn_case_verdict {
    struct pn_str policy;
    enum pn_reason_id reason;
    struct pn_str text;
};

struct pn_case_result {
    struct pn_str file, suite, name;
    uint32_t line, column;
    enum pn_outcome outcome;
    const struct pn_case_verdict *verdicts;
    size_t verdict_count;
    const struct pn_failure *failures; /* none: passed */
    size_t failure_count;
    struct pn_str trace; /* as preview explains the object */
};

/* What no case reached. */
struct pn_coverage {
    struct pn_str *policies; /* names of all sets, each once; in an arena */
    bool *is_selected;       /* for each: a case selected it */
    size_t policy_count;
    bool reasons[PN_REASON_COUNT]; /* by id: a case ended with it, or had it as a note */
};

struct pn_results {
    const struct pn_case_result *cases; /* those of one PolicyTest stand together */
    size_t count, failed;
    const struct pn_coverage *coverage; /* NULL: nobody asked */
};

/*
 * Each PolicyTest on a line; what failed, with place, difference and trace. All that comes from
 * files is escaped.
 */
void pn_results_write_text(struct pn_buf *out, const struct pn_results *results, bool color);

/* "12 passed, 1 failed", with its line break. */
void pn_results_write_summary(struct pn_buf *out, const struct pn_results *results);

/*
 * {"schemaVersion": 1,
 *  "cases": [{"file", "line", "column", "test", "case", "passed", "result", "policies": [{"name",
 *             "reason", "text"}], "failures": [{"what", "line", "column", "message", "diff"?}]}],
 *  "coverage"?: {"policies": {"count", "missed": [...]}, "reasons": {"count", "missed": [...]}},
 *  "summary": {"cases", "passed", "failed"}}. Returns 0 or -ENOMEM.
 */
int pn_results_write_json(struct pn_buf *out, const struct pn_results *results,
                          struct pn_arena *scratch) PN_MUST_CHECK;

/* JUnit's XML as CI systems read it: a testsuite for each PolicyTest, a testcase for each case. */
void pn_results_write_junit(struct pn_buf *out, const struct pn_results *results);

/* Workflow commands of GitHub Actions: an ::error for each failure, at its place. */
void pn_results_write_github(struct pn_buf *out, const struct pn_results *results);

#endif
