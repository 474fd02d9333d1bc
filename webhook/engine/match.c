/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/match.h"

#include "base/limits.h"
#include "engine/rollout.h"

const struct pn_str pn_namespace_name_label = PN_STR_INIT("kubernetes.io/metadata.name");
const struct pn_str pn_inject_annotation = PN_STR_INIT("pannier.dev/inject");
const struct pn_str pn_skip_annotation = PN_STR_INIT("pannier.dev/skip");

/* ---- opt-out --------------------------------------------------------------------------- */

static bool is_category(const struct pn_policy_set *set, struct pn_str word)
{
    size_t low = 0, high = set->category_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = pn_str_cmp(set->categories[middle], word);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void note(struct pn_opt_out *opt_out, struct pn_arena *a, struct pn_str annotation,
                 struct pn_str value, const char *expected)
{
    opt_out->notes[opt_out->note_count++] = PN_REASON(a, PN_REASON_ANNOTATION_INVALID,
                                                      {"annotation", annotation}, {"value", value},
                                                      {"expected", pn_str_of(expected)});
}

static void read_skip(struct pn_opt_out *opt_out, struct pn_str value,
                      const struct pn_policy_set *set, struct pn_arena *a)
{
    if (value.n > PN_SKIP_MAX_BYTES) {
        note(opt_out, a, pn_skip_annotation, value, "a few categories");
        return;
    }
    opt_out->skip = value;
    for (struct pn_str rest = value; rest.s != NULL;) {
        struct pn_str word = pn_str_trim(pn_str_split(&rest, ','));
        if (word.n == 0 || is_category(set, word))
            continue;
        note(opt_out, a, pn_skip_annotation, word, "the category of a template that is loaded");
        return;
    }
}

void pn_opt_out_read(struct pn_opt_out *ret, const struct pn_pod *pod,
                     const struct pn_policy_set *set, struct pn_arena *a)
{
    struct pn_value inject = pn_value_get(pod->annotations, pn_inject_annotation);
    struct pn_value skip = pn_value_get(pod->annotations, pn_skip_annotation);
    *ret = (struct pn_opt_out){.all = pn_value_is_string(inject, "false")};
    if (inject.kind == PN_STRING && !ret->all && !pn_value_is_string(inject, "true"))
        note(ret, a, pn_inject_annotation, pn_value_str(inject), "\"true\" or \"false\"");
    if (skip.kind == PN_STRING && skip.len > 0)
        read_skip(ret, pn_value_str(skip), set, a);
}

/* The annotation by which the Pod's author opts out of `policy`, or an empty str. */
static struct pn_str opts_out_by(const struct pn_policy *policy, const struct pn_opt_out *opt_out)
{
    if (opt_out->all)
        return pn_inject_annotation;
    for (size_t i = 0; opt_out->skip.n > 0 && i < policy->injection_count; i++) {
        if (pn_str_lists(opt_out->skip, policy->injections[i].template->category))
            return pn_skip_annotation;
    }
    return PN_STR_NULL;
}

/* ---- selectors
 * ------------------------------------------------------------------------------------ */

/* "label team in (a, b)", for people. */
static struct pn_str describe(const struct pn_requirement *r, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    bool exists = r->op == PN_OP_EXISTS, one = r->op == PN_OP_IN && r->count == 1;
    if (exists || r->op == PN_OP_DOES_NOT_EXIST)
        pn_buf_cstr(&text, exists ? "a " : "no ");
    pn_buf_cstr(&text, "label ");
    pn_buf_str(&text, r->key);
    if (r->count > 0)
        pn_buf_cstr(&text, one ? "=" : r->op == PN_OP_IN ? " in (" : " not in (");
    for (size_t i = 0; i < r->count && text.len <= PN_REASON_ARGUMENT_MAX_BYTES; i++) {
        pn_buf_cstr(&text, i > 0 ? ", " : "");
        pn_buf_str(&text, r->values[i]);
    }
    if (r->count > 0 && !one)
        pn_buf_char(&text, ')');
    return pn_buf_view(&text);
}

/* A mismatch with `which`. A reason costs memory: who does not ask for it gets the id alone. */
static struct pn_reason mismatch(bool describes, struct pn_arena *a, enum pn_reason_id id,
                                 const struct pn_pod *pod, const struct pn_requirement *which)
{
    if (!describes)
        return (struct pn_reason){.id = id};
    if (id == PN_REASON_POD_SELECTOR_MISMATCH)
        return PN_REASON(a, id, {"requirement", describe(which, a)});
    return PN_REASON(a, id, {"namespace", pod->pod_namespace}, {"requirement", describe(which, a)});
}

enum pn_match pn_match_namespace(const struct pn_requirement **ret_which,
                                 const struct pn_selector *s, struct pn_str name,
                                 struct pn_value labels)
{
    const struct pn_member name_label = {pn_namespace_name_label, pn_string(name)};
    const struct pn_block block = {.count = 1, .members = &name_label};
    const struct pn_value known = {.kind = PN_OBJECT, .block = &block};
    enum pn_match all = PN_MATCH_YES;
    for (size_t i = 0; i < s->count; i++) {
        const struct pn_requirement *r = &s->requirements[i];
        bool by_name = pn_str_eq(r->key, pn_namespace_name_label);
        if (!by_name && labels.kind == PN_ABSENT) {
            if (all == PN_MATCH_YES)
                *ret_which = r;
            all = PN_MATCH_UNKNOWN;
        } else if (!pn_requirement_matches(r, by_name ? known : labels)) {
            *ret_which = r;
            return PN_MATCH_NO;
        }
    }
    return all;
}

static struct pn_reason match_pod(const struct pn_policy *policy, const struct pn_pod *pod,
                                  bool describes, struct pn_arena *a)
{
    const struct pn_selector *s = &policy->pod_selector;
    for (size_t i = 0; i < s->count; i++) {
        if (!pn_requirement_matches(&s->requirements[i], pod->labels))
            return mismatch(describes, a, PN_REASON_POD_SELECTOR_MISMATCH, pod,
                            &s->requirements[i]);
    }
    for (uint32_t i = 0; i < pn_value_count(policy->pod_annotations); i++) {
        const struct pn_member *m = pn_value_member(policy->pod_annotations, i);
        if (pn_value_equal(pn_value_get(pod->annotations, m->key), m->value))
            continue;
        if (!describes)
            return (struct pn_reason){.id = PN_REASON_POD_ANNOTATION_MISMATCH};
        struct pn_str pair = pn_arena_format(a, "%.*s: %.*s", PN_STR_ARG(m->key),
                                             PN_STR_ARG(pn_value_str(m->value)));
        return PN_REASON(a, PN_REASON_POD_ANNOTATION_MISMATCH, {"requirement", pair});
    }
    return (struct pn_reason){.id = PN_REASON_NONE};
}

static struct pn_reason outside_rollout(const struct pn_policy *policy, const struct pn_pod *pod,
                                        struct pn_arena *a)
{
    uint32_t point = pn_rollout_point(policy->rollout_salt, pod->pod_namespace, pod->workload);
    return PN_REASON(a, PN_REASON_OUTSIDE_ROLLOUT, {"workload", pod->workload},
                     {"point", pn_arena_format(a, "%u", point)},
                     {"below", pn_arena_format(a, "%d", policy->rollout_percent * 100)});
}

struct pn_reason pn_match(const struct pn_policy *policy, const struct pn_pod *pod,
                          struct pn_value namespace_labels, const struct pn_opt_out *opt_out,
                          bool describes, struct pn_reason *ret_note, struct pn_arena *a)
{
    const struct pn_requirement *which = NULL;
    enum pn_match in_namespace = pn_match_namespace(&which, &policy->namespace_selector,
                                                    pod->pod_namespace, namespace_labels);
    if (in_namespace == PN_MATCH_NO)
        return mismatch(describes, a, PN_REASON_NAMESPACE_SELECTOR_MISMATCH, pod, which);
    struct pn_reason reason = match_pod(policy, pod, describes, a);
    if (reason.id != PN_REASON_NONE)
        return reason;
    struct pn_str annotation = opts_out_by(policy, opt_out);
    if (annotation.n > 0 && !policy->opt_out_forbidden)
        return PN_REASON(a, PN_REASON_OPTED_OUT, {"annotation", annotation});
    if (annotation.n > 0)
        *ret_note = PN_REASON(a, PN_REASON_OPT_OUT_REFUSED, {"policy", policy->name},
                              {"annotation", annotation});
    if (!pn_rollout_includes(policy, pod))
        return outside_rollout(policy, pod, a);
    if (in_namespace == PN_MATCH_UNKNOWN)
        return mismatch(true, a, PN_REASON_NAMESPACE_LABELS_UNKNOWN, pod, which);
    return reason;
}
