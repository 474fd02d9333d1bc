/* SPDX-License-Identifier: Apache-2.0 */
#include "yaml/emit.h"

#include <errno.h>
#include <yaml.h>

#include "yaml/scalar.h"
#include "yaml/text.h"

struct emit {
    yaml_emitter_t emitter;
    bool is_part;
    unsigned flags; /* of a part */
};

static int append(void *data, unsigned char *bytes, size_t n)
{
    pn_buf_append(data, bytes, n);
    return 1;
}

/* Hands an event over; `made` says whether it could be made. */
static int emit(struct emit *e, yaml_event_t *event, int made)
{
    return made && yaml_emitter_emit(&e->emitter, event) ? 0 : -ENOMEM;
}

/* ---- strings --------------------------------------------------------------------------- */

/* U+0085, U+2028 and U+2029 are line breaks to YAML 1.1, and do not come back as they went. */
static bool has_odd_line_break(struct pn_str text)
{
    return pn_str_contains(text, PN_STR("\xc2\x85")) ||
           pn_str_contains(text, PN_STR("\xe2\x80\xa8")) ||
           pn_str_contains(text, PN_STR("\xe2\x80\xa9"));
}

/* The style that reads back as the same string; the emitter turns to quotes on its own where the
 * characters ask for them. */
static yaml_scalar_style_t style_of(const struct emit *e, struct pn_str text, bool is_key)
{
    if (memchr(text.s, '\n', text.n) != NULL) {
        bool literal = !is_key && !has_odd_line_break(text) && text.s[0] != '\n' &&
                       text.s[0] != ' ' && (e->flags & PN_EMIT_QUOTED) == 0 &&
                       !(e->is_part && pn_str_has_suffix(text, PN_STR("\n\n")));
        return literal ? YAML_LITERAL_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    }
    if (pn_scalar_resolve(text).kind != PN_SCALAR_STRING || pn_scalar_is_sexagesimal(text) ||
        pn_str_is(text, "<<") || has_odd_line_break(text))
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return YAML_ANY_SCALAR_STYLE;
}

static int emit_string(struct emit *e, struct pn_str text, bool is_key)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf utf8 = PN_BUF_INIT;
    if (text.s == NULL)
        text = PN_STR("");
    if (!pn_str_utf8_valid(text)) {
        pn_text_append_utf8(&utf8, text);
        if (utf8.failed)
            return -ENOMEM;
        text = pn_buf_view(&utf8);
    }
    yaml_event_t event;
    if (text.n > INT32_MAX)
        return -ENOMEM;
    int made = yaml_scalar_event_initialize(&event, NULL, NULL, (const unsigned char *)text.s,
                                            (int)text.n, 1, 1, style_of(e, text, is_key));
    return emit(e, &event, made);
}

/* ---- values ---------------------------------------------------------------------------- */

static int emit_value(struct emit *e, struct pn_value v);

static int emit_plain(struct emit *e, struct pn_str text)
{
    yaml_event_t event;
    int made = yaml_scalar_event_initialize(&event, NULL, NULL, (const unsigned char *)text.s,
                                            (int)text.n, 1, 0, YAML_PLAIN_SCALAR_STYLE);
    return emit(e, &event, made);
}

static int emit_number(struct emit *e, struct pn_value v)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    /* A large whole double is spelled out: its shortest digits would read as another integer. */
    if (v.kind == PN_REAL && v.r >= -0x1p63 && v.r < 0x1p63 &&
        pn_value_equal(v, pn_int((int64_t)v.r)))
        v = pn_int((int64_t)v.r);
    pn_json_write(&text, v);
    return text.failed ? -ENOMEM : emit_plain(e, pn_buf_view(&text));
}

static bool is_block(const struct emit *e, struct pn_value v)
{
    return pn_value_count(v) > 0 && (e->flags & PN_EMIT_FLOW) == 0;
}

static int emit_array(struct emit *e, struct pn_value v)
{
    yaml_event_t event;
    yaml_sequence_style_t style = is_block(e, v) ? YAML_BLOCK_SEQUENCE_STYLE
                                                 : YAML_FLOW_SEQUENCE_STYLE;
    int r = emit(e, &event, yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, style));
    for (uint32_t i = 0; r == 0 && i < pn_value_count(v); i++)
        r = emit_value(e, pn_value_at(v, i));
    return r != 0 ? r : emit(e, &event, yaml_sequence_end_event_initialize(&event));
}

static int emit_object(struct emit *e, struct pn_value v)
{
    yaml_event_t event;
    yaml_mapping_style_t style = is_block(e, v) ? YAML_BLOCK_MAPPING_STYLE
                                                : YAML_FLOW_MAPPING_STYLE;
    int r = emit(e, &event, yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, style));
    for (uint32_t i = 0; r == 0 && i < pn_value_count(v); i++) {
        r = emit_string(e, pn_value_member(v, i)->key, true);
        if (r == 0)
            r = emit_value(e, pn_value_member(v, i)->value);
    }
    return r != 0 ? r : emit(e, &event, yaml_mapping_end_event_initialize(&event));
}

static int emit_value(struct emit *e, struct pn_value v)
{
    switch (v.kind) {
    case PN_BOOL:
        return emit_plain(e, v.b ? PN_STR("true") : PN_STR("false"));
    case PN_INT:
    case PN_REAL:
    case PN_RAW:
        return emit_number(e, v);
    case PN_STRING:
        return emit_string(e, pn_value_str(v), false);
    case PN_ARRAY:
        return emit_array(e, v);
    case PN_OBJECT:
        return emit_object(e, v);
    default:
        return emit_plain(e, PN_STR("null"));
    }
}

static int emit_document(struct emit *e, struct pn_value v)
{
    yaml_event_t event;
    int r = emit(e, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    if (r == 0)
        r = emit(e, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    if (r == 0)
        r = emit_value(e, v);
    /* The document's end flushes. The end of the stream would add "..." behind a text that keeps
     * its last line breaks, where nobody needs it. */
    return r != 0 ? r : emit(e, &event, yaml_document_end_event_initialize(&event, 1));
}

static int write(struct emit *e, struct pn_buf *out, struct pn_value v)
{
    if (!yaml_emitter_initialize(&e->emitter))
        return -ENOMEM;
    yaml_emitter_set_output(&e->emitter, append, out);
    yaml_emitter_set_unicode(&e->emitter, 1);
    yaml_emitter_set_width(&e->emitter, -1);
    int r = emit_document(e, v);
    yaml_emitter_delete(&e->emitter);
    return r == 0 && out->failed ? -ENOMEM : r;
}

int pn_yaml_write(struct pn_buf *out, struct pn_value v)
{
    struct emit e = {.is_part = false};
    return write(&e, out, v);
}

int pn_yaml_write_part(struct pn_buf *out, struct pn_value v, unsigned flags)
{
    struct emit e = {.is_part = true, .flags = flags};
    return write(&e, out, v);
}
