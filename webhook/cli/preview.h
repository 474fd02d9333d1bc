/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_PREVIEW_H
#define PN_CLI_PREVIEW_H

#include "cli/decide.h"
#include "cli/flags.h"
#include "cli/input.h"
#include "cli/out.h"
#include "report/preview.h"
#include "report/table.h"

/* The parts of `pannier preview`, shared by its files. */

enum pn_preview_format {
    PN_PREVIEW_DIFF,
    PN_PREVIEW_PATCH,
    PN_PREVIEW_YAML,
    PN_PREVIEW_JSON,
    PN_PREVIEW_NAME,
    PN_PREVIEW_TABLE,
    PN_PREVIEW_REVIEW,
    PN_PREVIEW_REQUEST,
};

struct pn_preview_options {
    struct pn_flag_list files, policies;
    const char *namespace;        /* NULL: none given */
    const char *namespaces;       /* file of labels; NULL: none */
    const char *namespace_labels; /* NULL: none given */
    int operation;                /* enum pn_operation */
    const char *user;             /* --as; NULL: nobody in particular */
    struct pn_flag_list groups;   /* --as-group */
    int format;                   /* enum pn_preview_format */
    bool explain;
    bool recursive;
    bool error_unchanged;
    int color; /* enum pn_color */
};

/* One run. */
struct pn_preview_run {
    const struct pn_preview_options *o;
    struct pn_decider decider;
    struct pn_arena *values; /* of one document */
    /* Namespace name -> labels: of the manifests and of --namespaces; and with --namespace-labels
     * for the current object's. */
    struct pn_value by_namespace, known;
    struct pn_value given_labels; /* PN_ABSENT: none */
    struct pn_preview_counts counts;
    struct pn_table table; /* -o table */
    struct pn_out out;
    bool color_out, color_err;
    bool has_written; /* -o yaml: something was written, ending with... */
    char last_byte;
    size_t copied; /* -o yaml: bytes of the current file that were passed on */
};

/* An object as it goes through: where it stands, what it is, and what becomes of it. */
struct pn_preview_object {
    const struct pn_source *source;
    struct pn_span span;
    struct pn_str api_version, kind, namespace, name;
    struct pn_value before, after;
    struct pn_value pod;    /* what the decision is about */
    struct pn_value review; /* the recorded one; PN_ABSENT: it is made from the Pod */
    const struct pn_decision *decision;
};

/*
 * Decides about all objects in `value`, which is document `doc` of the file, and prints each. *ret
 * is the value with the changes; *ret_changed says whether there are any. Returns 0 or -ENOMEM.
 */
int pn_preview_walk(struct pn_value *ret, bool *ret_changed, struct pn_preview_run *run,
                    const struct pn_input_file *file, const struct pn_document *doc,
                    struct pn_value value) PN_MUST_CHECK;

/* The text of --namespace-labels is not KEY=VALUE,...; err says what is wrong. */
#define PN_PREVIEW_E_LABELS 1

/* Reads --namespace-labels; borrows `text`. Returns 0, PN_PREVIEW_E_LABELS or -ENOMEM. */
int pn_preview_labels_read(struct pn_value *ret, const char *text, struct pn_arena *a,
                           struct pn_err *err) PN_MUST_CHECK;

/* --as-group without --as. */
#define PN_PREVIEW_E_USER 1

/*
 * userInfo of the reviews as --as and --as-group have it, with the groups that the API server adds
 * for whoever impersonates (apiserver/pkg/endpoints/filters/impersonation.go); PN_ABSENT without
 * both. Borrows the options. Returns 0, PN_PREVIEW_E_USER (err says what is wrong) or -ENOMEM.
 */
int pn_preview_user_make(struct pn_value *ret, const struct pn_preview_options *o,
                         struct pn_arena *a, struct pn_err *err) PN_MUST_CHECK;

/* Tells the decider what is known of `namespace` before it is asked about an object there: a
 * Namespace among the manifests, else --namespaces, else --namespace-labels. Returns 0 or -ENOMEM.
 */
int pn_preview_know_namespace(struct pn_preview_run *run, struct pn_str namespace) PN_MUST_CHECK;

/* Prints what the format has for one decided object. Returns 0 or -ENOMEM. */
int pn_preview_print(struct pn_preview_run *run,
                     const struct pn_preview_object *object) PN_MUST_CHECK;

/* True when there was an object, decided or not, or a document without a Pod. */
bool pn_preview_has_seen_any(const struct pn_preview_counts *counts);

/* What stands before the first object and behind the last one. */
void pn_preview_print_start(struct pn_preview_run *run);
int pn_preview_print_end(struct pn_preview_run *run) PN_MUST_CHECK;

/*
 * -o yaml: the file's text passes through as it is; a changed document is written anew in its
 * place. Called for each file, then for each of its changed documents in order, then at its end.
 */
void pn_preview_yaml_start(struct pn_preview_run *run, const struct pn_input_file *file,
                           bool is_only_file);
int pn_preview_yaml_document(struct pn_preview_run *run, const struct pn_document *doc,
                             struct pn_value after) PN_MUST_CHECK;
void pn_preview_yaml_end(struct pn_preview_run *run, const struct pn_input_file *file);

#endif
