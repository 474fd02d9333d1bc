/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/place.h"

/* The place of source byte `at`, counted on from the scalar's start. */
static void span_at(struct pn_span *ret, const struct pn_source *source, struct pn_span scalar,
                    size_t at, size_t length)
{
    struct pn_str before = {source->bytes.s + scalar.start, at - scalar.start};
    struct pn_source part = {source->name, before};
    struct pn_span span = pn_source_span(&part, before.n, before.n);
    if (span.line == 1)
        span.column += scalar.column - 1;
    span.line += scalar.line - 1;
    span.start = at;
    span.end = at + length;
    *ret = span;
}

/* In a literal block, each line of the text stands behind its indentation on a line of the file. */
static bool find_in_block(size_t *ret, struct pn_str raw, struct pn_str text, size_t offset)
{
    struct pn_str lines = raw, rest = text, line;
    const char *start = raw.s;
    pn_str_split(&lines, '\n'); /* the header */
    for (;;) {
        const char *text_line = rest.s;
        line = pn_str_split(&rest, '\n');
        if (lines.s == NULL)
            return false;
        struct pn_str raw_line = pn_str_split(&lines, '\n');
        if (raw_line.n > 0 && raw_line.s[raw_line.n - 1] == '\r')
            raw_line.n--;
        if (offset <= (size_t)(text_line - text.s) + line.n) {
            if (!pn_str_has_suffix(raw_line, line))
                return false;
            size_t within = offset - (size_t)(text_line - text.s);
            *ret = (size_t)(raw_line.s - start) + raw_line.n - line.n + within;
            return true;
        }
        if (rest.s == NULL)
            return false;
    }
}

bool pn_jsone_place_find(struct pn_span *ret, const struct pn_source *source, struct pn_span scalar,
                         struct pn_str text, size_t offset, size_t length)
{
    size_t at;
    if (source == NULL || scalar.line == 0 || scalar.end > source->bytes.n ||
        scalar.start >= scalar.end || text.n == 0)
        return false;
    struct pn_str raw = {source->bytes.s + scalar.start, scalar.end - scalar.start};
    bool is_quoted = raw.n == text.n + 2 && (raw.s[0] == '"' || raw.s[0] == '\'');
    struct pn_str inner = is_quoted ? (struct pn_str){raw.s + 1, text.n} : raw;
    if (pn_str_eq(inner, text))
        at = offset + (is_quoted ? 1 : 0);
    else if (raw.s[0] != '|' || !find_in_block(&at, raw, text, offset))
        return false;
    span_at(ret, source, scalar, scalar.start + at, length);
    return true;
}
