/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- parts of documents ---------------------------------------------------------------- */

static void *list(struct pn_lint *l, size_t n, size_t size)
{
    void *items = pn_arena_zalloc(l->arena, n + 1, size);
    l->out_of_memory = l->out_of_memory || items == NULL;
    return items;
}

static struct pn_selector selector_of(struct pn_lint *l, const struct pn_node *node)
{
    struct pn_selector selector = {0};
    const struct pn_node *unused;
    struct pn_err err = PN_ERR_INIT;
    if (node != NULL && pn_selector_from_node(&selector, node, l->arena, &unused, &err) < 0)
        l->out_of_memory = true;
    return selector;
}

/* Exact pairs are requirements with one value each. */
static struct pn_selector pairs_of(struct pn_lint *l, const struct pn_node *node)
{
    struct pn_selector selector = {0};
    if (node == NULL || node->kind != PN_NODE_MAPPING)
        return selector;
    struct pn_requirement *items = list(l, node->mapping.count, sizeof *items);
    struct pn_str *values = list(l, node->mapping.count, sizeof *values);
    if (items == NULL || values == NULL)
        return selector;
    for (uint32_t i = 0; i < node->mapping.count; i++) {
        values[i] = pn_node_str(node->mapping.entries[i].value);
        items[i] = (struct pn_requirement){node->mapping.entries[i].key->s, PN_OP_IN, &values[i],
                                           1};
    }
    return (struct pn_selector){items, node->mapping.count};
}

static bool is_word(const struct pn_node *mapping, const char *key, const char *word)
{
    return pn_str_is(pn_node_str(pn_node_get(mapping, key)), word);
}

static int64_t number_of(const struct pn_node *node, int64_t otherwise)
{
    return node != NULL && node->kind == PN_NODE_INT ? node->i : otherwise;
}

static struct pn_place name_of(struct pn_str *ret, const struct pn_document *doc)
{
    const struct pn_node *name = pn_node_get(pn_node_get(doc->root, "metadata"), "name");
    *ret = pn_node_str(name);
    return (struct pn_place){doc->source, name != NULL ? name : doc->root};
}

static void add_template(struct pn_lint *l, const struct pn_document *doc)
{
    struct pn_lint_template *t = &l->templates[l->template_count++];
    t->at = (struct pn_place){doc->source, doc->root};
    t->name_at = name_of(&t->name, doc);
    t->spec = pn_node_get(doc->root, "spec");
    t->category = pn_node_str(pn_node_get(t->spec, "category"));
    t->parameters = pn_node_get(t->spec, "parameters");
}

static void add_policy(struct pn_lint *l, const struct pn_document *doc)
{
    struct pn_lint_policy *p = &l->policies[l->policy_count++];
    p->at = (struct pn_place){doc->source, doc->root};
    p->name_at = name_of(&p->name, doc);
    p->spec = pn_node_get(doc->root, "spec");
    p->match = pn_node_get(p->spec, "match");
    p->pods = selector_of(l, pn_node_get(p->match, "podSelector"));
    p->namespaces = selector_of(l, pn_node_get(p->match, "namespaceSelector"));
    p->annotations = pairs_of(l, pn_node_get(p->match, "podAnnotations"));
    p->when = pn_node_str(pn_node_get(p->match, "when"));
    p->priority = number_of(pn_node_get(p->spec, "priority"), 0);
    p->percent = number_of(pn_node_get(pn_node_get(p->spec, "rollout"), "percent"), 100);
    p->denies = is_word(p->spec, "onFailure", "Deny");
    p->audits = is_word(p->spec, "mode", "Audit");
    p->opt_out_forbidden = is_word(p->spec, "optOut", "Forbidden");
}

static void add_budget(struct pn_lint *l, const struct pn_document *doc)
{
    struct pn_lint_budget *b = &l->budgets[l->budget_count++];
    b->at = (struct pn_place){doc->source, doc->root};
    name_of(&b->name, doc);
    b->spec = pn_node_get(doc->root, "spec");
    b->max = pn_node_get(b->spec, "max");
    const struct pn_node *match = pn_node_get(b->spec, "match");
    b->pods = selector_of(l, pn_node_get(match, "podSelector"));
    b->namespaces = selector_of(l, pn_node_get(match, "namespaceSelector"));
    b->guaranteed = pn_node_str(pn_node_get(b->spec, "guaranteedPods"));
}

/* ---- what a policy makes of a template ------------------------------------------------- */

static const struct pn_node *default_of(const struct pn_node *parameters, struct pn_str name)
{
    for (uint32_t i = 0; i < parameters->sequence.count; i++) {
        const struct pn_node *item = parameters->sequence.items[i];
        if (pn_str_eq(pn_node_str(pn_node_get(item, "name")), name))
            return pn_node_get(item, "default");
    }
    return NULL;
}

/* The values of all parameters, each with its place; one without a value is left out. */
static struct pn_value bind(struct pn_lint *l, struct pn_trace_scope *s,
                            const struct pn_lint_injection *in)
{
    const struct pn_node *declared = in->template->parameters;
    const struct pn_node *given = pn_node_get(in->node, "parameters");
    uint32_t n = declared != NULL && declared->kind == PN_NODE_SEQUENCE ? declared->sequence.count
                                                                        : 0;
    struct pn_trace_parameter *parameters = list(l, n, sizeof *parameters);
    struct pn_member *members = list(l, n, sizeof *members);
    struct pn_value v = PN_VALUE_ABSENT;
    if (parameters == NULL || members == NULL)
        return v;
    s->parameters = parameters;
    for (uint32_t i = 0; i < n; i++) {
        struct pn_str name = pn_node_str(pn_node_get(declared->sequence.items[i], "name"));
        const struct pn_node *value = NULL;
        const struct pn_source *source = in->policy != NULL ? in->policy->at.source : NULL;
        for (uint32_t k = 0; given != NULL && given->kind == PN_NODE_MAPPING &&
                             k < given->mapping.count && value == NULL;
             k++) {
            if (pn_str_eq(given->mapping.entries[k].key->s, name))
                value = given->mapping.entries[k].value;
        }
        if (value == NULL) {
            value = default_of(declared, name);
            source = in->template->at.source;
        }
        if (value == NULL)
            continue;
        struct pn_member *m = &members[s->parameter_count];
        parameters[s->parameter_count++] = (struct pn_trace_parameter){name, {source, value}};
        m->key = name;
        l->out_of_memory = pn_value_from_node(&m->value, value, l->arena) != 0 || l->out_of_memory;
    }
    l->out_of_memory = pn_object_take(&v, l->arena, members, s->parameter_count) < 0 ||
                       l->out_of_memory;
    return v;
}

static struct pn_value context_of(struct pn_lint *l, struct pn_trace_scope *s,
                                  const struct pn_lint_injection *in)
{
    struct pn_value literals = PN_VALUE_ABSENT, template, policy, context = PN_VALUE_ABSENT;
    const struct pn_node *node = pn_node_get(in->template->spec, "literals");
    int r = node != NULL ? pn_value_from_node(&literals, node, l->arena)
                         : pn_object_new(&literals, l->arena, NULL, 0);
    const struct pn_member about[] = {{PN_STR("name"), pn_string(in->template->name)},
                                      {PN_STR("category"), pn_string(in->template->category)}};
    const struct pn_member named = {PN_STR("name"),
                                    pn_string(in->policy != NULL ? in->policy->name : PN_STR(""))};
    r = r != 0 ? r : pn_object_new(&template, l->arena, about, PN_COUNT_OF(about));
    r = r != 0 ? r : pn_object_new(&policy, l->arena, &named, 1);
    if (r == 0) {
        const struct pn_member members[] = {{PN_STR("parameters"), bind(l, s, in)},
                                            {PN_STR("literals"), literals},
                                            {PN_STR("template"), template},
                                            {PN_STR("policy"), policy}};
        /* A template that no policy names has no policy to speak of. */
        r = pn_object_new(&context, l->arena, members, in->policy != NULL ? 4 : 3);
    }
    l->out_of_memory = l->out_of_memory || r != 0;
    return context;
}

static void add_containers(struct pn_lint *l, struct pn_lint_injection *in)
{
    const struct pn_trace *spec = pn_trace_get(in->pod, "spec");
    const struct pn_trace *lists[] = {pn_trace_get(spec, "initContainers"),
                                      pn_trace_get(spec, "containers")};
    size_t n = (size_t)pn_trace_count(lists[0]) + pn_trace_count(lists[1]);
    struct pn_lint_container *containers = list(l, n, sizeof *containers);
    for (size_t k = 0; k < 2 && containers != NULL; k++) {
        for (uint32_t i = 0; i < pn_trace_count(lists[k]); i++) {
            const struct pn_trace *t = pn_trace_item(lists[k], i);
            if (t->kind != PN_TRACE_MAP)
                continue;
            struct pn_str policy = pn_trace_str(pn_trace_get(t, "restartPolicy"));
            containers[in->container_count++] = (struct pn_lint_container){
                .trace = t,
                .name = pn_trace_str(pn_trace_get(t, "name")),
                .init = k == 0,
                .native = k == 0 && pn_str_is(policy, "Always"),
            };
        }
    }
    in->containers = containers;
}

static void make_injection(struct pn_lint *l, struct pn_lint_injection *in)
{
    struct pn_trace_scope scope = {.arena = l->arena, .source = in->template->at.source};
    const struct pn_node *spec = in->template->spec;
    scope.context = context_of(l, &scope, in);
    if (l->out_of_memory)
        return;
    in->pod = pn_trace_of(&scope, pn_node_get(spec, "pod"));
    in->app = pn_trace_of(&scope, pn_node_get(spec, "appContainers"));
    in->append = pn_trace_of(&scope, pn_node_get(spec, "appendAnnotations"));
    l->out_of_memory = l->out_of_memory || scope.out_of_memory;
    if (!l->out_of_memory)
        add_containers(l, in);
}

struct pn_lint_template *pn_lint_find_template(struct pn_lint *l, struct pn_str name)
{
    for (size_t i = 0; i < l->template_count; i++) {
        if (pn_str_eq(l->templates[i].name, name))
            return &l->templates[i];
    }
    return NULL;
}

struct pn_place pn_lint_in_policy(const struct pn_lint_policy *p, const struct pn_node *node)
{
    return (struct pn_place){p->at.source, node};
}

const struct pn_node *pn_lint_find_key(const struct pn_node *selector, struct pn_str key,
                                       const struct pn_node *after)
{
    const struct pn_node *labels = pn_node_get(selector, "matchLabels");
    const struct pn_node *expressions = pn_node_get(selector, "matchExpressions");
    for (uint32_t i = 0;
         labels != NULL && labels->kind == PN_NODE_MAPPING && i < labels->mapping.count; i++) {
        const struct pn_node *value = labels->mapping.entries[i].value;
        if (pn_str_eq(labels->mapping.entries[i].key->s, key) &&
            (after == NULL || value->span.start > after->span.start))
            return value;
    }
    for (uint32_t i = 0; expressions != NULL && expressions->kind == PN_NODE_SEQUENCE &&
                         i < expressions->sequence.count;
         i++) {
        const struct pn_node *item = expressions->sequence.items[i];
        if (pn_str_eq(pn_node_str(pn_node_get(item, "key")), key) &&
            (after == NULL || item->span.start > after->span.start))
            return item;
    }
    return NULL;
}

static void resolve(struct pn_lint *l, struct pn_lint_policy *p)
{
    const struct pn_node *inject = pn_node_get(p->spec, "inject");
    uint32_t n = inject != NULL && inject->kind == PN_NODE_SEQUENCE ? inject->sequence.count : 0;
    struct pn_lint_injection *injections = list(l, n, sizeof *injections);
    for (uint32_t i = 0; i < n && injections != NULL; i++) {
        const struct pn_node *item = inject->sequence.items[i];
        struct pn_str name = pn_node_str(pn_node_get(pn_node_get(item, "templateRef"), "name"));
        struct pn_lint_template *t = pn_lint_find_template(l, name);
        if (t == NULL)
            continue;
        t->is_used = true;
        if (t->sample == NULL)
            t->sample = &injections[p->injection_count];
        injections[p->injection_count] = (struct pn_lint_injection){p, t, item};
        make_injection(l, &injections[p->injection_count++]);
    }
    p->injections = injections;
}

/* ---- the order of evaluation ----------------------------------------------------------- */

static int by_order(const void *x, const void *y)
{
    const struct pn_lint_policy *a = x, *b = y;
    if (a->audits != b->audits)
        return a->audits ? 1 : -1;
    if (a->denies != b->denies)
        return a->denies ? -1 : 1;
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    return pn_str_cmp(a->name, b->name);
}

static bool is_faulty(const struct pn_lint *l, const struct pn_source *source)
{
    for (size_t i = 0; i < l->diags->count; i++) {
        const struct pn_diag *d = &l->diags->items[i];
        if (d->severity == PN_SEVERITY_ERROR && d->file != NULL && pn_str_is(source->name, d->file))
            return true;
    }
    return false;
}

void pn_lint_model(struct pn_lint *l)
{
    l->templates = list(l, l->doc_count, sizeof *l->templates);
    l->policies = list(l, l->doc_count, sizeof *l->policies);
    l->budgets = list(l, l->doc_count, sizeof *l->budgets);
    l->spare = list(l, l->doc_count, sizeof *l->spare);
    if (l->out_of_memory)
        return;
    for (size_t i = 0; i < l->doc_count; i++) {
        const struct pn_document *doc = &l->docs[i];
        struct pn_str kind = pn_node_str(pn_node_get(doc->root, "kind"));
        if (!l->is_whole && is_faulty(l, doc->source))
            continue;
        if (pn_str_is(kind, "SidecarTemplate"))
            add_template(l, doc);
        else if (pn_str_is(kind, "InjectionPolicy"))
            add_policy(l, doc);
        else if (pn_str_is(kind, "InjectionBudget"))
            add_budget(l, doc);
    }
    qsort(l->policies, l->policy_count, sizeof *l->policies, by_order);
    for (size_t i = 0; i < l->policy_count; i++)
        resolve(l, &l->policies[i]);
    for (size_t i = 0; i < l->template_count; i++) {
        if (l->templates[i].is_used)
            continue;
        struct pn_lint_injection *in = &l->spare[l->spare_count++];
        l->templates[i].sample = in;
        *in = (struct pn_lint_injection){.template = &l->templates[i]};
        make_injection(l, in);
    }
}

void pn_lint_mark_clash(struct pn_lint *l, const struct pn_lint_policy *a,
                        const struct pn_lint_policy *b)
{
    size_t bytes = 2 * l->clash_count * sizeof *l->clashes;
    size_t *grown = pn_arena_grow(l->arena, l->clashes, bytes, bytes + 2 * sizeof *grown);
    if (grown == NULL) {
        l->out_of_memory = true;
        return;
    }
    grown[2 * l->clash_count] = (size_t)(a - l->policies);
    grown[2 * l->clash_count++ + 1] = (size_t)(b - l->policies);
    l->clashes = grown;
}

bool pn_lint_do_clash(const struct pn_lint *l, const struct pn_lint_policy *a,
                      const struct pn_lint_policy *b)
{
    size_t x = (size_t)(a - l->policies), y = (size_t)(b - l->policies);
    for (size_t i = 0; i < l->clash_count; i++) {
        if (l->clashes[2 * i] == x && l->clashes[2 * i + 1] == y)
            return true;
    }
    return false;
}
