/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_HTTP_H
#define PN_SERVER_HTTP_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "server/conns.h"
#include "server/keeper.h"
#include "server/routes.h"
#include "server/service.h"

/*
 * HTTP over connections that somebody else accepted: libmicrohttpd, with TLS or without, on threads
 * of ours (server/worker.h). It is given no listening socket, because it can stop listening only in
 * a way that races (MHD_quiesce_daemon with a pool and epoll).
 */
struct pn_http;

struct pn_http_options {
    struct pn_service *service; /* all borrowed, until pn_http_stop */
    const struct pn_routes *routes;
    struct pn_conns *conns;
    struct pn_keeper *keeper;   /* NULL: plain HTTP */
    struct pn_metrics *metrics; /* where requests are counted; NULL: nowhere */
    unsigned workers;           /* at least 1 */
    unsigned connections_max;
};

/* Starts the workers. Returns 0, -EIO, -ENOMEM or what the system says, with a message. */
int pn_http_start(struct pn_http **ret, const struct pn_http_options *o,
                  struct pn_err *err) PN_MUST_CHECK;

/*
 * Serves a connection; its descriptor is taken over in any case. False when it was closed at once:
 * too many connections.
 */
bool pn_http_add(struct pn_http *http, int take_fd, const struct sockaddr *address,
                 socklen_t address_bytes);

/* Cuts what is open, stops the workers and frees. NULL is allowed. */
void pn_http_stop(struct pn_http *http);

#endif
