/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_FINDINGS_KIT_H
#define PN_REPORT_FINDINGS_KIT_H

/* Private to report: what the JSON and the SARIF of findings share. */

#include "report/findings.h"
#include "report/json_kit.h"

/* Sets a member to a text; true without doing anything when it is NULL. */
bool pn_findings_set_text(json_t *object, const char *key, const char *text);

/* The address of a rule's page, or NULL when memory is out. */
json_t *pn_findings_url(const char *code);

/* The column behind a span, if it ends within what is kept of its line; else 0. */
uint32_t pn_findings_end_column(struct pn_span span, const char *excerpt);

/*
 * Writes to `ret` what stays the same when lines move: a hash of the rule, the file, the object and
 * what is said. Each finding of a run has its own.
 */
enum { PN_FINGERPRINT_SIZE = 17 };
void pn_findings_fingerprint(char ret[PN_FINGERPRINT_SIZE], const struct pn_findings *f, size_t i);

#endif
