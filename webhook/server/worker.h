/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_WORKER_H
#define PN_SERVER_WORKER_H

#include <microhttpd.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/cleanup.h"

/*
 * One thread that serves its own connections. libmicrohttpd (0.9.75) has threads of its own, but
 * they wait until the next event where exactly as many are there as they take at once (128), before
 * they look at those: 128 busy clients would wait for ever. So ours waits, and the library never
 * does.
 */
struct pn_worker;

struct pn_worker_options {
    unsigned flags; /* of MHD_start_daemon, besides those of waiting */
    MHD_AccessHandlerCallback handler;
    void *closure;                  /* its */
    struct MHD_OptionItem *items;   /* ends with MHD_OPTION_END; not needed afterwards */
    void (*on_lost)(void *closure); /* a connection that was given could not be served */
};

/* Returns 0, -EIO, or what the system says. */
int pn_worker_start(struct pn_worker **ret, const struct pn_worker_options *o) PN_MUST_CHECK;

/* Gives it a connection; any thread may. Takes the descriptor over, also on failure. */
bool pn_worker_add(struct pn_worker *worker, int take_fd, const struct sockaddr *address,
                   socklen_t address_bytes);

/* Cuts what is open, ends the thread and frees. NULL is allowed. */
void pn_worker_stop(struct pn_worker *worker);

#endif
