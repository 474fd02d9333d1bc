/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_TABLE_H
#define PN_REPORT_TABLE_H

#include "base/buf.h"

/* Text in columns, as kubectl prints lists: each is as wide as its widest cell. */
struct pn_table {
    struct pn_table_cell *cells; /* on the heap, row after row */
    size_t count, cap;
    size_t columns;
    struct pn_buf text;
    bool failed; /* an allocation was refused */
};

/* An empty table with `columns` columns. Frees: pn_table_deinit. */
void pn_table_init(struct pn_table *ret, size_t columns);

void pn_table_deinit(struct pn_table *table);

/* Adds the next cell; rows fill from the left. The text is escaped, and an empty one shows as "-".
 */
void pn_table_add(struct pn_table *table, struct pn_str text);

/* The text of a buffer as the next cell; the buffer is emptied for another. */
void pn_table_add_buf(struct pn_table *table, struct pn_buf *text);

/* The first row: a head for each column. */
void pn_table_add_heads(struct pn_table *table, const char *const *heads);

/* Shows the cell added last in a colour of report/term.h (static). */
void pn_table_paint(struct pn_table *table, const char *color);

/* Appends the rows to `out`. Returns 0 or -ENOMEM. */
int pn_table_write(struct pn_buf *out, const struct pn_table *table) PN_MUST_CHECK;

#endif
