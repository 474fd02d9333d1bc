/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_CERTIFICATE_H
#define PN_REPORT_CERTIFICATE_H

#include "base/buf.h"
#include "certs/check.h"

/* What `certs check` says about a certificate. Borrows everything. */
struct pn_certificate_view {
    const char *file;
    const char *key_file, *ca_file; /* NULL: not looked at */
    struct pn_check_report report;
    struct pn_str refusal; /* why the server cannot serve the pair; s == NULL: it can */
};

/* Nothing was found. */
bool pn_certificate_is_fit(const struct pn_certificate_view *view);

/* Some lines for people; all that comes from files is escaped. */
void pn_certificate_write_text(struct pn_buf *out, const struct pn_certificate_view *view);

/*
 * {"schemaVersion": 1, "file", "keyFile", "caFile": null when not looked at, "subject", "issuer",
 *  "keyType", "names": [...], "notBefore", "notAfter", "ok", "findings": [{"id", "text"}]}
 * Returns 0 or -ENOMEM.
 */
int pn_certificate_write_json(struct pn_buf *out,
                              const struct pn_certificate_view *view) PN_MUST_CHECK;

#endif
