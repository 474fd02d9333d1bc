/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "report/diff.h"
#include "report/json.h"
#include "report/markdown.h"
#include "report/preview.h"
#include "report/term.h"
#include "report/text.h"

static void check_text(struct pn_buf *out, const char *expected)
{
    ck_assert(!out->failed);
    ck_assert_msg(pn_str_is(pn_buf_view(out), expected), "got:\n%.*s\nexpected:\n%s",
                  PN_STR_ARG(pn_buf_view(out)), expected);
    pn_buf_deinit(out);
}

/* ---- term ------------------------------------------------------------------------------ */

static const struct {
    struct pn_str in;
    const char *out;
    size_t columns;
} escapes[] = {
    {{"plain", 5}, "plain", 5},
    {{"", 0}, "", 0},
    {{"\x1b[31mred\x1b[m", 11}, "\\x1b[31mred\\x1b[m", 17},
    {{"a\nb\tc\rd", 7}, "a\\nb\\tc\\rd", 10},
    {{"nul\0nul", 7}, "nul\\x00nul", 10},
    {{"\x7f\x08", 2}, "\\x7f\\x08", 8},
    {{"\xff\xfe", 2}, "\\xff\\xfe", 8},
    {{"\xc3\xa9", 2}, "\xc3\xa9", 1},                                 /* e acute */
    {{"e\xcc\x81", 3}, "e\xcc\x81", 1},                               /* e and combining acute */
    {{"\xe6\x97\xa5\xe6\x9c\xac", 6}, "\xe6\x97\xa5\xe6\x9c\xac", 4}, /* two wide ones */
    {{"\xf0\x9f\x90\xb4", 4}, "\xf0\x9f\x90\xb4", 2},                 /* an emoji */
    {{"\xc2\x9b", 2}, "\\u009b", 6},                                  /* C1: CSI in one character */
    {{"\xe2\x80\xae", 3}, "\\u202e", 6},                              /* right-to-left override */
    {{"\xe2\x81\xa6", 3}, "\\u2066", 6},                              /* isolate */
    {{"\xef\xbb\xbf", 3}, "\\ufeff", 6},                              /* byte order mark */
    {{"\xe2\x80\x8b", 3}, "\\u200b", 6},                              /* zero width space */
};

START_TEST(escapes_what_a_terminal_would_obey)
{
    struct pn_buf out = PN_BUF_INIT;
    ck_assert_uint_eq(pn_term_write(&out, escapes[_i].in), escapes[_i].columns);
    check_text(&out, escapes[_i].out);
}
END_TEST

/* ---- diagnostics ----------------------------------------------------------------------- */

static const char unknown_field[] = "spec:\n  inject:\n    contianers: []\n";

static struct pn_diags one_diag(const char *text, size_t start, size_t end, const char *message)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {PN_STR("policies/a.yaml"), pn_str_of(text)};
    pn_diags_add(&diags, PN_SEVERITY_ERROR, "unknown-field", &source,
                 pn_source_span(&source, start, end), "%s", message);
    return diags;
}

START_TEST(writes_place_excerpt_and_help)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_diags diags = one_diag(unknown_field, 20, 30, "unknown field `contianers` in spec");
    pn_diags_help(&diags, "did you mean `%s`?", "containers");
    pn_text_write_diags(&out, &diags, false);
    check_text(&out, "policies/a.yaml:3:5: error: unknown field `contianers` in spec "
                     "[unknown-field]\n"
                     "    |\n"
                     "  3 |     contianers: []\n"
                     "    |     ^^^^^^^^^^\n"
                     "    = help: did you mean `containers`?\n");
    pn_diags_deinit(&diags);
}
END_TEST

START_TEST(colours_only_when_asked)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_diags diags = one_diag(unknown_field, 20, 30, "no");
    pn_text_write_diags(&out, &diags, true);
    check_text(&out, "\033[1mpolicies/a.yaml:3:5: \033[31merror: \033[m\033[1mno\033[m "
                     "[unknown-field]\n"
                     "\033[36m    |\033[m\n"
                     "\033[36m  3 |\033[m     contianers: []\n"
                     "\033[36m    |\033[m     \033[31m^^^^^^^^^^\033[m\n");
    pn_diags_deinit(&diags);
}
END_TEST

/* Line (one of a file), character and bytes of the span, and what stands below the first line. */
static const struct {
    const char *line;
    size_t start, end;
    const char *excerpt;
} carets[] = {
    {"\tkey: x", 1, 4, "  1 |     key: x\n    |     ^^^\n"},
    {"a\tkey: x", 2, 5, "  1 | a   key: x\n    |     ^^^\n"},
    {"\xe6\x97\xa5\xe6\x9c\xac: x", 8, 9, "  1 | \xe6\x97\xa5\xe6\x9c\xac: x\n    |       ^\n"},
    {"\xe6\x97\xa5\xe6\x9c\xac: x", 0, 6, "  1 | \xe6\x97\xa5\xe6\x9c\xac: x\n    | ^^^^\n"},
    {"\x1b[2J: x", 6, 7, "  1 | \\x1b[2J: x\n    |          ^\n"},
    {"\xff: x", 3, 4, "  1 | \\xff: x\n    |       ^\n"},
    {"end", 3, 3, "  1 | end\n    |    ^\n"},
    {"", 0, 0, "  1 | \n    | ^\n"},
    /* A span that goes on in the next lines stops at the end of its first. */
    {"key: x\nmore: y\n", 0, 14, "  1 | key: x\n    | ^^^^^^\n"},
};

START_TEST(carets_stand_below_what_they_mean)
{
    struct pn_buf out = PN_BUF_INIT;
    char expected[256];
    struct pn_diags diags = one_diag(carets[_i].line, carets[_i].start, carets[_i].end, "m");
    pn_text_write_diags(&out, &diags, false);
    snprintf(expected, sizeof expected, "policies/a.yaml:1:%u: error: m [unknown-field]\n    |\n%s",
             diags.items[0].span.column, carets[_i].excerpt);
    check_text(&out, expected);
    pn_diags_deinit(&diags);
}
END_TEST

START_TEST(a_place_beyond_the_excerpt_shows_no_wrong_one)
{
    struct pn_buf out = PN_BUF_INIT;
    char line[1000];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    struct pn_diags diags = one_diag(line, 900, 905, "far");
    pn_text_write_diags(&out, &diags, false);
    check_text(&out, "policies/a.yaml:1:901: error: far [unknown-field]\n");
    pn_diags_deinit(&diags);
}
END_TEST

START_TEST(a_diagnostic_without_place_or_file)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {.name = PN_STR("evil\x1b[m\n.yaml")};
    pn_diags_add(&diags, PN_SEVERITY_ERROR, "file-unreadable", &source, (struct pn_span){0},
                 "cannot be read: %s", "Permission denied");
    pn_diags_add(&diags, PN_SEVERITY_WARNING, "w", NULL, (struct pn_span){0}, "two\nlines");
    pn_text_write_diags(&out, &diags, false);
    check_text(&out, "evil\\x1b[m\\n.yaml: error: cannot be read: Permission denied "
                     "[file-unreadable]\n"
                     "warning: two\\nlines [w]\n");
    pn_diags_deinit(&diags);
}
END_TEST

START_TEST(dropped_diagnostics_are_counted)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_diags diags = PN_DIAGS_INIT;
    for (int i = 0; i < PN_DIAGS_MAX + 7; i++)
        pn_diags_add(&diags, PN_SEVERITY_ERROR, "x", NULL, (struct pn_span){0}, "m");
    pn_text_write_diags(&out, &diags, false);
    ck_assert(pn_str_has_suffix(pn_buf_view(&out), PN_STR("error: m [x]\n... and 7 more\n")));
    pn_buf_deinit(&out);
    pn_diags_deinit(&diags);
}
END_TEST

/* ---- diff ------------------------------------------------------------------------------ */

/* Expected output as `diff -u` gives it. */
static const struct {
    const char *before, *after, *hunks;
} diffs[] = {
    {"", "", NULL},
    {"same\n", "same\n", NULL},
    {"a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n"},
    {"", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
    {"a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"},
    {"a\n", "a\nb\n", "@@ -1 +1,2 @@\n a\n+b\n"},
    {"1\n2\n3\n4\n5\n", "1\n2\n3\n4\nx\n5\n", "@@ -2,4 +2,5 @@\n 2\n 3\n 4\n+x\n 5\n"},
    /* Line breaks at the end. */
    {"a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
    {"a\n", "a", "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n"},
    {"a\nb", "x\nb", "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\ No newline at end of file\n"},
    /* Changes 6 equal lines apart share a hunk, 7 apart they do not. */
    {"a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
     "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n"},
    {"a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
     "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n"},
    /* An added list item begins with its own first line. */
    {"- name: a\n  image: i\nend\n", "- name: a\n  image: i\n- name: b\n  image: i\nend\n",
     "@@ -1,3 +1,5 @@\n - name: a\n   image: i\n+- name: b\n+  image: i\n end\n"},
    /* Shortest, not only right: Myers' own example. */
    {"a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", ""},
};

START_TEST(writes_unified_diffs)
{
    struct pn_buf out = PN_BUF_INIT;
    char expected[512] = "";
    ck_assert_int_eq(pn_diff_write(&out, PN_STR("old"), pn_str_of(diffs[_i].before), PN_STR("new"),
                                   pn_str_of(diffs[_i].after), false),
                     0);
    if (diffs[_i].hunks != NULL && diffs[_i].hunks[0] == '\0') {
        size_t edits = 0;
        for (size_t i = 1; i < out.len; i++)
            edits += out.data[i - 1] == '\n' && (out.data[i] == '-' || out.data[i] == '+');
        ck_assert_uint_eq(edits, 1 + 5); /* the +++ line and the edits */
        pn_buf_deinit(&out);
        return;
    }
    if (diffs[_i].hunks != NULL)
        snprintf(expected, sizeof expected, "--- old\n+++ new\n%s", diffs[_i].hunks);
    check_text(&out, expected);
}
END_TEST

START_TEST(colours_a_diff_as_git_does)
{
    struct pn_buf out = PN_BUF_INIT;
    ck_assert_int_eq(
        pn_diff_write(&out, PN_STR("old"), PN_STR("a\nc\n"), PN_STR("new"), PN_STR("b\nc\n"), true),
        0);
    check_text(&out, "\033[1m--- old\033[m\n\033[1m+++ new\033[m\n\033[36m@@ -1,2 +1,2 @@\033[m\n"
                     "\033[31m-a\033[m\n\033[32m+b\033[m\n c\n");
}
END_TEST

/* The next number of a fixed sequence. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

/* What remains of both sides must be the same lines in the same order. */
static void check_diff(struct pn_str before, struct pn_str after)
{
    struct pn_diff diff;
    ck_assert_int_eq(pn_diff_init(&diff, before, after), 0);
    size_t i = 0, j = 0;
    for (;; i++, j++) {
        while (i < diff.before.count && diff.before.changed[i])
            i++;
        while (j < diff.after.count && diff.after.changed[j])
            j++;
        if (i == diff.before.count || j == diff.after.count)
            break;
        ck_assert(pn_str_eq(diff.before.lines[i], diff.after.lines[j]));
    }
    ck_assert_uint_eq(i, diff.before.count);
    ck_assert_uint_eq(j, diff.after.count);
    pn_diff_deinit(&diff);
}

START_TEST(keeps_the_same_lines_of_random_texts)
{
    uint32_t state = (uint32_t)_i;
    struct pn_buf before = PN_BUF_INIT, after = PN_BUF_INIT;
    uint32_t letters = 1 + next_random(&state) % 6, n = next_random(&state) % 60;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t line = next_random(&state) % letters;
        pn_buf_printf(&before, "%u\n", line);
        if (next_random(&state) % 4 != 0)
            pn_buf_printf(&after, "%u\n", line);
        if (next_random(&state) % 4 == 0)
            pn_buf_printf(&after, "%u\n", next_random(&state) % letters);
    }
    check_diff(pn_buf_view(&before), pn_buf_view(&after));
    pn_buf_deinit(&before);
    pn_buf_deinit(&after);
}
END_TEST

/* Two long texts of few different lines: a search without a bound would take minutes. */
START_TEST(time_is_bounded_for_any_input)
{
    uint32_t state = 7;
    struct pn_buf before = PN_BUF_INIT, after = PN_BUF_INIT;
    for (int i = 0; i < 30000; i++) {
        pn_buf_printf(&before, "%u\n", next_random(&state) % 3);
        pn_buf_printf(&after, "%u\n", next_random(&state) % 3);
    }
    check_diff(pn_buf_view(&before), pn_buf_view(&after));
    pn_buf_deinit(&before);
    pn_buf_deinit(&after);
}
END_TEST

START_TEST(finds_few_changes_in_many_lines)
{
    struct pn_buf before = PN_BUF_INIT, after = PN_BUF_INIT, out = PN_BUF_INIT;
    for (int i = 0; i < 100000; i++) {
        if (i == 10 || i == 99990)
            pn_buf_printf(&after, "new %d\n", i);
        pn_buf_printf(&before, "line %d\n", i % 777);
        pn_buf_printf(&after, "line %d\n", i % 777);
    }
    ck_assert_int_eq(pn_diff_write(&out, PN_STR("a"), pn_buf_view(&before), PN_STR("b"),
                                   pn_buf_view(&after), false),
                     0);
    check_text(&out, "--- a\n+++ b\n"
                     "@@ -8,6 +8,7 @@\n line 7\n line 8\n line 9\n+new 10\n line 10\n line 11\n"
                     " line 12\n"
                     "@@ -99988,6 +99989,7 @@\n line 531\n line 532\n line 533\n+new 99990\n"
                     " line 534\n line 535\n line 536\n");
    pn_buf_deinit(&before);
    pn_buf_deinit(&after);
}
END_TEST

/* ---- Markdown --------------------------------------------------------------------------- */

static const struct {
    const char *in, *out;
} codes[] = {
    {"", ""},
    {"plain", "`plain`"},
    {"<b>@team #1</b>", "`<b>@team #1</b>`"}, /* in code they mean nothing */
    {"a|b", "<code>a&#124;b</code>"},
    {"a`b", "<code>a&#96;b</code>"},
    {"a\\", "<code>a&#92;</code>"},
    {"`</code>@x", "<code>&#96;&#60;&#47;code&#62;&#64;x</code>"},
    {"a\nb", "<code>a&#92;nb</code>"},
    {"\xc3\xa9|", "<code>\xc3\xa9&#124;</code>"},
};

START_TEST(code_holds_whatever_it_is_given)
{
    struct pn_buf out = PN_BUF_INIT;
    pn_markdown_code(&out, pn_str_of(codes[_i].in));
    check_text(&out, codes[_i].out);
}
END_TEST

static const struct {
    const char *in, *out;
} blocks[] = {
    {"+a\n", "```diff\n+a\n```\n"},
    {"+a", "```diff\n+a\n```\n"},
    {" ```\n", "````diff\n ```\n````\n"},
    {" ``` `````\n", "``````diff\n ``` `````\n``````\n"},
};

START_TEST(no_text_ends_its_block)
{
    struct pn_buf out = PN_BUF_INIT;
    pn_markdown_block(&out, "diff", pn_str_of(blocks[_i].in));
    check_text(&out, blocks[_i].out);
}
END_TEST

/* ---- preview --------------------------------------------------------------------------- */

START_TEST(summary_names_what_there_is)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_preview_counts counts = {.outcomes = {[PN_OUTCOME_INJECTED] = 1}};
    pn_preview_write_summary(&out, &counts);
    counts = (struct pn_preview_counts){.outcomes = {1, 2, 3, 4}, .invalid = 5, .other = 6};
    pn_preview_write_summary(&out, &counts);
    counts = (struct pn_preview_counts){.other = 1};
    pn_preview_write_summary(&out, &counts);
    check_text(&out, "1 object: 1 injected\n"
                     "15 objects: 1 injected, 2 annotated, 3 unchanged, 4 denied, 5 invalid; "
                     "6 other documents\n"
                     "0 objects; 1 other document\n");
}
END_TEST

static const struct pn_decision denied = {
    .allowed = false,
    .message = {"policy p: host-network: no", 26},
    .review = {.id = PN_REASON_NO_POLICY_SELECTED},
};

START_TEST(explains_in_lines)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_preview preview = {.file = PN_STR("k8s/web.yaml"),
                                 .line = 3,
                                 .column = 1,
                                 .kind = PN_STR("Deployment"),
                                 .namespace = PN_STR("shop"),
                                 .name = PN_STR("we\x1b[mb"),
                                 .decision = &denied};
    pn_preview_write_explain(&out, &preview, "# ");
    check_text(&out, "# Deployment/we\\x1b[mb (shop)  k8s/web.yaml:3  denied\n"
                     "#   no-policy-selected: no policy selects this Pod\n");
}
END_TEST

START_TEST(json_says_the_same)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_arena *a = NULL;
    struct pn_value after = PN_VALUE_ABSENT;
    struct pn_preview_counts counts = {.outcomes = {[PN_OUTCOME_DENIED] = 1}};
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    struct pn_member members[] = {{PN_STR("a\0b"), pn_string(PN_STR("\0\xff\"\n"))},
                                  {PN_STR("int"), pn_raw(PN_STR("9007199254740993"))},
                                  {PN_STR("real"), pn_raw(PN_STR("1.50"))},
                                  {PN_STR("huge"), pn_raw(PN_STR("1e400"))},
                                  {PN_STR("nothing"), pn_null()}};
    ck_assert_int_eq(pn_object_new(&after, a, members, PN_COUNT_OF(members)), 0);
    struct pn_preview preview = {.file = PN_STR("f.yaml"),
                                 .line = 3,
                                 .column = 1,
                                 .api_version = PN_STR("v1"),
                                 .kind = PN_STR("Pod"),
                                 .namespace = PN_STR("shop"),
                                 .name = PN_STR("web"),
                                 .decision = &denied,
                                 .after = after};
    pn_json_begin_preview(&out);
    ck_assert_int_eq(pn_json_write_preview(&out, &preview, true, a), 0);
    ck_assert_int_eq(pn_json_end_preview(&out, &counts), 0);
    check_text(&out, "{\n"
                     "  \"schemaVersion\": 1,\n"
                     "  \"objects\": [\n"
                     "    {\n"
                     "      \"file\": \"f.yaml\",\n"
                     "      \"line\": 3,\n"
                     "      \"column\": 1,\n"
                     "      \"apiVersion\": \"v1\",\n"
                     "      \"kind\": \"Pod\",\n"
                     "      \"namespace\": \"shop\",\n"
                     "      \"name\": \"web\",\n"
                     "      \"result\": \"denied\",\n"
                     "      \"message\": \"policy p: host-network: no\",\n"
                     "      \"review\": {\n"
                     "        \"reason\": \"no-policy-selected\",\n"
                     "        \"arguments\": {},\n"
                     "        \"text\": \"no policy selects this Pod\"\n"
                     "      },\n"
                     "      \"policies\": [],\n"
                     "      \"warnings\": [],\n"
                     "      \"patch\": [],\n"
                     "      \"object\": {\n"
                     "        \"a\\u0000b\": \"\\u0000\xef\xbf\xbd\\\"\\n\",\n"
                     "        \"int\": 9007199254740993,\n"
                     "        \"real\": 1.5,\n"
                     "        \"huge\": \"1e400\",\n"
                     "        \"nothing\": null\n"
                     "      }\n"
                     "    }\n"
                     "  ],\n"
                     "  \"summary\": {\n"
                     "    \"objects\": 1,\n"
                     "    \"injected\": 0,\n"
                     "    \"annotated\": 0,\n"
                     "    \"unchanged\": 0,\n"
                     "    \"denied\": 1,\n"
                     "    \"invalid\": 0,\n"
                     "    \"other\": 0\n"
                     "  }\n"
                     "}\n");
    pn_arena_free(a);
}
END_TEST

static Suite *report_suite(void)
{
    Suite *s = suite_create("report");
    TCase *t = tcase_create("term");
    tcase_add_loop_test(t, escapes_what_a_terminal_would_obey, 0, (int)PN_COUNT_OF(escapes));
    suite_add_tcase(s, t);
    t = tcase_create("text");
    tcase_add_test(t, writes_place_excerpt_and_help);
    tcase_add_test(t, colours_only_when_asked);
    tcase_add_loop_test(t, carets_stand_below_what_they_mean, 0, (int)PN_COUNT_OF(carets));
    tcase_add_test(t, a_place_beyond_the_excerpt_shows_no_wrong_one);
    tcase_add_test(t, a_diagnostic_without_place_or_file);
    tcase_add_test(t, dropped_diagnostics_are_counted);
    suite_add_tcase(s, t);
    t = tcase_create("diff");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, writes_unified_diffs, 0, (int)PN_COUNT_OF(diffs));
    tcase_add_test(t, colours_a_diff_as_git_does);
    tcase_add_loop_test(t, keeps_the_same_lines_of_random_texts, 0, 300);
    tcase_add_test(t, time_is_bounded_for_any_input);
    tcase_add_test(t, finds_few_changes_in_many_lines);
    suite_add_tcase(s, t);
    t = tcase_create("markdown");
    tcase_add_loop_test(t, code_holds_whatever_it_is_given, 0, (int)PN_COUNT_OF(codes));
    tcase_add_loop_test(t, no_text_ends_its_block, 0, (int)PN_COUNT_OF(blocks));
    suite_add_tcase(s, t);
    t = tcase_create("preview");
    tcase_add_test(t, summary_names_what_there_is);
    tcase_add_test(t, explains_in_lines);
    tcase_add_test(t, json_says_the_same);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *sr = srunner_create(report_suite());
    srunner_set_tap(sr, "-");
    srunner_run_all(sr, CK_SILENT);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
