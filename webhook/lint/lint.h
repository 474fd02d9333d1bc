/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_LINT_H
#define PN_LINT_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"
#include "base/node.h"
#include "lint/rules.h"

/* What a rule is for one run. */
enum pn_rule_state { PN_RULE_BY_DEFAULT, PN_RULE_ON, PN_RULE_OFF };

/* Whether the rule is looked for when its state is this. */
bool pn_rule_is_on(const struct pn_rule *rule, enum pn_rule_state state);

/* Rules that are left out in some files, by a configuration. All of it is borrowed. */
struct pn_lint_exemption {
    const struct pn_source *source; /* the configuration */
    const struct pn_node *rules;    /* in it: a list of strings */
    const struct pn_str *files;     /* names of the sources that it is about */
    size_t file_count;
    struct pn_str reason;
};

struct pn_lint_options {
    const enum pn_rule_state *states;   /* by pn_rule_index(); NULL: all by default */
    const enum pn_severity *severities; /* likewise; NULL: the rules' own */
    bool ignores_suppressions;          /* of comments and annotations: --no-inline-suppressions */
    bool raises_infos; /* what a rule finds less severe than usual is a warning still */
    const struct pn_lint_exemption *exemptions;
    size_t exemption_count;
};

/*
 * Looks for what is questionable in documents that were read already. `policies` are those of
 * pannier, whose loader's diagnostics are in `diags` before; they become findings too: they get
 * their code; states, severities and suppressions do not hold for them. A file in which the loader
 * found errors is not looked into any further, and then nothing is said about the set as a whole.
 * `manifests` are other documents (workloads), for the rules that need them. Findings are sorted.
 * Prints nothing. Returns 0 or -ENOMEM.
 */
int pn_lint_run(struct pn_diags *diags, const struct pn_document *policies, size_t policy_count,
                const struct pn_document *manifests, size_t manifest_count,
                const struct pn_lint_options *o) PN_MUST_CHECK;

/* True when the document is of one of pannier's kinds, or was meant to be. */
bool pn_lint_is_policy(const struct pn_document *doc);

#endif
