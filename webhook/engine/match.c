/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/match.h"

const struct pn_str pn_namespace_name_label = PN_STR_INIT("kubernetes.io/metadata.name");
const struct pn_str pn_inject_annotation = PN_STR_INIT("pannier.dev/inject");
const struct pn_str pn_skip_annotation = PN_STR_INIT("pannier.dev/skip");

static const struct pn_str no_text = {NULL, 0};

/* ---- opt-out ------------------------------------------------------------------------------------
 */

/* True when `word` is an item of the comma-separated `list`. */
static bool lists(struct pn_str list, struct pn_str word)
{
    while (list.s != NULL) {
        if (pn_str_eq(pn_str_trim(pn_str_split(&list, ',')), word))
            return true;
    }
    return false;
}

static bool is_category(const struct pn_policy_set *set, struct pn_str word)
{
    for (size_t i = 0; i < set->template_count; i++) {
        if (pn_str_eq(set->templates[i].category, word))
            return true;
    }
    return false;
}

static void read_skip(struct pn_opt_out *opt_out, const struct pn_policy_set *set,
                      struct pn_arena *a)
{
    for (struct pn_str rest = opt_out->skip; rest.s != NULL;) {
        struct pn_str word = pn_str_trim(pn_str_split(&rest, ','));
        if (is_category(set, word))
            continue;
        opt_out->note = pn_reason_make(a, PN_REASON_ANNOTATION_INVALID, "annotation",
                                       pn_skip_annotation, "value", word, "expected",
                                       PN_STR("the category of a template that is loaded"));
        return;
    }
}

void pn_opt_out_read(struct pn_opt_out *ret, const struct pn_pod *pod,
                     const struct pn_policy_set *set, struct pn_arena *a)
{
    *ret = (struct pn_opt_out){.note = {.id = PN_REASON_NONE}};
    struct pn_value inject = pn_value_get(pod->annotations, pn_inject_annotation);
    struct pn_value skip = pn_value_get(pod->annotations, pn_skip_annotation);
    if (skip.kind == PN_STRING && skip.len > 0) {
        ret->skip = pn_value_str(skip);
        read_skip(ret, set, a);
    }
    if (inject.kind != PN_STRING || pn_value_is_string(inject, "true"))
        return;
    ret->all = pn_value_is_string(inject, "false");
    if (!ret->all)
        ret->note = pn_reason_make(a, PN_REASON_ANNOTATION_INVALID, "annotation",
                                   pn_inject_annotation, "value", pn_value_str(inject), "expected",
                                   PN_STR("\"true\" or \"false\""));
}

/* The annotation by which the Pod's author opts out of `policy`, or an empty str. */
static struct pn_str opts_out_by(const struct pn_policy *policy, const struct pn_opt_out *opt_out)
{
    if (opt_out->all)
        return pn_inject_annotation;
    for (size_t i = 0; opt_out->skip.n > 0 && i < policy->template_count; i++) {
        if (lists(opt_out->skip, policy->templates[i]->category))
            return pn_skip_annotation;
    }
    return no_text;
}

/* ---- selectors
 * ------------------------------------------------------------------------------------ */

/* "team In (a, b)", for people; only made when somebody will read it. */
static struct pn_str describe(const struct pn_requirement *r, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    if (r->op == PN_OP_IN && r->count == 1) {
        pn_buf_printf(&text, "label %.*s=%.*s", PN_STR_ARG(r->key), PN_STR_ARG(r->values[0]));
        return pn_buf_view(&text);
    }
    if (r->op == PN_OP_EXISTS || r->op == PN_OP_DOES_NOT_EXIST) {
        pn_buf_printf(&text, "%s label %.*s", r->op == PN_OP_EXISTS ? "a" : "no",
                      PN_STR_ARG(r->key));
        return pn_buf_view(&text);
    }
    pn_buf_printf(&text, "label %.*s %s (", PN_STR_ARG(r->key),
                  r->op == PN_OP_IN ? "in" : "not in");
    for (size_t i = 0; i < r->count; i++)
        pn_buf_printf(&text, "%s%.*s", i > 0 ? ", " : "", PN_STR_ARG(r->values[i]));
    pn_buf_char(&text, ')');
    return pn_buf_view(&text);
}

enum outcome { NO, YES, UNKNOWN };

/*
 * A conjunction over three values: one requirement that is false makes it false, whatever is not
 * known. *ret_which is the requirement that decided.
 */
static enum outcome match_namespace(const struct pn_requirement **ret_which,
                                    const struct pn_policy *policy, struct pn_str name,
                                    struct pn_value labels)
{
    const struct pn_member name_label = {pn_namespace_name_label, pn_string(name)};
    const struct pn_block block = {.count = 1, .members = &name_label};
    const struct pn_value known = {.kind = PN_OBJECT, .block = &block};
    const struct pn_selector *s = &policy->namespace_selector;
    enum outcome all = YES;
    for (size_t i = 0; i < s->count; i++) {
        const struct pn_requirement *r = &s->requirements[i];
        bool by_name = pn_str_eq(r->key, pn_namespace_name_label);
        if (!by_name && labels.kind == PN_ABSENT) {
            if (all == YES)
                *ret_which = r;
            all = UNKNOWN;
        } else if (!pn_requirement_matches(r, by_name ? known : labels)) {
            *ret_which = r;
            return NO;
        }
    }
    return all;
}

static struct pn_reason match_pod(const struct pn_policy *policy, const struct pn_pod *pod,
                                  struct pn_arena *a)
{
    const struct pn_selector *s = &policy->pod_selector;
    for (size_t i = 0; i < s->count; i++) {
        if (!pn_requirement_matches(&s->requirements[i], pod->labels))
            return pn_reason_make(a, PN_REASON_POD_SELECTOR_MISMATCH, "requirement",
                                  describe(&s->requirements[i], a), NULL, no_text, NULL, no_text);
    }
    for (uint32_t i = 0; i < pn_value_count(policy->pod_annotations); i++) {
        const struct pn_member *m = pn_value_member(policy->pod_annotations, i);
        if (pn_value_equal(pn_value_get(pod->annotations, m->key), m->value))
            continue;
        struct pn_str pair = pn_arena_format(a, "%.*s: %.*s", PN_STR_ARG(m->key),
                                             PN_STR_ARG(pn_value_str(m->value)));
        return pn_reason_make(a, PN_REASON_POD_ANNOTATION_MISMATCH, "requirement", pair, NULL,
                              no_text, NULL, no_text);
    }
    return (struct pn_reason){.id = PN_REASON_NONE};
}

struct pn_reason pn_match(const struct pn_policy *policy, const struct pn_pod *pod,
                          struct pn_value namespace_labels, const struct pn_opt_out *opt_out,
                          struct pn_reason *ret_note, struct pn_arena *a)
{
    const struct pn_requirement *which = NULL;
    enum outcome in_namespace = match_namespace(&which, policy, pod->pod_namespace,
                                                namespace_labels);
    if (in_namespace == NO)
        return pn_reason_make(a, PN_REASON_NAMESPACE_SELECTOR_MISMATCH, "namespace",
                              pod->pod_namespace, "requirement", describe(which, a), NULL, no_text);
    struct pn_reason reason = match_pod(policy, pod, a);
    if (reason.id != PN_REASON_NONE)
        return reason;
    struct pn_str annotation = opts_out_by(policy, opt_out);
    if (annotation.n > 0 && !policy->opt_out_forbidden)
        return pn_reason_make(a, PN_REASON_OPTED_OUT, "annotation", annotation, NULL, no_text, NULL,
                              no_text);
    if (annotation.n > 0)
        *ret_note = pn_reason_make(a, PN_REASON_OPT_OUT_REFUSED, "policy", policy->name,
                                   "annotation", annotation, NULL, no_text);
    if (in_namespace == UNKNOWN)
        return pn_reason_make(a, PN_REASON_NAMESPACE_LABELS_UNKNOWN, "namespace",
                              pod->pod_namespace, "requirement", describe(which, a), NULL, no_text);
    return reason;
}
