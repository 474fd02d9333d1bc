/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_SUPPRESS_H
#define PN_LINT_SUPPRESS_H

#include "lint/model.h"

/*
 * Comments that say that a finding is known and meant:
 *
 *   - name: proxy   # pannier:ignore PN0501 it programs the node's network
 *   # pannier:ignore PN0203,PN0204 nobody waits for it
 *   - name: shipper
 *   # pannier:ignore-file PN0402 tags are immutable in our registry
 *
 * On a line with a node, or alone above one, it covers the outermost node that begins on that line
 * with all that is in it. Findings of the whole file are covered by ignore-file alone.
 *
 * An annotation does the same for tools that drop comments, on the object or on the Pod template of
 * a workload; it covers the object:
 *
 *   metadata:
 *     annotations:
 *       pannier.dev/ignore: "PN0203, PN0204: nobody waits for it"
 *
 * And the configuration names rules for files (struct pn_lint_exemption).
 *
 * Marks the findings that are covered, and reports suppressions of unknown rules, those that cover
 * nothing, and those without a reason.
 */
void pn_suppress(struct pn_lint *l);

#endif
