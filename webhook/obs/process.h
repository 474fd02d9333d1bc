/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_OBS_PROCESS_H
#define PN_OBS_PROCESS_H

#include <stdint.h>

#include "base/buf.h"

/* When this process started, in milliseconds of the wall clock as it is now; 0: unknown. */
int64_t pn_process_started_ms(void);

/*
 * Appends the metrics that Prometheus' own clients tell of their process, by the same names, from
 * /proc. What cannot be read is left out.
 */
void pn_process_write(struct pn_buf *out, int64_t started_ms);

#endif
