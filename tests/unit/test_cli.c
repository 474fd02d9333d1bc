/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>

#include "cli/flags.h"
#include "cli/place.h"
#include "kube/workload.h"
#include "yaml/read.h"

/* ---- durations ------------------------------------------------------------------------- */

/* As Go's time.ParseDuration; parts of a second are rounded up, so that 1ms is not nothing. */
static const struct {
    const char *text;
    int64_t seconds; /* -1: refused */
} durations[] = {
    {"0", 0},     {"5s", 5},    {"1m30s", 90},       {"2h", 7200},    {"1.5h", 5400},
    {"500ms", 1}, {"1s1ms", 2}, {"1000ms", 1},       {"3us", 1},      {"3\xc2\xb5s", 1},
    {"0s", 0},    {"0.0s", 0},  {"8760h", 31536000}, {"876001h", -1}, {"", -1},
    {"5", -1},    {"s", -1},    {"-5s", -1},         {"5 s", -1},     {"5sec", -1},
    {"1m30", -1}, {"1e3s", -1}, {"1d", -1},          {"1..5s", -1},   {"99999999999999999999h", -1},
};

START_TEST(reads_durations)
{
    uint32_t seconds = 77;
    bool read = pn_flags_read_duration(&seconds, durations[_i].text);
    ck_assert_msg(read == (durations[_i].seconds >= 0), "%s", durations[_i].text);
    ck_assert_int_eq(seconds, read ? durations[_i].seconds : 77);
}
END_TEST

/* ---- documents ------------------------------------------------------------------------- */

static struct pn_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void teardown(void)
{
    pn_arena_free(arena);
}

static const struct pn_node *node_of(const char *text)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_document *docs = NULL;
    size_t n = 0;
    /* The nodes' source is asked for nothing but positions. */
    struct pn_source source = {PN_STR("test"), pn_str_of(text)};
    ck_assert_int_eq(pn_yaml_read(&docs, &n, &source, arena, &diags), 0);
    ck_assert_uint_eq(n, 1);
    return docs[0].root;
}

static struct pn_value value_of(const char *text)
{
    struct pn_value v = PN_VALUE_ABSENT;
    ck_assert_int_eq(pn_value_from_node(&v, node_of(text), arena), 0);
    return v;
}

static void check_json(struct pn_value v, const char *expected)
{
    struct pn_buf text = PN_BUF_INIT;
    pn_json_write(&text, v);
    ck_assert_msg(pn_str_is(pn_buf_view(&text), expected), "got %.*s",
                  PN_STR_ARG(pn_buf_view(&text)));
    pn_buf_deinit(&text);
}

/* ---- places
 * -------------------------------------------------------------------------------------- */

static const struct {
    const char *message;
    uint32_t line, column;
} places[] = {
    {"spec.containers[1].name: expected a string", 7, 12},
    {"spec.containers[1]: expected", 7, 5},
    {"spec.containers[7]: expected", 6, 3},
    {"spec.containers[x]: expected", 6, 3},
    {"spec.containers[-1]: expected", 6, 3},
    {"metadata.labels[\"a.b/c\"]: expected a string", 3, 19},
    {"metadata.labels[\"none\"]: expected", 3, 11},
    {"metadata.labels[\"a.b/c: expected", 3, 11},
    {"spec.none.deeper: expected", 5, 3},
    {"kind: expected", 1, 7},
    {"no path at all", 1, 1},
    {"", 1, 1},
    {": x", 1, 1},
    {"[0]", 1, 1},
};

START_TEST(finds_what_a_message_is_about)
{
    const struct pn_node *root = node_of("kind: Pod\n"
                                         "metadata:\n"
                                         "  labels: {a.b/c: 1}\n"
                                         "spec:\n"
                                         "  containers:\n"
                                         "  - {name: a}\n"
                                         "  - {name: 5}\n");
    const struct pn_node *node = pn_place_find(root, pn_str_of(places[_i].message));
    ck_assert_ptr_nonnull(node);
    ck_assert_msg(node->span.line == places[_i].line && node->span.column == places[_i].column,
                  "%s: %u:%u", places[_i].message, node->span.line, node->span.column);
}
END_TEST

START_TEST(a_document_without_nodes_has_no_place)
{
    ck_assert_ptr_null(pn_place_find(NULL, PN_STR("spec.containers: expected a list")));
}
END_TEST

START_TEST(finds_numbers_that_are_out_of_range)
{
    struct pn_value items[2] = {pn_int(1), pn_raw(PN_STR("1e400"))}, list, object;
    struct pn_buf path = PN_BUF_INIT;
    ck_assert_int_eq(pn_array_new(&list, arena, items, 2), 0);
    struct pn_member members[] = {{PN_STR("fine"), pn_raw(PN_STR("18446744073709551615"))},
                                  {PN_STR("spec"), list}};
    ck_assert_int_eq(pn_object_new(&object, arena, members, 2), 0);
    ck_assert(pn_place_write_huge_number(&path, object));
    ck_assert(pn_str_is(pn_buf_view(&path), "spec[1]"));
    pn_buf_reset(&path, 0);
    ck_assert_int_eq(pn_array_new(&list, arena, items, 1), 0);
    ck_assert(!pn_place_write_huge_number(&path, list));
    ck_assert_uint_eq(path.len, 0);
    pn_buf_deinit(&path);
}
END_TEST

/* ---- workloads
 * ----------------------------------------------------------------------------------- */

static const struct {
    const char *api_version, *kind;
    bool found;
} kinds[] = {
    {"v1", "Pod", true},
    {"v1", "PodTemplate", true},
    {"apps/v1", "Deployment", true},
    {"apps/v1beta2", "StatefulSet", true},
    {"extensions/v1beta1", "DaemonSet", true},
    {"batch/v1", "Job", true},
    {"batch/v1beta1", "CronJob", true},
    {"v1", "ReplicationController", true},
    {"apps/v1", "Pod", false},
    {"v1", "Deployment", false},
    {"example.com/v1", "Job", false},
    {"apps.example.com/v1", "Deployment", false},
    {"batch", "Job", false},
    {"/v1", "Pod", true}, /* what Kubernetes' ParseGroupVersion makes of it */
    {"apps/v1", "deployment", false},
    {"v1", "Service", false},
};

START_TEST(kinds_count_with_their_group)
{
    ck_assert(kinds[_i].found == (pn_workload_find(pn_str_of(kinds[_i].api_version),
                                                   pn_str_of(kinds[_i].kind)) != NULL));
}
END_TEST

#define TEMPLATE                                                                      \
    "metadata: {labels: {a: b}, annotations: {c: d}, name: ignored, finalizers: [f]}" \
    "\n      spec: {x: 1}\n"

/* What the controllers would create. */
static const struct {
    const char *api_version, *kind, *object, *pod;
} pods[] = {
    {"v1", "Pod", "{metadata: {name: web}, spec: {x: 1}, status: {phase: 2}}",
     "{\"metadata\":{\"name\":\"web\"},\"spec\":{\"x\":1},\"status\":{\"phase\":2}}"},
    {"apps/v1", "Deployment", "metadata: {name: web}\nspec:\n  template:\n      " TEMPLATE,
     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":\"web-0000000000-\","
     "\"namespace\":\"shop\",\"labels\":{\"a\":\"b\",\"pod-template-hash\":\"0000000000\"},"
     "\"annotations\":{\"c\":\"d\"},\"finalizers\":[\"f\"],\"ownerReferences\":[{\"apiVersion\":"
     "\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":\"web-0000000000\",\"uid\":\"\",\"controller\":"
     "true,\"blockOwnerDeletion\":true}]},\"spec\":{\"x\":1}}"},
    {"apps/v1", "StatefulSet", "{metadata: {name: db}, spec: {template: {spec: {x: 1}}}}",
     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"db-0\",\"namespace\":"
     "\"shop\","
     "\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"name\":\"db\","
     "\"uid\":\"\",\"controller\":true,\"blockOwnerDeletion\":true}]},\"spec\":{\"x\":1}}"},
    {"batch/v1", "CronJob",
     "{metadata: {generateName: job}, spec: {jobTemplate: {spec: {template: {metadata: null}}}}}",
     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":\"job-00000000-\","
     "\"namespace\":\"shop\",\"ownerReferences\":[{\"apiVersion\":\"batch/v1\",\"kind\":\"Job\","
     "\"name\":\"job-00000000\",\"uid\":\"\",\"controller\":true,\"blockOwnerDeletion\":true}]}}"},
    {"v1", "PodTemplate", "{metadata: {name: t}, template: {spec: {x: 1}}}",
     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":\"t-\",\"namespace\":"
     "\"shop\"},\"spec\":{\"x\":1}}"},
};

START_TEST(makes_the_pod_that_a_controller_would)
{
    struct pn_value pod;
    struct pn_err err = PN_ERR_INIT;
    const struct pn_workload *w = pn_workload_find(pn_str_of(pods[_i].api_version),
                                                   pn_str_of(pods[_i].kind));
    ck_assert_ptr_nonnull(w);
    struct pn_value object = value_of(pods[_i].object);
    ck_assert_int_eq(pn_workload_pod(&pod, w, object, PN_STR("shop"), arena, &err), 0);
    check_json(pod, pods[_i].pod);
}
END_TEST

/* An unchanged Pod leaves the object as it was, whatever the controller had added. */
START_TEST(puts_nothing_back_when_nothing_changed)
{
    struct pn_value pod, after;
    struct pn_err err = PN_ERR_INIT;
    const struct pn_workload *w = pn_workload_find(pn_str_of(pods[_i].api_version),
                                                   pn_str_of(pods[_i].kind));
    struct pn_value object = value_of(pods[_i].object);
    ck_assert_int_eq(pn_workload_pod(&pod, w, object, PN_STR("shop"), arena, &err), 0);
    ck_assert_int_eq(pn_workload_put(&after, w, object, pod, pod, arena), 0);
    ck_assert(pn_value_equal(object, after));
}
END_TEST

/* What becomes of {metadata: {name: web}, spec: {replicas: 2, template: T}}. */
static const struct {
    const char *template, *pod_after, *expected;
} changes[] = {
    /* The hash goes, a new label stays. */
    {"{metadata: {labels: {a: b}}, spec: {x: 1}}",
     "{metadata: {labels: {a: b, pod-template-hash: '0000000000', new: m}}, spec: {x: 1}}",
     "{metadata: {labels: {a: b, new: m}}, spec: {x: 1}}"},
    /* A hash of the template's own (copied from a cluster) is kept. */
    {"{metadata: {labels: {pod-template-hash: own}}, spec: {x: 1}}",
     "{metadata: {labels: {pod-template-hash: '0000000000', new: m}}, spec: {x: 2}}",
     "{metadata: {labels: {pod-template-hash: own, new: m}}, spec: {x: 2}}"},
    /* A template without metadata gets only what is new. */
    {"{spec: {x: 1}}",
     "{metadata: {labels: {pod-template-hash: '0000000000'}, annotations: {s: t}, generateName: g},"
     " spec: {x: 1}}",
     "{spec: {x: 1}, metadata: {annotations: {s: t}}}"},
};

START_TEST(puts_changes_into_the_template)
{
    struct pn_value before, after, object, expected;
    struct pn_err err = PN_ERR_INIT;
    const struct pn_workload *w = pn_workload_find(PN_STR("apps/v1"), PN_STR("Deployment"));
    struct pn_value metadata = value_of("{name: web}");
    for (int i = 0; i < 2; i++) {
        struct pn_value template = value_of(i == 0 ? changes[_i].template : changes[_i].expected);
        struct pn_member spec[] = {{PN_STR("replicas"), pn_int(2)}, {PN_STR("template"), template}};
        struct pn_value inner;
        ck_assert_int_eq(pn_object_new(&inner, arena, spec, 2), 0);
        struct pn_member all[] = {{PN_STR("metadata"), metadata}, {PN_STR("spec"), inner}};
        ck_assert_int_eq(pn_object_new(i == 0 ? &object : &expected, arena, all, 2), 0);
    }
    ck_assert_int_eq(pn_workload_pod(&before, w, object, PN_STR("shop"), arena, &err), 0);
    ck_assert_int_eq(
        pn_workload_put(&after, w, object, before, value_of(changes[_i].pod_after), arena), 0);
    ck_assert(pn_value_equal(after, expected));
}
END_TEST

static const struct {
    const char *object, *message;
} bad[] = {
    {"{}", "spec: expected an object, got nothing"},
    {"{spec: 1}", "spec: expected an object, got an integer"},
    {"{spec: {}}", "spec.template: expected an object, got nothing"},
    {"{spec: {template: [x]}}", "spec.template: expected an object, got a list"},
    {"{spec: {template: {metadata: x}}}",
     "request.object.metadata: expected an object, got a string"},
};

START_TEST(says_what_is_no_template)
{
    struct pn_value pod;
    struct pn_err err = PN_ERR_INIT;
    const struct pn_workload *w = pn_workload_find(PN_STR("apps/v1"), PN_STR("Deployment"));
    ck_assert_int_eq(
        pn_workload_pod(&pod, w, value_of(bad[_i].object), PN_STR("shop"), arena, &err),
        PN_WORKLOAD_E_INVALID);
    ck_assert_str_eq(err.text, bad[_i].message);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cli");
    TCase *t = tcase_create("flags");
    tcase_add_loop_test(t, reads_durations, 0, (int)PN_COUNT_OF(durations));
    suite_add_tcase(s, t);
    t = tcase_create("documents");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, finds_what_a_message_is_about, 0, (int)PN_COUNT_OF(places));
    tcase_add_test(t, a_document_without_nodes_has_no_place);
    tcase_add_test(t, finds_numbers_that_are_out_of_range);
    tcase_add_loop_test(t, kinds_count_with_their_group, 0, (int)PN_COUNT_OF(kinds));
    tcase_add_loop_test(t, makes_the_pod_that_a_controller_would, 0, (int)PN_COUNT_OF(pods));
    tcase_add_loop_test(t, puts_nothing_back_when_nothing_changed, 0, (int)PN_COUNT_OF(pods));
    tcase_add_loop_test(t, puts_changes_into_the_template, 0, (int)PN_COUNT_OF(changes));
    tcase_add_loop_test(t, says_what_is_no_template, 0, (int)PN_COUNT_OF(bad));
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_tap(sr, "-");
    srunner_run_all(sr, CK_SILENT);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
