/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_MARKDOWN_H
#define PN_REPORT_MARKDOWN_H

#include <stdbool.h>

#include "base/buf.h"
#include "report/effect.h"
#include "report/preview.h"

/*
 * GitHub's Markdown, which GitLab reads alike. Text of strangers stands in code only: there nothing
 * is a link, a mention, an image or HTML.
 */

/*
 * Appends `text` as code within a line or a table's cell. It is escaped as for a terminal first.
 * What would end the code or the cell (a backtick, a backslash, a bar) makes it a <code> element
 * with each sign as a character reference.
 */
void pn_markdown_code(struct pn_buf *out, struct pn_str text);

/* Appends a fenced block of language `language`; the fence is longer than any in `text`. */
void pn_markdown_block(struct pn_buf *out, const char *language, struct pn_str text);

/* What is collected of one part of a report, up to its limit. */
struct pn_markdown_part {
    struct pn_buf text;
    size_t count, left_out;
};

/* A report on a run of preview, fit for a comment on a pull request. Zeroed memory is an empty
 * one. */
struct pn_markdown_report {
    struct pn_markdown_part rows, diffs, messages, rest;
};

void pn_markdown_report_deinit(struct pn_markdown_report *report);

/*
 * Adds an object. `diff`: the unified diff of what changes, may be empty. A refused allocation is
 * told by pn_markdown_report_write.
 */
void pn_markdown_report_add(struct pn_markdown_report *report, const struct pn_preview *preview,
                            const struct pn_effect *effect, struct pn_str diff);

/* Appends the report: the summary, the table of what changes, messages, and folded the differences
 * and the objects that do not change. Returns 0 or -ENOMEM. */
int pn_markdown_report_write(struct pn_buf *out, const struct pn_markdown_report *report,
                             const struct pn_effect_totals *totals,
                             const struct pn_preview_counts *counts) PN_MUST_CHECK;

#endif
