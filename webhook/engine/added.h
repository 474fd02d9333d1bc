/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_ADDED_H
#define PN_ENGINE_ADDED_H

#include "engine/engine.h"
#include "engine/fragment.h"

/* What the containers request that a policy adds for long: no init containers that end. */
struct pn_added {
    int64_t cpu_milli;
    int64_t memory_bytes;
    int64_t ephemeral_storage_bytes;
};

/* What a rendered template adds. `raised`: guaranteedPods made its requests the limits. A number
 * beyond 64 bits counts as the largest. */
struct pn_added pn_added_fragment(const struct pn_fragment *f, bool raised);

/*
 * What one verdict of the decision adds to the Pod; zero when it adds no containers. A request that
 * is missing is the limit, as the API server has it; so is one that guaranteedPods raised.
 */
struct pn_added pn_added_requests(const struct pn_decision *d, const struct pn_verdict *v);

#endif
