/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_SCHEMA_KIT_H
#define PN_REPORT_SCHEMA_KIT_H

#include "kube/schema.h"
#include "report/json_kit.h"

/* Private to this folder: parts of JSON Schemas. Ownership as in json_kit.h. */

/* {"type": NAME}; of several, which end with NULL. */
json_t *pn_schema_kit_type(const char *name);
json_t *pn_schema_kit_types(const char *const *names);

/* {"$ref": "#/definitions/NAME"} */
json_t *pn_schema_kit_refer(const char *name);

/* {KEYWORD: [a, b]}; `has_b` false: b is missing. */
json_t *pn_schema_kit_combine(struct pn_str keyword, json_t *a, json_t *b, bool has_b);

/* The same, or JSON-e in its place. */
json_t *pn_schema_kit_or_computed(json_t *schema, bool computed);

json_t *pn_schema_kit_list(json_t *items);
json_t *pn_schema_kit_map(json_t *values);

/* {"enum": [...]}; `words` ends with NULL. */
json_t *pn_schema_kit_words(const char *const *words);

/* A string that the regular expression matches. */
json_t *pn_schema_kit_pattern(const char *pattern);

/* A type of the Pod schema, which is put into `definitions` with all that it holds, as pod-N. */
json_t *pn_schema_kit_pod(json_t *definitions, enum pn_schema_root root);

#endif
