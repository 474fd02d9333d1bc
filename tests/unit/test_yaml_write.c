/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "base/value.h"
#include "yaml/emit.h"
#include "yaml/read.h"

static struct pn_arena *arena;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void tear_down(void)
{
    pn_arena_free(arena);
}

static struct pn_str write_value(struct pn_value v)
{
    struct pn_buf out = PN_BUF_IN_ARENA(arena);
    ck_assert_int_eq(pn_yaml_write(&out, v), 0);
    return pn_buf_view(&out);
}

/* The value of the only document in `text`. */
static struct pn_value read_value(struct pn_str text)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {.name = PN_STR("t.yaml"), .bytes = text};
    struct pn_document *documents = NULL;
    struct pn_value v = PN_VALUE_ABSENT;
    size_t n = 0;
    int r = pn_yaml_read(&documents, &n, &source, arena, &diags);
    ck_assert_msg(r == 0 && n == 1, "%.*s\n%s", PN_STR_ARG(text),
                  diags.count > 0 ? diags.items[0].message : "not one document");
    ck_assert_int_eq(pn_value_from_node(&v, documents[0].root, arena), 0);
    pn_diags_deinit(&diags);
    return v;
}

static void assert_round_trip(struct pn_value v)
{
    struct pn_str text = write_value(v);
    struct pn_buf before = PN_BUF_IN_ARENA(arena), after = PN_BUF_IN_ARENA(arena);
    struct pn_value again = read_value(text);
    pn_json_write(&before, v);
    pn_json_write(&after, again);
    ck_assert_msg(pn_value_equal(v, again), "wrote %.*s as\n%.*s\nand read %.*s", (int)before.len,
                  before.data, PN_STR_ARG(text), (int)after.len, after.data);
}

/* ---- as kubectl writes ----------------------------------------------------------------- */

static const struct {
    const char *json;
    const char *yaml;
} write_cases[] = {
    {"{\"a\":{\"b\":[1,{\"c\":\"d\",\"e\":[\"f\"]},[\"g\",\"h\"]]}}",
     "a:\n  b:\n  - 1\n  - c: d\n    e:\n    - f\n  - - g\n    - h\n"},
    {"{\"a\":[],\"b\":{},\"c\":null,\"d\":true,\"e\":-1.5}",
     "a: []\nb: {}\nc: null\nd: true\ne: -1.5\n"},
    {"[]", "[]\n"},
    {"\"a\"", "a\n"},
    {"null", "null\n"},
    {"{\"z\":1,\"a\":2}", "z: 1\na: 2\n"}, /* in their own order */
    /* strings that would read as something else */
    {"[\"\",\"~\",\"null\",\"yes\",\"Off\",\"y\",\"true\"]",
     "- \"\"\n- \"~\"\n- \"null\"\n- \"yes\"\n- \"Off\"\n- \"y\"\n- \"true\"\n"},
    {"[\"12\",\"0x1F\",\"1_000\",\"1.10\",\"1e3\",\".inf\",\".5\"]",
     "- \"12\"\n- \"0x1F\"\n- \"1_000\"\n- \"1.10\"\n- \"1e3\"\n- \".inf\"\n- \".5\"\n"},
    {"[\"1:30\",\"2024-01-01\",\"2024-01-01T00:00:00Z\",\"<<\"]",
     "- \"1:30\"\n- \"2024-01-01\"\n- \"2024-01-01T00:00:00Z\"\n- \"<<\"\n"},
    {"{\"yes\":1,\"1\":2,\"\":3,\"<<\":4,\"a\":5}",
     "\"yes\": 1\n\"1\": 2\n\"\": 3\n\"<<\": 4\na: 5\n"},
    /* strings that are no plain text */
    {"[\"a: b\",\"a #b\",\"*a\",\"- a\",\" a\",\"a \",\"{{ a }}\",\"'a'\",\"@a\",\"---\"]",
     "- 'a: b'\n- 'a #b'\n- '*a'\n- '- a'\n- ' a'\n- 'a '\n- '{{ a }}'\n- '''a'''\n- '@a'\n"
     "- '---'\n"},
    {"[\"100m\",\"1Gi\",\"a:b\",\"a#b\",\"/a\",\"http://a/?b=c\"]",
     "- 100m\n- 1Gi\n- a:b\n- a#b\n- /a\n- http://a/?b=c\n"},
    /* several lines */
    {"{\"a\":\"b\\nc\\n\",\"d\":\"e\\nf\",\"g\":\"h\\n\\n\"}",
     "a: |\n  b\n  c\nd: |-\n  e\n  f\ng: |+\n  h\n\n"},
    {"[\"a\\n  b\\n\",\"#!/bin/sh\\necho: \\\"x\\\"\\n\"]",
     "- |\n  a\n    b\n- |\n  #!/bin/sh\n  echo: \"x\"\n"},
    {"[\"\\na\",\" a\\nb\",\"a \\nb\",\"a\\tb\\n\",\"\\n\",\"a\\r\\nb\"]",
     "- \"\\na\"\n- \" a\\nb\"\n- \"a \\nb\"\n- \"a\\tb\\n\"\n- \"\\n\"\n- \"a\\r\\nb\"\n"},
    /* what cannot stand in a file as it is */
    {"[\"a\\u0000b\",\"\\u001b\",\"\\u007f\",\"\\u0085\",\"\\u2028\",\"\\ufeff\"]",
     "- \"a\\0b\"\n- \"\\e\"\n- \"\\x7F\"\n- \"\\N\"\n- \"\\L\"\n- \"\\uFEFF\"\n"},
    {"[\"\xc3\xa9\",\"\xe6\x97\xa5\"]", "- \xc3\xa9\n- \xe6\x97\xa5\n"},
    /* numbers */
    {"[0,-1,9223372036854775807,18446744073709551615,0.1,1e21,5e-324]",
     "- 0\n- -1\n- 9223372036854775807\n- 18446744073709551615\n- 0.1\n- 1e+21\n- 5e-324\n"},
};

START_TEST(writes_as_kubectl_does)
{
    struct pn_value v = read_value(pn_str_of(write_cases[_i].json));
    struct pn_str text = write_value(v);
    ck_assert_msg(pn_str_is(text, write_cases[_i].yaml), "expected\n%s\ngot\n%.*s",
                  write_cases[_i].yaml, PN_STR_ARG(text));
    assert_round_trip(v);
}
END_TEST

START_TEST(long_lines_are_not_broken)
{
    char line[3000];
    for (size_t i = 0; i < sizeof line; i++)
        line[i] = i % 7 == 6 ? ' ' : 'a';
    line[sizeof line - 1] = 'a';
    struct pn_str text = write_value(pn_string((struct pn_str){line, sizeof line}));
    ck_assert_uint_eq(text.n, sizeof line + 1);
    ck_assert(memchr(text.s, '\n', text.n - 1) == NULL);
}
END_TEST

START_TEST(long_keys_are_read_back)
{
    char key[400];
    memset(key, 'k', sizeof key);
    struct pn_member members[] = {
        {{key, sizeof key}, pn_int(1)},
        {PN_STR("a\nb"), pn_string(PN_STR("c\nd\n"))},
    };
    struct pn_value v;
    ck_assert_int_eq(pn_object_new(&v, arena, members, 2), 0);
    assert_round_trip(v);
}
END_TEST

START_TEST(numbers_are_written_as_they_were)
{
    static const char *const numbers[] = {"1.10", "1E5", "-0", "1e-7", "18446744073709551616"};
    for (size_t i = 0; i < PN_COUNT_OF(numbers); i++) {
        struct pn_value v = pn_raw(pn_str_of(numbers[i]));
        struct pn_str text = write_value(v);
        ck_assert(pn_str_has_prefix(text, pn_str_of(numbers[i])));
        ck_assert_uint_eq(text.n, strlen(numbers[i]) + 1);
        assert_round_trip(v);
    }
}
END_TEST

START_TEST(bytes_that_are_no_text_become_replacement_characters)
{
    struct pn_value v = pn_string(PN_STR("a\xff\xc3"));
    ck_assert(pn_value_is_string(read_value(write_value(v)), "a\xef\xbf\xbd\xef\xbf\xbd"));
}
END_TEST

START_TEST(absent_is_written_as_null)
{
    ck_assert(pn_str_is(write_value(PN_VALUE_ABSENT), "null\n"));
}
END_TEST

START_TEST(writing_appends)
{
    struct pn_buf out = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&out, "---\n");
    ck_assert_int_eq(pn_yaml_write(&out, pn_int(1)), 0);
    pn_buf_cstr(&out, "---\n");
    ck_assert_int_eq(pn_yaml_write(&out, pn_string(PN_STR("a\n\n"))), 0);
    ck_assert(pn_str_is(pn_buf_view(&out), "---\n1\n---\n|+\n  a\n\n"));
}
END_TEST

START_TEST(a_full_buffer_is_an_error)
{
    struct pn_arena *small = NULL;
    ck_assert_int_eq(pn_arena_new(&small, 0), 0);
    pn_arena_reset(small, 16);
    struct pn_buf out = PN_BUF_IN_ARENA(small);
    char text[4096];
    memset(text, 'a', sizeof text);
    ck_assert_int_eq(pn_yaml_write(&out, pn_string((struct pn_str){text, sizeof text})), -ENOMEM);
    pn_arena_free(small);
}
END_TEST

/* ---- whatever is written is read back -------------------------------------------------- */

/* xorshift: the same values in every run. */
static uint32_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}

/* A string of pieces that mean something to YAML somewhere. */
static struct pn_str random_string(uint64_t *state)
{
    static const char *const pieces[] = {"a",
                                         "b c",
                                         " ",
                                         "  ",
                                         "\n",
                                         "\n\n",
                                         "\t",
                                         ":",
                                         ": ",
                                         "#",
                                         " #",
                                         "-",
                                         "- ",
                                         "---",
                                         "...",
                                         "?",
                                         "? ",
                                         "[",
                                         "]",
                                         "{",
                                         "}",
                                         ",",
                                         "&a",
                                         "*a",
                                         "!",
                                         "!!",
                                         "|",
                                         ">",
                                         "'",
                                         "\"",
                                         "%",
                                         "@",
                                         "`",
                                         "~",
                                         "yes",
                                         "null",
                                         "12",
                                         "0x",
                                         "_",
                                         ".",
                                         "e5",
                                         "+",
                                         "<<",
                                         "=",
                                         "\\",
                                         "\\n",
                                         "\r",
                                         "\r\n",
                                         "{{",
                                         "}}",
                                         "\x01",
                                         "\x1b",
                                         "\x7f",
                                         "\xff",
                                         "\xc3\xa9",
                                         "\xe2\x80\xa8",
                                         "\xc2\x85",
                                         "\xef\xbb\xbf",
                                         "\xf0\x9f\x98\x80",
                                         "\xef\xbf\xbe",
                                         "1:30",
                                         "2024-01-01",
                                         "T00:00:00Z",
                                         "true",
                                         ".inf"};
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    for (uint32_t n = next_random(state) % 8; n > 0; n--)
        pn_buf_cstr(&text, pieces[next_random(state) % PN_COUNT_OF(pieces)]);
    if (next_random(state) % 50 == 0)
        pn_buf_char(&text, '\0');
    /* What is no UTF-8 does not come back, so it is not among the strings. */
    struct pn_buf json = PN_BUF_IN_ARENA(arena);
    pn_json_write_str(&json, pn_buf_view(&text));
    return pn_str_utf8_valid(pn_buf_view(&text)) ? pn_buf_view(&text) : pn_buf_view(&json);
}

static struct pn_value random_number(uint64_t *state)
{
    static const char *const raw[] = {"18446744073709551615", "1.50", "1e10", "-0.0", "1E-9"};
    uint64_t bits = (uint64_t)next_random(state) << 32 | next_random(state);
    double r;
    switch (next_random(state) % 3) {
    case 0:
        return pn_int((int64_t)(bits >> (next_random(state) % 64)));
    case 1:
        memcpy(&r, &bits, sizeof r);
        return pn_real(r - r == 0 ? r : 0.5); /* neither infinite nor none */
    default:
        return pn_raw(pn_str_of(raw[bits % PN_COUNT_OF(raw)]));
    }
}

static struct pn_value random_value(uint64_t *state, unsigned depth)
{
    struct pn_value items[5], v = pn_null();
    struct pn_member members[5];
    uint32_t kind = next_random(state) % (depth > 0 ? 8 : 5);
    uint32_t n = next_random(state) % 5;
    if (kind == 0)
        return next_random(state) % 2 != 0 ? pn_null() : pn_bool(next_random(state) % 2 != 0);
    if (kind == 1)
        return random_number(state);
    if (kind < 5)
        return pn_string(random_string(state));
    for (uint32_t i = 0; i < n; i++)
        members[i] = (struct pn_member){random_string(state),
                                        items[i] = random_value(state, depth - 1)};
    if (kind == 5)
        ck_assert_int_eq(pn_array_new(&v, arena, items, n), 0);
    else if (pn_object_new(&v, arena, members, n) != 0) /* two keys were equal */
        ck_assert_int_eq(pn_object_new(&v, arena, members, n > 0), 0);
    return v;
}

START_TEST(what_is_written_is_read_back)
{
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)_i;
    for (int i = 0; i < 200; i++) {
        pn_arena_reset(arena, 0);
        assert_round_trip(random_value(&state, 4));
    }
}
END_TEST

/* ---- manifests ------------------------------------------------------------------------- */

static const char *const manifests[] = {
    "apiVersion: apps/v1\n"
    "kind: Deployment\n"
    "metadata:\n"
    "  name: shop\n"
    "  labels: {app: shop, \"on\": \"yes\"}\n"
    "  annotations:\n"
    "    example.com/script: |\n"
    "      #!/bin/sh\n"
    "      set -e\n"
    "\n"
    "      exec \"$@\"\n"
    "    example.com/folded: >-\n"
    "      one line\n"
    "      of text\n"
    "spec:\n"
    "  replicas: 0o3\n"
    "  selector: &selector\n"
    "    matchLabels: {app: shop}\n"
    "  template:\n"
    "    spec:\n"
    "      containers:\n"
    "      - name: web\n"
    "        image: nginx:1.29\n"
    "        args: [--listen, \":8080\", \"--ratio=0.5\", '{{ x }}']\n"
    "        env:\n"
    "        - {name: PORT, value: \"8080\"}\n"
    "        - name: EMPTY\n"
    "          value: \"\"\n"
    "        resources:\n"
    "          requests: {cpu: 100m, memory: 64Mi, ephemeral-storage: 1e9}\n"
    "        securityContext: {runAsUser: 1000, privileged: no}\n"
    "      affinity: *selector\n"
    "      tolerations:\n"
    "      - key:\n"
    "        operator: Exists\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\",\n"
    " \"metadata\": {\"name\": \"c\", \"creationTimestamp\": null},\n"
    " \"data\": {\"a.yaml\": \"x: 1\\ny:\\n- 2\\n\", \"time\": \"2024-05-01T10:00:00Z\",\n"
    "  \"trailing\": \"a \\n\\nb\\n\\n\\n\", \"tab\": \"a:\\n\\tb\\n\", \"quote\": \"it's\"}}\n",
};

START_TEST(manifests_are_read_back)
{
    assert_round_trip(read_value(pn_str_of(manifests[_i])));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("yaml_write");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_loop_test(all, writes_as_kubectl_does, 0, PN_COUNT_OF(write_cases));
    tcase_add_test(all, long_lines_are_not_broken);
    tcase_add_test(all, long_keys_are_read_back);
    tcase_add_test(all, numbers_are_written_as_they_were);
    tcase_add_test(all, bytes_that_are_no_text_become_replacement_characters);
    tcase_add_test(all, absent_is_written_as_null);
    tcase_add_test(all, writing_appends);
    tcase_add_test(all, a_full_buffer_is_an_error);
    tcase_add_loop_test(all, what_is_written_is_read_back, 0, 50);
    tcase_add_loop_test(all, manifests_are_read_back, 0, PN_COUNT_OF(manifests));
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
