/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_LABELS_H
#define PN_KUBE_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/node.h"
#include "base/str.h"
#include "base/value.h"

/* Label selectors with Kubernetes' exact meaning (apimachinery pkg/labels, apis/meta/v1). */
enum pn_operator {
    PN_OP_IN,     /* also matchLabels, `=` and `==`: one value */
    PN_OP_NOT_IN, /* also `!=`: one value; holds when the key is absent */
    PN_OP_EXISTS,
    PN_OP_DOES_NOT_EXIST,
    PN_OP_GREATER, /* `>` and `<`: string form only; one value, an integer */
    PN_OP_LESS,
};

struct pn_requirement {
    struct pn_str key;
    enum pn_operator op;
    const struct pn_str *values;
    uint32_t count; /* of values; 0 for the two about existence, else at least 1 */
};

/* All requirements must hold; none at all matches everything. Public: the index looks at it. */
struct pn_selector {
    const struct pn_requirement *requirements; /* in the order they were written */
    uint32_t count;
};

/* The selector is no valid LabelSelector. */
#define PN_SELECTOR_E_INVALID 1

/*
 * Compiles a LabelSelector document (LabelSelectorAsSelector, and no field but its own). What it
 * means when there is no selector at all is the caller's business. Everything is copied to `a`.
 * Returns 0, -ENOMEM, or PN_SELECTOR_E_INVALID: err says what is wrong, beginning with the field
 * inside the selector, and *ret_at is the node to point at.
 */
int pn_selector_from_node(struct pn_selector *ret, const struct pn_node *node, struct pn_arena *a,
                          const struct pn_node **ret_at, struct pn_err *err) PN_MUST_CHECK;

/*
 * Parses the string form (labels.Parse): `a=b,c!=d,e in (x,y),!f,g>1`. The empty string matches
 * everything. A NUL byte is refused (Go's lexer would drop what follows it in silence).
 * Everything is copied to `a`. Returns 0, -ENOMEM, or PN_SELECTOR_E_INVALID (err says what was
 * expected, and at which byte, counted from 0).
 */
int pn_selector_parse(struct pn_selector *ret, struct pn_str text, struct pn_arena *a,
                      struct pn_err *err) PN_MUST_CHECK;

/*
 * Whether `labels` (an object of strings, or unset: no labels) satisfy the requirement, or all of
 * the selector's. A null label counts as the empty string, as Go decodes it; a label that is no
 * string is present and equals nothing.
 */
bool pn_requirement_matches(const struct pn_requirement *requirement, struct pn_value labels);
bool pn_selector_matches(const struct pn_selector *selector, struct pn_value labels);

#endif
