/* SPDX-License-Identifier: Apache-2.0 */

/* Folding, and templates that would never end: each is a limit, not a crash. */

#include "jsone_kit.h"

/* ---- folding -------------------------------------------------------------------------------- */

/* A tree in words: constants as JSON, `nothing`, what is computed as `?`. */
static void describe(const struct pn_template_expr *t)
{
    enum pn_jsone_shape shape = pn_jsone_shape(t);
    bool is_constant = pn_jsone_is_constant(t);
    if (is_constant && pn_jsone_count(t) == 0) {
        if (pn_jsone_constant(t).kind == PN_ABSENT)
            pn_buf_cstr(&got, "nothing");
        else
            pn_json_write(&got, pn_jsone_constant(t));
        return;
    }
    if (shape == PN_JSONE_TEXT || shape == PN_JSONE_COMPUTED) {
        pn_buf_cstr(&got, shape == PN_JSONE_TEXT ? "text" : "?");
        return;
    }
    pn_buf_cstr(&got, is_constant ? "=" : "");
    pn_buf_char(&got, shape == PN_JSONE_ARRAY ? '[' : '{');
    for (uint32_t i = 0; i < pn_jsone_count(t); i++) {
        pn_buf_cstr(&got, i > 0 ? " " : "");
        if (shape == PN_JSONE_ARRAY) {
            describe(pn_jsone_item(t, i));
            continue;
        }
        struct pn_jsone_member m = pn_jsone_member(t, i);
        pn_buf_printf(&got, "%.*s:", PN_STR_ARG(m.key.s != NULL ? m.key : PN_STR("(text)")));
        describe(m.value);
    }
    pn_buf_char(&got, shape == PN_JSONE_ARRAY ? ']' : '}');
}

/* template, what is bound, the tree, and what it renders to when p is {q: 5} besides. */
static const struct {
    const char *template, *bound, *tree, *rendered;
} folds[] = {
    {"{a: {$eval: '1 + 2'}, b: '${x}!', c: '${p.q}', d: [1, {e: 2}]}", "{x: 7}",
     "{a:3 b:\"7!\" c:text d:=[1 ={e:2}]}",
     "{\"a\":3,\"b\":\"7!\",\"c\":\"5\",\"d\":[1,{\"e\":2}]}"},
    {"{a: {$eval: x.w}, b: {$eval: 'x.w + p.q'}, c: {$eval: 'x'}}", "{x: {w: 1}}",
     "{a:1 b:? c:{\"w\":1}}", "{\"a\":1,\"b\":6,\"c\":{\"w\":1}}"},
    {"{'k-${x}': 1, 'k-${p.q}': 2}", "{x: 7}", "{k-7:1 (text):2}", "{\"k-7\":1,\"k-5\":2}"},
    /* the clock and the context are not known */
    {"[{$eval: now}, {$eval: 'fromNow(\"\")'}, {$fromNow: ''}, {$eval: 'defined(\"p\")'}]", "{}",
     "[? ? ? ?]",
     "[\"2017-01-19T16:27:20.974Z\",\"2017-01-19T16:27:20.974Z\",\"2017-01-19T16:27:20.974Z\","
     "true]"},
    {"[{$fromNow: 1d, from: '2020-01-01'}, {$eval: 'defined(\"x\")'}, {$eval: 'defined(\"len\")'}]",
     "{x: 1}", "=[\"2020-01-02T00:00:00.000Z\" true true]",
     "[\"2020-01-02T00:00:00.000Z\",true,true]"},
    {"$let: {now: '2020-01-01'}\nin: [{$fromNow: 1d}, {$eval: now}]", "{}",
     "[\"2020-01-02T00:00:00.000Z\",\"2020-01-01\"]",
     "[\"2020-01-02T00:00:00.000Z\",\"2020-01-01\"]"},
    {"[{$fromNow: 1d}]", "{now: '2020-01-01'}", "=[\"2020-01-02T00:00:00.000Z\"]",
     "[\"2020-01-02T00:00:00.000Z\"]"},
    /* what fails stays, and so does what is around it */
    {"[{$eval: '1 / 0'}, 1]", "{}", "[? 1]", NULL},
    {"{$if: 'p.q == 5', then: ok, else: {$eval: 'x.nothing'}}", "{x: {}}", "?", "\"ok\""},
    {"{$if: 'x', then: ok, else: {$eval: '1 / 0'}}", "{x: 1}", "\"ok\"", "\"ok\""},
    {"$eval: 'x || 1 / 0'", "{x: 1}", "true", "true"},
    {"$eval: 'x && p.q'", "{x: 0}", "false", "false"},
    {"$eval: 'x && p.q'", "{x: 1}", "?", "true"},
    /* branches that are decided, delete markers that are known */
    {"{a: {$if: 'x', then: {b: '${p.q}'}}, c: {$if: '!x', then: 1}}", "{x: true}", "{a:{b:text}}",
     "{\"a\":{\"b\":\"5\"}}"},
    {"[{$if: 'x', then: 1}, {$if: 'p.q', then: 2}]", "{x: false}", "[?]", "[2]"},
    {"{$if: 'x'}", "{x: false}", "nothing", "null"},
    /* names of the template itself */
    {"$map: [1, 2]\neach(x): {$eval: 'x + w'}", "{x: 100, w: 10}", "[11,12]", "[11,12]"},
    {"$map: [1, 2]\neach(x): {$eval: 'x + p.q'}", "{x: 100}", "?", "[6,7]"},
    {"$let: {x: 1}\nin: {a: {$eval: x}, b: {$eval: w}, c: {$eval: p.q}}", "{x: 100, w: 2}", "?",
     "{\"a\":1,\"b\":2,\"c\":5}"},
    {"$let: {$eval: z}\nin: {$eval: 'x + w'}", "{z: {x: 1}, x: 100, w: 2}", "3", "3"},
    {"$let: {$eval: p}\nin: {$eval: 'q + w'}", "{q: 100, w: 2}", "?", "7"},
    {"$let: {$eval: z}\nin: {$eval: 'defined(\"p\")'}", "{z: {a: 1}}", "?", "true"},
    {"$let: {$eval: z}\nin: {$eval: 'now'}", "{z: {a: 1}}", "?", "\"2017-01-19T16:27:20.974Z\""},
    {"$reduce: {$eval: l}\ninitial: 0\neach(a,x,i): {$eval: 'a + x * i'}", "{l: [1, 2, 3]}", "8",
     "8"},
    {"{$find: [1, 2], each(x): 'x == p.q - 3'}", "{x: 100}", "?", "2"},
    {"{$sort: [2, 1], by(x): x}", "{x: 100}", "[1,2]", "[1,2]"},
    /* functions are values, but no results */
    {"$let: {f: {$eval: min}}\nin: {$eval: 'f(1, 2)'}", "{}", "1", "1"},
    {"[{$eval: min}]", "{}", "[?]", NULL},
};

START_TEST(folds_what_is_known)
{
    const struct pn_template_expr *t = compile(folds[_i].template), *folded = NULL;
    struct pn_value bound = value_of(folds[_i].bound), context;
    struct pn_value p = value_of("{q: 5}"), v;
    ck_assert_int_eq(pn_jsone_fold(&folded, t, bound, PN_VALUE_ABSENT, NULL, arena), 0);
    describe(folded);
    assert_text(folds[_i].template, &got, folds[_i].tree);
    ck_assert_int_eq(pn_object_with(&context, arena, bound, PN_STR("p"), p), 0);
    if (folds[_i].rendered == NULL) {
        ck_assert_int_eq(pn_jsone_eval(&v, t, context, NOW_MS, NULL, arena, NULL), 1);
        ck_assert_int_eq(pn_jsone_eval(&v, folded, context, NOW_MS, NULL, arena, NULL), 1);
        return;
    }
    assert_renders(t, folds[_i].template, context, folds[_i].rendered);
    assert_renders(folded, folds[_i].template, context, folds[_i].rendered);
}
END_TEST

/* Constants keep the place of each part, and folding what is folded changes nothing. */
START_TEST(folding_keeps_places)
{
    const struct pn_template_expr *folded = NULL, *again = NULL;
    struct pn_value bound = value_of("{x: 1}");
    const struct pn_template_expr *t = compile("a:\n- b: 1\n- {$eval: x}\n- c${x}\n");
    ck_assert_int_eq(pn_jsone_fold(&folded, t, bound, PN_VALUE_ABSENT, NULL, arena), 0);
    struct pn_jsone_member a = pn_jsone_member(folded, 0);
    ck_assert_uint_eq(a.key_span.line, 1);
    ck_assert(pn_jsone_is_constant(a.value));
    ck_assert_uint_eq(pn_jsone_count(a.value), 3);
    for (uint32_t i = 0; i < 3; i++)
        ck_assert_uint_eq(pn_jsone_span(pn_jsone_item(a.value, i)).line, i + 2);
    ck_assert_uint_eq(pn_jsone_span(pn_jsone_item(a.value, 1)).column, 11);
    ck_assert_int_eq(pn_jsone_shape(pn_jsone_item(a.value, 2)), PN_JSONE_TEXT);
    ck_assert_int_eq(pn_jsone_fold(&again, folded, bound, PN_VALUE_ABSENT, NULL, arena), 0);
    ck_assert_ptr_eq(folded, again);
}
END_TEST

/* ---- limits --------------------------------------------------------------------------------- */

/* Templates that would hang, exhaust memory or overflow the stack: each is a limit, not a crash. */
static const struct {
    const char *template;
    const char *expected;
} greedy[] = {
    {"$eval: 'range(0, 1000000000)'", "the template takes more than 100000 steps"},
    {"$eval: 'range(-9223372036854775807, 9223372036854775807)'",
     "the template takes more than 100000 steps"},
    {"{$map: {$eval: 'range(0, 1000)'}, each(x): {$map: {$eval: 'range(0, 1000)'}, each(y): 1}}",
     "the template takes more than 100000 steps"},
    /* text that doubles */
    {"{$reduce: {$eval: 'range(0, 60)'}, initial: ab, 'each(a,x)': '${a}${a}'}",
     "the template takes more than 100000 steps"},
    {"{$reduce: {$eval: 'range(0, 60)'}, initial: ab, 'each(a,x)': {$eval: 'a + a'}}",
     "the template takes more than 100000 steps"},
    {"{$reduce: {$eval: 'range(0, 60)'}, initial: ab, 'each(a,x)': {$eval: 'join([a, a], a)'}}",
     "the template takes more than 100000 steps"},
    /* small in memory, endless when written */
    {"{$reduce: {$eval: 'range(0, 40)'}, initial: 1, 'each(a,x)': {$eval: '[a, a]'}}",
     "the template takes more than 100000 steps"},
    {"{$json: {$reduce: {$eval: 'range(0, 40)'}, initial: 1, 'each(a,x)': {$eval: '{a: a, b: "
     "a}'}}}",
     "the template takes more than 100000 steps"},
    {"{$let: {l: {$reduce: {$eval: 'range(0, 40)'}, initial: 1, 'each(a,x)': {$eval: '[a, a]'}}, "
     "m: {$reduce: {$eval: 'range(0, 40)'}, initial: 1, 'each(a,x)': {$eval: '[a, a]'}}}, "
     "in: {$eval: 'l == m'}}",
     "the template takes more than 100000 steps"},
    {"{$flattenDeep: {$reduce: {$eval: 'range(0, 40)'}, initial: 1, 'each(a,x)': {$eval: '[a, "
     "a]'}}}",
     "the template takes more than 100000 steps"},
    /* deep values */
    {"{$reduce: {$eval: 'range(0, 1000)'}, initial: 1, 'each(a,x)': {$eval: '[a]'}}",
     "nested deeper than 64 levels"},
    {"{$flattenDeep: {$reduce: {$eval: 'range(0, 1000)'}, initial: 1, 'each(a,x)': {$eval: "
     "'[a]'}}}",
     "nested deeper than 64 levels"},
    {"{$mergeDeep: {$reduce: {$eval: 'range(0, 1000)'}, initial: [{}, {}], 'each(a,x)': {$eval: "
     "'[{a: a[0]}, {a: a[1]}]'}}}",
     "nested deeper than 64 levels"},
};

START_TEST(greedy_templates_end)
{
    struct pn_jsone_error error;
    struct pn_value v;
    const struct pn_template_expr *t = compile(greedy[_i].template), *folded = NULL;
    int r = pn_jsone_eval(&v, t, value_of("{}"), NOW_MS, NULL, arena, &error);
    ck_assert_msg(r == PN_JSONE_E_LIMIT, "%s gave %d", greedy[_i].template, r);
    ck_assert_str_eq(error.what.text, greedy[_i].expected);
    ck_assert_uint_gt(error.span.line, 0);
    ck_assert_uint_lt(pn_arena_used(arena), 64u << 20);
    /* folding leaves it as it is */
    ck_assert_int_eq(pn_jsone_fold(&folded, t, value_of("{}"), PN_VALUE_ABSENT, NULL, arena), 0);
    ck_assert(!pn_jsone_is_constant(folded));
}
END_TEST

START_TEST(limits_are_arguments)
{
    static const struct pn_jsone_limits few = {100, 8};
    struct pn_jsone_error error;
    struct pn_value v, none = value_of("{}");
    const struct pn_template_expr *t = compile("$eval: 'range(0, 100)'");
    ck_assert_int_eq(pn_jsone_eval(&v, t, none, NOW_MS, &few, arena, &error), PN_JSONE_E_LIMIT);
    ck_assert_str_eq(error.what.text, "the template takes more than 100 steps");
    t = compile("[[[[[[[[[{$eval: '1'}]]]]]]]]]");
    ck_assert_int_eq(pn_jsone_eval(&v, t, none, NOW_MS, &few, arena, &error), PN_JSONE_E_LIMIT);
    ck_assert_str_eq(error.what.text, "nested deeper than 8 levels");
    assert_renders(t, "9 lists", none, "[[[[[[[[[1]]]]]]]]]");
}
END_TEST

/* A plain object takes the steps of one whose members are looked for: 12 values, 12 keys,
 * 16 for setting them, and 14 around. */
START_TEST(plain_objects_take_the_same_steps)
{
    const struct pn_template_expr *t = compile(
        "{a: {$eval: x}, b: {$eval: x}, c: {$eval: x}, d: {$eval: x}, e: {$eval: x}, f: {$eval: x},"
        " g: {$eval: x}, h: {$eval: x}, i: {$eval: x}, j: {$eval: x}, k: {$eval: x}, l: {$eval: "
        "x}}");
    struct pn_jsone_limits limits = {54, 8};
    struct pn_value v, x = value_of("{x: 1}");
    ck_assert_int_eq(pn_jsone_eval(&v, t, x, NOW_MS, &limits, arena, NULL), 0);
    limits.steps--;
    ck_assert_int_eq(pn_jsone_eval(&v, t, x, NOW_MS, &limits, arena, NULL), PN_JSONE_E_LIMIT);
}
END_TEST

/* `head` n times, `middle`, `tail` n times. */
static const char *nested(const char *head, const char *middle, const char *tail, int n)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    for (int i = 0; i < n; i++)
        pn_buf_cstr(&text, head);
    pn_buf_cstr(&text, middle);
    for (int i = 0; i < n; i++)
        pn_buf_cstr(&text, tail);
    pn_buf_char(&text, '\0');
    ck_assert(!text.failed);
    return text.data;
}

static const struct {
    const char *head, *tail;
} deep[] = {{"(", ")"},    {"!", ""},     {"-", ""},     {"[", "]"},         {"{a:", "}"},
            {"1 ** ", ""}, {"len(", ")"}, {"a[", "]"},   {"!(", ")"},        {"", ".a"},
            {"", "[0]"},   {"", "()"},    {"", "[1:2]"}, {"1 + (", ") * 2"}, {"-(-", ")"}};

START_TEST(deep_expressions_are_faults)
{
    for (int n = 20; n < 100000; n *= 50) {
        struct pn_source source = source_of(nested(deep[_i].head, "a", deep[_i].tail, n));
        struct pn_node node = {.kind = PN_NODE_STRING, .s = source.bytes};
        struct pn_diags diags = PN_DIAGS_INIT;
        const struct pn_template_expr *t = NULL;
        int r = pn_jsone_compile_expression(&t, NULL, &node, arena, &diags);
        ck_assert_int_eq(r, n == 20 ? 0 : PN_JSONE_E_TEMPLATE);
        if (r != 0)
            ck_assert_ptr_nonnull(strstr(diags.items[0].message, "nested deeper than 64 levels"));
        pn_diags_deinit(&diags);
    }
}
END_TEST

/* Operators in a row are not nested, however many there are. */
START_TEST(long_expressions_are_fine)
{
    static const char *const rows[] = {"1 + ",      "1 * ",  "true && ",
                                       "false || ", "1 == ", "1 < 2 == "};
    for (size_t i = 0; i < PN_COUNT_OF(rows); i++) {
        struct pn_node node = {.kind = PN_NODE_STRING,
                               .s = pn_str_of(nested(rows[i], "1", "", 20000))};
        struct pn_diags diags = PN_DIAGS_INIT;
        const struct pn_template_expr *t = NULL;
        struct pn_value v;
        ck_assert_int_eq(pn_jsone_compile_expression(&t, NULL, &node, arena, &diags), 0);
        ck_assert_int_eq(pn_jsone_eval(&v, t, value_of("{}"), NOW_MS, NULL, arena, NULL), 0);
        if (i == 0)
            ck_assert_int_eq(v.i, 20001);
        pn_diags_deinit(&diags);
    }
}
END_TEST

START_TEST(deep_templates_are_faults)
{
    static const char *const shapes[][2] = {{"[", "]"}, {"{a: ", "}"}, {"{$json: ", "}"}};
    for (size_t i = 0; i < PN_COUNT_OF(shapes); i++) {
        const struct pn_source source = source_of(nested(shapes[i][0], "1", shapes[i][1], 65));
        struct pn_diags diags = PN_DIAGS_INIT;
        const struct pn_template_expr *t = NULL;
        ck_assert_int_eq(pn_jsone_compile(&t, &source, read_yaml(&source), arena, &diags),
                         PN_JSONE_E_TEMPLATE);
        ck_assert_uint_eq(diags.count, 1);
        ck_assert_ptr_nonnull(strstr(diags.items[0].message, "at most 64 levels"));
        pn_diags_deinit(&diags);
        compile(nested(shapes[i][0], "1", shapes[i][1], 60));
    }
}
END_TEST

/* Each allocation of an evaluation is refused once: always a limit, never a wrong result. */
START_TEST(each_refusal_is_a_limit)
{
    static const char text[] =
        "a: {$map: {$eval: l}, 'each(x,i)': {k: '${x}-${i}-${0.5}', '${x}': {$eval: 'x * 1.5'}}}\n"
        "b: {$sort: {$eval: l}, by(x): -x}\n"
        "c: {$merge: [{a: 1}, {$let: {w: {$eval: now}}, in: {b: '${w}'}}]}\n"
        "d: {$mergeDeep: [{a: [1]}, {a: {$flatten: [[{$eval: 'l[0]'}], 2]}}]}\n"
        "e: {$json: {$reverse: {$eval: 'split(join(l, \",\"), \",\") '}}}\n"
        "f: {$eval: '[uppercase(\"a\") + str(1.25), l[1:], range(0, 3), {a: l}]'}\n"
        "g: {$reduce: {$eval: l}, initial: {}, 'each(a,x)': {$merge: [{$eval: a}, {'k${x}': 1}]}}\n"
        "h: {$fromNow: '1d', from: '2020-01-01'}\n"
        "i: {$map: {p: 1, q: 2}, each(v): {'${v.key}': {$match: {'true': 1}}}}\n";
    const struct pn_template_expr *t = compile(text);
    struct pn_value context = value_of("{l: [3, 1, 2]}"), v;
    struct pn_arena *small;
    struct pn_jsone_error error;
    int r = PN_JSONE_E_LIMIT;
    size_t cap = 16;
    ck_assert_int_eq(pn_arena_new(&small, 0), 0);
    for (; r != 0 && cap < 1 << 20; cap += 16) {
        pn_arena_reset(small, cap);
        r = pn_jsone_eval(&v, t, context, NOW_MS, NULL, small, &error);
        ck_assert_msg(r == 0 || r == PN_JSONE_E_LIMIT, "cap %zu: %d %s", cap, r, error.what.text);
        if (r != 0)
            ck_assert_str_eq(error.what.text,
                             "what the template makes does not fit into the memory of a request");
    }
    ck_assert_int_eq(r, 0);
    ck_assert_uint_gt(cap, 1000);
    pn_json_write(&got, PN_GET(v, "a"));
    assert_text(text, &got,
                "[{\"k\":\"3-0-0.5\",\"3\":4.5},{\"k\":\"1-1-0.5\",\"1\":1.5},"
                "{\"k\":\"2-2-0.5\",\"2\":3}]");
    pn_arena_free(small);
}
END_TEST

/* Compiling and folding in an arena that refuses: out of memory, and nothing else. */
START_TEST(each_refusal_while_loading_is_told)
{
    const struct pn_source source = source_of(
        "{a: '${x.w + 1}z', b: {$map: [1], each(i): {$eval: '{a: [i, -1 ** 2], \"b\": "
        "f(1)[0:].c}'}},"
        " c: {$switch: {'x': 1, $default: '$${'}}, '${k}': {$let: {v: 1.5}, in: 'x${'}}");
    const struct pn_node *root = read_yaml(&source);
    struct pn_arena *small;
    const struct pn_template_expr *t = NULL;
    int r = -1;
    ck_assert_int_eq(pn_arena_new(&small, 0), 0);
    for (size_t cap = 16; r < 0 && cap < 1 << 20; cap += 16) {
        struct pn_diags diags = PN_DIAGS_INIT;
        pn_arena_reset(small, cap);
        r = pn_jsone_compile(&t, &source, root, small, &diags);
        ck_assert(r == PN_JSONE_E_TEMPLATE || r == -12);
        if (r == PN_JSONE_E_TEMPLATE)
            ck_assert_uint_eq(diags.count, 1);
        pn_diags_deinit(&diags);
    }
    ck_assert_int_eq(r, PN_JSONE_E_TEMPLATE);
    t = compile("{a: '${x.w}z', b: {$map: [1], each(i): {$eval: '[i, x]'}}, c: {$eval: 'p'}}");
    struct pn_value bound = value_of("{x: {w: 1}}");
    const struct pn_template_expr *folded = NULL;
    r = -1;
    for (size_t cap = 16; r < 0 && cap < 1 << 20; cap += 16) {
        pn_arena_reset(small, cap);
        r = pn_jsone_fold(&folded, t, bound, PN_VALUE_ABSENT, NULL, small);
        ck_assert(r == 0 || r == -12);
    }
    ck_assert_int_eq(r, 0);
    pn_arena_free(small);
}
END_TEST

/* ---- */

static Suite *suite(void)
{
    Suite *s = suite_create("jsone_limits");
    TCase *tc = tcase_create("jsone_limits");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, folds_what_is_known, 0, PN_COUNT_OF(folds));
    tcase_add_test(tc, folding_keeps_places);
    tcase_add_loop_test(tc, greedy_templates_end, 0, PN_COUNT_OF(greedy));
    tcase_add_test(tc, limits_are_arguments);
    tcase_add_test(tc, plain_objects_take_the_same_steps);
    tcase_add_loop_test(tc, deep_expressions_are_faults, 0, PN_COUNT_OF(deep));
    tcase_add_test(tc, long_expressions_are_fine);
    tcase_add_test(tc, deep_templates_are_faults);
    tcase_add_test(tc, each_refusal_is_a_limit);
    tcase_add_test(tc, each_refusal_while_loading_is_told);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
