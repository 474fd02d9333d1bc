/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_PLACE_H
#define PN_CLI_PLACE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/node.h"
#include "base/value.h"

/*
 * The node that a message is about: it begins with a path, as in `spec.containers[0].name: expected
 * a string` or `metadata.labels["a"]: ...`, which leads there from `node`. What is not there leads
 * to what it is missing from; a message without a path, to `node` itself (which may be NULL).
 */
const struct pn_node *pn_place_find(const struct pn_node *node, struct pn_str message);

/*
 * Looks for a number that is beyond a double, which no JSON reader of Kubernetes takes, and appends
 * its path in the form above. False when there is none.
 */
bool pn_place_write_huge_number(struct pn_buf *path_inout, struct pn_value v);

#endif
