/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_OUT_H
#define PN_CLI_OUT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/diag.h"

/*
 * Standard output carries only the result, standard error all else. A result that cannot be
 * written (a closed pipe, a full disk) is an error like any other.
 */
struct pn_out {
    struct pn_buf buf; /* append here; written from time to time */
    int error;         /* 0, or the first errno */
};

#define PN_OUT_INIT    \
    {                  \
        PN_BUF_INIT, 0 \
    }

/* Writes what has gathered, when it is much. */
void pn_out_step(struct pn_out *out);

/* Writes what has gathered, then `summary` on standard error: on a terminal it is the last word. */
void pn_out_summarise(struct pn_out *out, const struct pn_buf *summary);

/* Writes the rest and frees. False when any of it was lost; why is said on standard error,
 * unless nobody reads any more. */
bool pn_out_finish(struct pn_out *out);

/* Writes a result to the file that was named, as pn_file_replace does. `r` is what making it
 * returned: 0 or a negative errno. False when it could not be made or written; why is said. */
bool pn_out_file(const char *path, const struct pn_buf *result, int r);

/* "error: ..." on standard error, its line break included. */
void pn_out_error(const char *format, ...) PN_PRINTF(1, 2);

/* Bytes for standard error, as they are. */
void pn_out_note(struct pn_str text);

/* Diagnostics on standard error, sorted by place, and frees them. */
void pn_out_diags(struct pn_diags *diags, bool color);

enum pn_color { PN_COLOR_AUTO, PN_COLOR_ALWAYS, PN_COLOR_NEVER };

/* The values of --color, in the order of the enum; ends with NULL. */
extern const char *const pn_color_words[];

/*
 * Whether to colour what goes to `fd`: --color=always or never, else NO_COLOR (not empty: no), else
 * CLICOLOR_FORCE or FORCE_COLOR (not empty, not 0: yes), else TERM=dumb (no), else whether `fd` is
 * a terminal. As no-color.org and bixense.com/clicolors have it.
 */
bool pn_color_wanted(int mode, int fd);

#endif
