/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lint_output.h"

#include <unistd.h>

#include "cli/out.h"

enum format {
    FORMAT_FULL,
    FORMAT_CONCISE,
    FORMAT_JSON,
    FORMAT_SARIF,
    FORMAT_GITHUB,
    FORMAT_GITLAB,
    FORMAT_JUNIT,
};
const char *const pn_lint_formats[] = {"full",   "concise", "json",  "sarif",
                                       "github", "gitlab",  "junit", NULL};

/* "sarif=lint.sarif": the format, and the file (NULL: standard output). False: said why. */
static bool read_output(enum format *ret, const char **ret_file, const char *text)
{
    struct pn_str rest = pn_str_of(text);
    struct pn_str word = pn_str_split(&rest, '=');
    for (int i = 0; pn_lint_formats[i] != NULL; i++) {
        if (pn_str_is(word, pn_lint_formats[i]) && (rest.s == NULL || rest.n > 0)) {
            *ret = (enum format)i;
            *ret_file = rest.s;
            return true;
        }
    }
    pn_out_error("--output: unknown value \"%s\"; expected full, concise, json, sarif, github, "
                 "gitlab or junit, and perhaps =FILE",
                 text);
    return false;
}

bool pn_lint_output_check(const struct pn_flag_list *outputs)
{
    size_t to_stdout = 0;
    for (size_t i = 0; i < outputs->count; i++) {
        enum format format;
        const char *file;
        if (!read_output(&format, &file, outputs->items[i]))
            return false;
        to_stdout += file == NULL;
    }
    if (to_stdout > 1)
        pn_out_error("--output: one format can go to standard output; write the others to files: "
                     "-o sarif=lint.sarif");
    return to_stdout <= 1;
}

static int write_format(struct pn_buf *out, enum format format, const struct pn_findings *f,
                        bool color)
{
    switch (format) {
    case FORMAT_FULL:
        pn_findings_write_full(out, f, color);
        return 0;
    case FORMAT_CONCISE:
        pn_findings_write_concise(out, f, color);
        return 0;
    case FORMAT_JSON:
        return pn_findings_write_json(out, f);
    case FORMAT_SARIF:
        return pn_findings_write_sarif(out, f);
    case FORMAT_GITLAB:
        return pn_findings_write_gitlab(out, f);
    case FORMAT_JUNIT:
        pn_findings_write_junit(out, f);
        return 0;
    default:
        pn_findings_write_github(out, f);
        return 0;
    }
}

static bool write_file(enum format format, const char *file, const struct pn_findings *f)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf bytes = PN_BUF_INIT;
    int r = write_format(&bytes, format, f, false);
    return pn_out_file(file, &bytes, r);
}

bool pn_lint_output_is_default(const struct pn_flag_list *outputs)
{
    return outputs->count == 1 && strcmp(outputs->items[0], pn_lint_formats[FORMAT_FULL]) == 0;
}

/* The format that goes to no file. */
static bool write_stream(enum format format, const struct pn_findings *f, bool stdout_is_taken,
                         int color)
{
    struct pn_out out = PN_OUT_INIT;
    bool is_colored = pn_color_wanted(color, stdout_is_taken ? STDERR_FILENO : STDOUT_FILENO);
    if (write_format(&out.buf, format, f, is_colored) < 0)
        out.buf.failed = true;
    if (!stdout_is_taken)
        return pn_out_finish(&out);
    bool is_whole = !out.buf.failed;
    pn_out_note(pn_buf_view(&out.buf));
    pn_buf_deinit(&out.buf);
    return is_whole;
}

bool pn_lint_output_write(const struct pn_flag_list *outputs, const struct pn_findings *f,
                          bool stdout_is_taken, int color)
{
    bool is_written = true, summarise = false;
    for (size_t i = 0; i < outputs->count; i++) {
        enum format format = FORMAT_FULL;
        const char *file = NULL;
        bool is_legal = read_output(&format, &file, outputs->items[i]);
        if (is_legal && file != NULL) {
            is_written = write_file(format, file, f) && is_written;
            continue;
        }
        summarise = format == FORMAT_FULL || format == FORMAT_CONCISE;
        is_written = write_stream(format, f, stdout_is_taken, color) && is_written;
    }
    if (summarise) {
        PN_CLEANUP(pn_buf_deinit) struct pn_buf summary = PN_BUF_INIT;
        pn_findings_write_summary(&summary, f);
        pn_out_note(pn_buf_view(&summary));
    }
    return is_written;
}
