/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/lone.h"

/* Less memory than any program starts with, and more cores than a node has for a sidecar. */
enum { MEMORY_MIN = 1 << 20, CORES_MAX = 64 };

static const __int128 nano = 1000000000;

static struct pn_place place_of(const struct pn_lint_container *c)
{
    const struct pn_trace *resources = pn_trace_get(c->trace, "resources");
    return resources != NULL && resources->at.node != NULL ? resources->at : c->trace->at;
}

static void check_amount(struct pn_lint *l, const struct pn_lint_container *c, struct pn_str name,
                         const struct pn_trace *t)
{
    __int128 amount;
    bool is_memory = pn_str_is(name, "memory"), is_cpu = pn_str_is(name, "cpu");
    if (t->kind != PN_TRACE_SCALAR || !pn_lone_nano(&amount, t->scalar) || amount <= 0)
        return;
    if ((is_memory || pn_str_is(name, "ephemeral-storage")) && amount % nano != 0) {
        pn_lint_report(l, PN_RULE_FRACTIONAL_BYTES, t->at,
                       "%.*s of `%.*s` is not a whole number of bytes", PN_STR_ARG(name),
                       PN_STR_ARG(c->name));
        pn_lint_help(l, "m means thousandths; Mi is 1024 x 1024");
    } else if (is_memory && amount < MEMORY_MIN * nano) {
        pn_lint_report(l, PN_RULE_IMPLAUSIBLE_QUANTITY, t->at,
                       "`%.*s` has less than 1Mi of memory: no container starts with that",
                       PN_STR_ARG(c->name));
        pn_lint_help(l, "a number alone counts bytes; write 64Mi");
    } else if (is_cpu && amount >= CORES_MAX * nano) {
        pn_lint_report(l, PN_RULE_IMPLAUSIBLE_QUANTITY, t->at,
                       "`%.*s` has %d cores or more next to each Pod that gets it",
                       PN_STR_ARG(c->name), CORES_MAX);
        pn_lint_help(l, "a number alone counts cores; write 100m for a tenth of one");
    }
}

static void check_amounts(struct pn_lint *l, const struct pn_lint_container *c, const char *path)
{
    const struct pn_trace *list = pn_trace_path(c->trace, path);
    for (uint32_t i = 0; list != NULL && list->kind == PN_TRACE_MAP && i < list->count; i++)
        check_amount(l, c, list->entries[i].key, list->entries[i].value);
}

void pn_lint_check_resources(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *limit = pn_trace_path(c->trace, "resources.limits.memory");
    check_amounts(l, c, "resources.requests");
    check_amounts(l, c, "resources.limits");
    if (!pn_trace_is_unset(limit) || !pn_lone_runs_for_long(c))
        return;
    pn_lint_report(l, PN_RULE_MISSING_MEMORY_LIMIT, place_of(c),
                   "`%.*s` has no memory limit: when it leaks, the node runs out, and the app may "
                   "be the one that is killed",
                   PN_STR_ARG(c->name));
    pn_lint_help(l, "give it limits.memory; a limit of cpu is not needed");
}
