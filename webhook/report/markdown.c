/* SPDX-License-Identifier: Apache-2.0 */
#include "report/markdown.h"

#include <errno.h>

#include "base/limits.h"
#include "report/term.h"

/* ---- text of strangers ------------------------------------------------------------------- */

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
           c == '-' || (unsigned char)c >= 0x80;
}

void pn_markdown_code(struct pn_buf *out, struct pn_str text)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf shown = PN_BUF_INIT;
    pn_term_write(&shown, text);
    out->failed = out->failed || shown.failed;
    bool is_simple = true;
    for (size_t i = 0; i < shown.len; i++)
        is_simple = is_simple && strchr("`\\|", shown.data[i]) == NULL;
    if (shown.len == 0)
        return;
    pn_buf_cstr(out, is_simple ? "`" : "<code>");
    for (size_t i = 0; i < shown.len; i++) {
        if (is_simple || is_plain(shown.data[i]))
            pn_buf_char(out, shown.data[i]);
        else
            pn_buf_printf(out, "&#%d;", shown.data[i]);
    }
    pn_buf_cstr(out, is_simple ? "`" : "</code>");
}

static size_t longest_fence(struct pn_str text)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < text.n; i++) {
        run = text.s[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void write_fence(struct pn_buf *out, size_t length)
{
    for (size_t i = 0; i < length; i++)
        pn_buf_char(out, '`');
}

void pn_markdown_block(struct pn_buf *out, const char *language, struct pn_str text)
{
    size_t longest = longest_fence(text), length = longest < 3 ? 3 : longest + 1;
    write_fence(out, length);
    pn_buf_printf(out, "%s\n", language);
    pn_buf_str(out, text);
    if (text.n > 0 && text.s[text.n - 1] != '\n')
        pn_buf_char(out, '\n');
    write_fence(out, length);
    pn_buf_char(out, '\n');
}

/* ---- one object ------------------------------------------------------------------------ */

static const struct pn_effect_style style = {pn_markdown_code, "\\~"};

/* Adds `text`, unless the part is full. */
static void add(struct pn_markdown_part *part, const struct pn_buf *text, size_t max_bytes)
{
    part->text.failed = part->text.failed || text->failed;
    part->count++;
    /* Nothing after the first one that was left out: no gaps. */
    if (part->left_out > 0 || part->text.len + text->len > max_bytes)
        part->left_out++;
    else
        pn_buf_append(&part->text, text->data, text->len);
}

static void write_name(struct pn_buf *out, const struct pn_preview *p)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf name = PN_BUF_INIT;
    pn_preview_write_name(&name, p);
    out->failed = out->failed || name.failed;
    pn_markdown_code(out, pn_buf_view(&name));
}

static void begin_row(struct pn_buf *row, const struct pn_preview *p)
{
    pn_buf_cstr(row, "| ");
    pn_markdown_code(row, p->namespace);
    pn_buf_cstr(row, " | ");
    write_name(row, p);
}

static void add_row(struct pn_markdown_report *report, const struct pn_preview *p,
                    const struct pn_effect *e)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf row = PN_BUF_INIT;
    begin_row(&row, p);
    pn_buf_cstr(&row, " | ");
    pn_effect_write_result(&row, e);
    pn_buf_cstr(&row, " | ");
    pn_effect_write_policies(&row, e, &style);
    pn_buf_cstr(&row, " | ");
    pn_effect_write_containers(&row, e, &style);
    pn_buf_cstr(&row, " | ");
    pn_effect_write_requests(&row, e, &style);
    pn_buf_cstr(&row, " | ");
    pn_effect_write_qos(&row, e);
    pn_buf_cstr(&row, " |\n");
    add(&report->rows, &row, PN_MARKDOWN_ROWS_BYTES);
}

static void add_rest(struct pn_markdown_report *report, const struct pn_preview *p,
                     const struct pn_effect *e)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf row = PN_BUF_INIT;
    begin_row(&row, p);
    pn_buf_printf(&row, " | %s |\n", pn_outcome_name(e->after));
    add(&report->rest, &row, PN_MARKDOWN_REST_BYTES);
}

static void add_message(struct pn_markdown_report *report, const struct pn_preview *p,
                        const char *what, struct pn_str text)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf line = PN_BUF_INIT;
    pn_buf_cstr(&line, "- ");
    write_name(&line, p);
    pn_buf_cstr(&line, " in ");
    pn_markdown_code(&line, p->namespace);
    pn_buf_cstr(&line, what);
    pn_markdown_code(&line, text);
    pn_buf_char(&line, '\n');
    add(&report->messages, &line, PN_MARKDOWN_MESSAGES_BYTES);
}

static void add_messages(struct pn_markdown_report *report, const struct pn_preview *p,
                         const struct pn_effect *e)
{
    if (!p->decision->allowed)
        add_message(report, p, " is denied: ", p->decision->message);
    for (size_t i = 0; i < e->new_warning_count; i++)
        add_message(report, p, " gets a warning: ", e->new_warnings[i]);
    for (size_t i = 0; i < e->gone_warning_count; i++)
        add_message(report, p, " no longer gets a warning: ", e->gone_warnings[i]);
}

void pn_markdown_report_add(struct pn_markdown_report *report, const struct pn_preview *p,
                            const struct pn_effect *e, struct pn_str diff)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf block = PN_BUF_INIT;
    if (!e->changes) {
        add_rest(report, p, e);
        return;
    }
    add_row(report, p, e);
    add_messages(report, p, e);
    if (diff.n == 0)
        return;
    pn_markdown_block(&block, "diff", diff);
    add(&report->diffs, &block, PN_MARKDOWN_DIFFS_BYTES);
}

/* ---- the report ------------------------------------------------------------------------ */

void pn_markdown_report_deinit(struct pn_markdown_report *report)
{
    pn_buf_deinit(&report->rows.text);
    pn_buf_deinit(&report->diffs.text);
    pn_buf_deinit(&report->messages.text);
    pn_buf_deinit(&report->rest.text);
    *report = (struct pn_markdown_report){0};
}

/* The part between blank lines, and how much of it did not fit. `head`: of a table, or "". */
static void write_part(struct pn_buf *out, const struct pn_markdown_part *part, const char *head,
                       const char *what)
{
    pn_buf_cstr(out, head);
    pn_buf_str(out, pn_buf_view(&part->text));
    if (part->left_out > 0)
        pn_buf_printf(out, "\n%zu more %s%s left out here.\n", part->left_out, what,
                      part->left_out == 1 ? " is" : "s are");
    out->failed = out->failed || part->text.failed;
}

static void begin_details(struct pn_buf *out, size_t n, const char *format_one,
                          const char *format_many)
{
    pn_buf_printf(out, "\n<details><summary>%zu %s</summary>\n\n", n,
                  n == 1 ? format_one : format_many);
}

int pn_markdown_report_write(struct pn_buf *out, const struct pn_markdown_report *report,
                             const struct pn_effect_totals *totals,
                             const struct pn_preview_counts *counts)
{
    pn_buf_cstr(out, "**");
    int r = pn_effect_write_summary(out, totals, counts);
    pn_buf_cstr(out, "**\n");
    if (report->rows.count > 0) {
        pn_buf_char(out, '\n');
        write_part(
            out, &report->rows,
            "| Namespace | Object | Result | Policies | Containers | Requests | QoS class |\n"
            "|---|---|---|---|---|---|---|\n",
            "object");
    }
    if (report->messages.count > 0) {
        pn_buf_char(out, '\n');
        write_part(out, &report->messages, "", "message");
    }
    if (report->diffs.count > 0) {
        begin_details(out, report->diffs.count, "difference", "differences");
        write_part(out, &report->diffs, "", "difference");
        pn_buf_cstr(out, "\n</details>\n");
    }
    if (report->rest.count > 0) {
        begin_details(out, report->rest.count, "object without change", "objects without change");
        write_part(out, &report->rest, "| Namespace | Object | Result |\n|---|---|---|\n",
                   "object");
        pn_buf_cstr(out, "\n</details>\n");
    }
    return r == 0 && out->failed ? -ENOMEM : r;
}
