/* SPDX-License-Identifier: Apache-2.0 */

/*
 * json-e FILE: runs a specification file of the JSON-e project against webhook/jsone. Each YAML
 * document is a case: `title`, `context`, `template`, and `result` or `error` (or `panic`); a
 * document with `section` is a heading. An error must be one of the template; its words are ours.
 * Failing cases are printed; the last line is "N passed, N failed". Exit code 1 when a case failed,
 * 2 when the file cannot be used.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "jsone/jsone.h"
#include "yaml/read.h"

/* The specification's "now": 2017-01-19T16:27:20.974Z. */
#define NOW_MS INT64_C(1484843240974)

struct tally {
    unsigned passed;
    unsigned failed;
};

static int read_file(struct pn_buf *out, const char *path)
{
    char chunk[16384];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -errno;
    for (size_t n = fread(chunk, 1, sizeof chunk, file); n > 0;
         n = fread(chunk, 1, sizeof chunk, file))
        pn_buf_append(out, chunk, n);
    int r = ferror(file) != 0 ? -EIO : out->failed ? -ENOMEM : 0;
    fclose(file);
    return r;
}

static void print_diags(const struct pn_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++)
        printf("%s:%u:%u: %s\n", diags->items[i].file, diags->items[i].span.line,
               diags->items[i].span.column, diags->items[i].message);
}

/* Compiles and evaluates; *got tells the result or the error. 0, or as pn_jsone_eval has it. */
static int render(struct pn_value *ret, struct pn_buf *got, const struct pn_document *doc,
                  struct pn_arena *a)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    const struct pn_template_expr *t = NULL;
    const struct pn_node *context_node = pn_node_get(doc->root, "context");
    struct pn_value context = pn_null();
    struct pn_jsone_error error;
    int r = pn_jsone_compile(&t, doc->source, pn_node_get(doc->root, "template"), a, &diags);
    if (r == PN_JSONE_E_TEMPLATE && diags.count > 0)
        pn_buf_printf(got, "error (%s)", diags.items[0].message);
    pn_diags_deinit(&diags);
    if (r == 0 && context_node != NULL)
        r = pn_value_from_node(&context, context_node, a);
    if (r != 0)
        return r;
    r = pn_jsone_eval(ret, t, context, NOW_MS, NULL, a, &error);
    if (r == 0) {
        pn_json_write(got, *ret);
        return 0;
    }
    pn_buf_printf(got, "%s (", r == PN_JSONE_E_LIMIT ? "limit" : "error");
    if (r > 0)
        pn_jsone_error_write(got, &error);
    pn_buf_cstr(got, ")");
    return r;
}

static void run_case(struct tally *tally, const struct pn_document *doc, struct pn_arena *a)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf got = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf expected = PN_BUF_INIT;
    const struct pn_node *result_node = pn_node_get(doc->root, "result");
    struct pn_value wanted = pn_null(), value = pn_null();
    bool fails = result_node == NULL;
    int r = render(&value, &got, doc, a);
    if (!fails && pn_value_from_node(&wanted, result_node, a) != 0)
        r = -ENOMEM;
    if (r < 0) {
        fprintf(stderr, "json-e: %s\n", strerror(-r));
        exit(2);
    }
    if (fails ? r == PN_JSONE_E_TEMPLATE : r == 0 && pn_value_equal(value, wanted)) {
        tally->passed++;
        return;
    }
    tally->failed++;
    if (fails)
        pn_buf_cstr(&expected, "error");
    else
        pn_json_write(&expected, wanted);
    printf("line %u: %.*s\n  expected: %.*s\n  got:      %.*s\n", doc->root->span.line,
           PN_STR_ARG(pn_node_str(pn_node_get(doc->root, "title"))),
           PN_STR_ARG(pn_buf_view(&expected)), PN_STR_ARG(pn_buf_view(&got)));
}

static bool is_case(const struct pn_node *root)
{
    return pn_node_get(root, "template") != NULL &&
           (pn_node_get(root, "result") != NULL || pn_node_get(root, "error") != NULL ||
            pn_node_get(root, "panic") != NULL);
}

static void run_document(struct tally *tally, const struct pn_document *doc, struct pn_arena *a)
{
    if (is_case(doc->root)) {
        run_case(tally, doc, a);
    } else if (pn_node_get(doc->root, "section") == NULL) {
        printf("line %u: this is no case: it needs `template`, and `result` or `error`\n",
               doc->root->span.line);
        tally->failed++;
    }
}

int main(int argc, char **argv)
{
    struct tally tally = {0, 0};
    PN_CLEANUP(pn_buf_deinit) struct pn_buf bytes = PN_BUF_INIT;
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *documents = NULL;
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *scratch = NULL;
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_document *docs = NULL;
    size_t n = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: json-e FILE\n");
        return 2;
    }
    int r = read_file(&bytes, argv[1]);
    if (r == 0)
        r = pn_arena_new(&documents, 0);
    if (r == 0)
        r = pn_arena_new(&scratch, 0);
    struct pn_source source = {pn_str_of(argv[1]), pn_buf_view(&bytes)};
    if (r == 0)
        r = pn_yaml_read(&docs, &n, &source, documents, &diags);
    if (r != 0) {
        fprintf(stderr, "json-e: %s: %s\n", argv[1], r < 0 ? strerror(-r) : "not readable as YAML");
        print_diags(&diags);
        pn_diags_deinit(&diags);
        return 2;
    }
    for (size_t i = 0; i < n; i++) {
        pn_arena_reset(scratch, 0);
        run_document(&tally, &docs[i], scratch);
    }
    if (tally.passed + tally.failed == 0) {
        fprintf(stderr, "json-e: %s: no case in it\n", argv[1]);
        return 2;
    }
    printf("%u passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed > 0 ? 1 : 0;
}
