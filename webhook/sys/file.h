/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SYS_FILE_H
#define PN_SYS_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

/* Links are followed, and what they lead to is no regular file: a directory, FIFO or device. */
#define PN_FILE_E_NOT_REGULAR 1
/* More bytes than the caller allows. */
#define PN_FILE_E_TOO_LARGE 2

/*
 * Appends the bytes of the regular file `path` to `out`, at most `max_bytes`. A FIFO or device is
 * never opened, so nothing blocks. Returns 0, PN_FILE_E_NOT_REGULAR, PN_FILE_E_TOO_LARGE, or a
 * negative errno. On failure `out` may hold some of the bytes.
 */
int pn_file_read(struct pn_buf *out, const char *path, size_t max_bytes) PN_MUST_CHECK;

/*
 * The same for an open descriptor of any kind (standard input may be a pipe), from where it stands
 * to its end. Does not close it. Returns 0, PN_FILE_E_TOO_LARGE, or a negative errno.
 */
int pn_file_read_fd(struct pn_buf *out, int fd, size_t max_bytes) PN_MUST_CHECK;

/* Writes all of `bytes` to the descriptor. Returns 0 or a negative errno. */
int pn_file_write_fd(int fd, struct pn_str bytes) PN_MUST_CHECK;

/*
 * Puts `bytes` at `path` with permissions `mode`, so that a reader sees the old file or the whole
 * new one, also after a crash: a temporary file beside it, synced, then renamed. Returns 0 or a
 * negative errno; on failure the old file stands and the temporary one is gone.
 */
int pn_file_write_atomic(const char *path, struct pn_str bytes, unsigned mode) PN_MUST_CHECK;

/*
 * Writes what a user named, as `>` would: through links, into a FIFO or device, with the
 * permissions and the owner that the file has, or those that a new one gets by the umask. A regular
 * file changes as a whole (pn_file_write_atomic), unless it has other names or an owner that cannot
 * be given: then in its place. Returns 0 or a negative errno.
 */
int pn_file_replace(const char *path, struct pn_str bytes) PN_MUST_CHECK;

/* One file of a set. */
struct pn_file_part {
    const char *name;
    struct pn_str bytes;
    unsigned mode;
};

/*
 * Puts several files into `directory`, which is made when it is missing (not its parents). All of
 * them are on disk beside their places before the first takes its place: what fails for want of
 * room or of rights changes nothing. They take their places in the given order, each whole. Returns
 * 0 or a negative errno with a message that names the file.
 */
int pn_file_write_set(const char *directory, const struct pn_file_part *parts, size_t n,
                      struct pn_err *err) PN_MUST_CHECK;

/* True when `path` leads to a directory. */
bool pn_file_is_directory(const char *path);

/* True when both paths exist and lead to the same file or directory. */
bool pn_file_is_same(const char *a, const char *b);

/* Paths on the heap. */
struct pn_paths {
    char **items;
    size_t count;
};

#define PN_PATHS_INIT \
    {                 \
        NULL, 0       \
    }

void pn_paths_deinit(struct pn_paths *paths);

/* A copy of `path` at the end. Returns 0 or -ENOMEM. */
int pn_paths_add(struct pn_paths *paths, const char *path) PN_MUST_CHECK;

/* The directory holds more than PN_DIRECTORY_MAX_FILES files. */
#define PN_FILE_E_TOO_MANY 3

/*
 * Appends to `paths` the files of directory `path` that end in .yaml, .yml or .json, as
 * "path/name" in byte order of their names. Names that start with a dot are left out: a mounted
 * ConfigMap keeps its generations there. Entries that are no regular file are named all the same
 * (directories excepted), for the reader to complain about. `recursive`: subdirectories too, in
 * their place; links to directories are not followed. Returns 0, PN_FILE_E_TOO_MANY, or a negative
 * errno; err then names the directory that could not be read, and why.
 */
int pn_paths_add_directory(struct pn_paths *paths, const char *path, bool recursive,
                           struct pn_err *err) PN_MUST_CHECK;

#endif
