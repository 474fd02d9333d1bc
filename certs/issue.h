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
    size_t name_count;  /* at least one */
    int64_t not_before; /* Unix seconds; of the CA and of the serving certificate */
    int64_t not_after;
};

/* A CA certificate, a serving certificate signed by it and the serving key, as PEM text. */
struct pn_issued {
    struct pn_buf ca_cert;
    struct pn_buf cert;
    struct pn_buf key; /* PKCS #8, not encrypted */
};

#define PN_ISSUED_INIT                        \
    {                                         \
        PN_BUF_INIT, PN_BUF_INIT, PN_BUF_INIT \
    }

/* Wipes the key and frees the buffers. For PN_CLEANUP too. */
void pn_issued_deinit(struct pn_issued *issued);

/* A name is neither a DNS name nor an IP address, or the dates are in the wrong order. */
#define PN_ISSUE_E_INVALID 1

/*
 * Makes a new CA and a serving certificate for `names`, ECDSA P-256 with SHA-256, X.509 v3. The
 * CA's private key dies with the call, so nothing else can ever be signed in its name. Fills *ret
 * (pn_issued_deinit) and returns 0; PN_ISSUE_E_INVALID, or -EIO when OpenSSL fails (out of memory
 * included), each with a message in err.
 */
int pn_issue_chain(struct pn_issued *ret, const struct pn_issue_options *o,
                   struct pn_err *err) PN_MUST_CHECK;

#endif
