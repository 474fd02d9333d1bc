/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_ORDER_CHECK_H
#define PN_ENGINE_ORDER_CHECK_H

#include "engine/policy_set.h"

/*
 * before and after of all templates together: containers that must stand before each other in a
 * circle could never all be placed. A fault for each circle, at a placement that is part of it.
 */
void pn_order_check(struct pn_decoder *d, struct pn_template_draft *const *drafts, size_t n);

#endif
