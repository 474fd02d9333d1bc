/* SPDX-License-Identifier: Apache-2.0 */
#include "report/results.h"

#include "report/term.h"
#include "report/xml.h"

static const char *paint(bool color, const char *sequence)
{
    return color ? sequence : "";
}

/* Cases from `first` on that belong to one PolicyTest. */
static size_t suite_length(const struct pn_results *results, size_t first, size_t *ret_failed)
{
    const struct pn_case_result *cases = results->cases;
    size_t n = 0;
    *ret_failed = 0;
    for (size_t i = first; i < results->count; i++, n++) {
        if (!pn_str_eq(cases[i].suite, cases[first].suite) ||
            !pn_str_eq(cases[i].file, cases[first].file))
            break;
        *ret_failed += cases[i].failure_count > 0;
    }
    return n;
}

/* ---- text ------------------------------------------------------------------------------ */

/* Lines with an indent; of a difference, in its colours. */
static void write_lines(struct pn_buf *out, struct pn_str text, bool color)
{
    while (text.n > 0) {
        struct pn_str line = pn_str_split(&text, '\n');
        const char *paint_line = !color || line.n == 0 ? NULL
                                 : line.s[0] == '+'    ? PN_TERM_GREEN
                                 : line.s[0] == '-'    ? PN_TERM_RED
                                 : line.s[0] == '@'    ? PN_TERM_CYAN
                                                       : NULL;
        pn_buf_cstr(out, "    ");
        pn_buf_cstr(out, paint_line != NULL ? paint_line : "");
        pn_term_write(out, line);
        pn_buf_cstr(out, paint_line != NULL ? PN_TERM_RESET "\n" : "\n");
    }
}

static void write_failure(struct pn_buf *out, const struct pn_case_result *c,
                          const struct pn_failure *f, bool color)
{
    pn_buf_cstr(out, "  ");
    pn_term_write(out, c->file);
    pn_buf_printf(out, ":%u:%u: ", f->line, f->column);
    pn_term_write(out, f->what);
    pn_buf_cstr(out, ": ");
    pn_term_write(out, f->message);
    pn_buf_char(out, '\n');
    write_lines(out, f->diff, color);
}

static void write_case(struct pn_buf *out, const struct pn_case_result *c, bool color)
{
    pn_buf_printf(out, "  %scase \"", paint(color, PN_TERM_BOLD));
    pn_term_write(out, c->name);
    pn_buf_printf(out, "\"%s\n", paint(color, PN_TERM_RESET));
    for (size_t i = 0; i < c->failure_count; i++)
        write_failure(out, c, &c->failures[i], color);
    if (c->trace.n > 0)
        pn_buf_cstr(out, "  why:\n");
    write_lines(out, c->trace, false);
    pn_buf_char(out, '\n');
}

static void write_suite(struct pn_buf *out, const struct pn_case_result *cases, size_t n,
                        size_t failed, bool color)
{
    const char *word = failed > 0 ? PN_TERM_RED "FAIL" : PN_TERM_GREEN "ok  ";
    pn_buf_printf(out, "%s%s  ",
                  color        ? word
                  : failed > 0 ? "FAIL"
                               : "ok  ",
                  paint(color, PN_TERM_RESET));
    pn_term_write(out, cases[0].suite);
    pn_buf_cstr(out, "  ");
    pn_term_write(out, cases[0].file);
    pn_buf_printf(out, "  %zu case%s", n, n == 1 ? "" : "s");
    if (failed > 0)
        pn_buf_printf(out, ", %zu failed", failed);
    pn_buf_char(out, '\n');
    for (size_t i = 0; i < n; i++) {
        if (cases[i].failure_count > 0)
            write_case(out, &cases[i], color);
    }
}

/* Names on lines of no more than a terminal's width. */
struct list {
    struct pn_buf *out;
    size_t column;
};

static void list_name(struct list *list, struct pn_str name)
{
    if (list->column == 0 || list->column + 2 + name.n > 78) {
        pn_buf_cstr(list->out, list->column == 0 ? "  " : ",\n  ");
        list->column = 2;
    } else {
        pn_buf_cstr(list->out, ", ");
        list->column += 2;
    }
    list->column += pn_term_write(list->out, name);
}

static void list_end(struct list *list)
{
    if (list->column > 0)
        pn_buf_char(list->out, '\n');
}

static size_t count_true(const bool *items, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += items[i];
    return count;
}

static void write_coverage(struct pn_buf *out, const struct pn_coverage *c)
{
    struct list missed = {out, 0}, unseen = {out, 0};
    size_t selected = count_true(c->is_selected, c->policy_count);
    pn_buf_printf(out, "\npolicies that a case selected: %zu of %zu%s\n", selected, c->policy_count,
                  selected < c->policy_count ? "; not:" : "");
    for (size_t i = 0; i < c->policy_count; i++) {
        if (!c->is_selected[i])
            list_name(&missed, c->policies[i]);
    }
    list_end(&missed);
    const size_t all = PN_REASON_COUNT - 1; /* without the absence of one */
    size_t seen = count_true(c->reasons + 1, all);
    pn_buf_printf(out, "reasons that a case ended with: %zu of %zu%s\n", seen, all,
                  seen < all ? "; not:" : "");
    for (unsigned i = PN_REASON_NONE + 1; i < PN_REASON_COUNT; i++) {
        if (!c->reasons[i])
            list_name(&unseen, pn_str_of(pn_reason_name((enum pn_reason_id)i)));
    }
    list_end(&unseen);
}

void pn_results_write_text(struct pn_buf *out, const struct pn_results *results, bool color)
{
    size_t failed = 0;
    for (size_t i = 0, n; i < results->count; i += n) {
        n = suite_length(results, i, &failed);
        write_suite(out, &results->cases[i], n, failed, color);
    }
    if (results->coverage != NULL)
        write_coverage(out, results->coverage);
}

void pn_results_write_summary(struct pn_buf *out, const struct pn_results *results)
{
    pn_buf_printf(out, "%zu passed, %zu failed\n", results->count - results->failed,
                  results->failed);
}

/* ---- JUnit ----------------------------------------------------------------------------- */

static void write_junit_case(struct pn_buf *out, const struct pn_case_result *c)
{
    pn_buf_cstr(out, "    <testcase");
    pn_xml_attribute(out, "classname", c->suite);
    pn_xml_attribute(out, "name", c->name);
    pn_xml_attribute(out, "file", c->file);
    pn_buf_printf(out, " line=\"%u\"", c->line);
    if (c->failure_count == 0) {
        pn_buf_cstr(out, "/>\n");
        return;
    }
    pn_buf_cstr(out, ">\n      <failure");
    pn_xml_attribute(out, "message", c->failures[0].message);
    pn_xml_attribute(out, "type", c->failures[0].what);
    pn_buf_char(out, '>');
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    for (size_t i = 0; i < c->failure_count; i++)
        write_failure(&text, c, &c->failures[i], false);
    pn_buf_str(&text, c->trace);
    pn_xml_write(out, pn_buf_view(&text));
    pn_buf_cstr(out, "</failure>\n    </testcase>\n");
    out->failed = out->failed || text.failed;
}

void pn_results_write_junit(struct pn_buf *out, const struct pn_results *results)
{
    size_t failed = 0;
    pn_buf_printf(out,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<testsuites name=\"pannier test\" tests=\"%zu\" failures=\"%zu\" "
                  "errors=\"0\">\n",
                  results->count, results->failed);
    for (size_t i = 0, n; i < results->count; i += n) {
        n = suite_length(results, i, &failed);
        pn_buf_cstr(out, "  <testsuite");
        pn_xml_attribute(out, "name", results->cases[i].suite);
        pn_xml_attribute(out, "file", results->cases[i].file);
        pn_buf_printf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n", n,
                      failed);
        for (size_t k = i; k < i + n; k++)
            write_junit_case(out, &results->cases[k]);
        pn_buf_cstr(out, "  </testsuite>\n");
    }
    pn_buf_cstr(out, "</testsuites>\n");
}

/* ---- GitHub ---------------------------------------------------------------------------- */

/* As actions/toolkit escapes data and, with `is_property`, properties of a workflow command. */
static void write_github(struct pn_buf *out, struct pn_str text, bool is_property)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.s[i];
        bool escapes = c == '%' || c == '\r' || c == '\n' ||
                       (is_property && (c == ':' || c == ','));
        if (escapes)
            pn_buf_printf(out, "%%%02X", c);
        else
            pn_buf_char(out, (char)c);
    }
}

static void write_github_failure(struct pn_buf *out, const struct pn_case_result *c,
                                 const struct pn_failure *f)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_buf_cstr(out, "::error file=");
    write_github(out, c->file, true);
    pn_buf_printf(out, ",line=%u,col=%u,title=", f->line, f->column);
    pn_term_write(&text, c->suite);
    pn_buf_cstr(&text, ": ");
    pn_term_write(&text, c->name);
    write_github(out, pn_buf_view(&text), true);
    pn_buf_cstr(out, "::");
    text.len = 0;
    pn_term_write(&text, f->what);
    pn_buf_cstr(&text, ": ");
    pn_term_write(&text, f->message);
    pn_buf_char(&text, '\n');
    write_lines(&text, f->diff, false);
    write_github(out, pn_str_trim(pn_buf_view(&text)), false);
    pn_buf_char(out, '\n');
    out->failed = out->failed || text.failed;
}

void pn_results_write_github(struct pn_buf *out, const struct pn_results *results)
{
    for (size_t i = 0; i < results->count; i++) {
        const struct pn_case_result *c = &results->cases[i];
        for (size_t k = 0; k < c->failure_count; k++)
            write_github_failure(out, c, &c->failures[k]);
    }
}
