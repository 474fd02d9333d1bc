/* SPDX-License-Identifier: Apache-2.0 */

/*
 * conformance FOLDER: runs the cases of a folder (tests/conformance/README.md) against our own
 * code. Each line of a .jsonl file is one case. Failing cases are printed; the last line is
 * "N passed, N failed". Exit code 1 when a case failed or could not be read; 2 on wrong usage, or
 * when no case was run.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/node.h"
#include "base/value.h"
#include "engine/json.h"
#include "kube/jsonpatch.h"
#include "kube/labels.h"
#include "kube/quantity.h"
#include "yaml/read.h"

/* One case being checked: a check writes what is expected and what we got, both as text. */
struct run {
    struct pn_arena *a;
    struct pn_value input; /* the line */
    struct pn_buf expected;
    struct pn_buf got;
};

enum outcome { FAILED, PASSED, BROKEN /* the line is no case */ };

static enum outcome verdict(bool passed)
{
    return passed ? PASSED : FAILED;
}

/* ---- quantity.jsonl -------------------------------------------------------------------- */

static bool read_quantity(struct pn_quantity *ret, struct run *run, struct pn_value text)
{
    struct pn_err err = PN_ERR_INIT;
    int r = pn_quantity_parse(ret, pn_value_str(text), &err);
    if (r != 0)
        pn_buf_printf(&run->got, "error (%s)", err.text);
    return r == 0;
}

/* A value that may be left out: where it does not fit. Kubernetes' own arithmetic also fails on
 * some negative numbers, which the cases leave out too. */
static bool check_number(struct run *run, const char *name, struct pn_value expected, bool fits,
                         int64_t number, const struct pn_quantity *q)
{
    char digits[24] = "";
    if (fits)
        snprintf(digits, sizeof digits, "%lld", (long long)number);
    pn_buf_printf(&run->got, ", %s %s", name, fits ? digits : "does not fit");
    if (expected.kind == PN_ABSENT) {
        pn_buf_printf(&run->expected, ", %s does not fit", name);
        return !fits || q->mantissa < 0;
    }
    pn_buf_printf(&run->expected, ", %s %.*s", name, PN_STR_ARG(pn_value_str(expected)));
    return fits && pn_value_is_string(expected, digits);
}

static enum outcome check_one_quantity(struct run *run)
{
    struct pn_quantity q;
    int64_t milli = 0, value = 0;
    bool valid = read_quantity(&q, run, PN_GET(run->input, "in"));
    struct pn_value canonical = PN_GET(run->input, "canonical");
    if (PN_GET(run->input, "error").kind != PN_ABSENT) {
        pn_buf_cstr(&run->expected, "error");
        if (valid)
            pn_quantity_write(&run->got, &q);
        return verdict(!valid);
    }
    pn_buf_str(&run->expected, pn_value_str(canonical));
    if (!valid)
        return FAILED;
    pn_quantity_write(&run->got, &q);
    bool same = pn_str_eq(pn_buf_view(&run->got), pn_value_str(canonical));
    bool milli_fits = pn_quantity_milli(&milli, &q), value_fits = pn_quantity_value(&value, &q);
    same &= check_number(run, "milli", PN_GET(run->input, "milli"), milli_fits, milli, &q);
    same &= check_number(run, "value", PN_GET(run->input, "value"), value_fits, value, &q);
    return verdict(same);
}

static enum outcome check_two_quantities(struct run *run)
{
    struct pn_quantity a, b, sum;
    struct pn_value cmp = PN_GET(run->input, "cmp");
    if (cmp.kind != PN_INT)
        return BROKEN;
    pn_buf_printf(&run->expected, "cmp %lld, sum %.*s", (long long)cmp.i,
                  PN_STR_ARG(pn_value_str(PN_GET(run->input, "sum"))));
    if (!read_quantity(&a, run, PN_GET(run->input, "a")) ||
        !read_quantity(&b, run, PN_GET(run->input, "b")))
        return FAILED;
    pn_buf_printf(&run->got, "cmp %d, sum ", pn_quantity_cmp(&a, &b));
    if (pn_quantity_add(&sum, &a, &b) == 0)
        pn_quantity_write(&run->got, &sum);
    return verdict(pn_str_eq(pn_buf_view(&run->got), pn_buf_view(&run->expected)));
}

static enum outcome check_quantity(struct run *run)
{
    if (PN_GET(run->input, "in").kind == PN_STRING)
        return check_one_quantity(run);
    if (PN_GET(run->input, "a").kind == PN_STRING)
        return check_two_quantities(run);
    return BROKEN;
}

/* ---- selector.jsonl -------------------------------------------------------------------- */

static struct pn_node *node_of(struct pn_value v, struct pn_arena *a);

static struct pn_node *node_of_string(struct pn_str text, struct pn_arena *a)
{
    struct pn_node *node = pn_arena_zalloc(a, 1, sizeof *node);
    if (node != NULL) {
        node->kind = PN_NODE_STRING;
        node->s = text;
    }
    return node;
}

static bool fill_sequence(struct pn_node *node, struct pn_value v, struct pn_arena *a)
{
    uint32_t n = pn_value_count(v);
    const struct pn_node **items = pn_arena_zalloc(a, n, sizeof *items);
    for (uint32_t i = 0; items != NULL && i < n; i++) {
        items[i] = node_of(pn_value_at(v, i), a);
        if (items[i] == NULL)
            return false;
    }
    node->kind = PN_NODE_SEQUENCE;
    node->sequence.items = items;
    node->sequence.count = n;
    return items != NULL;
}

static bool fill_mapping(struct pn_node *node, struct pn_value v, struct pn_arena *a)
{
    uint32_t n = pn_value_count(v);
    struct pn_node_entry *entries = pn_arena_zalloc(a, n, sizeof *entries);
    for (uint32_t i = 0; entries != NULL && i < n; i++) {
        entries[i].key = node_of_string(pn_value_member(v, i)->key, a);
        entries[i].value = node_of(pn_value_member(v, i)->value, a);
        if (entries[i].key == NULL || entries[i].value == NULL)
            return false;
    }
    node->kind = PN_NODE_MAPPING;
    node->mapping.entries = entries;
    node->mapping.count = n;
    return entries != NULL;
}

/* The document that a value would be read from; NULL: out of memory. */
static struct pn_node *node_of(struct pn_value v, struct pn_arena *a)
{
    struct pn_node *node = node_of_string(pn_value_str(v), a);
    bool done = node != NULL;
    if (!done)
        return NULL;
    switch (v.kind) {
    case PN_BOOL:
        node->kind = PN_NODE_BOOL;
        node->b = v.b;
        break;
    case PN_INT:
        node->kind = PN_NODE_INT;
        node->i = v.i;
        break;
    case PN_REAL:
        node->kind = PN_NODE_REAL;
        node->r = v.r;
        break;
    case PN_RAW:
        node->kind = PN_NODE_RAW;
        break;
    case PN_ARRAY:
        done = fill_sequence(node, v, a);
        break;
    case PN_OBJECT:
        done = fill_mapping(node, v, a);
        break;
    case PN_STRING:
        break;
    default:
        node->kind = PN_NODE_NULL;
        break;
    }
    return done ? node : NULL;
}

static enum outcome check_selector(struct run *run)
{
    struct pn_value document = PN_GET(run->input, "selector");
    struct pn_value string = PN_GET(run->input, "string");
    struct pn_value match = PN_GET(run->input, "match");
    bool error = PN_GET(run->input, "error").kind != PN_ABSENT;
    struct pn_selector selector;
    struct pn_err err = PN_ERR_INIT;
    const struct pn_node *at = NULL;
    bool nothing = document.kind == PN_NULL; /* no selector: it matches nothing */
    int r = 0;
    if ((document.kind == PN_ABSENT) == (string.kind == PN_ABSENT) ||
        (!error && match.kind != PN_BOOL))
        return BROKEN;
    if (string.kind != PN_ABSENT) {
        r = pn_selector_parse(&selector, pn_value_str(string), run->a, &err);
    } else if (!nothing) {
        const struct pn_node *node = node_of(document, run->a);
        r = node != NULL ? pn_selector_from_node(&selector, node, run->a, &at, &err) : -ENOMEM;
    }
    pn_buf_cstr(&run->expected, error ? "error" : match.b ? "match" : "no match");
    if (r != 0) {
        pn_buf_printf(&run->got, "error (%s)", err.text);
        return verdict(error && r == PN_SELECTOR_E_INVALID);
    }
    bool matches = !nothing && pn_selector_matches(&selector, PN_GET(run->input, "labels"));
    pn_buf_cstr(&run->got, matches ? "match" : "no match");
    return verdict(!error && matches == match.b);
}

/* ---- json-patch.jsonl ------------------------------------------------------------------ */

/* Equal, with every number written alike. */
static bool same_as_written(struct pn_value a, struct pn_value b)
{
    if (a.kind != b.kind || pn_value_count(a) != pn_value_count(b))
        return false;
    if (a.kind == PN_RAW)
        return pn_str_eq(pn_value_str(a), pn_value_str(b));
    if (a.kind != PN_ARRAY && a.kind != PN_OBJECT)
        return pn_value_equal(a, b);
    for (uint32_t i = 0; i < pn_value_count(a); i++) {
        const struct pn_member *m = a.kind == PN_OBJECT ? pn_value_member(a, i) : NULL;
        struct pn_value x = m != NULL ? m->value : pn_value_at(a, i);
        struct pn_value y = m != NULL ? pn_value_get(b, m->key) : pn_value_at(b, i);
        if (!same_as_written(x, y))
            return false;
    }
    return true;
}

static enum outcome check_jsonpatch(struct run *run)
{
    struct pn_value expected = PN_GET(run->input, "result"), result;
    bool error = PN_GET(run->input, "error").kind != PN_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    if (error == (expected.kind != PN_ABSENT))
        return BROKEN;
    int r = pn_jsonpatch_apply(&result, PN_GET(run->input, "doc"), PN_GET(run->input, "patch"),
                               run->a, &err);
    if (error)
        pn_buf_cstr(&run->expected, "error");
    else
        pn_json_write(&run->expected, expected);
    if (r != 0) {
        pn_buf_printf(&run->got, "error (%s)", err.text);
        return verdict(error && r == PN_JSONPATCH_E_FAILED);
    }
    pn_json_write(&run->got, result);
    return verdict(!error && same_as_written(expected, result));
}

/* ---- yaml.jsonl ------------------------------------------------------------------------ */

static enum outcome check_yaml(struct run *run)
{
    struct pn_value expected = PN_GET(run->input, "json"), value = pn_null();
    bool error = PN_GET(run->input, "error").kind != PN_ABSENT;
    struct pn_source source = {PN_STR("case"), pn_value_str(PN_GET(run->input, "yaml"))};
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_document *documents = NULL;
    size_t n = 0;
    if (source.bytes.s == NULL || error == (expected.kind != PN_ABSENT))
        return BROKEN;
    int r = pn_yaml_read(&documents, &n, &source, run->a, &diags);
    if (r == 0 && n > 0) /* like kubectl's decoder, the cases are about the first document */
        r = pn_value_from_node(&value, documents[0].root, run->a);
    if (error)
        pn_buf_cstr(&run->expected, "error");
    else
        pn_json_write(&run->expected, expected);
    if (r != 0)
        pn_buf_printf(&run->got, "error (%s)",
                      diags.count > 0 ? diags.items[0].message : "out of memory");
    else
        pn_json_write(&run->got, value);
    pn_diags_deinit(&diags);
    return verdict(error ? r == PN_YAML_E_INVALID : r == 0 && pn_value_equal(expected, value));
}

/* ---- the files ------------------------------------------------------------------------- */

/* A row without a check names cases that nothing of ours answers yet. */
static const struct suite {
    const char *file;
    unsigned json_flags;
    enum outcome (*check)(struct run *run);
} suites[] = {
    {"quantity.jsonl", 0, check_quantity},
    {"selector.jsonl", 0, check_selector},
    {"json-patch.jsonl", PN_JSON_NUMBERS_RAW, check_jsonpatch},
    {"yaml.jsonl", 0, check_yaml},
    {"pod-resources.jsonl", 0, NULL},
    {"pod-validation.jsonl", 0, NULL},
    {"pod-security.jsonl", 0, NULL},
    {"json-e.yml", 0, NULL},
};

struct tally {
    size_t passed, failed;
};

static void run_line(struct tally *tally, const struct suite *suite, size_t line,
                     struct pn_str text, struct pn_arena *a)
{
    struct run run = {.a = a, .expected = PN_BUF_IN_ARENA(a), .got = PN_BUF_IN_ARENA(a)};
    struct pn_err err = PN_ERR_INIT;
    enum outcome outcome = BROKEN;
    pn_arena_reset(a, 0);
    if (pn_json_read(&run.input, text, suite->json_flags, a, &err) == 0)
        outcome = suite->check(&run);
    if (outcome == PASSED) {
        tally->passed++;
        return;
    }
    tally->failed++;
    if (outcome == BROKEN) {
        printf("%s:%zu: no case: %s\n", suite->file, line,
               err.text[0] != '\0' ? err.text : "a member is missing or of the wrong type");
        return;
    }
    printf("%s:%zu: expected %.*s, got %.*s\n", suite->file, line,
           PN_STR_ARG(pn_buf_view(&run.expected)), PN_STR_ARG(pn_buf_view(&run.got)));
}

static void close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static void run_suite(struct tally *tally, const struct suite *suite, const char *folder,
                      struct pn_arena *a)
{
    char path[4096];
    PN_CLEANUP(close_file) FILE *file = NULL;
    PN_CLEANUP(pn_free_pointer) char *line = NULL;
    size_t cap = 0, number = 0;
    struct tally before = *tally;
    snprintf(path, sizeof path, "%s/%s", folder, suite->file);
    file = fopen(path, "rb");
    if (file == NULL && errno == ENOENT) {
        printf("skipped: %s (not there)\n", suite->file);
        return;
    }
    if (file != NULL && suite->check == NULL) {
        printf("skipped: %s (no checker yet)\n", suite->file);
        return;
    }
    ssize_t n = -1;
    while (file != NULL && (n = getline(&line, &cap, file)) >= 0) {
        struct pn_str text = pn_str_trim((struct pn_str){line, (size_t)n});
        number++;
        if (text.n > 0)
            run_line(tally, suite, number, text, a);
    }
    if (file == NULL || ferror(file)) {
        printf("%s: %s\n", path, strerror(errno));
        tally->failed++;
        return;
    }
    printf("%s: %zu passed, %zu failed\n", suite->file, tally->passed - before.passed,
           tally->failed - before.failed);
}

int main(int argc, char **argv)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    struct tally tally = {0};
    struct stat folder;
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: conformance FOLDER\n");
        return 2;
    }
    bool found = stat(argv[1], &folder) == 0;
    if (!found || !S_ISDIR(folder.st_mode)) {
        fprintf(stderr, "%s: %s\n", argv[1], strerror(found ? ENOTDIR : errno));
        return 2;
    }
    if (pn_arena_new(&a, 1 << 20) != 0) {
        fprintf(stderr, "out of memory\n");
        return 2;
    }
    for (size_t i = 0; i < PN_COUNT_OF(suites); i++)
        run_suite(&tally, &suites[i], argv[1], a);
    bool none = tally.passed + tally.failed == 0;
    if (none)
        printf("no case was run\n");
    printf("%zu passed, %zu failed\n", tally.passed, tally.failed);
    return none ? 2 : tally.failed > 0 ? 1 : 0;
}
