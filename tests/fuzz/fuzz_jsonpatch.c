/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A JSON list of a document and a patch. Applying must leave the document as it was, give the same
 * result twice, and one that is valid JSON which reads back equal; and what another implementation
 * makes of it, where the API server's library follows the RFC.
 */

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "engine/json.h"
#include "kube/jsonpatch.h"
#include "second_patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More than any small input needs; a hostile patch ends here and not with the machine's memory. */
enum { MEMORY_BYTES = 256 << 20 };

static struct pn_str write_json(struct pn_value v, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    pn_json_write(&text, v);
    return text.failed ? PN_STR_NULL : pn_buf_view(&text);
}

static void check_result(struct pn_value result, struct pn_value doc, struct pn_value patch,
                         struct pn_arena *a)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_value again, back;
    struct pn_str text = write_json(result, a);
    if (text.s == NULL || pn_jsonpatch_apply(&again, doc, patch, a, &err) == -ENOMEM)
        return;
    struct pn_str text_again = write_json(again, a);
    assert(text_again.s == NULL || pn_str_eq(text, text_again));
    int r = pn_json_read(&back, text, PN_JSON_NUMBERS_RAW, a, &err);
    assert(r == -ENOMEM || (r == 0 && pn_value_equal(result, back)));
}

/* Our bounds, which the RFC does not have. */
static bool is_too_much(const struct pn_err *err)
{
    return strstr(err->text, " is deeper than ") != NULL ||
           strstr(err->text, " copies more ") != NULL;
}

/* `text` is the list; `result` what we made of it when `r` is 0. */
static void compare(struct pn_str text, int r, struct pn_value result, const struct pn_err *err,
                    struct pn_arena *a)
{
    json_t *pair = second_read(text);
    json_t *doc = json_incref(json_array_get(pair, 0));
    struct pn_str written = r == 0 ? write_json(result, a) : PN_STR_NULL;
    if (pair != NULL && r != -ENOMEM && (r != 0 || written.s != NULL)) {
        enum second_result second = second_patch_apply(&doc, json_array_get(pair, 1));
        assert(second != SECOND_APPLIED || r == 0 || is_too_much(err));
        assert(second != SECOND_REFUSED || r != 0);
        json_t *ours = r == 0 && second == SECOND_APPLIED ? second_read(written) : NULL;
        /* jansson stops at a depth of its own */
        assert(ours == NULL || json_equal(ours, doc));
        json_decref(ours);
    }
    json_decref(doc);
    json_decref(pair);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pn_arena *a = NULL;
    struct pn_value pair, result = PN_VALUE_ABSENT;
    struct pn_err err = PN_ERR_INIT;
    if (pn_arena_new(&a, 1 << 16) != 0)
        return 0;
    pn_arena_reset(a, MEMORY_BYTES);
    struct pn_str text = {(const char *)data, size};
    if (pn_json_read(&pair, text, PN_JSON_NUMBERS_RAW, a, &err) == 0 && pair.kind == PN_ARRAY &&
        pn_value_count(pair) == 2) {
        struct pn_value doc = pn_value_at(pair, 0), patch = pn_value_at(pair, 1);
        struct pn_str before = write_json(doc, a);
        int r = pn_jsonpatch_apply(&result, doc, patch, a, &err);
        assert(r == 0 || r == -ENOMEM || (r == PN_JSONPATCH_E_FAILED && err.text[0] != '\0'));
        struct pn_str after = write_json(doc, a);
        assert(after.s == NULL || pn_str_eq(before, after));
        if (r == 0)
            check_result(result, doc, patch, a);
        compare(text, r, result, &err, a);
    }
    pn_arena_free(a);
    return 0;
}
