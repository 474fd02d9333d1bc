/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <math.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/node.h"
#include "base/value.h"

static struct pn_arena *arena;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void tear_down(void)
{
    pn_arena_free(arena);
}

static void assert_json(struct pn_value v, struct pn_str expected)
{
    struct pn_buf text = PN_BUF_INIT;
    pn_json_write(&text, v);
    ck_assert(!text.failed);
    ck_assert_msg(pn_str_eq(pn_buf_view(&text), expected), "expected %.*s, got %.*s",
                  PN_STR_ARG(expected), PN_STR_ARG(pn_buf_view(&text)));
    pn_buf_deinit(&text);
}

static struct pn_value object(const struct pn_member *members, size_t n)
{
    struct pn_value v = PN_VALUE_ABSENT;
    ck_assert_int_eq(pn_object_new(&v, arena, members, n), 0);
    return v;
}

static struct pn_value list(const struct pn_value *items, size_t n)
{
    struct pn_value v = PN_VALUE_ABSENT;
    ck_assert_int_eq(pn_array_new(&v, arena, items, n), 0);
    return v;
}

START_TEST(scalars_have_kinds)
{
    static const struct {
        enum pn_kind kind;
        const char *name;
    } kinds[] = {
        {PN_ABSENT, "nothing"},  {PN_NULL, "null"},     {PN_BOOL, "a boolean"},
        {PN_INT, "an integer"},  {PN_REAL, "a number"}, {PN_RAW, "a number"},
        {PN_STRING, "a string"}, {PN_ARRAY, "a list"},  {PN_OBJECT, "an object"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(kinds); i++) {
        struct pn_value v = {.kind = (uint8_t)kinds[i].kind};
        ck_assert_str_eq(pn_value_kind_name(v), kinds[i].name);
        ck_assert(pn_value_is_unset(v) == (i < 2));
        ck_assert_ptr_null(kinds[i].kind < PN_RAW ? pn_value_str(v).s : NULL);
    }
    ck_assert_uint_eq(sizeof(struct pn_value), 16);
    ck_assert(pn_value_is_string(pn_string(PN_STR("x")), "x"));
    ck_assert(!pn_value_is_string(pn_raw(PN_STR("1")), "1"));
    ck_assert_uint_eq(pn_value_count(pn_string(PN_STR("xyz"))), 0);
    ck_assert_uint_eq(PN_GET(pn_null(), "a").kind, PN_ABSENT);
}
END_TEST

START_TEST(json_escapes)
{
    static const struct {
        struct pn_str text, json;
    } cases[] = {
        {PN_STR_INIT(""), PN_STR_INIT("\"\"")},
        {{NULL, 0}, PN_STR_INIT("\"\"")},
        {PN_STR_INIT("a/b<&>"), PN_STR_INIT("\"a/b<&>\"")},
        {PN_STR_INIT("\"\\"), PN_STR_INIT("\"\\\"\\\\\"")},
        {PN_STR_INIT("\n\r\t"), PN_STR_INIT("\"\\n\\r\\t\"")},
        {PN_STR_INIT("a\0b\x1f\b\x7f"), PN_STR_INIT("\"a\\u0000b\\u001f\\u0008\x7f\"")},
        {PN_STR_INIT("\xc3\xa9\xf0\x9f\x98\x80"), PN_STR_INIT("\"\xc3\xa9\xf0\x9f\x98\x80\"")},
        {PN_STR_INIT("a\xff"
                     "b\xc3"),
         PN_STR_INIT("\"a\xef\xbf\xbd"
                     "b\xef\xbf\xbd\"")},
        {PN_STR_INIT("\xed\xa0\x80"), PN_STR_INIT("\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"")},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++)
        assert_json(pn_string(cases[i].text), cases[i].json);
}
END_TEST

/* Texts are looked at eight bytes at a time: what a byte becomes depends on no place in them. */
START_TEST(json_escapes_each_byte_in_each_place)
{
    enum { LENGTH = 19 };
    for (int c = 0; c < 256; c++) {
        char alone = (char)c, text[LENGTH];
        struct pn_buf one = PN_BUF_IN_ARENA(arena);
        pn_json_write_text(&one, (struct pn_str){&alone, 1});
        for (int at = 0; at < LENGTH; at++) {
            memset(text, '~', sizeof text);
            text[at] = alone;
            struct pn_buf expected = PN_BUF_IN_ARENA(arena);
            pn_buf_char(&expected, '"');
            pn_buf_append(&expected, "~~~~~~~~~~~~~~~~~~~", (size_t)at);
            pn_buf_str(&expected, pn_buf_view(&one));
            pn_buf_append(&expected, "~~~~~~~~~~~~~~~~~~~", (size_t)(LENGTH - 1 - at));
            pn_buf_char(&expected, '"');
            assert_json(pn_string((struct pn_str){text, sizeof text}), pn_buf_view(&expected));
        }
    }
}
END_TEST

START_TEST(json_writes_every_kind)
{
    struct pn_value inner = list((struct pn_value[]){pn_int(-1), pn_null()}, 2);
    struct pn_value v = object(
        (struct pn_member[]){
            {PN_STR("z"), pn_bool(true)},
            {PN_STR("a\n"), inner},
            {PN_STR(""), pn_raw(PN_STR("1.10"))},
            {PN_STR("r"), pn_real(0.5)},
            {PN_STR("n"), pn_real(NAN)},
            {PN_STR("o"), object(NULL, 0)},
            {PN_STR("l"), list(NULL, 0)},
            {PN_STR("x"), PN_VALUE_ABSENT},
        },
        8);
    assert_json(v, PN_STR("{\"z\":true,\"a\\n\":[-1,null],\"\":1.10,\"r\":0.5,\"n\":null,\"o\":{},"
                          "\"l\":[],\"x\":null}"));
    assert_json(pn_int(INT64_MIN), PN_STR("-9223372036854775808"));
    pn_arena_reset(arena, 300);
    struct pn_buf small = PN_BUF_IN_ARENA(arena);
    char big[400];
    memset(big, 'x', sizeof big);
    pn_json_write(&small, pn_string((struct pn_str){big, sizeof big}));
    ck_assert(small.failed);
}
END_TEST

/* Objects of up to 16 members are scanned, larger ones are searched: both sides of that, and far.
 */
START_TEST(objects_of_any_size_find_their_members)
{
    static const size_t sizes[] = {0, 1, 2, 31, 32, 33, 34, 1000, 20000};
    for (size_t s = 0; s < PN_COUNT_OF(sizes); s++) {
        size_t n = sizes[s];
        struct pn_member *members = pn_arena_alloc(arena, n * sizeof *members);
        for (size_t i = 0; i < n; i++) {
            /* not in the order of the keys */
            unsigned number = (unsigned)(i * 7919 % 104729);
            members[i].key = pn_arena_format(arena, "k%u", number);
            members[i].value = pn_int((int64_t)i);
        }
        struct pn_value v = object(members, n);
        ck_assert_uint_eq(pn_value_count(v), n);
        for (size_t i = 0; i < n; i++) {
            ck_assert_int_eq(pn_value_get(v, members[i].key).i, (int64_t)i);
            ck_assert(pn_str_eq(pn_value_member(v, (uint32_t)i)->key, members[i].key));
        }
        ck_assert_uint_eq(PN_GET(v, "missing").kind, PN_ABSENT);
        ck_assert_uint_eq(PN_GET(v, "").kind, PN_ABSENT);
        ck_assert_uint_eq(PN_GET(v, "zzz").kind, PN_ABSENT);
    }
}
END_TEST

START_TEST(a_key_stands_once)
{
    static const size_t sizes[] = {2, 16, 32, 33, 500};
    struct pn_value v;
    for (size_t s = 0; s < PN_COUNT_OF(sizes); s++) {
        size_t n = sizes[s];
        struct pn_member *members = pn_arena_alloc(arena, n * sizeof *members);
        for (size_t i = 0; i < n; i++)
            members[i] = (struct pn_member){pn_arena_format(arena, "%zu", i), pn_null()};
        members[n - 1].key = members[0].key;
        ck_assert_int_eq(pn_object_new(&v, arena, members, n), PN_VALUE_E_DUPLICATE_KEY);
        members[n - 1].key = PN_STR("0\0"); /* a NUL makes another key */
        ck_assert_int_eq(pn_object_new(&v, arena, members, n), 0);
    }
    struct pn_member same[] = {{PN_STR(""), pn_null()}, {PN_STR_NULL, pn_null()}};
    ck_assert_int_eq(pn_object_new(&v, arena, same, 2), PN_VALUE_E_DUPLICATE_KEY);
}
END_TEST

START_TEST(with_makes_another_object)
{
    struct pn_value v = PN_VALUE_ABSENT, w;
    ck_assert_int_eq(pn_object_with(&v, arena, v, PN_STR("a"), pn_int(1)), 0);
    ck_assert_int_eq(pn_object_with(&v, arena, v, PN_STR("b"), pn_int(2)), 0);
    ck_assert_int_eq(pn_object_with(&w, arena, v, PN_STR("a"), pn_int(3)), 0);
    assert_json(v, PN_STR("{\"a\":1,\"b\":2}"));
    assert_json(w, PN_STR("{\"a\":3,\"b\":2}"));
    ck_assert_int_eq(pn_object_with(&w, arena, w, PN_STR("a"), PN_VALUE_ABSENT), 0);
    assert_json(w, PN_STR("{\"b\":2}"));
    ck_assert_int_eq(pn_object_with(&w, arena, w, PN_STR("no"), PN_VALUE_ABSENT), 0);
    assert_json(w, PN_STR("{\"b\":2}"));
    for (int i = 0; i < 40; i++) {
        struct pn_str key = pn_arena_format(arena, "k%d", i);
        ck_assert_int_eq(pn_object_with(&w, arena, w, key, pn_int(i)), 0);
    }
    ck_assert_int_eq(PN_GET(w, "k39").i, 39);
    ck_assert_int_eq(PN_GET(w, "b").i, 2);
    ck_assert_uint_eq(pn_value_count(w), 41);
}
END_TEST

START_TEST(what_is_made_of_a_noted_value_is_not_noted)
{
    struct pn_member members[] = {{PN_STR("a"), pn_int(1)}, {PN_STR("b"), pn_int(2)}};
    struct pn_value v = object(members, 2), w;
    ck_assert(!pn_value_fits(v, 7));
    ck_assert_int_eq(pn_value_note(v, 7, arena), 0);
    ck_assert(pn_value_fits(v, 7) && !pn_value_fits(v, 8) && !pn_value_fits(pn_int(1), 7));
    assert_json(list(&v, 1), PN_STR("[{\"a\":1,\"b\":2}]"));
    ck_assert_int_eq(pn_object_with(&w, arena, v, PN_STR("a"), pn_int(3)), 0);
    ck_assert(!pn_value_fits(w, 7));
    assert_json(w, PN_STR("{\"a\":3,\"b\":2}"));
    ck_assert_int_eq(pn_object_with(&w, arena, v, PN_STR("c"), pn_int(3)), 0);
    assert_json(w, PN_STR("{\"a\":1,\"b\":2,\"c\":3}"));
    ck_assert_int_eq(pn_value_freeze(&w, v, arena), 0);
    ck_assert(!pn_value_fits(w, 7));
}
END_TEST

START_TEST(frozen_values_own_what_they_hold)
{
    struct pn_arena *other;
    struct pn_value frozen;
    char text[] = "text", key[] = "key", number[] = "1.10";
    ck_assert_int_eq(pn_arena_new(&other, 0), 0);
    struct pn_value items[] = {pn_string(pn_str_of(text)), pn_raw(pn_str_of(number)), pn_int(5)};
    struct pn_member member = {pn_str_of(key), list(items, 3)};
    ck_assert_int_eq(pn_value_freeze(&frozen, object(&member, 1), other), 0);
    memset(text, '?', 4);
    memset(key, '?', 3);
    memset(number, '?', 4);
    pn_arena_reset(arena, 0);
    assert_json(frozen, PN_STR("{\"key\":[\"text\",1.10,5]}"));
    pn_arena_reset(arena, 64);
    struct pn_value again = PN_VALUE_ABSENT;
    ck_assert_int_eq(pn_value_freeze(&again, frozen, arena), -ENOMEM);
    ck_assert_uint_eq(again.kind, PN_ABSENT);
    pn_arena_free(other);
}
END_TEST

START_TEST(numbers_compare_as_numbers)
{
    struct pn_value int_max = pn_int(INT64_MAX);
    struct pn_value raw_10 = pn_raw(PN_STR("1e1")), big = pn_raw(PN_STR("18446744073709551615"));
    struct pn_value big_2 = pn_raw(PN_STR("18446744073709551614"));
    const struct {
        struct pn_value a, b;
        bool equal;
    } cases[] = {
        {pn_int(1), pn_int(1), true},
        {pn_int(1), pn_int(2), false},
        {pn_int(10), pn_real(10), true},
        {pn_int(10), raw_10, true},
        {pn_real(10), raw_10, true},
        {raw_10, pn_raw(PN_STR("10.0")), true},
        {pn_int(0), pn_real(-0.0), true},
        {big, big, true},
        {big, big_2, false}, /* the same double */
        {big, int_max, false},
        {int_max, pn_real(0x1p63), false},
        {int_max, pn_raw(PN_STR("9223372036854775807")), true},
        {pn_int(9007199254740993), pn_real(9007199254740992.0), false},
        {pn_int(INT64_MIN), pn_real(-0x1p63), true},
        {pn_int(0), pn_real(0.5), false},
        {pn_raw(PN_STR("1e400")), pn_raw(PN_STR("1e400")), true},
        {pn_raw(PN_STR("1e400")), pn_real(1e300), false},
        {pn_int(1), pn_string(PN_STR("1")), false},
        {pn_int(0), pn_null(), false},
        {pn_int(1), pn_bool(true), false},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        ck_assert_msg(pn_value_equal(cases[i].a, cases[i].b) == cases[i].equal, "case %zu", i);
        ck_assert_msg(pn_value_equal(cases[i].b, cases[i].a) == cases[i].equal, "case %zu", i);
    }
}
END_TEST

START_TEST(containers_compare_deeply)
{
    struct pn_member ab[] = {{PN_STR("a"), pn_int(1)}, {PN_STR("b"), pn_null()}};
    struct pn_member ba[] = {{PN_STR("b"), pn_null()}, {PN_STR("a"), pn_real(1)}};
    struct pn_member ac[] = {{PN_STR("a"), pn_int(1)}, {PN_STR("c"), pn_null()}};
    struct pn_value x = object(ab, 2), y = object(ba, 2), z = object(ac, 2);
    ck_assert(pn_value_equal(x, y));
    ck_assert(!pn_value_equal(x, z));
    ck_assert(!pn_value_equal(x, object(ab, 1)));
    struct pn_value xy[] = {x, y}, yx[] = {y, x}, xz[] = {x, z};
    ck_assert(pn_value_equal(list(xy, 2), list(yx, 2)));
    ck_assert(!pn_value_equal(list(xy, 2), list(xz, 2)));
    ck_assert(!pn_value_equal(list(xy, 2), list(xy, 1)));
    ck_assert(!pn_value_equal(list(NULL, 0), object(NULL, 0)));
    ck_assert(!pn_value_equal(pn_null(), PN_VALUE_ABSENT));
    ck_assert(!pn_value_equal(pn_bool(true), pn_bool(false)));
    ck_assert(!pn_value_equal(pn_string(PN_STR("a\0")), pn_string(PN_STR("a"))));
}
END_TEST

/* A document that holds one node of each kind, the last of them twice (an alias). */
START_TEST(nodes_become_values)
{
    struct pn_node nodes[] = {
        {.kind = PN_NODE_NULL},
        {.kind = PN_NODE_BOOL, .b = true},
        {.kind = PN_NODE_INT, .i = 7},
        {.kind = PN_NODE_REAL, .r = 1.5},
        {.kind = PN_NODE_RAW, .s = PN_STR("18446744073709551615")},
        {.kind = PN_NODE_STRING, .s = PN_STR("s")},
    };
    const struct pn_node *items[] = {&nodes[0], &nodes[1], &nodes[2], &nodes[3],
                                     &nodes[4], &nodes[5], &nodes[5]};
    struct pn_node all = {.kind = PN_NODE_SEQUENCE, .sequence = {items, 7}};
    struct pn_node_entry entries[] = {{&nodes[5], &all}, {&nodes[5], &nodes[0]}};
    struct pn_node mapping = {.kind = PN_NODE_MAPPING, .mapping = {entries, 1}};
    struct pn_value v;
    ck_assert_int_eq(pn_value_from_node(&v, &mapping, arena), 0);
    assert_json(v, PN_STR("{\"s\":[null,true,7,1.5,18446744073709551615,\"s\",\"s\"]}"));
    ck_assert_ptr_eq(pn_node_get(&mapping, "s"), &all);
    ck_assert_ptr_null(pn_node_get(&mapping, "t"));
    ck_assert_ptr_null(pn_node_get(&all, "s"));
    ck_assert_ptr_null(pn_node_get(NULL, "s"));
    ck_assert(pn_str_is(pn_node_str(&nodes[5]), "s"));
    ck_assert_ptr_null(pn_node_str(&nodes[4]).s);
    ck_assert_ptr_null(pn_node_str(NULL).s);
    ck_assert_str_eq(pn_node_kind_name(&mapping), "a mapping");
    mapping.mapping.count = 2;
    ck_assert_int_eq(pn_value_from_node(&v, &mapping, arena), PN_VALUE_E_DUPLICATE_KEY);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("value");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, scalars_have_kinds);
    tcase_add_test(all, json_escapes);
    tcase_add_test(all, json_escapes_each_byte_in_each_place);
    tcase_add_test(all, json_writes_every_kind);
    tcase_add_test(all, objects_of_any_size_find_their_members);
    tcase_add_test(all, a_key_stands_once);
    tcase_add_test(all, with_makes_another_object);
    tcase_add_test(all, what_is_made_of_a_noted_value_is_not_noted);
    tcase_add_test(all, frozen_values_own_what_they_hold);
    tcase_add_test(all, numbers_compare_as_numbers);
    tcase_add_test(all, containers_compare_deeply);
    tcase_add_test(all, nodes_become_values);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
