/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_SERVICE_H
#define PN_SERVER_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "config/snapshot.h"
#include "engine/engine.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "server/conns.h"
#include "server/exchange.h"
#include "server/keeper.h"
#include "server/reload.h"

/* What the handlers of all routes share. Borrowed, except what the server itself sets. */
struct pn_service {
    struct pn_snapshot *snapshot;
    struct pn_log *log;         /* NULL: none */
    struct pn_metrics *metrics; /* NULL: nothing is counted */
    const char *version;        /* of pannier */
    const struct pn_env *env;   /* without labels of namespaces: those are the snapshot's */
    struct pn_pool *pool;
    struct pn_conns *conns; /* of the TLS port, and how many they may be */
    size_t connections_max;
    struct pn_keeper *keeper; /* of the certificate that is served */
    struct pn_reload *reload; /* NULL: policies stay as they are */
    bool validate_only;       /* POST /mutate is not served */
    atomic_bool draining;     /* not ready any more; every response ends its connection */
};

#endif
