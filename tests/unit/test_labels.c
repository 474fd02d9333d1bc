/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>

#include "base/diag.h"
#include "kube/labels.h"
#include "yaml/read.h"

/* What matches was computed by Kubernetes' labels package; more is in tests/conformance. */

static struct pn_arena *arena;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void tear_down(void)
{
    pn_arena_free(arena);
}

static const struct pn_node *read_yaml(struct pn_source *source, const char *text)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_document *documents;
    size_t n = 0;
    *source = (struct pn_source){PN_STR("t.yaml"), pn_str_of(text)};
    ck_assert_msg(pn_yaml_read(&documents, &n, source, arena, &diags) == 0, "%s", text);
    ck_assert_uint_eq(n, 1);
    pn_diags_deinit(&diags);
    return documents[0].root;
}

static struct pn_value labels_of(const char *yaml)
{
    struct pn_source source;
    struct pn_value labels = PN_VALUE_ABSENT;
    if (yaml != NULL)
        ck_assert_int_eq(pn_value_from_node(&labels, read_yaml(&source, yaml), arena), 0);
    return labels;
}

static struct pn_selector from_yaml(const char *text)
{
    struct pn_source source;
    struct pn_selector selector;
    const struct pn_node *at = NULL;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_selector_from_node(&selector, read_yaml(&source, text), arena, &at, &err);
    ck_assert_msg(r == 0, "%s: %s", text, err.text);
    return selector;
}

START_TEST(documents_match)
{
    static const struct {
        const char *selector, *labels;
        bool matches;
    } cases[] = {
        {"{}", "{}", true},
        {"{}", NULL, true},
        {"{matchLabels: null, matchExpressions: null}", "{a: b}", true},
        {"{matchLabels: {}, matchExpressions: []}", "{a: b}", true},
        {"matchLabels: {a: b}", "{a: b, c: d}", true},
        {"matchLabels: {a: b}", "{a: c}", false},
        {"matchLabels: {a: b}", "null", false},
        {"matchLabels: {a: b, c: d}", "{a: b}", false},
        {"matchLabels: {a: ''}", "{a: ''}", true},
        {"matchLabels: {a: ''}", "{a: null}", true},
        {"matchLabels: {a: ''}", "{a: 5}", false},
        {"matchLabels: {a: ''}", "{}", false},
        {"matchExpressions: [{key: a, operator: In, values: [b, c]}]", "{a: c}", true},
        {"matchExpressions: [{key: a, operator: In, values: [b, c]}]", "{a: d}", false},
        {"matchExpressions: [{key: a, operator: In, values: [b, c]}]", "{}", false},
        {"matchExpressions: [{key: a, operator: NotIn, values: [b]}]", "{a: b}", false},
        {"matchExpressions: [{key: a, operator: NotIn, values: [b]}]", "{a: c}", true},
        {"matchExpressions: [{key: a, operator: NotIn, values: [b]}]", NULL, true},
        {"matchExpressions: [{key: a, operator: NotIn, values: ['']}]", "{a: 5}", true},
        {"matchExpressions: [{key: a, operator: Exists}]", "{a: ''}", true},
        {"matchExpressions: [{key: a, operator: Exists, values: []}]", "{b: ''}", false},
        {"matchExpressions: [{key: a, operator: DoesNotExist, values: null}]", "{b: x}", true},
        {"matchExpressions: [{key: a, operator: DoesNotExist}]", "{a: x}", false},
        {"matchExpressions: [{key: x/a, operator: Exists}, {key: b, operator: DoesNotExist}]",
         "{x/a: z}", true},
        {"{matchLabels: {a: b}, matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
         "{a: b}", false},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_selector selector = from_yaml(cases[i].selector);
        ck_assert_msg(pn_selector_matches(&selector, labels_of(cases[i].labels)) ==
                          cases[i].matches,
                      "%s on %s", cases[i].selector, cases[i].labels);
    }
}
END_TEST

/* Each fault, the place it is reported at, and the beginning of the message. */
START_TEST(documents_are_checked)
{
    static const struct {
        const char *selector;
        uint32_t line, column;
        const char *message;
    } cases[] = {
        {"[]", 1, 1, "expected a label selector (a mapping), found a list"},
        {"a=b", 1, 1, "expected a label selector (a mapping), found a string"},
        {"matchLabel: {}", 1, 1, "matchLabel: unknown field; did you mean matchLabels?"},
        {"matchLabels: {}\nnamespaces: []", 2, 1, "namespaces: unknown field"},
        {"matchLabels: [a]", 1, 14, "matchLabels: expected a mapping of strings, found a list"},
        {"matchLabels:\n  a: 5", 2, 6,
         "matchLabels.a: expected a string, found an integer; put it in quotes"},
        {"matchLabels:\n  a: yes", 2, 6,
         "matchLabels.a: expected a string, found a boolean; put it in quotes"},
        {"matchLabels:\n  a:", 2, 5, "matchLabels.a: expected a string, found null"},
        {"matchLabels:\n  a: {}", 2, 6, "matchLabels.a: expected a string, found a mapping"},
        {"matchLabels:\n  a: b c", 2, 6, "matchLabels.a: \"b c\" is no label value; it must be "},
        {"matchLabels:\n  a b: c", 2, 3, "matchLabels: \"a b\" is no label key; it must be "},
        {"matchExpressions: {}", 1, 19, "matchExpressions: expected a list, found a mapping"},
        {"matchExpressions:\n- a", 2, 3, "matchExpressions[0]: expected a mapping, found a string"},
        {"matchExpressions:\n- {key: a, operator: Exists, value: []}", 2, 30,
         "matchExpressions[0].value: unknown field; did you mean values?"},
        {"matchExpressions:\n- {key: a, operator: Exists}\n- {operator: Exists}", 3, 3,
         "matchExpressions[1].key: missing; it is required"},
        {"matchExpressions:\n- {key: a}", 2, 3,
         "matchExpressions[0].operator: missing; it is required"},
        {"matchExpressions:\n- {key: 1, operator: Exists}", 2, 9,
         "matchExpressions[0].key: expected a string, found an integer; put it in quotes"},
        {"matchExpressions:\n- {key: '', operator: Exists}", 2, 9,
         "matchExpressions[0]: \"\" is no label key; it must be "},
        {"matchExpressions:\n- {key: a, operator: in, values: [b]}", 2, 22,
         "matchExpressions[0].operator: expected In, NotIn, Exists or DoesNotExist, found \"in\"; "
         "did you mean In?"},
        {"matchExpressions:\n- {key: a, operator: Gt, values: ['1']}", 2, 22,
         "matchExpressions[0].operator: expected In, NotIn, Exists or DoesNotExist, found \"Gt\""},
        {"matchExpressions:\n- {key: a, operator: null}", 2, 22,
         "matchExpressions[0].operator: expected a string, found null"},
        {"matchExpressions:\n- {key: a, operator: In}", 2, 3,
         "matchExpressions[0].values: at least one is required with operator In"},
        {"matchExpressions:\n- {key: a, operator: NotIn, values: []}", 2, 37,
         "matchExpressions[0].values: at least one is required with operator NotIn"},
        {"matchExpressions:\n- {key: a, operator: Exists, values: [b]}", 2, 38,
         "matchExpressions[0].values: none are allowed with operator Exists"},
        {"matchExpressions:\n- {key: a, operator: In, values: b}", 2, 34,
         "matchExpressions[0].values: expected a list of strings, found a string"},
        {"matchExpressions:\n- {key: a, operator: In, values: [b, 1]}", 2, 38,
         "matchExpressions[0].values: expected a string, found an integer; put it in quotes"},
        {"matchExpressions:\n- {key: a, operator: In, values: [-b]}", 2, 35,
         "matchExpressions[0].values: \"-b\" is no label value; it must be "},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_source source;
        struct pn_selector selector = {.count = 42};
        const struct pn_node *at = NULL;
        struct pn_err err = PN_ERR_INIT;
        const struct pn_node *node = read_yaml(&source, cases[i].selector);
        int r = pn_selector_from_node(&selector, node, arena, &at, &err);
        ck_assert_msg(r == PN_SELECTOR_E_INVALID, "%s: %d", cases[i].selector, r);
        ck_assert_msg(pn_str_has_prefix(pn_str_of(err.text), pn_str_of(cases[i].message)), "%s: %s",
                      cases[i].selector, err.text);
        ck_assert_ptr_nonnull(at);
        ck_assert_msg(at->span.line == cases[i].line && at->span.column == cases[i].column,
                      "%s: %u:%u", cases[i].selector, at->span.line, at->span.column);
        ck_assert_uint_eq(selector.count, 42);
    }
}
END_TEST

START_TEST(requirements_are_public)
{
    struct pn_selector s = from_yaml("matchLabels: {b: x}\n"
                                     "matchExpressions:\n"
                                     "- {key: a, operator: NotIn, values: [u, z]}\n"
                                     "- {key: c, operator: Exists}\n");
    ck_assert_uint_eq(s.count, 3);
    ck_assert(pn_str_is(s.requirements[0].key, "b") && s.requirements[0].op == PN_OP_IN);
    ck_assert_uint_eq(s.requirements[0].count, 1);
    ck_assert(pn_str_is(s.requirements[0].values[0], "x"));
    ck_assert(pn_str_is(s.requirements[1].key, "a") && s.requirements[1].op == PN_OP_NOT_IN);
    ck_assert_uint_eq(s.requirements[1].count, 2);
    ck_assert(pn_str_is(s.requirements[1].values[1], "z"));
    ck_assert(s.requirements[2].op == PN_OP_EXISTS && s.requirements[2].count == 0);
    ck_assert(pn_requirement_matches(&s.requirements[1], labels_of("{a: w}")));
    ck_assert(!pn_requirement_matches(&s.requirements[1], labels_of("{a: u}")));
}
END_TEST

START_TEST(strings_match)
{
    static const struct {
        const char *selector, *labels;
        bool matches;
    } cases[] = {
        {"", "{a: b}", true},
        {" \t\r\n", NULL, true},
        {"a", "{a: b}", true},
        {"a", "{}", false},
        {"!a", "{}", true},
        {" ! a , b", "{b: x}", true},
        {"a=b", "{a: b}", true},
        {"a==b", "{a: c}", false},
        {"a = b", "{a: b}", true},
        {"a!=b", "{a: c}", true},
        {"a!=b", "{}", true},
        {"a=", "{a: ''}", true},
        {"a=,b", "{a: '', b: x}", true},
        {"a!=", "{a: ''}", false},
        {"a in (x,y)", "{a: 'y'}", true},
        {"a in(x , y)", "{a: z}", false},
        {"a notin (x,y)", "{a: z}", true},
        {"a notin (x)", "{}", true},
        {"a in ()", "{a: ''}", true},
        {"a in (,)", "{a: ''}", true},
        {"a in (,x)", "{a: ''}", true},
        {"a in (x,)", "{a: ''}", true},
        {"a in (x,,y)", "{a: ''}", true},
        {"a in (x,,y)", "{a: 'y'}", true},
        {"in in (in)", "{in: in}", true},
        {"notin notin (notin)", "{notin: notin}", false},
        {"in,notin", "{in: a, notin: b}", true},
        {"a=in", "{a: in}", true},
        {"a=1,a=2", "{a: '1'}", false},
        {"a>1", "{a: '2'}", true},
        {"a>1", "{a: '1'}", false},
        {"a < 10", "{a: '9'}", true},
        {"a<10", "{a: '-5'}", true},
        {"a>1", "{a: '+2'}", true},
        {"a>1", "{a: '+'}", false},
        {"a>1", "{a: x}", false},
        {"a>1", "{a: null}", false},
        {"a>1", "{}", false},
        {"a<9223372036854775807", "{a: '9223372036854775806'}", true},
        {"a<9223372036854775807", "{a: '9223372036854775808'}", false},
        {"example.com/a=b,c!=d,e in (x,y),!f", "{example.com/a: b, e: 'y'}", true},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_selector selector;
        struct pn_err err = PN_ERR_INIT;
        int r = pn_selector_parse(&selector, pn_str_of(cases[i].selector), arena, &err);
        ck_assert_msg(r == 0, "%s: %s", cases[i].selector, err.text);
        ck_assert_msg(pn_selector_matches(&selector, labels_of(cases[i].labels)) ==
                          cases[i].matches,
                      "%s on %s", cases[i].selector, cases[i].labels);
    }
}
END_TEST

START_TEST(strings_are_checked)
{
    static const struct {
        struct pn_str selector;
        const char *message;
    } cases[] = {
        {PN_STR_INIT(","), "at byte 0: expected a label key, found \",\""},
        {PN_STR_INIT("a,"), "at byte 2: expected a label key behind ',', found the end"},
        {PN_STR_INIT("a,,b"), "at byte 2: expected a label key, found \",\""},
        {PN_STR_INIT("a b"), "at byte 2: expected ',', =, ==, !=, in, notin, > or <, found \"b\""},
        {PN_STR_INIT("a=b=c"), "at byte 3: expected ',' or the end, found \"=\""},
        {PN_STR_INIT("a===b"), "at byte 3: expected a label value, found \"=\""},
        {PN_STR_INIT("a=!b"), "at byte 2: expected a label value, found \"!\""},
        {PN_STR_INIT("!a=b"), "at byte 2: expected ',' or the end, found \"=\""},
        {PN_STR_INIT("!"), "at byte 1: expected a label key, found the end"},
        {PN_STR_INIT("!!a"), "at byte 1: expected a label key, found \"!\""},
        {PN_STR_INIT("a in x"), "at byte 5: expected '(', found \"x\""},
        {PN_STR_INIT("a in"), "at byte 4: expected '(', found the end"},
        {PN_STR_INIT("a in (x"), "at byte 7: expected ',' or ')', found the end"},
        {PN_STR_INIT("a in (x y)"), "at byte 8: expected ',' or ')', found \"y\""},
        {PN_STR_INIT("a in (x) b"), "at byte 9: expected ',' or the end, found \"b\""},
        {PN_STR_INIT("(a)"), "at byte 0: expected a label key, found \"(\""},
        {PN_STR_INIT("a>"), "at byte 2: expected an integer within 64 bits, found \"\""},
        {PN_STR_INIT("a>x"), "at byte 2: expected an integer within 64 bits, found \"x\""},
        {PN_STR_INIT("a<9223372036854775808"), "at byte 2: expected an integer within 64 bits"},
        {PN_STR_INIT("a>-1"), "at byte 2: \"-1\" is no label value"},
        {PN_STR_INIT("a=-b"), "at byte 2: \"-b\" is no label value; it must be "},
        {PN_STR_INIT("a, b/=c"), "at byte 3: \"b/\" is no label key; it must be "},
        {PN_STR_INIT("\xc3\xa9"), "at byte 0: \"\xc3\xa9\" is no label key"},
        {PN_STR_INIT("a=b\0,c"), "at byte 3: a NUL byte"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_selector selector = {.count = 42};
        struct pn_err err = PN_ERR_INIT;
        ck_assert_msg(pn_selector_parse(&selector, cases[i].selector, arena, &err) ==
                          PN_SELECTOR_E_INVALID,
                      "%s", cases[i].selector.s);
        ck_assert_msg(pn_str_has_prefix(pn_str_of(err.text), pn_str_of(cases[i].message)), "%s: %s",
                      cases[i].selector.s, err.text);
        ck_assert_uint_eq(selector.count, 42);
    }
}
END_TEST

START_TEST(a_full_arena)
{
    struct pn_source source;
    const struct pn_node *node = read_yaml(&source, "matchLabels: {a: b}\nmatchExpressions: "
                                                    "[{key: c, operator: In, values: [d, e]}]");
    struct pn_arena *small;
    int done = 0;
    ck_assert_int_eq(pn_arena_new(&small, 0), 0);
    for (size_t cap = 16; done < 2 && cap < 10000; cap += 16) {
        struct pn_selector selector;
        const struct pn_node *at = NULL;
        struct pn_err err = PN_ERR_INIT;
        pn_arena_reset(small, cap);
        int r = pn_selector_from_node(&selector, node, small, &at, &err);
        ck_assert(r == 0 || r == -ENOMEM);
        done = r == 0;
        pn_arena_reset(small, cap);
        r = pn_selector_parse(&selector, PN_STR("a=b,c in (d,e)"), small, &err);
        ck_assert(r == 0 || r == -ENOMEM);
        done += r == 0;
    }
    ck_assert_int_eq(done, 2);
    pn_arena_free(small);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("labels");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, documents_match);
    tcase_add_test(all, documents_are_checked);
    tcase_add_test(all, requirements_are_public);
    tcase_add_test(all, strings_match);
    tcase_add_test(all, strings_are_checked);
    tcase_add_test(all, a_full_arena);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
