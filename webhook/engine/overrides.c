/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/number.h"
#include "engine/params_fit.h"
#include "engine/policy_set.h"
#include "kube/names.h"

/* ---- overrides of a policy ------------------------------------------------------------- */

struct override_nodes {
    struct pn_str parameter, label, annotation, prefix;
};

const struct pn_field pn_override_fields[] = {
    {"parameter", PN_FIELD_STRING, offsetof(struct override_nodes, parameter), true,
     .help = "Name of the template's parameter"},
    {"podLabel", PN_FIELD_STRING, offsetof(struct override_nodes, label),
     .help = "Label of the Pod that gives its value"},
    {"podAnnotation", PN_FIELD_STRING, offsetof(struct override_nodes, annotation),
     .help = "Annotation of the Pod that gives its value"},
    {"podAnnotationPrefix", PN_FIELD_STRING, offsetof(struct override_nodes, prefix),
     .help = "Beginning of the annotations of the Pod that a map is collected from"},
    {0}};

/* What a Pod's author may give: nothing that could smuggle text into a template unchecked. */
static void check_override(struct pn_decoder *d, const struct pn_node *item,
                           const struct pn_parameter *p, enum pn_override_source source,
                           struct pn_str key)
{
    const struct pn_str own = PN_STR("pannier.dev/");
    bool text = p->type == PN_PARAMETER_STRING || p->type == PN_PARAMETER_MAP;
    if (p->type == PN_PARAMETER_ARRAY || p->type == PN_PARAMETER_OBJECT)
        pn_decode_fault(d, item, "unsafe-override",
                        "parameter `%.*s`: an array or object cannot be overridden",
                        PN_STR_ARG(p->name));
    else if (text && p->pattern.s == NULL && p->allowed.kind == PN_ABSENT)
        pn_decode_fault(
            d, item, "unsafe-override",
            "parameter `%.*s` can be overridden, so it needs a pattern or an enum: what "
            "a Pod's author writes must not enter a template unchecked",
            PN_STR_ARG(p->name));
    else if (p->type == PN_PARAMETER_MAP && p->key_pattern.s == NULL)
        pn_decode_fault(d, item, "unsafe-override",
                        "parameter `%.*s` can be overridden, so it needs a keyPattern: its keys "
                        "are what a Pod's author writes, too",
                        PN_STR_ARG(p->name));
    if (pn_str_has_prefix(key, own) || pn_str_has_prefix(own, key))
        pn_decode_fault(
            d, item, "reserved-annotation",
            "overrides: `pannier.dev/` is for pannier itself: it changes between rounds");
    if ((source == PN_OVERRIDE_ANNOTATION_PREFIX) != (p->type == PN_PARAMETER_MAP))
        pn_decode_fault(d, item, "override-source",
                        "podAnnotationPrefix is for maps, podLabel and podAnnotation for all else");
}

static void decode_override(struct pn_override *ret, struct pn_decoder *d,
                            const struct pn_parameters *parameters, const struct pn_node *item)
{
    struct override_nodes nodes = {0};
    pn_decode_object(d, item, "overrides", pn_override_fields, &nodes);
    int sources = (nodes.label.n > 0) + (nodes.annotation.n > 0) + (nodes.prefix.n > 0);
    if (item->kind != PN_NODE_MAPPING || nodes.parameter.n == 0)
        return;
    if (sources != 1) {
        pn_decode_fault(d, item, "override-source",
                        "an override has one of podLabel, podAnnotation and podAnnotationPrefix");
        return;
    }
    ret->parameter = pn_params_find(parameters, nodes.parameter);
    if (ret->parameter == NULL) {
        pn_params_unknown(d, pn_node_get(item, "parameter"), parameters);
        return;
    }
    ret->source = nodes.label.n > 0        ? PN_OVERRIDE_LABEL
                  : nodes.annotation.n > 0 ? PN_OVERRIDE_ANNOTATION
                                           : PN_OVERRIDE_ANNOTATION_PREFIX;
    ret->key = nodes.label.n > 0        ? nodes.label
               : nodes.annotation.n > 0 ? nodes.annotation
                                        : nodes.prefix;
    check_override(d, item, ret->parameter, ret->source, ret->key);
}

void pn_overrides_decode(struct pn_overrides *ret, struct pn_decoder *d,
                         const struct pn_parameters *parameters, const struct pn_node *list)
{
    if (list == NULL || pn_decode_list(d, list, "overrides") == NULL)
        return;
    struct pn_override *items = pn_arena_zalloc(d->arena, list->sequence.count, sizeof *items);
    size_t n = 0;
    if (items == NULL) {
        d->out_of_memory = true;
        return;
    }
    /* Labels first: an annotation beats a label. */
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < list->sequence.count; i++) {
            const struct pn_node *item = list->sequence.items[i];
            if ((pn_node_get(item, "podLabel") != NULL) != (pass == 0))
                continue;
            struct pn_override override = {0};
            decode_override(&override, d, parameters, item);
            if (override.parameter != NULL)
                items[n++] = override;
        }
    }
    *ret = (struct pn_overrides){items, n};
}

/* ---- for one Pod ----------------------------------------------------------------------- */

static bool read_text(struct pn_value *ret, const struct pn_parameter *p, struct pn_str text)
{
    int64_t i;
    double r;
    switch (p->type) {
    case PN_PARAMETER_INTEGER:
        if (!pn_number_read_int(&i, text))
            return false;
        *ret = pn_int(i);
        return true;
    case PN_PARAMETER_NUMBER:
        if (!pn_number_read_real(&r, text))
            return false;
        *ret = pn_number_read_int(&i, text) ? pn_int(i) : pn_real(r);
        return true;
    case PN_PARAMETER_BOOLEAN:
        *ret = pn_bool(pn_str_is(text, "true"));
        return pn_str_is(text, "true") || pn_str_is(text, "false");
    default:
        *ret = pn_string(text);
        return true;
    }
}

/* The key of a map stands behind the prefix. */
static int invalid(struct pn_reason *ret_reason, struct pn_arena *a, const struct pn_override *o,
                   const struct pn_misfit *misfit)
{
    struct pn_str from = pn_arena_format(a, "%s %.*s%.*s",
                                         o->source == PN_OVERRIDE_LABEL ? "label" : "annotation",
                                         PN_STR_ARG(o->key), PN_STR_ARG(misfit->key));
    struct pn_str about = o->parameter->description;
    if (about.n > 0)
        about = pn_arena_format(a, " (%.*s)", PN_STR_ARG(about));
    *ret_reason = PN_REASON(a, PN_REASON_PARAMETER_INVALID, {"parameter", o->parameter->name},
                            {"about", about}, {"source", from},
                            {"expected", pn_arena_dup(a, pn_str_of(misfit->expected.text))});
    return PN_PARAMETERS_E_REASON;
}

/* The map of all annotations that begin with the key; PN_ABSENT when there is none. */
static int read_prefix(struct pn_value *ret, const struct pn_override *o, const struct pn_pod *pod,
                       struct pn_arena *a)
{
    uint32_t all = pn_value_count(pod->annotations);
    struct pn_member *members = pn_arena_alloc(a, all * sizeof *members);
    size_t n = 0;
    if (members == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < all; i++) {
        const struct pn_member *m = pn_value_member(pod->annotations, i);
        /* The API server will refuse the Pod for a key that is none. */
        if (m->key.n <= o->key.n || !pn_str_has_prefix(m->key, o->key) ||
            !pn_name_is_annotation_key(m->key))
            continue;
        members[n].key = (struct pn_str){m->key.s + o->key.n, m->key.n - o->key.n};
        members[n++].value = m->value;
    }
    *ret = PN_VALUE_ABSENT;
    return n > 0 ? pn_object_take(ret, a, members, n) : 0;
}

static int read_override(struct pn_value *ret, const struct pn_override *o,
                         const struct pn_pod *pod, struct pn_arena *a, struct pn_reason *ret_reason)
{
    struct pn_misfit misfit = {.key = PN_STR_NULL};
    struct pn_parameter bounded = *o->parameter;
    struct pn_value v;
    if (bounded.max_length == 0) /* a stranger's text has a bound in any case */
        bounded.max_length = PN_PARAMETER_TEXT_MAX_BYTES;
    if (o->source == PN_OVERRIDE_ANNOTATION_PREFIX) {
        int r = read_prefix(&v, o, pod, a);
        if (r != 0)
            return r;
    } else {
        v = pn_value_get(o->source == PN_OVERRIDE_LABEL ? pod->labels : pod->annotations, o->key);
        if (v.kind == PN_STRING && !read_text(&v, o->parameter, pn_value_str(v))) {
            pn_err_set(&misfit.expected, 0, "type %s", pn_params_type_words[o->parameter->type]);
            return invalid(ret_reason, a, o, &misfit);
        }
    }
    if (v.kind != PN_ABSENT && !pn_params_fits(&bounded, v, &misfit))
        return misfit.out_of_memory ? -ENOMEM : invalid(ret_reason, a, o, &misfit);
    *ret = v;
    return 0;
}

int pn_parameters_resolve(struct pn_value *ret, const struct pn_parameters *parameters,
                          struct pn_value bound, const struct pn_overrides *overrides,
                          const struct pn_pod *pod, struct pn_arena *a,
                          struct pn_reason *ret_reason)
{
    for (size_t i = 0; i < overrides->count; i++) {
        struct pn_value v;
        int r = read_override(&v, &overrides->items[i], pod, a, ret_reason);
        if (r == 0 && v.kind != PN_ABSENT)
            r = pn_object_with(&bound, a, bound, overrides->items[i].parameter->name, v);
        if (r != 0)
            return r;
    }
    for (size_t i = 0; overrides->count > 0 && i < parameters->count; i++) {
        if (pn_value_get(bound, parameters->items[i].name).kind != PN_ABSENT)
            continue;
        *ret_reason = PN_REASON(a, PN_REASON_PARAMETER_MISSING,
                                {"parameter", parameters->items[i].name});
        return PN_PARAMETERS_E_REASON;
    }
    *ret = bound;
    return 0;
}
