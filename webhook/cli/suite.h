/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_SUITE_H
#define PN_CLI_SUITE_H

#include "cli/input.h"
#include "cli/value_path.h"
#include "engine/decide.h"
#include "engine/decode.h"
#include "kube/workload.h"
#include "report/results.h"

/* PolicyTest documents (docs/testing.md): what `pannier test` runs. */

/* expect.result: the outcomes as preview names them, and one for "annotated or unchanged". */
enum { PN_EXPECT_NOT_INJECTED = PN_OUTCOME_COUNT, PN_EXPECT_NONE = -1 };

struct pn_expect_reason {
    struct pn_str policy;
    enum pn_reason_id id;
    const struct pn_node *node;
};

struct pn_expect_assert {
    const struct pn_node *node; /* the path */
    struct pn_value_path path;
    const struct pn_node *equals, *contains, *exists; /* NULL: not asked; `exists` is a boolean */
};

/* Nodes are places and values; a NULL one was not written. */
struct pn_expect {
    int result; /* enum pn_outcome, PN_EXPECT_NOT_INJECTED or PN_EXPECT_NONE */
    const struct pn_node *result_node;
    enum pn_reason_id reason; /* of the review */
    const struct pn_node *reason_node;
    const struct pn_node *policies; /* strings: whose content is in the Pod, in order */
    const struct pn_expect_reason *reasons;
    size_t reason_count;
    const struct pn_node *notes; /* strings */
    const struct pn_node *added, *init_added;
    struct pn_str golden; /* path, from where we stand, terminated; n == 0: none */
    const struct pn_node *golden_node;
    const struct pn_expect_assert *asserts;
    size_t assert_count;
};

struct pn_case {
    struct pn_str name;
    const struct pn_node *node;
    struct pn_span object_span; /* of `object` or `manifest` */
    struct pn_value object;
    struct pn_str kind, object_name;
    const struct pn_workload *workload;
    struct pn_str pod_namespace;
    struct pn_value namespace_labels; /* as struct pn_env has them; PN_ABSENT: nobody told */
    enum pn_operation operation;
    struct pn_value user_info; /* PN_ABSENT: none */
    struct pn_expect expect;
};

struct pn_suite {
    const struct pn_document *doc;
    struct pn_str name;
    struct pn_policy_set *set; /* one reference */
    struct pn_case *cases;
    size_t case_count;
    struct pn_input *inputs; /* whose memory the objects are in */
    size_t input_count;
};

/* The table that decodes the document, and that of `expect` in its cases. */
extern const struct pn_document_kind pn_suite_kind;
extern const struct pn_field pn_expect_fields[];

/* True for a document of our apiVersion and kind PolicyTest. */
bool pn_suite_is_one(const struct pn_document *doc);

/* Something in the document, or in a file that it names, is wrong; all of it is in `diags`. */
#define PN_SUITE_E_FAULTS 1

/*
 * Decodes the PolicyTest `doc`, loads its policies and reads its objects. `docs` are all documents
 * of the file: its policies are used as well. *ret is zeroed before, and the caller calls
 * pn_suite_deinit in any case; it borrows from `doc` and `a`. Returns 0, PN_SUITE_E_FAULTS or
 * -ENOMEM.
 */
int pn_suite_init(struct pn_suite *ret, const struct pn_document *doc,
                  const struct pn_document *docs, size_t n, struct pn_arena *a,
                  struct pn_diags *diags) PN_MUST_CHECK;

void pn_suite_deinit(struct pn_suite *suite);

/* Decodes `expect` of one case; faults go to the decoder's diagnostics. */
void pn_expect_decode(struct pn_expect *ret, struct pn_decoder *d, const struct pn_node *node,
                      const struct pn_policy_set *set);

/*
 * Finds the object of a case, by `manifest` (a mapping, or text) or else in the file `path`, and by
 * `select` (KIND/NAME; n == 0: the only one with a Pod). Faults go to the decoder's diagnostics.
 * Returns 0, PN_SUITE_E_FAULTS or -ENOMEM.
 */
int pn_suite_find_object(struct pn_case *ret, struct pn_suite *suite, struct pn_decoder *d,
                         const struct pn_node *manifest, const struct pn_node *path,
                         const struct pn_node *select) PN_MUST_CHECK;

/* What runs of cases share. */
struct pn_suite_run {
    struct pn_decider decider;
    struct pn_arena *values;      /* of one case */
    struct pn_arena *results;     /* of all of them */
    bool updates;                 /* write golden files instead of comparing them */
    struct pn_coverage *coverage; /* NULL: nobody asks */
};

/*
 * Runs one case: decides about the object's Pod, compares with what is expected, and decides again
 * about the result. *ret is in run->results. Returns 0 or a negative errno.
 */
int pn_suite_run_case(struct pn_case_result *ret, struct pn_suite_run *run,
                      const struct pn_suite *suite, const struct pn_case *c) PN_MUST_CHECK;

#endif
