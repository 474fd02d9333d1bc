/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

int pn_err_setv(struct pn_err *err, int code, const char *format, va_list args)
{
    if (err != NULL)
        vsnprintf(err->text, sizeof err->text, format, args);
    return code;
}

int pn_err_set(struct pn_err *err, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pn_err_setv(err, code, format, args);
    va_end(args);
    return code;
}

int pn_err_wrap(struct pn_err *err, int code, const char *format, ...)
{
    if (err == NULL)
        return code;
    char context[sizeof err->text];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context - 2, format, args);
    va_end(args);
    size_t n = strlen(context);
    if (err->text[0] != '\0') {
        memcpy(context + n, ": ", 2);
        n += 2;
        size_t rest = strlen(err->text);
        if (rest > sizeof err->text - 1 - n)
            rest = sizeof err->text - 1 - n;
        memmove(err->text + n, err->text, rest);
        err->text[n + rest] = '\0';
    } else {
        err->text[n] = '\0';
    }
    memcpy(err->text, context, n);
    return code;
}
