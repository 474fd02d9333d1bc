/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "sys/file.h"

void pn_paths_deinit(struct pn_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->items[i]);
    free(paths->items);
    *paths = (struct pn_paths)PN_PATHS_INIT;
}

/* Takes `take_path` over, also on failure. */
static int paths_take(struct pn_paths *paths, char *take_path)
{
    if (take_path == NULL)
        return -ENOMEM;
    /* Grown at powers of two: the count says when. */
    if ((paths->count & (paths->count - 1)) == 0) {
        size_t cap = paths->count > 0 ? paths->count * 2 : 1;
        char **items = realloc(paths->items, cap * sizeof *items);
        if (items == NULL) {
            free(take_path);
            return -ENOMEM;
        }
        paths->items = items;
    }
    paths->items[paths->count++] = take_path;
    return 0;
}

int pn_paths_add(struct pn_paths *paths, const char *path)
{
    return paths_take(paths, strdup(path));
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the directory without those that start with a dot, sorted. */
static int list_names(struct pn_paths *names, const char *path)
{
    PN_CLEANUP(close_dir) DIR *dir = opendir(path);
    if (dir == NULL)
        return -errno;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (entry == NULL && errno != 0)
            return -errno;
        if (entry == NULL)
            break;
        if (entry->d_name[0] == '.')
            continue;
        int r = pn_paths_add(names, entry->d_name);
        if (r < 0)
            return r;
    }
    if (names->count > 0)
        qsort(names->items, names->count, sizeof *names->items, by_bytes);
    return 0;
}

static bool is_document_name(const char *name)
{
    struct pn_str s = pn_str_of(name);
    return pn_str_has_suffix(s, PN_STR(".yaml")) || pn_str_has_suffix(s, PN_STR(".yml")) ||
           pn_str_has_suffix(s, PN_STR(".json"));
}

/* `limit`: entries that `paths` may hold in the end. */
static int add_directory(struct pn_paths *paths, const char *path, bool recursive, size_t limit,
                         struct pn_err *err)
{
    PN_CLEANUP(pn_paths_deinit) struct pn_paths names = PN_PATHS_INIT;
    int r = list_names(&names, path);
    if (r < 0)
        return pn_err_set(err, r, "%s: %s", path, strerror(-r));
    size_t n = strlen(path);
    const char *slash = n > 0 && path[n - 1] == '/' ? "" : "/";
    for (size_t i = 0; i < names.count && r == 0; i++) {
        char *full = NULL;
        if (asprintf(&full, "%s%s%s", path, slash, names.items[i]) < 0)
            return -ENOMEM;
        struct stat st;
        bool is_link_or_gone = lstat(full, &st) < 0 || S_ISLNK(st.st_mode);
        if (!is_link_or_gone && S_ISDIR(st.st_mode)) {
            /* The path grows with each level, so the system's limit on paths ends this. */
            r = recursive ? add_directory(paths, full, true, limit, err) : 0;
            free(full);
        } else if (!is_document_name(names.items[i]) || pn_file_is_directory(full)) {
            free(full);
        } else if (paths->count >= limit) {
            free(full);
            return pn_err_set(err, PN_FILE_E_TOO_MANY, "%s: more than %d files", path,
                              PN_DIRECTORY_MAX_FILES);
        } else {
            r = paths_take(paths, full);
        }
    }
    return r;
}

int pn_paths_add_directory(struct pn_paths *paths, const char *path, bool recursive,
                           struct pn_err *err)
{
    return add_directory(paths, path, recursive, paths->count + PN_DIRECTORY_MAX_FILES, err);
}
