/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_MERGE_PORTS_H
#define PN_ENGINE_MERGE_PORTS_H

#include "engine/merge_app.h"
#include "engine/own.h"

/*
 * Compares the ports of a container of ours with those of every other container of the Pod that
 * runs for long: all of them share one network. A port number and protocol, a node's port, or a
 * port's name that stands twice is a clash: port-taken, host-port-taken, port-name-taken. `own` is
 * where it is in the Pod already, if it is.
 */
int pn_merge_check_ports(struct pn_merge *m, struct pn_value rendered, bool init,
                         const struct pn_own *own) PN_MUST_CHECK;

#endif
