/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_FAULT_H
#define PN_YAML_FAULT_H

#include "yaml/compose.h"

/* Ids of the diagnostics. */
#define PN_FAULT_SYNTAX "yaml-syntax"
#define PN_FAULT_DUPLICATE_KEY "yaml-duplicate-key"
#define PN_FAULT_LIMIT "yaml-limit"

/*
 * Tells a fault of the document at hand and counts it. When its line looks like a template that
 * was not rendered, the help says so, and other such faults of the file are only counted.
 */
void pn_fault_add(struct pn_compose *c, const char *id, struct pn_span span, const char *format,
                  ...) PN_PRINTF(4, 5);

/* Help for the fault added last, unless that has a better one. */
void pn_fault_help(struct pn_compose *c, const char *format, ...) PN_PRINTF(2, 3);

/* Tells, in our words, why the parser stopped. */
void pn_fault_syntax(struct pn_compose *c);

/* `text` for a message: in quotes, on one line, cut when long. Lives in the arena. */
const char *pn_fault_quote(struct pn_compose *c, struct pn_str text);

#endif
