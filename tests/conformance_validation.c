/* SPDX-License-Identifier: Apache-2.0 */

/*
 * pod-validation.jsonl: a Pod, and the errors of the API server for it after defaulting. What has
 * to be equal is the set of (field, type); README.md says which errors are left out of it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"
#include "kube/validate.h"

/* ---- the Pod --------------------------------------------------------------------------- */

static struct pn_value expand(struct pn_value v, struct pn_arena *a, bool *failed);

/* "REPEAT:x:262144" stands for so many x. */
static struct pn_value expand_string(struct pn_value v, struct pn_arena *a, bool *failed)
{
    struct pn_str text = pn_value_str(v);
    char digits[16] = "";
    if (!pn_str_has_prefix(text, PN_STR("REPEAT:")) || text.n < 10 || text.n > 20)
        return v;
    memcpy(digits, text.s + 9, text.n - 9);
    size_t n = strtoul(digits, NULL, 10);
    char *repeated = pn_arena_alloc(a, n);
    if (repeated == NULL) {
        *failed = true;
        return v;
    }
    memset(repeated, text.s[7], n);
    return pn_string((struct pn_str){repeated, n});
}

static struct pn_value expand_members(struct pn_value v, struct pn_arena *a, bool *failed)
{
    uint32_t n = pn_value_count(v);
    struct pn_member *members = pn_arena_alloc(a, n * sizeof *members);
    struct pn_value copy = v;
    for (uint32_t i = 0; members != NULL && i < n; i++) {
        members[i] = *pn_value_member(v, i);
        members[i].value = expand(members[i].value, a, failed);
    }
    if (members == NULL || pn_object_take(&copy, a, members, n) != 0)
        *failed = true;
    return copy;
}

static struct pn_value expand(struct pn_value v, struct pn_arena *a, bool *failed)
{
    if (v.kind == PN_STRING)
        return expand_string(v, a, failed);
    if (v.kind == PN_OBJECT)
        return expand_members(v, a, failed);
    return v; /* no case repeats within a list */
}

/* ---- errors ---------------------------------------------------------------------------- */

/* Errors that validate.h leaves to others, by the beginning of their field ... */
static const char *const left_out[] = {
    "metadata.annotations.scheduler.alpha.kubernetes.io/tolerations",
    "spec.activeDeadlineSeconds",
    "spec.affinity",
    "spec.dnsConfig",
    "spec.dnsPolicy",
    "spec.hostAliases",
    "spec.hostname", /* and hostnameOverride */
    "spec.nodeName",
    "spec.nodeSelector",
    "spec.overhead",
    "spec.preemptionPolicy",
    "spec.priorityClassName",
    "spec.readinessGates",
    "spec.runtimeClassName",
    "spec.schedulingG", /* schedulingGates, schedulingGroup */
    "spec.serviceAccountName",
    "spec.subdomain",
    "spec.tolerations",
    "spec.topologySpreadConstraints",
    "spec.securityContext.sysctls",
    "spec.securityContext.seLinuxChangePolicy",
};

/* ... or by its end. */
static const char *const left_out_ends[] = {
    ".windowsOptions.gmsaCredentialSpecName",
    ".windowsOptions.gmsaCredentialSpec",
    ".windowsOptions.runAsUserName",
};

static bool is_left_out(struct pn_str field)
{
    for (size_t i = 0; i < PN_COUNT_OF(left_out); i++) {
        if (pn_str_has_prefix(field, pn_str_of(left_out[i])))
            return true;
    }
    for (size_t i = 0; i < PN_COUNT_OF(left_out_ends); i++) {
        if (pn_str_has_suffix(field, pn_str_of(left_out_ends[i])))
            return true;
    }
    /* Of metadata, only labels and annotations are looked at. */
    if (pn_str_has_prefix(field, PN_STR("metadata.")) &&
        !pn_str_has_prefix(field, PN_STR("metadata.labels")) &&
        !pn_str_has_prefix(field, PN_STR("metadata.annotations")))
        return true;
    return false;
}

/* Forbidden by an API server without --allow-privileged, which the cases may come from. On Windows
 * the first is forbidden for another reason too, so neither side of the comparison has it. */
static bool is_about_privileges(struct pn_str field, struct pn_str type)
{
    return pn_str_is(type, "FieldValueForbidden") &&
           (pn_str_has_suffix(field, PN_STR(".securityContext.privileged")) ||
            pn_str_is(field, "spec"));
}

struct texts {
    struct pn_str *items;
    size_t count;
};

static int by_text(const void *a, const void *b)
{
    return pn_str_cmp(*(const struct pn_str *)a, *(const struct pn_str *)b);
}

static void add_error(struct texts *texts, struct pn_str field, struct pn_str type,
                      struct pn_arena *a)
{
    struct pn_str text = pn_arena_format(a, "%.*s %.*s", PN_STR_ARG(field), PN_STR_ARG(type));
    if (is_about_privileges(field, type))
        return;
    texts->items[texts->count] = text;
    texts->count += text.s != NULL;
}

/* Sorts, drops what stands twice, and writes the rest. */
static void write_set(struct pn_buf *out, struct texts *texts)
{
    if (texts->count == 0) {
        pn_buf_cstr(out, "no errors");
        return;
    }
    qsort(texts->items, texts->count, sizeof *texts->items, by_text);
    for (size_t i = 0; i < texts->count; i++) {
        if (i > 0 && pn_str_eq(texts->items[i], texts->items[i - 1]))
            continue;
        pn_buf_cstr(out, i > 0 ? ", " : "");
        pn_buf_str(out, texts->items[i]);
    }
}

/* The mode that stops early finds one of the same errors. */
static bool first_is_among(const struct pn_validate_errors *first,
                           const struct pn_validate_errors *all)
{
    if (first->count != (all->count > 0 ? 1 : 0))
        return false;
    for (uint32_t i = 0; i < all->count; i++) {
        if (first->items[0].type == all->items[i].type &&
            pn_str_eq(first->items[0].field, all->items[i].field))
            return true;
    }
    return all->count == 0;
}

enum outcome check_validation(struct run *run)
{
    struct pn_value errors = PN_GET(run->input, "errors"), pod = PN_GET(run->input, "pod");
    struct pn_value metadata = PN_GET(pod, "metadata"), spec = PN_GET(pod, "spec");
    struct pn_validate_errors all, first;
    struct texts expected = {0}, got = {0};
    bool failed = false;
    if ((errors.kind != PN_ARRAY && !pn_value_is_unset(errors)) || pod.kind != PN_OBJECT)
        return BROKEN;
    metadata = expand(metadata, run->a, &failed);
    if (failed || pn_validate_pod(&all, metadata, spec, PN_VALIDATE_ALL, run->a) != 0 ||
        pn_validate_pod(&first, metadata, spec, PN_VALIDATE_FIRST, run->a) != 0)
        return BROKEN;
    expected.items = pn_arena_zalloc(run->a, pn_value_count(errors), sizeof *expected.items);
    got.items = pn_arena_zalloc(run->a, all.count, sizeof *got.items);
    if (expected.items == NULL || got.items == NULL)
        return BROKEN;
    for (uint32_t i = 0; i < pn_value_count(errors); i++) {
        struct pn_str field = pn_value_str(PN_GET(pn_value_at(errors, i), "field"));
        struct pn_str type = pn_value_str(PN_GET(pn_value_at(errors, i), "type"));
        if (!is_left_out(field))
            add_error(&expected, field, type, run->a);
    }
    for (uint32_t i = 0; i < all.count; i++)
        add_error(&got, all.items[i].field, pn_str_of(pn_validate_type_name(all.items[i].type)),
                  run->a);
    write_set(&run->expected, &expected);
    write_set(&run->got, &got);
    if (!first_is_among(&first, &all))
        pn_buf_cstr(&run->got, ", but another one when stopping at the first");
    return verdict(pn_str_eq(pn_buf_view(&run->expected), pn_buf_view(&run->got)));
}
