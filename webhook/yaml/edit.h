/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_YAML_EDIT_H
#define PN_YAML_EDIT_H

#include "base/buf.h"
#include "base/node.h"
#include "base/value.h"

/* How much of a document is as its author wrote it. */
enum pn_edit_result {
    PN_EDIT_PLACES, /* all but the places that differ */
    PN_EDIT_PARTS,  /* parts that could not be edited were written anew, without their comments */
    PN_EDIT_ANEW,   /* the document was written anew */
};

/*
 * Appends the text of `doc` (its span), changed so that it reads as `after`: places that differ are
 * edited, and comments, order, quotes, anchors and line ends of everything else stay. What comes
 * out was read again and is `after`, as far as YAML can write that. A document in JSON stays JSON;
 * `is_json` says that it is the whole of a JSON file, whose root may be NULL. *ret_result may be
 * NULL. Returns 0 or -ENOMEM.
 */
int pn_yaml_edit(struct pn_buf *out, enum pn_edit_result *ret_result, const struct pn_document *doc,
                 struct pn_value after, bool is_json) PN_MUST_CHECK;

#endif
