/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_PLAN_H
#define PN_ENGINE_PLAN_H

#include "engine/pod.h"
#include "engine/policy_set.h"

/*
 * The planned Pod: the received one and a log of edits. A policy's edits are appended and, when it
 * does not fit, taken back by cutting the log to where it was: a policy is atomic, and nothing
 * else needs to be undone. Edits only add; the one place where a value is replaced is an
 * annotation.
 */
enum pn_edit_kind {
    PN_EDIT_CONTAINER,   /* value: a new container, before received index `at` of its list */
    PN_EDIT_FIELD,       /* value: field `key` of received container `at`, absent until now */
    PN_EDIT_ITEM,        /* value: a new item of list `key` of received container `at` */
    PN_EDIT_VOLUME,      /* value: a new volume */
    PN_EDIT_PULL_SECRET, /* value: a new item of imagePullSecrets */
    PN_EDIT_ANNOTATION,  /* annotation `key` becomes the string `value` */
};

struct pn_edit {
    enum pn_edit_kind kind;
    bool init; /* of containers: in initContainers */
    uint32_t at;
    enum pn_position position; /* PN_EDIT_CONTAINER in initContainers: orders those of one place */
    struct pn_str key;
    struct pn_value value;
    uint32_t policy;   /* who asked for it */
    uint32_t previous; /* 1 + index of the edit before this one of the same received container */
};

struct pn_plan {
    const struct pn_policy_set *set;
    const struct pn_pod *pod;
    struct pn_arena *arena;
    struct pn_edit *edits;
    uint32_t count, capacity;
    uint32_t *last_edit[2]; /* [init][i]: 1 + index of the last edit of received container i */
    bool *ours[2];          /* [init][i]: received container i is ours */
    uint32_t policy;        /* the one being merged */
};

/* An empty plan in `a`. Returns 0 or -ENOMEM. */
int pn_plan_init(struct pn_plan *ret, const struct pn_policy_set *set, const struct pn_pod *pod,
                 struct pn_arena *a) PN_MUST_CHECK;

/* The log holds PN_PLAN_EDITS_MAX edits. */
#define PN_PLAN_E_FULL 2

/* Appends an edit; policy and previous are filled in. Returns 0, PN_PLAN_E_FULL or -ENOMEM. */
int pn_plan_add(struct pn_plan *plan, struct pn_edit edit) PN_MUST_CHECK;

/* Takes back all edits after the first `count`. */
void pn_plan_cut(struct pn_plan *plan, uint32_t count);

/* The received containers of one list. */
static inline const struct pn_containers *pn_plan_list(const struct pn_plan *plan, bool init)
{
    return init ? &plan->pod->init_containers : &plan->pod->containers;
}

/* The edit that adds container or volume `name`, or NULL. */
const struct pn_edit *pn_plan_find(const struct pn_plan *plan, enum pn_edit_kind kind,
                                   struct pn_str name);

/* Annotation `key` as planned, or absent. */
struct pn_value pn_plan_annotation(const struct pn_plan *plan, struct pn_str key);

/* Received volume `name`, or absent. */
struct pn_value pn_plan_received_volume(const struct pn_plan *plan, struct pn_str name);

/*
 * The item of list `field` (volumeMounts, env, ports) of received container `at` whose `key` is
 * that of `item`: received, or planned already. Mount paths are compared by what they mean: /a/ is
 * /a.
 */
struct pn_value pn_plan_item(const struct pn_plan *plan, bool init, uint32_t at,
                             struct pn_str field, struct pn_str key, struct pn_value item);

/* True when an edit gives received container `at` the field `key`. */
bool pn_plan_has_field(const struct pn_plan *plan, bool init, uint32_t at, struct pn_str key);

/* Bytes of all annotations as planned, keys and values, as the API server counts them. */
size_t pn_plan_annotation_bytes(const struct pn_plan *plan);

#endif
