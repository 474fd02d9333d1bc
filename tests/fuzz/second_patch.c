/* SPDX-License-Identifier: Apache-2.0 */
#include "second_patch.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

json_t *second_read(struct pn_str text)
{
    return json_loadb(text.s, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL,
                      NULL);
}

/* ---- RFC 6901 -------------------------------------------------------------------------------- */

/* A pointer cut into its tokens, each decoded and terminated. */
struct pointer {
    char *text;
    char *tokens[1024];
    size_t lengths[1024];
    size_t count;
};

static enum second_result pointer_read(struct pointer *ret, const json_t *v)
{
    ret->text = NULL;
    ret->count = 0;
    if (!json_is_string(v))
        return SECOND_REFUSED;
    size_t n = json_string_length(v);
    const char *s = json_string_value(v);
    if (n == 0 || s[0] != '/' || memchr(s, '\0', n) != NULL)
        return SECOND_OUTSIDE;
    char *to = ret->text = malloc(n + 1);
    if (to == NULL)
        abort();
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '/') {
            if (ret->count == PN_COUNT_OF(ret->tokens))
                return SECOND_OUTSIDE;
            *to++ = '\0';
            ret->tokens[ret->count] = to;
            ret->lengths[ret->count++] = 0;
            continue;
        }
        char c = s[i];
        if (c == '~' && i + 1 < n && (s[i + 1] == '0' || s[i + 1] == '1'))
            c = s[++i] == '0' ? '~' : '/';
        else if (c == '~')
            return SECOND_OUTSIDE;
        *to++ = c;
        ret->lengths[ret->count - 1]++;
    }
    ret->tokens[ret->count - 1][ret->lengths[ret->count - 1]] = '\0';
    return SECOND_APPLIED;
}

static bool all_digits(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
    }
    return n > 0;
}

/* The index that token `t` is, below `n`. */
static enum second_result index_of(size_t *ret, const struct pointer *p, size_t t, size_t n)
{
    const char *s = p->tokens[t];
    size_t length = p->lengths[t];
    if (length > 0 && (s[0] == '-' || s[0] == '+') && all_digits(s + 1, length - 1))
        return SECOND_OUTSIDE;
    if (!all_digits(s, length))
        return SECOND_REFUSED;
    if (s[0] == '0' && length > 1)
        return SECOND_OUTSIDE;
    if (length > 9)
        return SECOND_REFUSED;
    *ret = strtoul(s, NULL, 10);
    return *ret < n ? SECOND_APPLIED : SECOND_REFUSED;
}

static enum second_result child(json_t **ret, const json_t *at, const struct pointer *p, size_t t)
{
    size_t index = 0;
    enum second_result r = SECOND_REFUSED;
    *ret = NULL;
    if (json_is_object(at)) {
        *ret = json_object_getn(at, p->tokens[t], p->lengths[t]);
    } else if (json_is_array(at)) {
        r = index_of(&index, p, t, json_array_size(at));
        *ret = r == SECOND_APPLIED ? json_array_get(at, index) : NULL;
    }
    return *ret != NULL ? SECOND_APPLIED : r;
}

/* What the first `count` tokens lead to. */
static enum second_result follow(json_t **ret, json_t *doc, const struct pointer *p, size_t count)
{
    enum second_result r = SECOND_APPLIED;
    for (size_t t = 0; r == SECOND_APPLIED && t < count; t++)
        r = child(&doc, doc, p, t);
    *ret = doc;
    return r;
}

/* ---- RFC 6902 -------------------------------------------------------------------------------- */

static void must(int r)
{
    if (r != 0)
        abort(); /* no memory */
}

/* Takes the reference to `value`. */
static enum second_result add(json_t *doc, const struct pointer *p, json_t *value)
{
    json_t *parent = NULL;
    size_t last = p->count - 1, index = 0;
    enum second_result r = follow(&parent, doc, p, last);
    if (r == SECOND_APPLIED && json_is_object(parent)) {
        must(json_object_setn(parent, p->tokens[last], p->lengths[last], value));
    } else if (r == SECOND_APPLIED && json_is_array(parent)) {
        index = json_array_size(parent);
        if (strcmp(p->tokens[last], "-") != 0)
            r = index_of(&index, p, last, index + 1);
        if (r == SECOND_APPLIED)
            must(json_array_insert(parent, index, value));
    } else if (r == SECOND_APPLIED) {
        r = SECOND_REFUSED;
    }
    json_decref(value);
    return r;
}

/* *ret is the removed value, owned. */
static enum second_result take(json_t **ret, json_t *doc, const struct pointer *p)
{
    json_t *parent = NULL, *value = NULL;
    size_t last = p->count - 1, index = 0;
    enum second_result r = follow(&parent, doc, p, last);
    if (r == SECOND_APPLIED)
        r = child(&value, parent, p, last);
    if (r != SECOND_APPLIED)
        return r;
    *ret = json_incref(value);
    if (json_is_object(parent)) {
        must(json_object_deln(parent, p->tokens[last], p->lengths[last]));
    } else {
        index_of(&index, p, last, json_array_size(parent));
        must(json_array_remove(parent, index));
    }
    return SECOND_APPLIED;
}

/* A member that is not there is added by the library, and refused by the RFC. */
static enum second_result replace(json_t *doc, const struct pointer *p, const json_t *value)
{
    json_t *parent = NULL, *old = NULL;
    size_t last = p->count - 1, index = 0;
    enum second_result r = follow(&parent, doc, p, last);
    if (r == SECOND_APPLIED)
        r = child(&old, parent, p, last);
    if (r == SECOND_REFUSED && json_is_object(parent) && old == NULL)
        return SECOND_OUTSIDE;
    if (r != SECOND_APPLIED)
        return r;
    json_t *copy = json_deep_copy(value);
    if (json_is_object(parent)) {
        must(json_object_setn_new(parent, p->tokens[last], p->lengths[last], copy));
    } else {
        index_of(&index, p, last, json_array_size(parent));
        must(json_array_set_new(parent, index, copy));
    }
    return SECOND_APPLIED;
}

static bool leads_through(const struct pointer *p, const struct pointer *prefix)
{
    if (prefix->count >= p->count)
        return false;
    for (size_t t = 0; t < prefix->count; t++) {
        if (prefix->lengths[t] != p->lengths[t] ||
            memcmp(prefix->tokens[t], p->tokens[t], p->lengths[t]) != 0)
            return false;
    }
    return true;
}

static enum second_result move(json_t *doc, const struct pointer *from, const struct pointer *to)
{
    json_t *value = NULL;
    if (leads_through(to, from))
        return SECOND_OUTSIDE;
    enum second_result r = take(&value, doc, from);
    return r == SECOND_APPLIED ? add(doc, to, value) : r;
}

static enum second_result copy(json_t *doc, const struct pointer *from, const struct pointer *to)
{
    json_t *value = NULL;
    enum second_result r = follow(&value, doc, from, from->count);
    if (r == SECOND_REFUSED)
        return SECOND_OUTSIDE; /* the library copies a null then */
    return r == SECOND_APPLIED ? add(doc, to, json_deep_copy(value)) : r;
}

/* Numbers by their text, and nulls by where they come from, are the library's own ways. */
static bool is_plain(json_t *v)
{
    const char *key;
    json_t *item;
    size_t i;
    json_array_foreach(v, i, item)
    {
        if (!is_plain(item))
            return false;
    }
    json_object_foreach(v, key, item)
    {
        if (!is_plain(item))
            return false;
    }
    return !json_is_number(v) && !json_is_null(v);
}

static enum second_result test(json_t *doc, const struct pointer *p, json_t *wanted)
{
    json_t *value = NULL;
    enum second_result r = follow(&value, doc, p, p->count);
    if (!is_plain(wanted) || (r == SECOND_APPLIED && !is_plain(value)))
        return SECOND_OUTSIDE;
    if (r == SECOND_APPLIED && !json_equal(value, wanted))
        r = SECOND_REFUSED;
    return r;
}

static enum second_result apply_with(json_t *doc, const char *op, const struct pointer *p,
                                     const json_t *operation)
{
    json_t *value = json_object_get(operation, "value");
    struct pointer from = {.text = NULL};
    enum second_result r = SECOND_REFUSED;
    if (strcmp(op, "remove") == 0) {
        r = take(&value, doc, p);
        if (r == SECOND_APPLIED)
            json_decref(value);
        return r;
    }
    if (strcmp(op, "move") == 0 || strcmp(op, "copy") == 0) {
        r = pointer_read(&from, json_object_get(operation, "from"));
        if (r == SECOND_APPLIED)
            r = op[0] == 'm' ? move(doc, &from, p) : copy(doc, &from, p);
        free(from.text);
        return r;
    }
    if (strcmp(op, "add") != 0 && strcmp(op, "replace") != 0 && strcmp(op, "test") != 0)
        return SECOND_REFUSED;
    if (value == NULL)
        return SECOND_OUTSIDE; /* a null, to the library */
    if (op[0] == 'a')
        return add(doc, p, json_deep_copy(value));
    return op[0] == 'r' ? replace(doc, p, value) : test(doc, p, value);
}

enum second_result second_patch_apply(json_t **doc_inout, json_t *patch)
{
    enum second_result r = SECOND_APPLIED;
    json_t *operation;
    size_t i;
    if (!json_is_array(patch) || (!json_is_object(*doc_inout) && !json_is_array(*doc_inout)))
        return SECOND_OUTSIDE;
    json_array_foreach(patch, i, operation)
    {
        struct pointer path;
        const char *op = json_string_value(json_object_get(operation, "op"));
        if (op == NULL)
            return SECOND_REFUSED;
        r = pointer_read(&path, json_object_get(operation, "path"));
        if (r == SECOND_APPLIED)
            r = apply_with(*doc_inout, op, &path, operation);
        free(path.text);
        if (r != SECOND_APPLIED)
            return r;
    }
    return r;
}
