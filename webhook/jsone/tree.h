/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_TREE_H
#define PN_JSONE_TREE_H

#include "jsone/jsone.h"

/* The compiled form: one tree for templates and the expressions in them. */
enum pn_tree_kind {
    PN_TREE_CONSTANT, /* value; PN_ABSENT: a delete marker */
    PN_TREE_TEXT,     /* children: parts of a string */
    PN_TREE_ARRAY,    /* children: items */
    PN_TREE_OBJECT,   /* children: key, value, key, value, ... */

    PN_TREE_NAME,   /* value: the name; op: the built-in of this name + 1, or 0 */
    PN_TREE_UNARY,  /* op: a token; operand */
    PN_TREE_CHAIN,  /* left-associative operators of one level: operands, with infix between */
    PN_TREE_POWER,  /* base, exponent */
    PN_TREE_MEMBER, /* value: the name behind the dot; subject */
    PN_TREE_INDEX,  /* subject, index */
    PN_TREE_SLICE,  /* subject, begin, end; a bound that is left out is a constant PN_ABSENT */
    PN_TREE_CALL,   /* function, arguments... */

    PN_TREE_IF,       /* condition, then, else; a branch that is left out is a delete marker */
    PN_TREE_LET,      /* values, in */
    PN_TREE_MAP,      /* values, each */
    PN_TREE_REDUCE,   /* values, initial, each */
    PN_TREE_FIND,     /* values, condition */
    PN_TREE_SORT,     /* values; by, when there is one */
    PN_TREE_MATCH,    /* condition, result, condition, result, ... in order of the conditions */
    PN_TREE_SWITCH,   /* the same; an odd child at the end is $default */
    PN_TREE_FROM_NOW, /* span; from, when there is one */
    PN_TREE_FLATTEN,  /* from here on one argument */
    PN_TREE_FLATTEN_DEEP,
    PN_TREE_JSON,
    PN_TREE_MERGE,
    PN_TREE_MERGE_DEEP,
    PN_TREE_REVERSE,
    PN_TREE_KINDS
};

/* Where a template node stands; shared by all nodes of one expression. */
struct pn_tree_place {
    struct pn_span span; /* of the expression when `exact`, else of the scalar around it */
    struct pn_str text;  /* the expression; s == NULL: none */
    bool exact;
    bool in_text; /* within ${...} */
};

/* An operator between two operands of a chain. */
struct pn_tree_infix {
    uint32_t token; /* enum pn_token */
    uint32_t offset;
};

/* Names that a binder may define at most: each(accumulator, value, index). */
enum { PN_TREE_NAMES_MAX = 3 };

/* Members of a plain object at most: as many as pn_build searches without hashing. */
enum { PN_TREE_PLAIN_MAX = 16 };

struct pn_template_expr {
    uint8_t kind;
    uint8_t op;
    uint8_t name_count; /* binders with fixed names */
    bool constant;      /* `value` is what comes out; children may be there for their places */
    bool open;          /* PN_TREE_LET: which names it defines is known only at run time */
    bool plain;         /* PN_TREE_OBJECT: few keys, all of them constant, no two the same */
    uint16_t height;    /* of the tree below, itself included */
    uint32_t offset;    /* bytes into the expression */
    uint32_t count;
    const struct pn_template_expr *const *children;
    const struct pn_tree_place *place;
    struct pn_value value;
    union {
        const struct pn_str *names;        /* binders */
        const struct pn_tree_infix *infix; /* PN_TREE_CHAIN: count - 1 */
    };
};

/*
 * A node in `a` with the given children (an array in `a` that is handed over). NULL: out of
 * memory. The caller judges its height.
 */
struct pn_template_expr *pn_tree_new(struct pn_arena *a, enum pn_tree_kind kind,
                                     const struct pn_tree_place *place, size_t offset,
                                     const struct pn_template_expr *const *children, size_t count);

/* A constant without parts. */
struct pn_template_expr *pn_tree_constant(struct pn_arena *a, const struct pn_tree_place *place,
                                          size_t offset, struct pn_value value);

/* A copy with other children, of which there are at most as many. */
struct pn_template_expr *pn_tree_copy(struct pn_arena *a, const struct pn_template_expr *t,
                                      const struct pn_template_expr *const *children, size_t count);

/* The first child for which the names of a binder hold; `count` for what binds nothing. */
uint32_t pn_tree_scoped_from(const struct pn_template_expr *t);

/* The place in the file of byte `offset` of an expression, as near as it is known. */
struct pn_span pn_tree_span(const struct pn_tree_place *place, size_t offset);

/* The operator's name, or NULL when `kind` is none. */
const char *pn_tree_operator(enum pn_tree_kind kind);

/* ---- names of templates, from the inside out: for what looks at a tree without running it --- */

struct pn_tree_scope {
    const struct pn_tree_scope *outer;
    const struct pn_template_expr *binder;
    uint32_t level; /* 1 for the outermost */
};

/* The scope that defines `name`, or may define it (an open $let), or NULL. */
const struct pn_tree_scope *pn_tree_find_scope(const struct pn_tree_scope *scope,
                                               struct pn_str name);

#endif
