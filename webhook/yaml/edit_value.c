/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/edit_value.h"

#include <errno.h>

#include "base/limits.h"
#include "yaml/emit.h"

static void write_indent(struct pn_buf *out, const struct pn_edit_walk *w, long column)
{
    pn_buf_str(out, w->newline);
    for (long i = 0; i < column; i++)
        pn_buf_char(out, ' ');
}

/* ---- strings of JSON ------------------------------------------------------------------- */

/* Bytes of a character that JSON takes as it is, and YAML does not: DEL, the C1 controls, U+2028,
 * U+2029 and U+FEFF; 0: none. */
static size_t unfit_character(uint32_t *ret, struct pn_str rest)
{
    const unsigned char *s = (const unsigned char *)rest.s;
    if (s[0] == 0x7f || (rest.n > 1 && s[0] == 0xc2 && s[1] < 0xa0)) {
        *ret = s[0] == 0x7f ? s[0] : s[1];
        return s[0] == 0x7f ? 1 : 2;
    }
    if (rest.n > 2 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9)) {
        *ret = 0x2000 + s[2] - 0x80;
        return 3;
    }
    if (rest.n > 2 && s[0] == 0xef && (s[1] == 0xbb || s[1] == 0xbf) && s[2] >= 0xbe) {
        *ret = 0xf000 + (uint32_t)(s[1] & 0x3f) * 0x40 + (s[2] & 0x3f);
        return 3;
    }
    return 0;
}

static void write_json_string(struct pn_buf *out, struct pn_str text)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf json = PN_BUF_INIT;
    pn_json_write_str(&json, text);
    out->failed = out->failed || json.failed;
    for (struct pn_str rest = pn_buf_view(&json); rest.n > 0;) {
        uint32_t character = 0;
        size_t n = unfit_character(&character, rest);
        if (n > 0)
            pn_buf_printf(out, "\\u%04x", character);
        else
            pn_buf_char(out, rest.s[0]);
        n = n > 0 ? n : 1;
        rest = (struct pn_str){rest.s + n, rest.n - n};
    }
}

/* ---- block style ----------------------------------------------------------------------- */

/* A mapping, at the column of its keys, or a sequence, at the column of its dashes. */
struct level {
    unsigned from; /* in the emitter's text */
    bool is_list;
    long to; /* in the document */
};

/* The lines of the emitter on their way into the document. */
struct shift {
    const struct pn_edit_walk *w;
    const struct pn_edit_place *place;
    struct level levels[2 * PN_YAML_MAX_DEPTH + 4];
    size_t depth;
    bool in_text;       /* within a block scalar... */
    unsigned text_from; /* of the level at this column */
    long text_by;       /* and moved that far */
};

/* Where the emitter's column `from` goes. It indents by two, and dashes not below their key. */
static int settle_level(long *ret, struct shift *s, unsigned from, bool is_list)
{
    while (s->depth > 0 &&
           (s->levels[s->depth - 1].from > from ||
            (s->levels[s->depth - 1].from == from && s->levels[s->depth - 1].is_list && !is_list)))
        s->depth--;
    const struct level *outer = s->depth > 0 ? &s->levels[s->depth - 1] : NULL;
    if (outer != NULL && outer->from == from && outer->is_list == is_list) {
        *ret = outer->to;
        return 0;
    }
    if (s->depth == PN_COUNT_OF(s->levels))
        return PN_EDIT_E_ANEW; /* deeper than any document */
    long to = s->place->column;
    if (outer != NULL && outer->is_list)
        to = outer->to + 2; /* behind its dash */
    else if (outer != NULL)
        to = outer->to + (is_list ? (long)s->place->list_offset : (long)s->w->step);
    s->levels[s->depth++] = (struct level){from, is_list, to};
    *ret = to;
    return 0;
}

static bool is_compact(struct pn_str rest, char indicator)
{
    return rest.n > 1 && rest.s[0] == indicator && rest.s[1] == ' ';
}

/* True when a line, from its last key or dash on, begins a block scalar. The emitter quotes a plain
 * text that would look like one. */
static bool begins_text(struct pn_str rest)
{
    const char *bar = rest.n > 0 ? memrchr(rest.s, '|', rest.n) : NULL;
    if (bar == NULL || rest.s + rest.n - bar > 3)
        return false;
    for (const char *c = bar + 1; c < rest.s + rest.n; c++) {
        if (*c != '+' && *c != '-' && (*c < '1' || *c > '9'))
            return false;
    }
    return bar == rest.s || (bar - rest.s >= 2 && bar[-1] == ' ' && bar[-2] == ':');
}

/* Appends one line of the emitter. */
static int shift_line(struct pn_buf *out, struct shift *s, struct pn_str line, bool in_line)
{
    unsigned from = 0;
    while (from < line.n && line.s[from] == ' ')
        from++;
    if (s->in_text && (from == line.n || from > s->text_from)) {
        write_indent(out, s->w, from < line.n ? (long)from + s->text_by : 0);
        pn_buf_append(out, line.s + from, line.n - from);
        return 0;
    }
    struct pn_str rest = {line.s + from, line.n - from};
    bool is_list = is_compact(rest, '-');
    long to;
    int r = settle_level(&to, s, from, is_list);
    if (r == 0 && !in_line)
        write_indent(out, s->w, to);
    while (r == 0 && (is_compact(rest, '-') || is_compact(rest, '?') || is_compact(rest, ':'))) {
        pn_buf_append(out, rest.s, 2);
        rest = (struct pn_str){rest.s + 2, rest.n - 2};
        s->text_from = from;
        s->text_by = to - (long)from;
        from += 2;
        if (begins_text(rest))
            break;
        r = settle_level(&to, s, from, is_compact(rest, '-'));
    }
    pn_buf_str(out, rest);
    s->in_text = begins_text(rest);
    if (s->in_text && rest.s[0] != '|') {
        s->text_from = from;
        s->text_by = to - (long)from;
    }
    return r;
}

int pn_edit_value_block(struct pn_buf *out, const struct pn_edit_walk *w, struct pn_value v,
                        const struct pn_edit_place *place, bool in_line)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    struct shift s = {.w = w, .place = place};
    int r = pn_yaml_write_part(&text, v, w->emit_flags);
    struct pn_str rest = pn_buf_view(&text);
    while (r == 0 && rest.n > 0) {
        struct pn_str line = pn_str_split(&rest, '\n');
        r = shift_line(out, &s, line, in_line);
        in_line = false;
    }
    return r;
}

static bool is_text(struct pn_value v)
{
    return v.kind == PN_STRING && memchr(v.s, '\n', v.len) != NULL;
}

int pn_edit_value_scalar(struct pn_buf *out, struct pn_buf *lines, const struct pn_edit_walk *w,
                         struct pn_value v, unsigned column)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    struct pn_value list;
    if (lines == NULL && is_text(v)) {
        write_json_string(out, pn_value_str(v));
        return 0;
    }
    int r = pn_array_new(&list, w->scratch, &v, 1); /* a root would be written differently */
    if (r == 0)
        r = pn_yaml_write_part(&text, list, w->emit_flags);
    struct pn_str rest = pn_buf_view(&text);
    struct pn_str first = pn_str_split(&rest, '\n');
    if (r == 0)
        pn_buf_append(out, first.s + 2, first.n - 2); /* without the dash */
    while (r == 0 && rest.n > 0) {
        struct pn_str line = pn_str_split(&rest, '\n');
        if (lines == NULL)
            return PN_EDIT_E_ANEW;
        write_indent(lines, w, line.n > 0 ? (long)column : 0);
        if (line.n > 0)
            pn_buf_append(lines, line.s + 2, line.n - 2);
    }
    return r;
}

/* ---- flow style ------------------------------------------------------------------------ */

/* A line of its own for an entry `depth` levels further in, or the bracket (one less). */
static void write_line(struct pn_buf *out, const struct pn_edit_walk *w,
                       const struct pn_edit_flow *flow, unsigned depth)
{
    if (!flow->has_lines)
        return;
    pn_buf_str(out, w->newline);
    pn_buf_str(out, flow->indent);
    for (unsigned i = 0; i < depth; i++)
        pn_buf_str(out, flow->unit);
}

static int write_json(struct pn_buf *out, const struct pn_edit_walk *w, struct pn_value v,
                      const struct pn_edit_flow *flow, unsigned depth)
{
    uint32_t n = pn_value_count(v);
    if (v.kind == PN_STRING) {
        write_json_string(out, pn_value_str(v));
        return 0;
    }
    if (n == 0) {
        pn_json_write(out, v);
        return 0;
    }
    pn_buf_char(out, v.kind == PN_OBJECT ? '{' : '[');
    for (uint32_t i = 0; i < n; i++) {
        pn_buf_str(out, i == 0 ? PN_STR("") : flow->comma);
        write_line(out, w, flow, depth + 1);
        if (v.kind == PN_OBJECT) {
            write_json_string(out, pn_value_member(v, i)->key);
            pn_buf_str(out, flow->colon);
        }
        int r = write_json(out, w,
                           v.kind == PN_OBJECT ? pn_value_member(v, i)->value : pn_value_at(v, i),
                           flow, depth + 1);
        if (r != 0)
            return r;
    }
    write_line(out, w, flow, depth);
    pn_buf_char(out, v.kind == PN_OBJECT ? '}' : ']');
    return 0;
}

/* Appends what the emitter writes, without the `around` bytes before and behind it. */
static int write_emitted(struct pn_buf *out, struct pn_value v, size_t around)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    int r = pn_yaml_write_part(&text, v, PN_EMIT_FLOW);
    struct pn_str line = pn_str_trim(pn_buf_view(&text));
    if (r == 0 && (memchr(line.s, '\n', line.n) != NULL || line.n < 2 * around))
        return PN_EDIT_E_ANEW;
    if (r == 0)
        pn_buf_append(out, line.s + around, line.n - 2 * around);
    return r;
}

int pn_edit_value_flow(struct pn_buf *out, const struct pn_edit_walk *w, struct pn_value v,
                       const struct pn_edit_flow *flow, unsigned depth)
{
    if (flow->is_json)
        return write_json(out, w, v, flow, depth);
    struct pn_value list; /* a text without brackets around it may be written differently */
    int r = pn_array_new(&list, w->scratch, &v, 1);
    return r == 0 ? write_emitted(out, list, 1) : r;
}

int pn_edit_value_member(struct pn_buf *out, const struct pn_edit_walk *w,
                         const struct pn_member *member, const struct pn_edit_flow *flow)
{
    if (flow->is_json) {
        write_json_string(out, member->key);
        pn_buf_str(out, flow->colon);
        return write_json(out, w, member->value, flow, 0);
    }
    struct pn_value object;
    int r = pn_object_new(&object, w->scratch, member, 1);
    return r == 0 ? write_emitted(out, object, 1) : r;
}

int pn_edit_value_document(struct pn_buf *out, const struct pn_edit_walk *w, struct pn_value v,
                           bool is_json)
{
    const struct pn_edit_flow json = {.is_json = true,
                                      .has_lines = true,
                                      .indent = PN_STR(""),
                                      .unit = PN_STR("  "),
                                      .colon = PN_STR(": "),
                                      .comma = PN_STR(",")};
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    int r = is_json ? write_json(&text, w, v, &json, 0) : pn_yaml_write(&text, v);
    if (is_json)
        pn_buf_char(&text, '\n');
    struct pn_str rest = pn_buf_view(&text);
    out->failed = out->failed || text.failed;
    while (r == 0 && rest.n > 0) {
        pn_buf_str(out, pn_str_split(&rest, '\n'));
        pn_buf_str(out, w->newline);
    }
    return r;
}
