/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/level.h"
#include "kube/security.h"
#include "lint/model.h"

/* A template that is of a higher level of the Pod Security Standards than it declares. */

static bool is_computed(const struct pn_node *n)
{
    if (n == NULL)
        return false;
    if (n->kind == PN_NODE_STRING)
        return pn_str_contains(n->s, PN_STR("${"));
    for (uint32_t i = 0; n->kind == PN_NODE_SEQUENCE && i < n->sequence.count; i++) {
        if (is_computed(n->sequence.items[i]))
            return true;
    }
    for (uint32_t i = 0; n->kind == PN_NODE_MAPPING && i < n->mapping.count; i++) {
        const struct pn_node_entry *e = &n->mapping.entries[i];
        if (pn_str_has_prefix(e->key->s, PN_STR("$")) || is_computed(e->value))
            return true;
    }
    return false;
}

/* True when all that the standards look at is known, whatever a policy or a Pod gives. */
static bool is_known(const struct pn_trace *t)
{
    static const char *const fields[] = {"securityContext", "ports",          "startupProbe",
                                         "livenessProbe",   "readinessProbe", "lifecycle"};
    bool whole = t->kind == PN_TRACE_MAP && !t->open && !t->maybe;
    const struct pn_trace *context = pn_trace_get(t, "securityContext");
    for (size_t i = 0; whole && i < PN_COUNT_OF(fields); i++)
        whole = pn_trace_is_whole(pn_trace_get(t, fields[i]));
    return whole && (context == NULL || !is_computed(context->at.node));
}

static bool are_known(const struct pn_trace *list)
{
    bool known = list == NULL || (list->kind == PN_TRACE_LIST && !list->open && !list->maybe);
    for (uint32_t i = 0; known && i < pn_trace_count(list); i++)
        known = is_known(pn_trace_item(list, i));
    return known;
}

/* The level that the template is of for certain, or Privileged. */
static enum pn_security_level level_of(struct pn_lint *l, const struct pn_lint_injection *in)
{
    const struct pn_trace *spec = pn_trace_get(in->pod, "spec");
    struct pn_value v, metadata;
    struct pn_security security;
    bool whole = true, unused = true;
    if (!are_known(pn_trace_get(spec, "initContainers")) ||
        !are_known(pn_trace_get(spec, "containers")) ||
        !pn_trace_is_whole(pn_trace_get(spec, "volumes")))
        return PN_SECURITY_PRIVILEGED;
    if (pn_trace_value(&metadata, &whole, pn_trace_get(in->pod, "metadata"), l->arena) != 0 ||
        pn_trace_value(&v, &unused, spec, l->arena) != 0) {
        l->out_of_memory = true;
        return PN_SECURITY_PRIVILEGED;
    }
    if (!whole)
        return PN_SECURITY_PRIVILEGED;
    pn_security_judge(&security, metadata, v);
    return pn_security_level_of(&security);
}

static enum pn_security_level declared_by(struct pn_str word)
{
    enum pn_security_level level = PN_SECURITY_RESTRICTED;
    while (level > PN_SECURITY_PRIVILEGED && !pn_str_is(word, pn_level_words[level]))
        level--;
    return level;
}

void pn_lint_check_level(struct pn_lint *l, const struct pn_lint_template *t)
{
    const struct pn_node *declared = pn_node_get(t->spec, "podSecurity");
    if (declared == NULL || t->sample == NULL)
        return;
    enum pn_security_level level = level_of(l, t->sample);
    if (level <= declared_by(pn_node_str(declared)))
        return;
    const char *word = pn_level_words[level];
    pn_lint_report(l, PN_RULE_LEVEL_UNDERSTATED, (struct pn_place){t->at.source, declared},
                   "template `%.*s` declares %.*s, and is %s", PN_STR_ARG(t->name),
                   PN_STR_ARG(pn_node_str(declared)), word);
    pn_lint_note(l, "what is declared is held to: a change that lowers the level would be refused "
                    "when it is loaded");
    pn_lint_help(l, "podSecurity: %s", word);
}
