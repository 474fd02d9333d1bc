/* SPDX-License-Identifier: Apache-2.0 */
#include "base/value.h"
#include "engine/engine.h"

static void write_status(struct pn_buf *out, struct pn_str message)
{
    pn_buf_cstr(out, ",\"status\":{\"status\":\"Failure\",\"message\":");
    pn_json_write_str(out, message);
    pn_buf_cstr(out, ",\"reason\":\"Forbidden\",\"code\":403}");
}

static void write_warnings(struct pn_buf *out, const struct pn_decision *d)
{
    for (size_t i = 0; i < d->warning_count; i++) {
        pn_buf_cstr(out, i == 0 ? ",\"warnings\":[" : ",");
        pn_json_write_str(out, d->warnings[i]);
    }
    if (d->warning_count > 0)
        pn_buf_char(out, ']');
}

/* Keys are the name part of a qualified name; the API server puts the webhook's name in front. */
static void write_audit(struct pn_buf *out, const struct pn_decision *d)
{
    static const char *const keys[] = {"\"applied\":", "\"skipped\":", "\"audited\":"};
    const struct pn_str values[] = {d->audit_applied, d->audit_skipped, d->audit_audited};
    bool open = false;
    for (size_t i = 0; i < PN_COUNT_OF(keys); i++) {
        if (values[i].n == 0)
            continue;
        pn_buf_cstr(out, open ? "," : ",\"auditAnnotations\":{");
        pn_buf_cstr(out, keys[i]);
        pn_json_write_str(out, values[i]);
        open = true;
    }
    if (open)
        pn_buf_char(out, '}');
}

void pn_respond_write(struct pn_buf *out, const struct pn_decision *decision)
{
    pn_buf_cstr(out, "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
                     "\"response\":{\"uid\":");
    pn_json_write_str(out, decision->uid);
    pn_buf_cstr(out, decision->allowed ? ",\"allowed\":true" : ",\"allowed\":false");
    if (!decision->allowed)
        write_status(out, decision->message);
    if (decision->patch.n > 0) {
        pn_buf_cstr(out, ",\"patchType\":\"JSONPatch\",\"patch\":\"");
        pn_buf_base64(out, decision->patch);
        pn_buf_char(out, '"');
    }
    write_warnings(out, decision);
    write_audit(out, decision);
    pn_buf_cstr(out, "}}\n");
}
