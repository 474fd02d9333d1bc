/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "obs/metrics.h"
#include "obs/prom.h"
#include "yaml/read.h"

/* ---- helpers --------------------------------------------------------------------------- */

static struct pn_policy_set *make_set(const char *yaml)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {PN_STR("test.yaml"), pn_str_of(yaml)};
    struct pn_document *docs = NULL;
    struct pn_policy_set *set = NULL;
    size_t n = 0;
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    ck_assert_int_eq(pn_yaml_read(&docs, &n, &source, a, &diags), 0);
    int r = pn_policy_set_new(&set, docs, n, &diags);
    if (r != 0 && diags.count > 0)
        ck_abort_msg("%u:%u %s", diags.items[0].span.line, diags.items[0].span.column,
                     diags.items[0].message);
    ck_assert_int_eq(r, 0);
    return set;
}

#define DOCUMENT(kind, name, spec)                                                        \
    "---\napiVersion: pannier.dev/v1alpha1\nkind: " kind "\nmetadata: {name: " name "}\n" \
    "spec: " spec "\n"
#define POLICY(name, rest)            \
    DOCUMENT("InjectionPolicy", name, \
             "{match: {podSelector: {}}, inject: [{templateRef: {name: " name "}}]" rest "}")
/* Two containers that run for long (one has only limits), and one that ends. */
#define TEMPLATE(name)                                                                           \
    DOCUMENT("SidecarTemplate", name,                                                            \
             "{category: " name ", pod: {spec: {initContainers: ["                               \
             "{name: " name "-a, image: 'i:1', restartPolicy: Always, "                          \
             "resources: {requests: {cpu: 20m, memory: 1Mi, ephemeral-storage: 5}}}, "           \
             "{name: " name "-b, image: 'i:1', "                                                 \
             "resources: {requests: {cpu: 7, memory: 7Gi}}}], "                                  \
             "containers: [{name: " name "-c, image: 'i:1', "                                    \
             "resources: {requests: {cpu: 1500m, memory: 100}, limits: {cpu: 2, memory: 1k}}}]}" \
             "}}")
#define BOTH(name, rest) TEMPLATE(name) POLICY(name, rest)

static const char review_head[] = "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":"
                                  "\"AdmissionReview\",\"request\":{\"uid\":\"u\",\"resource\":"
                                  "{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},"
                                  "\"namespace\":\"shop\",\"operation\":\"CREATE\",";
static const char pod_text[] = "\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},"
                               "\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"a:1\"}]}}";

static void decide_and_count(struct pn_metrics *m, const struct pn_policy_set *set,
                             const char *rest, unsigned flags)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    struct pn_decision *d = NULL;
    struct pn_err err = PN_ERR_INIT;
    char body[2048] = "";
    int n = snprintf(body, sizeof body - PN_ENGINE_BODY_PADDING, "%s%s%s}}", review_head, rest,
                     pod_text);
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    pn_arena_reset(a, pn_engine_arena_cap((size_t)n));
    int r = pn_engine_decide(&d, set, NULL, flags, body, (size_t)n, a, &err);
    ck_assert_msg(r == 0, "%s", err.text);
    pn_metrics_decision(m, d, flags);
}

static struct pn_metrics *new_metrics(void)
{
    struct pn_metrics *m = NULL;
    ck_assert_int_eq(pn_metrics_new(&m), 0);
    return m;
}

/* All metrics as C text, to be freed. */
static char *written_with(struct pn_metrics *m, const struct pn_metrics_facts *facts)
{
    struct pn_buf out = PN_BUF_INIT;
    pn_metrics_write(&out, m, facts);
    pn_buf_char(&out, '\0');
    ck_assert(!out.failed);
    return out.data;
}

static void has_line(const char *text, const char *line)
{
    PN_CLEANUP(pn_free_pointer) char *whole = NULL;
    ck_assert_int_ge(asprintf(&whole, "\n%s\n", line), 0);
    ck_assert_msg(strstr(text, whole) != NULL, "no line %s in\n%s", line, text);
}

static void has_no(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "%s in\n%s", part, text);
}

static char *written(struct pn_metrics *m)
{
    return written_with(m, &(struct pn_metrics_facts){.version = "1"});
}

/* ---- requests -------------------------------------------------------------------------- */

START_TEST(requests_are_told_apart)
{
    struct pn_metrics *m = new_metrics();
    pn_metrics_request(m, PN_METRICS_MUTATE, PN_OUTCOME_PATCHED, 200, 40);
    pn_metrics_request(m, PN_METRICS_MUTATE, PN_OUTCOME_PATCHED, 200, 41);
    pn_metrics_request(m, PN_METRICS_MUTATE, PN_OUTCOME_ALLOWED, 200, 60);
    pn_metrics_request(m, PN_METRICS_VALIDATE, PN_OUTCOME_DENIED, 200, 3000000);
    pn_metrics_request(m, PN_METRICS_MUTATE, PN_OUTCOME_ALLOWED, 503, 25);
    pn_metrics_request(m, PN_METRICS_OTHER, PN_OUTCOME_ALLOWED, 404, 1);
    pn_metrics_request(m, PN_METRICS_OTHER, PN_OUTCOME_ALLOWED, 418, 1);
    pn_metrics_request(m, PN_METRICS_VALIDATE, PN_OUTCOME_ALLOWED, 0, 1);
    PN_CLEANUP(pn_free_pointer) char *text = written(m);
    has_line(text, "pannier_requests_total{path=\"/mutate\",code=\"200\",outcome=\"patched\"} 2");
    has_line(text, "pannier_requests_total{path=\"/mutate\",code=\"200\",outcome=\"allowed\"} 1");
    has_line(text, "pannier_requests_total{path=\"/mutate\",code=\"200\",outcome=\"denied\"} 0");
    has_line(text, "pannier_requests_total{path=\"/mutate\",code=\"500\",outcome=\"error\"} 0");
    has_line(text, "pannier_requests_total{path=\"/mutate\",code=\"503\",outcome=\"error\"} 1");
    has_line(text, "pannier_requests_total{path=\"/validate\",code=\"200\",outcome=\"denied\"} 1");
    has_line(text,
             "pannier_requests_total{path=\"/validate\",code=\"none\",outcome=\"unanswered\"} 1");
    has_line(text, "pannier_requests_total{path=\"other\",code=\"404\",outcome=\"error\"} 1");
    has_line(text, "pannier_requests_total{path=\"other\",code=\"other\",outcome=\"error\"} 1");
    has_no(text, "code=\"413\"");
    pn_metrics_free(m);
}
END_TEST

START_TEST(a_histogram_adds_up)
{
    static const char name[] = "pannier_request_duration_seconds";
    const struct {
        const char *rest, *value;
    } lines[] = {
        {"_bucket{path=\"/mutate\",le=\"2.5e-05\"}", "2"}, /* the bound itself is in */
        {"_bucket{path=\"/mutate\",le=\"5e-05\"}", "3"},
        {"_bucket{path=\"/mutate\",le=\"2.5\"}", "3"},
        {"_bucket{path=\"/mutate\",le=\"10\"}", "4"},
        {"_bucket{path=\"/mutate\",le=\"+Inf\"}", "5"},
        {"_sum{path=\"/mutate\"}", "23.00005"},
        {"_count{path=\"/mutate\"}", "5"},
        {"_count{path=\"/validate\"}", "0"},
        {"_sum{path=\"/validate\"}", "0"},
    };
    struct pn_metrics *m = new_metrics();
    const int64_t us[] = {-1, 25, 26, 2999999, 20000000};
    for (size_t i = 0; i < PN_COUNT_OF(us); i++)
        pn_metrics_request(m, PN_METRICS_MUTATE, PN_OUTCOME_ALLOWED, 200, us[i]);
    PN_CLEANUP(pn_free_pointer) char *text = written(m);
    for (size_t i = 0; i < PN_COUNT_OF(lines); i++) {
        PN_CLEANUP(pn_free_pointer) char *line = NULL;
        ck_assert_int_ge(asprintf(&line, "%s%s %s", name, lines[i].rest, lines[i].value), 0);
        has_line(text, line);
    }
    pn_metrics_free(m);
}
END_TEST

static void *request_often(void *m)
{
    for (int i = 0; i < 10000; i++)
        pn_metrics_request(m, PN_METRICS_MUTATE, PN_OUTCOME_PATCHED, 200, 100);
    return NULL;
}

START_TEST(no_request_of_many_threads_is_lost)
{
    struct pn_metrics *m = new_metrics();
    pthread_t threads[12]; /* more than there are shards */
    for (size_t i = 0; i < PN_COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, request_often, m), 0);
    for (size_t i = 0; i < PN_COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    PN_CLEANUP(pn_free_pointer) char *text = written(m);
    has_line(text,
             "pannier_requests_total{path=\"/mutate\",code=\"200\",outcome=\"patched\"} 120000");
    has_line(text, "pannier_request_duration_seconds_sum{path=\"/mutate\"} 12");
    has_line(text, "pannier_request_duration_seconds_count{path=\"/mutate\"} 120000");
    pn_metrics_free(m);
}
END_TEST

/* ---- policies -------------------------------------------------------------------------- */

START_TEST(decisions_are_counted_by_reason_and_mode)
{
    struct pn_metrics *m = new_metrics();
    PN_CLEANUP(pn_policy_set_unref_pointer)
    struct pn_policy_set *set = make_set(BOTH("one", "") BOTH("two", ", mode: Audit"));
    decide_and_count(m, set, "", 0);
    decide_and_count(m, set, "", 0);
    decide_and_count(m, set, "\"dryRun\":true,", 0);
    PN_CLEANUP(pn_free_pointer) char *text = written(m);
    has_line(text,
             "pannier_decisions_total{policy=\"one\",reason=\"injected\",mode=\"Enforce\"} 3");
    has_line(text,
             "pannier_decisions_total{policy=\"two\",reason=\"would-inject\",mode=\"Audit\"} 3");
    /* Of two Pods, two containers each: that of the one that ends, and dry runs, do not count. */
    has_line(text, "pannier_added_requests_total{policy=\"one\",resource=\"cpu\"} 3.040");
    has_line(text, "pannier_added_requests_total{policy=\"one\",resource=\"memory\"} 2097352");
    has_line(text,
             "pannier_added_requests_total{policy=\"one\",resource=\"ephemeral-storage\"} 10");
    has_no(text, "pannier_added_requests_total{policy=\"two\"");
    has_no(text, "pannier_refusals_total{");
    has_line(text, "pannier_patch_bytes_count 3");
    pn_metrics_free(m);
}
END_TEST

/* guaranteedPods raises requests to the limits: so much is added. */
START_TEST(raised_requests_count)
{
    struct pn_metrics *m = new_metrics();
    PN_CLEANUP(pn_policy_set_unref_pointer)
    struct pn_policy_set *set = make_set(BOTH("one", "") DOCUMENT(
        "InjectionBudget", "b", "{match: {podSelector: {}}, max: {sidecars: 9}}"));
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    struct pn_decision *d = NULL;
    struct pn_err err = PN_ERR_INIT;
    char body[2048] = "";
    int n = snprintf(body, sizeof body - PN_ENGINE_BODY_PADDING,
                     "%s\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":"
                     "{\"containers\":[{\"name\":\"app\",\"image\":\"a:1\",\"resources\":"
                     "{\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"}}}]}}}}",
                     review_head);
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    pn_arena_reset(a, pn_engine_arena_cap((size_t)n));
    ck_assert_int_eq(pn_engine_decide(&d, set, NULL, 0, body, (size_t)n, a, &err), 0);
    ck_assert_int_eq(d->verdicts[0].note.id, PN_REASON_REQUESTS_RAISED);
    pn_metrics_decision(m, d, 0);
    PN_CLEANUP(pn_free_pointer) char *text = written(m);
    has_line(text, "pannier_added_requests_total{policy=\"one\",resource=\"cpu\"} 2.020");
    has_line(text, "pannier_added_requests_total{policy=\"one\",resource=\"memory\"} 1049576");
    pn_metrics_free(m);
}
END_TEST

START_TEST(trims_are_counted_by_budget)
{
    struct pn_metrics *m = new_metrics();
    PN_CLEANUP(pn_policy_set_unref_pointer)
    struct pn_policy_set *set = make_set(BOTH("one", "") BOTH("two", "") DOCUMENT(
        "InjectionBudget", "tight", "{match: {podSelector: {}}, max: {sidecars: 2}}"));
    decide_and_count(m, set, "", 0);
    PN_CLEANUP(pn_free_pointer) char *text = written(m);
    has_line(text, "pannier_budget_trims_total{budget=\"tight\",reason=\"budget-sidecars\"} 1");
    has_line(
        text,
        "pannier_decisions_total{policy=\"two\",reason=\"budget-sidecars\",mode=\"Enforce\"} 1");
    pn_metrics_free(m);
}
END_TEST

START_TEST(refusals_are_counted_by_path)
{
    struct pn_metrics *m = new_metrics();
    PN_CLEANUP(pn_policy_set_unref_pointer)
    struct pn_policy_set *set = make_set(BOTH("good", ", onFailure: Deny, priority: 5") TEMPLATE(
        "bad") DOCUMENT("InjectionPolicy", "bad",
                        "{match: {podSelector: {}, when: \"pod.spec.containers[9].name == ''\"}, "
                        "inject: [{templateRef: {name: bad}}], onFailure: Deny}"));
    decide_and_count(m, set, "", 0);
    decide_and_count(m, set, "", PN_DECIDE_VALIDATE);
    PN_CLEANUP(pn_free_pointer) char *text = written(m);
    has_line(text, "pannier_refusals_total{policy=\"bad\",reason=\"condition-error\","
                   "path=\"/mutate\"} 1");
    has_line(text, "pannier_refusals_total{policy=\"bad\",reason=\"condition-error\","
                   "path=\"/validate\"} 1");
    has_line(text, "pannier_refusals_total{policy=\"good\",reason=\"missing\","
                   "path=\"/validate\"} 1");
    /* The Pod is refused: "good" adds nothing to it. */
    has_no(text, "pannier_decisions_total{policy=\"good\"");
    has_line(text,
             "pannier_decisions_total{policy=\"bad\",reason=\"condition-error\",mode=\"Enforce\"} "
             "1");
    pn_metrics_free(m);
}
END_TEST

START_TEST(policies_beyond_the_bound_are_counted_together)
{
    struct pn_metrics *m = new_metrics();
    struct pn_buf yaml = PN_BUF_INIT;
    enum { STEP = 1000, MORE = 7 };
    for (unsigned from = 0; from < PN_METRICS_ROWS_MAX + STEP; from += STEP) {
        unsigned n = from < PN_METRICS_ROWS_MAX ? STEP : MORE;
        pn_buf_reset(&yaml, SIZE_MAX);
        pn_buf_cstr(&yaml, TEMPLATE("t"));
        for (unsigned i = from; i < from + n; i++)
            pn_buf_printf(&yaml,
                          DOCUMENT("InjectionPolicy", "p%u",
                                   "{match: {podSelector: {}}, inject: [{templateRef: {name: t}}], "
                                   "rollout: {percent: 0}}"),
                          i);
        pn_buf_char(&yaml, '\0');
        PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = make_set(yaml.data);
        for (int round = 0; round < 2; round++)
            decide_and_count(m, set, "", 0);
    }
    PN_CLEANUP(pn_free_pointer) char *text = written(m);
    size_t series = 0;
    for (const char *at = text; (at = strstr(at, "\npannier_decisions_total{")) != NULL; at++)
        series++;
    ck_assert_uint_eq(series, PN_METRICS_ROWS_MAX + 1);
    has_line(text, "pannier_decisions_total{policy=\"_other\",reason=\"outside-rollout\","
                   "mode=\"Enforce\"} 14");
    has_line(text, "pannier_decisions_total{policy=\"p0\",reason=\"outside-rollout\","
                   "mode=\"Enforce\"} 2");
    pn_buf_deinit(&yaml);
    pn_metrics_free(m);
}
END_TEST

/* ---- what changes now and then --------------------------------------------------------- */

START_TEST(loads_of_policies_are_told)
{
    struct pn_metrics *m = new_metrics();
    struct pn_metrics_facts facts = {.version = "1", .policy_load_failures = 1};
    PN_CLEANUP(pn_free_pointer) char *before = written_with(m, &facts);
    has_no(before, "pannier_policy_set_info{");
    has_line(before, "pannier_policy_load_failed 0");
    has_line(before, "pannier_policy_last_load_success_timestamp_seconds 0");
    facts = (struct pn_metrics_facts){.version = "1",
                                      .set_hash = 0xab,
                                      .policies = 7,
                                      .templates = 5,
                                      .policy_loads = 2,
                                      .policy_load_failures = 1,
                                      .policy_load_failed = true,
                                      .policies_loaded_s = 1700000000};
    PN_CLEANUP(pn_free_pointer) char *text = written_with(m, &facts);
    has_line(text, "pannier_policy_set_info{hash=\"00000000000000ab\"} 1");
    has_line(text, "pannier_policy_load_failed 1");
    has_line(text, "pannier_policies 7");
    has_line(text, "pannier_templates 5");
    has_line(text, "pannier_policy_loads_total{result=\"success\"} 2");
    has_line(text, "pannier_policy_loads_total{result=\"failure\"} 1");
    has_line(text, "pannier_policy_last_load_success_timestamp_seconds 1700000000");
    pn_metrics_free(m);
}
END_TEST

START_TEST(a_set_has_a_hash_of_what_it_says)
{
    const char *const texts[] = {
        BOTH("one", "") BOTH("two", ""),
        POLICY("two", "") TEMPLATE("two") BOTH("one", ""), /* another order */
        BOTH("one", "") BOTH("two", ", priority: 1"),
        BOTH("one", "") BOTH("tow", ""),
        BOTH("one", ""),
        BOTH("one", "")
            DOCUMENT("InjectionBudget", "b", "{match: {podSelector: {}}, max: {sidecars: 2}}"),
        BOTH("one", "")
            DOCUMENT("InjectionBudget", "b", "{match: {podSelector: {}}, max: {sidecars: 3}}"),
    };
    uint64_t hashes[PN_COUNT_OF(texts)];
    for (size_t i = 0; i < PN_COUNT_OF(texts); i++) {
        struct pn_policy_set *set = make_set(texts[i]);
        hashes[i] = pn_policy_set_hash(set);
        pn_policy_set_unref(set);
        for (size_t k = 0; k < i; k++)
            ck_assert_msg((hashes[k] == hashes[i]) == (i == 1), "%zu and %zu", k, i);
    }
}
END_TEST

START_TEST(the_server_and_the_process_are_told)
{
    struct pn_metrics *m = new_metrics();
    const struct pn_metrics_facts facts = {.version = "9.8\"7\\",
                                           .certificate_expires_s = 1800000000,
                                           .connections = 3,
                                           .connections_max = 4,
                                           .in_flight = 2,
                                           .log_lines_dropped = 6,
                                           .ready = true};
    pn_metrics_connection_refused(m);
    PN_CLEANUP(pn_free_pointer) char *text = written_with(m, &facts);
    has_line(text, "pannier_certificate_expiry_timestamp_seconds 1800000000");
    has_line(text, "pannier_connections_refused_total 1");
    has_line(text, "pannier_connections 3");
    has_line(text, "pannier_connections_max 4");
    has_line(text, "pannier_requests_in_flight 2");
    has_line(text, "pannier_log_lines_dropped_total 6");
    has_line(text, "pannier_ready 1");
    has_line(text, "pannier_build_info{version=\"9.8\\\"7\\\\\"} 1");
    static const char *const process[] = {"cpu_seconds_total",
                                          "resident_memory_bytes",
                                          "virtual_memory_bytes",
                                          "virtual_memory_max_bytes",
                                          "open_fds",
                                          "max_fds",
                                          "start_time_seconds"};
    for (size_t i = 0; i < PN_COUNT_OF(process); i++) {
        char part[64];
        snprintf(part, sizeof part, "\nprocess_%s ", process[i]);
        const char *at = strstr(text, part);
        ck_assert_msg(at != NULL, "%s", part);
        double value = strtod(at + strlen(part), NULL);
        ck_assert_msg(value > 0 || i == 0, "%s %f", part, value);
    }
    double started = strtod(strstr(text, "\nprocess_start_time_seconds ") + 28, NULL);
    ck_assert_double_le(started, (double)time(NULL) + 1);
    ck_assert_double_ge(started, (double)time(NULL) - 600);
    pn_metrics_free(m);
}
END_TEST

START_TEST(labels_are_escaped)
{
    struct pn_buf out = PN_BUF_INIT;
    pn_prom_label(&out, true, "a", PN_STR("x\\\"\n\xc3\xa4\xff\x01"));
    pn_prom_label(&out, false, "b", PN_STR(""));
    pn_buf_char(&out, '\0');
    ck_assert_str_eq(out.data, "{a=\"x\\\\\\\"\\n\xc3\xa4\xef\xbf\xbd\x01\",b=\"\"");
    pn_buf_deinit(&out);
}
END_TEST

START_TEST(no_metrics_are_fine)
{
    struct pn_buf out = PN_BUF_INIT;
    struct pn_metrics_facts facts = {0};
    pn_metrics_request(NULL, PN_METRICS_MUTATE, PN_OUTCOME_ALLOWED, 200, 1);
    pn_metrics_decision(NULL, NULL, 0);
    pn_metrics_connection_refused(NULL);
    pn_metrics_write(&out, NULL, &facts);
    ck_assert_uint_eq(out.len, 0);
    pn_metrics_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tcase = tcase_create("metrics");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, requests_are_told_apart);
    tcase_add_test(tcase, a_histogram_adds_up);
    tcase_add_test(tcase, no_request_of_many_threads_is_lost);
    tcase_add_test(tcase, decisions_are_counted_by_reason_and_mode);
    tcase_add_test(tcase, raised_requests_count);
    tcase_add_test(tcase, trims_are_counted_by_budget);
    tcase_add_test(tcase, refusals_are_counted_by_path);
    tcase_add_test(tcase, policies_beyond_the_bound_are_counted_together);
    tcase_add_test(tcase, loads_of_policies_are_told);
    tcase_add_test(tcase, a_set_has_a_hash_of_what_it_says);
    tcase_add_test(tcase, the_server_and_the_process_are_told);
    tcase_add_test(tcase, labels_are_escaped);
    tcase_add_test(tcase, no_metrics_are_fine);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
