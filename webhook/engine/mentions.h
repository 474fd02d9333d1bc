/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_MENTIONS_H
#define PN_ENGINE_MENTIONS_H

#include "engine/policy_set.h"

/*
 * What the expressions of templates and policies may speak of: `parameters`, `literals`, `pod`,
 * `namespace`, `policy`, `template`. Anything else is a fault at load, as are parameters that
 * nobody declared, fields that a Pod does not have, values of env variables, and the clock, which
 * would break preview and idempotence.
 */

/*
 * Checks all mentions of `t` (NULL: none) and adds what it asks for to *inout_mentions. `template`
 * is whose parameters and literals it may speak of; NULL: a policy's expression, which has neither.
 */
void pn_mentions_check(struct pn_mentions *inout_mentions, struct pn_decoder *d,
                       const struct pn_template_expr *t, const struct pn_template *template);

#endif
