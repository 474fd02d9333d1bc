/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "lint/trace.h"

const struct pn_trace *pn_trace_get(const struct pn_trace *t, const char *key)
{
    if (t == NULL)
        return NULL;
    if (t->kind == PN_TRACE_UNKNOWN)
        return &pn_trace_unknown;
    for (uint32_t i = 0; t->kind == PN_TRACE_MAP && i < t->count; i++) {
        if (pn_str_is(t->entries[i].key, key))
            return t->entries[i].value;
    }
    return t->kind == PN_TRACE_MAP && t->open ? &pn_trace_unknown : NULL;
}

const struct pn_trace *pn_trace_path(const struct pn_trace *t, const char *path)
{
    char key[64];
    while (t != NULL) {
        size_t n = strcspn(path, ".");
        if (n >= sizeof key)
            return NULL;
        memcpy(key, path, n);
        key[n] = '\0';
        t = pn_trace_get(t, key);
        if (path[n] == '\0')
            break;
        path += n + 1;
    }
    return t;
}

uint32_t pn_trace_count(const struct pn_trace *t)
{
    return t != NULL && (t->kind == PN_TRACE_LIST || t->kind == PN_TRACE_MAP) ? t->count : 0;
}

const struct pn_trace *pn_trace_item(const struct pn_trace *t, uint32_t i)
{
    return t->entries[i].value;
}

struct pn_str pn_trace_str(const struct pn_trace *t)
{
    if (t == NULL || t->kind != PN_TRACE_SCALAR || t->scalar.kind != PN_STRING)
        return PN_STR_NULL;
    return pn_value_str(t->scalar);
}

bool pn_trace_int(int64_t *ret, const struct pn_trace *t)
{
    if (t == NULL || t->kind != PN_TRACE_SCALAR || t->scalar.kind != PN_INT)
        return false;
    *ret = t->scalar.i;
    return true;
}

bool pn_trace_is_bool(const struct pn_trace *t, bool b)
{
    return t != NULL && t->kind == PN_TRACE_SCALAR && t->scalar.kind == PN_BOOL && t->scalar.b == b;
}

bool pn_trace_is_unset(const struct pn_trace *t)
{
    return t == NULL || (t->kind == PN_TRACE_SCALAR && pn_value_is_unset(t->scalar));
}

bool pn_trace_is_whole(const struct pn_trace *t)
{
    bool whole = t == NULL || (t->kind != PN_TRACE_UNKNOWN && !t->open);
    for (uint32_t i = 0; whole && i < pn_trace_count(t); i++) {
        const struct pn_trace *item = pn_trace_item(t, i);
        whole = !item->maybe && pn_trace_is_whole(item);
    }
    return whole;
}

static int list_value(struct pn_value *ret, bool *whole, const struct pn_trace *t,
                      struct pn_arena *a)
{
    struct pn_value *items = pn_arena_zalloc(a, t->count + 1, sizeof *items);
    uint32_t n = 0;
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct pn_trace *item = t->entries[i].value;
        bool known = item->kind != PN_TRACE_UNKNOWN && !item->maybe;
        *whole = *whole && known;
        int r = known ? pn_trace_value(&items[n], whole, item, a) : 0;
        if (r != 0)
            return r;
        n += known;
    }
    return pn_array_take(ret, a, items, n);
}

static int map_value(struct pn_value *ret, bool *whole, const struct pn_trace *t,
                     struct pn_arena *a)
{
    struct pn_member *members = pn_arena_zalloc(a, t->count + 1, sizeof *members);
    uint32_t n = 0;
    if (members == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct pn_trace *value = t->entries[i].value;
        bool known = value->kind != PN_TRACE_UNKNOWN && !value->maybe;
        *whole = *whole && known;
        members[n].key = t->entries[i].key;
        int r = known ? pn_trace_value(&members[n].value, whole, value, a) : 0;
        if (r != 0)
            return r;
        n += known;
    }
    return pn_object_take(ret, a, members, n) < 0 ? -ENOMEM : 0;
}

int pn_trace_value(struct pn_value *ret, bool *ret_whole, const struct pn_trace *t,
                   struct pn_arena *a)
{
    if (t == NULL || t->kind == PN_TRACE_UNKNOWN) {
        *ret = PN_VALUE_ABSENT;
        *ret_whole = *ret_whole && t == NULL;
        return 0;
    }
    *ret_whole = *ret_whole && !t->open;
    if (t->kind == PN_TRACE_LIST)
        return list_value(ret, ret_whole, t, a);
    if (t->kind == PN_TRACE_MAP)
        return map_value(ret, ret_whole, t, a);
    *ret = t->scalar;
    return 0;
}
