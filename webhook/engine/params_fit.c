/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/params_fit.h"

#include "engine/pattern.h"
#include "kube/quantity.h"

const char *const pn_params_type_words[] = {"string", "integer", "number", "boolean", "quantity",
                                            "array",  "object",  "map",    NULL};

static bool number_of(double *ret, struct pn_value v)
{
    if (v.kind == PN_INT)
        *ret = (double)v.i;
    else if (v.kind == PN_REAL)
        *ret = v.r;
    else
        return false;
    return true;
}

bool pn_params_has_type(const struct pn_parameter *p, struct pn_value v)
{
    struct pn_quantity quantity;
    double number;
    switch (p->type) {
    case PN_PARAMETER_STRING:
        return v.kind == PN_STRING;
    case PN_PARAMETER_INTEGER:
        return v.kind == PN_INT;
    case PN_PARAMETER_NUMBER:
        return number_of(&number, v);
    case PN_PARAMETER_BOOLEAN:
        return v.kind == PN_BOOL;
    case PN_PARAMETER_QUANTITY:
        return v.kind == PN_STRING && pn_quantity_parse(&quantity, pn_value_str(v), NULL) == 0;
    case PN_PARAMETER_ARRAY:
        return v.kind == PN_ARRAY;
    case PN_PARAMETER_OBJECT:
        return v.kind == PN_OBJECT;
    case PN_PARAMETER_MAP:
        for (uint32_t i = 0; i < pn_value_count(v); i++) {
            if (v.kind != PN_OBJECT || pn_value_member(v, i)->value.kind != PN_STRING)
                return false;
        }
        return v.kind == PN_OBJECT;
    }
    return false;
}

int pn_params_order(const struct pn_parameter *p, struct pn_value a, struct pn_value b)
{
    struct pn_quantity x, y;
    double m = 0, n = 0;
    if (p->type == PN_PARAMETER_QUANTITY) {
        if (pn_quantity_from_value(&x, a, NULL) != 0 || pn_quantity_from_value(&y, b, NULL) != 0)
            return 0;
        return pn_quantity_cmp(&x, &y);
    }
    if (a.kind == PN_INT && b.kind == PN_INT)
        return (a.i > b.i) - (a.i < b.i);
    number_of(&m, a);
    number_of(&n, b);
    return (m > n) - (m < n);
}

static bool is_allowed(const struct pn_parameter *p, struct pn_value v)
{
    for (uint32_t i = 0; i < pn_value_count(p->allowed); i++) {
        if (pn_value_equal(pn_value_at(p->allowed, i), v))
            return true;
    }
    return p->allowed.kind == PN_ABSENT;
}

/* Says that the value should be `what` `bound`; false. */
static bool expect(struct pn_misfit *ret, const char *what, struct pn_value bound)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    pn_json_write(&text, bound);
    pn_err_set(&ret->expected, 0, "%s %.*s", what, PN_STR_ARG(pn_buf_view(&text)));
    ret->out_of_memory = text.failed;
    return false;
}

/* Says what was expected; true when the value fits. */
static bool fits_one(const struct pn_parameter *p, struct pn_pattern *pattern, struct pn_value v,
                     struct pn_misfit *ret)
{
    if (p->max_length > 0 && v.kind == PN_STRING && v.len > p->max_length) {
        pn_err_set(&ret->expected, 0, "at most %u bytes", p->max_length);
        return false;
    }
    if (!is_allowed(p, v))
        return expect(ret, "one of", p->allowed);
    if (v.kind == PN_STRING && !pn_pattern_matches(pattern, pn_value_str(v))) {
        pn_err_set(&ret->expected, 0, "text that matches %.*s", PN_STR_ARG(p->pattern));
        ret->out_of_memory = pattern->failed;
        return false;
    }
    if (p->minimum.kind != PN_ABSENT && pn_params_order(p, v, p->minimum) < 0)
        return expect(ret, "at least", p->minimum);
    if (p->maximum.kind != PN_ABSENT && pn_params_order(p, v, p->maximum) > 0)
        return expect(ret, "at most", p->maximum);
    return true;
}

static bool fits_map(const struct pn_parameter *p, struct pn_pattern *pattern, struct pn_value v,
                     struct pn_misfit *ret)
{
    PN_CLEANUP(pn_pattern_deinit) struct pn_pattern keys = PN_PATTERN_INIT(p->key_pattern);
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        const struct pn_member *m = pn_value_member(v, i);
        ret->key = m->key;
        ret->is_key = !pn_pattern_matches(&keys, m->key);
        if (ret->is_key)
            pn_err_set(&ret->expected, 0, "a key that matches %.*s", PN_STR_ARG(p->key_pattern));
        ret->out_of_memory = keys.failed;
        if (ret->is_key || !fits_one(p, pattern, m->value, ret))
            return false;
    }
    return true;
}

bool pn_params_fits(const struct pn_parameter *p, struct pn_value v, struct pn_misfit *ret)
{
    PN_CLEANUP(pn_pattern_deinit) struct pn_pattern pattern = PN_PATTERN_INIT(p->pattern);
    *ret = (struct pn_misfit){.key = PN_STR_NULL};
    if (!pn_params_has_type(p, v)) {
        pn_err_set(&ret->expected, 0, "%s %s",
                   p->type == PN_PARAMETER_INTEGER || p->type == PN_PARAMETER_ARRAY ||
                           p->type == PN_PARAMETER_OBJECT
                       ? "an"
                       : "a",
                   p->type == PN_PARAMETER_MAP ? "map of strings" : pn_params_type_words[p->type]);
        return false;
    }
    return p->type == PN_PARAMETER_MAP ? fits_map(p, &pattern, v, ret)
                                       : fits_one(p, &pattern, v, ret);
}

const struct pn_parameter *pn_params_find(const struct pn_parameters *parameters,
                                          struct pn_str name)
{
    for (size_t i = 0; i < parameters->count; i++) {
        if (pn_str_eq(parameters->items[i].name, name))
            return &parameters->items[i];
    }
    return NULL;
}

void pn_params_unknown(struct pn_decoder *d, const struct pn_node *node,
                       const struct pn_parameters *parameters)
{
    const char *names[64 + 1] = {NULL};
    for (size_t i = 0, n = 0; i < parameters->count && n < 64; i++) {
        if (parameters->items[i].name.n > 0)
            names[n++] = parameters->items[i].name.s;
    }
    pn_decode_fault(d, node, "unknown-parameter", "the template has no parameter `%.*s`",
                    PN_STR_ARG(node->s));
    pn_decode_help_with_words(d, node->s, names);
}
