/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_COMPLETE_H
#define PN_CLI_COMPLETE_H

#include "base/buf.h"

/*
 * What may stand in place of the last word of a command line, words[n - 1], which may be empty or
 * half a word; words[0] is what follows "pannier". Appends, as kubectl's completion of plugins and
 * the scripts of `pannier completion` read it:
 *
 *   CANDIDATE<tab>what it is    one line for each
 *   :=PREFIX                    when a file is wanted: what stands before its name in the word
 *   :NUMBER                     the sum of what cobra calls directives: 2 no blank behind it, 4 no
 *                               names of files, 16 directories only
 *
 * (github.com/spf13/cobra, completions.go.)
 */
void pn_complete_write(struct pn_buf *out, char *const *words, size_t n);

#endif
