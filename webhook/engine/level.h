/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_LEVEL_H
#define PN_ENGINE_LEVEL_H

#include "engine/policy_set.h"
#include "engine/reason.h"

/*
 * spec.podSecurity of a template: the level of the Pod Security Standards that all it adds is of.
 * What it adds is judged as a Pod of its own, with nothing in the Pod's securityContext: it must
 * satisfy the level by itself, whatever the Pod says that it comes to. Mounts and variables for the
 * Pod's own containers cannot break a level; volumes, annotations and our containers can.
 */

/* The words of the field, in the order of enum pn_security_level; ends with NULL. */
extern const char *const pn_level_words[];

/*
 * At load: judges what is written out; each fault of a container, volume or annotation is told with
 * its place. What is computed is judged when it is rendered. The nodes may be NULL.
 */
void pn_level_check_containers(struct pn_decoder *d, const struct pn_template *t,
                               const struct pn_node *list, const char *what);
void pn_level_check_volumes(struct pn_decoder *d, const struct pn_template *t,
                            const struct pn_node *list);
void pn_level_check_annotations(struct pn_decoder *d, const struct pn_template *t,
                                const struct pn_node *node);

/* The rendered template is not of the level that it declares. */
#define PN_LEVEL_E_REASON 1

/*
 * Judges all of a rendered fragment, as part of a Windows Pod or of another. Returns 0,
 * PN_LEVEL_E_REASON (*ret_reason is pod-security-violation), or -ENOMEM.
 */
int pn_level_judge(const struct pn_template *t, const struct pn_fragment *fragment, bool windows,
                   struct pn_arena *a, struct pn_reason *ret_reason) PN_MUST_CHECK;

#endif
