/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Adds one to the last digit of "d.ddde[+-]xx"; false when that carries through all of them. Below
 * a power of two the doubles lie twice as dense as above it, so the shortest number that reads back
 * may be the one above the nearest.
 */
static bool count_up(char *text)
{
    for (char *p = strchr(text, 'e'); p != text;) {
        p--;
        if (*p == '9') {
            *p = '0';
        } else if (*p != '.') {
            ++*p;
            return true;
        }
    }
    return false;
}

/* Sixteen digits of r that read back, or the seventeen that always do. */
static void sixteen_or_more(double r, char *text, size_t size)
{
    snprintf(text, size, "%.15e", r);
    if (strtod(text, NULL) == r || (count_up(text) && strtod(text, NULL) == r))
        return;
    snprintf(text, size, "%.16e", r);
}

/* "d.ddde[+-]xx" with the fewest digits that read back: digits and decimal exponent of it. */
static size_t shortest_digits(double r, char digits[static 18], int *ret_exponent)
{
    char text[32];
    bool found = false;
    /* Below DBL_MIN a double holds fewer digits than fifteen. */
    for (int precision = r < DBL_MIN ? 0 : 14; !found && precision <= 14; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, r);
        found = strtod(text, NULL) == r;
    }
    if (!found)
        sixteen_or_more(r, text, sizeof text);
    size_t n = 0;
    const char *p = text;
    for (; *p != '\0' && *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    }
    *ret_exponent = *p == 'e' ? atoi(p + 1) : 0;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

static void write_plain(struct pn_buf *out, const char *digits, size_t n, int exponent)
{
    if (exponent < 0) {
        pn_buf_cstr(out, "0.");
        for (int i = -1; i > exponent; i--)
            pn_buf_char(out, '0');
        pn_buf_append(out, digits, n);
        return;
    }
    for (size_t i = 0; i < n || i <= (size_t)exponent; i++) {
        if (i == (size_t)exponent + 1)
            pn_buf_char(out, '.');
        pn_buf_char(out, i < n ? digits[i] : '0');
    }
}

void pn_number_write_real(struct pn_buf *out, double r)
{
    char digits[18];
    int exponent = 0;
    if (!isfinite(r)) {
        pn_buf_cstr(out, "null");
        return;
    }
    if (r == 0) {
        pn_buf_cstr(out, signbit(r) ? "-0" : "0");
        return;
    }
    if (r < 0)
        pn_buf_char(out, '-');
    size_t n = shortest_digits(fabs(r), digits, &exponent);
    if (exponent >= -6 && exponent < 21) {
        write_plain(out, digits, n, exponent);
        return;
    }
    pn_buf_char(out, digits[0]);
    if (n > 1) {
        pn_buf_char(out, '.');
        pn_buf_append(out, digits + 1, n - 1);
    }
    pn_buf_printf(out, "e%+d", exponent);
}

bool pn_number_read_real(double *ret, struct pn_str text)
{
    char copy[512];
    char *end = NULL;
    if (text.n == 0 || text.n >= sizeof copy)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (strchr("0123456789+-.eE", text.s[i]) == NULL || text.s[i] == '\0')
            return false;
    }
    memcpy(copy, text.s, text.n);
    copy[text.n] = '\0';
    double r = strtod(copy, &end);
    if (end != copy + text.n || !isfinite(r))
        return false;
    *ret = r;
    return true;
}

bool pn_number_read_int(int64_t *ret, struct pn_str text)
{
    bool negative = text.n > 0 && text.s[0] == '-';
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t u = 0;
    size_t i = negative ? 1 : 0;
    if (i == text.n)
        return false;
    for (; i < text.n; i++) {
        unsigned digit = (unsigned char)text.s[i] - '0';
        if (digit > 9 || u > (limit - digit) / 10)
            return false;
        u = u * 10 + digit;
    }
    *ret = negative ? (int64_t)(0 - u) : (int64_t)u;
    return true;
}
