/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_BUILD_H
#define PN_JSONE_BUILD_H

#include "base/value.h"

/*
 * An object that grows by setting members: a key that is there keeps its place and gets the new
 * value. Small ones are searched, larger ones hashed.
 */
struct pn_build {
    struct pn_arena *arena;
    struct pn_member *members;
    uint32_t count, cap;
    uint32_t *slots; /* NULL while small; else index + 1, or 0 for a free slot */
    uint32_t slot_count;
    uint64_t probes; /* members looked at, for those who count steps */
};

/* clang-format off */
#define PN_BUILD_IN(arena_) {(arena_), NULL, 0, 0, NULL, 0, 0}
/* clang-format on */

/* Returns 0 or -ENOMEM. */
int pn_build_set(struct pn_build *b, struct pn_str key, struct pn_value value) PN_MUST_CHECK;

/* The value of a member so far, or NULL. Valid until the next pn_build_set. */
struct pn_value *pn_build_find(struct pn_build *b, struct pn_str key);

/* Hands the object over. Returns 0 or -ENOMEM. */
int pn_build_finish(struct pn_value *ret, struct pn_build *b) PN_MUST_CHECK;

#endif
