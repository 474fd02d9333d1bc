/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "config/load.h"
#include "config/snapshot.h"
#include "config/union.h"
#include "yaml/read.h"

/* ---- a directory of its own for each test ---------------------------------------------- */

static char home[64];

static void setup(void)
{
    snprintf(home, sizeof home, "/tmp/pannier-config-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
}

static void teardown(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -rf '%s'", home);
    ck_assert_int_eq(system(command), 0);
}

static const char *in_home(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % PN_COUNT_OF(paths)];
    snprintf(path, sizeof paths[0], "%s/%s", home, name);
    return path;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(in_home(name), "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

#define TEMPLATE(name)                                        \
    "apiVersion: pannier.dev/v1alpha1\n"                      \
    "kind: SidecarTemplate\n"                                 \
    "metadata: {name: " name "}\n"                            \
    "spec:\n"                                                 \
    "  category: logging\n"                                   \
    "  pod:\n"                                                \
    "    spec:\n"                                             \
    "      initContainers:\n"                                 \
    "      - name: " name "\n"                                \
    "        image: example.com/" name ":1\n"                 \
    "        restartPolicy: Always\n"                         \
    "        resources: {requests: {cpu: 1m, memory: 1Mi}}\n" \
    "---\n"

#define POLICY(name, template)           \
    "apiVersion: pannier.dev/v1alpha1\n" \
    "kind: InjectionPolicy\n"            \
    "metadata: {name: " name "}\n"       \
    "spec:\n"                            \
    "  match: {podSelector: {}}\n"       \
    "  inject:\n"                        \
    "  - templateRef: {name: " template "}\n"

static const char good[] = TEMPLATE("shipper") POLICY("ship", "shipper");

/* Loads `n` paths and expects `policies` policies and no fault. */
static void check_loads(const char *const *paths, size_t n, size_t policies)
{
    struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    int r = pn_load_policies(&set, paths, n, &diags);
    ck_assert_msg(r == 0, "%d: %s", r, diags.count > 0 ? diags.items[0].message : "");
    ck_assert_uint_eq(diags.count, 0);
    ck_assert_uint_eq(pn_policy_set_policy_count(set), policies);
    pn_policy_set_unref(set);
    pn_diags_deinit(&diags);
}

/* Expects faults, one "file:line id" for each line of `expected`, sorted by place. */
static void check_faults(const char *const *paths, size_t n, const char *expected)
{
    struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_buf got = PN_BUF_INIT;
    ck_assert_int_eq(pn_load_policies(&set, paths, n, &diags), PN_LOAD_E_FAULTS);
    ck_assert_ptr_null(set);
    pn_diags_sort(&diags);
    for (size_t i = 0; i < diags.count; i++) {
        const struct pn_diag *d = &diags.items[i];
        const char *slash = d->file != NULL ? strrchr(d->file, '/') : NULL;
        pn_buf_printf(&got, "%s:%u %s\n", slash != NULL ? slash + 1 : "", d->span.line, d->id);
    }
    ck_assert_msg(pn_str_is(pn_buf_view(&got), expected), "got:\n%.*s",
                  PN_STR_ARG(pn_buf_view(&got)));
    pn_buf_deinit(&got);
    pn_diags_deinit(&diags);
}

/* ---- what is loaded -------------------------------------------------------------------- */

START_TEST(loads_files_and_directories)
{
    put("all.yaml", good);
    const char *file[] = {in_home("all.yaml")};
    check_loads(file, 1, 1);
    const char *directory[] = {home};
    check_loads(directory, 1, 1);
    /* A template of one file serves the policies of all. */
    put("more.yml", POLICY("second", "shipper"));
    put("third.json", "{\"apiVersion\":\"pannier.dev/v1alpha1\",\"kind\":\"InjectionPolicy\","
                      "\"metadata\":{\"name\":\"third\"},\"spec\":{\"match\":{\"podSelector\":{}},"
                      "\"inject\":[{\"templateRef\":{\"name\":\"shipper\"}}]}}");
    check_loads(directory, 1, 3);
    const char *both[] = {in_home("all.yaml"), in_home("more.yml")};
    check_loads(both, 2, 2);
}
END_TEST

START_TEST(a_named_file_may_be_called_anything)
{
    put("policies", good);
    const char *file[] = {in_home("policies")};
    check_loads(file, 1, 1);
    const char *directory[] = {home};
    check_loads(directory, 1, 0);
}
END_TEST

START_TEST(nothing_is_an_empty_set)
{
    const char *directory[] = {home};
    check_loads(directory, 1, 0);
    check_loads(NULL, 0, 0);
    put("empty.yaml", "");
    put("comment.yaml", "# nothing\n---\n");
    check_loads(directory, 1, 0);
}
END_TEST

START_TEST(a_mounted_config_map_counts_once)
{
    ck_assert_int_eq(mkdir(in_home("..2026_11_20_10_00_00.1"), 0700), 0);
    put("..2026_11_20_10_00_00.1/ship.yaml", good);
    ck_assert_int_eq(symlink("..2026_11_20_10_00_00.1", in_home("..data")), 0);
    ck_assert_int_eq(symlink("..data/ship.yaml", in_home("ship.yaml")), 0);
    const char *directory[] = {home};
    check_loads(directory, 1, 1);
}
END_TEST

START_TEST(subdirectories_and_other_files_are_left_out)
{
    put("all.yaml", good);
    put("README.md", "not YAML: [");
    ck_assert_int_eq(mkdir(in_home("old.yaml"), 0700), 0);
    put("old.yaml/all.yaml", good);
    const char *directory[] = {home};
    check_loads(directory, 1, 1);
}
END_TEST

START_TEST(documents_of_the_caller_join)
{
    struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_arena *a = NULL;
    struct pn_document *docs = NULL;
    size_t n = 0;
    struct pn_source source = {PN_STR("<stdin>"), PN_STR(POLICY("own", "shipper"))};
    put("all.yaml", good);
    const char *paths[] = {home};
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    ck_assert_int_eq(pn_yaml_read(&docs, &n, &source, a, &diags), 0);
    ck_assert_int_eq(pn_load_policies_and(&set, paths, 1, docs, n, &diags), 0);
    pn_arena_free(a);
    ck_assert_uint_eq(pn_policy_set_policy_count(set), 2);
    ck_assert(pn_str_is(pn_policy_set_policy_name(set, 0), "own"));
    pn_policy_set_unref(set);
    pn_diags_deinit(&diags);
}
END_TEST

/* ---- faults ---------------------------------------------------------------------------- */

START_TEST(all_faults_of_all_files_are_told)
{
    put("a.yaml", "apiVersion: pannier.dev/v1alpha1\n"
                  "kind: InjectionPolicy\n"
                  "metadata: {name: a}\n"
                  "spec:\n"
                  "  match: {podSelector: {}, podSelctor: {}}\n"
                  "  inject: [{templateRef: {name: shipper}}]\n"
                  "  optout: Allowed\n");
    put("b.yaml", "spec: [");
    put("c.yaml", "apiVersion: v1\nkind: Pod\n");
    put("d.yaml", good);
    ck_assert_int_eq(mkfifo(in_home("e.yaml"), 0600), 0);
    ck_assert_int_eq(symlink("nowhere", in_home("f.yaml")), 0);
    const char *paths[] = {home, in_home("gone.yaml")};
    check_faults(paths, 2,
                 "a.yaml:5 unknown-field\n"
                 "a.yaml:7 unknown-field\n"
                 "b.yaml:1 yaml-syntax\n"
                 "c.yaml:1 not-a-policy\n"
                 "e.yaml:0 file-not-regular\n"
                 "f.yaml:0 file-unreadable\n"
                 "gone.yaml:0 file-unreadable\n");
}
END_TEST

START_TEST(a_name_that_stands_in_two_files)
{
    put("a.yaml", good);
    put("b.yaml", good);
    const char *paths[] = {home};
    check_faults(paths, 1,
                 "b.yaml:3 duplicate-name\n"
                 "b.yaml:16 duplicate-name\n");
}
END_TEST

START_TEST(a_file_that_is_too_large_is_not_read)
{
    put("all.yaml", good);
    put("big.yaml", "");
    ck_assert_int_eq(truncate(in_home("big.yaml"), (off_t)PN_SOURCE_MAX_BYTES + 1), 0);
    const char *paths[] = {home};
    check_faults(paths, 1, "big.yaml:0 file-too-large\n");
}
END_TEST

START_TEST(an_unreadable_file_is_named_with_its_reason)
{
    struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    const char *paths[] = {in_home("none.yaml")};
    ck_assert_int_eq(pn_load_policies(&set, paths, 1, &diags), PN_LOAD_E_FAULTS);
    ck_assert_uint_eq(diags.count, 1);
    ck_assert_str_eq(diags.items[0].file, in_home("none.yaml"));
    ck_assert_str_eq(diags.items[0].message, "cannot be read: No such file or directory");
    pn_diags_deinit(&diags);
}
END_TEST

START_TEST(devices_are_not_read)
{
    struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    const char *paths[] = {"/dev/zero"};
    ck_assert_int_eq(pn_load_policies(&set, paths, 1, &diags), PN_LOAD_E_FAULTS);
    ck_assert_str_eq(diags.items[0].id, "file-not-regular");
    pn_diags_deinit(&diags);
}
END_TEST

START_TEST(earlier_faults_of_the_caller_are_not_ours)
{
    struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    put("all.yaml", good);
    const char *paths[] = {home};
    pn_diags_add(&diags, PN_SEVERITY_ERROR, "x", NULL, (struct pn_span){0}, "of somebody else");
    ck_assert_int_eq(pn_load_policies(&set, paths, 1, &diags), 0);
    ck_assert_uint_eq(diags.count, 1);
    pn_policy_set_unref(set);
    pn_diags_deinit(&diags);
}
END_TEST

/* ---- snapshot -------------------------------------------------------------------------- */

static struct pn_policy_set *load_good(void)
{
    struct pn_policy_set *set = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    put("all.yaml", good);
    const char *paths[] = {home};
    ck_assert_int_eq(pn_load_policies(&set, paths, 1, &diags), 0);
    pn_diags_deinit(&diags);
    return set;
}

START_TEST(a_snapshot_hands_out_what_was_published_last)
{
    struct pn_snapshot *s = NULL;
    ck_assert_int_eq(pn_snapshot_new(&s), 0);
    ck_assert_ptr_null(pn_snapshot_acquire(s));
    struct pn_policy_set *first = load_good(), *second = load_good();
    pn_snapshot_publish(s, first);
    struct pn_policy_set *held = pn_snapshot_acquire(s);
    ck_assert_ptr_eq(held, first);
    pn_snapshot_publish(s, second);
    struct pn_policy_set *now = pn_snapshot_acquire(s);
    ck_assert_ptr_eq(now, second);
    /* What was acquired before lives on. */
    ck_assert(pn_str_is(pn_policy_set_policy_name(held, 0), "ship"));
    pn_policy_set_unref(held);
    pn_policy_set_unref(now);
    pn_snapshot_free(s);
}
END_TEST

struct reader {
    struct pn_snapshot *snapshot;
    size_t policies;
};

static void *read_often(void *argument)
{
    struct reader *reader = argument;
    for (int i = 0; i < 20000; i++) {
        struct pn_policy_set *set = pn_snapshot_acquire(reader->snapshot);
        reader->policies += pn_policy_set_policy_count(set);
        pn_policy_set_unref(set);
    }
    return NULL;
}

/* Worth most under ASan and TSan: a set must not be freed between the load and the increment. */
START_TEST(readers_never_see_a_freed_set)
{
    struct pn_snapshot *s = NULL;
    pthread_t threads[2];
    ck_assert_int_eq(pn_snapshot_new(&s), 0);
    pn_snapshot_publish(s, load_good());
    struct reader readers[2] = {{s, 0}, {s, 0}};
    for (size_t i = 0; i < PN_COUNT_OF(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_often, &readers[i]), 0);
    for (int i = 0; i < 200; i++)
        pn_snapshot_publish(s, load_good());
    for (size_t i = 0; i < PN_COUNT_OF(threads); i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_uint_eq(readers[i].policies, 20000);
    }
    pn_snapshot_free(s);
}
END_TEST

/* ---- one selector for several ---------------------------------------------------------- */

static struct pn_selector parse(const char *text, struct pn_arena *a)
{
    struct pn_selector s;
    struct pn_err err = PN_ERR_INIT;
    ck_assert_msg(pn_selector_parse(&s, pn_str_of(text), a, &err) == 0, "%s: %s", text, err.text);
    return s;
}

static const struct {
    const char *selectors[4], *want;
} union_cases[] = {
    {{NULL}, ""},
    {{""}, ""},
    {{"a=1"}, "a in (1)"},
    {{"a=1,b!=2,!c,d"}, "a in (1),b notin (2),!c,d"},
    {{"a=1", "a=2", "a in (3,1)"}, "a in (1,2,3)"},
    {{"a=1", "a"}, "a"},
    {{"a", "a=1,b=2"}, "a"},
    {{"a=1", ""}, ""},
    {{"a=1", "b=1"}, ""},
    {{"a=1", "a!=1"}, ""},
    {{"a=1", "!a"}, ""},
    {{"a=1,z!=1", "a=2,z!=1"}, "a in (1,2),z notin (1)"},
    {{"z notin (1,2)", "z notin (2,1)"}, "z notin (1,2)"},
    {{"z!=1", "z!=2"}, ""},
    {{"a,a=1", "a=2"}, "a in (1,2)"},
    {{"a=1,a=2", "a=3"}, "a in (2,3)"},
};

static void write_selector(char ret[static 256], const struct pn_selector *s)
{
    static const char *const before[] = {[PN_OP_IN] = " in (",
                                         [PN_OP_NOT_IN] = " notin (",
                                         [PN_OP_EXISTS] = "",
                                         [PN_OP_DOES_NOT_EXIST] = ""};
    struct pn_buf text = PN_BUF_INIT;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct pn_requirement *r = &s->requirements[i];
        pn_buf_printf(&text, "%s%s%.*s%s", i > 0 ? "," : "",
                      r->op == PN_OP_DOES_NOT_EXIST ? "!" : "", PN_STR_ARG(r->key), before[r->op]);
        for (uint32_t v = 0; v < r->count; v++)
            pn_buf_printf(&text, "%s%.*s", v > 0 ? "," : "", PN_STR_ARG(r->values[v]));
        pn_buf_cstr(&text, r->count > 0 ? ")" : "");
    }
    snprintf(ret, 256, "%.*s", PN_STR_ARG(pn_buf_view(&text)));
    pn_buf_deinit(&text);
}

START_TEST(selectors_are_joined)
{
    struct pn_arena *a = NULL;
    struct pn_selector all[4], joined;
    const struct pn_selector *pointers[4];
    char got[256];
    size_t n = 0;
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    for (; n < 4 && union_cases[_i].selectors[n] != NULL; n++) {
        all[n] = parse(union_cases[_i].selectors[n], a);
        pointers[n] = &all[n];
    }
    ck_assert_int_eq(pn_union_of(&joined, pointers, n, a), 0);
    write_selector(got, &joined);
    ck_assert_str_eq(got, union_cases[_i].want);
    pn_arena_free(a);
}
END_TEST

/* A small space, so that all that can happen happens: three keys, two values. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

static struct pn_selector random_selector(uint32_t *state, struct pn_arena *a)
{
    static const char *const forms[] = {"%c=1", "%c=2", "%c", "!%c", "%c!=1", "%c in (1,2)"};
    char text[64] = "";
    uint32_t n = next_random(state) % 4;
    for (uint32_t i = 0; i < n; i++) {
        char one[16];
        const char *form = forms[next_random(state) % PN_COUNT_OF(forms)];
        size_t at = 0;
        for (const char *f = form; *f != '\0'; f++) {
            bool is_key = f[0] == '%';
            one[at++] = is_key ? (char)('a' + next_random(state) % 3) : *f;
            f += is_key;
        }
        one[at] = '\0';
        strcat(strcat(text, i > 0 ? "," : ""), one);
    }
    return parse(text, a);
}

START_TEST(what_one_selector_matches_the_joined_one_matches)
{
    static const char *const values[] = {"", "1", "2", "3"}; /* the first: no such label */
    struct pn_arena *a = NULL;
    uint32_t state = 1;
    size_t narrowed = 0;
    ck_assert_int_eq(pn_arena_new(&a, 0), 0);
    for (int round = 0; round < 1000; round++) {
        struct pn_selector all[3], joined;
        const struct pn_selector *pointers[3];
        size_t n = 1 + next_random(&state) % 3;
        pn_arena_reset(a, 0);
        for (size_t i = 0; i < n; i++) {
            all[i] = random_selector(&state, a);
            pointers[i] = &all[i];
        }
        ck_assert_int_eq(pn_union_of(&joined, pointers, n, a), 0);
        narrowed += n > 1 && joined.count > 0;
        for (int labels = 0; labels < 4 * 4 * 4; labels++) {
            static const struct pn_str keys[] = {PN_STR_INIT("a"), PN_STR_INIT("b"),
                                                 PN_STR_INIT("c")};
            struct pn_member members[3];
            struct pn_value object;
            size_t count = 0;
            for (int k = 0; k < 3; k++) {
                const char *value = values[labels >> (2 * k) & 3];
                if (value[0] != '\0')
                    members[count++] = (struct pn_member){keys[k], pn_string(pn_str_of(value))};
            }
            ck_assert_int_eq(pn_object_new(&object, a, members, count), 0);
            for (size_t i = 0; i < n; i++)
                ck_assert(!pn_selector_matches(&all[i], object) ||
                          pn_selector_matches(&joined, object));
        }
    }
    ck_assert_uint_gt(narrowed, 50);
    pn_arena_free(a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("config");
    TCase *t = tcase_create("load");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, loads_files_and_directories);
    tcase_add_test(t, a_named_file_may_be_called_anything);
    tcase_add_test(t, nothing_is_an_empty_set);
    tcase_add_test(t, a_mounted_config_map_counts_once);
    tcase_add_test(t, subdirectories_and_other_files_are_left_out);
    tcase_add_test(t, documents_of_the_caller_join);
    tcase_add_test(t, all_faults_of_all_files_are_told);
    tcase_add_test(t, a_name_that_stands_in_two_files);
    tcase_add_test(t, a_file_that_is_too_large_is_not_read);
    tcase_add_test(t, an_unreadable_file_is_named_with_its_reason);
    tcase_add_test(t, devices_are_not_read);
    tcase_add_test(t, earlier_faults_of_the_caller_are_not_ours);
    suite_add_tcase(s, t);
    t = tcase_create("snapshot");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_snapshot_hands_out_what_was_published_last);
    tcase_add_test(t, readers_never_see_a_freed_set);
    tcase_add_loop_test(t, selectors_are_joined, 0, PN_COUNT_OF(union_cases));
    tcase_add_test(t, what_one_selector_matches_the_joined_one_matches);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_tap(sr, "-");
    srunner_run_all(sr, CK_SILENT);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
