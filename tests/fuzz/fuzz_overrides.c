/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a Pod's author writes into parameters. The first line is a pattern, of which two parameters
 * are made when it is one; each other line is a label "lKEY=VALUE" or an annotation "aKEY=VALUE".
 * A second reading of all rules says for each parameter which value it has, or that it is refused:
 * nothing enters unchecked, nothing is refused without a reason, and what is not overridden stays.
 */

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "engine/params.h"
#include "engine/pattern.h"
#include "kube/names.h"
#include "kube/quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP_BYTES = 64 << 20, TEXT_MAX = 5, LINES_MAX = 32 };

/* ---- what may be overridden ------------------------------------------------------------------ */

enum { WORD, LEVEL, COUNT, RATIO, ON, SIZE, MAP, SHORT, PATTERNED, PATTERNED_MAP, ALL };

static struct pn_parameter parameters[ALL] = {
    [WORD] = {.name = PN_STR_INIT("word"),
              .type = PN_PARAMETER_STRING,
              .pattern = PN_STR_INIT("[a-z]+(-[a-z]+)*")},
    [LEVEL] = {.name = PN_STR_INIT("level"), .type = PN_PARAMETER_STRING},
    [COUNT] = {.name = PN_STR_INIT("count"), .type = PN_PARAMETER_INTEGER},
    [RATIO] = {.name = PN_STR_INIT("ratio"), .type = PN_PARAMETER_NUMBER},
    [ON] = {.name = PN_STR_INIT("on"), .type = PN_PARAMETER_BOOLEAN},
    [SIZE] = {.name = PN_STR_INIT("size"), .type = PN_PARAMETER_QUANTITY},
    [MAP] = {.name = PN_STR_INIT("map"),
             .type = PN_PARAMETER_MAP,
             .pattern = PN_STR_INIT("[0-9]*"),
             .key_pattern = PN_STR_INIT("[a-z]{1,3}")},
    [SHORT] = {.name = PN_STR_INIT("short"),
               .type = PN_PARAMETER_STRING,
               .pattern = PN_STR_INIT(".*"),
               .max_length = TEXT_MAX},
    [PATTERNED] = {.name = PN_STR_INIT("patterned"), .type = PN_PARAMETER_STRING},
    [PATTERNED_MAP] = {.name = PN_STR_INIT("patternedMap"), .type = PN_PARAMETER_MAP},
};

/* Labels before annotations, as a policy has them. "m." and "m.x." overlap, and hold "m.word". */
static const struct pn_override overrides[] = {
    {&parameters[WORD], PN_OVERRIDE_LABEL, PN_STR_INIT("w")},
    {&parameters[COUNT], PN_OVERRIDE_LABEL, PN_STR_INIT("c")},
    {&parameters[WORD], PN_OVERRIDE_ANNOTATION, PN_STR_INIT("w")},
    {&parameters[LEVEL], PN_OVERRIDE_ANNOTATION, PN_STR_INIT("l")},
    {&parameters[COUNT], PN_OVERRIDE_ANNOTATION, PN_STR_INIT("c")},
    {&parameters[RATIO], PN_OVERRIDE_ANNOTATION, PN_STR_INIT("r")},
    {&parameters[ON], PN_OVERRIDE_ANNOTATION, PN_STR_INIT("o")},
    {&parameters[SIZE], PN_OVERRIDE_ANNOTATION, PN_STR_INIT("s")},
    {&parameters[MAP], PN_OVERRIDE_ANNOTATION_PREFIX, PN_STR_INIT("m.")},
    {&parameters[SHORT], PN_OVERRIDE_ANNOTATION, PN_STR_INIT("t")},
    {&parameters[PATTERNED], PN_OVERRIDE_ANNOTATION, PN_STR_INIT("m.x.p")},
    {&parameters[PATTERNED_MAP], PN_OVERRIDE_ANNOTATION_PREFIX, PN_STR_INIT("m.x.")},
};

static struct pn_value text_value(const char *text)
{
    return pn_string(pn_str_of(text));
}

/* The bounds that are values, and what is bound without the Pod. */
static struct pn_value prepare(struct pn_str pattern, struct pn_arena *a)
{
    char words[256];
    struct pn_value bound = PN_VALUE_ABSENT, nothing;
    const struct pn_value levels[] = {text_value("info"), text_value("debug"), text_value("")};
    bool good = pn_pattern_fault(pattern, words, sizeof words) == NULL && pattern.n > 0;
    parameters[COUNT].minimum = pn_int(-5);
    parameters[COUNT].maximum = pn_int(65535);
    parameters[RATIO].minimum = pn_real(0.5);
    parameters[RATIO].maximum = pn_int(2);
    parameters[SIZE].minimum = text_value("10m");
    parameters[SIZE].maximum = text_value("2Gi");
    parameters[PATTERNED].pattern = good ? pattern : PN_STR("a*");
    parameters[PATTERNED_MAP].pattern = parameters[PATTERNED].pattern;
    parameters[PATTERNED_MAP].key_pattern = parameters[PATTERNED].pattern;
    int r = pn_array_new(&parameters[LEVEL].allowed, a, levels, PN_COUNT_OF(levels));
    if (r == 0)
        r = pn_object_new(&nothing, a, NULL, 0);
    for (size_t i = 0; r == 0 && i < ALL; i++)
        r = pn_object_with(&bound, a, bound, parameters[i].name,
                           parameters[i].type == PN_PARAMETER_MAP ? nothing : pn_null());
    assert(r == 0);
    return bound;
}

/* ---- the rules, a second time ---------------------------------------------------------------- */

/* A copy that ends with a zero; NULL when a zero is in it. */
static char *terminated(struct pn_str text)
{
    if (text.n > 0 && memchr(text.s, '\0', text.n) != NULL)
        return NULL;
    char *copy = calloc(1, text.n + 1);
    assert(copy != NULL);
    if (text.n > 0)
        memcpy(copy, text.s, text.n);
    return copy;
}

/* The longest match that begins first is the whole text: so POSIX says what matches as a whole. */
static bool matches(struct pn_str pattern, struct pn_str text)
{
    PN_CLEANUP(pn_free_pointer) char *p = terminated(pattern);
    PN_CLEANUP(pn_free_pointer) char *t = terminated(text);
    regmatch_t all = {.rm_so = -1};
    regex_t regex;
    if (t == NULL)
        return false;
    assert(p != NULL && regcomp(&regex, p, REG_EXTENDED) == 0);
    int r = regexec(&regex, t, 1, &all, 0);
    regfree(&regex);
    return r == 0 && all.rm_so == 0 && (size_t)all.rm_eo == text.n;
}

static bool is_word(struct pn_str text)
{
    char before = '-';
    for (size_t i = 0; i < text.n; i++) {
        if (text.s[i] == '-' ? before == '-' : text.s[i] < 'a' || text.s[i] > 'z')
            return false;
        before = text.s[i];
    }
    return before != '-';
}

static bool all_of(struct pn_str text, char first, char last)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.s[i] < first || text.s[i] > last)
            return false;
    }
    return true;
}

static bool is_count(struct pn_value *ret, struct pn_str text)
{
    struct pn_str digits = text;
    if (digits.n > 0 && digits.s[0] == '-')
        digits = (struct pn_str){text.s + 1, text.n - 1};
    if (digits.n == 0 || !all_of(digits, '0', '9'))
        return false;
    PN_CLEANUP(pn_free_pointer) char *copy = terminated(text);
    errno = 0;
    long long n = strtoll(copy, NULL, 10);
    *ret = pn_int(n);
    return errno == 0 && n >= -5 && n <= 65535;
}

/* A decimal number as C reads it (".5" and "1." too), between the bounds. */
static bool is_ratio(struct pn_value *ret, struct pn_str text)
{
    PN_CLEANUP(pn_free_pointer) char *copy = terminated(text);
    if (copy == NULL || text.n >= 512 ||
        !matches(PN_STR("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?"), text))
        return false;
    double r = strtod(copy, NULL);
    *ret = pn_real(r);
    return r >= 0.5 && r <= 2;
}

static bool is_size(struct pn_str text)
{
    struct pn_quantity q, least, most;
    return pn_quantity_parse(&least, PN_STR("10m"), NULL) == 0 &&
           pn_quantity_parse(&most, PN_STR("2Gi"), NULL) == 0 &&
           pn_quantity_parse(&q, text, NULL) == 0 && pn_quantity_cmp(&q, &least) >= 0 &&
           pn_quantity_cmp(&q, &most) <= 0;
}

static bool fits(struct pn_value *ret, int which, struct pn_str text)
{
    *ret = pn_string(text);
    if (text.n > (which == SHORT ? TEXT_MAX : PN_PARAMETER_TEXT_MAX_BYTES) && which != COUNT &&
        which != RATIO && which != ON)
        return false;
    switch (which) {
    case WORD:
        return is_word(text);
    case LEVEL:
        return text.n == 0 || pn_str_is(text, "info") || pn_str_is(text, "debug");
    case COUNT:
        return is_count(ret, text);
    case RATIO:
        return is_ratio(ret, text);
    case ON:
        *ret = pn_bool(pn_str_is(text, "true"));
        return pn_str_is(text, "true") || pn_str_is(text, "false");
    case SIZE:
        return is_size(text);
    case MAP:
        return all_of(text, '0', '9');
    case SHORT:
        return matches(PN_STR(".*"), text);
    default:
        return matches(parameters[which].pattern, text);
    }
}

static bool fits_as_key(int which, struct pn_str key)
{
    return which == MAP ? key.n <= 3 && all_of(key, 'a', 'z')
                        : matches(parameters[which].key_pattern, key);
}

/* Every annotation that begins with the prefix is a member. */
static bool want_map(struct pn_value *ret, const struct pn_override *o, int which,
                     struct pn_value annotations, struct pn_arena *a)
{
    *ret = PN_VALUE_ABSENT;
    for (uint32_t i = 0; i < pn_value_count(annotations); i++) {
        const struct pn_member *m = pn_value_member(annotations, i);
        struct pn_value v;
        if (!pn_str_has_prefix(m->key, o->key) || m->key.n == o->key.n ||
            !pn_name_is_annotation_key(m->key))
            continue;
        struct pn_str key = {m->key.s + o->key.n, m->key.n - o->key.n};
        if (!fits_as_key(which, key) || !fits(&v, which, pn_value_str(m->value)))
            return false;
        int r = pn_object_with(ret, a, *ret, key, m->value);
        assert(r == 0);
    }
    return true;
}

/* What one override must give; false: it must be refused. */
static bool want(struct pn_value *ret, const struct pn_override *o, const struct pn_pod *pod,
                 struct pn_arena *a)
{
    int which = (int)(o->parameter - parameters);
    if (o->source == PN_OVERRIDE_ANNOTATION_PREFIX)
        return want_map(ret, o, which, pod->annotations, a);
    *ret = pn_value_get(o->source == PN_OVERRIDE_LABEL ? pod->labels : pod->annotations, o->key);
    return ret->kind == PN_ABSENT || fits(ret, which, pn_value_str(*ret));
}

/* ---- one Pod --------------------------------------------------------------------------------- */

static void read_pod(struct pn_pod *ret, struct pn_str rest, struct pn_arena *a)
{
    for (int i = 0; rest.s != NULL && i < LINES_MAX; i++) {
        struct pn_str value = pn_str_split(&rest, '\n');
        struct pn_str key = pn_str_split(&value, '=');
        if (key.n == 0 || value.s == NULL)
            continue;
        struct pn_value *to = key.s[0] == 'l' ? &ret->labels : &ret->annotations;
        int r = pn_object_with(to, a, *to, (struct pn_str){key.s + 1, key.n - 1}, pn_string(value));
        assert(r == 0);
    }
}

static void check_reason(const struct pn_reason *reason)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_reason_write(&text, reason);
    assert(reason->id == PN_REASON_PARAMETER_INVALID && !text.failed && text.len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pn_arena *a;
    const struct pn_parameters declared = {parameters, ALL};
    const struct pn_overrides all = {overrides, PN_COUNT_OF(overrides)};
    struct pn_str rest = {(const char *)data, size};
    struct pn_pod pod = {.labels = PN_VALUE_ABSENT, .annotations = PN_VALUE_ABSENT};
    struct pn_reason reason = {.id = PN_REASON_NONE};
    struct pn_value got;
    bool refused = false;
    if (a == NULL && pn_arena_new(&a, PN_ARENA_KEEP_BYTES) != 0)
        return 0;
    pn_arena_reset(a, CAP_BYTES);
    struct pn_value bound = prepare(pn_str_split(&rest, '\n'), a), wanted = bound;
    read_pod(&pod, rest, a);
    for (size_t i = 0; !refused && i < all.count; i++) {
        struct pn_value v;
        refused = !want(&v, &overrides[i], &pod, a);
        int r = refused || v.kind == PN_ABSENT
                    ? 0
                    : pn_object_with(&wanted, a, wanted, overrides[i].parameter->name, v);
        assert(r == 0);
    }
    int r = pn_parameters_resolve(&got, &declared, bound, &all, &pod, a, &reason);
    assert(r == (refused ? PN_PARAMETERS_E_REASON : 0));
    if (refused)
        check_reason(&reason);
    else
        assert(pn_value_equal(got, wanted));
    return 0;
}
