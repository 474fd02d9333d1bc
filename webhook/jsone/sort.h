/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_SORT_H
#define PN_JSONE_SORT_H

#include <stddef.h>

/*
 * Sorts `n` items of `size` bytes, keeping the order of equal ones (merge sort; the C library's
 * qsort promises no order and may allocate). `scratch` has room for as many.
 */
void pn_sort_stable(void *items, void *scratch, size_t n, size_t size,
                    int (*compare)(const void *, const void *));

#endif
