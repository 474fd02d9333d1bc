/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <stdio.h>

#include "engine/json.h"
#include "kube/qos.h"

/* Expected values were computed by Kubernetes 1.36; hundreds more are in tests/conformance. */

#define CPU PN_STR("cpu")
#define MEMORY PN_STR("memory")

static struct pn_arena *arena;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void tear_down(void)
{
    pn_arena_free(arena);
}

static struct pn_value read_json(const char *text)
{
    struct pn_value v = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_msg(pn_json_read(&v, pn_str_of(text), 0, arena, &err) == 0, "%s: %s", text, err.text);
    return v;
}

static struct pn_pod_resources compute(const char *spec)
{
    struct pn_pod_resources resources;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_msg(pn_resources_of_spec(&resources, read_json(spec), arena, &err) == 0, "%s: %s",
                  spec, err.text);
    ck_assert_str_eq(err.text, "");
    return resources;
}

/* "cpu=100m memory=64Mi" */
static const char *written(const struct pn_resource_list *list)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    for (uint32_t i = 0; i < list->count; i++) {
        const struct pn_resource *r = &list->items[i];
        pn_buf_printf(&text, "%s%.*s=", i > 0 ? " " : "", PN_STR_ARG(r->name));
        if (r->out_of_range)
            pn_buf_char(&text, '?');
        else
            pn_quantity_write(&text, &r->quantity);
    }
    pn_buf_char(&text, '\0');
    ck_assert(!text.failed);
    return text.data;
}

#define assert_list(list, expected) ck_assert_str_eq(written(&(list)), expected)

struct pod_case {
    const char *spec, *requests, *limits, *qos;
};

static void assert_pods(const struct pod_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct pod_case *c = &cases[i];
        struct pn_pod_resources got = compute(c->spec);
        const char *requests = written(&got.effective.requests);
        const char *limits = written(&got.effective.limits);
        const char *qos = pn_qos_name(pn_qos_compute(&got));
        ck_assert_msg(strcmp(requests, c->requests) == 0 && strcmp(limits, c->limits) == 0 &&
                          strcmp(qos, c->qos) == 0,
                      "%s: %s, requests %s, limits %s", c->spec, qos, requests, limits);
    }
}

#define ASSERT_PODS(cases) assert_pods((cases), PN_COUNT_OF(cases))

/* ---- Pods ------------------------------------------------------------------------------ */

START_TEST(nothing_is_stated)
{
    static const struct pod_case cases[] = {
        {"null", "", "", "BestEffort"},
        {"{}", "", "", "BestEffort"},
        {"{\"containers\":null,\"initContainers\":[],\"overhead\":null,\"resources\":null}", "", "",
         "BestEffort"},
        {"{\"containers\":[{},{\"resources\":null},{\"resources\":{}},{\"resources\":"
         "{\"requests\":null,\"limits\":{}}},null]}",
         "", "", "BestEffort"},
        {"{\"resources\":{}}", "", "", "BestEffort"},
    };
    ASSERT_PODS(cases);
}
END_TEST

START_TEST(a_limit_is_a_request_too)
{
    static const struct pod_case cases[] = {
        {"{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"}}}]}",
         "cpu=1 memory=1Gi", "cpu=1 memory=1Gi", "Guaranteed"},
        {"{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"},"
         "\"requests\":{\"memory\":\"1Mi\"}}}]}",
         "cpu=1 memory=1Mi", "cpu=1 memory=1Gi", "Burstable"},
        /* what is stated as nothing is stated */
        {"{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"1\"},"
         "\"requests\":{\"cpu\":null}}}]}",
         "cpu=0", "cpu=1", "Burstable"},
        {"{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"1\"}}}],"
         "\"initContainers\":[{\"resources\":{\"limits\":{\"cpu\":\"2\"}}}]}",
         "cpu=2", "cpu=2", "Burstable"},
    };
    ASSERT_PODS(cases);
}
END_TEST

#define REQUEST(cpu) "{\"resources\":{\"requests\":{\"cpu\":\"" cpu "\"}}}"
#define SIDECAR(cpu) \
    "{\"restartPolicy\":\"Always\",\"resources\":{\"requests\":{\"cpu\":\"" cpu "\"}}}"

START_TEST(init_containers_count_in_their_order)
{
    static const struct pod_case cases[] = {
        /* the larger of what runs and what starts */
        {"{\"containers\":[" REQUEST("1") "," REQUEST("2") "],\"initContainers\":[" REQUEST(
             "2") "," REQUEST("2500m") "]}",
         "cpu=3", "", "Burstable"},
        {"{\"containers\":[" REQUEST("1") "],\"initContainers\":[" REQUEST("4") "," REQUEST(
             "2") "]}",
         "cpu=4", "", "Burstable"},
        /* a sidecar runs beside the init containers after it, not beside those before it */
        {"{\"containers\":[" REQUEST("1") "],\"initContainers\":[" SIDECAR("500m") "," REQUEST(
             "4") "]}",
         "cpu=4500m", "", "Burstable"},
        {"{\"containers\":[" REQUEST("1") "],\"initContainers\":[" REQUEST("4") "," SIDECAR(
             "500m") "]}",
         "cpu=4", "", "Burstable"},
        {"{\"containers\":[" REQUEST("1") "],\"initContainers\":[" SIDECAR("500m") "," REQUEST(
             "3") "," SIDECAR("700m") "," REQUEST("3") "," SIDECAR("2") "]}",
         "cpu=4200m", "", "Burstable"},
        {"{\"containers\":[" REQUEST("1") "],\"initContainers\":[" SIDECAR("3") "," REQUEST(
             "1m") "]}",
         "cpu=4", "", "Burstable"},
        /* only "Always" makes a sidecar, and only of an init container */
        {"{\"containers\":[" SIDECAR("1") "],\"initContainers\":[{\"restartPolicy\":\"Never\","
                                          "\"resources\":{\"requests\":{\"cpu\":\"3\"}}},"
                                          "{\"restartPolicy\":7,\"resources\":{\"requests\":"
                                          "{\"cpu\":\"2\"}}}]}",
         "cpu=3", "", "Burstable"},
        /* absent is not 0: what is there is the maximum */
        {"{\"containers\":[{}],\"initContainers\":[" REQUEST("-1") "]}", "cpu=-1", "",
         "BestEffort"},
        {"{\"containers\":[" REQUEST("0") "],\"initContainers\":[" REQUEST("-1") "]}", "cpu=0", "",
         "BestEffort"},
    };
    ASSERT_PODS(cases);
}
END_TEST

START_TEST(overhead_comes_on_top)
{
    static const struct pod_case cases[] = {
        {"{\"containers\":[" REQUEST("1") "],\"overhead\":{\"cpu\":\"250m\",\"memory\":\"120Mi\"}}",
         "cpu=1250m memory=120Mi", "", "Burstable"},
        /* of limits only where there is one */
        {"{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"0\",\"memory\":\"1Gi\"}}}],"
         "\"overhead\":{\"cpu\":\"250m\",\"memory\":\"1Gi\",\"x.io/y\":\"1\"}}",
         "cpu=250m memory=2Gi x.io/y=1", "cpu=0 memory=2Gi", "Burstable"},
        /* and it is no part of the class */
        {"{\"containers\":[{}],\"overhead\":{\"cpu\":\"250m\"}}", "cpu=250m", "", "BestEffort"},
        {"{\"overhead\":{\"cpu\":\"1\",\"memory\":\"1Gi\"},\"resources\":{\"limits\":"
         "{\"cpu\":\"1\",\"memory\":\"1Gi\"}}}",
         "cpu=2 memory=2Gi", "cpu=2 memory=2Gi", "Guaranteed"},
    };
    ASSERT_PODS(cases);
}
END_TEST

#define LIMITS(list) "{\"resources\":{\"limits\":{" list "}}}"
#define BOTH_LIMITS LIMITS("\"cpu\":\"1\",\"memory\":\"1Gi\"")

START_TEST(the_pod_states_its_own)
{
    static const struct pod_case cases[] = {
        /* it replaces the sum; what it does not state comes from the containers */
        {"{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"1\",\"memory\":\"64Mi\","
         "\"x.io/y\":\"1\"}}}],\"resources\":{\"requests\":{\"cpu\":\"4\"}}}",
         "cpu=4 memory=64Mi x.io/y=1", "", "Burstable"},
        {"{\"containers\":[],\"resources\":{\"requests\":{\"cpu\":\"4\"}}}", "cpu=4", "",
         "Burstable"},
        /* with limits, missing requests are the containers', else the limit */
        {"{\"containers\":[" REQUEST("1") "],\"resources\":{\"limits\":{\"cpu\":\"2\","
                                          "\"memory\":\"1Gi\"}}}",
         "cpu=1 memory=1Gi", "cpu=2 memory=1Gi", "Burstable"},
        {"{\"containers\":[{}],\"resources\":{\"limits\":{\"cpu\":\"2\",\"memory\":\"1Gi\"}}}",
         "cpu=2 memory=1Gi", "cpu=2 memory=1Gi", "Guaranteed"},
        /* ... also requests of what has no limit, which makes no difference to the sum */
        {"{\"containers\":[" REQUEST("1") "],\"resources\":{\"limits\":{\"memory\":\"1Gi\"}}}",
         "cpu=1 memory=1Gi", "memory=1Gi", "Burstable"},
        /* the containers do not matter to the class */
        {"{\"containers\":[{},{}],\"resources\":" /* no limits */
         "{\"requests\":{\"cpu\":\"1\",\"memory\":\"1Gi\"}}}",
         "cpu=1 memory=1Gi", "", "Burstable"},
        {"{\"containers\":[" BOTH_LIMITS "],\"resources\":{}}", "cpu=1 memory=1Gi",
         "cpu=1 memory=1Gi", "BestEffort"},
        {"{\"containers\":[" BOTH_LIMITS "],\"resources\":null}", "cpu=1 memory=1Gi",
         "cpu=1 memory=1Gi", "Guaranteed"},
        {"{\"containers\":[" BOTH_LIMITS "],\"resources\":{\"limits\":{\"cpu\":\"0\"}}}",
         "cpu=1 memory=1Gi", "cpu=0 memory=1Gi", "Burstable"},
        /* it can state cpu, memory and hugepages */
        {"{\"containers\":[{\"resources\":{\"requests\":{\"x.io/y\":\"1\"}}}],\"resources\":"
         "{\"requests\":{\"x.io/y\":\"5\",\"ephemeral-storage\":\"1Gi\"}}}",
         "x.io/y=1", "", "BestEffort"},
    };
    ASSERT_PODS(cases);
}
END_TEST

START_TEST(hugepages_and_extended_resources)
{
    static const struct pod_case cases[] = {
        {"{\"containers\":[" LIMITS(
             "\"hugepages-2Mi\":\"4Mi\",\"nvidia.com/gpu\":\"1\"") "," LIMITS("\"hugepages-2Mi\":"
                                                                              "\"2Mi\",\"hugepages-"
                                                                              "1Gi\":\"1Gi\"") "]}",
         "hugepages-1Gi=1Gi hugepages-2Mi=6Mi nvidia.com/gpu=1",
         "hugepages-1Gi=1Gi hugepages-2Mi=6Mi nvidia.com/gpu=1", "BestEffort"},
        /* a Pod that states something gets the containers' limit, and with it requests */
        {"{\"containers\":[{\"resources\":{\"limits\":{\"hugepages-2Mi\":\"4Mi\"},\"requests\":"
         "{\"cpu\":\"1\",\"memory\":\"1Gi\"}}}],\"resources\":{\"requests\":{\"cpu\":\"2\"}}}",
         "cpu=2 hugepages-2Mi=4Mi memory=1Gi", "hugepages-2Mi=4Mi", "Burstable"},
        /* ... unless it requests hugepages itself */
        {"{\"containers\":[" LIMITS("\"hugepages-2Mi\":\"4Mi\"") "],\"resources\":{\"requests\":"
                                                                 "{\"hugepages-2Mi\":\"8Mi\"}}}",
         "hugepages-2Mi=8Mi", "hugepages-2Mi=4Mi", "BestEffort"},
        {"{\"containers\":[" LIMITS("\"hugepages-2Mi\":\"4Mi\"") "],\"resources\":{\"limits\":"
                                                                 "{\"hugepages-2Mi\":\"8Mi\"}}}",
         "hugepages-2Mi=8Mi", "hugepages-2Mi=8Mi", "BestEffort"},
    };
    ASSERT_PODS(cases);
}
END_TEST

START_TEST(quantities_are_as_kubernetes_shows_them)
{
    static const struct pod_case cases[] = {
        {"{\"containers\":[" REQUEST("1.500") "]}", "cpu=1.500", "", "Burstable"},
        {"{\"containers\":[" REQUEST("1.500") "," REQUEST("0") "]}", "cpu=1500m", "", "Burstable"},
        {"{\"containers\":[" REQUEST("1.500000") "]}", "cpu=1500m", "", "Burstable"},
        {"{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":2,\"memory\":1073741824,"
         "\"x\":0.5}}}]}",
         "cpu=2 memory=1073741824 x=500m", "", "Burstable"},
        /* each is rounded to thousandths; what the Pod gets by default is added up before that */
        {"{\"containers\":[" REQUEST("0.5m") "," REQUEST("100u") "]}", "cpu=2m", "", "Burstable"},
        {"{\"containers\":[" REQUEST("0.5m") "," REQUEST("0.5m") "],\"resources\":{\"limits\":"
                                                                 "{\"memory\":\"1Gi\"}}}",
         "cpu=1m memory=1Gi", "memory=1Gi", "Burstable"},
        {"{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"0.1m\"},\"limits\":"
         "{\"cpu\":\"1m\",\"memory\":\"1Gi\"}}}]}",
         "cpu=1m memory=1Gi", "cpu=1m memory=1Gi", "Guaranteed"},
    };
    ASSERT_PODS(cases);
}
END_TEST

START_TEST(every_container_decides_the_class)
{
    static const struct pod_case cases[] = {
        {"{\"containers\":[" BOTH_LIMITS "],\"initContainers\":[" BOTH_LIMITS "]}",
         "cpu=1 memory=1Gi", "cpu=1 memory=1Gi", "Guaranteed"},
        {"{\"containers\":[" BOTH_LIMITS "],\"initContainers\":[{}]}", "cpu=1 memory=1Gi",
         "cpu=1 memory=1Gi", "Burstable"},
        {"{\"containers\":[" BOTH_LIMITS "," LIMITS("\"cpu\":\"1\"") "]}", "cpu=2 memory=1Gi",
         "cpu=2 memory=1Gi", "Burstable"},
        {"{\"containers\":[" BOTH_LIMITS "," LIMITS("\"cpu\":\"1\",\"memory\":\"0\"") "]}",
         "cpu=2 memory=1Gi", "cpu=2 memory=1Gi", "Burstable"},
        /* sums are compared, whatever the single containers state */
        {"{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"2\",\"memory\":\"1\"},"
         "\"limits\":{\"cpu\":\"1\",\"memory\":\"1\"}}},{\"resources\":{\"requests\":"
         "{\"cpu\":\"1\",\"memory\":\"1\"},\"limits\":{\"cpu\":\"2\",\"memory\":\"1\"}}}]}",
         "cpu=3 memory=2", "cpu=3 memory=2", "Guaranteed"},
        /* by value: 1Gi is 1024Mi */
        {"{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"1000m\",\"memory\":\"1024Mi\"},"
         "\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"}}}]}",
         "cpu=1 memory=1Gi", "cpu=1 memory=1Gi", "Guaranteed"},
        {"{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"0\",\"memory\":\"0\"}}}]}",
         "cpu=0 memory=0", "", "BestEffort"},
    };
    ASSERT_PODS(cases);
}
END_TEST

START_TEST(the_parts_of_the_sum)
{
    struct pn_pod_resources got = compute(
        "{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"1\"},\"limits\":{\"cpu\":\"2\"}}}"
        ","
        "{\"resources\":{\"limits\":{\"memory\":\"1Gi\"}}}],\"initContainers\":"
        "[" SIDECAR("500m") "],\"overhead\":{\"cpu\":\"1\"},\"resources\":{\"limits\":"
                            "{\"cpu\":\"4\"},\"requests\":{\"cpu\":\"3\",\"x\":\"1\"}}}");
    assert_list(got.effective.requests, "cpu=4 memory=1Gi");
    assert_list(got.effective.limits, "cpu=5 memory=1Gi");
    assert_list(got.containers.requests, "cpu=1500m memory=1Gi");
    assert_list(got.containers.limits, "cpu=2 memory=1Gi");
    assert_list(got.pod.requests, "cpu=3 memory=1Gi x=1");
    assert_list(got.pod.limits, "cpu=4");
    ck_assert(got.has_pod_level);
    ck_assert_uint_eq(got.container_count, 3);
    ck_assert_uint_eq(pn_resources_find(&got.containers.requests, CPU)->containers, 2);
    ck_assert_uint_eq(pn_resources_find(&got.effective.limits, CPU)->containers, 1);
    ck_assert_ptr_null(pn_resources_find(&got.pod.limits, MEMORY));
    got = compute("{\"containers\":[{}],\"resources\":null}");
    ck_assert(!got.has_pod_level);
    ck_assert(compute("{\"resources\":{}}").has_pod_level);
}
END_TEST

/* ---- containers ------------------------------------------------------------------------ */

START_TEST(containers_add_up_whatever_they_are)
{
    struct pn_value list = read_json(
        "[{\"resources\":{\"requests\":{\"memory\":\"32Mi\"},\"limits\":{\"cpu\":\"100m\"}}},"
        "{\"restartPolicy\":\"Always\",\"resources\":{\"requests\":{\"cpu\":\"0.1m\"}}},{}]");
    struct pn_value containers[3] = {pn_value_at(list, 0), pn_value_at(list, 1),
                                     pn_value_at(list, 2)};
    struct pn_requirements sum;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_int_eq(pn_resources_sum(&sum, containers, 3, arena, &err), 0);
    assert_list(sum.requests, "cpu=101m memory=32Mi");
    assert_list(sum.limits, "cpu=100m");
    /* who wants to know whether all are limited compares with their number */
    ck_assert_uint_eq(pn_resources_find(&sum.requests, CPU)->containers, 2);
    ck_assert_uint_eq(pn_resources_find(&sum.limits, CPU)->containers, 1);
    ck_assert_int_eq(pn_resources_sum(&sum, NULL, 0, arena, &err), 0);
    ck_assert_uint_eq(sum.requests.count + sum.limits.count, 0);
    containers[2] = read_json("{\"resources\":{\"limits\":{\"cpu\":\"1 core\"}}}");
    ck_assert_int_eq(pn_resources_sum(&sum, containers, 3, arena, &err), PN_RESOURCES_E_INVALID);
    ck_assert_msg(pn_str_has_prefix(pn_str_of(err.text),
                                    PN_STR("/2/resources/limits/cpu: \"1 core\" is no quantity")),
                  "%s", err.text);
}
END_TEST

/* A sum that goes on from an earlier one is that of all of them: names between, before and behind.
 */
START_TEST(sums_go_on)
{
    struct pn_value list = read_json(
        "[{\"resources\":{\"requests\":{\"d\":\"1\",\"memory\":\"32Mi\"},\"limits\":{\"cpu\":\"1\"}"
        "}},"
        "{\"resources\":{\"requests\":{\"b\":\"1e40\",\"cpu\":\"0.1m\"},\"limits\":{\"z\":\"2\"}}},"
        "{\"resources\":{\"requests\":{\"b\":\"1\",\"memory\":\"1M\"},\"limits\":{\"cpu\":\"2\","
        "\"a\":\"3\"}}}]");
    struct pn_value containers[3] = {pn_value_at(list, 0), pn_value_at(list, 1),
                                     pn_value_at(list, 2)};
    struct pn_requirements sum;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_int_eq(pn_resources_sum(&sum, containers, 0, arena, &err), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pn_resources_add(&sum, &sum, &containers[i], 1, arena, &err), 0);
    assert_list(sum.requests, "a=3 b=? cpu=3001m d=1 memory=34554432 z=2");
    assert_list(sum.limits, "a=3 cpu=3 z=2");
    ck_assert_uint_eq(pn_resources_find(&sum.requests, CPU)->containers, 3);
    ck_assert_uint_eq(pn_resources_find(&sum.limits, CPU)->containers, 2);
    ck_assert_int_eq(pn_resources_add(&sum, &sum, NULL, 0, arena, &err), 0);
    assert_list(sum.limits, "a=3 cpu=3 z=2");
}
END_TEST

/* ---- faults ---------------------------------------------------------------------------- */

START_TEST(faults_say_where)
{
    static const struct {
        const char *spec, *begins;
    } cases[] = {
        {"7", "expected an object, got an integer"},
        {"{\"containers\":{}}", "/containers: expected a list, got an object"},
        {"{\"initContainers\":\"x\"}", "/initContainers: expected a list"},
        {"{\"containers\":[{},7]}", "/containers/1: expected an object"},
        {"{\"containers\":[{\"resources\":[]}]}", "/containers/0/resources: expected an object"},
        {"{\"containers\":[{\"resources\":{\"limits\":true}}]}",
         "/containers/0/resources/limits: expected an object"},
        {"{\"containers\":[{},{\"resources\":{\"requests\":{\"cpu\":\"many\"}}}]}",
         "/containers/1/resources/requests/cpu: \"many\" is no quantity"},
        {"{\"initContainers\":[{\"resources\":{\"limits\":{\"x.io/a~b\":{}}}}]}",
         "/initContainers/0/resources/limits/x.io~1a~0b: expected a quantity"},
        {"{\"initContainers\":[{\"restartPolicy\":\"Always\",\"resources\":{\"limits\":"
         "{\"cpu\":[]}}}]}",
         "/initContainers/0/resources/limits/cpu: expected a quantity"},
        {"{\"resources\":\"all\"}", "/resources: expected an object"},
        {"{\"resources\":{\"requests\":[1]}}", "/resources/requests: expected an object"},
        {"{\"resources\":{\"requests\":{\"x\":\"\"}}}", "/resources/requests/x: \"\" is no"},
        {"{\"overhead\":[]}", "/overhead: expected an object"},
        {"{\"overhead\":{\"cpu\":\"1 \\u0000\"}}", "/overhead/cpu: "},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        struct pn_pod_resources got = {.container_count = 42};
        struct pn_err err = PN_ERR_INIT;
        struct pn_value spec = read_json(cases[i].spec);
        ck_assert_int_eq(pn_resources_of_spec(&got, spec, arena, &err), PN_RESOURCES_E_INVALID);
        ck_assert_msg(pn_str_has_prefix(pn_str_of(err.text), pn_str_of(cases[i].begins)), "%s: %s",
                      cases[i].spec, err.text);
        ck_assert_uint_eq(got.container_count, 42);
        ck_assert_int_eq(pn_resources_of_spec(&got, spec, arena, NULL), PN_RESOURCES_E_INVALID);
    }
}
END_TEST

/* 10^38 is held, and so is a thousandth, but not their sum; nor are 40 digits. */
#define HUGE_ONE "100000000000000000000000000000000000000"
#define DIGITS_40 "1234567890123456789012345678901234567891"

START_TEST(out_of_range_is_no_number)
{
    static const struct pod_case cases[] = {
        {"{\"containers\":[" REQUEST(HUGE_ONE) "]}", "cpu=100", "", "Burstable"},
        {"{\"containers\":[" REQUEST(HUGE_ONE) "," REQUEST("1n") "]}", "cpu=?", "", "unknown"},
        {"{\"containers\":[" REQUEST(DIGITS_40) "]}", "cpu=?", "", "unknown"},
        {"{\"containers\":[" REQUEST("1") "],\"initContainers\":[" REQUEST(DIGITS_40) "]}", "cpu=?",
         "", "unknown"},
        {"{\"containers\":[" REQUEST(DIGITS_40) "],\"initContainers\":[" REQUEST("1") "]}", "cpu=?",
         "", "unknown"},
        {"{\"containers\":[" LIMITS("\"memory\":\"" DIGITS_40 "\"") "],\"overhead\":{\"memory\":"
                                                                    "\"1\"}}",
         "memory=?", "memory=?", "unknown"},
        {"{\"containers\":[{}],\"overhead\":{\"cpu\":\"" DIGITS_40 "\"}}", "cpu=?", "",
         "BestEffort"},
        /* what replaces it is a number, and the others are not touched */
        {"{\"containers\":[" REQUEST(DIGITS_40) "],\"resources\":{\"requests\":{\"cpu\":\"1\"}}}",
         "cpu=1", "", "Burstable"},
        {"{\"containers\":[{\"resources\":{\"limits\":{\"x\":\"" DIGITS_40
         "\",\"memory\":\"1Gi\",\"cpu\":\"1\"}}}]}",
         "cpu=1 memory=1Gi x=?", "cpu=1 memory=1Gi x=?", "Guaranteed"},
    };
    ASSERT_PODS(cases);
}
END_TEST

/* Arithmetic leaves what it cannot say alone. */
START_TEST(nano_units)
{
    struct pn_pod_resources before = compute("{\"containers\":[" REQUEST("1500m") "]}");
    struct pn_pod_resources after = compute(
        "{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"2\",\"memory\":\"1Gi\"}}}]}");
    struct pn_pod_resources huge = compute("{\"containers\":[" REQUEST("1e30") "]}");
    struct pn_pod_resources none = compute("{\"containers\":[" REQUEST(DIGITS_40) "]}");
    const struct pn_resource_list *a = &after.effective.requests, *b = &before.effective.requests;
    __int128 nano = 42;
    ck_assert(pn_resources_nano(&nano, b, CPU) && nano == 1500000000);
    ck_assert(pn_resources_nano(&nano, b, MEMORY) && nano == 0);
    ck_assert(pn_resources_growth(&nano, a, b, CPU) && nano == 500000000);
    ck_assert(pn_resources_growth(&nano, b, a, CPU) && nano == -500000000);
    ck_assert(pn_resources_growth(&nano, a, b, MEMORY) &&
              nano == (__int128)1073741824 * 1000000000);
    ck_assert(pn_resources_growth(&nano, b, b, MEMORY) && nano == 0);
    nano = 42;
    ck_assert(!pn_resources_nano(&nano, &huge.effective.requests, CPU));
    ck_assert(!pn_resources_nano(&nano, &none.effective.requests, CPU));
    ck_assert(!pn_resources_growth(&nano, &huge.effective.requests, b, CPU));
    ck_assert(!pn_resources_growth(&nano, b, &none.effective.requests, CPU));
    ck_assert(nano == 42);
}
END_TEST

START_TEST(percentages_are_exact)
{
    const __int128 most = (__int128)(~(unsigned __int128)0 >> 1);
    static const struct {
        int64_t nano;
        uint32_t percent;
        int64_t share;
    } cases[] = {
        {0, 50, 0},
        {1000, 50, 500},
        {1, 100, 1},
        {1, 99, 0},
        {199, 1, 1},
        {199, 50, 99},
        {3, 150, 4},
        {7, 0, 0},
        {-1, 50, -1},
        {-200, 50, -100},
        {-201, 50, -101},
        {INT64_MAX, 100, INT64_MAX},
        {99, UINT32_MAX, INT64_C(4252017622)},
    };
    __int128 share = 42;
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        ck_assert(pn_resources_percent(&share, cases[i].nano, cases[i].percent));
        ck_assert_msg(share == cases[i].share, "case %zu", i);
    }
    ck_assert(pn_resources_percent(&share, most, 100) && share == most);
    ck_assert(pn_resources_percent(&share, most, 1) && share == most / 100);
    share = 42;
    ck_assert(!pn_resources_percent(&share, most, 101) && share == 42);
}
END_TEST

/* ---- bounds ---------------------------------------------------------------------------- */

/* Names in no order, each twice, and more than fit a first allocation. */
START_TEST(many_names_are_sorted)
{
    enum { NAMES = 5000 };
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    pn_buf_cstr(&text, "{\"containers\":[");
    for (int container = 0; container < 2; container++) {
        pn_buf_cstr(&text, container > 0 ? "]}" : "");
        text.len -= container > 0 ? 2 : 0;
        pn_buf_cstr(&text, container > 0 ? ",{\"resources\":{\"requests\":{"
                                         : "{\"resources\":{\"requests\":{");
        for (int i = 0; i < NAMES; i++)
            pn_buf_printf(&text, "%s\"r%04d\":\"%d\"", i > 0 ? "," : "", i * 1237 % NAMES,
                          i * 1237 % NAMES);
        pn_buf_cstr(&text, "}}}");
    }
    pn_buf_cstr(&text, "]}");
    pn_buf_char(&text, '\0');
    struct pn_pod_resources got = compute(text.data);
    ck_assert_uint_eq(got.effective.requests.count, NAMES);
    for (uint32_t i = 0; i < NAMES; i++) {
        char name[16];
        int64_t value;
        snprintf(name, sizeof name, "r%04u", i);
        const struct pn_resource *r = &got.effective.requests.items[i];
        ck_assert(pn_str_is(r->name, name) && r->containers == 2);
        ck_assert(pn_quantity_value(&value, &r->quantity) && value == 2 * (int64_t)i);
        ck_assert_ptr_eq(pn_resources_find(&got.effective.requests, pn_str_of(name)), r);
    }
}
END_TEST

/* However little memory there is, the answer is whole or none. */
START_TEST(refused_memory_is_told)
{
    struct pn_arena *small;
    struct pn_value spec = read_json(
        "{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":0.5,\"memory\":\"1Gi\"}}}],"
        "\"initContainers\":[" SIDECAR("1") "],\"resources\":{\"limits\":{\"cpu\":\"2\"}}}");
    struct pn_value bad = read_json("{\"overhead\":{\"cpu\":\"x\"}}");
    int r = -ENOMEM, refusals = 0;
    ck_assert_int_eq(pn_arena_new(&small, 0), 0);
    for (size_t cap = 1; r != 0; cap += 16) {
        struct pn_pod_resources got = {.container_count = 42};
        struct pn_err err = PN_ERR_INIT;
        pn_arena_reset(small, cap);
        r = pn_resources_of_spec(&got, spec, small, &err);
        ck_assert(r == -ENOMEM ? got.container_count == 42 && err.text[0] != '\0' : r == 0);
        refusals += r != 0;
    }
    ck_assert_int_gt(refusals, 4);
    pn_arena_reset(small, 1);
    struct pn_pod_resources got;
    ck_assert_int_eq(pn_resources_of_spec(&got, bad, small, NULL), -ENOMEM);
    pn_arena_free(small);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resources");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, nothing_is_stated);
    tcase_add_test(all, a_limit_is_a_request_too);
    tcase_add_test(all, init_containers_count_in_their_order);
    tcase_add_test(all, overhead_comes_on_top);
    tcase_add_test(all, the_pod_states_its_own);
    tcase_add_test(all, hugepages_and_extended_resources);
    tcase_add_test(all, quantities_are_as_kubernetes_shows_them);
    tcase_add_test(all, every_container_decides_the_class);
    tcase_add_test(all, the_parts_of_the_sum);
    tcase_add_test(all, containers_add_up_whatever_they_are);
    tcase_add_test(all, sums_go_on);
    tcase_add_test(all, faults_say_where);
    tcase_add_test(all, out_of_range_is_no_number);
    tcase_add_test(all, nano_units);
    tcase_add_test(all, percentages_are_exact);
    tcase_add_test(all, many_names_are_sorted);
    tcase_add_test(all, refused_memory_is_told);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
