/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CERTS_X509_H
#define PN_CERTS_X509_H

/* Private to this folder: what issuing and checking share of OpenSSL. */

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* For PN_CLEANUP. */
void pn_x509_free_key(EVP_PKEY **key);
void pn_x509_free_cert(X509 **cert);
void pn_x509_free_certs(STACK_OF(X509) * *certs);
void pn_x509_free_bio(BIO **bio);

/* Sets err to "doing: what OpenSSL says", empties OpenSSL's queue of errors, returns `code`. */
int pn_x509_failed(struct pn_err *err, int code, const char *doing);

/* The first certificate in PEM text, or NULL. The caller frees. */
X509 *pn_x509_read_cert(struct pn_str pem);

/* All certificates in PEM text, in their order; NULL when there is none or one breaks off. */
STACK_OF(X509) * pn_x509_read_certs(struct pn_str pem);

/* The private key in PEM text, or NULL. One with a password is none: nobody is asked for it. */
EVP_PKEY *pn_x509_read_key(struct pn_str pem);

/* Unix seconds. */
int64_t pn_x509_not_before(const X509 *cert);
int64_t pn_x509_not_after(const X509 *cert);

#endif
