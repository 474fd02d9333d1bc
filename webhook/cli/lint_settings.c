/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_settings.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/out.h"

static const char *const levels[] = {"error", "warning", "info", NULL};

void pn_lint_settings_deinit(struct pn_lint_settings *s)
{
    free(s->states);
    free(s->severities);
}

static bool unknown_rule(const char *flag, struct pn_str word)
{
    const char *near = pn_rule_nearest(word);
    if (near != NULL)
        pn_out_error("--%s: there is no rule \"%.*s\"; did you mean %s?", flag, PN_STR_ARG(word),
                     near);
    else
        pn_out_error("--%s: there is no rule \"%.*s\"", flag, PN_STR_ARG(word));
    pn_out_note(PN_STR("See 'pannier lint --list-rules'.\n"));
    return false;
}

/* Gives `state` to the rules that one word means; false when there are none. */
static bool set_state(struct pn_lint_settings *s, struct pn_str word, enum pn_rule_state state)
{
    bool found = false;
    for (size_t i = 0; i < pn_rule_count(); i++) {
        const struct pn_rule *rule = pn_rule_at(i);
        bool is_default = pn_str_is(word, "DEFAULT") && !rule->asked_for;
        if (!is_default && !pn_rule_is_meant(rule, word))
            continue;
        found = true;
        s->states[pn_rule_index(rule)] = state;
    }
    return found;
}

static bool set_states(struct pn_lint_settings *s, const char *flag,
                       const struct pn_flag_list *list, enum pn_rule_state state)
{
    for (size_t i = 0; i < list->count; i++) {
        struct pn_str rest = pn_str_of(list->items[i]);
        while (rest.s != NULL) {
            struct pn_str word = pn_str_trim(pn_str_split(&rest, ','));
            if (!set_state(s, word, state))
                return unknown_rule(flag, word);
        }
    }
    return true;
}

static bool set_severity(struct pn_lint_settings *s, const char *text)
{
    struct pn_str level = pn_str_of(text);
    struct pn_str word = pn_str_trim(pn_str_split(&level, '='));
    const struct pn_rule *rule = pn_rule_find(word);
    if (rule == NULL)
        return unknown_rule("severity", word);
    if (pn_rule_of_diagnostic(rule->name) == rule) {
        pn_out_error("--severity: %s is an error: what it finds cannot be loaded", rule->code);
        return false;
    }
    for (int k = 0; levels[k] != NULL; k++) {
        if (pn_str_is(level, levels[k])) {
            s->severities[pn_rule_index(rule)] = (enum pn_severity)k;
            return true;
        }
    }
    pn_out_error("--severity: expected RULE=error, warning or info, got \"%s\"", text);
    return false;
}

bool pn_lint_settings_read(struct pn_lint_settings *s, const struct pn_flag_list *select,
                           const struct pn_flag_list *ignore, const struct pn_flag_list *severities)
{
    size_t n = pn_rule_count();
    s->states = calloc(n, sizeof *s->states);
    s->severities = calloc(n, sizeof *s->severities);
    if (s->states == NULL || s->severities == NULL) {
        pn_out_error("%s", strerror(ENOMEM));
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct pn_rule *rule = pn_rule_at(i);
        s->states[pn_rule_index(rule)] = select->count > 0 ? PN_RULE_OFF : PN_RULE_BY_DEFAULT;
        s->severities[pn_rule_index(rule)] = rule->severity;
    }
    if (!set_states(s, "select", select, PN_RULE_ON) ||
        !set_states(s, "ignore", ignore, PN_RULE_OFF))
        return false;
    for (size_t i = 0; i < severities->count; i++) {
        if (!set_severity(s, severities->items[i]))
            return false;
    }
    return true;
}
