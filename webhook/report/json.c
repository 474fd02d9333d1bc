/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json.h"

#include <errno.h>
#include <jansson.h>

#include "base/number.h"
#include "engine/json.h"

/*
 * Ownership: a function that ends in _json returns a new reference or NULL; jansson's *_new
 * functions take theirs over, also on failure. So each function here hands its value straight on,
 * and a NULL travels up to -ENOMEM.
 */

static void drop(json_t **json)
{
    json_decref(*json);
}

/* `text` with U+FFFD for each byte that is no UTF-8. */
static void repair_utf8(struct pn_buf *out, struct pn_str text)
{
    while (text.n > 0) {
        size_t n = pn_str_utf8_next(text);
        pn_buf_str(out, n > 0 ? (struct pn_str){text.s, n} : PN_STR("\xef\xbf\xbd"));
        text.s += n > 0 ? n : 1;
        text.n -= n > 0 ? n : 1;
    }
}

static json_t *string_json(struct pn_str text)
{
    if (pn_str_utf8_valid(text))
        return json_stringn_nocheck(text.n > 0 ? text.s : "", text.n);
    PN_CLEANUP(pn_buf_deinit) struct pn_buf valid = PN_BUF_INIT;
    repair_utf8(&valid, text);
    return valid.failed ? NULL : json_stringn_nocheck(valid.data, valid.len);
}

/* Sets a member; false when memory is out (`take` is NULL or cannot be stored). */
static bool set(json_t *object, struct pn_str key, json_t *take)
{
    if (object == NULL || take == NULL) {
        json_decref(take);
        return false;
    }
    if (pn_str_utf8_valid(key))
        return json_object_setn_new_nocheck(object, key.s, key.n, take) == 0;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf valid = PN_BUF_INIT;
    repair_utf8(&valid, key);
    if (valid.failed) {
        json_decref(take);
        return false;
    }
    return json_object_setn_new_nocheck(object, valid.data, valid.len, take) == 0;
}

#define SET(object, literal, take) set((object), PN_STR(literal), (take))

static json_t *number_json(struct pn_str text)
{
    int64_t i;
    double r;
    if (pn_number_read_int(&i, text))
        return json_integer(i);
    if (pn_number_read_real(&r, text))
        return json_real(r);
    return string_json(text);
}

static json_t *value_json(struct pn_value v);

static json_t *array_json(struct pn_value v)
{
    PN_CLEANUP(drop) json_t *array = json_array();
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        if (array == NULL || json_array_append_new(array, value_json(pn_value_at(v, i))) < 0)
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *object_json(struct pn_value v)
{
    PN_CLEANUP(drop) json_t *object = json_object();
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        const struct pn_member *m = pn_value_member(v, i);
        if (!set(object, m->key, value_json(m->value)))
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
        return string_json(pn_value_str(v));
    case PN_ARRAY:
        return array_json(v);
    case PN_OBJECT:
        return object_json(v);
    default:
        return json_null();
    }
}

static json_t *reason_json(const struct pn_reason *reason)
{
    PN_CLEANUP(drop) json_t *object = json_object();
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_reason_write(&text, reason);
    /* Always an object, so that a reader may ask for a name in it. */
    json_t *arguments = reason->arguments.kind == PN_OBJECT ? value_json(reason->arguments)
                                                            : json_object();
    bool stored = SET(object, "reason", string_json(pn_str_of(pn_reason_name(reason->id))));
    stored = SET(object, "arguments", arguments) && stored;
    stored = SET(object, "text", string_json(pn_buf_view(&text))) && stored;
    return stored && !text.failed ? PN_TAKE(object) : NULL;
}

static json_t *notes_json(const struct pn_decision *d)
{
    PN_CLEANUP(drop) json_t *array = json_array();
    for (size_t i = 0; i < d->note_count; i++) {
        if (array == NULL || json_array_append_new(array, reason_json(&d->notes[i])) < 0)
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *policies_json(const struct pn_decision *d)
{
    PN_CLEANUP(drop) json_t *array = json_array();
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_verdict *verdict = &d->verdicts[i];
        PN_CLEANUP(drop) json_t *policy = json_object();
        PN_CLEANUP(drop) json_t *reason = reason_json(&verdict->reason);
        struct pn_str name = pn_policy_set_policy_name(d->set, verdict->policy);
        if (!SET(policy, "name", string_json(name)) || reason == NULL ||
            json_object_update(policy, reason) < 0)
            return NULL;
        if (verdict->note.id != PN_REASON_NONE && !SET(policy, "note", reason_json(&verdict->note)))
            return NULL;
        if (array == NULL || json_array_append_new(array, PN_TAKE(policy)) < 0)
            return NULL;
    }
    return PN_TAKE(array);
}

/* A list of changes: {budget?, what, before, after, max?}. */
static json_t *changes_json(const struct pn_change *changes, size_t n)
{
    PN_CLEANUP(drop) json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct pn_change *c = &changes[i];
        PN_CLEANUP(drop) json_t *row = json_object();
        bool stored = (c->budget.s == NULL || SET(row, "budget", string_json(c->budget))) &&
                      SET(row, "what", string_json(c->what)) &&
                      SET(row, "before", string_json(c->before)) &&
                      SET(row, "after", string_json(c->after)) &&
                      (c->most.s == NULL || SET(row, "max", string_json(c->most)));
        if (!stored || array == NULL || json_array_append_new(array, PN_TAKE(row)) < 0)
            return NULL;
    }
    return PN_TAKE(array);
}

static json_t *qos_json(const struct pn_explanation *e)
{
    PN_CLEANUP(drop) json_t *object = json_object();
    bool stored = SET(object, "before", string_json(pn_str_of(e->qos_before))) &&
                  SET(object, "after", string_json(pn_str_of(e->qos_after)));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *warnings_json(const struct pn_decision *d)
{
    PN_CLEANUP(drop) json_t *array = json_array();
    for (size_t i = 0; i < d->warning_count; i++) {
        if (array == NULL || json_array_append_new(array, string_json(d->warnings[i])) < 0)
            return NULL;
    }
    return PN_TAKE(array);
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

static json_t *preview_json(const struct pn_preview *p, struct pn_arena *scratch)
{
    const struct pn_decision *d = p->decision;
    PN_CLEANUP(drop) json_t *object = json_object();
    bool stored = SET(object, "file", string_json(p->file)) &&
                  SET(object, "line", json_integer(p->line)) &&
                  SET(object, "column", json_integer(p->column)) &&
                  SET(object, "apiVersion", string_json(p->api_version)) &&
                  SET(object, "kind", string_json(p->kind)) &&
                  SET(object, "namespace", string_json(p->namespace)) &&
                  SET(object, "name", string_json(p->name)) &&
                  SET(object, "result",
                      string_json(pn_str_of(pn_outcome_name(pn_preview_outcome(d)))));
    if (stored && !d->allowed)
        stored = SET(object, "message", string_json(d->message));
    if (stored && d->review.id != PN_REASON_NONE)
        stored = SET(object, "review", reason_json(&d->review));
    if (stored && d->note_count > 0)
        stored = SET(object, "notes", notes_json(d));
    const struct pn_explanation *e = &d->explanation;
    stored = stored && SET(object, "policies", policies_json(d));
    if (stored && e->budget_count > 0)
        stored = SET(object, "budgets", changes_json(e->budgets, e->budget_count));
    if (stored && e->qos_before != NULL)
        stored = SET(object, "effectiveRequests", changes_json(e->requests, e->request_count)) &&
                 SET(object, "qosClass", qos_json(e));
    stored = stored && SET(object, "warnings", warnings_json(d)) &&
             SET(object, "patch", patch_json(d, scratch)) &&
             SET(object, "object", value_json(p->after));
    return stored ? PN_TAKE(object) : NULL;
}

/* ---- text ------------------------------------------------------------------------------ */

static int append(const char *bytes, size_t n, void *buf)
{
    struct pn_buf *out = buf;
    pn_buf_append(out, bytes, n);
    return out->failed ? -1 : 0;
}

/* Writes `json` with `indent` spaces before each line but the first. */
static int dump(struct pn_buf *out, const json_t *json, int indent)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    /* jansson's 17 digits make 0.050000000000000003 of a policy's 0.05. */
    const size_t format = JSON_INDENT(2) | JSON_REAL_PRECISION(15);
    if (json == NULL || json_dump_callback(json, append, &text, format) < 0)
        return -ENOMEM;
    struct pn_str rest = pn_buf_view(&text);
    while (rest.s != NULL) {
        pn_buf_str(out, pn_str_split(&rest, '\n')); /* inside strings it is written \n */
        if (rest.s != NULL)
            pn_buf_printf(out, "\n%*s", indent, "");
    }
    return out->failed ? -ENOMEM : 0;
}

void pn_json_begin_preview(struct pn_buf *out)
{
    pn_buf_cstr(out, "{\n  \"schemaVersion\": 1,\n  \"objects\": [");
}

int pn_json_write_preview(struct pn_buf *out, const struct pn_preview *preview, bool is_first,
                          struct pn_arena *scratch)
{
    PN_CLEANUP(drop) json_t *object = preview_json(preview, scratch);
    pn_buf_cstr(out, is_first ? "\n    " : ",\n    ");
    return dump(out, object, 4);
}

int pn_json_end_preview(struct pn_buf *out, const struct pn_preview_counts *counts)
{
    PN_CLEANUP(drop) json_t *summary = json_object();
    size_t objects = counts->invalid;
    for (unsigned i = 0; i < PN_OUTCOME_COUNT; i++)
        objects += counts->outcomes[i];
    bool stored = SET(summary, "objects", json_integer((json_int_t)objects));
    for (unsigned i = 0; i < PN_OUTCOME_COUNT; i++) {
        json_t *count = json_integer((json_int_t)counts->outcomes[i]);
        stored = set(summary, pn_str_of(pn_outcome_name((enum pn_outcome)i)), count) && stored;
    }
    stored = SET(summary, "invalid", json_integer((json_int_t)counts->invalid)) && stored;
    stored = SET(summary, "other", json_integer((json_int_t)counts->other)) && stored;
    if (!stored)
        return -ENOMEM;
    pn_buf_cstr(out, "\n  ],\n  \"summary\": ");
    int r = dump(out, summary, 2);
    pn_buf_cstr(out, "\n}\n");
    return r;
}

int pn_json_write_version(struct pn_buf *out, const char *version, const char *compiler,
                          const struct pn_json_pair *libraries)
{
    PN_CLEANUP(drop) json_t *object = json_object();
    PN_CLEANUP(drop) json_t *versions = json_object();
    bool stored = SET(object, "version", string_json(pn_str_of(version))) &&
                  SET(object, "compiler", string_json(pn_str_of(compiler)));
    for (; libraries->name != NULL; libraries++)
        stored = set(versions, pn_str_of(libraries->name),
                     string_json(pn_str_of(libraries->text))) &&
                 stored;
    stored = SET(object, "libraries", PN_TAKE(versions)) && stored;
    int r = stored ? dump(out, object, 0) : -ENOMEM;
    pn_buf_char(out, '\n');
    return r;
}
