/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"
#include "sys/file.h"
#include "yaml/read.h"

/* What one load holds on to while it works. */
struct load {
    struct pn_diags *diags;
    struct pn_arena *arena; /* nodes of all files */
    struct pn_paths paths;
    struct pn_load_file *files; /* documents borrow their sources, so they stay until the end */
    struct pn_document *docs;
    size_t doc_count, doc_cap;
};

static void load_deinit(struct load *load)
{
    for (size_t i = 0; load->files != NULL && i < load->paths.count; i++)
        pn_buf_deinit(&load->files[i].bytes);
    free(load->files);
    free(load->docs);
    pn_arena_free(load->arena);
    pn_paths_deinit(&load->paths);
}

/* The files that one argument names. */
static int add_path(struct load *load, const char *path)
{
    if (!pn_file_is_directory(path))
        return pn_paths_add(&load->paths, path); /* what it is, its reader finds out */
    struct pn_err err = PN_ERR_INIT;
    int r = pn_paths_add_directory(&load->paths, path, false, &err);
    if (r == 0 || r == -ENOMEM)
        return r;
    pn_diags_add(load->diags, PN_SEVERITY_ERROR, PN_LOAD_UNREADABLE, NULL, (struct pn_span){0},
                 "cannot list directory %s", err.text);
    return 0;
}

static int add_documents(struct load *load, const struct pn_document *docs, size_t n)
{
    if (load->doc_count + n > load->doc_cap) {
        size_t cap = 2 * load->doc_cap + n;
        struct pn_document *grown = realloc(load->docs, cap * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        load->docs = grown;
        load->doc_cap = cap;
    }
    if (n > 0)
        memcpy(load->docs + load->doc_count, docs, n * sizeof *docs);
    load->doc_count += n;
    return 0;
}

/* Why a file cannot be read: about the file as a whole. */
static void add_file_fault(struct pn_diags *diags, const struct pn_source *source, int r)
{
    const struct pn_span whole = {0};
    if (r == PN_FILE_E_NOT_REGULAR)
        pn_diags_add(diags, PN_SEVERITY_ERROR, "file-not-regular", source, whole,
                     "not a regular file; nothing was read from it");
    else if (r == PN_FILE_E_TOO_LARGE)
        pn_diags_add(diags, PN_SEVERITY_ERROR, "file-too-large", source, whole,
                     "larger than %u MiB", PN_SOURCE_MAX_BYTES >> 20);
    else
        pn_diags_add(diags, PN_SEVERITY_ERROR, PN_LOAD_UNREADABLE, source, whole,
                     "cannot be read: %s", strerror(-r));
}

int pn_load_file(struct pn_document **ret, size_t *ret_n, struct pn_load_file *file,
                 const char *path, struct pn_arena *a, struct pn_diags *diags)
{
    int r = pn_file_read(&file->bytes, path, PN_SOURCE_MAX_BYTES);
    file->source = (struct pn_source){pn_str_of(path), pn_buf_view(&file->bytes)};
    *ret_n = 0;
    if (r == 0)
        r = pn_yaml_read(ret, ret_n, &file->source, a, diags);
    else if (r != -ENOMEM) {
        add_file_fault(diags, &file->source, r);
        r = 0;
    }
    return r < 0 ? r : 0;
}

static int read_documents(struct load *load)
{
    for (size_t i = 0; i < load->paths.count; i++) {
        struct pn_document *docs = NULL;
        size_t n = 0;
        int r = pn_load_file(&docs, &n, &load->files[i], load->paths.items[i], load->arena,
                             load->diags);
        if (r == 0)
            r = add_documents(load, docs, n);
        if (r < 0)
            return r;
    }
    return 0;
}

typedef int set_maker(struct pn_policy_set **ret, const struct pn_document *docs, size_t n,
                      struct pn_diags *diags);

static int load_all(struct pn_policy_set **ret, const char *const *paths, size_t n,
                    const struct pn_document *more, size_t more_n, set_maker *make,
                    struct pn_diags *diags)
{
    PN_CLEANUP(load_deinit) struct load load = {.diags = diags, .paths = PN_PATHS_INIT};
    PN_CLEANUP(pn_policy_set_unref_pointer) struct pn_policy_set *set = NULL;
    size_t errors = diags->errors;
    int r = pn_arena_new(&load.arena, 0);
    for (size_t i = 0; i < n && r == 0; i++)
        r = add_path(&load, paths[i]);
    if (r < 0)
        return r;
    load.files = calloc(load.paths.count + 1, sizeof *load.files);
    if (load.files == NULL)
        return -ENOMEM;
    r = read_documents(&load);
    if (r == 0)
        r = add_documents(&load, more, more_n);
    /* Also when files hold faults: what is wrong with the others is told in the same run. */
    if (r == 0)
        r = make(&set, load.docs, load.doc_count, diags);
    if (r < 0)
        return r;
    if (diags->errors > errors)
        return PN_LOAD_E_FAULTS;
    *ret = PN_TAKE(set);
    return 0;
}

int pn_load_policies_and(struct pn_policy_set **ret, const char *const *paths, size_t n,
                         const struct pn_document *more, size_t more_n, struct pn_diags *diags)
{
    return load_all(ret, paths, n, more, more_n, pn_policy_set_new, diags);
}

int pn_load_policies(struct pn_policy_set **ret, const char *const *paths, size_t n,
                     struct pn_diags *diags)
{
    return load_all(ret, paths, n, NULL, 0, pn_policy_set_new, diags);
}

int pn_load_policies_audit(struct pn_policy_set **ret, const char *const *paths, size_t n,
                           struct pn_diags *diags)
{
    return load_all(ret, paths, n, NULL, 0, pn_policy_set_new_audit, diags);
}
