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
    alignas(max_align_t) unsigned char bytes[];
};

/* What is given out for each value is told by `next` and `left` alone. */
struct pn_arena {
    unsigned char *next; /* what was not given out of `top` begins here */
    size_t left;         /* bytes that can be: the block's, or what the cap leaves; aligned */
    struct block *top;
    struct block *kept; /* the first block; survives resets */
    size_t used_below;  /* bytes given out of the blocks before `top` */
    size_t cap;         /* aligned */
    bool hit_cap;
    bool out_of_memory;
};

static size_t aligned(size_t n)
{
    return (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static size_t aligned_down(size_t n)
{
    return n & ~(alignof(max_align_t) - 1);
}

static struct block *block_new(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *b = malloc(sizeof(struct block) + size);
    if (b == NULL)
        return NULL;
    b->next = NULL;
    b->size = size;
    HIDE(b->bytes, size);
    return b;
}

static void block_free(struct block *b)
{
    SHOW(b->bytes, b->size);
    free(b);
}

/* Goes on behind the first `block_used` bytes of `b`, as the `used` bytes of all are given out. */
static void go_on(struct pn_arena *a, struct block *b, size_t block_used, size_t used)
{
    size_t room = aligned_down(b->size - block_used);
    a->top = b;
    a->next = b->bytes + block_used;
    a->used_below = used - block_used;
    a->left = room < a->cap - used ? room : a->cap - used;
    HIDE(a->next, b->size - block_used);
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
    a->cap = aligned_down(SIZE_MAX);
    go_on(a, a->kept, 0, 0);
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
    a->cap = aligned_down(cap_bytes > 0 ? cap_bytes : SIZE_MAX);
    a->hit_cap = false;
    a->out_of_memory = false;
    go_on(a, a->kept, 0, 0);
}

size_t pn_arena_used(const struct pn_arena *a)
{
    return a->used_below + (size_t)(a->next - a->top->bytes);
}

struct pn_arena_mark pn_arena_mark(const struct pn_arena *a)
{
    return (struct pn_arena_mark){a->top, (size_t)(a->next - a->top->bytes), pn_arena_used(a)};
}

void pn_arena_rewind(struct pn_arena *a, struct pn_arena_mark mark)
{
    free_until(a, mark.block);
    go_on(a, a->top, mark.block_used, mark.used);
}

/* Refused for the size or for want of memory, not for the cap. */
static void *refuse_size(struct pn_arena *a)
{
    a->hit_cap = false;
    a->out_of_memory = true;
    return NULL;
}

/* From another block; apart, so that what is called for each value stays short. */
static __attribute__((noinline)) void *alloc_beyond(struct pn_arena *a, size_t n)
{
    if (n > SIZE_MAX / 4)
        return refuse_size(a);
    if (n > a->cap - pn_arena_used(a)) {
        a->hit_cap = true;
        return NULL;
    }
    struct block *b = block_new(a->top->size * 2 > aligned(n) ? a->top->size * 2 : aligned(n));
    if (b == NULL)
        return refuse_size(a);
    b->next = a->top;
    go_on(a, b, 0, pn_arena_used(a));
    return pn_arena_alloc(a, n);
}

void *pn_arena_alloc(struct pn_arena *a, size_t n)
{
    if (n > a->left)
        return alloc_beyond(a, n);
    void *p = a->next;
    a->next += aligned(n);
    a->left -= aligned(n);
    SHOW(p, n);
    return p;
}

void *pn_arena_zalloc(struct pn_arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        return refuse_size(a);
    void *p = pn_arena_alloc(a, n);
    if (p != NULL)
        memset(p, 0, n);
    return p;
}

void *pn_arena_grow(struct pn_arena *a, void *p, size_t old, size_t n)
{
    if (n > SIZE_MAX / 4)
        return refuse_size(a);
    size_t old_size = aligned(old), new_size = aligned(n);
    bool is_last = p != NULL && (unsigned char *)p + old_size == a->next;
    if (p != NULL && new_size <= old_size) {
        SHOW(p, n);
        return p;
    }
    if (is_last && new_size - old_size <= a->left) {
        a->next += new_size - old_size;
        a->left -= new_size - old_size;
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
