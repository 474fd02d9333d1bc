/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_JSONE_PLACE_H
#define PN_JSONE_PLACE_H

#include "base/source.h"

/*
 * Finds bytes [offset, offset + length) of a scalar's text in the file: possible where it is
 * written as it reads (plain, or quoted without escapes, on one line) and in literal blocks (|).
 * False in folded and escaped ones, which have no such place.
 */
bool pn_jsone_place_find(struct pn_span *ret, const struct pn_source *source, struct pn_span scalar,
                         struct pn_str text, size_t offset, size_t length);

#endif
