/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fingerprint.h"

#include <errno.h>
#include <sys/stat.h>

#include "sys/file.h"

static uint64_t add_number(uint64_t fingerprint, int64_t number)
{
    return pn_str_hash(fingerprint, (struct pn_str){(const char *)&number, sizeof number});
}

/* The entry itself; *ret_is_directory is false, too, when there is none. */
static uint64_t add_entry(uint64_t fingerprint, const char *path, bool *ret_is_directory)
{
    struct stat st;
    fingerprint = pn_str_hash(fingerprint, pn_str_of(path));
    *ret_is_directory = false;
    if (stat(path, &st) < 0)
        return add_number(fingerprint, -errno);
    *ret_is_directory = S_ISDIR(st.st_mode);
    const int64_t numbers[] = {
        (int64_t)st.st_dev, (int64_t)st.st_ino, st.st_mode,        st.st_size,
        st.st_mtim.tv_sec,  st.st_mtim.tv_nsec, st.st_ctim.tv_sec, st.st_ctim.tv_nsec,
    };
    /* A directory changes with every temporary file of an editor: what it names is asked instead.
     */
    size_t n = *ret_is_directory ? 3 : PN_COUNT_OF(numbers);
    for (size_t i = 0; i < n; i++)
        fingerprint = add_number(fingerprint, numbers[i]);
    return fingerprint;
}

uint64_t pn_fingerprint_add(uint64_t fingerprint, const char *path)
{
    PN_CLEANUP(pn_paths_deinit) struct pn_paths paths = PN_PATHS_INIT;
    bool is_directory, unused;
    fingerprint = add_entry(fingerprint, path, &is_directory);
    if (!is_directory)
        return fingerprint;
    fingerprint = add_number(fingerprint, pn_paths_add_directory(&paths, path, false, NULL));
    for (size_t i = 0; i < paths.count; i++)
        fingerprint = add_entry(fingerprint, paths.items[i], &unused);
    return fingerprint;
}
