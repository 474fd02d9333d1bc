/* SPDX-License-Identifier: Apache-2.0 */
#include "jsone/build.h"

#include <errno.h>

/* Up to here a search over the members is as fast as hashing. */
enum { SMALL_MAX = 16 };

/* The slot of `key`: its own, or the free one where it belongs. There always is a free slot. */
static uint32_t *find_slot(struct pn_build *b, struct pn_str key)
{
    uint32_t mask = b->slot_count - 1;
    uint32_t at = (uint32_t)pn_str_hash(PN_HASH_BASIS, key) & mask;
    for (; b->slots[at] != 0; at = (at + 1) & mask) {
        b->probes++;
        if (pn_str_eq(b->members[b->slots[at] - 1].key, key))
            break;
    }
    return &b->slots[at];
}

static int rehash(struct pn_build *b)
{
    uint32_t count = b->cap * 2; /* at most half full */
    uint32_t *slots = pn_arena_zalloc(b->arena, count, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    b->slots = slots;
    b->slot_count = count;
    for (uint32_t i = 0; i < b->count; i++)
        *find_slot(b, b->members[i].key) = i + 1;
    return 0;
}

static int make_room(struct pn_build *b)
{
    if (b->count < b->cap)
        return 0;
    uint32_t cap = b->cap > 0 ? b->cap * 2 : 4; /* a power of two, as hashing wants it */
    if (cap > UINT32_MAX / 4)
        return -ENOMEM;
    struct pn_member *members = pn_arena_grow(b->arena, b->members, b->cap * sizeof *members,
                                              cap * sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    b->members = members;
    b->cap = cap;
    return cap > SMALL_MAX ? rehash(b) : 0;
}

struct pn_value *pn_build_find(struct pn_build *b, struct pn_str key)
{
    if (b->slots != NULL) {
        uint32_t slot = *find_slot(b, key);
        return slot != 0 ? &b->members[slot - 1].value : NULL;
    }
    for (uint32_t i = 0; i < b->count; i++) {
        b->probes++;
        if (pn_str_eq(b->members[i].key, key))
            return &b->members[i].value;
    }
    return NULL;
}

int pn_build_set(struct pn_build *b, struct pn_str key, struct pn_value value)
{
    struct pn_value *there = pn_build_find(b, key);
    if (there != NULL) {
        *there = value;
        return 0;
    }
    int r = make_room(b);
    if (r != 0)
        return r;
    b->members[b->count++] = (struct pn_member){key, value};
    if (b->slots != NULL)
        *find_slot(b, key) = b->count;
    return 0;
}

int pn_build_finish(struct pn_value *ret, struct pn_build *b)
{
    return pn_object_take_distinct(ret, b->arena, b->members, b->count);
}
