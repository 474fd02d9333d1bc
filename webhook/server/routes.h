/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_ROUTES_H
#define PN_SERVER_ROUTES_H

#include <stdbool.h>

#include "base/str.h"
#include "server/service.h"

/* Fills the response of `ex`. Runs on a worker thread when the whole request is here. */
typedef void pn_route_handler(struct pn_service *service, struct pn_exchange *ex);

struct pn_route {
    const char *method; /* GET answers HEAD too */
    const char *path;   /* compared byte by byte, without unescaping */
    bool takes_json;    /* has a body: application/json with a length or chunked */
    pn_route_handler *handle;
    enum pn_metrics_path counted_as; /* where it takes JSON */
};

/* What one port serves. */
struct pn_routes {
    const struct pn_route *items;
    size_t count;
};

extern const struct pn_routes pn_routes_reviews; /* the TLS port: reviews and probes */
extern const struct pn_routes pn_routes_monitor; /* plain HTTP: metrics and probes */

/*
 * The route of a request, or NULL. Then *ret_allow is the value of the Allow header for the path
 * (405), or NULL when there is no such path (404).
 */
const struct pn_route *pn_routes_find(const struct pn_routes *routes, const char *method,
                                      const char *path, const char **ret_allow);

/* Why the server is not ready; NULL: it is. */
const char *pn_routes_not_ready(struct pn_service *service);

/* True for application/json with any parameters, in any case (RFC 9110 section 8.3.1). */
bool pn_routes_is_json(struct pn_str content_type);

#endif
