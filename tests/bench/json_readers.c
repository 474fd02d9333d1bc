/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Why the request body is read by yyjson and not by jansson, which the project has anyway: reads
 * the same bytes with both, in turns, and prints the median of each and their ratio.
 *
 *     json-readers FILE...
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

enum { ROUNDS = 15, MAX_BYTES = 4 << 20 };

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool read_with_yyjson(const char *bytes, size_t n)
{
    yyjson_doc *doc = yyjson_read(bytes, n, 0);
    yyjson_doc_free(doc);
    return doc != NULL;
}

static bool read_with_jansson(const char *bytes, size_t n)
{
    json_t *root = json_loadb(bytes, n, JSON_ALLOW_NUL, NULL);
    json_decref(root);
    return root != NULL;
}

/* Microseconds for one reading, over enough of them to be measured. */
static double time_one(bool (*read)(const char *, size_t), const char *bytes, size_t n)
{
    size_t times = 1 + (2u << 20) / (n + 1);
    double start = now_us();
    for (size_t i = 0; i < times; i++) {
        if (!read(bytes, n))
            exit(2);
    }
    return (now_us() - start) / (double)times;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int compare(const char *path)
{
    double yy[ROUNDS], jansson[ROUNDS];
    FILE *f = fopen(path, "rb");
    char *bytes = malloc(MAX_BYTES);
    if (f == NULL || bytes == NULL) {
        perror(path);
        return 2;
    }
    size_t n = fread(bytes, 1, MAX_BYTES, f);
    fclose(f);
    for (int i = 0; i < ROUNDS; i++) {
        yy[i] = time_one(read_with_yyjson, bytes, n);
        jansson[i] = time_one(read_with_jansson, bytes, n);
    }
    free(bytes);
    qsort(yy, ROUNDS, sizeof *yy, by_value);
    qsort(jansson, ROUNDS, sizeof *jansson, by_value);
    printf("%-40s %8zu bytes   yyjson %8.1f us   jansson %8.1f us   ratio %.0f\n", path, n,
           yy[ROUNDS / 2], jansson[ROUNDS / 2], jansson[ROUNDS / 2] / yy[ROUNDS / 2]);
    return 0;
}

int main(int argc, char **argv)
{
    int r = argc > 1 ? 0 : 2;
    for (int i = 1; r == 0 && i < argc; i++)
        r = compare(argv[i]);
    return r;
}
