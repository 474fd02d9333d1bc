/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>

#include "cli/value_path.h"
#include "yaml/read.h"

static struct pn_arena *arena;

static void setup(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
}

static void teardown(void)
{
    pn_arena_free(arena);
}

static struct pn_value read_value(const char *yaml)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {PN_STR("test"), pn_str_of(yaml)};
    struct pn_document *docs = NULL;
    struct pn_value v;
    size_t n = 0;
    ck_assert_int_eq(pn_yaml_read(&docs, &n, &source, arena, &diags), 0);
    ck_assert_int_eq(pn_value_from_node(&v, docs[0].root, arena), 0);
    return v;
}

static const char pod[] = "metadata: {labels: {app: web, a.io/b: c}}\n"
                          "spec:\n"
                          "  containers:\n"
                          "  - {name: web, ports: [{containerPort: 80}, {containerPort: 81}]}\n"
                          "  - {name: side, ports: [{containerPort: 90}], tty: true}\n"
                          "  - {image: without-a-name}\n"
                          "  volumes: []\n";

/* ---- what is found --------------------------------------------------------------------- */

static const struct {
    const char *path, *found;
} paths[] = {
    {"$", "-"}, /* itself, which is not written out here */
    {"$.spec.containers[0].name", "[web]"},
    {"$.spec.containers[1].name", "[side]"},
    {"$.spec.containers[3].name", "[]"},
    {"$['spec']['containers'][0]['name']", "[web]"},
    {"$.spec.containers[*].name", "[web, side]"},
    {"$.spec.containers[*].ports[*].containerPort", "[80, 81, 90]"},
    {"$.spec.containers[?(@.name==\"side\")].ports[0].containerPort", "[90]"},
    {"$.spec.containers[?(@.name == 'side')].tty", "[true]"},
    {"$.spec.containers[?(@.tty==true)].name", "[side]"},
    {"$.spec.containers[?(@.tty==false)].name", "[]"},
    {"$.spec.containers[*].ports[?(@.containerPort==81)].containerPort", "[81]"},
    {"$.spec.containers[?(@.name==\"nobody\")].name", "[]"},
    {"$.metadata.labels['a.io/b']", "[c]"},
    {"$.metadata.labels[\"app\"]", "[web]"},
    {"$.metadata.labels[*]", "[web, c]"},
    {"$.metadata.labels.app.more", "[]"},
    {"$.metadata.labels[0]", "[]"},
    {"$.spec.volumes[*]", "[]"},
    {"$.spec.volumes", "[[]]"},
};

START_TEST(finds_what_is_at_a_path)
{
    struct pn_value_path path;
    struct pn_value found, v = read_value(pod);
    struct pn_err err = PN_ERR_INIT;
    ck_assert_int_eq(pn_value_path_read(&path, pn_str_of(paths[_i].path), arena, &err), 0);
    ck_assert_int_eq(pn_value_path_find(&found, &path, v, arena), 0);
    if (_i == 0) {
        ck_assert_uint_eq(pn_value_count(found), 1);
        ck_assert(pn_value_equal(pn_value_at(found, 0), v));
        return;
    }
    ck_assert_msg(pn_value_equal(found, read_value(paths[_i].found)), "%s", paths[_i].path);
    ck_assert_int_eq(path.is_many, strstr(paths[_i].path, "[*]") != NULL);
}
END_TEST

/* ---- what is no path ------------------------------------------------------------------- */

static const char *const no_paths[] = {
    "",
    "spec",
    "$spec",
    "$.",
    "$..a",
    "$.a.",
    "$[",
    "$[]",
    "$[-1]",
    "$[1.5]",
    "$['a]",
    "$['a'",
    "$[*",
    "$[?]",
    "$[?(@.)]",
    "$[?(@.a)]",
    "$[?(@.a=='b)]",
    "$[?(@.a==b)]",
    "$[?(a==1)]",
    "$[?(@.a==1)",
    "$[?(@.a>1)]",
    "$.a b",
    "$.a[4294967296]",
    "$[99999999999999999999]",
};

START_TEST(refuses_what_is_no_path)
{
    struct pn_value_path path;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_value_path_read(&path, pn_str_of(no_paths[_i]), arena, &err);
    ck_assert_msg(r == PN_VALUE_PATH_E_SYNTAX, "%s", no_paths[_i]);
    ck_assert_msg(strncmp(err.text, "expected ", 9) == 0, "%s: %s", no_paths[_i], err.text);
}
END_TEST

START_TEST(a_path_has_an_end)
{
    struct pn_value_path path;
    struct pn_err err = PN_ERR_INIT;
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    pn_buf_char(&text, '$');
    for (int i = 0; i < 1000; i++)
        pn_buf_cstr(&text, ".a");
    ck_assert_int_eq(pn_value_path_read(&path, pn_buf_view(&text), arena, &err),
                     PN_VALUE_PATH_E_SYNTAX);
}
END_TEST

/* ---- what a Pod has -------------------------------------------------------------------- */

static const struct {
    const char *path, *fault; /* NULL: none */
} checks[] = {
    {"$", NULL},
    {"$.spec.containers[0].image", NULL},
    {"$.spec.containers[?(@.name==\"x\")].env[*].valueFrom.fieldRef.fieldPath", NULL},
    {"$.metadata.labels['any.io/thing']", NULL},
    {"$.metadata.annotations.any", NULL},
    {"$.metadata.labels[*]", NULL},
    {"$.spec.containers[0].resources.limits.cpu", NULL},
    {"$.spec.imagePullSecrets[0].name", NULL},
    {"$.spec.contianers[0]", "unknown-field"},
    {"$.spec.containers[0].images", "unknown-field"},
    {"$.spec.containers[?(@.nam==\"x\")]", "unknown-field"},
    {"$.spec.containers[0].name.more", "unknown-field"},
    {"$.metadata.labels.app.more", "unknown-field"},
    {"$.labels", "unknown-field"},
    {"$.spec.containers.name", "wrong-type"},
    {"$.spec[0]", "wrong-type"},
    {"$.spec[*]", "wrong-type"},
    {"$.metadata.labels[0]", "wrong-type"},
    {"$.spec.nodeName[0]", "wrong-type"},
};

START_TEST(knows_the_fields_of_a_pod)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source source = {PN_STR("test"), pn_str_of(checks[_i].path)};
    struct pn_span span = {0, source.bytes.n, 1, 1};
    struct pn_err err = PN_ERR_INIT;
    struct pn_value_path path;
    ck_assert_int_eq(pn_value_path_read(&path, source.bytes, arena, &err), 0);
    pn_value_path_check(&path, &source, span, &diags);
    ck_assert_msg(diags.count == (checks[_i].fault != NULL), "%s", checks[_i].path);
    if (checks[_i].fault != NULL)
        ck_assert_str_eq(diags.items[0].id, checks[_i].fault);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("value_path");
    TCase *t = tcase_create("paths");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, finds_what_is_at_a_path, 0, (int)PN_COUNT_OF(paths));
    tcase_add_loop_test(t, refuses_what_is_no_path, 0, (int)PN_COUNT_OF(no_paths));
    tcase_add_test(t, a_path_has_an_end);
    tcase_add_loop_test(t, knows_the_fields_of_a_pod, 0, (int)PN_COUNT_OF(checks));
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_tap(sr, "-");
    srunner_run_all(sr, CK_SILENT);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed > 0;
}
