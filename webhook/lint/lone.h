/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_LONE_H
#define PN_LINT_LONE_H

#include "lint/model.h"

/* What is known of one container, whatever Pod it is in. */

/* It runs for as long as the app does. */
bool pn_lone_runs_for_long(const struct pn_lint_container *c);

/* How many of the policy's containers do so, and are there for certain. */
size_t pn_lone_count_sidecars(const struct pn_lint_policy *p);

/* A quantity in nano-units; false: it is none, or out of range. */
bool pn_lone_nano(__int128 *ret, struct pn_value quantity);

/* The first container of the injection whose resources are written out, and whose requests and
 * limits of cpu and memory are known to be no Guaranteed container's; or NULL. */
const struct pn_lint_container *pn_lone_lesser(const struct pn_lint_injection *in);

/* The last part of its image's repository, "fluent-bit"; n == 0: it is not known. */
struct pn_str pn_lone_image(const struct pn_lint_container *c);

/* Where to say something about the container as such. */
struct pn_place pn_lone_place(const struct pn_lint_container *c);

/* True for the category of a template that the app speaks to, or through. */
bool pn_lone_is_proxy(struct pn_str category);

/*
 * For how long the command of the container's preStop hook sleeps, in seconds, and where it is;
 * false: it does not, or that is not known. (`preStop.sleep` is bounded by the API server.)
 */
bool pn_lone_stop_delay(int64_t *ret_seconds, struct pn_place *ret_at,
                        const struct pn_lint_container *c);

/* A number of a probe, or its default; 0: it is not known. */
int64_t pn_lone_probe_number(const struct pn_trace *probe, const char *field, int64_t otherwise);

#endif
