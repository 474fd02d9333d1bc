/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_TESTS_BENCH_ALLOCATIONS_H
#define PN_TESTS_BENCH_ALLOCATIONS_H

#include <stdint.h>

/*
 * How often this process has asked for heap memory: malloc, calloc, realloc and what aligns. NULL,
 * unless the process runs with allocations.so preloaded. That writes the same number to the file
 * that BENCH_ALLOCATIONS names, as 8 bytes in the machine's order, for whoever watches a server.
 */
uint64_t bench_allocations(void) __attribute__((weak, visibility("default")));

#endif
