/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_TEXT_H
#define PN_REPORT_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"

/*
 * Appends one diagnostic for people: a first line that is complete by itself and that editors
 * parse, then the source line with carets, then what to do.
 *
 *   policies/a.yaml:9:5: error: unknown field `contianers` in spec [unknown-field]
 *      |
 *    9 |     contianers:
 *      |     ^^^^^^^^^^
 *      = help: did you mean `containers`?
 *
 * Other places follow the excerpt, each under ":::" with dashes for carets; notes stand before the
 * help.
 */
void pn_text_write_diag(struct pn_buf *out, const struct pn_diag *diag, bool color);

/* Its first line alone. */
void pn_text_write_headline(struct pn_buf *out, const struct pn_diag *diag, bool color);

/* All of them in the list's order, and a line for those that were dropped. */
void pn_text_write_diags(struct pn_buf *out, const struct pn_diags *diags, bool color);

#endif
