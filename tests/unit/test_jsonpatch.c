/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>

#include "base/limits.h"
#include "engine/json.h"
#include "kube/jsonpatch.h"

/* Expected results were computed by evanphx/json-patch v4.13; many more are in tests/conformance.
 */

static struct pn_arena *arena;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void tear_down(void)
{
    pn_arena_free(arena);
}

static struct pn_value read_json(const char *text)
{
    struct pn_value v = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_msg(pn_json_read(&v, pn_str_of(text), PN_JSON_NUMBERS_RAW, arena, &err) == 0,
                  "%s: %s", text, err.text);
    return v;
}

/* expected: the result, or NULL for a failure. */
static void assert_patched(const char *doc, const char *patch, const char *expected)
{
    struct pn_value before = read_json(doc), result = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_jsonpatch_apply(&result, before, read_json(patch), arena, &err);
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    if (r == 0)
        pn_json_write(&text, result);
    else
        pn_buf_printf(&text, "error: %s", err.text);
    if (expected != NULL)
        ck_assert_msg(r == 0 && pn_str_is(pn_buf_view(&text), expected), "%s %s: got %.*s", doc,
                      patch, PN_STR_ARG(pn_buf_view(&text)));
    else
        ck_assert_msg(r == PN_JSONPATCH_E_FAILED && result.kind == PN_ABSENT, "%s %s: got %.*s",
                      doc, patch, PN_STR_ARG(pn_buf_view(&text)));
    ck_assert(pn_value_equal(before, read_json(doc))); /* values are immutable */
}

struct patch_case {
    const char *doc, *patch, *result; /* NULL: an error */
};

static void assert_all(const struct patch_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_patched(cases[i].doc, cases[i].patch, cases[i].result);
}

START_TEST(add_and_remove)
{
    static const struct patch_case cases[] = {
        {"{}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":[1.10]}]", "{\"a\":[1.10]}"},
        {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":2}]", "{\"a\":2}"},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/-\",\"value\":2}]", "{\"a\":[1,2]}"},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/0\",\"value\":2}]", "{\"a\":[2,1]}"},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/1\",\"value\":2}]", "{\"a\":[1,2]}"},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/2\",\"value\":2}]", NULL},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/-1\",\"value\":2}]", "{\"a\":[1,2]}"},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/-2\",\"value\":2}]", "{\"a\":[2,1]}"},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/-3\",\"value\":2}]", NULL},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/+01\",\"value\":2}]", "{\"a\":[1,2]}"},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/x\",\"value\":2}]", NULL},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/\",\"value\":2}]", NULL},
        {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/99999999999999999999\",\"value\":2}]",
         NULL},
        {"{\"a\":[[1]]}", "[{\"op\":\"add\",\"path\":\"/a/0/0\",\"value\":0}]", "{\"a\":[[0,1]]}"},
        {"{\"a\":[[1]]}", "[{\"op\":\"add\",\"path\":\"/a/-/0\",\"value\":0}]", NULL},
        {"{}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":2}]", NULL},
        {"{\"a\":null}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":2}]", NULL},
        {"{\"a\":\"s\"}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":2}]", NULL},
        {"{}", "[{\"op\":\"add\",\"path\":\"\",\"value\":{}}]", NULL},
        {"{}", "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", NULL},
        {"{}", "[{\"op\":\"add\",\"path\":\"x/a\",\"value\":1}]", "{\"a\":1}"},
        {"{}", "[{\"op\":\"add\",\"path\":\"/\",\"value\":1}]", "{\"\":1}"},
        {"{}", "[{\"op\":\"add\",\"path\":\"/a~1b~01~2~\",\"value\":1}]", "{\"a/b~1~2~\":1}"},
        {"{}", "[{\"op\":\"add\",\"path\":\"/a\"}]", "{\"a\":null}"},
        {"[]", "[{\"op\":\"add\",\"path\":\"/-\",\"value\":1}]", "[1]"},
        {"{\"a\":1,\"b\":2}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "{\"b\":2}"},
        {"{\"a\":null}", "[{\"op\":\"remove\",\"path\":\"/a\"}]", "{}"},
        {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"/b\"}]", NULL},
        {"{\"a\":[1,2,3]}", "[{\"op\":\"remove\",\"path\":\"/a/-1\"}]", "{\"a\":[1,2]}"},
        {"{\"a\":[1,2,3]}", "[{\"op\":\"remove\",\"path\":\"/a/-4\"}]", NULL},
        {"{\"a\":[1]}", "[{\"op\":\"remove\",\"path\":\"/a/1\"}]", NULL},
        {"{\"a\":[1]}", "[{\"op\":\"remove\",\"path\":\"/a/-\"}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"\"}]", NULL},
        /* one failure discards all */
        {"{}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":1},{\"op\":\"remove\",\"path\":\"/b\"}]",
         NULL},
    };
    assert_all(cases, PN_COUNT_OF(cases));
}
END_TEST

START_TEST(replace_move_copy)
{
    static const struct patch_case cases[] = {
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":2}]", "{\"a\":2}"},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/b\",\"value\":2}]", "{\"a\":1,\"b\":2}"},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/a\"}]", "{\"a\":null}"},
        {"{\"a\":[1,2]}", "[{\"op\":\"replace\",\"path\":\"/a/-1\",\"value\":3}]", "{\"a\":[1,3]}"},
        {"{\"a\":[1,2]}", "[{\"op\":\"replace\",\"path\":\"/a/2\",\"value\":3}]", NULL},
        {"{\"a\":[1,2]}", "[{\"op\":\"replace\",\"path\":\"/a/-\",\"value\":3}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[null]}]", "[null]"},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":1}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":null}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\"}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/b\"}]", "{\"b\":1}"},
        {"{\"a\":[1,2,3]}", "[{\"op\":\"move\",\"from\":\"/a/0\",\"path\":\"/a/2\"}]",
         "{\"a\":[2,3,1]}"},
        {"{\"a\":{}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"move\",\"from\":\"/b\",\"path\":\"/c\"}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"move\",\"path\":\"/c\"}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"move\",\"from\":7,\"path\":\"/c\"}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"move\",\"from\":\"\",\"path\":\"/c\"}]", NULL},
        {"{\"a\":{\"x\":1}}",
         "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/y\"},"
         "{\"op\":\"add\",\"path\":\"/a/x\",\"value\":2}]",
         "{\"a\":{\"x\":2,\"y\":{\"x\":1}}}"},
        {"{\"a\":1}", "[{\"op\":\"copy\",\"from\":\"/b\",\"path\":\"/c\"}]",
         "{\"a\":1,\"c\":null}"},
        {"{\"a\":[]}", "[{\"op\":\"copy\",\"from\":\"/a/0\",\"path\":\"/c\"}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"copy\",\"from\":\"/b/x\",\"path\":\"/c\"}]", NULL},
    };
    assert_all(cases, PN_COUNT_OF(cases));
}
END_TEST

START_TEST(tests_compare_as_written)
{
    static const struct patch_case cases[] = {
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1}]", "{\"a\":1}"},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1.0}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":\"1\"}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":null}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\"}]", NULL},
        {"{\"a\":true}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":true}]", "{\"a\":true}"},
        {"{\"a\":true}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":false}]", NULL},
        {"{\"a\":\"x\"}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":\"x\"}]", "{\"a\":\"x\"}"},
        {"{\"a\":null}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":null}]", "{\"a\":null}"},
        {"{\"a\":null}", "[{\"op\":\"test\",\"path\":\"/b\"}]", "{\"a\":null}"},
        {"{\"a\":null}", "[{\"op\":\"test\",\"path\":\"/b\",\"value\":0}]", NULL},
        {"{\"a\":{\"x\":1,\"y\":[2]}}",
         "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"y\":[2],\"x\":1}}]",
         "{\"a\":{\"x\":1,\"y\":[2]}}"},
        {"{\"a\":{\"x\":1}}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"y\":1}}]", NULL},
        {"{\"a\":[1,2]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[2,1]}]", NULL},
        {"{\"a\":[1,2]}", "[{\"op\":\"test\",\"path\":\"/a/5\",\"value\":null}]", NULL},
        {"{\"a\":{\"x\":null}}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"x\":null}}]",
         "{\"a\":{\"x\":null}}"},
        /* the library panics on a null within a list */
        {"{\"a\":[null]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[null]}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"\",\"value\":{\"a\":1}}]", "{\"a\":1}"},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"\",\"value\":{}}]", NULL},
        {"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"\"}]", NULL},
        {"[1]", "[{\"op\":\"test\",\"path\":\"\",\"value\":[1]}]", "[1]"},
    };
    assert_all(cases, PN_COUNT_OF(cases));
}
END_TEST

/* The library tells a null that was read, one that was given and the copy of a given one apart. */
START_TEST(three_kinds_of_null)
{
    static const struct patch_case cases[] = {
        {"{\"a\":{}}",
         "[{\"op\":\"add\",\"path\":\"/a/x\",\"value\":null},"
         "{\"op\":\"test\",\"path\":\"/a/x\",\"value\":null}]",
         "{\"a\":{\"x\":null}}"},
        {"{\"a\":{}}",
         "[{\"op\":\"add\",\"path\":\"/a/x\",\"value\":null},"
         "{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"x\":null}}]",
         NULL},
        {"{\"a\":{}}",
         "[{\"op\":\"add\",\"path\":\"/a/x\"},"
         "{\"op\":\"test\",\"path\":\"/a\",\"value\":{\"x\":null}}]",
         "{\"a\":{\"x\":null}}"},
        {"{\"a\":{}}",
         "[{\"op\":\"add\",\"path\":\"/a/x\",\"value\":null},"
         "{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"},"
         "{\"op\":\"test\",\"path\":\"/b\",\"value\":{\"x\":null}}]",
         "{\"a\":{\"x\":null},\"b\":{\"x\":null}}"},
        {"{}",
         "[{\"op\":\"add\",\"path\":\"/x\",\"value\":null},"
         "{\"op\":\"copy\",\"from\":\"/x\",\"path\":\"/y\"},"
         "{\"op\":\"test\",\"path\":\"/y\",\"value\":{}},"
         "{\"op\":\"test\",\"path\":\"/y/z\",\"value\":null}]",
         "{\"x\":null,\"y\":null}"},
        {"{}",
         "[{\"op\":\"add\",\"path\":\"/x\",\"value\":null},"
         "{\"op\":\"copy\",\"from\":\"/x\",\"path\":\"/y\"},"
         "{\"op\":\"test\",\"path\":\"/y\",\"value\":null}]",
         NULL},
        {"{}",
         "[{\"op\":\"add\",\"path\":\"/x\",\"value\":null},"
         "{\"op\":\"copy\",\"from\":\"/x\",\"path\":\"/y\"},"
         "{\"op\":\"add\",\"path\":\"/y/z\",\"value\":1}]",
         NULL},
        {"{}",
         "[{\"op\":\"add\",\"path\":\"/x\",\"value\":null},"
         "{\"op\":\"add\",\"path\":\"/x/y\",\"value\":1}]",
         NULL},
        {"null", "[]", "null"},
        {"null", "[{\"op\":\"test\",\"path\":\"\",\"value\":{}}]", "null"},
        {"null", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":1}]", NULL},
        {"null", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{}}]", "{}"},
    };
    struct pn_value result;
    struct pn_err err = PN_ERR_INIT;
    assert_all(cases, PN_COUNT_OF(cases));
    /* and nobody else sees that */
    ck_assert_int_eq(pn_jsonpatch_apply(&result, read_json(cases[0].doc), read_json(cases[0].patch),
                                        arena, &err),
                     0);
    struct pn_value x = PN_GET(PN_GET(result, "a"), "x");
    ck_assert(x.kind == PN_NULL && x.len == 0);
}
END_TEST

START_TEST(what_is_no_patch)
{
    static const struct patch_case cases[] = {
        {"{}", "null", "{}"},
        {"{}", "[]", "{}"},
        {"{}", "{}", NULL},
        {"{}", "\"\"", NULL},
        {"{}", "[1]", NULL},
        {"{}", "[null]", NULL},
        {"{}", "[{}]", NULL},
        {"{}", "[{\"op\":\"frob\",\"path\":\"/a\"}]", NULL},
        {"{}", "[{\"op\":\"Add\",\"path\":\"/a\"}]", NULL},
        {"{}", "[{\"op\":1,\"path\":\"/a\"}]", NULL},
        {"{}", "[{\"op\":\"add\"}]", NULL},
        {"{}", "[{\"op\":\"add\",\"path\":null}]", NULL},
        {"{}", "[{\"op\":\"add\",\"path\":1}]", NULL},
        {"1", "[]", NULL},
        {"\"s\"", "[]", NULL},
    };
    struct pn_value result;
    struct pn_err err = PN_ERR_INIT;
    assert_all(cases, PN_COUNT_OF(cases));
    ck_assert_int_eq(pn_jsonpatch_apply(&result, read_json("{}"), PN_VALUE_ABSENT, arena, &err),
                     PN_JSONPATCH_E_FAILED);
}
END_TEST

START_TEST(messages_name_the_operation)
{
    static const struct {
        const char *patch, *message;
    } cases[] = {
        {"[{\"op\":\"add\",\"path\":\"/x\",\"value\":1},{\"op\":\"add\",\"path\":\"/spec/a/-\"}]",
         "operation 1: add \"/spec/a/-\": the parent of \"/spec/a/-\" is not there"},
        {"[{\"op\":\"remove\",\"path\":\"/nope\"}]",
         "operation 0: remove \"/nope\": there is no member \"nope\""},
        {"[{\"op\":\"add\",\"path\":\"/list/5\"}]",
         "operation 0: add \"/list/5\": \"5\" is no index in a list of 1"},
        {"[{\"op\":\"frob\"}]",
         "operation 0: expected \"op\" to be add, remove, replace, move, copy or test"},
        {"[7]", "operation 0: expected an object, found a number"},
        {"{}", "expected a list of operations, found an object"},
        {"[{\"op\":\"test\",\"path\":\"/list\",\"value\":[2]}]",
         "operation 0: test \"/list\": the value there is another"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_value result;
        struct pn_err err = PN_ERR_INIT;
        ck_assert_int_eq(pn_jsonpatch_apply(&result, read_json("{\"list\":[1]}"),
                                            read_json(cases[i].patch), arena, &err),
                         PN_JSONPATCH_E_FAILED);
        ck_assert_str_eq(err.text, cases[i].message);
    }
}
END_TEST

/* Doubling copies end at the API server's bound; nesting ends at ours. */
START_TEST(growth_is_bounded)
{
    struct pn_buf patch = PN_BUF_IN_ARENA(arena), deep = PN_BUF_IN_ARENA(arena);
    struct pn_err err = PN_ERR_INIT;
    struct pn_value result, doc = read_json("{\"a\":{\"b\":\"0123456789\"}}"), operations;
    pn_buf_char(&patch, '[');
    for (int i = 0; i < 100; i++)
        pn_buf_printf(&patch, "%s{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/%d\"}",
                      i > 0 ? "," : "", i);
    pn_buf_char(&patch, ']');
    ck_assert_int_eq(pn_json_read(&operations, pn_buf_view(&patch), 0, arena, &err), 0);
    ck_assert_int_eq(pn_jsonpatch_apply(&result, doc, operations, arena, &err),
                     PN_JSONPATCH_E_FAILED);
    ck_assert_ptr_nonnull(strstr(err.text, "copies more than 3145728 bytes"));

    for (int i = 0; i < 300; i++)
        pn_buf_cstr(&deep, "{\"k\":");
    pn_buf_cstr(&deep, "{}");
    for (int i = 0; i < 300; i++)
        pn_buf_char(&deep, '}');
    patch = (struct pn_buf)PN_BUF_IN_ARENA(arena);
    pn_buf_printf(&patch,
                  "[{\"op\":\"add\",\"path\":\"/a\",\"value\":%.*s},{\"op\":\"add\",\"path\":\"/a",
                  PN_STR_ARG(pn_buf_view(&deep)));
    for (int i = 0; i < 300; i++)
        pn_buf_cstr(&patch, "/k");
    pn_buf_printf(&patch, "/k\",\"value\":%.*s}]", PN_STR_ARG(pn_buf_view(&deep)));
    ck_assert_int_eq(pn_json_read(&operations, pn_buf_view(&patch), 0, arena, &err), 0);
    ck_assert_int_eq(pn_jsonpatch_apply(&result, doc, operations, arena, &err),
                     PN_JSONPATCH_E_FAILED);
    ck_assert_ptr_nonnull(strstr(err.text, "deeper than 512 levels"));
}
END_TEST

/* As many operations as the longest Pod of the tests has containers. */
START_TEST(long_lists)
{
    struct pn_buf patch = PN_BUF_IN_ARENA(arena);
    struct pn_err err = PN_ERR_INIT;
    struct pn_value result, operations;
    pn_buf_char(&patch, '[');
    for (int i = 0; i < 2000; i++)
        pn_buf_printf(&patch, "%s{\"op\":\"add\",\"path\":\"/a/%d\",\"value\":%d}",
                      i > 0 ? "," : "", i / 2, i);
    pn_buf_char(&patch, ']');
    ck_assert_int_eq(pn_json_read(&operations, pn_buf_view(&patch), 0, arena, &err), 0);
    ck_assert_int_eq(pn_jsonpatch_apply(&result, read_json("{\"a\":[]}"), operations, arena, &err),
                     0);
    struct pn_value a = PN_GET(result, "a");
    ck_assert_uint_eq(pn_value_count(a), 2000);
    ck_assert_int_eq(pn_value_at(a, 999).i, 1999);
    ck_assert_int_eq(pn_value_at(a, 1999).i, 0);
}
END_TEST

/* Every allocation is checked: whatever the arena still gives, the answer is right or -ENOMEM. */
START_TEST(a_full_arena)
{
    static const char doc[] = "{\"a\":[1,{\"b~\":null}]}";
    static const char patch[] = "[{\"op\":\"add\",\"path\":\"/a/1/b~0\",\"value\":null},"
                                "{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/c\"},"
                                "{\"op\":\"move\",\"from\":\"/c/0\",\"path\":\"/d\"}]";
    struct pn_arena *small;
    bool applied = false;
    struct pn_value before = read_json(doc), operations = read_json(patch);
    ck_assert_int_eq(pn_arena_new(&small, 0), 0);
    for (size_t cap = 16; !applied && cap < 100000; cap += 16) {
        struct pn_value result = PN_VALUE_ABSENT;
        struct pn_err err = PN_ERR_INIT;
        pn_arena_reset(small, cap);
        int r = pn_jsonpatch_apply(&result, before, operations, small, &err);
        applied = r == 0;
        ck_assert_msg(r == 0 || (r == -ENOMEM && pn_arena_hit_cap(small)), "cap %zu: %s", cap,
                      err.text);
        if (applied)
            ck_assert(pn_value_equal(
                result, read_json("{\"a\":[1,{\"b~\":null}],\"c\":[{\"b~\":null}],\"d\":1}")));
    }
    ck_assert(applied);
    pn_arena_free(small);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jsonpatch");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, add_and_remove);
    tcase_add_test(all, replace_move_copy);
    tcase_add_test(all, tests_compare_as_written);
    tcase_add_test(all, three_kinds_of_null);
    tcase_add_test(all, what_is_no_patch);
    tcase_add_test(all, messages_name_the_operation);
    tcase_add_test(all, growth_is_bounded);
    tcase_add_test(all, long_lists);
    tcase_add_test(all, a_full_arena);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
