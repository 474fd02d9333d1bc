/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_ENGINE_H
#define PN_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/policy.h"
#include "engine/reason.h"

/*
 * AdmissionReview bytes to a decision. The engine opens no file or socket, reads no clock or
 * environment, takes no lock and holds no globals: all it knows are its arguments. The server and
 * the CLI call it with the same bytes and get the same patch, byte for byte.
 */

/* What a review does not carry. */
struct pn_env {
    /* Object of namespace name -> object of labels; NULL: nobody told. */
    const struct pn_value *namespace_labels;
    /* Namespaces that no policy reaches; ends with an empty str; NULL: the default floor. */
    const struct pn_str *protected_namespaces;
};

/* kube-system, kube-public, kube-node-lease, pannier-system. */
extern const struct pn_str pn_default_protected_namespaces[];

enum pn_decide_flags {
    PN_DECIDE_ALL_REASONS = 1, /* give a reason to every policy of the set, for preview */
    /*
     * Judge the final Pod instead of changing it: what a policy with onFailure Deny adds must be
     * there. On UPDATE only what the update breaks counts: what the old Pod had, the new one must
     * have. No patch, no warnings.
     */
    PN_DECIDE_VALIDATE = 2,
};

struct pn_fragment;

/* What became of one policy. */
struct pn_verdict {
    uint32_t policy; /* id in the set */
    bool audit;      /* the policy is in mode Audit: nothing of it is done */
    bool changes;    /* something of it is not in the Pod yet */
    struct pn_reason reason;
    struct pn_reason note;                      /* PN_REASON_NONE: none */
    const struct pn_fragment *const *fragments; /* what it adds; private to the engine */
};

/* A number before and after what is injected; texts are quantities or counts. */
struct pn_change {
    struct pn_str budget; /* whose maximum it is; s == NULL: nobody's */
    struct pn_str what;   /* "sidecars", "category logging", "added requests.cpu", "cpu" */
    struct pn_str before, after;
    struct pn_str most; /* s == NULL: there is no maximum */
};

/* What the decision does to the Pod as a whole, for people. */
struct pn_explanation {
    const struct pn_change *budgets;
    size_t budget_count;
    const struct pn_change *requests; /* the scheduler's effective requests, by resource */
    size_t request_count;
    const char *qos_before, *qos_after; /* NULL: nothing is known */
};

/* A Pod's author has two annotations to get wrong. */
#define PN_DECISION_NOTES_MAX 2

/* Lives in the request's arena; borrows from the policy set, which must outlive it. */
struct pn_decision {
    const struct pn_policy_set *set;
    struct pn_str uid;
    struct pn_str operation; /* "CREATE" */
    struct pn_str pod_namespace;
    struct pn_str pod_name; /* metadata.name, else generateName; may be empty */
    struct pn_str workload; /* whose Pod it is, see engine/pod.h; may be empty */
    bool dry_run;
    bool allowed;
    struct pn_str message;   /* of a denial: "policy NAME: reason: detail" */
    struct pn_reason review; /* why no policy was evaluated; PN_REASON_NONE otherwise */
    struct pn_reason notes[PN_DECISION_NOTES_MAX]; /* about the Pod, beside the verdicts */
    size_t note_count;
    const struct pn_verdict *verdicts; /* in order of evaluation */
    size_t verdict_count;
    struct pn_str patch;           /* RFC 6902 text; n == 0: nothing changes */
    const struct pn_str *warnings; /* fit for the response as they are */
    size_t warning_count;
    struct pn_str audit_applied; /* values of the audit annotations; n == 0: none */
    struct pn_str audit_skipped;
    struct pn_str audit_audited;       /* of policies in mode Audit */
    struct pn_explanation explanation; /* with PN_DECIDE_ALL_REASONS only */
};

/* The body is no AdmissionReview that we can answer: HTTP 400. */
#define PN_ENGINE_E_BAD_REVIEW 1
/* The body needs more memory than its size allows for: HTTP 413. */
#define PN_ENGINE_E_TOO_DENSE 2

/* Zero bytes that must stand behind the body in its buffer. */
#define PN_ENGINE_BODY_PADDING 4

/*
 * Decides one review. `body_inout` holds `len` bytes and PN_ENGINE_BODY_PADDING zero bytes behind
 * them; it is written to and must live as long as *ret. The caller has reset the arena with a cap
 * (pn_engine_arena_cap). Returns 0 (*ret in the arena, never NULL), PN_ENGINE_E_BAD_REVIEW or
 * PN_ENGINE_E_TOO_DENSE (err says what is wrong and where), or a negative errno when we are broken
 * (HTTP 500, so that failurePolicy decides).
 */
int pn_engine_decide(struct pn_decision **ret, const struct pn_policy_set *set,
                     const struct pn_env *env, unsigned flags, char *body_inout, size_t len,
                     struct pn_arena *a, struct pn_err *err) PN_MUST_CHECK;

/* The arena cap for a body of `len` bytes. */
size_t pn_engine_arena_cap(size_t len);

/* What became of the policy of that name; NULL: there is no verdict about it, or no decision. */
const struct pn_verdict *pn_decision_verdict(const struct pn_decision *d, struct pn_str policy);

/*
 * Appends the AdmissionReview v1 response, with a final newline: uid echoed, patch and patchType
 * together or neither, status on a denial, warnings, audit annotations. The caller asks
 * out->failed.
 */
void pn_respond_write(struct pn_buf *out, const struct pn_decision *decision);

#endif
