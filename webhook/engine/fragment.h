/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_FRAGMENT_H
#define PN_ENGINE_FRAGMENT_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/decode.h"

/* One entry of appContainers, rendered: what the Pod's own containers receive. */
struct pn_app_rule {
    struct pn_value names;                        /* a list of strings; "*": all */
    bool init_containers;                         /* the app's init containers too */
    struct pn_value volume_mounts, env, env_from; /* lists of objects, or absent */
};

/* What a template adds to a Pod, as rendered: lists of objects and objects of strings, or absent.
 */
struct pn_fragment {
    struct pn_value annotations, append_annotations;
    struct pn_value init_containers, containers, volumes, image_pull_secrets;
    const struct pn_app_rule *app_rules;
    size_t app_rule_count;
};

/* True when the rule is about containers named `name`. */
bool pn_fragment_rule_names(const struct pn_app_rule *rule, struct pn_str name);

/* True when the name of an env variable says that its value is secret. */
bool pn_fragment_says_secret(struct pn_str name);

/*
 * True when an app container would no longer start, or no longer be the app, with something mounted
 * at `path`: the root, the system's directories, the API server's own token.
 */
bool pn_fragment_is_forbidden_mount(struct pn_str path);

/* The rendered template is nothing that could be added to a Pod. */
#define PN_FRAGMENT_E_INVALID 1

/*
 * Checks what came of a template's `pod`, `appContainers` and `appendAnnotations` (each may be
 * absent) and takes it apart. The API server drops an unknown field without a word and answers 500
 * to a mistyped one, so everything is compared with the schema here. Arrays of *ret live in `a`,
 * the rest is borrowed. Returns 0, PN_FRAGMENT_E_INVALID (err says what, and where), or -ENOMEM.
 */
int pn_fragment_build(struct pn_fragment *ret, struct pn_value pod, struct pn_value app_containers,
                      struct pn_value append_annotations, struct pn_arena *a,
                      struct pn_err *err) PN_MUST_CHECK;

#endif
