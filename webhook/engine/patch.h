/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PATCH_H
#define PN_ENGINE_PATCH_H

#include "base/buf.h"
#include "engine/plan.h"

/*
 * Appends the RFC 6902 text that makes the planned Pod of the received one; nothing when they are
 * the same. Only `add` operations; never below a parent that is not there, since the API server
 * answers 500 to a patch that does not apply, even under failurePolicy Ignore; never `test`.
 * Returns 0 or -ENOMEM.
 */
int pn_patch_write(struct pn_buf *out, const struct pn_plan *plan) PN_MUST_CHECK;

#endif
