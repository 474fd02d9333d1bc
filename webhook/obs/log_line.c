/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <time.h>

#include "obs/log_private.h"

/* Room that every line keeps for its end, that of an object included: },"cut":true}\n. */
enum { LINE_END_BYTES = 16 };

static void write_time(struct pn_buf *out)
{
    struct timespec now;
    struct tm utc;
    char text[64];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + n, sizeof text - n, ".%06ldZ", now.tv_nsec / 1000);
    pn_buf_cstr(out, text);
}

/* Bytes of a control character at the start of `s` (C0, DEL, or C1 as UTF-8), or 0. */
static size_t control_bytes(struct pn_str s)
{
    unsigned char c = (unsigned char)s.s[0];
    if (c < 0x20 || c == 0x7f)
        return 1;
    return c == 0xc2 && s.n > 1 && (unsigned char)s.s[1] < 0xa0 ? 2 : 0;
}

/* Bytes at the start of `s` that stand for themselves: printable ASCII but quote and backslash. */
static size_t plain_run(struct pn_str s)
{
    size_t n = 0;
    while (n < s.n && s.s[n] >= 0x20 && s.s[n] < 0x7f && s.s[n] != '"' && s.s[n] != '\\')
        n++;
    return n;
}

/* Writes the character at the start of `s`, which is no plain one; returns its length. */
static size_t write_special(struct pn_buf *out, struct pn_str s)
{
    size_t n = pn_str_utf8_next(s), control = control_bytes(s);
    if (n == 0) {
        pn_buf_cstr(out, "\xef\xbf\xbd");
        return 1;
    }
    if (control > 0) {
        pn_buf_printf(out, "\\u%04x", (unsigned char)s.s[control - 1]);
        return n;
    }
    if (n == 1) /* quote or backslash */
        pn_buf_char(out, '\\');
    pn_buf_append(out, s.s, n);
    return n;
}

static void write_quoted(struct pn_buf *out, struct pn_str s)
{
    pn_buf_char(out, '"');
    while (s.n > 0) {
        size_t n = plain_run(s);
        if (n > 0)
            pn_buf_append(out, s.s, n);
        else
            n = write_special(out, s);
        s.s += n;
        s.n -= n;
    }
    pn_buf_char(out, '"');
}

static bool is_plain(struct pn_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.s[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              strchr("-_./:,=+@[]", c) != NULL))
            return false;
    }
    return s.n > 0;
}

static void write_text_value(struct pn_buf *out, struct pn_str s)
{
    /* NUL is found by strchr, hence the check. */
    if (is_plain(s) && memchr(s.s, '\0', s.n) == NULL)
        pn_buf_str(out, s);
    else
        write_quoted(out, s);
}

void pn_log_begin(struct pn_log_line *line, struct pn_log *log, struct pn_arena *arena,
                  enum pn_log_level level, struct pn_str message)
{
    static const char *const json_names[] = {"debug", "info", "warn", "error"};
    static const char *const text_names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    if (log != NULL && level < log->least)
        log = NULL;
    *line = (struct pn_log_line){.log = log, .text = PN_BUF_IN_ARENA(arena)};
    if (log == NULL)
        return;
    /* An escaped byte takes six at most. */
    size_t most = (PN_LOG_LINE_MAX_BYTES - 128) / 6;
    message.n = pn_str_utf8_cut(message, most);
    if (log->format == PN_LOG_TEXT) {
        write_time(&line->text);
        pn_buf_printf(&line->text, " %s ", text_names[level]);
        struct pn_buf quoted = PN_BUF_IN_ARENA(arena);
        write_quoted(&quoted, message);
        if (quoted.len >= 2) /* a message is escaped like a value and stands without quotes */
            pn_buf_append(&line->text, quoted.data + 1, quoted.len - 2);
        pn_buf_deinit(&quoted);
        return;
    }
    pn_buf_cstr(&line->text, "{\"time\":\"");
    write_time(&line->text);
    pn_buf_printf(&line->text, "\",\"level\":\"%s\",\"message\":", json_names[level]);
    write_quoted(&line->text, message);
}

static void write_key(struct pn_log_line *line, const char *key)
{
    bool json = line->log->format == PN_LOG_JSON;
    pn_buf_cstr(&line->text, json ? ",\"" : " ");
    pn_buf_cstr(&line->text, key);
    pn_buf_cstr(&line->text, json ? "\":" : "=");
}

/* Takes the field that began at `start` out again when the line became too long. */
static void end_field(struct pn_log_line *line, size_t start)
{
    if (line->text.failed || line->text.len + LINE_END_BYTES <= PN_LOG_LINE_MAX_BYTES)
        return;
    line->text.len = start;
    line->cut = true;
}

static void write_value(struct pn_log_line *line, struct pn_str value)
{
    if (value.n > PN_LOG_LINE_MAX_BYTES) /* too long in any case: not copied to find out */
        value.n = PN_LOG_LINE_MAX_BYTES;
    if (line->log->format == PN_LOG_JSON)
        write_quoted(&line->text, value);
    else
        write_text_value(&line->text, value);
}

void pn_log_str(struct pn_log_line *line, const char *key, struct pn_str value)
{
    size_t start = line->text.len;
    if (line->log == NULL)
        return;
    write_key(line, key);
    write_value(line, value);
    end_field(line, start);
}

void pn_log_int(struct pn_log_line *line, const char *key, int64_t value)
{
    size_t start = line->text.len;
    if (line->log == NULL)
        return;
    write_key(line, key);
    pn_buf_int(&line->text, value);
    end_field(line, start);
}

void pn_log_bool(struct pn_log_line *line, const char *key, bool value)
{
    size_t start = line->text.len;
    if (line->log == NULL)
        return;
    write_key(line, key);
    pn_buf_cstr(&line->text, value ? "true" : "false");
    end_field(line, start);
}

void pn_log_open(struct pn_log_line *line, const char *key)
{
    size_t start = line->text.len;
    if (line->log == NULL)
        return;
    write_key(line, key);
    if (line->log->format == PN_LOG_JSON)
        pn_buf_char(&line->text, '{');
    line->open = true;
    line->first = true;
    end_field(line, start);
    if (line->text.len == start)
        line->open = false;
}

void pn_log_member(struct pn_log_line *line, struct pn_str name, struct pn_str value)
{
    size_t start = line->text.len;
    if (line->log == NULL || !line->open)
        return;
    if (!line->first)
        pn_buf_char(&line->text, ',');
    write_value(line, name);
    pn_buf_char(&line->text, line->log->format == PN_LOG_JSON ? ':' : '=');
    write_value(line, value);
    end_field(line, start);
    if (line->text.len > start)
        line->first = false;
}

void pn_log_close(struct pn_log_line *line)
{
    if (line->log != NULL && line->open && line->log->format == PN_LOG_JSON)
        pn_buf_char(&line->text, '}');
    line->open = false;
}

void pn_log_line_end(struct pn_log_line *line)
{
    if (line->cut) {
        write_key(line, "cut");
        pn_buf_cstr(&line->text, "true");
    }
    pn_buf_cstr(&line->text, line->log->format == PN_LOG_JSON ? "}\n" : "\n");
}
