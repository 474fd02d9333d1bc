/* SPDX-License-Identifier: Apache-2.0 */

/*
 * conformance FOLDER: runs the cases of a folder (tests/conformance/README.md) against our own
 * code. Each line of a .jsonl file is one case. Failing cases are printed; the last line is
 * "N passed, N failed". Exit code 1 when a case failed or could not be read; 2 on wrong usage, or
 * when no case was run.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "conformance.h"
#include "engine/json.h"

/* A row without a check names cases that nothing of ours answers yet. */
static const struct suite {
    const char *file;
    unsigned json_flags;
    enum outcome (*check)(struct run *run);
} suites[] = {
    {"quantity.jsonl", 0, check_quantity},
    {"selector.jsonl", 0, check_selector},
    {"json-patch.jsonl", PN_JSON_NUMBERS_RAW, check_jsonpatch},
    {"yaml.jsonl", 0, check_yaml},
    {"pod-resources.jsonl", 0, check_resources},
    {"pod-validation.jsonl", 0, check_validation},
    {"pod-security.jsonl", 0, check_security},
    {"json-e.yml", 0, NULL},
};

struct tally {
    size_t passed, failed;
};

static void run_line(struct tally *tally, const struct suite *suite, size_t line,
                     struct pn_str text, struct pn_arena *a)
{
    struct run run = {.a = a, .expected = PN_BUF_IN_ARENA(a), .got = PN_BUF_IN_ARENA(a)};
    struct pn_err err = PN_ERR_INIT;
    enum outcome outcome = BROKEN;
    pn_arena_reset(a, 0);
    if (pn_json_read(&run.input, text, suite->json_flags, a, &err) == 0)
        outcome = suite->check(&run);
    if (outcome == PASSED) {
        tally->passed++;
        return;
    }
    tally->failed++;
    if (outcome == BROKEN) {
        printf("%s:%zu: no case: %s\n", suite->file, line,
               err.text[0] != '\0' ? err.text : "a member is missing or of the wrong type");
        return;
    }
    printf("%s:%zu: expected %.*s, got %.*s\n", suite->file, line,
           PN_STR_ARG(pn_buf_view(&run.expected)), PN_STR_ARG(pn_buf_view(&run.got)));
}

static void close_file(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static void run_suite(struct tally *tally, const struct suite *suite, const char *folder,
                      struct pn_arena *a)
{
    char path[4096];
    PN_CLEANUP(close_file) FILE *file = NULL;
    PN_CLEANUP(pn_free_pointer) char *line = NULL;
    size_t cap = 0, number = 0;
    struct tally before = *tally;
    snprintf(path, sizeof path, "%s/%s", folder, suite->file);
    file = fopen(path, "rb");
    if (file == NULL && errno == ENOENT) {
        printf("skipped: %s (not there)\n", suite->file);
        return;
    }
    if (file != NULL && suite->check == NULL) {
        printf("skipped: %s (no checker yet)\n", suite->file);
        return;
    }
    ssize_t n = -1;
    while (file != NULL && (n = getline(&line, &cap, file)) >= 0) {
        struct pn_str text = pn_str_trim((struct pn_str){line, (size_t)n});
        number++;
        if (text.n > 0)
            run_line(tally, suite, number, text, a);
    }
    if (file == NULL || ferror(file)) {
        printf("%s: %s\n", path, strerror(errno));
        tally->failed++;
        return;
    }
    printf("%s: %zu passed, %zu failed\n", suite->file, tally->passed - before.passed,
           tally->failed - before.failed);
}

int main(int argc, char **argv)
{
    PN_CLEANUP(pn_arena_free_pointer) struct pn_arena *a = NULL;
    struct tally tally = {0};
    struct stat folder;
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: conformance FOLDER\n");
        return 2;
    }
    bool found = stat(argv[1], &folder) == 0;
    if (!found || !S_ISDIR(folder.st_mode)) {
        fprintf(stderr, "%s: %s\n", argv[1], strerror(found ? ENOTDIR : errno));
        return 2;
    }
    if (pn_arena_new(&a, 1 << 20) != 0) {
        fprintf(stderr, "out of memory\n");
        return 2;
    }
    for (size_t i = 0; i < PN_COUNT_OF(suites); i++)
        run_suite(&tally, &suites[i], argv[1], a);
    bool none = tally.passed + tally.failed == 0;
    if (none)
        printf("no case was run\n");
    printf("%zu passed, %zu failed\n", tally.passed, tally.failed);
    return none ? 2 : tally.failed > 0 ? 1 : 0;
}
