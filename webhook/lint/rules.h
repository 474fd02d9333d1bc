/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_RULES_H
#define PN_LINT_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/str.h"

/*
 * The rules of `pannier lint`. A severity has one meaning: an error is refused by the API server,
 * can never work, or breaks a documented boundary; a warning is probably wrong or risky; an info is
 * advice. Codes and names are never renamed and never reused; the first two digits are the group.
 */
enum pn_rule_id {
    PN_RULE_INVALID_POD,
    PN_RULE_INVALID_WORKLOAD,

    PN_RULE_MATCH_EVERYTHING,
    PN_RULE_UNSATISFIABLE_SELECTOR,
    PN_RULE_SHADOWED_POLICY,
    PN_RULE_AMBIGUOUS_ORDER,
    PN_RULE_CONTROLLER_MANAGED_LABEL,
    PN_RULE_SELECTS_NO_WORKLOAD,
    PN_RULE_LABEL_ON_WRONG_LEVEL,
    PN_RULE_NEGATIVE_ONLY_SELECTOR,
    PN_RULE_HOST_NETWORK_SELECTED,
    PN_RULE_WINDOWS_SELECTED,
    PN_RULE_DENY_IN_ALL_NAMESPACES,
    PN_RULE_DENY_CAN_BE_AVOIDED,
    PN_RULE_DENY_IS_ASKED_FOR,
    PN_RULE_ROLLOUT_OF_NOTHING,
    PN_RULE_LABEL_OF_NO_POLICY,
    PN_RULE_NEEDS_NAMESPACE_LABELS,
    PN_RULE_WORKLOAD_DENIED,
    PN_RULE_FAILS_ON_WORKLOAD,
    PN_RULE_SELECTS_PROTECTED,
    PN_RULE_OPT_OUT_WITHOUT_EFFECT,
    PN_RULE_CONSTANT_CONDITION,
    PN_RULE_AUDIT_ONLY,

    PN_RULE_INIT_NEVER_EXITS,
    PN_RULE_CLASSIC_SIDECAR,
    PN_RULE_NO_STARTUP_PROBE,
    PN_RULE_READINESS_GATES_POD,
    PN_RULE_STOP_EXCEEDS_GRACE,
    PN_RULE_STOPS_WITH_APP,
    PN_RULE_IDENTICAL_PROBES,
    PN_RULE_INIT_ORDER,
    PN_RULE_PROBE_PORT_UNDECLARED,
    PN_RULE_STARTUP_BLOCKS_APP,
    PN_RULE_INSTALLS_PACKAGES,
    PN_RULE_EAGER_LIVENESS,
    PN_RULE_RUNS_DOWNLOAD,

    PN_RULE_MISSING_MEMORY_LIMIT,
    PN_RULE_FRACTIONAL_BYTES,
    PN_RULE_QOS_DOWNGRADE,
    PN_RULE_BUDGET_EXCEEDED,
    PN_RULE_COMBINED_BUDGET_EXCEEDED,
    PN_RULE_HEAVY_SIDECARS,
    PN_RULE_UNBOUNDED_EMPTY_DIR,
    PN_RULE_BLOCKS_SCALE_DOWN,
    PN_RULE_BUDGET_ALLOWS_NOTHING,
    PN_RULE_BUDGET_TRIMS,
    PN_RULE_POD_LEVEL_EXCEEDED,
    PN_RULE_WORKLOAD_LOSES_CLASS,
    PN_RULE_APP_REQUESTS_NOTHING,
    PN_RULE_BUDGET_OF_NOTHING,
    PN_RULE_SHARE_WITHOUT_FLOOR,
    PN_RULE_IMPLAUSIBLE_QUANTITY,

    PN_RULE_MUTABLE_TAG,
    PN_RULE_NO_DIGEST,
    PN_RULE_PULL_POLICY_MISMATCH,
    PN_RULE_INVALID_IMAGE,
    PN_RULE_VERSION_SKEW,

    PN_RULE_PRIVILEGED,
    PN_RULE_RUNTIME_SOCKET,
    PN_RULE_HOST_PATH,
    PN_RULE_WRITABLE_HOST_PATH,
    PN_RULE_MAY_RUN_AS_ROOT,
    PN_RULE_WRITABLE_ROOT,
    PN_RULE_PRIVILEGE_ESCALATION,
    PN_RULE_ADDED_CAPABILITY,
    PN_RULE_CAPABILITIES_NOT_DROPPED,
    PN_RULE_NO_SECCOMP_PROFILE,
    PN_RULE_HOST_PORT,
    PN_RULE_BREAKS_BASELINE,
    PN_RULE_MESH_USER,
    PN_RULE_DOCKER_IN_DOCKER,
    PN_RULE_ENTERS_NODE,
    PN_RULE_LEVEL_UNDERSTATED,
    PN_RULE_REMOTE_SHELL,

    PN_RULE_CONTAINER_COLLISION,
    PN_RULE_VOLUME_CONFLICT,
    PN_RULE_MOUNT_CONFLICT,
    PN_RULE_PORT_COLLISION,
    PN_RULE_PORT_NAME_COLLISION,
    PN_RULE_ENV_CONFLICT,
    PN_RULE_ANNOTATION_CONFLICT,
    PN_RULE_UNUSED_VOLUME,
    PN_RULE_NAMESPACED_REFERENCE,
    PN_RULE_DEFAULT_CONTAINER,
    PN_RULE_APP_HAS_CONTAINER,
    PN_RULE_APP_HAS_VOLUME,
    PN_RULE_APP_HAS_MOUNT,
    PN_RULE_APP_HAS_PORT,
    PN_RULE_APP_HAS_HOST_PORT,
    PN_RULE_APP_HAS_PORT_NAME,
    PN_RULE_APP_HAS_ENV,
    PN_RULE_APP_HAS_ANNOTATION,
    PN_RULE_APP_CONTAINER_MISSING,

    PN_RULE_REDUNDANT_OBSERVERS,
    PN_RULE_TOO_MANY_SIDECARS,
    PN_RULE_UNUSED_TEMPLATE,
    PN_RULE_UNUSED_PARAMETER,
    PN_RULE_REDUNDANT_VALUE,
    PN_RULE_PARAMETER_REFUSED,
    PN_RULE_REDUNDANT_POLICY,
    PN_RULE_NETWORK_TWICE,
    PN_RULE_SEVERAL_PROGRAMS,
    PN_RULE_OVERRIDE_WITHOUT_EFFECT,
    PN_RULE_PREFIXES_COLLIDE,
    PN_RULE_NODE_AGENT,
    PN_RULE_SEVERAL_WRITERS,

    PN_RULE_UNKNOWN_SUPPRESSION,
    PN_RULE_UNUSED_SUPPRESSION,
    PN_RULE_SUPPRESSION_WITHOUT_REASON,

    PN_RULE_COUNT, /* of those that lint finds; behind them come those of the loader */
};

struct pn_rule {
    const char *code; /* "PN0604" */
    const char *name; /* "port-collision" */
    enum pn_severity severity;
    bool asked_for; /* off unless it is selected */
    const char *summary;
};

/* The rules in order of their codes, i < pn_rule_count(). Those of the loader are among them. */
const struct pn_rule *pn_rule_at(size_t i);
size_t pn_rule_count(void);

/* A number of its own for each rule, below pn_rule_count(): for arrays. */
size_t pn_rule_index(const struct pn_rule *rule);

const struct pn_rule *pn_rule_of(enum pn_rule_id id);

/* The rule that a loader's diagnostic belongs to, by its id; NULL: none. */
const struct pn_rule *pn_rule_of_diagnostic(const char *id);

/* The rule with that code or name, or NULL. */
const struct pn_rule *pn_rule_find(struct pn_str word);

/* True when `word` means the rule: its code, its name, the beginning of its code ("PN06"), "ALL".
 */
bool pn_rule_is_meant(const struct pn_rule *rule, struct pn_str word);

/* The nearest code or name, for "did you mean"; NULL: none. */
const char *pn_rule_nearest(struct pn_str word);

/* The same when it is beyond doubt: pn_str_meant. */
const char *pn_rule_meant(struct pn_str word);

#endif
