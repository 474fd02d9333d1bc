/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_DECIDE_H
#define PN_ENGINE_DECIDE_H

#include "base/arena.h"
#include "engine/engine.h"

/* What is done to the Pod. */
enum pn_operation { PN_OPERATION_CREATE, PN_OPERATION_UPDATE, PN_OPERATION_DELETE };

/* As a review writes them, in the order of the enum; ends with NULL. */
extern const char *const pn_operation_words[];

/* The engine, asked as the server asks it: with the bytes of an AdmissionReview. */
struct pn_decider {
    const struct pn_policy_set *set;
    struct pn_env env;
    enum pn_operation operation; /* of what pn_decide_pod makes */
    struct pn_value user_info;   /* the same; PN_ABSENT: {} */
    unsigned flags;              /* enum pn_decide_flags */
    struct pn_arena *arena;      /* of one decision */
    struct pn_buf body;
};

/*
 * Decides about the review in `bytes`, which is not written to. *ret lives until the next decision.
 * Returns what pn_engine_decide returns.
 */
int pn_decide_review(struct pn_decision **ret, struct pn_decider *d, struct pn_str bytes,
                     struct pn_err *err) PN_MUST_CHECK;

/* The same for the creation of `pod` in `namespace`, or what `operation` says: an update finds the
 * Pod as it is to be already. */
int pn_decide_pod(struct pn_decision **ret, struct pn_decider *d, struct pn_value pod,
                  struct pn_str namespace, struct pn_err *err) PN_MUST_CHECK;

/* Appends the review that pn_decide_pod asks about, as one line. */
void pn_decide_write_review(struct pn_buf *out, const struct pn_decider *d, struct pn_value pod,
                            struct pn_str namespace);

/* The decision's patch does not apply. That is a fault of ours. */
#define PN_DECIDE_E_PATCH 3

/* `object` with the decision's patch applied, in `a`. Returns 0, PN_DECIDE_E_PATCH (err says why)
 * or -ENOMEM. */
int pn_decide_apply(struct pn_value *ret, const struct pn_decision *decision,
                    struct pn_value object, struct pn_arena *a, struct pn_err *err) PN_MUST_CHECK;

#endif
