/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "config/load.h"

void bench_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

static double read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double bench_now_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double bench_cpu_us(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void bench_set_heap(bool as_server)
{
    if (as_server) {
        mallopt(M_MMAP_THRESHOLD, PN_LARGE_BLOCK_BYTES);
        mallopt(M_TRIM_THRESHOLD, PN_LARGE_BLOCK_BYTES);
    } else {
        mallopt(M_MMAP_MAX, 0);
        mallopt(M_TRIM_THRESHOLD, INT_MAX);
    }
}

struct pn_policy_set *bench_load(const char *path)
{
    PN_CLEANUP(pn_diags_deinit) struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_policy_set *set = NULL;
    int r = pn_load_policies(&set, &path, 1, &diags);
    if (r != 0 && diags.count > 0)
        bench_die("%s:%u: %s", diags.items[0].file, diags.items[0].span.line, diags.items[0].id);
    if (r != 0)
        bench_die("%s: cannot be loaded", path);
    return set;
}

static void read_file(struct pn_buf *out, const char *path)
{
    char block[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        bench_die("%s: cannot be read", path);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        pn_buf_append(out, block, n);
    if (ferror(f) || out->failed || out->len == 0)
        bench_die("%s: cannot be read", path);
    fclose(f);
}

void bench_review_init(struct bench_review *r, const char *path)
{
    *r = (struct bench_review){.bytes = PN_BUF_INIT, .work = PN_BUF_INIT, .out = PN_BUF_INIT};
    read_file(&r->bytes, path);
    if (pn_buf_reserve(&r->work, r->bytes.len + PN_ENGINE_BODY_PADDING) == NULL ||
        pn_arena_new(&r->arena, PN_ARENA_KEEP_BYTES) != 0)
        bench_die("out of memory");
}

void bench_review_deinit(struct bench_review *r)
{
    pn_buf_deinit(&r->bytes);
    pn_buf_deinit(&r->work);
    pn_buf_deinit(&r->out);
    pn_arena_free(r->arena);
}

void bench_review_reset(struct bench_review *r)
{
    memcpy(r->work.data, r->bytes.data, r->bytes.len);
    memset(r->work.data + r->bytes.len, 0, PN_ENGINE_BODY_PADDING);
    pn_buf_reset(&r->out, PN_RESPONSE_KEEP_BYTES);
}

void bench_review_decide(struct bench_review *r, const struct pn_policy_set *set)
{
    struct pn_decision *decision = NULL;
    struct pn_err err = PN_ERR_INIT;
    pn_arena_reset(r->arena, pn_engine_arena_cap(r->bytes.len));
    if (pn_engine_decide(&decision, set, NULL, 0, r->work.data, r->bytes.len, r->arena, &err) != 0)
        bench_die("this review cannot be decided: %s", err.text);
    pn_respond_write(&r->out, decision);
    if (r->out.failed)
        bench_die("out of memory");
    r->patch_bytes = decision->patch.n;
    r->arena_bytes = pn_arena_used(r->arena);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *numbers, size_t n)
{
    qsort(numbers, n, sizeof *numbers, by_value);
    return n % 2 == 1 ? numbers[n / 2] : (numbers[n / 2 - 1] + numbers[n / 2]) / 2;
}
