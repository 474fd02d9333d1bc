/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_STR_H
#define PN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A borrowed run of bytes. Not terminated; may hold NUL (JSON's \u0000 reaches us). Compared by
 * length and bytes, never as a C string.
 */
struct pn_str {
    const char *s;
    size_t n;
};

#define PN_STR(literal) ((struct pn_str){(literal), sizeof(literal) - 1})
/* The same for the initialiser of a static object. */
#define PN_STR_INIT(literal)           \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }
#define PN_STR_NULL ((struct pn_str){NULL, 0})
/* For printf's "%.*s". */
#define PN_STR_ARG(str) ((int)(str).n), ((str).s != NULL ? (str).s : "")

static inline struct pn_str pn_str_of(const char *c)
{
    return (struct pn_str){c, c != NULL ? strlen(c) : 0};
}

/* The first `bytes` bytes at `s`, at most 8, as a word: only to be compared with another. */
static inline uint64_t pn_str_load(const char *s, size_t bytes)
{
    uint64_t word = 0;
    memcpy(&word, s, bytes);
    return word;
}

/*
 * The `n` bytes of both are the same; NULL is allowed where n is 0. For the loops that look names
 * up: it calls nothing. Elsewhere pn_str_eq, which is short enough to stand in each place: with
 * these words in it the compiler takes it out of all of them.
 */
static inline bool pn_str_same(const char *a, const char *b, size_t n)
{
    if (n < 4)
        return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
    if (n < 8)
        return pn_str_load(a, 4) == pn_str_load(b, 4) &&
               pn_str_load(a + n - 4, 4) == pn_str_load(b + n - 4, 4);
    size_t i = 0;
    do {
        if (pn_str_load(a + i, 8) != pn_str_load(b + i, 8))
            return false;
        i += 8;
    } while (i + 8 < n);
    return pn_str_load(a + n - 8, 8) == pn_str_load(b + n - 8, 8);
}

static inline bool pn_str_eq(struct pn_str a, struct pn_str b)
{
    /* Names of one length mostly differ in their first byte: the call is what costs. */
    return a.n == b.n && (a.n == 0 || (a.s[0] == b.s[0] && memcmp(a.s, b.s, a.n) == 0));
}

static inline bool pn_str_is(struct pn_str a, const char *c)
{
    return pn_str_eq(a, pn_str_of(c));
}

static inline bool pn_str_has_prefix(struct pn_str a, struct pn_str prefix)
{
    return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.s, prefix.s, prefix.n) == 0);
}

static inline bool pn_str_has_suffix(struct pn_str a, struct pn_str suffix)
{
    return a.n >= suffix.n &&
           (suffix.n == 0 || memcmp(a.s + a.n - suffix.n, suffix.s, suffix.n) == 0);
}

/* Orders by unsigned bytes, a prefix before what extends it (as Go orders strings). */
int pn_str_cmp(struct pn_str a, struct pn_str b);

/* `a` without leading and trailing space, tab, CR and LF. */
struct pn_str pn_str_trim(struct pn_str a);

/*
 * Splits off what stands before the first `separator`: returns it and moves *rest behind the
 * separator. Without one, returns all and leaves *rest with s == NULL.
 */
struct pn_str pn_str_split(struct pn_str *rest, char separator);

/* True when `word` is an item of the comma-separated `list`; blanks around items do not count. */
bool pn_str_lists(struct pn_str list, struct pn_str word);

/* True when `needle` occurs in `a`. An empty needle occurs everywhere. */
bool pn_str_contains(struct pn_str a, struct pn_str needle);

/* FNV-1a, 64 bits (the offset basis is the hash of the empty string). */
#define PN_HASH_BASIS UINT64_C(0xcbf29ce484222325)
uint64_t pn_str_hash(uint64_t basis, struct pn_str a);

/*
 * Bytes of the longest prefix of `a` that is at most `max_bytes` long and does not cut a UTF-8
 * sequence.
 */
size_t pn_str_utf8_cut(struct pn_str a, size_t max_bytes);

/*
 * Length in bytes of the UTF-8 sequence at the start of `a` (1 to 4), or 0 when it is not valid
 * (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
 */
size_t pn_str_utf8_next(struct pn_str a);

/* True when all of `a` is valid UTF-8. */
bool pn_str_utf8_valid(struct pn_str a);

/* The candidate nearest to `word` by edits (Damerau-Levenshtein, at most 2 or a third of its
 * length), or NULL. `candidates` ends with NULL. For "did you mean". */
const char *pn_str_nearest(struct pn_str word, const char *const *candidates);

/* True when `candidate` is as near as that. */
bool pn_str_is_near(struct pn_str word, struct pn_str candidate);

/* The same when it is beyond doubt: no other candidate is near, and this one differs in case alone,
 * or by at most 2 edits and a third of its length. */
const char *pn_str_meant(struct pn_str word, const char *const *candidates);

#endif
