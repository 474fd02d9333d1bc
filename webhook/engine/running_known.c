/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/running_known.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/render.h"

/* What a policy adds to a Pod that says nothing; NULL: that is not enough for it. */
static int render(const struct pn_fragment **ret, const struct pn_policy_set *set,
                  const struct pn_injection *injection, const struct pn_pod *pod,
                  struct pn_arena *a)
{
    struct pn_scene scene = {.pod = pod};
    const struct pn_value nothing = PN_VALUE_ABSENT;
    struct pn_reason unused;
    *ret = injection->constant;
    if (injection->constant != NULL)
        return 0;
    int r = pn_object_new(&scene.namespace_labels, a, NULL, 0);
    if (r == 0)
        r = pn_view_pod(&scene.pod_view, set->zeros, nothing, nothing,
                        injection->template->mentions.pod, a);
    if (r == 0)
        r = pn_render(ret, injection, &scene, a, &unused);
    return r < 0 ? r : 0;
}

static int add(struct pn_running_known *known, struct pn_arena *a,
               struct pn_running_known_container item, struct pn_value list)
{
    size_t size = sizeof *known->items, n = pn_value_count(list);
    struct pn_running_known_container *grown = pn_arena_grow(a, known->items, known->count * size,
                                                             (known->count + n) * size);
    if (grown == NULL)
        return -ENOMEM;
    known->items = grown;
    for (uint32_t i = 0; i < n; i++) {
        item.rendered = pn_value_at(list, i);
        item.name = pn_value_str(PN_GET(item.rendered, "name"));
        known->items[known->count++] = item;
    }
    return 0;
}

static int compare_names(const struct pn_running_known_container *x,
                         const struct pn_running_known_container *y)
{
    int order = pn_str_cmp(x->name, y->name);
    return order != 0 ? order : (int)x->init - (int)y->init;
}

static int by_name(const void *a, const void *b)
{
    const struct pn_running_known_container *x = a, *y = b;
    int order = compare_names(x, y);
    return order != 0 ? order : (x->policy > y->policy) - (x->policy < y->policy);
}

int pn_running_known_new(const struct pn_running_known **ret, const struct pn_policy_set *set,
                         struct pn_arena *a)
{
    struct pn_running_known *known = pn_arena_zalloc(a, 1, sizeof *known);
    struct pn_pod pod;
    struct pn_err unused = PN_ERR_INIT;
    struct pn_value nothing;
    int r = known != NULL ? pn_object_new(&nothing, a, NULL, 0) : -ENOMEM;
    if (r == 0)
        r = pn_pod_init(&pod, PN_STR("default"), nothing, nothing, a, &unused);
    for (size_t p = 0; p < set->policy_count; p++) {
        const struct pn_policy *policy = &set->policies[p];
        for (size_t i = 0; i < policy->injection_count && r == 0 && !policy->audit; i++) {
            const struct pn_fragment *f = NULL;
            struct pn_running_known_container item = {.policy = (uint32_t)p,
                                                      .template = policy->injections[i].template};
            r = render(&f, set, &policy->injections[i], &pod, a);
            if (r == 0 && f != NULL)
                r = add(known, a, item, f->containers);
            item.init = true;
            if (r == 0 && f != NULL)
                r = add(known, a, item, f->init_containers);
        }
    }
    if (r != 0)
        return r;
    if (known->count > 0)
        qsort(known->items, known->count, sizeof *known->items, by_name);
    *ret = known;
    return 0;
}

const struct pn_running_known_container *pn_running_known_find(size_t *ret_n,
                                                               const struct pn_running_known *known,
                                                               struct pn_str name, bool init)
{
    const struct pn_running_known_container wanted = {.name = name, .init = init};
    size_t low = 0, high = known->count, n = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(&known->items[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low + n < known->count && compare_names(&known->items[low + n], &wanted) == 0)
        n++;
    *ret_n = n;
    return n > 0 ? &known->items[low] : NULL;
}
