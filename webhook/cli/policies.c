/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policies.h"

#include "cli/out.h"

bool pn_policies_end_load(int r, const char *what, struct pn_diags *diags, bool color)
{
    pn_out_diags(diags, color);
    if (r < 0)
        pn_out_error("cannot load %s: %s", what, strerror(-r));
    return r == 0;
}

bool pn_policies_check_any(const struct pn_policy_set *set, const struct pn_flag_list *paths)
{
    bool is_any = pn_policy_set_policy_count(set) > 0;
    if (!is_any)
        pn_out_error(paths->count > 0 ? "no policies in what -p names"
                                      : "no policies: name their files with -p");
    return is_any;
}
