/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"

static void place_deinit(struct pn_diag_place *place)
{
    free(place->label);
    free(place->file);
    free(place->excerpt);
}

void pn_diag_drop_edits(struct pn_diag *diag)
{
    for (size_t i = 0; i < diag->edit_count; i++)
        free(diag->edits[i].text);
    free(diag->edits);
    diag->edits = NULL;
    diag->edit_count = 0;
}

static void diag_deinit(struct pn_diag *diag)
{
    pn_diag_drop_edits(diag);
    for (size_t i = 0; i < diag->related_count; i++)
        place_deinit(&diag->related[i]);
    for (size_t i = 0; i < diag->note_count; i++)
        free(diag->notes[i]);
    free(diag->file);
    free(diag->excerpt);
    free(diag->label);
    free(diag->related);
    free(diag->notes);
    free(diag->message);
    free(diag->help);
    free(diag->object);
    free(diag->pointer);
    free(diag->suppressed);
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

char *pn_diags_copy(struct pn_diags *diags, struct pn_str text)
{
    char *c = copy(text);
    diags->failed = diags->failed || c == NULL;
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

/* False when memory was refused. */
static bool copy_place(char **ret_file, char **ret_excerpt, const struct pn_source *source,
                       struct pn_span span)
{
    if (source == NULL)
        return true;
    *ret_file = copy(source->name);
    if (span.line == 0)
        return *ret_file != NULL;
    struct pn_str line = pn_source_line(source, span.start);
    line.n = pn_str_utf8_cut(line, PN_EXCERPT_MAX_BYTES);
    *ret_excerpt = copy(line);
    return *ret_file != NULL && *ret_excerpt != NULL;
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
    if (!copy_place(&diag.file, &diag.excerpt, source, span) || diag.message == NULL) {
        diag_deinit(&diag);
        diags->failed = true;
        return;
    }
    *item = diag;
    diags->count++;
}

struct pn_diag *pn_diags_last(struct pn_diags *diags)
{
    if (diags->count == 0 || diags->dropped > 0 || diags->failed)
        return NULL;
    return &diags->items[diags->count - 1];
}

static PN_PRINTF(3, 0) void set_text(struct pn_diags *diags, char **text, const char *format,
                                     va_list args)
{
    free(*text);
    *text = format_text(format, args);
    if (*text == NULL)
        diags->failed = true;
}

void pn_diags_help(struct pn_diags *diags, const char *format, ...)
{
    struct pn_diag *last = pn_diags_last(diags);
    va_list args;
    va_start(args, format);
    if (last != NULL)
        set_text(diags, &last->help, format, args);
    va_end(args);
}

void pn_diags_label(struct pn_diags *diags, const char *format, ...)
{
    struct pn_diag *last = pn_diags_last(diags);
    va_list args;
    va_start(args, format);
    if (last != NULL)
        set_text(diags, &last->label, format, args);
    va_end(args);
}

void pn_diags_note(struct pn_diags *diags, const char *format, ...)
{
    struct pn_diag *last = pn_diags_last(diags);
    if (last == NULL)
        return;
    char **notes = realloc(last->notes, (last->note_count + 1) * sizeof *notes);
    if (notes == NULL) {
        diags->failed = true;
        return;
    }
    last->notes = notes;
    notes[last->note_count] = NULL;
    va_list args;
    va_start(args, format);
    set_text(diags, &notes[last->note_count], format, args);
    va_end(args);
    last->note_count += notes[last->note_count] != NULL;
}

void pn_diags_related(struct pn_diags *diags, const struct pn_source *source, struct pn_span span,
                      const char *format, ...)
{
    struct pn_diag *last = pn_diags_last(diags);
    if (last == NULL)
        return;
    struct pn_diag_place *grown = realloc(last->related, (last->related_count + 1) * sizeof *grown);
    if (grown == NULL) {
        diags->failed = true;
        return;
    }
    last->related = grown;
    struct pn_diag_place *place = &grown[last->related_count++];
    *place = (struct pn_diag_place){.span = span};
    diags->failed = !copy_place(&place->file, &place->excerpt, source, span) || diags->failed;
    va_list args;
    va_start(args, format);
    set_text(diags, &place->label, format, args);
    va_end(args);
}

void pn_diags_edit(struct pn_diags *diags, size_t start, size_t end, struct pn_str text)
{
    struct pn_diag *last = pn_diags_last(diags);
    if (last == NULL)
        return;
    struct pn_diag_edit *edits = realloc(last->edits, (last->edit_count + 1) * sizeof *edits);
    char *text_copy = copy(text);
    if (edits != NULL)
        last->edits = edits;
    if (edits == NULL || text_copy == NULL) {
        free(text_copy);
        diags->failed = true;
        return;
    }
    edits[last->edit_count++] = (struct pn_diag_edit){start, end, text_copy};
}

const char *const pn_severity_words[] = {"error", "warning", "info", NULL};

const char *pn_severity_name(enum pn_severity severity)
{
    return pn_severity_words[severity];
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
    return pn_str_cmp(pn_str_of(a->code), pn_str_of(b->code));
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
