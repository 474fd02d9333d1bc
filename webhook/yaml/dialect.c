/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/dialect.h"

#include <errno.h>

#include "yaml/fault.h"
#include "yaml/read.h"

/* Every place costs a parse of the text, so both bound the work for a text made to cost much. */
enum { RESPELL_MAX_PLACES = 200, RESPELL_MAX_BYTES = 8 << 20 };

/* ---- before: what only the port reads -------------------------------------------------- */

static bool may_need_respelling(struct pn_str text)
{
    for (size_t i = 0; i + 1 < text.n; i++) {
        char next = text.s[i + 1];
        if (text.s[i] == ':' && (next == ',' || next == ']' || next == '}'))
            return true;
        if (text.s[i] == '\\' && next == '\'')
            return true;
    }
    return false;
}

/* Parses up to the first error; false when there is none that matters here. */
static bool find_error(yaml_parser_t *parser)
{
    unsigned depth = 0;
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return parser->error == YAML_SCANNER_ERROR;
        yaml_event_type_t type = event.type;
        yaml_event_delete(&event);
        if (type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT)
            depth++;
        if (type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT)
            depth--;
        if (type == YAML_STREAM_END_EVENT || depth > PN_YAML_MAX_DEPTH)
            return false;
    }
}

/* Changes the byte that stopped the parser; false when the port stops there, too. */
static bool respell(char *bytes, struct pn_str written, const yaml_parser_t *parser)
{
    struct pn_cursor place = {.bytes = {bytes, written.n}};
    pn_cursor_to_index(&place, parser->problem_mark.index);
    size_t at = place.byte;
    char next = at + 1 < written.n ? bytes[at + 1] : '\0';
    bool respelled = next == '?' && written.s[at + 1] == ':';
    if (pn_str_is(pn_str_of(parser->problem), "found unexpected ':'") &&
        (next == ',' || next == ']' || next == '}' || respelled)) {
        bytes[at] = '?'; /* no text between brackets can hold one */
        return true;
    }
    if (pn_str_is(pn_str_of(parser->problem), "found unknown escape character") && next == '\'') {
        bytes[at + 1] = 'a'; /* the bell, which nobody writes */
        return true;
    }
    return false;
}

/* The text with all places respelled. */
static int respell_all(struct pn_compose *c)
{
    struct pn_str text = c->text;
    char *bytes = pn_arena_alloc(c->arena, text.n);
    bool again = true, out_of_memory = false;
    if (bytes == NULL)
        return -ENOMEM;
    memcpy(bytes, text.s, text.n);
    for (size_t i = 0; again && i < RESPELL_MAX_PLACES && i * text.n < RESPELL_MAX_BYTES; i++) {
        yaml_parser_t parser;
        if (!yaml_parser_initialize(&parser))
            return -ENOMEM;
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, text.n);
        again = find_error(&parser) && respell(bytes, text, &parser);
        out_of_memory = parser.error == YAML_MEMORY_ERROR;
        yaml_parser_delete(&parser);
    }
    if (out_of_memory)
        return -ENOMEM;
    c->text = (struct pn_str){bytes, text.n};
    return 0;
}

/* Tells of a byte order mark at the start of a line. */
static bool refuse_mark(struct pn_compose *c)
{
    const struct pn_str mark = PN_STR("\xef\xbb\xbf");
    const char *end = c->text.s + c->text.n;
    const char *at = c->text.s;
    while ((at = memmem(at, (size_t)(end - at), mark.s, mark.n)) != NULL) {
        if (at == c->text.s || at[-1] == '\n' || at[-1] == '\r') {
            struct pn_cursor place = c->origin;
            pn_cursor_to_byte(&place, place.byte + (size_t)(at - c->text.s));
            pn_fault_add(c, PN_FAULT_SYNTAX, pn_cursor_span(&place, place.byte + mark.n),
                         "a byte order mark (U+FEFF) stands within the file");
            pn_fault_help(c, "remove it; editors do not show it");
            return true;
        }
        at += mark.n;
    }
    return false;
}

int pn_dialect_prepare(struct pn_compose *c)
{
    if (c->text.n == 0)
        return 0;
    if (refuse_mark(c))
        return PN_YAML_E_INVALID;
    return may_need_respelling(c->text) ? respell_all(c) : 0;
}

/* ---- after: back to what was written, and what only libyaml reads ---------------------- */

/* True when the escape behind the backslash at `s` stands for the bell. */
static bool is_bell_escape(struct pn_str s)
{
    return pn_str_has_prefix(s, PN_STR("a")) || pn_str_has_prefix(s, PN_STR("x07")) ||
           pn_str_has_prefix(s, PN_STR("u0007")) || pn_str_has_prefix(s, PN_STR("U00000007"));
}

/* The next bell in what is left of the value. */
static unsigned char *next_bell(unsigned char **rest, const unsigned char *end)
{
    unsigned char *bell = memchr(*rest, '\a', (size_t)(end - *rest));
    *rest = bell != NULL ? bell + 1 : *rest;
    return bell;
}

/* The bells of the value come in the order of their escapes: those of \' become apostrophes. */
static void settle_double_quoted(struct pn_compose *c, struct pn_span span, struct pn_str written)
{
    unsigned char *rest = c->event.data.scalar.value;
    const unsigned char *end = rest + c->event.data.scalar.length;
    for (size_t i = 0; i + 1 < written.n; i++) {
        if (written.s[i] != '\\')
            continue;
        i++;
        if (written.s[i] == '/') {
            pn_fault_add(c, PN_FAULT_SYNTAX, span, "the escape \\/ is not known to kubectl");
            pn_fault_help(c, "write the slash without a backslash");
            return;
        }
        bool apostrophe = written.s[i] == '\'';
        if (!apostrophe && !is_bell_escape((struct pn_str){written.s + i, written.n - i}))
            continue;
        unsigned char *bell = next_bell(&rest, end);
        if (apostrophe && bell != NULL)
            *bell = '\'';
    }
}

static void settle_plain(struct pn_compose *c, struct pn_span span, struct pn_str written)
{
    if (memchr(written.s, '?', written.n) != NULL) {
        pn_fault_add(c, PN_FAULT_SYNTAX, span,
                     "a text between brackets cannot hold '?' without quotes");
        pn_fault_help(c, "quote the text");
        return;
    }
    for (size_t i = 0; i < c->event.data.scalar.length; i++) {
        if (c->event.data.scalar.value[i] == '?')
            c->event.data.scalar.value[i] = ':';
    }
}

void pn_dialect_settle(struct pn_compose *c, struct pn_span span)
{
    struct pn_str written = {c->source->bytes.s + span.start, span.end - span.start};
    yaml_scalar_style_t style = c->event.data.scalar.style;
    if (style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
        if (memchr(written.s, '\\', written.n) != NULL)
            settle_double_quoted(c, span, written);
        return;
    }
    if (style != YAML_PLAIN_SCALAR_STYLE || c->flow == 0)
        return;
    settle_plain(c, span, written);
    if (c->event.data.scalar.tag != NULL && span.end < c->source->bytes.n && written.n == 0 &&
        c->source->bytes.s[span.end] == ',')
        pn_fault_add(c, PN_FAULT_SYNTAX, span, "a tag ends with a space, not with a comma");
}
