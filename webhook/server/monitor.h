/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SERVER_MONITOR_H
#define PN_SERVER_MONITOR_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "server/service.h"

/*
 * GET /metrics, /livez and /readyz over plain HTTP, on a port and a thread of their own: who reads
 * them needs no certificate, reaches no review, and waits for none.
 */
struct pn_monitor;

/*
 * Binds and listens. `address` is ADDRESS:PORT, [ADDRESS]:PORT or :PORT (all addresses); port 0: a
 * free one. NULL, "0" and "" ask for no monitor: *ret is NULL then, which is allowed below. Returns
 * 0 or a negative errno with a message.
 */
int pn_monitor_open(struct pn_monitor **ret, const char *address, struct pn_err *err) PN_MUST_CHECK;

/* Starts to answer. `service` is borrowed until pn_monitor_free. Returns 0 or a negative errno. */
int pn_monitor_start(struct pn_monitor *monitor, struct pn_service *service,
                     struct pn_err *err) PN_MUST_CHECK;

/* Appends the address as bound, in the form of pn_monitor_open; nothing without a monitor. */
void pn_monitor_write_address(struct pn_buf *out, const struct pn_monitor *monitor);

/* To be called about once a second: ends connections that are slow or idle. */
void pn_monitor_sweep(struct pn_monitor *monitor, int64_t now_ms);

/* Ends what is open. */
void pn_monitor_free(struct pn_monitor *monitor);

/* The handler of GET /metrics. */
void pn_monitor_metrics(struct pn_service *service, struct pn_exchange *ex);

#endif
