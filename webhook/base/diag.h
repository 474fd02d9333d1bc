/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_BASE_DIAG_H
#define PN_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/source.h"

/*
 * Diagnostics: what is wrong with a file, and where. Decisions about Pods are another type
 * (engine/reason.h). A diagnostic copies what it shows, so it outlives the source.
 */
enum pn_severity { PN_SEVERITY_ERROR, PN_SEVERITY_WARNING, PN_SEVERITY_INFO };

/* Another place that a diagnostic speaks of. */
struct pn_diag_place {
    char *file; /* NULL: no file */
    struct pn_span span;
    char *excerpt;
    char *label; /* what stands there */
};

/* A change of the file's bytes: `text` takes the place of [start, end). */
struct pn_diag_edit {
    size_t start, end;
    char *text;
};

/* What says that a diagnostic does not count: the file itself, or something outside. */
enum pn_suppressed_by {
    PN_SUPPRESSED_IN_SOURCE,
    PN_SUPPRESSED_BY_CONFIG,
    PN_SUPPRESSED_BY_BASELINE
};

struct pn_diag {
    enum pn_severity severity;
    const char *id;                /* stable kebab-case name, static */
    const char *code;              /* of a lint rule ("PN0604"), static; NULL: none */
    char *message;                 /* what is wrong, with the concrete names; one line */
    char *help;                    /* what to do; NULL: nothing better than the message */
    char *file;                    /* NULL: no file */
    struct pn_span span;           /* line 0: the file as a whole */
    char *excerpt;                 /* the source line, cut to PN_EXCERPT_MAX_BYTES; NULL: none */
    char *label;                   /* what stands there; NULL: the message says it */
    struct pn_diag_place *related; /* the other side of a conflict, the cause */
    size_t related_count;
    char **notes; /* the evidence */
    size_t note_count;
    struct pn_diag_edit *edits; /* the repair, where there is but one; see base/fix.h */
    size_t edit_count;
    char *object;     /* "InjectionPolicy/ship-logs"; NULL: not said */
    char *pointer;    /* JSON pointer of the place in that object; NULL: not said */
    char *suppressed; /* why it does not count, perhaps empty; NULL: it counts */
    enum pn_suppressed_by suppressed_by;
};

/* A list in order of discovery. Owns its items. */
struct pn_diags {
    struct pn_diag *items;
    size_t count;
    size_t dropped; /* beyond PN_DIAGS_MAX */
    size_t errors;  /* those of severity error, dropped ones included */
    bool failed;    /* an allocation was refused: the list is not complete */
};

#define PN_DIAGS_INIT        \
    {                        \
        NULL, 0, 0, 0, false \
    }

void pn_diags_deinit(struct pn_diags *diags);

/*
 * Adds one diagnostic about `span` of `source` (NULL: none). A message that cannot be stored sets
 * `failed`; the error count grows all the same.
 */
void pn_diags_add(struct pn_diags *diags, enum pn_severity severity, const char *id,
                  const struct pn_source *source, struct pn_span span, const char *format, ...)
    PN_PRINTF(6, 7);

/* Adds a help line to the diagnostic added last. */
void pn_diags_help(struct pn_diags *diags, const char *format, ...) PN_PRINTF(2, 3);

/* Adds a line of evidence, another place, and what stands at its own place, likewise. */
void pn_diags_note(struct pn_diags *diags, const char *format, ...) PN_PRINTF(2, 3);
void pn_diags_related(struct pn_diags *diags, const struct pn_source *source, struct pn_span span,
                      const char *format, ...) PN_PRINTF(4, 5);
void pn_diags_label(struct pn_diags *diags, const char *format, ...) PN_PRINTF(2, 3);

/* Adds an edit to the repair of the diagnostic added last. */
void pn_diags_edit(struct pn_diags *diags, size_t start, size_t end, struct pn_str text);

/* Takes the repair away. */
void pn_diag_drop_edits(struct pn_diag *diag);

/* The diagnostic added last, or NULL when it was not kept. */
struct pn_diag *pn_diags_last(struct pn_diags *diags);

/* A copy of `text` on the heap, as a diagnostic owns it; NULL sets `failed`. */
char *pn_diags_copy(struct pn_diags *diags, struct pn_str text);

/* "error", "warning", "info", NULL: by enum pn_severity. */
extern const char *const pn_severity_words[];

/* One of them. */
const char *pn_severity_name(enum pn_severity severity);

/* Sorts by file, line, column and code; equal places keep their order. */
void pn_diags_sort(struct pn_diags *diags);

#endif
