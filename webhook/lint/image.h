/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_IMAGE_H
#define PN_LINT_IMAGE_H

#include <stdbool.h>

#include "base/str.h"

/* The parts of an image reference: "registry/repository:tag@digest". s == NULL: not there. */
struct pn_image {
    struct pn_str repository; /* with its registry */
    struct pn_str tag, digest;
};

struct pn_image pn_image_parse(struct pn_str text);

/* What is wrong with the reference, static, or NULL (the grammar of distribution/reference). */
const char *pn_image_fault(struct pn_str text);

/* The repository's last part: "fluent-bit". */
struct pn_str pn_image_name(struct pn_str repository);

#endif
