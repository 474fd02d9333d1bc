/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_LONE_H
#define PN_LINT_LONE_H

#include "lint/model.h"

/* What is known of one container, whatever Pod it is in. */

/* It runs for as long as the app does. */
bool pn_lone_runs_for_long(const struct pn_lint_container *c);

/* True when request and limit of cpu and memory are known to be no Guaranteed container's. */
bool pn_lone_is_lesser(const struct pn_lint_container *c);

/* The first such container of the injection whose resources are written out, or NULL. */
const struct pn_lint_container *pn_lone_lesser(const struct pn_lint_injection *in);

/* Where to say something about the container as such. */
struct pn_place pn_lone_place(const struct pn_lint_container *c);

#endif
