/* SPDX-License-Identifier: Apache-2.0 */
#include "refuse.h"

#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

/*
 * The linker turns the house's calls of F into calls of __wrap_F, and __real_F is F again
 * (-Wl,--wrap=F). malloc itself is defined here instead, so that shared libraries meet it as well,
 * unless a sanitizer defines it.
 */
#ifdef PN_ALLOC_WRAP_MALLOC
#define OURS(f) __wrap_##f
#define REAL(f) __real_##f
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t n);
#else
#define OURS(f) f
#define REAL(f) __libc_##f
#endif

void *REAL(malloc)(size_t n);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *p, size_t n);
void __libc_free(void *p);

static struct {
    bool counts;
    size_t count, refused;
    size_t live;
} state;

void refuse_start(size_t nth)
{
    state.counts = true;
    state.count = 0;
    state.refused = nth;
}

size_t refuse_stop(void)
{
    state.counts = false;
    return state.count;
}

size_t refuse_live_blocks(void)
{
    return state.live;
}

bool refuse_sees_libraries(void)
{
#ifdef PN_ALLOC_WRAP_MALLOC
    return false;
#else
    return true;
#endif
}

/* For a breakpoint: who asks. */
__attribute__((noinline)) static bool refuse_now(void)
{
    __asm__ volatile("" ::: "memory");
    errno = ENOMEM;
    return true;
}

static bool refuses(void)
{
    return state.counts && ++state.count == state.refused && refuse_now();
}

/* ---- the heap ------------------------------------------------------------------------------- */

#define VISIBLE __attribute__((visibility("default"))) /* shared libraries must find it */

VISIBLE void *OURS(malloc)(size_t n)
{
    void *p = refuses() ? NULL : REAL(malloc)(n);
#ifndef PN_ALLOC_WRAP_MALLOC
    state.live += p != NULL;
#endif
    return p;
}

VISIBLE void *OURS(calloc)(size_t count, size_t size)
{
    void *p = refuses() ? NULL : REAL(calloc)(count, size);
#ifndef PN_ALLOC_WRAP_MALLOC
    state.live += p != NULL;
#endif
    return p;
}

VISIBLE void *OURS(realloc)(void *p, size_t n)
{
    void *moved = refuses() ? NULL : REAL(realloc)(p, n);
#ifndef PN_ALLOC_WRAP_MALLOC
    state.live += p == NULL && moved != NULL;
    state.live -= p != NULL && moved == NULL && n == 0;
#endif
    return moved;
}

#ifndef PN_ALLOC_WRAP_MALLOC
VISIBLE void free(void *p)
{
    state.live -= p != NULL;
    __libc_free(p);
}
#endif

/* ---- regular expressions -------------------------------------------------------------------- */

int __real_regcomp(regex_t *ret, const char *pattern, int flags);
int __real_regexec(const regex_t *regex, const char *text, size_t n, regmatch_t *ret, int flags);
int __wrap_regcomp(regex_t *ret, const char *pattern, int flags);
int __wrap_regexec(const regex_t *regex, const char *text, size_t n, regmatch_t *ret, int flags);

int __wrap_regcomp(regex_t *ret, const char *pattern, int flags)
{
    bool counts = state.counts;
    if (refuses())
        return REG_ESPACE;
    state.counts = false;
    int r = __real_regcomp(ret, pattern, flags);
    state.counts = counts;
    return r;
}

int __wrap_regexec(const regex_t *regex, const char *text, size_t n, regmatch_t *ret, int flags)
{
    bool counts = state.counts;
    if (refuses())
        return REG_ESPACE;
    state.counts = false;
    int r = __real_regexec(regex, text, n, ret, flags);
    state.counts = counts;
    return r;
}

/* ---- arenas: they refuse by themselves, and know it, what is too large for any -------------- */

void *__real_pn_arena_alloc(struct pn_arena *a, size_t n);
void *__real_pn_arena_zalloc(struct pn_arena *a, size_t count, size_t size);
void *__real_pn_arena_grow(struct pn_arena *a, void *p, size_t old, size_t n);
struct pn_str __real_pn_arena_dup(struct pn_arena *a, struct pn_str text);
void *__wrap_pn_arena_alloc(struct pn_arena *a, size_t n);
void *__wrap_pn_arena_zalloc(struct pn_arena *a, size_t count, size_t size);
void *__wrap_pn_arena_grow(struct pn_arena *a, void *p, size_t old, size_t n);
struct pn_str __wrap_pn_arena_dup(struct pn_arena *a, struct pn_str text);
struct pn_str __wrap_pn_arena_format(struct pn_arena *a, const char *format, ...);

void *__wrap_pn_arena_alloc(struct pn_arena *a, size_t n)
{
    return __real_pn_arena_alloc(a, refuses() ? SIZE_MAX : n);
}

void *__wrap_pn_arena_zalloc(struct pn_arena *a, size_t count, size_t size)
{
    return __real_pn_arena_zalloc(a, refuses() ? SIZE_MAX : count, size);
}

void *__wrap_pn_arena_grow(struct pn_arena *a, void *p, size_t old, size_t n)
{
    return __real_pn_arena_grow(a, p, old, refuses() ? SIZE_MAX : n);
}

struct pn_str __wrap_pn_arena_dup(struct pn_arena *a, struct pn_str text)
{
    if (refuses())
        text.n = SIZE_MAX / 2;
    return __real_pn_arena_dup(a, text);
}

/* Variadic: done again. */
PN_PRINTF(2, 3) struct pn_str __wrap_pn_arena_format(struct pn_arena *a, const char *format, ...)
{
    va_list args, again;
    char *text = NULL;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0)
        text = __real_pn_arena_alloc(a, refuses() ? SIZE_MAX : (size_t)n + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return text != NULL ? (struct pn_str){text, (size_t)n} : PN_STR_NULL;
}
