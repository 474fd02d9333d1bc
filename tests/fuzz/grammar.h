/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_TESTS_FUZZ_GRAMMAR_H
#define PN_TESTS_FUZZ_GRAMMAR_H

#include "base/buf.h"

/* The bytes of an input as choices; behind their end every choice is the first. */
struct choices {
    const uint8_t *bytes;
    size_t n;
};

unsigned choose(struct choices *choices, unsigned most);

/*
 * Appends an AdmissionReview of a Pod, as JSON: one that the policies beside this file have much to
 * do with. An input without bytes gives the plainest.
 */
void write_review(struct pn_buf *out, struct choices *choices);

#endif
