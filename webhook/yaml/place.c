/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/place.h"

void pn_place_seek(struct pn_compose *c, yaml_mark_t mark)
{
    if (mark.index < c->at.index)
        c->at = c->origin;
    pn_cursor_to_index(&c->at, mark.index);
}

static bool is_space(char b)
{
    return b == ' ' || b == '\t' || b == '\r' || b == '\n';
}

/* Moves from an anchor or tag to the content behind it, at most to `end`. */
static void skip_properties(struct pn_cursor *from, size_t end)
{
    while (from->byte < end) {
        char b = from->bytes.s[from->byte];
        if (is_space(b)) {
            pn_cursor_step(from);
            continue;
        }
        if (b != '&' && b != '!' && b != '#')
            return;
        while (from->byte < end && (b == '#' ? from->bytes.s[from->byte] != '\n'
                                             : !is_space(from->bytes.s[from->byte])))
            pn_cursor_step(from);
    }
}

/*
 * The parser ends a block scalar behind the blank lines that follow it. Its span ends with its
 * last line, so that every node ends where its text does; what `+` keeps belongs to it.
 */
static size_t block_scalar_end(struct pn_str bytes, size_t start, size_t end)
{
    bool keep = (start + 1 < end && bytes.s[start + 1] == '+') ||
                (start + 2 < end && bytes.s[start + 2] == '+');
    size_t stop = end;
    while (!keep && stop > start && is_space(bytes.s[stop - 1]))
        stop--;
    while (!keep && stop < end && bytes.s[stop] != '\n')
        stop++;
    if (keep && stop > start && bytes.s[stop - 1] == '\n')
        stop--;
    return stop > start && bytes.s[stop - 1] == '\r' ? stop - 1 : stop;
}

/* A null that is not written at all, such as the value of `a:`. */
static struct pn_span place_nothing(struct pn_compose *c)
{
    pn_place_seek(c, c->event.start_mark);
    char before = c->at.byte > c->origin.byte ? c->at.bytes.s[c->at.byte - 1] : '\n';
    /* Without an indicator in front, the parser names the place of whatever comes next. */
    if (before == ':' || before == '-' || before == '?')
        c->last = c->at;
    c->end = c->last.byte;
    return pn_cursor_span(&c->last, c->end);
}

static bool is_block_scalar(yaml_scalar_style_t style)
{
    return style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
}

struct pn_span pn_place_scalar(struct pn_compose *c)
{
    bool properties = c->event.data.scalar.anchor != NULL || c->event.data.scalar.tag != NULL;
    yaml_scalar_style_t style = c->event.data.scalar.style;
    if (!properties && style == YAML_PLAIN_SCALAR_STYLE && c->event.data.scalar.length == 0)
        return place_nothing(c);
    pn_place_seek(c, c->event.start_mark);
    struct pn_cursor start = c->at;
    pn_cursor_to_index(&c->at, c->event.end_mark.index);
    if (properties)
        skip_properties(&start, c->at.byte);
    c->last = c->at;
    c->end = is_block_scalar(style) ? block_scalar_end(c->at.bytes, start.byte, c->at.byte)
                                    : c->at.byte;
    return pn_cursor_span(&start, c->end);
}

struct pn_span pn_place_collection(struct pn_compose *c, bool properties, bool flow)
{
    yaml_mark_t mark = properties ? c->event.end_mark : c->event.start_mark;
    if (properties && flow)
        mark.index--; /* the end mark of the opening bracket */
    pn_place_seek(c, mark);
    struct pn_span span = pn_cursor_span(&c->at, c->at.byte);
    /* A list that is not indented below its key ends its start event behind the first dash. */
    if (properties && !flow && c->event.type == YAML_SEQUENCE_START_EVENT &&
        (c->at.byte == c->at.bytes.n || c->at.bytes.s[c->at.byte] != '-')) {
        span.start--;
        span.column--;
    }
    return span;
}

void pn_place_end(struct pn_compose *c, struct pn_node *node)
{
    char first = c->at.bytes.s[node->span.start];
    if (first == '[' || first == '{') {
        pn_place_seek(c, c->event.end_mark);
        c->last = c->at;
        c->end = c->at.byte;
    }
    node->span.end = c->end;
}
