/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_CONNS_H
#define PN_SERVER_CONNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "server/tls.h"

/*
 * The table of open connections. libmicrohttpd's own time-outs start again with every byte and
 * cannot close what is idle, so time is kept here and one thread sweeps once a second. Times are
 * milliseconds of the monotonic clock.
 */
struct pn_conns;

/* One connection, from its first byte until libmicrohttpd closes its descriptor. */
struct pn_conn;

/* A table for about `max` connections. Returns 0 (pn_conns_free) or -ENOMEM. */
int pn_conns_new(struct pn_conns **ret, size_t max) PN_MUST_CHECK;

/* To be called when all connections are removed. NULL is allowed. */
void pn_conns_free(struct pn_conns *conns);

/*
 * Enters a connection. `fd` stays libmicrohttpd's and must be open until pn_conns_remove. Takes
 * over the reference to `take_tls`, also on failure. Returns NULL when out of memory.
 */
struct pn_conn *pn_conns_add(struct pn_conns *conns, int fd, struct pn_tls *take_tls,
                             int64_t now_ms);

void pn_conns_remove(struct pn_conns *conns, struct pn_conn *conn);

/* A request's headers are here; and: its response is sent, or given up. */
void pn_conn_begin(struct pn_conns *conns, struct pn_conn *conn, int64_t now_ms);
void pn_conn_end(struct pn_conns *conns, struct pn_conn *conn, int64_t now_ms);

/* Until when the client's certificate counts as verified; 0 at first. Only for the thread that
 * serves the connection. */
int64_t pn_conn_verified_until_ms(const struct pn_conn *conn);
void pn_conn_set_verified_until_ms(struct pn_conn *conn, int64_t until_ms);

/* Connections in the table. */
size_t pn_conns_open(struct pn_conns *conns);

/* Requests between begin and end. */
size_t pn_conns_in_flight(struct pn_conns *conns);

/* Connections removed since the last call. */
size_t pn_conns_take_closed(struct pn_conns *conns);

/*
 * Shuts down connections whose request is older than PN_BODY_TIMEOUT_SECONDS and those that have
 * been without one for PN_IDLE_TIMEOUT_SECONDS; libmicrohttpd then closes them. While more than
 * half of `max` are open, one that has never sent a whole request head has PN_BODY_TIMEOUT_SECONDS
 * only: nobody can fill the table with silence. Returns how many of the first kind.
 */
size_t pn_conns_sweep(struct pn_conns *conns, int64_t now_ms);

/* Ends connections that have served a request, have none open, and nothing that waits to be read:
 * lost is only what is on its way. */
void pn_conns_end_idle(struct pn_conns *conns);

/*
 * True when no request is in flight, none waits to be read, and none can be on its way on a
 * connection so young that it has not yet served one.
 */
bool pn_conns_are_quiet(struct pn_conns *conns, int64_t now_ms);

#endif
