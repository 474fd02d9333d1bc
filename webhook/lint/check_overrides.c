/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/model.h"

/* What a Pod's author may choose: whether the choice is one, and whether one annotation says one
 * thing. */

struct override {
    const struct pn_lint_injection *in;
    const struct pn_node *item;
    struct pn_str parameter;
};

/* The n-th override of the policy, over all that it injects. */
static bool override_at(struct override *ret, const struct pn_lint_policy *p, size_t n)
{
    for (size_t i = 0; i < p->injection_count; i++) {
        const struct pn_node *list = pn_node_get(p->injections[i].node, "overrides");
        size_t count = list != NULL && list->kind == PN_NODE_SEQUENCE ? list->sequence.count : 0;
        if (n < count) {
            const struct pn_node *item = list->sequence.items[n];
            *ret = (struct override){&p->injections[i], item,
                                     pn_node_str(pn_node_get(item, "parameter"))};
            return true;
        }
        n -= count;
    }
    return false;
}

/* ---- sources that say one thing only --------------------------------------------------- */

/* What the policy's match leaves of a label or annotation. */
static void check_source(struct pn_lint *l, const struct pn_lint_policy *p,
                         const struct override *o, const char *field, const struct pn_selector *s)
{
    const struct pn_node *source = pn_node_get(o->item, field);
    const struct pn_place at = {p->at.source, source};
    for (uint32_t i = 0; source != NULL && i < s->count; i++) {
        const struct pn_requirement *r = &s->requirements[i];
        if (!pn_str_eq(r->key, pn_node_str(source)))
            continue;
        if (r->op == PN_OP_DOES_NOT_EXIST) {
            pn_lint_report(l, PN_RULE_OVERRIDE_WITHOUT_EFFECT, at,
                           "`%.*s` is never there: policy `%.*s` selects Pods without it",
                           PN_STR_ARG(r->key), PN_STR_ARG(p->name));
            pn_lint_help(l, "remove the override, or read something that selected Pods may have");
        } else if (r->op == PN_OP_IN && r->count == 1) {
            pn_lint_report(l, PN_RULE_OVERRIDE_WITHOUT_EFFECT, at,
                           "`%.*s` is always `%.*s`: policy `%.*s` selects no other Pods",
                           PN_STR_ARG(r->key), PN_STR_ARG(r->values[0]), PN_STR_ARG(p->name));
            pn_lint_help(l, "write parameters: {%.*s: %.*s}", PN_STR_ARG(o->parameter),
                         PN_STR_ARG(r->values[0]));
        }
    }
}

/* ---- prefixes -------------------------------------------------------------------------- */

static void check_prefix(struct pn_lint *l, const struct pn_lint_policy *p,
                         const struct override *o, const struct override *other)
{
    const struct pn_node *node = pn_node_get(o->item, "podAnnotationPrefix");
    const struct pn_node *within = pn_node_get(other->item, "podAnnotationPrefix");
    if (within == NULL)
        within = pn_node_get(other->item, "podAnnotation");
    struct pn_str prefix = pn_node_str(node), text = pn_node_str(within);
    /* A whole domain is taken to look at all that is written there. */
    if (node == NULL || within == NULL || text.n <= prefix.n || !pn_str_has_prefix(text, prefix) ||
        pn_str_has_suffix(prefix, PN_STR("/")))
        return;
    pn_lint_report(l, PN_RULE_PREFIXES_COLLIDE, (struct pn_place){p->at.source, within},
                   "what `%.*s` says of parameter `%.*s` is taken for parameter `%.*s` too",
                   PN_STR_ARG(text), PN_STR_ARG(other->parameter), PN_STR_ARG(o->parameter));
    pn_lint_also(l, (struct pn_place){p->at.source, node}, "all annotations with this prefix are");
    pn_lint_help(l, "let neither begin with the other");
}

void pn_lint_check_overrides(struct pn_lint *l, const struct pn_lint_policy *p)
{
    struct override o, other;
    for (size_t i = 0; override_at(&o, p, i); i++) {
        check_source(l, p, &o, "podLabel", &p->pods);
        check_source(l, p, &o, "podAnnotation", &p->annotations);
        for (size_t k = 0; override_at(&other, p, k); k++) {
            if (k != i)
                check_prefix(l, p, &o, &other);
        }
    }
}
