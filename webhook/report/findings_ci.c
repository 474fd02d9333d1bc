/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "report/findings_kit.h"
#include "report/term.h"
#include "report/xml.h"

/* What other CI systems read: GitLab's Code Quality report and JUnit's XML. */

#define DROP PN_CLEANUP(pn_json_drop)

/* ---- fingerprints ---------------------------------------------------------------------- */

/* Without the numbers of "line 12, column 15", which a message about syntax has. */
static uint64_t hash_message(uint64_t hash, struct pn_str text)
{
    static const char *const words[] = {"line ", "column "};
    while (text.n > 0) {
        size_t n = 1;
        for (size_t i = 0; i < PN_COUNT_OF(words); i++) {
            if (pn_str_has_prefix(text, pn_str_of(words[i])))
                n = strlen(words[i]);
        }
        hash = pn_str_hash(hash, (struct pn_str){text.s, n});
        text = (struct pn_str){text.s + n, text.n - n};
        while (n > 1 && text.n > 0 && text.s[0] >= '0' && text.s[0] <= '9')
            text = (struct pn_str){text.s + 1, text.n - 1};
    }
    return hash;
}

static uint64_t hash_of(const struct pn_diag *d)
{
    const char *const parts[] = {d->code, d->file, d->object, d->pointer};
    uint64_t hash = PN_HASH_BASIS;
    for (size_t i = 0; i < PN_COUNT_OF(parts); i++)
        hash = pn_str_hash(pn_str_hash(hash, pn_str_of(parts[i])), PN_STR("\n"));
    return pn_str_hash(hash_message(hash, pn_str_of(d->message)), PN_STR("\n"));
}

void pn_findings_fingerprint(char ret[PN_FINGERPRINT_SIZE], const struct pn_findings *f, size_t i)
{
    uint64_t hash = hash_of(&f->diags->items[i]), own = hash;
    for (size_t k = 0; k < i; k++) {
        if (hash_of(&f->diags->items[k]) == hash)
            own = pn_str_hash(own, PN_STR("again"));
    }
    snprintf(ret, PN_FINGERPRINT_SIZE, "%016llx", (unsigned long long)own);
}

/* ---- GitLab ---------------------------------------------------------------------------- */

static json_t *location_json(const struct pn_diag *d)
{
    DROP json_t *location = json_object();
    DROP json_t *lines = json_object();
    struct pn_str path = pn_str_of(d->file != NULL ? d->file : ".");
    while (pn_str_has_prefix(path, PN_STR("./")))
        path = (struct pn_str){path.s + 2, path.n - 2};
    bool stored = PN_JSON_SET(lines, "begin", json_integer(d->span.line > 0 ? d->span.line : 1)) &&
                  PN_JSON_SET(location, "path", pn_json_string(path)) &&
                  PN_JSON_SET(location, "lines", PN_TAKE(lines));
    return stored ? PN_TAKE(location) : NULL;
}

static json_t *issue_json(const struct pn_findings *f, size_t i)
{
    static const char *const severities[] = {"critical", "major", "info"};
    const struct pn_diag *d = &f->diags->items[i];
    char fingerprint[PN_FINGERPRINT_SIZE];
    pn_findings_fingerprint(fingerprint, f, i);
    DROP json_t *issue = json_object();
    bool stored = pn_findings_set_text(issue, "description", d->message) &&
                  pn_findings_set_text(issue, "check_name", d->code != NULL ? d->code : d->id) &&
                  pn_findings_set_text(issue, "fingerprint", fingerprint) &&
                  pn_findings_set_text(issue, "severity", severities[d->severity]) &&
                  PN_JSON_SET(issue, "location", location_json(d));
    return stored ? PN_TAKE(issue) : NULL;
}

int pn_findings_write_gitlab(struct pn_buf *out, const struct pn_findings *f)
{
    DROP json_t *list = json_array();
    for (size_t i = 0; i < f->diags->count; i++) {
        if (f->diags->items[i].suppressed == NULL && !pn_json_append(list, issue_json(f, i)))
            return -ENOMEM;
    }
    return pn_json_document(out, list);
}

/* ---- JUnit ----------------------------------------------------------------------------- */

static struct pn_str file_of(const struct pn_diag *d)
{
    return pn_str_of(d->file != NULL ? d->file : "pannier lint");
}

static bool is_failure(const struct pn_findings *f, const struct pn_diag *d)
{
    return d->suppressed == NULL && d->severity <= f->fail_level;
}

/* "PN0604 port-collision"; "...: the place" */
static void write_name(struct pn_buf *out, const struct pn_diag *d, bool is_case)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    pn_buf_printf(&name, "%s%s%s", d->code != NULL ? d->code : "", d->code != NULL ? " " : "",
                  d->id);
    if (is_case && d->span.line > 0)
        pn_buf_printf(&name, " at %u:%u", d->span.line, d->span.column);
    pn_xml_attribute(out, is_case ? "name" : "type", pn_buf_view(&name));
    out->failed = out->failed || name.failed;
}

static void write_text(struct pn_buf *out, const struct pn_diag *d)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf url = PN_BUF_INIT;
    pn_buf_printf(out, "%s: ", pn_severity_name(d->severity));
    pn_xml_write(out, pn_str_of(d->message));
    for (size_t i = 0; i < d->note_count; i++) {
        pn_buf_cstr(out, "\nnote: ");
        pn_xml_write(out, pn_str_of(d->notes[i]));
    }
    if (d->help != NULL) {
        pn_buf_cstr(out, "\nhelp: ");
        pn_xml_write(out, pn_str_of(d->help));
    }
    pn_findings_write_url(&url, d->code);
    if (url.len > 0) {
        pn_buf_cstr(out, "\nsee: ");
        pn_xml_write(out, pn_buf_view(&url));
    }
    out->failed = out->failed || url.failed;
}

static void write_case(struct pn_buf *out, const struct pn_findings *f, const struct pn_diag *d)
{
    pn_buf_cstr(out, "    <testcase");
    pn_xml_attribute(out, "classname", file_of(d));
    write_name(out, d, true);
    if (d->file != NULL)
        pn_xml_attribute(out, "file", file_of(d));
    if (d->span.line > 0)
        pn_buf_printf(out, " line=\"%u\"", d->span.line);
    pn_buf_cstr(out, ">\n");
    if (d->suppressed != NULL) {
        pn_buf_cstr(out, "      <skipped");
        pn_xml_attribute(out, "message", pn_str_of(d->suppressed));
        pn_buf_cstr(out, "/>\n");
    } else if (is_failure(f, d)) {
        pn_buf_cstr(out, "      <failure");
        pn_xml_attribute(out, "message", pn_str_of(d->message));
        write_name(out, d, false);
        pn_buf_char(out, '>');
        write_text(out, d);
        pn_buf_cstr(out, "</failure>\n");
    } else {
        pn_buf_cstr(out, "      <system-out>");
        write_text(out, d);
        pn_buf_cstr(out, "</system-out>\n");
    }
    pn_buf_cstr(out, "    </testcase>\n");
}

struct junit_counts {
    size_t tests, failures, skipped;
};

static void write_counts(struct pn_buf *out, struct junit_counts n)
{
    pn_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", n.tests,
                  n.failures, n.skipped);
}

static struct junit_counts count_from(const struct pn_findings *f, size_t first, size_t end)
{
    struct junit_counts n = {end - first, 0, 0};
    for (size_t i = first; i < end; i++) {
        n.failures += is_failure(f, &f->diags->items[i]);
        n.skipped += f->diags->items[i].suppressed != NULL;
    }
    return n;
}

/* Findings of one file, which stand together. */
static size_t write_file(struct pn_buf *out, const struct pn_findings *f, size_t first)
{
    struct pn_str file = file_of(&f->diags->items[first]);
    size_t end = first;
    while (end < f->diags->count && pn_str_eq(file_of(&f->diags->items[end]), file))
        end++;
    pn_buf_cstr(out, "  <testsuite");
    pn_xml_attribute(out, "name", file);
    write_counts(out, count_from(f, first, end));
    for (size_t i = first; i < end; i++)
        write_case(out, f, &f->diags->items[i]);
    pn_buf_cstr(out, "  </testsuite>\n");
    return end;
}

void pn_findings_write_junit(struct pn_buf *out, const struct pn_findings *f)
{
    struct junit_counts all = count_from(f, 0, f->diags->count);
    all.tests += f->diags->count == 0;
    pn_buf_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<testsuites name=\"pannier lint\"");
    write_counts(out, all);
    for (size_t i = 0; i < f->diags->count;)
        i = write_file(out, f, i);
    /* Readers take a report without a case for one that was not made. */
    if (f->diags->count == 0) {
        pn_buf_cstr(out, "  <testsuite name=\"pannier lint\"");
        write_counts(out, all);
        pn_buf_cstr(out, "    <testcase classname=\"pannier lint\" name=\"nothing found\"/>\n"
                         "  </testsuite>\n");
    }
    pn_buf_cstr(out, "</testsuites>\n");
}
