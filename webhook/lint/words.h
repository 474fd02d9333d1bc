/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_LINT_WORDS_H
#define PN_LINT_WORDS_H

#include "base/buf.h"
#include "lint/trace.h"

/* The known texts of a list, one blank between them: a command line as people read it. */
void pn_words_join(struct pn_buf *out, const struct pn_trace *list);

/* True when `text` holds the words one after the other, with blanks between them. */
bool pn_words_hold(struct pn_str text, const char *words);

/*
 * True when `text` runs `program` with the subcommand `verb`, whatever options stand between:
 * "apt-get -qq -y install".
 */
bool pn_words_run(struct pn_str text, const char *program, const char *verb);

/*
 * True when `program` is what a command of `text` starts, be it behind a shell, exec or the like;
 * not when it is an option's value or a file of that name.
 */
bool pn_words_start(struct pn_str text, const char *program);

/* True when what curl or wget fetches is run by a shell: "curl ... | sh", "sh -c "$(curl ...)"". */
bool pn_words_run_download(struct pn_str text);

#endif
