/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/merge_app.h"

#include "engine/own.h"

/* A received container that a rule gives something to. */
struct target {
    bool init;
    uint32_t at;
    struct pn_str name;
    struct pn_value container;
};

static struct pn_value rule_list(const struct pn_app_rule *rule, struct pn_str field)
{
    return pn_str_is(field, "env") ? rule->env : rule->volume_mounts;
}

/*
 * True when what was received there is what some policy of this round adds: then it may have come
 * with the first round, and is no reason yet to decide otherwise in the second.
 */
static bool is_added_by_a_candidate(const struct pn_plan *plan, const struct target *t,
                                    struct pn_str field, struct pn_str key,
                                    struct pn_value received)
{
    for (size_t c = 0; c < plan->candidate_count; c++) {
        const struct pn_candidate *candidate = &plan->candidates[c];
        for (size_t f = 0; f < plan->set->policies[candidate->policy].injection_count; f++) {
            const struct pn_fragment *fragment = candidate->fragments[f];
            for (size_t i = 0; i < fragment->app_rule_count; i++) {
                const struct pn_app_rule *rule = &fragment->app_rules[i];
                struct pn_value list = rule_list(rule, field);
                uint32_t n = pn_fragment_rule_names(rule, t->name) ? pn_value_count(list) : 0;
                for (uint32_t k = 0; k < n; k++) {
                    struct pn_value item = pn_value_at(list, k);
                    if (pn_value_equal(pn_value_get(item, key), pn_value_get(received, key)) &&
                        pn_own_includes(received, item))
                        return true;
                }
            }
        }
    }
    return false;
}

/* Adds one keyed item to list `field`; `same` compares what has its key already. */
static int add_item(struct pn_merge *m, const struct target *t, struct pn_str field,
                    struct pn_str key, struct pn_value item,
                    bool (*same)(struct pn_value, struct pn_value), bool *ret_clash,
                    struct pn_value *ret_there)
{
    struct pn_edit edit = {
        .kind = PN_EDIT_ITEM, .init = t->init, .at = t->at, .key = field, .value = item};
    const struct pn_edit *planned = pn_plan_find_item(m->plan, t->init, t->at, field, key, item);
    *ret_clash = false;
    if (planned != NULL) {
        *ret_clash = !same(planned->value, item);
        *ret_there = planned->value;
        return 0;
    }
    struct pn_value there = pn_plan_received_item(t->container, field, key, item);
    if (there.kind != PN_ABSENT) {
        edit.present = same(there, item);
        edit.provisional = !edit.present && !m->plan->strict &&
                           is_added_by_a_candidate(m->plan, t, field, key, there);
        *ret_clash = !edit.present && !edit.provisional;
        *ret_there = there;
    }
    return *ret_clash ? 0 : pn_plan_add(m->plan, edit);
}

/* A raw block device at the path (V:3098-3144: paths of mounts and devices must differ). */
static bool has_device(struct pn_value container, struct pn_value path)
{
    struct pn_value devices = PN_GET(container, "volumeDevices");
    for (uint32_t i = 0; i < pn_value_count(devices); i++) {
        if (pn_value_equal(PN_GET(pn_value_at(devices, i), "devicePath"), path))
            return true;
    }
    return false;
}

/*
 * What is mounted inside or around `path` already, or absent. Of what was received, that which some
 * policy of this round adds does not count: it is compared when it is planned itself.
 */
static struct pn_value find_overlap(const struct pn_merge *m, const struct target *t,
                                    struct pn_str path)
{
    const struct pn_str field = PN_STR("volumeMounts"), key = PN_STR("mountPath");
    struct pn_value received = pn_value_get(t->container, field);
    for (uint32_t i = 0; i < pn_value_count(received); i++) {
        struct pn_value mount = pn_value_at(received, i);
        if (pn_plan_is_nested(pn_value_str(pn_value_get(mount, key)), path) &&
            (m->plan->strict || !is_added_by_a_candidate(m->plan, t, field, key, mount)))
            return mount;
    }
    for (uint32_t e = m->plan->last_edit[t->init][t->at]; e != 0;
         e = m->plan->edits[e - 1].previous) {
        const struct pn_edit *edit = &m->plan->edits[e - 1];
        if (edit->kind == PN_EDIT_ITEM && pn_str_eq(edit->key, field) &&
            pn_plan_is_nested(pn_value_str(pn_value_get(edit->value, key)), path))
            return edit->value;
    }
    return PN_VALUE_ABSENT;
}

static int merge_mounts(struct pn_merge *m, const struct target *t, struct pn_value mounts)
{
    for (uint32_t i = 0; i < pn_value_count(mounts); i++) {
        struct pn_value mount = pn_value_at(mounts, i), there = PN_VALUE_ABSENT;
        struct pn_value path = PN_GET(mount, "mountPath");
        bool clash = false;
        if (has_device(t->container, path))
            return PN_CLASH(m, PN_REASON_MOUNT_PATH_TAKEN, {"container", t->name},
                            {"other", PN_STR("a block device")}, {"path", pn_value_str(path)});
        int r = add_item(m, t, PN_STR("volumeMounts"), PN_STR("mountPath"), mount, pn_own_mount,
                         &clash, &there);
        if (r == 0 && clash)
            r = PN_CLASH(m, PN_REASON_MOUNT_PATH_TAKEN, {"container", t->name},
                         {"other", pn_plan_name(there)}, {"path", pn_value_str(path)});
        there = r == 0 ? find_overlap(m, t, pn_value_str(path)) : PN_VALUE_ABSENT;
        if (there.kind != PN_ABSENT)
            r = PN_CLASH(m, PN_REASON_MOUNT_PATH_OVERLAP, {"container", t->name},
                         {"other", pn_plan_name(there)},
                         {"there", pn_value_str(PN_GET(there, "mountPath"))},
                         {"path", pn_value_str(path)});
        if (r != 0)
            return r;
    }
    return 0;
}

static int merge_env(struct pn_merge *m, const struct target *t, struct pn_value env)
{
    for (uint32_t i = 0; i < pn_value_count(env); i++) {
        struct pn_value variable = pn_value_at(env, i), there = PN_VALUE_ABSENT;
        bool clash = false;
        int r = add_item(m, t, PN_STR("env"), PN_STR("name"), variable, pn_own_env, &clash, &there);
        if (r == 0 && clash)
            r = PN_CLASH(m, PN_REASON_ENV_TAKEN, {"container", t->name},
                         {"env", pn_plan_name(variable)});
        if (r != 0)
            return r;
    }
    return 0;
}

static int merge_env_from(struct pn_merge *m, const struct target *t, struct pn_value source)
{
    struct pn_edit edit = {.kind = PN_EDIT_ITEM,
                           .init = t->init,
                           .at = t->at,
                           .key = PN_STR("envFrom"),
                           .value = source};
    struct pn_value list = PN_GET(t->container, "envFrom");
    for (uint32_t e = m->plan->last_edit[t->init][t->at]; e != 0;
         e = m->plan->edits[e - 1].previous) {
        const struct pn_edit *planned = &m->plan->edits[e - 1];
        if (planned->kind == PN_EDIT_ITEM && pn_str_is(planned->key, "envFrom") &&
            pn_own_source(planned->value, source))
            return 0;
    }
    for (uint32_t i = 0; i < pn_value_count(list) && !edit.present; i++)
        edit.present = pn_own_source(pn_value_at(list, i), source);
    return pn_plan_add(m->plan, edit);
}

static int merge_into(struct pn_merge *m, const struct pn_app_rule *rule, const struct target *t)
{
    int r = merge_mounts(m, t, rule->volume_mounts);
    if (r == 0)
        r = merge_env(m, t, rule->env);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(rule->env_from); i++)
        r = merge_env_from(m, t, pn_value_at(rule->env_from, i));
    return r;
}

/* A container of the app: not ours (nor planned by a policy in mode Audit, which marks nothing),
 * and no native sidecar of somebody else. */
static bool is_app_container(const struct pn_plan *plan, bool init, uint32_t at)
{
    const struct pn_container *c = &pn_plan_list(plan, init)->items[at];
    const struct pn_edit *planned = pn_plan_find(plan, PN_EDIT_CONTAINER, c->name);
    return !plan->ours[init][at] && !c->sidecar &&
           (planned == NULL || planned->init != init || !planned->present);
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
        const struct pn_container *c = &list->items[at];
        if (!is_app_container(m->plan, init, at) || (!all && !pn_str_eq(c->name, name)))
            continue;
        *found = true;
        r = merge_into(m, rule, &(struct target){init, at, c->name, c->value});
    }
    return r;
}

int pn_merge_app_rule(struct pn_merge *m, const struct pn_app_rule *rule)
{
    for (uint32_t i = 0; i < pn_value_count(rule->names); i++) {
        struct pn_str name = pn_value_str(pn_value_at(rule->names, i));
        bool found = false;
        int r = merge_named(m, rule, name, false, &found);
        if (r == 0 && rule->init_containers)
            r = merge_named(m, rule, name, true, &found);
        if (r == 0 && !found)
            r = PN_CLASH(m, PN_REASON_APP_CONTAINER_NOT_FOUND, {"template", m->template->name},
                         {"container", name});
        if (r != 0)
            return r;
    }
    return 0;
}
