/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "report/term.h"
#include "report/text.h"
#include "sys/file.h"

/* A pipe's worth at a time. */
enum { STEP_BYTES = 64 << 10 };

static void write_gathered(struct pn_out *out)
{
    if (out->buf.failed && out->error == 0)
        out->error = ENOMEM;
    if (out->error == 0) {
        int r = pn_file_write_fd(STDOUT_FILENO, pn_buf_view(&out->buf));
        out->error = r < 0 ? -r : 0;
    }
    out->buf.len = 0;
}

void pn_out_step(struct pn_out *out)
{
    if (out->buf.len >= STEP_BYTES || out->buf.failed)
        write_gathered(out);
}

void pn_out_summarise(struct pn_out *out, const struct pn_buf *summary)
{
    write_gathered(out);
    pn_out_note(pn_buf_view(summary));
}

bool pn_out_finish(struct pn_out *out)
{
    write_gathered(out);
    pn_buf_deinit(&out->buf);
    /* Network file systems tell at the close that the last bytes were lost. */
    if (close(STDOUT_FILENO) < 0 && out->error == 0 && errno != EBADF)
        out->error = errno;
    /* `pannier ... | head`: who reads no further need not be told. */
    if (out->error != 0 && out->error != EPIPE)
        pn_out_error("cannot write to standard output: %s", strerror(out->error));
    return out->error == 0;
}

bool pn_out_file(const char *path, const struct pn_buf *result, int r)
{
    if (r == 0)
        r = result->failed ? -ENOMEM : pn_file_replace(path, pn_buf_view(result));
    if (r < 0)
        pn_out_error("cannot write %s: %s", path, strerror(-r));
    return r == 0;
}

void pn_out_note(struct pn_str text)
{
    /* There is nobody left to tell when standard error is gone. */
    int r = pn_file_write_fd(STDERR_FILENO, text);
    (void)r;
}

void pn_out_error(const char *format, ...)
{
    char text[PN_ERR_MAX_BYTES + 256];
    PN_CLEANUP(pn_buf_deinit) struct pn_buf line = PN_BUF_INIT;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pn_buf_cstr(&line, "error: ");
    pn_term_write(&line, pn_str_of(text));
    pn_buf_char(&line, '\n');
    pn_out_note(pn_buf_view(&line));
}

void pn_out_diags(struct pn_diags *diags, bool color)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_diags_sort(diags);
    pn_text_write_diags(&text, diags, color);
    pn_out_note(pn_buf_view(&text));
    if (diags->failed || text.failed)
        pn_out_error("out of memory: more is wrong than could be shown");
    pn_diags_deinit(diags);
}

/* ---- colour ---------------------------------------------------------------------------- */

const char *const pn_color_words[] = {"auto", "always", "never", NULL};

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

static bool is_forced(const char *name)
{
    return is_set(name) && strcmp(getenv(name), "0") != 0;
}

bool pn_color_wanted(int mode, int fd)
{
    if (mode != PN_COLOR_AUTO)
        return mode == PN_COLOR_ALWAYS;
    if (is_set("NO_COLOR"))
        return false;
    if (is_forced("CLICOLOR_FORCE") || is_forced("FORCE_COLOR"))
        return true;
    const char *term = getenv("TERM");
    if (term == NULL || strcmp(term, "dumb") == 0)
        return false;
    return isatty(fd) == 1;
}
