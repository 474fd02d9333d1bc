/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_JSON_H
#define PN_REPORT_JSON_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "report/effect.h"
#include "report/preview.h"

/*
 * JSON documents for tools, indented for people, made by jansson. Strings that are no UTF-8 get
 * U+FFFD. A number that neither an int64 nor a double holds becomes a string, since readers of JSON
 * have doubles; every other number keeps its value.
 *
 * Preview's document is written in parts, so that its size does not matter:
 *
 *   {"schemaVersion": 1,
 *    "objects": [{"file", "line", "column", "apiVersion", "kind", "namespace", "name",
 *                 "result": "injected" | "annotated" | "unchanged" | "denied",
 *                 "message": of a denial,
 *                 "review": {"reason", "arguments", "text"}, when no policy was evaluated,
 *                 "policies": [{"name", "reason", "arguments", "text", "note": {...}}],
 *                 "warnings": [...], "patch": RFC 6902, "object": as it would be}],
 *    "summary": {"objects", "injected", "annotated", "unchanged", "denied", "invalid", "other"}}
 */
void pn_json_begin_preview(struct pn_buf *out);

/* One object; `is_first` says whether a comma goes before it. `scratch` holds the patch while it is
 * converted. Returns 0 or -ENOMEM. */
int pn_json_write_preview(struct pn_buf *out, const struct pn_preview *preview, bool is_first,
                          struct pn_arena *scratch) PN_MUST_CHECK;

/* Returns 0 or -ENOMEM. */
int pn_json_end_preview(struct pn_buf *out, const struct pn_preview_counts *counts) PN_MUST_CHECK;

/*
 * The document that compares two sets of policies begins likewise. Its objects have "file" to
 * "name" and then
 *
 *   {"changes": bool, "result": {"before", "after"},
 *    "message": {"before", "after"} (null: not denied), when one is denied,
 *    "policies": [{"name", "before": {"reason", "arguments", "text"} or null, "after"}],
 *    "containers": [{"name", "change": "added" | "removed" | "changed"}],
 *    "effectiveRequests": [{"what", "before", "after", "delta"}], "qosClass": {"before", "after"},
 *    "warnings": {"added", "removed"}}
 *
 * Its summary: {"objects", "changed", "newlyDenied", "noLongerDenied", "invalid", "other",
 * "growth": {"cpu", "memory"}}, unless the growth is out of range. Both return 0 or -ENOMEM.
 */
int pn_json_write_effect(struct pn_buf *out, const struct pn_preview *preview,
                         const struct pn_decision *base, const struct pn_effect *effect,
                         bool is_first) PN_MUST_CHECK;
int pn_json_end_effects(struct pn_buf *out, const struct pn_effect_totals *totals,
                        const struct pn_preview_counts *counts) PN_MUST_CHECK;

/* Any value, with a final line break. Returns 0 or -ENOMEM. */
int pn_json_write_document(struct pn_buf *out, struct pn_value v) PN_MUST_CHECK;

struct pn_json_pair {
    const char *name, *text;
};

/*
 * {"version", "compiler", "libraries": {name: version}}. `libraries` ends with a NULL name. Returns
 * 0 or -ENOMEM.
 */
int pn_json_write_version(struct pn_buf *out, const char *version, const char *compiler,
                          const struct pn_json_pair *libraries) PN_MUST_CHECK;

#endif
