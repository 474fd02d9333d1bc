/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_EDIT_MATCH_H
#define PN_YAML_EDIT_MATCH_H

#include "yaml/edit_walk.h"

/* In a match: the item is new. */
#define PN_EDIT_MATCH_NONE UINT32_MAX

/*
 * Says for each item of `after` which item of the sequence becomes it, in the order of both: equal
 * ones, else those of the same name, else those in the same place between them. *ret is in the
 * scratch arena. Returns 0 or -ENOMEM.
 */
int pn_edit_match_items(uint32_t **ret, struct pn_edit_walk *w, const struct pn_node *node,
                        struct pn_value after) PN_MUST_CHECK;

#endif
