/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SYS_CHILD_H
#define PN_SYS_CHILD_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

/* Appends its result to `out`. Returns 0, or anything else with a message in err. */
typedef int pn_child_work(const void *argument, struct pn_buf *out, struct pn_err *err);

/*
 * Runs `work` in a forked child and appends what it wrote to `out`, at most `max_bytes`: memory
 * that the work makes resident leaves with the child, and so do the secrets it handled. To be
 * called before threads start, since the child has only the calling one. `work` must not use
 * stdio's buffers, which the parent will flush too. Returns 0; -ECHILD when the work failed (err
 * has its message), when it died or wrote too much; or another negative errno, all with a message.
 */
int pn_child_run(pn_child_work *work, const void *argument, struct pn_buf *out, size_t max_bytes,
                 struct pn_err *err) PN_MUST_CHECK;

/*
 * SIGINT, SIGQUIT, SIGTERM and SIGHUP wait while something is there that must be removed first.
 * What came in the meantime is obeyed by the release.
 */
struct pn_hold {
    sigset_t before; /* the mask */
    int caught;      /* by pn_child_exec; 0: none */
};

void pn_hold_signals(struct pn_hold *ret);
void pn_hold_release(struct pn_hold *hold);

/* True when one of them waits: time to come to an end. */
bool pn_hold_is_wanted(void);

/*
 * Runs the program argv[0], which is looked for in PATH, with our streams and environment, and
 * waits for it. Signals are as they were before the hold, and SIGPIPE ends the program; SIGTERM and
 * SIGHUP that we get are passed on (those of a terminal reach it by themselves). argv ends with
 * NULL. *ret_exit is its exit code. Returns 0; -ECHILD when a signal ended it; -EINTR when one of
 * the signals is waiting already, and it was not started; or another negative errno (-ENOENT: there
 * is no such program); all with a message.
 */
int pn_child_exec(int *ret_exit, char *const *argv, struct pn_hold *hold,
                  struct pn_err *err) PN_MUST_CHECK;

#endif
