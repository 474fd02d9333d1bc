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

#endif
