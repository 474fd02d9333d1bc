/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "engine/engine.h"
#include "engine/fragment.h"
#include "engine/index.h"
#include "engine/match.h"
#include "engine/own.h"
#include "yaml/read.h"

/* ---- helpers --------------------------------------------------------------------------- */

/* A policy set from YAML text; faults fail the test, but those in `earlier`. Caller unrefs. */
static struct pn_policy_set *make_set_after(const char *yaml, const char *earlier)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {PN_STR("test.yaml"), pn_str_of(yaml)};
    struct pn_document *docs = NULL;
    struct pn_policy_set *set = NULL;
    size_t n = 0;
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    ck_assert_int_eq(pn_yaml_read(&docs, &n, &source, a, &diags), 0);
    if (earlier != NULL)
        pn_diags_add(&diags, PN_SEVERITY_ERROR, "earlier", NULL, (struct pn_span){0}, "%s",
                     earlier);
    int r = pn_policy_set_new(&set, docs, n, &diags);
    if (r != 0 && diags.count > 0)
        ck_abort_msg("%u:%u %s", diags.items[0].span.line, diags.items[0].span.column,
                     diags.items[0].message);
    ck_assert_int_eq(r, 0);
    return set;
}

static struct pn_policy_set *make_set(const char *yaml)
{
    return make_set_after(yaml, NULL);
}

#define TEMPLATE(name)                                                                           \
    "---\napiVersion: pannier.dev/v1alpha1\nkind: SidecarTemplate\nmetadata: {name: " name "}\n" \
    "spec: {category: test, pod: {spec: {initContainers: [{name: " name ", image: 'i:1', "       \
    "restartPolicy: Always, resources: {requests: {cpu: 1m, memory: 1Mi}}}]}}}\n"

static const char review_head[] =
    "{\"apiVersion\":\"admission.k8s.io/"
    "v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u\","
    "\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},\"namespace\":\"shop\","
    "\"operation\":\"CREATE\",\"object\":";
static const char pod_text[] = "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"labels\":{\"a\":"
                               "\"b\"}},\"spec\":{\"containers\":"
                               "[{\"name\":\"app\",\"image\":\"app:1\"}]}}";

/* Decides a review of `object`; the body is an exact heap block, so that ASan sees every overrun.
 */
static int decide(struct pn_decision **ret, const struct pn_policy_set *set, const char *object,
                  struct pn_arena *a, size_t cap, struct pn_err *err, char **ret_body)
{
    size_t len = strlen(review_head) + strlen(object) + 2;
    char *body = calloc(1, len + PN_ENGINE_BODY_PADDING);
    ck_assert_ptr_nonnull(body);
    memcpy(body, review_head, strlen(review_head));
    memcpy(body + strlen(review_head), object, strlen(object));
    memcpy(body + len - 2, "}}", 2);
    pn_arena_reset(a, cap);
    *ret_body = body;
    return pn_engine_decide(ret, set, NULL, 0, body, len, a, err);
}

/* ---- reasons
 * --------------------------------------------------------------------------------------- */

START_TEST(every_reason_has_a_name_of_its_own)
{
    for (int i = PN_REASON_NONE + 1; i < PN_REASON_COUNT; i++) {
        const char *name = pn_reason_name((enum pn_reason_id)i);
        ck_assert_msg(name != NULL && name[0] != '\0', "reason %d", i);
        for (int k = PN_REASON_NONE + 1; k < i; k++)
            ck_assert_str_ne(name, pn_reason_name((enum pn_reason_id)k));
    }
}
END_TEST

START_TEST(reason_text_holds_its_arguments)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf out = PN_BUF_INIT;
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    struct pn_reason r = PN_REASON(a, PN_REASON_MOUNT_PATH_TAKEN, {"container", PN_STR("web")},
                                   {"other", PN_STR("data")}, {"path", PN_STR("/data")});
    pn_reason_write(&out, &r);
    ck_assert(pn_str_is(pn_buf_view(&out), "container web mounts data at /data already"));
}
END_TEST

/* ---- fragments
 * ------------------------------------------------------------------------------------- */

/* A rendered pod with so many mounts, the last one at the path of the first where `twice`. */
static struct pn_value make_mounts(struct pn_arena *a, unsigned n, bool twice)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_document *docs = NULL;
    struct pn_value pod;
    size_t count = 0;
    pn_buf_cstr(&text, "spec: {containers: [{name: x, image: 'i:1', resources: {requests: "
                       "{cpu: 1m, memory: 1Mi}}, volumeMounts: [");
    for (unsigned i = 0; i < n; i++)
        pn_buf_printf(&text, "{name: v, mountPath: /p%u}, ", twice && i + 1 == n ? 0 : i);
    pn_buf_cstr(&text, "]}]}");
    struct pn_source source = {PN_STR("test.yaml"), pn_buf_view(&text)};
    ck_assert_int_eq(pn_yaml_read(&docs, &count, &source, a, &diags), 0);
    ck_assert_int_eq(pn_value_from_node(&pod, docs[0].root, a), 0);
    return pod;
}

/* To find which path stands twice takes no memory that grows with the search, and none stays. */
START_TEST(a_path_that_stands_twice_is_found_in_little_memory)
{
    enum { MOUNTS = 1000, FOR_EACH = 48 };
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *text = NULL, *a = NULL;
    struct pn_err err = PN_ERR_INIT;
    struct pn_fragment f;
    ck_assert_int_eq(pn_arena_new(&text, 0), 0);
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    struct pn_value twice = make_mounts(text, MOUNTS, true);
    pn_arena_reset(a, MOUNTS * FOR_EACH);
    ck_assert_int_eq(pn_fragment_build(&f, twice, PN_VALUE_ABSENT, PN_VALUE_ABSENT, a, &err),
                     PN_FRAGMENT_E_INVALID);
    ck_assert_str_eq(err.text, "volumeMounts: two at /p0");
    struct pn_value once = make_mounts(text, MOUNTS, false);
    pn_arena_reset(a, MOUNTS * FOR_EACH);
    ck_assert_int_eq(pn_fragment_build(&f, once, PN_VALUE_ABSENT, PN_VALUE_ABSENT, a, &err), 0);
    ck_assert_uint_eq(pn_arena_used(a), 0);
}
END_TEST

/* ---- what is ours
 * ------------------------------------------------------------------------------------ */

static const struct {
    const char *image, *repository;
} images[] = {
    {"nginx", "nginx"},
    {"nginx:1.27", "nginx"},
    {"reg.example.com:5000/a/b", "reg.example.com:5000/a/b"},
    {"reg.example.com:5000/a/b:1.2", "reg.example.com:5000/a/b"},
    {"a/b@sha256:00", "a/b"},
    {"a/b:1@sha256:00", "a/b"},
    {"", ""},
    {":", ""},
};

START_TEST(repository_is_image_without_tag_and_digest)
{
    struct pn_str got = pn_own_repository(pn_str_of(images[_i].image));
    ck_assert_msg(pn_str_is(got, images[_i].repository), "%s -> %.*s", images[_i].image,
                  PN_STR_ARG(got));
}
END_TEST

static const struct {
    const char *received, *rendered;
    bool includes;
} inclusions[] = {
    {"{a: 1, b: 2}", "{a: 1}", true},
    {"{a: 1}", "{a: 1, b: 2}", false},
    {"{a: 1}", "{a: 1, b: false}", true},
    {"{a: 1}", "{a: 1, b: {}}", true},
    {"{a: {x: 1, d: 0}}", "{a: {x: 1}}", true},
    {"[1, 2]", "[1]", false},
    {"[{a: 1, b: 2}]", "[{a: 1}]", true},
    {"1Gi", "1024Mi", true},
    {"1Gi", "1025Mi", false},
    {"'1'", "1", true}, /* divisor: 1 comes back as a string */
    {"null", "{}", false},
    {"{a: null}", "{a: ''}", true},
};

static struct pn_value read_value(const char *yaml, struct pn_arena *a)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {PN_STR("test.yaml"), pn_str_of(yaml)};
    struct pn_document *docs = NULL;
    struct pn_value v;
    size_t n = 0;
    ck_assert_int_eq(pn_yaml_read(&docs, &n, &source, a, &diags), 0);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(pn_value_from_node(&v, docs[0].root, a), 0);
    return v;
}

START_TEST(includes_by_what_was_set)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    struct pn_value received = read_value(inclusions[_i].received, a);
    struct pn_value rendered = read_value(inclusions[_i].rendered, a);
    ck_assert_msg(pn_own_includes(received, rendered) == inclusions[_i].includes, "%s in %s",
                  inclusions[_i].rendered, inclusions[_i].received);
}
END_TEST

/* ---- the index finds what a scan finds
 * ------------------------------------------------------------------ */

/* A small generator of its own: the same numbers on every machine. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void random_requirement(struct pn_buf *out, uint32_t *state)
{
    static const char *const ops[] = {"In", "NotIn", "Exists", "DoesNotExist"};
    uint32_t op = next_random(state) % 4;
    pn_buf_printf(out, "{key: k%u, operator: %s", next_random(state) % 4, ops[op]);
    if (op < 2)
        pn_buf_printf(out, ", values: [v%u, v%u]", next_random(state) % 4, next_random(state) % 4);
    pn_buf_cstr(out, "}");
}

static void random_policy(struct pn_buf *out, uint32_t i, uint32_t *state)
{
    pn_buf_printf(out,
                  "---\napiVersion: pannier.dev/v1alpha1\nkind: InjectionPolicy\nmetadata: "
                  "{name: p%u}\nspec:\n  inject: [{templateRef: {name: t}}]\n  priority: %u\n"
                  "  match:\n    podSelector: {matchExpressions: [",
                  i, next_random(state) % 3);
    uint32_t n = next_random(state) % 3;
    for (uint32_t k = 0; k < n; k++) {
        pn_buf_cstr(out, k > 0 ? ", " : "");
        random_requirement(out, state);
    }
    pn_buf_cstr(out, "]}\n");
    if (next_random(state) % 3 == 0)
        pn_buf_printf(out,
                      "    namespaceSelector: {matchExpressions: [{key: "
                      "kubernetes.io/metadata.name, operator: %s, values: [n%u]}]}\n",
                      next_random(state) % 2 ? "In" : "NotIn", next_random(state) % 3);
    if (next_random(state) % 4 == 0)
        pn_buf_printf(out, "    podAnnotations: {a%u: v%u}\n", next_random(state) % 2,
                      next_random(state) % 2);
}

static struct pn_value random_labels(const char *prefix, uint32_t keys, uint32_t values,
                                     struct pn_arena *a, uint32_t *state)
{
    struct pn_member members[8];
    size_t n = 0;
    struct pn_value v;
    for (uint32_t k = 0; k < keys; k++) {
        if (next_random(state) % 2 == 0)
            continue;
        members[n].key = pn_arena_format(a, "%s%u", prefix, k);
        members[n++].value = pn_string(pn_arena_format(a, "v%u", next_random(state) % values));
    }
    ck_assert_int_eq(pn_object_new(&v, a, members, n), 0);
    return v;
}

static void compare_index_with_scan(const struct pn_policy_set *set, struct pn_arena *a,
                                    uint32_t *state)
{
    struct pn_pod pod = {.pod_namespace = pn_arena_format(a, "n%u", next_random(state) % 3)};
    pod.labels = random_labels("k", 5, 4, a, state);
    pod.annotations = random_labels("a", 3, 2, a, state);
    const uint32_t *ids = NULL;
    size_t n = 0, at = 0;
    struct pn_opt_out opt_out = {0};
    ck_assert_int_eq(
        pn_index_candidates(&ids, &n, set, pod.pod_namespace, pod.labels, pod.annotations, a), 0);
    for (uint32_t p = 0; p < set->policy_count; p++) {
        struct pn_reason note = {0};
        bool selected =
            pn_match(&set->policies[p], &pod, PN_VALUE_ABSENT, &opt_out, false, &note, a).id ==
            PN_REASON_NONE;
        bool candidate = at < n && ids[at] == p;
        at += candidate;
        ck_assert_msg(!selected || candidate, "policy %u is selected and no candidate", p);
    }
    ck_assert_msg(at == n, "candidates are ascending, each once");
}

START_TEST(index_finds_what_a_scan_finds)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf yaml = PN_BUF_INIT;
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    uint32_t state = (uint32_t)_i * 7919u + 1;
    pn_buf_cstr(&yaml, TEMPLATE("t"));
    for (uint32_t i = 0; i < 60; i++)
        random_policy(&yaml, i, &state);
    pn_buf_char(&yaml, '\0');
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = make_set(yaml.data);
    ck_assert_uint_eq(pn_policy_set_policy_count(set), 60);
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    for (int pod = 0; pod < 100; pod++)
        compare_index_with_scan(set, a, &state);
}
END_TEST

/* ---- bad input
 * ---------------------------------------------------------------------------------------------- */

START_TEST(a_review_cut_anywhere_is_a_bad_review)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = make_set(TEMPLATE("t"));
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    char whole[1024];
    snprintf(whole, sizeof whole, "%s%s}}", review_head, pod_text);
    for (size_t len = 0; len < strlen(whole); len++) {
        struct pn_decision *d = NULL;
        struct pn_err err = PN_ERR_INIT;
        char *body = calloc(1, len + PN_ENGINE_BODY_PADDING);
        ck_assert_ptr_nonnull(body);
        memcpy(body, whole, len);
        pn_arena_reset(a, pn_engine_arena_cap(len));
        ck_assert_int_eq(pn_engine_decide(&d, set, NULL, 0, body, len, a, &err),
                         PN_ENGINE_E_BAD_REVIEW);
        ck_assert_str_ne(err.text, "");
        ck_assert_ptr_null(d);
        free(body);
    }
}
END_TEST

START_TEST(duplicate_keys_are_refused_wherever_they_stand)
{
    static const char *const objects[] = {
        "{\"kind\":\"Pod\",\"kind\":\"Pod\",\"metadata\":{},\"spec\":{}}",
        "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"name\":\"b\"},\"spec\":{\"containers\":[]"
        "}}",
        "{\"kind\":\"Pod\",\"metadata\":{},\"metadata\":{},\"spec\":{\"containers\":[]}}",
        "{\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"a\":\"1\",\"a\":\"2\"}},\"spec\":{}}",
        "{\"kind\":\"Pod\",\"metadata\":{},\"spec\":{\"containers\":[{\"name\":\"a\",\"name\":"
        "\"b\"}]}}",
    };
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = make_set(TEMPLATE("t"));
    struct pn_decision *d = NULL;
    struct pn_err err = PN_ERR_INIT;
    char *body = NULL;
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    int r = decide(&d, set, objects[_i], a, 0, &err, &body);
    free(body);
    ck_assert_int_eq(r, PN_ENGINE_E_BAD_REVIEW);
    ck_assert_ptr_nonnull(strstr(err.text, "twice"));
}
END_TEST

#define POLICY                                                                                   \
    "---\napiVersion: pannier.dev/v1alpha1\nkind: InjectionPolicy\nmetadata: {name: p}\nspec:\n" \
    "  match: {podSelector: {matchLabels: {a: b}}}\n  inject: [{templateRef: {name: t}}]\n"

START_TEST(every_refusal_of_memory_is_an_error_and_no_crash)
{
    PN_CLEANUP(pn_policy_set_unref_pointer)
    struct pn_policy_set *set = make_set(TEMPLATE("t") POLICY);
    size_t refused = 0, used = 0;
    for (size_t cap = 16;; cap += 16) {
        PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
        struct pn_decision *d = NULL;
        struct pn_err err = PN_ERR_INIT;
        char *body = NULL;
        ck_assert_int_eq(pn_arena_new(&a, 0), 0);
        int r = decide(&d, set, pod_text, a, cap, &err, &body);
        used = pn_arena_used(a);
        if (r == 0) {
            /* A reason may lose its arguments for want of memory; the patch may not. */
            ck_assert_uint_gt(d->patch.n, 0);
            free(body);
            break;
        }
        free(body);
        ck_assert_msg(r == -ENOMEM || r == PN_ENGINE_E_TOO_DENSE, "cap %zu: %d", cap, r);
        ck_assert_ptr_null(d);
        refused++;
    }
    ck_assert_uint_gt(refused, 50);
    ck_assert_uint_gt(used, 0);
}
END_TEST

START_TEST(earlier_faults_change_nothing_in_a_set)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    struct pn_err err = PN_ERR_INIT;
    struct pn_decision *decision = NULL;
    char *body = NULL;
    struct pn_policy_set *set = make_set_after(
        TEMPLATE("t") "---\napiVersion: pannier.dev/v1alpha1\nkind: InjectionPolicy\n"
                      "metadata: {name: p}\nspec: {match: {podSelector: {}}, "
                      "inject: [{templateRef: {name: t}}]}\n",
        "in another file");
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    ck_assert_int_eq(decide(&decision, set, pod_text, a, 0, &err, &body), 0);
    ck_assert_uint_eq(decision->verdict_count, 1);
    ck_assert_int_eq(decision->verdicts[0].reason.id, PN_REASON_INJECTED);
    free(body);
    pn_policy_set_unref(set);
}
END_TEST

START_TEST(a_set_outlives_its_publisher)
{
    struct pn_policy_set *set = make_set(TEMPLATE("t") POLICY);
    struct pn_policy_set *again = pn_policy_set_ref(set);
    pn_policy_set_unref(set);
    ck_assert(pn_str_is(pn_policy_set_policy_name(again, 0), "p"));
    ck_assert_ptr_null(pn_policy_set_policy_name(again, 1).s);
    pn_policy_set_unref(again);
    pn_policy_set_unref(NULL);
}
END_TEST

START_TEST(a_set_s_hash_is_that_of_its_documents)
{
    static const struct {
        const char *yaml;
        bool same;
    } cases[] = {
        {TEMPLATE("t") POLICY, true},
        {POLICY TEMPLATE("t"), true}, /* in another order */
        {"# a remark\n" TEMPLATE("t") POLICY, true},
        {TEMPLATE("t") TEMPLATE("u") POLICY, false},
        {TEMPLATE("t") POLICY "  priority: 1\n", false},
        {"", false},
    };
    struct pn_policy_set *set = make_set(TEMPLATE("t") POLICY);
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_policy_set *other = make_set(cases[i].yaml);
        bool same = pn_policy_set_hash(set) == pn_policy_set_hash(other);
        ck_assert_msg(same == cases[i].same, "case %zu", i);
        pn_policy_set_unref(other);
    }
    pn_policy_set_unref(set);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("engine");
    TCase *t = tcase_create("engine");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, every_reason_has_a_name_of_its_own);
    tcase_add_test(t, reason_text_holds_its_arguments);
    tcase_add_test(t, a_path_that_stands_twice_is_found_in_little_memory);
    tcase_add_loop_test(t, repository_is_image_without_tag_and_digest, 0, PN_COUNT_OF(images));
    tcase_add_loop_test(t, includes_by_what_was_set, 0, PN_COUNT_OF(inclusions));
    tcase_add_loop_test(t, index_finds_what_a_scan_finds, 0, 20);
    tcase_add_test(t, a_review_cut_anywhere_is_a_bad_review);
    tcase_add_loop_test(t, duplicate_keys_are_refused_wherever_they_stand, 0, 5);
    tcase_add_test(t, every_refusal_of_memory_is_an_error_and_no_crash);
    tcase_add_test(t, earlier_faults_change_nothing_in_a_set);
    tcase_add_test(t, a_set_outlives_its_publisher);
    tcase_add_test(t, a_set_s_hash_is_that_of_its_documents);
    suite_add_tcase(s, t);
    SRunner *runner = srunner_create(s);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
