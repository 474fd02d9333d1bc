/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_ENGINE_RENDER_H
#define PN_ENGINE_RENDER_H

#include "engine/policy_set.h"

/*
 * What template `t` adds. A template without expressions was rendered when it was loaded; the
 * expression language will be evaluated here, with the Pod's baseline as its context.
 */
static inline const struct pn_fragment *pn_render(const struct pn_template *t)
{
    return &t->constant;
}

#endif
