/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_OVERLAP_H
#define PN_LINT_OVERLAP_H

#include "base/buf.h"
#include "lint/model.h"

/*
 * Label selectors as sets: what can satisfy several of them at once. Each key stands for itself, so
 * the answers are exact. A `when` is not looked into: policies with different ones are taken for
 * disjoint, since nothing is said where nothing is known.
 */

/* All that must hold for one Pod: what several policies and budgets ask of it. */
struct pn_overlap {
    struct pn_arena *arena;
    const struct pn_selector **pods, **namespaces, **annotations;
    size_t count, cap;
    struct pn_str when; /* the only one; s == NULL: none */
    bool is_known;      /* false: different conditions were added */
    bool out_of_memory;
};

void pn_overlap_init(struct pn_overlap *o, struct pn_arena *a);
void pn_overlap_add_policy(struct pn_overlap *o, const struct pn_lint_policy *p);
void pn_overlap_add_budget(struct pn_overlap *o, const struct pn_lint_budget *b);

/* Takes out what was added last; the rest is what it was before. The memory is kept. */
void pn_overlap_cut(struct pn_overlap *o, size_t mark, struct pn_str when, bool is_known);

/* True when some Pod satisfies all of it. */
bool pn_overlap_is_possible(const struct pn_overlap *o);

/* Such a Pod, in words: "labels {a: b} in namespace c". */
void pn_overlap_write_witness(struct pn_buf *out, const struct pn_overlap *o);

/* True when the selector alone can be satisfied; else *ret_key is the key that cannot be. */
bool pn_overlap_is_satisfiable(const struct pn_selector *s, struct pn_str *ret_key,
                               struct pn_arena *a);

/* True when whatever satisfies `narrow` satisfies `wide`, too. `narrow` can be satisfied. */
bool pn_overlap_implies(const struct pn_selector *narrow, const struct pn_selector *wide,
                        struct pn_arena *a);

/* True when each Pod that `narrow` selects is selected by `wide`, too. */
bool pn_overlap_policy_implies(const struct pn_lint_policy *narrow,
                               const struct pn_lint_policy *wide, struct pn_arena *a);

#endif
