/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_SCHEMA_H
#define PN_REPORT_SCHEMA_H

#include "base/buf.h"
#include "engine/decode.h"

/*
 * The JSON Schema of documents, for editors: draft-07, which is what yaml-language-server knows.
 * It is made of the tables that documents are decoded by, and of the schema of a Pod, so that a
 * field which is unknown, missing or of a wrong type for the loader is so for the schema. JSON-e
 * may stand wherever a template may compute.
 *
 * Of several kinds, `kind` in the document decides. `kinds` ends with NULL. Returns 0 or -ENOMEM.
 */
int pn_schema_write_document(struct pn_buf *out,
                             const struct pn_document_kind *const *kinds) PN_MUST_CHECK;

#endif
