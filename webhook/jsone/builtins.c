/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/builtins.h"

#include "jsone/arith.h"
#include "jsone/functions.h"
#include "jsone/time.h"

/* ---- what arguments may be ------------------------------------------------------------- */

enum {
    STRING = 1,
    INTEGER = 2,
    FRACTION = 4,
    ARRAY = 8,
    SIMPLE = 16, /* booleans and null */
    OTHER = 32,  /* objects and functions */
    NUMBER = INTEGER | FRACTION,
    ANYTHING = 63,
};

static const struct kind_words {
    unsigned kinds;
    const char *words;
} kind_words[] = {
    {STRING, "a string"},
    {INTEGER, "an integer"},
    {NUMBER, "a number"},
    {ARRAY, "a list"},
    {STRING | NUMBER, "a string or a number"},
    {STRING | ARRAY, "a string or a list"},
    {STRING | NUMBER | SIMPLE, "a string, number, boolean or null"},
    {OTHER, "an object"},
};

static const char *words_of(unsigned kinds)
{
    for (size_t i = 0; i < PN_COUNT_OF(kind_words); i++) {
        if (kind_words[i].kinds == kinds)
            return kind_words[i].words;
    }
    return "something else";
}

/* ---- the table ------------------------------------------------------------------------- */

enum { VARIADIC = UINT8_MAX };

static const struct builtin {
    const char *name;
    pn_function *function; /* NULL: a value */
    uint8_t min, max;      /* arguments */
    uint8_t takes[3];      /* kinds of each; of further ones the last */
    bool is_impure;
} builtins[] = {
    {"abs", pn_function_abs, 1, 1, {NUMBER}, false},
    {"base64", pn_function_base64, 1, 1, {STRING}, false},
    {"ceil", pn_function_ceil, 1, 1, {NUMBER}, false},
    {"defined", pn_function_defined, 1, 1, {STRING}, true},
    {"entries", pn_function_entries, 1, 1, {OTHER}, false},
    {"fail", pn_function_fail, 1, 1, {STRING}, false},
    {"floor", pn_function_floor, 1, 1, {NUMBER}, false},
    {"fromNow", pn_function_from_now, 1, 2, {STRING, STRING}, true},
    {"join", pn_function_join, 2, 2, {ARRAY, STRING | NUMBER}, false},
    {"len", pn_function_len, 1, 1, {STRING | ARRAY}, false},
    {"lowercase", pn_function_lowercase, 1, 1, {STRING}, false},
    {"lstrip", pn_function_lstrip, 1, 1, {STRING}, false},
    {"max", pn_function_max, 1, VARIADIC, {NUMBER, NUMBER, NUMBER}, false},
    {"min", pn_function_min, 1, VARIADIC, {NUMBER, NUMBER, NUMBER}, false},
    {"now", NULL, 0, 0, {0}, true},
    {"number", pn_function_number, 1, 1, {STRING}, false},
    {"range", pn_function_range, 2, 3, {INTEGER, INTEGER, INTEGER}, false},
    {"rstrip", pn_function_rstrip, 1, 1, {STRING}, false},
    {"split", pn_function_split, 2, 2, {STRING, STRING | NUMBER}, false},
    {"sqrt", pn_function_sqrt, 1, 1, {NUMBER}, false},
    {"str", pn_function_str, 1, 1, {STRING | NUMBER | SIMPLE}, false},
    {"strip", pn_function_strip, 1, 1, {STRING}, false},
    {"typeof", pn_function_typeof, 1, 1, {ANYTHING}, false},
    {"uppercase", pn_function_uppercase, 1, 1, {STRING}, false},
};

uint8_t pn_builtin_find(struct pn_str name)
{
    for (size_t i = 0; i < PN_COUNT_OF(builtins); i++) {
        if (pn_str_is(name, builtins[i].name))
            return (uint8_t)(i + 1);
    }
    return 0;
}

const char *pn_builtin_nearest(struct pn_str name)
{
    const char *names[PN_COUNT_OF(builtins) + 1];
    for (size_t i = 0; i < PN_COUNT_OF(builtins); i++)
        names[i] = builtins[i].name;
    names[PN_COUNT_OF(builtins)] = NULL;
    return pn_str_nearest(name, names);
}

const char *pn_builtin_name(struct pn_value function)
{
    return builtins[function.builtin].name;
}

bool pn_builtin_is_impure(uint8_t builtin)
{
    return builtin != 0 && builtins[builtin - 1].is_impure;
}

bool pn_builtin_is_defined(uint8_t builtin)
{
    return builtin != 0 && builtins[builtin - 1].function == pn_function_defined;
}

int pn_builtin_value(struct pn_run *run, const struct pn_template_expr *at, uint8_t builtin,
                     struct pn_value *ret)
{
    char text[PN_TIME_MAX_BYTES];
    if (builtins[builtin - 1].function != NULL) {
        *ret = pn_builtin(builtin - 1u);
        return 0;
    }
    if (run->folding)
        return pn_run_fail(run, at, "the time is not known yet");
    struct pn_str now = pn_arena_dup(run->arena,
                                     (struct pn_str){text, pn_time_write(text, run->now_ms)});
    if (now.s == NULL)
        return pn_run_refused(run, at);
    *ret = pn_string(now);
    return 0;
}

/* ---- calls ----------------------------------------------------------------------------- */

static unsigned kind_of(struct pn_value v)
{
    switch (v.kind) {
    case PN_STRING:
        return STRING;
    case PN_INT:
        return INTEGER;
    case PN_REAL:
        return FRACTION;
    case PN_ARRAY:
        return ARRAY;
    case PN_NULL:
    case PN_BOOL:
        return SIMPLE;
    default:
        return OTHER;
    }
}

static int fail_count(const struct pn_call *call, const struct builtin *b)
{
    bool too_few = call->n < b->min;
    unsigned bound = too_few ? b->min : b->max;
    const char *how = b->min == b->max ? "" : too_few ? "at least " : "at most ";
    return pn_run_fail(call->run, call->t, "%s() takes %s%u argument%s, not %u", b->name, how,
                       bound, bound == 1 ? "" : "s", call->n);
}

static int check_arguments(const struct pn_call *call, const struct builtin *b)
{
    if (call->n < b->min || (call->n > b->max && b->max != VARIADIC))
        return fail_count(call, b);
    for (uint32_t i = 0; i < call->n; i++) {
        unsigned takes = b->takes[i < PN_COUNT_OF(b->takes) ? i : PN_COUNT_OF(b->takes) - 1];
        if ((takes & kind_of(call->arguments[i])) == 0)
            return pn_run_fail(call->run, call->t->children[i + 1],
                               "argument %u of %s() must be %s, not %s", i + 1, b->name,
                               words_of(takes), pn_value_kind_name(call->arguments[i]));
    }
    return 0;
}

static int run_arguments(struct pn_run *run, const struct pn_template_expr *t,
                         const struct pn_scope *scope, struct pn_value *arguments)
{
    for (uint32_t i = 1; i < t->count; i++) {
        struct pn_value v;
        int r = pn_run_node(run, t->children[i], scope, &v);
        if (r != 0)
            return r;
        if (!pn_arith_is_number(v))
            arguments[i - 1] = v;
        else if (!pn_arith_read(&arguments[i - 1], v))
            return pn_run_fail(run, t->children[i], "this number is too large");
    }
    return 0;
}

int pn_builtin_call(struct pn_run *run, const struct pn_template_expr *t,
                    const struct pn_scope *scope, struct pn_value *ret)
{
    struct pn_value function;
    const struct pn_template_expr *loose = run->loose;
    int r = pn_run_node(run, t->children[0], scope, &function);
    if (r != 0)
        return r;
    run->loose = loose; /* this one is called */
    if (function.kind != PN_BUILTIN)
        return pn_run_fail(run, t, "%s is no function and cannot be called",
                           pn_value_kind_name(function));
    struct pn_call call = {.run = run, .t = t, .scope = scope, .n = t->count - 1};
    struct pn_value *arguments = pn_run_alloc(run, call.n, sizeof *arguments);
    if (arguments == NULL)
        return pn_run_refused(run, t);
    call.arguments = arguments;
    r = run_arguments(run, t, scope, arguments);
    if (r == 0)
        r = check_arguments(&call, &builtins[function.builtin]);
    return r != 0 ? r : builtins[function.builtin].function(&call, ret);
}

/* ---- the clock ------------------------------------------------------------------------- */

int pn_builtin_from_now(struct pn_run *run, const struct pn_template_expr *at,
                        const struct pn_scope *scope, struct pn_value span,
                        struct pn_value reference, struct pn_value *ret)
{
    char text[PN_TIME_MAX_BYTES];
    int64_t span_ms, from_ms, sum_ms;
    if (reference.kind == PN_ABSENT || pn_value_is_string(reference, "")) {
        struct pn_str now = PN_STR("now");
        int r = pn_run_lookup(run, at, scope, now, pn_builtin_find(now), &reference);
        if (r != 0)
            return r;
    }
    struct pn_str from = pn_value_str(reference);
    if (!pn_time_read_span(&span_ms, pn_value_str(span)))
        return pn_run_fail(run, at,
                           "\"%.*s\" is no span of time, such as \"1 day 2 hours\" or \"-30m\"",
                           PN_STR_ARG(pn_value_str(span)));
    if (reference.kind != PN_STRING || !pn_time_read(&from_ms, from))
        return pn_run_fail(run, at,
                           "%s%.*s%s is no time to count from, such as "
                           "\"2017-01-19T16:27:20.974Z\"",
                           from.s != NULL ? "\"" : pn_value_kind_name(reference), PN_STR_ARG(from),
                           from.s != NULL ? "\"" : "");
    if (!pn_time_add(&sum_ms, from_ms, span_ms))
        return pn_run_fail(run, at, "the time is too far from today to be written");
    struct pn_str sum = {text, pn_time_write(text, sum_ms)};
    sum = pn_arena_dup(run->arena, sum);
    if (sum.s == NULL)
        return pn_run_refused(run, at);
    *ret = pn_string(sum);
    return 0;
}
