/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_REASON_H
#define PN_ENGINE_REASON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/value.h"

/*
 * Why a policy was applied or not: data (an id and arguments); text is made here and nowhere else.
 * Ids are stable and never reused. The table in reason.c is the catalogue: name, class, text.
 */
enum pn_reason_class {
    PN_CLASS_REVIEW,       /* no policy was evaluated */
    PN_CLASS_SUCCESS,      /* the policy's content is in the Pod */
    PN_CLASS_NOT_SELECTED, /* the policy does not want this Pod */
    PN_CLASS_FAILURE,      /* selected, and not possible: follows the policy's onFailure */
    PN_CLASS_NOTE,         /* beside another reason */
};

enum pn_reason_id {
    PN_REASON_NONE,
    /* review */
    PN_REASON_NOT_A_POD,
    PN_REASON_NOT_CREATE,
    PN_REASON_SUBRESOURCE,
    PN_REASON_MIRROR_POD,
    PN_REASON_PROTECTED_NAMESPACE,
    PN_REASON_POD_ALREADY_INVALID,
    PN_REASON_NO_POLICY_SELECTED,
    /* success */
    PN_REASON_INJECTED,
    PN_REASON_ALREADY_INJECTED,
    PN_REASON_REPAIRED,
    PN_REASON_INJECTED_OVER_BUDGET,
    PN_REASON_WOULD_INJECT,
    PN_REASON_WOULD_DENY,
    /* not selected */
    PN_REASON_NAMESPACE_SELECTOR_MISMATCH,
    PN_REASON_POD_SELECTOR_MISMATCH,
    PN_REASON_POD_ANNOTATION_MISMATCH,
    PN_REASON_CONDITION_FALSE,
    PN_REASON_OUTSIDE_ROLLOUT,
    PN_REASON_OPTED_OUT,
    /* failure */
    PN_REASON_NAMESPACE_LABELS_UNKNOWN,
    PN_REASON_CONDITION_ERROR,
    PN_REASON_HOST_NETWORK,
    PN_REASON_WINDOWS_POD,
    PN_REASON_JOB_WOULD_NOT_COMPLETE,
    PN_REASON_APP_CONTAINER_NOT_FOUND,
    PN_REASON_PARAMETER_MISSING,
    PN_REASON_PARAMETER_INVALID,
    PN_REASON_TEMPLATE_ERROR,
    PN_REASON_TEMPLATE_LIMIT,
    PN_REASON_RENDERED_INVALID,
    PN_REASON_ORDER_UNSATISFIABLE,
    PN_REASON_CONTAINER_NAME_TAKEN,
    PN_REASON_SIDECAR_TAMPERED,
    PN_REASON_VOLUME_NAME_TAKEN,
    PN_REASON_MOUNT_PATH_TAKEN,
    PN_REASON_MOUNT_PATH_OVERLAP,
    PN_REASON_PORT_TAKEN,
    PN_REASON_HOST_PORT_TAKEN,
    PN_REASON_PORT_NAME_TAKEN,
    PN_REASON_ENV_TAKEN,
    PN_REASON_ANNOTATION_TAKEN,
    PN_REASON_BUDGET_SIDECARS,
    PN_REASON_BUDGET_CATEGORY,
    PN_REASON_BUDGET_ADDED,
    PN_REASON_BUDGET_POD_GROWTH,
    PN_REASON_BUDGET_SHARE_OF_APP,
    PN_REASON_GUARANTEED_QOS_LOST,
    PN_REASON_POD_LEVEL_RESOURCES_EXCEEDED,
    PN_REASON_POD_WOULD_BE_INVALID,
    PN_REASON_POD_SECURITY_VIOLATION,
    PN_REASON_PATCH_TOO_LARGE,
    /* note */
    PN_REASON_OPT_OUT_REFUSED,
    PN_REASON_ANNOTATION_INVALID,
    PN_REASON_APP_REQUESTS_UNKNOWN,
    PN_REASON_REQUESTS_RAISED,
    PN_REASON_POD_LEVEL_RESOURCES_RAISED,
    PN_REASON_ORDER_NEIGHBOUR_ABSENT,
    PN_REASON_COUNT,
};

/* A reason and its arguments: an object of named values ({} or absent when it takes none). */
struct pn_reason {
    enum pn_reason_id id;
    struct pn_value arguments;
};

/* The stable id, for example "container-name-taken". PN_REASON_NONE is "". */
const char *pn_reason_name(enum pn_reason_id id);

enum pn_reason_class pn_reason_class_of(enum pn_reason_id id);

/* Writes one sentence for people, without final period: the arguments put into the table's text. */
void pn_reason_write(struct pn_buf *out, const struct pn_reason *reason);

/* Of a success that changes the Pod: what the Pod lacks of what the policy adds. */
struct pn_str pn_reason_lack(const struct pn_reason *reason);

/* The most arguments that a reason of the catalogue has. */
#define PN_REASON_ARGUMENTS_MAX 6

/* One argument of a reason. */
struct pn_argument {
    const char *name; /* static */
    struct pn_str value;
};

/*
 * A reason with string arguments. Values of more than PN_REASON_ARGUMENT_MAX_BYTES are cut: they
 * may be a stranger's. Returns the reason, without arguments when the arena refused them: a reason
 * is never lost.
 */
struct pn_reason pn_reason_make(struct pn_arena *a, enum pn_reason_id id,
                                const struct pn_argument *arguments, size_t n);

/* The same for a list in place: PN_REASON(a, PN_REASON_X, {"name", value}, {"other", value}). */
#define PN_REASON(arena, id, ...)                                            \
    pn_reason_make((arena), (id), (const struct pn_argument[]){__VA_ARGS__}, \
                   sizeof((const struct pn_argument[]){__VA_ARGS__}) / sizeof(struct pn_argument))

#endif
