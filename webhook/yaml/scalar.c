/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/scalar.h"

#include <math.h>

#include "base/cleanup.h"
#include "base/number.h"

/* Longest number that is looked at, underscores not counted: base/number.h reads no more. */
enum { NUMBER_MAX_BYTES = 511 };

static const struct pn_scalar string_scalar = {.kind = PN_SCALAR_STRING};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ---- words ----------------------------------------------------------------------------- */

static bool word_bool(struct pn_scalar *ret, struct pn_str text)
{
    static const struct {
        const char *text;
        bool b;
    } words[] = {
        {"y", true},    {"Y", true},      {"yes", true},    {"Yes", true},    {"YES", true},
        {"true", true}, {"True", true},   {"TRUE", true},   {"on", true},     {"On", true},
        {"ON", true},   {"n", false},     {"N", false},     {"no", false},    {"No", false},
        {"NO", false},  {"false", false}, {"False", false}, {"FALSE", false}, {"off", false},
        {"Off", false}, {"OFF", false},
    };
    for (size_t i = 0; i < PN_COUNT_OF(words); i++) {
        if (pn_str_is(text, words[i].text)) {
            *ret = (struct pn_scalar){.kind = PN_SCALAR_BOOL, .b = words[i].b};
            return true;
        }
    }
    return false;
}

static bool is_word_null(struct pn_str text)
{
    return text.n == 0 || pn_str_is(text, "~") || pn_str_is(text, "null") ||
           pn_str_is(text, "Null") || pn_str_is(text, "NULL");
}

/* .inf and .nan in the spellings of YAML 1.1. */
static bool word_special_real(struct pn_scalar *ret, struct pn_str text)
{
    bool negative = text.n > 0 && text.s[0] == '-';
    struct pn_str word = text;
    if (text.n > 0 && (text.s[0] == '-' || text.s[0] == '+'))
        word = (struct pn_str){text.s + 1, text.n - 1};
    *ret = (struct pn_scalar){.kind = PN_SCALAR_REAL, .r = negative ? -HUGE_VAL : HUGE_VAL};
    if (pn_str_is(word, ".inf") || pn_str_is(word, ".Inf") || pn_str_is(word, ".INF"))
        return true;
    ret->r = (double)NAN;
    return pn_str_is(text, ".nan") || pn_str_is(text, ".NaN") || pn_str_is(text, ".NAN");
}

/* ---- timestamps ------------------------------------------------------------------------ */

/* Takes `least` to `most` digits off *text. */
static bool take_number(int *ret, struct pn_str *text, size_t least, size_t most)
{
    size_t n = 0;
    int number = 0;
    for (; n < text->n && n < most && is_digit(text->s[n]); n++)
        number = number * 10 + (text->s[n] - '0');
    if (n < least)
        return false;
    *text = (struct pn_str){text->s + n, text->n - n};
    *ret = number;
    return true;
}

static bool take_char(struct pn_str *text, char c)
{
    if (text->n == 0 || text->s[0] != c)
        return false;
    *text = (struct pn_str){text->s + 1, text->n - 1};
    return true;
}

static bool take_date(struct pn_str *text)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    if (!take_number(&year, text, 4, 4) || !take_char(text, '-') ||
        !take_number(&month, text, 1, 2) || !take_char(text, '-') || !take_number(&day, text, 1, 2))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month != 2 || day < 29 || leap;
}

/* hh:mm:ss with an optional fraction. */
static bool take_time(struct pn_str *text)
{
    int hour, minute, second, ignored;
    if (!take_number(&hour, text, 1, 2) || !take_char(text, ':') ||
        !take_number(&minute, text, 1, 2) || !take_char(text, ':') ||
        !take_number(&second, text, 1, 2))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    if (text->n > 1 && (text->s[0] == '.' || text->s[0] == ',') && is_digit(text->s[1])) {
        *text = (struct pn_str){text->s + 1, text->n - 1};
        while (take_number(&ignored, text, 1, 1))
            ;
    }
    return true;
}

static bool take_zone(struct pn_str *text)
{
    int hour, minute;
    if (take_char(text, 'Z'))
        return true;
    return (take_char(text, '+') || take_char(text, '-')) && take_number(&hour, text, 2, 2) &&
           take_char(text, ':') && take_number(&minute, text, 2, 2) && hour <= 24 && minute <= 60;
}

/* The formats of allowedTimestampFormats in resolve.go. */
static bool is_timestamp(struct pn_str text)
{
    if (text.n < 5 || text.s[4] != '-' || !take_date(&text))
        return false;
    if (text.n == 0)
        return true;
    if (take_char(&text, 'T') || take_char(&text, 't'))
        return take_time(&text) && take_zone(&text) && text.n == 0;
    if (!take_char(&text, ' '))
        return false;
    while (take_char(&text, ' '))
        ;
    return take_time(&text) && text.n == 0;
}

/* ---- numbers --------------------------------------------------------------------------- */

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

static bool read_digits(uint64_t *ret, struct pn_str digits, unsigned base)
{
    uint64_t u = 0;
    for (size_t i = 0; i < digits.n; i++) {
        unsigned digit = (unsigned)digit_value(digits.s[i]);
        if (digit >= base || u > (UINT64_MAX - digit) / base)
            return false;
        u = u * base + digit;
    }
    *ret = u;
    return true;
}

/* An unsigned integer in the notations of Go's strconv with base 0: 0x, 0o, 0b, 0 and decimal. */
static bool read_unsigned(uint64_t *ret, struct pn_str text)
{
    if (text.n == 0)
        return false;
    if (text.s[0] != '0')
        return read_digits(ret, text, 10);
    char letter = text.n >= 3 ? (char)(text.s[1] | 0x20) : '\0';
    unsigned base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    size_t prefix = base != 0 ? 2 : 1;
    return read_digits(ret, (struct pn_str){text.s + prefix, text.n - prefix},
                       base != 0 ? base : 8);
}

static bool read_signed(struct pn_scalar *ret, bool negative, uint64_t magnitude)
{
    uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (magnitude > most)
        return false;
    uint64_t bits = negative ? 0 - magnitude : magnitude;
    *ret = (struct pn_scalar){.kind = PN_SCALAR_INT, .i = (int64_t)bits};
    return true;
}

/* Splits a sign off; true when it is a minus. */
static bool take_sign(struct pn_str *text)
{
    bool negative = text->n > 0 && text->s[0] == '-';
    if (negative || (text->n > 0 && text->s[0] == '+'))
        *text = (struct pn_str){text->s + 1, text->n - 1};
    return negative;
}

static bool read_integer(struct pn_scalar *ret, struct pn_str text)
{
    uint64_t u;
    struct pn_str digits = text;
    bool negative = take_sign(&digits);
    if (!read_unsigned(&u, digits))
        return false;
    if (read_signed(ret, negative, u))
        return true;
    if (digits.n != text.n) /* beyond int64, only a number without a sign stays an integer */
        return false;
    *ret = (struct pn_scalar){.kind = PN_SCALAR_UINT, .u = u};
    return true;
}

/* resolve.go takes the sign after the prefix as well: 0b-1 is minus one. */
static bool read_binary_with_sign(struct pn_scalar *ret, struct pn_str text)
{
    uint64_t u;
    if (!pn_str_has_prefix(text, PN_STR("0b")))
        return false;
    struct pn_str digits = {text.s + 2, text.n - 2};
    bool negative = take_sign(&digits);
    return digits.n > 0 && read_digits(&u, digits, 2) && read_signed(ret, negative, u);
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_real(struct pn_str text)
{
    size_t i = 0, whole = 0, fraction = 0;
    if (i < text.n && (text.s[i] == '-' || text.s[i] == '+'))
        i++;
    for (; i < text.n && is_digit(text.s[i]); i++)
        whole++;
    if (i < text.n && text.s[i] == '.') {
        for (i++; i < text.n && is_digit(text.s[i]); i++)
            fraction++;
    }
    if (whole == 0 && fraction == 0)
        return false;
    if (i == text.n)
        return true;
    if (text.s[i] != 'e' && text.s[i] != 'E')
        return false;
    i++;
    if (i < text.n && (text.s[i] == '-' || text.s[i] == '+'))
        i++;
    size_t exponent = i;
    while (i < text.n && is_digit(text.s[i]))
        i++;
    return i == text.n && i > exponent;
}

static bool read_real(struct pn_scalar *ret, struct pn_str text)
{
    double r;
    if (!looks_real(text) || !pn_number_read_real(&r, text))
        return false;
    *ret = (struct pn_scalar){.kind = PN_SCALAR_REAL, .r = r};
    return true;
}

/* A number without its underscores, in `room`; false when that is too small. */
static bool drop_underscores(struct pn_str *ret, char room[static NUMBER_MAX_BYTES],
                             struct pn_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.s[i] == '_')
            continue;
        if (n == NUMBER_MAX_BYTES)
            return false;
        room[n++] = text.s[i];
    }
    *ret = (struct pn_str){room, n};
    return true;
}

/* A scalar that starts with a digit or a sign: underscores may stand anywhere. */
static struct pn_scalar resolve_number(struct pn_str text)
{
    char room[NUMBER_MAX_BYTES];
    struct pn_str number;
    struct pn_scalar found;
    if (is_timestamp(text))
        return (struct pn_scalar){.kind = PN_SCALAR_TIMESTAMP};
    if (drop_underscores(&number, room, text) &&
        (read_integer(&found, number) || read_real(&found, number) ||
         read_binary_with_sign(&found, number)))
        return found;
    return string_scalar;
}

/* A scalar that starts with a dot: here underscores only separate digits. */
static struct pn_scalar resolve_fraction(struct pn_str text)
{
    char room[NUMBER_MAX_BYTES];
    struct pn_str number;
    struct pn_scalar found;
    for (size_t i = 1; i < text.n; i++) {
        if (text.s[i] == '_' &&
            (!is_digit(text.s[i - 1]) || i + 1 == text.n || !is_digit(text.s[i + 1])))
            return string_scalar;
    }
    if (drop_underscores(&number, room, text) && read_real(&found, number))
        return found;
    return string_scalar;
}

struct pn_scalar pn_scalar_resolve(struct pn_str text)
{
    struct pn_scalar found = string_scalar;
    if (is_word_null(text))
        return (struct pn_scalar){.kind = PN_SCALAR_NULL};
    switch (text.s[0]) {
    case 'y':
    case 'Y':
    case 'n':
    case 'N':
    case 't':
    case 'T':
    case 'f':
    case 'F':
    case 'o':
    case 'O':
        return word_bool(&found, text) ? found : string_scalar;
    case '.':
        return word_special_real(&found, text) ? found : resolve_fraction(text);
    case '+':
    case '-':
        return word_special_real(&found, text) ? found : resolve_number(text);
    default:
        return is_digit(text.s[0]) ? resolve_number(text) : string_scalar;
    }
}

bool pn_scalar_is_sexagesimal(struct pn_str text)
{
    size_t parts = 0;
    struct pn_str rest = text;
    take_sign(&rest);
    if (rest.n == 0 || !is_digit(rest.s[0]))
        return false;
    while (rest.n > 0 && (is_digit(rest.s[0]) || rest.s[0] == '_'))
        rest = (struct pn_str){rest.s + 1, rest.n - 1};
    while (take_char(&rest, ':')) {
        int part;
        if (!take_number(&part, &rest, 1, 2) || part > 59)
            return false;
        parts++;
    }
    if (take_char(&rest, '.')) {
        while (rest.n > 0 && (is_digit(rest.s[0]) || rest.s[0] == '_'))
            rest = (struct pn_str){rest.s + 1, rest.n - 1};
    }
    return parts > 0 && rest.n == 0;
}

/* ---- tags ------------------------------------------------------------------------------ */

int pn_scalar_resolve_tagged(struct pn_scalar *ret, struct pn_str tag, struct pn_str text)
{
    const struct pn_str prefix = PN_STR(PN_SCALAR_TAG_PREFIX);
    struct pn_scalar found = pn_scalar_resolve(text);
    struct pn_str name = PN_STR_NULL;
    bool fits;
    if (pn_str_has_prefix(tag, prefix))
        name = (struct pn_str){tag.s + prefix.n, tag.n - prefix.n};
    if (pn_str_is(name, "bool")) {
        fits = found.kind == PN_SCALAR_BOOL;
    } else if (pn_str_is(name, "int")) {
        fits = found.kind == PN_SCALAR_INT || found.kind == PN_SCALAR_UINT;
    } else if (pn_str_is(name, "float")) {
        if (found.kind == PN_SCALAR_INT)
            found = (struct pn_scalar){.kind = PN_SCALAR_REAL, .r = (double)found.i};
        fits = found.kind == PN_SCALAR_REAL;
    } else if (pn_str_is(name, "null")) {
        fits = found.kind == PN_SCALAR_NULL;
    } else if (pn_str_is(name, "timestamp")) {
        fits = found.kind == PN_SCALAR_TIMESTAMP;
    } else {
        found = string_scalar;
        fits = true;
    }
    if (!fits)
        return PN_SCALAR_E_MISMATCH;
    *ret = found;
    return 0;
}
