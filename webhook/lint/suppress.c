/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/suppress.h"

#include "lint/suppress_kit.h"

size_t pn_suppression_document_count(const struct pn_lint *l)
{
    return l->doc_count + l->manifest_count;
}

const struct pn_document *pn_suppression_document(const struct pn_lint *l, size_t i)
{
    return i < l->doc_count ? &l->docs[i] : &l->manifests[i - l->doc_count];
}

static bool is_covered(const struct pn_suppression *s, const struct pn_diag *d)
{
    if (d->file == NULL)
        return false;
    if (s->exemption == NULL)
        return pn_str_is(s->source->name, d->file) && d->span.start >= s->start &&
               d->span.start < s->end;
    for (size_t i = 0; i < s->exemption->file_count; i++) {
        if (pn_str_is(s->exemption->files[i], d->file))
            return true;
    }
    return false;
}

/* Marks the findings of one rule that are covered; false when there is none. */
static bool mark_findings(struct pn_lint *l, const struct pn_suppression *s,
                          const struct pn_rule *rule)
{
    bool is_used = false;
    for (size_t i = 0; i < l->diags->count; i++) {
        struct pn_diag *d = &l->diags->items[i];
        if (d->code != rule->code || !is_covered(s, d))
            continue;
        is_used = true;
        if (d->suppressed != NULL)
            continue;
        d->suppressed = pn_diags_copy(l->diags, s->reason);
        d->suppressed_by = s->exemption != NULL ? PN_SUPPRESSED_BY_CONFIG : PN_SUPPRESSED_IN_SOURCE;
    }
    return is_used;
}

/* Takes a word out of a list that is written in the source; the last one takes all with it. */
static void fix_by_removing(struct pn_lint *l, const struct pn_suppression *s, struct pn_span word)
{
    const char *base = s->words.s != NULL ? s->source->bytes.s : NULL;
    if (base == NULL)
        return;
    size_t start = (size_t)(s->words.s - base), end = start + s->words.n;
    if (word.start < start || word.end > end)
        return;
    struct pn_str before = pn_str_trim((struct pn_str){base + start, word.start - start});
    struct pn_str after = pn_str_trim((struct pn_str){base + word.end, end - word.end});
    if (before.n == 0 && after.n == 0) {
        /* A second # may begin what is meant for another tool. */
        if (s->all_end > 0 && memchr(s->reason.s, '#', s->reason.n) == NULL)
            pn_lint_edit(l, s->all_start, s->all_end, PN_STR(""));
    } else if (before.n > 0) {
        pn_lint_edit(l, (size_t)(before.s - base) + before.n - 1, word.end, PN_STR(""));
    } else { /* "A, B": A, the comma and the blanks */
        struct pn_str rest = pn_str_trim((struct pn_str){after.s + 1, after.n - 1});
        pn_lint_edit(l, word.start, (size_t)(rest.s - base), PN_STR(""));
    }
}

static void say_unknown(struct pn_lint *l, const struct pn_suppression *s, struct pn_place at,
                        struct pn_str word)
{
    const struct pn_span *span = &at.node->span;
    const char *near = word.n > 0 ? pn_rule_nearest(word) : NULL;
    if (word.n == 0)
        pn_lint_report(l, PN_RULE_UNKNOWN_SUPPRESSION, at, "the suppression names no rule");
    else
        pn_lint_report(l, PN_RULE_UNKNOWN_SUPPRESSION, at, "there is no rule `%.*s`",
                       PN_STR_ARG(word));
    if (near != NULL)
        pn_lint_help(l, "did you mean `%s`?", near);
    else
        pn_lint_help(l, "%s; pannier lint --list-rules has the rules", s->help);
    const char *meant = word.n > 0 ? pn_rule_meant(word) : NULL;
    if (meant != NULL && s->words.s != NULL && span->end - span->start == word.n)
        pn_lint_edit(l, span->start, span->end, pn_str_of(meant));
}

/* Suppresses what `word` (a rule) finds there; a finding about `at` when it is in vain. */
static void apply(struct pn_lint *l, const struct pn_suppression *s, struct pn_str word,
                  struct pn_place at)
{
    const struct pn_rule *rule = pn_rule_find(word);
    if (rule == NULL) {
        say_unknown(l, s, at, word);
    } else if (pn_rule_of_diagnostic(rule->name) == rule) {
        pn_lint_report(l, PN_RULE_UNUSED_SUPPRESSION, at,
                       "`%.*s` cannot be suppressed: what it finds cannot be loaded",
                       PN_STR_ARG(word));
    } else if (!mark_findings(l, s, rule) && l->is_whole && pn_lint_is_on(l, rule)) {
        /* Of a file that was not looked into, or a rule that is off, nobody knows. */
        pn_lint_report(l, PN_RULE_UNUSED_SUPPRESSION, at, "`%.*s` is not found here",
                       PN_STR_ARG(word));
        pn_lint_help(l, "remove it");
        fix_by_removing(l, s, at.node->span);
    }
}

/* Where a word of the text at `at` is written: all of it when that has escapes. */
static struct pn_span span_of(struct pn_place at, struct pn_str word)
{
    const struct pn_span *span = &at.node->span;
    const char *text = at.source->bytes.s + span->start;
    const char *found = word.n > 0 ? memmem(text, span->end - span->start, word.s, word.n) : NULL;
    if (found == NULL)
        return *span;
    size_t start = span->start + (size_t)(found - text);
    return pn_source_span(at.source, start, start + word.n);
}

void pn_suppression_apply_all(struct pn_lint *l, const struct pn_suppression *s,
                              struct pn_str words, struct pn_place at)
{
    struct pn_str rest = words;
    do {
        struct pn_str word = pn_str_trim(pn_str_split(&rest, ','));
        struct pn_node node = {.kind = PN_NODE_NULL, .span = span_of(at, word)};
        apply(l, s, word, (struct pn_place){at.source, &node});
    } while (rest.s != NULL);
    if (s->reason.n == 0 && words.n > 0) {
        pn_lint_report(l, PN_RULE_SUPPRESSION_WITHOUT_REASON, at,
                       "the suppression does not say why");
        pn_lint_help(l, "write the reason behind the rule");
    }
}

/* ---- the configuration ----------------------------------------------------------------- */

static void suppress_by_exemption(struct pn_lint *l, const struct pn_lint_exemption *e)
{
    const struct pn_suppression s = {
        .exemption = e,
        .reason = e->reason,
        .help = "name rules by their ids or names",
    };
    for (uint32_t i = 0; i < e->rules->sequence.count && e->file_count > 0; i++) {
        const struct pn_node *rule = e->rules->sequence.items[i];
        apply(l, &s, pn_node_str(rule), (struct pn_place){e->source, rule});
    }
}

void pn_suppress(struct pn_lint *l)
{
    if (!l->options->ignores_suppressions) {
        pn_suppress_by_comments(l);
        pn_suppress_by_annotations(l);
    }
    for (size_t i = 0; i < l->options->exemption_count; i++)
        suppress_by_exemption(l, &l->options->exemptions[i]);
}
