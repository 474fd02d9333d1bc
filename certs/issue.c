/* SPDX-License-Identifier: Apache-2.0 */
#include "certs/issue.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* RFC 5280 section 4.1.2.2 allows 20 octets; 128 random bits need no register of what was issued.
 */
enum { SERIAL_BITS = 128 };
/* RFC 1035 section 2.3.4. */
enum { DNS_NAME_MAX_BYTES = 253, DNS_LABEL_MAX_BYTES = 63 };
/* X.520 ub-common-name. */
enum { COMMON_NAME_MAX_BYTES = 64 };

static void key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void cert_free(X509 **cert)
{
    X509_free(*cert);
}

static void bio_free(BIO **bio)
{
    BIO_free(*bio);
}

void pn_issued_deinit(struct pn_issued *issued)
{
    if (issued->key.data != NULL)
        OPENSSL_cleanse(issued->key.data, issued->key.cap);
    pn_buf_deinit(&issued->ca_cert);
    pn_buf_deinit(&issued->cert);
    pn_buf_deinit(&issued->key);
}

static int openssl_failed(struct pn_err *err, const char *doing)
{
    char why[256] = "no reason given";
    unsigned long code = ERR_get_error();
    if (code != 0)
        ERR_error_string_n(code, why, sizeof why);
    ERR_clear_error();
    return pn_err_set(err, -EIO, "%s: %s", doing, why);
}

/* ---- names ------------------------------------------------------------------------------ */

static bool is_dns_label(struct pn_str label)
{
    if (label.n == 0 || label.n > DNS_LABEL_MAX_BYTES)
        return false;
    for (size_t i = 0; i < label.n; i++) {
        char c = label.s[i];
        bool inner = i > 0 && i + 1 < label.n;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              (inner && (c == '-' || c == '_'))))
            return false;
    }
    return true;
}

/* Checked here, since a wrong name would be signed without a word and fail in the handshake. */
static bool is_dns_name(struct pn_str name)
{
    if (name.n == 0 || name.n > DNS_NAME_MAX_BYTES)
        return false;
    if (pn_str_has_prefix(name, PN_STR("*.")))
        name = (struct pn_str){name.s + 2, name.n - 2};
    for (struct pn_str rest = name; rest.s != NULL;) {
        if (!is_dns_label(pn_str_split(&rest, '.')))
            return false;
    }
    return true;
}

/* Bytes of the address that `name` spells (4 or 16), or 0 when it spells none. */
static size_t parse_ip(unsigned char ret[16], struct pn_str name)
{
    char text[INET6_ADDRSTRLEN];
    if (name.n == 0 || name.n >= sizeof text || memchr(name.s, '\0', name.n) != NULL)
        return 0;
    memcpy(text, name.s, name.n);
    text[name.n] = '\0';
    if (inet_pton(AF_INET, text, ret) == 1)
        return 4;
    return inet_pton(AF_INET6, text, ret) == 1 ? 16 : 0;
}

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
        size_t ip_bytes = parse_ip(ip, o->names[i]);
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

/* What both certificates have in common. `issuer` may be `cert` itself. */
static bool set_frame(X509 *cert, X509 *issuer, EVP_PKEY *key, const struct pn_issue_options *o)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_random_serial(cert) &&
           X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)o->not_before) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)o->not_after) != NULL &&
           X509_set_pubkey(cert, key) == 1;
}

static X509 *make_ca(EVP_PKEY *key, const struct pn_issue_options *o)
{
    X509 *ca = X509_new();
    if (ca != NULL && set_common_name(ca, PN_STR("pannier-ca")) && set_frame(ca, ca, key, o) &&
        add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(ca, ca, NID_subject_key_identifier, "hash") &&
        add_extension(ca, ca, NID_authority_key_identifier, "keyid:always") &&
        X509_sign(ca, key, EVP_sha256()) > 0)
        return ca;
    X509_free(ca);
    return NULL;
}

static X509 *make_serving(EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key,
                          const struct pn_issue_options *o)
{
    X509 *cert = X509_new();
    if (cert != NULL && set_common_name(cert, o->names[0]) && set_frame(cert, ca, key, o) &&
        add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(cert, ca, NID_key_usage, "critical,digitalSignature") &&
        add_extension(cert, ca, NID_ext_key_usage, "serverAuth") && add_names(cert, o) &&
        add_extension(cert, ca, NID_subject_key_identifier, "hash") &&
        add_extension(cert, ca, NID_authority_key_identifier, "keyid:always") &&
        X509_sign(cert, ca_key, EVP_sha256()) > 0)
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
    PN_CLEANUP(bio_free) BIO *bio = BIO_new(BIO_s_mem());
    return bio != NULL && PEM_write_bio_X509(bio, cert) == 1 && take_text(out, bio);
}

static bool write_key(struct pn_buf *out, EVP_PKEY *key)
{
    /* A secure-memory BIO wipes what it frees. */
    PN_CLEANUP(bio_free) BIO *bio = BIO_new(BIO_s_secmem());
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
        if (parse_ip(ip, name) == 0 && !is_dns_name(name))
            return pn_err_set(err, PN_ISSUE_E_INVALID,
                              "'%.*s' is neither a DNS name nor an IP address", PN_STR_ARG(name));
    }
    if (o->not_after <= o->not_before)
        return pn_err_set(err, PN_ISSUE_E_INVALID, "the certificate would end before it begins");
    return 0;
}

int pn_issue_chain(struct pn_issued *ret, const struct pn_issue_options *o, struct pn_err *err)
{
    int r = check_options(o, err);
    if (r != 0)
        return r;
    PN_CLEANUP(key_free) EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    PN_CLEANUP(key_free) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (ca_key == NULL || key == NULL)
        return openssl_failed(err, "making a P-256 key");
    PN_CLEANUP(cert_free) X509 *ca = make_ca(ca_key, o);
    if (ca == NULL)
        return openssl_failed(err, "making the CA certificate");
    PN_CLEANUP(cert_free) X509 *cert = make_serving(key, ca, ca_key, o);
    if (cert == NULL)
        return openssl_failed(err, "making the serving certificate");
    PN_CLEANUP(pn_issued_deinit) struct pn_issued made = PN_ISSUED_INIT;
    if (!write_cert(&made.ca_cert, ca) || !write_cert(&made.cert, cert) ||
        !write_key(&made.key, key))
        return openssl_failed(err, "writing PEM");
    *ret = made;
    made = (struct pn_issued)PN_ISSUED_INIT;
    return 0;
}
