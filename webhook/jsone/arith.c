/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/arith.h"

#include <math.h>

#include "base/number.h"

bool pn_arith_is_number(struct pn_value v)
{
    return v.kind == PN_INT || v.kind == PN_REAL || v.kind == PN_RAW;
}

bool pn_arith_real(struct pn_value *ret, double r)
{
    if (!isfinite(r))
        return false;
    *ret = r == trunc(r) && fabs(r) < 0x1p53 ? pn_int((int64_t)r) : pn_real(r);
    return true;
}

bool pn_arith_read(struct pn_value *ret, struct pn_value v)
{
    int64_t i;
    double r;
    switch (v.kind) {
    case PN_INT:
        *ret = v;
        return true;
    case PN_REAL:
        return pn_arith_real(ret, v.r);
    case PN_RAW:
        if (pn_number_read_int(&i, pn_value_str(v))) {
            *ret = pn_int(i);
            return true;
        }
        return pn_number_read_real(&r, pn_value_str(v)) && pn_arith_real(ret, r);
    default:
        return false;
    }
}

bool pn_arith_position(int64_t *ret, struct pn_value v)
{
    struct pn_value plain;
    if (!pn_arith_read(&plain, v) || (plain.kind == PN_REAL && fabs(plain.r) < 0x1p53))
        return false;
    *ret = plain.kind == PN_INT ? plain.i : plain.r > 0 ? INT64_MAX : INT64_MIN;
    return true;
}

static double as_real(struct pn_value v)
{
    return v.kind == PN_INT ? (double)v.i : v.r;
}

/* False when the power is no int64. */
static bool int_power(int64_t *ret, int64_t base, int64_t exponent)
{
    int64_t result = 1;
    while (exponent > 0) {
        if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result))
            return false;
        exponent >>= 1;
        if (exponent > 0 && __builtin_mul_overflow(base, base, &base))
            return false;
    }
    *ret = result;
    return true;
}

/* The exact result, where it is an int64. */
static bool apply_to_ints(int64_t *ret, enum pn_token operator, int64_t a, int64_t b)
{
    switch (operator) {
    case PN_TOKEN_PLUS:
        return !__builtin_add_overflow(a, b, ret);
    case PN_TOKEN_MINUS:
        return !__builtin_sub_overflow(a, b, ret);
    case PN_TOKEN_TIMES:
        return !__builtin_mul_overflow(a, b, ret);
    case PN_TOKEN_DIVIDE:
        if (b == 0 || b == -1 || a % b != 0) /* -1: INT64_MIN has no opposite */
            return b == -1 && !__builtin_sub_overflow((int64_t)0, a, ret);
        *ret = a / b;
        return true;
    case PN_TOKEN_POWER:
        return b >= 0 && int_power(ret, a, b);
    default:
        return false;
    }
}

static double apply_to_reals(enum pn_token operator, double a, double b)
{
    switch (operator) {
    case PN_TOKEN_PLUS:
        return a + b;
    case PN_TOKEN_MINUS:
        return a - b;
    case PN_TOKEN_TIMES:
        return a * b;
    case PN_TOKEN_DIVIDE:
        return a / b;
    default:
        return pow(a, b);
    }
}

bool pn_arith_apply(struct pn_value *ret, enum pn_token operator, struct pn_value a,
                    struct pn_value b)
{
    int64_t i;
    if (a.kind == PN_INT && b.kind == PN_INT && apply_to_ints(&i, operator, a.i, b.i)) {
        *ret = pn_int(i);
        return true;
    }
    return pn_arith_real(ret, apply_to_reals(operator, as_real(a), as_real(b)));
}

static int compare_reals(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_int_real(int64_t i, double r)
{
    if (r >= 0x1p63)
        return -1;
    if (r < -0x1p63)
        return 1;
    int64_t whole = (int64_t)r;
    return i != whole ? (i > whole) - (i < whole) : compare_reals((double)whole, r);
}

int pn_arith_compare(struct pn_value a, struct pn_value b)
{
    if (a.kind == PN_INT && b.kind == PN_INT)
        return (a.i > b.i) - (a.i < b.i);
    if (a.kind == PN_INT)
        return compare_int_real(a.i, b.r);
    if (b.kind == PN_INT)
        return -compare_int_real(b.i, a.r);
    return compare_reals(a.r, b.r);
}

struct pn_str pn_arith_text(struct pn_value number, struct pn_arena *arena)
{
    struct pn_buf out = PN_BUF_IN_ARENA(arena);
    struct pn_value plain;
    if (!pn_arith_read(&plain, number))
        return pn_value_str(number); /* beyond the doubles: as it was written */
    if (plain.kind == PN_INT)
        return pn_arena_format(arena, "%lld", (long long)plain.i);
    pn_number_write_real(&out, plain.r);
    return out.failed ? PN_STR_NULL : pn_buf_view(&out);
}
