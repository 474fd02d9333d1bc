/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fix.h"
#include "lint/model.h"

bool pn_rule_is_on(const struct pn_rule *rule, enum pn_rule_state state)
{
    return state == PN_RULE_BY_DEFAULT ? !rule->asked_for : state == PN_RULE_ON;
}

bool pn_lint_is_on(const struct pn_lint *l, const struct pn_rule *rule)
{
    const enum pn_rule_state *states = l->options->states;
    return pn_rule_is_on(rule, states != NULL ? states[pn_rule_index(rule)] : PN_RULE_BY_DEFAULT);
}

enum pn_severity pn_lint_severity(const struct pn_lint *l, const struct pn_rule *rule)
{
    const enum pn_severity *severities = l->options->severities;
    return severities != NULL ? severities[pn_rule_index(rule)] : rule->severity;
}

static bool is_said(const struct pn_lint *l, const struct pn_rule *rule, struct pn_place at)
{
    for (size_t i = 0; i < l->diags->count; i++) {
        const struct pn_diag *d = &l->diags->items[i];
        if (d->code == rule->code && d->span.start == at.node->span.start && d->file != NULL &&
            pn_str_is(at.source->name, d->file))
            return true;
    }
    return false;
}

/* ---- which object, and where in it ----------------------------------------------------- */

/* Appends the pointer of `node` below `at`; false when it is not there. */
static bool write_pointer(struct pn_buf *out, const struct pn_node *at, const struct pn_node *node)
{
    size_t length = out->len;
    if (at == node)
        return true;
    for (uint32_t i = 0; at->kind == PN_NODE_MAPPING && i < at->mapping.count; i++) {
        const struct pn_node_entry *e = &at->mapping.entries[i];
        pn_buf_pointer(out, e->key->s);
        if (e->key == node || write_pointer(out, e->value, node))
            return true;
        out->len = length;
    }
    for (uint32_t i = 0; at->kind == PN_NODE_SEQUENCE && i < at->sequence.count; i++) {
        pn_buf_printf(out, "/%u", i);
        if (write_pointer(out, at->sequence.items[i], node))
            return true;
        out->len = length;
    }
    return false;
}

static void say_where(struct pn_lint *l, const struct pn_document *docs, size_t n,
                      struct pn_place at)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf pointer = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf object = PN_BUF_INIT;
    struct pn_diag *last = pn_diags_last(l->diags);
    for (size_t i = 0; i < n && last != NULL && last->object == NULL; i++) {
        const struct pn_document *doc = &docs[i];
        if (doc->source != at.source || doc->root == NULL ||
            !write_pointer(&pointer, doc->root, at.node))
            continue;
        struct pn_str kind = pn_node_str(pn_node_get(doc->root, "kind"));
        struct pn_str name = pn_node_str(pn_node_get(pn_node_get(doc->root, "metadata"), "name"));
        pn_buf_printf(&object, "%.*s/%.*s", PN_STR_ARG(kind), PN_STR_ARG(name));
        last->object = pn_diags_copy(l->diags, pn_buf_view(&object));
        last->pointer = pn_diags_copy(l->diags, pn_buf_view(&pointer));
    }
    l->out_of_memory = l->out_of_memory || pointer.failed || object.failed;
}

/* ---- findings -------------------------------------------------------------------------- */

bool pn_lint_report(struct pn_lint *l, enum pn_rule_id id, struct pn_place at, const char *format,
                    ...)
{
    const struct pn_rule *rule = pn_rule_of(id);
    l->last_was_kept = false;
    if (at.node == NULL || !pn_lint_is_on(l, rule) || is_said(l, rule, at))
        return false;
    char text[PN_ERR_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t count = l->diags->count;
    pn_diags_add(l->diags, pn_lint_severity(l, rule), rule->name, at.source, at.node->span, "%s",
                 text);
    struct pn_diag *last = pn_diags_last(l->diags);
    if (l->diags->count == count || last == NULL)
        return false;
    last->code = rule->code;
    l->last_was_kept = true;
    say_where(l, l->docs, l->doc_count, at);
    say_where(l, l->manifests, l->manifest_count, at);
    return true;
}

void pn_lint_label(struct pn_lint *l, const char *format, ...)
{
    char text[PN_ERR_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (l->last_was_kept)
        pn_diags_label(l->diags, "%s", text);
}

void pn_lint_also(struct pn_lint *l, struct pn_place at, const char *format, ...)
{
    char text[PN_ERR_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (l->last_was_kept && at.node != NULL)
        pn_diags_related(l->diags, at.source, at.node->span, "%s", text);
}

void pn_lint_note(struct pn_lint *l, const char *format, ...)
{
    char text[PN_ERR_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (l->last_was_kept)
        pn_diags_note(l->diags, "%s", text);
}

void pn_lint_help(struct pn_lint *l, const char *format, ...)
{
    char text[PN_ERR_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (l->last_was_kept)
        pn_diags_help(l->diags, "%s", text);
}

void pn_lint_edit(struct pn_lint *l, size_t start, size_t end, struct pn_str text)
{
    if (l->last_was_kept)
        pn_diags_edit(l->diags, start, end, text);
}

void pn_lint_fix_misspelt(struct pn_lint *l, struct pn_place at, const char *const *words)
{
    if (l->last_was_kept)
        pn_fix_misspelt(l->diags, at.source, at.node, words);
}

void pn_lint_weigh(struct pn_lint *l, enum pn_rule_id id, enum pn_severity severity)
{
    struct pn_diag *last = pn_diags_last(l->diags);
    if (severity == PN_SEVERITY_INFO && l->options->raises_infos)
        severity = PN_SEVERITY_WARNING;
    if (l->last_was_kept && last != NULL &&
        pn_lint_severity(l, pn_rule_of(id)) == pn_rule_of(id)->severity)
        last->severity = severity;
}
