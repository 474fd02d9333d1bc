/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/file.h"

int pn_scratch_make(struct pn_scratch *ret, const char *prefix, struct pn_err *err)
{
    const char *parent = getenv("TMPDIR");
    PN_CLEANUP(pn_free_pointer) char *path = NULL;
    if (parent == NULL || parent[0] == '\0')
        parent = "/tmp";
    if (asprintf(&path, "%s/%s-XXXXXX", parent, prefix) < 0) {
        path = NULL;
        return pn_err_set(err, -ENOMEM, "out of memory");
    }
    if (mkdtemp(path) == NULL)
        return pn_err_set(err, -errno, "making a directory in %s: %s", parent, strerror(errno));
    ret->path = PN_TAKE(path);
    return 0;
}

int pn_scratch_write(const struct pn_scratch *scratch, const char *name, struct pn_str bytes,
                     struct pn_err *err)
{
    PN_CLEANUP(pn_free_pointer) char *path = NULL;
    if (asprintf(&path, "%s/%s", scratch->path, name) < 0) {
        path = NULL;
        return pn_err_set(err, -ENOMEM, "out of memory");
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int r = fd >= 0 ? pn_file_write_fd(fd, bytes) : -errno;
    if (fd >= 0 && close(fd) < 0 && r == 0)
        r = -errno;
    return r < 0 ? pn_err_set(err, r, "writing %s: %s", path, strerror(-r)) : 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *place)
{
    (void)st;
    (void)type;
    (void)place;
    remove(path);
    return 0;
}

void pn_scratch_remove(struct pn_scratch *scratch)
{
    if (scratch->path != NULL)
        nftw(scratch->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    free(scratch->path);
    scratch->path = NULL;
}
