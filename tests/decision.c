/* SPDX-License-Identifier: Apache-2.0 */
#include "decision.h"

#include <errno.h>

static void write_reason(struct pn_buf *out, const struct pn_reason *reason)
{
    pn_buf_printf(out, "{\"reason\":\"%s\",\"arguments\":", pn_reason_name(reason->id));
    pn_json_write(out, reason->arguments);
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_reason_write(&text, reason);
    pn_buf_cstr(out, ",\"text\":");
    pn_json_write_str(out, pn_buf_view(&text));
    pn_buf_char(out, '}');
}

void write_decision(struct pn_buf *out, const struct pn_decision *d)
{
    pn_buf_cstr(out, "{\"response\":");
    pn_respond_write(out, d);
    if (out->len > 0)
        out->len--; /* its newline */
    pn_buf_cstr(out, ",\"review\":");
    write_reason(out, &d->review);
    pn_buf_cstr(out, ",\"verdicts\":[");
    for (size_t i = 0; i < d->verdict_count; i++) {
        pn_buf_cstr(out, i > 0 ? ",{\"policy\":" : "{\"policy\":");
        pn_json_write_str(out, pn_policy_set_policy_name(d->set, d->verdicts[i].policy));
        pn_buf_cstr(out, ",\"verdict\":");
        write_reason(out, &d->verdicts[i].reason);
        pn_buf_cstr(out, ",\"note\":");
        write_reason(out, &d->verdicts[i].note);
        pn_buf_char(out, '}');
    }
    pn_buf_cstr(out, "],\"patch\":");
    pn_buf_str(out, d->patch.n > 0 ? d->patch : PN_STR("null"));
    pn_buf_char(out, '}');
}

int decide_body(struct pn_buf *out, const struct pn_policy_set *set, unsigned flags,
                struct pn_buf *body, struct pn_arena *a, struct pn_err *err)
{
    struct pn_decision *decision = NULL;
    size_t len = body->len;
    pn_buf_append(body, "\0\0\0\0", PN_ENGINE_BODY_PADDING);
    if (body->failed)
        return -ENOMEM;
    pn_arena_reset(a, pn_engine_arena_cap(len));
    int r = pn_engine_decide(&decision, set, NULL, flags, body->data, len, a, err);
    if (r != 0)
        return r;
    write_decision(out, decision);
    return out->failed ? -ENOMEM : 0;
}
