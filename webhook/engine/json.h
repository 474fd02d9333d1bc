/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_JSON_H
#define PN_ENGINE_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/*
 * JSON text to values, by yyjson: RFC 8259, strict (no comments, no trailing commas, no NaN).
 * Strings may hold \u0000. Unpaired surrogates, invalid UTF-8 and duplicate keys are refused.
 */
enum pn_json_flags {
    PN_JSON_NUMBERS_RAW = 1, /* every number stays as it was written (PN_RAW) */
};

/* The text is no JSON, too deep, or holds a key twice. */
#define PN_JSON_E_INVALID 1

/*
 * Reads one document. Strings of *ret are copied to the arena. Numbers become PN_INT when they are
 * integers within int64, PN_RAW when within uint64, else PN_REAL; out of a double's range is
 * invalid. Returns 0, PN_JSON_E_INVALID (err says what and at which byte), or -ENOMEM (arena
 * refused).
 */
int pn_json_read(struct pn_value *ret, struct pn_str text, unsigned flags, struct pn_arena *a,
                 struct pn_err *err) PN_MUST_CHECK;

#endif
