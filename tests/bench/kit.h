/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_TESTS_BENCH_KIT_H
#define PN_TESTS_BENCH_KIT_H

#include "engine/engine.h"

/* What the measurements of the engine share. All of it ends the process where it cannot go on. */

/* Says why and ends the process with exit code 2. */
void bench_die(const char *format, ...) PN_PRINTF(1, 2) __attribute__((noreturn));

double bench_now_us(void);

/* Of this thread's CPU: without what others had of it meanwhile, but asking takes a while. */
double bench_cpu_us(void);

/*
 * How malloc deals with large blocks: as in the server they come from the system each time, and go
 * back to it; otherwise they are kept, and what is measured is the program alone.
 */
void bench_set_heap(bool as_server);

/* One reference is the caller's. */
struct pn_policy_set *bench_load(const char *path);

/* A review to be decided again and again. */
struct bench_review {
    struct pn_buf bytes; /* as they are in the file */
    struct pn_buf work;  /* a copy, which deciding writes to, with the padding */
    struct pn_buf out;   /* the last response */
    size_t patch_bytes;  /* of it, before base64 */
    size_t arena_bytes;
    struct pn_arena *arena;
};

void bench_review_init(struct bench_review *r, const char *path);
void bench_review_deinit(struct bench_review *r);

/* What a server does before it has the body: not measured. */
void bench_review_reset(struct bench_review *r);

/* From the body's bytes to those of the response. */
void bench_review_decide(struct bench_review *r, const struct pn_policy_set *set);

/* The median of `n` numbers, which are sorted. */
double bench_median(double *numbers, size_t n);

#endif
