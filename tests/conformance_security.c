/* SPDX-License-Identifier: Apache-2.0 */

/*
 * pod-security.jsonl: a Pod, and for each level whether the admission plugin PodSecurity allows it
 * and for which reasons it does not, in the plugin's order.
 */

#include "conformance.h"
#include "kube/security.h"

/* "LEVEL allowed" or "LEVEL REASON; REASON". */
static void write_judgement(struct pn_buf *out, const struct pn_security *security,
                            enum pn_security_level level)
{
    uint32_t failed = security->failed & pn_security_checks(level);
    pn_buf_printf(out, "%s%s ", out->len > 0 ? ", " : "", pn_security_level_name(level));
    if (failed == 0)
        pn_buf_cstr(out, "allowed");
    for (unsigned check = 0, told = 0; check < PN_SECURITY_CHECKS; check++) {
        if ((failed >> check & 1) == 0)
            continue;
        pn_buf_cstr(out, told++ > 0 ? "; " : "");
        pn_buf_cstr(out, pn_security_reason(security, (enum pn_security_check)check));
    }
}

static bool write_expected(struct pn_buf *out, struct pn_value answer, const char *level)
{
    struct pn_value allowed = PN_GET(answer, "allowed"), reasons = PN_GET(answer, "reasons");
    if (allowed.kind != PN_BOOL || allowed.b == (pn_value_count(reasons) > 0))
        return false;
    pn_buf_printf(out, "%s%s ", out->len > 0 ? ", " : "", level);
    if (allowed.b)
        pn_buf_cstr(out, "allowed");
    for (uint32_t i = 0; i < pn_value_count(reasons); i++) {
        pn_buf_cstr(out, i > 0 ? "; " : "");
        pn_buf_str(out, pn_value_str(pn_value_at(reasons, i)));
    }
    return true;
}

/* The level is the highest that allows the Pod. */
static enum pn_security_level highest(struct pn_value baseline, struct pn_value restricted)
{
    if (PN_GET(restricted, "allowed").b)
        return PN_SECURITY_RESTRICTED;
    return PN_GET(baseline, "allowed").b ? PN_SECURITY_BASELINE : PN_SECURITY_PRIVILEGED;
}

enum outcome check_security(struct run *run)
{
    struct pn_value pod = PN_GET(run->input, "pod");
    struct pn_value baseline = PN_GET(run->input, "baseline");
    struct pn_value restricted = PN_GET(run->input, "restricted");
    struct pn_security security;
    if (pod.kind != PN_OBJECT || !write_expected(&run->expected, baseline, "baseline") ||
        !write_expected(&run->expected, restricted, "restricted"))
        return BROKEN;
    pn_security_judge(&security, PN_GET(pod, "metadata"), PN_GET(pod, "spec"));
    write_judgement(&run->got, &security, PN_SECURITY_BASELINE);
    write_judgement(&run->got, &security, PN_SECURITY_RESTRICTED);
    if (pn_security_level_of(&security) != highest(baseline, restricted))
        pn_buf_printf(&run->got, ", level %s",
                      pn_security_level_name(pn_security_level_of(&security)));
    return verdict(pn_str_eq(pn_buf_view(&run->expected), pn_buf_view(&run->got)));
}
