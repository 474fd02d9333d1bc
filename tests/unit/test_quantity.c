/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>

#include "base/value.h"
#include "kube/quantity.h"

/* Values from Kubernetes' ParseQuantity; thousands more are in tests/conformance. */

static struct pn_quantity parse(const char *text)
{
    struct pn_quantity q;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_msg(pn_quantity_parse(&q, pn_str_of(text), &err) == 0, "\"%s\": %s", text, err.text);
    return q;
}

static void assert_written(const struct pn_quantity *q, const char *expected)
{
    struct pn_buf text = PN_BUF_INIT;
    pn_quantity_write(&text, q);
    ck_assert_msg(pn_str_is(pn_buf_view(&text), expected), "expected %s, got %.*s", expected,
                  PN_STR_ARG(pn_buf_view(&text)));
    pn_buf_deinit(&text);
}

START_TEST(canonical_form)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"0", "0"},
        {"1E", "1E"},
        {"1E3", "1E3"},
        {"1000E-3", "1"},
        {"0.5", "500m"},
        {".5", "500m"},
        {"1000m", "1"},
        {"1000000", "1M"},
        {"1025", "1025"},
        {"1.5Gi", "1536Mi"},
        {"1024Mi", "1Gi"},
        {"1Gi", "1Gi"},
        {".001Ki", "1024m"},
        {"1.1Ki", "1126400m"},
        {"0.5Ki", "512"},
        {"1023Ki", "1023Ki"},
        {"1000Ki", "1000Ki"},
        {"12e6", "12e6"},
        {"12e5", "1200e3"},
        {"1e-10", "1e-9"},
        {"3.001n", "4n"},
        {"-0.1n", "-1n"},
        {"-1.5", "-1500m"},
        /* echoed, because they look canonical to Kubernetes */
        {"+1", "+1"},
        {"0100m", "0100m"},
        {"1.500", "1.500"},
        {"1.", "1."},
        /* capped; only binary ones are */
        {"9Ei", "9223372036854775807"},
        {"-9Ei", "-9223372036854775807"},
        {"99999999999999999999999999Ki", "9223372036854775807"},
        {"12E", "12E"},
        /* texts without a digit */
        {".", "0"},
        {"+", "0"},
        {"-Ki", "0"},
        {"e3", "0"},
        {"-0", "0"},
        /* the suffix is lost upstream */
        {"1000000000000000000000", "1"},
        {"1e21", "1e21"},
        /* the low 32 bits of an exponent */
        {"1e4294967299", "1e4294967299"},
        {"10e4294967299", "10e4294967299"},
        {"1000e4294967299", "1e6"},
        {"0.000000000000000000000000000000000000000000000000000000001", "1n"},
        {"1.000000000000000000000000000000000000000000000000000000000", "1"},
        {"170000000000000000000000000000000000000000000", "170"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_quantity q = parse(cases[i].text);
        assert_written(&q, cases[i].canonical);
        q.as_written = PN_STR_NULL; /* what is computed reads back as the same value */
        struct pn_buf text = PN_BUF_INIT;
        pn_quantity_write(&text, &q);
        if (q.exp10 < 21) {
            struct pn_quantity back;
            ck_assert_int_eq(pn_quantity_parse(&back, pn_buf_view(&text), NULL), 0);
            ck_assert_msg(pn_quantity_cmp(&q, &back) == 0, "%s", cases[i].text);
        }
        pn_buf_deinit(&text);
    }
}
END_TEST

START_TEST(invalid_texts)
{
    static const struct {
        struct pn_str text;
        int result;
    } cases[] = {
        {PN_STR_INIT(""), PN_QUANTITY_E_INVALID},
        {{NULL, 0}, PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1e"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1K"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1ki"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1KiB"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1 Gi"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT(" 1"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1 "), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1e3.5"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1.2.3"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("0x1"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("--1"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1e+"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1e99999999999999999999"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1\0"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("1\xd9\xa3"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("Ei"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT(".Ei"), PN_QUANTITY_E_INVALID},
        {PN_STR_INIT("170141183460469231731687303715884105728"), PN_QUANTITY_E_RANGE},
        {PN_STR_INIT("0.1234567890123456789012345678901234567Gi"), PN_QUANTITY_E_RANGE},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_quantity q = {.exp10 = 42};
        struct pn_err err = PN_ERR_INIT;
        ck_assert_msg(pn_quantity_parse(&q, cases[i].text, &err) == cases[i].result, "\"%.*s\"",
                      PN_STR_ARG(cases[i].text));
        ck_assert_str_ne(err.text, "");
        ck_assert_int_eq(q.exp10, 42);
    }
    struct pn_err err = PN_ERR_INIT;
    struct pn_quantity q;
    ck_assert_int_eq(pn_quantity_parse(&q, PN_STR("64mb"), &err), PN_QUANTITY_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "\"64mb\""));
    ck_assert_ptr_nonnull(strstr(err.text, "such as 100m"));
}
END_TEST

START_TEST(units_and_thousandths_round_up)
{
    static const struct {
        const char *text, *value, *milli; /* "": does not fit */
    } cases[] = {
        {"0", "0", "0"},
        {"1n", "1", "1"},
        {"100m", "1", "100"},
        {"1.0001", "2", "1001"},
        {"-1.5", "-2", "-1500"},
        {"-0.5m", "-1", "-1"},
        {"1Ki", "1024", "1024000"},
        {"1E", "1000000000000000000", ""},
        {"9223372036854775807", "9223372036854775807", ""},
        {"9223372036854775807.1", "", ""},
        {"9223372036854775808", "", ""},
        {"-9223372036854775808", "-9223372036854775808", ""},
        {"9223372036854775807m", "9223372036854776", "9223372036854775807"},
        {"1e2147483647", "", ""},
        {"1e-2147483647", "1", "1"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_quantity q = parse(cases[i].text);
        int64_t number;
        char text[24] = "";
        if (pn_quantity_value(&number, &q))
            snprintf(text, sizeof text, "%lld", (long long)number);
        ck_assert_str_eq(text, cases[i].value);
        text[0] = '\0';
        if (pn_quantity_milli(&number, &q))
            snprintf(text, sizeof text, "%lld", (long long)number);
        ck_assert_str_eq(text, cases[i].milli);
    }
}
END_TEST

START_TEST(order_is_by_value)
{
    static const char *const ascending[] = {
        "-1e40",
        "-12E",
        "-1Ki",
        "-1",
        "-1n",
        "0",
        "1n",
        "1u",
        "999999n",
        "1m",
        "0.5",
        "1",
        "1000",
        "1Ki",
        "1025",
        "1M",
        "1Mi",
        "1G",
        "1Gi",
        "1E",
        "1Ei",
        "9223372036854775807",
        "12E",
        "1e30",
        "99999999999999999999999999999999999999",
        "1e38",
        "1.7e38",
        "9e38",
        "1e2147483647",
    };
    static const char *const equal[][2] = {
        {"1Gi", "1024Mi"},
        {"1", "1000m"},
        {"0.5Ki", "512"},
        {"1e3", "1k"},
        {"0", "0Gi"},
        {"-0", "0"},
        {"1.7e38", "170000000000000000000000000000000000000"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(ascending); i++) {
        for (size_t j = 0; j < PN_COUNT_OF(ascending); j++) {
            struct pn_quantity a = parse(ascending[i]), b = parse(ascending[j]);
            ck_assert_msg(pn_quantity_cmp(&a, &b) == (i > j) - (i < j), "%s and %s", ascending[i],
                          ascending[j]);
        }
    }
    for (size_t i = 0; i < PN_COUNT_OF(equal); i++) {
        struct pn_quantity a = parse(equal[i][0]), b = parse(equal[i][1]);
        ck_assert_int_eq(pn_quantity_cmp(&a, &b), 0);
    }
}
END_TEST

START_TEST(sums_keep_the_first_format)
{
    static const struct {
        const char *a, *b, *sum; /* NULL: out of range */
    } cases[] = {
        {"100m", "200m", "300m"},
        {"1Gi", "1G", "2073741824"},
        {"1Gi", "1Gi", "2Gi"},
        {"1G", "1Gi", "2073741824"},
        {"0", "1Ki", "1Ki"},
        {"0Ki", "1k", "1k"},
        {"0", "1e3", "1e3"},
        {"512Mi", "512Mi", "1Gi"},
        {"1Ki", "-1Ki", "0"},
        {"1Ki", "0.5", "1024500m"},
        {"7Ei", "7Ei", "14Ei"},
        {"-4Ei", "-4Ei", "-8Ei"},
        {"+1", "0", "1"},
        {"1e30", "1e30", "2e30"},
        {"0", "1e2147483647", "10e2147483646"},
        {"1e2147483647", "1", NULL},
        {"1.7e38", "1.7e38", "340e36"},
        {"170141183460469231731687303715884105727", "0", "170141183460469231731687303715884105727"},
        {"170141183460469231731687303715884105727", "1", NULL},
        {"12345678901234567890123456789012345678", "1n", NULL},
        {"9765625Ki", "15e46", NULL},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_quantity a = parse(cases[i].a), b = parse(cases[i].b), sum;
        int r = pn_quantity_add(&sum, &a, &b);
        ck_assert_msg(r == (cases[i].sum != NULL ? 0 : PN_QUANTITY_E_RANGE), "%s + %s", cases[i].a,
                      cases[i].b);
        if (r != 0)
            continue;
        assert_written(&sum, cases[i].sum);
        ck_assert_int_eq(pn_quantity_add(&a, &a, &b), 0);
        ck_assert_int_eq(pn_quantity_cmp(&a, &sum), 0);
    }
}
END_TEST

START_TEST(nano_units_are_exact)
{
    struct pn_quantity q = parse("1.000000001");
    __int128 nano = 42;
    ck_assert(pn_quantity_nano(&nano, &q) && nano == 1000000001);
    q = parse("-1Ei");
    ck_assert(pn_quantity_nano(&nano, &q) && nano == -((__int128)1000000000 << 60));
    q = parse("0");
    ck_assert(pn_quantity_nano(&nano, &q) && nano == 0);
    q = parse("1e29");
    ck_assert(pn_quantity_nano(&nano, &q));
    q = parse("1e30");
    ck_assert(!pn_quantity_nano(&nano, &q));
    q = parse("1e2147483647");
    ck_assert(!pn_quantity_nano(&nano, &q));
}
END_TEST

START_TEST(thousandths_are_the_finest_of_a_pod)
{
    static const struct {
        const char *text, *rounded;
    } cases[] = {
        {"0", "0"},
        {"1m", "1m"},
        {"1n", "1m"},
        {"1000001n", "2m"},
        {"-1n", "-1m"},
        {"-1.0001", "-1001m"},
        {"1500u", "2m"},
        {"0.001Ki", "1024m"},
        {"12e-4", "2e-3"},
        {"999999999n", "1"},
        {"1.0000000001", "1001m"},
        {"9223372036854775807.0001", "9223372036854775807001m"},
        /* the text stays where it is no finer, be it by zeros */
        {"1.500", "1.500"},
        {"+1", "+1"},
        {"64Mi", "64Mi"},
        {"1.500000", "1500m"},
        {"0.000000", "0"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_quantity q = parse(cases[i].text);
        pn_quantity_round_milli(&q);
        assert_written(&q, cases[i].rounded);
    }
}
END_TEST

START_TEST(json_values_are_quantities)
{
    const struct {
        struct pn_value v;
        const char *text; /* NULL: invalid */
    } cases[] = {
        {pn_string(PN_STR(" 1Gi\n")), "1Gi"},
        {pn_string(PN_STR("1.500")), "1.500"},
        {pn_null(), "0"},
        {pn_int(1000), "1k"},
        {pn_int(-5), "-5"},
        {pn_int(INT64_MIN), "-9223372036854775808"},
        {pn_real(0.25), "250m"},
        {pn_real(1e21), "1e21"},
        {pn_raw(PN_STR("1.500")), "1.500"},
        {pn_raw(PN_STR("18446744073709551615")), "18446744073709551615"},
        {pn_string(PN_STR("")), NULL},
        {pn_string(PN_STR("1 G")), NULL},
        {pn_bool(true), NULL},
        {PN_VALUE_ABSENT, NULL},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_quantity q;
        struct pn_err err = PN_ERR_INIT;
        int r = pn_quantity_from_value(&q, cases[i].v, &err);
        ck_assert_msg(r == (cases[i].text != NULL ? 0 : PN_QUANTITY_E_INVALID), "case %zu", i);
        if (r == 0)
            assert_written(&q, cases[i].text);
        else
            ck_assert_str_ne(err.text, "");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quantity");
    TCase *all = tcase_create("all");
    tcase_add_test(all, canonical_form);
    tcase_add_test(all, invalid_texts);
    tcase_add_test(all, units_and_thousandths_round_up);
    tcase_add_test(all, order_is_by_value);
    tcase_add_test(all, sums_keep_the_first_format);
    tcase_add_test(all, nano_units_are_exact);
    tcase_add_test(all, thousandths_are_the_finest_of_a_pod);
    tcase_add_test(all, json_values_are_quantities);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
