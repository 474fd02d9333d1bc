/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_JSONPATCH_H
#define PN_KUBE_JSONPATCH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/*
 * Applies JSON patches (RFC 6902) as the API server does, which is evanphx/json-patch v4.13 with
 * its defaults, oddities included:
 *  - the text before the first '/' of a path is ignored ("x/a" is "/a"); "" works for `replace`
 *    and `test` only;
 *  - `replace` of a member that is not there adds it; a missing `value` is null;
 *  - indices may be negative (from the end), and "+1" and "01" are 1; "-" works for `add` only;
 *  - `copy` of a member that is not there makes a null;
 *  - `test` compares numbers as they are written, tells a null that an earlier operation added from
 *    one that was read, and never passes on a list that holds a null (the API server panics
 *    there); a missing member equals null.
 * Two things differ. `test` compares strings by their characters: how the original was escaped is
 * not known to a value. And what nests deeper than PN_JSON_MAX_DEPTH is refused.
 */

/* An operation does not apply; nothing is changed by the others either. */
#define PN_JSONPATCH_E_FAILED 1

/*
 * Applies `patch` (a list of operations, or null for none) to `doc`. *ret shares what did not
 * change with `doc` and `patch`; new containers are in `a`. Read both with PN_JSON_NUMBERS_RAW to
 * keep numbers as they were written. An operation copies the containers on its path, not what is
 * in them.
 * Returns 0, PN_JSONPATCH_E_FAILED (err says which operation, counted from 0, and why) or -ENOMEM.
 */
int pn_jsonpatch_apply(struct pn_value *ret, struct pn_value doc, struct pn_value patch,
                       struct pn_arena *a, struct pn_err *err) PN_MUST_CHECK;

#endif
