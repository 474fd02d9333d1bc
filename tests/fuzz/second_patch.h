/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_TESTS_FUZZ_SECOND_PATCH_H
#define PN_TESTS_FUZZ_SECOND_PATCH_H

#include <jansson.h>

#include "base/str.h"

/*
 * JSON Patch as RFC 6902 has it, a second time and over another library's tree: to compare with
 * what we apply. It shares no code with kube/jsonpatch.
 */
enum second_result {
    SECOND_APPLIED,
    SECOND_REFUSED,
    SECOND_OUTSIDE, /* where the API server's library has ways of its own, see kube/jsonpatch.h */
};

/* Reads a document; NULL when jansson cannot (numbers out of range, say). */
json_t *second_read(struct pn_str text);

/* Applies `patch` to *doc_inout, which is another document afterwards, whatever comes of it. */
enum second_result second_patch_apply(json_t **doc_inout, json_t *patch);

#endif
