/* SPDX-License-Identifier: Apache-2.0 */
#include "certs/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "base/buf.h"
#include "certs/name.h"
#include "certs/x509.h"

/* Beside one for each name that was asked about. */
enum { FINDINGS_MAX = 16 };

struct check {
    const struct pn_check_options *o;
    struct pn_check_report *report;
    struct pn_arena *arena;
    STACK_OF(X509) * certs; /* the leaf first */
    X509 *leaf;
    bool out_of_memory;
};

void pn_check_write_time(struct pn_buf *out, int64_t seconds)
{
    char text[32] = "?";
    time_t when = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&when, &tm) != NULL)
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    pn_buf_cstr(out, text);
}

/* What gathered in `text`, which lives in the arena. */
static struct pn_str finished(struct check *c, const struct pn_buf *text)
{
    c->out_of_memory = c->out_of_memory || text->failed;
    return pn_buf_view(text);
}

static void find(struct check *c, const char *id, const struct pn_buf *text)
{
    c->report->findings[c->report->finding_count++] = (struct pn_check_finding){id,
                                                                                finished(c, text)};
}

static void find_text(struct check *c, const char *id, const char *words)
{
    struct pn_buf text = PN_BUF_IN_ARENA(c->arena);
    pn_buf_cstr(&text, words);
    find(c, id, &text);
}

/* "words DATE" */
static void find_date(struct check *c, const char *id, const char *words, int64_t when)
{
    struct pn_buf text = PN_BUF_IN_ARENA(c->arena);
    pn_buf_printf(&text, "%s ", words);
    pn_check_write_time(&text, when);
    find(c, id, &text);
}

/* ---- what the certificate says ---------------------------------------------------------- */

static struct pn_str name_text(struct check *c, X509_NAME *name)
{
    struct pn_buf text = PN_BUF_IN_ARENA(c->arena);
    PN_CLEANUP(pn_x509_free_bio) BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    if (bio == NULL || X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0) {
        c->out_of_memory = true;
        return PN_STR_NULL;
    }
    long n = BIO_get_mem_data(bio, &bytes);
    pn_buf_append(&text, bytes, n > 0 ? (size_t)n : 0);
    return finished(c, &text);
}

static struct pn_str key_type(struct check *c)
{
    struct pn_buf text = PN_BUF_IN_ARENA(c->arena);
    EVP_PKEY *key = X509_get0_pubkey(c->leaf);
    char group[64] = "";
    size_t n = 0;
    if (key == NULL)
        pn_buf_cstr(&text, "unknown");
    else if (EVP_PKEY_get_group_name(key, group, sizeof group, &n) == 1)
        pn_buf_printf(&text, "%s %s", EVP_PKEY_get0_type_name(key),
                      strcmp(group, "prime256v1") == 0 ? "P-256" : group);
    else
        pn_buf_printf(&text, "%s %d", EVP_PKEY_get0_type_name(key), EVP_PKEY_get_bits(key));
    ERR_clear_error();
    return finished(c, &text);
}

/* A DNS name or address; s == NULL for other kinds, which no TLS client of ours looks at. */
static struct pn_str general_name(struct check *c, const GENERAL_NAME *name)
{
    struct pn_buf text = PN_BUF_IN_ARENA(c->arena);
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    if (type == GEN_DNS) {
        pn_buf_append(&text, ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    } else if (type == GEN_IPADD) {
        char address[INET6_ADDRSTRLEN] = "";
        int n = ASN1_STRING_length(value);
        if ((n != 4 && n != 16) ||
            inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), address,
                      sizeof address) == NULL)
            return PN_STR_NULL;
        pn_buf_cstr(&text, address);
    } else {
        return PN_STR_NULL;
    }
    return finished(c, &text);
}

static void read_names(struct check *c)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(c->leaf, NID_subject_alt_name, NULL, NULL);
    int n = all != NULL ? sk_GENERAL_NAME_num(all) : 0;
    struct pn_str *names = pn_arena_zalloc(c->arena, (size_t)n + 1, sizeof *names);
    size_t count = 0;
    for (int i = 0; i < n && names != NULL; i++) {
        struct pn_str name = general_name(c, sk_GENERAL_NAME_value(all, i));
        if (name.s != NULL)
            names[count++] = name;
    }
    GENERAL_NAMES_free(all);
    ERR_clear_error();
    c->out_of_memory = c->out_of_memory || names == NULL;
    c->report->names = names;
    c->report->name_count = count;
}

static void describe(struct check *c)
{
    c->report->subject = name_text(c, X509_get_subject_name(c->leaf));
    c->report->issuer = name_text(c, X509_get_issuer_name(c->leaf));
    c->report->key_type = key_type(c);
    c->report->not_before = pn_x509_not_before(c->leaf);
    c->report->not_after = pn_x509_not_after(c->leaf);
    read_names(c);
}

/* ---- what is wrong with it -------------------------------------------------------------- */

static void check_key(struct check *c, EVP_PKEY *key)
{
    if (key != NULL && X509_check_private_key(c->leaf, key) != 1)
        find_text(c, "key-mismatch", "the private key does not belong to the certificate");
    ERR_clear_error();
}

static void check_dates(struct check *c)
{
    const struct pn_check_report *r = c->report;
    if (r->not_before > c->o->now)
        find_date(c, "not-yet-valid", "the certificate is not valid before", r->not_before);
    if (r->not_after <= c->o->now)
        find_date(c, "expired", "the certificate expired on", r->not_after);
    else if (r->not_after - c->o->now < c->o->expires_within_seconds)
        find_date(c, "expires-soon", "the certificate expires on", r->not_after);
}

static bool is_for(X509 *cert, struct pn_str name)
{
    unsigned char ip[16];
    size_t n = pn_cert_name_read_ip(ip, name);
    if (n > 0)
        return X509_check_ip(cert, ip, n, 0) == 1;
    /* An empty name would be anything to OpenSSL. */
    return name.n > 0 && X509_check_host(cert, name.s, name.n,
                                         X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                                             X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                                         NULL) == 1;
}

static void check_names(struct check *c)
{
    if (c->report->name_count == 0)
        find_text(c, "no-names",
                  "the certificate has no subject alternative name, and clients ignore the common "
                  "name");
    for (size_t i = 0; i < c->o->name_count && c->report->name_count > 0; i++) {
        struct pn_buf text = PN_BUF_IN_ARENA(c->arena);
        if (is_for(c->leaf, c->o->names[i]))
            continue;
        pn_buf_printf(&text, "the certificate is not for '%.*s'", PN_STR_ARG(c->o->names[i]));
        find(c, "name-missing", &text);
    }
}

static void check_usage(struct check *c)
{
    uint32_t usage = X509_get_extended_key_usage(c->leaf); /* UINT32_MAX: does not say */
    if ((usage & (XKU_SSL_SERVER | XKU_ANYEKU)) == 0)
        find_text(c, "no-server-auth",
                  "the certificate's extended key usage does not include serverAuth");
}

static void check_signature(struct check *c)
{
    int digest = NID_undef;
    if (X509_get_signature_info(c->leaf, &digest, NULL, NULL, NULL) == 1 &&
        (digest == NID_sha1 || digest == NID_md5))
        find_text(c, "weak-signature",
                  "the certificate is signed with a hash that clients refuse: use SHA-256");
    ERR_clear_error();
}

/* The dates of those above the leaf. */
static void check_chain_dates(struct check *c, const STACK_OF(X509) * chain)
{
    for (int i = 1; i < sk_X509_num(chain); i++) {
        const X509 *cert = sk_X509_value(chain, i);
        int64_t not_after = pn_x509_not_after(cert);
        if (pn_x509_not_before(cert) > c->o->now)
            find_date(c, "ca-not-yet-valid", "its CA is not valid before",
                      pn_x509_not_before(cert));
        else if (not_after <= c->o->now)
            find_date(c, "ca-expired", "its CA expired on", not_after);
        else if (not_after - c->o->now < c->o->expires_within_seconds)
            find_date(c, "ca-expires-soon", "its CA expires on", not_after);
        else
            continue;
        return; /* one is enough to say; and the findings stay few */
    }
}

static void verify(struct check *c, X509_STORE_CTX *context)
{
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    /* Dates are told by themselves, and any certificate of the bundle is an anchor. */
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
    if (X509_verify_cert(context) == 1) {
        check_chain_dates(c, X509_STORE_CTX_get0_chain(context));
    } else {
        struct pn_buf text = PN_BUF_IN_ARENA(c->arena);
        pn_buf_printf(&text, "the CA file does not vouch for the certificate: %s",
                      X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
        find(c, "untrusted", &text);
    }
    ERR_clear_error();
}

static void check_chain(struct check *c, const STACK_OF(X509) * anchors)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool ready = store != NULL && context != NULL;
    for (int i = 0; ready && i < sk_X509_num(anchors); i++)
        ready = X509_STORE_add_cert(store, sk_X509_value(anchors, i)) == 1;
    if (ready && X509_STORE_CTX_init(context, store, c->leaf, c->certs) == 1)
        verify(c, context);
    else
        c->out_of_memory = true;
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
}

int pn_check_run(struct pn_check_report *ret, const struct pn_check_options *o, struct pn_arena *a,
                 struct pn_err *err)
{
    struct pn_check_report report = {0};
    PN_CLEANUP(pn_x509_free_certs) STACK_OF(X509) *certs = pn_x509_read_certs(o->cert);
    PN_CLEANUP(pn_x509_free_certs) STACK_OF(X509) *anchors = pn_x509_read_certs(o->ca);
    PN_CLEANUP(pn_x509_free_key) EVP_PKEY *key = pn_x509_read_key(o->key);
    if (certs == NULL)
        return pn_err_set(err, PN_CHECK_E_NO_PEM,
                          "the certificate is no PEM text of a certificate chain");
    if (o->key.s != NULL && key == NULL)
        return pn_err_set(err, PN_CHECK_E_NO_PEM,
                          "the private key is no PEM text of a key without password");
    if (o->ca.s != NULL && anchors == NULL)
        return pn_err_set(err, PN_CHECK_E_NO_PEM, "the CA file is no PEM text of certificates");
    report.findings = pn_arena_zalloc(a, FINDINGS_MAX + o->name_count, sizeof *report.findings);
    if (report.findings == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    struct check c = {
        .o = o, .report = &report, .arena = a, .certs = certs, .leaf = sk_X509_value(certs, 0)};
    describe(&c);
    check_key(&c, key);
    check_dates(&c);
    check_names(&c);
    check_usage(&c);
    check_signature(&c);
    if (anchors != NULL)
        check_chain(&c, anchors);
    if (c.out_of_memory)
        return pn_err_set(err, -ENOMEM, "out of memory");
    *ret = report;
    return 0;
}

size_t pn_check_count_certs(struct pn_str pem)
{
    PN_CLEANUP(pn_x509_free_certs) STACK_OF(X509) *certs = pn_x509_read_certs(pem);
    return certs != NULL ? (size_t)sk_X509_num(certs) : 0;
}

bool pn_check_is_signed_by(struct pn_str cert, struct pn_str ca)
{
    PN_CLEANUP(pn_x509_free_cert) X509 *signed_one = pn_x509_read_cert(cert);
    PN_CLEANUP(pn_x509_free_cert) X509 *signer = pn_x509_read_cert(ca);
    bool is_signed = signed_one != NULL && signer != NULL &&
                     X509_verify(signed_one, X509_get0_pubkey(signer)) == 1;
    ERR_clear_error();
    return is_signed;
}
