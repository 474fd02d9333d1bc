/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/token.h"

#include <errno.h>

static const struct pn_str token_path = PN_STR_INIT(
    "/var/run/secrets/kubernetes.io/serviceaccount");
static const struct pn_str empty_volume = PN_STR_INIT("pannier-no-token");

/* The Pod's token volume: the first whose name says so, as the plugin finds it. */
static struct pn_str token_volume(const struct pn_pod *pod)
{
    for (uint32_t i = 0; i < pn_value_count(pod->volumes); i++) {
        struct pn_str name = pn_plan_name(pn_value_at(pod->volumes, i));
        if (pn_str_has_prefix(name, PN_STR("kube-api-access-")))
            return name;
    }
    return PN_STR_NULL;
}

/* One item more behind those of a list, which may be unset. */
static int append(struct pn_value *inout_list, struct pn_value item, struct pn_arena *a)
{
    uint32_t n = pn_value_count(*inout_list);
    struct pn_value *items = pn_arena_alloc(a, (n + 1) * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        items[i] = pn_value_at(*inout_list, i);
    items[n] = item;
    return pn_array_take(inout_list, a, items, n + 1);
}

static bool mounts_there(struct pn_value container)
{
    struct pn_value mounts = PN_GET(container, "volumeMounts");
    for (uint32_t i = 0; i < pn_value_count(mounts); i++) {
        struct pn_str path = pn_value_str(PN_GET(pn_value_at(mounts, i), "mountPath"));
        if (pn_str_eq(pn_plan_path(path), token_path))
            return true;
    }
    return false;
}

static int mount_into(struct pn_value *inout_container, struct pn_str volume, struct pn_arena *a)
{
    const struct pn_member members[] = {{PN_STR("name"), pn_string(volume)},
                                        {PN_STR("readOnly"), pn_bool(true)},
                                        {PN_STR("mountPath"), pn_string(token_path)}};
    struct pn_value mount, mounts = PN_GET(*inout_container, "volumeMounts");
    int r = pn_object_new(&mount, a, members, PN_COUNT_OF(members));
    if (r == 0)
        r = append(&mounts, mount, a);
    return r == 0 ? pn_object_with(inout_container, a, *inout_container, PN_STR("volumeMounts"),
                                   mounts)
                  : r;
}

static int mount_into_all(struct pn_value *inout_list, struct pn_str volume, struct pn_arena *a)
{
    uint32_t n = pn_value_count(*inout_list);
    struct pn_value *items = pn_arena_alloc(a, n * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        items[i] = pn_value_at(*inout_list, i);
        int r = mounts_there(items[i]) ? 0 : mount_into(&items[i], volume, a);
        if (r != 0)
            return r;
    }
    return n > 0 ? pn_array_take(inout_list, a, items, n) : 0;
}

static int add_empty_volume(struct pn_fragment *f, struct pn_arena *a)
{
    struct pn_member members[] = {{PN_STR("name"), pn_string(empty_volume)},
                                  {PN_STR("emptyDir"), PN_VALUE_ABSENT}};
    const struct pn_member medium = {PN_STR("medium"), pn_string(PN_STR("Memory"))};
    struct pn_value volume;
    int r = pn_object_new(&members[1].value, a, &medium, 1);
    if (r == 0)
        r = pn_object_new(&volume, a, members, PN_COUNT_OF(members));
    return r == 0 ? append(&f->volumes, volume, a) : r;
}

static int apply(const struct pn_fragment **inout, enum pn_token token, const struct pn_pod *pod,
                 struct pn_arena *a)
{
    struct pn_str volume = token == PN_TOKEN_MOUNT ? token_volume(pod) : empty_volume;
    struct pn_fragment *f = pn_arena_zalloc(a, 1, sizeof *f);
    if (f == NULL)
        return -ENOMEM;
    if (volume.s == NULL) /* the Pod has no token */
        return 0;
    *f = **inout;
    int r = token == PN_TOKEN_NONE ? add_empty_volume(f, a) : 0;
    if (r == 0)
        r = mount_into_all(&f->init_containers, volume, a);
    if (r == 0)
        r = mount_into_all(&f->containers, volume, a);
    *inout = f;
    return r;
}

int pn_token_apply(struct pn_candidate *inout, const struct pn_policy *policy,
                   const struct pn_pod *pod, struct pn_arena *a)
{
    const struct pn_fragment **fragments = NULL;
    for (size_t t = 0; t < policy->injection_count; t++) {
        enum pn_token token = (enum pn_token)policy->injections[t].template->token;
        if (token == PN_TOKEN_DEFAULT)
            continue;
        if (fragments == NULL) {
            fragments = pn_arena_alloc(a, policy->injection_count * sizeof(*fragments));
            if (fragments == NULL)
                return -ENOMEM;
            memcpy(fragments, inout->fragments, policy->injection_count * sizeof(*fragments));
            inout->fragments = fragments;
        }
        int r = apply(&fragments[t], token, pod, a);
        if (r != 0)
            return r;
    }
    return 0;
}
