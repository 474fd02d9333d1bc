/* SPDX-License-Identifier: Apache-2.0 */
#include "server/routes.h"

#include "base/cleanup.h"
#include "server/admission.h"
#include "server/monitor.h"

static void live(struct pn_service *service, struct pn_exchange *ex)
{
    (void)service;
    pn_exchange_text(ex, 200, "ok");
}

const char *pn_routes_not_ready(struct pn_service *service)
{
    struct pn_policy_set *set = pn_snapshot_acquire(service->snapshot);
    bool loaded = set != NULL;
    pn_policy_set_unref(set);
    if (atomic_load(&service->draining))
        return "shutting down";
    return loaded ? NULL : "no policies are loaded yet";
}

static void ready(struct pn_service *service, struct pn_exchange *ex)
{
    const char *why_not = pn_routes_not_ready(service);
    if (why_not != NULL)
        pn_exchange_fail(ex, 503, "%s", why_not);
    else
        pn_exchange_text(ex, 200, "ok");
}

static const struct pn_route review_routes[] = {
    {"POST", "/mutate", true, pn_admission_mutate, PN_METRICS_MUTATE},
    {"POST", "/validate", true, pn_admission_validate, PN_METRICS_VALIDATE},
    {"GET", "/livez", false, live, 0},
    {"GET", "/readyz", false, ready, 0},
    {"GET", "/healthz", false, live, 0},
};

static const struct pn_route monitor_routes[] = {
    {"GET", "/metrics", false, pn_monitor_metrics, 0},
    {"GET", "/livez", false, live, 0},
    {"GET", "/readyz", false, ready, 0},
    {"GET", "/healthz", false, live, 0},
};

const struct pn_routes pn_routes_reviews = {review_routes, PN_COUNT_OF(review_routes)};
const struct pn_routes pn_routes_monitor = {monitor_routes, PN_COUNT_OF(monitor_routes)};

static bool answers(const struct pn_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

const struct pn_route *pn_routes_find(const struct pn_routes *routes, const char *method,
                                      const char *path, const char **ret_allow)
{
    *ret_allow = NULL;
    for (size_t i = 0; i < routes->count; i++) {
        const struct pn_route *route = &routes->items[i];
        if (strcmp(route->path, path) != 0)
            continue;
        if (answers(route, method))
            return route;
        *ret_allow = strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method;
    }
    return NULL;
}

bool pn_routes_is_json(struct pn_str content_type)
{
    static const char want[] = "application/json";
    struct pn_str rest = content_type;
    struct pn_str type = pn_str_trim(pn_str_split(&rest, ';'));
    if (type.n != sizeof want - 1)
        return false;
    for (size_t i = 0; i < type.n; i++) {
        char c = type.s[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != want[i])
            return false;
    }
    return true;
}
