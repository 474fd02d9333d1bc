/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_DECODE_H
#define PN_ENGINE_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/node.h"
#include "base/value.h"
#include "kube/schema.h"

/*
 * Documents to structs, by table: one row for each field of an object says its name, its type and
 * where it goes. Unknown fields, wrong types and missing fields become diagnostics with their
 * place; decoding goes on, so that all faults of a document are found at once. A field that is
 * faulty leaves its target as it was.
 */
struct pn_decoder {
    const struct pn_source *source;
    struct pn_arena *arena; /* where strings and lists of the targets live */
    struct pn_diags *diags;
    size_t errors_before; /* in `diags`, of somebody else's work */
    bool out_of_memory;
};

enum pn_field_type {
    PN_FIELD_STRING,      /* struct pn_str, not empty */
    PN_FIELD_BOOL,        /* bool */
    PN_FIELD_INT32,       /* int32_t */
    PN_FIELD_ENUM,        /* int: index into `words` */
    PN_FIELD_STRING_LIST, /* struct pn_strs */
    PN_FIELD_STRING_MAP,  /* struct pn_value: an object of strings */
    PN_FIELD_OBJECT,      /* the struct that `fields` describe, at the offset */
    PN_FIELD_NODE,        /* const struct pn_node *: as it is, for a closer look */
};

/*
 * What the closer look at a PN_FIELD_NODE accepts. Nothing is decoded by it: it is for who
 * describes documents (report/schema.h), and tests/schema holds the two together.
 */
enum pn_field_form {
    PN_FORM_ANY,
    PN_FORM_STRING,  /* of `words`, where there are any */
    PN_FORM_STRINGS, /* a list of them */
    PN_FORM_BOOL,
    PN_FORM_INTEGER,
    PN_FORM_QUANTITY,      /* a string or a number */
    PN_FORM_OBJECT,        /* of `fields`; any mapping where they are NULL */
    PN_FORM_SELECTOR,      /* a Kubernetes LabelSelector */
    PN_FORM_KUBERNETES,    /* of the type `root` */
    PN_FORM_OF_TYPE,       /* of the parameter type that the field `type` beside it names */
    PN_FORM_MANIFEST,      /* a mapping, or text */
    PN_FORM_REVIEW_REASON, /* reasons by their class */
    PN_FORM_POLICY_REASON,
    PN_FORM_NOTE,
};

struct pn_strs {
    const struct pn_str *items;
    size_t count;
};

struct pn_field {
    const char *name; /* NULL ends a table */
    enum pn_field_type type;
    size_t offset;
    bool required;
    const char *const *words;      /* PN_FIELD_ENUM, and what a list may hold; ends with NULL */
    const struct pn_field *fields; /* PN_FIELD_OBJECT, PN_FORM_OBJECT */
    const char *help;              /* what it is, for editors; no final period */
    /* PN_FIELD_NODE: */
    enum pn_field_form form;
    enum pn_schema_shape shape; /* one of it, or a list or map of such */
    bool computed;              /* it and its items may be JSON-e in place of a value */
    enum pn_schema_root root;   /* PN_FORM_KUBERNETES */
};

#define PN_API_VERSION "pannier.dev/v1alpha1"

/* A kind of document. */
struct pn_document_kind {
    const char *name;
    const char *help;
    const struct pn_field *fields; /* of the document */
    const struct pn_field *spec;   /* of its field `spec`, which it must have; NULL: it has none */
};

/*
 * Decodes mapping `node` into `target` by `fields`. `what` names the object in messages ("spec",
 * "spec.match"). A node that is no mapping is a fault.
 */
void pn_decode_object(struct pn_decoder *d, const struct pn_node *node, const char *what,
                      const struct pn_field *fields, void *target);

/* Adds a fault about `node`. */
void pn_decode_fault(struct pn_decoder *d, const struct pn_node *node, const char *id,
                     const char *format, ...) PN_PRINTF(4, 5);

/* Help for the fault added last: the word of `words` (ends with NULL) that was meant, or all. */
void pn_decode_help_with_words(struct pn_decoder *d, struct pn_str word, const char *const *words);

/* Help and repair for the fault added last, when a string was wanted: quotes around a number or
 * boolean. Nothing where they would not help. */
void pn_decode_help_with_quotes(struct pn_decoder *d, const struct pn_node *node);

/* A list node, or NULL after a fault about anything else. */
const struct pn_node *pn_decode_list(struct pn_decoder *d, const struct pn_node *node,
                                     const char *what);

#endif
