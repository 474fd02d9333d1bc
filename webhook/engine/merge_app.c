/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/merge_app.h"

#include "engine/own.h"

static const struct pn_str no_text = {NULL, 0};

static struct pn_str name_of(struct pn_value named)
{
    return pn_value_str(PN_GET(named, "name"));
}

static int add_item(struct pn_merge *m, bool init, uint32_t at, struct pn_str field,
                    struct pn_value item)
{
    return pn_plan_add(
        m->plan, (struct pn_edit){
                     .kind = PN_EDIT_ITEM, .init = init, .at = at, .key = field, .value = item});
}

static int merge_mounts(struct pn_merge *m, bool init, uint32_t at, struct pn_value mounts)
{
    const struct pn_str field = PN_STR("volumeMounts");
    for (uint32_t i = 0; i < pn_value_count(mounts); i++) {
        struct pn_value mount = pn_value_at(mounts, i);
        struct pn_value there = pn_plan_item(m->plan, init, at, field, PN_STR("mountPath"), mount);
        int r = 0;
        if (there.kind == PN_ABSENT)
            r = add_item(m, init, at, field, mount);
        else if (!pn_str_eq(name_of(there), name_of(mount)))
            r = pn_merge_clash(m, PN_REASON_MOUNT_PATH_TAKEN, "container",
                               pn_plan_list(m->plan, init)->items[at].name, "other", name_of(there),
                               "path", pn_value_str(PN_GET(mount, "mountPath")));
        if (r != 0)
            return r;
    }
    return 0;
}

static int merge_env(struct pn_merge *m, bool init, uint32_t at, struct pn_value env)
{
    const struct pn_str field = PN_STR("env");
    for (uint32_t i = 0; i < pn_value_count(env); i++) {
        struct pn_value variable = pn_value_at(env, i);
        struct pn_value there = pn_plan_item(m->plan, init, at, field, PN_STR("name"), variable);
        int r = 0;
        if (there.kind == PN_ABSENT)
            r = add_item(m, init, at, field, variable);
        else if (!pn_own_includes(there, variable))
            r = pn_merge_clash(m, PN_REASON_ENV_TAKEN, "container",
                               pn_plan_list(m->plan, init)->items[at].name, "env",
                               name_of(variable), NULL, no_text);
        if (r != 0)
            return r;
    }
    return 0;
}

/* True when envFrom holds `source` already, received or planned. */
static bool has_env_from(const struct pn_plan *plan, bool init, uint32_t at, struct pn_value source)
{
    struct pn_value list = PN_GET(pn_plan_list(plan, init)->items[at].value, "envFrom");
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        if (pn_own_includes(pn_value_at(list, i), source))
            return true;
    }
    for (uint32_t e = plan->last_edit[init][at]; e != 0; e = plan->edits[e - 1].previous) {
        const struct pn_edit *edit = &plan->edits[e - 1];
        if (edit->kind == PN_EDIT_ITEM && pn_str_is(edit->key, "envFrom") &&
            pn_value_equal(edit->value, source))
            return true;
    }
    return false;
}

static int merge_into_container(struct pn_merge *m, const struct pn_app_rule *rule, bool init,
                                uint32_t at)
{
    int r = merge_mounts(m, init, at, rule->volume_mounts);
    if (r == 0)
        r = merge_env(m, init, at, rule->env);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(rule->env_from); i++) {
        struct pn_value source = pn_value_at(rule->env_from, i);
        if (!has_env_from(m->plan, init, at, source))
            r = add_item(m, init, at, PN_STR("envFrom"), source);
    }
    return r;
}

/* A container of the app: not ours, and no sidecar of somebody else. */
static bool is_app_container(const struct pn_plan *plan, bool init, uint32_t at)
{
    return !plan->ours[init][at] && !pn_plan_list(plan, init)->items[at].sidecar;
}

/* Applies the rule to every app container named `name`; sets *found when there is one. */
static int merge_named(struct pn_merge *m, const struct pn_app_rule *rule, struct pn_str name,
                       bool init, bool *found)
{
    const struct pn_containers *list = pn_plan_list(m->plan, init);
    bool all = pn_str_is(name, "*");
    int r = 0;
    *found = *found || all;
    for (uint32_t at = 0; r == 0 && at < list->count; at++) {
        if (!is_app_container(m->plan, init, at) ||
            (!all && !pn_str_eq(list->items[at].name, name)))
            continue;
        *found = true;
        r = merge_into_container(m, rule, init, at);
    }
    return r;
}

int pn_merge_app_rule(struct pn_merge *m, const struct pn_app_rule *rule)
{
    for (size_t i = 0; i < rule->names.count; i++) {
        bool found = false;
        int r = merge_named(m, rule, rule->names.items[i], false, &found);
        if (r == 0 && rule->init_containers)
            r = merge_named(m, rule, rule->names.items[i], true, &found);
        if (r == 0 && !found)
            r = pn_merge_clash(m, PN_REASON_APP_CONTAINER_NOT_FOUND, "template", m->template->name,
                               "container", rule->names.items[i], NULL, no_text);
        if (r != 0)
            return r;
    }
    return 0;
}
