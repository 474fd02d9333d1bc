/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/merge.h"

#include <errno.h>

#include "base/limits.h"
#include "engine/merge_app.h"
#include "engine/own.h"
#include "engine/place.h"
#include "engine/render.h"

static const struct pn_str no_text = {NULL, 0};

int pn_merge_clash(struct pn_merge *m, enum pn_reason_id id, const char *name1,
                   struct pn_str value1, const char *name2, struct pn_str value2, const char *name3,
                   struct pn_str value3)
{
    m->reason = pn_reason_make(m->plan->arena, id, name1, value1, name2, value2, name3, value3);
    return PN_MERGE_CLASH;
}

static struct pn_str name_of(struct pn_value named)
{
    return pn_value_str(PN_GET(named, "name"));
}

/* "policy NAME adds another one", for clashes between policies. */
static struct pn_str added_by(const struct pn_merge *m, uint32_t policy)
{
    return pn_arena_format(m->plan->arena, "policy %.*s adds another one",
                           PN_STR_ARG(m->plan->set->policies[policy].name));
}

/* ---- containers
 * ----------------------------------------------------------------------------------- */

/* Adds what is missing of one keyed list of our container. */
static int repair_list(struct pn_merge *m, const struct pn_own *own, struct pn_str field,
                       struct pn_str key, struct pn_value ours)
{
    for (uint32_t i = 0; i < pn_value_count(ours); i++) {
        struct pn_value item = pn_value_at(ours, i);
        if (pn_plan_item(m->plan, own->init, own->at, field, key, item).kind != PN_ABSENT)
            continue;
        int r = pn_plan_add(m->plan, (struct pn_edit){.kind = PN_EDIT_ITEM,
                                                      .init = own->init,
                                                      .at = own->at,
                                                      .key = field,
                                                      .value = item});
        if (r != 0)
            return r;
    }
    return 0;
}

/* Adds the fields that our container has lost; what others changed or added stays. */
static int repair_container(struct pn_merge *m, const struct pn_own *own, struct pn_value rendered)
{
    static const struct {
        struct pn_str field, key;
    } lists[] = {{PN_STR_INIT("volumeMounts"), PN_STR_INIT("mountPath")},
                 {PN_STR_INIT("env"), PN_STR_INIT("name")},
                 {PN_STR_INIT("ports"), PN_STR_INIT("containerPort")}};
    struct pn_value received = pn_plan_list(m->plan, own->init)->items[own->at].value;
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < pn_value_count(rendered); i++) {
        const struct pn_member *f = pn_value_member(rendered, i);
        struct pn_value theirs = pn_value_get(received, f->key);
        if (pn_value_is_unset(theirs) || (pn_own_is_zero(theirs) && f->value.kind == theirs.kind)) {
            if (!pn_own_is_zero(f->value) &&
                !pn_plan_has_field(m->plan, own->init, own->at, f->key))
                r = pn_plan_add(m->plan, (struct pn_edit){.kind = PN_EDIT_FIELD,
                                                          .init = own->init,
                                                          .at = own->at,
                                                          .key = f->key,
                                                          .value = f->value});
            continue;
        }
        for (size_t k = 0; r == 0 && k < PN_COUNT_OF(lists); k++) {
            if (pn_str_eq(f->key, lists[k].field))
                r = repair_list(m, own, f->key, lists[k].key, f->value);
        }
    }
    return r;
}

static int add_container(struct pn_merge *m, struct pn_value rendered, bool init)
{
    struct pn_place place = {m->plan->pod->containers.count, PN_POSITION_LAST};
    if (init)
        place = pn_place_init(m->plan, m->template, name_of(rendered));
    return pn_plan_add(m->plan, (struct pn_edit){.kind = PN_EDIT_CONTAINER,
                                                 .init = init,
                                                 .at = place.gap,
                                                 .position = place.position,
                                                 .value = rendered});
}

static int merge_container(struct pn_merge *m, struct pn_value rendered, bool init)
{
    struct pn_str name = name_of(rendered);
    const struct pn_edit *planned = pn_plan_find(m->plan, PN_EDIT_CONTAINER, name);
    if (planned != NULL && planned->init == init && pn_value_equal(planned->value, rendered))
        return 0; /* another policy brings the very same container */
    if (planned != NULL)
        return pn_merge_clash(m, PN_REASON_CONTAINER_NAME_TAKEN, "container", name, "other",
                              added_by(m, planned->policy), NULL, no_text);
    struct pn_own own = pn_own_container(m->plan->pod, m->template, rendered, init);
    struct pn_str other = pn_str_of(own.field);
    switch (own.state) {
    case PN_OWN_ABSENT:
        return add_container(m, rendered, init);
    case PN_OWN_OURS:
        m->found++;
        return repair_container(m, &own, rendered);
    case PN_OWN_TAMPERED:
        return pn_merge_clash(m, PN_REASON_SIDECAR_TAMPERED, "container", name, "field", other,
                              NULL, no_text);
    case PN_OWN_TAKEN:
        break;
    }
    if (pn_str_is(other, "image")) {
        struct pn_value theirs = pn_plan_list(m->plan, own.init)->items[own.at].value;
        other = pn_arena_format(m->plan->arena, "its image is %.*s",
                                PN_STR_ARG(pn_value_str(PN_GET(theirs, "image"))));
    }
    return pn_merge_clash(m, PN_REASON_CONTAINER_NAME_TAKEN, "container", name, "other", other,
                          NULL, no_text);
}

static int merge_containers(struct pn_merge *m, struct pn_value list, bool init)
{
    int r = 0;
    for (uint32_t i = 0; r == 0 && i < pn_value_count(list); i++)
        r = merge_container(m, pn_value_at(list, i), init);
    return r;
}

/* ---- volumes
 * --------------------------------------------------------------------------------------- */

/* "emptyDir": the source of a volume, for people. */
static struct pn_str source_of(struct pn_value volume)
{
    for (uint32_t i = 0; i < pn_value_count(volume); i++) {
        if (!pn_str_is(pn_value_member(volume, i)->key, "name"))
            return pn_value_member(volume, i)->key;
    }
    return PN_STR("emptyDir");
}

static int merge_volume(struct pn_merge *m, struct pn_value rendered)
{
    struct pn_str name = name_of(rendered);
    struct pn_value received = pn_plan_received_volume(m->plan, name);
    const struct pn_edit *planned = pn_plan_find(m->plan, PN_EDIT_VOLUME, name);
    if (planned != NULL) {
        if (pn_value_equal(planned->value, rendered))
            return 0;
        return pn_merge_clash(m, PN_REASON_VOLUME_NAME_TAKEN, "volume", name, "other",
                              added_by(m, planned->policy), NULL, no_text);
    }
    if (received.kind == PN_ABSENT)
        return pn_plan_add(m->plan, (struct pn_edit){.kind = PN_EDIT_VOLUME, .value = rendered});
    if (pn_own_volume(rendered, received))
        return 0;
    return pn_merge_clash(m, PN_REASON_VOLUME_NAME_TAKEN, "volume", name, "other",
                          source_of(received), NULL, no_text);
}

/* ---- annotations, pull secrets
 * ------------------------------------------------------------------------ */

static int too_large(struct pn_merge *m, struct pn_str detail)
{
    return pn_merge_clash(m, PN_REASON_PATCH_TOO_LARGE, "detail", detail, NULL, no_text, NULL,
                          no_text);
}

static int set_annotation(struct pn_merge *m, struct pn_str key, struct pn_str value)
{
    int r = pn_plan_add(
        m->plan,
        (struct pn_edit){.kind = PN_EDIT_ANNOTATION, .key = key, .value = pn_string(value)});
    if (r == 0 &&
        pn_plan_annotation_bytes(m->plan) + PN_STATUS_MAX_BYTES > PN_ANNOTATIONS_MAX_BYTES)
        return too_large(m, pn_arena_format(m->plan->arena, "more than %u bytes of annotations",
                                            PN_ANNOTATIONS_MAX_BYTES));
    return r;
}

static int merge_annotations(struct pn_merge *m, struct pn_value annotations)
{
    for (uint32_t i = 0; i < pn_value_count(annotations); i++) {
        const struct pn_member *a = pn_value_member(annotations, i);
        struct pn_value there = pn_plan_annotation(m->plan, a->key);
        int r = 0;
        if (there.kind == PN_ABSENT)
            r = set_annotation(m, a->key, pn_value_str(a->value));
        else if (!pn_value_equal(there, a->value))
            r = pn_merge_clash(m, PN_REASON_ANNOTATION_TAKEN, "annotation", a->key, NULL, no_text,
                               NULL, no_text);
        if (r != 0)
            return r;
    }
    return 0;
}

static bool lists_word(struct pn_str list, struct pn_str word)
{
    while (list.s != NULL) {
        if (pn_str_eq(pn_str_trim(pn_str_split(&list, ',')), word))
            return true;
    }
    return false;
}

/* The union of a comma-separated set and more words; what is there keeps its spelling. */
static int append_annotation(struct pn_merge *m, struct pn_str key, struct pn_str words)
{
    struct pn_str there = pn_value_str(pn_plan_annotation(m->plan, key));
    struct pn_buf all = PN_BUF_IN_ARENA(m->plan->arena);
    bool grown = false;
    pn_buf_str(&all, there);
    while (words.s != NULL) {
        struct pn_str word = pn_str_trim(pn_str_split(&words, ','));
        if (word.n == 0 || lists_word(pn_buf_view(&all), word))
            continue;
        if (all.len > 0)
            pn_buf_char(&all, ',');
        pn_buf_str(&all, word);
        grown = true;
    }
    if (all.failed)
        return -ENOMEM;
    return grown ? set_annotation(m, key, pn_buf_view(&all)) : 0;
}

static int merge_pull_secret(struct pn_merge *m, struct pn_value secret)
{
    struct pn_str name = name_of(secret);
    struct pn_value list = m->plan->pod->image_pull_secrets;
    for (uint32_t i = 0; i < pn_value_count(list); i++) {
        if (pn_str_eq(name_of(pn_value_at(list, i)), name))
            return 0;
    }
    if (pn_plan_find(m->plan, PN_EDIT_PULL_SECRET, name) != NULL)
        return 0;
    return pn_plan_add(m->plan, (struct pn_edit){.kind = PN_EDIT_PULL_SECRET, .value = secret});
}

/* ---- a policy
 * ------------------------------------------------------------------------------------------- */

static int check_support(struct pn_merge *m)
{
    const struct pn_template *t = m->template;
    const struct pn_pod *pod = m->plan->pod;
    bool windows = pn_str_is(pod->os, "windows");
    if (pod->host_network && !t->supports_host_network)
        return pn_merge_clash(m, PN_REASON_HOST_NETWORK, "template", t->name, NULL, no_text, NULL,
                              no_text);
    if (windows ? !t->supports_windows : !t->supports_linux)
        return pn_merge_clash(m, PN_REASON_WINDOWS_POD, "template", t->name, "os", pod->os, NULL,
                              no_text);
    return 0;
}

static int merge_template(struct pn_merge *m)
{
    const struct pn_template *t = m->template;
    const struct pn_fragment *f = pn_render(t);
    int r = check_support(m);
    if (r == 0)
        r = merge_containers(m, f->init_containers, true);
    if (r == 0)
        r = merge_containers(m, f->containers, false);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(f->volumes); i++)
        r = merge_volume(m, pn_value_at(f->volumes, i));
    for (size_t i = 0; r == 0 && i < f->app_rule_count; i++)
        r = pn_merge_app_rule(m, &f->app_rules[i]);
    if (r == 0)
        r = merge_annotations(m, f->annotations);
    for (uint32_t i = 0; r == 0 && i < pn_value_count(t->append_annotations); i++) {
        const struct pn_member *a = pn_value_member(t->append_annotations, i);
        r = append_annotation(m, a->key, pn_value_str(a->value));
    }
    for (uint32_t i = 0; r == 0 && i < pn_value_count(f->image_pull_secrets); i++)
        r = merge_pull_secret(m, pn_value_at(f->image_pull_secrets, i));
    return r;
}

/* "log-shipper, envoy": the containers of the policy, or its templates when it adds none. */
static struct pn_str content_of(const struct pn_policy *policy, struct pn_arena *a)
{
    struct pn_buf text = PN_BUF_IN_ARENA(a);
    for (int pass = 0; pass < 2 && text.len == 0; pass++) {
        for (size_t i = 0; i < policy->template_count; i++) {
            const struct pn_fragment *f = pn_render(policy->templates[i]);
            const struct pn_value lists[] = {f->init_containers, f->containers};
            for (size_t l = 0; pass == 0 && l < PN_COUNT_OF(lists); l++) {
                for (uint32_t k = 0; k < pn_value_count(lists[l]); k++) {
                    pn_buf_cstr(&text, text.len > 0 ? ", " : "container ");
                    pn_buf_str(&text, name_of(pn_value_at(lists[l], k)));
                }
            }
            if (pass == 1) {
                pn_buf_cstr(&text, text.len > 0 ? ", " : "template ");
                pn_buf_str(&text, policy->templates[i]->name);
            }
        }
    }
    return pn_buf_view(&text);
}

void pn_merge_mark_ours(struct pn_plan *plan, const struct pn_policy *policy)
{
    for (size_t i = 0; i < policy->template_count; i++) {
        const struct pn_template *t = policy->templates[i];
        const struct pn_value lists[] = {pn_render(t)->containers, pn_render(t)->init_containers};
        for (size_t l = 0; l < PN_COUNT_OF(lists); l++) {
            for (uint32_t k = 0; k < pn_value_count(lists[l]); k++) {
                struct pn_own own = pn_own_container(plan->pod, t, pn_value_at(lists[l], k),
                                                     l == 1);
                if (own.state == PN_OWN_OURS || own.state == PN_OWN_TAMPERED)
                    plan->ours[own.init][own.at] = true;
            }
        }
    }
}

int pn_merge(struct pn_plan *plan, const struct pn_policy *policy, struct pn_reason *ret_reason)
{
    struct pn_merge m = {.plan = plan};
    uint32_t before = plan->count;
    int r = 0;
    for (size_t i = 0; r == 0 && i < policy->template_count; i++) {
        m.template = policy->templates[i];
        r = merge_template(&m);
    }
    if (r < 0)
        return r;
    if (r == PN_PLAN_E_FULL)
        r = too_large(&m, pn_arena_format(plan->arena, "more than %u changes", PN_PLAN_EDITS_MAX));
    if (r == PN_MERGE_CLASH) {
        pn_plan_cut(plan, before);
        *ret_reason = m.reason;
        return 0;
    }
    enum pn_reason_id id = plan->count == before ? PN_REASON_ALREADY_INJECTED
                           : m.found > 0         ? PN_REASON_REPAIRED
                                                 : PN_REASON_INJECTED;
    *ret_reason = pn_reason_make(plan->arena, id, "content", content_of(policy, plan->arena), NULL,
                                 no_text, NULL, no_text);
    return 0;
}
