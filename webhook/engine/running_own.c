/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/running_own.h"

#include <errno.h>

#include "engine/own.h"
#include "engine/plan.h"
#include "kube/resources.h"

/* ---- images ----------------------------------------------------------------------------- */

struct tag {
    struct pn_str tag, digest; /* n == 0: none */
};

static struct tag tag_of(struct pn_str image)
{
    struct pn_str repository = pn_own_repository(image);
    struct pn_str digest = {image.s + repository.n, image.n - repository.n};
    struct pn_str tag = pn_str_split(&digest, '@');
    if (tag.n > 0) /* its colon */
        tag = (struct pn_str){tag.s + 1, tag.n - 1};
    if (tag.n == 0 && digest.n == 0)
        tag = PN_STR("latest");
    return (struct tag){tag, digest};
}

static bool is_same_image(struct pn_str runs, struct pn_str rendered)
{
    struct tag is = tag_of(runs), wanted = tag_of(rendered);
    if (wanted.digest.n > 0)
        return pn_str_eq(is.digest, wanted.digest);
    return (is.tag.n == 0 && is.digest.n > 0) || pn_str_eq(is.tag, wanted.tag);
}

bool pn_running_find_image(struct pn_running_image *ret, const struct pn_policy *policy,
                           const struct pn_verdict *verdict, struct pn_value spec)
{
    for (size_t t = 0; t < policy->injection_count; t++) {
        const struct pn_fragment *f = verdict->fragments[t];
        const struct pn_value rendered[] = {f->containers, f->init_containers};
        const struct pn_value lists[] = {PN_GET(spec, "containers"),
                                         PN_GET(spec, "initContainers")};
        for (size_t init = 0; init < PN_COUNT_OF(lists); init++) {
            for (uint32_t i = 0; i < pn_value_count(rendered[init]); i++) {
                struct pn_value ours = pn_value_at(rendered[init], i);
                struct pn_value theirs = pn_plan_named(lists[init], pn_plan_name(ours));
                struct pn_str runs = pn_value_str(PN_GET(theirs, "image"));
                struct pn_str image = pn_value_str(PN_GET(ours, "image"));
                if (theirs.kind == PN_ABSENT || is_same_image(runs, image))
                    continue;
                *ret = (struct pn_running_image){pn_plan_name(ours), runs, image};
                return true;
            }
        }
    }
    return false;
}

/* ---- whose a container is --------------------------------------------------------------- */

int pn_running_own_init(struct pn_running_own *ret, struct pn_value spec, struct pn_arena *a)
{
    *ret = (struct pn_running_own){
        .lists = {PN_GET(spec, "containers"), PN_GET(spec, "initContainers")},
        .arena = a,
    };
    for (size_t init = 0; init < PN_COUNT_OF(ret->lists); init++) {
        ret->taken[init] = pn_arena_zalloc(a, pn_value_count(ret->lists[init]) + 1, sizeof(bool));
        if (ret->taken[init] == NULL)
            return -ENOMEM;
    }
    return 0;
}

static bool names_string(struct pn_value list, struct pn_str name)
{
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        if (pn_str_eq(pn_value_str(pn_value_at(list, i)), name))
            return true;
    }
    return false;
}

static bool renders(const struct pn_policy *policy, const struct pn_verdict *verdict,
                    struct pn_str name, bool init)
{
    for (size_t t = 0; t < policy->injection_count; t++) {
        const struct pn_fragment *f = verdict->fragments[t];
        if (pn_plan_named(init ? f->init_containers : f->containers, name).kind != PN_ABSENT)
            return true;
    }
    return false;
}

static int64_t amount(const struct pn_resource_list *requests, struct pn_str name, bool milli)
{
    const struct pn_resource *found = pn_resources_find(requests, name);
    int64_t value = 0;
    if (found == NULL)
        return 0;
    bool fits = milli ? pn_quantity_milli(&value, &found->quantity)
                      : pn_quantity_value(&value, &found->quantity);
    return fits && !found->out_of_range ? value : INT64_MAX;
}

static int sum(struct pn_running_requests *ret, const struct pn_value *containers, uint32_t n,
               struct pn_arena *a, struct pn_err *err)
{
    struct pn_requirements all;
    struct pn_err why = PN_ERR_INIT;
    int r = pn_resources_sum(&all, containers, n, a, &why);
    if (r == PN_RESOURCES_E_INVALID)
        return pn_err_set(err, PN_RUNNING_E_INVALID, "resources of its containers: %s", why.text);
    if (r != 0)
        return r;
    *ret = (struct pn_running_requests){amount(&all.requests, PN_STR("cpu"), true),
                                        amount(&all.requests, PN_STR("memory"), false)};
    return 0;
}

static void add_amount(int64_t *inout, int64_t more)
{
    if (__builtin_add_overflow(*inout, more, inout))
        *inout = INT64_MAX;
}

void pn_running_add(struct pn_running_requests *inout, const struct pn_running_requests *more)
{
    add_amount(&inout->cpu_milli, more->cpu_milli);
    add_amount(&inout->memory_bytes, more->memory_bytes);
}

int pn_running_own_take(struct pn_running_policy *item_inout, struct pn_running_own *own,
                        const struct pn_policy *policy, const struct pn_verdict *verdict,
                        struct pn_value claimed, struct pn_err *err)
{
    uint32_t most = pn_value_count(own->lists[0]) + pn_value_count(own->lists[1]), running = 0;
    struct pn_str *names = pn_arena_alloc(own->arena, (most + 1) * sizeof *names);
    struct pn_value *values = pn_arena_alloc(own->arena, (most + 1) * sizeof *values);
    if (names == NULL || values == NULL)
        return -ENOMEM;
    item_inout->containers = names;
    for (size_t init = 0; init < PN_COUNT_OF(own->lists); init++) {
        for (uint32_t i = 0; i < pn_value_count(own->lists[init]); i++) {
            struct pn_value container = pn_value_at(own->lists[init], i);
            struct pn_str name = pn_plan_name(container);
            bool is_one = claimed.kind == PN_ARRAY
                              ? names_string(claimed, name)
                              : verdict != NULL && renders(policy, verdict, name, init == 1);
            if (!is_one || own->taken[init][i])
                continue;
            own->taken[init][i] = true;
            names[item_inout->container_count++] = name;
            if (pn_plan_runs_for_long(container, init == 1))
                values[running++] = container;
        }
    }
    own->has_sidecars = own->has_sidecars || running > 0;
    int r = sum(&item_inout->requests, values, running, own->arena, err);
    if (r == 0)
        pn_running_add(&own->sidecars, &item_inout->requests);
    return r;
}

int pn_running_own_sum(struct pn_running *inout, const struct pn_running_own *own,
                       struct pn_err *err)
{
    uint32_t n = 0, most = pn_value_count(own->lists[0]);
    struct pn_value *values = pn_arena_alloc(own->arena, (most + 1) * sizeof *values);
    if (values == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < most; i++) {
        if (!own->taken[0][i])
            values[n++] = pn_value_at(own->lists[0], i);
    }
    inout->has_sidecars = own->has_sidecars;
    inout->sidecars = own->sidecars;
    return sum(&inout->app, values, n, own->arena, err);
}
