/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_TIME_H
#define PN_JSONE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* Times as milliseconds since 1970, UTC, within +-8.64e15 (what ECMAScript's dates can hold). */

/* Room for pn_time_write. */
enum { PN_TIME_MAX_BYTES = 32 };

/* Writes "2017-01-19T16:27:20.974Z" and returns its length; years beyond 9999 as +012345. */
size_t pn_time_write(char out[static PN_TIME_MAX_BYTES], int64_t ms);

/*
 * Reads what RFC 3339 and ECMAScript share: date, T, time with an optional fraction, Z or an offset
 * (Z when left out); or the date alone.
 */
bool pn_time_read(int64_t *ret_ms, struct pn_str text);

/*
 * Reads a span such as "-1 day 2h": years (365 days), months (30 days), weeks, days, hours,
 * minutes, seconds, in this order, each at most once.
 */
bool pn_time_read_span(int64_t *ret_ms, struct pn_str text);

/* Their sum, or false when it is out of range. */
bool pn_time_add(int64_t *ret_ms, int64_t ms, int64_t span_ms);

#endif
