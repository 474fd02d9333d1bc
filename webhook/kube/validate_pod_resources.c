/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/quantity.h"
#include "kube/validate_walk.h"

/* ---- spec.resourceClaims --------------------------------------------------------------- */

void pn_validate_claims(struct pn_validate *v, const struct pn_at *at)
{
    static const struct pn_field rows[] = {
        PN_FIELD("name", STRING),
        PN_FIELD("resourceClaimName", STRING),
        PN_FIELD("resourceClaimTemplateName", STRING),
    };
    struct pn_value list = v->spec[PN_S_CLAIMS];
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++) {
        struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
        const struct pn_at *item = PN_AT_ITEM(at, i);
        PN_PICK(v, item, pn_value_at(list, i), rows, f);
        struct pn_str name = pn_value_str(f[0]);
        pn_names_add(v, &v->claims, name);
        pn_validate_require(v, PN_AT(item, "name"), name);
        if ((f[1].kind == PN_STRING) == (f[2].kind == PN_STRING))
            pn_validate_add(v, item, PN_VALIDATE_INVALID,
                            "must have one of resourceClaimName and resourceClaimTemplateName");
        for (size_t k = 1; k < PN_COUNT_OF(rows); k++) {
            if (f[k].kind == PN_STRING && !pn_name_is_dns_subdomain(pn_value_str(f[k])))
                pn_validate_add(v, PN_AT(item, rows[k].name), PN_VALIDATE_INVALID, "must be %s",
                                PN_NAME_DNS_SUBDOMAIN_RULE);
        }
    }
    pn_names_sort(v, &v->claims);
    for (uint32_t i = 0; i < v->claims.count && !v->done; i++) {
        const struct pn_at *place = PN_AT(PN_AT_ITEM(at, i), "name");
        struct pn_str name = v->claims.items[i];
        if (name.n > 0 && pn_names_first(&v->claims, name) < i)
            pn_validate_add(v, place, PN_VALIDATE_DUPLICATE, "another claim is named \"%.*s\" too",
                            PN_STR_ARG(name));
        else if (name.n > 0 && !pn_name_is_dns_label(name))
            pn_validate_add(v, place, PN_VALIDATE_INVALID, "must be %s", PN_NAME_DNS_LABEL_RULE);
    }
}

/* ---- what the containers want in all --------------------------------------------------- */

/* AggregateContainerRequests and -Limits of one resource: sidecars run beside the app, and beside
 * the init containers that start after them. Nothing is not 0, as far as a Pod is as wrong as to
 * ask for less than that. */
struct sum {
    bool runs, starts;
    pn_milli running, sidecars, peak; /* of all that runs, of sidecars so far, of any start */
};

/* Defaulting adds up what is written, and rounds afterwards; validation adds up what is rounded. */
struct amount {
    struct sum milli, nano;
    bool huge; /* `nano` is not all of it */
};

struct resource {
    struct amount requests, limits;
};

struct total {
    struct pn_names names;      /* of all resources, each as often as it is named */
    struct resource *resources; /* by a name's first index */
};

enum role { APP, SIDECAR, INIT };

static pn_milli plus(pn_milli a, pn_milli b)
{
    pn_milli sum = a + b;
    return sum > PN_MILLI_MAX ? PN_MILLI_MAX : sum < -PN_MILLI_MAX ? -PN_MILLI_MAX : sum;
}

static void add_to_sum(struct sum *sum, pn_milli milli, enum role role)
{
    pn_milli now = plus(sum->sidecars, milli);
    if (role == SIDECAR)
        sum->sidecars = now;
    if (role != INIT) {
        sum->running = plus(sum->running, milli);
        sum->runs = true;
    }
    if (role != APP) {
        sum->peak = sum->starts && sum->peak > now ? sum->peak : now;
        sum->starts = true;
    }
}

static bool is_asked_for(const struct sum *sum)
{
    return sum->runs || sum->starts;
}

static pn_milli sum_of(const struct sum *sum)
{
    if (!sum->runs || !sum->starts)
        return sum->runs ? sum->running : sum->peak;
    return sum->running > sum->peak ? sum->running : sum->peak;
}

/* The resource of that name, NULL: no container names it. */
static struct resource *find(const struct total *total, struct pn_str name)
{
    uint32_t i = pn_names_first(&total->names, name);
    return i != PN_NAMES_NONE ? &total->resources[i] : NULL;
}

static void collect_names(struct pn_validate *v, struct total *total, struct pn_value containers)
{
    for (uint32_t i = 0; i < pn_value_count(containers) && !v->done; i++) {
        struct pn_value resources = PN_GET(pn_value_at(containers, i), "resources");
        struct pn_value maps[] = {PN_GET(resources, "limits"), PN_GET(resources, "requests")};
        for (size_t m = 0; m < PN_COUNT_OF(maps); m++) {
            for (uint32_t k = 0; maps[m].kind == PN_OBJECT && k < pn_value_count(maps[m]); k++)
                pn_names_add(v, &total->names, pn_value_member(maps[m], k)->key);
        }
    }
}

/* What is no quantity was told of already. */
static void add_quantity(struct pn_validate *v, struct amount *amount, struct pn_value quantity,
                         enum role role)
{
    struct pn_quantity q;
    struct pn_err err = PN_ERR_INIT;
    __int128 nano = 0;
    pn_milli milli = 0;
    if (!pn_validate_milli(v, PN_AT(NULL, "spec"), quantity, &milli))
        return;
    if (pn_quantity_from_value(&q, quantity, &err) != 0 || !pn_quantity_nano(&nano, &q))
        amount->huge = true;
    add_to_sum(&amount->milli, milli, role);
    add_to_sum(&amount->nano, nano, role);
}

static void add_containers(struct pn_validate *v, struct total *total, struct pn_value containers,
                           bool init)
{
    for (uint32_t i = 0; i < pn_value_count(containers) && !v->done; i++) {
        struct pn_value container = pn_value_at(containers, i);
        struct pn_value resources = PN_GET(container, "resources");
        struct pn_value limits = PN_GET(resources, "limits");
        struct pn_value requests = PN_GET(resources, "requests");
        bool sidecar = pn_value_is_string(PN_GET(container, "restartPolicy"), "Always");
        enum role role = !init ? APP : sidecar ? SIDECAR : INIT;
        for (uint32_t k = 0; limits.kind == PN_OBJECT && k < pn_value_count(limits); k++) {
            const struct pn_member *m = pn_value_member(limits, k);
            struct resource *resource = find(total, m->key);
            add_quantity(v, &resource->limits, m->value, role);
            if (pn_value_get(requests, m->key).kind == PN_ABSENT)
                add_quantity(v, &resource->requests, m->value, role);
        }
        for (uint32_t k = 0; requests.kind == PN_OBJECT && k < pn_value_count(requests); k++) {
            const struct pn_member *m = pn_value_member(requests, k);
            add_quantity(v, &find(total, m->key)->requests, m->value, role);
        }
    }
}

/* ---- spec.resources -------------------------------------------------------------------- */

#define HUGE_PAGES PN_STR("hugepages-")

/* IsSupportedPodLevelResource. */
static bool is_for_pods(struct pn_str name)
{
    return pn_str_is(name, "cpu") || pn_str_is(name, "memory") ||
           pn_str_has_prefix(name, HUGE_PAGES);
}

/* A list of resources that grows by what defaulting adds. */
struct list {
    struct pn_member *members;
    size_t count;
};

static struct list start_list(struct pn_validate *v, struct pn_value map, size_t room)
{
    uint32_t n = map.kind == PN_OBJECT ? pn_value_count(map) : 0;
    struct list list = {pn_arena_alloc(v->arena, (n + room) * sizeof *list.members), 0};
    if (list.members == NULL)
        v->failed = v->done = true;
    for (; list.members != NULL && list.count < n; list.count++)
        list.members[list.count] = *pn_value_member(map, (uint32_t)list.count);
    return list;
}

static struct pn_value end_list(struct pn_validate *v, struct list list)
{
    struct pn_value map = PN_VALUE_ABSENT;
    if (!v->done && pn_object_take(&map, v->arena, list.members, list.count) != 0)
        v->failed = v->done = true;
    return map;
}

/* The sum as it would be without rounding, as far as that can be said. */
static struct pn_value quantity_of(struct pn_validate *v, const struct amount *amount)
{
    char digits[48];
    size_t at = sizeof digits;
    pn_milli number = sum_of(amount->huge ? &amount->milli : &amount->nano);
    pn_milli rest = number < 0 ? -number : number;
    digits[--at] = amount->huge ? 'm' : 'n';
    do {
        digits[--at] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        digits[--at] = '-';
    struct pn_str text = pn_arena_dup(v->arena, (struct pn_str){digits + at, sizeof digits - at});
    if (text.s == NULL)
        v->failed = v->done = true;
    return text.s != NULL ? pn_string(text) : PN_VALUE_ABSENT;
}

/* defaultHugePagePodLimits: the Pod may use the huge pages that its containers may. */
static struct pn_value default_limits(struct pn_validate *v, const struct total *total,
                                      struct pn_value limits, struct pn_value requests)
{
    if (pn_value_count(limits) == 0 && pn_value_count(requests) == 0)
        return limits;
    struct list list = start_list(v, limits, total->names.count);
    for (uint32_t i = 0; i < total->names.count && !v->done; i++) {
        struct pn_str name = total->names.items[i];
        if (pn_names_first(&total->names, name) == i && pn_str_has_prefix(name, HUGE_PAGES) &&
            is_asked_for(&total->resources[i].limits.milli) &&
            pn_value_get(limits, name).kind == PN_ABSENT &&
            pn_value_get(requests, name).kind == PN_ABSENT)
            list.members[list.count++] = (struct pn_member){
                name, quantity_of(v, &total->resources[i].limits)};
    }
    return end_list(v, list);
}

/* defaultPodRequests: what the containers request in all, else the limit. */
static struct pn_value default_requests(struct pn_validate *v, const struct total *total,
                                        struct pn_value limits, struct pn_value requests)
{
    if (pn_value_count(limits) == 0)
        return requests;
    struct list list = start_list(v, requests, pn_value_count(limits) + 2);
    bool taken[2] = {false, false};
    const struct pn_str basic[2] = {PN_STR("cpu"), PN_STR("memory")};
    for (size_t i = 0; i < PN_COUNT_OF(basic) && !v->done; i++) {
        const struct resource *resource = find(total, basic[i]);
        taken[i] = resource != NULL && is_asked_for(&resource->requests.milli) &&
                   pn_value_get(requests, basic[i]).kind == PN_ABSENT;
        if (taken[i])
            list.members[list.count++] = (struct pn_member){basic[i],
                                                            quantity_of(v, &resource->requests)};
    }
    for (uint32_t i = 0; i < pn_value_count(limits) && !v->done; i++) {
        const struct pn_member *m = pn_value_member(limits, i);
        bool is_taken = (taken[0] && pn_str_eq(m->key, basic[0])) ||
                        (taken[1] && pn_str_eq(m->key, basic[1]));
        if (!is_taken && is_for_pods(m->key) && pn_value_get(requests, m->key).kind == PN_ABSENT)
            list.members[list.count++] = *m;
    }
    return end_list(v, list);
}

/* `map` has less of it than the containers in all. */
static bool is_exceeded(struct pn_validate *v, const struct pn_at *at, struct pn_value map,
                        struct pn_str name, const struct sum *sum)
{
    struct pn_value quantity = pn_value_get(map, name);
    pn_milli milli = 0;
    return is_asked_for(sum) && quantity.kind != PN_ABSENT &&
           pn_validate_milli(v, PN_AT_KEY(at, name), quantity, &milli) && sum_of(sum) > milli;
}

/* No regular container may use more than the Pod. */
static void walk_container_limits(struct pn_validate *v, const struct pn_at *at,
                                  struct pn_value limits)
{
    struct pn_value list = v->spec[PN_S_CONTAINERS];
    const struct pn_at *containers = PN_AT(at, "containers"); /* there, as they have it */
    for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++) {
        struct pn_value own = PN_GET(PN_GET(pn_value_at(list, i), "resources"), "limits");
        for (uint32_t k = 0; own.kind == PN_OBJECT && k < pn_value_count(own); k++) {
            const struct pn_member *m = pn_value_member(own, k);
            const struct pn_at *place = PN_AT_KEY(PN_AT_ITEM(containers, i), m->key);
            struct amount amount = {0};
            add_quantity(v, &amount, m->value, APP);
            if (is_exceeded(v, PN_AT(at, "limits"), limits, m->key, &amount.milli))
                pn_validate_add(v, PN_AT(place, "limits"), PN_VALIDATE_INVALID,
                                "must not be more than the Pod's limit");
        }
    }
}

/* validatePodResourceConsistency. */
static void walk_consistency(struct pn_validate *v, const struct pn_at *at,
                             const struct total *total, struct pn_value limits,
                             struct pn_value requests)
{
    const struct pn_at *limits_at = PN_AT(at, "limits"), *requests_at = PN_AT(at, "requests");
    for (uint32_t i = 0; i < total->names.count && !v->done; i++) {
        struct pn_str name = total->names.items[i];
        const struct resource *resource = &total->resources[i];
        if (pn_names_first(&total->names, name) != i)
            continue;
        if (is_exceeded(v, requests_at, requests, name, &resource->requests.milli))
            pn_validate_add(v, PN_AT_KEY(requests_at, name), PN_VALIDATE_INVALID,
                            "must not be less than what the containers request in all");
        if (pn_str_has_prefix(name, HUGE_PAGES) &&
            is_exceeded(v, limits_at, limits, name, &resource->limits.milli))
            pn_validate_add(v, PN_AT_KEY(limits_at, name), PN_VALIDATE_INVALID,
                            "must not be less than what the containers may use in all");
    }
    walk_container_limits(v, at, limits);
}

void pn_validate_pod_resources(struct pn_validate *v, const struct pn_at *at)
{
    static const struct pn_field rows[] = {
        PN_FIELD("limits", OBJECT),
        PN_FIELD("requests", OBJECT),
        PN_FIELD("claims", LIST),
    };
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    struct total total = {.names = pn_names_start(v, PN_NAMES_SCRATCH + 2)};
    if (v->done || v->spec[PN_S_RESOURCES].kind != PN_OBJECT)
        return;
    if (v->windows_os) {
        pn_validate_add(v, at, PN_VALIDATE_FORBIDDEN, "must not be set for a Windows Pod");
        return;
    }
    PN_PICK(v, at, v->spec[PN_S_RESOURCES], rows, f);
    if (f[2].kind == PN_ARRAY)
        pn_validate_add(v, PN_AT(at, "claims"), PN_VALIDATE_FORBIDDEN, "must not be set of a Pod");
    pn_validate_used_claims(v, PN_AT(at, "claims"), f[2]);
    collect_names(v, &total, v->spec[PN_S_CONTAINERS]);
    collect_names(v, &total, v->spec[PN_S_INIT_CONTAINERS]);
    pn_names_sort(v, &total.names);
    total.resources = pn_arena_zalloc(v->arena, total.names.count, sizeof *total.resources);
    if (total.resources == NULL)
        v->failed = v->done = true;
    add_containers(v, &total, v->spec[PN_S_CONTAINERS], false);
    add_containers(v, &total, v->spec[PN_S_INIT_CONTAINERS], true);
    struct pn_value limits = default_limits(v, &total, f[0], f[1]);
    struct pn_value requests = default_requests(v, &total, limits, f[1]);
    pn_validate_requirements(v, at, limits, requests, true, false);
    walk_consistency(v, at, &total, limits, requests);
}
