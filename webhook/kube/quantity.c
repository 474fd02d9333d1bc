/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/quantity.h"

#include "base/number.h"

enum { NANO_EXP10 = -9, MILLI_EXP10 = -3 };

#define MANTISSA_MAX (~(unsigned __int128)0 >> 1)

/* ---- reading --------------------------------------------------------------------------- */

/* The parts of "sign whole . fraction suffix"; leading zeros of `whole` are dropped. */
struct parts {
    bool negative;
    bool any_digit; /* also when it was a dropped zero */
    struct pn_str whole, fraction, suffix;
};

struct unit {
    unsigned base;
    int exponent; /* of the base */
    enum pn_quantity_format format;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct pn_str take_digits(struct pn_str *rest)
{
    struct pn_str digits = {rest->s, 0};
    while (digits.n < rest->n && is_digit(rest->s[digits.n]))
        digits.n++;
    rest->s += digits.n;
    rest->n -= digits.n;
    return digits;
}

static inline bool take_char(struct pn_str *rest, const char *any_of)
{
    if (rest->n == 0)
        return false;
    while (*any_of != '\0' && *any_of != rest->s[0])
        any_of++;
    if (*any_of == '\0')
        return false;
    rest->s++;
    rest->n--;
    return true;
}

static struct parts split_parts(struct pn_str text)
{
    struct parts p = {.negative = text.n > 0 && text.s[0] == '-'};
    struct pn_str rest = text;
    take_char(&rest, "+-");
    while (take_char(&rest, "0"))
        p.any_digit = true;
    p.whole = take_digits(&rest);
    if (take_char(&rest, "."))
        p.fraction = take_digits(&rest);
    p.any_digit = p.any_digit || p.whole.n + p.fraction.n > 0;
    p.suffix = rest;
    return p;
}

/* Which power of 1000 the letter of a suffix stands for; with an i behind it, of 1024. */
static int thousands_of(char c)
{
    static const int8_t thousands[256] = {['n'] = -3, ['u'] = -2, ['m'] = -1, ['k'] = 1, ['K'] = 1,
                                          ['M'] = 2,  ['G'] = 3,  ['T'] = 4,  ['P'] = 5, ['E'] = 6};
    return thousands[(unsigned char)c];
}

static bool find_unit(struct unit *ret, struct pn_str suffix)
{
    int thousands = suffix.n > 0 ? thousands_of(suffix.s[0]) : 0;
    if (suffix.n == 0 || (suffix.n == 1 && thousands != 0 && suffix.s[0] != 'K')) {
        *ret = (struct unit){10, 3 * thousands, PN_QUANTITY_DECIMAL_SI};
        return true;
    }
    if (suffix.n == 2 && suffix.s[1] == 'i' && thousands > 0 && suffix.s[0] != 'k') {
        *ret = (struct unit){2, 10 * thousands, PN_QUANTITY_BINARY_SI};
        return true;
    }
    int64_t exponent;
    if (suffix.n < 2 || (suffix.s[0] != 'e' && suffix.s[0] != 'E'))
        return false;
    struct pn_str number = {suffix.s + 1, suffix.n - 1};
    if (number.n > 1 && number.s[0] == '+' && is_digit(number.s[1]))
        number = (struct pn_str){number.s + 1, number.n - 1};
    if (!pn_number_read_int(&exponent, number))
        return false;
    /* Kubernetes keeps the low 32 bits of the exponent. */
    *ret = (struct unit){10, (int32_t)(uint32_t)exponent, PN_QUANTITY_DECIMAL_EXPONENT};
    return true;
}

/* Digit i of whole and fraction written together. */
static char digit_at(const struct parts *p, size_t i)
{
    return i < p->whole.n ? p->whole.s[i] : p->fraction.s[i - p->whole.n];
}

/*
 * Whether ParseQuantity holds the number in an int64 (its fast path), which decides whether the
 * text may be repeated and whether a text without digits ("Ki", ".") passes as 0.
 */
static bool is_small(const struct parts *p, const struct unit *u)
{
    int64_t whole = p->whole.n > 0 ? (int64_t)p->whole.n : 1;
    if (u->base == 10)
        return whole + (int64_t)p->fraction.n <= 18 &&
               u->exponent - (int64_t)p->fraction.n >= NANO_EXP10;
    return p->fraction.n == 0 && 15 - whole - u->exponent * 3 / 10 - 1 >= 0;
}

/* All digits of a small number: 18 at most. */
static uint64_t read_digits(const struct parts *p)
{
    uint64_t m = 0;
    for (size_t i = 0; i < p->whole.n + p->fraction.n; i++)
        m = m * 10 + (unsigned)(digit_at(p, i) - '0');
    return m;
}

/* For a small number of these digits: whether ParseQuantity takes its text for canonical and
 * repeats it, which it does with none that is finer than a milli but by value. */
static bool looks_canonical(const struct parts *p, const struct unit *u, uint64_t digits)
{
    if (p->whole.n == 0)
        return false;
    if (u->base == 2) /* no factor of 8 left in the number before the suffix */
        return digits % 8 != 0;
    return (u->exponent - (int64_t)p->fraction.n) % 3 == 0 && digits % 1000 != 0;
}

/* m * 10^times, or false when that passes 2^127-1. */
static bool scale_up(unsigned __int128 *m, int64_t times)
{
    static const uint64_t powers[] = {1,    10,   100,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                      1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
    const int64_t most = PN_COUNT_OF(powers) - 1;
    while (*m != 0 && times > 0) { /* three times at most */
        int64_t step = times < most ? times : most;
        if (__builtin_mul_overflow(*m, (unsigned __int128)powers[step], m) || *m > MANTISSA_MAX)
            return false;
        times -= step;
    }
    return true;
}

static void set_value(struct pn_quantity *q, bool negative, unsigned __int128 magnitude,
                      int64_t exp10)
{
    for (; magnitude > UINT64_MAX && magnitude % 10 == 0; exp10++)
        magnitude /= 10;
    if (magnitude <= UINT64_MAX) { /* dividing 64 bits is many times faster */
        uint64_t m = (uint64_t)magnitude;
        for (; m != 0 && m % 10 == 0; exp10++)
            m /= 10;
        magnitude = m;
    }
    q->mantissa = negative ? -(__int128)magnitude : (__int128)magnitude;
    q->exp10 = magnitude == 0 ? 0 : exp10;
}

static void read_small(struct pn_quantity *q, const struct parts *p, const struct unit *u,
                       struct pn_str text)
{
    uint64_t digits = read_digits(p);
    if (looks_canonical(p, u, digits))
        q->as_written = text;
    if (u->base == 10)
        set_value(q, p->negative, digits, u->exponent - (int64_t)p->fraction.n);
    else
        set_value(q, p->negative, digits << u->exponent, 0);
}

static bool read_decimal(struct pn_quantity *q, const struct parts *p, const struct unit *u)
{
    size_t n = p->whole.n + p->fraction.n, first = 0;
    int64_t exp10 = u->exponent - (int64_t)p->fraction.n;
    bool round_up = false;
    while (n > 0 && exp10 < NANO_EXP10) {
        round_up = round_up || digit_at(p, n - 1) != '0';
        n--;
        exp10++;
    }
    if (n == 0)
        exp10 = NANO_EXP10;
    while (n > 0 && digit_at(p, n - 1) == '0' && !round_up) {
        n--;
        exp10++;
    }
    while (first < n && digit_at(p, first) == '0')
        first++;
    unsigned __int128 magnitude = 0;
    for (size_t i = first; i < n; i++) {
        if (!scale_up(&magnitude, 1))
            return false;
        magnitude += (unsigned)(digit_at(p, i) - '0');
    }
    magnitude += round_up;
    if (magnitude > MANTISSA_MAX)
        return false;
    set_value(q, p->negative, magnitude, exp10);
    return true;
}

/* The fraction digits that a binary quantity holds exactly: 10^36 * 2 fits 128 bits. */
enum { BINARY_FRACTION_DIGITS = 36 };

static bool read_binary(struct pn_quantity *q, const struct parts *p, const struct unit *u)
{
    unsigned __int128 units_n = 0, rest = 0, one = 1;
    struct pn_str fraction = p->fraction;
    while (fraction.n > 0 && fraction.s[fraction.n - 1] == '0')
        fraction.n--;
    bool capped = p->whole.n > 19; /* 10^19 is above 2^63 */
    if (!capped && fraction.n > BINARY_FRACTION_DIGITS)
        return false;
    for (size_t i = 0; !capped && i < p->whole.n; i++)
        units_n = units_n * 10 + (unsigned)(p->whole.s[i] - '0');
    for (size_t i = 0; !capped && i < BINARY_FRACTION_DIGITS; i++) {
        rest = rest * 10 + (i < fraction.n ? (unsigned)(fraction.s[i] - '0') : 0);
        one *= 10;
    }
    for (int i = 0; !capped && i < u->exponent; i++) { /* twice the number, u->exponent times */
        units_n *= 2;
        rest *= 2;
        if (rest >= one) {
            rest -= one;
            units_n++;
        }
    }
    if (capped || units_n > INT64_MAX || (units_n == INT64_MAX && rest > 0)) {
        set_value(q, p->negative, INT64_MAX, 0);
        return true;
    }
    unsigned __int128 nano = one / 1000000000;
    nano = rest / nano + (rest % nano != 0);
    if (units_n == 0 && nano > 0)
        q->format = PN_QUANTITY_DECIMAL_SI;
    set_value(q, p->negative, units_n * 1000000000 + nano, NANO_EXP10);
    return true;
}

int pn_quantity_parse(struct pn_quantity *ret, struct pn_str text, struct pn_err *err)
{
    struct parts p = split_parts(text);
    struct unit u;
    int shown = text.n > 60 ? 60 : (int)text.n;
    if (text.n == 0 || !find_unit(&u, p.suffix))
        return pn_err_set(err, PN_QUANTITY_E_INVALID,
                          "\"%.*s\" is no quantity: expected a number with one of the suffixes n, "
                          "u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or e3, such as 100m, "
                          "0.5 or 128Mi",
                          shown, text.n > 0 ? text.s : "");
    bool small = is_small(&p, &u);
    if (!small && !p.any_digit)
        return pn_err_set(err, PN_QUANTITY_E_INVALID, "\"%.*s\" is no quantity: it has no digit",
                          shown, text.s);
    struct pn_quantity q = {.format = u.format};
    if (small)
        read_small(&q, &p, &u, text);
    else if (!(u.base == 10 ? read_decimal(&q, &p, &u) : read_binary(&q, &p, &u)))
        return pn_err_set(err, PN_QUANTITY_E_RANGE, "\"%.*s...\" has more digits than fit", shown,
                          text.s);
    *ret = q;
    return 0;
}

int pn_quantity_from_value(struct pn_quantity *ret, struct pn_value v, struct pn_err *err)
{
    char text[64]; /* more than the digits of any double: they need not grow */
    struct pn_buf digits = {.data = text, .cap = sizeof text};
    int r = 0;
    switch (v.kind) {
    case PN_STRING:
    case PN_RAW:
        return pn_quantity_parse(ret, pn_str_trim(pn_value_str(v)), err);
    case PN_NULL:
        *ret = (struct pn_quantity){0};
        return 0;
    case PN_INT:
        *ret = (struct pn_quantity){0};
        set_value(ret, v.i < 0, v.i < 0 ? -(unsigned __int128)v.i : (unsigned __int128)v.i, 0);
        return 0;
    case PN_REAL:
        pn_number_write_real(&digits, v.r);
        r = pn_quantity_parse(ret, pn_buf_view(&digits), err);
        if (r == 0)
            ret->as_written = PN_STR_NULL;
        return r;
    default:
        return pn_err_set(err, PN_QUANTITY_E_INVALID,
                          "expected a quantity such as 100m or 128Mi, found %s",
                          pn_value_kind_name(v));
    }
}

/* ---- arithmetic ------------------------------------------------------------------------ */

static unsigned __int128 magnitude_of(const struct pn_quantity *q)
{
    return q->mantissa < 0 ? -(unsigned __int128)q->mantissa : (unsigned __int128)q->mantissa;
}

/* Of two that are not 0. */
static int cmp_magnitude(const struct pn_quantity *a, const struct pn_quantity *b)
{
    unsigned __int128 x = magnitude_of(a), y = magnitude_of(b);
    if (a->exp10 > b->exp10 && !scale_up(&x, a->exp10 - b->exp10))
        return 1;
    if (b->exp10 > a->exp10 && !scale_up(&y, b->exp10 - a->exp10))
        return -1;
    return (x > y) - (x < y);
}

static int sign_of(const struct pn_quantity *q)
{
    return (q->mantissa > 0) - (q->mantissa < 0);
}

int pn_quantity_cmp(const struct pn_quantity *a, const struct pn_quantity *b)
{
    if (sign_of(a) != sign_of(b))
        return sign_of(a) < sign_of(b) ? -1 : 1;
    return sign_of(a) * (sign_of(a) != 0 ? cmp_magnitude(a, b) : 0);
}

/* q as mantissa * 10^exp10, where exp10 is at most that of q. */
static bool mantissa_at(__int128 *ret, const struct pn_quantity *q, int64_t exp10)
{
    unsigned __int128 m = magnitude_of(q);
    if (!scale_up(&m, q->exp10 - exp10))
        return false;
    *ret = q->mantissa < 0 ? -(__int128)m : (__int128)m;
    return true;
}

int pn_quantity_add(struct pn_quantity *ret, const struct pn_quantity *a,
                    const struct pn_quantity *b)
{
    struct pn_quantity sum = {.format = a->mantissa != 0 ? a->format : b->format};
    int64_t exp10 = a->exp10 < b->exp10 ? a->exp10 : b->exp10;
    __int128 x, y;
    /* 0 has the exponent 0; it must not force the other one down to it. */
    if (a->mantissa == 0 || b->mantissa == 0)
        exp10 = a->mantissa == 0 ? b->exp10 : a->exp10;
    if (!mantissa_at(&x, a, exp10) || !mantissa_at(&y, b, exp10) ||
        __builtin_add_overflow(x, y, &sum.mantissa) || magnitude_of(&sum) > MANTISSA_MAX)
        return PN_QUANTITY_E_RANGE;
    set_value(&sum, sum.mantissa < 0, magnitude_of(&sum), exp10);
    unsigned __int128 whole = magnitude_of(&sum);
    if (sum.format == PN_QUANTITY_BINARY_SI && !scale_up(&whole, sum.exp10))
        return PN_QUANTITY_E_RANGE; /* its canonical form needs the whole number */
    *ret = sum;
    return 0;
}

/* The value in units of 10^-places, a fraction rounded away from zero. */
static bool scaled(int64_t *ret, const struct pn_quantity *q, int places)
{
    unsigned __int128 m = magnitude_of(q);
    int64_t exp10 = q->exp10 + places;
    bool round_up = false;
    if (!scale_up(&m, exp10))
        return false;
    for (; exp10 < 0; exp10++) {
        round_up = round_up || m % 10 != 0;
        m /= 10;
    }
    m += round_up;
    if (m > (unsigned __int128)INT64_MAX + (q->mantissa < 0))
        return false;
    *ret = q->mantissa < 0 ? (int64_t) - (__int128)m : (int64_t)m;
    return true;
}

bool pn_quantity_value(int64_t *ret, const struct pn_quantity *q)
{
    return scaled(ret, q, 0);
}

bool pn_quantity_milli(int64_t *ret, const struct pn_quantity *q)
{
    return scaled(ret, q, 3);
}

bool pn_quantity_nano(__int128 *ret, const struct pn_quantity *q)
{
    return mantissa_at(ret, q, NANO_EXP10);
}

void pn_quantity_round_milli(struct pn_quantity *q)
{
    unsigned __int128 m = magnitude_of(q);
    bool round_up = false;
    if (q->exp10 >= MILLI_EXP10) /* so is the text: see looks_canonical() */
        return;
    q->as_written = PN_STR_NULL;
    for (; q->exp10 < MILLI_EXP10; q->exp10++) {
        round_up = round_up || m % 10 != 0;
        m /= 10;
    }
    set_value(q, q->mantissa < 0, m + round_up, MILLI_EXP10);
}

/* ---- writing --------------------------------------------------------------------------- */

static void write_digits(struct pn_buf *out, unsigned __int128 m)
{
    char digits[40];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + (unsigned)(m % 10));
        m /= 10;
    } while (m > 0);
    pn_buf_append(out, digits + at, sizeof digits - at);
}

/* The suffix of 1000^power or 1024^power, if there is one. */
static void write_suffix(struct pn_buf *out, bool binary, int64_t power)
{
    static const char letters[] = {'n', 'u', 'm', 0, 'k', 'M', 'G', 'T', 'P', 'E'};
    if (power == 0 || power > 6)
        return;
    pn_buf_char(out, binary && power == 1 ? 'K' : letters[power + 3]);
    if (binary)
        pn_buf_char(out, 'i');
}

/* The exponent is brought down to a multiple of three. */
static void write_decimal(struct pn_buf *out, const struct pn_quantity *q, bool exponent_form)
{
    int64_t exp10 = q->exp10;
    write_digits(out, magnitude_of(q));
    for (; exp10 % 3 != 0; exp10--)
        pn_buf_char(out, '0');
    if (!exponent_form) {
        write_suffix(out, false, exp10 / 3);
    } else if (exp10 != 0) {
        pn_buf_char(out, 'e');
        pn_buf_int(out, exp10);
    }
}

void pn_quantity_write(struct pn_buf *out, const struct pn_quantity *q)
{
    unsigned __int128 m = magnitude_of(q);
    if (q->as_written.s != NULL) {
        pn_buf_str(out, q->as_written);
        return;
    }
    if (q->mantissa < 0)
        pn_buf_char(out, '-');
    /* What is below 1024 or not whole, Kubernetes shows as decimal: nothing is lost. */
    if (q->format != PN_QUANTITY_BINARY_SI || q->exp10 < 0 || !scale_up(&m, q->exp10) || m < 1024) {
        write_decimal(out, q, q->format == PN_QUANTITY_DECIMAL_EXPONENT);
        return;
    }
    int power = 0;
    for (; m % 1024 == 0; m /= 1024)
        power++;
    write_digits(out, m);
    write_suffix(out, true, power);
}
