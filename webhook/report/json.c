/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json.h"

#include <errno.h>
#include <jansson.h>

#include "base/number.h"
#include "engine/json.h"
#include "report/json_kit.h"

static json_t *number_json(struct pn_str text)
{
    int64_t i;
    double r;
    if (pn_number_read_int(&i, text))
        return json_integer(i);
    if (pn_number_read_real(&r, text))
        return json_real(r);
    return pn_json_string(text);
}

static json_t *value_json(struct pn_value v);

static json_t *array_json(struct pn_value v)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        if (!pn_json_append(array, value_json(pn_value_at(v, i))))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *object_json(struct pn_value v)
{
    PN_CLEANUP(pn_json_drop) json_t *object = json_object();
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        const struct pn_member *m = pn_value_member(v, i);
        if (!pn_json_set(object, m->key, value_json(m->value)))
            return NULL;
    }
    return PN_TAKE(object);
}

/* Values nest no deeper than the parsers allow, so the recursion ends. */
static json_t *value_json(struct pn_value v)
{
    switch (v.kind) {
    case PN_BOOL:
        return json_boolean(v.b);
    case PN_INT:
        return json_integer(v.i);
    case PN_REAL:
        return json_real(v.r);
    case PN_RAW:
        return number_json(pn_value_str(v));
    case PN_STRING:
        return pn_json_string(pn_value_str(v));
    case PN_ARRAY:
        return array_json(v);
    case PN_OBJECT:
        return object_json(v);
    default:
        return json_null();
    }
}

json_t *pn_json_of_reason(const struct pn_reason *reason)
{
    PN_CLEANUP(pn_json_drop) json_t *object = json_object();
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_reason_write(&text, reason);
    /* Always an object, so that a reader may ask for a name in it. */
    json_t *arguments = reason->arguments.kind == PN_OBJECT ? value_json(reason->arguments)
                                                            : json_object();
    bool stored = PN_JSON_SET(object, "reason", pn_json_text(pn_reason_name(reason->id)));
    stored = PN_JSON_SET(object, "arguments", arguments) && stored;
    stored = PN_JSON_SET(object, "text", pn_json_string(pn_buf_view(&text))) && stored;
    return stored && !text.failed ? PN_TAKE(object) : NULL;
}

static json_t *notes_json(const struct pn_decision *d)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (size_t i = 0; i < d->note_count; i++) {
        if (!pn_json_append(array, pn_json_of_reason(&d->notes[i])))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *policies_json(const struct pn_decision *d)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *verdict = &d->verdicts[i];
        PN_CLEANUP(pn_json_drop) json_t *policy = json_object();
        PN_CLEANUP(pn_json_drop) json_t *reason = pn_json_of_reason(&verdict->reason);
        struct pn_str name = pn_policy_set_policy_name(d->set, verdict->policy);
        if (!PN_JSON_SET(policy, "name", pn_json_string(name)) || reason == NULL ||
            json_object_update(policy, reason) < 0)
            return NULL;
        if (verdict->note.id != PN_REASON_NONE &&
            !PN_JSON_SET(policy, "note", pn_json_of_reason(&verdict->note)))
            return NULL;
        if (!pn_json_append(array, PN_TAKE(policy)))
            return NULL;
    }
    return PN_TAKE(array);
}

/* A list of changes: {budget?, what, before, after, max?}. */
static json_t *changes_json(const struct pn_change *changes, size_t n)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct pn_change *c = &changes[i];
        PN_CLEANUP(pn_json_drop) json_t *row = json_object();
        bool stored = (c->budget.s == NULL ||
                       PN_JSON_SET(row, "budget", pn_json_string(c->budget))) &&
                      PN_JSON_SET(row, "what", pn_json_string(c->what)) &&
                      PN_JSON_SET(row, "before", pn_json_string(c->before)) &&
                      PN_JSON_SET(row, "after", pn_json_string(c->after)) &&
                      (c->most.s == NULL || PN_JSON_SET(row, "max", pn_json_string(c->most)));
        if (!stored || !pn_json_append(array, PN_TAKE(row)))
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *qos_json(const struct pn_explanation *e)
{
    PN_CLEANUP(pn_json_drop) json_t *object = json_object();
    bool stored = PN_JSON_SET(object, "before", pn_json_text(e->qos_before)) &&
                  PN_JSON_SET(object, "after", pn_json_text(e->qos_after));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *patch_json(const struct pn_decision *d, struct pn_arena *scratch)
{
    struct pn_value patch;
    if (d->patch.n == 0)
        return json_array();
    if (pn_json_read(&patch, d->patch, PN_JSON_NUMBERS_RAW, scratch, NULL) != 0)
        return NULL; /* the engine wrote it: only memory can be short */
    return value_json(patch);
}

json_t *pn_json_of_place(const struct pn_preview *p)
{
    PN_CLEANUP(pn_json_drop) json_t *object = json_object();
    bool stored = PN_JSON_SET(object, "file", pn_json_string(p->file)) &&
                  PN_JSON_SET(object, "line", json_integer(p->line)) &&
                  PN_JSON_SET(object, "column", json_integer(p->column)) &&
                  PN_JSON_SET(object, "apiVersion", pn_json_string(p->api_version)) &&
                  PN_JSON_SET(object, "kind", pn_json_string(p->kind)) &&
                  PN_JSON_SET(object, "namespace", pn_json_string(p->namespace)) &&
                  PN_JSON_SET(object, "name", pn_json_string(p->name));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *preview_json(const struct pn_preview *p, struct pn_arena *scratch)
{
    const struct pn_decision *d = p->decision;
    PN_CLEANUP(pn_json_drop) json_t *object = pn_json_of_place(p);
    bool stored = PN_JSON_SET(object, "result",
                              pn_json_text(pn_outcome_name(pn_preview_outcome(d))));
    if (stored && !d->allowed)
        stored = PN_JSON_SET(object, "message", pn_json_string(d->message));
    if (stored && d->review.id != PN_REASON_NONE)
        stored = PN_JSON_SET(object, "review", pn_json_of_reason(&d->review));
    if (stored && d->note_count > 0)
        stored = PN_JSON_SET(object, "notes", notes_json(d));
    const struct pn_explanation *e = &d->explanation;
    stored = stored && PN_JSON_SET(object, "policies", policies_json(d));
    if (stored && d->allowed && e->budget_count > 0)
        stored = PN_JSON_SET(object, "budgets", changes_json(e->budgets, e->budget_count));
    if (stored && d->allowed && e->qos_before != NULL)
        stored = PN_JSON_SET(object, "effectiveRequests",
                             changes_json(e->requests, e->request_count)) &&
                 PN_JSON_SET(object, "qosClass", qos_json(e));
    stored = stored &&
             PN_JSON_SET(object, "warnings", pn_json_strings(d->warnings, d->warning_count)) &&
             PN_JSON_SET(object, "patch", patch_json(d, scratch)) &&
             PN_JSON_SET(object, "object", value_json(p->after));
    return stored ? PN_TAKE(object) : NULL;
}

/* ---- text ------------------------------------------------------------------------------ */

void pn_json_begin_preview(struct pn_buf *out)
{
    pn_json_begin_parts(out, "objects");
}

int pn_json_write_preview(struct pn_buf *out, const struct pn_preview *preview, bool is_first,
                          struct pn_arena *scratch)
{
    PN_CLEANUP(pn_json_drop) json_t *object = preview_json(preview, scratch);
    return pn_json_write_part(out, object, is_first);
}

int pn_json_end_preview(struct pn_buf *out, const struct pn_preview_counts *counts)
{
    PN_CLEANUP(pn_json_drop) json_t *summary = json_object();
    size_t objects = pn_preview_decided(counts) + counts->invalid;
    bool stored = PN_JSON_SET(summary, "objects", pn_json_count(objects));
    for (unsigned i = 0; i < PN_OUTCOME_COUNT; i++) {
        json_t *count = pn_json_count(counts->outcomes[i]);
        stored = pn_json_set(summary, pn_str_of(pn_outcome_name((enum pn_outcome)i)), count) &&
                 stored;
    }
    stored = PN_JSON_SET(summary, "invalid", pn_json_count(counts->invalid)) && stored;
    stored = PN_JSON_SET(summary, "other", pn_json_count(counts->other)) && stored;
    return stored ? pn_json_end_parts(out, summary) : -ENOMEM;
}

int pn_json_write_document(struct pn_buf *out, struct pn_value v)
{
    PN_CLEANUP(pn_json_drop) json_t *json = value_json(v);
    return pn_json_document(out, json);
}

int pn_json_write_version(struct pn_buf *out, const char *version, const char *compiler,
                          const struct pn_json_pair *libraries)
{
    PN_CLEANUP(pn_json_drop) json_t *object = json_object();
    PN_CLEANUP(pn_json_drop) json_t *versions = json_object();
    bool stored = PN_JSON_SET(object, "version", pn_json_text(version)) &&
                  PN_JSON_SET(object, "compiler", pn_json_text(compiler));
    for (; libraries->name != NULL; libraries++)
        stored = pn_json_set(versions, pn_str_of(libraries->name), pn_json_text(libraries->text)) &&
                 stored;
    stored = PN_JSON_SET(object, "libraries", PN_TAKE(versions)) && stored;
    int r = stored ? pn_json_dump(out, object, 0) : -ENOMEM;
    pn_buf_char(out, '\n');
    return r;
}
