/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/split.h"

enum line { LINE_EMPTY, LINE_DIRECTIVE, LINE_DOCUMENT_START, LINE_DOCUMENT_END, LINE_CONTENT };

/* Bytes of the line break at `at`: those of YAML 1.1, as the parser has them; 0: none. */
static size_t line_break(struct pn_str bytes, size_t at)
{
    const unsigned char *s = (const unsigned char *)bytes.s + at;
    size_t n = bytes.n - at;
    if (s[0] == '\n')
        return 1;
    if (s[0] == '\r')
        return n > 1 && s[1] == '\n' ? 2 : 1;
    if (s[0] == 0xc2)
        return n > 1 && s[1] == 0x85 ? 2 : 0;
    if (s[0] == 0xe2)
        return n > 2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9) ? 3 : 0;
    return 0;
}

static bool is_blank_or_end(struct pn_str bytes, size_t at)
{
    return at >= bytes.n || bytes.s[at] == ' ' || bytes.s[at] == '\t' || line_break(bytes, at) > 0;
}

/* Where the line that holds `at` ends, its break included. */
static size_t line_end(struct pn_str bytes, size_t at)
{
    while (at < bytes.n) {
        size_t n = line_break(bytes, at);
        if (n > 0)
            return at + n;
        at++;
    }
    return at;
}

/* True when nothing but blanks and a comment follows on the line. */
static bool is_empty_from(struct pn_str bytes, size_t at)
{
    while (at < bytes.n && (bytes.s[at] == ' ' || bytes.s[at] == '\t'))
        at++;
    return at == bytes.n || bytes.s[at] == '#' || line_break(bytes, at) > 0;
}

static enum line classify(struct pn_str bytes, size_t at)
{
    struct pn_str rest = {bytes.s + at, bytes.n - at};
    if (pn_str_has_prefix(rest, PN_STR("---")) && is_blank_or_end(bytes, at + 3))
        return LINE_DOCUMENT_START;
    if (pn_str_has_prefix(rest, PN_STR("...")) && is_blank_or_end(bytes, at + 3))
        return LINE_DOCUMENT_END;
    if (is_empty_from(bytes, at))
        return LINE_EMPTY;
    return bytes.s[at] == '%' ? LINE_DIRECTIVE : LINE_CONTENT;
}

/* What has been seen of a stretch. */
enum progress { BEFORE_CONTENT, AFTER_DIRECTIVE, IN_CONTENT, AFTER_CONTENT };

/*
 * Takes a `---` line that belongs to the stretch: the text begins behind it. Files put one behind
 * the other may leave a byte order mark there, which kubectl does not see.
 */
static void begin_text(struct pn_stretch *stretch, struct pn_cursor line)
{
    stretch->text_start = line;
    if (!is_empty_from(line.bytes, line.byte + 3)) {
        pn_cursor_to_byte(&stretch->text_start, line.byte + 3);
        return;
    }
    pn_cursor_to_byte(&stretch->text_start, line_end(line.bytes, line.byte));
    if (pn_split_skip_mark(&stretch->text_start)) {
        stretch->start = stretch->text_start;
        stretch->start.index = 0;
    }
}

/* Moves on by one line of the stretch; false when the line belongs to the next one. */
static bool take_line(struct pn_stretch *stretch, enum progress *progress, struct pn_cursor line)
{
    switch (classify(line.bytes, line.byte)) {
    case LINE_EMPTY:
        return true;
    case LINE_DIRECTIVE:
        if (*progress == AFTER_CONTENT)
            return false;
        if (*progress == BEFORE_CONTENT)
            *progress = AFTER_DIRECTIVE;
        return true;
    case LINE_DOCUMENT_START:
        if (*progress == IN_CONTENT || *progress == AFTER_CONTENT)
            return false;
        if (*progress == BEFORE_CONTENT)
            begin_text(stretch, line);
        *progress = IN_CONTENT;
        return true;
    case LINE_DOCUMENT_END:
        if (*progress != AFTER_CONTENT)
            stretch->text_end = line.byte;
        *progress = AFTER_CONTENT;
        return true;
    case LINE_CONTENT:
        if (*progress != AFTER_CONTENT)
            *progress = IN_CONTENT;
        return true;
    }
    return true;
}

bool pn_split_skip_mark(struct pn_cursor *c)
{
    struct pn_str rest = {c->bytes.s + c->byte, c->bytes.n - c->byte};
    if (!pn_str_has_prefix(rest, PN_STR("\xef\xbb\xbf")))
        return false;
    c->byte += 3;
    return true;
}

bool pn_split_next(struct pn_stretch *ret, struct pn_cursor *next)
{
    enum progress progress = BEFORE_CONTENT;
    struct pn_cursor line = *next;
    if (line.byte >= line.bytes.n)
        return false;
    line.index = 0;
    *ret = (struct pn_stretch){.start = line, .text_start = line, .text_end = SIZE_MAX};
    while (line.byte < line.bytes.n && take_line(ret, &progress, line))
        pn_cursor_to_byte(&line, line_end(line.bytes, line.byte));
    ret->end = line.byte;
    if (ret->text_end > ret->end)
        ret->text_end = ret->end;
    *next = line;
    return true;
}
