/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSONE_KIT_H
#define JSONE_KIT_H

/* What the suites about jsone share: templates and contexts from YAML, in one arena. */

#include <check.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "jsone/jsone.h"
#include "yaml/read.h"

#define NOW_MS INT64_C(1484843240974) /* 2017-01-19T16:27:20.974Z */

static struct pn_arena *arena;
static struct pn_buf got;

static inline void set_up(void)
{
    ck_assert_int_eq(pn_arena_new(&arena, 0), 0);
    pn_arena_reset(arena, 0);
    got = (struct pn_buf)PN_BUF_INIT;
}

static inline void tear_down(void)
{
    pn_arena_free(arena);
    pn_buf_deinit(&got);
}

/* ---- helpers -------------------------------------------------------------------------------- */

static inline struct pn_source source_of(const char *text)
{
    return (struct pn_source){PN_STR("t.yaml"), pn_str_of(text)};
}

static inline const struct pn_node *read_yaml(const struct pn_source *source)
{
    struct pn_document *docs = NULL;
    size_t n = 0;
    struct pn_diags diags = PN_DIAGS_INIT;
    int r = pn_yaml_read(&docs, &n, source, arena, &diags);
    ck_assert_msg(r == 0 && n == 1, "%.*s: %s", PN_STR_ARG(source->bytes),
                  diags.count > 0 ? diags.items[0].message : "not one document");
    pn_diags_deinit(&diags);
    return docs[0].root;
}

static inline const struct pn_template_expr *compile(const char *text)
{
    const struct pn_source source = source_of(text);
    struct pn_diags diags = PN_DIAGS_INIT;
    const struct pn_template_expr *t = NULL;
    int r = pn_jsone_compile(&t, &source, read_yaml(&source), arena, &diags);
    ck_assert_msg(r == 0, "%s: %s", text, diags.count > 0 ? diags.items[0].message : "?");
    pn_diags_deinit(&diags);
    return t;
}

static inline struct pn_value value_of(const char *text)
{
    const struct pn_source source = source_of(text);
    struct pn_value v;
    ck_assert_int_eq(pn_value_from_node(&v, read_yaml(&source), arena), 0);
    return v;
}

static inline void assert_text(const char *about, struct pn_buf *text, const char *expected)
{
    ck_assert(!text->failed);
    ck_assert_msg(pn_str_is(pn_buf_view(text), expected), "%s\nexpected: %s\n     got: %.*s", about,
                  expected, PN_STR_ARG(pn_buf_view(text)));
    pn_buf_deinit(text);
}

static inline void assert_renders(const struct pn_template_expr *t, const char *about,
                                  struct pn_value context, const char *expected)
{
    struct pn_value v;
    struct pn_jsone_error error;
    int r = pn_jsone_eval(&v, t, context, NOW_MS, NULL, arena, &error);
    ck_assert_msg(r == 0, "%s: %s", about, r > 0 ? error.what.text : "out of memory");
    pn_json_write(&got, v);
    assert_text(about, &got, expected);
}

#endif
