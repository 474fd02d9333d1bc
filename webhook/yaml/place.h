/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_PLACE_H
#define PN_YAML_PLACE_H

#include "yaml/compose.h"

/* Where nodes stand: the marks of the parser's events become spans. */

/* Moves to a mark. Events come in the order of the text, so this goes forward. */
void pn_place_seek(struct pn_compose *c, yaml_mark_t mark);

/* The span of the scalar at hand, without anchor and tag. */
struct pn_span pn_place_scalar(struct pn_compose *c);

/*
 * Where the list or mapping at hand begins; `properties`: it has an anchor or a tag. Its end is
 * known later.
 */
struct pn_span pn_place_collection(struct pn_compose *c, bool properties, bool flow);

/* Completes the span of a collection at its end event. */
void pn_place_end(struct pn_compose *c, struct pn_node *node);

#endif
