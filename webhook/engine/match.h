/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_MATCH_H
#define PN_ENGINE_MATCH_H

#include "engine/engine.h"
#include "engine/pod.h"
#include "engine/policy_set.h"
#include "engine/reason.h"

/* "kubernetes.io/metadata.name": the one namespace label that is always known. */
extern const struct pn_str pn_namespace_name_label;

/* Annotations of a Pod's author. */
extern const struct pn_str pn_inject_annotation; /* "false": out of everything that allows it */
extern const struct pn_str pn_skip_annotation;   /* categories, comma-separated */

enum pn_match { PN_MATCH_NO, PN_MATCH_YES, PN_MATCH_UNKNOWN };

/*
 * A namespace selector, over three values: one requirement that is false makes it false, whatever
 * is not known (`labels` is absent when nobody told them; the name's own label is always known).
 * *ret_which is the requirement that decided.
 */
enum pn_match pn_match_namespace(const struct pn_requirement **ret_which,
                                 const struct pn_selector *s, struct pn_str name,
                                 struct pn_value labels);

/* What the Pod's author wrote, read once for each Pod. */
struct pn_opt_out {
    bool all;                                      /* pannier.dev/inject: "false" */
    struct pn_str skip;                            /* value of pannier.dev/skip; n == 0: none */
    struct pn_reason notes[PN_DECISION_NOTES_MAX]; /* annotation-invalid */
    size_t note_count;
};

/* Reads the opt-out annotations. A value that means nothing is noted, never ignored in silence. */
void pn_opt_out_read(struct pn_opt_out *ret, const struct pn_pod *pod,
                     const struct pn_policy_set *set, struct pn_arena *a);

/*
 * Decides whether `policy` selects the Pod. Returns PN_REASON_NONE when it does; a reason of class
 * not-selected; or namespace-labels-unknown (class failure: selected as far as anybody can tell).
 * `namespace_labels`: labels of the Pod's namespace, or absent when nobody told. Mismatches get
 * their arguments only if `describes`.
 * *ret_note is set when an opt-out was refused.
 */
struct pn_reason pn_match(const struct pn_policy *policy, const struct pn_pod *pod,
                          struct pn_value namespace_labels, const struct pn_opt_out *opt_out,
                          bool describes, struct pn_reason *ret_note, struct pn_arena *a);

#endif
