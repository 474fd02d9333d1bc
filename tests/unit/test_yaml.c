/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "base/value.h"
#include "yaml/emit.h"
#include "yaml/read.h"
#include "yaml_cases.h"

static struct pn_arena *arena;
static struct pn_diags diags;
static struct pn_document *documents;
static size_t document_count;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
    diags = (struct pn_diags)PN_DIAGS_INIT;
    documents = NULL;
    document_count = 0;
}

static void tear_down(void)
{
    pn_diags_deinit(&diags);
    pn_arena_free(arena);
}

/* Reads `text`; the documents borrow the source, so it lives in the arena. */
static int read_bytes(struct pn_str text)
{
    struct pn_source *source = pn_arena_alloc(arena, sizeof *source);
    ck_assert_ptr_nonnull(source);
    *source = (struct pn_source){.name = PN_STR("t.yaml"), .bytes = text};
    return pn_yaml_read(&documents, &document_count, source, arena, &diags);
}

static int read_text(const char *text)
{
    return read_bytes(pn_str_of(text));
}

static struct pn_value value_of(const struct pn_node *node)
{
    struct pn_value v = pn_null();
    if (node != NULL)
        ck_assert_int_eq(pn_value_from_node(&v, node, arena), 0);
    return v;
}

/* The value of the first document; null when there is none. */
static struct pn_value first_value(void)
{
    return value_of(document_count > 0 ? documents[0].root : NULL);
}

static void assert_json(struct pn_value v, const char *expected, const char *context)
{
    struct pn_buf json = PN_BUF_IN_ARENA(arena);
    pn_json_write(&json, v);
    ck_assert_msg(pn_str_is(pn_buf_view(&json), expected), "%s\nexpected %s\ngot      %.*s",
                  context, expected, (int)json.len, json.data);
}

/* ---- what kubectl reads ---------------------------------------------------------------- */

START_TEST(reads_as_kubectl_does)
{
    const char *yaml = yaml_cases[_i].yaml;
    int r = read_text(yaml);
    if (yaml_cases[_i].json == NULL) {
        ck_assert_msg(r == PN_YAML_E_INVALID, "%s was read", yaml);
        ck_assert_uint_ge(diags.errors, 1);
        return;
    }
    ck_assert_msg(r == 0, "%s: %s", yaml, diags.count > 0 ? diags.items[0].message : "?");
    ck_assert_uint_eq(diags.errors, 0);
    assert_json(first_value(), yaml_cases[_i].json, yaml);
}
END_TEST

START_TEST(reads_large_mappings_and_lists)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    for (int i = 0; i < 20000; i++)
        pn_buf_printf(&text, "key-%d: [%d, {a: %d}]\n", i, i, i);
    ck_assert_int_eq(read_bytes(pn_buf_view(&text)), 0);
    const struct pn_node *root = documents[0].root;
    ck_assert_uint_eq(root->mapping.count, 20000);
    assert_json(value_of(root->mapping.entries[19999].value), "[19999,{\"a\":19999}]", "last");
}
END_TEST

START_TEST(finds_duplicates_in_large_mappings)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    for (int i = 0; i < 1000; i++)
        pn_buf_printf(&text, "key-%d: %d\n", i, i);
    pn_buf_cstr(&text, "key-7: again\nkey-500: again\n");
    ck_assert_int_eq(read_bytes(pn_buf_view(&text)), PN_YAML_E_INVALID);
    ck_assert_uint_eq(diags.count, 2);
    ck_assert_str_eq(diags.items[0].message, "the key \"key-7\" is already set at line 8 of this "
                                             "mapping");
    ck_assert_uint_eq(diags.items[0].span.line, 1001);
    ck_assert_uint_eq(diags.items[1].span.line, 1002);
}
END_TEST

/* ---- places ---------------------------------------------------------------------------- */

/* The node at a path such as "a/0/b"; "~" in the end names the key instead of the value. */
static const struct pn_node *find(const struct pn_node *node, const char *path)
{
    struct pn_str rest = pn_str_of(path);
    bool key = pn_str_has_suffix(rest, PN_STR("~"));
    rest.n -= key;
    while (rest.n > 0) {
        struct pn_str part = pn_str_split(&rest, '/');
        if (node->kind == PN_NODE_SEQUENCE) {
            node = node->sequence.items[part.s[0] - '0'];
            continue;
        }
        uint32_t i = 0;
        while (i < node->mapping.count && !pn_str_eq(node->mapping.entries[i].key->s, part))
            i++;
        ck_assert_uint_lt(i, node->mapping.count);
        node = key && rest.n == 0 ? node->mapping.entries[i].key : node->mapping.entries[i].value;
    }
    return node;
}

static const struct {
    const char *yaml;
    const char *path;
    unsigned line, column;
    const char *text; /* the bytes of the span */
    bool plain;
} place_cases[] = {
    {"a: b\n", "a", 1, 4, "b", true},
    {"a: b\n", "a~", 1, 1, "a", true},
    {"a: b\n", "", 1, 1, "a: b", false},
    {"a:  'b c' # d\n", "a", 1, 5, "'b c'", false},
    {"a: \"b\"\n", "a", 1, 4, "\"b\"", false},
    {"a: b c\n  d\ne: f\n", "a", 1, 4, "b c\n  d", true},
    {"a: 12\nb: {c: [1, 2]}\n", "b", 2, 4, "{c: [1, 2]}", false},
    {"a: 12\nb: {c: [1, 2]}\n", "b/c", 2, 8, "[1, 2]", false},
    {"a: 12\nb: {c: [1, 2]}\n", "b/c/1", 2, 12, "2", true},
    {"- [a: b]\n", "0/0", 1, 4, "a: b", false},
    /* multi-byte characters count once in a column */
    {"\xc3\xa9: \xf0\x9f\x98\x80 \xe2\x82\xac # x\n", "\xc3\xa9", 1, 4,
     "\xf0\x9f\x98\x80 \xe2\x82\xac", true},
    {"a: '\xe6\x97\xa5'\nb: {c: \"\xc3\xa9\", d: e}\n", "b/d", 2, 16, "e", true},
    {"- \xc3\xa9\n- \xc3\xa9\n- x\n", "2", 3, 3, "x", true},
    /* a byte order mark is no column */
    {"\xef\xbb\xbf"
     "a: b\n",
     "a", 1, 4, "b", true},
    /* CRLF */
    {"a: b\r\nc:\r\n- d\r\n- e\r\n", "c/1", 4, 3, "e", true},
    {"a: b\r\nc:\r\n- d\r\n- e\r\n", "c", 3, 1, "- d\r\n- e", false},
    {"a: |\r\n  b\r\n  c\r\nd: e\r\n", "a", 1, 4, "|\r\n  b\r\n  c", false},
    /* line breaks that only YAML 1.1 knows are no lines to an editor */
    {"a: \"b\xe2\x80\xa8 c\"\nd: e\n", "d", 2, 4, "e", true},
    {"a: b\rc: d\n", "c", 1, 9, "d", true},
    /* anchors and tags are left out */
    {"a: &x b\n", "a", 1, 7, "b", true},
    {"a: !!str &x 'b'\n", "a", 1, 13, "'b'", false},
    {"a: &x !!str\n  b\n", "a", 2, 3, "b", true},
    {"a: &x # &y\n  b\n", "a", 2, 3, "b", true},
    {"a: &x\n  b: c\n  d: e\n", "a", 2, 3, "b: c\n  d: e", false},
    {"a: &x\n- b\n- c\n", "a", 2, 1, "- b\n- c", false},
    {"a: &x\n  - b\n  - c\n", "a", 2, 3, "- b\n  - c", false},
    {"a: !!seq [b, c]\n", "a", 1, 10, "[b, c]", false},
    {"a: &x {b: c}\n", "a", 1, 7, "{b: c}", false},
    {"&x a: b\n", "a~", 1, 4, "a", true},
    {"a: &x |\n  b\n", "a", 1, 7, "|\n  b", false},
    /* an alias is the anchored node */
    {"a: &x b\nc: *x\n", "c", 1, 7, "b", true},
    {"a: &x b\n*x : c\n", "b~", 2, 1, "*x", true},
    /* block collections end with their last content */
    {"a:\n  b: c\n  # comment\n\n# more\nd: e\n", "a", 2, 3, "b: c", false},
    {"a:\n- b # x\n\nc: d\n", "a", 2, 1, "- b", false},
    {"a:\n- b: c\n  d:\n    e: f\n# x\n", "", 1, 1, "a:\n- b: c\n  d:\n    e: f", false},
    {"a: &x [1]\nb:\n  c: *x\n  # d\n", "b", 3, 3, "c: *x", false},
    /* block scalars end with their last line; what + keeps belongs to them */
    {"a: |\n  b\n\n  c\n\n\nd: e\n", "a", 1, 4, "|\n  b\n\n  c", false},
    {"a: |-\n  b  \n\n", "a", 1, 4, "|-\n  b  ", false},
    {"a: |+\n  b\n\nd: e\n", "a", 1, 4, "|+\n  b\n", false},
    {"a: >2\n   b\n# c\n", "a", 1, 4, ">2\n   b", false},
    {"a: | # c\nb: d\n", "a", 1, 4, "| # c", false},
    /* nothing is written: an empty span where it would be */
    {"a:\nb: c\n", "a", 1, 3, "", true},
    {"a:\n  b:\n# c\nd: e\n", "a", 2, 3, "b:", false},
    {"- a\n-\n- b\n", "1", 2, 2, "", true},
    {"{a, b: c}\n", "a", 1, 3, "", true},
    {"? a\n# b\n\n? c\n", "a", 1, 4, "", true},
    {"a: !!str\nb: c\n", "a", 1, 9, "", true},
    /* another document */
    {"---\n# x\na: b\n", "a", 3, 4, "b", true},
};

START_TEST(nodes_know_their_places)
{
    const char *yaml = place_cases[_i].yaml;
    ck_assert_int_eq(read_text(yaml), 0);
    const struct pn_node *node = find(documents[0].root, place_cases[_i].path);
    struct pn_str got = {yaml + node->span.start, node->span.end - node->span.start};
    ck_assert_msg(pn_str_is(got, place_cases[_i].text), "%s at %s\nexpected <%s>\ngot      <%.*s>",
                  yaml, place_cases[_i].path, place_cases[_i].text, PN_STR_ARG(got));
    ck_assert_msg(
        node->span.line == place_cases[_i].line && node->span.column == place_cases[_i].column,
        "%s at %s: got %u:%u", yaml, place_cases[_i].path, node->span.line, node->span.column);
    ck_assert_msg(node->plain == place_cases[_i].plain, "%s at %s: plain is %d", yaml,
                  place_cases[_i].path, node->plain);
}
END_TEST

/* ---- faults ---------------------------------------------------------------------------- */

static const struct {
    const char *yaml;
    const char *id;
    unsigned line, column;
    const char *message; /* a part of it */
    const char *help;    /* likewise; NULL: none */
} fault_cases[] = {
    {"a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", 3, 1,
     "the key \"a\" is already set at line 1 of this mapping", NULL},
    {"x: {b: 1, b: 2}\n", "yaml-duplicate-key", 1, 11, "\"b\" is already set at line 1", NULL},
    {"y: 1\non: 2\n", "yaml-duplicate-key", 2, 1, "the key on (\"true\" to YAML) is already set",
     NULL},
    {"b: &b {x: 1}\nd:\n  <<: *b\n  x: 3\n", "yaml-duplicate-key", 4, 3,
     "the key \"x\" is already set by the merge (<<) at line 3", "leave one of them out"},
    {"b: &b {x: 1}\nd:\n  x: 3\n  <<: *b\n", "yaml-duplicate-key", 4, 3,
     "this merge sets the key \"x\", which is already set at line 3", "leave one of them out"},
    {"a:\n\tb: 1\n", "yaml-syntax", 2, 1, "found a tab where spaces are expected", "spaces only"},
    {"a:\n  b: c\n\td: e\n", "yaml-syntax", 3, 1, "found a tab where spaces are expected",
     "spaces only"},
    {"a: |\n\tb\n", "yaml-syntax", 2, 1, "found a tab where spaces are expected", "spaces only"},
    {"name: {{ .Values.name }}\n", "yaml-syntax", 1, 8, "a mapping cannot be a key",
     "looks like a template"},
    {"{{- if .Values.on }}\na: b\n{{- end }}\n", "yaml-syntax", 1, 3, "", "looks like a template"},
    {"a:\n  {{ toYaml .Values.x | nindent 2 }}\n", "yaml-syntax", 2, 4, "a mapping cannot be a key",
     "looks like a template"},
    {"a: b: c\n", "yaml-syntax", 1, 5, "no \"key: value\" can stand here", "quote the value"},
    {"a\nb: c\n", "yaml-syntax", 2, 2, "no \"key: value\" can stand here", "indentation"},
    {"a: b\nc\nd: e\n", "yaml-syntax", 2, 1, "expected \"key: value\" here", "indentation"},
    {"a: - b\n", "yaml-syntax", 1, 4, "no list item can stand here", "line of its own"},
    {"a: 'b' c\nd: e\n", "yaml-syntax", 1, 8, "does not belong to the mapping before",
     "quoted text"},
    {"a:\n   b: c\n  d: e\n", "yaml-syntax", 3, 3, "does not belong to the mapping before",
     "indentation"},
    {"a:\n- 'b'\n c: d\n", "yaml-syntax", 3, 2, "does not belong to the mapping before",
     "indentation"},
    {"a: [b, c\nd: e\n", "yaml-syntax", 2, 2, "expected ',' or ']' here, in the list of line 1",
     "quote"},
    {"a:\n  [b,\n", "yaml-syntax", 2, 3, "this list is never closed: expected ']'", NULL},
    {"a: {b: c\n", "yaml-syntax", 1, 4, "this mapping is never closed: expected '}'", NULL},
    {"a: 1\nb: \"c\nd: e\n", "yaml-syntax", 2, 4, "this quoted text is never closed",
     "closing quote"},
    {"a: \"\\d\"\n", "yaml-syntax", 1, 5, "this escape is not known", "single quotes"},
    {"a: \"\\/\"\n", "yaml-syntax", 1, 4, "the escape \\/ is not known to kubectl", "slash"},
    {"a: \"\\ud83d\\ude00\"\n", "yaml-syntax", 1, 7, "half of a surrogate pair", "itself"},
    {"a: *b\n", "yaml-syntax", 1, 4, "no anchor &b stands before this alias", "quoted"},
    {"a: *.log\n", "yaml-syntax", 1, 5, "an alias is '*' and letters", "quoted"},
    {"a: &x [*x]\n", "yaml-syntax", 1, 8, "the value of the anchor &x holds itself", NULL},
    {"a: @b\n", "yaml-syntax", 1, 4, "a value cannot start with '@'", "quote the text"},
    {"a: !!int b\n", "yaml-syntax", 1, 10, "\"b\" is not what its tag !!int says", NULL},
    {"a: !!binary b\n", "yaml-syntax", 1, 13, "not base64", NULL},
    {"a: .inf\n", "yaml-syntax", 1, 4, ".inf cannot be a value", "quote it"},
    {"a: &x .nan\n", "yaml-syntax", 1, 7, ".nan cannot be a value", "quote it"},
    {"~: b\n", "yaml-syntax", 1, 1, "null cannot be a key", "quote it"},
    {"? [a]\n: b\n", "yaml-syntax", 1, 3, "a list cannot be a key", NULL},
    {"a: {<<: b}\n", "yaml-syntax", 1, 9, "a merge (<<) takes a mapping", NULL},
    {"[a?b]\n", "yaml-syntax", 1, 2, "cannot hold '?'", "quote"},
    {"%YAML 1.2\n---\na: b\n", "yaml-syntax", 1, 1, "asks for YAML 1.2", NULL},
    {"%YAML 1.1\na: b\n", "yaml-syntax", 2, 1, "expected \"---\" after the directives", NULL},
    {"a: |x\n  b\n", "yaml-syntax", 1, 5, "only a comment can follow", "next line"},
    {"a: b\n\xef\xbb\xbf"
     "c: d\n",
     "yaml-syntax", 2, 1, "a byte order mark (U+FEFF) stands within the file", "remove it"},
    {"a: b\nc: \xff\n", "yaml-syntax", 2, 4, "this is not UTF-8 text (byte 0xff)", "UTF-8"},
    {"a: \xc3\xa9 \xc3\x28\n", "yaml-syntax", 1, 6, "this is not UTF-8 text", "UTF-8"},
    {"a: \xed\xa0\x80\n", "yaml-syntax", 1, 4, "this is not UTF-8 text", "UTF-8"},
    {"a: b\x01\n", "yaml-syntax", 1, 5, "the character U+0001 cannot stand in YAML", "escape"},
    {"a: b\nc: d \x7f\n", "yaml-syntax", 2, 6, "the character U+007F cannot stand", "escape"},
    {"\xff\xfe"
     "a",
     "yaml-syntax", 0, 0, "this file is UTF-16 text", "UTF-8"},
};

START_TEST(faults_say_what_and_where)
{
    const char *yaml = fault_cases[_i].yaml;
    ck_assert_int_eq(read_text(yaml), PN_YAML_E_INVALID);
    ck_assert_uint_ge(diags.count, 1);
    const struct pn_diag *diag = &diags.items[0];
    ck_assert_int_eq(diag->severity, PN_SEVERITY_ERROR);
    ck_assert_str_eq(diag->id, fault_cases[_i].id);
    ck_assert_msg(diag->span.line == fault_cases[_i].line &&
                      diag->span.column == fault_cases[_i].column,
                  "%s: %s at %u:%u", yaml, diag->message, diag->span.line, diag->span.column);
    ck_assert_msg(strstr(diag->message, fault_cases[_i].message) != NULL, "%s: %s", yaml,
                  diag->message);
    ck_assert_msg(strchr(diag->message, '\n') == NULL, "%s: a message is one line", yaml);
    if (fault_cases[_i].help == NULL)
        ck_assert_msg(diag->help == NULL, "%s: help %s", yaml, diag->help);
    else
        ck_assert_msg(diag->help != NULL && strstr(diag->help, fault_cases[_i].help) != NULL,
                      "%s: help %s", yaml, diag->help != NULL ? diag->help : "none");
}
END_TEST

START_TEST(all_faults_of_a_document_are_told)
{
    ck_assert_int_eq(read_text("a: 1\na: 2\nb: .inf\nc: {d: 1, d: 2}\ne: *x\n"), PN_YAML_E_INVALID);
    ck_assert_uint_eq(diags.errors, 4);
    ck_assert_uint_eq(document_count, 0);
}
END_TEST

START_TEST(keys_that_json_makes_equal_are_warned_of)
{
    ck_assert_int_eq(read_text("1: a\n\"1\": b\n"), 0);
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_uint_eq(diags.errors, 0);
    ck_assert_str_eq(diags.items[0].id, "yaml-duplicate-key");
    ck_assert_int_eq(diags.items[0].severity, PN_SEVERITY_WARNING);
    ck_assert_uint_eq(diags.items[0].span.line, 2);
}
END_TEST

START_TEST(text_behind_the_document_is_warned_of)
{
    static const struct {
        const char *yaml;
        const char *json;
        unsigned line, column;
    } cases[] = {
        {"  a: 1\nb: 2\n", "{\"a\":1}", 2, 1},
        {"{\"a\":1}}\n", "{\"a\":1}", 1, 8},
        {"a: 1\n...\nb: 2\n", "{\"a\":1}", 2, 4},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        pn_diags_deinit(&diags);
        ck_assert_int_eq(read_text(cases[i].yaml), 0);
        ck_assert_uint_eq(document_count, 1);
        assert_json(first_value(), cases[i].json, cases[i].yaml);
        ck_assert_uint_eq(diags.count, 1);
        ck_assert_int_eq(diags.items[0].severity, PN_SEVERITY_WARNING);
        ck_assert_ptr_nonnull(strstr(diags.items[0].message, "what follows is ignored"));
        ck_assert_uint_eq(diags.items[0].span.line, cases[i].line);
        ck_assert_uint_eq(diags.items[0].span.column, cases[i].column);
    }
}
END_TEST

/* ---- limits ---------------------------------------------------------------------------- */

static void append_repeated(struct pn_buf *text, const char *part, size_t times)
{
    for (size_t i = 0; i < times; i++)
        pn_buf_cstr(text, part);
}

static void assert_limit(const struct pn_buf *text, const char *message)
{
    ck_assert_int_eq(read_bytes(pn_buf_view(text)), PN_YAML_E_INVALID);
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_str_eq(diags.items[0].id, "yaml-limit");
    ck_assert_msg(strstr(diags.items[0].message, message) != NULL, "%s", diags.items[0].message);
}

START_TEST(depth_is_limited)
{
    static const char *const openings[] = {"[", "[\n", "- ", "{a: ", "? "};
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    append_repeated(&text, openings[_i], 100000);
    assert_limit(&text, "nested more than 200 deep");
}
END_TEST

START_TEST(depth_up_to_the_limit_is_read)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    append_repeated(&text, "[", PN_YAML_MAX_DEPTH);
    append_repeated(&text, "]", PN_YAML_MAX_DEPTH);
    ck_assert_int_eq(read_bytes(pn_buf_view(&text)), 0);
    text.len = 0;
    append_repeated(&text, "[", PN_YAML_MAX_DEPTH + 1);
    append_repeated(&text, "]", PN_YAML_MAX_DEPTH + 1);
    assert_limit(&text, "nested more than 200 deep");
}
END_TEST

START_TEST(depth_counts_through_aliases)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&text, "a: &a ");
    append_repeated(&text, "[", 150);
    append_repeated(&text, "]", 150);
    pn_buf_cstr(&text, "\nb: ");
    append_repeated(&text, "[", 100);
    pn_buf_cstr(&text, "*a");
    append_repeated(&text, "]", 100);
    assert_limit(&text, "nested more than 200 deep");
    ck_assert_uint_eq(diags.items[0].span.line, 2);
}
END_TEST

START_TEST(alias_bombs_are_stopped_at_once)
{
    struct timespec before, after;
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 30; i++) {
        pn_buf_printf(&text, "a%d: &a%d [*a%d", i, i, i - 1);
        for (int j = 0; j < 9; j++)
            pn_buf_printf(&text, ", *a%d", i - 1);
        pn_buf_cstr(&text, "]\n");
    }
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_limit(&text, "more than kubectl accepts");
    clock_gettime(CLOCK_MONOTONIC, &after);
    ck_assert_int_le(after.tv_sec - before.tv_sec, 20); /* 10^30 values take for ever */
    ck_assert_uint_lt(pn_arena_used(arena), 1u << 20);
}
END_TEST

START_TEST(moderate_aliases_are_read)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&text, "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb:\n");
    append_repeated(&text, "- *a\n", 500);
    ck_assert_int_eq(read_bytes(pn_buf_view(&text)), 0);
    ck_assert_uint_eq(pn_value_count(PN_GET(first_value(), "b")), 500);
}
END_TEST

START_TEST(nodes_of_a_file_are_limited)
{
    /* Each document stands for some 380,000 nodes, most of them by aliases. */
    struct pn_buf document = PN_BUF_IN_ARENA(arena);
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&document, "---\na: &a [0");
    append_repeated(&document, ",0", 3999);
    pn_buf_cstr(&document, "]\nb: [*a");
    append_repeated(&document, ",*a", 93);
    pn_buf_cstr(&document, "]\n");
    for (size_t i = 0; i < PN_YAML_MAX_NODES / 380000 + 1; i++)
        pn_buf_str(&text, pn_buf_view(&document));
    assert_limit(&text, "this file holds more than");
    ck_assert_uint_ge(document_count, PN_YAML_MAX_NODES / 400000 - 1);
}
END_TEST

START_TEST(sources_are_limited)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    char *bytes = pn_buf_reserve(&text, PN_SOURCE_MAX_BYTES + 1);
    ck_assert_ptr_nonnull(bytes);
    memset(bytes, ' ', text.len);
    assert_limit(&text, "larger than 64 MiB");
}
END_TEST

START_TEST(an_arena_that_is_full_is_an_error)
{
    struct pn_buf text = PN_BUF_INIT;
    append_repeated(&text, "- a: &x [b, c]\n  d: \"e\"\n", 100);
    for (size_t cap = 64; cap < 30000; cap += 512) {
        pn_arena_reset(arena, cap);
        ck_assert_int_eq(read_bytes(pn_buf_view(&text)), -ENOMEM);
        ck_assert(pn_arena_hit_cap(arena));
    }
    pn_arena_reset(arena, 0);
    ck_assert_int_eq(read_bytes(pn_buf_view(&text)), 0);
    pn_buf_deinit(&text);
}
END_TEST

/* ---- documents ------------------------------------------------------------------------- */

static const struct {
    const char *yaml;
    size_t count;
    const char *json; /* of the last document */
    const char *text; /* likewise */
    unsigned line;
} document_cases[] = {
    {"a: 1\n", 1, "{\"a\":1}", "a: 1\n", 1},
    {"a: 1", 1, "{\"a\":1}", "a: 1", 1},
    {"---\na: 1\n---\nb: 2\n", 2, "{\"b\":2}", "b: 2\n", 4},
    {"a: 1\n---\nb: 2", 2, "{\"b\":2}", "b: 2", 3},
    {"a: 1\r\n---\r\nb: 2\r\n", 2, "{\"b\":2}", "b: 2\r\n", 3},
    {"a: 1\n...\n---\nb: 2\n...\n", 2, "{\"b\":2}", "b: 2\n", 4},
    {"# license\n---\n# about a\na: 1\n", 1, "{\"a\":1}", "# about a\na: 1\n", 3},
    {"a: 1\n---\n# nothing\n---\n\n---\n", 1, "{\"a\":1}", "a: 1\n", 1},
    {"---\n---\na: 1\n--- # c\n", 1, "{\"a\":1}", "a: 1\n", 3},
    {"a: 1\n--- {b: 2}\n", 2, "{\"b\":2}", " {b: 2}\n", 2},
    {"a: 1\n--- |\n  b\n", 2, "\"b\\n\"", " |\n  b\n", 2},
    {"%YAML 1.1\n---\na: 1\n", 1, "{\"a\":1}", "%YAML 1.1\n---\na: 1\n", 1},
    {"a: 1\n...\n%YAML 1.1\n---\nb: 2\n", 2, "{\"b\":2}", "%YAML 1.1\n---\nb: 2\n", 3},
    {"\xef\xbb\xbf"
     "a: 1\n---\n\xef\xbb\xbf"
     "b: 2\n",
     2, "{\"b\":2}", "b: 2\n", 3},
    {"a: |\n  x\n---\nb: |\n  y\n", 2, "{\"b\":\"y\\n\"}", "b: |\n  y\n", 4},
    {"a: &x 1\n---\nb: &x 2\nc: *x\n", 2, "{\"b\":2,\"c\":2}", "b: &x 2\nc: *x\n", 3},
    {"null\n---\n~\n", 2, "null", "~\n", 3},
    {"---a: 1\n", 1, "{\"---a\":1}", "---a: 1\n", 1},
    {"a:\n  ---\n", 1, "{\"a\":\"---\"}", "a:\n  ---\n", 1},
};

START_TEST(documents_are_separated)
{
    const char *yaml = document_cases[_i].yaml;
    ck_assert_int_eq(read_text(yaml), 0);
    ck_assert_uint_eq(diags.count, 0);
    ck_assert_msg(document_count == document_cases[_i].count, "%s: %zu documents", yaml,
                  document_count);
    const struct pn_document *last = &documents[document_count - 1];
    assert_json(value_of(last->root), document_cases[_i].json, yaml);
    struct pn_str text = {yaml + last->span.start, last->span.end - last->span.start};
    ck_assert_msg(pn_str_is(text, document_cases[_i].text), "%s: text <%.*s>", yaml,
                  PN_STR_ARG(text));
    ck_assert_uint_eq(last->span.line, document_cases[_i].line);
    ck_assert_str_eq(last->source->name.s, "t.yaml");
    /* The text alone reads as the same. */
    struct pn_value whole = value_of(last->root);
    ck_assert_int_eq(read_bytes(text), 0);
    ck_assert_uint_eq(document_count, 1);
    ck_assert(pn_value_equal(first_value(), whole));
}
END_TEST

START_TEST(nothing_is_no_document)
{
    static const char *const texts[] = {"",          "\n", "# a\n", "---\n", "---\n# a\n---\n",
                                        "---\n...\n"};
    for (size_t i = 0; i < PN_COUNT_OF(texts); i++) {
        ck_assert_int_eq(read_text(texts[i]), 0);
        ck_assert_uint_eq(document_count, 0);
    }
}
END_TEST

START_TEST(a_fault_leaves_the_documents_before_it)
{
    ck_assert_int_eq(read_text("a: 1\n---\nb: 2\n---\nc: [\n---\nd: 4\n---\ne: 5\ne: 6\n"),
                     PN_YAML_E_INVALID);
    ck_assert_uint_eq(document_count, 2);
    assert_json(value_of(documents[1].root), "{\"b\":2}", "before the fault");
    /* Those behind it are looked at for their own faults. */
    ck_assert_uint_eq(diags.errors, 2);
    ck_assert_uint_eq(diags.items[0].span.line, 5);
    ck_assert_uint_eq(diags.items[1].span.line, 10);
    ck_assert_str_eq(diags.items[1].id, "yaml-duplicate-key");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("yaml");
    TCase *reading = tcase_create("read");
    tcase_add_checked_fixture(reading, set_up, tear_down);
    tcase_set_timeout(reading, 120);
    tcase_add_loop_test(reading, reads_as_kubectl_does, 0, PN_COUNT_OF(yaml_cases));
    tcase_add_test(reading, reads_large_mappings_and_lists);
    tcase_add_test(reading, finds_duplicates_in_large_mappings);
    tcase_add_loop_test(reading, nodes_know_their_places, 0, PN_COUNT_OF(place_cases));
    tcase_add_loop_test(reading, faults_say_what_and_where, 0, PN_COUNT_OF(fault_cases));
    tcase_add_test(reading, all_faults_of_a_document_are_told);
    tcase_add_test(reading, keys_that_json_makes_equal_are_warned_of);
    tcase_add_test(reading, text_behind_the_document_is_warned_of);
    tcase_add_loop_test(reading, depth_is_limited, 0, 5);
    tcase_add_test(reading, depth_up_to_the_limit_is_read);
    tcase_add_test(reading, depth_counts_through_aliases);
    tcase_add_test(reading, alias_bombs_are_stopped_at_once);
    tcase_add_test(reading, moderate_aliases_are_read);
    tcase_add_test(reading, nodes_of_a_file_are_limited);
    tcase_add_test(reading, sources_are_limited);
    tcase_add_test(reading, an_arena_that_is_full_is_an_error);
    tcase_add_loop_test(reading, documents_are_separated, 0, PN_COUNT_OF(document_cases));
    tcase_add_test(reading, nothing_is_no_document);
    tcase_add_test(reading, a_fault_leaves_the_documents_before_it);
    suite_add_tcase(suite, reading);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
