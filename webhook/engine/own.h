/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_OWN_H
#define PN_ENGINE_OWN_H

#include "engine/pod.h"
#include "engine/policy_set.h"

/*
 * What of a template is in the Pod already. A container or volume is ours when it has the name that
 * we would give it and the content that we would render, compared by what we set: what defaulting,
 * LimitRanger, an image-rewriting webhook or the ServiceAccount plugin put beside it is left alone.
 * A marker annotation proves nothing: users can write it, and Pods get copied.
 */
enum pn_own_state {
    PN_OWN_ABSENT,
    PN_OWN_OURS,     /* there; fields may be missing */
    PN_OWN_TAMPERED, /* our image, and another command, restartPolicy, env, mount, ... */
    PN_OWN_TAKEN,    /* something else of that name */
};

struct pn_own {
    enum pn_own_state state;
    bool init;         /* found in initContainers */
    uint32_t at;       /* its received index there */
    const char *field; /* PN_OWN_TAMPERED: what was changed; PN_OWN_TAKEN: what differs,
                        * NULL: the image */
};

/* Looks for container `rendered` of template `t`, which belongs to initContainers if `init`. */
struct pn_own pn_own_container(const struct pn_pod *pod, const struct pn_template *t,
                               struct pn_value rendered, bool init);

/* True when received volume `received` has everything that `rendered` sets, and nothing that picks
 * other files of it. */
bool pn_own_volume(struct pn_value rendered, struct pn_value received);

/* Two mounts at one place: the same part of the same volume, and as writable. */
bool pn_own_mount(struct pn_value received, struct pn_value rendered);

/* A variable says what ours says: one of value and valueFrom, never both. */
bool pn_own_env(struct pn_value received, struct pn_value rendered);

/* An item of envFrom is ours. */
bool pn_own_source(struct pn_value received, struct pn_value rendered);

/*
 * True when `received` holds what `rendered` sets: maps by subset, lists item by item, quantities
 * by value. A rendered zero value (false, 0, "", {}, []) equals an absent one: the API server
 * leaves those out when it writes a Pod.
 */
bool pn_own_includes(struct pn_value received, struct pn_value rendered);

/* True when a container has all that `rendered` sets, but for what others rewrite: the image and
 * restartPolicy. */
bool pn_own_is_whole(struct pn_value received, struct pn_value rendered);

/* True for false, 0, "", {}, [] and null. */
bool pn_own_is_zero(struct pn_value v);

/* The image of `received` is one that the template may run: as rendered, or by its identity. */
bool pn_own_is_our_image(const struct pn_template *t, struct pn_value rendered,
                         struct pn_value received);

/* An image without tag and digest. */
struct pn_str pn_own_repository(struct pn_str image);

#endif
