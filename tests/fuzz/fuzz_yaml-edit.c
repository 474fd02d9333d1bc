/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first line is a script that changes the value of the document below it: its text, edited,
 * must read as the changed value. Without a change, and once more, it stays byte for byte.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/value.h"
#include "yaml/edit.h"
#include "yaml/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Far from the reader's own limit, which a changed document must not pass. */
enum { DEPTH_MAX = 100, STEPS_MAX = 16 };

struct script {
    struct pn_str rest;
    struct pn_arena *arena;
};

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

static unsigned next(struct script *s, unsigned below)
{
    if (s->rest.n == 0)
        return 0;
    unsigned c = (unsigned char)s->rest.s[0];
    s->rest = (struct pn_str){s->rest.s + 1, s->rest.n - 1};
    return c % below;
}

/* ---- new values ------------------------------------------------------------------------ */

static struct pn_value array_of(struct script *s, const struct pn_value *items, size_t n)
{
    struct pn_value ret;
    require(pn_array_new(&ret, s->arena, items, n) == 0, "memory");
    return ret;
}

static struct pn_value object_of(struct script *s, struct pn_str key, struct pn_value v)
{
    struct pn_value ret;
    require(pn_object_with(&ret, s->arena, PN_VALUE_ABSENT, key, v) == 0, "memory");
    return ret;
}

static struct pn_value new_value(struct script *s)
{
    static const char *const texts[] = {
        "text",
        "",
        "yes",
        "1:30",
        "a: b # c",
        "two\nlines",
        "two\nlines\n",
        "more\n\n",
        "\n leading",
        " spaces ",
        "*x",
        "it's",
        "- a",
        "x - |",
        "key: |",
        "#",
        "\t",
        "\xc2\x85x",
        "{",
        "]",
        "a,b",
        "null",
        "~",
        "\xf0\x9f\x98\x80",
        "\"quoted\\\"",
        "? a",
        "a?b",
        "a:",
        "<<",
    };
    switch (next(s, 12)) {
    case 0:
        return pn_null();
    case 1:
        return pn_bool(next(s, 2) == 1);
    case 2:
        return pn_int((int64_t)next(s, 256) - 128);
    case 3:
        return pn_real(0.5 * next(s, 256));
    case 4:
        return array_of(s, NULL, 0);
    case 5:
        return object_of(s, PN_STR("none"), PN_VALUE_ABSENT);
    case 6:
        return array_of(
            s, (struct pn_value[]){pn_string(PN_STR("a")), object_of(s, PN_STR("b"), pn_null())},
            2);
    case 7:
        return object_of(s, PN_STR("list"),
                         array_of(s, (struct pn_value[]){pn_int(1), pn_string(PN_STR("l\nm"))}, 2));
    case 8:
        return object_of(s, PN_STR("in"), object_of(s, PN_STR("on"), pn_string(PN_STR("8080"))));
    default:
        return pn_string(pn_str_of(texts[next(s, PN_COUNT_OF(texts))]));
    }
}

static struct pn_str new_key(struct script *s)
{
    static const char *const keys[] = {"name", "new",      "a/b.c-d", "on", "12",
                                       "a b",  "key: odd", "#x",      "",   "<<"};
    return pn_str_of(keys[next(s, PN_COUNT_OF(keys))]);
}

/* ---- changes --------------------------------------------------------------------------- */

static struct pn_value change(struct script *s, struct pn_value v, unsigned depth);

static struct pn_value change_object(struct script *s, struct pn_value v, unsigned depth)
{
    uint32_t n = pn_value_count(v);
    unsigned at = next(s, n + 2);
    struct pn_str key = at < n ? pn_value_member(v, at)->key : new_key(s);
    struct pn_value inner = at < n ? pn_value_member(v, at)->value : PN_VALUE_ABSENT;
    if (at < n && next(s, 8) > 0)
        inner = change(s, inner, depth + 1);
    else
        inner = at < n ? PN_VALUE_ABSENT : new_value(s);
    struct pn_value ret;
    require(pn_object_with(&ret, s->arena, v, key, inner) == 0, "memory");
    return ret;
}

/* Items are changed, added, taken away or doubled. */
static struct pn_value change_array(struct script *s, struct pn_value v, unsigned depth)
{
    uint32_t n = pn_value_count(v), count = 0;
    struct pn_value *items = malloc((n + 2) * sizeof *items);
    unsigned at = next(s, n + 1), how = next(s, 8);
    require(items != NULL, "memory");
    for (uint32_t i = 0; i <= n; i++) {
        if (i == at && how == 1)
            items[count++] = new_value(s);
        if (i == n || (i == at && how == 0))
            continue;
        items[count++] = pn_value_at(v, i);
        if (i == at && how == 2)
            items[count++] = pn_value_at(v, i);
        if (i == at && how > 2)
            items[count - 1] = change(s, items[count - 1], depth + 1);
    }
    struct pn_value ret;
    require(pn_array_new(&ret, s->arena, items, count) == 0, "memory");
    free(items);
    return ret;
}

static struct pn_value change(struct script *s, struct pn_value v, unsigned depth)
{
    if (depth > DEPTH_MAX || (v.kind != PN_OBJECT && v.kind != PN_ARRAY) || next(s, 12) == 11)
        return new_value(s);
    return v.kind == PN_OBJECT ? change_object(s, v, depth) : change_array(s, v, depth);
}

/* ---- edits ----------------------------------------------------------------------------- */

static bool is_deep(struct pn_value v, unsigned depth)
{
    bool deep = depth > DEPTH_MAX;
    for (uint32_t i = 0; !deep && i < pn_value_count(v); i++)
        deep = is_deep(v.kind == PN_OBJECT ? pn_value_member(v, i)->value : pn_value_at(v, i),
                       depth + 1);
    return deep;
}

static struct pn_document *read_one(struct pn_str text, struct pn_arena *a)
{
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_source *source = pn_arena_alloc(a, sizeof *source);
    struct pn_document *docs = NULL;
    size_t n = 0;
    require(source != NULL, "memory");
    *source = (struct pn_source){PN_STR("input"), text};
    int r = pn_yaml_read(&docs, &n, source, a, &diags);
    pn_diags_deinit(&diags);
    return r == 0 && n == 1 ? docs : NULL;
}

static struct pn_str edit(const struct pn_document *doc, struct pn_value after, struct pn_arena *a)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    struct pn_str bytes = doc->source->bytes;
    pn_buf_append(&text, bytes.s, doc->span.start);
    require(pn_yaml_edit(&text, NULL, doc, after, false) == 0, "an edit is made");
    pn_buf_append(&text, bytes.s + doc->span.end, bytes.n - doc->span.end);
    struct pn_str copy = pn_arena_dup(a, pn_buf_view(&text));
    require(copy.s != NULL && !text.failed, "memory");
    return copy;
}

static void check(struct script *s, struct pn_str text)
{
    struct pn_document *doc = read_one(text, s->arena), *again;
    struct pn_value before, after, value;
    if (doc == NULL || pn_value_from_node(&before, doc->root, s->arena) != 0 || is_deep(before, 0))
        return;
    require(pn_str_eq(edit(doc, before, s->arena), text), "without a change it is the same text");
    after = before;
    for (unsigned i = 0; i < STEPS_MAX && s->rest.n > 0; i++)
        after = change(s, after, 0);
    struct pn_str edited = edit(doc, after, s->arena);
    again = read_one(edited, s->arena);
    require(again != NULL || after.kind == PN_NULL, "the edited text can be read");
    if (again == NULL)
        return;
    require(pn_value_from_node(&value, again->root, s->arena) == 0, "it has a value");
    require(pn_value_equal(value, after), "it has the changed value");
    require(pn_str_eq(edit(again, after, s->arena), edited), "a second edit changes nothing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct script s = {0};
    struct pn_str text = {(const char *)data, n};
    if (n == 0 || memchr(text.s, '\n', n) == NULL || pn_arena_new(&s.arena, 0) != 0)
        return 0;
    s.rest = pn_str_split(&text, '\n');
    check(&s, text);
    pn_arena_free(s.arena);
    return 0;
}
