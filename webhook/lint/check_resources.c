/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/model.h"

static struct pn_place place_of(const struct pn_lint_container *c)
{
    const struct pn_trace *resources = pn_trace_get(c->trace, "resources");
    return resources != NULL && resources->at.node != NULL ? resources->at : c->trace->at;
}

void pn_lint_check_resources(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *limit = pn_trace_path(c->trace, "resources.limits.memory");
    if (!pn_trace_is_unset(limit) || (c->init && !c->native))
        return;
    pn_lint_report(l, PN_RULE_MISSING_MEMORY_LIMIT, place_of(c),
                   "`%.*s` has no memory limit: when it leaks, the node runs out, and the app may "
                   "be the one that is killed",
                   PN_STR_ARG(c->name));
    pn_lint_help(l, "give it limits.memory; a limit of cpu is not needed");
}
