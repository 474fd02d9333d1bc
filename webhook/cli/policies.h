/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PN_CLI_POLICIES_H
#define PN_CLI_POLICIES_H

#include <stdbool.h>

#include "base/diag.h"
#include "cli/flags.h"
#include "engine/engine.h"

/* What commands say when they have loaded policies. */

/* Shows what loading `what` ("policies") had to tell, as pn_out_diags does, and why it broke off
 * when `r`, which it returned, is a negative errno. True when r is 0. */
bool pn_policies_end_load(int r, const char *what, struct pn_diags *diags, bool color);

/* False when the set, which came from the paths of -p, has no policy; that was said. */
bool pn_policies_check_any(const struct pn_policy_set *set, const struct pn_flag_list *paths);

#endif
