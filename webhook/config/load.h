/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CONFIG_LOAD_H
#define PN_CONFIG_LOAD_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/source.h"
#include "engine/policy.h"

/* One of the files holds faults; all are in `diags`. */
#define PN_LOAD_E_FAULTS 1

/*
 * Reads policies from files and directories. A directory gives its *.yaml, *.yml and *.json files
 * in byte order of their names, not its subdirectories; names that start with a dot are left out,
 * so a mounted ConfigMap (..data and the links through it) counts once. A path that is named must
 * exist. Documents of other apiVersions in a policy file are faults. All faults of all files are
 * reported at once. Returns 0 (caller owns one reference), PN_LOAD_E_FAULTS, or -ENOMEM.
 */
int pn_load_policies(struct pn_policy_set **ret, const char *const *paths, size_t n,
                     struct pn_diags *diags) PN_MUST_CHECK;

/* The same, with documents that the caller has read already, beside those of the files. */
int pn_load_policies_and(struct pn_policy_set **ret, const char *const *paths, size_t n,
                         const struct pn_document *more, size_t more_n,
                         struct pn_diags *diags) PN_MUST_CHECK;

/* The same with every policy in mode Audit (pn_policy_set_new_audit). */
int pn_load_policies_audit(struct pn_policy_set **ret, const char *const *paths, size_t n,
                           struct pn_diags *diags) PN_MUST_CHECK;

/* The id of faults that are no content's: a file or directory cannot be read now. */
#define PN_LOAD_UNREADABLE "file-unreadable"

/* A file whole in memory; zero-initialised. Documents borrow from it. */
struct pn_load_file {
    struct pn_source source; /* named by the path, which is borrowed */
    struct pn_buf bytes;     /* the caller calls pn_buf_deinit, always */
};

/*
 * Reads one file and its YAML or JSON documents into `a`. Faults go to `diags`, and what was read
 * before them to *ret (none when the file is unreadable). Returns 0 or -ENOMEM.
 */
int pn_load_file(struct pn_document **ret, size_t *ret_n, struct pn_load_file *file,
                 const char *path, struct pn_arena *a, struct pn_diags *diags) PN_MUST_CHECK;

#endif
