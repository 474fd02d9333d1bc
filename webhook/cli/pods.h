/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_PODS_H
#define PN_CLI_PODS_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/value.h"
#include "cli/flags.h"

/* The Pods of a cluster, from files of any size: Pods and lists of them, as JSON or YAML. */

/* Where something stands; its line and column are counted only for a message. */
struct pn_pods_place {
    const struct pn_source *source;
    size_t at;
};

struct pn_pods_reader {
    const struct pn_flag_list *names; /* files, directories, "-" */
    bool recursive;
    struct pn_arena *values; /* of one Pod: reset before each */
    struct pn_diags *diags;  /* what is wrong with files and objects; the others are read */
    size_t other;            /* objects of other kinds */
    /* Called for each Pod. Returns 0 or a negative errno, which ends the reading. */
    int (*each)(void *context, const struct pn_pods_place *place, struct pn_value pod);
    void *context;
};

/*
 * Reads all files, one at a time; of a JSON list one Pod at a time. Returns 0, -ENOMEM or what
 * `each` returned.
 */
int pn_pods_read(struct pn_pods_reader *reader) PN_MUST_CHECK;

/* Adds an error about something at the place. */
void pn_pods_fault(struct pn_diags *diags, const struct pn_pods_place *place, const char *id,
                   const char *format, ...) PN_PRINTF(4, 5);

#endif
