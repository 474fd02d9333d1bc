/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/running.h"

#include <errno.h>

#include "engine/own.h"
#include "engine/running_known.h"
#include "engine/running_own.h"
#include "engine/status.h"

const char *pn_standing_name(enum pn_standing standing)
{
    static const char *const names[] = {
        [PN_STANDING_UNSELECTED] = "Unselected", [PN_STANDING_LEFT_OUT] = "LeftOut",
        [PN_STANDING_CURRENT] = "Current",       [PN_STANDING_UNKNOWN] = "Unknown",
        [PN_STANDING_UNEXPECTED] = "Unexpected", [PN_STANDING_STALE] = "Stale",
        [PN_STANDING_MISSING] = "Missing",       [PN_STANDING_TAMPERED] = "Tampered",
    };
    return names[standing];
}

/* What is known of one policy and the Pod. */
struct view {
    const struct pn_policy *policy;   /* NULL: no such policy is loaded */
    const struct pn_verdict *verdict; /* NULL: its selectors do not match */
    const struct pn_status_record *status;
    struct pn_value claim; /* absent: the status does not say that it was applied */
    struct pn_value spec;
};

static bool is_class(const struct view *v, enum pn_reason_class class)
{
    return v->verdict != NULL && pn_reason_class_of(v->verdict->reason.id) == class;
}

/* It is to be in the Pod, or fails to be. */
static bool is_selected(const struct view *v)
{
    return v->verdict != NULL && !v->verdict->audit && v->verdict->reason.id != PN_REASON_NONE &&
           (is_class(v, PN_CLASS_SUCCESS) || is_class(v, PN_CLASS_FAILURE));
}

static bool is_claimed(const struct view *v)
{
    return v->claim.kind == PN_OBJECT;
}

static bool is_this_revision(const struct view *v)
{
    return is_claimed(v) && pn_str_eq(pn_value_str(PN_GET(v->claim, "rev")), v->policy->rev);
}

/* What the webhook told of the policy when the Pod was made, if it left it out; may be empty. */
static struct pn_str skip_reason(const struct view *v)
{
    return pn_value_str(pn_value_get(v->status->skipped, v->policy->name));
}

/* ---- what is said ----------------------------------------------------------------------- */

static void write_reason(struct pn_buf *out, const struct pn_reason *reason)
{
    pn_buf_printf(out, "%s: ", pn_reason_name(reason->id));
    pn_reason_write(out, reason);
}

/* Why something that is to be there may not be. */
static void write_cause(struct pn_buf *out, const struct view *v)
{
    if (is_claimed(v))
        pn_buf_cstr(out, ", though the Pod's status says so");
    else if (skip_reason(v).n > 0)
        pn_buf_printf(out, "; it was left out when the Pod was made: %.*s",
                      PN_STR_ARG(skip_reason(v)));
    else if (v->status->is_there)
        pn_buf_cstr(out, "; it did not select the Pod when that was made");
    else
        pn_buf_cstr(out, "; the Pod was made before the policy, or without the webhook");
}

/* How the Pod differs from what is rendered today. */
static void write_difference(struct pn_buf *out, const struct view *v)
{
    struct pn_running_image image;
    if (is_class(v, PN_CLASS_FAILURE)) {
        write_reason(out, &v->verdict->reason);
    } else if (pn_running_find_image(&image, v->policy, v->verdict, v->spec)) {
        pn_buf_printf(out, "container %.*s runs %.*s, not %.*s", PN_STR_ARG(image.container),
                      PN_STR_ARG(image.runs), PN_STR_ARG(image.rendered));
    } else if (v->verdict->changes) {
        pn_buf_cstr(out,
                    v->verdict->reason.id == PN_REASON_REPAIRED ? "incomplete: " : "not there: ");
        pn_buf_str(out, pn_reason_lack(&v->verdict->reason));
    }
}

/* ---- how it stands ---------------------------------------------------------------------- */

static enum pn_standing judge_unselected(struct pn_buf *out, const struct view *v)
{
    if (v->policy == NULL)
        pn_buf_cstr(out, "no policy of this name is loaded");
    else if (v->verdict == NULL)
        pn_buf_cstr(out, "the policy does not select the Pod");
    else if (v->verdict->audit && is_class(v, PN_CLASS_SUCCESS))
        pn_buf_cstr(out, "the policy is in mode Audit");
    else
        write_reason(out, &v->verdict->reason);
    return is_claimed(v) ? PN_STANDING_UNEXPECTED : PN_STANDING_LEFT_OUT;
}

static enum pn_standing judge_stale(struct pn_buf *out, const struct view *v)
{
    pn_buf_cstr(out, is_claimed(v) ? "another revision" : "no revision is recorded");
    size_t before = out->len;
    pn_buf_cstr(out, "; ");
    write_difference(out, v);
    if (out->len == before + 2) {
        out->len = before;
        pn_buf_cstr(out, "; all that is set today is there");
    }
    return PN_STANDING_STALE;
}

/* Something is in the way of what is rendered, and that is in the Pod: it was not there when all
 * of this revision was added. */
static bool is_of_content(enum pn_reason_id id)
{
    switch (id) {
    case PN_REASON_ORDER_UNSATISFIABLE:
    case PN_REASON_CONTAINER_NAME_TAKEN:
    case PN_REASON_SIDECAR_TAMPERED:
    case PN_REASON_VOLUME_NAME_TAKEN:
    case PN_REASON_MOUNT_PATH_TAKEN:
    case PN_REASON_MOUNT_PATH_OVERLAP:
    case PN_REASON_PORT_TAKEN:
    case PN_REASON_HOST_PORT_TAKEN:
    case PN_REASON_PORT_NAME_TAKEN:
    case PN_REASON_ENV_TAKEN:
    case PN_REASON_ANNOTATION_TAKEN:
    /* A budget never takes out what is there, so something is not. */
    case PN_REASON_BUDGET_SIDECARS:
    case PN_REASON_BUDGET_CATEGORY:
    case PN_REASON_BUDGET_ADDED:
    case PN_REASON_BUDGET_POD_GROWTH:
    case PN_REASON_BUDGET_SHARE_OF_APP:
        return true;
    default:
        return false;
    }
}

static enum pn_standing judge_failure(struct pn_buf *out, const struct view *v)
{
    enum pn_reason_id id = v->verdict->reason.id;
    bool was_told = pn_str_is(skip_reason(v), pn_reason_name(id));
    if (id == PN_REASON_SIDECAR_TAMPERED && !is_claimed(v) && !was_told)
        return judge_stale(out, v);
    write_reason(out, &v->verdict->reason);
    if (id == PN_REASON_NAMESPACE_LABELS_UNKNOWN)
        return PN_STANDING_UNKNOWN;
    if (is_claimed(v))
        return is_of_content(id) ? PN_STANDING_TAMPERED : PN_STANDING_UNEXPECTED;
    return v->policy->deny_on_failure ? PN_STANDING_MISSING : PN_STANDING_LEFT_OUT;
}

static enum pn_standing judge_success(struct pn_buf *out, const struct view *v)
{
    struct pn_running_image image;
    bool is_partly_there = v->verdict->reason.id == PN_REASON_REPAIRED;
    if (!v->verdict->changes && !pn_running_find_image(&image, v->policy, v->verdict, v->spec))
        return PN_STANDING_CURRENT;
    if (!v->verdict->changes && !is_claimed(v))
        return judge_stale(out, v);
    write_difference(out, v);
    if (!v->verdict->changes || (is_partly_there && is_claimed(v)))
        return PN_STANDING_TAMPERED;
    write_cause(out, v);
    return PN_STANDING_MISSING;
}

static enum pn_standing judge(struct pn_buf *out, const struct view *v)
{
    if (!is_selected(v))
        return judge_unselected(out, v);
    if (is_claimed(v) && !is_this_revision(v))
        return judge_stale(out, v);
    return is_class(v, PN_CLASS_FAILURE) ? judge_failure(out, v) : judge_success(out, v);
}

/* ---- one Pod ---------------------------------------------------------------------------- */

struct judging {
    struct pn_running *running;
    struct pn_running_policy *items;
    struct pn_running_own own;
    const struct pn_decision *d;
    struct pn_value spec;
    struct pn_arena *arena;
};

static void add(struct judging *j, struct pn_running_policy item)
{
    if (item.standing > j->running->standing)
        j->running->standing = item.standing;
    j->items[j->running->policy_count++] = item;
}

/* The policy's containers are known by what it renders today: those of this name are its own. */
static bool shows_own(const struct view *v, enum pn_standing standing)
{
    return is_selected(v) && v->verdict->fragments != NULL &&
           (is_class(v, PN_CLASS_SUCCESS) || standing == PN_STANDING_STALE ||
            standing == PN_STANDING_TAMPERED);
}

static int add_policy(struct judging *j, const struct view *v, struct pn_str name,
                      struct pn_err *err)
{
    struct pn_buf text = PN_BUF_IN_ARENA(j->arena);
    struct pn_running_policy item = {
        .policy = name,
        .standing = judge(&text, v),
        .rev = v->policy != NULL ? v->policy->rev : PN_STR_NULL,
        .recorded_rev = pn_value_str(PN_GET(v->claim, "rev")),
    };
    if (text.failed)
        return -ENOMEM;
    item.text = pn_buf_view(&text);
    if (v->verdict != NULL)
        item.reason = v->verdict->reason;
    int r = pn_running_own_take(&item, &j->own, v->policy,
                                shows_own(v, item.standing) ? v->verdict : NULL,
                                PN_GET(v->claim, "containers"), err);
    if (r == 0)
        add(j, item);
    return r;
}

/* Not worth a word: the policy has nothing to do with the Pod. */
static bool is_mismatch(const struct pn_verdict *v)
{
    return v->reason.id == PN_REASON_NAMESPACE_SELECTOR_MISMATCH ||
           v->reason.id == PN_REASON_POD_SELECTOR_MISMATCH ||
           v->reason.id == PN_REASON_POD_ANNOTATION_MISMATCH;
}

static int add_verdicts(struct judging *j, const struct pn_status_record *status,
                        struct pn_err *err)
{
    const struct pn_decision *d = j->d;
    for (size_t i = 0; i < d->verdict_count; i++) {
        const struct pn_policy *policy = &d->set->policies[d->verdicts[i].policy];
        struct view v = {policy, &d->verdicts[i], status,
                         pn_value_get(status->applied, policy->name), j->spec};
        if (is_mismatch(v.verdict) && !is_claimed(&v))
            continue;
        int r = add_policy(j, &v, policy->name, err);
        if (r != 0)
            return r;
    }
    return 0;
}

/* Whether one of the first `n` items is about the policy. */
static bool has_item(const struct judging *j, size_t n, struct pn_str policy)
{
    for (size_t i = 0; i < n; i++) {
        if (pn_str_eq(j->items[i].policy, policy))
            return true;
    }
    return false;
}

static const struct pn_policy *find_policy(const struct pn_policy_set *set, struct pn_str name)
{
    for (size_t i = 0; i < set->policy_count; i++) {
        if (pn_str_eq(set->policies[i].name, name))
            return &set->policies[i];
    }
    return NULL;
}

/* What the status names and no verdict is about. */
static int add_claims(struct judging *j, const struct pn_status_record *status, struct pn_err *err)
{
    const size_t of_verdicts = j->running->policy_count;
    for (uint32_t i = 0; i < pn_value_count(status->applied); i++) {
        const struct pn_member *m = pn_value_member(status->applied, i);
        if (has_item(j, of_verdicts, m->key))
            continue;
        struct view v = {find_policy(j->d->set, m->key), NULL, status, m->value, j->spec};
        j->running->lacks_reasons = j->running->lacks_reasons || v.policy != NULL;
        int r = add_policy(j, &v, m->key, err);
        if (r != 0)
            return r;
    }
    return 0;
}

/* One of the policies that bring such a container has something to do with the Pod: what that is
 * has been said. */
static bool is_told(const struct judging *j, const struct pn_running_known_container *items,
                    size_t n)
{
    bool told = false;
    for (size_t i = 0; i < n && !told; i++)
        told = has_item(j, j->running->policy_count, j->d->set->policies[items[i].policy].name);
    return told;
}

static int add_stray(struct judging *j, const struct pn_running_known_container *known,
                     struct pn_err *err)
{
    const struct pn_policy *policy = &j->d->set->policies[known->policy];
    struct pn_running_policy item = {
        .policy = policy->name,
        .standing = PN_STANDING_UNEXPECTED,
        .rev = policy->rev,
        .text = pn_arena_format(j->arena,
                                "container %.*s has this policy's name and image, and the "
                                "policy does not select the Pod",
                                PN_STR_ARG(known->name)),
    };
    struct pn_value name = pn_string(known->name), names;
    int r = item.text.s != NULL ? pn_array_new(&names, j->arena, &name, 1) : -ENOMEM;
    if (r == 0)
        r = pn_running_own_take(&item, &j->own, policy, NULL, names, err);
    if (r == 0)
        add(j, item);
    return r;
}

/* What is nobody's, and looks like ours: copied from another Pod, or its status is lost. */
static int add_strays(struct judging *j, const struct pn_running_known *known, struct pn_err *err)
{
    for (size_t init = 0; init < PN_COUNT_OF(j->own.lists); init++) {
        for (uint32_t i = 0; i < pn_value_count(j->own.lists[init]); i++) {
            struct pn_value container = pn_value_at(j->own.lists[init], i);
            size_t n = 0;
            const struct pn_running_known_container *items = pn_running_known_find(
                &n, known, pn_value_str(PN_GET(container, "name")), init == 1);
            if (j->own.taken[init][i] || n == 0 || is_told(j, items, n) ||
                !pn_own_is_our_image(items->template, items->rendered, container))
                continue;
            int r = add_stray(j, items, err);
            if (r != 0)
                return r;
        }
    }
    return 0;
}

/* Something about the Pod as a whole. */
static int add_fault(struct judging *j, enum pn_standing standing, const struct pn_reason *reason,
                     const char *what)
{
    struct pn_buf text = PN_BUF_IN_ARENA(j->arena);
    struct pn_running_policy item = {.standing = standing};
    if (reason != NULL) {
        item.reason = *reason;
        write_reason(&text, reason);
    } else {
        pn_buf_printf(&text, "annotation %s cannot be read: %s", pn_status_annotation.s, what);
    }
    if (text.failed)
        return -ENOMEM;
    item.text = pn_buf_view(&text);
    add(j, item);
    return 0;
}

/* Containers of both lists. */
static size_t count_containers(struct pn_value spec)
{
    return (size_t)pn_value_count(PN_GET(spec, "containers")) +
           pn_value_count(PN_GET(spec, "initContainers"));
}

int pn_running_judge(struct pn_running *ret, const struct pn_decision *d,
                     const struct pn_running_known *known, struct pn_value pod, struct pn_arena *a,
                     struct pn_err *err)
{
    struct pn_status_record status = {.is_there = false};
    struct pn_err fault = PN_ERR_INIT;
    int status_read = pn_status_read(&status, PN_GET(pod, "metadata"), a, &fault);
    if (status_read < 0)
        return status_read;
    *ret = (struct pn_running){.standing = PN_STANDING_UNSELECTED};
    struct judging j = {.running = ret, .d = d, .spec = PN_GET(pod, "spec"), .arena = a};
    size_t most = d->verdict_count + pn_value_count(status.applied) + count_containers(j.spec) + 2;
    j.items = pn_arena_alloc(a, most * sizeof *j.items);
    ret->policies = j.items;
    int r = j.items != NULL ? pn_running_own_init(&j.own, j.spec, a) : -ENOMEM;
    if (r == 0 && status_read > 0)
        r = add_fault(&j, PN_STANDING_UNEXPECTED, NULL, fault.text);
    if (r == 0 && d->review.id == PN_REASON_POD_ALREADY_INVALID)
        r = add_fault(&j, PN_STANDING_UNKNOWN, &d->review, NULL);
    if (r == 0)
        r = add_verdicts(&j, &status, err);
    if (r == 0 && d->review.id != PN_REASON_POD_ALREADY_INVALID)
        r = add_claims(&j, &status, err);
    if (r == 0 && d->review.id != PN_REASON_POD_ALREADY_INVALID)
        r = add_strays(&j, known, err);
    if (r == 0)
        r = pn_running_own_sum(ret, &j.own, err);
    return r;
}
