/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_TERM_H
#define PN_REPORT_TERM_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Text of strangers (manifests, file names) on a terminal: it must neither move the cursor nor
 * reorder what stands around it.
 */

/* Colours as git uses them. */
#define PN_TERM_BOLD "\033[1m"
#define PN_TERM_RED "\033[31m"
#define PN_TERM_GREEN "\033[32m"
#define PN_TERM_YELLOW "\033[33m"
#define PN_TERM_CYAN "\033[36m"
#define PN_TERM_RESET "\033[m"

/*
 * Appends the first character of *rest in a form that is safe to show, and moves *rest behind it.
 * Control characters, bytes that are no UTF-8, and invisible characters that turn the writing
 * direction become escapes (\n, \x1b, \u202e). Returns the columns it takes. *rest is not empty.
 */
size_t pn_term_put(struct pn_buf *out, struct pn_str *rest);

/* The same for all of `text`. Returns the columns. */
size_t pn_term_write(struct pn_buf *out, struct pn_str text);

#endif
