/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/model.h"

static bool is_name_char(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* True when the text reads the parameter, or all of them at once. */
static bool reads(struct pn_str text, struct pn_str name)
{
    const struct pn_str word = PN_STR("parameters");
    for (size_t at = 0; at + word.n <= text.n; at++) {
        struct pn_str rest = {text.s + at, text.n - at};
        if (!pn_str_has_prefix(rest, word) || (at > 0 && is_name_char(text.s[at - 1])))
            continue;
        rest = (struct pn_str){rest.s + word.n, rest.n - word.n};
        if (rest.n == 0 || rest.s[0] != '.')
            return true; /* parameters['x'], or handed on as a whole */
        rest = (struct pn_str){rest.s + 1, rest.n - 1};
        if (pn_str_has_prefix(rest, name) && (rest.n == name.n || !is_name_char(rest.s[name.n])))
            return true;
    }
    return false;
}

static bool is_read(const struct pn_node *n, struct pn_str name)
{
    if (n == NULL)
        return false;
    if (n->kind == PN_NODE_STRING)
        return reads(n->s, name);
    for (uint32_t i = 0; n->kind == PN_NODE_SEQUENCE && i < n->sequence.count; i++) {
        if (is_read(n->sequence.items[i], name))
            return true;
    }
    for (uint32_t i = 0; n->kind == PN_NODE_MAPPING && i < n->mapping.count; i++) {
        if (is_read(n->mapping.entries[i].key, name) || is_read(n->mapping.entries[i].value, name))
            return true;
    }
    return false;
}

static void check_parameters(struct pn_lint *l, const struct pn_lint_template *t)
{
    static const char *const fields[] = {"pod", "appContainers", "appendAnnotations"};
    for (uint32_t i = 0; t->parameters != NULL && t->parameters->kind == PN_NODE_SEQUENCE &&
                         i < t->parameters->sequence.count;
         i++) {
        const struct pn_node *name = pn_node_get(t->parameters->sequence.items[i], "name");
        bool is_used = false;
        for (size_t k = 0; k < PN_COUNT_OF(fields); k++)
            is_used = is_used || is_read(pn_node_get(t->spec, fields[k]), pn_node_str(name));
        if (is_used || name == NULL)
            continue;
        pn_lint_report(l, PN_RULE_UNUSED_PARAMETER, (struct pn_place){t->at.source, name},
                       "parameter `%.*s` of template `%.*s` is never read",
                       PN_STR_ARG(pn_node_str(name)), PN_STR_ARG(t->name));
        pn_lint_help(l, "read it as parameters.%.*s, or remove it", PN_STR_ARG(pn_node_str(name)));
    }
}

static const struct pn_node *default_of(const struct pn_lint_template *t, struct pn_str name)
{
    for (uint32_t i = 0; t->parameters != NULL && t->parameters->kind == PN_NODE_SEQUENCE &&
                         i < t->parameters->sequence.count;
         i++) {
        const struct pn_node *item = t->parameters->sequence.items[i];
        if (pn_str_eq(pn_node_str(pn_node_get(item, "name")), name))
            return pn_node_get(item, "default");
    }
    return NULL;
}

static void check_values(struct pn_lint *l, const struct pn_lint_injection *in)
{
    const struct pn_node *given = pn_node_get(in->node, "parameters");
    for (uint32_t i = 0;
         given != NULL && given->kind == PN_NODE_MAPPING && i < given->mapping.count; i++) {
        const struct pn_node_entry *e = &given->mapping.entries[i];
        const struct pn_node *usual = default_of(in->template, e->key->s);
        struct pn_value a, b;
        if (usual == NULL)
            continue;
        if (pn_value_from_node(&a, e->value, l->arena) != 0 ||
            pn_value_from_node(&b, usual, l->arena) != 0) {
            l->out_of_memory = true;
            return;
        }
        if (!pn_value_equal(a, b))
            continue;
        pn_lint_report(l, PN_RULE_REDUNDANT_VALUE,
                       (struct pn_place){in->policy->at.source, e->value},
                       "policy `%.*s` gives `%.*s` its default", PN_STR_ARG(in->policy->name),
                       PN_STR_ARG(e->key->s));
        pn_lint_also(l, (struct pn_place){in->template->at.source, usual}, "the default");
        pn_lint_help(l, "leave it out, and the policy follows the template");
    }
}

void pn_lint_check_usage(struct pn_lint *l)
{
    for (size_t i = 0; i < l->template_count; i++) {
        const struct pn_lint_template *t = &l->templates[i];
        check_parameters(l, t);
        pn_lint_check_level(l, t);
        /* Templates without any policy are a library. */
        if (t->is_used || l->policy_count == 0 || !l->is_whole)
            continue;
        pn_lint_report(l, PN_RULE_UNUSED_TEMPLATE, t->name_at, "no policy injects template `%.*s`",
                       PN_STR_ARG(t->name));
        pn_lint_help(l, "write a policy for it, or remove it");
    }
    for (size_t i = 0; i < l->policy_count; i++) {
        for (size_t k = 0; k < l->policies[i].injection_count; k++)
            check_values(l, &l->policies[i].injections[k]);
    }
}
