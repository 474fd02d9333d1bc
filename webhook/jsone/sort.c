/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/sort.h"

#include <stdbool.h>
#include <string.h>

struct merge {
    size_t size;
    int (*compare)(const void *, const void *);
};

/* Merges [low, middle) and [middle, high) of `from` into the same place of `to`. */
static void merge_runs(const struct merge *m, char *to, const char *from, size_t low, size_t middle,
                       size_t high)
{
    size_t left = low, right = middle;
    for (size_t i = low; i < high; i++) {
        bool take_left = left < middle &&
                         (right >= high ||
                          m->compare(from + left * m->size, from + right * m->size) <= 0);
        memcpy(to + i * m->size, from + (take_left ? left++ : right++) * m->size, m->size);
    }
}

void pn_sort_stable(void *items, void *scratch, size_t n, size_t size,
                    int (*compare)(const void *, const void *))
{
    struct merge m = {size, compare};
    char *from = items, *to = scratch;
    for (size_t run = 1; run < n; run *= 2) {
        for (size_t low = 0; low < n; low += 2 * run) {
            size_t middle = low + run < n ? low + run : n;
            size_t high = low + 2 * run < n ? low + 2 * run : n;
            merge_runs(&m, to, from, low, middle, high);
        }
        char *swap = from;
        from = to;
        to = swap;
    }
    if (from != items && n > 0)
        memcpy(items, from, n * size);
}
