/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_SOURCE_H
#define PN_BASE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The bytes of one file and the name people know it by ("-" is shown as <stdin>). Borrowed. */
struct pn_source {
    struct pn_str name;
    struct pn_str bytes;
};

/*
 * A place in a source: byte offsets [start, end) and, for people, line and column, both from 1;
 * columns count characters (UTF-8 sequences; an invalid byte is one). line 0: no place known.
 */
struct pn_span {
    size_t start, end;
    uint32_t line, column;
};

/* Line and column of byte `offset` by counting from the start: linear, for errors only. */
struct pn_span pn_source_span(const struct pn_source *source, size_t start, size_t end);

/* The line that holds byte `offset`, without its line break. */
struct pn_str pn_source_line(const struct pn_source *source, size_t offset);

#endif
