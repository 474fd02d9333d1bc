/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "engine/json.h"
#include "kube/validate.h"

/* The rules themselves are told by tests/conformance/pod-validation.jsonl; here is the rest. */

static struct pn_arena *arena;   /* of documents */
static struct pn_arena *scratch; /* of the walk */

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 1 << 18), 0);
    ck_assert_int_eq(pn_arena_new(&scratch, 1 << 18), 0);
}

static void tear_down(void)
{
    pn_arena_free(arena);
    pn_arena_free(scratch);
}

/* ---- helpers --------------------------------------------------------------------------- */

static struct pn_value read_json(struct pn_str text, unsigned flags)
{
    struct pn_value v = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_json_read(&v, text, flags, arena, &err);
    ck_assert_msg(r == 0, "%.*s: %s", PN_STR_ARG(text), err.text);
    return v;
}

/* A file of tests/data. */
static struct pn_value read_data(const char *name)
{
    const char *folder = getenv("PN_TEST_DATA");
    char path[4096];
    struct pn_buf bytes = PN_BUF_IN_ARENA(arena);
    size_t n;
    ck_assert_msg(folder != NULL, "PN_TEST_DATA must name tests/data: run this by meson test");
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    while ((n = fread(path, 1, sizeof path, file)) > 0)
        pn_buf_append(&bytes, path, n);
    ck_assert(!ferror(file) && !bytes.failed);
    fclose(file);
    return read_json(pn_buf_view(&bytes), 0);
}

/* Called so often that an assertion, which check writes down, is made of failures alone. */
static struct pn_validate_errors validate(struct pn_value pod, enum pn_validate_mode mode)
{
    struct pn_validate_errors errors = {0};
    if (pn_validate_pod(&errors, PN_GET(pod, "metadata"), PN_GET(pod, "spec"), mode, scratch) != 0)
        ck_abort_msg("out of memory");
    return errors;
}

/* "FIELD TYPE: DETAIL", one a line. */
static const char *errors_text(const struct pn_validate_errors *errors)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    for (uint32_t i = 0; i < errors->count; i++) {
        const struct pn_validate_error *e = &errors->items[i];
        pn_buf_printf(&text, "%s%.*s %s: %.*s", i > 0 ? "\n" : "", PN_STR_ARG(e->field),
                      pn_validate_type_name(e->type), PN_STR_ARG(e->detail));
    }
    pn_buf_char(&text, '\0');
    ck_assert(!text.failed);
    return text.data;
}

/* What is wrong with a Pod of this spec. */
static const char *errors_of(const char *spec)
{
    struct pn_str text = pn_arena_format(arena, "{\"spec\":%s}", spec);
    struct pn_validate_errors errors = validate(read_json(text, 0), PN_VALIDATE_ALL);
    return errors_text(&errors);
}

#define APP "\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]"

/* ---- errors ---------------------------------------------------------------------------- */

static const struct {
    const char *spec, *errors;
} told[] = {
    {"{" APP "}", ""},
    {"{}", "spec.containers FieldValueRequired: must have at least one"},
    {"{\"containers\":[{\"name\":\"a\",\"image\":\"i\"},{\"name\":\"a\"}]}",
     "spec.containers[1].image FieldValueRequired: must be given\n"
     "spec.containers[1].name FieldValueDuplicate: another container is named \"a\" too"},
    {"{" APP ",\"restartPolicy\":\"always\"}",
     "spec.restartPolicy FieldValueNotSupported: must be one of Always,OnFailure,Never"},
    {"{\"containers\":[{\"name\":\"a\",\"image\":\"i\",\"resources\":{\"limits\":"
     "{\"cpu\":\"1\",\"a.io/b\":\"1.5\"},\"requests\":{\"cpu\":\"1001m\"}}}]}",
     "spec.containers[0].resources.limits[a.io/b] FieldValueInvalid: must be an integer\n"
     "spec.containers[0].resources.requests[a.io/b] FieldValueInvalid: must be an integer\n"
     "spec.containers[0].resources.requests FieldValueInvalid: cpu must not be more than its "
     "limit"},
    {"{" APP ",\"initContainers\":[{\"name\":\"i\",\"image\":\"i\",\"volumeMounts\":[{\"name\":"
     "\"v\",\"mountPath\":\"/\"}]}],\"volumes\":[{\"name\":\"w\",\"nfs\":{\"server\":\"s\"}}]}",
     "spec.volumes[0].nfs.path FieldValueRequired: must be given\n"
     "spec.volumes[0].nfs.path FieldValueInvalid: must be an absolute path\n"
     "spec.initContainers[0].volumeMounts[0].name FieldValueNotFound: there is no legal volume "
     "\"v\""},
    /* Types that no decoder lets through. */
    {"[]", "spec FieldValueTypeInvalid: must be an object and is a list\n"
           "spec.containers FieldValueRequired: must have at least one"},
    {"{" APP ",\"hostNetwork\":1}",
     "spec.hostNetwork FieldValueTypeInvalid: must be true or false and is an integer"},
    {"{\"containers\":[{\"name\":\"a\",\"image\":\"i\",\"ports\":[{\"containerPort\":8080.0}]}]}",
     "spec.containers[0].ports[0].containerPort FieldValueTypeInvalid: must be an integer of 32 "
     "bits and is a number\n"
     "spec.containers[0].ports[0].containerPort FieldValueRequired: must be given"},
    {"{\"containers\":[{\"name\":\"a\",\"image\":\"i\",\"resources\":{\"limits\":{\"cpu\":"
     "\"much\"}}}]}",
     NULL},
};

START_TEST(errors_say_what_and_where)
{
    const char *got = errors_of(told[_i].spec);
    if (told[_i].errors == NULL) /* the words are those of quantities */
        ck_assert_msg(strstr(got, "resources.limits[cpu] FieldValueTypeInvalid: \"much\"") != NULL,
                      "%s", got);
    else
        ck_assert_str_eq(got, told[_i].errors);
}
END_TEST

START_TEST(every_type_has_a_name)
{
    for (int type = PN_VALIDATE_REQUIRED; type <= PN_VALIDATE_TYPE_INVALID; type++)
        ck_assert_msg(
            strncmp(pn_validate_type_name((enum pn_validate_type)type), "FieldValue", 10) == 0,
            "%d", type);
}
END_TEST

/* One Pod may have any number of errors; so many are told, the rest is counted. */
START_TEST(errors_beyond_the_limit_are_counted)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&text, "{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"i\"}");
    for (unsigned i = 0; i < PN_VALIDATE_ERRORS_MAX + 5; i++)
        pn_buf_cstr(&text, ",{\"name\":\"a\",\"image\":\"i\"}");
    pn_buf_cstr(&text, "]}}");
    struct pn_value pod = read_json(pn_buf_view(&text), 0);
    struct pn_validate_errors errors = validate(pod, PN_VALIDATE_ALL);
    ck_assert_uint_eq(errors.count, PN_VALIDATE_ERRORS_MAX);
    ck_assert_uint_eq(errors.more, 5);
    errors = validate(pod, PN_VALIDATE_FIRST);
    ck_assert_uint_eq(errors.count, 1);
    ck_assert_uint_eq(errors.more, 0);
    ck_assert(pn_str_is(errors.items[0].field, "spec.containers[1].name"));
}
END_TEST

/* ---- many ------------------------------------------------------------------------------ */

/* Above and below the number from which names are sorted: which ones are repetitions. */
START_TEST(repetitions_are_found_in_long_lists)
{
    static const unsigned counts[] = {3, 15, 16, 17, 40, 2000};
    for (size_t k = 0; k < PN_COUNT_OF(counts); k++) {
        unsigned n = counts[k];
        struct pn_buf text = PN_BUF_IN_ARENA(arena);
        pn_buf_cstr(&text, "{\"spec\":{" APP ",\"volumes\":[");
        for (unsigned i = 0; i < n; i++)
            pn_buf_printf(&text, "%s{\"name\":\"v%u\"}", i > 0 ? "," : "",
                          i == n - 1   ? 0
                          : i == n / 2 ? n
                                       : i);
        pn_buf_cstr(&text, "]}}");
        struct pn_validate_errors errors = validate(read_json(pn_buf_view(&text), 0),
                                                    PN_VALIDATE_ALL);
        ck_assert_str_eq(errors_text(&errors),
                         pn_arena_format(arena,
                                         "spec.volumes[%u].name FieldValueDuplicate: another "
                                         "volume is named \"v0\" too",
                                         n - 1)
                             .s);
    }
}
END_TEST

/* A volume with an error of its own has no name: it is neither found nor repeated. */
START_TEST(illegal_volumes_own_no_name)
{
    ck_assert_str_eq(errors_of("{" APP ",\"volumes\":[{\"name\":\"v\",\"secret\":{}},"
                               "{\"name\":\"v\"},{\"name\":\"v\"}]}"),
                     "spec.volumes[0].secret.secretName FieldValueRequired: must be given\n"
                     "spec.volumes[2].name FieldValueDuplicate: another volume is named \"v\" too");
}
END_TEST

/* Recorded Pods are legal, as they came and after defaulting, and cost no memory. */
START_TEST(recorded_pods_are_legal_and_free)
{
    static const char *const names[] = {"bare", "web", "big", "huge", "has-sidecars", "win"};
    for (size_t i = 0; i < PN_COUNT_OF(names); i++) {
        const char *path = pn_arena_format(arena, "reviews/%s.json", names[i]).s;
        struct pn_value review = read_data(path);
        struct pn_value pod = PN_GET(PN_GET(review, "request"), "object");
        struct pn_validate_errors errors = validate(pod, PN_VALIDATE_ALL);
        ck_assert_msg(errors.count == 0, "%s: %s", path, errors_text(&errors));
        ck_assert_uint_eq(pn_arena_used(scratch), 0);
    }
}
END_TEST

/* ---- hostile objects ------------------------------------------------------------------- */

/* A copy of `v` in `a` with node number *at, counted down to 0, replaced. */
static struct pn_value replace(struct pn_value v, int *at, struct pn_value by, struct pn_arena *a)
{
    struct pn_value copy = v;
    uint32_t n = pn_value_count(v);
    if ((*at)-- == 0)
        return by;
    if (v.kind == PN_ARRAY) {
        struct pn_value *items = pn_arena_zalloc(a, n, sizeof *items);
        for (uint32_t i = 0; items != NULL && i < n; i++)
            items[i] = replace(pn_value_at(v, i), at, by, a);
        if (items == NULL || pn_array_take(&copy, a, items, n) != 0)
            ck_abort_msg("out of memory");
    } else if (v.kind == PN_OBJECT) {
        struct pn_member *members = pn_arena_zalloc(a, n, sizeof *members);
        for (uint32_t i = 0; members != NULL && i < n; i++)
            members[i] = (struct pn_member){pn_value_member(v, i)->key,
                                            replace(pn_value_member(v, i)->value, at, by, a)};
        if (members == NULL || pn_object_take(&copy, a, members, n) != 0)
            ck_abort_msg("out of memory");
    }
    return copy;
}

static const char *const strange[] = {
    "null",        "true", "-1",   "1e400", "0.5",    "18446744073709551615", "\"\"",
    "\"\\u0000\"", "[]",   "[[]]", "{}",    "[null]", "{\"\":null}",          "{\"a\":[{}]}",
};

/* Every value of a Pod that has all fields, by every kind of value: no crash, and the two modes
 * agree on whether there is an error. */
START_TEST(values_of_any_type_are_survived)
{
    struct pn_value pod = read_data("pods/every-field.json");
    struct pn_value by = read_json(pn_str_of(strange[_i]), PN_JSON_NUMBERS_RAW);
    int left = -1;
    for (int at = 0; left < 0; at++) { /* up to the node behind the last one */
        pn_arena_reset(scratch, 0);
        left = at;
        struct pn_value changed = replace(pod, &left, by, scratch);
        uint32_t all = validate(changed, PN_VALIDATE_ALL).count;
        uint32_t first = validate(changed, PN_VALIDATE_FIRST).count;
        if (first != (all > 0 ? 1 : 0))
            ck_abort_msg("node %d: %u errors, and %u when stopping at the first", at, all, first);
    }
}
END_TEST

/* However little memory there is, the walk ends in order. */
START_TEST(a_full_arena_is_an_error)
{
    struct pn_value pod = read_data("pods/every-field.json");
    struct pn_validate_errors errors;
    int r = -ENOMEM;
    size_t cap = 1;
    for (; r != 0 && cap < 1 << 20; cap += 8) {
        pn_arena_reset(scratch, cap);
        r = pn_validate_pod(&errors, PN_GET(pod, "metadata"), PN_GET(pod, "spec"), PN_VALIDATE_ALL,
                            scratch);
        if (r != 0 && r != -ENOMEM)
            ck_abort_msg("%d with %zu bytes", r, cap);
    }
    ck_assert_int_eq(r, 0);
    ck_assert_uint_gt(cap, 1000);
    ck_assert_uint_gt(errors.count, 0);
}
END_TEST

/* Integers that were kept as they were written are integers all the same. */
START_TEST(numbers_may_be_raw)
{
    static const char pod[] =
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"i\",\"ports\":"
        "[{\"containerPort\":80},{\"containerPort\":70000},"
        "{\"containerPort\":8.0e1}],\"resources\":{\"limits\":"
        "{\"cpu\":0.5},\"requests\":{\"cpu\":1e0}}}]}}";
    struct pn_validate_errors plain = validate(read_json(PN_STR(pod), 0), PN_VALIDATE_ALL);
    struct pn_validate_errors raw = validate(read_json(PN_STR(pod), PN_JSON_NUMBERS_RAW),
                                             PN_VALIDATE_ALL);
    ck_assert_uint_eq(plain.count, 4);
    ck_assert_str_eq(errors_text(&plain), errors_text(&raw));
}
END_TEST

/* A key is part of a place as it stands; a stranger's text is bounded in what is said of it. */
START_TEST(strangers_text_is_bounded)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&text, "{\"metadata\":{\"labels\":{\"");
    for (int i = 0; i < 5000; i++)
        pn_buf_char(&text, 'x');
    pn_buf_cstr(&text, "\":\"\"}},\"spec\":{" APP "}}");
    struct pn_validate_errors errors = validate(read_json(pn_buf_view(&text), 0), PN_VALIDATE_ALL);
    ck_assert_uint_eq(errors.count, 1);
    ck_assert(pn_str_is(errors.items[0].field, "metadata.labels"));
    ck_assert_uint_lt(errors.items[0].detail.n, PN_ERR_MAX_BYTES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("validate");
    TCase *cases = tcase_create("validate");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, errors_say_what_and_where, 0, PN_COUNT_OF(told));
    tcase_add_test(cases, every_type_has_a_name);
    tcase_add_test(cases, errors_beyond_the_limit_are_counted);
    tcase_add_test(cases, repetitions_are_found_in_long_lists);
    tcase_add_test(cases, illegal_volumes_own_no_name);
    tcase_add_test(cases, recorded_pods_are_legal_and_free);
    tcase_add_loop_test(cases, values_of_any_type_are_survived, 0, PN_COUNT_OF(strange));
    tcase_add_test(cases, a_full_arena_is_an_error);
    tcase_add_test(cases, numbers_may_be_raw);
    tcase_add_test(cases, strangers_text_is_bounded);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
