/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_LEX_H
#define PN_JSONE_LEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Tokens of the expression language. */
enum pn_token {
    PN_TOKEN_END,
    PN_TOKEN_BAD, /* no token begins here */
    PN_TOKEN_NUMBER,
    PN_TOKEN_STRING, /* with its quotes; there are no escapes */
    PN_TOKEN_NAME,
    PN_TOKEN_TRUE,
    PN_TOKEN_FALSE,
    PN_TOKEN_NULL,
    PN_TOKEN_IN,
    PN_TOKEN_OR,
    PN_TOKEN_AND,
    PN_TOKEN_EQUAL,
    PN_TOKEN_NOT_EQUAL,
    PN_TOKEN_LESS,
    PN_TOKEN_GREATER,
    PN_TOKEN_LESS_EQUAL,
    PN_TOKEN_GREATER_EQUAL,
    PN_TOKEN_PLUS,
    PN_TOKEN_MINUS,
    PN_TOKEN_TIMES,
    PN_TOKEN_DIVIDE,
    PN_TOKEN_POWER,
    PN_TOKEN_NOT,
    PN_TOKEN_DOT,
    PN_TOKEN_COMMA,
    PN_TOKEN_COLON,
    PN_TOKEN_PAREN_OPEN,
    PN_TOKEN_PAREN_CLOSE,
    PN_TOKEN_BRACKET_OPEN,
    PN_TOKEN_BRACKET_CLOSE,
    PN_TOKEN_BRACE_OPEN,
    PN_TOKEN_BRACE_CLOSE,
};

/* Reads tokens on demand: what follows the `}` of ${...} is no expression. */
struct pn_lex {
    struct pn_str text;
    size_t at; /* where the current token begins */
    enum pn_token token;
    struct pn_str lexeme; /* the current token's bytes */
};

/* Moves to the first token at or behind `at`. */
void pn_lex_start(struct pn_lex *lex, struct pn_str text, size_t at);

/* Moves to the next token. */
void pn_lex_next(struct pn_lex *lex);

/* How an operator or punctuation is written; NULL for the other tokens. */
const char *pn_lex_spelling(enum pn_token token);

/* Writes the current token in words: "`)`", "the name `foo`", "the end". */
void pn_lex_describe(struct pn_buf *out, const struct pn_lex *lex);

#endif
