/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_EXPLAIN_H
#define PN_ENGINE_EXPLAIN_H

#include "engine/budget.h"
#include "engine/engine.h"

/*
 * What the finished plan does to the Pod as a whole: each budget's numbers, the effective requests,
 * the QoS class. A Pod whose quantities are none gets an empty explanation. Returns 0 or -ENOMEM.
 */
int pn_explain(struct pn_explanation *ret, const struct pn_budgets *b,
               const struct pn_plan *plan) PN_MUST_CHECK;

#endif
