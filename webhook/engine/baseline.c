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

/* The list without what is ours; the very same list when nothing is. */
static int filter_list(struct pn_value *ret, const struct pn_plan *plan, struct pn_value list,
                       is_ours_fn *is_ours, struct pn_str name)
{
    uint32_t n = pn_value_count(list), kept = 0;
    struct pn_value *items = pn_arena_alloc(plan->arena, n * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        struct pn_value item = pn_value_at(list, i);
        struct pn_str whose = name.s != NULL ? name : pn_plan_name(item);
        if (!any_candidate(plan, is_ours, whose, item))
            items[kept++] = item;
    }
    *ret = list;
    return kept < n ? pn_array_take(ret, plan->arena, items, kept) : 0;
}

/* A container of the app without what we gave it. */
static int filter_container(struct pn_value *ret, const struct pn_plan *plan,
                            const struct pn_container *c)
{
    static const struct pn_str fields[] = {PN_STR_INIT("volumeMounts"), PN_STR_INIT("env"),
                                           PN_STR_INIT("envFrom")};
    *ret = c->value;
    for (size_t i = 0; i < PN_COUNT_OF(fields); i++) {
        struct pn_value list = pn_value_get(c->value, fields[i]), kept;
        if (list.kind != PN_ARRAY)
            continue;
        int r = filter_list(&kept, plan, list, is_our_item, c->name);
        if (r == 0 && pn_value_count(kept) < pn_value_count(list))
            r = pn_object_with(ret, plan->arena, *ret, fields[i], kept);
        if (r != 0)
            return r;
    }
    return 0;
}

static int filter_containers(struct pn_value *inout_spec, const struct pn_plan *plan, bool init)
{
    const struct pn_containers *list = pn_plan_list(plan, init);
    struct pn_value *items = pn_arena_alloc(plan->arena, list->count * sizeof *items);
    struct pn_value kept;
    uint32_t n = 0;
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < list->count; i++) {
        if (plan->ours[init][i])
            continue;
        int r = filter_container(&items[n++], plan, &list->items[i]);
        if (r != 0)
            return r;
    }
    int r = pn_array_take(&kept, plan->arena, items, n);
    if (r == 0 && list->count > 0)
        r = pn_object_with(inout_spec, plan->arena, *inout_spec,
                           init ? PN_STR("initContainers") : PN_STR("containers"), kept);
    return r;
}

static int filter_annotations(struct pn_value *ret, const struct pn_plan *plan)
{
    struct pn_value all = plan->pod->annotations;
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
    return pn_object_take(ret, plan->arena, members, n);
}

int pn_baseline_make(struct pn_value *ret_metadata, struct pn_value *ret_spec,
                     const struct pn_plan *plan, struct pn_value metadata, struct pn_value spec)
{
    struct pn_value annotations, volumes, secrets;
    int r = filter_annotations(&annotations, plan);
    if (r == 0)
        r = pn_object_with(&metadata, plan->arena, metadata, PN_STR("annotations"), annotations);
    if (r == 0)
        r = filter_containers(&spec, plan, true);
    if (r == 0)
        r = filter_containers(&spec, plan, false);
    if (r == 0)
        r = filter_list(&volumes, plan, plan->pod->volumes, is_our_volume, PN_STR_NULL);
    if (r == 0 && volumes.kind == PN_ARRAY)
        r = pn_object_with(&spec, plan->arena, spec, PN_STR("volumes"), volumes);
    if (r == 0)
        r = filter_list(&secrets, plan, plan->pod->image_pull_secrets, is_our_pull_secret,
                        PN_STR_NULL);
    if (r == 0 && secrets.kind == PN_ARRAY)
        r = pn_object_with(&spec, plan->arena, spec, PN_STR("imagePullSecrets"), secrets);
    if (r != 0)
        return r;
    *ret_metadata = metadata;
    *ret_spec = spec;
    return 0;
}
