/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_TESTS_ALLOC_REFUSE_H
#define PN_TESTS_ALLOC_REFUSE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Stands between the program and its memory. Counted is each call of the malloc family (of the C
 * library and of libyaml too, unless a sanitizer has taken malloc for itself) and each call to an
 * arena; where an arena takes a block, both are counted. One of them can be refused. The C
 * library's regular expressions count as one call, which says that there was no memory: within
 * them, glibc leaks and frees twice.
 */

/* Counts from 1 again; call number `nth` is refused (0: none). */
void refuse_start(size_t nth);

/* Nothing is counted or refused from here on. Returns how many calls were counted. */
size_t refuse_stop(void);

/* Blocks of the heap that are in use now; 0 always where a sanitizer looks for leaks. */
size_t refuse_live_blocks(void);

/* True when the C library's own calls are refused too. */
bool refuse_sees_libraries(void);

#endif
