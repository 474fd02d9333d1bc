/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_CLEANUP_H
#define PN_BASE_CLEANUP_H

#include <stdlib.h>

/*
 * Attribute vocabulary and scope-bound cleanup. A variable under PN_CLEANUP is always initialised;
 * a function that hands its value over clears the variable first (PN_TAKE).
 */
#define PN_CLEANUP(fn) __attribute__((cleanup(fn)))
#define PN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define PN_MUST_CHECK __attribute__((warn_unused_result))

/* Yields the pointer held by `var` and leaves NULL behind. */
#define PN_TAKE(var)                       \
    __extension__({                        \
        __typeof__(var) pn_taken_ = (var); \
        (var) = NULL;                      \
        pn_taken_;                         \
    })

#define PN_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* For `PN_CLEANUP(pn_free_pointer) char *text = NULL;` */
static inline void pn_free_pointer(void *pointer_to_pointer)
{
    free(*(void **)pointer_to_pointer);
}

#endif
