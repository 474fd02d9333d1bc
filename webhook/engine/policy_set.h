/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_POLICY_SET_H
#define PN_ENGINE_POLICY_SET_H

/* Private to the engine: what a compiled policy set holds. All of it lives in the set's arena. */

#include <stdatomic.h>

#include "base/arena.h"
#include "engine/added.h"
#include "engine/decode.h"
#include "engine/fragment.h"
#include "engine/params.h"
#include "engine/policy.h"
#include "engine/view.h"
#include "jsone/jsone.h"
#include "kube/labels.h"

/* Tables of one file that another one's fields hold. */
extern const struct pn_field pn_document_fields[], pn_parameter_fields[], pn_inject_fields[],
    pn_override_fields[];

struct pn_budget;
struct pn_budget_draft;
struct pn_index;

/* Where a container goes among the init containers, relative to those that are not ours. */
enum pn_position {
    PN_POSITION_FIRST,       /* before all */
    PN_POSITION_BEFORE_INIT, /* before the first that ends */
    PN_POSITION_AFTER_INIT,  /* after the last that ends */
    PN_POSITION_LAST,        /* after all; the default */
};

struct pn_placement {
    struct pn_str container;
    enum pn_position position;
    struct pn_strs before, after; /* names of init containers, ours or foreign */
};

/* What expressions ask for beside parameters and literals. */
struct pn_mentions {
    struct pn_view_fields pod;
    bool namespace; /* its name, perhaps its labels */
    bool namespace_labels;
};

struct pn_template {
    struct pn_str name;
    struct pn_str category;
    bool supports_host_network;
    bool supports_linux, supports_windows;
    int token;                         /* enum pn_token */
    int pod_security;                  /* enum pn_security_level, which holds for all it adds */
    struct pn_strs image_repositories; /* what "ours" may run when read back */
    struct pn_parameters parameters;
    struct pn_value literals; /* object of values, or absent */
    /* JSON-e; NULL: not there */
    const struct pn_template_expr *pod, *app_containers, *append_annotations;
    struct pn_mentions mentions;
    const struct pn_placement *placements;
    size_t placement_count;
    uint64_t hash; /* of the document's spec */
};

/* A template as one policy uses it: its parameters bound, and folded as far as that goes. */
struct pn_injection {
    const struct pn_template *template;
    struct pn_value parameters; /* those that are known at load */
    struct pn_overrides overrides;
    struct pn_value bound; /* what expressions see, of what is known before any Pod is seen */
    const struct pn_template_expr *pod, *app_containers, *append_annotations;
    const struct pn_fragment *constant;   /* NULL: it depends on the Pod */
    struct pn_added constant_added;       /* of that */
    const struct pn_fragment *by_default; /* for Pods that override nothing; NULL: render it */
};

struct pn_policy {
    struct pn_str name;
    struct pn_selector pod_selector;
    struct pn_value pod_annotations;       /* object of strings, or absent */
    struct pn_selector namespace_selector; /* no requirements: all namespaces */
    const struct pn_template_expr *when;   /* NULL: always */
    struct pn_str when_text;
    struct pn_mentions when_mentions;
    const struct pn_injection *injections;
    size_t injection_count;
    int32_t priority;
    bool opt_out_forbidden;
    bool deny_on_failure;
    bool audit;              /* decided and told, never done */
    int32_t rollout_percent; /* 0 to 100 */
    struct pn_str rollout_salt;
    struct pn_str rev; /* eight hex digits: a hash of `inject` and its templates */
};

struct pn_policy_set {
    atomic_uint references;
    uint64_t hash; /* of all documents */
    struct pn_arena *arena;
    const struct pn_template *templates;
    size_t template_count;
    const struct pn_policy *policies; /* in order of evaluation */
    size_t policy_count;
    const struct pn_budget *budgets; /* by name */
    size_t budget_count;
    const struct pn_str *categories; /* of all templates, sorted, each once */
    size_t category_count;
    const struct pn_index *index;
    const struct pn_view_zeros *zeros;
};

/* ---- while a set is being made --------------------------------------------------------- */

/* A decoded template and the nodes that faults found later are about. */
struct pn_template_draft {
    struct pn_template template;
    const struct pn_source *source;
    const struct pn_node *name_node;
    const struct pn_node *annotations, *append_annotations; /* what it writes, where static */
    const struct pn_node *placement;                        /* a list, or NULL */
};

/* A decoded policy; `inject` is resolved when all templates are known. */
struct pn_policy_draft {
    struct pn_policy policy;
    const struct pn_source *source;
    const struct pn_node *name_node;
    const struct pn_node *inject;
    const struct pn_node *pod_annotations_node;
    uint64_t hash; /* of the document's spec */
};

/*
 * Decodes the document into a draft; faults go to d->diags. The draft is usable (all pointers
 * valid) even then.
 */
void pn_template_decode(struct pn_template_draft *ret, struct pn_decoder *d,
                        const struct pn_document *doc);
void pn_policy_decode(struct pn_policy_draft *ret, struct pn_decoder *d,
                      const struct pn_document *doc);

/* The metadata that both kinds share. Sets *ret_name and *ret_node (NULL when it is missing). */
void pn_metadata_decode(struct pn_str *ret_name, const struct pn_node **ret_node,
                        struct pn_decoder *d, const struct pn_document *doc);

/* A hash of a node's JSON, for `rev`. 0 when memory was refused (d->out_of_memory is set). */
uint64_t pn_node_hash(struct pn_decoder *d, const struct pn_node *node);

/* Decodes a label selector (NULL: none, and *ret stays as it is). Faults go to d->diags. */
void pn_selector_decode(struct pn_selector *ret, struct pn_decoder *d, const struct pn_node *node,
                        const char *what);

/* All documents of a set, decoded. */
struct pn_drafts {
    struct pn_template_draft *templates;
    struct pn_policy_draft *policies;
    struct pn_budget_draft *budgets;
    size_t template_count, policy_count, budget_count;
};

/*
 * Resolves names, checks what concerns several documents, sorts, and builds the index. The drafts'
 * contents move into the set. Faults go to d->diags.
 */
void pn_compile(struct pn_policy_set *set, const struct pn_drafts *drafts, struct pn_decoder *d);

#endif
