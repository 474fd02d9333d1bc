/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_SERVICE_H
#define PN_SERVER_SERVICE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "config/snapshot.h"
#include "engine/engine.h"
#include "obs/log.h"
#include "server/exchange.h"

/* What the handlers of all routes share. Borrowed, except what the server itself sets. */
struct pn_service {
    struct pn_snapshot *snapshot;
    struct pn_log *log;       /* NULL: none */
    const struct pn_env *env; /* without labels of namespaces: those are the snapshot's */
    struct pn_pool *pool;
    bool validate_only;   /* POST /mutate is not served */
    atomic_bool draining; /* not ready any more; every response ends its connection */
};

#endif
