/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Under AddressSanitizer, bytes that were not given out are poisoned, to the byte. */
#if defined(__SANITIZE_ADDRESS__)
#define PN_ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PN_ARENA_ASAN 1
#endif
#endif
#ifdef PN_ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define HIDE(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define SHOW(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define HIDE(p, n) ((void)(p), (void)(n))
#define SHOW(p, n) ((void)(p), (void)(n))
#endif

enum { DEFAULT_KEEP_BYTES = 4096 };

struct block {
    struct block *next; /* the one filled before this one */
    size_t size;        /* usable bytes after the header */
    size_t used;
    alignas(max_align_t) unsigned char bytes[];
};

struct pn_arena {
    struct block *top;
    struct block *kept; /* the first block; survives resets */
    size_t used;
    size_t cap;
    bool hit_cap;
    bool out_of_memory;
};

static struct block *block_new(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *b = malloc(sizeof(struct block) + size);
    if (b == NULL)
        return NULL;
    b->next = NULL;
    b->size = size;
    b->used = 0;
    HIDE(b->bytes, size);
    return b;
}

static void block_free(struct block *b)
{
    SHOW(b->bytes, b->size);
    free(b);
}

int pn_arena_new(struct pn_arena **ret, size_t keep_bytes)
{
    struct pn_arena *a = calloc(1, sizeof *a);
    if (a == NULL)
        return -ENOMEM;
    a->kept = block_new(keep_bytes > 0 ? keep_bytes : DEFAULT_KEEP_BYTES);
    if (a->kept == NULL) {
        free(a);
        return -ENOMEM;
    }
    a->top = a->kept;
    *ret = a;
    return 0;
}

static void free_until(struct pn_arena *a, const struct block *last)
{
    while (a->top != last) {
        struct block *b = a->top;
        a->top = b->next;
        block_free(b);
    }
}

void pn_arena_free(struct pn_arena *a)
{
    if (a == NULL)
        return;
    free_until(a, a->kept);
    block_free(a->kept);
    free(a);
}

void pn_arena_free_pointer(struct pn_arena **a)
{
    pn_arena_free(*a);
}

void pn_arena_reset(struct pn_arena *a, size_t cap_bytes)
{
    free_until(a, a->kept);
    a->kept->used = 0;
    HIDE(a->kept->bytes, a->kept->size);
    a->used = 0;
    a->cap = cap_bytes;
    a->hit_cap = false;
    a->out_of_memory = false;
}

struct pn_arena_mark pn_arena_mark(const struct pn_arena *a)
{
    return (struct pn_arena_mark){a->top, a->top->used, a->used};
}

void pn_arena_rewind(struct pn_arena *a, struct pn_arena_mark mark)
{
    free_until(a, mark.block);
    HIDE(a->top->bytes + mark.block_used, a->top->used - mark.block_used);
    a->top->used = mark.block_used;
    a->used = mark.used;
}

/* False when giving `n` more bytes would pass the cap. */
static bool within_cap(struct pn_arena *a, size_t n)
{
    if (a->cap == 0 || (n <= a->cap && a->used <= a->cap - n))
        return true;
    a->hit_cap = true;
    return false;
}

static size_t aligned(size_t n)
{
    return (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

/* Refused for the size or for want of memory, not for the cap. */
static void *refuse_size(struct pn_arena *a)
{
    a->hit_cap = false;
    a->out_of_memory = true;
    return NULL;
}

/* A block with room for `n` bytes; apart, so that what is called for each value stays short. */
static __attribute__((noinline)) bool add_block(struct pn_arena *a, size_t n)
{
    size_t size = a->top->size * 2 > n ? a->top->size * 2 : n;
    struct block *b = block_new(size);
    if (b == NULL)
        return false;
    b->next = a->top;
    a->top = b;
    return true;
}

void *pn_arena_alloc(struct pn_arena *a, size_t n)
{
    if (n > SIZE_MAX / 4)
        return refuse_size(a);
    size_t size = aligned(n > 0 ? n : 1);
    if (!within_cap(a, size))
        return NULL;
    if (a->top->size - a->top->used < size && !add_block(a, size))
        return refuse_size(a);
    void *p = a->top->bytes + a->top->used;
    a->top->used += size;
    a->used += size;
    SHOW(p, n);
    return p;
}

void *pn_arena_zalloc(struct pn_arena *a, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return refuse_size(a);
    void *p = pn_arena_alloc(a, count * size);
    if (p != NULL)
        memset(p, 0, count * size);
    return p;
}

void *pn_arena_grow(struct pn_arena *a, void *p, size_t old, size_t n)
{
    if (n > SIZE_MAX / 4)
        return refuse_size(a);
    size_t old_size = aligned(old > 0 ? old : 1), new_size = aligned(n > 0 ? n : 1);
    struct block *b = a->top;
    if (p != NULL && new_size <= old_size) {
        SHOW(p, n);
        return p;
    }
    if (p != NULL && (unsigned char *)p + old_size == b->bytes + b->used &&
        b->size - b->used >= new_size - old_size) {
        if (!within_cap(a, new_size - old_size))
            return NULL;
        b->used += new_size - old_size;
        a->used += new_size - old_size;
        SHOW(p, n);
        return p;
    }
    void *fresh = pn_arena_alloc(a, n);
    if (fresh != NULL && p != NULL)
        memcpy(fresh, p, old);
    return fresh;
}

struct pn_str pn_arena_dup(struct pn_arena *a, struct pn_str text)
{
    char *copy = pn_arena_alloc(a, text.n + 1);
    if (copy == NULL)
        return PN_STR_NULL;
    if (text.n > 0)
        memcpy(copy, text.s, text.n);
    copy[text.n] = '\0';
    return (struct pn_str){copy, text.n};
}

struct pn_str pn_arena_format(struct pn_arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    struct pn_str result = PN_STR_NULL;
    int n = vsnprintf(NULL, 0, format, args);
    char *text = n >= 0 ? pn_arena_alloc(a, (size_t)n + 1) : NULL;
    if (text != NULL) {
        vsnprintf(text, (size_t)n + 1, format, again);
        result = (struct pn_str){text, (size_t)n};
    }
    va_end(again);
    va_end(args);
    return result;
}

bool pn_arena_hit_cap(const struct pn_arena *a)
{
    return a->hit_cap;
}

bool pn_arena_out_of_memory(const struct pn_arena *a)
{
    return a->out_of_memory;
}

size_t pn_arena_used(const struct pn_arena *a)
{
    return a->used;
}
