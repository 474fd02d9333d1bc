/* SPDX-License-Identifier: Apache-2.0 */
#include "report/findings.h"

#include "lint/rules.h"
#include "report/term.h"
#include "report/text.h"

/* What one step of a workflow may say of each kind. */
enum { GITHUB_MAX = 10 };

struct pn_findings_counts pn_findings_count(const struct pn_findings *f)
{
    struct pn_findings_counts counts = {0};
    for (size_t i = 0; i < f->diags->count; i++) {
        const struct pn_diag *d = &f->diags->items[i];
        if (d->suppressed != NULL && d->suppressed_by == PN_SUPPRESSED_BY_BASELINE)
            counts.known++;
        else if (d->suppressed != NULL)
            counts.suppressed++;
        else
            counts.by_severity[d->severity]++;
        counts.fixable += d->suppressed == NULL && d->edit_count > 0;
    }
    return counts;
}

void pn_findings_write_url(struct pn_buf *out, const char *code)
{
    const struct pn_rule *rule = code != NULL ? pn_rule_find(pn_str_of(code)) : NULL;
    if (rule == NULL)
        return;
    /* What the loader finds is explained on one page. */
    if (pn_rule_of_diagnostic(rule->name) == rule)
        pn_buf_printf(out, "https://pannier.dev/rules/load#%s", rule->name);
    else
        pn_buf_printf(out, "https://pannier.dev/rules/%s", rule->code);
}

/* ---- for people ------------------------------------------------------------------------ */

void pn_findings_write_full(struct pn_buf *out, const struct pn_findings *f, bool color)
{
    for (size_t i = 0; i < f->diags->count; i++) {
        const struct pn_diag *d = &f->diags->items[i];
        if (d->suppressed != NULL)
            continue;
        pn_text_write_diag(out, d, color);
        if (d->edit_count > 0)
            pn_buf_printf(out, "%s    = %sfixable with --fix\n", color ? PN_TERM_CYAN : "",
                          color ? PN_TERM_RESET : "");
        if (d->code != NULL) {
            pn_buf_printf(out, "%s    = %ssee: ", color ? PN_TERM_CYAN : "",
                          color ? PN_TERM_RESET : "");
            pn_findings_write_url(out, d->code);
            pn_buf_char(out, '\n');
        }
        pn_buf_char(out, '\n');
    }
    if (f->diags->dropped > 0)
        pn_buf_printf(out, "... and %zu more\n", f->diags->dropped);
}

void pn_findings_write_concise(struct pn_buf *out, const struct pn_findings *f, bool color)
{
    for (size_t i = 0; i < f->diags->count; i++) {
        if (f->diags->items[i].suppressed == NULL)
            pn_text_write_headline(out, &f->diags->items[i], color);
    }
    if (f->diags->dropped > 0)
        pn_buf_printf(out, "... and %zu more\n", f->diags->dropped);
}

static void write_count(struct pn_buf *out, size_t n, const char *word, bool *first)
{
    if (n == 0)
        return;
    pn_buf_printf(out, "%s%zu %s%s", *first ? "" : ", ", n, word, n == 1 ? "" : "s");
    *first = false;
}

static void write_gone(struct pn_buf *out, const struct pn_findings *f)
{
    for (size_t i = 0; i < f->gone_count; i++) {
        const struct pn_known_finding *k = &f->gone[i];
        pn_term_write(out, pn_str_of(f->baseline));
        pn_buf_printf(out, ":%u:%u: note: no longer found: ", k->span.line, k->span.column);
        pn_term_write(out, k->rule);
        pn_buf_cstr(out, k->object.n > 0 ? " in " : "");
        pn_term_write(out, k->object);
        pn_buf_cstr(out, k->pointer.n > 0 ? " at " : "");
        pn_term_write(out, k->pointer);
        pn_buf_char(out, '\n');
    }
    if (f->gone_count > 0)
        pn_buf_cstr(out, "--write-baseline takes them out\n");
}

void pn_findings_write_summary(struct pn_buf *out, const struct pn_findings *f)
{
    struct pn_findings_counts counts = pn_findings_count(f);
    bool first = true;
    write_gone(out, f);
    if (f->fixed > 0)
        pn_buf_printf(out, "%zu fixed, ", f->fixed);
    for (size_t i = 0; i < PN_COUNT_OF(counts.by_severity); i++)
        write_count(out, counts.by_severity[i],
                    i == PN_SEVERITY_INFO ? "hint" : pn_severity_name((enum pn_severity)i), &first);
    if (first)
        pn_buf_cstr(out, "nothing found");
    if (counts.suppressed > 0)
        pn_buf_printf(out, ", %zu suppressed", counts.suppressed);
    if (counts.known > 0)
        pn_buf_printf(out, ", %zu known", counts.known);
    pn_buf_printf(out, " in %zu document%s (%zu file%s)", f->documents,
                  f->documents == 1 ? "" : "s", f->files, f->files == 1 ? "" : "s");
    if (counts.fixable > 0)
        pn_buf_printf(out, "; %zu fixable with --fix", counts.fixable);
    pn_buf_char(out, '\n');
}

/* ---- GitHub ---------------------------------------------------------------------------- */

/* A value of a property ends at a comma or colon; text ends at a line break. */
static void write_escaped(struct pn_buf *out, struct pn_str text, bool is_property)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.s[i];
        if (c == '%' || c < 0x20 || c == 0x7f || (is_property && (c == ':' || c == ',')))
            pn_buf_printf(out, "%%%02X", c);
        else
            pn_buf_char(out, (char)c);
    }
}

static void write_annotation(struct pn_buf *out, const struct pn_diag *d)
{
    static const char *const commands[] = {"error", "warning", "notice"};
    const char *separator = " ";
    pn_buf_printf(out, "::%s", commands[d->severity]);
    if (d->file != NULL) {
        pn_buf_cstr(out, " file=");
        write_escaped(out, pn_str_of(d->file), true);
        separator = ",";
    }
    if (d->file != NULL && d->span.line > 0)
        pn_buf_printf(out, ",line=%u,col=%u", d->span.line, d->span.column);
    pn_buf_printf(out, "%stitle=%s%s%s::", separator, d->code != NULL ? d->code : "",
                  d->code != NULL ? " " : "", d->id);
    write_escaped(out, pn_str_of(d->message), false);
    for (size_t i = 0; i < d->note_count; i++) {
        pn_buf_cstr(out, "%0A");
        write_escaped(out, pn_str_of(d->notes[i]), false);
    }
    if (d->help != NULL) {
        pn_buf_cstr(out, "%0A");
        write_escaped(out, pn_str_of(d->help), false);
    }
    if (d->code != NULL) {
        pn_buf_cstr(out, "%0A");
        pn_findings_write_url(out, d->code);
    }
    pn_buf_char(out, '\n');
}

void pn_findings_write_github(struct pn_buf *out, const struct pn_findings *f)
{
    struct pn_findings_counts counts = pn_findings_count(f);
    size_t more = f->diags->dropped;
    for (int severity = PN_SEVERITY_ERROR; severity <= PN_SEVERITY_INFO; severity++) {
        size_t n = 0;
        /* One notice is for what is left out. */
        size_t most = severity == PN_SEVERITY_INFO ? GITHUB_MAX - 1 : GITHUB_MAX;
        for (size_t i = 0; i < f->diags->count && n < most; i++) {
            const struct pn_diag *d = &f->diags->items[i];
            if ((int)d->severity != severity || d->suppressed != NULL)
                continue;
            write_annotation(out, d);
            n++;
        }
        more += counts.by_severity[severity] - n;
    }
    if (more > 0)
        pn_buf_printf(out, "::notice title=pannier lint::%zu more; -o full or -o sarif has all\n",
                      more);
}

/* ---- the rules ------------------------------------------------------------------------- */

void pn_findings_write_rules(struct pn_buf *out)
{
    for (size_t i = 0; i < pn_rule_count(); i++) {
        const struct pn_rule *rule = pn_rule_at(i);
        pn_buf_printf(out, "%s  %-30s %-8s %s%s\n", rule->code, rule->name,
                      pn_severity_name(rule->severity), rule->summary,
                      rule->asked_for ? " (only when selected)" : "");
    }
}
