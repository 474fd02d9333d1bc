/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SYS_CHILD_H
#define PN_SYS_CHILD_H

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

#endif
