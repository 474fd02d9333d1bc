/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/jsonpatch.h"

#include <errno.h>
#include <stdarg.h>

#include "base/limits.h"

/*
 * The library keeps three kinds of null apart, and `test` and paths can tell them: the one that was
 * read (a nil pointer there), the one that an operation gave (a node without text), and the copy of
 * a given one (a node with the text "null", which passes for an empty object). While patching, the
 * kind stands in the `len` of a PN_NULL, which means nothing elsewhere.
 */
enum { NULL_READ = 0, NULL_GIVEN = 1, NULL_COPIED = 2 };

struct operation {
    struct pn_str op, path, from;
    struct pn_value value; /* PN_ABSENT: none */
};

/* A container on a path and the member or item taken in it. */
struct step {
    struct pn_value container;
    struct pn_str key; /* decoded */
};

/* A place in the document: the steps from the root; the last one's key need not exist. */
struct place {
    struct step *steps;
    size_t count;
};

struct patcher {
    struct pn_arena *a;
    struct pn_err *err;
    struct pn_value doc;
    size_t copied_bytes;
    bool marked; /* a null that was not read may be in the document */
};

static PN_PRINTF(2, 3) int fail(struct patcher *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pn_err_setv(p->err, PN_JSONPATCH_E_FAILED, format, args);
    va_end(args);
    return PN_JSONPATCH_E_FAILED;
}

static int out_of_memory(struct patcher *p)
{
    return pn_err_set(p->err, -ENOMEM, "out of memory");
}

static bool is_null(struct pn_value v, uint32_t kind)
{
    return v.kind == PN_NULL && v.len == kind;
}

static struct pn_value null_of(struct patcher *p, uint32_t kind)
{
    p->marked = p->marked || kind != NULL_READ;
    return (struct pn_value){.kind = PN_NULL, .len = kind};
}

/* ---- places ---------------------------------------------------------------------------- */

/* strconv.Atoi: an optional sign and digits. False also for what passes every list's length. */
static bool read_index(int64_t *ret, struct pn_str text)
{
    bool negative = text.n > 0 && text.s[0] == '-';
    size_t i = text.n > 0 && (negative || text.s[0] == '+') ? 1 : 0;
    int64_t index = 0;
    if (i == text.n)
        return false;
    for (; i < text.n; i++) {
        if (text.s[i] < '0' || text.s[i] > '9' || index > UINT32_MAX)
            return false;
        index = index * 10 + (text.s[i] - '0');
    }
    *ret = negative ? -index : index;
    return true;
}

/* The index that `key` means among `n` positions; negative ones count from the end. */
static bool find_index(uint32_t *ret, struct pn_str key, uint32_t n)
{
    int64_t index;
    if (!read_index(&index, key))
        return false;
    if (index < 0)
        index += n;
    if (index < 0 || index >= n)
        return false;
    *ret = (uint32_t)index;
    return true;
}

/* What stands at the step; false: an index that is none. A missing member is PN_ABSENT. */
static bool look(struct pn_value *ret, const struct step *step)
{
    uint32_t index;
    if (step->container.kind != PN_ARRAY) {
        *ret = pn_value_get(step->container, step->key);
        return true;
    }
    if (!find_index(&index, step->key, pn_value_count(step->container)))
        return false;
    *ret = pn_value_at(step->container, index);
    return true;
}

/* "~1" is '/', "~0" is '~', in one pass; any other '~' stays. */
static int decode_key(struct patcher *p, struct pn_str *ret, struct pn_str text)
{
    size_t n = 0;
    if (!pn_str_contains(text, PN_STR("~"))) {
        *ret = text;
        return 0;
    }
    char *key = pn_arena_alloc(p->a, text.n);
    if (key == NULL)
        return out_of_memory(p);
    for (size_t i = 0; i < text.n; i++) {
        bool escape = text.s[i] == '~' && i + 1 < text.n &&
                      (text.s[i + 1] == '0' || text.s[i + 1] == '1');
        key[n++] = !escape ? text.s[i] : text.s[i + 1] == '0' ? '~' : '/';
        i += escape;
    }
    *ret = (struct pn_str){key, n};
    return 0;
}

static bool is_container(struct pn_value v)
{
    return v.kind == PN_OBJECT || v.kind == PN_ARRAY || is_null(v, NULL_COPIED);
}

static int find_place(struct patcher *p, struct place *ret, struct pn_str path)
{
    size_t slashes = 0;
    for (size_t i = 0; i < path.n; i++)
        slashes += path.s[i] == '/';
    if (slashes == 0)
        return fail(p, "the path names no member: it has no '/'");
    if (slashes > PN_JSON_MAX_DEPTH)
        return fail(p, "the path is deeper than %d levels", PN_JSON_MAX_DEPTH);
    struct step *steps = pn_arena_alloc(p->a, slashes * sizeof *steps);
    if (steps == NULL)
        return out_of_memory(p);
    struct pn_str rest = path;
    struct pn_value at = p->doc;
    pn_str_split(&rest, '/');
    for (size_t i = 0; i < slashes; i++) {
        if (i > 0 && (!look(&at, &steps[i - 1]) || !is_container(at)))
            return fail(p, "the parent of \"%.*s\" is not there", PN_STR_ARG(path));
        steps[i].container = at;
        int r = decode_key(p, &steps[i].key, pn_str_split(&rest, '/'));
        if (r != 0)
            return r;
    }
    *ret = (struct place){steps, slashes};
    return 0;
}

/* ---- changes --------------------------------------------------------------------------- */

/* The list with items [at, at + removed) replaced by `item` (PN_ABSENT: by nothing). */
static int splice(struct patcher *p, struct pn_value *ret, struct pn_value list, uint32_t at,
                  uint32_t removed, struct pn_value item)
{
    uint32_t n = pn_value_count(list), added = item.kind != PN_ABSENT ? 1 : 0;
    size_t total = (size_t)n - removed + added;
    struct pn_value *items = pn_arena_alloc(p->a, total * sizeof *items);
    if (items == NULL)
        return out_of_memory(p);
    size_t used = 0;
    for (uint32_t i = 0; i < at; i++)
        items[used++] = pn_value_at(list, i);
    if (added > 0)
        items[used++] = item;
    for (uint32_t i = at + removed; i < n; i++)
        items[used++] = pn_value_at(list, i);
    return pn_array_take(ret, p->a, items, total) == 0 ? 0 : out_of_memory(p);
}

/* Puts `container` where the last step's stands, copying the containers above it. */
static int rebuild(struct patcher *p, const struct place *place, struct pn_value container)
{
    for (size_t i = place->count - 1; i-- > 0;) {
        const struct step *step = &place->steps[i];
        uint32_t index = 0;
        int r = 0;
        if (step->container.kind != PN_ARRAY)
            r = pn_object_with(&container, p->a, step->container, step->key, container);
        else if (find_index(&index, step->key, pn_value_count(step->container)))
            r = splice(p, &container, step->container, index, 1, container);
        if (r != 0)
            return out_of_memory(p);
    }
    p->doc = container;
    return 0;
}

static bool is_deeper(struct pn_value v, size_t levels)
{
    if (v.kind != PN_ARRAY && v.kind != PN_OBJECT)
        return false;
    if (levels == 0)
        return true;
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        if (is_deeper(v.kind == PN_ARRAY ? pn_value_at(v, i) : pn_value_member(v, i)->value,
                      levels - 1))
            return true;
    }
    return false;
}

static int no_index(struct patcher *p, const struct step *step)
{
    return fail(p, "\"%.*s\" is no index in a list of %u", PN_STR_ARG(step->key),
                pn_value_count(step->container));
}

/* Sets a member, or adds (`insert`) or replaces a list's item. */
static int put(struct patcher *p, const struct place *place, struct pn_value value, bool insert)
{
    const struct step *last = &place->steps[place->count - 1];
    struct pn_value container = last->container;
    uint32_t index = 0;
    int r;
    if (is_deeper(value, PN_JSON_MAX_DEPTH - place->count))
        return fail(p, "the result is deeper than %d levels", PN_JSON_MAX_DEPTH);
    if (container.kind == PN_NULL)
        return fail(p, "a null takes no members");
    if (container.kind == PN_OBJECT) {
        r = pn_object_with(&container, p->a, container, last->key, value);
        return r == 0 ? rebuild(p, place, container) : out_of_memory(p);
    }
    uint32_t n = pn_value_count(container);
    if (insert && pn_str_is(last->key, "-"))
        index = n;
    else if (!find_index(&index, last->key, insert ? n + 1 : n))
        return no_index(p, last);
    r = splice(p, &container, container, index, insert ? 0 : 1, value);
    return r == 0 ? rebuild(p, place, container) : r;
}

static int cut(struct patcher *p, const struct place *place)
{
    const struct step *last = &place->steps[place->count - 1];
    struct pn_value container = last->container;
    uint32_t index = 0;
    int r;
    if (container.kind == PN_ARRAY) {
        if (!find_index(&index, last->key, pn_value_count(container)))
            return no_index(p, last);
        r = splice(p, &container, container, index, 1, PN_VALUE_ABSENT);
        return r == 0 ? rebuild(p, place, container) : r;
    }
    if (pn_value_get(container, last->key).kind == PN_ABSENT)
        return fail(p, "there is no member \"%.*s\"", PN_STR_ARG(last->key));
    r = pn_object_with(&container, p->a, container, last->key, PN_VALUE_ABSENT);
    return r == 0 ? rebuild(p, place, container) : out_of_memory(p);
}

/* A copy of `v` in which every null is a read one. */
static int unmark(struct patcher *p, struct pn_value *ret, struct pn_value v)
{
    uint32_t n = pn_value_count(v);
    int r = 0;
    if (v.kind == PN_ARRAY) {
        struct pn_value *items = pn_arena_alloc(p->a, n * sizeof *items);
        for (uint32_t i = 0; items != NULL && r == 0 && i < n; i++)
            r = unmark(p, &items[i], pn_value_at(v, i));
        if (items == NULL || r != 0)
            return out_of_memory(p);
        r = pn_array_take(ret, p->a, items, n);
    } else if (v.kind == PN_OBJECT) {
        struct pn_member *members = pn_arena_alloc(p->a, n * sizeof *members);
        for (uint32_t i = 0; members != NULL && r == 0 && i < n; i++) {
            members[i].key = pn_value_member(v, i)->key;
            r = unmark(p, &members[i].value, pn_value_member(v, i)->value);
        }
        if (members == NULL || r != 0)
            return out_of_memory(p);
        r = pn_object_take(ret, p->a, members, n);
    } else {
        *ret = v.kind == PN_NULL ? pn_null() : v;
    }
    return r == 0 ? 0 : out_of_memory(p);
}

/* ---- test ------------------------------------------------------------------------------ */

/* Whether two scalars are written alike. */
static bool same_scalar(struct pn_value a, struct pn_value b)
{
    if (a.kind == PN_BOOL || a.kind == PN_STRING || a.kind == b.kind)
        return a.kind == b.kind && (a.kind != PN_RAW ? pn_value_equal(a, b)
                                                     : pn_str_eq(pn_value_str(a), pn_value_str(b)));
    PN_CLEANUP(pn_buf_deinit) struct pn_buf x = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf y = PN_BUF_INIT;
    pn_json_write(&x, a);
    pn_json_write(&y, b);
    return pn_str_eq(pn_buf_view(&x), pn_buf_view(&y));
}

static bool same(struct pn_value have, struct pn_value wanted);

static bool same_items(struct pn_value have, struct pn_value wanted)
{
    if (wanted.kind != PN_ARRAY || pn_value_count(have) != pn_value_count(wanted))
        return false;
    for (uint32_t i = 0; i < pn_value_count(have); i++) {
        struct pn_value x = pn_value_at(have, i), y = pn_value_at(wanted, i);
        if (is_null(x, NULL_READ) || y.kind == PN_NULL || !same(x, y))
            return false;
    }
    return true;
}

static bool same_members(struct pn_value have, struct pn_value wanted)
{
    if (wanted.kind != PN_OBJECT || pn_value_count(have) != pn_value_count(wanted))
        return false;
    for (uint32_t i = 0; i < pn_value_count(have); i++) {
        const struct pn_member *m = pn_value_member(have, i);
        struct pn_value y = pn_value_get(wanted, m->key);
        bool read_null = is_null(m->value, NULL_READ);
        if (y.kind == PN_ABSENT || read_null != (y.kind == PN_NULL) ||
            (!read_null && !same(m->value, y)))
            return false;
    }
    return true;
}

/* lazyNode.equal: `have` is of the document and no read null, `wanted` of the patch. */
static bool same(struct pn_value have, struct pn_value wanted)
{
    if (is_null(have, NULL_COPIED))
        return wanted.kind == PN_OBJECT && pn_value_count(wanted) == 0;
    if (have.kind == PN_NULL)
        return wanted.kind == PN_NULL;
    if (have.kind == PN_ARRAY)
        return same_items(have, wanted);
    if (have.kind == PN_OBJECT)
        return same_members(have, wanted);
    if (pn_value_is_unset(wanted) || wanted.kind == PN_ARRAY || wanted.kind == PN_OBJECT)
        return false;
    return same_scalar(have, wanted);
}

static int apply_test(struct patcher *p, const struct operation *o)
{
    struct pn_value have = p->doc;
    if (o->path.n > 0) {
        struct place place;
        int r = find_place(p, &place, o->path);
        if (r != 0)
            return r;
        if (!look(&have, &place.steps[place.count - 1]))
            return no_index(p, &place.steps[place.count - 1]);
        if (have.kind == PN_ABSENT || is_null(have, NULL_READ))
            return pn_value_is_unset(o->value) ? 0 : fail(p, "there is nothing");
    }
    if (o->value.kind == PN_ABSENT || !same(have, o->value))
        return fail(p, "the value there is another");
    return 0;
}

/* ---- the other operations -------------------------------------------------------------- */

static struct pn_value given_value(struct patcher *p, const struct operation *o)
{
    if (o->value.kind == PN_ABSENT)
        return pn_null();
    return o->value.kind == PN_NULL ? null_of(p, NULL_GIVEN) : o->value;
}

static int apply_add(struct patcher *p, const struct operation *o)
{
    struct place place;
    int r = find_place(p, &place, o->path);
    return r == 0 ? put(p, &place, given_value(p, o), true) : r;
}

static int apply_remove(struct patcher *p, const struct operation *o)
{
    struct place place;
    int r = find_place(p, &place, o->path);
    return r == 0 ? cut(p, &place) : r;
}

static int apply_replace(struct patcher *p, const struct operation *o)
{
    if (o->path.n == 0) {
        if (o->value.kind != PN_OBJECT && o->value.kind != PN_ARRAY)
            return fail(p, "the document can only become an object or a list");
        p->doc = o->value;
        return 0;
    }
    struct place place;
    int r = find_place(p, &place, o->path);
    return r == 0 ? put(p, &place, given_value(p, o), false) : r;
}

/* What stands at `from`, and its place. */
static int get_from(struct patcher *p, struct pn_value *ret, struct place *ret_place,
                    const struct operation *o)
{
    if (o->from.s == NULL)
        return fail(p, "\"from\" is missing or no string");
    int r = find_place(p, ret_place, o->from);
    if (r == 0 && !look(ret, &ret_place->steps[ret_place->count - 1]))
        return no_index(p, &ret_place->steps[ret_place->count - 1]);
    return r;
}

static int apply_move(struct patcher *p, const struct operation *o)
{
    struct pn_value value = PN_VALUE_ABSENT;
    struct place place;
    int r = get_from(p, &value, &place, o);
    if (r == 0)
        r = cut(p, &place);
    if (r == 0)
        r = find_place(p, &place, o->path);
    return r == 0 ? put(p, &place, value, true) : r;
}

/* The copy that the library makes by writing and reading the value; the API server bounds how much
 * one patch may copy. */
static int copy_value(struct patcher *p, struct pn_value *value)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    if (pn_value_is_unset(*value)) {
        bool given = value->kind == PN_NULL && value->len != NULL_READ;
        *value = null_of(p, given ? NULL_COPIED : NULL_READ);
        return 0;
    }
    pn_json_write(&text, *value);
    if (text.failed)
        return out_of_memory(p);
    p->copied_bytes += text.len;
    if (p->copied_bytes > PN_PATCH_COPY_MAX_BYTES)
        return fail(p, "the patch copies more than %u bytes", PN_PATCH_COPY_MAX_BYTES);
    return p->marked ? unmark(p, value, *value) : 0;
}

static int apply_copy(struct patcher *p, const struct operation *o)
{
    struct pn_value value = PN_VALUE_ABSENT;
    struct place place;
    int r = get_from(p, &value, &place, o);
    if (r == 0)
        r = find_place(p, &place, o->path);
    if (r == 0)
        r = copy_value(p, &value);
    return r == 0 ? put(p, &place, value, true) : r;
}

static const struct {
    const char *name;
    int (*apply)(struct patcher *p, const struct operation *o);
} kinds[] = {
    {"add", apply_add},   {"remove", apply_remove}, {"replace", apply_replace},
    {"move", apply_move}, {"copy", apply_copy},     {"test", apply_test},
};

static int apply_one(struct patcher *p, struct pn_value v)
{
    if (v.kind != PN_OBJECT)
        return fail(p, "expected an object, found %s", pn_value_kind_name(v));
    struct pn_value op = PN_GET(v, "op"), path = PN_GET(v, "path"), from = PN_GET(v, "from");
    struct operation o = {.op = pn_value_str(op), .value = PN_GET(v, "value")};
    for (size_t i = 0; op.kind == PN_STRING && i < PN_COUNT_OF(kinds); i++) {
        if (!pn_str_is(o.op, kinds[i].name))
            continue;
        if (path.kind != PN_STRING)
            return fail(p, "\"path\" is missing or no string");
        o.path = pn_value_str(path);
        o.from = from.kind == PN_STRING ? pn_value_str(from) : PN_STR_NULL;
        int r = kinds[i].apply(p, &o);
        return r == 0 ? 0
                      : pn_err_wrap(p->err, r, "%s \"%.*s\"", kinds[i].name, PN_STR_ARG(o.path));
    }
    return fail(p, "expected \"op\" to be add, remove, replace, move, copy or test");
}

int pn_jsonpatch_apply(struct pn_value *ret, struct pn_value doc, struct pn_value patch,
                       struct pn_arena *a, struct pn_err *err)
{
    struct patcher p = {.a = a, .err = err, .doc = doc};
    int r = 0;
    if (patch.kind != PN_ARRAY && patch.kind != PN_NULL)
        return fail(&p, "expected a list of operations, found %s", pn_value_kind_name(patch));
    if (doc.kind == PN_NULL)
        p.doc = null_of(&p, NULL_COPIED);
    else if (doc.kind != PN_OBJECT && doc.kind != PN_ARRAY)
        return fail(&p, "only an object or a list can be patched, not %s", pn_value_kind_name(doc));
    for (uint32_t i = 0; r == 0 && i < pn_value_count(patch); i++) {
        r = apply_one(&p, pn_value_at(patch, i));
        if (r != 0)
            return pn_err_wrap(err, r, "operation %u", i);
    }
    if (p.marked)
        r = unmark(&p, &p.doc, p.doc);
    if (r == 0)
        *ret = p.doc;
    return r;
}
