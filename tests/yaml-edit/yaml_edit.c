/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Edits of YAML alone, for tests/yaml-edit/run.py:
 *
 *     yaml-edit IN AFTER    prints IN, its documents changed to those of AFTER; on stderr, for each
 *                           document how it went: places, parts or anew
 *     yaml-edit FILE        prints each document as JSON, one a line
 *
 * Exit 1: one of the files cannot be read, or they hold different numbers of documents.
 */

#include <stdio.h>

#include "base/buf.h"
#include "base/value.h"
#include "yaml/edit.h"
#include "yaml/read.h"

struct file {
    struct pn_buf bytes;
    struct pn_source source;
    struct pn_document *docs;
    size_t count;
};

static int read_file(struct file *file, const char *path, struct pn_arena *a)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    char block[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return -1;
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        pn_buf_append(&file->bytes, block, n);
    fclose(f);
    file->source = (struct pn_source){pn_str_of(path), pn_buf_view(&file->bytes)};
    int r = pn_yaml_read(&file->docs, &file->count, &file->source, a, &diags);
    if (r != 0)
        fprintf(stderr, "%s: %s\n", path, diags.count > 0 ? diags.items[0].message : "no memory");
    return r;
}

static int print_json(const struct file *file, struct pn_arena *a)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf out = PN_BUF_INIT;
    for (size_t i = 0; i < file->count; i++) {
        struct pn_value v;
        if (pn_value_from_node(&v, file->docs[i].root, a) != 0)
            return 1;
        pn_json_write(&out, v);
        pn_buf_char(&out, '\n');
    }
    fwrite(out.data, 1, out.len, stdout);
    return out.failed || fflush(stdout) != 0;
}

static int print_edited(const struct file *in, const struct file *after, struct pn_arena *a)
{
    static const char *const results[] = {"places", "parts", "anew"};
    PN_CLEANUP(pn_buf_deinit) struct pn_buf out = PN_BUF_INIT;
    bool is_json = pn_str_has_suffix(in->source.name, PN_STR(".json"));
    size_t copied = 0;
    if (in->count != after->count)
        return 1;
    for (size_t i = 0; i < in->count; i++) {
        struct pn_span span = in->docs[i].span;
        enum pn_edit_result result;
        struct pn_value v;
        pn_buf_append(&out, in->source.bytes.s + copied, span.start - copied);
        if (pn_value_from_node(&v, after->docs[i].root, a) != 0 ||
            pn_yaml_edit(&out, &result, &in->docs[i], v, is_json) != 0)
            return 1;
        fprintf(stderr, "%s\n", results[result]);
        copied = span.end;
    }
    pn_buf_append(&out, in->source.bytes.s + copied, in->source.bytes.n - copied);
    fwrite(out.data, 1, out.len, stdout);
    return out.failed || fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *arena = NULL;
    struct file files[2] = {0};
    int r = argc < 2 || argc > 3 || pn_arena_new(&arena, 0) != 0;
    for (int i = 1; r == 0 && i < argc; i++)
        r = read_file(&files[i - 1], argv[i], arena) != 0;
    if (r == 0)
        r = argc == 2 ? print_json(&files[0], arena) : print_edited(&files[0], &files[1], arena);
    for (size_t i = 0; i < PN_COUNT_OF(files); i++)
        pn_buf_deinit(&files[i].bytes);
    return r;
}
