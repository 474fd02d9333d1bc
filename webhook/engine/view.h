/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_VIEW_H
#define PN_ENGINE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/value.h"
#include "kube/schema.h"

/*
 * What expressions see as `pod`: the Pod through Kubernetes' schema. A known field that is absent
 * reads as its zero value (pn_schema_zero), so that an expression need not ask for every step
 * whether it is there. Values of env variables are not visible: they may be secrets. Nor is what
 * Kubernetes fills in after the webhook (the name made of generateName, the node): a template that
 * shows it would render another container when the final Pod is validated.
 */

/*
 * Which fields of metadata and spec somebody asks for, by their number in the schema; the others
 * are left out, so that a question about one field does not cost the whole Pod.
 */
struct pn_view_fields {
    uint64_t metadata, spec;
};

/* No field at all. */
static inline bool pn_view_is_empty(struct pn_view_fields f)
{
    return f.metadata == 0 && f.spec == 0;
}

static inline struct pn_view_fields pn_view_union(struct pn_view_fields a, struct pn_view_fields b)
{
    return (struct pn_view_fields){a.metadata | b.metadata, a.spec | b.spec};
}

/* The set that holds field `name` of metadata or spec; all of them when `name` has s == NULL. */
uint64_t pn_view_field(const struct pn_schema_type *type, struct pn_str name);

/* Why expressions do not see field `name` of this type, static; NULL: they do. */
const char *pn_view_why_hidden(const struct pn_schema_type *type, struct pn_str name);

/* Zero objects of all types, made once for a policy set and shared by all views. */
struct pn_view_zeros;

/* Returns 0 or -ENOMEM. *ret lives in `a`. */
int pn_view_zeros_new(const struct pn_view_zeros **ret, struct pn_arena *a) PN_MUST_CHECK;

/*
 * The view of a Pod of this metadata and spec, with these fields of both. *ret lives in `a` and
 * borrows. Returns 0 or -ENOMEM.
 */
int pn_view_pod(struct pn_value *ret, const struct pn_view_zeros *zeros, struct pn_value metadata,
                struct pn_value spec, struct pn_view_fields fields,
                struct pn_arena *a) PN_MUST_CHECK;

#endif
