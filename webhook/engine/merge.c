/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/merge.h"

#include <errno.h>

#include "base/limits.h"
#include "engine/merge_app.h"
#include "engine/merge_ports.h"
#include "engine/own.h"
#include "engine/place.h"
#include "engine/status.h"

/*
 * Decisions compare with what earlier policies of this round plan, and with the Pod as received.
 * What is in the way there may have come with the first round, from a policy that is merged later:
 * then the edit is provisional (see engine.c).
 */

/* "policy NAME adds another one", for clashes between policies. */
static struct pn_str added_by(const struct pn_merge *m, uint32_t policy)
{
    return pn_arena_format(m->plan->arena, "policy %.*s adds another one",
                           PN_STR_ARG(m->plan->set->policies[policy].name));
}

/* ---- containers ------------------------------------------------------------------------ */

static int repair(struct pn_merge *m, const struct pn_own *own, enum pn_edit_kind kind,
                  struct pn_str key, struct pn_value value)
{
    return pn_plan_add(
        m->plan, (struct pn_edit){
                     .kind = kind, .init = own->init, .at = own->at, .key = key, .value = value});
}

/* Adds the items of one keyed list that our container has lost. */
static int repair_list(struct pn_merge *m, const struct pn_own *own, struct pn_value received,
                       struct pn_str field, struct pn_str key, struct pn_value ours)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < pn_value_count(ours); i++) {
        struct pn_value item = pn_value_at(ours, i);
        if (pn_plan_received_item(received, field, key, item).kind == PN_ABSENT)
            r = repair(m, own, PN_EDIT_ITEM, field, item);
    }
    return r;
}

/* Adds the sources of variables that our container has lost; they have no key. */
static int repair_sources(struct pn_merge *m, const struct pn_own *own, struct pn_value ours,
                          struct pn_value theirs)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < pn_value_count(ours); i++) {
        bool there = false;
        for (uint32_t k = 0; !there && k < pn_value_count(theirs); k++)
            there = pn_own_source(pn_value_at(theirs, k), pn_value_at(ours, i));
        if (!there)
            r = repair(m, own, PN_EDIT_ITEM, PN_STR("envFrom"), pn_value_at(ours, i));
    }
    return r;
}

/* Adds the members of our securityContext that are gone; what others put there stays. */
static int repair_context(struct pn_merge *m, const struct pn_own *own, struct pn_value ours,
                          struct pn_value theirs)
{
    struct pn_value whole = theirs;
    bool gone = false;
    for (uint32_t i = 0; i < pn_value_count(ours); i++) {
        const struct pn_member *member = pn_value_member(ours, i);
        if (!pn_value_is_unset(pn_value_get(theirs, member->key)))
            continue;
        if (pn_object_with(&whole, m->plan->arena, whole, member->key, member->value) != 0)
            return -ENOMEM;
        gone = true;
    }
    return gone ? repair(m, own, PN_EDIT_FIELD, PN_STR("securityContext"), whole) : 0;
}

/* Zero, or an object that says nothing, as `resources: {requests: {}}`. */
static bool is_hollow(struct pn_value v)
{
    if (v.kind != PN_OBJECT)
        return pn_own_is_zero(v);
    for (uint32_t i = 0; i < pn_value_count(v); i++) {
        struct pn_value member = pn_value_member(v, i)->value;
        if (!pn_value_is_unset(member) && (member.kind != PN_OBJECT || pn_value_count(member) > 0))
            return false;
    }
    return true;
}

/* Adds the fields that our container has lost; what others changed or added stays. */
static int repair_container(struct pn_merge *m, const struct pn_own *own, struct pn_value rendered)
{
    struct pn_value received = pn_plan_list(m->plan, own->init)->items[own->at].value;
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < pn_value_count(rendered); i++) {
        const struct pn_member *f = pn_value_member(rendered, i);
        struct pn_value theirs = pn_value_get(received, f->key);
        bool empty = pn_value_is_unset(theirs) ||
                     (is_hollow(theirs) && f->value.kind == theirs.kind);
        if (empty && !pn_own_is_zero(f->value))
            r = repair(m, own, PN_EDIT_FIELD, f->key, f->value);
        else if (pn_str_is(f->key, "volumeMounts"))
            r = repair_list(m, own, received, f->key, PN_STR("mountPath"), f->value);
        else if (pn_str_is(f->key, "env"))
            r = repair_list(m, own, received, f->key, PN_STR("name"), f->value);
        else if (pn_str_is(f->key, "envFrom"))
            r = repair_sources(m, own, f->value, theirs);
        else if (pn_str_is(f->key, "securityContext"))
            r = repair_context(m, own, f->value, theirs);
    }
    return r;
}

static int add_container(struct pn_merge *m, struct pn_value rendered, bool init, bool provisional)
{
    const struct pn_placement *p = init ? pn_place_of(m->template, pn_plan_name(rendered)) : NULL;
    return pn_plan_add(
        m->plan, (struct pn_edit){.kind = PN_EDIT_CONTAINER,
                                  .init = init,
                                  .provisional = provisional,
                                  .at = pn_plan_list(m->plan, init)->count, /* see pn_place_all() */
                                  .position = p != NULL ? p->position : PN_POSITION_LAST,
                                  .placement = p,
                                  .value = rendered});
}

static int keep_container(struct pn_merge *m, struct pn_value rendered, const struct pn_own *own)
{
    const struct pn_placement *p = own->init ? pn_place_of(m->template, pn_plan_name(rendered))
                                             : NULL;
    m->found++;
    int r = pn_plan_add(m->plan, (struct pn_edit){.kind = PN_EDIT_CONTAINER,
                                                  .init = own->init,
                                                  .present = true,
                                                  .at = own->at,
                                                  .placement = p,
                                                  .value = rendered});
    return r == 0 ? repair_container(m, own, rendered) : r;
}

static int refuse_container(struct pn_merge *m, struct pn_str name, const struct pn_own *own)
{
    struct pn_buf other = PN_BUF_IN_ARENA(m->plan->arena);
    if (own->state == PN_OWN_TAMPERED)
        return PN_CLASH(m, PN_REASON_SIDECAR_TAMPERED, {"container", name},
                        {"field", pn_str_of(own->field)});
    if (own->field != NULL) {
        pn_buf_cstr(&other, own->field);
    } else {
        struct pn_value theirs = pn_plan_list(m->plan, own->init)->items[own->at].value;
        pn_buf_cstr(&other, "its image is ");
        pn_buf_str(&other, pn_value_str(PN_GET(theirs, "image")));
    }
    return PN_CLASH(m, PN_REASON_CONTAINER_NAME_TAKEN, {"container", name},
                    {"other", pn_buf_view(&other)});
}

/* What the template says of the order of a container that another policy brings. */
static int also_order(struct pn_merge *m, struct pn_value rendered, bool init)
{
    const struct pn_placement *p = init ? pn_place_of(m->template, pn_plan_name(rendered)) : NULL;
    if (p == NULL || (p->before.count == 0 && p->after.count == 0))
        return 0;
    return pn_plan_add(m->plan, (struct pn_edit){.kind = PN_EDIT_ORDER,
                                                 .init = true,
                                                 .present = true,
                                                 .placement = p,
                                                 .value = rendered});
}

static int merge_container(struct pn_merge *m, struct pn_value rendered, bool init)
{
    struct pn_str name = pn_plan_name(rendered);
    const struct pn_edit *planned = pn_plan_find(m->plan, PN_EDIT_CONTAINER, name);
    if (planned != NULL && planned->init == init && pn_value_equal(planned->value, rendered))
        return also_order(m, rendered, init); /* another policy brings the very same container */
    if (planned != NULL)
        return PN_CLASH(m, PN_REASON_CONTAINER_NAME_TAKEN, {"container", name},
                        {"other", added_by(m, planned->policy)});
    struct pn_own own = pn_merge_own(m->plan, m->template, rendered, init);
    bool provisional = false;
    if (own.state == PN_OWN_TAKEN || own.state == PN_OWN_TAMPERED) {
        provisional = !m->plan->strict && pn_merge_is_of_a_candidate(m->plan, name);
        if (!provisional)
            return refuse_container(m, name, &own);
    }
    int r = pn_merge_check_ports(m, rendered, init, &own);
    if (r != 0)
        return r;
    return own.state == PN_OWN_OURS ? keep_container(m, rendered, &own)
                                    : add_container(m, rendered, init, provisional);
}

static int merge_containers(struct pn_merge *m, struct pn_value list, bool init)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < pn_value_count(list); i++)
        r = merge_container(m, pn_value_at(list, i), init);
    return r;
}

/* ---- volumes --------------------------------------------------------------------------- */

/* "emptyDir": the source of a volume, for people. */
static struct pn_str source_of(struct pn_value volume)
{
    for (uint32_t i = 0; i < pn_value_count(volume); i++) {
        if (!pn_str_is(pn_value_member(volume, i)->key, "name"))
            return pn_value_member(volume, i)->key;
    }
    return PN_STR("emptyDir");
}

static bool is_volume_of_a_candidate(const struct pn_plan *plan, struct pn_value received)
{
    for (size_t c = 0; c < plan->candidate_count; c++) {
        size_t n = pn_plan_policy(plan, &plan->candidates[c])->injection_count;
        for (size_t t = 0; t < n; t++) {
            struct pn_value ours = pn_plan_named(plan->candidates[c].fragments[t]->volumes,
                                                 pn_plan_name(received));
            if (ours.kind != PN_ABSENT && pn_own_volume(ours, received))
                return true;
        }
    }
    return false;
}

static int merge_volume(struct pn_merge *m, struct pn_value rendered)
{
    struct pn_str name = pn_plan_name(rendered);
    struct pn_edit edit = {.kind = PN_EDIT_VOLUME, .value = rendered};
    const struct pn_edit *planned = pn_plan_find(m->plan, PN_EDIT_VOLUME, name);
    if (planned != NULL && pn_value_equal(planned->value, rendered))
        return 0;
    if (planned != NULL)
        return PN_CLASH(m, PN_REASON_VOLUME_NAME_TAKEN, {"volume", name},
                        {"other", added_by(m, planned->policy)});
    struct pn_value received = pn_plan_named(m->plan->pod->volumes, name);
    if (received.kind != PN_ABSENT) {
        edit.present = pn_own_volume(rendered, received);
        edit.provisional = !edit.present && !m->plan->strict &&
                           is_volume_of_a_candidate(m->plan, received);
        if (!edit.present && !edit.provisional)
            return PN_CLASH(m, PN_REASON_VOLUME_NAME_TAKEN, {"volume", name},
                            {"other", source_of(received)});
    }
    return pn_plan_add(m->plan, edit);
}

/* ---- annotations, pull secrets --------------------------------------------------------- */

static int too_large(struct pn_merge *m, struct pn_str detail)
{
    return PN_CLASH(m, PN_REASON_PATCH_TOO_LARGE, {"detail", detail});
}

static int plan_annotation(struct pn_merge *m, struct pn_edit edit)
{
    int r = pn_plan_add(m->plan, edit);
    if (r == 0 && !edit.present &&
        pn_plan_annotation_bytes(m->plan) + pn_status_annotation.n + PN_STATUS_MAX_BYTES >
            PN_ANNOTATIONS_MAX_BYTES)
        return too_large(m, pn_arena_format(m->plan->arena, "more than %u bytes of annotations",
                                            PN_ANNOTATIONS_MAX_BYTES));
    return r;
}

static bool is_annotation_of_a_candidate(const struct pn_plan *plan, struct pn_str key,
                                         struct pn_value received)
{
    for (size_t c = 0; c < plan->candidate_count; c++) {
        size_t n = pn_plan_policy(plan, &plan->candidates[c])->injection_count;
        for (size_t t = 0; t < n; t++) {
            const struct pn_fragment *f = plan->candidates[c].fragments[t];
            if (pn_value_equal(pn_value_get(f->annotations, key), received))
                return true;
        }
    }
    return false;
}

static int merge_annotation(struct pn_merge *m, const struct pn_member *ours)
{
    const struct pn_edit *planned = pn_plan_find_annotation(m->plan, ours->key);
    struct pn_edit edit = {.kind = PN_EDIT_ANNOTATION, .key = ours->key, .value = ours->value};
    struct pn_value there = pn_plan_annotation(m->plan, ours->key);
    if (planned != NULL && pn_value_equal(there, ours->value))
        return 0;
    if (planned == NULL && there.kind != PN_ABSENT) {
        edit.present = pn_value_equal(there, ours->value);
        edit.provisional = !edit.present && !m->plan->strict &&
                           is_annotation_of_a_candidate(m->plan, ours->key, there);
    }
    if (planned != NULL || (there.kind != PN_ABSENT && !edit.present && !edit.provisional))
        return PN_CLASH(m, PN_REASON_ANNOTATION_TAKEN, {"annotation", ours->key});
    return plan_annotation(m, edit);
}

/*
 * The union of a comma-separated set and more words; what is there keeps its spelling. The last
 * edit of an annotation is the one that is written: where nothing grows, it is as new as the one
 * before it.
 */
static int append_annotation(struct pn_merge *m, struct pn_str key, struct pn_str words)
{
    const struct pn_edit *planned = pn_plan_find_annotation(m->plan, key);
    bool present = planned == NULL || planned->present;
    struct pn_str there = pn_value_str(pn_plan_annotation(m->plan, key));
    struct pn_buf all = PN_BUF_IN_ARENA(m->plan->arena);
    pn_buf_str(&all, there);
    while (words.s != NULL) {
        struct pn_str word = pn_str_trim(pn_str_split(&words, ','));
        if (word.n == 0 || pn_str_lists(pn_buf_view(&all), word))
            continue;
        if (all.len > 0)
            pn_buf_char(&all, ',');
        pn_buf_str(&all, word);
        present = false;
    }
    if (all.failed)
        return -ENOMEM;
    return plan_annotation(m, (struct pn_edit){.kind = PN_EDIT_ANNOTATION,
                                               .present = present,
                                               .key = key,
                                               .value = pn_string(pn_buf_view(&all))});
}

static int merge_pull_secret(struct pn_merge *m, struct pn_value secret)
{
    struct pn_str name = pn_plan_name(secret);
    if (pn_plan_find(m->plan, PN_EDIT_PULL_SECRET, name) != NULL)
        return 0;
    bool present = pn_plan_named(m->plan->pod->image_pull_secrets, name).kind != PN_ABSENT;
    return pn_plan_add(
        m->plan,
        (struct pn_edit){.kind = PN_EDIT_PULL_SECRET, .present = present, .value = secret});
}

/* ---- a policy -------------------------------------------------------------------------- */

static int check_support(struct pn_merge *m)
{
    const struct pn_template *t = m->template;
    const struct pn_pod *pod = m->plan->pod;
    bool windows = pn_str_is(pod->os, "windows");
    if (pod->host_network && !t->supports_host_network)
        return PN_CLASH(m, PN_REASON_HOST_NETWORK, {"template", t->name});
    if (windows ? !t->supports_windows : !t->supports_linux)
        return PN_CLASH(m, PN_REASON_WINDOWS_POD, {"template", t->name}, {"os", pod->os});
    return 0;
}

/* The first mount of a list whose volume is neither the fragment's, nor planned, nor the Pod's. */
static struct pn_str find_lost_mount(const struct pn_merge *m, const struct pn_fragment *f,
                                     struct pn_value mounts)
{
    for (uint32_t i = 0; i < pn_value_count(mounts); i++) {
        struct pn_str name = pn_plan_name(pn_value_at(mounts, i));
        if (pn_plan_named(f->volumes, name).kind == PN_ABSENT &&
            pn_plan_find(m->plan, PN_EDIT_VOLUME, name) == NULL &&
            pn_plan_named(m->plan->pod->volumes, name).kind == PN_ABSENT)
            return name;
    }
    return PN_STR_NULL;
}

/* A mount without its volume would make the Pod invalid (V:3098-3144). */
static int check_mounted_volumes(struct pn_merge *m, const struct pn_fragment *f)
{
    const struct pn_value lists[] = {f->init_containers, f->containers};
    struct pn_str lost = PN_STR_NULL;
    for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
        for (uint32_t i = 0; lost.s == NULL && i < pn_value_count(lists[l]); i++)
            lost = find_lost_mount(m, f, PN_GET(pn_value_at(lists[l], i), "volumeMounts"));
    }
    for (size_t i = 0; lost.s == NULL && i < f->app_rule_count; i++)
        lost = find_lost_mount(m, f, f->app_rules[i].volume_mounts);
    if (lost.s == NULL)
        return 0;
    struct pn_str detail = pn_arena_format(m->plan->arena,
                                           "volume %.*s is mounted, and neither the template nor "
                                           "the Pod has it",
                                           PN_STR_ARG(lost));
    return PN_CLASH(m, PN_REASON_RENDERED_INVALID, {"template", m->template->name},
                    {"detail", detail});
}

/* A classic sidecar runs for ever, and a Pod that is to end waits for all its containers. */
static int check_end(struct pn_merge *m, const struct pn_fragment *f)
{
    if (!m->plan->pod->ends || pn_value_count(f->containers) == 0)
        return 0;
    return PN_CLASH(m, PN_REASON_JOB_WOULD_NOT_COMPLETE,
                    {"container", pn_plan_name(pn_value_at(f->containers, 0))},
                    {"template", m->template->name});
}

static int merge_fragment(struct pn_merge *m, const struct pn_fragment *f)
{
    int r = check_support(m);
    if (r == 0)
        r = check_end(m, f);
    if (r == 0)
        r = check_mounted_volumes(m, f);
    if (r == 0)
        r = merge_containers(m, f->init_containers, true);
    if (r == 0)
        r = merge_containers(m, f->containers, false);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(f->volumes); i++)
        r = merge_volume(m, pn_value_at(f->volumes, i));
    for (size_t i = 0; r == 0 && i < f->app_rule_count; i++)
        r = pn_merge_app_rule(m, &f->app_rules[i]);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(f->annotations); i++)
        r = merge_annotation(m, pn_value_member(f->annotations, i));
    for (uint32_t i = 0; r == 0 && i < pn_value_count(f->append_annotations); i++) {
        const struct pn_member *a = pn_value_member(f->append_annotations, i);
        r = append_annotation(m, a->key, pn_value_str(a->value));
    }
    for (uint32_t i = 0; r == 0 && i < pn_value_count(f->image_pull_secrets); i++)
        r = merge_pull_secret(m, pn_value_at(f->image_pull_secrets, i));
    return r;
}

/* "container log-shipper, envoy": what the policy adds, or its templates when no container. */
static struct pn_str content_of(const struct pn_plan *plan, const struct pn_candidate *c)
{
    const struct pn_policy *policy = pn_plan_policy(plan, c);
    struct pn_buf text = PN_BUF_IN_ARENA(plan->arena);
    for (size_t t = 0; t < policy->injection_count; t++) {
        const struct pn_value lists[] = {c->fragments[t]->init_containers,
                                         c->fragments[t]->containers};
        for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
            for (uint32_t k = 0; k < pn_value_count(lists[l]); k++) {
                pn_buf_cstr(&text, text.len > 0 ? ", " : "container ");
                pn_buf_str(&text, pn_plan_name(pn_value_at(lists[l], k)));
            }
        }
    }
    for (size_t t = 0; text.len == 0 && t < policy->injection_count; t++) {
        pn_buf_cstr(&text, "template ");
        pn_buf_str(&text, policy->injections[t].template->name);
    }
    return pn_buf_view(&text);
}

static int place(struct pn_merge *m)
{
    const struct pn_edit *which = NULL;
    int r = pn_place_all(m->plan, &which);
    if (r != PN_PLACE_E_UNSATISFIABLE)
        return r;
    if (m->plan->ignores_order)
        return 0;
    return PN_CLASH(m, PN_REASON_ORDER_UNSATISFIABLE, {"container", pn_plan_name(which->value)},
                    {"order", pn_place_describe(which->placement, m->plan->arena)});
}

int pn_merge(struct pn_plan *plan, const struct pn_candidate *candidate,
             struct pn_reason *ret_reason)
{
    struct pn_merge m = {.plan = plan};
    const struct pn_policy *policy = pn_plan_policy(plan, candidate);
    uint32_t before = plan->count;
    int r = 0;
    plan->policy = candidate->policy;
    for (size_t i = 0; r == 0 && i < policy->injection_count; i++) {
        m.template = policy->injections[i].template;
        r = merge_fragment(&m, candidate->fragments[i]);
    }
    if (r == 0)
        r = place(&m);
    if (r == PN_PLAN_E_FULL)
        r = too_large(&m, pn_arena_format(plan->arena, "more than %u changes", PN_PLAN_EDITS_MAX));
    if (r < 0)
        return r;
    if (r == PN_MERGE_CLASH) {
        pn_plan_cut(plan, before);
        *ret_reason = m.reason;
        return 0;
    }
    enum pn_reason_id id = !pn_plan_changes(plan, before) ? PN_REASON_ALREADY_INJECTED
                           : m.found > 0                  ? PN_REASON_REPAIRED
                                                          : PN_REASON_INJECTED;
    struct pn_str content = content_of(plan, candidate);
    if (id == PN_REASON_REPAIRED)
        *ret_reason = PN_REASON(plan->arena, id, {"content", content},
                                {"missing", pn_plan_describe_changes(plan, before)});
    else
        *ret_reason = PN_REASON(plan->arena, id, {"content", content});
    return 0;
}
