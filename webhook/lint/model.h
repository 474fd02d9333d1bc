/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_MODEL_H
#define PN_LINT_MODEL_H

#include "kube/labels.h"
#include "lint/lint.h"
#include "lint/trace.h"

/* What rules look at: the documents, taken apart. All of it lives in the arena of the run. */

struct pn_lint_container {
    const struct pn_trace *trace;
    struct pn_str name; /* s == NULL: not known */
    bool init;          /* among the init containers */
    bool native;        /* a native sidecar */
};

struct pn_lint_injection;

struct pn_lint_template {
    struct pn_place at; /* the document's root */
    struct pn_str name, category;
    struct pn_place name_at;
    const struct pn_node *spec, *parameters;
    const struct pn_lint_injection *sample; /* what one policy makes of it, or its defaults */
    bool is_used;
};

struct pn_lint_policy;

/* A template with the values of one policy. */
struct pn_lint_injection {
    const struct pn_lint_policy *policy; /* NULL: of a template that no policy names */
    struct pn_lint_template *template;
    const struct pn_node *node; /* the item of spec.inject */
    const struct pn_trace *pod, *app, *append;
    const struct pn_lint_container *containers;
    size_t container_count;
};

struct pn_lint_policy {
    struct pn_place at;
    struct pn_str name;
    struct pn_place name_at;
    const struct pn_node *spec, *match;
    struct pn_selector pods, namespaces, annotations; /* annotations: exact pairs as a selector */
    struct pn_str when;                               /* s == NULL: none */
    int64_t priority, percent;
    bool denies, audits, opt_out_forbidden;
    bool is_shadowed; /* another one is always in its way: set while policies are compared */
    const struct pn_lint_injection *injections;
    size_t injection_count;
};

struct pn_lint_budget {
    struct pn_place at;
    struct pn_str name;
    const struct pn_node *spec, *max;
    struct pn_selector pods, namespaces;
    struct pn_str guaranteed; /* guaranteedPods as written, or s == NULL */
    const bool *is_shared;    /* of policies: both may be about one Pod; set by its checks */
};

struct pn_lint {
    struct pn_diags *diags;
    struct pn_arena *arena;
    const struct pn_lint_options *options;
    const struct pn_document *docs, *manifests;
    size_t doc_count, manifest_count;
    const struct pn_manifest *workloads; /* of the manifests: lint/manifests.h */
    size_t workload_count;
    struct pn_lint_template *templates;
    struct pn_lint_policy *policies; /* in order of evaluation */
    struct pn_lint_budget *budgets;
    struct pn_lint_injection *spare; /* of templates that no policy names */
    size_t template_count, policy_count, budget_count, spare_count;
    size_t *clashes; /* pairs of policies that never apply to one Pod together */
    size_t clash_count;
    bool is_whole;      /* the loader found no error: the set is what it will be */
    bool last_was_kept; /* the finding reported last is in the list: more can be said of it */
    bool out_of_memory;
};

/* Takes the documents apart; those of files with errors are left out. */
void pn_lint_model(struct pn_lint *l);

/* The template with that name, or NULL. */
struct pn_lint_template *pn_lint_find_template(struct pn_lint *l, struct pn_str name);

struct pn_place pn_lint_in_policy(const struct pn_lint_policy *p, const struct pn_node *node);

/* The first node of a selector behind `after` (NULL: of all) that speaks of `key`: a value of
 * matchLabels, or an expression; or NULL. */
const struct pn_node *pn_lint_find_key(const struct pn_node *selector, struct pn_str key,
                                       const struct pn_node *after);

/* Remembers, and tells, that two policies are in each other's way. */
void pn_lint_mark_clash(struct pn_lint *l, const struct pn_lint_policy *a,
                        const struct pn_lint_policy *b);
bool pn_lint_do_clash(const struct pn_lint *l, const struct pn_lint_policy *a,
                      const struct pn_lint_policy *b);

/* ---- findings -------------------------------------------------------------------------- */

/*
 * Reports a finding of a rule that is on; one rule says one thing about one place. False: nothing
 * was added, and the functions below do nothing.
 */
bool pn_lint_report(struct pn_lint *l, enum pn_rule_id id, struct pn_place at, const char *format,
                    ...) PN_PRINTF(4, 5);

/* The state and severity of a rule in this run. */
bool pn_lint_is_on(const struct pn_lint *l, const struct pn_rule *rule);
enum pn_severity pn_lint_severity(const struct pn_lint *l, const struct pn_rule *rule);

void pn_lint_label(struct pn_lint *l, const char *format, ...) PN_PRINTF(2, 3);
void pn_lint_also(struct pn_lint *l, struct pn_place at, const char *format, ...) PN_PRINTF(3, 4);
void pn_lint_note(struct pn_lint *l, const char *format, ...) PN_PRINTF(2, 3);
void pn_lint_help(struct pn_lint *l, const char *format, ...) PN_PRINTF(2, 3);

/* The repair of the finding reported last, where there is but one: base/diag.h, base/fix.h. */
void pn_lint_edit(struct pn_lint *l, size_t start, size_t end, struct pn_str text);
void pn_lint_fix_misspelt(struct pn_lint *l, struct pn_place at, const char *const *words);

/* Raises or lowers the finding reported last, unless the user gave its rule a severity. */
void pn_lint_weigh(struct pn_lint *l, enum pn_rule_id id, enum pn_severity severity);

/* ---- the rules, by what they look at --------------------------------------------------- */

void pn_lint_check_images(struct pn_lint *l, const struct pn_lint_container *c);
void pn_lint_check_resources(struct pn_lint *l, const struct pn_lint_container *c);
void pn_lint_check_lifecycle(struct pn_lint *l, const struct pn_lint_injection *in,
                             const struct pn_lint_container *c);
void pn_lint_check_probes(struct pn_lint *l, const struct pn_lint_injection *in,
                          const struct pn_lint_container *c);
void pn_lint_check_order(struct pn_lint *l, const struct pn_lint_injection *in);
void pn_lint_check_patterns(struct pn_lint *l, const struct pn_lint_injection *in);
void pn_lint_check_references(struct pn_lint *l, const struct pn_lint_injection *in);
void pn_lint_check_volumes(struct pn_lint *l, const struct pn_lint_injection *in);
void pn_lint_check_security(struct pn_lint *l, const struct pn_lint_injection *in);
void pn_lint_check_validity(struct pn_lint *l, const struct pn_lint_injection *in);
void pn_lint_check_match(struct pn_lint *l, const struct pn_lint_policy *p);
void pn_lint_check_reach(struct pn_lint *l, const struct pn_lint_policy *p);
void pn_lint_check_overrides(struct pn_lint *l, const struct pn_lint_policy *p);
void pn_lint_check_clashes(struct pn_lint *l);
/* Two policies that some Pod satisfies at once, and that do not clash. */
void pn_lint_check_redundancy(struct pn_lint *l, const struct pn_lint_policy *a,
                              const struct pn_lint_policy *b);
void pn_lint_check_repetition(struct pn_lint *l);
void pn_lint_check_budgets(struct pn_lint *l);
void pn_lint_check_level(struct pn_lint *l, const struct pn_lint_template *t);
void pn_lint_check_usage(struct pn_lint *l);
void pn_lint_check_manifests(struct pn_lint *l);
void pn_lint_check_labels(struct pn_lint *l);
void pn_lint_check_decisions(struct pn_lint *l);

#endif
