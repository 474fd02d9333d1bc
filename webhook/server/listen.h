/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_LISTEN_H
#define PN_SERVER_LISTEN_H

#include <netinet/in.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "obs/log.h"
#include "server/http.h"

/* The listening socket, and the thread that accepts from it. */
struct pn_listener;

/*
 * Binds and listens, so that a taken port is told before anything else starts. `address` is an IPv4
 * or IPv6 address; NULL: all of both. Port 0: a free one. Returns 0 or a negative errno with a
 * message.
 */
int pn_listener_open(struct pn_listener **ret, const char *address, uint16_t port,
                     struct pn_err *err) PN_MUST_CHECK;

/* The address as bound. `text` has room for INET6_ADDRSTRLEN bytes. Returns the port. */
uint16_t pn_listener_address(const struct pn_listener *listener, char text[INET6_ADDRSTRLEN]);

/* Starts the thread, which hands connections to `http`. Returns 0 or a negative errno. */
int pn_listener_start(struct pn_listener *listener, struct pn_http *http,
                      struct pn_log *log) PN_MUST_CHECK;

/* Hands over what has connected by now, then closes the socket and ends the thread. */
void pn_listener_stop(struct pn_listener *listener);

/* Stops if need be. NULL is allowed. */
void pn_listener_free(struct pn_listener *listener);

#endif
