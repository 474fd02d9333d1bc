/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_RUNNING_H
#define PN_ENGINE_RUNNING_H

#include "engine/engine.h"

/*
 * A running Pod against the policies of today: the decision about it as it runs, and what its
 * status annotation says was done when it was made. The annotation is a record and no proof, so
 * what it claims is looked for in the Pod.
 */
enum pn_standing {
    PN_STANDING_UNSELECTED, /* of a Pod: no policy is concerned */
    PN_STANDING_LEFT_OUT,   /* not there, and would not be added today either: opted out, outside
                             * the rollout, in mode Audit, beyond a budget, in conflict */
    PN_STANDING_CURRENT,    /* what is there is what the policies of today render */
    PN_STANDING_UNKNOWN,    /* cannot be decided */
    PN_STANDING_UNEXPECTED, /* there by the status, and would not be added today */
    PN_STANDING_STALE,      /* added by another revision of the policy or its templates */
    PN_STANDING_MISSING,    /* would be added today, and is not there */
    PN_STANDING_TAMPERED,   /* added by this revision, and changed since */
    PN_STANDING_COUNT,
};

/* "Current", "LeftOut", ... */
const char *pn_standing_name(enum pn_standing standing);

/* Of containers that run for long; a missing request is the limit. */
struct pn_running_requests {
    int64_t cpu_milli, memory_bytes;
};

void pn_running_add(struct pn_running_requests *inout, const struct pn_running_requests *more);

struct pn_running_policy {
    struct pn_str policy; /* n == 0: it is about the Pod */
    enum pn_standing standing;
    struct pn_str rev;               /* of today; s == NULL: no such policy is loaded */
    struct pn_str recorded_rev;      /* by the Pod's status; s == NULL: it names none */
    struct pn_reason reason;         /* of the decision; PN_REASON_NONE: there is none */
    struct pn_str text;              /* why, for people; may be empty for Current */
    const struct pn_str *containers; /* of it, those that are in the Pod */
    size_t container_count;
    struct pn_running_requests requests; /* of those */
};

struct pn_running {
    enum pn_standing standing; /* the worst of its policies */
    const struct pn_running_policy *policies;
    size_t policy_count;
    bool has_sidecars;                        /* containers of ours that run for long */
    struct pn_running_requests sidecars, app; /* app: containers, neither ours nor init */
    /* A policy that the status names has no verdict: decide again with PN_DECIDE_ALL_REASONS to
     * learn why it does not select the Pod. */
    bool lacks_reasons;
};

/*
 * What the containers of all policies look like, as far as that can be known without a Pod: by it a
 * container is recognised that neither a policy nor a status speaks of. *ret lives in `a` and
 * borrows from the set. Returns 0 or -ENOMEM.
 */
struct pn_running_known;
int pn_running_known_new(const struct pn_running_known **ret, const struct pn_policy_set *set,
                         struct pn_arena *a) PN_MUST_CHECK;

/* A quantity in the Pod is none. */
#define PN_RUNNING_E_INVALID 1

/*
 * How `pod` stands, of which `d` was decided with PN_DECIDE_VALIDATE and which is neither a mirror
 * Pod nor in a protected namespace. *ret lives in `a` and borrows from `d` and `pod`. Returns 0,
 * PN_RUNNING_E_INVALID (err says which), or -ENOMEM.
 */
int pn_running_judge(struct pn_running *ret, const struct pn_decision *d,
                     const struct pn_running_known *known, struct pn_value pod, struct pn_arena *a,
                     struct pn_err *err) PN_MUST_CHECK;

#endif
