/* SPDX-License-Identifier: Apache-2.0 */
#include "report/certificate.h"

#include <errno.h>

#include "report/json_kit.h"
#include "report/term.h"

static const char refused_id[] = "not-servable";

bool pn_certificate_is_fit(const struct pn_certificate_view *view)
{
    return view->report.finding_count == 0 && view->refusal.s == NULL;
}

/* ---- text ------------------------------------------------------------------------------ */

static void write_field(struct pn_buf *out, const char *name, struct pn_str text)
{
    pn_buf_printf(out, "  %-8s ", name);
    pn_term_write(out, text);
    pn_buf_char(out, '\n');
}

static void write_names(struct pn_buf *out, const struct pn_check_report *r)
{
    pn_buf_cstr(out, "  names    ");
    for (size_t i = 0; i < r->name_count; i++) {
        pn_buf_cstr(out, i > 0 ? ", " : "");
        pn_term_write(out, r->names[i]);
    }
    pn_buf_cstr(out, r->name_count > 0 ? "\n" : "none\n");
}

static void write_finding(struct pn_buf *out, struct pn_str text, const char *id)
{
    pn_buf_cstr(out, "problem: ");
    pn_term_write(out, text);
    pn_buf_printf(out, " [%s]\n", id);
}

void pn_certificate_write_text(struct pn_buf *out, const struct pn_certificate_view *view)
{
    const struct pn_check_report *r = &view->report;
    pn_term_write(out, pn_str_of(view->file));
    pn_buf_char(out, '\n');
    write_field(out, "subject", r->subject);
    write_field(out, "issuer", r->issuer);
    write_field(out, "key", r->key_type);
    write_names(out, r);
    pn_buf_cstr(out, "  valid    ");
    pn_check_write_time(out, r->not_before);
    pn_buf_cstr(out, " to ");
    pn_check_write_time(out, r->not_after);
    pn_buf_char(out, '\n');
    for (size_t i = 0; i < r->finding_count; i++)
        write_finding(out, r->findings[i].text, r->findings[i].id);
    if (view->refusal.s != NULL)
        write_finding(out, view->refusal, refused_id);
    if (view->key_file == NULL || view->ca_file == NULL)
        pn_buf_printf(out, "not looked at: %s%s%s\n", view->key_file == NULL ? "the key" : "",
                      view->key_file == NULL && view->ca_file == NULL ? ", " : "",
                      view->ca_file == NULL ? "the CA" : "");
    if (pn_certificate_is_fit(view))
        pn_buf_cstr(out, "ok\n");
}

/* ---- JSON ------------------------------------------------------------------------------ */

static json_t *text_json(const char *text)
{
    return text != NULL ? pn_json_string(pn_str_of(text)) : json_null();
}

static json_t *time_json(int64_t seconds)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_check_write_time(&text, seconds);
    return text.failed ? NULL : pn_json_string(pn_buf_view(&text));
}

static json_t *names_json(const struct pn_check_report *r)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (size_t i = 0; i < r->name_count; i++) {
        if (!pn_json_append(array, pn_json_string(r->names[i])))
            return NULL;
    }
    return PN_TAKE(array);
}

static bool add_finding(json_t *array, const char *id, struct pn_str text)
{
    PN_CLEANUP(pn_json_drop) json_t *finding = json_object();
    return PN_JSON_SET(finding, "id", text_json(id)) &&
           PN_JSON_SET(finding, "text", pn_json_string(text)) &&
           pn_json_append(array, PN_TAKE(finding));
}

static json_t *findings_json(const struct pn_certificate_view *view)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (size_t i = 0; i < view->report.finding_count; i++) {
        const struct pn_check_finding *f = &view->report.findings[i];
        if (!add_finding(array, f->id, f->text))
            return NULL;
    }
    if (view->refusal.s != NULL && !add_finding(array, refused_id, view->refusal))
        return NULL;
    return PN_TAKE(array);
}

int pn_certificate_write_json(struct pn_buf *out, const struct pn_certificate_view *view)
{
    const struct pn_check_report *r = &view->report;
    PN_CLEANUP(pn_json_drop) json_t *object = json_object();
    bool stored = PN_JSON_SET(object, "schemaVersion", json_integer(1)) &&
                  PN_JSON_SET(object, "file", text_json(view->file)) &&
                  PN_JSON_SET(object, "keyFile", text_json(view->key_file)) &&
                  PN_JSON_SET(object, "caFile", text_json(view->ca_file)) &&
                  PN_JSON_SET(object, "subject", pn_json_string(r->subject)) &&
                  PN_JSON_SET(object, "issuer", pn_json_string(r->issuer)) &&
                  PN_JSON_SET(object, "keyType", pn_json_string(r->key_type)) &&
                  PN_JSON_SET(object, "names", names_json(r)) &&
                  PN_JSON_SET(object, "notBefore", time_json(r->not_before)) &&
                  PN_JSON_SET(object, "notAfter", time_json(r->not_after)) &&
                  PN_JSON_SET(object, "ok", json_boolean(pn_certificate_is_fit(view))) &&
                  PN_JSON_SET(object, "findings", findings_json(view));
    int result = stored ? pn_json_dump(out, object, 0) : -ENOMEM;
    pn_buf_char(out, '\n');
    return result;
}
