/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "lint/rules.h"
#include "report/findings_kit.h"

#define DROP PN_CLEANUP(pn_json_drop)

static const char *const levels[] = {"error", "warning", "note"};

static json_t *message_json(const char *text)
{
    DROP json_t *message = json_object();
    return pn_findings_set_text(message, "text", text) ? PN_TAKE(message) : NULL;
}

/* A relative reference: what a URI does not have as it is becomes %XX. */
static json_t *uri_json(const char *file)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf uri = PN_BUF_INIT;
    for (const char *c = file; *c != '\0'; c++) {
        bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                        (*c >= '0' && *c <= '9') || strchr("-._~/", *c) != NULL;
        if (is_plain)
            pn_buf_char(&uri, *c);
        else
            pn_buf_printf(&uri, "%%%02X", (unsigned char)*c);
    }
    return uri.failed ? NULL : pn_json_string(pn_buf_view(&uri));
}

static json_t *region_json(struct pn_span span, const char *excerpt)
{
    DROP json_t *region = json_object();
    uint32_t column = pn_findings_end_column(span, excerpt);
    bool stored = PN_JSON_SET(region, "startLine", json_integer(span.line)) &&
                  PN_JSON_SET(region, "startColumn", json_integer(span.column)) &&
                  (column == 0 || PN_JSON_SET(region, "endColumn", json_integer(column)));
    return stored ? PN_TAKE(region) : NULL;
}

static json_t *location_json(const char *file, struct pn_span span, const char *excerpt)
{
    DROP json_t *location = json_object();
    DROP json_t *physical = json_object();
    DROP json_t *artifact = json_object();
    bool stored = PN_JSON_SET(artifact, "uri", uri_json(file)) &&
                  PN_JSON_SET(physical, "artifactLocation", PN_TAKE(artifact)) &&
                  (span.line == 0 || PN_JSON_SET(physical, "region", region_json(span, excerpt))) &&
                  PN_JSON_SET(location, "physicalLocation", PN_TAKE(physical));
    return stored ? PN_TAKE(location) : NULL;
}

static bool set_logical(json_t *location, const struct pn_diag *d)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    DROP json_t *list = json_array();
    DROP json_t *logical = json_object();
    if (d->object == NULL)
        return true;
    pn_buf_printf(&name, "%s#%s", d->object, d->pointer != NULL ? d->pointer : "");
    return !name.failed &&
           PN_JSON_SET(logical, "fullyQualifiedName", pn_json_string(pn_buf_view(&name))) &&
           pn_json_append(list, PN_TAKE(logical)) &&
           PN_JSON_SET(location, "logicalLocations", PN_TAKE(list));
}

static json_t *locations_json(const struct pn_diag *d)
{
    DROP json_t *list = json_array();
    if (d->file == NULL)
        return PN_TAKE(list);
    DROP json_t *location = location_json(d->file, d->span, d->excerpt);
    bool stored = location != NULL && set_logical(location, d) &&
                  pn_json_append(list, PN_TAKE(location));
    return stored ? PN_TAKE(list) : NULL;
}

static json_t *related_locations_json(const struct pn_diag *d)
{
    DROP json_t *list = json_array();
    for (size_t i = 0; i < d->related_count; i++) {
        const struct pn_diag_place *place = &d->related[i];
        if (place->file == NULL)
            continue;
        DROP json_t *location = location_json(place->file, place->span, place->excerpt);
        bool stored = location != NULL && PN_JSON_SET(location, "id", pn_json_count(i + 1)) &&
                      PN_JSON_SET(location, "message", message_json(place->label)) &&
                      pn_json_append(list, PN_TAKE(location));
        if (!stored)
            return NULL;
    }
    return PN_TAKE(list);
}

static json_t *fingerprints_json(const struct pn_findings *f, size_t i)
{
    char text[PN_FINGERPRINT_SIZE];
    pn_findings_fingerprint(text, f, i);
    DROP json_t *object = json_object();
    return pn_findings_set_text(object, "pannier/v1", text) ? PN_TAKE(object) : NULL;
}

static json_t *replacement_json(const struct pn_diag_edit *edit)
{
    DROP json_t *replacement = json_object();
    DROP json_t *region = json_object();
    DROP json_t *content = message_json(edit->text);
    size_t n = edit->end - edit->start;
    bool stored = PN_JSON_SET(region, "byteOffset", pn_json_count(edit->start)) &&
                  PN_JSON_SET(region, "byteLength", pn_json_count(n)) &&
                  PN_JSON_SET(replacement, "deletedRegion", PN_TAKE(region)) &&
                  PN_JSON_SET(replacement, "insertedContent", PN_TAKE(content));
    return stored ? PN_TAKE(replacement) : NULL;
}

/* One fix: all edits, in the finding's own file. */
static json_t *fixes_json(const struct pn_diag *d)
{
    DROP json_t *list = json_array();
    DROP json_t *fix = json_object();
    DROP json_t *changes = json_array();
    DROP json_t *change = json_object();
    DROP json_t *artifact = json_object();
    DROP json_t *replacements = json_array();
    for (size_t i = 0; i < d->edit_count; i++) {
        if (!pn_json_append(replacements, replacement_json(&d->edits[i])))
            return NULL;
    }
    bool stored = PN_JSON_SET(artifact, "uri", uri_json(d->file)) &&
                  PN_JSON_SET(change, "artifactLocation", PN_TAKE(artifact)) &&
                  PN_JSON_SET(change, "replacements", PN_TAKE(replacements)) &&
                  pn_json_append(changes, PN_TAKE(change)) &&
                  PN_JSON_SET(fix, "artifactChanges", PN_TAKE(changes)) &&
                  pn_json_append(list, PN_TAKE(fix));
    return stored ? PN_TAKE(list) : NULL;
}

static json_t *suppressions_json(const struct pn_diag *d)
{
    DROP json_t *list = json_array();
    DROP json_t *row = json_object();
    bool stored = pn_findings_set_text(row, "kind",
                                       d->suppressed_by == PN_SUPPRESSED_IN_SOURCE ? "inSource"
                                                                                   : "external") &&
                  pn_findings_set_text(row, "justification",
                                       d->suppressed[0] != '\0' ? d->suppressed : NULL) &&
                  pn_json_append(list, PN_TAKE(row));
    return stored ? PN_TAKE(list) : NULL;
}

/* The message with its evidence and help, as a reader of SARIF sees nothing else of them. */
static json_t *whole_message_json(const struct pn_diag *d)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_buf_cstr(&text, d->message);
    for (size_t i = 0; i < d->note_count; i++)
        pn_buf_printf(&text, "\nnote: %s", d->notes[i]);
    if (d->help != NULL)
        pn_buf_printf(&text, "\nhelp: %s", d->help);
    pn_buf_char(&text, '\0');
    return text.failed ? NULL : message_json(text.data);
}

static json_t *result_json(const struct pn_findings *f, size_t i)
{
    const struct pn_diag *d = &f->diags->items[i];
    DROP json_t *result = json_object();
    const struct pn_rule *rule = d->code != NULL ? pn_rule_find(pn_str_of(d->code)) : NULL;
    size_t index = 0;
    while (rule != NULL && pn_rule_at(index) != rule)
        index++;
    bool stored = pn_findings_set_text(result, "ruleId", rule != NULL ? rule->code : d->id) &&
                  (rule == NULL || PN_JSON_SET(result, "ruleIndex", pn_json_count(index))) &&
                  pn_findings_set_text(result, "level", levels[d->severity]) &&
                  PN_JSON_SET(result, "message", whole_message_json(d)) &&
                  PN_JSON_SET(result, "locations", locations_json(d)) &&
                  (d->related_count == 0 ||
                   PN_JSON_SET(result, "relatedLocations", related_locations_json(d))) &&
                  PN_JSON_SET(result, "partialFingerprints", fingerprints_json(f, i)) &&
                  (d->edit_count == 0 || PN_JSON_SET(result, "fixes", fixes_json(d))) &&
                  (d->suppressed == NULL ||
                   PN_JSON_SET(result, "suppressions", suppressions_json(d)));
    return stored ? PN_TAKE(result) : NULL;
}

static json_t *rule_json(const struct pn_rule *rule)
{
    DROP json_t *object = json_object();
    DROP json_t *configuration = json_object();
    bool stored = pn_findings_set_text(configuration, "level", levels[rule->severity]) &&
                  PN_JSON_SET(configuration, "enabled", json_boolean(!rule->asked_for)) &&
                  pn_findings_set_text(object, "id", rule->code) &&
                  pn_findings_set_text(object, "name", rule->name) &&
                  PN_JSON_SET(object, "shortDescription", message_json(rule->summary)) &&
                  PN_JSON_SET(object, "fullDescription", message_json(rule->summary)) &&
                  PN_JSON_SET(object, "helpUri", pn_findings_url(rule->code)) &&
                  PN_JSON_SET(object, "defaultConfiguration", PN_TAKE(configuration));
    return stored ? PN_TAKE(object) : NULL;
}

static json_t *driver_json(const struct pn_findings *f)
{
    DROP json_t *driver = json_object();
    DROP json_t *rules = json_array();
    for (size_t i = 0; i < pn_rule_count(); i++) {
        if (!pn_json_append(rules, rule_json(pn_rule_at(i))))
            return NULL;
    }
    bool stored = pn_findings_set_text(driver, "name", "pannier") &&
                  pn_findings_set_text(driver, "version", f->version) &&
                  pn_findings_set_text(driver, "informationUri", "https://pannier.dev") &&
                  PN_JSON_SET(driver, "rules", PN_TAKE(rules));
    return stored ? PN_TAKE(driver) : NULL;
}

static json_t *run_json(const struct pn_findings *f)
{
    DROP json_t *run = json_object();
    DROP json_t *tool = json_object();
    DROP json_t *results = json_array();
    for (size_t i = 0; i < f->diags->count; i++) {
        if (!pn_json_append(results, result_json(f, i)))
            return NULL;
    }
    bool stored = PN_JSON_SET(tool, "driver", driver_json(f)) &&
                  PN_JSON_SET(run, "tool", PN_TAKE(tool)) &&
                  pn_findings_set_text(run, "columnKind", "unicodeCodePoints") &&
                  PN_JSON_SET(run, "results", PN_TAKE(results));
    return stored ? PN_TAKE(run) : NULL;
}

int pn_findings_write_sarif(struct pn_buf *out, const struct pn_findings *f)
{
    DROP json_t *root = json_object();
    DROP json_t *runs = json_array();
    bool stored = pn_findings_set_text(root, "$schema",
                                       "https://json.schemastore.org/sarif-2.1.0.json") &&
                  pn_findings_set_text(root, "version", "2.1.0") &&
                  pn_json_append(runs, run_json(f)) && PN_JSON_SET(root, "runs", PN_TAKE(runs));
    return stored ? pn_json_document(out, root) : -ENOMEM;
}
