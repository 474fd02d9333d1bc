/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_JSON_ITEMS_H
#define PN_CLI_JSON_ITEMS_H

#include "base/buf.h"

/*
 * A list of Kubernetes objects as JSON, taken apart without being read: what a cluster's Pods take
 * as text they take many times over as values, and one is asked about at a time.
 */
struct pn_json_items {
    struct pn_str *texts; /* on the heap, borrowed bytes: what stands between the commas */
    size_t count, cap;
    struct pn_buf rest; /* the document with an empty list in their place */
};

/* The text is no JSON object with one member "items" that is a list. */
#define PN_JSON_ITEMS_E_OTHER 1

/*
 * Finds the items. The text is valid JSON when `rest` and all items are, each by itself; nothing
 * else is promised. The caller calls pn_json_items_deinit in any case (*ret is zeroed before).
 * Returns 0, PN_JSON_ITEMS_E_OTHER or -ENOMEM.
 */
int pn_json_items_split(struct pn_json_items *ret, struct pn_str text) PN_MUST_CHECK;

void pn_json_items_deinit(struct pn_json_items *items);

#endif
