/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_INPUT_H
#define PN_CLI_INPUT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/node.h"
#include "base/value.h"
#include "cli/flags.h"
#include "sys/file.h"

/* What -f names: files, directories and standard input, read whole. */
struct pn_input_file {
    const char *path; /* borrowed from the paths; NULL: standard input */
    struct pn_buf bytes;
    struct pn_source source; /* named <stdin> or by the path */
    bool is_faulty;          /* it was told why; it holds no documents */
    struct pn_document *docs;
    size_t doc_count;
    /* Of a file that is one JSON object: read as JSON, which keeps each number as it was written.
     * PN_ABSENT otherwise. The nodes of docs[0] are for places only, and not there (root is NULL)
     * where YAML differs from JSON. */
    struct pn_value json;
};

struct pn_input {
    struct pn_arena *arena; /* nodes and JSON values */
    struct pn_paths paths;
    struct pn_input_file *files;
    size_t file_count;
};

/*
 * Reads all files. Faults go to `diags`: the other files are read all the same. The caller calls
 * pn_input_deinit in any case (*ret is zeroed before). Returns 0 or -ENOMEM.
 */
int pn_input_read(struct pn_input *ret, const struct pn_flag_list *names, bool recursive,
                  struct pn_diags *diags) PN_MUST_CHECK;

/* What is read in the place of a file: its path ("-": standard input) and bytes. Borrowed. */
struct pn_input_text {
    const char *path;
    struct pn_str bytes;
};

/* The same, with texts for some of the files. */
int pn_input_read_texts(struct pn_input *ret, const struct pn_flag_list *names, bool recursive,
                        const struct pn_input_text *texts, size_t text_count,
                        struct pn_diags *diags) PN_MUST_CHECK;

void pn_input_deinit(struct pn_input *input);

/* What a path is called: "<stdin>" for "-", and '' for none. */
const char *pn_input_name(const char *path);

/* The names of `paths`, separated by commas. */
void pn_input_write_names(struct pn_buf *out, const struct pn_flag_list *paths);

/* `path` as it is meant in `source`, from where we stand; relative ones begin beside the source. A
 * NUL stands behind it; s == NULL: out of memory. */
struct pn_str pn_input_path_beside(const struct pn_source *source, struct pn_str path,
                                   struct pn_arena *a);

/* The directory of a path, up to its last slash; empty when there is none. */
struct pn_str pn_input_directory(struct pn_str path);

/* The parts of it, for who reads one file at a time. */

/* The paths that the names stand for, at the end of *ret; standard input once. Faults go to
 * `diags`. Returns 0 or -ENOMEM. */
int pn_input_find_paths(struct pn_paths *ret, const struct pn_flag_list *names, bool recursive,
                        struct pn_diags *diags) PN_MUST_CHECK;

/* Reads the bytes of `path` into *file, which is zeroed; likewise. The caller frees file->bytes. */
int pn_input_read_bytes(struct pn_input_file *file, const char *path, size_t max_bytes,
                        struct pn_diags *diags) PN_MUST_CHECK;

/* Reads the documents in the file's bytes; likewise. */
int pn_input_read_documents(struct pn_input_file *file, struct pn_arena *a,
                            struct pn_diags *diags) PN_MUST_CHECK;

/* The value of document `i` of the file. Returns 0 or -ENOMEM. */
int pn_input_value(struct pn_value *ret, const struct pn_input_file *file, size_t i,
                   struct pn_arena *a) PN_MUST_CHECK;

#endif
