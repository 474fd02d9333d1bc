/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_JSONE_H
#define PN_JSONE_JSONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/node.h"
#include "base/value.h"

/*
 * JSON-e (json-e.js.org): templates that are data. A document is compiled once, with the place of
 * every expression; what is known early is folded; the rest is evaluated into an arena for each
 * request. The clock is an argument.
 *
 * Where implementations of the language differ, or the language leaves it open:
 * - Syntax errors are found by compiling, also in branches that are never taken.
 * - Integers are exact within int64; beyond it, and for fractions, numbers are doubles. A result
 *   that is no finite number is an error (sqrt(-1), 0 ** -1, number("x")).
 * - lowercase() and uppercase() change ASCII letters only.
 * - len(), indices, slices and split(s, "") count code points; strings are ordered by bytes.
 * - An index before the start of a list or string is its first element.
 * - $match, $switch and the keys of $json are ordered by bytes. A delete marker within $match is
 *   left out of its list; as the value of $let or $json it is an error.
 * - join() takes strings, numbers, booleans and null (as ""); lists and objects are errors.
 * Beside the language's own functions there are three of ours, as a host may add them (the context
 * shadows them like any other): base64(string), standard and padded (RFC 4648 section 4);
 * entries(object), a list of {key, val} ordered by key, which is how a map becomes a list;
 * fail(string), an error with these words.
 */

/* A compiled template; immutable, in the arena that pn_jsone_compile() was given. */
struct pn_template_expr;

/* pn_jsone_compile: diagnostics were added. pn_jsone_eval: *ret_error says what and where. */
#define PN_JSONE_E_TEMPLATE 1
/* pn_jsone_eval: a limit was passed (steps, depth, or the cap of the arena). */
#define PN_JSONE_E_LIMIT 2

/* Ids of the diagnostics: within an expression; around it (operators, their properties, keys). */
#define PN_JSONE_DIAG_EXPRESSION "expression-syntax"
#define PN_JSONE_DIAG_TEMPLATE "template-syntax"

struct pn_jsone_limits {
    uint32_t steps; /* nodes visited, rounds of loops, and each 64 bytes of text */
    uint32_t depth; /* nesting of what is evaluated, and of values that are built */
};

#define PN_JSONE_LIMITS_INIT                   \
    {                                          \
        PN_JSONE_STEPS_MAX, PN_JSONE_DEPTH_MAX \
    }

/* Why an evaluation failed. Strings belong to the template. */
struct pn_jsone_error {
    struct pn_err what;       /* one line, without the place */
    struct pn_span span;      /* in the template's source; line 0: about the context */
    struct pn_str expression; /* s == NULL: not within an expression */
    size_t offset;            /* the byte of the expression that it is about */
    bool refused;             /* by fail(): `what` is the template's own words */
};

/*
 * Compiles a document. *ret lives in `set` and borrows nothing from node or source. All that is
 * wrong is reported, not only the first fault. Returns 0, PN_JSONE_E_TEMPLATE, or -ENOMEM.
 * source: NULL is allowed (no places).
 */
int pn_jsone_compile(const struct pn_template_expr **ret, const struct pn_source *source,
                     const struct pn_node *n, struct pn_arena *set,
                     struct pn_diags *diags) PN_MUST_CHECK;

/* The same for one expression, as $eval has it: `n` must be a string. */
int pn_jsone_compile_expression(const struct pn_template_expr **ret, const struct pn_source *source,
                                const struct pn_node *n, struct pn_arena *set,
                                struct pn_diags *diags) PN_MUST_CHECK;

/*
 * Replaces what depends on nothing, or on names that `bound` (an object) holds, by its value;
 * decides each $if whose condition is known. What stays free stays an expression, and so does what
 * fails (it may be in a branch that is never taken) and what asks for the clock. The names of
 * built-ins that `bound` does not shadow must not be shadowed by the context of a later evaluation,
 * which must hold the bound names too. `partly` (absent: none) holds objects of which only some
 * members are known: of `name`, `name.member` is replaced. *ret lives in `set` and borrows from
 * `t`, `bound` and `partly`.
 * l: NULL for the defaults. Returns 0 or -ENOMEM.
 */
int pn_jsone_fold(const struct pn_template_expr **ret, const struct pn_template_expr *t,
                  struct pn_value bound, struct pn_value partly, const struct pn_jsone_limits *l,
                  struct pn_arena *set) PN_MUST_CHECK;

/*
 * Evaluates with `context` (an object whose keys are identifiers). *ret lives in `a` and borrows
 * from template and context; a delete marker at the top gives null. Its size, written out, is
 * within the steps. l: NULL for the defaults. ret_error: may be NULL; written on failure only.
 * Returns 0, PN_JSONE_E_TEMPLATE, PN_JSONE_E_LIMIT, or -ENOMEM.
 */
int pn_jsone_eval(struct pn_value *ret, const struct pn_template_expr *t, struct pn_value context,
                  int64_t now_ms, const struct pn_jsone_limits *l, struct pn_arena *a,
                  struct pn_jsone_error *ret_error) PN_MUST_CHECK;

/* What JSON-e holds for true: all but null, false, 0, "", [] and {}. For `when`. */
bool pn_jsone_is_truthy(struct pn_value v);

/* Writes the message and, where there is one, the expression with a caret below it (3 lines). */
void pn_jsone_error_write(struct pn_buf *out, const struct pn_jsone_error *e);

/* ---- looking into a template: for checks before anything is evaluated ------------------ */

enum pn_jsone_shape {
    PN_JSONE_CONSTANT, /* a value, without parts that have places */
    PN_JSONE_TEXT,     /* text with ${...}: always a string. Constant when it was folded */
    PN_JSONE_ARRAY,    /* items; constant when all of them are */
    PN_JSONE_OBJECT,   /* members; constant when all of them are */
    PN_JSONE_COMPUTED, /* an expression or an operator: nothing is known before it is evaluated */
};

struct pn_jsone_member {
    struct pn_str key; /* s == NULL: computed */
    struct pn_span key_span;
    const struct pn_template_expr *value;
};

enum pn_jsone_shape pn_jsone_shape(const struct pn_template_expr *t);
struct pn_span pn_jsone_span(const struct pn_template_expr *t);

/* True when the value is known already. */
bool pn_jsone_is_constant(const struct pn_template_expr *t);

/* The value of a constant: PN_ABSENT for a delete marker. PN_ABSENT too when it is none. */
struct pn_value pn_jsone_constant(const struct pn_template_expr *t);

/* Items or members of a PN_JSONE_ARRAY or PN_JSONE_OBJECT, else 0. */
uint32_t pn_jsone_count(const struct pn_template_expr *t);
const struct pn_template_expr *pn_jsone_item(const struct pn_template_expr *t, uint32_t i);
struct pn_jsone_member pn_jsone_member(const struct pn_template_expr *t, uint32_t i);

enum pn_jsone_mention_kind {
    PN_JSONE_REFERENCE, /* a name that the context must hold */
    PN_JSONE_BUILTIN,   /* a built-in function, or `now` */
    PN_JSONE_OPERATOR,  /* "$fromNow", ...; $eval is not told apart from its expression */
};

enum pn_jsone_step_kind {
    PN_JSONE_STEP_NAME,  /* .name: must be there */
    PN_JSONE_STEP_KEY,   /* ["key"]: null when it is not there */
    PN_JSONE_STEP_ANY,   /* [expression]: an item, or a key that is not known yet */
    PN_JSONE_STEP_SLICE, /* [a:b]: some of the items, as a list */
};

struct pn_jsone_step {
    enum pn_jsone_step_kind kind;
    struct pn_str name; /* PN_JSONE_STEP_NAME, PN_JSONE_STEP_KEY */
};

/* One mention of something from outside. Borrowed for the call; strings belong to the template. */
struct pn_jsone_mention {
    enum pn_jsone_mention_kind kind;
    struct pn_str name;
    const struct pn_jsone_step *steps; /* what is read of a reference: pod.metadata.labels["x"] */
    uint32_t step_count;
    bool perhaps_local; /* within a $let whose names are computed: it may define this one */
    bool in_text;       /* within ${...}, which may have been meant for a shell */
    struct pn_span span;
    struct pn_str expression; /* s == NULL for operators */
    size_t offset;
};

/* Not 0 ends the visit, which returns it. */
typedef int pn_jsone_mention_fn(void *context, const struct pn_jsone_mention *mention);

/*
 * Tells each mention in the order of the text. Names that the template itself defines ($let,
 * each(x), by(x)) are not told. Meant for unfolded templates: folding removes mentions.
 */
int pn_jsone_visit(const struct pn_template_expr *t, pn_jsone_mention_fn *fn, void *context);

#endif
