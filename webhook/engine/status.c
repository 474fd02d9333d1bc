/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/status.h"

#include <errno.h>

#include "base/limits.h"
#include "engine/policy_set.h"

const struct pn_str pn_status_annotation = PN_STR_INIT("pannier.dev/status");

static const struct pn_policy *policy_of(const struct pn_decision *d, const struct pn_verdict *v)
{
    return &d->set->policies[v->policy];
}

/* Of policies that are enforced. */
static bool is_class(const struct pn_verdict *v, enum pn_reason_class class)
{
    return v->reason.id != PN_REASON_NONE && pn_reason_class_of(v->reason.id) == class && !v->audit;
}

/* ---- the status annotation
 * ------------------------------------------------------------------------ */

static void write_containers(struct pn_buf *out, const struct pn_policy *policy,
                             const struct pn_fragment *const *fragments)
{
    bool first = true;
    pn_buf_cstr(out, ",\"containers\":[");
    for (size_t i = 0; i < policy->injection_count; i++) {
        const struct pn_fragment *f = fragments[i];
        const struct pn_value lists[] = {f->init_containers, f->containers};
        for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
            for (uint32_t k = 0; k < pn_value_count(lists[l]); k++) {
                if (!first)
                    pn_buf_char(out, ',');
                first = false;
                pn_json_write(out, PN_GET(pn_value_at(lists[l], k), "name"));
            }
        }
    }
    pn_buf_char(out, ']');
}

/* Something of what the policy adds was in the Pod before. */
static bool was_there(const struct pn_verdict *v)
{
    return v->reason.id == PN_REASON_ALREADY_INJECTED || v->reason.id == PN_REASON_REPAIRED ||
           (v->reason.id == PN_REASON_INJECTED_OVER_BUDGET && !v->changes);
}

/* Which revision added it: the one that is recorded, where that says so. */
static struct pn_str rev_of(const struct pn_decision *d, const struct pn_verdict *v,
                            struct pn_value recorded)
{
    const struct pn_policy *policy = policy_of(d, v);
    struct pn_str rev = was_there(v)
                            ? pn_value_str(PN_GET(pn_value_get(recorded, policy->name), "rev"))
                            : PN_STR_NULL;
    return rev.n == policy->rev.n ? rev : policy->rev;
}

static void write_status(struct pn_buf *out, const struct pn_decision *d, struct pn_value recorded,
                         bool with_containers)
{
    bool first = true;
    pn_buf_cstr(out, "{\"v\":1,\"applied\":{");
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        if (!is_class(v, PN_CLASS_SUCCESS))
            continue;
        if (!first)
            pn_buf_char(out, ',');
        first = false;
        pn_json_write_str(out, policy_of(d, v)->name);
        pn_buf_cstr(out, ":{\"rev\":");
        pn_json_write_str(out, rev_of(d, v, recorded));
        if (with_containers)
            write_containers(out, policy_of(d, v), v->fragments);
        pn_buf_char(out, '}');
    }
    pn_buf_cstr(out, "},\"skipped\":{");
    first = true;
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        if (!is_class(v, PN_CLASS_FAILURE))
            continue;
        if (!first)
            pn_buf_char(out, ',');
        first = false;
        pn_json_write_str(out, policy_of(d, v)->name);
        pn_buf_char(out, ':');
        pn_json_write_str(out, pn_str_of(pn_reason_name(v->reason.id)));
    }
    pn_buf_cstr(out, "}}");
}

static size_t count_class(const struct pn_decision *d, enum pn_reason_class class)
{
    size_t n = 0;
    for (size_t i = 0; i < d->verdict_count; i++)
        n += is_class(&d->verdicts[i], class);
    return n;
}

/* What the Pod's status says was applied; only where a decision may take it over. */
static struct pn_value read_applied(const struct pn_decision *d, struct pn_value metadata,
                                    struct pn_arena *a)
{
    struct pn_status_record record;
    for (size_t i = 0; i < d->verdict_count; i++) {
        if (was_there(&d->verdicts[i]))
            return pn_status_read(&record, metadata, a, NULL) == 0 ? record.applied
                                                                   : PN_VALUE_ABSENT;
    }
    return PN_VALUE_ABSENT;
}

struct pn_str pn_status_make(const struct pn_decision *d, struct pn_value metadata,
                             struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    struct pn_value recorded = read_applied(d, metadata, a);
    write_status(&text, d, recorded, true);
    if (text.len > PN_STATUS_MAX_BYTES) {
        text.len = 0;
        write_status(&text, d, recorded, false);
    }
    if (text.len > PN_STATUS_MAX_BYTES) {
        text.len = 0;
        pn_buf_printf(&text, "{\"v\":1,\"appliedCount\":%zu,\"skippedCount\":%zu}",
                      count_class(d, PN_CLASS_SUCCESS), count_class(d, PN_CLASS_FAILURE));
    }
    return text.failed ? PN_STR_NULL : pn_buf_view(&text);
}

/* ---- warnings
 * --------------------------------------------------------------------------------------- */

/* A warning with a control character is dropped by the API server without a word. */
static void replace_control_characters(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            text[i] = ' ';
        else if (c == 0xc2 && i + 1 < n && (unsigned char)text[i + 1] < 0xa0)
            text[i] = text[i + 1] = ' '; /* U+0080 to U+009F */
    }
}

struct warnings {
    struct pn_str *items;
    size_t count, left_out, bytes;
};

static int warn(struct warnings *w, const char *prefix, struct pn_str policy,
                const struct pn_reason *reason, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    pn_buf_printf(&text, "pannier: %s%.*s%s%s: ", prefix, PN_STR_ARG(policy),
                  policy.n > 0 ? ": " : "", pn_reason_name(reason->id));
    pn_reason_write(&text, reason);
    if (text.failed)
        return -ENOMEM;
    text.len = pn_str_utf8_cut(pn_buf_view(&text), PN_WARNING_MAX_BYTES);
    replace_control_characters(text.data, text.len);
    /* Room is kept for the line that tells how many are missing. */
    if (w->bytes + text.len + PN_WARNING_MAX_BYTES > PN_WARNINGS_MAX_BYTES) {
        w->left_out++;
        return 0;
    }
    w->bytes += text.len;
    w->items[w->count++] = pn_buf_view(&text);
    return 0;
}

static int make_warnings(struct pn_decision *d, struct pn_arena *a)
{
    size_t most = 2 * d->verdict_count + PN_DECISION_NOTES_MAX + 1;
    struct warnings w = {.items = pn_arena_alloc(a, most * sizeof *w.items)};
    int r = w.items != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; r == 0 && i < d->note_count; i++)
        r = warn(&w, "", PN_STR_NULL, &d->notes[i], a);
    for (size_t i = 0; r == 0 && i < d->verdict_count; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        if (is_class(v, PN_CLASS_FAILURE) && d->allowed)
            r = warn(&w, "skipped policy ", policy_of(d, v)->name, &v->reason, a);
        else if (v->reason.id == PN_REASON_INJECTED_OVER_BUDGET && d->allowed)
            r = warn(&w, "policy ", policy_of(d, v)->name, &v->reason, a);
        /* What Audit would bring about, and an absent neighbour, which is as it should be: told by
         * preview, not to every Pod's author. */
        if (r == 0 && v->note.id != PN_REASON_NONE && !v->audit &&
            v->note.id != PN_REASON_ORDER_NEIGHBOUR_ABSENT)
            r = warn(&w, "", PN_STR_NULL, &v->note, a);
    }
    if (r == 0 && w.left_out > 0) {
        w.items[w.count] = pn_arena_format(a, "pannier: %zu more warnings", w.left_out);
        r = w.items[w.count++].s != NULL ? 0 : -ENOMEM;
    }
    d->warnings = w.items;
    d->warning_count = w.count;
    return r;
}

/* ---- audit annotations, denial
 * ------------------------------------------------------------------------- */

enum audit { APPLIED, SKIPPED, AUDITED };

static bool is_told(const struct pn_verdict *v, enum audit what)
{
    enum pn_reason_class class = pn_reason_class_of(v->reason.id);
    if (what == AUDITED)
        return v->audit && v->reason.id != PN_REASON_NONE &&
               (class == PN_CLASS_SUCCESS || class == PN_CLASS_FAILURE);
    return is_class(v, what == APPLIED ? PN_CLASS_SUCCESS : PN_CLASS_FAILURE);
}

/* Whole names only; what does not fit is told as "...". */
static int make_audit(struct pn_str *ret, const struct pn_decision *d, enum audit what,
                      struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        const char *id = what != APPLIED ? pn_reason_name(v->reason.id) : "";
        if (!is_told(v, what))
            continue;
        if (text.len + policy_of(d, v)->name.n + strlen(id) + 6 > PN_AUDIT_VALUE_MAX_BYTES) {
            pn_buf_cstr(&text, ",...");
            break;
        }
        if (text.len > 0)
            pn_buf_char(&text, ',');
        pn_buf_str(&text, policy_of(d, v)->name);
        if (id[0] != '\0')
            pn_buf_char(&text, '=');
        pn_buf_cstr(&text, id);
    }
    if (text.failed)
        return -ENOMEM;
    *ret = pn_buf_view(&text);
    return 0;
}

int pn_status_tell(struct pn_decision *d, struct pn_arena *a)
{
    int r = make_warnings(d, a);
    if (r == 0 && d->allowed)
        r = make_audit(&d->audit_applied, d, APPLIED, a);
    if (r == 0)
        r = make_audit(&d->audit_skipped, d, SKIPPED, a);
    if (r == 0)
        r = make_audit(&d->audit_audited, d, AUDITED, a);
    return r;
}

const char *pn_status_refusal(const struct pn_decision *d, const struct pn_verdict *v)
{
    /* Tampering is left to validation: controllers retry through an upgrade of ours. */
    bool refuses = is_class(v, PN_CLASS_FAILURE) && policy_of(d, v)->deny_on_failure &&
                   v->reason.id != PN_REASON_SIDECAR_TAMPERED;
    return refuses ? pn_reason_name(v->reason.id) : NULL;
}

int pn_status_denial(struct pn_str *ret, const struct pn_decision *d, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    for (size_t i = 0; i < d->verdict_count && text.len < PN_DENIAL_MAX_BYTES; i++) {
        const struct pn_verdict *v = &d->verdicts[i];
        const char *refusal = pn_status_refusal(d, v);
        if (refusal == NULL)
            continue;
        pn_buf_printf(&text, "%spolicy %.*s: %s: ", text.len > 0 ? "; " : "",
                      PN_STR_ARG(policy_of(d, v)->name), refusal);
        pn_reason_write(&text, &v->reason);
    }
    text.len = pn_str_utf8_cut(pn_buf_view(&text), PN_DENIAL_MAX_BYTES);
    *ret = pn_buf_view(&text);
    return text.failed ? -ENOMEM : 0;
}
