/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_FIX_H
#define PN_BASE_FIX_H

#include "base/diag.h"
#include "base/node.h"

/*
 * Repairs for the diagnostic added last: edits of the bytes of a scalar. Each does nothing where
 * the scalar is not written in the plain way that it knows: with escapes, over several lines,
 * behind a tag, or behind an anchor, since others may mean it then.
 */

/* The text becomes `word`, in the quotes that it has. `word` needs none. */
void pn_fix_word(struct pn_diags *diags, const struct pn_source *source, const struct pn_node *node,
                 struct pn_str word);

/* The same with the one of `words` (ends with NULL) that is meant, if that is beyond doubt. */
void pn_fix_misspelt(struct pn_diags *diags, const struct pn_source *source,
                     const struct pn_node *node, const char *const *words);

/* A number or boolean without quotes becomes the string that it looks like. */
void pn_fix_quote(struct pn_diags *diags, const struct pn_source *source,
                  const struct pn_node *node);

/* An integer, true or false in quotes becomes what it looks like without them. */
void pn_fix_unquote(struct pn_diags *diags, const struct pn_source *source,
                    const struct pn_node *node);

#endif
