/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_DIALECT_H
#define PN_YAML_DIALECT_H

#include "yaml/compose.h"

/*
 * kubectl's parser is a port of libyaml from before 0.2, and a few texts divide the two:
 *
 *   "\'"             is an apostrophe to the port, unknown to libyaml
 *   "\/"             is a slash to libyaml, unknown to the port
 *   [a:, b]          the port takes the colon into the text, libyaml refuses it
 *   [a?b]            the question mark ends the text for the port, which then refuses it
 *   [!!str, b]       the port takes the comma into the tag
 *
 * What only the port reads is spelled differently before libyaml sees it, byte for byte in the same
 * place, and turned back in the value. What only libyaml reads is refused.
 */

/*
 * Gives c->text the spellings that libyaml reads, in a copy if there are any to change. A byte
 * order mark within the text is refused: the port takes it for a part of the key behind it.
 */
int pn_dialect_prepare(struct pn_compose *c) PN_MUST_CHECK;

/* Turns the scalar of the event at hand back, or tells that the port does not read it. */
void pn_dialect_settle(struct pn_compose *c, struct pn_span span);

#endif
