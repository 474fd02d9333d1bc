/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_REPORT_EFFECT_H
#define PN_REPORT_EFFECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/value.h"
#include "engine/engine.h"
#include "kube/qos.h"
#include "report/preview.h"

/* What becomes different for an object when one set of policies takes the place of another. */

/* What one set makes of the object. */
struct pn_effect_side {
    const struct pn_decision *decision; /* NULL: there are no policies */
    struct pn_value pod, object;        /* as they would be */
};

/* A policy whose part differs. NULL: it does not select the Pod, or is not there. */
struct pn_effect_policy {
    struct pn_str name;
    const struct pn_reason *before, *after;
};

/* True for the reason of a policy whose content goes into the Pod; false for none (NULL). */
bool pn_effect_is_in(const struct pn_reason *reason);

enum pn_effect_change { PN_EFFECT_ADDED, PN_EFFECT_REMOVED, PN_EFFECT_CHANGED };

struct pn_effect_container {
    struct pn_str name;
    enum pn_effect_change change;
};

/* The scheduler's effective request of a resource. */
struct pn_effect_request {
    struct pn_str resource;
    struct pn_str before, after; /* quantities, or "out of range" */
    struct pn_str delta;         /* "+64Mi", "-10m", "0"; s == NULL: out of range */
    __int128 delta_nano;
};

struct pn_effect {
    bool compares; /* with what other policies make, not with the object as it is */
    bool changes;  /* anything at all */
    bool differs;  /* the object itself */
    bool other;    /* the object differs, and nothing of what follows says in what */
    enum pn_outcome before, after;
    const struct pn_effect_policy *policies;
    size_t policy_count;
    /* Empty when one side is denied: it has no Pod to compare. */
    const struct pn_effect_container *containers;
    size_t container_count;
    const struct pn_effect_request *requests; /* of all resources; those that stay have delta 0 */
    size_t request_count;
    enum pn_qos qos_before, qos_after; /* unknown when one side is denied */
    /* Warnings that one side alone has. */
    const struct pn_str *new_warnings, *gone_warnings;
    size_t new_warning_count, gone_warning_count;
};

/* Compares. *ret lives in `a` and borrows from both sides. Returns 0 or -ENOMEM. */
int pn_effect_make(struct pn_effect *ret, const struct pn_effect_side *before,
                   const struct pn_effect_side *after, struct pn_arena *a) PN_MUST_CHECK;

/* Sums over all objects. */
struct pn_effect_totals {
    bool compares; /* with a base; else with no policies at all */
    size_t changed;
    size_t newly_denied, no_longer_denied;
    __int128 cpu_nano, memory_nano; /* by which one Pod of each object grows */
    bool out_of_range;
};

void pn_effect_count(struct pn_effect_totals *totals, const struct pn_effect *effect);

/* ---- text -------------------------------------------------------------------------------- */

/* How texts of strangers and marks are written in a cell. */
struct pn_effect_style {
    void (*name)(struct pn_buf *out, struct pn_str text);
    const char *changed; /* the mark beside + and - */
};

/* The cells of an object's row; nothing at all where nothing differs. */
void pn_effect_write_result(struct pn_buf *out, const struct pn_effect *e);
void pn_effect_write_policies(struct pn_buf *out, const struct pn_effect *e,
                              const struct pn_effect_style *style);
void pn_effect_write_containers(struct pn_buf *out, const struct pn_effect *e,
                                const struct pn_effect_style *style);
void pn_effect_write_requests(struct pn_buf *out, const struct pn_effect *e,
                              const struct pn_effect_style *style);
void pn_effect_write_qos(struct pn_buf *out, const struct pn_effect *e);

/* "41 objects: 3 change, 38 do not; 1 newly denied; memory +192Mi (one Pod of each)", without a
 * line break. Returns 0 or -ENOMEM. */
int pn_effect_write_summary(struct pn_buf *out, const struct pn_effect_totals *totals,
                            const struct pn_preview_counts *counts) PN_MUST_CHECK;

/* "added", "removed", "changed". */
const char *pn_effect_change_name(enum pn_effect_change change);

/* An amount with its sign, in `a`; s == NULL when memory is out. */
struct pn_str pn_effect_delta(struct pn_str resource, __int128 nano, struct pn_arena *a);

#endif
