/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_ARENA_H
#define PN_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/str.h"

/*
 * Bump allocator for memory that dies together: one request, or one policy set. Single-threaded.
 * All blocks are aligned for any type. Nothing is freed alone.
 */
struct pn_arena;

/*
 * A new arena that keeps one block of `keep_bytes` over resets (0: a small default).
 * Caller owns *ret (pn_arena_free). Returns 0 or -ENOMEM.
 */
int pn_arena_new(struct pn_arena **ret, size_t keep_bytes) PN_MUST_CHECK;

/* Frees the arena and all that it gave. NULL is allowed. */
void pn_arena_free(struct pn_arena *a);

/* For PN_CLEANUP. */
void pn_arena_free_pointer(struct pn_arena **a);

/*
 * Takes everything back. From now on at most `cap_bytes` are given out until the next reset
 * (0: no cap); the next request beyond the cap is refused and pn_arena_hit_cap() says so.
 */
void pn_arena_reset(struct pn_arena *a, size_t cap_bytes);

/* Where an arena stands. */
struct pn_arena_mark {
    const void *block;
    size_t block_used, used;
};

/* For scratch: what is allocated after a mark is taken back by the rewind to it, and nothing that
 * was allocated before may have grown since. */
struct pn_arena_mark pn_arena_mark(const struct pn_arena *a);
void pn_arena_rewind(struct pn_arena *a, struct pn_arena_mark mark);

/* `n` bytes, not initialised, or NULL when refused (cap or out of memory). n = 0 is allowed
 * and takes nothing. */
void *pn_arena_alloc(struct pn_arena *a, size_t n) PN_MUST_CHECK;

/* `count` times `size` zeroed bytes, or NULL (also when the product overflows). */
void *pn_arena_zalloc(struct pn_arena *a, size_t count, size_t size) PN_MUST_CHECK;

/*
 * Makes the allocation `p` of `old` bytes `n` bytes long: in place when it was the last one, by a
 * copy otherwise. p may be NULL (old = 0). NULL when refused; p stays valid.
 */
void *pn_arena_grow(struct pn_arena *a, void *p, size_t old, size_t n) PN_MUST_CHECK;

/* A copy of `text` in the arena, terminated for convenience. ret->s is NULL when refused. */
struct pn_str pn_arena_dup(struct pn_arena *a, struct pn_str text);

/* Formats into the arena; s is NULL when refused. */
struct pn_str pn_arena_format(struct pn_arena *a, const char *format, ...) PN_PRINTF(2, 3);

/* True when the last refusal was for the cap, not for memory. */
bool pn_arena_hit_cap(const struct pn_arena *a);

/*
 * True when memory was refused since the last reset, not for the cap: what was made since may lack
 * parts that nobody asked about, such as the words of a message.
 */
bool pn_arena_out_of_memory(const struct pn_arena *a);

/* Bytes given out since the last reset. */
size_t pn_arena_used(const struct pn_arena *a);

#endif
