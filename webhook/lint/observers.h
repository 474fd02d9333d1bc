/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_OBSERVERS_H
#define PN_LINT_OBSERVERS_H

#include <stdint.h>

#include "lint/model.h"

/* What a sidecar observes the app by. */
enum pn_observes {
    PN_OBSERVES_LOGS = 1 << 0,
    PN_OBSERVES_METRICS = 1 << 1,
    PN_OBSERVES_TRACES = 1 << 2,
};

/* By the name of its image, else by the template's category; 0: it is none. */
uint32_t pn_observer_of(const struct pn_lint_injection *in, const struct pn_lint_container *c);

/* The same by the image alone. */
uint32_t pn_observer_by_image(const struct pn_lint_container *c);

/* The first of them, in words. */
const char *pn_observes_name(uint32_t observes);

#endif
