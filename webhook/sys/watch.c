/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/watch.h"

#include "sys/fingerprint.h"

uint64_t pn_watch_state(const char *const *paths, size_t n)
{
    uint64_t state = PN_FINGERPRINT_BASIS;
    for (size_t i = 0; i < n; i++)
        state = pn_fingerprint_add(state, paths[i]);
    return state;
}

void pn_watch_init(struct pn_watch *w, const char *const *paths, size_t n)
{
    w->taken = w->seen = pn_watch_state(paths, n);
}

bool pn_watch_has_changed(struct pn_watch *w, const char *const *paths, size_t n)
{
    uint64_t state = pn_watch_state(paths, n);
    bool is_settled = state == w->seen;
    w->seen = state;
    if (!is_settled || state == w->taken)
        return false;
    w->taken = state;
    return true;
}
