/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "engine/place.h"
#include "lint/lone.h"

/* Containers that speak to a sidecar of their Pod before it is there. */

static const struct pn_node *placement_of(const struct pn_lint_injection *in, struct pn_str name)
{
    const struct pn_node *list = pn_node_get(in->template->spec, "placement");
    for (uint32_t i = 0; list != NULL && list->kind == PN_NODE_SEQUENCE && i < list->sequence.count;
         i++) {
        const struct pn_node *item = list->sequence.items[i];
        if (pn_str_eq(pn_node_str(pn_node_get(item, "container")), name))
            return item;
    }
    return NULL;
}

/* False: other containers decide where it stands. */
static bool rank_of(enum pn_position *ret, const struct pn_lint_injection *in, struct pn_str name)
{
    const struct pn_node *placement = placement_of(in, name);
    struct pn_str position = pn_node_str(pn_node_get(placement, "position"));
    if (pn_node_get(placement, "before") != NULL || pn_node_get(placement, "after") != NULL)
        return false;
    /* Without one, it is the last. */
    *ret = PN_POSITION_FIRST;
    while (*ret < PN_POSITION_LAST && !pn_str_is(position, pn_position_words[*ret]))
        ++*ret;
    return true;
}

/* ---- who speaks to whom ---------------------------------------------------------------- */

/* True when the text names a port of the container on this Pod. */
static bool speaks_to(struct pn_str text, const struct pn_lint_container *c)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    const struct pn_trace *ports = pn_trace_get(c->trace, "ports");
    for (uint32_t i = 0; i < pn_trace_count(ports); i++) {
        int64_t port;
        char address[64];
        if (!pn_trace_int(&port, pn_trace_get(pn_trace_item(ports, i), "containerPort")))
            continue;
        for (size_t k = 0; k < PN_COUNT_OF(hosts); k++) {
            int n = snprintf(address, sizeof address, "%s:%lld", hosts[k], (long long)port);
            for (size_t at = 0; n > 0 && at + (size_t)n <= text.n; at++) {
                size_t end = at + (size_t)n;
                if (memcmp(text.s + at, address, (size_t)n) == 0 &&
                    (end == text.n || text.s[end] < '0' || text.s[end] > '9'))
                    return true;
            }
        }
    }
    return false;
}

/* The text in the list (words, or variables) that does, or NULL. */
static const struct pn_trace *find_in(const struct pn_trace *list,
                                      const struct pn_lint_container *c)
{
    for (uint32_t i = 0; i < pn_trace_count(list); i++) {
        const struct pn_trace *t = pn_trace_item(list, i);
        if (t->kind == PN_TRACE_MAP)
            t = pn_trace_get(t, "value");
        if (speaks_to(pn_trace_str(t), c))
            return t;
    }
    return NULL;
}

/* ---- the checks ------------------------------------------------------------------------ */

/* The app's init containers are told of it. */
static void check_app(struct pn_lint *l, const struct pn_lint_injection *in,
                      const struct pn_lint_container *c)
{
    enum pn_position rank;
    if (!rank_of(&rank, in, c->name) || rank <= PN_POSITION_BEFORE_INIT)
        return;
    for (uint32_t i = 0; i < pn_trace_count(in->app); i++) {
        const struct pn_trace *rule = pn_trace_item(in->app, i);
        const struct pn_trace *env = find_in(pn_trace_get(rule, "env"), c);
        if (env == NULL || !pn_trace_is_bool(pn_trace_get(rule, "initContainers"), true))
            continue;
        const struct pn_node *position = pn_node_get(placement_of(in, c->name), "position");
        const struct pn_place at = {in->template->at.source, position};
        pn_lint_report(l, PN_RULE_INIT_ORDER, position != NULL ? at : pn_lone_place(c),
                       "init containers of the app are told to speak to `%.*s`, which starts after "
                       "them",
                       PN_STR_ARG(c->name));
        pn_lint_also(l, env->at, "they are told here");
        pn_lint_help(l, "placement: {container: %.*s, position: BeforeInit}", PN_STR_ARG(c->name));
    }
}

/* An init container of the template itself. */
static void check_own(struct pn_lint *l, const struct pn_lint_injection *in, size_t i, size_t k)
{
    static const char *const fields[] = {"command", "args", "env"};
    const struct pn_lint_container *first = &in->containers[i], *sidecar = &in->containers[k];
    enum pn_position a, b;
    if (!first->init || first->native || !sidecar->native || !rank_of(&a, in, first->name) ||
        !rank_of(&b, in, sidecar->name) || b < a || (a == b && k < i))
        return;
    for (size_t f = 0; f < PN_COUNT_OF(fields); f++) {
        const struct pn_trace *t = find_in(pn_trace_get(first->trace, fields[f]), sidecar);
        if (t == NULL)
            continue;
        pn_lint_report(l, PN_RULE_INIT_ORDER, t->at,
                       "init container `%.*s` speaks to `%.*s`, which starts after it has ended",
                       PN_STR_ARG(first->name), PN_STR_ARG(sidecar->name));
        pn_lint_also(l, pn_lone_place(sidecar), "the sidecar");
        pn_lint_help(l, "let the sidecar stand before it, with a startupProbe");
        return;
    }
}

void pn_lint_check_order(struct pn_lint *l, const struct pn_lint_injection *in)
{
    for (size_t i = 0; i < in->container_count; i++) {
        if (in->containers[i].native)
            check_app(l, in, &in->containers[i]);
        for (size_t k = 0; k < in->container_count; k++) {
            if (k != i)
                check_own(l, in, i, k);
        }
    }
}
