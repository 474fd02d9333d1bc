/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "engine/json.h"
#include "yaml/read.h"

/* ---- names ----------------------------------------------------------------------------- */

const char *pn_input_name(const char *path)
{
    if (strcmp(path, "-") == 0)
        return "<stdin>";
    return path[0] == '\0' ? "''" : path;
}

void pn_input_write_names(struct pn_buf *out, const struct pn_flag_list *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        pn_buf_printf(out, "%s%s", i == 0 ? "" : ", ", pn_input_name(paths->items[i]));
}

struct pn_str pn_input_directory(struct pn_str path)
{
    while (path.n > 0 && path.s[path.n - 1] != '/')
        path.n--;
    return path;
}

struct pn_str pn_input_path_beside(const struct pn_source *source, struct pn_str path,
                                   struct pn_arena *a)
{
    struct pn_str directory = pn_input_directory(source->name);
    if (pn_str_has_prefix(path, PN_STR("/")))
        directory.n = 0;
    return pn_arena_format(a, "%.*s%.*s", PN_STR_ARG(directory), PN_STR_ARG(path));
}

/* ---- names to paths -------------------------------------------------------------------- */

/* A directory that was named holds nothing to read: probably another one was meant. */
static void say_empty(const char *name, bool recursive, struct pn_diags *diags)
{
    const struct pn_source directory = {pn_str_of(name), PN_STR("")};
    pn_diags_add(diags, PN_SEVERITY_ERROR, "file-unreadable", &directory, (struct pn_span){0},
                 "no .yaml, .yml or .json file is in this directory");
    if (!recursive)
        pn_diags_help(diags, "with --recursive, its subdirectories are read too");
}

static int add_name(struct pn_paths *paths, const char *name, bool recursive,
                    struct pn_diags *diags)
{
    struct pn_err err = PN_ERR_INIT;
    if (strcmp(name, "-") == 0 || !pn_file_is_directory(name))
        return pn_paths_add(paths, name);
    size_t before = paths->count;
    int r = pn_paths_add_directory(paths, name, recursive, &err);
    if (r == 0 && paths->count == before)
        say_empty(name, recursive, diags);
    if (r == 0 || r == -ENOMEM)
        return r;
    pn_diags_add(diags, PN_SEVERITY_ERROR, "file-unreadable", NULL, (struct pn_span){0},
                 "cannot list directory %s", err.text);
    return 0;
}

int pn_input_find_paths(struct pn_paths *ret, const struct pn_flag_list *names, bool recursive,
                        struct pn_diags *diags)
{
    bool has_stdin = false;
    int r = 0;
    for (size_t i = 0; i < names->count && r == 0; i++) {
        bool is_stdin = strcmp(names->items[i], "-") == 0;
        if (is_stdin && has_stdin)
            continue; /* it can be read once */
        has_stdin = has_stdin || is_stdin;
        r = add_name(ret, names->items[i], recursive, diags);
    }
    return r;
}

/* ---- bytes ----------------------------------------------------------------------------- */

static void add_fault(struct pn_diags *diags, struct pn_input_file *file, const char *id,
                      const char *what, const char *why)
{
    pn_diags_add(diags, PN_SEVERITY_ERROR, id, &file->source, (struct pn_span){0}, "%s%s", what,
                 why);
    file->is_faulty = true;
}

static const struct pn_input_text *find_text(const struct pn_input_text *texts, size_t n,
                                             const char *path)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(texts[i].path, path) == 0)
            return &texts[i];
    }
    return NULL;
}

static void name_file(struct pn_input_file *file, const char *path)
{
    file->path = strcmp(path, "-") == 0 ? NULL : path;
    file->source.name = pn_str_of(pn_input_name(path));
}

/* `text` in place of what the file holds. */
static int take_text(struct pn_input_file *file, const char *path, struct pn_str text)
{
    name_file(file, path);
    pn_buf_str(&file->bytes, text);
    file->source.bytes = pn_buf_view(&file->bytes);
    return file->bytes.failed ? -ENOMEM : 0;
}

int pn_input_read_bytes(struct pn_input_file *file, const char *path, size_t max_bytes,
                        struct pn_diags *diags)
{
    bool is_stdin = strcmp(path, "-") == 0;
    name_file(file, path);
    int r = is_stdin ? pn_file_read_fd(&file->bytes, STDIN_FILENO, max_bytes)
                     : pn_file_read(&file->bytes, path, max_bytes);
    file->source.bytes = pn_buf_view(&file->bytes);
    if (r == 0 || r == -ENOMEM)
        return r;
    if (r == PN_FILE_E_NOT_REGULAR)
        add_fault(diags, file, "file-not-regular", "not a regular file; nothing was read from it",
                  "");
    else if (r == PN_FILE_E_TOO_LARGE)
        add_fault(diags, file, "file-too-large",
                  max_bytes > PN_SOURCE_MAX_BYTES ? "larger than 1 GiB; split it"
                                                  : "larger than 64 MiB; split it",
                  "");
    else
        add_fault(diags, file, "file-unreadable", "cannot be read: ", strerror(-r));
    return 0;
}

/* ---- documents ------------------------------------------------------------------------- */

/* Where the text begins, behind a byte order mark and white space. */
static size_t first_byte(struct pn_str bytes)
{
    size_t at = pn_str_has_prefix(bytes, PN_STR("\xef\xbb\xbf")) ? 3 : 0;
    struct pn_str rest = {bytes.s + at, bytes.n - at};
    while (rest.n > 0 && strchr(" \t\r\n", rest.s[0]) != NULL && rest.s[0] != '\0') {
        rest.s++;
        rest.n--;
    }
    return bytes.n - rest.n;
}

/* JSON is nearly always YAML too, whose reader keeps the place of each value. */
static int find_places(struct pn_document *doc, struct pn_arena *a)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags unused = PN_DIAGS_INIT;
    struct pn_document *docs = NULL;
    size_t n = 0;
    int r = pn_yaml_read(&docs, &n, doc->source, a, &unused);
    if (r == 0 && n == 1)
        doc->root = docs[0].root;
    return r < 0 ? r : 0;
}

/*
 * Reads the file as one JSON object. Returns 0, PN_JSON_E_INVALID (it may be YAML that begins with
 * a brace; err says what JSON has against it), or -ENOMEM.
 */
static int read_json(struct pn_input_file *file, size_t first, struct pn_arena *a,
                     struct pn_err *err)
{
    struct pn_str bytes = file->source.bytes;
    struct pn_str text = {bytes.s + first, bytes.n - first};
    struct pn_value value;
    int r = pn_json_read(&value, text, PN_JSON_NUMBERS_RAW, a, err);
    if (r != 0)
        return r;
    struct pn_document *doc = pn_arena_zalloc(a, 1, sizeof *doc);
    if (doc == NULL)
        return -ENOMEM;
    doc->source = &file->source;
    doc->span = pn_source_span(&file->source, first, bytes.n);
    file->json = value;
    file->docs = doc;
    file->doc_count = 1;
    return find_places(doc, a);
}

int pn_input_read_documents(struct pn_input_file *file, struct pn_arena *a, struct pn_diags *diags)
{
    struct pn_str bytes = file->source.bytes;
    struct pn_err err = PN_ERR_INIT;
    size_t first = first_byte(bytes);
    /* "{{" begins no JSON, but a template. */
    bool has_brace = first < bytes.n && bytes.s[first] == '{' &&
                     !(first + 1 < bytes.n && bytes.s[first + 1] == '{');
    if (has_brace) {
        int r = read_json(file, first, a, &err);
        if (r <= 0)
            return r;
    }
    int r = pn_yaml_read(&file->docs, &file->doc_count, &file->source, a, diags);
    if (r == PN_YAML_E_INVALID) {
        const char prefix[] = "not JSON: "; /* said once is enough */
        bool has_prefix = strncmp(err.text, prefix, sizeof prefix - 1) == 0;
        if (has_brace)
            pn_diags_help(diags, "nor is it JSON: %s",
                          err.text + (has_prefix ? sizeof prefix - 1 : 0));
        /* Documents before the fault are not enough: half a file is not what was asked for. */
        file->is_faulty = true;
        file->doc_count = 0;
        return 0;
    }
    return r;
}

int pn_input_read(struct pn_input *ret, const struct pn_flag_list *names, bool recursive,
                  struct pn_diags *diags)
{
    return pn_input_read_texts(ret, names, recursive, NULL, 0, diags);
}

int pn_input_read_texts(struct pn_input *ret, const struct pn_flag_list *names, bool recursive,
                        const struct pn_input_text *texts, size_t text_count,
                        struct pn_diags *diags)
{
    *ret = (struct pn_input){.paths = PN_PATHS_INIT};
    int r = pn_arena_new(&ret->arena, 0);
    if (r == 0)
        r = pn_input_find_paths(&ret->paths, names, recursive, diags);
    if (r == 0)
        ret->files = calloc(ret->paths.count + 1, sizeof *ret->files);
    if (r == 0 && ret->files == NULL)
        r = -ENOMEM;
    for (size_t i = 0; i < ret->paths.count && r == 0; i++) {
        struct pn_input_file *file = &ret->files[ret->file_count++];
        const char *path = ret->paths.items[i];
        const struct pn_input_text *text = find_text(texts, text_count, path);
        r = text != NULL ? take_text(file, path, text->bytes)
                         : pn_input_read_bytes(file, path, PN_SOURCE_MAX_BYTES, diags);
        if (r == 0 && !file->is_faulty)
            r = pn_input_read_documents(file, ret->arena, diags);
    }
    return r;
}

void pn_input_deinit(struct pn_input *input)
{
    for (size_t i = 0; i < input->file_count; i++)
        pn_buf_deinit(&input->files[i].bytes);
    free(input->files);
    pn_arena_free(input->arena);
    pn_paths_deinit(&input->paths);
    *input = (struct pn_input){0};
}

int pn_input_value(struct pn_value *ret, const struct pn_input_file *file, size_t i,
                   struct pn_arena *a)
{
    if (file->json.kind != PN_ABSENT) {
        *ret = file->json;
        return 0;
    }
    return pn_value_from_node(ret, file->docs[i].root, a);
}
