/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_JSON_KIT_H
#define PN_REPORT_JSON_KIT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/value.h"
#include "engine/reason.h"

/* Private to this folder: jansson as our documents use it. */

/*
 * Ownership: a function that ends in _json returns a new reference or NULL; jansson's *_new
 * functions take theirs over, also on failure. So each function here hands its value straight on,
 * and a NULL travels up to -ENOMEM.
 */

/* For PN_CLEANUP. */
void pn_json_drop(json_t **json);

/* A string, with U+FFFD for each byte that is no UTF-8. NULL when out of memory. */
json_t *pn_json_string(struct pn_str text);
json_t *pn_json_text(const char *text);

/* A list of such. NULL when out of memory. */
json_t *pn_json_strings(const struct pn_str *items, size_t n);

/* A number of things. NULL when out of memory. */
json_t *pn_json_count(size_t count);

/* {"reason", "arguments", "text"}; the reason is none of those without an id. */
json_t *pn_json_of_reason(const struct pn_reason *reason);

/* Where an object is and what it is called: {"file", "line", "column", "apiVersion", "kind",
 * "namespace", "name"}. */
struct pn_preview;
json_t *pn_json_of_place(const struct pn_preview *p);

/* Sets a member; false when memory is out (`take` is NULL or cannot be stored). */
bool pn_json_set(json_t *object, struct pn_str key, json_t *take);

/* Appends an item; likewise. */
bool pn_json_append(json_t *array, json_t *take);

#define PN_JSON_SET(object, literal, take) pn_json_set((object), PN_STR(literal), (take))

/* Writes `json` with `indent` spaces before each line but the first. NULL and a refused allocation
 * are -ENOMEM. */
int pn_json_dump(struct pn_buf *out, const json_t *json, int indent) PN_MUST_CHECK;

/* The same for a whole document, with a line break at its end. */
int pn_json_document(struct pn_buf *out, const json_t *json) PN_MUST_CHECK;

/*
 * A document in parts, so that its size does not matter: {"schemaVersion": 1, LIST: [items],
 * "summary": ...}. The items and the summary are borrowed; NULL and a refused allocation are
 * -ENOMEM.
 */
void pn_json_begin_parts(struct pn_buf *out, const char *list);
int pn_json_write_part(struct pn_buf *out, const json_t *item, bool is_first) PN_MUST_CHECK;
int pn_json_end_parts(struct pn_buf *out, const json_t *summary) PN_MUST_CHECK;

#endif
