/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdlib.h>

struct pn_tls {
    atomic_uint references;
    gnutls_certificate_credentials_t credentials; /* read only once built, so sessions share it */
};

/* Certificates and their key while they are handed to the credentials, which copy them. */
struct parsed {
    gnutls_x509_crt_t *certs;
    unsigned cert_count;
    gnutls_x509_privkey_t key;
};

static void parsed_deinit(struct parsed *p)
{
    for (unsigned i = 0; i < p->cert_count; i++)
        gnutls_x509_crt_deinit(p->certs[i]);
    gnutls_free(p->certs);
    if (p->key != NULL)
        gnutls_x509_privkey_deinit(p->key);
}

static int say_failed(struct pn_err *err, int code, const char *expected)
{
    if (code == GNUTLS_E_MEMORY_ERROR)
        return pn_err_set(err, -ENOMEM, "out of memory");
    if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        return pn_err_set(err, PN_TLS_E_INVALID,
                          "the private key does not belong to the certificate");
    return pn_err_set(err, PN_TLS_E_INVALID, "%s (%s)", expected, gnutls_strerror(code));
}

/* GnuTLS takes bytes as not const, and only reads them. */
static gnutls_datum_t datum_of(struct pn_str bytes)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)bytes.s, (unsigned)bytes.n};
}

/* One by one: gnutls_certificate_set_x509_key_mem2 (3.7) leaks on a certificate that breaks off,
 * and does not say which of the two is no PEM. */
static int parse(struct parsed *p, struct pn_str cert_pem, struct pn_str key_pem,
                 struct pn_err *err)
{
    gnutls_datum_t cert = datum_of(cert_pem), key = datum_of(key_pem);
    int r = gnutls_x509_crt_list_import2(&p->certs, &p->cert_count, &cert, GNUTLS_X509_FMT_PEM,
                                         GNUTLS_X509_CRT_LIST_SORT);
    if (r < 0)
        return say_failed(err, r, "the certificate is no PEM text of a certificate chain");
    r = gnutls_x509_privkey_init(&p->key);
    if (r >= 0)
        r = gnutls_x509_privkey_import2(p->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (r < 0)
        return say_failed(err, r, "the private key is no PEM text of a key without password");
    return 0;
}

int pn_tls_new(struct pn_tls **ret, struct pn_str cert_pem, struct pn_str key_pem,
               struct pn_err *err)
{
    PN_CLEANUP(parsed_deinit) struct parsed parsed = {0};
    int r = parse(&parsed, cert_pem, key_pem, err);
    if (r != 0)
        return r;
    PN_CLEANUP(pn_tls_unref_pointer) struct pn_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    atomic_init(&tls->references, 1);
    r = gnutls_certificate_allocate_credentials(&tls->credentials);
    if (r >= 0)
        r = gnutls_certificate_set_x509_key(tls->credentials, parsed.certs, (int)parsed.cert_count,
                                            parsed.key);
    if (r < 0)
        return say_failed(err, r, "the pair cannot be served");
    *ret = PN_TAKE(tls);
    return 0;
}

struct pn_tls *pn_tls_ref(struct pn_tls *tls)
{
    atomic_fetch_add_explicit(&tls->references, 1, memory_order_relaxed);
    return tls;
}

void pn_tls_unref(struct pn_tls *tls)
{
    if (tls == NULL || atomic_fetch_sub_explicit(&tls->references, 1, memory_order_acq_rel) != 1)
        return;
    if (tls->credentials != NULL)
        gnutls_certificate_free_credentials(tls->credentials);
    free(tls);
}

void pn_tls_unref_pointer(struct pn_tls **tls)
{
    pn_tls_unref(*tls);
}

int pn_tls_attach(struct pn_tls *tls, void *session)
{
    return gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials) < 0 ? -EIO : 0;
}
