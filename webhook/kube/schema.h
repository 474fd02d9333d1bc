/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_SCHEMA_H
#define PN_KUBE_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/node.h"
#include "base/str.h"
#include "base/value.h"

/*
 * The Pod of Kubernetes 1.36: which fields there are, of which type, and since when. It is what
 * the API server's decoder knows, no more: that a value is legal where its type is right is for
 * other checks. The table is generated from the public Go types (tools/schema) and constant.
 */

/* Types to begin at. */
enum pn_schema_root {
    PN_SCHEMA_POD, /* apiVersion, kind, metadata, spec; status is not looked into */
    PN_SCHEMA_OBJECT_META,
    PN_SCHEMA_POD_SPEC,
    PN_SCHEMA_CONTAINER, /* init containers too */
    PN_SCHEMA_VOLUME,
    PN_SCHEMA_VOLUME_MOUNT,
    PN_SCHEMA_ENV_VAR,
    PN_SCHEMA_ENV_FROM_SOURCE,
    PN_SCHEMA_LOCAL_OBJECT_REFERENCE, /* an item of imagePullSecrets */
};

enum pn_schema_kind {
    PN_SCHEMA_STRING,
    PN_SCHEMA_BOOL,
    PN_SCHEMA_INT32,
    PN_SCHEMA_INT64,
    PN_SCHEMA_QUANTITY,      /* a string or a number */
    PN_SCHEMA_INT_OR_STRING, /* the integer is an int32 */
    PN_SCHEMA_TIME,          /* a string, RFC 3339 */
    PN_SCHEMA_OBJECT,        /* with the fields of pn_schema_field_type() */
    PN_SCHEMA_OPAQUE,        /* an object that nobody looks into */
};

enum pn_schema_shape {
    PN_SCHEMA_ONE,
    PN_SCHEMA_LIST,
    PN_SCHEMA_MAP, /* any string: value */
};

/* A Go struct; fields of embedded structs are its own. No type holds itself, at any depth. */
struct pn_schema_type {
    uint16_t first, count; /* rows of the table, in the order of the Go struct */
};

/* One field. Small numbers only, so that nothing is relocated when the program starts. */
struct pn_schema_field {
    uint16_t name; /* see pn_schema_field_name() */
    uint8_t name_bytes;
    uint8_t kind;    /* enum pn_schema_kind; of the items where the shape is list or map */
    uint8_t shape;   /* enum pn_schema_shape */
    bool pointer;    /* *T in Go: absent differs from zero */
    uint8_t since;   /* minor version: 28 is Kubernetes 1.28; 0 is 1.24 or earlier */
    uint16_t object; /* see pn_schema_field_type() */
    uint16_t keys;   /* see pn_schema_field_keys() */
};

/* The type by that name, static. */
const struct pn_schema_type *pn_schema_type(enum pn_schema_root root);

/* Types are numbered from 0 to pn_schema_type_total() - 1. */
uint16_t pn_schema_type_total(void);
uint16_t pn_schema_type_index(const struct pn_schema_type *type);

/* Field i of a type, i < type->count, in the order of the Go struct. */
const struct pn_schema_field *pn_schema_field_at(const struct pn_schema_type *type, uint16_t i);

/* The field that JSON knows by `name` (exactly: the decoder is case-sensitive), or NULL. */
const struct pn_schema_field *pn_schema_find(const struct pn_schema_type *type, struct pn_str name);

/*
 * Finds like pn_schema_find, beginning at row *cursor of the type (0 at first) and leaving it
 * behind the row that was found: objects that a Go program wrote have their members in the order
 * of the rows, and each is found at once.
 */
const struct pn_schema_field *pn_schema_find_from(const struct pn_schema_type *type,
                                                  struct pn_str name, uint32_t *cursor);

/* Its name in JSON, static. */
struct pn_str pn_schema_field_name(const struct pn_schema_field *field);

/* The type of the object, or of the objects in the list; NULL when they are no objects. */
const struct pn_schema_type *pn_schema_field_type(const struct pn_schema_field *field);

/* The type of the object, or of the list's items, in field `name`; NULL: neither, or no field. */
const struct pn_schema_type *pn_schema_inner(const struct pn_schema_type *type, struct pn_str name);

/*
 * The fields that tell the items of a list apart, joined by commas ("name",
 * "containerPort,protocol": +listMapKey, else patchMergeKey). Empty: items have no identity.
 */
struct pn_str pn_schema_field_keys(const struct pn_schema_field *field);

/* Adds help to the diagnostic added last: the field of `type` that `word` was meant to be, or
 * else the first few that there are. */
void pn_schema_suggest(const struct pn_schema_type *type, struct pn_str word,
                       struct pn_diags *diags);

/* ---- documents ------------------------------------------------------------------------- */

struct pn_schema_check {
    const struct pn_source *source;
    struct pn_diags *diags;
    /* The oldest Kubernetes that must understand the document: 27 is 1.27. 0: any. */
    unsigned kube_minor;
    /*
     * True for a node whose value is known only after rendering; NULL: there is none. Computed
     * lists, mappings and keys are passed over with all below them. A computed string is passed
     * over where a string fits; it stays a string, so elsewhere it is a fault all the same.
     */
    bool (*is_computed)(const struct pn_node *node, void *ctx);
    void *ctx;
};

/*
 * Compares a document with a type. `path` is what messages call `node` ("spec.pod"). Adds an error
 * for each fault, with its place and what to do about it: unknown-field, wrong-type, out-of-range,
 * invalid-quantity, invalid-time, field-too-new. A null is no value, as for Kubernetes, except as
 * an item of a list or map, where it would become a zero of some kind.
 */
void pn_schema_check_node(const struct pn_schema_check *check, const struct pn_schema_type *type,
                          const struct pn_node *node, const char *path);

/* ---- values ---------------------------------------------------------------------------- */

/* The value does not fit the type. */
#define PN_SCHEMA_E_INVALID 1

/*
 * Compares a value with a type, by the same rules; allocates nothing while all is well. The first
 * fault ends it: *ret_pointer (in `a`) is the JSON pointer (RFC 6901) of what is wrong, err says
 * what. An integer must be written as one: 8080.0 (PN_REAL) is a fault, as for the API server's
 * decoder; a PN_RAW of digits is none. Returns 0, PN_SCHEMA_E_INVALID or -ENOMEM.
 */
int pn_schema_check_value(const struct pn_schema_type *type, struct pn_value v,
                          struct pn_str *ret_pointer, struct pn_arena *a,
                          struct pn_err *err) PN_MUST_CHECK;

/*
 * While a policy set is made: notes of the largest objects in `v` that fit their place
 * (pn_value_note), where `v` is one of `type` or a list of them, so that they are not walked again
 * when they are checked.
 * All of it lives in `a`. Returns 0 or -ENOMEM.
 */
int pn_schema_note_value(const struct pn_schema_type *type, struct pn_value v,
                         struct pn_arena *a) PN_MUST_CHECK;

/* ---- what expressions see -------------------------------------------------------------- */

/*
 * What a field reads as when it is absent: its zero value in Go, in JSON. false, 0, "", "0" for a
 * quantity; [] and {} for lists and maps; {} for structs, pointers to structs too, so that
 * pod.spec.securityContext.runAsNonRoot can be said of every Pod; null for any other pointer and
 * for times.
 */
struct pn_value pn_schema_zero(const struct pn_schema_field *field);

/*
 * One step of navigation: member `name` of an object of `type`, or its zero value when it is
 * absent or null, or when the object itself is. *ret_type becomes the type of the object or of the
 * list's items, NULL when they are no objects. A field that the schema does not know: *ret_known is
 * false, *ret_type NULL, and the result the member as it is (PN_ABSENT when there is none).
 */
struct pn_value pn_schema_get(const struct pn_schema_type *type, struct pn_value object,
                              struct pn_str name, const struct pn_schema_type **ret_type,
                              bool *ret_known);

#endif
