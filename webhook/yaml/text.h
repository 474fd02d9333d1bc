/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_TEXT_H
#define PN_YAML_TEXT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Texts that values take on their way to JSON and back. */

/* The key that a number becomes: sigs.k8s.io/yaml writes it as a float32 in Go's shortest 'g'. */
void pn_text_write_real_key(struct pn_buf *out, double r);

/* Appends `bytes`; each byte that is no UTF-8 becomes U+FFFD, as in Go's JSON. */
void pn_text_append_utf8(struct pn_buf *out, struct pn_str bytes);

/*
 * Appends what the padded base64 `text` stands for; line breaks in it do not count (Go's
 * base64.StdEncoding). False when it is no base64.
 */
bool pn_text_decode_base64(struct pn_buf *out, struct pn_str text);

#endif
