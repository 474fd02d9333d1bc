/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_SERVE_H
#define PN_SERVER_SERVE_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "config/snapshot.h"
#include "engine/engine.h"
#include "obs/log.h"
#include "server/reload.h"

/* How to serve. All is borrowed for the call. */
struct pn_serve_options {
    const char *bind_address; /* an IPv4 or IPv6 address; NULL: all of both */
    uint16_t secure_port;     /* 0: any free one */
    /* Both or neither. Neither: a CA and a certificate of the server's own. */
    const char *tls_cert_file;
    const char *tls_private_key_file;
    /* Where the own ca.crt, tls.crt and tls.key are written; NULL: they stay in memory. Unused when
     * files are given. */
    const char *cert_dir;
    /* Who signs for clients of /mutate and /validate, and the names that are allowed (none: all).
     * NULL: clients are not asked for a certificate. */
    const char *client_ca_file;
    const char *const *client_names;
    size_t client_name_count;
    /* ADDRESS:PORT for metrics and probes over plain HTTP; NULL, "0" or "": none. */
    const char *metrics_bind_address;
    unsigned workers;                  /* threads that answer; 0: one for each CPU */
    unsigned shutdown_delay_seconds;   /* not ready, but serving: for the endpoints to follow */
    unsigned shutdown_timeout_seconds; /* then, for what is in flight */
    struct pn_snapshot *snapshot;
    struct pn_reload *reload; /* is started, asked on SIGHUP, and stopped; NULL: none */
    struct pn_log *log;       /* NULL: none */
    const char *version;      /* of pannier, for the metrics */
    const struct pn_env *env; /* NULL: nothing but what a review says; labels of namespaces are
                                 the snapshot's */
    bool validate_only;       /* POST /mutate is not served */
};

/*
 * Serves until SIGTERM or SIGINT, drains, and returns 0; a second signal ends it at once. The line
 * "serving" in the log names the address and port that were bound and where the CA certificate is.
 * These signals and SIGHUP are blocked for the call, and SIGPIPE is ignored from here on. To be
 * called before threads start. When it cannot start, returns a negative errno with a message in
 * err.
 */
int pn_serve_run(const struct pn_serve_options *o, struct pn_err *err) PN_MUST_CHECK;

/*
 * Blocks the signals that pn_serve_run waits for, so that none gets lost before: to the first
 * process of a container, a signal that it neither handles nor blocks is never delivered.
 */
void pn_serve_hold_signals(void);

#endif
