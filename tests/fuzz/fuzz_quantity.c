/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two texts, one on each line: what reads as a quantity must come back as the same value from its
 * canonical form, and two of them must order and add up like numbers.
 */

#include <assert.h>

#include "kube/quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether Kubernetes reads its own canonical form back as the same value: it loses the suffix from
 * 10^21 on, caps what a sum of binary quantities may pass, and keeps 32 bits of an exponent. */
static bool reads_back(const struct pn_quantity *q)
{
    static const struct pn_quantity limit = {.mantissa = 1, .exp10 = 20};
    int64_t value;
    if (q->format == PN_QUANTITY_BINARY_SI)
        return pn_quantity_value(&value, q) && value != INT64_MIN;
    if (q->format == PN_QUANTITY_DECIMAL_EXPONENT)
        return q->exp10 <= INT32_MAX;
    return q->exp10 < 20 && pn_quantity_cmp(q, &limit) < 0;
}

static void check_canonical(struct pn_quantity q)
{
    struct pn_buf text = PN_BUF_INIT, again = PN_BUF_INIT;
    struct pn_quantity back;
    struct pn_err err = PN_ERR_INIT;
    q.as_written = PN_STR_NULL;
    pn_quantity_write(&text, &q);
    assert(!text.failed && text.len > 0);
    int r = pn_quantity_parse(&back, pn_buf_view(&text), &err);
    assert(r == 0);
    assert(!reads_back(&q) || pn_quantity_cmp(&q, &back) == 0);
    back.as_written = PN_STR_NULL;
    pn_quantity_write(&again, &back);
    /* What needs no suffix reads back as a decimal one. */
    assert(!reads_back(&q) || back.format != q.format ||
           pn_str_eq(pn_buf_view(&text), pn_buf_view(&again)));
    pn_buf_deinit(&text);
    pn_buf_deinit(&again);
}

static void check_units(const struct pn_quantity *q)
{
    int64_t value, milli;
    __int128 nano;
    bool has_value = pn_quantity_value(&value, q), has_milli = pn_quantity_milli(&milli, q);
    assert(!has_milli || has_value);
    if (!has_value)
        return;
    bool has_nano = pn_quantity_nano(&nano, q);
    assert(has_nano);
    __int128 units = (__int128)value * 1000000000, more = units - nano;
    assert(nano < 0 ? -more >= 0 && -more < 1000000000 : more >= 0 && more < 1000000000);
    more = has_milli ? (__int128)milli * 1000000 - nano : 0;
    assert(nano < 0 ? more <= 0 && more > -1000000 : more >= 0 && more < 1000000);
}

static void check_pair(const struct pn_quantity *a, const struct pn_quantity *b)
{
    struct pn_quantity ab, ba, zero = {0};
    assert(pn_quantity_cmp(a, b) == -pn_quantity_cmp(b, a));
    assert(pn_quantity_cmp(a, a) == 0);
    int r = pn_quantity_add(&ab, a, b), reversed = pn_quantity_add(&ba, b, a);
    assert(r == reversed || a->format != b->format); /* a binary sum has a narrower range */
    if (r != 0 || reversed != 0)
        return;
    assert(pn_quantity_cmp(&ab, &ba) == 0);
    /* a + b against a goes like b against 0 */
    assert(pn_quantity_cmp(&ab, a) == pn_quantity_cmp(b, &zero));
    check_canonical(ab);
    check_units(&ab);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pn_str rest = {(const char *)data, size};
    struct pn_quantity q[2];
    size_t n = 0;
    for (int i = 0; i < 2; i++) {
        struct pn_err err = PN_ERR_INIT;
        int r = pn_quantity_parse(&q[n], pn_str_split(&rest, '\n'), &err);
        assert(r == 0 || err.text[0] != '\0');
        if (r != 0)
            continue;
        check_canonical(q[n]);
        check_units(&q[n]);
        n++;
    }
    if (n == 2)
        check_pair(&q[0], &q[1]);
    return 0;
}
