/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/verify.h"

#include <errno.h>

#include "engine/planned.h"
#include "kube/validate.h"

static int judge(struct pn_str *ret, struct pn_value metadata, struct pn_value spec,
                 struct pn_arena *a)
{
    struct pn_validate_errors errors;
    int r = 0;
    /* A manifest has none: the API server fills it in before it asks a webhook. */
    if (pn_value_is_unset(PN_GET(spec, "serviceAccountName")))
        r = pn_object_with(&spec, a, spec, PN_STR("serviceAccountName"),
                           pn_string(PN_STR("default")));
    if (r == 0)
        r = pn_validate_pod(&errors, metadata, spec, PN_VALIDATE_FIRST, a);
    if (r != 0)
        return r;
    *ret = PN_STR_NULL;
    if (errors.count == 0)
        return 0;
    const struct pn_validate_error *e = &errors.items[0];
    *ret = pn_arena_format(a, "%.*s: %s: %.*s", PN_STR_ARG(e->field),
                           pn_validate_type_name(e->type), PN_STR_ARG(e->detail));
    return ret->s != NULL ? 0 : -ENOMEM;
}

int pn_verify_plan(struct pn_str *ret, const struct pn_verify *verify, const struct pn_plan *plan)
{
    struct pn_value metadata, spec;
    int r = pn_planned_metadata(&metadata, plan, verify->metadata);
    if (r == 0)
        r = pn_planned_spec(&spec, plan, verify->spec, PN_PLANNED_FINAL);
    return r == 0 ? judge(ret, metadata, spec, plan->arena) : r;
}

int pn_verify_received(struct pn_str *ret, const struct pn_verify *verify, struct pn_arena *a)
{
    return judge(ret, verify->metadata, verify->spec, a);
}
