/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/time.h"

#include <stdio.h>

#include "jsone/chars.h"

#define MS_PER_SECOND INT64_C(1000)
#define MS_PER_MINUTE (60 * MS_PER_SECOND)
#define MS_PER_HOUR (60 * MS_PER_MINUTE)
#define MS_PER_DAY (24 * MS_PER_HOUR)
#define MS_MAX INT64_C(8640000000000000)

/* ---- calendar: the proleptic Gregorian one, in eras of 400 years that begin in March --- */

#define DAYS_PER_ERA 146097
#define DAYS_TO_EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400), year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

static int64_t date_of(int64_t days, unsigned *ret_month, unsigned *ret_day)
{
    int64_t shifted = days + DAYS_TO_EPOCH;
    int64_t era = floor_div(shifted, DAYS_PER_ERA), day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / (DAYS_PER_ERA - 1)) /
                          365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *ret_day = (unsigned)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *ret_month = (unsigned)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    return year_of_era + era * 400 + (*ret_month <= 2);
}

static unsigned days_in_month(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

size_t pn_time_write(char out[static PN_TIME_MAX_BYTES], int64_t ms)
{
    unsigned month, day;
    if (ms > MS_MAX || ms < -MS_MAX)
        ms = 0; /* no clock says so */
    int64_t days = floor_div(ms, MS_PER_DAY), rest = ms - days * MS_PER_DAY;
    int64_t year = date_of(days, &month, &day);
    bool is_plain = year >= 0 && year <= 9999;
    int n = is_plain ? snprintf(out, PN_TIME_MAX_BYTES, "%04lld", (long long)year)
                     : snprintf(out, PN_TIME_MAX_BYTES, "%+07lld", (long long)year);
    n += snprintf(out + n, (size_t)(PN_TIME_MAX_BYTES - n), "-%02u-%02uT%02u:%02u:%02u.%03uZ",
                  month, day, (unsigned)(rest / MS_PER_HOUR), (unsigned)(rest / MS_PER_MINUTE % 60),
                  (unsigned)(rest / MS_PER_SECOND % 60), (unsigned)(rest % MS_PER_SECOND));
    return (size_t)n; /* at most 7 + 21 characters, the year being within +-275760 */
}

/* ---- reading --------------------------------------------------------------------------- */

static bool take_char(struct pn_str *rest, const char *any_of)
{
    if (rest->n == 0 || rest->s[0] == '\0' || strchr(any_of, rest->s[0]) == NULL)
        return false;
    rest->s++;
    rest->n--;
    return true;
}

/* Exactly `digits` digits, from `min` to `max`. */
static bool take_number(struct pn_str *rest, unsigned digits, unsigned min, unsigned max,
                        unsigned *ret)
{
    unsigned n = 0;
    if (rest->n < digits)
        return false;
    for (unsigned i = 0; i < digits; i++) {
        if (!pn_chars_is_digit(rest->s[i]))
            return false;
        n = n * 10 + (unsigned)(rest->s[i] - '0');
    }
    rest->s += digits;
    rest->n -= digits;
    *ret = n;
    return n >= min && n <= max;
}

/* A fraction of a second; what is finer than milliseconds is dropped. */
static bool take_fraction(struct pn_str *rest, int64_t *ms)
{
    int64_t unit = 100;
    if (!take_char(rest, ".,"))
        return true;
    if (rest->n == 0 || !pn_chars_is_digit(rest->s[0]))
        return false;
    for (; rest->n > 0 && pn_chars_is_digit(rest->s[0]); rest->s++, rest->n--) {
        *ms += (rest->s[0] - '0') * unit;
        unit /= 10;
    }
    return true;
}

static bool take_offset(struct pn_str *rest, int64_t *ms)
{
    unsigned hours, minutes;
    if (rest->n == 0 || take_char(rest, "Zz"))
        return true;
    bool is_west = rest->s[0] == '-';
    if (!take_char(rest, "+-") || !take_number(rest, 2, 0, 23, &hours))
        return false;
    take_char(rest, ":");
    if (!take_number(rest, 2, 0, 59, &minutes))
        return false;
    int64_t offset = hours * MS_PER_HOUR + minutes * MS_PER_MINUTE;
    *ms += is_west ? offset : -offset;
    return true;
}

static bool take_time(struct pn_str *rest, int64_t *ms)
{
    unsigned hour, minute, second = 0;
    if (!take_number(rest, 2, 0, 23, &hour) || !take_char(rest, ":") ||
        !take_number(rest, 2, 0, 59, &minute))
        return false;
    if (take_char(rest, ":") && (!take_number(rest, 2, 0, 59, &second) || !take_fraction(rest, ms)))
        return false;
    *ms += hour * MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND;
    return take_offset(rest, ms);
}

bool pn_time_read(int64_t *ret_ms, struct pn_str text)
{
    unsigned year, month, day;
    int64_t ms = 0;
    if (!take_number(&text, 4, 0, 9999, &year) || !take_char(&text, "-") ||
        !take_number(&text, 2, 1, 12, &month) || !take_char(&text, "-") ||
        !take_number(&text, 2, 1, days_in_month(year, month), &day))
        return false;
    if (text.n > 0 && (!take_char(&text, "Tt ") || !take_time(&text, &ms) || text.n > 0))
        return false;
    *ret_ms = days_of(year, month, day) * MS_PER_DAY + ms;
    return true;
}

static const struct unit {
    const char *names[4];
    int64_t ms;
} units[] = {
    {{"years", "year", "yr", "y"}, 365 * MS_PER_DAY},
    {{"months", "month", "mo"}, 30 * MS_PER_DAY},
    {{"weeks", "week", "wk", "w"}, 7 * MS_PER_DAY},
    {{"days", "day", "d"}, MS_PER_DAY},
    {{"hours", "hour", "hr", "h"}, MS_PER_HOUR},
    {{"minutes", "minute", "min", "m"}, MS_PER_MINUTE},
    {{"seconds", "second", "sec", "s"}, MS_PER_SECOND},
};

enum { UNITS = sizeof units / sizeof *units };

static void skip_space(struct pn_str *rest)
{
    for (size_t n = pn_chars_space(*rest); n > 0; n = pn_chars_space(*rest)) {
        rest->s += n;
        rest->n -= n;
    }
}

static bool names_unit(struct pn_str word, const char *name)
{
    if (name == NULL || word.n != strlen(name))
        return false;
    for (size_t i = 0; i < word.n; i++) {
        if ((word.s[i] | 0x20) != name[i]) /* letters only, so this is lower case */
            return false;
    }
    return true;
}

/* The unit whose name stands at the start of *rest, or UNITS. */
static size_t take_unit(struct pn_str *rest)
{
    struct pn_str word = {rest->s, 0};
    while (word.n < rest->n && pn_chars_is_letter(word.s[word.n]))
        word.n++;
    rest->s += word.n;
    rest->n -= word.n;
    for (size_t i = 0; i < UNITS; i++) {
        for (size_t j = 0; j < sizeof units[i].names / sizeof *units[i].names; j++) {
            if (names_unit(word, units[i].names[j]))
                return i;
        }
    }
    return UNITS;
}

static bool take_amount(struct pn_str *rest, int64_t *ret)
{
    int64_t n = 0;
    if (rest->n == 0 || !pn_chars_is_digit(rest->s[0]))
        return false;
    for (; rest->n > 0 && pn_chars_is_digit(rest->s[0]); rest->s++, rest->n--) {
        n = n * 10 + (rest->s[0] - '0');
        if (n > MS_MAX)
            return false;
    }
    *ret = n;
    return true;
}

bool pn_time_read_span(int64_t *ret_ms, struct pn_str text)
{
    int64_t total = 0, amount;
    size_t next = 0; /* units from here on may follow */
    skip_space(&text);
    bool is_negative = text.n > 0 && text.s[0] == '-';
    take_char(&text, "+-");
    for (skip_space(&text); text.n > 0; skip_space(&text)) {
        if (!take_amount(&text, &amount))
            return false;
        skip_space(&text);
        size_t unit = take_unit(&text);
        if (unit < next || unit == UNITS ||
            __builtin_mul_overflow(amount, units[unit].ms, &amount) ||
            __builtin_add_overflow(total, amount, &total))
            return false;
        next = unit + 1;
    }
    *ret_ms = is_negative ? -total : total;
    return true;
}

bool pn_time_add(int64_t *ret_ms, int64_t ms, int64_t span_ms)
{
    int64_t sum;
    if (__builtin_add_overflow(ms, span_ms, &sum) || sum > MS_MAX || sum < -MS_MAX)
        return false;
    *ret_ms = sum;
    return true;
}
