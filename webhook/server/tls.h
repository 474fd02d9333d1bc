/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_TLS_H
#define PN_SERVER_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

/*
 * The certificate chain and key that connections are served with. Shared by reference count: each
 * connection holds one from its first byte to its last, so that a new pair can take its place while
 * old connections go on.
 */
struct pn_tls;

/* What libmicrohttpd hands to GnuTLS: TLS 1.3 and 1.2, our order of ciphers. */
#define PN_TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

/* The texts cannot be served: no PEM, no chain, or a key that is not the certificate's. */
#define PN_TLS_E_INVALID 1

/* PEM texts. Borrowed. */
struct pn_tls_texts {
    struct pn_str cert; /* the leaf first */
    struct pn_str key;
    struct pn_str client_ca; /* who signs for clients; s == NULL: clients are not asked */
};

/*
 * Loads a chain, its private key and the CA of clients. Caller owns one reference to *ret. Returns
 * 0, PN_TLS_E_INVALID (err says why) or -ENOMEM.
 */
int pn_tls_new(struct pn_tls **ret, const struct pn_tls_texts *texts,
               struct pn_err *err) PN_MUST_CHECK;

struct pn_tls *pn_tls_ref(struct pn_tls *tls);
/* NULL is allowed. */
void pn_tls_unref(struct pn_tls *tls);
/* For PN_CLEANUP. */
void pn_tls_unref_pointer(struct pn_tls **tls);

/*
 * Makes a GnuTLS session (gnutls_session_t) serve this pair, and ask for a client certificate when
 * there is a CA of clients. It is never required in the handshake: probes have none. The caller
 * keeps a reference until after gnutls_deinit. Returns 0 or -EIO.
 */
int pn_tls_attach(struct pn_tls *tls, void *session) PN_MUST_CHECK;

/*
 * Whether the client of the session, which may have begun with another pair, has shown a
 * certificate that the CA of clients vouches for now, for the use as a client. `names`: its common
 * name or one of its DNS names must be among them; none: any will do. Returns 0, PN_TLS_E_INVALID
 * (err says why, for the client) or -ENOMEM.
 */
int pn_tls_verify_client(struct pn_tls *tls, void *session, const char *const *names, size_t n,
                         struct pn_err *err) PN_MUST_CHECK;

#endif
