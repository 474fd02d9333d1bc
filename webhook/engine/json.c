/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/json.h"

#include <errno.h>

#include "base/limits.h"
#include "engine/json_yy.h"

static void *alc_malloc(void *ctx, size_t size)
{
    return pn_arena_alloc(ctx, size);
}

static void *alc_realloc(void *ctx, void *p, size_t old_size, size_t size)
{
    return pn_arena_grow(ctx, p, old_size, size);
}

static void alc_free(void *ctx, void *p)
{
    (void)ctx;
    (void)p;
}

struct yyjson_alc pn_yy_alc(struct pn_arena *a)
{
    return (struct yyjson_alc){alc_malloc, alc_realloc, alc_free, a};
}

int pn_yy_read_failed(const yyjson_read_err *failure, struct pn_err *err)
{
    if (failure->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return pn_err_set(err, -ENOMEM, "out of memory");
    return pn_err_set(err, 1, "not JSON: %s at byte %zu", failure->msg, failure->pos);
}

static int convert(struct pn_value *ret, yyjson_val *yy, unsigned depth, struct pn_arena *a,
                   struct pn_err *err);

/* Those below stand apart, so that a plain value, as most are, saves no registers. */
static __attribute__((noinline)) int convert_array(struct pn_value *ret, yyjson_val *yy,
                                                   unsigned depth, struct pn_arena *a,
                                                   struct pn_err *err)
{
    size_t n = yyjson_arr_size(yy), i, max;
    yyjson_val *item;
    struct pn_value *items = pn_arena_alloc(a, n * sizeof *items);
    if (items == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    yyjson_arr_foreach(yy, i, max, item)
    {
        int r = convert(&items[i], item, depth + 1, a, err);
        if (r != 0)
            return r;
    }
    return pn_array_take(ret, a, items, n);
}

static __attribute__((noinline)) int convert_object(struct pn_value *ret, yyjson_val *yy,
                                                    unsigned depth, struct pn_arena *a,
                                                    struct pn_err *err)
{
    size_t n = yyjson_obj_size(yy), i, max;
    yyjson_val *key, *value;
    struct pn_member *members = pn_arena_alloc(a, n * sizeof *members);
    if (members == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    yyjson_obj_foreach(yy, i, max, key, value)
    {
        members[i].key = (struct pn_str){unsafe_yyjson_get_str(key), unsafe_yyjson_get_len(key)};
        int r = convert(&members[i].value, value, depth + 1, a, err);
        if (r != 0)
            return r;
    }
    int r = pn_object_take(ret, a, members, n);
    if (r == PN_VALUE_E_DUPLICATE_KEY)
        return pn_err_set(err, PN_JSON_E_INVALID, "an object holds a key twice");
    return r;
}

static __attribute__((noinline)) int convert_number(struct pn_value *ret, yyjson_val *yy,
                                                    struct pn_arena *a)
{
    if (yyjson_is_real(yy)) {
        *ret = pn_real(yyjson_get_real(yy));
        return 0;
    }
    if (yyjson_is_sint(yy) || yyjson_get_uint(yy) <= INT64_MAX) {
        *ret = pn_int(yyjson_get_sint(yy));
        return 0;
    }
    char digits[20];
    size_t at = sizeof digits;
    for (uint64_t u = yyjson_get_uint(yy); u > 0; u /= 10)
        digits[--at] = (char)('0' + u % 10);
    struct pn_str text = pn_arena_dup(a, (struct pn_str){digits + at, sizeof digits - at});
    if (text.s == NULL)
        return -ENOMEM;
    *ret = pn_raw(text);
    return 0;
}

static int convert(struct pn_value *ret, yyjson_val *yy, unsigned depth, struct pn_arena *a,
                   struct pn_err *err)
{
    if (depth > PN_JSON_MAX_DEPTH)
        return pn_err_set(err, PN_JSON_E_INVALID, "nested deeper than %d levels",
                          PN_JSON_MAX_DEPTH);
    switch (yyjson_get_type(yy)) {
    case YYJSON_TYPE_BOOL:
        *ret = pn_bool(yyjson_get_bool(yy));
        return 0;
    case YYJSON_TYPE_NUM:
        return convert_number(ret, yy, a);
    case YYJSON_TYPE_RAW:
        *ret = pn_raw((struct pn_str){yyjson_get_raw(yy), yyjson_get_len(yy)});
        return 0;
    case YYJSON_TYPE_STR:
        *ret = pn_string((struct pn_str){yyjson_get_str(yy), yyjson_get_len(yy)});
        return 0;
    case YYJSON_TYPE_ARR:
        return convert_array(ret, yy, depth, a, err);
    case YYJSON_TYPE_OBJ:
        return convert_object(ret, yy, depth, a, err);
    default:
        *ret = pn_null();
        return 0;
    }
}

int pn_yy_to_value(struct pn_value *ret, yyjson_val *yy, struct pn_arena *a, struct pn_err *err)
{
    return convert(ret, yy, 0, a, err);
}

int pn_json_read(struct pn_value *ret, struct pn_str text, unsigned flags, struct pn_arena *a,
                 struct pn_err *err)
{
    struct yyjson_alc alc = pn_yy_alc(a);
    yyjson_read_err failure;
    yyjson_read_flag yy_flags = YYJSON_READ_NOFLAG;
    if (flags & PN_JSON_NUMBERS_RAW)
        yy_flags |= YYJSON_READ_NUMBER_AS_RAW;
    if (text.n == 0)
        return pn_err_set(err, PN_JSON_E_INVALID, "not JSON: the text is empty");
    /* In situ needs room to write and a few zero bytes behind: a copy that the strings stay in. */
    char *bytes = pn_arena_alloc(a, text.n + YYJSON_PADDING_SIZE);
    if (bytes == NULL)
        return pn_err_set(err, -ENOMEM, "out of memory");
    memcpy(bytes, text.s, text.n);
    memset(bytes + text.n, 0, YYJSON_PADDING_SIZE);
    yyjson_doc *doc = yyjson_read_opts(bytes, text.n, yy_flags | YYJSON_READ_INSITU, &alc,
                                       &failure);
    if (doc == NULL)
        return pn_yy_read_failed(&failure, err);
    return pn_yy_to_value(ret, yyjson_doc_get_root(doc), a, err);
}
