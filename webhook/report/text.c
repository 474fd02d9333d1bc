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

static void write_headline(struct pn_buf *out, const struct pn_diag *diag, bool color)
{
    bool is_error = diag->severity == PN_SEVERITY_ERROR;
    pn_buf_cstr(out, paint(color, PN_TERM_BOLD));
    if (diag->file != NULL) {
        pn_term_write(out, pn_str_of(diag->file));
        if (diag->span.line > 0)
            pn_buf_printf(out, ":%u:%u", diag->span.line, diag->span.column);
        pn_buf_cstr(out, ": ");
    }
    pn_buf_cstr(out, paint(color, is_error ? PN_TERM_RED : PN_TERM_YELLOW));
    pn_buf_cstr(out, is_error ? "error: " : "warning: ");
    pn_buf_cstr(out, paint(color, PN_TERM_RESET PN_TERM_BOLD));
    pn_term_write(out, pn_str_of(diag->message));
    pn_buf_cstr(out, paint(color, PN_TERM_RESET));
    pn_buf_printf(out, " [%s]\n", diag->id);
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

static void write_excerpt(struct pn_buf *out, const struct pn_diag *diag, bool color)
{
    struct carets carets;
    const char *cyan = paint(color, PN_TERM_CYAN), *reset = paint(color, PN_TERM_RESET);
    size_t start = out->len;
    char number[16];
    int gutter = snprintf(number, sizeof number, "%u", diag->span.line);
    gutter = gutter < 2 ? 2 : gutter;
    pn_buf_printf(out, "%s%*s |%s\n", cyan, gutter + 1, "", reset);
    pn_buf_printf(out, "%s%*s |%s ", cyan, gutter + 1, number, reset);
    size_t n = diag->span.end - diag->span.start;
    if (!write_source_line(out, &carets, pn_str_of(diag->excerpt), diag->span.column, n)) {
        /* The place lies beyond what is kept of a long line: a line without it says nothing. */
        out->len = start;
        return;
    }
    pn_buf_printf(out, "\n%s%*s |%s %*s%s", cyan, gutter + 1, "", reset, (int)carets.start, "",
                  paint(color, PN_TERM_RED));
    for (size_t i = 0; i < carets.width || i == 0; i++)
        pn_buf_char(out, '^');
    pn_buf_printf(out, "%s\n", reset);
}

void pn_text_write_diag(struct pn_buf *out, const struct pn_diag *diag, bool color)
{
    write_headline(out, diag, color);
    if (diag->excerpt != NULL && diag->span.line > 0)
        write_excerpt(out, diag, color);
    if (diag->help != NULL) {
        pn_buf_printf(out, "%s    = %shelp: ", paint(color, PN_TERM_CYAN),
                      paint(color, PN_TERM_RESET));
        pn_term_write(out, pn_str_of(diag->help));
        pn_buf_char(out, '\n');
    }
}

void pn_text_write_diags(struct pn_buf *out, const struct pn_diags *diags, bool color)
{
    for (size_t i = 0; i < diags->count; i++)
        pn_text_write_diag(out, &diags->items[i], color);
    if (diags->dropped > 0)
        pn_buf_printf(out, "... and %zu more\n", diags->dropped);
}
