/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/edit_text.h"

#include <limits.h>

bool pn_edit_text_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

size_t pn_edit_text_line_start(const struct pn_edit_walk *w, size_t at)
{
    while (at > w->span.start && w->bytes.s[at - 1] != '\n')
        at--;
    return at;
}

size_t pn_edit_text_line_end(const struct pn_edit_walk *w, size_t at)
{
    const char *end = at < w->span.end ? memchr(w->bytes.s + at, '\n', w->span.end - at) : NULL;
    size_t line_end = end != NULL ? (size_t)(end - w->bytes.s) : w->span.end;
    return end != NULL && line_end > at && end[-1] == '\r' ? line_end - 1 : line_end;
}

size_t pn_edit_text_line_before(const struct pn_edit_walk *w, size_t at)
{
    size_t line = pn_edit_text_line_start(w, at);
    if (line > w->span.start)
        line--;
    return line > w->span.start && w->bytes.s[line - 1] == '\r' ? line - 1 : line;
}

size_t pn_edit_text_next_line(const struct pn_edit_walk *w, size_t at)
{
    if (at < w->span.end && w->bytes.s[at] == '\r')
        at++;
    return at < w->span.end ? at + 1 : at;
}

size_t pn_edit_text_skip(const struct pn_edit_walk *w, size_t at)
{
    while (at < w->span.end) {
        char c = w->bytes.s[at];
        if (c == '#' && (at == w->span.start || pn_edit_text_is_blank(w->bytes.s[at - 1]) ||
                         is_break(w->bytes.s[at - 1])))
            at = pn_edit_text_line_end(w, at);
        else if (pn_edit_text_is_blank(c) || is_break(c))
            at++;
        else
            break;
    }
    return at;
}

unsigned pn_edit_text_column(const struct pn_edit_walk *w, size_t at)
{
    size_t line = pn_edit_text_line_start(w, at);
    unsigned column = line == w->span.start ? w->span.column - 1 : 0;
    for (size_t i = line; i < at; i++)
        column += ((unsigned char)w->bytes.s[i] & 0xc0) != 0x80;
    return column;
}

bool pn_edit_text_begins_line(const struct pn_edit_walk *w, size_t at)
{
    while (at > w->span.start && w->bytes.s[at - 1] == ' ')
        at--;
    return at == w->span.start ? w->span.column == 1 : w->bytes.s[at - 1] == '\n';
}

bool pn_edit_text_has_break(const struct pn_edit_walk *w, size_t start, size_t end)
{
    return end > start && memchr(w->bytes.s + start, '\n', end - start) != NULL;
}

bool pn_edit_text_is_all_blank(const struct pn_edit_walk *w, size_t start, size_t end)
{
    while (start < end && (pn_edit_text_is_blank(w->bytes.s[start]) || is_break(w->bytes.s[start])))
        start++;
    return start == end;
}

int pn_edit_text_tail(size_t *ret, bool *ret_comment, const struct pn_edit_walk *w, size_t at)
{
    size_t end = pn_edit_text_line_end(w, at);
    size_t stop = at;
    while (stop < end && pn_edit_text_is_blank(w->bytes.s[stop]))
        stop++;
    if (stop < end && (w->bytes.s[stop] != '#' || stop == at))
        return PN_EDIT_E_ANEW;
    if (ret_comment != NULL)
        *ret_comment = stop < end;
    *ret = end;
    return 0;
}

/* What begins on a line: its place, or the line's end when nothing does. */
static size_t line_content(const struct pn_edit_walk *w, size_t line, size_t end)
{
    while (line < end && pn_edit_text_is_blank(w->bytes.s[line]))
        line++;
    return line;
}

/* Walks over comment lines from the line that ends at `at`; *ret_column is that of the content
 * behind them, -1 at the end of the document. Gives the end of the last comment deeper than
 * `deeper` and not less deep than `column`. */
static size_t follow_comments(long *ret_column, const struct pn_edit_walk *w, size_t at,
                              long column, long deeper)
{
    size_t found = at;
    *ret_column = -1;
    for (size_t end = at; end < w->span.end;) {
        size_t line = pn_edit_text_next_line(w, end);
        end = pn_edit_text_line_end(w, line);
        size_t content = line_content(w, line, end);
        long here = (long)(content - line);
        if (content == end)
            continue;
        if (w->bytes.s[content] != '#') {
            *ret_column = here;
            break;
        }
        if (here < column)
            column = LONG_MAX; /* what is behind it belongs to what follows */
        else if (here > deeper)
            found = end;
    }
    return found;
}

int pn_edit_text_below(size_t *ret, const struct pn_edit_walk *w, size_t at, unsigned column)
{
    long next;
    size_t end;
    int r = pn_edit_text_tail(&end, NULL, w, at);
    if (r != 0)
        return r;
    follow_comments(&next, w, end, column, -1);
    *ret = follow_comments(&next, w, end, column, next);
    return 0;
}
