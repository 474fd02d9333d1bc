/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_APPLY_H
#define PN_ENGINE_APPLY_H

#include "engine/budget.h"
#include "engine/engine.h"
#include "engine/verify.h"

/* The candidates of one Pod on their way into its plan. */
struct pn_apply {
    struct pn_plan *plan;         /* its candidates are in order of evaluation */
    struct pn_budgets *budgets;   /* as pn_budgets_init() left them */
    const bool *raised;           /* for each candidate: its requests were raised; NULL: none */
    bool *stays;                  /* for each candidate: others bring its containers; see below */
    struct pn_verdict *verdicts;  /* of all policies; each candidate's is among them, in order */
    struct pn_verify verify;      /* the Pod as received */
    bool has_staying, holds_ours; /* private: one stays; something received is ours */
    bool verifies_each;           /* private: what the API server would refuse is looked for */
};

/*
 * Merges the candidates in order, each as a whole or not at all, as far as the budgets go, and
 * gives each its reason. What is in the Pod already is charged first and never taken out. Policies
 * in mode Audit are judged as if they were the last, and leave nothing behind.
 *
 * What was received and equals what a candidate adds does not count against the others at first: it
 * may be of our first round. Where an edit could then not be made, something was the Pod's own
 * after all, and everything is merged again with all that was received; which policies are applied
 * is then the same in both rounds.
 *
 * If the API server would refuse what comes out, though not what was received, everything is merged
 * once more, and each policy after which it would is left out: pod-would-be-invalid.
 *
 * A policy that a budget leaves out, while others bring every container of it, has them all in the
 * Pod in the second round, where it stays. So everything is merged again with it staying, which it
 * tells. Returns 0 or a negative errno.
 */
int pn_apply_all(struct pn_apply *apply) PN_MUST_CHECK;

#endif
