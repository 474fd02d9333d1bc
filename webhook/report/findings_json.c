/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "lint/rules.h"
#include "report/findings_kit.h"

#define DROP PN_CLEANUP(pn_json_drop)

bool pn_findings_set_text(json_t *object, const char *key, const char *text)
{
    return text == NULL || pn_json_set(object, pn_str_of(key), pn_json_text(text));
}

json_t *pn_findings_url(const char *code)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf url = PN_BUF_INIT;
    pn_findings_write_url(&url, code);
    return url.failed ? NULL : pn_json_string(pn_buf_view(&url));
}

uint32_t pn_findings_end_column(struct pn_span span, const char *excerpt)
{
    struct pn_str rest = pn_str_of(excerpt);
    uint32_t column = 1;
    size_t left = span.end - span.start;
    while (rest.n > 0 && (column < span.column || left > 0)) {
        size_t n = pn_str_utf8_next(rest);
        n = n > 0 ? n : 1;
        if (column >= span.column)
            left -= left < n ? left : n;
        rest = (struct pn_str){rest.s + n, rest.n - n};
        column++;
    }
    return left == 0 && column >= span.column ? column : 0;
}

/* ---- JSON ------------------------------------------------------------------------------ */

static json_t *point_json(uint32_t line, uint32_t column, size_t offset)
{
    DROP json_t *point = json_object();
    bool stored = PN_JSON_SET(point, "line", json_integer(line)) &&
                  PN_JSON_SET(point, "column", json_integer(column)) &&
                  PN_JSON_SET(point, "offset", pn_json_count(offset));
    return stored ? PN_TAKE(point) : NULL;
}

static bool set_place(json_t *object, const char *file, struct pn_span span, const char *excerpt)
{
    if (!pn_findings_set_text(object, "file", file))
        return false;
    if (span.line == 0)
        return true;
    uint32_t column = pn_findings_end_column(span, excerpt);
    return PN_JSON_SET(object, "start", point_json(span.line, span.column, span.start)) &&
           (column == 0 || PN_JSON_SET(object, "end", point_json(span.line, column, span.end)));
}

static json_t *related_json(const struct pn_diag *d)
{
    DROP json_t *array = json_array();
    for (size_t i = 0; i < d->related_count; i++) {
        const struct pn_diag_place *place = &d->related[i];
        DROP json_t *row = json_object();
        if (!set_place(row, place->file, place->span, place->excerpt) ||
            !pn_findings_set_text(row, "message", place->label) ||
            !pn_json_append(array, PN_TAKE(row)))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *notes_json(const struct pn_diag *d)
{
    DROP json_t *array = json_array();
    for (size_t i = 0; i < d->note_count; i++) {
        if (!pn_json_append(array, pn_json_text(d->notes[i])))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *suppressed_json(const struct pn_diag *d)
{
    if (d->suppressed == NULL)
        return json_null();
    DROP json_t *object = json_object();
    bool stored = pn_findings_set_text(object, "kind",
                                       d->suppressed_by == PN_SUPPRESSED_IN_SOURCE ? "inSource"
                                                                                   : "external") &&
                  pn_findings_set_text(object, "reason", d->suppressed);
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *edit_json(const struct pn_diag_edit *edit)
{
    DROP json_t *row = json_object();
    bool stored = PN_JSON_SET(row, "start", pn_json_count(edit->start)) &&
                  PN_JSON_SET(row, "end", pn_json_count(edit->end)) &&
                  pn_findings_set_text(row, "text", edit->text);
    return stored ? PN_TAKE(row) : NULL;
}

static json_t *fix_json(const struct pn_diag *d)
{
    if (d->edit_count == 0)
        return json_null();
    DROP json_t *object = json_object();
    DROP json_t *edits = json_array();
    for (size_t i = 0; i < d->edit_count; i++) {
        if (!pn_json_append(edits, edit_json(&d->edits[i])))
            return NULL;
    }
    bool stored = pn_findings_set_text(object, "applicability", "safe") &&
                  PN_JSON_SET(object, "edits", PN_TAKE(edits));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *finding_json(const struct pn_diag *d)
{
    DROP json_t *object = json_object();
    bool stored = PN_JSON_SET(object, "id",
                              d->code != NULL ? pn_json_text(d->code) : json_null()) &&
                  pn_findings_set_text(object, "name", d->id) &&
                  pn_findings_set_text(object, "severity", pn_severity_name(d->severity)) &&
                  pn_findings_set_text(object, "message", d->message) &&
                  set_place(object, d->file, d->span, d->excerpt) &&
                  pn_findings_set_text(object, "object", d->object) &&
                  pn_findings_set_text(object, "pointer", d->pointer) &&
                  PN_JSON_SET(object, "related", related_json(d)) &&
                  PN_JSON_SET(object, "notes", notes_json(d)) &&
                  pn_findings_set_text(object, "help", d->help) &&
                  PN_JSON_SET(object, "fix", fix_json(d)) &&
                  (d->code == NULL || PN_JSON_SET(object, "url", pn_findings_url(d->code))) &&
                  PN_JSON_SET(object, "suppressed", suppressed_json(d));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *known_json(const struct pn_known_finding *k)
{
    DROP json_t *row = json_object();
    bool stored = PN_JSON_SET(row, "rule", pn_json_string(k->rule)) &&
                  (k->object.n == 0 || PN_JSON_SET(row, "object", pn_json_string(k->object))) &&
                  (k->pointer.n == 0 || PN_JSON_SET(row, "pointer", pn_json_string(k->pointer))) &&
                  PN_JSON_SET(row, "message", pn_json_string(k->message));
    return stored ? PN_TAKE(row) : NULL;
}

static json_t *known_list_json(const struct pn_known_finding *list, size_t n)
{
    DROP json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        if (!pn_json_append(array, known_json(&list[i])))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *tool_json(const struct pn_findings *f)
{
    DROP json_t *tool = json_object();
    bool stored = pn_findings_set_text(tool, "name", "pannier") &&
                  pn_findings_set_text(tool, "version", f->version);
    return stored ? PN_TAKE(tool) : NULL;
}

static json_t *summary_json(const struct pn_findings *f)
{
    static const char *const names[] = {"errors", "warnings", "infos"};
    struct pn_findings_counts counts = pn_findings_count(f);
    DROP json_t *summary = json_object();
    bool stored = true;
    for (size_t i = 0; i < PN_COUNT_OF(names); i++)
        stored = stored &&
                 pn_json_set(summary, pn_str_of(names[i]), pn_json_count(counts.by_severity[i]));
    stored = stored && PN_JSON_SET(summary, "suppressed", pn_json_count(counts.suppressed)) &&
             PN_JSON_SET(summary, "known", pn_json_count(counts.known)) &&
             PN_JSON_SET(summary, "fixable", pn_json_count(counts.fixable)) &&
             PN_JSON_SET(summary, "fixed", pn_json_count(f->fixed)) &&
             PN_JSON_SET(summary, "dropped", pn_json_count(f->diags->dropped)) &&
             PN_JSON_SET(summary, "documents", pn_json_count(f->documents)) &&
             PN_JSON_SET(summary, "files", pn_json_count(f->files));
    return stored ? PN_TAKE(summary) : NULL;
}

int pn_findings_write_json(struct pn_buf *out, const struct pn_findings *f)
{
    DROP json_t *root = json_object();
    DROP json_t *list = json_array();
    for (size_t i = 0; i < f->diags->count; i++) {
        if (!pn_json_append(list, finding_json(&f->diags->items[i])))
            return -ENOMEM;
    }
    bool stored = PN_JSON_SET(root, "schemaVersion", json_integer(1)) &&
                  PN_JSON_SET(root, "tool", tool_json(f)) &&
                  PN_JSON_SET(root, "diagnostics", PN_TAKE(list)) &&
                  PN_JSON_SET(root, "gone", known_list_json(f->gone, f->gone_count)) &&
                  PN_JSON_SET(root, "summary", summary_json(f));
    return stored ? pn_json_document(out, root) : -ENOMEM;
}

int pn_findings_write_rules_json(struct pn_buf *out)
{
    DROP json_t *list = json_array();
    for (size_t i = 0; i < pn_rule_count(); i++) {
        const struct pn_rule *rule = pn_rule_at(i);
        DROP json_t *row = json_object();
        bool stored = pn_findings_set_text(row, "id", rule->code) &&
                      pn_findings_set_text(row, "name", rule->name) &&
                      pn_findings_set_text(row, "severity", pn_severity_name(rule->severity)) &&
                      PN_JSON_SET(row, "default", json_boolean(!rule->asked_for)) &&
                      pn_findings_set_text(row, "summary", rule->summary) &&
                      PN_JSON_SET(row, "url", pn_findings_url(rule->code));
        if (!stored || !pn_json_append(list, PN_TAKE(row)))
            return -ENOMEM;
    }
    return pn_json_document(out, list);
}

/* ---- the baseline ---------------------------------------------------------------------- */

bool pn_findings_is_baselined(const struct pn_diag *d)
{
    bool counts = d->suppressed == NULL || d->suppressed_by == PN_SUPPRESSED_BY_BASELINE;
    return counts && d->code != NULL && pn_rule_of_diagnostic(d->id) == NULL;
}

static int compare(const void *one, const void *other)
{
    const struct pn_known_finding *a = one, *b = other;
    const struct pn_str in_a[] = {a->object, a->pointer, a->rule, a->message};
    const struct pn_str in_b[] = {b->object, b->pointer, b->rule, b->message};
    int order = 0;
    for (size_t i = 0; i < PN_COUNT_OF(in_a) && order == 0; i++)
        order = pn_str_cmp(in_a[i], in_b[i]);
    return order;
}

int pn_findings_write_baseline(struct pn_buf *out, const struct pn_findings *f)
{
    PN_CLEANUP(pn_free_pointer)
    struct pn_known_finding *list = calloc(f->diags->count + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; list != NULL && i < f->diags->count; i++) {
        const struct pn_diag *d = &f->diags->items[i];
        if (pn_findings_is_baselined(d))
            list[n++] = (struct pn_known_finding){.rule = pn_str_of(d->code),
                                                  .object = pn_str_of(d->object),
                                                  .pointer = pn_str_of(d->pointer),
                                                  .message = pn_str_of(d->message)};
    }
    if (list == NULL)
        return -ENOMEM;
    qsort(list, n, sizeof *list, compare);
    DROP json_t *root = json_object();
    bool stored = PN_JSON_SET(root, "schemaVersion", json_integer(1)) &&
                  PN_JSON_SET(root, "findings", known_list_json(list, n));
    return stored ? pn_json_document(out, root) : -ENOMEM;
}
