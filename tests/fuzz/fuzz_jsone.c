/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A YAML document with `template` and `context`; anything else is taken as one expression. Whatever
 * compiles ends within its limits, and folding by the context, or by a part of it, changes nothing
 * of what comes out.
 */

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "jsone/builtins.h"
#include "jsone/jsone.h"
#include "yaml/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Enough for loops in loops, and soon over. */
static const struct pn_jsone_limits limits = {20000, PN_JSONE_DEPTH_MAX};
static const size_t cap_bytes = 32u << 20;

static int count_mention(void *context, const struct pn_jsone_mention *m)
{
    assert(m->name.n > 0 && (m->kind == PN_JSONE_OPERATOR || m->expression.s != NULL));
    assert(m->kind == PN_JSONE_OPERATOR || m->offset <= m->expression.n);
    ++*(unsigned *)context;
    return 0;
}

static int evaluate(struct pn_buf *out, struct pn_value *ret, const struct pn_template_expr *t,
                    struct pn_value context, struct pn_arena *a)
{
    struct pn_jsone_error error;
    int r = pn_jsone_eval(ret, t, context, 1484843240974, &limits, a, &error);
    assert(r >= 0);
    if (r > 0) {
        assert(error.what.text[0] != '\0' && strchr(error.what.text, '\n') == NULL);
        pn_jsone_error_write(out, &error);
    } else {
        pn_json_write(out, *ret);
        assert(out->len <= 20000u * 64 * 6);
    }
    assert(!out->failed);
    return r;
}

/* Folded by `bound`, the template gives the same; a limit may be met later. */
static void check_fold(const struct pn_template_expr *t, struct pn_value bound,
                       struct pn_value context, int wanted, struct pn_value value,
                       struct pn_arena *a)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    const struct pn_template_expr *folded = NULL;
    struct pn_value v;
    unsigned mentions = 0;
    if (pn_jsone_fold(&folded, t, bound, PN_VALUE_ABSENT, &limits, a) != 0)
        return; /* the arena is full */
    assert(pn_jsone_visit(folded, count_mention, &mentions) == 0);
    int r = evaluate(&text, &v, folded, context, a);
    if (wanted == PN_JSONE_E_LIMIT || r == PN_JSONE_E_LIMIT)
        return;
    assert(r == wanted);
    if (r == 0)
        assert(pn_value_equal(v, value));
}

/* Every other member. False where a built-in is shadowed by what is left out. */
static bool half_of(struct pn_value *ret, struct pn_value context, struct pn_arena *a)
{
    struct pn_value half;
    if (pn_object_new(&half, a, NULL, 0) != 0)
        return false;
    for (uint32_t i = 0; i < pn_value_count(context); i++) {
        const struct pn_member *m = pn_value_member(context, i);
        if (i % 2 == 1 && pn_builtin_find(m->key) != 0)
            return false;
        if (i % 2 == 0 && pn_object_with(&half, a, half, m->key, m->value) != 0)
            return false;
    }
    *ret = half;
    return true;
}

static void check(const struct pn_template_expr *t, struct pn_value context, struct pn_arena *a)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    struct pn_value v = pn_null(), half;
    unsigned mentions = 0;
    assert(pn_jsone_visit(t, count_mention, &mentions) == 0);
    int r = evaluate(&text, &v, t, context, a);
    if (context.kind != PN_OBJECT)
        return;
    check_fold(t, context, context, r, v, a);
    if (pn_value_count(context) <= 64 && half_of(&half, context, a))
        check_fold(t, half, context, r, v, a);
}

static int compile(const struct pn_template_expr **ret, struct pn_value *ret_context,
                   const struct pn_source *source, struct pn_arena *a, struct pn_diags *diags)
{
    struct pn_document *docs = NULL;
    size_t n = 0;
    struct pn_node expression = {.kind = PN_NODE_STRING, .s = source->bytes};
    expression.span = pn_source_span(source, 0, source->bytes.n);
    int r = pn_yaml_read(&docs, &n, source, a, diags);
    const struct pn_node *root = r == 0 && n > 0 ? docs[0].root : NULL;
    const struct pn_node *template = pn_node_get(root, "template");
    const struct pn_node *context = pn_node_get(root, "context");
    if (template == NULL || context == NULL)
        return pn_jsone_compile_expression(ret, source, &expression, a, diags);
    r = pn_value_from_node(ret_context, context, a);
    return r != 0 ? r : pn_jsone_compile(ret, source, template, a, diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pn_arena *a;
    struct pn_source source = {PN_STR("fuzz"), {(const char *)data, size}};
    struct pn_diags diags = PN_DIAGS_INIT;
    const struct pn_template_expr *t = NULL;
    if (a == NULL && pn_arena_new(&a, PN_ARENA_KEEP_BYTES) != 0)
        return 0;
    pn_arena_reset(a, cap_bytes);
    struct pn_value context;
    int r = pn_object_new(&context, a, NULL, 0);
    if (r == 0)
        r = compile(&t, &context, &source, a, &diags);
    assert(r != PN_JSONE_E_TEMPLATE || diags.errors > 0);
    if (r == 0)
        check(t, context, a);
    pn_diags_deinit(&diags);
    return 0;
}
