/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PLAN_H
#define PN_ENGINE_PLAN_H

#include "engine/pod.h"
#include "engine/policy_set.h"

/*
 * The planned Pod: the received one and a log of edits, one for everything that a policy adds,
 * also for what is there already. So the decisions of a second round, which finds everything in
 * the Pod, are those of the first; the patch is written from the edits that are not `present`.
 *
 * A policy's edits are appended and, when it does not fit, taken back by cutting the log to where
 * it was: a policy is atomic, and nothing else needs to be undone. Values are replaced in two
 * places only: an annotation that is appended to, and a securityContext of ours that is repaired.
 */
enum pn_edit_kind {
    PN_EDIT_CONTAINER,   /* value: a container; new: before received index `at` of its list */
    PN_EDIT_FIELD,       /* value: field `key` of our received container `at` */
    PN_EDIT_ITEM,        /* value: an item of list `key` of received container `at` */
    PN_EDIT_VOLUME,      /* value: a volume */
    PN_EDIT_PULL_SECRET, /* value: an item of imagePullSecrets */
    PN_EDIT_ANNOTATION,  /* annotation `key` is the string `value` */
    PN_EDIT_RESOURCES,   /* value: all of spec.resources, which is there */
    PN_EDIT_ORDER,       /* value: an init container that another policy brings; placement: ours */
};

struct pn_edit {
    enum pn_edit_kind kind;
    bool init;        /* of containers: in initContainers */
    bool present;     /* received already: nothing to patch */
    bool provisional; /* in the way stands something that another policy of this round adds */
    uint32_t at;
    /* PN_EDIT_CONTAINER in initContainers: what the template says of its place (NULL: nothing), and
     * the order of those that are new before one index. */
    enum pn_position position;
    const struct pn_placement *placement;
    uint32_t slot;
    struct pn_str key;
    struct pn_value value;
    uint32_t policy;   /* who asked for it */
    uint32_t previous; /* 1 + index of the edit before this one of the same received container */
};

/* How much of what a candidate renders a received container is. */
enum pn_ours {
    PN_OURS_NO,       /* 0: not ours */
    PN_OURS_TAMPERED, /* ours, and somebody changed it */
    PN_OURS_PARTLY,   /* something is missing, or is another, as resources may be */
    PN_OURS_WHOLE,
};

/* A policy that selects the Pod, with what it adds: one fragment for each of its templates. */
struct pn_candidate {
    uint32_t policy;
    const struct pn_fragment *const *fragments;
};

struct pn_plan {
    const struct pn_policy_set *set;
    const struct pn_pod *pod;
    const struct pn_candidate *candidates;
    size_t candidate_count;
    struct pn_arena *arena;
    struct pn_edit *edits;
    uint32_t count, capacity;
    uint32_t repair_count;   /* of the edits */
    size_t annotation_bytes; /* as planned, without the status */
    uint32_t *last_edit[2];  /* [init][i]: 1 + index of the last edit of received container i */
    enum pn_ours *ours[2];   /* [init][i]: received container i is ours */
    struct pn_value *rendered[2]; /* [init][i]: and what a candidate renders of it; else absent */
    uint32_t policy;              /* the one being merged */
    bool strict;                  /* what was received stands, whoever adds the same */
    bool ignores_order;           /* new containers need no place that before and after allow */
    bool is_final;                /* what was received is judged, also by its order */
};

/* An empty plan in `a`. Returns 0 or -ENOMEM. */
int pn_plan_init(struct pn_plan *ret, const struct pn_policy_set *set, const struct pn_pod *pod,
                 const struct pn_candidate *candidates, size_t candidate_count,
                 struct pn_arena *a) PN_MUST_CHECK;

/* The log holds PN_PLAN_EDITS_MAX edits. */
#define PN_PLAN_E_FULL 2

/* Appends an edit; policy and previous are filled in. Returns 0, PN_PLAN_E_FULL or -ENOMEM. */
int pn_plan_add(struct pn_plan *plan, struct pn_edit edit) PN_MUST_CHECK;

/* Takes back all edits after the first `count`. */
void pn_plan_cut(struct pn_plan *plan, uint32_t count);

/* True when an edit after the first `from` changes the Pod. */
bool pn_plan_changes(const struct pn_plan *plan, uint32_t from);

/*
 * What the edits after the first `from` put into the Pod: "env LEVEL of container app, volume
 * logs". As long as an argument of a reason; `s` == NULL when memory was refused.
 */
struct pn_str pn_plan_describe_changes(const struct pn_plan *plan, uint32_t from);

/* True when an edit is provisional: with everything merged, it cannot be made. */
bool pn_plan_is_provisional(const struct pn_plan *plan);

/* The received containers of one list. */
static inline const struct pn_containers *pn_plan_list(const struct pn_plan *plan, bool init)
{
    return init ? &plan->pod->init_containers : &plan->pod->containers;
}

/* The name of a container, volume, env variable or secret; s == NULL when it has none. */
static inline struct pn_str pn_plan_name(struct pn_value named)
{
    return pn_value_str(PN_GET(named, "name"));
}

static inline const struct pn_policy *pn_plan_policy(const struct pn_plan *plan,
                                                     const struct pn_candidate *c)
{
    return &plan->set->policies[c->policy];
}

/* A container that runs for long: no init container that ends. */
static inline bool pn_plan_runs_for_long(struct pn_value container, bool init)
{
    return !init || pn_value_is_string(PN_GET(container, "restartPolicy"), "Always");
}

/* The item of a list that has this name, or absent. */
struct pn_value pn_plan_named(struct pn_value list, struct pn_str name);

/* The planned container, volume or pull secret of this name, or NULL. */
const struct pn_edit *pn_plan_find(const struct pn_plan *plan, enum pn_edit_kind kind,
                                   struct pn_str name);

/* The planned annotation, or NULL. */
const struct pn_edit *pn_plan_find_annotation(const struct pn_plan *plan, struct pn_str key);

/* Annotation `key` as planned, else as received, or absent. */
struct pn_value pn_plan_annotation(const struct pn_plan *plan, struct pn_str key);

/*
 * The planned item of list `field` (volumeMounts, env) of received container `at` whose `key` is
 * that of `item`, or NULL. Mount paths are compared by what they mean: /a/ is /a.
 */
const struct pn_edit *pn_plan_find_item(const struct pn_plan *plan, bool init, uint32_t at,
                                        struct pn_str field, struct pn_str key,
                                        struct pn_value item);

/* The received one (the last, which is the one in force), or absent. */
struct pn_value pn_plan_received_item(struct pn_value container, struct pn_str field,
                                      struct pn_str key, struct pn_value item);

/* A path without slashes at its end; "/" stays. */
struct pn_str pn_plan_path(struct pn_str path);

/* True when path `inner` is below `outer`, or is another spelling of it; also when one has "..",
 * which leads anywhere. The very same path is not. */
bool pn_plan_is_inside(struct pn_str inner, struct pn_str outer);

/* True when one path is inside the other. */
bool pn_plan_is_nested(struct pn_str a, struct pn_str b);

/*
 * Bytes of all annotations as planned, keys and values, as the API server counts them, without
 * the status.
 */
size_t pn_plan_annotation_bytes(const struct pn_plan *plan);

#endif
