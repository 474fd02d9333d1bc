/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/json.h"
#include "kube/schema_table.h"
#include "schema_cases.h"
#include "yaml/read.h"

static struct pn_arena *arena;
static struct pn_diags diags;

static void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
    diags = (struct pn_diags)PN_DIAGS_INIT;
}

static void tear_down(void)
{
    pn_diags_deinit(&diags);
    pn_arena_free(arena);
}

/* ---- helpers --------------------------------------------------------------------------- */

/* The one document of `yaml`. */
static const struct pn_node *read_yaml(struct pn_source *source, const char *yaml)
{
    struct pn_document *documents = NULL;
    size_t n = 0;
    *source = (struct pn_source){PN_STR("t.yaml"), pn_str_of(yaml)};
    int r = pn_yaml_read(&documents, &n, source, arena, &diags);
    ck_assert_msg(r == 0 && n == 1, "%s: %s", yaml, diags.count > 0 ? diags.items[0].message : "");
    return documents[0].root;
}

/* The diagnostics as "LINE:COLUMN id: message | help", one a line. */
static const char *faults_text(void)
{
    struct pn_buf text = PN_BUF_IN_ARENA(arena);
    for (size_t i = 0; i < diags.count; i++) {
        const struct pn_diag *d = &diags.items[i];
        pn_buf_printf(&text, "%s%u:%u %s: %s", i > 0 ? "\n" : "", d->span.line, d->span.column,
                      d->id, d->message);
        if (d->help != NULL)
            pn_buf_printf(&text, " | %s", d->help);
    }
    pn_buf_char(&text, '\0');
    ck_assert(!text.failed && !diags.failed);
    return text.data;
}

static struct pn_value read_json(struct pn_str text, unsigned flags)
{
    struct pn_value v = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    int r = pn_json_read(&v, text, flags, arena, &err);
    ck_assert_msg(r == 0, "%.*s: %s", PN_STR_ARG(text), err.text);
    return v;
}

/* A file of tests/data, in the arena. */
static struct pn_str read_data(const char *name)
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
    return pn_buf_view(&bytes);
}

/* "" or "POINTER: what is wrong". Whatever fits must not have cost memory. */
static const char *check_value(enum pn_schema_root root, struct pn_value v)
{
    struct pn_str pointer = PN_STR("untouched");
    struct pn_err err = PN_ERR_INIT;
    size_t used = pn_arena_used(arena);
    int r = pn_schema_check_value(pn_schema_type(root), v, &pointer, arena, &err);
    if (r == 0) {
        ck_assert_uint_eq(pn_arena_used(arena), used);
        ck_assert(pn_str_is(pointer, "untouched"));
        ck_assert_str_eq(err.text, "");
        return "";
    }
    ck_assert_int_eq(r, PN_SCHEMA_E_INVALID);
    return pn_arena_format(arena, "%.*s: %s", PN_STR_ARG(pointer), err.text).s;
}

/* ---- the table ------------------------------------------------------------------------- */

static const struct pn_schema_field *field_at(const struct pn_schema_type *type, unsigned i)
{
    return &pn_schema_fields[type->first + i];
}

static void check_row(const struct pn_schema_type *type, const struct pn_schema_field *field)
{
    const char *name = pn_schema_field_name(field).s;
    ck_assert_msg(strlen(name) == field->name_bytes && field->name_bytes > 0, "%s", name);
    ck_assert_msg(field->since == 0 || (field->since >= 25 && field->since <= 36), "%s", name);
    ck_assert_uint_lt(field->object, pn_schema_type_count);
    ck_assert_msg((field->kind == PN_SCHEMA_OBJECT) == (field->object != 0), "%s", name);
    ck_assert_msg(!field->pointer || field->shape == PN_SCHEMA_ONE, "%s", name);
    for (uint32_t cursor = 0; cursor <= type->count; cursor++) {
        uint32_t at = cursor;
        ck_assert_ptr_eq(pn_schema_find_from(type, pn_str_of(name), &at), field);
        ck_assert_ptr_eq(field_at(type, at - 1), field);
    }
    /* The keys of a list are fields of its items. */
    struct pn_str keys = pn_schema_field_keys(field);
    while (keys.n > 0 && field->kind == PN_SCHEMA_OBJECT)
        ck_assert_ptr_nonnull(
            pn_schema_find(pn_schema_field_type(field), pn_str_split(&keys, ',')));
}

START_TEST(rows_are_consistent)
{
    unsigned next = 0;
    for (unsigned i = 0; i < pn_schema_type_count; i++) {
        const struct pn_schema_type *type = &pn_schema_types[i];
        ck_assert_uint_eq(type->first, next);
        ck_assert(type->count > 0 && type->count <= PN_SCHEMA_FIELDS_MAX);
        next += type->count;
        for (unsigned k = 0; k < type->count; k++)
            check_row(type, field_at(type, k));
    }
    const struct pn_schema_type *pod = pn_schema_type(PN_SCHEMA_POD);
    ck_assert_ptr_eq(pod, &pn_schema_types[0]);
    ck_assert_ptr_null(pn_schema_find(pod, PN_STR("")));
    ck_assert_ptr_null(pn_schema_find(pod, PN_STR_NULL));
    ck_assert_ptr_null(pn_schema_find(pod, PN_STR("Spec")));
    ck_assert_ptr_null(pn_schema_find(pod, PN_STR("spec\0")));
    ck_assert_ptr_null(pn_schema_find(pod, PN_STR("spe")));
}
END_TEST

/* The field at a path such as "spec.containers.image", through lists and pointers. */
static const struct pn_schema_field *field_of(const char *path)
{
    const struct pn_schema_type *type = pn_schema_type(PN_SCHEMA_POD);
    const struct pn_schema_field *field = NULL;
    struct pn_str rest = pn_str_of(path);
    while (rest.s != NULL) {
        field = pn_schema_find(type, pn_str_split(&rest, '.'));
        ck_assert_msg(field != NULL, "%s", path);
        type = pn_schema_field_type(field);
    }
    return field;
}

START_TEST(roots_are_the_types_that_the_pod_holds)
{
    static const struct {
        enum pn_schema_root root;
        const char *path;
    } cases[] = {
        {PN_SCHEMA_OBJECT_META, "metadata"},
        {PN_SCHEMA_POD_SPEC, "spec"},
        {PN_SCHEMA_CONTAINER, "spec.containers"},
        {PN_SCHEMA_CONTAINER, "spec.initContainers"},
        {PN_SCHEMA_VOLUME, "spec.volumes"},
        {PN_SCHEMA_VOLUME_MOUNT, "spec.containers.volumeMounts"},
        {PN_SCHEMA_ENV_VAR, "spec.containers.env"},
        {PN_SCHEMA_ENV_FROM_SOURCE, "spec.containers.envFrom"},
        {PN_SCHEMA_LOCAL_OBJECT_REFERENCE, "spec.imagePullSecrets"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++)
        ck_assert_ptr_eq(pn_schema_type(cases[i].root),
                         pn_schema_field_type(field_of(cases[i].path)));
}
END_TEST

/* What is generally known of Kubernetes' history and API. */
START_TEST(known_facts_are_in_the_table)
{
    static const struct {
        const char *path;
        int since;
        const char *keys;
    } cases[] = {
        {"spec.hostUsers", 25, ""},
        {"spec.schedulingGates", 26, "name"},
        {"spec.resourceClaims", 26, "name"},
        {"spec.containers.resizePolicy", 27, ""},
        {"spec.initContainers.restartPolicy", 28, ""},
        {"spec.containers.lifecycle.preStop.sleep", 29, ""},
        {"spec.containers.lifecycle.preStop.sleep.seconds", 29, ""},
        {"spec.securityContext.appArmorProfile", 30, ""},
        {"spec.volumes.image", 31, ""},
        {"spec.resources", 32, ""},
        {"spec.containers.lifecycle.stopSignal", 33, ""},
        {"spec.containers.restartPolicyRules", 34, ""},
        {"spec.containers.env.valueFrom.fileKeyRef", 34, ""},
        {"spec.containers.resources", 0, ""},
        {"spec.containers.resources.claims", 26, "name"},
        {"spec.volumes.ephemeral.volumeClaimTemplate.spec.resources.requests", 0, ""},
        {"spec.os", 0, ""},
        {"spec.containers.ports", 0, "containerPort,protocol"},
        {"spec.containers.volumeMounts", 0, "mountPath"},
        {"spec.containers.env", 0, "name"},
        {"spec.volumes", 0, "name"},
        {"spec.topologySpreadConstraints", 0, "topologyKey,whenUnsatisfiable"},
        {"spec.hostAliases", 0, "ip"},
        {"spec.tolerations", 0, ""},
        {"metadata.ownerReferences", 0, "uid"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        const struct pn_schema_field *field = field_of(cases[i].path);
        ck_assert_msg(field->since == cases[i].since, "%s: since 1.%u", cases[i].path,
                      field->since);
        ck_assert_msg(pn_str_is(pn_schema_field_keys(field), cases[i].keys), "%s: by %s",
                      cases[i].path, pn_schema_field_keys(field).s);
    }
}
END_TEST

/* Marks the rows that `v` uses. */
static void mark(bool *used, const struct pn_schema_type *type, struct pn_value v)
{
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        const struct pn_schema_field *field = pn_schema_find(type, pn_value_member(v, i)->key);
        struct pn_value below = pn_value_member(v, i)->value;
        ck_assert_ptr_nonnull(field);
        used[field - pn_schema_fields] = true;
        if (field->kind == PN_SCHEMA_OBJECT)
            mark(used, pn_schema_field_type(field),
                 field->shape == PN_SCHEMA_LIST ? pn_value_at(below, 0) : below);
    }
}

/* every-field.json is what Kubernetes' own library makes of a Pod with all fields set. */
START_TEST(every_field_of_kubernetes_is_a_row_and_every_row_a_field)
{
    static bool used[4096];
    struct pn_str text = read_data("pods/every-field.json");
    struct pn_value pod = read_json(text, 0);
    const struct pn_schema_type *last = &pn_schema_types[pn_schema_type_count - 1];
    ck_assert_str_eq(check_value(PN_SCHEMA_POD, pod), "");
    ck_assert_str_eq(check_value(PN_SCHEMA_POD, read_json(text, PN_JSON_NUMBERS_RAW)), "");
    mark(used, pn_schema_type(PN_SCHEMA_POD), pod);
    for (unsigned i = 0; i < last->first + last->count; i++)
        ck_assert_msg(used[i], "no such field in Kubernetes: row %u, %s", i,
                      pn_schema_field_name(&pn_schema_fields[i]).s);
}
END_TEST

/* ---- documents ------------------------------------------------------------------------- */

/* What is noted of the parts that fit changes neither what is wrong nor what is written. */
static void assert_notes_change_nothing(enum pn_schema_root root, struct pn_value v)
{
    struct pn_buf plain = PN_BUF_IN_ARENA(arena), noted = PN_BUF_IN_ARENA(arena);
    const char *fault = check_value(root, v);
    pn_json_write(&plain, v);
    ck_assert_int_eq(pn_schema_note_value(pn_schema_type(root), v, arena), 0);
    ck_assert_int_eq(v.kind == PN_OBJECT && v.block->note != NULL, fault[0] == '\0');
    ck_assert_str_eq(check_value(root, v), fault);
    pn_json_write(&noted, v);
    ck_assert(pn_str_eq(pn_buf_view(&plain), pn_buf_view(&noted)));
}

START_TEST(good_pods_are_accepted)
{
    struct pn_source source;
    const struct pn_node *node = read_yaml(&source, good_pods[_i]);
    struct pn_schema_check check = {.source = &source, .diags = &diags, .kube_minor = 36};
    struct pn_value v;
    pn_schema_check_node(&check, pn_schema_type(PN_SCHEMA_POD), node, "");
    ck_assert_str_eq(faults_text(), "");
    ck_assert_int_eq(pn_value_from_node(&v, node, arena), 0);
    ck_assert_str_eq(check_value(PN_SCHEMA_POD, v), "");
    assert_notes_change_nothing(PN_SCHEMA_POD, v);
    ck_assert_str_ne(check_value(PN_SCHEMA_POD_SPEC, v), ""); /* what it fits is no other type */
}
END_TEST

START_TEST(faults_of_documents_say_what_and_where)
{
    const struct schema_fault_case *c = &schema_fault_cases[_i];
    struct pn_source source;
    const struct pn_node *node = read_yaml(&source, c->yaml);
    struct pn_schema_check check = {.source = &source, .diags = &diags};
    struct pn_value v;
    pn_schema_check_node(&check, pn_schema_type(c->root), node, c->path);
    ck_assert_str_eq(faults_text(), c->faults);
    ck_assert_uint_eq(diags.errors, diags.count);
    /* What is wrong in a document is wrong as a value. */
    ck_assert_int_eq(pn_value_from_node(&v, node, arena), 0);
    ck_assert_str_ne(check_value(c->root, v), "");
    assert_notes_change_nothing(c->root, v);
}
END_TEST

START_TEST(fields_newer_than_the_target_are_told)
{
    static const char yaml[] = "hostUsers: false\n"
                               "initContainers:\n"
                               "- name: a\n"
                               "  restartPolicy: Always\n"
                               "  lifecycle: {preStop: {sleep: {seconds: x}}}\n";
    struct pn_source source;
    const struct pn_node *node = read_yaml(&source, yaml);
    struct pn_schema_check check = {.source = &source, .diags = &diags, .kube_minor = 27};
    pn_schema_check_node(&check, pn_schema_type(PN_SCHEMA_POD_SPEC), node, "spec");
    ck_assert_str_eq(
        faults_text(),
        "4:3 field-too-new: spec.initContainers[0].restartPolicy: the field is new in Kubernetes "
        "1.28, and 1.27 is to be supported | an older API server drops the field without a word\n"
        "5:25 field-too-new: spec.initContainers[0].lifecycle.preStop.sleep: the field is new in "
        "Kubernetes 1.29, and 1.27 is to be supported | an older API server drops the field "
        "without a word\n"
        "5:42 wrong-type: spec.initContainers[0].lifecycle.preStop.sleep.seconds: expected an "
        "integer, got a string");
}
END_TEST

/* JSON-e as a caller would tell it; *ctx counts the questions. */
static bool is_expression(const struct pn_node *node, void *ctx)
{
    ++*(int *)ctx;
    if (node->kind == PN_NODE_MAPPING)
        return node->mapping.count > 0 &&
               pn_str_has_prefix(node->mapping.entries[0].key->s, PN_STR("$"));
    return node->kind == PN_NODE_STRING && pn_str_contains(node->s, PN_STR("${"));
}

START_TEST(computed_nodes_are_passed_over)
{
    static const char yaml[] =
        "metadata:\n"
        "  labels: {a: '${x}', '${k}': {$eval: v}, b: 1}\n"
        "  annotations: {$merge: [{}, 1]}\n"
        "  creationTimestamp: '${t}'\n"
        "spec:\n"
        "  hostNetwork: {$eval: h}\n"
        "  hostPID: '${h}'\n"
        "  '${key}': 1\n"
        "  volumes: {$map: v}\n"
        "  containers:\n"
        "  - {$if: a, then: {bad: field}}\n"
        "  - name: '${n}'\n"
        "    ports: [{containerPort: {$eval: p}}, {containerPort: '${p}'}, {$eval: q}]\n"
        "    resources: {requests: {cpu: '${c}', memory: '64mb'}, limits: {$eval: l}}\n"
        "    livenessProbe: {httpGet: {port: '${p}'}}\n"
        "    args: ['${a}', {$eval: b}]\n"
        "status: {$eval: s}\n";
    struct pn_source source;
    int asked = 0;
    const struct pn_node *node = read_yaml(&source, yaml);
    struct pn_schema_check check = {
        .source = &source, .diags = &diags, .is_computed = is_expression, .ctx = &asked};
    pn_schema_check_node(&check, pn_schema_type(PN_SCHEMA_POD), node, "pod");
    ck_assert_str_eq(
        faults_text(),
        "2:46 wrong-type: pod.metadata.labels[b]: expected a string, got an integer | "
        "put it in quotes\n"
        "7:12 wrong-type: pod.spec.hostPID: expected true or false, got a string | "
        "${...} always makes a string: write {$eval: \"h\"}\n"
        "13:58 wrong-type: pod.spec.containers[1].ports[1].containerPort: expected an integer, got "
        "a string | ${...} always makes a string: write {$eval: \"p\"}\n"
        "14:49 invalid-quantity: pod.spec.containers[1].resources.requests[memory]: "
        "\"64mb\"" NO_QUANTITY);
    ck_assert_int_gt(asked, 0);
    pn_diags_deinit(&diags);
    node = read_yaml(&source, "{$eval: everything}\n");
    pn_schema_check_node(&check, pn_schema_type(PN_SCHEMA_POD), node, "pod");
    ck_assert_str_eq(faults_text(), "");
}
END_TEST

/* ---- values ---------------------------------------------------------------------------- */

START_TEST(recorded_pods_are_accepted)
{
    const char *folder = getenv("PN_TEST_DATA");
    char path[4096];
    int pods = 0;
    ck_assert_msg(folder != NULL, "PN_TEST_DATA must name tests/data: run this by meson test");
    snprintf(path, sizeof path, "%s/reviews", folder);
    DIR *reviews = opendir(path);
    ck_assert_msg(reviews != NULL, "%s: %s", path, strerror(errno));
    for (struct dirent *file; (file = readdir(reviews)) != NULL;) {
        if (!pn_str_has_suffix(pn_str_of(file->d_name), PN_STR(".json")))
            continue;
        snprintf(path, sizeof path, "reviews/%s", file->d_name);
        for (unsigned flags = 0; flags <= PN_JSON_NUMBERS_RAW; flags++) {
            pn_arena_reset(arena, 0);
            struct pn_value review = read_json(read_data(path), flags);
            struct pn_value pod = PN_GET(PN_GET(review, "request"), "object");
            ck_assert_int_eq(pod.kind, PN_OBJECT);
            const char *fault = check_value(PN_SCHEMA_POD, pod);
            ck_assert_msg(fault[0] == '\0', "%s: %s", path, fault);
            pods++;
        }
    }
    closedir(reviews);
    ck_assert_int_ge(pods, 40);
}
END_TEST

START_TEST(faults_of_values_have_a_pointer)
{
    static const struct {
        enum pn_schema_root root;
        const char *json, *fault;
    } cases[] = {
        {PN_SCHEMA_POD, "{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"nam\":\"b\"}]}}",
         "/spec/containers/1/nam: unknown field; did you mean `name`?"},
        {PN_SCHEMA_POD, "{\"zzzz\":null}", "/zzzz: unknown field"},
        {PN_SCHEMA_POD, "{\"\":1}", "/: unknown field"},
        {PN_SCHEMA_POD, "[]", ": expected an object, got a list"},
        {PN_SCHEMA_POD, "null", ": expected an object, got null"},
        {PN_SCHEMA_OBJECT_META, "{\"annotations\":{\"x~y/z\":1}}",
         "/annotations/x~0y~1z: expected a string, got an integer"},
        {PN_SCHEMA_OBJECT_META, "{\"finalizers\":[\"a\",null]}",
         "/finalizers/1: expected a string, got null"},
        {PN_SCHEMA_OBJECT_META, "{\"labels\":[]}", "/labels: expected an object, got a list"},
        {PN_SCHEMA_CONTAINER, "{\"command\":\"sh\"}", "/command: expected a list, got a string"},
        {PN_SCHEMA_CONTAINER, "{\"ports\":[{\"containerPort\":\"8080\"}]}",
         "/ports/0/containerPort: expected an integer, got a string"},
        {PN_SCHEMA_CONTAINER, "{\"ports\":[{\"containerPort\":8080.0}]}",
         "/ports/0/containerPort: expected an integer, got a number"},
        {PN_SCHEMA_CONTAINER, "{\"ports\":[{\"containerPort\":4294967296}]}",
         "/ports/0/containerPort: must be between -2147483648 and 2147483647"},
        {PN_SCHEMA_CONTAINER, "{\"livenessProbe\":{\"httpGet\":{\"port\":1e3}}}",
         "/livenessProbe/httpGet/port: expected an integer or a string, got a number"},
        {PN_SCHEMA_CONTAINER, "{\"resources\":{\"limits\":{\"cpu\":\"1 \",\"memory\":\"1Gb\"}}}",
         "/resources/limits/memory: \"1Gb\"" NO_QUANTITY},
        {PN_SCHEMA_CONTAINER, "{\"resources\":{\"limits\":{\"cpu\":true}}}",
         "/resources/limits/cpu: expected a quantity such as 100m or 128Mi, got a boolean"},
        {PN_SCHEMA_CONTAINER, "{\"stdin\":0}", "/stdin: expected true or false, got an integer"},
        {PN_SCHEMA_POD, "{\"status\":[]}", "/status: expected an object, got a list"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        for (unsigned flags = 0; flags <= PN_JSON_NUMBERS_RAW; flags++) {
            struct pn_value v = read_json(pn_str_of(cases[i].json), flags);
            const char *fault = check_value(cases[i].root, v);
            if (flags == 0 || strstr(cases[i].fault, "got an integer") == NULL)
                ck_assert_str_eq(fault, cases[i].fault);
            else /* a number kept as written is called a number */
                ck_assert_ptr_nonnull(strstr(fault, "got a number"));
        }
    }
}
END_TEST

/* A field of each kind with values at the edges; 'y' fits, 'n' does not. */
START_TEST(kinds_have_their_edges)
{
    static const struct {
        const char *format;
        const char *values[40];
    } cases[] = {
        {"{\"metadata\":{\"generation\":%s}}",
         {"y9223372036854775807", "y-9223372036854775808", "n9223372036854775808",
          "n-9223372036854775809", "n18446744073709551616", "y0", "y-0", "n1.0", "n1e1", "n\"1\"",
          "ntrue", "n[]", "n{}", "ynull"}},
        {"{\"spec\":{\"priority\":%s}}",
         {"y2147483647", "y-2147483648", "n2147483648", "n-2147483649", "n0.5", "ynull"}},
        {"{\"spec\":{\"overhead\":{\"cpu\":%s}}}",
         {"y\"100m\"",
          "y\"1Ki\"",
          "y\" 1Gi \"",
          "y1",
          "y0.5",
          "y1e3",
          "y18446744073709551616",
          "y\".5\"",
          "y\"123456789012345\"",
          "y\"1234567890123456\"",
          "n\"999999999999999999999999999999999999999\"", /* more digits than we hold */
          "y\"1E3\"",
          "y\"-1\"",
          "n\"1K\"",
          "n\"1m1\"",
          "n\"1Kii\"",
          "n\"1i\"",
          "n\"1mi\"",
          "y\"m\"", /* 0, upstream */
          "n\"\"",
          "n\"1 m\"",
          "n\"1\\u0000\"",
          "ntrue",
          "nnull",
          "n{}"}},
        {"{\"metadata\":{\"creationTimestamp\":%s}}",
         {"y\"2026-01-31T08:00:00Z\"", "y\"2026-01-31T08:00:00,5Z\"",
          "y\"2026-01-31T08:00:00.123+01:00\"", "y\"2026-01-31T08:00:00-05:30\"", "ynull",
          "n\"2026-01-31\"", "n\"2026-01-31T08:00:00\"", "n\"2026-01-31t08:00:00Z\"",
          "n\"2026-01-31T08:00:00.Z\"", "n\"2026-01-31T08:00:00Zx\"", "n\"2026-1-31T08:00:00Z\"",
          "n\"2026-01-31T08:00:00+0100\"", "n\"\"", "n0"}},
        {"{\"spec\":{\"hostNetwork\":%s}}", {"ytrue", "yfalse", "ynull", "n0", "n\"true\"", "n[]"}},
        {"{\"spec\":{\"nodeName\":%s}}",
         {"y\"\"", "y\"\\u0000\"", "ynull", "n0", "ntrue", "n{}", "n[]"}},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        for (const char *const *v = cases[i].values; *v != NULL; v++) {
            char json[256];
            const char *at = strchr(cases[i].format, '%');
            snprintf(json, sizeof json, "%.*s%s%s", (int)(at - cases[i].format), cases[i].format,
                     *v + 1, at + 2);
            for (unsigned flags = 0; flags <= PN_JSON_NUMBERS_RAW; flags++) {
                const char *fault = check_value(PN_SCHEMA_POD, read_json(pn_str_of(json), flags));
                ck_assert_msg((fault[0] == '\0') == (**v == 'y'), "%s: %s", json, fault);
            }
        }
    }
}
END_TEST

START_TEST(a_full_arena_is_an_error)
{
    struct pn_value v = read_json(PN_STR("{\"metadata\":{\"labels\":{\"a\":1}}}"), 0);
    struct pn_str pointer = PN_STR("untouched");
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *full = NULL;
    ck_assert_int_eq(pn_arena_new(&full, 0), 0);
    pn_arena_reset(full, 1);
    ck_assert_int_eq(pn_schema_check_value(pn_schema_type(PN_SCHEMA_POD), v, &pointer, full, NULL),
                     -ENOMEM);
    ck_assert(pn_str_is(pointer, "untouched"));
}
END_TEST

/* ---- what expressions see -------------------------------------------------------------- */

START_TEST(absent_fields_read_as_zero)
{
    static const struct {
        const char *path, *zero;
    } cases[] = {
        {"spec.hostNetwork", "false"},
        {"spec.restartPolicy", "\"\""},
        {"spec.containers.ports.containerPort", "0"},
        {"spec.tolerations", "[]"},
        {"metadata.labels", "{}"},
        {"metadata.generation", "0"},
        {"metadata.creationTimestamp", "null"},
        {"metadata.deletionTimestamp", "null"},
        {"spec.overhead", "{}"},
        {"spec.securityContext", "{}"},
        {"spec.securityContext.runAsNonRoot", "null"},
        {"spec.securityContext.supplementalGroups", "[]"},
        {"spec.activeDeadlineSeconds", "null"},
        {"spec.terminationGracePeriodSeconds", "null"},
        {"spec.hostUsers", "null"},
        {"spec.shareProcessNamespace", "null"},
        {"spec.runtimeClassName", "null"},
        {"spec.initContainers.restartPolicy", "null"},
        {"spec.containers.resources", "{}"},
        {"spec.containers.resources.requests", "{}"},
        {"spec.containers.livenessProbe.httpGet.port", "0"},
        {"spec.containers.livenessProbe.exec.command", "[]"},
        {"spec.containers.env.valueFrom.resourceFieldRef.divisor", "\"0\""},
        {"spec.volumes.emptyDir", "{}"},
        {"spec.volumes.emptyDir.sizeLimit", "null"},
        {"status", "{}"},
    };
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
        pn_json_write(&text, pn_schema_zero(field_of(cases[i].path)));
        ck_assert_msg(pn_str_is(pn_buf_view(&text), cases[i].zero), "%s: %.*s", cases[i].path,
                      PN_STR_ARG(pn_buf_view(&text)));
    }
}
END_TEST

/* Compares the zero value of each field below `type` with the one in `v`. */
static unsigned compare_zeros(const struct pn_schema_type *type, struct pn_value v)
{
    unsigned compared = 0;
    ck_assert_uint_eq(pn_value_count(v), type->count);
    for (uint32_t i = 0; i < pn_value_count(v); i++, compared++) {
        const struct pn_member *m = pn_value_member(v, i);
        const struct pn_schema_field *field = pn_schema_find(type, m->key);
        ck_assert_ptr_nonnull(field);
        struct pn_value zero = pn_schema_zero(field);
        if (field->kind == PN_SCHEMA_OBJECT) {
            bool is_list = field->shape == PN_SCHEMA_LIST;
            ck_assert(zero.kind == m->value.kind && pn_value_count(zero) == 0);
            compared += compare_zeros(pn_schema_field_type(field),
                                      is_list ? pn_value_at(m->value, 0) : m->value);
        } else {
            ck_assert_msg(pn_value_equal(zero, m->value), "%.*s", PN_STR_ARG(m->key));
        }
    }
    return compared;
}

/* every-zero.json is what Kubernetes' own library has in a field that nobody set. */
START_TEST(zero_values_are_those_of_kubernetes)
{
    struct pn_value pod = read_json(read_data("pods/every-zero.json"), 0);
    ck_assert_uint_gt(compare_zeros(pn_schema_type(PN_SCHEMA_POD), pod), 1000);
}
END_TEST

START_TEST(navigation_sees_what_is_there_and_zero_elsewhere)
{
    static const struct {
        const char *path, *json;
        bool known;
    } cases[] = {
        {"spec.hostNetwork", "true", true},
        {"spec.hostPID", "false", true},
        {"spec.nodeName", "\"\"", true}, /* null is absent */
        {"spec.securityContext.runAsNonRoot", "null", true},
        {"spec.securityContext.seccompProfile.type", "\"\"", true},
        {"spec.affinity.nodeAffinity", "{}", true},
        {"spec.containers", "[{\"name\":\"a\"}]", true},
        {"metadata.labels", "{\"a\":\"b\"}", true},
        {"metadata.annotations", "{}", true},
        {"spec.fromTheFuture", "7", false},
        {"spec.nothing", "null", false},
    };
    struct pn_value pod = read_json(
        PN_STR("{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"hostNetwork\":true,"
               "\"nodeName\":null,\"fromTheFuture\":7,\"containers\":[{\"name\":\"a\"}]}}"),
        0);
    for (size_t i = 0; i < PN_COUNT_OF(cases); i++) {
        const struct pn_schema_type *type = pn_schema_type(PN_SCHEMA_POD);
        struct pn_str rest = pn_str_of(cases[i].path);
        struct pn_value v = pod;
        bool known = true;
        while (rest.s != NULL) {
            ck_assert_ptr_nonnull(type);
            v = pn_schema_get(type, v, pn_str_split(&rest, '.'), &type, &known);
        }
        PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
        pn_json_write(&text, v);
        ck_assert_msg(pn_str_is(pn_buf_view(&text), cases[i].json), "%s: %.*s", cases[i].path,
                      PN_STR_ARG(pn_buf_view(&text)));
        ck_assert_msg(known == cases[i].known, "%s", cases[i].path);
        ck_assert(known || type == NULL);
    }
    /* Items of a list are read by the type that came with it. */
    const struct pn_schema_type *type = NULL;
    bool known = false;
    struct pn_value v = pn_schema_get(pn_schema_type(PN_SCHEMA_POD_SPEC), PN_GET(pod, "spec"),
                                      PN_STR("containers"), &type, &known);
    ck_assert_ptr_eq(type, pn_schema_type(PN_SCHEMA_CONTAINER));
    v = pn_schema_get(type, pn_value_at(v, 0), PN_STR("tty"), &type, &known);
    ck_assert(v.kind == PN_BOOL && !v.b && known && type == NULL);
    v = pn_schema_get(pn_schema_type(PN_SCHEMA_POD), PN_VALUE_ABSENT, PN_STR("spec"), &type,
                      &known);
    ck_assert(v.kind == PN_OBJECT && known);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schema");
    TCase *cases = tcase_create("schema");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, rows_are_consistent);
    tcase_add_test(cases, roots_are_the_types_that_the_pod_holds);
    tcase_add_test(cases, known_facts_are_in_the_table);
    tcase_add_test(cases, every_field_of_kubernetes_is_a_row_and_every_row_a_field);
    tcase_add_loop_test(cases, good_pods_are_accepted, 0, PN_COUNT_OF(good_pods));
    tcase_add_loop_test(cases, faults_of_documents_say_what_and_where, 0,
                        PN_COUNT_OF(schema_fault_cases));
    tcase_add_test(cases, fields_newer_than_the_target_are_told);
    tcase_add_test(cases, computed_nodes_are_passed_over);
    tcase_add_test(cases, recorded_pods_are_accepted);
    tcase_add_test(cases, faults_of_values_have_a_pointer);
    tcase_add_test(cases, kinds_have_their_edges);
    tcase_add_test(cases, a_full_arena_is_an_error);
    tcase_add_test(cases, absent_fields_read_as_zero);
    tcase_add_test(cases, zero_values_are_those_of_kubernetes);
    tcase_add_test(cases, navigation_sees_what_is_there_and_zero_elsewhere);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
