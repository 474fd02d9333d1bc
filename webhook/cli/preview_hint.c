/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/place.h"
#include "cli/preview.h"
#include "engine/match.h"
#include "kube/labels.h"
#include "report/term.h"

/* The mistake that everybody makes once: what a policy looks for on the Pod stands on the workload.
 */

/* What both have of it. */
struct level {
    struct pn_value labels, annotations;
};

static struct level level_of(struct pn_value object)
{
    struct pn_value metadata = PN_GET(object, "metadata");
    return (struct level){PN_GET(metadata, "labels"), PN_GET(metadata, "annotations")};
}

/* What is missing on the Pod and there on the workload; the first of it. */
struct misplaced {
    bool is_annotation;
    struct pn_str key; /* s == NULL: nothing */
    struct pn_value value;
};

static void find_first(struct misplaced *inout, bool is_annotation, struct pn_str key,
                       struct pn_value value)
{
    if (inout->key.s == NULL)
        *inout = (struct misplaced){is_annotation, key, value};
}

/* Whether the policy would select the Pod with what the workload has, and not without. */
static bool is_misplaced(struct misplaced *ret, const struct pn_policy_scope *scope,
                         struct level pod, struct level workload)
{
    *ret = (struct misplaced){0};
    for (uint32_t i = 0; i < scope->pods->count; i++) {
        const struct pn_requirement *r = &scope->pods->requirements[i];
        struct pn_value own = pn_value_get(workload.labels, r->key);
        if (pn_requirement_matches(r, pod.labels))
            continue;
        if (own.kind == PN_ABSENT || !pn_requirement_matches(r, workload.labels))
            return false;
        find_first(ret, false, r->key, own);
    }
    for (uint32_t i = 0; i < pn_value_count(scope->annotations); i++) {
        const struct pn_member *m = pn_value_member(scope->annotations, i);
        if (pn_value_equal(pn_value_get(pod.annotations, m->key), m->value))
            continue;
        if (!pn_value_equal(pn_value_get(workload.annotations, m->key), m->value))
            return false;
        find_first(ret, true, m->key, m->value);
    }
    return ret->key.s != NULL;
}

static bool is_for_namespace(const struct pn_preview_run *run, const struct pn_policy_scope *scope,
                             struct pn_str namespace)
{
    const struct pn_requirement *which = NULL;
    struct pn_value labels = pn_value_get(run->known, namespace);
    return pn_match_namespace(&which, scope->namespaces, namespace, labels) != PN_MATCH_NO;
}

static void write_hint(const struct pn_preview_object *object, const struct pn_workload *workload,
                       const struct pn_node *node, struct pn_str policy,
                       const struct misplaced *misplaced)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf path = PN_BUF_INIT;
    PN_CLEANUP(pn_buf_deinit) struct pn_buf text = PN_BUF_INIT;
    const char *member = misplaced->is_annotation ? "annotations" : "labels";
    pn_buf_printf(&path, "metadata.%s[", member);
    pn_json_write_str(&path, misplaced->key);
    pn_buf_char(&path, ']');
    const struct pn_node *at = pn_place_find(node, pn_buf_view(&path));
    pn_preview_begin_message(&text, object, at != NULL ? at->span : object->span);
    pn_buf_cstr(&text, ": hint: policy ");
    pn_term_write(&text, policy);
    pn_buf_printf(&text, " looks for %s ", misplaced->is_annotation ? "annotation" : "label");
    pn_term_write(&text, misplaced->key);
    pn_buf_char(&text, '=');
    pn_term_write(&text, pn_value_str(misplaced->value));
    pn_buf_cstr(&text, " on the Pod, and it is on the ");
    pn_term_write(&text, object->kind);
    pn_buf_cstr(&text, ": Pods get those of ");
    pn_workload_write_path(&text, workload);
    pn_buf_printf(&text, ".metadata.%s\n", member);
    pn_out_note(pn_buf_view(&text));
}

void pn_preview_hint(const struct pn_preview_run *run, const struct pn_preview_object *object,
                     const struct pn_workload *workload, const struct pn_node *node)
{
    const struct pn_policy_set *set = run->decider.set;
    struct level pod = level_of(object->pod), own = level_of(object->before);
    if (pn_value_count(own.labels) == 0 && pn_value_count(own.annotations) == 0)
        return;
    for (uint32_t i = 0; i < pn_policy_set_policy_count(set); i++) {
        struct pn_policy_scope scope;
        struct misplaced misplaced;
        pn_policy_set_scope(&scope, set, i);
        if (is_misplaced(&misplaced, &scope, pod, own) &&
            is_for_namespace(run, &scope, object->namespace))
            write_hint(object, workload, node, pn_policy_set_policy_name(set, i), &misplaced);
    }
}
