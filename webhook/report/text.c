/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include <stdio.h>

#include "report/term.h"

/* YAML has no tabs where they would matter; any fixed stop keeps line and caret together. */
enum { TAB_COLUMNS = 4 };

static const char *paint(bool color, const char *sequence)
{
    return color ? sequence : "";
}

static const char *const severity_colors[] = {PN_TERM_RED, PN_TERM_YELLOW, PN_TERM_CYAN};

static void write_place(struct pn_buf *out, const char *file, struct pn_span span)
{
    pn_term_write(out, pn_str_of(file));
    if (span.line > 0)
        pn_buf_printf(out, ":%u:%u", span.line, span.column);
}

void pn_text_write_headline(struct pn_buf *out, const struct pn_diag *diag, bool color)
{
    pn_buf_cstr(out, paint(color, PN_TERM_BOLD));
    if (diag->file != NULL) {
        write_place(out, diag->file, diag->span);
        pn_buf_cstr(out, ": ");
    }
    pn_buf_cstr(out, paint(color, severity_colors[diag->severity]));
    pn_buf_printf(out, "%s: ", pn_severity_name(diag->severity));
    pn_buf_cstr(out, paint(color, PN_TERM_RESET PN_TERM_BOLD));
    pn_term_write(out, pn_str_of(diag->message));
    pn_buf_cstr(out, paint(color, PN_TERM_RESET));
    pn_buf_printf(out, " [%s%s%s]\n", diag->code != NULL ? diag->code : "",
                  diag->code != NULL ? " " : "", diag->id);
}

/* One character of a source line; returns its columns. */
static size_t put_source_char(struct pn_buf *out, struct pn_str *rest, size_t column)
{
    if (rest->s[0] != '\t')
        return pn_term_put(out, rest);
    size_t n = TAB_COLUMNS - column % TAB_COLUMNS;
    rest->s++;
    rest->n--;
    pn_buf_printf(out, "%*s", (int)n, "");
    return n;
}

/* Where the carets stand below a line, in columns from 0. */
struct carets {
    size_t start, width;
};

/*
 * Writes the line, and says where its part from character `first` on, `n` bytes long, was written.
 * Returns false when the line does not reach that far.
 */
static bool write_source_line(struct pn_buf *out, struct carets *ret, struct pn_str line,
                              uint32_t first, size_t n)
{
    size_t column = 0;
    uint32_t character = 1;
    const char *stop = NULL;
    struct carets carets = {0, 0};
    while (line.n > 0) {
        if (character == first) {
            carets.start = column;
            stop = line.n > n ? line.s + n : line.s + line.n;
        }
        bool is_inside = stop != NULL && line.s < stop;
        size_t width = put_source_char(out, &line, column);
        column += width;
        carets.width += is_inside ? width : 0;
        character++;
    }
    if (stop == NULL && character == first)
        carets.start = column; /* the end of the line itself */
    else if (stop == NULL)
        return false;
    *ret = carets;
    return true;
}

/* A source line with `mark` below its part, and what is said about that. */
struct excerpt {
    struct pn_span span;
    const char *line, *label; /* label: NULL for none */
    char mark;
};

static void write_excerpt(struct pn_buf *out, const struct excerpt *e, bool color)
{
    struct carets carets;
    const char *cyan = paint(color, PN_TERM_CYAN), *reset = paint(color, PN_TERM_RESET);
    const char *mark_color = paint(color, e->mark == '^' ? PN_TERM_RED : PN_TERM_CYAN);
    size_t start = out->len;
    char number[16];
    int gutter = snprintf(number, sizeof number, "%u", e->span.line);
    gutter = gutter < 2 ? 2 : gutter;
    pn_buf_printf(out, "%s%*s |%s\n", cyan, gutter + 1, "", reset);
    pn_buf_printf(out, "%s%*s |%s ", cyan, gutter + 1, number, reset);
    if (!write_source_line(out, &carets, pn_str_of(e->line), e->span.column,
                           e->span.end - e->span.start)) {
        /* The place lies beyond what is kept of a long line: a line without it says nothing. */
        out->len = start;
        return;
    }
    pn_buf_printf(out, "\n%s%*s |%s %*s%s", cyan, gutter + 1, "", reset, (int)carets.start, "",
                  mark_color);
    for (size_t i = 0; i < carets.width || i == 0; i++)
        pn_buf_char(out, e->mark);
    if (e->label != NULL) {
        pn_buf_char(out, ' ');
        pn_term_write(out, pn_str_of(e->label));
    }
    pn_buf_printf(out, "%s\n", reset);
}

static void write_line(struct pn_buf *out, const char *word, const char *text, bool color)
{
    pn_buf_printf(out, "%s    = %s%s: ", paint(color, PN_TERM_CYAN), paint(color, PN_TERM_RESET),
                  word);
    pn_term_write(out, pn_str_of(text));
    pn_buf_char(out, '\n');
}

static void write_related(struct pn_buf *out, const struct pn_diag_place *place, bool color)
{
    if (place->file != NULL) {
        pn_buf_printf(out, "%s  ::: %s", paint(color, PN_TERM_CYAN), paint(color, PN_TERM_RESET));
        write_place(out, place->file, place->span);
        pn_buf_char(out, '\n');
    }
    const struct excerpt e = {place->span, place->excerpt, place->label, '-'};
    if (place->excerpt != NULL)
        write_excerpt(out, &e, color);
}

void pn_text_write_diag(struct pn_buf *out, const struct pn_diag *diag, bool color)
{
    const struct excerpt e = {diag->span, diag->excerpt, diag->label, '^'};
    pn_text_write_headline(out, diag, color);
    if (diag->excerpt != NULL && diag->span.line > 0)
        write_excerpt(out, &e, color);
    for (size_t i = 0; i < diag->related_count; i++)
        write_related(out, &diag->related[i], color);
    for (size_t i = 0; i < diag->note_count; i++)
        write_line(out, "note", diag->notes[i], color);
    if (diag->help != NULL)
        write_line(out, "help", diag->help, color);
}

void pn_text_write_diags(struct pn_buf *out, const struct pn_diags *diags, bool color)
{
    for (size_t i = 0; i < diags->count; i++)
        pn_text_write_diag(out, &diags->items[i], color);
    if (diags->dropped > 0)
        pn_buf_printf(out, "... and %zu more\n", diags->dropped);
}
