/* SPDX-License-Identifier: Apache-2.0 */
#include "server/routes.h"

#include "base/cleanup.h"
#include "server/admission.h"

static void live(struct pn_service *service, struct pn_exchange *ex)
{
    (void)service;
    pn_exchange_text(ex, 200, "ok");
}

static void ready(struct pn_service *service, struct pn_exchange *ex)
{
    struct pn_policy_set *set = pn_snapshot_acquire(service->snapshot);
    if (atomic_load(&service->draining))
        pn_exchange_fail(ex, 503, "shutting down");
    else if (set == NULL)
        pn_exchange_fail(ex, 503, "no policies are loaded yet");
    else
        pn_exchange_text(ex, 200, "ok");
    pn_policy_set_unref(set);
}

static const struct pn_route routes[] = {
    {"POST", "/mutate", true, pn_admission_mutate},
    {"POST", "/validate", true, pn_admission_validate},
    {"GET", "/livez", false, live},
    {"GET", "/readyz", false, ready},
    {"GET", "/healthz", false, live},
};

static bool answers(const struct pn_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

const struct pn_route *pn_routes_find(const char *method, const char *path, const char **ret_allow)
{
    *ret_allow = NULL;
    for (size_t i = 0; i < PN_COUNT_OF(routes); i++) {
        if (strcmp(routes[i].path, path) != 0)
            continue;
        if (answers(&routes[i], method))
            return &routes[i];
        *ret_allow = strcmp(routes[i].method, "GET") == 0 ? "GET, HEAD" : routes[i].method;
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
