/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mentions.h"

struct visit {
    struct pn_decoder *decoder;
    const struct pn_template *template;
    struct pn_mentions *mentions;
};

static void fault(struct visit *v, const struct pn_jsone_mention *m, const char *id,
                  const char *format, ...) PN_PRINTF(4, 5);

static void fault(struct visit *v, const struct pn_jsone_mention *m, const char *id,
                  const char *format, ...)
{
    struct pn_err text = PN_ERR_INIT;
    va_list args;
    va_start(args, format);
    pn_err_setv(&text, 0, format, args);
    va_end(args);
    pn_diags_add(v->decoder->diags, PN_SEVERITY_ERROR, id, v->decoder->source, m->span, "%s",
                 text.text);
}

/* The name of a step that is known, or a str with s == NULL. */
static struct pn_str step_name(const struct pn_jsone_mention *m, uint32_t i)
{
    if (i >= m->step_count ||
        (m->steps[i].kind != PN_JSONE_STEP_NAME && m->steps[i].kind != PN_JSONE_STEP_KEY))
        return PN_STR_NULL;
    return m->steps[i].name;
}

static void check_parameter(struct visit *v, const struct pn_jsone_mention *m)
{
    const struct pn_parameters *parameters = &v->template->parameters;
    const char *names[64 + 1] = {NULL};
    struct pn_str name = step_name(m, 0);
    if (name.s == NULL)
        return;
    for (size_t i = 0, n = 0; i < parameters->count; i++) {
        if (pn_str_eq(parameters->items[i].name, name))
            return;
        if (n < 64 && parameters->items[i].name.n > 0)
            names[n++] = parameters->items[i].name.s;
    }
    fault(v, m, "unknown-parameter", "the template has no parameter `%.*s`", PN_STR_ARG(name));
    pn_decode_help_with_words(v->decoder, name, names);
}

static void check_literal(struct visit *v, const struct pn_jsone_mention *m)
{
    struct pn_str name = step_name(m, 0);
    if (name.s != NULL && pn_value_get(v->template->literals, name).kind == PN_ABSENT)
        fault(v, m, "unknown-literal", "the template has no literal `%.*s`", PN_STR_ARG(name));
}

/* pod.metadata.NAME and pod.spec.NAME ask for one field; anything shorter or computed for all. */
static void mention_fields(struct pn_view_fields *inout, const struct pn_jsone_mention *m)
{
    struct pn_str part = step_name(m, 0), name = step_name(m, 1);
    if (!pn_str_is(part, "spec"))
        inout->metadata |= pn_view_field(pn_schema_type(PN_SCHEMA_OBJECT_META), name);
    if (!pn_str_is(part, "metadata"))
        inout->spec |= pn_view_field(pn_schema_type(PN_SCHEMA_POD_SPEC), name);
}

/* Walks the steps that are known along the schema of a Pod. */
static void check_pod(struct visit *v, const struct pn_jsone_mention *m)
{
    const struct pn_schema_type *type = pn_schema_type(PN_SCHEMA_POD);
    bool is_list = false;
    mention_fields(&v->mentions->pod, m);
    for (uint32_t i = 0; i < m->step_count && type != NULL; i++) {
        struct pn_str name = step_name(m, i);
        if (name.s == NULL && is_list) {
            is_list = m->steps[i].kind == PN_JSONE_STEP_SLICE; /* [i] is an item of its type */
            continue;
        }
        if (name.s == NULL)
            return; /* a key that is computed: nothing is known of what it leads to */
        const struct pn_schema_field *f = pn_schema_find(type, name);
        if (i == 0 && !pn_str_is(name, "metadata") && !pn_str_is(name, "spec"))
            f = NULL;
        if (f == NULL) {
            fault(v, m, "unknown-field", "a Pod has no such field: `%.*s` of `%.*s`",
                  PN_STR_ARG(name), PN_STR_ARG(m->expression));
            pn_schema_suggest(type, name, v->decoder->diags);
            return;
        }
        const char *why = pn_view_why_hidden(type, name);
        if (why != NULL) {
            fault(v, m, "hidden-field", "`%.*s`: %s", PN_STR_ARG(m->expression), why);
            if (type != pn_schema_type(PN_SCHEMA_ENV_VAR))
                pn_diags_help(v->decoder->diags, "a container is told by an env variable with "
                                                 "valueFrom.fieldRef");
            return;
        }
        /* A map's members have no fields of their own that the schema knows. */
        type = f->shape == PN_SCHEMA_MAP ? NULL : pn_schema_field_type(f);
        is_list = f->shape == PN_SCHEMA_LIST;
    }
}

static void check_namespace(struct visit *v, const struct pn_jsone_mention *m)
{
    struct pn_str name = step_name(m, 0);
    v->mentions->namespace = true;
    if (name.s == NULL || pn_str_is(name, "labels"))
        v->mentions->namespace_labels = true;
    else if (!pn_str_is(name, "name"))
        fault(v, m, "unknown-field", "namespace has `name` and `labels`, no `%.*s`",
              PN_STR_ARG(name));
}

static void check_fields(struct visit *v, const struct pn_jsone_mention *m, const char *first,
                         const char *second)
{
    struct pn_str name = step_name(m, 0);
    if (name.s != NULL && !pn_str_is(name, first) && !pn_str_is(name, second))
        fault(v, m, "unknown-field", "`%.*s` has no `%.*s`", PN_STR_ARG(m->name), PN_STR_ARG(name));
}

static void unknown_name(struct visit *v, const struct pn_jsone_mention *m)
{
    static const char *const template_names[] = {"parameters", "literals", "pod", "namespace",
                                                 "policy",     "template", NULL};
    static const char *const policy_names[] = {"pod", "namespace", "policy", NULL};
    const char *const *names = v->template != NULL ? template_names : policy_names;
    fault(v, m, "unknown-name", "`%.*s` is not known here", PN_STR_ARG(m->name));
    if (m->in_text && pn_str_nearest(m->name, names) == NULL)
        pn_diags_help(v->decoder->diags,
                      "if ${...} is for a shell or another program, write $${...}, or put the text "
                      "under spec.literals");
    else
        pn_decode_help_with_words(v->decoder, m->name, names);
}

static int check(void *context, const struct pn_jsone_mention *m)
{
    struct visit *v = context;
    bool in_template = v->template != NULL;
    if (pn_str_is(m->name, "now") || pn_str_is(m->name, "$fromNow") ||
        (m->kind == PN_JSONE_BUILTIN && pn_str_is(m->name, "fromNow"))) {
        fault(v, m, "clock",
              "%.*s: a template that reads the clock would give another answer each time",
              PN_STR_ARG(m->name));
        return 0;
    }
    if (m->kind != PN_JSONE_REFERENCE)
        return 0;
    if (in_template && pn_str_is(m->name, "parameters"))
        check_parameter(v, m);
    else if (in_template && pn_str_is(m->name, "literals"))
        check_literal(v, m);
    else if (pn_str_is(m->name, "pod"))
        check_pod(v, m);
    else if (pn_str_is(m->name, "namespace"))
        check_namespace(v, m);
    else if (pn_str_is(m->name, "policy"))
        check_fields(v, m, "name", "name");
    else if (in_template && pn_str_is(m->name, "template"))
        check_fields(v, m, "name", "category");
    else if (!m->perhaps_local)
        unknown_name(v, m);
    return 0;
}

void pn_mentions_check(struct pn_mentions *inout_mentions, struct pn_decoder *d,
                       const struct pn_template_expr *t, const struct pn_template *template)
{
    struct visit visit = {d, template, inout_mentions};
    if (t != NULL)
        (void)pn_jsone_visit(t, check, &visit);
}
