/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_ADDED_H
#define PN_ENGINE_ADDED_H

#include "engine/engine.h"

/* What the containers request that a policy adds for long: no init containers that end. */
struct pn_added {
    int64_t cpu_milli;
    int64_t memory_bytes;
    int64_t ephemeral_storage_bytes;
};

/*
 * What one verdict of the decision adds to the Pod; zero when it adds no containers. A request that
 * is missing is the limit, as the API server has it; so is one that guaranteedPods raised. A number
 * beyond 64 bits counts as the largest.
 */
struct pn_added pn_added_requests(const struct pn_decision *d, const struct pn_verdict *v);

#endif
