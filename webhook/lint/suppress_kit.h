/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_SUPPRESS_KIT_H
#define PN_LINT_SUPPRESS_KIT_H

/* Private to lint: what comments, annotations and the configuration have in common. */

#include "lint/model.h"

struct pn_suppression {
    const struct pn_source *source;            /* what it covers */
    size_t start, end;                         /* of the bytes that it covers there */
    const struct pn_lint_exemption *exemption; /* of the configuration: it covers files */
    struct pn_str reason;
    const char *help;    /* how one is written */
    struct pn_str words; /* in the source: all that it names, for repairs; s == NULL: elsewhere */
    size_t all_start, all_end; /* what goes when no word is left; end 0: it cannot go */
};

/* Suppresses what `words` (rules, separated by commas) find there; findings about `at`, where the
 * words stand, for those that are in vain, and when the reason is missing. */
void pn_suppression_apply_all(struct pn_lint *l, const struct pn_suppression *s,
                              struct pn_str words, struct pn_place at);

/* The documents that were read, manifests too, i < pn_suppression_document_count(). */
size_t pn_suppression_document_count(const struct pn_lint *l);
const struct pn_document *pn_suppression_document(const struct pn_lint *l, size_t i);

/* `# pannier:ignore` in all files; annotations `pannier.dev/ignore` of all objects. */
void pn_suppress_by_comments(struct pn_lint *l);
void pn_suppress_by_annotations(struct pn_lint *l);

#endif
