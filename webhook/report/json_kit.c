/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_kit.h"

#include <errno.h>

void pn_json_drop(json_t **json)
{
    json_decref(*json);
}

/* `text` with U+FFFD for each byte that is no UTF-8. */
static void repair_utf8(struct pn_buf *out, struct pn_str text)
{
    while (text.n > 0) {
        size_t n = pn_str_utf8_next(text);
        pn_buf_str(out, n > 0 ? (struct pn_str){text.s, n} : PN_STR("\xef\xbf\xbd"));
        text.s += n > 0 ? n : 1;
        text.n -= n > 0 ? n : 1;
    }
}

json_t *pn_json_string(struct pn_str text)
{
    if (pn_str_utf8_valid(text))
        return json_stringn_nocheck(text.n > 0 ? text.s : "", text.n);
    PN_CLEANUP(pn_buf_deinit) struct pn_buf valid = PN_BUF_INIT;
    repair_utf8(&valid, text);
    return valid.failed ? NULL : json_stringn_nocheck(valid.data, valid.len);
}

json_t *pn_json_text(const char *text)
{
    return pn_json_string(pn_str_of(text));
}

json_t *pn_json_count(size_t count)
{
    return json_integer((json_int_t)count);
}

bool pn_json_set(json_t *object, struct pn_str key, json_t *take)
{
    if (object == NULL || take == NULL) {
        json_decref(take);
        return false;
    }
    if (pn_str_utf8_valid(key))
        return json_object_setn_new_nocheck(object, key.s, key.n, take) == 0;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf valid = PN_BUF_INIT;
    repair_utf8(&valid, key);
    if (valid.failed) {
        json_decref(take);
        return false;
    }
    return json_object_setn_new_nocheck(object, valid.data, valid.len, take) == 0;
}

bool pn_json_append(json_t *array, json_t *take)
{
    if (array != NULL && take != NULL)
        return json_array_append_new(array, take) == 0;
    json_decref(take);
    return false;
}

json_t *pn_json_strings(const struct pn_str *items, size_t n)
{
    PN_CLEANUP(pn_json_drop) json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        if (!pn_json_append(array, pn_json_string(items[i])))
            return NULL;
    }
    return PN_TAKE(array);
}

static int append(const char *bytes, size_t n, void *buf)
{
    struct pn_buf *out = buf;
    pn_buf_append(out, bytes, n);
    return out->failed ? -1 : 0;
}

int pn_json_dump(struct pn_buf *out, const json_t *json, int indent)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    /* jansson's 17 digits make 0.050000000000000003 of a policy's 0.05. */
    const size_t format = JSON_INDENT(2) | JSON_REAL_PRECISION(15);
    if (json == NULL || json_dump_callback(json, append, &text, format) < 0)
        return -ENOMEM;
    struct pn_str rest = pn_buf_view(&text);
    while (rest.s != NULL) {
        pn_buf_str(out, pn_str_split(&rest, '\n')); /* inside strings it is written \n */
        if (rest.s != NULL)
            pn_buf_printf(out, "\n%*s", indent, "");
    }
    return out->failed ? -ENOMEM : 0;
}

int pn_json_document(struct pn_buf *out, const json_t *json)
{
    int r = pn_json_dump(out, json, 0);
    pn_buf_char(out, '\n');
    return r == 0 && out->failed ? -ENOMEM : r;
}

/* ---- in parts -------------------------------------------------------------------------- */

void pn_json_begin_parts(struct pn_buf *out, const char *list)
{
    pn_buf_printf(out, "{\n  \"schemaVersion\": 1,\n  \"%s\": [", list);
}

int pn_json_write_part(struct pn_buf *out, const json_t *item, bool is_first)
{
    pn_buf_cstr(out, is_first ? "\n    " : ",\n    ");
    return pn_json_dump(out, item, 4);
}

int pn_json_end_parts(struct pn_buf *out, const json_t *summary)
{
    pn_buf_cstr(out, "\n  ],\n  \"summary\": ");
    int r = pn_json_dump(out, summary, 2);
    pn_buf_cstr(out, "\n}\n");
    return r;
}
