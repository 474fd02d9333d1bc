/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Asked from the kernel at a time; files of policies and manifests mostly fit in one. */
enum { READ_STEP_BYTES = 64 << 10 };

static void close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

int pn_file_read_fd(struct pn_buf *out, int fd, size_t max_bytes)
{
    size_t start = out->len;
    for (;;) {
        char *at = pn_buf_reserve(out, READ_STEP_BYTES);
        if (at == NULL)
            return -ENOMEM;
        ssize_t n = read(fd, at, READ_STEP_BYTES);
        int code = errno;
        out->len -= READ_STEP_BYTES - (n > 0 ? (size_t)n : 0);
        if (n < 0 && code == EINTR)
            continue;
        if (n < 0)
            return -code;
        if (n == 0)
            return 0;
        if (out->len - start > max_bytes)
            return PN_FILE_E_TOO_LARGE;
    }
}

int pn_file_read(struct pn_buf *out, const char *path, size_t max_bytes)
{
    struct stat st;
    /* Asked before opening, which would disturb a device and wait for a FIFO's writer; and once
     * more afterwards, since the name may lead elsewhere by then. */
    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return PN_FILE_E_NOT_REGULAR;
    PN_CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return PN_FILE_E_NOT_REGULAR;
    if (st.st_size > 0 && (size_t)st.st_size > max_bytes)
        return PN_FILE_E_TOO_LARGE;
    return pn_file_read_fd(out, fd, max_bytes);
}

int pn_file_write_fd(int fd, struct pn_str bytes)
{
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.s, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        bytes.s += n;
        bytes.n -= (size_t)n;
    }
    return 0;
}

/* The directory entry itself must reach the disk too; some file systems cannot sync a directory. */
static int sync_directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    PN_CLEANUP(pn_free_pointer) char *directory = NULL;
    if (slash == path)
        directory = strdup("/");
    else
        directory = slash != NULL ? strndup(path, (size_t)(slash - path)) : strdup(".");
    if (directory == NULL)
        return -ENOMEM;
    PN_CLEANUP(close_fd) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
}

static int fill_temporary(int fd, struct pn_str bytes, unsigned mode)
{
    int r = pn_file_write_fd(fd, bytes);
    if (r < 0)
        return r;
    if (fchmod(fd, (mode_t)mode) < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

/* A file beside `path` that holds `bytes` on disk. *ret is its name, for the caller to free. */
static int stage(char **ret, const char *path, struct pn_str bytes, unsigned mode)
{
    PN_CLEANUP(pn_free_pointer) char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return -ENOMEM;
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fill_temporary(fd, bytes, mode);
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r < 0)
        unlink(temporary);
    else
        *ret = PN_TAKE(temporary);
    return r;
}

int pn_file_write_atomic(const char *path, struct pn_str bytes, unsigned mode)
{
    PN_CLEANUP(pn_free_pointer) char *temporary = NULL;
    int r = stage(&temporary, path, bytes, mode);
    if (r < 0)
        return r;
    if (rename(temporary, path) < 0) {
        r = -errno;
        unlink(temporary);
        return r;
    }
    return sync_directory_of(path);
}

/* In its place: what else could be lost outweighs a moment in which it is not whole. */
static int overwrite(const char *path, struct pn_str bytes)
{
    PN_CLEANUP(close_fd)
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    return fd >= 0 ? pn_file_write_fd(fd, bytes) : -errno;
}

/* As another file of the same owner and permissions; -EPERM when that owner cannot be given. */
static int replace_as(const char *path, struct pn_str bytes, const struct stat *st)
{
    PN_CLEANUP(pn_free_pointer) char *temporary = NULL;
    int r = stage(&temporary, path, bytes, 0600);
    if (r < 0)
        return r;
    /* The owner first: to change it may take permissions away. */
    if (chown(temporary, st->st_uid, st->st_gid) < 0)
        r = -EPERM;
    else if (chmod(temporary, st->st_mode & 07777) < 0 || rename(temporary, path) < 0)
        r = -errno;
    if (r < 0) {
        unlink(temporary);
        return r;
    }
    return sync_directory_of(path);
}

static int write_new(const char *path, struct pn_str bytes)
{
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    /* A link to what is not there yet stays a link. */
    return lstat(path, &st) == 0 ? overwrite(path, bytes)
                                 : pn_file_write_atomic(path, bytes, 0666 & ~mask);
}

int pn_file_replace(const char *path, struct pn_str bytes)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return errno == ENOENT ? write_new(path, bytes) : -errno;
    if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
        return overwrite(path, bytes);
    PN_CLEANUP(pn_free_pointer) char *real = realpath(path, NULL);
    if (real == NULL)
        return -errno;
    int r = replace_as(real, bytes, &st);
    return r == -EPERM || r == -EACCES ? overwrite(real, bytes) : r;
}

/* One file of a set on its way. */
struct staged {
    char *path, *temporary; /* on the heap; temporary: NULL once it is in its place */
};

static void staged_free(struct staged *set, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (set[i].temporary != NULL)
            unlink(set[i].temporary);
        free(set[i].temporary);
        free(set[i].path);
    }
    free(set);
}

static int cannot_write(struct pn_err *err, int code, const char *path)
{
    return pn_err_set(err, code, "cannot write '%s': %s", path, strerror(-code));
}

static int stage_part(struct staged *s, const char *directory, const struct pn_file_part *part,
                      struct pn_err *err)
{
    struct stat st;
    if (asprintf(&s->path, "%s/%s", directory, part->name) < 0) {
        s->path = NULL;
        return pn_err_set(err, -ENOMEM, "out of memory");
    }
    if (lstat(s->path, &st) == 0 && S_ISDIR(st.st_mode)) /* the one thing that rename refuses */
        return cannot_write(err, -EISDIR, s->path);
    int r = stage(&s->temporary, s->path, part->bytes, part->mode);
    return r < 0 ? cannot_write(err, r, s->path) : 0;
}

static int place_all(struct staged *set, size_t n, struct pn_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (rename(set[i].temporary, set[i].path) < 0)
            return cannot_write(err, -errno, set[i].path);
        free(PN_TAKE(set[i].temporary));
    }
    int r = n > 0 ? sync_directory_of(set[0].path) : 0;
    return r < 0 ? cannot_write(err, r, set[0].path) : 0;
}

int pn_file_write_set(const char *directory, const struct pn_file_part *parts, size_t n,
                      struct pn_err *err)
{
    bool is_new = mkdir(directory, 0755) == 0;
    if (!is_new && errno != EEXIST)
        return pn_err_set(err, -errno, "cannot make the directory '%s': %s", directory,
                          strerror(errno));
    struct staged *set = calloc(n, sizeof *set);
    int r = set != NULL ? 0 : pn_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < n && r == 0; i++)
        r = stage_part(&set[i], directory, &parts[i], err);
    if (r == 0)
        r = place_all(set, n, err);
    if (set != NULL)
        staged_free(set, n);
    if (r != 0 && is_new)
        rmdir(directory);
    return r;
}

bool pn_file_is_directory(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool pn_file_is_same(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
