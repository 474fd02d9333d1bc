/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance.h"

#include <stdio.h>

#include "kube/quantity.h"

static bool read_quantity(struct pn_quantity *ret, struct run *run, struct pn_value text)
{
    struct pn_err err = PN_ERR_INIT;
    int r = pn_quantity_parse(ret, pn_value_str(text), &err);
    if (r != 0)
        pn_buf_printf(&run->got, "error (%s)", err.text);
    return r == 0;
}

/* A value that may be left out: where it does not fit. Kubernetes' own arithmetic also fails on
 * some negative numbers, which the cases leave out too. */
static bool check_number(struct run *run, const char *name, struct pn_value expected, bool fits,
                         int64_t number, const struct pn_quantity *q)
{
    char digits[24] = "";
    if (fits)
        snprintf(digits, sizeof digits, "%lld", (long long)number);
    pn_buf_printf(&run->got, ", %s %s", name, fits ? digits : "does not fit");
    if (expected.kind == PN_ABSENT) {
        pn_buf_printf(&run->expected, ", %s does not fit", name);
        return !fits || q->mantissa < 0;
    }
    pn_buf_printf(&run->expected, ", %s %.*s", name, PN_STR_ARG(pn_value_str(expected)));
    return fits && pn_value_is_string(expected, digits);
}

static enum outcome check_one_quantity(struct run *run)
{
    struct pn_quantity q;
    int64_t milli = 0, value = 0;
    bool valid = read_quantity(&q, run, PN_GET(run->input, "in"));
    struct pn_value canonical = PN_GET(run->input, "canonical");
    if (PN_GET(run->input, "error").kind != PN_ABSENT) {
        pn_buf_cstr(&run->expected, "error");
        if (valid)
            pn_quantity_write(&run->got, &q);
        return verdict(!valid);
    }
    pn_buf_str(&run->expected, pn_value_str(canonical));
    if (!valid)
        return FAILED;
    pn_quantity_write(&run->got, &q);
    bool same = pn_str_eq(pn_buf_view(&run->got), pn_value_str(canonical));
    bool milli_fits = pn_quantity_milli(&milli, &q), value_fits = pn_quantity_value(&value, &q);
    same &= check_number(run, "milli", PN_GET(run->input, "milli"), milli_fits, milli, &q);
    same &= check_number(run, "value", PN_GET(run->input, "value"), value_fits, value, &q);
    return verdict(same);
}

static enum outcome check_two_quantities(struct run *run)
{
    struct pn_quantity a, b, sum;
    struct pn_value cmp = PN_GET(run->input, "cmp");
    if (cmp.kind != PN_INT)
        return BROKEN;
    pn_buf_printf(&run->expected, "cmp %lld, sum %.*s", (long long)cmp.i,
                  PN_STR_ARG(pn_value_str(PN_GET(run->input, "sum"))));
    if (!read_quantity(&a, run, PN_GET(run->input, "a")) ||
        !read_quantity(&b, run, PN_GET(run->input, "b")))
        return FAILED;
    pn_buf_printf(&run->got, "cmp %d, sum ", pn_quantity_cmp(&a, &b));
    if (pn_quantity_add(&sum, &a, &b) == 0)
        pn_quantity_write(&run->got, &sum);
    return verdict(pn_str_eq(pn_buf_view(&run->got), pn_buf_view(&run->expected)));
}

enum outcome check_quantity(struct run *run)
{
    if (PN_GET(run->input, "in").kind == PN_STRING)
        return check_one_quantity(run);
    if (PN_GET(run->input, "a").kind == PN_STRING)
        return check_two_quantities(run);
    return BROKEN;
}
