/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/validate_walk.h"

#include <stdarg.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/number.h"

/* ---- errors ---------------------------------------------------------------------------- */

static void out_of_memory(struct pn_validate *v)
{
    v->failed = true;
    v->done = true;
}

static void write_place(struct pn_buf *out, const struct pn_at *at)
{
    bool is_item = at->field == NULL && !at->member;
    if (at->up != NULL)
        write_place(out, at->up);
    if (is_item)
        pn_buf_char(out, '[');
    else if (at->up != NULL)
        pn_buf_char(out, '.');
    if (at->field != NULL)
        pn_buf_cstr(out, at->field);
    else if (at->key.s != NULL)
        pn_buf_str(out, at->key);
    else
        pn_buf_int(out, at->index);
    if (is_item)
        pn_buf_char(out, ']');
}

static struct pn_validate_error *new_error(struct pn_validate *v)
{
    if (v->count == v->cap) {
        uint32_t cap = v->first_only ? 1 : v->cap == 0 ? 8 : 2 * v->cap;
        void *errors = pn_arena_grow(v->arena, v->errors, v->cap * sizeof *v->errors,
                                     cap * sizeof *v->errors);
        if (errors == NULL) {
            out_of_memory(v);
            return NULL;
        }
        v->errors = errors;
        v->cap = cap;
    }
    return &v->errors[v->count++];
}

void pn_validate_add(struct pn_validate *v, const struct pn_at *at, enum pn_validate_type type,
                     const char *format, ...)
{
    struct pn_buf field = PN_BUF_IN_ARENA(v->arena);
    struct pn_err detail = PN_ERR_INIT; /* bounds what repeats a stranger's text */
    va_list args;
    if (v->done)
        return;
    if (v->found++ >= PN_VALIDATE_ERRORS_MAX)
        return;
    va_start(args, format);
    pn_err_setv(&detail, 0, format, args);
    va_end(args);
    write_place(&field, at);
    struct pn_str copy = pn_arena_dup(v->arena, pn_str_of(detail.text));
    struct pn_validate_error *error = new_error(v);
    if (field.failed || copy.s == NULL)
        out_of_memory(v);
    if (v->failed)
        return;
    *error = (struct pn_validate_error){pn_buf_view(&field), type, copy, v->words};
    v->done = v->first_only;
}

void pn_validate_require(struct pn_validate *v, const struct pn_at *at, struct pn_str text)
{
    if (text.n == 0)
        pn_validate_add(v, at, PN_VALIDATE_REQUIRED, "must be given");
}

bool pn_validate_is_word(struct pn_str text, const char *words)
{
    for (const char *word = words, *end;; word = end + 1) {
        end = strchrnul(word, ',');
        if (pn_str_eq(text, (struct pn_str){word, (size_t)(end - word)}))
            return true;
        if (*end == '\0')
            return false;
    }
}

void pn_validate_choice(struct pn_validate *v, const struct pn_at *at, struct pn_str text,
                        const char *words)
{
    if (pn_validate_is_word(text, words))
        return;
    v->words = words;
    pn_validate_add(v, at, PN_VALIDATE_NOT_SUPPORTED, "must be one of %s", words);
    v->words = NULL;
}

void pn_validate_range(struct pn_validate *v, const struct pn_at *at, int64_t i, int64_t min,
                       int64_t max)
{
    if (i < min || i > max)
        pn_validate_add(v, at, PN_VALIDATE_INVALID, "must be between %lld and %lld", (long long)min,
                        (long long)max);
}

/* ---- fields ---------------------------------------------------------------------------- */

static const char *const expected[] = {
    [PN_FIELD_STRING] = "a string",
    [PN_FIELD_BOOL] = "true or false",
    [PN_FIELD_INT32] = "an integer of 32 bits",
    [PN_FIELD_INT64] = "an integer of 64 bits",
    [PN_FIELD_INT_OR_STRING] = "an integer of 32 bits or a string",
    [PN_FIELD_QUANTITY] = "a quantity such as 100m or 128Mi",
    [PN_FIELD_LIST] = "a list",
    [PN_FIELD_OBJECT] = "an object",
};

/* An integer in digits alone, as Go's decoder wants it: neither 8080.0 nor 1e3. */
static bool is_int(struct pn_value *v, int64_t min, int64_t max)
{
    int64_t i = v->i;
    if (v->kind == PN_RAW && pn_number_read_int(&i, pn_value_str(*v)))
        *v = pn_int(i);
    return v->kind == PN_INT && v->i >= min && v->i <= max;
}

static bool is_of_kind(struct pn_value *v, enum pn_field_kind kind)
{
    switch (kind) {
    case PN_FIELD_INT32:
        return is_int(v, INT32_MIN, INT32_MAX);
    case PN_FIELD_INT64:
        return is_int(v, INT64_MIN, INT64_MAX);
    case PN_FIELD_INT_OR_STRING:
        return v->kind == PN_STRING || is_int(v, INT32_MIN, INT32_MAX);
    case PN_FIELD_QUANTITY:
        return v->kind == PN_STRING || v->kind == PN_INT || v->kind == PN_REAL || v->kind == PN_RAW;
    default:
        return v->kind == kind;
    }
}

static void wrong_kind(struct pn_validate *v, const struct pn_at *at, enum pn_field_kind kind,
                       struct pn_value got)
{
    if (!pn_value_is_unset(got))
        pn_validate_add(v, at, PN_VALIDATE_TYPE_INVALID, "must be %s and is %s", expected[kind],
                        pn_value_kind_name(got));
}

/* Apart, so that what is called for each object has no place to make. */
static __attribute__((noinline)) void wrong_field(struct pn_validate *v, const struct pn_at *at,
                                                  const char *name, enum pn_field_kind kind,
                                                  struct pn_value got)
{
    wrong_kind(v, PN_AT(at, name), kind, got);
}

/* The first row of that name, or NULL. */
static inline const struct pn_field *find_row(const struct pn_field *from,
                                              const struct pn_field *end, struct pn_str name)
{
    for (const struct pn_field *row = from; row < end; row++) {
        if (row->bytes == name.n && pn_str_same(row->name, name.s, name.n))
            return row;
    }
    return NULL;
}

uint64_t pn_validate_pick(struct pn_validate *v, const struct pn_at *at, struct pn_value object,
                          const struct pn_field *rows, uint32_t n, struct pn_value *ret)
{
    uint64_t there = 0;
    const struct pn_field *next = rows; /* the row behind the last that was found */
    if (object.kind != PN_OBJECT) {
        wrong_kind(v, at, PN_FIELD_OBJECT, object);
        return 0;
    }
    const struct pn_member *end = object.block->members + object.block->count;
    for (const struct pn_member *m = object.block->members; m < end; m++) {
        const struct pn_field *row = find_row(next, rows + n, m->key);
        if (row == NULL && (row = find_row(rows, next, m->key)) == NULL)
            continue;
        next = row + 1;
        struct pn_value *value = &ret[row - rows];
        *value = m->value;
        if (value->kind == row->kind || is_of_kind(value, (enum pn_field_kind)row->kind)) {
            there |= UINT64_C(1) << (row - rows);
            continue;
        }
        *value = PN_VALUE_ABSENT;
        wrong_field(v, at, row->name, (enum pn_field_kind)row->kind, m->value);
    }
    return there;
}

struct pn_value pn_validate_one(struct pn_validate *v, const struct pn_at *at,
                                struct pn_value object, const char *name, enum pn_field_kind kind)
{
    struct pn_value value = pn_value_get(object, pn_str_of(name));
    if (object.kind != PN_OBJECT)
        wrong_kind(v, at, PN_FIELD_OBJECT, object);
    if (is_of_kind(&value, kind))
        return value;
    wrong_field(v, at, name, kind, value);
    return PN_VALUE_ABSENT;
}

struct pn_str pn_validate_string(struct pn_validate *v, const struct pn_at *at, struct pn_value s)
{
    if (s.kind != PN_STRING)
        wrong_kind(v, at, PN_FIELD_STRING, s);
    return s.kind == PN_STRING ? pn_value_str(s) : PN_STR_NULL;
}

/* ---- text ------------------------------------------------------------------------------ */

/* Go's unicode.IsSpace of one character. */
static bool is_space(struct pn_str character)
{
    const unsigned char *c = (const unsigned char *)character.s;
    if (character.n == 1)
        return c[0] == ' ' || (c[0] >= '\t' && c[0] <= '\r');
    if (character.n == 2) /* U+0085, U+00A0 */
        return c[0] == 0xc2 && (c[1] == 0x85 || c[1] == 0xa0);
    if (character.n != 3)
        return false;
    unsigned code = (c[0] & 0x0fu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
    return code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

bool pn_validate_is_padded(struct pn_str text)
{
    size_t last = text.n;
    if (text.n == 0)
        return false;
    do {
        last--;
    } while (last > 0 && ((unsigned char)text.s[last] & 0xc0) == 0x80);
    struct pn_str head = {text.s, pn_str_utf8_next(text)};
    struct pn_str tail = {text.s + last, text.n - last};
    return is_space(head) || is_space(tail);
}

/* ---- names in a list ------------------------------------------------------------------- */

struct pn_names pn_names_start(struct pn_validate *v, unsigned list)
{
    return (struct pn_names){.items = v->room[list], .cap = PN_NAMES_SMALL};
}

static void grow(struct pn_validate *v, struct pn_names *names)
{
    struct pn_str *items = pn_arena_alloc(v->arena, 2 * (size_t)names->cap * sizeof *items);
    if (items == NULL) {
        out_of_memory(v);
        return;
    }
    memcpy(items, names->items, names->count * sizeof *items);
    names->items = items;
    names->cap *= 2;
}

void pn_names_add(struct pn_validate *v, struct pn_names *names, struct pn_str name)
{
    if (names->count == names->cap)
        grow(v, names);
    if (names->count < names->cap)
        names->items[names->count++] = name;
}

static bool stands_before(const struct pn_str *names, uint32_t a, uint32_t b)
{
    int order = pn_str_cmp(names[a], names[b]);
    return order != 0 ? order < 0 : a < b;
}

/* Heap sort: no recursion, no allocation, no worst case. */
static void sift_down(uint32_t *order, uint32_t root, uint32_t n, const struct pn_str *names)
{
    while (2 * (uint64_t)root + 1 < n) {
        uint32_t child = 2 * root + 1;
        if (child + 1 < n && stands_before(names, order[child], order[child + 1]))
            child++;
        if (!stands_before(names, order[root], order[child]))
            return;
        uint32_t swap = order[root];
        order[root] = order[child];
        order[child] = swap;
        root = child;
    }
}

void pn_names_sort(struct pn_validate *v, struct pn_names *names)
{
    uint32_t n = names->count;
    if (n <= PN_NAMES_SMALL)
        return;
    names->order = pn_arena_alloc(v->arena, n * sizeof *names->order);
    if (names->order == NULL) {
        out_of_memory(v);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        names->order[i] = i;
    for (uint32_t i = n / 2; i-- > 0;)
        sift_down(names->order, i, n, names->items);
    for (uint32_t end = n; end-- > 1;) {
        uint32_t swap = names->order[0];
        names->order[0] = names->order[end];
        names->order[end] = swap;
        sift_down(names->order, 0, end, names->items);
    }
}

/* How many of the sorted names stand before `name`, or before what stands after it. */
static uint32_t count_before(const struct pn_names *names, struct pn_str name, bool with_equals)
{
    uint32_t low = 0, high = names->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = pn_str_cmp(names->items[names->order[middle]], name);
        if (order < 0 || (order == 0 && with_equals))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The index that stands at place `at` of the order, if it is that of `name`. */
static uint32_t index_at(const struct pn_names *names, uint32_t at, struct pn_str name)
{
    uint32_t i = at < names->count ? names->order[at] : PN_NAMES_NONE;
    return i != PN_NAMES_NONE && pn_str_eq(names->items[i], name) ? i : PN_NAMES_NONE;
}

uint32_t pn_names_first(const struct pn_names *names, struct pn_str name)
{
    if (names->order != NULL)
        return index_at(names, count_before(names, name, false), name);
    for (uint32_t i = 0; i < names->count; i++) {
        if (pn_str_eq(names->items[i], name))
            return i;
    }
    return PN_NAMES_NONE;
}

uint32_t pn_names_last(const struct pn_names *names, struct pn_str name)
{
    if (names->order != NULL)
        return index_at(names, count_before(names, name, true) - 1, name);
    for (uint32_t i = names->count; i-- > 0;) {
        if (pn_str_eq(names->items[i], name))
            return i;
    }
    return PN_NAMES_NONE;
}
