/* SPDX-License-Identifier: Apache-2.0 */
#include "base/source.h"

#include <string.h>

struct pn_span pn_source_span(const struct pn_source *source, size_t start, size_t end)
{
    struct pn_str bytes = source->bytes;
    if (start > bytes.n)
        start = bytes.n;
    if (end < start)
        end = start;
    struct pn_span span = {.start = start, .end = end, .line = 1, .column = 1};
    struct pn_str rest = {bytes.s, start};
    for (const char *at; rest.n > 0 && (at = memchr(rest.s, '\n', rest.n)) != NULL; span.line++) {
        rest.n -= (size_t)(at + 1 - rest.s);
        rest.s = at + 1;
    }
    for (; rest.n > 0; span.column++) {
        size_t n = pn_str_utf8_next(rest);
        n = n > 0 ? n : 1;
        rest.s += n;
        rest.n -= n;
    }
    return span;
}

struct pn_str pn_source_line(const struct pn_source *source, size_t offset)
{
    struct pn_str bytes = source->bytes;
    if (bytes.n == 0)
        return PN_STR("");
    if (offset > bytes.n)
        offset = bytes.n;
    size_t start = offset, end = offset;
    while (start > 0 && bytes.s[start - 1] != '\n')
        start--;
    while (end < bytes.n && bytes.s[end] != '\n')
        end++;
    if (end > start && bytes.s[end - 1] == '\r')
        end--;
    return (struct pn_str){bytes.s + start, end - start};
}
