/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine alone, with nothing around it, and yyjson reading the same bytes:
 *
 *     bench-engine decide ROUNDS MILLISECONDS (POLICIES REVIEW)...
 *     bench-engine serve ROUNDS MILLISECONDS (POLICIES REVIEW)...
 *     bench-engine load ROUNDS POLICIES
 *
 * `decide` measures each pair in turn, ROUNDS times, the engine for MILLISECONDS and yyjson for as
 * long; a line of JSON for each pair, with a median for each round. With allocations.so preloaded
 * it counts heap allocations for each decision, too. `serve` does the same with malloc set up as in
 * the server. `load` tells how long loading the policies takes, and by how much the process grew.
 */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "allocations.h"
#include "kit.h"

enum { ROUNDS_MAX = 100, SAMPLES_MAX = 4096, SAMPLES_MIN = 5, COUNTED = 200, LONG_US = 300 };

struct pair {
    const char *policies, *path;
    struct pn_policy_set *set;
    struct bench_review review;
    double decide_us[ROUNDS_MAX], read_us[ROUNDS_MAX];
    double allocations; /* negative: not counted */
};

static void decide_once(struct pair *p)
{
    bench_review_decide(&p->review, p->set);
}

static void read_once(struct pair *p)
{
    yyjson_doc *doc = yyjson_read(p->review.bytes.data, p->review.bytes.len, 0);
    if (doc == NULL)
        bench_die("%s: yyjson cannot read it", p->path);
    yyjson_doc_free(doc);
}

static double time_once(struct pair *p, void (*once)(struct pair *), double (*now_us)(void))
{
    bench_review_reset(&p->review);
    double start = now_us();
    once(p);
    return now_us() - start;
}

/*
 * Each run is timed by itself: the median knows nothing of what else the machine did, unless a run
 * is so long that others have a part in each of them.
 */
static double measure(struct pair *p, void (*once)(struct pair *), double milliseconds)
{
    static double samples[SAMPLES_MAX];
    size_t n = 0;
    double until = bench_now_us() + milliseconds * 1e3;
    bool is_long = time_once(p, once, bench_cpu_us) > LONG_US;
    while (n < SAMPLES_MAX && (n < SAMPLES_MIN || bench_now_us() < until))
        samples[n++] = time_once(p, once, is_long ? bench_cpu_us : bench_now_us);
    return bench_median(samples, n);
}

static double count_allocations(struct pair *p)
{
    if (bench_allocations == NULL)
        return -1;
    uint64_t before = bench_allocations();
    for (int i = 0; i < COUNTED; i++) {
        bench_review_reset(&p->review);
        decide_once(p);
    }
    return (double)(bench_allocations() - before) / COUNTED;
}

static void print_numbers(const char *name, const double *numbers, size_t n)
{
    printf(", \"%s\": [", name);
    for (size_t i = 0; i < n; i++)
        printf("%s%.3f", i > 0 ? ", " : "", numbers[i]);
    printf("]");
}

static void print_pair(const struct pair *p, size_t rounds)
{
    printf("{\"bytes\": %zu, \"response_bytes\": %zu, \"patch_bytes\": %zu, \"arena_bytes\": %zu",
           p->review.bytes.len, p->review.out.len, p->review.patch_bytes, p->review.arena_bytes);
    if (p->allocations >= 0)
        printf(", \"allocations\": %.3f", p->allocations);
    print_numbers("decide_us", p->decide_us, rounds);
    print_numbers("read_us", p->read_us, rounds);
    printf("}\n");
}

static void decide_all(size_t rounds, double milliseconds, struct pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        pairs[i].set = i > 0 && strcmp(pairs[i].policies, pairs[i - 1].policies) == 0
                           ? pn_policy_set_ref(pairs[i - 1].set)
                           : bench_load(pairs[i].policies);
        bench_review_init(&pairs[i].review, pairs[i].path);
        bench_review_reset(&pairs[i].review);
        decide_once(&pairs[i]);
        pairs[i].allocations = count_allocations(&pairs[i]);
    }
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < n; i++) {
            pairs[i].decide_us[round] = measure(&pairs[i], decide_once, milliseconds);
            pairs[i].read_us[round] = measure(&pairs[i], read_once, milliseconds);
        }
    }
    for (size_t i = 0; i < n; i++) {
        bench_review_reset(&pairs[i].review);
        decide_once(&pairs[i]); /* its sizes are those of a response */
        print_pair(&pairs[i], rounds);
        bench_review_deinit(&pairs[i].review);
        pn_policy_set_unref(pairs[i].set);
    }
}

static long resident_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *f = fopen("/proc/self/status", "r");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "VmRSS: %ld", &kib) == 1)
            break;
    }
    if (f != NULL)
        fclose(f);
    return kib;
}

static void load(size_t rounds, const char *path)
{
    double ms[ROUNDS_MAX];
    long before = resident_kib();
    for (size_t i = 0; i < rounds; i++) {
        double start = bench_cpu_us();
        struct pn_policy_set *set = bench_load(path);
        ms[i] = (bench_cpu_us() - start) / 1e3;
        if (i + 1 == rounds) {
            malloc_trim(0); /* as the server does after a load */
            printf("{\"kib\": %ld", resident_kib() - before);
        }
        pn_policy_set_unref(set);
    }
    print_numbers("load_ms", ms, rounds);
    printf("}\n");
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 2 ? (size_t)atoi(argv[2]) : 0;
    if (rounds == 0 || rounds > ROUNDS_MAX)
        bench_die("give 1 to %d rounds", ROUNDS_MAX);
    bench_set_heap(strcmp(argv[1], "decide") != 0);
    if (argc == 4 && strcmp(argv[1], "load") == 0) {
        load(rounds, argv[3]);
        return 0;
    }
    if (argc < 6 || argc % 2 != 0 ||
        (strcmp(argv[1], "decide") != 0 && strcmp(argv[1], "serve") != 0))
        bench_die("see the head of tests/bench/engine.c");
    size_t n = (size_t)(argc - 4) / 2;
    struct pair *pairs = calloc(n, sizeof *pairs);
    if (pairs == NULL)
        bench_die("out of memory");
    for (size_t i = 0; i < n; i++) {
        pairs[i].policies = argv[4 + 2 * i];
        pairs[i].path = argv[5 + 2 * i];
    }
    decide_all(rounds, atof(argv[3]), pairs, n);
    free(pairs);
    return 0;
}
