/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_SYS_SCRATCH_H
#define PN_SYS_SCRATCH_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

/* A directory for files that live as long as something takes; zeroed memory is none. */
struct pn_scratch {
    char *path; /* on the heap; NULL: none */
};

/*
 * Makes "PREFIX-" and six characters in $TMPDIR, else in /tmp, for us alone (0700). The caller
 * calls pn_scratch_remove. Returns 0 or a negative errno with a message.
 */
int pn_scratch_make(struct pn_scratch *ret, const char *prefix, struct pn_err *err) PN_MUST_CHECK;

/* Writes a new file into it, for us alone (0600). Returns 0, -EEXIST, or another negative errno;
 * with a message. */
int pn_scratch_write(const struct pn_scratch *scratch, const char *name, struct pn_str bytes,
                     struct pn_err *err) PN_MUST_CHECK;

/* Removes the directory with all that is in it, whoever put it there; what cannot be removed
 * stays. Links are not followed. */
void pn_scratch_remove(struct pn_scratch *scratch);

#endif
