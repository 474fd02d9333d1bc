/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CONFIG_UNION_H
#define PN_CONFIG_UNION_H

#include "base/arena.h"
#include "base/cleanup.h"
#include "kube/labels.h"

/*
 * One selector for what any of several may match. A LabelSelector is a conjunction, so it cannot
 * say "one of these" of different keys: such requirements are left out, and the result matches
 * more. It never matches less:
 *
 * - a requirement that all of them have is kept;
 * - where all of them ask for a key by In or Exists, so does the result: In with the values of
 *   all, or Exists when one of them says so;
 * - no selectors at all, or one without requirements, give no requirements: everything.
 *
 * Memory comes from `a`; strings are borrowed. Returns 0 or -ENOMEM.
 */
int pn_union_of(struct pn_selector *ret, const struct pn_selector *const *selectors, size_t n,
                struct pn_arena *a) PN_MUST_CHECK;

#endif
