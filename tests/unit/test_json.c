/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "engine/json.h"

static struct pn_arena *arena;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void tear_down(void)
{
    pn_arena_free(arena);
}

static struct pn_value read_json(struct pn_str text, unsigned flags)
{
    struct pn_value v = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_msg(pn_json_read(&v, text, flags, arena, &err) == 0, "%.*s: %s", PN_STR_ARG(text),
                  err.text);
    return v;
}

/* Reading and writing gives `expected`. */
static void assert_reads_as(struct pn_str text, unsigned flags, const char *expected)
{
    struct pn_buf out = PN_BUF_INIT;
    pn_json_write(&out, read_json(text, flags));
    ck_assert_msg(pn_str_is(pn_buf_view(&out), expected), "%.*s: expected %s, got %.*s",
                  PN_STR_ARG(text), expected, PN_STR_ARG(pn_buf_view(&out)));
    pn_buf_deinit(&out);
}

START_TEST(valid_texts)
{
    static const struct {
        struct pn_str text;
        const char *value;
    } cases[] = {
        {PN_STR_INIT("null"), "null"},
        {PN_STR_INIT(" \t\r\ntrue "), "true"},
        {PN_STR_INIT("false"), "false"},
        {PN_STR_INIT("[]"), "[]"},
        {PN_STR_INIT("{ }"), "{}"},
        {PN_STR_INIT("{\"b\":[1,{\"a\":null}],\"a\":\"\"}"), "{\"b\":[1,{\"a\":null}],\"a\":\"\"}"},
        {PN_STR_INIT("{\"\":1,\"\\u0000\":2}"), "{\"\":1,\"\\u0000\":2}"},
        {PN_STR_INIT("\"\\u0041\\/\\b\\f\\n\\r\\t\\\"\\\\\""),
         "\"A/\\u0008\\u000c\\n\\r\\t\\\"\\\\\""},
        {PN_STR_INIT("\"\\ud83d\\ude00\\u20ac\""), "\"\xf0\x9f\x98\x80\xe2\x82\xac\""},
        {PN_STR_INIT("\"\xf0\x9f\x98\x80\x7f\""), "\"\xf0\x9f\x98\x80\x7f\""},
        {PN_STR_INIT("0"), "0"},
        {PN_STR_INIT("-1"), "-1"},
        {PN_STR_INIT("1.50"), "1.5"},
        {PN_STR_INIT("1e3"), "1000"},
        {PN_STR_INIT("1E-7"), "1e-7"},
        {PN_STR_INIT("9223372036854775807"), "9223372036854775807"},
        {PN_STR_INIT("-9223372036854775808"), "-9223372036854775808"},
        {PN_STR_INIT("18446744073709551615"), "18446744073709551615"},
        {PN_STR_INIT("18446744073709551616"), "18446744073709552000"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++)
        assert_reads_as(cases[i].text, 0, cases[i].value);
}
END_TEST

START_TEST(kinds_of_numbers)
{
    static const struct {
        struct pn_str text;
        enum pn_kind kind;
    } cases[] = {
        {PN_STR_INIT("7"), PN_INT},
        {PN_STR_INIT("-9223372036854775808"), PN_INT},
        {PN_STR_INIT("9223372036854775807"), PN_INT},
        {PN_STR_INIT("9223372036854775808"), PN_RAW},
        {PN_STR_INIT("18446744073709551615"), PN_RAW},
        {PN_STR_INIT("18446744073709551616"), PN_REAL},
        {PN_STR_INIT("-9223372036854775809"), PN_REAL},
        {PN_STR_INIT("1.0"), PN_REAL},
        {PN_STR_INIT("1e2"), PN_REAL},
    };
    static const char *const raw[] = {"0",     "-0",
                                      "1.10",  "1e3",
                                      "1E+3",  "18446744073709551616",
                                      "1e400", "123456789012345678901234567890"};
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++)
        ck_assert_msg(read_json(cases[i].text, 0).kind == cases[i].kind, "%s", cases[i].text.s);
    for (size_t i = 0; i < PN_COUNT_OF(raw); i++) {
        struct pn_value v = read_json(pn_str_of(raw[i]), PN_JSON_NUMBERS_RAW);
        ck_assert_uint_eq(v.kind, PN_RAW);
        ck_assert(pn_str_is(pn_value_str(v), raw[i]));
    }
    assert_reads_as(PN_STR("{\"a\":[1.10,-0,1e400]}"), PN_JSON_NUMBERS_RAW,
                    "{\"a\":[1.10,-0,1e400]}");
}
END_TEST

/* What is refused, with the byte that the message names (-1: it names none). Versions of yyjson
 * differ by a byte or two. */
START_TEST(invalid_texts)
{
    static const struct {
        struct pn_str text;
        int at;
    } cases[] = {
        {PN_STR_INIT(""), -1},
        {{NULL, 0}, -1},
        {PN_STR_INIT("  "), 0},
        {PN_STR_INIT("{"), 1},
        {PN_STR_INIT("[1,2"), 4},
        {PN_STR_INIT("[1,]"), 2},
        {PN_STR_INIT("{\"a\":1,}"), 6},
        {PN_STR_INIT("{\"a\" 1}"), 5},
        {PN_STR_INIT("{a:1}"), 1},
        {PN_STR_INIT("{'a':1}"), 1},
        {PN_STR_INIT("[1] x"), 4},
        {PN_STR_INIT("// c\n1"), 0},
        {PN_STR_INIT("nul"), 3},
        {PN_STR_INIT("NaN"), 0},
        {PN_STR_INIT("Infinity"), 0},
        {PN_STR_INIT("01"), 0},
        {PN_STR_INIT("+1"), 0},
        {PN_STR_INIT("1."), 2},
        {PN_STR_INIT(".5"), 0},
        {PN_STR_INIT("1e"), 2},
        {PN_STR_INIT("-"), 1},
        {PN_STR_INIT("1e400"), 0},
        {PN_STR_INIT("\"a"), 2},
        {PN_STR_INIT("\"\\x\""), 2},
        {PN_STR_INIT("\"\\u12\""), 1},
        {PN_STR_INIT("\"\\ud800\""), 7},
        {PN_STR_INIT("\"\\ud800\\u0041\""), 7},
        {PN_STR_INIT("\"\\udc00\""), 1},
        {PN_STR_INIT("\"a\nb\""), 2},
        {PN_STR_INIT("\"a\0b\""), 2},
        {PN_STR_INIT("\"\xff\""), 1},
        {PN_STR_INIT("\"\xed\xa0\x80\""), 1},
        {PN_STR_INIT("\"\xc0\xaf\""), 1},
        {PN_STR_INIT("\xef\xbb\xbf{}"), 0},
        {PN_STR_INIT("[1]\0"), 3},
        {PN_STR_INIT("{\"a\":1,\"b\":2,\"a\":3}"), -1},
        {PN_STR_INIT("{\"a\":1,\"\\u0061\":3}"), -1},
        {PN_STR_INIT("[{\"\":1,\"\":3}]"), -1},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_value v = PN_VALUE_ABSENT;
        struct pn_err err = PN_ERR_INIT;
        ck_assert_msg(pn_json_read(&v, cases[i].text, 0, arena, &err) == PN_JSON_E_INVALID,
                      "case %zu", i);
        ck_assert_uint_eq(v.kind, PN_ABSENT);
        ck_assert_uint_gt(strlen(err.text), 10);
        const char *at = strstr(err.text, "at byte ");
        if (cases[i].at >= 0)
            ck_assert_msg(at != NULL && abs(atoi(at + 8) - cases[i].at) <= 2, "case %zu: %s", i,
                          err.text);
    }
}
END_TEST

static struct pn_str nested(size_t depth, char open, char close)
{
    char *text = pn_arena_alloc(arena, 2 * depth);
    memset(text, open, depth);
    memset(text + depth, close, depth);
    return (struct pn_str){text, 2 * depth};
}

START_TEST(depth_is_bounded)
{
    static const size_t too_deep[] = {PN_JSON_MAX_DEPTH + 2, 5000, 100000};
    struct pn_value v = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    read_json(nested(PN_JSON_MAX_DEPTH, '[', ']'), 0);
    for (size_t i = 0; i < PN_COUNT_OF(too_deep); i++) {
        ck_assert_int_eq(pn_json_read(&v, nested(too_deep[i], '[', ']'), 0, arena, &err),
                         PN_JSON_E_INVALID);
        ck_assert_ptr_nonnull(strstr(err.text, "nested deeper than 512 levels"));
    }
    ck_assert_int_eq(
        pn_json_read(&v, (struct pn_str){nested(100000, '[', ' ').s, 100000}, 0, arena, &err),
        PN_JSON_E_INVALID);
}
END_TEST

START_TEST(many_members_are_checked_for_duplicates)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    struct pn_value v = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    pn_buf_char(&text, '{');
    for (int i = 0; i < 5000; i++)
        pn_buf_printf(&text, "\"k%d\":%d,", i, i);
    size_t n = text.len;
    pn_buf_cstr(&text, "\"last\":0}");
    ck_assert_int_eq(PN_GET(read_json(pn_buf_view(&text), 0), "k4321").i, 4321);
    text.len = n;
    pn_buf_cstr(&text, "\"k17\":0}");
    ck_assert_int_eq(pn_json_read(&v, pn_buf_view(&text), 0, arena, &err), PN_JSON_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "twice"));
}
END_TEST

START_TEST(a_full_arena_is_no_fault_of_the_text)
{
    static const char text[] =
        "{\"a\":[1,2,3,{\"b\":\"cccccccccccccccccccccccccc\"}],\"d\":18446744073709551615}";
    bool read = false;
    for (size_t cap = 16; !read && cap < 100000; cap += 16) {
        struct pn_value v = PN_VALUE_ABSENT;
        struct pn_err err = PN_ERR_INIT;
        pn_arena_reset(arena, cap);
        int r = pn_json_read(&v, PN_STR(text), 0, arena, &err);
        read = r == 0;
        ck_assert_msg(r == 0 || r == -ENOMEM, "cap %zu: %d %s", cap, r, err.text);
        ck_assert_msg(r == 0 || pn_arena_hit_cap(arena), "cap %zu", cap);
        ck_assert(read == (v.kind == PN_OBJECT));
    }
    ck_assert(read);
}
END_TEST

START_TEST(strings_outlive_the_text)
{
    char text[] = "{\"key\":\"value\"}";
    struct pn_value v = read_json(pn_str_of(text), 0);
    memset(text, '?', sizeof text);
    ck_assert(pn_value_is_string(PN_GET(v, "key"), "value"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, valid_texts);
    tcase_add_test(all, kinds_of_numbers);
    tcase_add_test(all, invalid_texts);
    tcase_add_test(all, depth_is_bounded);
    tcase_add_test(all, many_members_are_checked_for_duplicates);
    tcase_add_test(all, a_full_arena_is_no_fault_of_the_text);
    tcase_add_test(all, strings_outlive_the_text);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
