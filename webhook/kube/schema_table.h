/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_SCHEMA_TABLE_H
#define PN_KUBE_SCHEMA_TABLE_H

#include "kube/schema.h"

/* What kube/schema*.c share: the generated table, and the rules for what is no list or object. */

extern const char pn_schema_names[]; /* terminated strings, one behind the other */
extern const struct pn_schema_type pn_schema_types[];
extern const uint16_t pn_schema_type_count;
extern const struct pn_schema_field pn_schema_fields[];
extern const uint16_t pn_schema_roots[]; /* by enum pn_schema_root: index into pn_schema_types */

/* Fields of the longest struct, with room to grow; the generator holds it. */
enum { PN_SCHEMA_FIELDS_MAX = 64 };

/* The name nearest to `word`, or NULL. */
const char *pn_schema_nearest(const struct pn_schema_type *type, struct pn_str word);

/* The same when it is beyond doubt: pn_str_meant. */
const char *pn_schema_meant(const struct pn_schema_type *type, struct pn_str word);

enum pn_schema_fault {
    PN_SCHEMA_FAULT_NONE,
    PN_SCHEMA_FAULT_TYPE, /* see pn_schema_expected() */
    PN_SCHEMA_FAULT_RANGE,
    PN_SCHEMA_FAULT_QUANTITY,
    PN_SCHEMA_FAULT_TIME,
};

/*
 * Judges a value by a kind that is neither PN_SCHEMA_OBJECT nor PN_SCHEMA_OPAQUE. Of arrays and
 * objects only v.kind is looked at. For a fault other than of type, err says what is wrong.
 */
enum pn_schema_fault pn_schema_judge(enum pn_schema_kind kind, struct pn_value v,
                                     struct pn_err *err);

/* What such a kind wants, in words: "a string". */
const char *pn_schema_expected(enum pn_schema_kind kind);

#endif
