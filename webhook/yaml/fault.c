/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/value.h"

/* Of a text that a message quotes. */
enum { QUOTE_MAX_BYTES = 60 };

const char *pn_fault_quote(struct pn_compose *c, struct pn_str text)
{
    struct pn_buf quoted = PN_BUF_IN_ARENA(c->arena);
    struct pn_str cut = {text.s, pn_str_utf8_cut(text, QUOTE_MAX_BYTES)};
    pn_json_write_str(&quoted, cut);
    if (cut.n < text.n)
        pn_buf_cstr(&quoted, "...");
    pn_buf_char(&quoted, '\0');
    c->diags->failed = c->diags->failed || quoted.failed;
    return quoted.failed ? "this text" : quoted.data;
}

void pn_fault_add(struct pn_compose *c, const char *id, struct pn_span span, const char *format,
                  ...)
{
    char message[PN_ERR_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    c->faults++;
    /* A template has many, and one cause. */
    bool is_template = pn_str_contains(pn_source_line(c->source, span.start), PN_STR("{{"));
    c->wants_help = !is_template;
    if (is_template && c->is_template)
        return;
    c->is_template = c->is_template || is_template;
    pn_diags_add(c->diags, PN_SEVERITY_ERROR, id, c->source, span, "%s", message);
    if (is_template)
        pn_diags_help(c->diags, "this looks like a template: render it first, for example with "
                                "`helm template`");
}

void pn_fault_help(struct pn_compose *c, const char *format, ...)
{
    char help[PN_ERR_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(help, sizeof help, format, args);
    va_end(args);
    if (c->wants_help)
        pn_diags_help(c->diags, "%s", help);
}

/* Where the parser's mark stands. */
static struct pn_cursor place_of(const struct pn_compose *c, yaml_mark_t mark)
{
    struct pn_cursor place = c->origin;
    pn_cursor_to_index(&place, mark.index);
    return place;
}

static void add_at(struct pn_compose *c, struct pn_cursor place, const char *message,
                   const char *help)
{
    struct pn_cursor end = place;
    if (end.byte < end.bytes.n && end.bytes.s[end.byte] != '\n')
        pn_cursor_step(&end);
    pn_fault_add(c, PN_FAULT_SYNTAX, pn_cursor_span(&place, end.byte), "%s", message);
    if (help != NULL)
        pn_fault_help(c, "%s", help);
}

/* ---- bytes that are no YAML at all ----------------------------------------------------- */

static void reader_fault(struct pn_compose *c)
{
    struct pn_cursor place = c->origin;
    char message[96];
    size_t target = c->origin.byte + c->parser->problem_offset;
    for (struct pn_cursor next = place; next.byte <= target && next.byte < next.bytes.n;) {
        place = next;
        pn_cursor_step(&next);
    }
    unsigned byte = place.byte < place.bytes.n ? (unsigned char)place.bytes.s[place.byte] : 0;
    if (pn_str_is(pn_str_of(c->parser->problem), "control characters are not allowed")) {
        snprintf(message, sizeof message, "the character U+%04X cannot stand in YAML",
                 (unsigned)c->parser->problem_value);
        add_at(c, place, message, "remove it, or write it as an escape between double quotes");
        return;
    }
    snprintf(message, sizeof message, "this is not UTF-8 text (byte 0x%02x)", byte);
    add_at(c, place, message, "save the file as UTF-8");
}

/* ---- what the scanner and the parser say ----------------------------------------------- */

struct saying {
    const char *problem; /* libyaml's words */
    bool at_context;     /* the fault is where the construct began */
    const char *message;
    const char *help;
};

static const struct saying sayings[] = {
    {"could not find expected ':'", true, "expected \"key: value\" here, but no ':' follows",
     "check the indentation, and quote texts that span lines"},
    {"mapping values are not allowed in this context", false, "no \"key: value\" can stand here",
     "quote the value if its text holds \": \", or check the indentation of this line and the one "
     "before"},
    {"mapping keys are not allowed in this context", false, "no key can stand here",
     "quote the text if it starts with \"? \""},
    {"block sequence entries are not allowed in this context", false, "no list item can stand here",
     "begin the list on a line of its own below the key"},
    {"did not find expected '-' indicator", false,
     "this does not belong to the list before: expected a \"- \" item", "check the indentation"},
    {"did not find expected key", false,
     "this does not belong to the mapping before: expected a key",
     "check the indentation, and that nothing follows a quoted text"},
    {"did not find expected node content", false, "expected a value here", NULL},
    {"did not find expected <document start>", false, "expected \"---\" after the directives",
     NULL},
    {"found undefined tag handle", false, "this tag's handle is not declared",
     "a text that starts with '!' must be quoted"},
    {"found duplicate %YAML directive", false, "a second %YAML directive", NULL},
    {"found duplicate %TAG directive", false, "a second %TAG directive for the same handle", NULL},
    {"found incompatible YAML document", false, "this version of YAML is not known",
     "write %YAML 1.1, or leave the line out"},
    {"found unknown directive name", true,
     "a line that starts with '%' is a directive, and this "
     "one is not known",
     "quote the text if it starts with '%'"},
    {"found unexpected end of stream", true, "this quoted text is never closed",
     "add the closing quote"},
    {"found unexpected document indicator", true,
     "this quoted text is not closed when the document ends", "add the closing quote"},
    {"found unknown escape character", false, "this escape is not known between double quotes",
     "write a backslash as \\\\, or use single quotes"},
    {"did not find expected hexdecimal number", false, "expected hexadecimal digits in this escape",
     NULL},
    {"found invalid Unicode character escape code", false,
     "this escape is half of a surrogate pair or no character at all",
     "write the character itself, or \\U and its eight hexadecimal digits"},
    {"found a tab character that violates indentation", false,
     "found a tab where spaces are expected", "YAML is indented with spaces only"},
    {"found a tab character where an indentation space is expected", false,
     "found a tab where spaces are expected", "YAML is indented with spaces only"},
    {"found an indentation indicator equal to 0", true, "a block text cannot be indented by 0",
     NULL},
    {"found unexpected ':'", false, "unexpected ':' in a text between brackets",
     "quote the text, or put a space behind the ':'"},
};

static const struct saying *find_saying(const char *problem)
{
    for (size_t i = 0; i < PN_COUNT_OF(sayings); i++) {
        if (pn_str_is(pn_str_of(problem), sayings[i].problem))
            return &sayings[i];
    }
    return NULL;
}

/* A bracket that is not closed when the text ends: named where it stands. */
static bool unclosed_fault(struct pn_compose *c)
{
    char message[128];
    struct pn_cursor place = place_of(c, c->parser->problem_mark);
    char bracket = c->open.byte < c->open.bytes.n ? c->open.bytes.s[c->open.byte] : '\0';
    if (c->parser->error != YAML_PARSER_ERROR || c->flow == 0 ||
        place.byte < c->origin.byte + c->text.n || (bracket != '[' && bracket != '{'))
        return false;
    snprintf(message, sizeof message, "this %s is never closed: expected '%c'",
             bracket == '[' ? "list" : "mapping", bracket == '[' ? ']' : '}');
    add_at(c, c->open, message, NULL);
    return true;
}

/* Something between brackets where only a comma or the closing one can stand. */
static bool bracket_fault(struct pn_compose *c)
{
    char message[128];
    bool list = pn_str_is(pn_str_of(c->parser->problem), "did not find expected ',' or ']'");
    if (!list && !pn_str_is(pn_str_of(c->parser->problem), "did not find expected ',' or '}'"))
        return false;
    struct pn_cursor open = place_of(c, c->parser->context_mark);
    snprintf(message, sizeof message, "expected ',' or '%c' here, in the %s of line %u, column %u",
             list ? ']' : '}', list ? "list" : "mapping", open.line, open.column);
    add_at(c, place_of(c, c->parser->problem_mark), message,
           "quote texts that hold , : ? [ ] { or }");
    return true;
}

/* A character that begins nothing. */
static void character_fault(struct pn_compose *c, struct pn_cursor place)
{
    char message[96];
    unsigned char b = place.byte < place.bytes.n ? (unsigned char)place.bytes.s[place.byte] : 0;
    if (b == '\t') {
        add_at(c, place, "found a tab where spaces are expected",
               "YAML is indented with spaces only");
        return;
    }
    snprintf(message, sizeof message, "a value cannot start with '%c'", b);
    add_at(c, place, message, "quote the text");
}

static void scanner_fault(struct pn_compose *c, struct pn_cursor place)
{
    const char *context = c->parser->context != NULL ? c->parser->context : "";
    if (pn_str_contains(pn_str_of(context), PN_STR("anchor")))
        add_at(c, place, "an anchor is '&' and letters, digits, '-' or '_'",
               "a text that starts with '&' must be quoted");
    else if (pn_str_contains(pn_str_of(context), PN_STR("alias")))
        add_at(c, place, "an alias is '*' and letters, digits, '-' or '_'",
               "a text that starts with '*' must be quoted");
    else if (pn_str_contains(pn_str_of(context), PN_STR("directive")))
        add_at(c, place, "this directive cannot be read", "quote the text if it starts with '%'");
    else if (pn_str_contains(pn_str_of(context), PN_STR("tag")))
        add_at(c, place, "this tag cannot be read", "a text that starts with '!' must be quoted");
    else if (pn_str_contains(pn_str_of(context), PN_STR("block scalar")))
        add_at(c, place, "only a comment can follow '|' or '>' on its line",
               "begin the text on the next line, or quote it");
    else
        add_at(c, place, c->parser->problem, NULL);
}

void pn_fault_syntax(struct pn_compose *c)
{
    const yaml_parser_t *parser = c->parser;
    if (parser->error == YAML_READER_ERROR) {
        reader_fault(c);
        return;
    }
    if (unclosed_fault(c) || bracket_fault(c))
        return;
    const struct saying *saying = find_saying(parser->problem);
    struct pn_cursor place = place_of(
        c, saying != NULL && saying->at_context ? parser->context_mark : parser->problem_mark);
    if (saying != NULL)
        add_at(c, place, saying->message, saying->help);
    else if (pn_str_is(pn_str_of(parser->problem), "found character that cannot start any token"))
        character_fault(c, place);
    else
        scanner_fault(c, place);
}
