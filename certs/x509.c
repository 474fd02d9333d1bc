/* SPDX-License-Identifier: Apache-2.0 */
#include "certs/x509.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

void pn_x509_free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

void pn_x509_free_cert(X509 **cert)
{
    X509_free(*cert);
}

void pn_x509_free_certs(STACK_OF(X509) * *certs)
{
    sk_X509_pop_free(*certs, X509_free);
}

void pn_x509_free_bio(BIO **bio)
{
    BIO_free(*bio);
}

int pn_x509_failed(struct pn_err *err, int code, const char *doing)
{
    char why[256] = "no reason given";
    unsigned long number = ERR_get_error();
    if (number != 0)
        ERR_error_string_n(number, why, sizeof why);
    ERR_clear_error();
    return pn_err_set(err, code, "%s: %s", doing, why);
}

/* OpenSSL would ask on the terminal. */
static int no_password(char *text, int room, int writing, void *closure)
{
    (void)text, (void)room, (void)writing, (void)closure;
    return -1;
}

static BIO *open_text(struct pn_str pem)
{
    return pem.s != NULL && pem.n <= INT_MAX ? BIO_new_mem_buf(pem.s, (int)pem.n) : NULL;
}

X509 *pn_x509_read_cert(struct pn_str pem)
{
    PN_CLEANUP(pn_x509_free_bio) BIO *bio = open_text(pem);
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    ERR_clear_error();
    return cert;
}

STACK_OF(X509) * pn_x509_read_certs(struct pn_str pem)
{
    PN_CLEANUP(pn_x509_free_bio) BIO *bio = open_text(pem);
    PN_CLEANUP(pn_x509_free_certs) STACK_OF(X509) *certs = sk_X509_new_null();
    if (bio == NULL || certs == NULL)
        return NULL;
    for (;;) {
        X509 *cert = PEM_read_bio_X509(bio, NULL, no_password, NULL);
        if (cert == NULL)
            break;
        if (sk_X509_push(certs, cert) <= 0) {
            X509_free(cert);
            return NULL;
        }
    }
    /* The end of the text is the one reason to stop: else a certificate breaks off. */
    bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return is_end && sk_X509_num(certs) > 0 ? PN_TAKE(certs) : NULL;
}

EVP_PKEY *pn_x509_read_key(struct pn_str pem)
{
    PN_CLEANUP(pn_x509_free_bio) BIO *bio = open_text(pem);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    ERR_clear_error();
    return key;
}

static int64_t seconds_of(const ASN1_TIME *when)
{
    struct tm tm;
    return ASN1_TIME_to_tm(when, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

int64_t pn_x509_not_before(const X509 *cert)
{
    return seconds_of(X509_get0_notBefore(cert));
}

int64_t pn_x509_not_after(const X509 *cert)
{
    return seconds_of(X509_get0_notAfter(cert));
}
