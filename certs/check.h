/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CERTS_CHECK_H
#define PN_CERTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

/*
 * What the API server's TLS client will say to a serving certificate, before it says it. That
 * client is crypto/x509 of Go, which ignores the common name, takes any certificate of the bundle
 * as an anchor, and refuses signatures with SHA-1 and an extended key usage without serverAuth.
 */

/* PEM texts and what is asked about them. Borrowed. */
struct pn_check_options {
    struct pn_str cert;         /* the leaf first, then others of its chain */
    struct pn_str key;          /* s == NULL: not looked at */
    struct pn_str ca;           /* the bundle of anchors; s == NULL: not looked at */
    const struct pn_str *names; /* that clients connect to */
    size_t name_count;
    int64_t now; /* Unix seconds */
    int64_t
        expires_within_seconds; /* an end that is nearer is a finding; 0: only one that is past */
};

struct pn_check_finding {
    const char *id;     /* stable, such as "expired" */
    struct pn_str text; /* for people */
};

/* Lives in the arena that was given. */
struct pn_check_report {
    struct pn_str subject, issuer; /* RFC 2253 */
    struct pn_str key_type;        /* "EC P-256", "RSA 2048" */
    const struct pn_str *names;    /* DNS names and addresses of the certificate */
    size_t name_count;
    int64_t not_before, not_after;
    struct pn_check_finding *findings; /* in the order in which they matter */
    size_t finding_count;
};

/* A text is no PEM text of what it should be; err says which. */
#define PN_CHECK_E_NO_PEM 1

/* Returns 0 (with or without findings), PN_CHECK_E_NO_PEM, or -ENOMEM with a message. */
int pn_check_run(struct pn_check_report *ret, const struct pn_check_options *o, struct pn_arena *a,
                 struct pn_err *err) PN_MUST_CHECK;

/* Certificates in PEM text, such as a CA bundle; 0 when there is none or one breaks off. */
size_t pn_check_count_certs(struct pn_str pem);

/* True when the first certificate of `cert` was signed with the key of the first one of `ca`. */
bool pn_check_is_signed_by(struct pn_str cert, struct pn_str ca);

/* Appends a moment as "2026-11-26T00:00:00Z". */
struct pn_buf;
void pn_check_write_time(struct pn_buf *out, int64_t seconds);

#endif
