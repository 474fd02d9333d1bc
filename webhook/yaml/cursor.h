/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_CURSOR_H
#define PN_YAML_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/source.h"

/*
 * A place in a source that moves forward. The parser counts characters from where it began, and
 * takes NEL, LS and PS for line breaks; spans count bytes from the start of the file, and lines as
 * editors do.
 */
struct pn_cursor {
    struct pn_str bytes; /* of the whole source */
    size_t index;        /* characters since the parser's start */
    size_t byte;
    uint32_t line, column;
};

/* Moves over the next character; `byte` must be within the source. */
static inline void pn_cursor_step(struct pn_cursor *c)
{
    unsigned char lead = (unsigned char)c->bytes.s[c->byte];
    size_t width = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    c->byte = c->bytes.n - c->byte > width ? c->byte + width : c->bytes.n;
    c->index++;
    c->column++;
    if (lead == '\n') {
        c->line++;
        c->column = 1;
    }
}

/* Moves forward to a character of the parser. */
static inline void pn_cursor_to_index(struct pn_cursor *c, size_t index)
{
    while (c->index < index && c->byte < c->bytes.n)
        pn_cursor_step(c);
}

/* Moves forward to a byte, or behind the character that holds it. */
static inline void pn_cursor_to_byte(struct pn_cursor *c, size_t byte)
{
    while (c->byte < byte && c->byte < c->bytes.n)
        pn_cursor_step(c);
}

/* The span from here to byte `end`. */
static inline struct pn_span pn_cursor_span(const struct pn_cursor *c, size_t end)
{
    return (struct pn_span){
        .start = c->byte,
        .end = end > c->byte ? end : c->byte,
        .line = c->line,
        .column = c->column,
    };
}

#endif
