/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_TESTS_CONFORMANCE_H
#define PN_TESTS_CONFORMANCE_H

#include "base/arena.h"
#include "base/value.h"

/* One case being checked: a check writes what is expected and what we got, both as text. */
struct run {
    struct pn_arena *a;
    struct pn_value input; /* the line */
    struct pn_buf expected;
    struct pn_buf got;
};

enum outcome { FAILED, PASSED, BROKEN /* the line is no case */ };

static inline enum outcome verdict(bool passed)
{
    return passed ? PASSED : FAILED;
}

enum outcome check_quantity(struct run *run);
enum outcome check_selector(struct run *run);
enum outcome check_jsonpatch(struct run *run);
enum outcome check_yaml(struct run *run);
enum outcome check_resources(struct run *run);
enum outcome check_validation(struct run *run);
enum outcome check_security(struct run *run);

#endif
