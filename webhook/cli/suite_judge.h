/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_SUITE_JUDGE_H
#define PN_CLI_SUITE_JUDGE_H

#include "cli/suite.h"

/* One case as it is judged; shared by the files that do. */
struct pn_judge {
    struct pn_suite_run *run;
    const struct pn_suite *suite;
    const struct pn_case *c;
    const struct pn_decision *decision;
    struct pn_value before, after; /* the Pod */
    struct pn_failure *failures;
    size_t count, cap;
};

/* Adds a failure about `what`, which was expected at `at`. Returns 0 or -ENOMEM. */
int pn_judge_fail(struct pn_judge *j, struct pn_span at, struct pn_str what, const char *format,
                  ...) PN_PRINTF(4, 5) PN_MUST_CHECK;

/* The same, of a value that was expected and the one that came out. Returns 0 or -ENOMEM. */
int pn_judge_fail_with(struct pn_judge *j, struct pn_span at, struct pn_str what,
                       struct pn_value expected, struct pn_value got) PN_MUST_CHECK;

/*
 * Compares the decision with what the case expects of it, and adds a failure for each thing that
 * does not hold. Returns 0 or a negative errno.
 */
int pn_judge_expected(struct pn_judge *j) PN_MUST_CHECK;

/* The parts of it that have a file of their own: `assert` and `golden`. */
int pn_judge_asserts(struct pn_judge *j) PN_MUST_CHECK;
int pn_judge_golden(struct pn_judge *j) PN_MUST_CHECK;

#endif
