/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_KUBE_RESOURCES_LINES_H
#define PN_KUBE_RESOURCES_LINES_H

/*
 * Of resources.c alone: the lines of all lists of resources that a Pod has. What is stated of one
 * resource can be added up without looking at the others, container by container; so the lines are
 * gathered in the order in which Kubernetes adds them, and brought together by name.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

enum pn_resource_kind { PN_REQUESTS, PN_LIMITS, PN_RESOURCE_KINDS };

/* Whose a line is; those of containers come first. */
enum pn_resource_owner {
    PN_OWNER_APP,
    PN_OWNER_SIDECAR,
    PN_OWNER_INIT,
    PN_OWNER_POD,
    PN_OWNER_OVERHEAD,
};

struct pn_resource_line {
    const struct pn_member *member;
    uint32_t index; /* of the container in its list */
    uint8_t owner;  /* enum pn_resource_owner */
    uint8_t kind;   /* enum pn_resource_kind */
};

struct pn_resource_lines {
    struct pn_arena *arena;
    struct pn_err *err;
    const char *app_path; /* what the pointer to an app container begins with */
    struct pn_resource_line *items;
    uint32_t count, capacity;
    uint32_t container_count;
    struct pn_value pod_level; /* spec.resources */
    bool has_pod_level;        /* it states something */
    bool has_pod_limits;       /* of limits, be it by defaulting */
};

/*
 * Gather the lines of a spec, or of containers that are looked at as app containers. arena, err and
 * app_path are given, all else is zero. Return what the functions of resources.h do.
 */
int pn_resource_lines_of_spec(struct pn_resource_lines *lines, struct pn_value spec) PN_MUST_CHECK;
int pn_resource_lines_of_containers(struct pn_resource_lines *lines,
                                    const struct pn_value *containers, uint32_t n) PN_MUST_CHECK;

/* Sorts by name; the lines of one name stay in their order. Returns 0 or -ENOMEM. */
int pn_resource_lines_sort(struct pn_resource_lines *lines) PN_MUST_CHECK;

/* True when line i is the first of its name. */
bool pn_resource_lines_starts(const struct pn_resource_lines *lines, uint32_t i);

/* Puts the pointer to a line in front of err, and returns PN_RESOURCES_E_INVALID or -ENOMEM. */
int pn_resource_lines_invalid(const struct pn_resource_lines *lines,
                              const struct pn_resource_line *line) PN_MUST_CHECK;

static inline bool pn_resource_is_hugepages(struct pn_str name)
{
    return pn_str_has_prefix(name, PN_STR("hugepages-"));
}

#endif
