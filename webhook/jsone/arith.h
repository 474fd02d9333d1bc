/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_ARITH_H
#define PN_JSONE_ARITH_H

#include "base/value.h"
#include "jsone/lex.h"

/*
 * Numbers of the language: int64 where the result is one, else double. A double that is integral
 * and below 2^53 becomes an int, so that 4 / 2 and 2.0 are the 2 that JavaScript prints.
 */

/* True for PN_INT, PN_REAL and PN_RAW. */
bool pn_arith_is_number(struct pn_value v);

/*
 * A number as PN_INT or PN_REAL, the latter for fractions and what is beyond 2^53. False when it is
 * no number, or one beyond the doubles.
 */
bool pn_arith_read(struct pn_value *ret, struct pn_value v);

/* A whole number as a position; beyond int64 it is INT64_MAX or INT64_MIN. False for others. */
bool pn_arith_position(int64_t *ret, struct pn_value v);

/* False when r is not finite. */
bool pn_arith_real(struct pn_value *ret, double r);

/*
 * Applies + - * / or ** to two numbers that pn_arith_read gave; the divisor is not 0. False when
 * the result is no finite number.
 */
bool pn_arith_apply(struct pn_value *ret, enum pn_token operator, struct pn_value a,
                    struct pn_value b);

/* Order of two numbers that pn_arith_read gave: exact, also between an int and a double. */
int pn_arith_compare(struct pn_value a, struct pn_value b);

/* A number as JavaScript prints it, in `arena`; s is NULL when refused. */
struct pn_str pn_arith_text(struct pn_value number, struct pn_arena *arena);

#endif
