/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_RELOAD_H
#define PN_SERVER_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "config/snapshot.h"
#include "obs/log.h"

/*
 * Keeps the published policies and labels of namespaces as their files are. A thread of its own
 * looks at the files every PN_RELOAD_POLL_MS (sys/fingerprint.h); when they changed, it waits until
 * they have been the same for PN_RELOAD_SETTLE_MS, loads all of them anew, and publishes the result
 * if none holds a fault, or is empty without leave. Else what was published before serves on. A
 * load during which the files changed counts for nothing and is made again. Requests never wait:
 * those in flight finish with what they began with, which is then freed.
 */
struct pn_reload;

/* All is borrowed, until pn_reload_free. */
struct pn_reload_options {
    const char *const *policies; /* files and directories, as pn_load_policies takes them */
    size_t policy_path_count;
    const char *namespaces_file; /* NULL: none */
    bool allow_empty;            /* a set without policies is as good as another */
    bool audit_only;             /* every policy in mode Audit */
    struct pn_snapshot *snapshot;
    struct pn_log *log; /* NULL: none */
};

/* Nothing is looked at yet. Returns 0 (pn_reload_free) or -ENOMEM. */
int pn_reload_new(struct pn_reload **ret, const struct pn_reload_options *o) PN_MUST_CHECK;

/* Ends the thread. NULL is allowed. */
void pn_reload_free(struct pn_reload *r);

/* Files hold faults; all are in `diags`. */
#define PN_RELOAD_E_FAULTS 1
/* There is no policy in them, and that is not allowed. */
#define PN_RELOAD_E_EMPTY 2

/*
 * The first load, in the calling thread and before pn_reload_start. Returns 0 when it is published,
 * PN_RELOAD_E_FAULTS, PN_RELOAD_E_EMPTY (the server can start: it is not ready until there are
 * some), or -ENOMEM.
 */
int pn_reload_first(struct pn_reload *r, struct pn_diags *diags) PN_MUST_CHECK;

/* Logs how the first load went, and starts the thread. Returns 0 or a negative errno. */
int pn_reload_start(struct pn_reload *r) PN_MUST_CHECK;

/* Ends the thread, once it has finished a load that it is at. NULL is allowed. */
void pn_reload_stop(struct pn_reload *r);

/* Asks the thread to load now, changed or not. NULL is allowed. */
void pn_reload_ask(struct pn_reload *r);

/* How it stands, for metrics. */
struct pn_reload_state {
    uint64_t hash; /* pn_policy_set_hash of the published set; 0 before any */
    size_t policies, templates, budgets, namespaces; /* in what is published */
    bool failed;                                     /* the last load was not published */
    uint64_t loads;                                  /* that were published */
    uint64_t failures;                               /* loads that were not */
    int64_t published_at;                            /* seconds since 1970; 0: never */
};

/* `r`: NULL gives zeros. */
void pn_reload_read(struct pn_reload *r, struct pn_reload_state *ret);

#endif
