/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CERTS_ISSUE_H
#define PN_CERTS_ISSUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Issues certificates, in memory; nothing is read from or written to files here. What a serving
 * certificate must carry for the API server's TLS client: crypto/x509 of Go ignores the common name
 * and reads the subject alternative names only (RFC 5280 section 4.2.1.6), and refuses one without
 * the extended key usage serverAuth.
 */

/* What to issue. All is borrowed for the call. */
struct pn_issue_options {
    /* Subject alternative names: DNS names (a first label `*` is allowed) and IP addresses. */
    const struct pn_str *names;
    size_t name_count;    /* at least one */
    int64_t not_before;   /* Unix seconds; of a new CA and of the serving certificate */
    int64_t not_after;    /* of the serving certificate, which never outlives its CA */
    int64_t ca_not_after; /* of a new CA; 0: as the serving certificate */
    /* PEM text of the CA to sign with; s == NULL: a new one is made. */
    struct pn_str ca_cert, ca_key;
    int64_t now; /* a given CA must be valid then */
};

/* A CA, a serving certificate signed by it and the serving key, as PEM text. Keys are PKCS #8, not
 * encrypted. */
struct pn_issued {
    struct pn_buf ca_cert, ca_key; /* as they were given, or new */
    struct pn_buf cert, key;
    int64_t not_after, ca_not_after;
};

/* clang-format off */
#define PN_ISSUED_INIT {PN_BUF_INIT, PN_BUF_INIT, PN_BUF_INIT, PN_BUF_INIT, 0, 0}
/* clang-format on */

/* Wipes the keys and frees the buffers. For PN_CLEANUP too. */
void pn_issued_deinit(struct pn_issued *issued);

/* A name is neither a DNS name nor an IP address, the dates are in the wrong order, or the given CA
 * cannot sign. */
#define PN_ISSUE_E_INVALID 1

/*
 * Makes a serving certificate for `names` with a new key, ECDSA P-256 with SHA-256, X.509 v3,
 * signed by the given CA or by a new one. Fills *ret (pn_issued_deinit) and returns 0;
 * PN_ISSUE_E_INVALID, or -EIO when OpenSSL fails (out of memory included), each with a message in
 * err.
 */
int pn_issue_chain(struct pn_issued *ret, const struct pn_issue_options *o,
                   struct pn_err *err) PN_MUST_CHECK;

#endif
