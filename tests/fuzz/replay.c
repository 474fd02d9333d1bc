/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a fuzz target over files, without a fuzzer: each argument is a file, or a folder whose files
 * are taken. The corpus thus replays in every plain `meson test`; a crash ends the run, with the
 * name of the file printed before.
 */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct tally {
    unsigned passed;
    unsigned failed;
};

static void complain(struct tally *tally, const char *path, const char *what)
{
    printf("%s: %s\n", path, what);
    tally->failed++;
}

/* The file's bytes in a block of exactly their size, so that ASan sees a read behind the end. */
static uint8_t *read_file(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    if (bytes != NULL && fread(bytes, 1, size, file) != size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    return bytes;
}

static void replay_file(struct tally *tally, const char *path, size_t size)
{
    PN_CLEANUP(pn_free_pointer) uint8_t *bytes = read_file(path, size);
    if (bytes == NULL) {
        complain(tally, path, strerror(errno));
        return;
    }
    printf("%s (%zu bytes)\n", path, size);
    fflush(stdout); /* the last line names the culprit of a crash */
    LLVMFuzzerTestOneInput(bytes, size);
    tally->passed++;
}

static void replay(struct tally *tally, const char *path);

static void replay_folder(struct tally *tally, const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    if (n < 0) {
        complain(tally, path, strerror(errno));
        return;
    }
    for (int i = 0; i < n; i++) {
        char inner[4096];
        if (entries[i]->d_name[0] != '.') {
            snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
            replay(tally, inner);
        }
        free(entries[i]);
    }
    free(entries);
}

static void replay(struct tally *tally, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        complain(tally, path, strerror(errno));
    else if (S_ISDIR(info.st_mode))
        replay_folder(tally, path);
    else
        replay_file(tally, path, (size_t)info.st_size);
}

int main(int argc, char **argv)
{
    struct tally tally = {0, 0};
    for (int i = 1; i < argc; i++)
        replay(&tally, argv[i]);
    if (tally.passed + tally.failed == 0)
        complain(&tally, argc > 1 ? argv[1] : "(no argument)", "no file to replay");
    printf("%u passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed > 0 ? 1 : 0;
}
