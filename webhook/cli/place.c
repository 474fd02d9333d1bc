/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/place.h"

#include "base/number.h"

enum step { STEP_FIELD, STEP_ITEM, STEP_END };

static struct pn_str take(struct pn_str *rest, size_t n)
{
    struct pn_str head = {rest->s, n};
    rest->s += n;
    rest->n -= n;
    return head;
}

/* Bytes before the first of `stops`. */
static size_t length_until(struct pn_str text, const char *stops)
{
    size_t n = 0;
    while (n < text.n && strchr(stops, text.s[n]) == NULL)
        n++;
    return n;
}

/* `[0]` or `["key"]`; a key with escapes is not looked for. */
static enum step take_bracket(struct pn_str *ret_key, int64_t *ret_index, struct pn_str *rest)
{
    take(rest, 1);
    bool is_key = rest->n > 0 && rest->s[0] == '"';
    if (is_key)
        take(rest, 1);
    struct pn_str text = take(rest, length_until(*rest, is_key ? "\"\\" : "]"));
    if (!pn_str_has_prefix(*rest, is_key ? PN_STR("\"]") : PN_STR("]")))
        return STEP_END;
    take(rest, is_key ? 2 : 1);
    *ret_key = text;
    if (is_key)
        return STEP_FIELD;
    return pn_number_read_int(ret_index, text) && *ret_index >= 0 ? STEP_ITEM : STEP_END;
}

static enum step take_step(struct pn_str *ret_key, int64_t *ret_index, struct pn_str *rest)
{
    if (rest->n == 0 || rest->s[0] == ':')
        return STEP_END;
    if (rest->s[0] == '[')
        return take_bracket(ret_key, ret_index, rest);
    if (rest->s[0] == '.')
        take(rest, 1);
    *ret_key = take(rest, length_until(*rest, ".[: "));
    return STEP_FIELD;
}

static const struct pn_node *find_field(const struct pn_node *node, struct pn_str key)
{
    for (uint32_t i = 0; node->kind == PN_NODE_MAPPING && i < node->mapping.count; i++) {
        if (pn_str_eq(node->mapping.entries[i].key->s, key))
            return node->mapping.entries[i].value;
    }
    return NULL;
}

const struct pn_node *pn_place_find(const struct pn_node *node, struct pn_str message)
{
    while (node != NULL) {
        struct pn_str key = PN_STR_NULL;
        int64_t index = 0;
        const struct pn_node *next = NULL;
        enum step step = take_step(&key, &index, &message);
        if (step == STEP_FIELD)
            next = find_field(node, key);
        else if (step == STEP_ITEM && node->kind == PN_NODE_SEQUENCE &&
                 index < node->sequence.count)
            next = node->sequence.items[index];
        if (next == NULL)
            break;
        node = next;
    }
    return node;
}

static bool is_huge(struct pn_value v)
{
    double r;
    return v.kind == PN_RAW && !pn_number_read_real(&r, pn_value_str(v));
}

bool pn_place_write_huge_number(struct pn_buf *path_inout, struct pn_value v)
{
    size_t len = path_inout->len;
    if (is_huge(v))
        return true;
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        struct pn_value part;
        if (v.kind == PN_OBJECT) {
            pn_buf_cstr(path_inout, len > 0 ? "." : "");
            pn_buf_str(path_inout, pn_value_member(v, i)->key);
            part = pn_value_member(v, i)->value;
        } else {
            pn_buf_printf(path_inout, "[%u]", i);
            part = pn_value_at(v, i);
        }
        if (pn_place_write_huge_number(path_inout, part))
            return true;
        path_inout->len = len;
    }
    return false;
}
