/* SPDX-License-Identifier: Apache-2.0 */
#include "report/preview.h"

#include "report/term.h"

enum pn_outcome pn_preview_outcome(const struct pn_decision *decision)
{
    if (!decision->allowed)
        return PN_OUTCOME_DENIED;
    if (decision->patch.n == 0)
        return PN_OUTCOME_UNCHANGED;
    for (size_t i = 0; i < decision->verdict_count; i++) {
        enum pn_reason_id id = decision->verdicts[i].reason.id;
        if (id == PN_REASON_INJECTED || id == PN_REASON_REPAIRED ||
            id == PN_REASON_INJECTED_OVER_BUDGET)
            return PN_OUTCOME_INJECTED;
    }
    return PN_OUTCOME_ANNOTATED;
}

const char *pn_outcome_name(enum pn_outcome outcome)
{
    static const char *const names[] = {"injected", "annotated", "unchanged", "denied"};
    return outcome < PN_OUTCOME_COUNT ? names[outcome] : "";
}

void pn_preview_write_name(struct pn_buf *out, const struct pn_preview *preview)
{
    pn_buf_str(out, preview->kind);
    pn_buf_char(out, '/');
    pn_buf_str(out, preview->name);
}

static void write_reason_text(struct pn_buf *out, const struct pn_reason *reason)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_reason_write(&text, reason);
    pn_term_write(out, pn_buf_view(&text));
    out->failed = out->failed || text.failed;
}

static void pad(struct pn_buf *out, size_t written, size_t width)
{
    pn_buf_printf(out, "%*s", (int)(width > written ? width - written : 0) + 2, "");
}

/* Widest policy name and reason id, for columns. */
struct widths {
    size_t name, reason;
};

static struct widths measure(const struct pn_decision *d)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf scratch = PN_BUF_INIT;
    struct widths widths = {0, 0};
    for (size_t i = 0; i < d->verdict_count; i++) {
        scratch.len = 0;
        size_t name = pn_term_write(&scratch,
                                    pn_policy_set_policy_name(d->set, d->verdicts[i].policy));
        size_t reason = strlen(pn_reason_name(d->verdicts[i].reason.id));
        widths.name = name > widths.name ? name : widths.name;
        widths.reason = reason > widths.reason ? reason : widths.reason;
    }
    return widths;
}

static void write_note(struct pn_buf *out, const struct pn_reason *note, const char *prefix)
{
    if (note->id == PN_REASON_NONE)
        return;
    pn_buf_printf(out, "%s    note: %s: ", prefix, pn_reason_name(note->id));
    write_reason_text(out, note);
    pn_buf_char(out, '\n');
}

static void write_verdicts(struct pn_buf *out, const struct pn_decision *d, const char *prefix)
{
    struct widths widths = measure(d);
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *verdict = &d->verdicts[i];
        const char *reason = pn_reason_name(verdict->reason.id);
        pn_buf_printf(out, "%s  ", prefix);
        pad(out, pn_term_write(out, pn_policy_set_policy_name(d->set, verdict->policy)),
            widths.name);
        pn_buf_cstr(out, reason);
        pad(out, strlen(reason), widths.reason);
        write_reason_text(out, &verdict->reason);
        pn_buf_char(out, '\n');
        write_note(out, &verdict->note, prefix);
    }
}

/* "  budget default: sidecars 1 -> 3 of 3, ...": one line for each budget. */
static void write_budgets(struct pn_buf *out, const struct pn_explanation *e, const char *prefix)
{
    for (size_t i = 0; i < e->budget_count; i++) {
        const struct pn_change *c = &e->budgets[i];
        bool begins = i == 0 || !pn_str_eq(e->budgets[i - 1].budget, c->budget);
        if (begins) {
            pn_buf_printf(out, "%s%s  budget ", i > 0 ? "\n" : "", prefix);
            pn_term_write(out, c->budget);
            pn_buf_cstr(out, ": ");
        } else {
            pn_buf_cstr(out, "; ");
        }
        pn_term_write(out, c->what);
        pn_buf_printf(out, " %.*s -> %.*s of %.*s", PN_STR_ARG(c->before), PN_STR_ARG(c->after),
                      PN_STR_ARG(c->most));
    }
    if (e->budget_count > 0)
        pn_buf_char(out, '\n');
}

/* "  effective requests: cpu 250m -> 270m; QoS Burstable -> Burstable". */
static void write_resources(struct pn_buf *out, const struct pn_explanation *e, const char *prefix)
{
    if (e->qos_before == NULL)
        return;
    pn_buf_printf(out, "%s  effective requests: ", prefix);
    for (size_t i = 0; i < e->request_count; i++) {
        const struct pn_change *c = &e->requests[i];
        pn_buf_cstr(out, i > 0 ? ", " : "");
        pn_term_write(out, c->what);
        pn_buf_printf(out, " %.*s -> %.*s", PN_STR_ARG(c->before), PN_STR_ARG(c->after));
    }
    pn_buf_printf(out, "%sQoS %s -> %s\n", e->request_count > 0 ? "; " : "none; ", e->qos_before,
                  e->qos_after);
}

void pn_preview_write_explain(struct pn_buf *out, const struct pn_preview *preview,
                              const char *prefix)
{
    const struct pn_decision *d = preview->decision;
    pn_buf_cstr(out, prefix);
    pn_term_write(out, preview->kind);
    pn_buf_char(out, '/');
    pn_term_write(out, preview->name);
    pn_buf_cstr(out, " (");
    pn_term_write(out, preview->namespace);
    pn_buf_cstr(out, ")  ");
    pn_term_write(out, preview->file);
    pn_buf_printf(out, ":%u  %s\n", preview->line, pn_outcome_name(pn_preview_outcome(d)));
    if (d->review.id != PN_REASON_NONE) {
        pn_buf_printf(out, "%s  %s: ", prefix, pn_reason_name(d->review.id));
        write_reason_text(out, &d->review);
        pn_buf_char(out, '\n');
    }
    write_verdicts(out, d, prefix);
    for (size_t i = 0; i < d->note_count; i++)
        write_note(out, &d->notes[i], prefix);
    if (!d->allowed) /* nothing is added */
        return;
    write_budgets(out, &d->explanation, prefix);
    write_resources(out, &d->explanation, prefix);
}

size_t pn_preview_decided(const struct pn_preview_counts *counts)
{
    size_t n = 0;
    for (size_t i = 0; i < PN_OUTCOME_COUNT; i++)
        n += counts->outcomes[i];
    return n;
}

void pn_preview_write_objects(struct pn_buf *out, const struct pn_preview_counts *counts)
{
    size_t objects = pn_preview_decided(counts) + counts->invalid;
    pn_buf_printf(out, "%zu object%s", objects, objects == 1 ? "" : "s");
    const char *separator = ": ";
    for (unsigned i = 0; i < PN_OUTCOME_COUNT; i++) {
        if (counts->outcomes[i] == 0)
            continue;
        pn_buf_printf(out, "%s%zu %s", separator, counts->outcomes[i],
                      pn_outcome_name((enum pn_outcome)i));
        separator = ", ";
    }
    if (counts->invalid > 0)
        pn_buf_printf(out, "%s%zu invalid", separator, counts->invalid);
}

void pn_preview_write_others(struct pn_buf *out, const struct pn_preview_counts *counts)
{
    if (counts->other > 0)
        pn_buf_printf(out, "; %zu other document%s", counts->other, counts->other == 1 ? "" : "s");
}

void pn_preview_write_summary(struct pn_buf *out, const struct pn_preview_counts *counts)
{
    pn_preview_write_objects(out, counts);
    pn_preview_write_others(out, counts);
    pn_buf_char(out, '\n');
}
