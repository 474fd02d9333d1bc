/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_STATUS_H
#define PN_ENGINE_STATUS_H

#include "engine/engine.h"

/*
 * What is said about a decision outside the patch's content: the status annotation, warnings,
 * audit annotations, the message of a denial. Status and audit state facts that are equal in both
 * rounds of an admission: the API server logs an error when an audit annotation changes.
 */

extern const struct pn_str pn_status_annotation; /* "pannier.dev/status" */

/*
 * The value of the status annotation, at most PN_STATUS_MAX_BYTES: all of it, else without the
 * containers' names, else counts. Of a policy whose content was in the Pod already, the revision is
 * the one that the received Pod's `metadata` records: that one has added it. s == NULL when memory
 * was refused.
 */
struct pn_str pn_status_make(const struct pn_decision *d, struct pn_value metadata,
                             struct pn_arena *a);

/* What a Pod's status annotation says. */
struct pn_status_record {
    bool is_there;
    struct pn_value applied; /* object: policy -> {"rev", "containers"}; absent: none are named */
    struct pn_value skipped; /* object: policy -> reason id; likewise */
};

/* The annotation is none that we write. */
#define PN_STATUS_E_INVALID 1

/*
 * Reads the annotation back, in any of its forms. A Pod without one gives an empty record. Returns
 * 0, PN_STATUS_E_INVALID (err says what is wrong) or -ENOMEM.
 */
int pn_status_read(struct pn_status_record *ret, struct pn_value metadata, struct pn_arena *a,
                   struct pn_err *err) PN_MUST_CHECK;

/*
 * Fills d->warnings (failures and notes, one line each, without control characters, within the
 * API server's limits), d->audit_applied and d->audit_skipped. Returns 0 or -ENOMEM.
 */
int pn_status_tell(struct pn_decision *d, struct pn_arena *a) PN_MUST_CHECK;

/* The id of the reason for which a policy refuses the Pod; NULL: it does not. */
const char *pn_status_refusal(const struct pn_decision *d, const struct pn_verdict *v);

/* "policy NAME: reason: detail" for each Deny policy that failed; s == NULL: none did. */
int pn_status_denial(struct pn_str *ret, const struct pn_decision *d,
                     struct pn_arena *a) PN_MUST_CHECK;

#endif
