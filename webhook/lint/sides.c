/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/sides.h"

#include "base/number.h"
#include "engine/plan.h"

struct pn_str pn_side_argument(const struct pn_reason *reason, const char *name)
{
    return pn_value_str(pn_value_get(reason->arguments, pn_str_of(name)));
}

static const struct pn_place nowhere = {NULL, NULL};

/* "8080/TCP", as reasons write ports. */
static int64_t number_of(struct pn_str text)
{
    int64_t n;
    return pn_number_read_int(&n, pn_str_split(&text, '/')) ? n : 0;
}

/* ---- ours ------------------------------------------------------------------------------ */

/* The field of the list's first item where it is that text. */
static struct pn_place find_text(const struct pn_trace *list, const char *field, struct pn_str text)
{
    for (uint32_t i = 0; i < pn_trace_count(list); i++) {
        const struct pn_trace *t = pn_trace_get(pn_trace_item(list, i), field);
        if (text.n > 0 && pn_str_eq(pn_plan_path(pn_trace_str(t)), pn_plan_path(text)))
            return t->at;
    }
    return nowhere;
}

static struct pn_place find_port(const struct pn_trace *ports, enum pn_side side,
                                 struct pn_str text)
{
    static const char *const fields[] = {"hostPort", "containerPort"};
    if (side == PN_SIDE_PORT_NAME)
        return find_text(ports, "name", text);
    for (size_t k = side == PN_SIDE_PORT ? 1 : 0; k < PN_COUNT_OF(fields); k++) {
        for (uint32_t i = 0; i < pn_trace_count(ports); i++) {
            const struct pn_trace *t = pn_trace_get(pn_trace_item(ports, i), fields[k]);
            int64_t n;
            if (pn_trace_int(&n, t) && n == number_of(text))
                return t->at;
        }
    }
    return nowhere;
}

static struct pn_place find_in_containers(const struct pn_lint_injection *in, enum pn_side side,
                                          const struct pn_reason *reason)
{
    struct pn_str name = pn_side_argument(reason, "container");
    for (size_t i = 0; i < in->container_count; i++) {
        const struct pn_lint_container *c = &in->containers[i];
        if (!pn_str_eq(c->name, name))
            continue;
        return side == PN_SIDE_CONTAINER ? pn_trace_get(c->trace, "name")->at
                                         : find_port(pn_trace_get(c->trace, "ports"), side,
                                                     pn_side_argument(reason, "port"));
    }
    return nowhere;
}

static struct pn_place find_in_rules(const struct pn_lint_injection *in, enum pn_side side,
                                     const struct pn_reason *reason)
{
    for (uint32_t i = 0; i < pn_trace_count(in->app); i++) {
        const struct pn_trace *rule = pn_trace_item(in->app, i);
        struct pn_place at = nowhere;
        if (side == PN_SIDE_MOUNT)
            at = find_text(pn_trace_get(rule, "volumeMounts"), "mountPath",
                           pn_side_argument(reason, "path"));
        else if (side == PN_SIDE_ENV)
            at = find_text(pn_trace_get(rule, "env"), "name", pn_side_argument(reason, "env"));
        const struct pn_trace *names = pn_trace_get(rule, "names");
        for (uint32_t k = 0; side == PN_SIDE_APP_CONTAINER && k < pn_trace_count(names); k++) {
            if (pn_str_eq(pn_trace_str(pn_trace_item(names, k)),
                          pn_side_argument(reason, "container")))
                at = pn_trace_item(names, k)->at;
        }
        if (at.node != NULL)
            return at;
    }
    return nowhere;
}

/* The override that lets a Pod's author choose the parameter, or the item of spec.inject. */
static const struct pn_node *find_override(const struct pn_lint_injection *in, struct pn_str name,
                                           const struct pn_node *after)
{
    const struct pn_node *list = pn_node_get(in->node, "overrides");
    bool is_behind = after == NULL;
    for (uint32_t i = 0; list != NULL && list->kind == PN_NODE_SEQUENCE && i < list->sequence.count;
         i++) {
        const struct pn_node *item = list->sequence.items[i];
        if (is_behind && pn_str_eq(pn_node_str(pn_node_get(item, "parameter")), name))
            return item;
        is_behind = is_behind || item == after;
    }
    return NULL;
}

static bool has_parameter(const struct pn_lint_template *t, struct pn_str name)
{
    for (uint32_t i = 0; t->parameters != NULL && t->parameters->kind == PN_NODE_SEQUENCE &&
                         i < t->parameters->sequence.count;
         i++) {
        if (pn_str_eq(pn_node_str(pn_node_get(t->parameters->sequence.items[i], "name")), name))
            return true;
    }
    return false;
}

static struct pn_place find_ours(const struct pn_lint_injection *in, enum pn_side side,
                                 const struct pn_reason *reason)
{
    switch (side) {
    case PN_SIDE_CONTAINER:
    case PN_SIDE_PORT:
    case PN_SIDE_HOST_PORT:
    case PN_SIDE_PORT_NAME:
        return find_in_containers(in, side, reason);
    case PN_SIDE_MOUNT:
    case PN_SIDE_ENV:
    case PN_SIDE_APP_CONTAINER:
        return find_in_rules(in, side, reason);
    case PN_SIDE_VOLUME:
        return find_text(pn_trace_path(in->pod, "spec.volumes"), "name",
                         pn_side_argument(reason, "volume"));
    case PN_SIDE_ANNOTATION: {
        const struct pn_trace *annotations = pn_trace_path(in->pod, "metadata.annotations");
        struct pn_str key = pn_side_argument(reason, "annotation");
        for (uint32_t i = 0; i < pn_trace_count(annotations); i++) {
            if (pn_str_eq(annotations->entries[i].key, key))
                return annotations->entries[i].value->at;
        }
        return nowhere;
    }
    case PN_SIDE_PARAMETER: {
        struct pn_str name = pn_side_argument(reason, "parameter");
        const struct pn_node *node = find_override(in, name, NULL);
        if (node == NULL && has_parameter(in->template, name))
            node = in->node;
        return (struct pn_place){in->policy->at.source, node};
    }
    default:
        return nowhere;
    }
}

struct pn_place pn_side_of_policy(const struct pn_lint_policy *p, enum pn_side side,
                                  const struct pn_reason *reason)
{
    for (size_t i = 0; i < p->injection_count; i++) {
        struct pn_place at = find_ours(&p->injections[i], side, reason);
        if (at.node != NULL)
            return at;
    }
    return p->name_at;
}

/* ---- theirs ---------------------------------------------------------------------------- */

/* The field of the list's first item where it is that text. */
static const struct pn_node *find_item(const struct pn_node *list, const char *field,
                                       struct pn_str text)
{
    for (uint32_t i = 0; list != NULL && list->kind == PN_NODE_SEQUENCE && i < list->sequence.count;
         i++) {
        const struct pn_node *value = pn_node_get(list->sequence.items[i], field);
        if (text.n > 0 && pn_str_eq(pn_plan_path(pn_node_str(value)), pn_plan_path(text)))
            return value;
    }
    return NULL;
}

static const struct pn_node *find_their_number(const struct pn_node *ports, const char *field,
                                               int64_t number)
{
    for (uint32_t i = 0;
         ports != NULL && ports->kind == PN_NODE_SEQUENCE && i < ports->sequence.count; i++) {
        const struct pn_node *value = pn_node_get(ports->sequence.items[i], field);
        if (value != NULL && value->kind == PN_NODE_INT && value->i == number)
            return value;
    }
    return NULL;
}

static const struct pn_node *find_their_port(const struct pn_manifest *m, enum pn_side side,
                                             struct pn_str text)
{
    static const char *const lists[] = {"containers", "initContainers"};
    for (size_t k = 0; k < PN_COUNT_OF(lists); k++) {
        const struct pn_node *list = pn_node_get(pn_node_get(m->pod, "spec"), lists[k]);
        for (uint32_t i = 0;
             list != NULL && list->kind == PN_NODE_SEQUENCE && i < list->sequence.count; i++) {
            const struct pn_node *ports = pn_node_get(list->sequence.items[i], "ports");
            int64_t number = number_of(text);
            const struct pn_node *found = NULL;
            if (side == PN_SIDE_PORT_NAME)
                found = find_item(ports, "name", text);
            else if (side == PN_SIDE_HOST_PORT)
                found = find_their_number(ports, "hostPort", number);
            if (found == NULL && side != PN_SIDE_PORT_NAME)
                found = find_their_number(ports, "containerPort", number);
            if (found != NULL)
                return found;
        }
    }
    return NULL;
}

/* What the Pod says for the parameter: the first annotation or label that an override reads. */
static const struct pn_node *find_value(const struct pn_manifest *m, const struct pn_lint_policy *p,
                                        struct pn_str parameter)
{
    const struct pn_node *metadata = pn_node_get(m->pod, "metadata");
    for (size_t i = 0; i < p->injection_count; i++) {
        const struct pn_node *item = NULL;
        while ((item = find_override(&p->injections[i], parameter, item)) != NULL) {
            const struct pn_node *found = pn_manifest_find(
                pn_node_get(metadata, "annotations"),
                pn_node_str(pn_node_get(item, "podAnnotation")));
            if (found == NULL)
                found = pn_manifest_find(pn_node_get(metadata, "labels"),
                                         pn_node_str(pn_node_get(item, "podLabel")));
            if (found != NULL)
                return found;
        }
    }
    return NULL;
}

static const struct pn_node *find_theirs(const struct pn_manifest *m,
                                         const struct pn_lint_policy *p, enum pn_side side,
                                         const struct pn_reason *reason)
{
    const struct pn_node *container = pn_manifest_container(m,
                                                            pn_side_argument(reason, "container"));
    struct pn_str there = pn_side_argument(reason, "there");
    switch (side) {
    case PN_SIDE_CONTAINER:
        return pn_node_get(container, "name");
    case PN_SIDE_VOLUME:
        return pn_node_get(pn_manifest_named(m, "volumes", pn_side_argument(reason, "volume")),
                           "name");
    case PN_SIDE_MOUNT:
        return find_item(pn_node_get(container, "volumeMounts"), "mountPath",
                         there.n > 0 ? there : pn_side_argument(reason, "path"));
    case PN_SIDE_PORT:
    case PN_SIDE_HOST_PORT:
    case PN_SIDE_PORT_NAME:
        return find_their_port(m, side, pn_side_argument(reason, "port"));
    case PN_SIDE_ENV:
        return find_item(pn_node_get(container, "env"), "name", pn_side_argument(reason, "env"));
    case PN_SIDE_ANNOTATION:
        return pn_manifest_find(pn_node_get(pn_node_get(m->pod, "metadata"), "annotations"),
                                pn_side_argument(reason, "annotation"));
    case PN_SIDE_PARAMETER:
        return find_value(m, p, pn_side_argument(reason, "parameter"));
    default:
        return NULL;
    }
}

struct pn_place pn_side_of_manifest(const struct pn_manifest *m, const struct pn_lint_policy *p,
                                    enum pn_side side, const struct pn_reason *reason)
{
    return (struct pn_place){m->source, find_theirs(m, p, side, reason)};
}

/* ---- budgets --------------------------------------------------------------------------- */

static const struct pn_node *number_in(const struct pn_node *max, const struct pn_reason *reason)
{
    struct pn_str resource = pn_side_argument(reason, "resource");
    switch (reason->id) {
    case PN_REASON_BUDGET_SIDECARS:
        return pn_node_get(max, "sidecars");
    case PN_REASON_BUDGET_CATEGORY:
        return pn_node_get(max, "perCategory");
    case PN_REASON_BUDGET_ADDED: {
        /* "requests.cpu" */
        const struct pn_node *list = pn_manifest_find(pn_node_get(max, "added"),
                                                      pn_str_split(&resource, '.'));
        return pn_manifest_find(list, resource);
    }
    case PN_REASON_BUDGET_POD_GROWTH:
        return pn_manifest_find(pn_node_get(pn_node_get(max, "podGrowth"), "requests"), resource);
    case PN_REASON_BUDGET_SHARE_OF_APP:
        return pn_manifest_find(pn_node_get(max, "shareOfApp"), resource);
    default:
        return NULL;
    }
}

struct pn_place pn_side_of_budget(const struct pn_lint *l, const struct pn_reason *reason)
{
    struct pn_str name = pn_side_argument(reason, "budget");
    for (size_t i = 0; i < l->budget_count; i++) {
        const struct pn_lint_budget *b = &l->budgets[i];
        if (pn_str_eq(b->name, name))
            return (struct pn_place){b->at.source, number_in(b->max, reason)};
    }
    return nowhere;
}
