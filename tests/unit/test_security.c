/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "engine/json.h"
#include "kube/security.h"

/* The checks themselves are told by tests/conformance/pod-security.jsonl; here is the rest. */

static struct pn_arena *arena;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void tear_down(void)
{
    pn_arena_free(arena);
}

static struct pn_security judge(const char *pod, unsigned flags)
{
    struct pn_value v = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    struct pn_security security;
    int r = pn_json_read(&v, pn_str_of(pod), flags, arena, &err);
    ck_assert_msg(r == 0, "%s: %s", pod, err.text);
    pn_security_judge(&security, PN_GET(v, "metadata"), PN_GET(v, "spec"));
    return security;
}

/* "ID=CULPRIT", one a line. */
static const char *failures_of(const char *pod)
{
    struct pn_security security = judge(pod, 0);
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    for (unsigned check = 0; check < PN_SECURITY_CHECKS; check++) {
        if ((security.failed >> check & 1) != 0)
            pn_buf_printf(&text, "%s%s=%.*s", text.len > 0 ? "\n" : "",
                          pn_security_check_id((enum pn_security_check)check),
                          PN_STR_ARG(security.culprits[check]));
        else
            ck_assert_ptr_null(security.culprits[check].s);
    }
    pn_buf_char(&text, '\0');
    ck_assert(!text.failed);
    return text.data;
}

#define GOOD                                                                     \
    "{\"allowPrivilegeEscalation\":false,\"capabilities\":{\"drop\":[\"ALL\"]}," \
    "\"runAsNonRoot\":true,\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}"

/* ---- what is told ---------------------------------------------------------------------- */

static const struct {
    const char *pod, *failures;
} told[] = {
    {"{}", ""},
    {"{\"spec\":{\"containers\":[{\"name\":\"a\",\"securityContext\":" GOOD "}]}}", ""},
    /* The first of each; init containers come first. */
    {"{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\",\"ports\":[{\"hostPort\":1}]}],"
     "\"initContainers\":[{\"name\":\"i\",\"securityContext\":" GOOD "}]}}",
     "hostPorts=b\nallowPrivilegeEscalation=a\ncapabilities_restricted=a\nrunAsNonRoot=a\n"
     "seccompProfile_restricted=a"},
    {"{\"spec\":{\"hostIPC\":true,\"securityContext\":{\"runAsUser\":0,\"sysctls\":[{\"name\":"
     "\"kernel.msgmax\"}]},\"volumes\":[{\"name\":\"x\"},{\"name\":\"v\",\"hostPath\":{}}]}}",
     "hostNamespaces=\nhostPathVolumes=v\nsysctls=\nrestrictedVolumes=v\nrunAsUser="},
    /* On the host's network, the port of a container is one of the host. */
    {"{\"spec\":{\"hostNetwork\":true,\"containers\":[{\"name\":\"a\",\"securityContext\":" GOOD
     ",\"ports\":[{\"containerPort\":80}]}]}}",
     "hostNamespaces=\nhostPorts=a"},
    {"{\"metadata\":{\"annotations\":{\"container.apparmor.security.beta.kubernetes.io/a\":"
     "\"unconfined\"}},\"spec\":{}}",
     "appArmorProfile=a"},
    /* What is not of its type counts as absent. */
    {"{\"metadata\":[],\"spec\":{\"hostPID\":\"true\",\"hostUsers\":0,\"securityContext\":[1],"
     "\"volumes\":{\"a\":1},\"initContainers\":[null,[],\"x\"],\"containers\":{\"a\":{}}}}",
     "allowPrivilegeEscalation=\ncapabilities_restricted=\nrunAsNonRoot=\n"
     "seccompProfile_restricted="},
};

START_TEST(failures_name_their_culprit)
{
    ck_assert_str_eq(failures_of(told[_i].pod), told[_i].failures);
}
END_TEST

START_TEST(levels_are_the_highest_that_holds)
{
    struct pn_security security = judge("{}", 0);
    ck_assert_int_eq(pn_security_level_of(&security), PN_SECURITY_RESTRICTED);
    security = judge("{\"spec\":{\"containers\":[{}]}}", 0);
    ck_assert_int_eq(pn_security_level_of(&security), PN_SECURITY_BASELINE);
    security = judge("{\"spec\":{\"hostPID\":true}}", 0);
    ck_assert_int_eq(pn_security_level_of(&security), PN_SECURITY_PRIVILEGED);
    ck_assert_str_eq(pn_security_level_name(PN_SECURITY_PRIVILEGED), "privileged");
    ck_assert_str_eq(pn_security_level_name(PN_SECURITY_BASELINE), "baseline");
    ck_assert_str_eq(pn_security_level_name(PN_SECURITY_RESTRICTED), "restricted");
}
END_TEST

/* Whatever fails Baseline fails Restricted, by the same check or by the one that replaces it. */
START_TEST(restricted_holds_what_baseline_holds)
{
    static const char *const contexts[] = {
        "{\"capabilities\":{\"add\":[\"NET_RAW\"],\"drop\":[\"ALL\"]}}",
        "{\"procMount\":\"Unmasked\"}",
        "{\"seccompProfile\":{\"type\":\"Unconfined\"}}",
        "{\"privileged\":true}",
        "{\"seLinuxOptions\":{\"user\":\"u\"}}",
        "{\"windowsOptions\":{\"hostProcess\":true}}",
    };
    ck_assert_uint_eq(pn_security_checks(PN_SECURITY_PRIVILEGED), 0);
    for (size_t i = 0; i < PN_COUNT_OF(contexts); i++) {
        const char *pod = pn_arena_format(arena,
                                          "{\"spec\":{\"containers\":[{\"securityContext\":%s}]}}",
                                          contexts[i])
                              .s;
        struct pn_security security = judge(pod, 0);
        ck_assert_msg((security.failed & pn_security_checks(PN_SECURITY_BASELINE)) != 0, "%s", pod);
        ck_assert_msg((security.failed & pn_security_checks(PN_SECURITY_RESTRICTED)) != 0, "%s",
                      pod);
    }
}
END_TEST

START_TEST(every_check_has_its_words)
{
    struct pn_security security = {0};
    for (unsigned i = 0; i < PN_SECURITY_CHECKS; i++) {
        enum pn_security_check check = (enum pn_security_check)i;
        ck_assert_ptr_nonnull(pn_security_check_id(check));
        ck_assert_ptr_nonnull(pn_security_reason(&security, check));
        for (unsigned k = 0; k < i; k++)
            ck_assert_str_ne(pn_security_check_id(check),
                             pn_security_check_id((enum pn_security_check)k));
    }
}
END_TEST

/* One type in several places is one profile; each annotation is one of its own. */
START_TEST(profiles_are_counted)
{
    static const char one[] =
        "{\"spec\":{\"securityContext\":{\"appArmorProfile\":{\"type\":\"Unconfined\"}},"
        "\"containers\":[{\"securityContext\":{\"appArmorProfile\":{\"type\":\"Unconfined\"}}}]}}";
    static const char other_type[] =
        "{\"spec\":{\"securityContext\":{\"appArmorProfile\":{}},"
        "\"containers\":[{\"securityContext\":{\"appArmorProfile\":{\"type\":\"Unconfined\"}}}]}}";
    static const char annotations[] =
        "{\"metadata\":{\"annotations\":{"
        "\"container.apparmor.security.beta.kubernetes.io/a\":\"unconfined\","
        "\"container.apparmor.security.beta.kubernetes.io/b\":\"unconfined\"}},\"spec\":{}}";
    static const char *const reasons[] = {
        "forbidden AppArmor profile", "forbidden AppArmor profiles", "forbidden AppArmor profiles"};
    const char *const pods[] = {one, other_type, annotations};
    for (size_t i = 0; i < PN_COUNT_OF(pods); i++) {
        struct pn_security security = judge(pods[i], 0);
        ck_assert_str_eq(pn_security_reason(&security, PN_SECURITY_APPARMOR), reasons[i]);
        ck_assert_uint_eq(security.failed >> PN_SECURITY_APPARMOR & 1, 1);
    }
}
END_TEST

/* Integers that were kept as they were written are integers all the same. */
START_TEST(numbers_may_be_raw)
{
    static const char pod[] =
        "{\"spec\":{\"securityContext\":{\"runAsUser\":0},\"initContainers\":["
        "{\"ports\":[{\"hostPort\":80},{\"hostPort\":0}]}]}}";
    ck_assert_uint_eq(judge(pod, 0).failed, judge(pod, PN_JSON_NUMBERS_RAW).failed);
    ck_assert_uint_eq(judge(pod, 0).failed >> PN_SECURITY_RUN_AS_USER & 1, 1);
    ck_assert_uint_eq(judge(pod, 0).failed >> PN_SECURITY_HOST_PORTS & 1, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("security");
    TCase *cases = tcase_create("security");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_loop_test(cases, failures_name_their_culprit, 0, PN_COUNT_OF(told));
    tcase_add_test(cases, levels_are_the_highest_that_holds);
    tcase_add_test(cases, restricted_holds_what_baseline_holds);
    tcase_add_test(cases, every_check_has_its_words);
    tcase_add_test(cases, profiles_are_counted);
    tcase_add_test(cases, numbers_may_be_raw);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
