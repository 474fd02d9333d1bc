/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/groups.h"

static bool is_at(const struct pn_group *group, enum pn_rule_id rule, struct pn_place at)
{
    return group->rule == rule && group->at.source == at.source &&
           group->at.node->span.start == at.node->span.start;
}

struct pn_group *pn_groups_at(struct pn_groups *g, enum pn_rule_id rule, struct pn_place at)
{
    if (at.node == NULL)
        return NULL;
    for (size_t i = 0; i < g->count; i++) {
        if (is_at(&g->items[i], rule, at))
            return &g->items[i];
    }
    if (g->count == g->cap) {
        size_t bytes = g->cap * sizeof *g->items, more = 2 * bytes + 16 * sizeof *g->items;
        struct pn_group *grown = pn_arena_grow(g->l->arena, g->items, bytes, more);
        if (grown == NULL) {
            g->l->out_of_memory = true;
            return NULL;
        }
        g->items = grown;
        g->cap = more / sizeof *g->items;
    }
    g->items[g->count] = (struct pn_group){
        .rule = rule, .at = at, .severity = pn_rule_of(rule)->severity};
    return &g->items[g->count++];
}

void pn_group_add(struct pn_group *group, struct pn_place at, struct pn_str label)
{
    if (group->count < PN_GROUP_SHOWN) {
        group->shown[group->count].at = at;
        group->shown[group->count].label = label;
    }
    group->count++;
}

static void report(struct pn_lint *l, const struct pn_group *group)
{
    if (!pn_lint_report(l, group->rule, group->at, "%.*s", PN_STR_ARG(group->message)))
        return;
    pn_lint_weigh(l, group->rule, group->severity);
    if (group->cause.node != NULL)
        pn_lint_also(l, group->cause, "%s", group->cause_label);
    for (size_t i = 0; i < group->count && i < PN_GROUP_SHOWN; i++)
        pn_lint_also(l, group->shown[i].at, "%.*s", PN_STR_ARG(group->shown[i].label));
    if (group->count > PN_GROUP_SHOWN)
        pn_lint_note(l, "... and %zu more workload%s", group->count - PN_GROUP_SHOWN,
                     group->count == PN_GROUP_SHOWN + 1 ? "" : "s");
    if (group->note != NULL)
        pn_lint_note(l, "%s", group->note);
    if (group->help != NULL)
        pn_lint_help(l, "%s", group->help);
}

void pn_groups_report(const struct pn_groups *g)
{
    for (size_t i = 0; i < g->count; i++)
        report(g->l, &g->items[i]);
}
