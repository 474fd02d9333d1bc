/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/limits.h"

struct pn_tls {
    atomic_uint references;
    gnutls_certificate_credentials_t credentials; /* read only once built, so sessions share it */
    bool asks_clients;
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
static int parse(struct parsed *p, const struct pn_tls_texts *texts, struct pn_err *err)
{
    gnutls_datum_t cert = datum_of(texts->cert), key = datum_of(texts->key);
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

static int set_client_ca(struct pn_tls *tls, struct pn_str pem, struct pn_err *err)
{
    gnutls_datum_t ca = datum_of(pem);
    if (pem.s == NULL)
        return 0;
    int r = gnutls_certificate_set_x509_trust_mem(tls->credentials, &ca, GNUTLS_X509_FMT_PEM);
    if (r <= 0)
        return say_failed(err, r < 0 ? r : GNUTLS_E_NO_CERTIFICATE_FOUND,
                          "the CA of clients is no PEM text of certificates");
    tls->asks_clients = true;
    return 0;
}

int pn_tls_new(struct pn_tls **ret, const struct pn_tls_texts *texts, struct pn_err *err)
{
    PN_CLEANUP(parsed_deinit) struct parsed parsed = {0};
    int r = parse(&parsed, texts, err);
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
    r = set_client_ca(tls, texts->client_ca, err);
    if (r == 0)
        *ret = PN_TAKE(tls);
    return r;
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
    if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials) < 0)
        return -EIO;
    if (tls->asks_clients)
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
    return 0;
}

/* ---- clients --------------------------------------------------------------------------- */

/* A client's chain: a leaf and what stands between it and the CA. */
struct chain {
    gnutls_x509_crt_t certs[PN_CLIENT_CHAIN_MAX];
    unsigned count;
};

static void chain_deinit(struct chain *c)
{
    for (unsigned i = 0; i < c->count; i++)
        gnutls_x509_crt_deinit(c->certs[i]);
}

static int read_chain(struct chain *c, gnutls_session_t session, struct pn_err *err)
{
    unsigned n = 0;
    const gnutls_datum_t *sent = gnutls_certificate_get_peers(session, &n);
    if (sent == NULL || n == 0)
        return pn_err_set(err, PN_TLS_E_INVALID, "a client certificate is required");
    if (n > PN_CLIENT_CHAIN_MAX)
        return pn_err_set(err, PN_TLS_E_INVALID, "the client certificate's chain is too long");
    for (; c->count < n; c->count++) {
        gnutls_x509_crt_t *cert = &c->certs[c->count];
        if (gnutls_x509_crt_init(cert) < 0)
            return pn_err_set(err, -ENOMEM, "out of memory");
        int r = gnutls_x509_crt_import(*cert, &sent[c->count], GNUTLS_X509_FMT_DER);
        if (r < 0) {
            gnutls_x509_crt_deinit(*cert);
            return say_failed(err, r, "the client certificate cannot be read");
        }
    }
    return 0;
}

static int refuse_client(struct pn_err *err, unsigned status)
{
    gnutls_datum_t why = {NULL, 0};
    if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &why, 0) < 0)
        return pn_err_set(err, -ENOMEM, "out of memory");
    struct pn_str text = pn_str_trim((struct pn_str){(const char *)why.data, why.size});
    pn_err_set(err, 0, "the client certificate was not verified: %.*s", PN_STR_ARG(text));
    gnutls_free(why.data);
    return PN_TLS_E_INVALID;
}

static int check_chain(struct pn_tls *tls, struct chain *c, struct pn_err *err)
{
    gnutls_x509_trust_list_t anchors;
    gnutls_typed_vdata_st use = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                 .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned status = 0;
    gnutls_certificate_get_trust_list(tls->credentials, &anchors);
    int r = gnutls_x509_trust_list_verify_crt2(anchors, c->certs, c->count, &use, 1, 0, &status,
                                               NULL);
    if (r < 0)
        return say_failed(err, r, "the client certificate cannot be verified");
    return status == 0 ? 0 : refuse_client(err, status);
}

static bool is_among(const char *name, size_t bytes, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (pn_str_eq(pn_str_of(names[i]), (struct pn_str){name, bytes}))
            return true;
    }
    return false;
}

static bool has_name(gnutls_x509_crt_t cert, const char *const *names, size_t n)
{
    char name[PN_CLIENT_NAME_MAX_BYTES];
    size_t bytes = sizeof name;
    if (gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &bytes) == 0 &&
        is_among(name, bytes, names, n))
        return true;
    for (unsigned i = 0;; i++) {
        bytes = sizeof name;
        int type = gnutls_x509_crt_get_subject_alt_name(cert, i, name, &bytes, NULL);
        if (type == GNUTLS_E_SHORT_MEMORY_BUFFER) /* no name that anybody would allow */
            continue;
        if (type < 0)
            return false;
        if (type == GNUTLS_SAN_DNSNAME && is_among(name, bytes, names, n))
            return true;
    }
}

int pn_tls_verify_client(struct pn_tls *tls, void *session, const char *const *names, size_t n,
                         struct pn_err *err)
{
    PN_CLEANUP(chain_deinit) struct chain chain = {.count = 0};
    int r = read_chain(&chain, session, err);
    if (r == 0)
        r = check_chain(tls, &chain, err);
    if (r == 0 && n > 0 && !has_name(chain.certs[0], names, n))
        r = pn_err_set(err, PN_TLS_E_INVALID, "the client certificate's name is not allowed here");
    return r;
}
