/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_FRAGMENT_CHECK_H
#define PN_ENGINE_FRAGMENT_CHECK_H

#include "engine/decode.h"
#include "kube/schema.h"

/*
 * What a template adds to Pods, checked when it is loaded, as far as it is written out: the API
 * server drops an unknown field without a word, and answers 500 to a mistyped one. Each function
 * takes nodes that may be NULL (absent) and reports every fault with its place; `what` is the path
 * in messages.
 */

/* Each item of a list compared with Kubernetes' schema: fields, types, ranges, quantities. */
void pn_check_schema(struct pn_decoder *d, const struct pn_node *list, enum pn_schema_root root,
                     const char *what);

/*
 * True when only rendering tells what the node is: a string with ${...}, a mapping with an operator
 * or a computed key. The checks here pass over such nodes; the rendered fragment is checked whole
 * (fragment.h).
 */
bool pn_is_computed(const struct pn_node *node);

/* A mapping of legal annotation keys to strings, none of them pannier's own. */
void pn_check_annotations(struct pn_decoder *d, const struct pn_node *node, const char *what);

/* A list of volumes with legal, distinct names. */
void pn_check_volumes(struct pn_decoder *d, const struct pn_node *list);

/* Both lists of containers: names, images, requests, mounts of the template's volumes, env. */
void pn_check_containers(struct pn_decoder *d, const struct pn_node *init_containers,
                         const struct pn_node *containers, const struct pn_node *volumes);

/* A list of mounts of `volumes`. */
void pn_check_mounts(struct pn_decoder *d, const struct pn_node *list,
                     const struct pn_node *volumes, const char *what);

/* Mounts in the Pod's own containers: not where the app would no longer be the app. */
void pn_check_forbidden_mounts(struct pn_decoder *d, const struct pn_node *list);

/* A list of env variables; values whose name says that they are secret are refused. */
void pn_check_env(struct pn_decoder *d, const struct pn_node *list, const char *what);

/* A list of mappings; and one of mappings that have a name. */
void pn_check_objects(struct pn_decoder *d, const struct pn_node *list, const char *what,
                      const char *field);
void pn_check_named_objects(struct pn_decoder *d, const struct pn_node *list, const char *what,
                            const char *field);

#endif
