/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SYS_WATCH_H
#define PN_SYS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Notices that files changed, by looking at their fingerprints from time to time. */
struct pn_watch {
    uint64_t taken; /* the state that the caller has */
    uint64_t seen;  /* at the last look */
};

/* The fingerprint of all paths. */
uint64_t pn_watch_state(const char *const *paths, size_t n);

/* To be called before the paths are read for the first time. */
void pn_watch_init(struct pn_watch *w, const char *const *paths, size_t n);

/*
 * True when the paths differ from what was taken and have not changed since the last look; the
 * caller then reads them, and they count as taken. So what is still being written is left alone,
 * and two writes within one tick of the file system's clock cannot be mistaken for one, provided
 * that looks are farther apart than such a tick (a second is).
 */
bool pn_watch_has_changed(struct pn_watch *w, const char *const *paths, size_t n);

#endif
