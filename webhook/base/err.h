/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_ERR_H
#define PN_BASE_ERR_H

#include <stdarg.h>

#include "base/cleanup.h"
#include "base/limits.h"

/*
 * The message of a failure, in the caller's memory. Functions return 0, a negative errno (broken:
 * forward it) or a positive value that their header lists (a result the direct caller handles);
 * the text travels beside it and gains context on the way up: whoever knows the field says the
 * field, whoever knows the file puts the file in front.
 */
struct pn_err {
    char text[PN_ERR_MAX_BYTES]; /* terminated; empty: nothing was said */
};

#define PN_ERR_INIT \
    {               \
        {           \
            0       \
        }           \
    }

/* Sets the text and returns `code`, so that `return pn_err_set(...)` reads well. err: NULL is
 * allowed. */
int pn_err_set(struct pn_err *err, int code, const char *format, ...) PN_PRINTF(3, 4);

/* The same with a va_list. */
int pn_err_setv(struct pn_err *err, int code, const char *format, va_list args) PN_PRINTF(3, 0);

/* Puts "context: " in front of the text and returns `code`. */
int pn_err_wrap(struct pn_err *err, int code, const char *format, ...) PN_PRINTF(3, 4);

#endif
