/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table.h"

#include <errno.h>
#include <stdlib.h>

#include "report/term.h"

/* Between two columns. */
enum { GAP_COLUMNS = 3 };

struct pn_table_cell {
    size_t start, length; /* in the table's text */
    size_t width;         /* on a terminal */
    const char *color;    /* NULL: none */
};

void pn_table_init(struct pn_table *ret, size_t columns)
{
    *ret = (struct pn_table){.columns = columns, .text = PN_BUF_INIT};
}

void pn_table_deinit(struct pn_table *table)
{
    free(table->cells);
    pn_buf_deinit(&table->text);
    *table = (struct pn_table){0};
}

void pn_table_add(struct pn_table *table, struct pn_str text)
{
    if (table->count == table->cap) {
        size_t cap = 2 * table->cap + 64;
        struct pn_table_cell *grown = realloc(table->cells, cap * sizeof *grown);
        if (grown == NULL) {
            table->failed = true;
            return;
        }
        table->cells = grown;
        table->cap = cap;
    }
    size_t start = table->text.len;
    size_t width = pn_term_write(&table->text, text.n > 0 ? text : PN_STR("-"));
    table->cells[table->count++] = (struct pn_table_cell){start, table->text.len - start, width,
                                                          NULL};
}

void pn_table_add_buf(struct pn_table *table, struct pn_buf *text)
{
    table->failed = table->failed || text->failed;
    pn_table_add(table, pn_buf_view(text));
    text->len = 0;
}

void pn_table_add_heads(struct pn_table *table, const char *const *heads)
{
    for (size_t i = 0; i < table->columns; i++)
        pn_table_add(table, pn_str_of(heads[i]));
}

void pn_table_paint(struct pn_table *table, const char *color)
{
    if (!table->failed && table->count > 0)
        table->cells[table->count - 1].color = color;
}

static size_t column_width(const struct pn_table *table, size_t column)
{
    size_t width = 0;
    for (size_t i = column; i < table->count; i += table->columns)
        width = table->cells[i].width > width ? table->cells[i].width : width;
    return width;
}

int pn_table_write(struct pn_buf *out, const struct pn_table *table)
{
    PN_CLEANUP(pn_free_pointer) size_t *widths = calloc(table->columns, sizeof *widths);
    if (widths == NULL || table->failed || table->text.failed)
        return -ENOMEM;
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = column_width(table, i);
    for (size_t i = 0; i < table->count; i++) {
        const struct pn_table_cell *cell = &table->cells[i];
        size_t column = i % table->columns;
        pn_buf_cstr(out, cell->color != NULL ? cell->color : "");
        pn_buf_append(out, table->text.data + cell->start, cell->length);
        pn_buf_cstr(out, cell->color != NULL ? PN_TERM_RESET : "");
        if (column + 1 == table->columns || i + 1 == table->count)
            pn_buf_char(out, '\n');
        else
            pn_buf_printf(out, "%*s", (int)(widths[column] - cell->width) + GAP_COLUMNS, "");
    }
    return out->failed ? -ENOMEM : 0;
}
