/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "certs/check.h"
#include "certs/issue.h"

enum { NOT_BEFORE = 1700000000, NOT_AFTER = 1800000000 };

static X509 *read_cert(const struct pn_buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ck_assert_ptr_nonnull(cert);
    return cert;
}

static EVP_PKEY *read_key(const struct pn_buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ck_assert_ptr_nonnull(key);
    return key;
}

/* X509_V_OK or why `cert` is no TLS server certificate of `ca` at `when`. */
static int verify(X509 *cert, X509 *ca, time_t when)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    X509_STORE_add_cert(store, ca);
    X509_STORE_CTX_init(context, store, cert, NULL);
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, when);
    X509_VERIFY_PARAM_set_flags(parameters,
                                X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    X509_verify_cert(context);
    int code = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return code;
}

static struct pn_issue_options options_of(const struct pn_str *names, size_t n)
{
    return (struct pn_issue_options){
        .names = names, .name_count = n, .not_before = NOT_BEFORE, .not_after = NOT_AFTER};
}

START_TEST(a_chain_verifies_within_its_dates)
{
    const struct pn_str names[] = {PN_STR("pannier.pannier-system.svc"), PN_STR("*.example.org"),
                                   PN_STR("127.0.0.1"), PN_STR("::1")};
    struct pn_issue_options o = options_of(names, 4);
    struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_int_eq(pn_issue_chain(&issued, &o, &err), 0);
    X509 *ca = read_cert(&issued.ca_cert), *cert = read_cert(&issued.cert);
    EVP_PKEY *key = read_key(&issued.key);

    ck_assert_int_eq(verify(cert, ca, NOT_BEFORE + 1), X509_V_OK);
    ck_assert_int_eq(verify(cert, ca, NOT_AFTER - 1), X509_V_OK);
    ck_assert_int_eq(verify(cert, ca, NOT_BEFORE - 1), X509_V_ERR_CERT_NOT_YET_VALID);
    ck_assert_int_eq(verify(cert, ca, NOT_AFTER + 1), X509_V_ERR_CERT_HAS_EXPIRED);
    ck_assert_int_eq(X509_check_private_key(cert, key), 1);
    ck_assert_int_eq(X509_check_private_key(ca, key), 0);

    ck_assert_int_eq(X509_check_host(cert, "pannier.pannier-system.svc", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_host(cert, "a.example.org", 0, 0, NULL), 1);
    ck_assert_int_eq(X509_check_host(cert, "example.com", 0, 0, NULL), 0);
    ck_assert_int_eq(X509_check_ip_asc(cert, "127.0.0.1", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(cert, "::1", 0), 1);
    ck_assert_int_eq(X509_check_ip_asc(cert, "127.0.0.2", 0), 0);

    EVP_PKEY_free(key);
    X509_free(cert);
    X509_free(ca);
    pn_issued_deinit(&issued);
}
END_TEST

START_TEST(extensions_are_what_tls_clients_ask_for)
{
    const struct pn_str names[] = {PN_STR("localhost")};
    struct pn_issue_options o = options_of(names, 1);
    struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_int_eq(pn_issue_chain(&issued, &o, &err), 0);
    X509 *ca = read_cert(&issued.ca_cert), *cert = read_cert(&issued.cert);

    ck_assert_int_eq(X509_get_version(ca), X509_VERSION_3);
    ck_assert_int_eq(X509_get_version(cert), X509_VERSION_3);
    ck_assert_int_eq(X509_check_ca(ca), 1);
    ck_assert_int_eq(X509_check_ca(cert), 0);
    ck_assert_int_eq(X509_get_pathlen(ca), 0);
    ck_assert_uint_eq(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    ck_assert_uint_eq(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
    ck_assert_uint_eq(X509_get_extended_key_usage(cert), XKU_SSL_SERVER);
    ck_assert_int_eq(X509_get_signature_nid(cert), NID_ecdsa_with_SHA256);
    ck_assert_int_eq(EVP_PKEY_get_bits(X509_get0_pubkey(cert)), 256);
    ck_assert_ptr_nonnull(X509_get0_subject_key_id(cert));
    ck_assert_int_eq(
        ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(cert), X509_get0_subject_key_id(ca)), 0);
    ck_assert_int_eq(X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(ca)), 0);

    X509_free(cert);
    X509_free(ca);
    pn_issued_deinit(&issued);
}
END_TEST

START_TEST(every_issue_is_another)
{
    const struct pn_str names[] = {PN_STR("localhost")};
    struct pn_issue_options o = options_of(names, 1);
    struct pn_issued a = PN_ISSUED_INIT, b = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_int_eq(pn_issue_chain(&a, &o, &err), 0);
    ck_assert_int_eq(pn_issue_chain(&b, &o, &err), 0);
    X509 *cert = read_cert(&a.cert), *other_cert = read_cert(&b.cert);
    X509 *ca = read_cert(&a.ca_cert), *other_ca = read_cert(&b.ca_cert);
    const ASN1_INTEGER *serials[] = {X509_get0_serialNumber(cert),
                                     X509_get0_serialNumber(other_cert), X509_get0_serialNumber(ca),
                                     X509_get0_serialNumber(other_ca)};
    for (size_t i = 0; i < 4; i++) {
        BIGNUM *n = ASN1_INTEGER_to_BN(serials[i], NULL);
        ck_assert_int_eq(BN_is_negative(n), 0);
        ck_assert_int_eq(BN_num_bits(n) > 64 && BN_num_bits(n) <= 128, 1);
        BN_free(n);
        for (size_t j = 0; j < i; j++)
            ck_assert_int_ne(ASN1_INTEGER_cmp(serials[i], serials[j]), 0);
    }
    ck_assert_int_ne(verify(cert, other_ca, NOT_BEFORE + 1), X509_V_OK);
    ck_assert(!pn_str_eq(pn_buf_view(&a.key), pn_buf_view(&b.key)));
    X509_free(cert);
    X509_free(other_cert);
    X509_free(ca);
    X509_free(other_ca);
    pn_issued_deinit(&a);
    pn_issued_deinit(&b);
}
END_TEST

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static const struct {
    const char *name;
    bool valid;
} names_cases[] = {
    {"localhost", true},
    {"LOCALHOST", true},
    {"a_b.example", true},
    {"*.example.org", true},
    {"1.2.3", true}, /* labels may be digits */
    {"192.0.2.1", true},
    {"2001:db8::1", true},
    {LABEL_63 ".org", true},
    {LABEL_63 "x.org", false},
    {LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, false}, /* 255 bytes */
    {"", false},
    {".", false},
    {"a..b", false},
    {"a.", false},
    {"-a.org", false},
    {"a-.org", false},
    {"a b", false},
    {"*", false},
    {"*.*.org", false},
    {"a.*.org", false},
    {"https://a", false},
    {"a:8443", false},
    {"2001:db8::g", false},
    {"\xc3\xa4.org", false},
};

START_TEST(names_are_checked)
{
    const struct pn_str names[] = {PN_STR("localhost"), pn_str_of(names_cases[_i].name)};
    struct pn_issue_options o = options_of(names, 2);
    struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_issue_chain(&issued, &o, &err);
    ck_assert_msg(r == (names_cases[_i].valid ? 0 : PN_ISSUE_E_INVALID), "%s: %d %s",
                  names_cases[_i].name, r, err.text);
    if (r != 0) {
        ck_assert_ptr_null(issued.cert.data);
        ck_assert_ptr_nonnull(strstr(err.text, "neither a DNS name nor an IP address"));
    }
    pn_issued_deinit(&issued);
}
END_TEST

START_TEST(senseless_options_are_refused)
{
    const struct pn_str names[] = {PN_STR("localhost"), {"a\0b", 3}};
    struct pn_issue_options o = options_of(names, 0);
    struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_int_eq(pn_issue_chain(&issued, &o, &err), PN_ISSUE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "needs a name"));
    o = options_of(names, 2);
    ck_assert_int_eq(pn_issue_chain(&issued, &o, &err), PN_ISSUE_E_INVALID);
    o = options_of(names, 1);
    o.not_after = o.not_before;
    ck_assert_int_eq(pn_issue_chain(&issued, &o, &err), PN_ISSUE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "end before"));
    ck_assert_ptr_null(issued.key.data);
}
END_TEST

START_TEST(dates_beyond_2050_are_written)
{
    /* UTCTime ends in 2049 (RFC 5280 section 4.1.2.5). */
    const struct pn_str names[] = {PN_STR("localhost")};
    struct pn_issue_options o = options_of(names, 1);
    o.not_after = INT64_C(4102444800); /* 2100-01-01 */
    struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_int_eq(pn_issue_chain(&issued, &o, &err), 0);
    X509 *ca = read_cert(&issued.ca_cert), *cert = read_cert(&issued.cert);
    ck_assert_int_eq(ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), (time_t)o.not_after), 0);
    ck_assert_int_eq(verify(cert, ca, (time_t)o.not_after - 1), X509_V_OK);
    X509_free(cert);
    X509_free(ca);
    pn_issued_deinit(&issued);
}
END_TEST

/* ---- a given CA ------------------------------------------------------------------------ */

static struct pn_issued issue_at(int64_t not_before, int64_t not_after, int64_t ca_not_after,
                                 const struct pn_issued *ca)
{
    static const struct pn_str names[] = {PN_STR_INIT("localhost")};
    struct pn_issued issued = PN_ISSUED_INIT;
    struct pn_err err = PN_ERR_INIT;
    struct pn_issue_options o = {.names = names,
                                 .name_count = 1,
                                 .not_before = not_before,
                                 .not_after = not_after,
                                 .ca_not_after = ca_not_after,
                                 .now = not_before};
    if (ca != NULL) {
        o.ca_cert = pn_buf_view(&ca->ca_cert);
        o.ca_key = pn_buf_view(&ca->ca_key);
    }
    ck_assert_msg(pn_issue_chain(&issued, &o, &err) == 0, "%s", err.text);
    return issued;
}

START_TEST(a_ca_signs_again_and_nothing_outlives_it)
{
    struct pn_issued first = issue_at(1000, 2000, 5000, NULL);
    struct pn_issued second = issue_at(3000, 9000, 0, &first);
    ck_assert(pn_str_eq(pn_buf_view(&first.ca_cert), pn_buf_view(&second.ca_cert)));
    ck_assert(!pn_str_eq(pn_buf_view(&first.key), pn_buf_view(&second.key)));
    ck_assert_int_eq(first.not_after, 2000);
    ck_assert_int_eq(second.not_after, 5000);
    ck_assert_int_eq(second.ca_not_after, 5000);
    X509 *ca = read_cert(&first.ca_cert), *cert = read_cert(&second.cert);
    ck_assert_int_eq(verify(cert, ca, 4999), X509_V_OK);
    ck_assert(pn_check_is_signed_by(pn_buf_view(&second.cert), pn_buf_view(&first.ca_cert)));
    ck_assert(!pn_check_is_signed_by(pn_buf_view(&second.ca_cert), pn_buf_view(&second.cert)));
    X509_free(ca);
    X509_free(cert);
    pn_issued_deinit(&first);
    pn_issued_deinit(&second);
}
END_TEST

START_TEST(a_ca_out_of_its_dates_does_not_sign)
{
    static const struct pn_str names[] = {PN_STR_INIT("localhost")};
    static const struct {
        int64_t now;
        const char *why;
    } cases[] = {{999, "not valid yet"}, {5000, "expired"}};
    struct pn_issued ca = issue_at(1000, 2000, 5000, NULL), issued = PN_ISSUED_INIT;
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_err err = PN_ERR_INIT;
        struct pn_issue_options o = {.names = names,
                                     .name_count = 1,
                                     .not_before = cases[i].now - 500,
                                     .not_after = 9000,
                                     .ca_cert = pn_buf_view(&ca.ca_cert),
                                     .ca_key = pn_buf_view(&ca.ca_key),
                                     .now = cases[i].now};
        ck_assert_int_eq(pn_issue_chain(&issued, &o, &err), PN_ISSUE_E_INVALID);
        ck_assert_ptr_nonnull(strstr(err.text, cases[i].why));
    }
    pn_issued_deinit(&ca);
}
END_TEST

/* ---- checking -------------------------------------------------------------------------- */

/* The ids of what is found, each followed by a blank. */
static const char *findings_of(const struct pn_issued *issued, int64_t now, int64_t within)
{
    static char ids[256];
    struct pn_arena *arena = NULL;
    struct pn_check_report report;
    struct pn_err err = PN_ERR_INIT;
    struct pn_check_options o = {.cert = pn_buf_view(&issued->cert),
                                 .key = pn_buf_view(&issued->key),
                                 .ca = pn_buf_view(&issued->ca_cert),
                                 .now = now,
                                 .expires_within_seconds = within};
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
    ck_assert_msg(pn_check_run(&report, &o, arena, &err) == 0, "%s", err.text);
    ids[0] = '\0';
    for (size_t i = 0; i < report.finding_count; i++) {
        strcat(ids, report.findings[i].id);
        strcat(ids, " ");
    }
    pn_arena_free(arena);
    return ids;
}

START_TEST(dates_are_findings)
{
    struct pn_issued issued = issue_at(1000, 2000, 5000, NULL);
    ck_assert_str_eq(findings_of(&issued, 999, 0), "not-yet-valid ca-not-yet-valid ");
    ck_assert_str_eq(findings_of(&issued, 1000, 0), "");
    ck_assert_str_eq(findings_of(&issued, 1999, 0), "");
    ck_assert_str_eq(findings_of(&issued, 1500, 500), "");
    ck_assert_str_eq(findings_of(&issued, 1500, 501), "expires-soon ");
    ck_assert_str_eq(findings_of(&issued, 1500, 3501), "expires-soon ca-expires-soon ");
    ck_assert_str_eq(findings_of(&issued, 2000, 0), "expired ");
    ck_assert_str_eq(findings_of(&issued, 5000, 0), "expired ca-expired ");
    pn_issued_deinit(&issued);
}
END_TEST

START_TEST(a_text_that_breaks_off_anywhere_is_no_certificate)
{
    struct pn_issued issued = issue_at(1000, 2000, 5000, NULL);
    struct pn_str whole = pn_buf_view(&issued.cert);
    ck_assert_uint_eq(pn_check_count_certs(whole), 1);
    /* The last line break may be missing. */
    for (size_t n = 0; n + 1 < whole.n; n++)
        ck_assert_msg(pn_check_count_certs((struct pn_str){whole.s, n}) == 0, "%zu bytes", n);
    pn_issued_deinit(&issued);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("certs");
    TCase *tcase = tcase_create("issue");
    tcase_add_test(tcase, a_chain_verifies_within_its_dates);
    tcase_add_test(tcase, extensions_are_what_tls_clients_ask_for);
    tcase_add_test(tcase, every_issue_is_another);
    tcase_add_loop_test(tcase, names_are_checked, 0, PN_COUNT_OF(names_cases));
    tcase_add_test(tcase, senseless_options_are_refused);
    tcase_add_test(tcase, dates_beyond_2050_are_written);
    tcase_add_test(tcase, a_ca_signs_again_and_nothing_outlives_it);
    tcase_add_test(tcase, a_ca_out_of_its_dates_does_not_sign);
    tcase_add_test(tcase, dates_are_findings);
    tcase_add_test(tcase, a_text_that_breaks_off_anywhere_is_no_certificate);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
