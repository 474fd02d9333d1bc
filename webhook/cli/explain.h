/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_EXPLAIN_H
#define PN_CLI_EXPLAIN_H

#include <stddef.h>

/* The name of page i of `pannier explain`, NULL behind the last; *ret_alias: its other name, empty
 * when it has none. */
const char *pn_explain_name(size_t i, const char **ret_alias);

#endif
