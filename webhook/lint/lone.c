/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/lone.h"

#include "kube/quantity.h"

bool pn_lone_runs_for_long(const struct pn_lint_container *c)
{
    return !c->init || c->native;
}

struct pn_place pn_lone_place(const struct pn_lint_container *c)
{
    const struct pn_trace *name = pn_trace_get(c->trace, "name");
    return name != NULL && name->at.node != NULL ? name->at : c->trace->at;
}

bool pn_lone_is_lesser(const struct pn_lint_container *c)
{
    static const char *const paths[][2] = {
        {"resources.requests.cpu", "resources.limits.cpu"},
        {"resources.requests.memory", "resources.limits.memory"}};
    for (size_t i = 0; i < PN_COUNT_OF(paths); i++) {
        const struct pn_trace *request = pn_trace_path(c->trace, paths[i][0]);
        const struct pn_trace *limit = pn_trace_path(c->trace, paths[i][1]);
        struct pn_quantity a, b;
        struct pn_err err = PN_ERR_INIT;
        __int128 x, y;
        if (limit == NULL)
            return true;
        if (request == NULL || request->kind != PN_TRACE_SCALAR || limit->kind != PN_TRACE_SCALAR)
            continue;
        if (pn_quantity_from_value(&a, request->scalar, &err) == 0 &&
            pn_quantity_from_value(&b, limit->scalar, &err) == 0 && pn_quantity_nano(&x, &a) &&
            pn_quantity_nano(&y, &b) && x != y)
            return true;
    }
    return false;
}

const struct pn_lint_container *pn_lone_lesser(const struct pn_lint_injection *in)
{
    for (size_t i = 0; i < in->container_count; i++) {
        const struct pn_lint_container *c = &in->containers[i];
        const struct pn_trace *resources = pn_trace_get(c->trace, "resources");
        if (resources != NULL && resources->kind == PN_TRACE_MAP && pn_lone_is_lesser(c))
            return c;
    }
    return NULL;
}
