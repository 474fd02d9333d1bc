/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/lex.h"

#include "jsone/chars.h"

/* Longer ones first where one begins as another. */
static const struct spelling {
    enum pn_token token;
    const char *text;
} spellings[] = {
    {PN_TOKEN_POWER, "**"},      {PN_TOKEN_LESS_EQUAL, "<="},  {PN_TOKEN_GREATER_EQUAL, ">="},
    {PN_TOKEN_EQUAL, "=="},      {PN_TOKEN_NOT_EQUAL, "!="},   {PN_TOKEN_AND, "&&"},
    {PN_TOKEN_OR, "||"},         {PN_TOKEN_PLUS, "+"},         {PN_TOKEN_MINUS, "-"},
    {PN_TOKEN_TIMES, "*"},       {PN_TOKEN_DIVIDE, "/"},       {PN_TOKEN_LESS, "<"},
    {PN_TOKEN_GREATER, ">"},     {PN_TOKEN_NOT, "!"},          {PN_TOKEN_DOT, "."},
    {PN_TOKEN_COMMA, ","},       {PN_TOKEN_COLON, ":"},        {PN_TOKEN_PAREN_OPEN, "("},
    {PN_TOKEN_PAREN_CLOSE, ")"}, {PN_TOKEN_BRACKET_OPEN, "["}, {PN_TOKEN_BRACKET_CLOSE, "]"},
    {PN_TOKEN_BRACE_OPEN, "{"},  {PN_TOKEN_BRACE_CLOSE, "}"},  {PN_TOKEN_IN, "in"},
    {PN_TOKEN_TRUE, "true"},     {PN_TOKEN_FALSE, "false"},    {PN_TOKEN_NULL, "null"},
};

const char *pn_lex_spelling(enum pn_token token)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (spellings[i].token == token)
            return spellings[i].text;
    }
    return NULL;
}

static void take(struct pn_lex *lex, enum pn_token token, size_t n)
{
    lex->token = token;
    lex->lexeme = (struct pn_str){lex->text.s + lex->at, n};
}

/* [0-9]+(\.[0-9]+)?: no sign, no exponent. */
static size_t number_length(struct pn_str s)
{
    size_t n = 0;
    while (n < s.n && pn_chars_is_digit(s.s[n]))
        n++;
    if (n + 1 < s.n && s.s[n] == '.' && pn_chars_is_digit(s.s[n + 1])) {
        n++;
        while (n < s.n && pn_chars_is_digit(s.s[n]))
            n++;
    }
    return n;
}

static void take_name(struct pn_lex *lex, struct pn_str rest)
{
    struct pn_str name = {rest.s, pn_chars_name(rest)};
    take(lex, PN_TOKEN_NAME, name.n);
    for (enum pn_token t = PN_TOKEN_TRUE; t <= PN_TOKEN_IN; t++) {
        if (pn_str_is(name, pn_lex_spelling(t)))
            lex->token = t;
    }
}

static void take_string(struct pn_lex *lex, struct pn_str rest)
{
    const char *end = memchr(rest.s + 1, rest.s[0], rest.n - 1);
    if (end != NULL)
        take(lex, PN_TOKEN_STRING, (size_t)(end - rest.s) + 1);
    else
        take(lex, PN_TOKEN_BAD, 1);
}

static void take_operator(struct pn_lex *lex, struct pn_str rest)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        struct pn_str text = pn_str_of(spellings[i].text);
        if (pn_str_has_prefix(rest, text)) {
            take(lex, spellings[i].token, text.n);
            return;
        }
    }
    take(lex, PN_TOKEN_BAD, pn_chars_next(rest));
}

void pn_lex_start(struct pn_lex *lex, struct pn_str text, size_t at)
{
    *lex = (struct pn_lex){.text = text, .at = at, .lexeme = {text.s, 0}};
    pn_lex_next(lex);
}

void pn_lex_next(struct pn_lex *lex)
{
    lex->at += lex->lexeme.n;
    struct pn_str rest = {lex->text.s + lex->at, lex->text.n - lex->at};
    for (size_t n = pn_chars_space(rest); n > 0; n = pn_chars_space(rest)) {
        rest.s += n;
        rest.n -= n;
        lex->at += n;
    }
    if (rest.n == 0)
        take(lex, PN_TOKEN_END, 0);
    else if (pn_chars_is_digit(rest.s[0]))
        take(lex, PN_TOKEN_NUMBER, number_length(rest));
    else if (pn_chars_starts_name(rest.s[0]))
        take_name(lex, rest);
    else if (rest.s[0] == '"' || rest.s[0] == '\'')
        take_string(lex, rest);
    else
        take_operator(lex, rest);
}

void pn_lex_describe(struct pn_buf *out, const struct pn_lex *lex)
{
    struct pn_str shown = {lex->lexeme.s, pn_str_utf8_cut(lex->lexeme, 40)};
    const char *more = shown.n < lex->lexeme.n ? "..." : "";
    switch (lex->token) {
    case PN_TOKEN_END:
        pn_buf_cstr(out, "the end");
        return;
    case PN_TOKEN_BAD:
        if (shown.s[0] == '"' || shown.s[0] == '\'')
            pn_buf_cstr(out, "a string without its closing quote");
        else
            pn_buf_printf(out, "`%.*s`, which is not part of the language", PN_STR_ARG(shown));
        return;
    case PN_TOKEN_NUMBER:
        pn_buf_printf(out, "the number %.*s%s", PN_STR_ARG(shown), more);
        return;
    case PN_TOKEN_STRING:
        pn_buf_printf(out, "the string %.*s%s", PN_STR_ARG(shown), more);
        return;
    case PN_TOKEN_NAME:
        pn_buf_printf(out, "the name `%.*s%s`", PN_STR_ARG(shown), more);
        return;
    default:
        pn_buf_printf(out, "`%.*s`", PN_STR_ARG(shown));
        return;
    }
}
