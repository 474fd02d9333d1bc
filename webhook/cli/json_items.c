/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_items.h"

#include <errno.h>
#include <stdlib.h>

/* The items' list is the second level: the object is the first. */
enum { ITEMS_DEPTH = 2 };

struct scan {
    struct pn_str text;
    size_t at;
    unsigned depth; /* of braces and brackets, whichever: each item is parsed by itself */
    bool is_key;    /* the last string, at depth 1, was "items" */
    bool in_items;
    size_t list_start, list_end; /* of the list, with its brackets; list_end 0: not found yet */
    size_t item_start;
};

static int add_item(struct pn_json_items *items, const struct scan *s)
{
    struct pn_str text = {s->text.s + s->item_start, s->at - s->item_start};
    if (items->count == items->cap) {
        size_t cap = 2 * items->cap + 64;
        struct pn_str *grown = realloc(items->texts, cap * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        items->texts = grown;
        items->cap = cap;
    }
    items->texts[items->count++] = pn_str_trim(text);
    return 0;
}

/* Moves behind the string that begins here. False: it has no end. */
static bool skip_string(struct scan *s, struct pn_str *ret)
{
    size_t start = ++s->at;
    while (s->at < s->text.n && s->text.s[s->at] != '"')
        s->at += s->text.s[s->at] == '\\' ? 2 : 1;
    if (s->at >= s->text.n)
        return false;
    *ret = (struct pn_str){s->text.s + start, s->at - start};
    s->at++;
    return true;
}

static void open_bracket(struct scan *s)
{
    if (s->depth++ == 1 && s->is_key && s->text.s[s->at] == '[') {
        s->in_items = true;
        s->list_start = s->at;
        s->item_start = s->at + 1;
    }
}

static int close_bracket(struct pn_json_items *items, struct scan *s)
{
    int r = 0;
    if (s->in_items && s->depth == ITEMS_DEPTH) {
        struct pn_str last = {s->text.s + s->item_start, s->at - s->item_start};
        if (s->text.s[s->at] != ']')
            return PN_JSON_ITEMS_E_OTHER;
        /* "[ ]" has no items; what stands behind a last comma is one, and no JSON. */
        if (items->count > 0 || pn_str_trim(last).n > 0)
            r = add_item(items, s);
        s->in_items = false;
        s->list_end = s->at + 1;
    }
    s->depth -= s->depth > 0;
    return r;
}

/* One character outside of strings. */
static int step(struct pn_json_items *items, struct scan *s)
{
    int r = 0;
    switch (s->text.s[s->at]) {
    case '{':
    case '[':
        open_bracket(s);
        break;
    case '}':
    case ']':
        r = close_bracket(items, s);
        break;
    case ',':
        if (s->in_items && s->depth == ITEMS_DEPTH) {
            r = add_item(items, s);
            s->item_start = s->at + 1;
        }
        break;
    default:
        break;
    }
    s->at++;
    return r;
}

int pn_json_items_split(struct pn_json_items *ret, struct pn_str text)
{
    struct scan s = {.text = text};
    *ret = (struct pn_json_items){.rest = PN_BUF_INIT};
    while (s.at < text.n) {
        int r = 0;
        struct pn_str string;
        char c = text.s[s.at];
        if (c != '"') {
            bool keeps = c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
            r = step(ret, &s);
            s.is_key = s.is_key && keeps;
        } else if (skip_string(&s, &string)) {
            s.is_key = s.depth == 1 && pn_str_is(string, "items");
            if (s.is_key && s.list_start > 0)
                return PN_JSON_ITEMS_E_OTHER; /* twice, or once as text */
        } else {
            return PN_JSON_ITEMS_E_OTHER;
        }
        if (r != 0)
            return r;
    }
    if (s.list_end == 0)
        return PN_JSON_ITEMS_E_OTHER;
    pn_buf_append(&ret->rest, text.s, s.list_start);
    pn_buf_cstr(&ret->rest, "[]");
    pn_buf_append(&ret->rest, text.s + s.list_end, text.n - s.list_end);
    return ret->rest.failed ? -ENOMEM : 0;
}

void pn_json_items_deinit(struct pn_json_items *items)
{
    free(items->texts);
    pn_buf_deinit(&items->rest);
    *items = (struct pn_json_items){.rest = PN_BUF_INIT};
}
