/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/baseline.h"

#include <errno.h>

#include "engine/own.h"
#include "engine/status.h"

/* Calls `is_ours` for what each candidate's fragments add, until one says yes; not in mode Audit.
 */
typedef bool is_ours_fn(const struct pn_fragment *fragment, struct pn_str name,
                        struct pn_value received);

static bool any_candidate(const struct pn_plan *plan, is_ours_fn *is_ours, struct pn_str name,
                          struct pn_value received)
{
    for (size_t c = 0; c < plan->candidate_count; c++) {
        const struct pn_candidate *candidate = &plan->candidates[c];
        const struct pn_policy *policy = &plan->set->policies[candidate->policy];
        for (size_t f = 0; !policy->audit && f < policy->injection_count; f++) {
            if (is_ours(candidate->fragments[f], name, received))
                return true;
        }
    }
    return false;
}

/* By name, not by content: what a candidate renders may depend on what this is to find out. */
static bool is_our_volume(const struct pn_fragment *f, struct pn_str name, struct pn_value received)
{
    (void)received;
    return pn_plan_named(f->volumes, name).kind != PN_ABSENT;
}

static bool is_our_pull_secret(const struct pn_fragment *f, struct pn_str name,
                               struct pn_value received)
{
    (void)received;
    return pn_plan_named(f->image_pull_secrets, name).kind != PN_ABSENT;
}

static bool is_our_annotation(const struct pn_fragment *f, struct pn_str key,
                              struct pn_value received)
{
    (void)received;
    return pn_value_get(f->annotations, key).kind != PN_ABSENT ||
           pn_value_get(f->append_annotations, key).kind != PN_ABSENT;
}

/* Two items of a container's list are the same one: by mountPath, by name, or by all of them. */
static bool same_item(struct pn_value a, struct pn_value b)
{
    struct pn_value path = PN_GET(a, "mountPath"), name = PN_GET(a, "name");
    if (path.kind != PN_ABSENT)
        return pn_value_equal(path, PN_GET(b, "mountPath"));
    return name.kind != PN_ABSENT ? pn_value_equal(name, PN_GET(b, "name")) : pn_own_includes(a, b);
}

/* An item of a container named `name`: one that a rule gives to that container. */
static bool is_our_item(const struct pn_fragment *f, struct pn_str name, struct pn_value received)
{
    for (size_t i = 0; i < f->app_rule_count; i++) {
        const struct pn_app_rule *rule = &f->app_rules[i];
        const struct pn_value lists[] = {rule->volume_mounts, rule->env, rule->env_from};
        for (size_t l = 0; l < PN_COUNT_OF(lists) && pn_fragment_rule_names(rule, name); l++) {
            for (uint32_t k = 0; k < pn_value_count(lists[l]); k++) {
                if (same_item(received, pn_value_at(lists[l], k)))
                    return true;
            }
        }
    }
    return false;
}

/* What is left of object[field], unless that is all of it. */
static int put(struct pn_value *inout_object, struct pn_str field, struct pn_value kept,
               uint32_t before, struct pn_arena *a)
{
    if (pn_value_count(kept) == before)
        return 0;
    return pn_object_with(inout_object, a, *inout_object, field, kept);
}

/* object[field], a list, without what is ours; `name` is that of the container it belongs to. */
static int filter_list(struct pn_value *inout_object, struct pn_str field,
                       const struct pn_plan *plan, is_ours_fn *is_ours, struct pn_str name)
{
    struct pn_value list = pn_value_get(*inout_object, field), kept;
    uint32_t count = list.kind == PN_ARRAY ? pn_value_count(list) : 0, n = 0;
    struct pn_value *items = pn_arena_alloc(plan->arena, count * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        struct pn_value item = pn_value_at(list, i);
        struct pn_str whose = name.s != NULL ? name : pn_plan_name(item);
        if (!any_candidate(plan, is_ours, whose, item))
            items[n++] = item;
    }
    int r = pn_array_take(&kept, plan->arena, items, n);
    return r == 0 ? put(inout_object, field, kept, count, plan->arena) : r;
}

/* A container of the app without what we gave it. */
static int filter_container(struct pn_value *ret, const struct pn_plan *plan,
                            const struct pn_container *c)
{
    *ret = c->value;
    int r = filter_list(ret, PN_STR("volumeMounts"), plan, is_our_item, c->name);
    if (r == 0)
        r = filter_list(ret, PN_STR("env"), plan, is_our_item, c->name);
    return r == 0 ? filter_list(ret, PN_STR("envFrom"), plan, is_our_item, c->name) : r;
}

static int filter_containers(struct pn_value *inout_spec, const struct pn_plan *plan, bool init)
{
    const struct pn_containers *list = pn_plan_list(plan, init);
    struct pn_value *items = pn_arena_alloc(plan->arena, list->count * sizeof *items);
    struct pn_value kept;
    bool same = true;
    uint32_t n = 0;
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < list->count; i++) {
        if (plan->ours[init][i]) {
            same = false;
            continue;
        }
        int r = filter_container(&items[n], plan, &list->items[i]);
        if (r != 0)
            return r;
        same = same && items[n].block == list->items[i].value.block;
        n++;
    }
    int r = same ? 0 : pn_array_take(&kept, plan->arena, items, n);
    if (r == 0 && !same)
        r = pn_object_with(inout_spec, plan->arena, *inout_spec,
                           init ? PN_STR("initContainers") : PN_STR("containers"), kept);
    return r;
}

static int filter_annotations(struct pn_value *inout_metadata, const struct pn_plan *plan)
{
    struct pn_value all = plan->pod->annotations, kept;
    struct pn_member *members = pn_arena_alloc(plan->arena, pn_value_count(all) * sizeof *members);
    size_t n = 0;
    if (members == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < pn_value_count(all); i++) {
        const struct pn_member *m = pn_value_member(all, i);
        if (!pn_str_eq(m->key, pn_status_annotation) &&
            !any_candidate(plan, is_our_annotation, m->key, m->value))
            members[n++] = *m;
    }
    int r = pn_object_take(&kept, plan->arena, members, n);
    return r == 0
               ? put(inout_metadata, PN_STR("annotations"), kept, pn_value_count(all), plan->arena)
               : r;
}

int pn_baseline_make(struct pn_value *ret_metadata, struct pn_value *ret_spec, bool *ret_same,
                     const struct pn_plan *plan, struct pn_value metadata, struct pn_value spec)
{
    struct pn_value m = metadata, s = spec;
    int r = filter_annotations(&m, plan);
    if (r == 0)
        r = filter_containers(&s, plan, true);
    if (r == 0)
        r = filter_containers(&s, plan, false);
    if (r == 0)
        r = filter_list(&s, PN_STR("volumes"), plan, is_our_volume, PN_STR_NULL);
    if (r == 0)
        r = filter_list(&s, PN_STR("imagePullSecrets"), plan, is_our_pull_secret, PN_STR_NULL);
    if (r != 0)
        return r;
    *ret_same = m.block == metadata.block && s.block == spec.block;
    *ret_metadata = m;
    *ret_spec = s;
    return 0;
}
