/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_settings.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/lint_config.h"
#include "cli/out.h"

const char *const pn_lint_profiles[] = {"default", "minimal", "strict", NULL};

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
    pn_program_note("See 'pannier lint --list-rules'.\n");
    return false;
}

static bool is_meant(const struct pn_rule *rule, struct pn_str word)
{
    return pn_str_is(word, "DEFAULT") ? !rule->asked_for : pn_rule_is_meant(rule, word);
}

bool pn_lint_settings_is_rule(struct pn_str word)
{
    bool found = false;
    for (size_t i = 0; i < pn_rule_count() && !found; i++)
        found = is_meant(pn_rule_at(i), word);
    return found;
}

/* Gives `state` to the rules that one word means. */
static void set_state(struct pn_lint_settings *s, struct pn_str word, enum pn_rule_state state)
{
    for (size_t i = 0; i < pn_rule_count(); i++) {
        if (is_meant(pn_rule_at(i), word))
            s->states[pn_rule_index(pn_rule_at(i))] = state;
    }
}

/* The words of a flag, or those of the configuration where it is not given. */
static bool set_states(struct pn_lint_settings *s, const char *flag,
                       const struct pn_flag_list *list, const struct pn_strs *configured,
                       enum pn_rule_state state)
{
    for (size_t i = 0; list->count == 0 && i < configured->count; i++)
        set_state(s, configured->items[i], state);
    for (size_t i = 0; i < list->count; i++) {
        struct pn_str rest = pn_str_of(list->items[i]);
        while (rest.s != NULL) {
            struct pn_str word = pn_str_trim(pn_str_split(&rest, ','));
            if (!pn_lint_settings_is_rule(word))
                return unknown_rule(flag, word);
            set_state(s, word, state);
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
    for (int k = 0; pn_severity_words[k] != NULL; k++) {
        if (pn_str_is(level, pn_severity_words[k])) {
            s->severities[pn_rule_index(rule)] = (enum pn_severity)k;
            return true;
        }
    }
    pn_out_error("--severity: expected RULE=error, warning or info, got \"%s\"", text);
    return false;
}

static enum pn_rule_state state_in(int profile, const struct pn_rule *rule)
{
    if (profile == PN_LINT_STRICT)
        return PN_RULE_ON;
    return profile == PN_LINT_MINIMAL && rule->severity != PN_SEVERITY_ERROR ? PN_RULE_OFF
                                                                             : PN_RULE_BY_DEFAULT;
}

static void begin(struct pn_lint_settings *s, int profile, bool selects)
{
    s->raises_infos = profile == PN_LINT_STRICT;
    for (size_t i = 0; i < pn_rule_count(); i++) {
        const struct pn_rule *rule = pn_rule_at(i);
        bool is_raised = s->raises_infos && rule->severity == PN_SEVERITY_INFO;
        s->states[pn_rule_index(rule)] = selects ? PN_RULE_OFF : state_in(profile, rule);
        s->severities[pn_rule_index(rule)] = is_raised ? PN_SEVERITY_WARNING : rule->severity;
    }
}

bool pn_lint_settings_read(struct pn_lint_settings *s, const struct pn_lint_wishes *wishes,
                           const struct pn_lint_config *config)
{
    size_t n = pn_rule_count();
    s->states = calloc(n, sizeof *s->states);
    s->severities = calloc(n, sizeof *s->severities);
    if (s->states == NULL || s->severities == NULL) {
        pn_out_error("%s", strerror(ENOMEM));
        return false;
    }
    begin(s, wishes->profile >= 0 ? wishes->profile : config->profile,
          wishes->select->count > 0 || config->select.count > 0);
    if (!set_states(s, "select", wishes->select, &config->select, PN_RULE_ON) ||
        !set_states(s, "ignore", wishes->ignore, &config->ignore, PN_RULE_OFF))
        return false;
    for (size_t i = 0; i < config->level_count; i++)
        s->severities[pn_rule_index(config->levels[i].rule)] =
            (enum pn_severity)config->levels[i].severity;
    for (size_t i = 0; i < wishes->severities->count; i++) {
        if (!set_severity(s, wishes->severities->items[i]))
            return false;
    }
    return true;
}
