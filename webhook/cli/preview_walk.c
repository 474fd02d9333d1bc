/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>

#include "cli/object.h"
#include "cli/place.h"
#include "cli/preview.h"
#include "kube/workload.h"
#include "report/text.h"

/* ---- faults ---------------------------------------------------------------------------- */

static struct pn_span place_of(const struct pn_document *doc, const struct pn_node *node)
{
    return node != NULL ? node->span : doc->span;
}

/* Tells what is wrong with an object. The others are examined all the same. */
static void fault(struct pn_preview_run *run, const struct pn_document *doc,
                  const struct pn_node *node, const char *id, const char *format, ...)
    PN_PRINTF(5, 6);

static void fault(struct pn_preview_run *run, const struct pn_document *doc,
                  const struct pn_node *node, const char *id, const char *format, ...)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_diags diags = PN_DIAGS_INIT;
    struct pn_span span = place_of(doc, node);
    va_list args;
    va_start(args, format);
    pn_err_setv(&err, 0, format, args);
    va_end(args);
    if (node == NULL || node->kind == PN_NODE_MAPPING)
        span.end = span.start; /* all of it would say less than where it begins */
    pn_diags_add(&diags, PN_SEVERITY_ERROR, id, doc->source, span, "%s", err.text);
    pn_out_diags(&diags, run->color_err);
    run->counts.invalid++;
}

/* ---- one object ------------------------------------------------------------------------ */

/* The object's namespace, -n, or "default"; both at once must agree, as for kubectl. */
static int find_namespace(struct pn_str *ret, const struct pn_preview_run *run,
                          struct pn_value object, struct pn_err *err)
{
    struct pn_value metadata = PN_GET(object, "metadata");
    struct pn_value own = PN_GET(metadata, "namespace");
    struct pn_str given = pn_str_of(run->o->namespace);
    if (metadata.kind != PN_OBJECT && !pn_value_is_unset(metadata))
        return pn_err_set(err, PN_WORKLOAD_E_INVALID, "metadata: expected an object, got %s",
                          pn_value_kind_name(metadata));
    if (own.kind != PN_STRING && !pn_value_is_unset(own))
        return pn_err_set(err, PN_WORKLOAD_E_INVALID,
                          "metadata.namespace: expected a string, got %s", pn_value_kind_name(own));
    struct pn_str text = pn_value_str(own);
    if (text.n > 0 && given.n > 0 && !pn_str_eq(text, given))
        return pn_err_set(err, PN_WORKLOAD_E_INVALID,
                          "metadata.namespace: \"%.*s\" is not what --namespace says, \"%.*s\"",
                          PN_STR_ARG(text), PN_STR_ARG(given));
    *ret = text.n > 0 ? text : given.n > 0 ? given : PN_STR("default");
    return 0;
}

static struct pn_str find_name(struct pn_value object)
{
    struct pn_value metadata = PN_GET(object, "metadata");
    struct pn_str name = pn_value_str(PN_GET(metadata, "name"));
    return name.n > 0 ? name : pn_value_str(PN_GET(metadata, "generateName"));
}

static int finish(struct pn_preview_run *run, const struct pn_preview_object *object)
{
    run->counts.outcomes[pn_preview_outcome(object->after.decision)]++;
    int r = pn_preview_print(run, object);
    pn_out_step(&run->out);
    return r;
}

/* A manifest's number that cannot become a review's. A recorded review goes to the engine as is. */
static int check_numbers(struct pn_value object, struct pn_err *err)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf path = PN_BUF_INIT;
    if (!pn_place_write_huge_number(&path, object))
        return 0;
    return pn_err_set(err, PN_WORKLOAD_E_INVALID, "%.*s: the number is out of range",
                      PN_STR_ARG(pn_buf_view(&path)));
}

/* What the policies of `d` make of the object; `review`: the recorded one's bytes, else s is NULL.
 */
static int decide_side(struct pn_effect_side *ret, struct pn_preview_run *run, struct pn_decider *d,
                       const struct pn_preview_object *object, const struct pn_workload *workload,
                       struct pn_str review, struct pn_err *err)
{
    struct pn_decision *decision = NULL;
    int r = review.s != NULL ? pn_decide_review(&decision, d, review, err)
                             : pn_decide_pod(&decision, d, object->pod, object->namespace, err);
    if (r != 0)
        return r;
    ret->decision = decision;
    r = pn_decide_apply(&ret->pod, decision, object->pod, run->values, err);
    if (r != 0)
        return r;
    ret->object = ret->pod;
    return workload == NULL ? 0
                            : pn_workload_put(&ret->object, workload, object->before, object->pod,
                                              ret->pod, run->values);
}

/* *object has its Pod. */
static int decide(struct pn_preview_run *run, struct pn_preview_object *object,
                  const struct pn_workload *workload, struct pn_str review, struct pn_err *err)
{
    object->base = (struct pn_effect_side){.pod = object->pod, .object = object->before};
    int r = pn_preview_know_namespace(run, object->namespace);
    if (r == 0 && run->base.set != NULL)
        r = decide_side(&object->base, run, &run->base, object, workload, review, err);
    if (r == 0)
        r = decide_side(&object->after, run, &run->decider, object, workload, review, err);
    return r;
}

/* A kind that carries a Pod. *object has place, apiVersion and kind. */
static int decide_workload(struct pn_preview_run *run, const struct pn_workload *workload,
                           struct pn_preview_object *object, struct pn_err *err)
{
    int r = find_namespace(&object->namespace, run, object->before, err);
    if (r == 0)
        r = check_numbers(object->before, err);
    if (r == 0)
        r = pn_workload_pod(&object->pod, workload, object->before, object->namespace, run->values,
                            err);
    return r == 0 ? decide(run, object, workload, PN_STR_NULL, err) : r;
}

/*
 * A recorded review. The bytes of a JSON file go to the engine as they are; what stands in YAML or
 * in a list is written as JSON first.
 */
static int decide_review(struct pn_preview_run *run, const struct pn_document *doc, bool as_it_is,
                         struct pn_preview_object *object, struct pn_err *err)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    struct pn_str bytes = {doc->source->bytes.s + doc->span.start, doc->span.end - doc->span.start};
    object->review = object->before;
    if (!as_it_is) {
        pn_json_write(&text, object->review);
        bytes = pn_buf_view(&text);
    }
    if (text.failed)
        return -ENOMEM;
    struct pn_value request = PN_GET(object->review, "request");
    struct pn_value pod = PN_GET(request, "object");
    object->namespace = pn_value_str(PN_GET(request, "namespace"));
    object->before = pod;
    object->pod = pod;
    int r = decide(run, object, NULL, bytes, err);
    if (r != 0)
        return r;
    object->api_version = pn_value_str(PN_GET(pod, "apiVersion"));
    object->kind = pn_value_str(PN_GET(pod, "kind"));
    object->namespace = object->after.decision->pod_namespace;
    object->name = find_name(pod);
    return 0;
}

/* The review with the Pod as it would be, so that it can be asked about again. */
static int put_review(struct pn_value *ret, struct pn_preview_run *run, struct pn_value review,
                      struct pn_value pod)
{
    struct pn_value request = PN_GET(review, "request");
    int r = pn_object_with(&request, run->values, request, PN_STR("object"), pod);
    if (r == 0)
        r = pn_object_with(ret, run->values, review, PN_STR("request"), request);
    return r;
}

/* ---- documents and lists --------------------------------------------------------------- */

struct walk {
    struct pn_preview_run *run;
    const struct pn_input_file *file;
    const struct pn_document *doc;
    bool changed;
};

static int walk_value(struct pn_value *ret, struct walk *w, const struct pn_node *node,
                      struct pn_value value, struct pn_object_header from_list, bool is_document);

static bool is_review(struct pn_object_header header)
{
    return pn_str_is(header.kind, "AdmissionReview") &&
           pn_str_has_prefix(header.api_version, PN_STR("admission.k8s.io/"));
}

/*
 * What the engine says about the Pod in a review, or the conversion about the object, in terms of
 * the object in the file, and where that is.
 */
static void fault_object(struct walk *w, const struct pn_node *node, const char *id,
                         const struct pn_workload *workload, const struct pn_preview_object *object,
                         struct pn_str message)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    if (workload != NULL && pn_str_has_prefix(message, PN_STR("request.object"))) {
        message.s += strlen("request.object");
        message.n -= strlen("request.object");
        pn_workload_write_path(&text, workload);
        if (text.len == 0 && message.n > 0 && message.s[0] == '.') {
            message.s++;
            message.n--;
        }
    }
    pn_buf_str(&text, message);
    struct pn_str name = object->name;
    fault(w->run, w->doc, pn_place_find(node, pn_buf_view(&text)), id, "%.*s%s%.*s: %.*s",
          PN_STR_ARG(object->kind), name.n > 0 ? "/" : "", PN_STR_ARG(name),
          PN_STR_ARG(pn_buf_view(&text)));
}

static int walk_object(struct pn_value *ret, struct walk *w, const struct pn_node *node,
                       struct pn_value value, struct pn_object_header header, bool is_document)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_preview_object object = {
        .source = w->doc->source,
        .span = place_of(w->doc, node),
        .api_version = header.api_version,
        .kind = header.kind,
        .name = find_name(value),
        .before = value,
    };
    const struct pn_workload *workload = pn_workload_find(header.api_version, header.kind);
    bool as_it_is = is_document && w->file->json.kind != PN_ABSENT;
    int r = is_review(header) ? decide_review(w->run, w->doc, as_it_is, &object, &err)
                              : decide_workload(w->run, workload, &object, &err);
    if (r > 0) {
        fault_object(w, node, r == PN_DECIDE_E_PATCH ? "internal-error" : "invalid-object",
                     workload, &object, pn_str_of(err.text));
        return 0;
    }
    if (r < 0)
        return r;
    if (object.after.decision->patch.n > 0) {
        w->changed = true;
        *ret = object.after.object;
        if (is_review(header))
            r = put_review(ret, w->run, value, object.after.object);
    }
    if (r == 0)
        r = finish(w->run, &object);
    if (r == 0 && workload != NULL)
        pn_preview_hint(w->run, &object, workload, node);
    return r;
}

static int walk_list(struct pn_value *ret, struct walk *w, const struct pn_node *node,
                     struct pn_value list, struct pn_object_header header)
{
    struct pn_value items = PN_GET(list, "items");
    const struct pn_node *nodes = pn_node_get(node, "items");
    uint32_t n = pn_value_count(items);
    struct pn_object_header of_items = pn_object_header_of_items(header);
    struct pn_value *after = pn_arena_alloc(w->run->values, n * sizeof *after);
    if (after == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        const struct pn_node *item = nodes != NULL ? nodes->sequence.items[i] : NULL;
        int r = walk_value(&after[i], w, item, pn_value_at(items, i), of_items, false);
        if (r != 0)
            return r;
    }
    int r = pn_array_take(&items, w->run->values, after, n);
    return r == 0 ? pn_object_with(ret, w->run->values, list, PN_STR("items"), items) : r;
}

/* The recursion is as deep as lists nest, which the parsers limit. */
static int walk_value(struct pn_value *ret, struct walk *w, const struct pn_node *node,
                      struct pn_value value, struct pn_object_header from_list, bool is_document)
{
    struct pn_err err = PN_ERR_INIT;
    struct pn_object_header header = pn_object_header(value, from_list);
    *ret = value;
    if (pn_object_check(value, header, &err) != 0) {
        fault(w->run, w->doc, node, "not-an-object", "%s", err.text);
        return 0;
    }
    if (pn_object_is_list(header.kind, value))
        return walk_list(ret, w, node, value, header);
    if (is_review(header) || pn_workload_find(header.api_version, header.kind) != NULL)
        return walk_object(ret, w, node, value, header, is_document);
    w->run->counts.other++;
    return 0;
}

int pn_preview_walk(struct pn_value *ret, bool *ret_changed, struct pn_preview_run *run,
                    const struct pn_input_file *file, const struct pn_document *doc,
                    struct pn_value value)
{
    struct walk w = {.run = run, .file = file, .doc = doc};
    int r = walk_value(ret, &w, doc->root, value, PN_OBJECT_HEADER_NONE, true);
    *ret_changed = w.changed;
    return r;
}
