/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_PREVIEW_H
#define PN_CLI_PREVIEW_H

#include <stddef.h>

#include "cli/cmd.h"
#include "cli/flags.h"
#include "cli/input.h"
#include "cli/out.h"
#include "config/namespaces.h"
#include "engine/decide.h"
#include "kube/workload.h"
#include "report/effect.h"
#include "report/markdown.h"
#include "report/preview.h"
#include "report/table.h"
#include "sys/child.h"
#include "sys/scratch.h"

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
    PN_PREVIEW_MARKDOWN,
    PN_PREVIEW_FILES, /* of no -o: for another program, see pn_preview_files */
};

struct pn_preview_options {
    struct pn_flag_list files, policies;
    struct pn_flag_list base;     /* --base-policies */
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
    bool quiet; /* no summary */
    int color;  /* enum pn_color */
};

/* The rows of what is read, which `pannier diff` has too. */
#define PN_PREVIEW_AT(field) offsetof(struct pn_preview_options, field)
/* clang-format off */
#define PN_PREVIEW_FLAGS                                                                          \
    {"filename", 'f', PN_FLAG_LIST, PN_PREVIEW_AT(files), "FILE",                                 \
     "Manifests: a file, a directory (*.yaml, *.yml, *.json), or - for standard input; may be "   \
     "repeated"},                                                                                 \
    {"policies", 'p', PN_FLAG_LIST, PN_PREVIEW_AT(policies), "PATH",                              \
     "File or directory of templates and policies; may be repeated. Policies among the "          \
     "manifests are used as well"},                                                               \
    {"base-policies", 0, PN_FLAG_LIST, PN_PREVIEW_AT(base), "PATH",                               \
     "Policies as they were: what becomes different with those of -p is shown; may be "           \
     "repeated"},                                                                                 \
    {"namespace", 'n', PN_FLAG_TEXT, PN_PREVIEW_AT(namespace), "NAMESPACE",                       \
     "Namespace of objects that name none; an object that names another one is an error"},        \
    {"namespaces", 0, PN_FLAG_TEXT, PN_PREVIEW_AT(namespaces), "FILE",                            \
     "Namespaces with their labels, as 'kubectl get namespaces -o json' prints them"},            \
    {"namespace-labels", 0, PN_FLAG_TEXT, PN_PREVIEW_AT(namespace_labels), "KEY=VALUE,...",       \
     "Labels of the objects' namespaces, where nothing else tells them"},                         \
    {"operation", 0, PN_FLAG_CHOICE, PN_PREVIEW_AT(operation), "OPERATION",                       \
     "What is done to the Pods", "CREATE", .choices = pn_operation_words},                        \
    {"recursive", 'R', PN_FLAG_BOOL, PN_PREVIEW_AT(recursive), NULL,                              \
     "Read subdirectories of -f too"}
/* clang-format on */

/* One run. */
struct pn_preview_run {
    const struct pn_preview_options *o;
    struct pn_decider decider;
    struct pn_decider base;  /* of --base-policies; without them it has no set */
    struct pn_arena *values; /* of one document */
    /* Namespace name -> labels: of the manifests and of --namespaces; and with --namespace-labels
     * for the current object's. */
    struct pn_value by_namespace, known;
    struct pn_value given_labels; /* PN_ABSENT: none */
    struct pn_preview_counts counts;
    struct pn_effect_totals totals;   /* with a base, and of -o markdown */
    struct pn_table table;            /* -o table */
    struct pn_markdown_report report; /* -o markdown */
    struct pn_out out;
    struct pn_preview_files *files; /* PN_PREVIEW_FILES */
    size_t differing;               /* PN_PREVIEW_DIFF: objects that differ */
    bool color_out, color_err;
    bool is_faulty;   /* some of the input could not be read */
    bool has_written; /* -o yaml: something was written, ending with... */
    char last_byte;
    bool has_document; /* something that is no comment */
    size_t copied;     /* -o yaml: bytes of the current file that were passed on */
};

/* An object as it goes through: where it stands, what it is, and what becomes of it. */
struct pn_preview_object {
    const struct pn_source *source;
    struct pn_span span;
    struct pn_str api_version, kind, namespace, name;
    struct pn_value before;      /* the object as it is */
    struct pn_value pod;         /* its Pod, about which the decisions are */
    struct pn_value review;      /* the recorded one; PN_ABSENT: it is made from the Pod */
    struct pn_effect_side after; /* by the policies of -p */
    struct pn_effect_side base;  /* by those of --base-policies; without them, as it is */
};

/*
 * Runs with the options in run->o (of the rest, only `out` is set): reads, decides and prints, and
 * says what is wrong. PN_EXIT_FAILED, or PN_EXIT_OK: what became of the objects is in run->counts
 * and run->totals.
 */
enum pn_exit pn_preview_execute(struct pn_preview_run *run);

/* Objects that were denied; with --base-policies, that were not before. */
size_t pn_preview_denied(const struct pn_preview_run *run);

/* Policies of -p and of the manifests (at least one), those of --base-policies (*ret stays NULL
 * without the flag), and the labels of --namespaces (likewise). They say what is wrong. */
enum pn_exit pn_preview_load_policies(struct pn_policy_set **ret,
                                      const struct pn_preview_options *o,
                                      const struct pn_input *input, bool color);
enum pn_exit pn_preview_load_base(struct pn_policy_set **ret, const struct pn_preview_options *o,
                                  bool color);
enum pn_exit pn_preview_load_namespaces(struct pn_namespaces **ret,
                                        const struct pn_preview_options *o, bool color);

/*
 * Labels of namespaces, for namespaceSelector: of the Namespaces among the manifests, and for
 * others as --namespaces has them. *ret_own: how many are among the manifests. Returns 0 or
 * -ENOMEM.
 */
int pn_preview_collect_namespaces(struct pn_value *ret, size_t *ret_own, struct pn_input *input,
                                  const struct pn_namespaces *known) PN_MUST_CHECK;

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

/* The same for -o markdown and for what changes from the base policies. */
int pn_preview_print_effect(struct pn_preview_run *run, const struct pn_preview_object *object,
                            const struct pn_preview *preview) PN_MUST_CHECK;

/* For these, what stands behind the last object. */
int pn_preview_end_effects(struct pn_preview_run *run) PN_MUST_CHECK;

/* Whether the run shows effects. */
bool pn_preview_has_effects(const struct pn_preview_run *run);

/* Both states of each object as files of two directories, which a program compares. */
struct pn_preview_files {
    const char *command; /* of KUBECTL_EXTERNAL_DIFF */
    struct pn_hold hold; /* from before the directories are there until they are gone */
    struct pn_scratch before, after;
    size_t count;
    int exit_code; /* of the program; -1: it was not run */
};

/*
 * Adds an object that is not denied; then, with at least one, runs the program. Both say what is
 * wrong, and return 0, a negative errno that was told (-ECANCELED), or -ENOMEM.
 */
int pn_preview_files_add(struct pn_preview_files *files,
                         const struct pn_preview_object *object) PN_MUST_CHECK;
int pn_preview_files_compare(struct pn_preview_files *files) PN_MUST_CHECK;

/* Makes the directories, and removes them with all that is in them. */
int pn_preview_files_init(struct pn_preview_files *ret, const char *command) PN_MUST_CHECK;
void pn_preview_files_deinit(struct pn_preview_files *files);

/* Appends the difference between two states of an object; `result`: what the second header says
 * behind the name. Returns 0 or -ENOMEM. */
int pn_preview_write_diff(struct pn_buf *out, const struct pn_preview_object *object,
                          struct pn_value before, struct pn_value after, const char *result,
                          bool color) PN_MUST_CHECK;

/* Prints kind.group/name, as kubectl -o name gives it. */
void pn_preview_print_name(struct pn_preview_run *run, const struct pn_preview_object *object);

/* Appends "FILE:LINE:COLUMN: KIND/NAME", with which a message about the object begins. */
void pn_preview_begin_message(struct pn_buf *out, const struct pn_preview_object *object,
                              struct pn_span span);

/* Says on standard error what somebody should know without asking; of messages and warnings only
 * what is new by `effect`, or all (NULL). */
void pn_preview_note(const struct pn_preview_object *object, const struct pn_effect *effect);

/*
 * Hints on standard error at policies that would select the Pod if it had the labels or annotations
 * of the workload it is made from. `node`: of the object, for the place; may be NULL.
 */
void pn_preview_hint(const struct pn_preview_run *run, const struct pn_preview_object *object,
                     const struct pn_workload *workload, const struct pn_node *node);

/* The last word on standard error, unless --quiet or nothing was seen. */
void pn_preview_summarise(struct pn_preview_run *run, const struct pn_buf *summary);

/* What stands before the first object and behind the last one. */
void pn_preview_print_start(struct pn_preview_run *run);
int pn_preview_print_end(struct pn_preview_run *run) PN_MUST_CHECK;

/*
 * -o yaml: the file's text passes through as it is; in a changed document, the places that change
 * are edited. Called for each file, then for each of its changed documents in order, then at its
 * end.
 */
void pn_preview_yaml_start(struct pn_preview_run *run, const struct pn_input_file *file,
                           bool is_only_file);
int pn_preview_yaml_document(struct pn_preview_run *run, const struct pn_document *doc,
                             struct pn_value after, bool is_json) PN_MUST_CHECK;
void pn_preview_yaml_end(struct pn_preview_run *run, const struct pn_input_file *file);

#endif
