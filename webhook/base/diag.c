/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

static void diag_deinit(struct pn_diag *diag)
{
    free(diag->message);
    free(diag->help);
    free(diag->file);
    free(diag->excerpt);
}

void pn_diags_deinit(struct pn_diags *diags)
{
    for (size_t i = 0; i < diags->count; i++)
        diag_deinit(&diags->items[i]);
    free(diags->items);
    *diags = (struct pn_diags)PN_DIAGS_INIT;
}

static char *copy(struct pn_str text)
{
    char *c = malloc(text.n + 1);
    if (c == NULL)
        return NULL;
    if (text.n > 0)
        memcpy(c, text.s, text.n);
    c[text.n] = '\0';
    return c;
}

static PN_PRINTF(1, 0) char *format_text(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *text = n >= 0 ? malloc((size_t)n + 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

static struct pn_diag *next_item(struct pn_diags *diags)
{
    if (diags->count >= PN_DIAGS_MAX) {
        diags->dropped++;
        return NULL;
    }
    /* Grown at powers of two: the count says when. */
    if ((diags->count & (diags->count - 1)) == 0) {
        size_t cap = diags->count > 0 ? diags->count * 2 : 1;
        struct pn_diag *items = realloc(diags->items, cap * sizeof *items);
        if (items == NULL) {
            diags->failed = true;
            return NULL;
        }
        diags->items = items;
    }
    return &diags->items[diags->count];
}

void pn_diags_add(struct pn_diags *diags, enum pn_severity severity, const char *id,
                  const struct pn_source *source, struct pn_span span, const char *format, ...)
{
    if (severity == PN_SEVERITY_ERROR)
        diags->errors++;
    struct pn_diag *item = next_item(diags);
    if (item == NULL)
        return;
    struct pn_diag diag = {.severity = severity, .id = id, .span = span};
    va_list args;
    va_start(args, format);
    diag.message = format_text(format, args);
    va_end(args);
    bool stored = diag.message != NULL;
    if (source != NULL) {
        diag.file = copy(source->name);
        stored = stored && diag.file != NULL;
    }
    if (source != NULL && span.line > 0) {
        struct pn_str line = pn_source_line(source, span.start);
        line.n = pn_str_utf8_cut(line, PN_EXCERPT_MAX_BYTES);
        diag.excerpt = copy(line);
        stored = stored && diag.excerpt != NULL;
    }
    if (!stored) {
        diag_deinit(&diag);
        diags->failed = true;
        return;
    }
    *item = diag;
    diags->count++;
}

void pn_diags_help(struct pn_diags *diags, const char *format, ...)
{
    if (diags->count == 0 || diags->dropped > 0 || diags->failed)
        return;
    struct pn_diag *last = &diags->items[diags->count - 1];
    va_list args;
    va_start(args, format);
    free(last->help);
    last->help = format_text(format, args);
    va_end(args);
    if (last->help == NULL)
        diags->failed = true;
}

static int by_place(const struct pn_diag *a, const struct pn_diag *b)
{
    int order = pn_str_cmp(pn_str_of(a->file), pn_str_of(b->file));
    if (order != 0)
        return order;
    if (a->span.line != b->span.line)
        return a->span.line < b->span.line ? -1 : 1;
    if (a->span.column != b->span.column)
        return a->span.column < b->span.column ? -1 : 1;
    return 0;
}

void pn_diags_sort(struct pn_diags *diags)
{
    /* Insertion: at most PN_DIAGS_MAX items, nearly sorted already, and stable. */
    for (size_t i = 1; i < diags->count; i++) {
        struct pn_diag item = diags->items[i];
        size_t at = i;
        for (; at > 0 && by_place(&diags->items[at - 1], &item) > 0; at--)
            diags->items[at] = diags->items[at - 1];
        diags->items[at] = item;
    }
}
