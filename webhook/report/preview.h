/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_PREVIEW_H
#define PN_REPORT_PREVIEW_H

#include <stddef.h>

#include "base/buf.h"
#include "base/value.h"
#include "engine/engine.h"

/* What preview says about one object: the facts that its texts and its JSON are made of. */

enum pn_outcome {
    PN_OUTCOME_INJECTED,
    PN_OUTCOME_ANNOTATED, /* nothing was added but the record of what was left out */
    PN_OUTCOME_UNCHANGED,
    PN_OUTCOME_DENIED,
    PN_OUTCOME_COUNT,
};

/* Borrows everything. */
struct pn_preview {
    struct pn_str file;
    uint32_t line, column;
    struct pn_str api_version, kind, namespace, name;
    const struct pn_decision *decision;
    struct pn_value after; /* the object as it would be */
};

/* Objects seen, by what became of them. */
struct pn_preview_counts {
    size_t outcomes[PN_OUTCOME_COUNT];
    size_t invalid; /* objects that could not be decided; their faults were told */
    size_t other;   /* documents without a Pod */
};

enum pn_outcome pn_preview_outcome(const struct pn_decision *decision);

/* "injected", "annotated", "unchanged", "denied". */
const char *pn_outcome_name(enum pn_outcome outcome);

/* Appends "KIND/NAME" as it is, for who escapes it. */
void pn_preview_write_name(struct pn_buf *out, const struct pn_preview *preview);

/*
 * Appends the object's line, and one for each policy with its reason id and text, each behind
 * `prefix`. All that comes from files is escaped.
 */
void pn_preview_write_explain(struct pn_buf *out, const struct pn_preview *preview,
                              const char *prefix);

/* Objects that a decision was made about. */
size_t pn_preview_decided(const struct pn_preview_counts *counts);

/* The parts of the summary: "3 objects: 1 injected, 2 unchanged", and "; 1 other document" or
 * nothing. */
void pn_preview_write_objects(struct pn_buf *out, const struct pn_preview_counts *counts);
void pn_preview_write_others(struct pn_buf *out, const struct pn_preview_counts *counts);

/* Both, with their line break. */
void pn_preview_write_summary(struct pn_buf *out, const struct pn_preview_counts *counts);

#endif
