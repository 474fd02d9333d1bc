/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_JSON_YY_H
#define PN_ENGINE_JSON_YY_H

/* Private to engine/json.c and engine/review.c: the two files that know yyjson. */

#include <yyjson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/* An allocator for yyjson over an arena: freeing does nothing, the last block grows in place. */
struct yyjson_alc pn_yy_alc(struct pn_arena *a);

/*
 * Converts a tree (flags: enum pn_json_flags). Strings are borrowed from the document.
 * `path` names the tree in messages ("request.object.spec").
 * Returns 0, PN_JSON_E_INVALID (duplicate key, too deep), or -ENOMEM.
 */
int pn_yy_to_value(struct pn_value *ret, yyjson_val *yy, struct pn_arena *a, struct pn_err *err);

/* Turns yyjson's failure into ours. Returns PN_JSON_E_INVALID or -ENOMEM. */
int pn_yy_read_failed(const yyjson_read_err *failure, struct pn_err *err);

#endif
