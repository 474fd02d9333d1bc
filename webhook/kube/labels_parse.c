/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/labels.h"

#include <errno.h>

#include "base/number.h"
#include "kube/names.h"

/* The string form of label selectors: pn_selector_parse. */

enum token { END, WORD, COMMA, OPEN, CLOSE, NOT, EQUALS, NOT_EQUALS, GREATER, LESS };

struct parser {
    struct pn_str text;
    size_t at; /* behind the current token */
    enum token token;
    struct pn_str word; /* its text */
    size_t start;
    struct pn_arena *a;
    struct pn_err *err;
    struct pn_str *values; /* room for all; `used` of them are taken */
    size_t used;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum token symbol_of(char c)
{
    static const char symbols[] = ",()!=><";
    static const enum token tokens[] = {COMMA, OPEN, CLOSE, NOT, EQUALS, GREATER, LESS};
    const char *found = strchr(symbols, c);
    return found != NULL ? tokens[found - symbols] : WORD;
}

/* Moves to the next token. */
static void advance(struct parser *p)
{
    while (p->at < p->text.n && is_blank(p->text.s[p->at]))
        p->at++;
    p->start = p->at;
    p->token = p->at < p->text.n ? symbol_of(p->text.s[p->at]) : END;
    if (p->token == WORD) {
        while (p->at < p->text.n && !is_blank(p->text.s[p->at]) &&
               symbol_of(p->text.s[p->at]) == WORD)
            p->at++;
    } else if (p->token != END) {
        bool doubled = (p->token == NOT || p->token == EQUALS) && p->at + 1 < p->text.n &&
                       p->text.s[p->at + 1] == '=';
        p->at += doubled ? 2 : 1;
        if (doubled && p->token == NOT)
            p->token = NOT_EQUALS;
    }
    p->word = (struct pn_str){p->text.s != NULL ? p->text.s + p->start : NULL, p->at - p->start};
}

static int expected(struct parser *p, const char *what)
{
    if (p->token == END)
        return pn_err_set(p->err, PN_SELECTOR_E_INVALID, "at byte %zu: expected %s, found the end",
                          p->start, what);
    return pn_err_set(p->err, PN_SELECTOR_E_INVALID, "at byte %zu: expected %s, found \"%.*s\"",
                      p->start, what, PN_STR_ARG(p->word));
}

/* Adds the current word, or the empty one when the token is none, to the values. */
static int take_value(struct parser *p)
{
    struct pn_str value = p->token == WORD ? p->word : PN_STR("");
    if (!pn_name_is_label_value(value))
        return pn_err_set(p->err, PN_SELECTOR_E_INVALID,
                          "at byte %zu: \"%.*s\" is no label value; it must be " //
                          PN_NAME_LABEL_VALUE_RULE,
                          p->start, PN_STR_ARG(value));
    value = pn_arena_dup(p->a, value);
    if (value.s == NULL)
        return pn_err_set(p->err, -ENOMEM, "out of memory");
    p->values[p->used++] = value;
    if (p->token == WORD)
        advance(p);
    return 0;
}

/* "(x,y)": each value may be left out, which is the empty one. */
static int parse_set(struct parser *p)
{
    if (p->token != OPEN)
        return expected(p, "'('");
    do {
        advance(p);
        int r = take_value(p);
        if (r != 0)
            return r;
    } while (p->token == COMMA);
    if (p->token != CLOSE)
        return expected(p, "',' or ')'");
    advance(p);
    return 0;
}

static int parse_exact(struct parser *p)
{
    if (p->token != WORD && p->token != COMMA && p->token != END)
        return expected(p, "a label value");
    return take_value(p);
}

static int parse_bound(struct parser *p)
{
    int64_t bound;
    size_t start = p->start;
    int r = parse_exact(p);
    if (r != 0)
        return r;
    struct pn_str value = p->values[p->used - 1];
    if (!pn_number_read_int(&bound, value))
        return pn_err_set(p->err, PN_SELECTOR_E_INVALID,
                          "at byte %zu: expected an integer within 64 bits, found \"%.*s\"", start,
                          PN_STR_ARG(value));
    return 0;
}

static int parse_key(struct parser *p, struct pn_str *ret)
{
    if (p->token != WORD)
        return expected(p, "a label key");
    if (!pn_name_is_qualified(p->word))
        return pn_err_set(p->err, PN_SELECTOR_E_INVALID,
                          "at byte %zu: \"%.*s\" is no label key; it must be " //
                          PN_NAME_QUALIFIED_RULE,
                          p->start, PN_STR_ARG(p->word));
    struct pn_str key = pn_arena_dup(p->a, p->word);
    if (key.s == NULL)
        return pn_err_set(p->err, -ENOMEM, "out of memory");
    *ret = key;
    advance(p);
    return 0;
}

/* What follows a key: an operator with its values, or nothing. */
static int parse_operation(struct parser *p, enum pn_operator *ret)
{
    enum token token = p->token;
    bool in = token == WORD && pn_str_is(p->word, "in");
    bool not_in = token == WORD && pn_str_is(p->word, "notin");
    if (token == END || token == COMMA) {
        *ret = PN_OP_EXISTS;
        return 0;
    }
    if (!in && !not_in && token != EQUALS && token != NOT_EQUALS && token != GREATER &&
        token != LESS)
        return expected(p, "',', =, ==, !=, in, notin, > or <");
    advance(p);
    if (in || not_in) {
        *ret = in ? PN_OP_IN : PN_OP_NOT_IN;
        return parse_set(p);
    }
    if (token == GREATER || token == LESS) {
        *ret = token == GREATER ? PN_OP_GREATER : PN_OP_LESS;
        return parse_bound(p);
    }
    *ret = token == EQUALS ? PN_OP_IN : PN_OP_NOT_IN;
    return parse_exact(p);
}

static int parse_requirement(struct parser *p, struct pn_requirement *ret)
{
    bool negated = p->token == NOT;
    struct pn_requirement q = {.op = PN_OP_DOES_NOT_EXIST, .values = p->values};
    size_t before = p->used;
    if (negated)
        advance(p);
    int r = parse_key(p, &q.key);
    if (r == 0 && !negated)
        r = parse_operation(p, &q.op);
    if (r == 0 && p->token != COMMA && p->token != END)
        r = expected(p, "',' or the end");
    if (r != 0)
        return r;
    q.values = p->values + before;
    q.count = (uint32_t)(p->used - before);
    *ret = q;
    return 0;
}

int pn_selector_parse(struct pn_selector *ret, struct pn_str text, struct pn_arena *a,
                      struct pn_err *err)
{
    struct parser p = {.text = text, .a = a, .err = err};
    size_t commas = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.s[i] == '\0')
            return pn_err_set(err, PN_SELECTOR_E_INVALID, "at byte %zu: a NUL byte", i);
        commas += text.s[i] == ',';
    }
    if (commas >= UINT32_MAX / 2)
        return pn_err_set(err, PN_SELECTOR_E_INVALID, "too many requirements");
    /* A comma separates two requirements or two values. */
    struct pn_requirement *requirements = pn_arena_zalloc(a, commas + 1, sizeof *requirements);
    p.values = pn_arena_zalloc(a, 2 * commas + 1, sizeof *p.values);
    if (requirements == NULL || p.values == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    uint32_t count = 0;
    advance(&p);
    while (p.token != END) {
        int r = parse_requirement(&p, &requirements[count]);
        if (r != 0)
            return r;
        count++;
        if (p.token == END)
            break;
        advance(&p);
        if (p.token == END)
            return expected(&p, "a label key behind ','");
    }
    *ret = (struct pn_selector){requirements, count};
    return 0;
}
