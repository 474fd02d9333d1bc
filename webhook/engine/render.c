/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/render.h"

#include <errno.h>

#include "engine/level.h"

static const struct pn_str no_text = {NULL, 0};

static int one_object(struct pn_value *ret, struct pn_arena *a, struct pn_str key1,
                      struct pn_str v1, struct pn_str key2, struct pn_str v2)
{
    struct pn_member members[] = {{key1, pn_string(v1)}, {key2, pn_string(v2)}};
    return pn_object_new(ret, a, members, key2.s != NULL ? 2 : 1);
}

int pn_render_partly_bound(struct pn_value *ret, const struct pn_injection *injection,
                           struct pn_arena *a)
{
    struct pn_member fixed = {PN_STR("parameters"), injection->parameters};
    int r = 0;
    for (size_t i = 0; i < injection->overrides.count && r == 0; i++)
        r = pn_object_with(&fixed.value, a, fixed.value,
                           injection->overrides.items[i].parameter->name, PN_VALUE_ABSENT);
    return r == 0 ? pn_object_new(ret, a, &fixed, 1) : r;
}

int pn_render_bound(struct pn_value *ret, const struct pn_policy *policy,
                    const struct pn_injection *injection, struct pn_arena *a)
{
    const struct pn_template *t = injection->template;
    struct pn_member members[4];
    size_t n = 0;
    struct pn_value v;
    int r = one_object(&v, a, PN_STR("name"), policy->name, no_text, no_text);
    members[n++] = (struct pn_member){PN_STR("policy"), v};
    if (r == 0)
        r = one_object(&v, a, PN_STR("name"), t->name, PN_STR("category"), t->category);
    members[n++] = (struct pn_member){PN_STR("template"), v};
    if (r == 0 && t->literals.kind == PN_ABSENT)
        r = pn_object_new(&v, a, NULL, 0);
    members[n++] = (struct pn_member){PN_STR("literals"),
                                      t->literals.kind != PN_ABSENT ? t->literals : v};
    if (injection->overrides.count == 0)
        members[n++] = (struct pn_member){PN_STR("parameters"), injection->parameters};
    return r == 0 ? pn_object_new(ret, a, members, n) : r;
}

/* What expressions see: `known` (an object), the parameters unless they are in it, and the names
 * that depend on the Pod. */
static int make_context(struct pn_value *ret, struct pn_value known, struct pn_value parameters,
                        const struct pn_scene *scene, struct pn_arena *a)
{
    const struct pn_member space[] = {{PN_STR("name"), pn_string(scene->pod->pod_namespace)},
                                      {PN_STR("labels"), scene->namespace_labels}};
    uint32_t n = pn_value_count(known);
    struct pn_member *members = pn_arena_alloc(a, (n + 3) * sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        members[i] = *pn_value_member(known, i);
    if (parameters.kind != PN_ABSENT)
        members[n++] = (struct pn_member){PN_STR("parameters"), parameters};
    if (scene->pod_view.kind != PN_ABSENT)
        members[n++] = (struct pn_member){PN_STR("pod"), scene->pod_view};
    members[n].key = PN_STR("namespace");
    int r = pn_object_new(&members[n++].value, a, space,
                          scene->namespace_labels.kind != PN_ABSENT ? 2 : 1);
    return r == 0 ? pn_object_take_distinct(ret, a, members, n) : r;
}

static int refuse(struct pn_reason *ret_reason, struct pn_arena *a, enum pn_reason_id id,
                  struct pn_str template, const char *detail)
{
    *ret_reason = PN_REASON(a, id, {"template", template},
                            {"detail", pn_arena_dup(a, pn_str_of(detail))});
    return PN_RENDER_E_REASON;
}

static int labels_unknown(struct pn_reason *ret_reason, const struct pn_scene *scene,
                          struct pn_arena *a)
{
    *ret_reason = PN_REASON(a, PN_REASON_NAMESPACE_LABELS_UNKNOWN,
                            {"namespace", scene->pod->pod_namespace},
                            {"requirement", PN_STR("namespace.labels")});
    return PN_RENDER_E_REASON;
}

/* "line 12: message (in `expression`)"; what a template refuses by itself, in its words alone. */
static int describe(struct pn_reason *ret_reason, struct pn_arena *a, enum pn_reason_id id,
                    struct pn_str name, const struct pn_jsone_error *e)
{
    struct pn_err text = PN_ERR_INIT;
    if (e->refused)
        return refuse(ret_reason, a, id, name, e->what.text);
    if (e->expression.s != NULL)
        pn_err_set(&text, 0, "line %u: %s (in `%.*s`)", e->span.line, e->what.text,
                   PN_STR_ARG(e->expression));
    else
        pn_err_set(&text, 0, "line %u: %s", e->span.line, e->what.text);
    return refuse(ret_reason, a, id, name, text.text);
}

/* One part; absent when the template has none. `e` is for what may be wrong. */
static int eval_part(struct pn_value *ret, const struct pn_template_expr *t,
                     const struct pn_injection *injection, struct pn_value context,
                     struct pn_jsone_error *e, struct pn_arena *a, struct pn_reason *ret_reason)
{
    *ret = PN_VALUE_ABSENT;
    if (t == NULL)
        return 0;
    int r = pn_jsone_eval(ret, t, context, 0, NULL, a, e);
    if (r == PN_JSONE_E_TEMPLATE)
        return describe(ret_reason, a, PN_REASON_TEMPLATE_ERROR, injection->template->name, e);
    if (r == PN_JSONE_E_LIMIT)
        return refuse(ret_reason, a, PN_REASON_TEMPLATE_LIMIT, injection->template->name,
                      e->what.text);
    return r;
}

int pn_render_in(const struct pn_fragment **ret, const struct pn_injection *injection,
                 struct pn_value context, bool windows, struct pn_arena *a,
                 struct pn_reason *ret_reason)
{
    struct pn_fragment *fragment = pn_arena_zalloc(a, 1, sizeof *fragment);
    struct pn_value pod, app_containers, append_annotations;
    struct pn_jsone_error e = {0}; /* one for all: it is a kilobyte */
    if (fragment == NULL)
        return -ENOMEM;
    int r = eval_part(&pod, injection->pod, injection, context, &e, a, ret_reason);
    if (r == 0)
        r = eval_part(&app_containers, injection->app_containers, injection, context, &e, a,
                      ret_reason);
    if (r == 0)
        r = eval_part(&append_annotations, injection->append_annotations, injection, context, &e, a,
                      ret_reason);
    if (r != 0)
        return r;
    r = pn_fragment_build(fragment, pod, app_containers, append_annotations, a, &e.what);
    if (r == PN_FRAGMENT_E_INVALID)
        return refuse(ret_reason, a, PN_REASON_RENDERED_INVALID, injection->template->name,
                      e.what.text);
    if (r == 0)
        r = pn_level_judge(injection->template, fragment, windows, a, ret_reason);
    if (r == 0)
        *ret = fragment;
    return r == PN_LEVEL_E_REASON ? PN_RENDER_E_REASON : r;
}

int pn_render(const struct pn_fragment **ret, const struct pn_injection *injection,
              const struct pn_scene *scene, struct pn_arena *a, struct pn_reason *ret_reason)
{
    struct pn_value context, parameters;
    if (injection->constant != NULL) {
        *ret = injection->constant;
        return 0;
    }
    if (injection->template->mentions.namespace_labels && scene->namespace_labels.kind == PN_ABSENT)
        return labels_unknown(ret_reason, scene, a);
    int r = pn_parameters_resolve(&parameters, &injection->template->parameters,
                                  injection->parameters, &injection->overrides, scene->pod, a,
                                  ret_reason);
    if (r != 0)
        return r == PN_PARAMETERS_E_REASON ? PN_RENDER_E_REASON : r;
    if (injection->by_default != NULL && parameters.block == injection->parameters.block) {
        *ret = injection->by_default;
        return 0;
    }
    if (injection->overrides.count == 0)
        parameters = PN_VALUE_ABSENT; /* bound already */
    r = make_context(&context, injection->bound, parameters, scene, a);
    bool windows = pn_str_is(scene->pod->os, "windows");
    return r == 0 ? pn_render_in(ret, injection, context, windows, a, ret_reason) : r;
}

int pn_render_condition(bool *ret, const struct pn_policy *policy, const struct pn_scene *scene,
                        struct pn_arena *a, struct pn_reason *ret_reason)
{
    struct pn_value name, known, context, v;
    *ret = true;
    if (policy->when == NULL)
        return 0;
    if (policy->when_mentions.namespace_labels && scene->namespace_labels.kind == PN_ABSENT)
        return labels_unknown(ret_reason, scene, a);
    struct pn_jsone_error e = {0};
    int r = one_object(&name, a, PN_STR("name"), policy->name, no_text, no_text);
    if (r == 0)
        r = pn_object_new(&known, a, &(struct pn_member){PN_STR("policy"), name}, 1);
    if (r == 0)
        r = make_context(&context, known, PN_VALUE_ABSENT, scene, a);
    if (r == 0)
        r = pn_jsone_eval(&v, policy->when, context, 0, NULL, a, &e);
    if (r > 0) {
        describe(ret_reason, a, PN_REASON_CONDITION_ERROR, policy->name, &e);
        return PN_RENDER_E_REASON;
    }
    if (r == 0)
        *ret = pn_jsone_is_truthy(v);
    return r;
}
