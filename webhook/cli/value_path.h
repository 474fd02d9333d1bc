/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_VALUE_PATH_H
#define PN_CLI_VALUE_PATH_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/err.h"
#include "base/value.h"

/*
 * Paths into a Pod, as a PolicyTest asserts them: what people know of JSONPath (RFC 9535) and need
 * here.
 *
 *   $.spec.initContainers[?(@.name=="shipper")].restartPolicy
 *   $.metadata.annotations['prometheus.io/port']     $.spec.volumes[0] $.spec.containers[*].name
 */
enum pn_step_kind { PN_STEP_FIELD, PN_STEP_INDEX, PN_STEP_ALL, PN_STEP_FILTER };

struct pn_path_step {
    enum pn_step_kind kind;
    struct pn_str key;     /* PN_STEP_FIELD; PN_STEP_FILTER: the field of an item */
    uint32_t index;        /* PN_STEP_INDEX */
    struct pn_value equal; /* PN_STEP_FILTER: what the field must be */
};

/* Steps below the root, `$`. */
struct pn_value_path {
    const struct pn_path_step *steps;
    size_t count;
    bool is_many; /* holds [*]: gives a list */
};

/* The text is no such path; err says what is wrong with it. */
#define PN_VALUE_PATH_E_SYNTAX 1

/* Reads a path; borrows `text`. Returns 0, PN_VALUE_PATH_E_SYNTAX or -ENOMEM. */
int pn_value_path_read(struct pn_value_path *ret, struct pn_str text, struct pn_arena *a,
                       struct pn_err *err) PN_MUST_CHECK;

/*
 * Compares the path with the schema of a Pod. Adds a fault about `span` for a field that Pods do
 * not have, or a step that does not fit, such as an index into a mapping.
 */
void pn_value_path_check(const struct pn_value_path *path, const struct pn_source *source,
                         struct pn_span span, struct pn_diags *diags);

/* The values at the path, as a list in `a`. Returns 0 or -ENOMEM. */
int pn_value_path_find(struct pn_value *ret, const struct pn_value_path *path, struct pn_value v,
                       struct pn_arena *a) PN_MUST_CHECK;

#endif
