/* SPDX-License-Identifier: Apache-2.0 */
#include "certs/issue.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "certs/name.h"
#include "certs/x509.h"

/* RFC 5280 section 4.1.2.2 allows 20 octets; 128 random bits need no register of what was issued.
 */
enum { SERIAL_BITS = 128 };
/* X.520 ub-common-name. */
enum { COMMON_NAME_MAX_BYTES = 64 };

void pn_issued_deinit(struct pn_issued *issued)
{
    struct pn_buf *keys[] = {&issued->ca_key, &issued->key};
    for (size_t i = 0; i < PN_COUNT_OF(keys); i++) {
        if (keys[i]->data != NULL)
            OPENSSL_cleanse(keys[i]->data, keys[i]->cap);
        pn_buf_deinit(keys[i]);
    }
    pn_buf_deinit(&issued->ca_cert);
    pn_buf_deinit(&issued->cert);
}

/* ---- names ------------------------------------------------------------------------------ */

static bool push_name(GENERAL_NAMES *names, int type, const void *bytes, size_t n)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_STRING *value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    if (name == NULL || value == NULL || ASN1_STRING_set(value, bytes, (int)n) != 1) {
        ASN1_STRING_free(value);
        GENERAL_NAME_free(name);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    if (sk_GENERAL_NAME_push(names, name) <= 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

static bool add_names(X509 *cert, const struct pn_issue_options *o)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    bool done = names != NULL;
    for (size_t i = 0; done && i < o->name_count; i++) {
        unsigned char ip[16];
        size_t ip_bytes = pn_cert_name_read_ip(ip, o->names[i]);
        done = ip_bytes > 0 ? push_name(names, GEN_IPADD, ip, ip_bytes)
                            : push_name(names, GEN_DNS, o->names[i].s, o->names[i].n);
    }
    done = done && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND) == 1;
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    return done;
}

/* ---- certificates ----------------------------------------------------------------------- */

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL)
        return false;
    bool added = X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_random_serial(X509 *cert)
{
    BIGNUM *serial = BN_new();
    bool done = serial != NULL;
    do { /* zero is no serial number; one turn in 2^128 */
        done = done && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1;
    } while (done && BN_is_zero(serial));
    done = done && BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert)) != NULL;
    BN_free(serial);
    return done;
}

static bool set_common_name(X509 *cert, struct pn_str name)
{
    size_t n = name.n < COMMON_NAME_MAX_BYTES ? name.n : COMMON_NAME_MAX_BYTES;
    return X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, MBSTRING_ASC,
                                      (const unsigned char *)name.s, (int)n, -1, 0) == 1;
}

struct dates {
    int64_t not_before, not_after;
};

/* What both certificates have in common. `issuer` may be `cert` itself. */
static bool set_frame(X509 *cert, X509 *issuer, EVP_PKEY *key, struct dates dates)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_random_serial(cert) &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)dates.not_before) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)dates.not_after) != NULL &&
           X509_set_pubkey(cert, key) == 1;
}

/* Edwards curves hash by themselves. */
static bool sign(X509 *cert, EVP_PKEY *key)
{
    bool hashes = EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
    return X509_sign(cert, key, hashes ? NULL : EVP_sha256()) > 0;
}

static X509 *make_ca(EVP_PKEY *key, const struct pn_issue_options *o)
{
    struct dates dates = {o->not_before, o->ca_not_after > 0 ? o->ca_not_after : o->not_after};
    X509 *ca = X509_new();
    if (ca != NULL && set_common_name(ca, PN_STR("pannier-ca")) && set_frame(ca, ca, key, dates) &&
        add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(ca, ca, NID_subject_key_identifier, "hash") &&
        add_extension(ca, ca, NID_authority_key_identifier, "keyid:always") && sign(ca, key))
        return ca;
    X509_free(ca);
    return NULL;
}

/* No longer valid than the CA: clients ask for both. */
static struct dates dates_within(const X509 *ca, const struct pn_issue_options *o)
{
    struct dates dates = {pn_x509_not_before(ca), pn_x509_not_after(ca)};
    if (dates.not_before < o->not_before)
        dates.not_before = o->not_before;
    if (dates.not_after > o->not_after)
        dates.not_after = o->not_after;
    return dates;
}

static X509 *make_serving(EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key,
                          const struct pn_issue_options *o)
{
    X509 *cert = X509_new();
    if (cert != NULL && set_common_name(cert, o->names[0]) &&
        set_frame(cert, ca, key, dates_within(ca, o)) &&
        add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(cert, ca, NID_key_usage, "critical,digitalSignature") &&
        add_extension(cert, ca, NID_ext_key_usage, "serverAuth") && add_names(cert, o) &&
        add_extension(cert, ca, NID_subject_key_identifier, "hash") &&
        add_extension(cert, ca, NID_authority_key_identifier, "keyid") && sign(cert, ca_key))
        return cert;
    X509_free(cert);
    return NULL;
}

/* ---- PEM -------------------------------------------------------------------------------- */

static bool take_text(struct pn_buf *out, BIO *bio)
{
    char *text = NULL;
    long n = BIO_get_mem_data(bio, &text);
    if (n <= 0)
        return false;
    pn_buf_append(out, text, (size_t)n);
    return !out->failed;
}

static bool write_cert(struct pn_buf *out, X509 *cert)
{
    PN_CLEANUP(pn_x509_free_bio) BIO *bio = BIO_new(BIO_s_mem());
    return bio != NULL && PEM_write_bio_X509(bio, cert) == 1 && take_text(out, bio);
}

static bool write_key(struct pn_buf *out, EVP_PKEY *key)
{
    /* A secure-memory BIO wipes what it frees. */
    PN_CLEANUP(pn_x509_free_bio) BIO *bio = BIO_new(BIO_s_secmem());
    return bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
           take_text(out, bio);
}

static int check_options(const struct pn_issue_options *o, struct pn_err *err)
{
    unsigned char ip[16];
    if (o->name_count == 0)
        return pn_err_set(err, PN_ISSUE_E_INVALID, "a serving certificate needs a name");
    for (size_t i = 0; i < o->name_count; i++) {
        struct pn_str name = o->names[i];
        if (pn_cert_name_read_ip(ip, name) == 0 && !pn_cert_name_is_dns(name))
            return pn_err_set(err, PN_ISSUE_E_INVALID,
                              "'%.*s' is neither a DNS name nor an IP address", PN_STR_ARG(name));
    }
    if (o->not_after <= o->not_before)
        return pn_err_set(err, PN_ISSUE_E_INVALID, "the certificate would end before it begins");
    return 0;
}

/* ---- the CA ----------------------------------------------------------------------------- */

struct authority {
    X509 *cert;
    EVP_PKEY *key;
};

static void authority_deinit(struct authority *ca)
{
    X509_free(ca->cert);
    EVP_PKEY_free(ca->key);
}

static int new_authority(struct authority *ca, const struct pn_issue_options *o, struct pn_err *err)
{
    ca->key = EVP_EC_gen("P-256");
    ca->cert = ca->key != NULL ? make_ca(ca->key, o) : NULL;
    return ca->cert != NULL ? 0 : pn_x509_failed(err, -EIO, "making the CA certificate");
}

static int given_authority(struct authority *ca, const struct pn_issue_options *o,
                           struct pn_err *err)
{
    ca->cert = pn_x509_read_cert(o->ca_cert);
    if (ca->cert == NULL)
        return pn_err_set(err, PN_ISSUE_E_INVALID, "the CA certificate is no PEM text of one");
    ca->key = pn_x509_read_key(o->ca_key);
    if (ca->key == NULL)
        return pn_err_set(err, PN_ISSUE_E_INVALID,
                          "the CA's key is no PEM text of a private key without password");
    if (X509_check_ca(ca->cert) != 1)
        return pn_err_set(err, PN_ISSUE_E_INVALID,
                          "the CA certificate is not one that may sign others");
    if (X509_check_private_key(ca->cert, ca->key) != 1) {
        ERR_clear_error();
        return pn_err_set(err, PN_ISSUE_E_INVALID,
                          "the CA's key does not belong to the CA certificate");
    }
    if (pn_x509_not_after(ca->cert) <= o->now)
        return pn_err_set(err, PN_ISSUE_E_INVALID, "the CA certificate has expired");
    if (pn_x509_not_before(ca->cert) > o->now)
        return pn_err_set(err, PN_ISSUE_E_INVALID, "the CA certificate is not valid yet");
    return 0;
}

static bool write_authority(struct pn_issued *out, const struct authority *ca,
                            const struct pn_issue_options *o)
{
    if (o->ca_cert.s == NULL)
        return write_cert(&out->ca_cert, ca->cert) && write_key(&out->ca_key, ca->key);
    pn_buf_str(&out->ca_cert, o->ca_cert);
    pn_buf_str(&out->ca_key, o->ca_key);
    return !out->ca_cert.failed && !out->ca_key.failed;
}

int pn_issue_chain(struct pn_issued *ret, const struct pn_issue_options *o, struct pn_err *err)
{
    PN_CLEANUP(authority_deinit) struct authority ca = {0};
    int r = check_options(o, err);
    if (r == 0)
        r = o->ca_cert.s != NULL ? given_authority(&ca, o, err) : new_authority(&ca, o, err);
    if (r != 0)
        return r;
    PN_CLEANUP(pn_x509_free_key) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL)
        return pn_x509_failed(err, -EIO, "making a P-256 key");
    PN_CLEANUP(pn_x509_free_cert) X509 *cert = make_serving(key, ca.cert, ca.key, o);
    if (cert == NULL)
        return pn_x509_failed(err, -EIO, "making the serving certificate");
    PN_CLEANUP(pn_issued_deinit) struct pn_issued made = PN_ISSUED_INIT;
    if (!write_authority(&made, &ca, o) || !write_cert(&made.cert, cert) ||
        !write_key(&made.key, key))
        return pn_x509_failed(err, -EIO, "writing PEM");
    made.not_after = pn_x509_not_after(cert);
    made.ca_not_after = pn_x509_not_after(ca.cert);
    *ret = made;
    made = (struct pn_issued)PN_ISSUED_INIT;
    return 0;
}
