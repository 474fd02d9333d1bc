/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_FLAGS_H
#define PN_CLI_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct pn_cmd;

/* What a flag's value becomes in the options struct. */
enum pn_flag_type {
    PN_FLAG_BOOL,     /* bool; takes no value */
    PN_FLAG_TEXT,     /* const char * */
    PN_FLAG_LIST,     /* struct pn_flag_list; may be repeated */
    PN_FLAG_CHOICE,   /* int, index into `choices`; -1 when it is not given and has no default */
    PN_FLAG_NUMBER,   /* uint32_t, at most `max` */
    PN_FLAG_DURATION, /* uint32_t, seconds; as Go writes durations, parts of a second rounded up */
};

struct pn_flag_list {
    const char **items; /* on the heap; the strings are borrowed */
    size_t count;
};

/*
 * One row is the flag, its default and its help. The default goes through the same parser as a
 * given value, so that help cannot say anything else.
 */
struct pn_flag {
    const char *name; /* without dashes */
    char letter;      /* 0: none */
    enum pn_flag_type type;
    size_t offset;              /* in the options struct */
    const char *value;          /* the word for the value in help, NULL for PN_FLAG_BOOL */
    const char *help;           /* no final period */
    const char *initial;        /* default; NULL: zero, and not shown */
    uint32_t max;               /* PN_FLAG_NUMBER */
    const char *const *choices; /* PN_FLAG_CHOICE; ends with NULL */
    const char *const *words;   /* others: what completion offers, beside what `value` tells it */
};

/* -h or --help was among the flags; nothing else was looked at. */
#define PN_FLAGS_E_HELP 1
/* A flag or its value is wrong; err says which, what was expected, and what may have been meant. */
#define PN_FLAGS_E_USAGE 2

/*
 * Fills `options` (zeroed, of cmd->options_size bytes) from argv[1] on; flags may stand before and
 * after operands, and "--" ends them. argv is permuted: *ret_first is the first operand. Returns 0,
 * PN_FLAGS_E_HELP, PN_FLAGS_E_USAGE, or -ENOMEM. The caller frees with pn_flags_deinit, always.
 */
int pn_flags_parse(void *options, int *ret_first, const struct pn_cmd *cmd, int argc, char **argv,
                   struct pn_err *err) PN_MUST_CHECK;

/* Frees the lists in `options`. */
void pn_flags_deinit(const struct pn_cmd *cmd, void *options);

/* Seconds of a duration such as "1m30s", "0", "1.5h" or "500ms" (Go's time.ParseDuration). */
bool pn_flags_read_duration(uint32_t *ret_seconds, const char *text);

#endif
