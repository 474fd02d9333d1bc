/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_KEEPER_H
#define PN_SERVER_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "obs/log.h"
#include "server/tls.h"

/*
 * Keeps the certificate that is served, and the CA of clients. What is from files is taken anew
 * when they change, provided that both OpenSSL and GnuTLS accept the pair and an API server would:
 * otherwise the old one stays, and the log says why. One of the server's own is renewed in time, by
 * the same CA. Connections that are open go on with the pair that they began with.
 */
struct pn_keeper;

/* All is borrowed, until pn_keeper_free. */
struct pn_keeper_options {
    const char *cert_file, *key_file; /* both, or NULL: a certificate of the server's own */
    const char *client_ca_file;       /* NULL: clients are not asked for a certificate */
    const char *const *client_names;  /* that a client's certificate must have one of */
    size_t client_name_count;         /* 0: any will do */
    const char *cert_dir;             /* where the own one is written; NULL: nowhere */
    const char *address;              /* that the own one is for, too; NULL: none */
    struct pn_log *log;               /* NULL: none */
};

/*
 * Loads or makes the first pair. `now` is in Unix seconds, here and below. To be called before
 * threads start, since OpenSSL does its part in a child process, whose memory ends with it. A pair
 * that TLS can be spoken with is taken here even when an API server would refuse it (an expired
 * one, or a clock that is wrong): the log says so, and there is nothing better. Returns 0 or a
 * negative errno with a message.
 */
int pn_keeper_new(struct pn_keeper **ret, const struct pn_keeper_options *o, int64_t now,
                  struct pn_err *err) PN_MUST_CHECK;

/* Drops the pair's reference. NULL is allowed. */
void pn_keeper_free(struct pn_keeper *k);

/* The pair for a new connection, with a reference for the caller (pn_tls_unref). Any thread. */
struct pn_tls *pn_keeper_acquire(struct pn_keeper *k) PN_MUST_CHECK;

/*
 * Whether the client of a GnuTLS session may ask for decisions: it has shown a certificate that
 * the CA of clients vouches for now, or there is no such CA. Returns 0, PN_TLS_E_INVALID (err says
 * why, for the client) or -ENOMEM. Any thread.
 */
int pn_keeper_admit(struct pn_keeper *k, void *session, struct pn_err *err) PN_MUST_CHECK;

/* Whether there is a CA of clients, so that pn_keeper_admit has something to look at. */
bool pn_keeper_asks_clients(const struct pn_keeper *k);

/* Looks whether there is something to do, and does it. To be called about once a second, by one
 * thread. */
void pn_keeper_turn(struct pn_keeper *k, int64_t now);

/* When the served certificate expires. Any thread. */
int64_t pn_keeper_not_after(const struct pn_keeper *k);

/* True while what the files hold is not what is served, because it was refused, or while the own
 * certificate cannot be renewed. Any thread. */
bool pn_keeper_has_failed(const struct pn_keeper *k);

#endif
