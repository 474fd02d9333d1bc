/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/image.h"
#include "lint/model.h"

/* Tags that are moved by their nature: the head of a branch, or the newest release. */
static const char *const moving_tags[] = {"latest", "main",    "master", "head",  "edge",
                                          "dev",    "nightly", "canary", "stable"};

static bool is_moving(struct pn_str tag)
{
    for (size_t i = 0; i < PN_COUNT_OF(moving_tags); i++) {
        if (pn_str_is(tag, moving_tags[i]))
            return true;
    }
    return false;
}

static void check_tag(struct pn_lint *l, const struct pn_lint_container *c,
                      const struct pn_trace *image, const struct pn_image *parts)
{
    const struct pn_trace *pull = pn_trace_get(c->trace, "imagePullPolicy");
    struct pn_str policy = pn_trace_str(pull);
    if (parts->tag.s == NULL)
        pn_lint_report(l, PN_RULE_MUTABLE_TAG, image->at,
                       "image `%.*s` of container `%.*s` has no tag, which means latest",
                       PN_STR_ARG(parts->repository), PN_STR_ARG(c->name));
    else
        pn_lint_report(l, PN_RULE_MUTABLE_TAG, image->at,
                       "tag `%.*s` of container `%.*s` moves from one image to the next",
                       PN_STR_ARG(parts->tag), PN_STR_ARG(c->name));
    pn_lint_note(l, "each Pod that starts may get another program than the one before, all over "
                    "the fleet");
    pn_lint_help(l, "name a version, better with its digest: %.*s:VERSION@sha256:...",
                 PN_STR_ARG(parts->repository));
    if (pn_str_is(policy, "IfNotPresent") || pn_str_is(policy, "Never")) {
        pn_lint_report(l, PN_RULE_PULL_POLICY_MISMATCH, pull->at,
                       "container `%.*s` runs whichever image the node happens to have",
                       PN_STR_ARG(c->name));
        pn_lint_also(l, image->at, "this tag moves");
        pn_lint_help(l, "name a version that does not move, or leave imagePullPolicy out");
    }
}

void pn_lint_check_images(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *image = pn_trace_get(c->trace, "image");
    struct pn_str text = pn_trace_str(image);
    if (text.n == 0)
        return;
    const char *fault = pn_image_fault(text);
    if (fault != NULL) {
        pn_lint_report(l, PN_RULE_INVALID_IMAGE, image->at, "`%.*s` is no image reference: %s",
                       PN_STR_ARG(text), fault);
        pn_lint_note(l, "the Pod would be admitted, and stay in InvalidImageName");
        return;
    }
    struct pn_image parts = pn_image_parse(text);
    if (parts.digest.s != NULL)
        return;
    if (parts.tag.s == NULL || is_moving(parts.tag)) {
        check_tag(l, c, image, &parts);
        return;
    }
    pn_lint_report(l, PN_RULE_NO_DIGEST, image->at,
                   "image `%.*s` of container `%.*s` has no digest", PN_STR_ARG(text),
                   PN_STR_ARG(c->name));
    pn_lint_help(l, "append @sha256:... to the tag");
}
