/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

int pn_str_cmp(struct pn_str a, struct pn_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    /* Most names differ in their first byte: the call is what costs. */
    int order = n > 0 ? (unsigned char)a.s[0] - (unsigned char)b.s[0] : 0;
    if (order == 0 && n > 1)
        order = memcmp(a.s + 1, b.s + 1, n - 1);
    if (order != 0)
        return order;
    return (a.n > b.n) - (a.n < b.n);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct pn_str pn_str_trim(struct pn_str a)
{
    while (a.n > 0 && is_blank(a.s[0])) {
        a.s++;
        a.n--;
    }
    while (a.n > 0 && is_blank(a.s[a.n - 1]))
        a.n--;
    return a;
}

struct pn_str pn_str_split(struct pn_str *rest, char separator)
{
    struct pn_str all = *rest;
    const char *at = all.n > 0 ? memchr(all.s, separator, all.n) : NULL;
    if (at == NULL) {
        *rest = PN_STR_NULL;
        return all;
    }
    size_t head = (size_t)(at - all.s);
    *rest = (struct pn_str){at + 1, all.n - head - 1};
    return (struct pn_str){all.s, head};
}

bool pn_str_lists(struct pn_str list, struct pn_str word)
{
    while (list.s != NULL) {
        if (pn_str_eq(pn_str_trim(pn_str_split(&list, ',')), word))
            return true;
    }
    return false;
}

bool pn_str_contains(struct pn_str a, struct pn_str needle)
{
    if (needle.n == 0)
        return true;
    for (size_t i = 0; i + needle.n <= a.n; i++) {
        if (a.s[i] == needle.s[0] && memcmp(a.s + i, needle.s, needle.n) == 0)
            return true;
    }
    return false;
}

uint64_t pn_str_hash(uint64_t basis, struct pn_str a)
{
    for (size_t i = 0; i < a.n; i++) {
        basis ^= (unsigned char)a.s[i];
        basis *= UINT64_C(0x100000001b3);
    }
    return basis;
}

size_t pn_str_utf8_next(struct pn_str a)
{
    const unsigned char *p = (const unsigned char *)a.s;
    if (a.n == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t need = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                  : (p[0] & 0xf0) == 0xe0        ? 3
                  : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                 : 0;
    if (need == 0 || a.n < need)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return need;
}

bool pn_str_utf8_valid(struct pn_str a)
{
    while (a.n > 0) {
        size_t n = pn_str_utf8_next(a);
        if (n == 0)
            return false;
        a.s += n;
        a.n -= n;
    }
    return true;
}

size_t pn_str_utf8_cut(struct pn_str a, size_t max_bytes)
{
    if (a.n <= max_bytes)
        return a.n;
    size_t n = max_bytes;
    while (n > 0 && ((unsigned char)a.s[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* Words longer than this are not worth a guess; it also bounds the rows on the stack. */
enum { NEAREST_MAX_BYTES = 64 };

static size_t edit_distance(struct pn_str a, struct pn_str b)
{
    uint8_t rows[3][NEAREST_MAX_BYTES + 1];
    uint8_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        last[j] = (uint8_t)j;
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned best = last[j - 1] + (a.s[i - 1] != b.s[j - 1]);
            best = last[j] + 1u < best ? last[j] + 1u : best;
            best = row[j - 1] + 1u < best ? row[j - 1] + 1u : best;
            if (i > 1 && j > 1 && a.s[i - 1] == b.s[j - 2] && a.s[i - 2] == b.s[j - 1] &&
                before[j - 2] + 1u < best)
                best = before[j - 2] + 1u;
            row[j] = (uint8_t)best;
        }
        uint8_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[b.n];
}

/* The edits from `word` to `candidate`, or SIZE_MAX when that is another word, not a slip. */
static size_t slip(struct pn_str word, struct pn_str candidate)
{
    size_t allowed = word.n / 3 > 2 ? word.n / 3 : 2;
    if (word.n < 2 || word.n > NEAREST_MAX_BYTES || candidate.n == 0 ||
        candidate.n > NEAREST_MAX_BYTES)
        return SIZE_MAX;
    size_t distance = edit_distance(word, candidate);
    /* Half of a short word replaced is another word. */
    return distance <= allowed && distance * 2 <= candidate.n ? distance : SIZE_MAX;
}

bool pn_str_is_near(struct pn_str word, struct pn_str candidate)
{
    return slip(word, candidate) != SIZE_MAX;
}

const char *pn_str_nearest(struct pn_str word, const char *const *candidates)
{
    const char *nearest = NULL;
    size_t best = SIZE_MAX;
    for (; *candidates != NULL; candidates++) {
        size_t distance = slip(word, pn_str_of(*candidates));
        if (distance < best) {
            best = distance;
            nearest = *candidates;
        }
    }
    return nearest;
}

static bool is_same_but_for_case(struct pn_str a, struct pn_str b)
{
    bool is_same = a.n == b.n;
    for (size_t i = 0; i < a.n && is_same; i++) {
        unsigned char c = (unsigned char)(a.s[i] | 0x20);
        is_same = a.s[i] == b.s[i] || (c >= 'a' && c <= 'z' && c == (unsigned char)(b.s[i] | 0x20));
    }
    return is_same;
}

const char *pn_str_meant(struct pn_str word, const char *const *candidates)
{
    const char *meant = NULL;
    for (; *candidates != NULL; candidates++) {
        struct pn_str candidate = pn_str_of(*candidates);
        bool is_same = is_same_but_for_case(word, candidate);
        size_t distance = is_same ? 0 : slip(word, candidate);
        if (distance == SIZE_MAX)
            continue;
        if (meant != NULL || distance > 2 || distance * 3 > candidate.n)
            return NULL;
        meant = *candidates;
    }
    return meant;
}
