/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_FINDINGS_H
#define PN_REPORT_FINDINGS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"

/* A finding of an earlier run, by what stays the same when lines move. */
struct pn_known_finding {
    struct pn_str rule, object, pointer, message; /* object and pointer: empty when not said */
    struct pn_span span;                          /* in the baseline */
};

/*
 * What `pannier lint` found, in the formats that people and machines read. Findings come sorted.
 * Suppressed ones are in the formats that have a place for them (JSON, SARIF), and counted in all.
 */
struct pn_findings {
    const struct pn_diags *diags;
    const char *version;                 /* of pannier */
    size_t documents, files;             /* that were looked into */
    enum pn_severity fail_level;         /* what is less severe is no failure */
    const char *baseline;                /* its path; NULL: none */
    const struct pn_known_finding *gone; /* what is in it, and was not found */
    size_t gone_count;
    size_t fixed; /* findings that were repaired, and are not here any more */
};

struct pn_findings_counts {
    size_t by_severity[3];    /* without the suppressed ones */
    size_t suppressed, known; /* known: by a baseline */
    size_t fixable;           /* those among by_severity that have a repair */
};

struct pn_findings_counts pn_findings_count(const struct pn_findings *f);

/* The address of the page of a finding's rule; nothing for one without a code. */
void pn_findings_write_url(struct pn_buf *out, const char *code);

/* With excerpt, evidence, help and address; or one line for each. */
void pn_findings_write_full(struct pn_buf *out, const struct pn_findings *f, bool color);
void pn_findings_write_concise(struct pn_buf *out, const struct pn_findings *f, bool color);

/* "2 errors, 1 warning in 3 documents (2 files)", and a line break; before it, a line for each
 * finding of the baseline that is gone. */
void pn_findings_write_summary(struct pn_buf *out, const struct pn_findings *f);

/*
 * {"schemaVersion": 1, "tool": {"name", "version"},
 *  "diagnostics": [{"id", "name", "severity", "message", "file", "start": {"line", "column",
 *    "offset"}, "end": {...}, "object", "pointer", "related": [{"file", "start", "end",
 * "message"}], "notes": [...], "help", "fix": null or {"applicability": "safe", "edits": [{"start",
 *    "end", "text"}]}, "url", "suppressed": null or {"kind", "reason"}}],
 *  "gone": [{"rule", "object", "pointer", "message"}],
 *  "summary": {"errors", "warnings", "infos", "suppressed", "known", "fixable",
 *    "fixed", "documents", "files"}}
 * Lines and columns count from 1, columns in characters, offsets in bytes. An id is null where no
 * rule has the diagnostic. Returns 0 or -ENOMEM.
 */
int pn_findings_write_json(struct pn_buf *out, const struct pn_findings *f) PN_MUST_CHECK;

/*
 * A baseline of these findings: {"schemaVersion": 1, "findings": [{"rule", "object", "pointer",
 * "message"}]}, sorted. Without those that are suppressed in another way, and those that keep
 * policies from being loaded. Returns 0 or -ENOMEM.
 */
int pn_findings_write_baseline(struct pn_buf *out, const struct pn_findings *f) PN_MUST_CHECK;

/* True for a finding that a baseline can know. */
bool pn_findings_is_baselined(const struct pn_diag *d);

/* SARIF 2.1.0 with all rules. Returns 0 or -ENOMEM. */
int pn_findings_write_sarif(struct pn_buf *out, const struct pn_findings *f) PN_MUST_CHECK;

/*
 * Workflow commands of GitHub: errors first, at most ten of each kind, which is what a step may
 * have, and a notice that says how many more there are.
 */
void pn_findings_write_github(struct pn_buf *out, const struct pn_findings *f);

/*
 * GitLab's Code Quality report: [{"description", "check_name", "fingerprint", "severity",
 * "location": {"path", "lines": {"begin"}}}]. An error is critical, a warning major, a hint info.
 * Returns 0 or -ENOMEM.
 */
int pn_findings_write_gitlab(struct pn_buf *out, const struct pn_findings *f) PN_MUST_CHECK;

/*
 * JUnit's XML: a suite for each file, a case for each finding, which fails from the fail level on
 * and is skipped when it is suppressed; one case that passes when nothing was found.
 */
void pn_findings_write_junit(struct pn_buf *out, const struct pn_findings *f);

/* The rules as a table, or as JSON: [{"id", "name", "severity", "default", "summary", "url"}]. */
void pn_findings_write_rules(struct pn_buf *out);
int pn_findings_write_rules_json(struct pn_buf *out) PN_MUST_CHECK;

#endif
