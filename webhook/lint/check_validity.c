/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "kube/validate.h"
#include "lint/model.h"

/*
 * What is added, in a Pod of one plain container, as the API server judges it. What is not known is
 * left out of that Pod; errors about its surroundings are not told.
 */

static int list_with_app(struct pn_value *ret, struct pn_value list, struct pn_arena *a)
{
    const struct pn_member app[] = {{PN_STR("name"), pn_string(PN_STR("pannier-lint-app"))},
                                    {PN_STR("image"), pn_string(PN_STR("app:1"))}};
    uint32_t n = pn_value_count(list);
    struct pn_value *items = pn_arena_zalloc(a, n + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        items[i] = pn_value_at(list, i);
    int r = pn_object_new(&items[n], a, app, PN_COUNT_OF(app));
    return r == 0 ? pn_array_take(ret, a, items, n + 1) : r;
}

/* Pod and metadata around the fragment; *ret_whole: all of it is known. Returns 0 or -ENOMEM. */
static int make_pod(struct pn_value *ret_metadata, struct pn_value *ret_spec, bool *ret_whole,
                    const struct pn_lint_injection *in, struct pn_arena *a)
{
    struct pn_value spec, list;
    *ret_whole = true;
    int r = pn_trace_value(ret_metadata, ret_whole, pn_trace_get(in->pod, "metadata"), a);
    r = r != 0 ? r : pn_trace_value(&spec, ret_whole, pn_trace_get(in->pod, "spec"), a);
    r = r != 0 ? r : list_with_app(&list, PN_GET(spec, "containers"), a);
    r = r != 0 ? r : pn_object_with(&spec, a, spec, PN_STR("containers"), list);
    /* The ServiceAccount plugin sets it before any webhook is asked. */
    r = r != 0 ? r
               : pn_object_with(ret_spec, a, spec, PN_STR("serviceAccountName"),
                                pn_string(PN_STR("default")));
    return r;
}

/* The part that a field such as `spec.initContainers[0].ports` is about, or that it would be in. */
static const struct pn_trace *find_field(const struct pn_lint_injection *in, struct pn_str field)
{
    const struct pn_trace *t = in->pod;
    while (field.n > 0 && t != NULL) {
        const struct pn_trace *next = NULL;
        size_t n = 0;
        if (field.s[0] == '[') {
            uint32_t i = 0;
            for (n = 1; n < field.n && field.s[n] >= '0' && field.s[n] <= '9'; n++)
                i = i * 10 + (uint32_t)(field.s[n] - '0');
            if (n < field.n && field.s[n] == ']' && n > 1 && i < pn_trace_count(t))
                next = pn_trace_item(t, i);
            n++;
        } else {
            char key[64];
            size_t start = field.s[0] == '.' ? 1 : 0;
            for (n = start; n < field.n && field.s[n] != '.' && field.s[n] != '['; n++)
                ;
            if (n - start >= sizeof key)
                return t;
            memcpy(key, field.s + start, n - start);
            key[n - start] = '\0';
            next = pn_trace_get(t, key);
        }
        if (next == NULL)
            return t;
        t = next;
        n = n < field.n ? n : field.n;
        field = (struct pn_str){field.s + n, field.n - n};
    }
    return t;
}

/* Only what is wholly known, and was written in the template or its values. */
static bool is_known(const struct pn_trace *t)
{
    return t != NULL && t->at.node != NULL && pn_trace_is_whole(t);
}

/* Indices of the Pod's lists are those of the fragment only while nothing was left out. */
static bool are_lists_whole(const struct pn_trace *spec)
{
    static const char *const lists[] = {"initContainers", "containers", "volumes"};
    for (size_t i = 0; i < PN_COUNT_OF(lists); i++) {
        const struct pn_trace *list = pn_trace_get(spec, lists[i]);
        if (list != NULL && (list->kind == PN_TRACE_UNKNOWN || list->open))
            return false;
        for (uint32_t k = 0; k < pn_trace_count(list); k++) {
            if (pn_trace_item(list, k)->kind == PN_TRACE_UNKNOWN || pn_trace_item(list, k)->maybe)
                return false;
        }
    }
    return true;
}

/* More words than any field of a Pod has. */
enum { WORDS_MAX = 32 };

/* A misspelt word of a closed list, "Always,IfNotPresent,Never". */
static void fix_word(struct pn_lint *l, struct pn_place at, const char *list)
{
    const char *words[WORDS_MAX + 1] = {NULL};
    struct pn_str rest = pn_str_of(list);
    for (size_t n = 0; rest.s != NULL && n < WORDS_MAX; n++) {
        words[n] = pn_arena_dup(l->arena, pn_str_split(&rest, ',')).s;
        if (words[n] == NULL) {
            l->out_of_memory = true;
            return;
        }
    }
    pn_lint_fix_misspelt(l, at, words);
}

void pn_lint_check_validity(struct pn_lint *l, const struct pn_lint_injection *in)
{
    struct pn_value metadata, spec;
    struct pn_validate_errors errors = {0};
    bool whole;
    if (in->pod == NULL || !are_lists_whole(pn_trace_get(in->pod, "spec")))
        return;
    if (make_pod(&metadata, &spec, &whole, in, l->arena) != 0 ||
        pn_validate_pod(&errors, metadata, spec, PN_VALIDATE_ALL, l->arena) != 0) {
        l->out_of_memory = true;
        return;
    }
    for (uint32_t i = 0; i < errors.count; i++) {
        const struct pn_validate_error *e = &errors.items[i];
        const struct pn_trace *t = find_field(in, e->field);
        /* What is not found may be what is not known. */
        bool may_be_there = e->type == PN_VALIDATE_NOT_FOUND && !whole;
        if (may_be_there || !is_known(t) || t == in->pod)
            continue;
        pn_lint_report(l, PN_RULE_INVALID_POD, t->at, "%.*s: %.*s", PN_STR_ARG(e->field),
                       PN_STR_ARG(e->detail));
        pn_lint_note(l, "the API server would refuse the Pod, so the policy never applies: "
                        "pod-would-be-invalid");
        if (e->words != NULL)
            fix_word(l, t->at, e->words);
    }
}
