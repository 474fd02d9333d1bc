/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_TESTS_DECISION_H
#define PN_TESTS_DECISION_H

#include "engine/engine.h"

/*
 * Appends everything that tests compare, as JSON without a newline: the response, the reason why no
 * policy was evaluated, each policy's verdict and note with arguments and text, and the patch.
 */
void write_decision(struct pn_buf *out, const struct pn_decision *d);

/*
 * Decides `body` (which grows by the padding that the engine wants) in `a` and appends the
 * decision. Returns what pn_engine_decide() returns, or -ENOMEM.
 */
int decide_body(struct pn_buf *out, const struct pn_policy_set *set, unsigned flags,
                struct pn_buf *body, struct pn_arena *a, struct pn_err *err);

#endif
