/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the specification's own cases (tests/conformance/json-e.yml) do not say: places of errors,
 * what a template mentions, and the choices that the language leaves open.
 */

#include "jsone_kit.h"

/* ---- values --------------------------------------------------------------------------------- */

static const struct {
    const char *template, *context, *expected;
} renders[] = {
    /* integers are exact within int64, then doubles */
    {"$eval: '9007199254740993 + 1'", "{}", "9007199254740994"},
    {"$eval: '9223372036854775807'", "{}", "9223372036854775807"},
    {"$eval: '9223372036854775807 + 1'", "{}", "9223372036854776000"},
    {"$eval: '-(9223372036854775807) - 1'", "{}", "-9223372036854775808"},
    {"$eval: 'abs(num)'", "{num: -9223372036854775808}", "9223372036854776000"},
    {"$eval: 'num / -1'", "{num: -9223372036854775808}", "9223372036854776000"},
    {"$eval: '3 ** 39'", "{}", "4052555153018976267"},
    {"$eval: '(-2) ** 63'", "{}", "-9223372036854775808"},
    {"$eval: '2 ** 64'", "{}", "18446744073709552000"},
    {"$eval: '2 ** -1'", "{}", "0.5"},
    {"$eval: '-2 ** 2'", "{}", "4"},
    {"$eval: '7 / 2'", "{}", "3.5"},
    {"$eval: '6 / 2'", "{}", "3"},
    {"$eval: 'num'", "{num: 18446744073709551615}", "18446744073709551615"},
    {"$eval: 'num + 0'", "{num: 18446744073709551615}", "18446744073709552000"},
    {"$eval: 'a < b'", "{a: 9007199254740992.0, b: 9007199254740993}", "true"},
    {"$eval: 'a == b'", "{a: 9007199254740992.0, b: 9007199254740993}", "false"},
    {"$eval: 'a[2.0]'", "{a: [1, 2, 3]}", "3"},
    {"$eval: '0 * -1'", "{}", "0"},
    /* numbers print as JavaScript prints them */
    {"'${num}'", "{num: 1.0e+21}", "\"1e+21\""},
    {"'${num}'", "{num: 123456789012345680000}", "\"123456789012345680000\""},
    {"'${num}'", "{num: 1.0e-7}", "\"1e-7\""},
    {"'${num} ${0.1 + 0.2}'", "{num: 5.0}", "\"5 0.30000000000000004\""},
    {"a: 4.0", "{}", "{\"a\":4}"},
    {"$eval: 'number(\" +1e3 \")'", "{}", "1000"},
    {"$eval: 'number(\"9007199254740993\")'", "{}", "9007199254740993"},
    /* strings are code points */
    {"$eval: '[len(s), s[1], s[-1], s[1:3], s[:-2]]'", "{s: 'a\u00e9\u2622\U0001F601'}",
     "[4,\"\u00e9\",\"\U0001F601\",\"\u00e9\u2622\",\"a\u00e9\"]"},
    {"$eval: 'split(\"a\u00e9\u2622\", \"\")'", "{}", "[\"a\",\"\u00e9\",\"\u2622\"]"},
    {"$eval: 'lowercase(\"\u00c9A\") + uppercase(\"\u00e9a\")'", "{}", "\"\u00c9a\u00e9A\""},
    {"$eval: 'strip(\"\u00a0 x\u2003\") + lstrip(\" y \") + rstrip(\" z \")'", "{}", "\"xy  z\""},
    {"$eval: '\"\U0001F601\" > \"\ufffd\"'", "{}", "true"},
    {"$eval: 'split(\"a,b,\", \",\")'", "{}", "[\"a\",\"b\",\"\"]"},
    {"$eval: 'split(\"\", \",\")'", "{}", "[\"\"]"},
    {"$eval: 'split(\"\", \"\")'", "{}", "[]"},
    {"$eval: 'join([1, 2.5, true, null, \"a\"], \"-\")'", "{}", "\"1-2.5-true--a\""},
    {"$eval: '\"\" in \"\"'", "{}", "true"},
    /* functions of ours */
    {"$eval: 'base64(s)'", "{s: 'a\u00e9?>'}", "\"YcOpPz4=\""},
    {"$eval: 'base64(\"\")'", "{}", "\"\""},
    {"$eval: 'entries(m)'", "{m: {b: 1, a: [x], '': null}}",
     "[{\"key\":\"\",\"val\":null},{\"key\":\"a\",\"val\":[\"x\"]},{\"key\":\"b\",\"val\":1}]"},
    {"$eval: 'entries({})'", "{}", "[]"},
    {"{$map: {$eval: 'entries(m)'}, 'each(e)': '${e.key}=${e.val}'}", "{m: {b: 1, a: 2}}",
     "[\"a=2\",\"b=1\"]"},
    {"$eval: 'entries'", "{entries: shadowed}", "\"shadowed\""},
    /* positions */
    {"$eval: 'a[-9]'", "{a: [1, 2]}", "1"},
    {"$eval: '[a[1:], a[:1], a[:], a[5:9], a[-9:9], a[0:num]]'", "{a: [1, 2], num: 1.0e+30}",
     "[[2],[1],[1,2],[],[1,2],[1,2]]"},
    /* escapes and keys */
    {"['$', '$$', '$x', '$${', '$$${a}', '${\"}\"}', '$${${a}']", "{a: 1}",
     "[\"$\",\"$$\",\"$x\",\"${\",\"$${a}\",\"}\",\"${1\"]"},
    {"{$$a: 1, '$$$b': 2, $: 3, $1: 4, '$${c}': 5, 'x$${d}': 6, '${e}': 7, '': 8}", "{e: f}",
     "{\"$a\":1,\"$$b\":2,\"$\":3,\"$1\":4,\"${c}\":5,\"x${d}\":6,\"f\":7,\"\":8}"},
    {"{a: 1, '${k}': 2}", "{k: a}", "{\"a\":2}"},
    {"$eval: '{a: 1, \"b\": 2, a: 3,}'", "{}", "{\"a\":3,\"b\":2}"},
    {"$eval: '{a: 1 / 0, a: 3}'", "{}", "{\"a\":3}"},
    /* delete markers */
    {"$if: 'false'", "{}", "null"},
    {"[{$if: 'false', then: 1}, {a: {$if: 'false', then: 1}}]", "{}", "[{}]"},
    {"$match: {'true': {$if: 'false', then: 1}, '1': 2}", "{}", "[2]"},
    {"$map: {a: 1, b: 2}\neach(v,k): {$if: 'v == 1', then: {'${k}': 0}}", "{}", "{\"a\":0}"},
    {"$let: {x: {$if: 'false', then: 1}}\nin: {$eval: 'defined(\"x\")'}", "{}", "false"},
    {"$let: {x: 1}\nin: null", "{}", "null"},
    /* scopes */
    {"$map: [1, 2]\neach(x,x): {$eval: x}", "{}", "[0,1]"},
    {"$let: {min: {$eval: max}}\nin: {$eval: 'min(1, 2)'}", "{}", "2"},
    {"$eval: 'min'", "{min: 1}", "1"},
    {"$eval: '[defined(\"now\"), defined(\"len\"), defined(\"a\"), defined(\"b\")]'", "{a: null}",
     "[true,true,true,false]"},
    {"$reduce: []\ninitial: {$eval: '1'}\neach(a,x): 1", "{}", "{\"$eval\":\"1\"}"},
    {"$switch: {$default: 1}", "{}", "1"},
    {"$sort: [b, a, B, \u00e9]", "{}", "[\"B\",\"a\",\"b\",\"\u00e9\"]"},
    {"$sort: [3, 1.5, -2, 9007199254740993, 9007199254740992]", "{}",
     "[-2,1.5,3,9007199254740992,9007199254740993]"},
    {"$json: {b: 1, a: [1.0, {d: 1, c: \"\u00e9\"}]}", "{}",
     "\"{\\\"a\\\":[1,{\\\"c\\\":\\\"\u00e9\\\",\\\"d\\\":1}],\\\"b\\\":1}\""},
    {"$mergeDeep: [{a: 1}, {a: {b: [1]}}, {a: {b: [2], c: null}}]", "{}",
     "{\"a\":{\"b\":[1,2],\"c\":null}}"},
    {"$eval: '[range(3, 0, -2), range(1, 1), range(0, 5, 9223372036854775807)]'", "{}",
     "[[3,1],[],[0]]"},
    /* time */
    {"$eval: now", "{}", "\"2017-01-19T16:27:20.974Z\""},
    {"$fromNow: '1 DAY 2Hr'", "{}", "\"2017-01-20T18:27:20.974Z\""},
    {"$eval: 'fromNow(\"\", \"2020-02-29\")'", "{}", "\"2020-02-29T00:00:00.000Z\""},
    {"$eval: 'fromNow(\"- 1 s\", \"2000-03-01T01:00:00.12345+01:00\")'", "{}",
     "\"2000-02-29T23:59:59.123Z\""},
    {"$eval: 'fromNow(\"9000 y\", \"2017-01-19T16:27:20.974Z\")'", "{}",
     "\"+011011-01-29T16:27:20.974Z\""},
    {"$eval: 'fromNow(\"-3000 y\", \"2017-01-19T16:27:20.974Z\")'", "{}",
     "\"-000981-01-17T16:27:20.974Z\""},
};

START_TEST(renders_values)
{
    struct pn_value context = value_of(renders[_i].context);
    assert_renders(compile(renders[_i].template), renders[_i].template, context,
                   renders[_i].expected);
}
END_TEST

START_TEST(sorting_keeps_the_order_of_equals)
{
    assert_renders(compile("{$sort: {$eval: l}, by(x): 'x[0]'}"), "stable",
                   value_of("{l: [b1, a1, b2, a2, c1, a3, b3, a4, c2]}"),
                   "[\"a1\",\"a2\",\"a3\",\"a4\",\"b1\",\"b2\",\"b3\",\"c1\",\"c2\"]");
}
END_TEST

/* Beyond a few members, keys are hashed: 300 of them are set twice, and stay where they were. */
START_TEST(large_objects_merge)
{
    struct pn_value v;
    const struct pn_template_expr *t = compile(
        "$merge:\n"
        "- $map: {$eval: o}\n"
        "  each(v,k): {'a${k}': {$eval: v}, 'b${k}': {$eval: v}}\n"
        "- $map: {$eval: o}\n"
        "  each(v,k): {'b${k}': {$eval: 'v + 1000'}}\n");
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&text, "{o: {k: 0");
    for (int i = 1; i < 300; i++)
        pn_buf_printf(&text, ", k%d: %d", i, i);
    pn_buf_append(&text, "}}", sizeof "}}");
    ck_assert(!text.failed);
    ck_assert_int_eq(pn_jsone_eval(&v, t, value_of(text.data), NOW_MS, NULL, arena, NULL), 0);
    ck_assert_uint_eq(pn_value_count(v), 600);
    ck_assert(pn_str_is(pn_value_member(v, 0)->key, "ak"));
    for (uint32_t i = 0; i < 300; i++) {
        ck_assert_int_eq(pn_value_member(v, 2 * i)->value.i, i);
        ck_assert_int_eq(pn_value_member(v, 2 * i + 1)->value.i, i + 1000);
    }
}
END_TEST

START_TEST(broken_times_are_errors)
{
    static const char *const times[] = {
        "1900-02-29",
        "2017-00-01",
        "2017-13-01",
        "2017-01-32",
        "2017-1-1",
        "2017-01-01T",
        "2017-01-01T24:00Z",
        "2017-01-01T10Z",
        "17-01-01",
        "2017-01-01T10:60",
        "2017-01-01T10:00:00.Z",
        "2017-01-01T10:00:00+1",
        "2017-01-01x",
        "now",
    };
    const struct pn_template_expr *t = compile("$eval: 'fromNow(\"\", t)'");
    for (size_t i = 0; i < PN_COUNT_OF(times); i++) {
        struct pn_member m = {PN_STR("t"), pn_string(pn_str_of(times[i]))};
        struct pn_value context, v;
        ck_assert_int_eq(pn_object_new(&context, arena, &m, 1), 0);
        int r = pn_jsone_eval(&v, t, context, NOW_MS, NULL, arena, NULL);
        ck_assert_msg(r == PN_JSONE_E_TEMPLATE, "%s gave %d", times[i], r);
    }
    static const char *const spans[] = {"1",
                                        "d",
                                        "1 d 1 y",
                                        "1d1d",
                                        "1.5 d",
                                        "--1d",
                                        "1 dd",
                                        "99999999999999999999 s",
                                        "9999999999 y",
                                        "+ - 1d"};
    t = compile("$fromNow: '${t}'");
    for (size_t i = 0; i < PN_COUNT_OF(spans); i++) {
        struct pn_member m = {PN_STR("t"), pn_string(pn_str_of(spans[i]))};
        struct pn_value context, v;
        ck_assert_int_eq(pn_object_new(&context, arena, &m, 1), 0);
        int r = pn_jsone_eval(&v, t, context, NOW_MS, NULL, arena, NULL);
        ck_assert_msg(r == PN_JSONE_E_TEMPLATE, "%s gave %d", spans[i], r);
    }
}
END_TEST

/* ---- errors of evaluation, with their places ------------------------------------------------ */

static const struct {
    const char *template, *context;
    unsigned line, column;
    const char *expected;
} failures[] = {
    {"a:\n  b: {$eval: '1 / num'}\n", "{num: 0}", 2, 17, "division by zero\n  1 / num\n    ^"},
    {"a:\n- x${ 1 + s }y", "{s: b}", 2, 9,
     "`+` takes two numbers or two strings, not an integer and a string\n   1 + s \n     ^"},
    {"$eval: 'o.a.b'", "{o: {a: {}}}", 1, 13,
     "the object has no property `b` (where it may be missing, [\"b\"] gives null)\n  o.a.b\n"
     "      ^"},
    {"$eval: 'o.a'", "{o: []}", 1, 11,
     "`.a` takes an object before the dot, not a list\n  o.a\n    ^"},
    {"$eval: 'x'", "{}", 1, 9, "unknown name `x`\n  x\n  ^"},
    {"a: 'b ${HOME}'", "{}", 1, 9,
     "unknown name `HOME`; if this ${ is for a shell or another tool, write $${\n  HOME\n  ^"},
    {"$eval: lowercas('a')", "{}", 1, 8,
     "unknown name `lowercas`; did you mean `lowercase`?\n  lowercas('a')\n  ^"},
    {"$eval: \"s + max(1, 'a')\"", "{s: 1}", 1, 20,
     "argument 2 of max() must be a number, not a string\n  s + max(1, 'a')\n             ^"},
    {"$eval: '1 + fail(\"no \" + s)'", "{s: x}", 1, 13, "no x\n  1 + fail(\"no \" + s)\n      ^"},
    {"$eval: 'entries(s)'", "{s: x}", 1, 17,
     "argument 1 of entries() must be an object, not a string\n  entries(s)\n          ^"},
    {"$eval: 'entries(len)'", "{}", 1, 9,
     "entries() takes an object, not a function\n  entries(len)\n  ^"},
    {"$eval: 'base64(1)'", "{}", 1, 16,
     "argument 1 of base64() must be a string, not an integer\n  base64(1)\n         ^"},
    {"$eval: 'len()'", "{}", 1, 9, "len() takes 1 argument, not 0\n  len()\n  ^"},
    {"$eval: 'range(1)'", "{}", 1, 9, "range() takes at least 2 arguments, not 1\n  range(1)\n  ^"},
    {"$eval: 'range(1,2,3,4)'", "{}", 1, 9,
     "range() takes at most 3 arguments, not 4\n  range(1,2,3,4)\n  ^"},
    {"$eval: 'range(1.5, 2)'", "{}", 1, 15,
     "argument 1 of range() must be an integer, not a number\n  range(1.5, 2)\n        ^"},
    {"$eval: 'range(1, 2, 0)'", "{}", 1, 9, "the step of range() is 0\n  range(1, 2, 0)\n  ^"},
    {"$eval: 's(1)'", "{s: x}", 1, 9, "a string is no function and cannot be called\n  s(1)\n  ^"},
    {"$eval: '0 ** -1'", "{}", 1, 11, "the result of `**` is no finite number\n  0 ** -1\n    ^"},
    {"$eval: 'sqrt(-1)'", "{}", 1, 9, "sqrt() of a negative number\n  sqrt(-1)\n  ^"},
    {"$eval: 'number(\"0x1\")'", "{}", 1, 9,
     "number() cannot read \"0x1\" as a decimal number\n  number(\"0x1\")\n  ^"},
    {"$eval: 'a[2]'", "{a: [1, 2]}", 1, 10,
     "index 2 is behind the end: there are 2 items\n  a[2]\n   ^"},
    {"$eval: 'a[0.5]'", "{a: [1, 2]}", 1, 10,
     "the index of a list must be an integer, not a number\n  a[0.5]\n   ^"},
    {"$eval: 'a[1:\"\u00e9\"]'", "{a: [1, 2]}", 1, 13,
     "the bounds of a slice must be integers, not a string\n  a[1:\"\u00e9\"]\n      ^"},
    {"'${a}'", "{a: [1]}", 1, 4,
     "${...} takes a string, number, boolean or null, not a list\n  a\n  ^"},
    {"'${len}'", "{}", 1, 4,
     "${...} takes a string, number, boolean or null, not a function\n  len\n  ^"},
    {"[1, {a: {$eval: len}}]", "{}", 1, 17,
     "the function `len` is in the result; call it: len(...)\n  len\n  ^"},
    {"$eval: '1 in 2'", "{}", 1, 11,
     "`in` searches an object, a list or a string, not an integer\n  1 in 2\n    ^"},
    {"$eval: '1 in o'", "{o: {}}", 1, 11,
     "`in` searches an object for a string, not for an integer\n  1 in o\n    ^"},
    {"a:\n  $map: {$eval: s}\n  each(x): 1", "{s: x}", 2, 17,
     "the value of $map must be a list or an object, not a string\n  s\n  ^"},
    {"$merge: [{}, 1]", "{}", 1, 9,
     "the value of $merge must be a list of objects; item 1 is an integer"},
    {"$sort: [{a: 1}]", "{}", 1, 8,
     "$sort orders numbers or strings, not an object; by(x) says what to order by"},
    {"$sort: [1, a]", "{}", 1, 1, "$sort orders numbers or strings, not both together"},
    {"$switch: {'true': 1, '1': 2}", "{}", 1, 12,
     "two conditions of $switch hold; one may\n  true\n  ^"},
    {"$let: {'${k}': 1}\nin: 2", "{k: a-b}", 1, 7,
     "\"a-b\" cannot be a name in $let ([a-zA-Z_][a-zA-Z0-9_]*)"},
    {"$json: {$if: 'false', then: 1}", "{}", 1, 8, "$json has nothing to write"},
    {"$fromNow: 1 dya", "{}", 1, 1,
     "\"1 dya\" is no span of time, such as \"1 day 2 hours\" or \"-30m\""},
    {"$eval: 'fromNow(\"\", \"2017-02-29\")'", "{}", 1, 9,
     "\"2017-02-29\" is no time to count from, such as \"2017-01-19T16:27:20.974Z\"\n"
     "  fromNow(\"\", \"2017-02-29\")\n  ^"},
    {"$fromNow: ''", "{now: 5}", 1, 1,
     "an integer is no time to count from, such as \"2017-01-19T16:27:20.974Z\""},
    /* a literal block has places; a folded or escaped scalar has none, but its expression a caret
     */
    {"a:\n  run: |\n    echo \u00e9\n      ${1 + z}\n    done\n", "{z: null}", 4, 11,
     "`+` takes two numbers or two strings, not an integer and null\n  1 + z\n    ^"},
    {"a: >\n  x\n  ${1 / 0}\n", "{}", 1, 4, "division by zero\n  1 / 0\n    ^"},
    {"a: \"\\t${1 / 0}\"", "{}", 1, 4, "division by zero\n  1 / 0\n    ^"},
    {"a: |\n  ${1 +\n  1 / 0}\n", "{}", 2, 5, "division by zero\n  1 / 0\n    ^"},
    /* about the context */
    {"1", "{a-b: 1}", 0, 0,
     "the name `a-b` of the context is no identifier ([a-zA-Z_][a-zA-Z0-9_]*)"},
    {"1", "[]", 0, 0, "the context must be an object, not a list"},
};

START_TEST(errors_have_places)
{
    const char *template = failures[_i].template;
    const struct pn_template_expr *t = compile(template);
    struct pn_value v, context = value_of(failures[_i].context);
    struct pn_jsone_error error;
    int r = pn_jsone_eval(&v, t, context, NOW_MS, NULL, arena, &error);
    ck_assert_msg(r == PN_JSONE_E_TEMPLATE, "%s gave %d", template, r);
    pn_jsone_error_write(&got, &error);
    assert_text(template, &got, failures[_i].expected);
    ck_assert_msg(error.span.line == failures[_i].line && error.span.column == failures[_i].column,
                  "%s: %u:%u", template, error.span.line, error.span.column);
    r = pn_jsone_eval(&v, t, context, NOW_MS, NULL, arena, NULL);
    ck_assert_int_eq(r, PN_JSONE_E_TEMPLATE);
}
END_TEST

/* ---- faults that compiling finds ------------------------------------------------------------ */

#define SHELL_HELP                                                                                 \
    " -- this looks like the shell's; to keep a `${` as it is write `$${`, or put the text under " \
    "`literals`"
#define TEXT_HELP \
    " -- a `${` that is not for JSON-e is written `$${`, or its text is put under `literals`"

static const struct {
    const char *template, *expected;
} faults[] = {
    {"$eval: 'a +'", "1:12 expression-syntax expected a value, found the end\n"},
    {"$eval: ''", "1:8 expression-syntax expected a value, found the end (character 1 of ``)\n"},
    {"$eval: 'a b'",
     "1:11 expression-syntax expected an operator or the end, found the name `b`\n"},
    {"$eval: 'key.{'", "1:13 expression-syntax expected a name after `.`, found `{`\n"},
    {"$eval: 'a = 1'",
     "1:11 expression-syntax expected an operator or the end, found `=`, which is not part of the "
     "language\n"},
    {"$eval: 'f(1,)'", "1:13 expression-syntax expected a value, found `)`\n"},
    {"$eval: 'a[1 2]'",
     "1:13 expression-syntax expected an operator, `:` or `]`, found the number 2\n"},
    {"$eval: '{1: 2}'",
     "1:10 expression-syntax expected a key (a name or a string) or `}`, found the number 1\n"},
    {"$eval: '\"abc'",
     "1:9 expression-syntax expected a value, found a string without its closing quote\n"},
    {"$eval: '!defined(\"x\")'",
     "1:17 expression-syntax in JSON-e `!` comes before `(`, so this could never be evaluated -- "
     "put what belongs together into parentheses: !(defined(\"x\")), -(a.b)\n"},
    {"a: >\n  b\n  ${c +}\n",
     "1:4 expression-syntax expected a value, found `}` (character 4 of `c +} `)" TEXT_HELP "\n"},
    /* shells and other tools */
    {"- '${VAR:-x}'\n- '${#V}'\n- '${V%.*}'\n",
     "1:9 expression-syntax expected an operator or `}`, found `:`" SHELL_HELP "\n"
     "2:6 expression-syntax expected a value, found `#`, which is not part of the "
     "language" SHELL_HELP "\n"
     "3:7 expression-syntax expected an operator or `}`, found `%`, which is not part of the "
     "language" SHELL_HELP "\n"},
    {"a: '${{ secrets.X }}'",
     "1:16 expression-syntax expected `:` after the key, found `.` -- `${{` is for another tool? "
     "Then write `$${{`, or put the text under `literals`; in JSON-e it begins an object\n"},
    {"a: 'x ${name'", "1:9 expression-syntax no `}` closes this `${`" TEXT_HELP "\n"},
    /* all of them, also in one text, in keys and under what is wrong */
    {"a: |\n  ${A:-1}\n  ${b}\n  ${C:-2}\nb: {$eval: '+'}\n'${': 1\n",
     "2:6 expression-syntax expected an operator or `}`, found `:`" SHELL_HELP "\n"
     "4:6 expression-syntax expected an operator or `}`, found `:`" SHELL_HELP "\n"
     "5:14 expression-syntax expected a value, found the end\n"
     "6:4 expression-syntax expected a value, found the end" TEXT_HELP "\n"},
    /* operators */
    {"$evall: x", "1:1 template-syntax JSON-e has no operator `$evall` -- did you mean `$eval`? A "
                  "key that begins "
                  "with $ is written $$\n"},
    {"$ref: x",
     "1:1 template-syntax JSON-e has no operator `$ref` -- for a key of this name write `$$ref`\n"},
    {"{$eval: a, $json: b}",
     "1:12 template-syntax `$eval` and `$json` stand in one object, which takes one operator\n"},
    {"$eval: 1", "1:8 template-syntax $eval takes an expression, which is a string, not an integer "
                 "-- put it in "
                 "quotes\n"},
    {"{$if: true, then: 1}",
     "1:7 template-syntax $if takes an expression, which is a string, not a boolean -- put it in "
     "quotes\n"},
    {"{$eval: [a]}",
     "1:9 template-syntax $eval takes an expression, which is a string, not a list\n"},
    {"{$if: 'a', $then: 1}",
     "1:12 template-syntax `$if` has no property `$then` -- it takes `then` and `else`\n"},
    {"{$flatten: [], x: 1}",
     "1:16 template-syntax `$flatten` has no property `x` -- it stands alone in its object\n"},
    {"{$map: [], each(x: 1}",
     "1:12 template-syntax `$map` has no property `each(x` -- it takes each(x) or each(x,i)\n"},
    {"{$map: []}", "1:2 template-syntax `$map` needs each(x) or each(x,i)\n"},
    {"{$map: [], each(x): 1, each(y): 2}",
     "1:24 template-syntax `$map` has no property `each(y)` -- it takes each(x) or each(x,i)\n"},
    {"{$let: {a: 1}}", "1:2 template-syntax `$let` needs `in`\n"},
    {"{$let: [], in: 1}",
     "1:8 template-syntax the value of `$let` must be a mapping of names to values, not a list\n"},
    {"{$let: {a-b: 1, c: {$eval: '('}}, in: {$eval: ')'}}",
     "1:30 expression-syntax expected a value, found the end\n"
     "1:48 expression-syntax expected a value, found `)`\n"},
    {"{$let: {a-b: 1}, in: 1}",
     "1:9 template-syntax `a-b` cannot be a name in $let -- names are made of a-z, A-Z, 0-9 and _, "
     "and begin with no digit\n"},
    {"{$match: {'a ==': 1, '==': 2}}", "1:23 expression-syntax expected a value, found `==`\n"
                                       "1:16 expression-syntax expected a value, found the end\n"},
    {"{$find: [], each(x): {a: 1}}",
     "1:22 template-syntax $find takes an expression, which is a string, not a mapping\n"},
};

static void write_diags(const struct pn_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++) {
        const struct pn_diag *d = &diags->items[i];
        pn_buf_printf(&got, "%u:%u %s %s%s%s\n", d->span.line, d->span.column, d->id, d->message,
                      d->help != NULL ? " -- " : "", d->help != NULL ? d->help : "");
    }
}

START_TEST(finds_all_faults)
{
    const struct pn_source source = source_of(faults[_i].template);
    struct pn_diags diags = PN_DIAGS_INIT;
    const struct pn_template_expr *t = NULL;
    int r = pn_jsone_compile(&t, &source, read_yaml(&source), arena, &diags);
    write_diags(&diags);
    pn_diags_deinit(&diags);
    assert_text(faults[_i].template, &got, faults[_i].expected);
    ck_assert_int_eq(r, PN_JSONE_E_TEMPLATE);
    ck_assert_ptr_null(t);
}
END_TEST

/* Valid JSON-e that a shell would read too is no fault: whoever knows the names decides. */
START_TEST(legal_dollars_compile)
{
    compile("['${HOME}', '$HOME', '$(x)', '${1}', '${{a: 1}.a}', '$${VAR:-x}', '${A-B}']");
}
END_TEST

START_TEST(compiles_one_expression)
{
    const struct pn_source source = source_of("[\"pod.a == 'x'\", true, 'a b']");
    const struct pn_node *root = read_yaml(&source);
    struct pn_diags diags = PN_DIAGS_INIT;
    const struct pn_template_expr *t = NULL;
    const struct pn_node *const *items = root->sequence.items;
    ck_assert_int_eq(pn_jsone_compile_expression(&t, &source, items[0], arena, &diags), 0);
    assert_renders(t, "when", value_of("{pod: {a: x}}"), "true");
    ck_assert_int_eq(pn_jsone_compile_expression(&t, &source, items[1], arena, &diags),
                     PN_JSONE_E_TEMPLATE);
    ck_assert_int_eq(pn_jsone_compile_expression(&t, NULL, items[2], arena, &diags),
                     PN_JSONE_E_TEMPLATE);
    write_diags(&diags);
    pn_diags_deinit(&diags);
    assert_text("when", &got,
                "1:18 template-syntax this field takes an expression, which is a string, not a "
                "boolean -- put it in quotes\n"
                "1:24 expression-syntax expected an operator or the end, found the name `b` "
                "(character 3 of `a b`)\n");
}
END_TEST

/* ---- what a template mentions --------------------------------------------------------------- */

static int write_mention(void *context, const struct pn_jsone_mention *m)
{
    static const char kinds[] = {'r', 'b', 'o'};
    (void)context;
    pn_buf_printf(&got, "%s%c %.*s", got.len > 0 ? "; " : "", kinds[m->kind], PN_STR_ARG(m->name));
    for (uint32_t i = 0; i < m->step_count; i++) {
        const struct pn_jsone_step *s = &m->steps[i];
        if (s->kind == PN_JSONE_STEP_NAME)
            pn_buf_printf(&got, ".%.*s", PN_STR_ARG(s->name));
        else if (s->kind == PN_JSONE_STEP_KEY)
            pn_buf_printf(&got, "['%.*s']", PN_STR_ARG(s->name));
        else
            pn_buf_cstr(&got, s->kind == PN_JSONE_STEP_ANY ? "[?]" : "[:]");
    }
    pn_buf_printf(&got, "%s%s %u:%u", m->perhaps_local ? " perhaps" : "", m->in_text ? " ${" : "",
                  m->span.line, m->span.column);
    return pn_str_is(m->name, "stop") ? 7 : 0;
}

static const struct {
    const char *template, *expected;
} mentions[] = {
    {"a: '${pod.metadata.labels[\"x\"]}'", "r pod.metadata.labels['x'] ${ 1:7"},
    {"a: {$eval: 'p.l[k][0].b[1:m]'}", "r p.l[?][?].b[:] 1:13; r m 1:27; r k 1:17"},
    {"[{$eval: '(a.b).c + len(d)'}, 1, x]", "r a.b.c 1:12; b len 1:21; r d 1:25"},
    {"$eval: '{a: b, c: [d]}[e]'", "r b 1:13; r d 1:20; r e 1:24"},
    {"{$map: {$eval: l}, 'each(x,i)': '${x.y}${i}${z}${l}'}",
     "o $map 1:1; r l 1:16; r z ${ 1:46; r l ${ 1:50"},
    {"{$let: {a: {$eval: a}}, in: '${a}${b}'}", "o $let 1:1; r a 1:20; r b ${ 1:36"},
    {"{$let: {'${a}': 1}, in: '${b}'}", "o $let 1:1; r a ${ 1:12; r b perhaps ${ 1:28"},
    {"{$fromNow: '1d', from: {$eval: now}}", "o $fromNow 1:1; b now 1:32"},
    {"{$let: {now: 1}, in: {$eval: now}}", "o $let 1:1"},
    {"{$reduce: [], initial: '${q}', 'each(a,x)': {$eval: 'a + x + r'}}",
     "o $reduce 1:1; r r 1:62"},
    {"{$sort: [], by(x): 'x.a + y'}", "o $sort 1:1; r y 1:27"},
    {"{$find: [], each(x): 'x == y'}", "o $find 1:1; r y 1:28"},
    {"{$if: 'a', then: {$json: '${b}'}, else: {$switch: {c: 1, $default: '${d}'}}}",
     "o $if 1:1; r a 1:8; o $json 1:18; r b ${ 1:29; o $switch 1:41; r c 1:52; r d ${ 1:71"},
    {"['${a}', '${stop}', '${b}']", "r a ${ 1:5; r stop ${ 1:13"},
    {"{'${k}': 1}", "r k ${ 1:5"},
    {"[1, a, {b: null}]", ""},
};

START_TEST(tells_mentions)
{
    int r = pn_jsone_visit(compile(mentions[_i].template), write_mention, NULL);
    ck_assert_int_eq(r, strstr(mentions[_i].expected, "stop") != NULL ? 7 : 0);
    assert_text(mentions[_i].template, &got, mentions[_i].expected);
}
END_TEST

/* ---- */

static Suite *suite(void)
{
    Suite *s = suite_create("jsone");
    TCase *tc = tcase_create("jsone");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, renders_values, 0, PN_COUNT_OF(renders));
    tcase_add_test(tc, sorting_keeps_the_order_of_equals);
    tcase_add_test(tc, large_objects_merge);
    tcase_add_test(tc, broken_times_are_errors);
    tcase_add_loop_test(tc, errors_have_places, 0, PN_COUNT_OF(failures));
    tcase_add_loop_test(tc, finds_all_faults, 0, PN_COUNT_OF(faults));
    tcase_add_test(tc, legal_dollars_compile);
    tcase_add_test(tc, compiles_one_expression);
    tcase_add_loop_test(tc, tells_mentions, 0, PN_COUNT_OF(mentions));
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
