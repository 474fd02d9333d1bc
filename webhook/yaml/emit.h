/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_EMIT_H
#define PN_YAML_EMIT_H

#include "base/buf.h"
#include "base/value.h"

/*
 * Appends `v` as one YAML document in block style, as `kubectl get -o yaml` writes it (lists not
 * indented below their key, members in their own order, no document start line). What
 * pn_yaml_read gives back for it equals `v`: strings that would read as something else are quoted.
 * Returns 0 or -ENOMEM.
 */
int pn_yaml_write(struct pn_buf *out, struct pn_value v) PN_MUST_CHECK;

/* How a part of a document is written. */
#define PN_EMIT_FLOW 1u   /* on one line: {a: 1, b: [c]} */
#define PN_EMIT_QUOTED 2u /* texts with line breaks in quotes */

/*
 * The same for a part of another document: a text that ends with empty lines is in quotes, since it
 * would take those behind it, too.
 */
int pn_yaml_write_part(struct pn_buf *out, struct pn_value v, unsigned flags) PN_MUST_CHECK;

#endif
