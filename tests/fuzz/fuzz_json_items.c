/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A list taken apart is the list: where it is taken apart at all, the whole text is JSON exactly
 * when the rest and all items are, and then the items are the same.
 */

#include <assert.h>

#include "base/arena.h"
#include "base/value.h"
#include "cli/json_items.h"
#include "engine/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Below it, what stands alone cannot be less deep than the parser's limit and too deep as a part.
 */
enum { BRACKETS_MAX = 400 };

static size_t count_brackets(struct pn_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.s[i] == '[' || text.s[i] == '{';
    return n;
}

static bool read(struct pn_value *ret, struct pn_str text, struct pn_arena *a)
{
    int r = pn_json_read(ret, text, PN_JSON_NUMBERS_RAW, a, NULL);
    assert(r == 0 || r == PN_JSON_E_INVALID);
    return r == 0;
}

static void check(const struct pn_json_items *items, struct pn_str text, struct pn_arena *a)
{
    struct pn_value whole, rest, item;
    bool is_json = read(&whole, text, a), are_json = read(&rest, pn_buf_view(&items->rest), a);
    for (size_t i = 0; i < items->count; i++)
        are_json = read(&item, items->texts[i], a) && are_json;
    assert(is_json == are_json);
    if (!is_json)
        return;
    struct pn_value list = PN_GET(whole, "items"), empty = PN_GET(rest, "items");
    assert(list.kind == PN_ARRAY && pn_value_count(list) == items->count);
    assert(empty.kind == PN_ARRAY && pn_value_count(empty) == 0);
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        bool is_read = read(&item, items->texts[i], a);
        assert(is_read && pn_value_equal(item, pn_value_at(list, i)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pn_str text = {(const char *)data, size};
    struct pn_json_items items;
    struct pn_arena *a = NULL;
    int r = pn_arena_new(&a, 0);
    assert(r == 0);
    r = pn_json_items_split(&items, text);
    assert(r == 0 || r == PN_JSON_ITEMS_E_OTHER);
    if (r == 0 && count_brackets(text) < BRACKETS_MAX)
        check(&items, text, a);
    pn_json_items_deinit(&items);
    pn_arena_free(a);
    return 0;
}
