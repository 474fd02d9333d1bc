/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_EDIT_TEXT_H
#define PN_YAML_EDIT_TEXT_H

#include "yaml/edit_walk.h"

/* Lines and columns of the document that is edited. Places are bytes of the source. */

bool pn_edit_text_is_blank(char c); /* a space or tab */

/* The first byte of the line that holds `at`, and the place of its line break. */
size_t pn_edit_text_line_start(const struct pn_edit_walk *w, size_t at);
size_t pn_edit_text_line_end(const struct pn_edit_walk *w, size_t at);

/* The line break in front of the line that holds `at`; the start of the document's first line. */
size_t pn_edit_text_line_before(const struct pn_edit_walk *w, size_t at);

/* Behind the line break at `at`, where a line ends. */
size_t pn_edit_text_next_line(const struct pn_edit_walk *w, size_t at);

/* The first place from `at` on that is no white space and in no comment. */
size_t pn_edit_text_skip(const struct pn_edit_walk *w, size_t at);

/* Columns in front of `at`, in characters. */
unsigned pn_edit_text_column(const struct pn_edit_walk *w, size_t at);

/* True when only spaces stand in front of `at` on its line. */
bool pn_edit_text_begins_line(const struct pn_edit_walk *w, size_t at);

/* True when [start, end) holds a line break. */
bool pn_edit_text_has_break(const struct pn_edit_walk *w, size_t start, size_t end);

/* True when [start, end) holds nothing but blanks and line breaks. */
bool pn_edit_text_is_all_blank(const struct pn_edit_walk *w, size_t start, size_t end);

/*
 * Where the line of `at` ends, when nothing but blanks and a comment follows there; else
 * PN_EDIT_E_ANEW. *ret_comment (may be NULL): whether there is a comment.
 */
int pn_edit_text_tail(size_t *ret, bool *ret_comment, const struct pn_edit_walk *w, size_t at);

/*
 * Where lines at `column` go behind an entry whose content ends at `at`: behind its line and the
 * comments below it that are indented that far, unless they belong to what follows them.
 */
int pn_edit_text_below(size_t *ret, const struct pn_edit_walk *w, size_t at, unsigned column);

#endif
