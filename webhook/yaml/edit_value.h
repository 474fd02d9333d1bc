/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_EDIT_VALUE_H
#define PN_YAML_EDIT_VALUE_H

#include "yaml/edit_walk.h"

/* The text of new values: that of the emitter, in the indentation and line ends of the document. */

/*
 * Appends a mapping or sequence that is not empty, in block style at `column`: the first line as it
 * is when `in_line`, every other one behind a line break and its indentation.
 */
int pn_edit_value_block(struct pn_buf *out, const struct pn_edit_walk *w, struct pn_value v,
                        const struct pn_edit_place *place, bool in_line) PN_MUST_CHECK;

/*
 * Appends a scalar or an empty collection to `out`; the lines of a text with line breaks go to
 * `lines`, each behind a line break and `column` spaces. lines == NULL: all on one line.
 */
int pn_edit_value_scalar(struct pn_buf *out, struct pn_buf *lines, const struct pn_edit_walk *w,
                         struct pn_value v, unsigned column) PN_MUST_CHECK;

/* Appends a value in flow style; `depth` levels below the entries that `flow` describes. */
int pn_edit_value_flow(struct pn_buf *out, const struct pn_edit_walk *w, struct pn_value v,
                       const struct pn_edit_flow *flow, unsigned depth) PN_MUST_CHECK;

/* Appends an entry of a flow mapping. */
int pn_edit_value_member(struct pn_buf *out, const struct pn_edit_walk *w,
                         const struct pn_member *member,
                         const struct pn_edit_flow *flow) PN_MUST_CHECK;

/* Appends the document as indented JSON, or in block style. */
int pn_edit_value_document(struct pn_buf *out, const struct pn_edit_walk *w, struct pn_value v,
                           bool is_json) PN_MUST_CHECK;

#endif
