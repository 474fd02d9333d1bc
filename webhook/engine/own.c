/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/own.h"

#include "engine/plan.h"
#include "kube/quantity.h"

bool pn_own_is_zero(struct pn_value v)
{
    switch (v.kind) {
    case PN_BOOL:
        return !v.b;
    case PN_INT:
        return v.i == 0;
    case PN_STRING:
        return v.len == 0;
    case PN_ARRAY:
    case PN_OBJECT:
        return pn_value_count(v) == 0;
    default:
        return pn_value_is_unset(v);
    }
}

/* "1024Mi" comes back as "1Gi", and 1073741824, as a manifest may have it, as a string. */
static bool same_quantity(struct pn_value received, struct pn_value rendered)
{
    struct pn_quantity x, y;
    return (received.kind == PN_STRING || rendered.kind == PN_STRING) &&
           !pn_value_is_unset(received) && !pn_value_is_unset(rendered) &&
           pn_quantity_from_value(&x, received, NULL) == 0 &&
           pn_quantity_from_value(&y, rendered, NULL) == 0 && pn_quantity_cmp(&x, &y) == 0;
}

static bool includes_member(struct pn_value received, const struct pn_member *m)
{
    struct pn_value other = pn_value_get(received, m->key);
    return pn_value_is_unset(other) ? pn_own_is_zero(m->value) : pn_own_includes(other, m->value);
}

static bool includes_members(struct pn_value received, struct pn_value rendered)
{
    for (uint32_t i = 0; i < pn_value_count(rendered); i++) {
        if (!includes_member(received, pn_value_member(rendered, i)))
            return false;
    }
    return true;
}

bool pn_own_includes(struct pn_value received, struct pn_value rendered)
{
    if (rendered.kind == PN_OBJECT && received.kind == PN_OBJECT)
        return includes_members(received, rendered);
    if (rendered.kind == PN_ARRAY && received.kind == PN_ARRAY) {
        if (pn_value_count(rendered) != pn_value_count(received))
            return false;
        for (uint32_t i = 0; i < pn_value_count(rendered); i++) {
            if (!pn_own_includes(pn_value_at(received, i), pn_value_at(rendered, i)))
                return false;
        }
        return true;
    }
    return pn_value_equal(received, rendered) || same_quantity(received, rendered);
}

bool pn_own_source(struct pn_value received, struct pn_value rendered)
{
    return pn_own_includes(received, rendered) && pn_own_includes(rendered, received);
}

static bool has_item(struct pn_value received, struct pn_value item)
{
    for (uint32_t i = 0; i < pn_value_count(received); i++) {
        if (pn_own_includes(pn_value_at(received, i), item))
            return true;
    }
    return false;
}

/* Others add to lists: the ServiceAccount plugin a mount. */
static bool has_items(struct pn_value received, struct pn_value rendered)
{
    for (uint32_t i = 0; i < pn_value_count(rendered); i++) {
        if (!has_item(received, pn_value_at(rendered, i)))
            return false;
    }
    return true;
}

bool pn_own_is_whole(struct pn_value received, struct pn_value rendered)
{
    for (uint32_t i = 0; i < pn_value_count(rendered); i++) {
        const struct pn_member *m = pn_value_member(rendered, i);
        bool defaulted = m->value.kind == PN_STRING && m->value.len == 0; /* imagePullPolicy: "" */
        if (pn_str_is(m->key, "image") || pn_str_is(m->key, "restartPolicy") || defaulted)
            continue;
        if (m->value.kind == PN_ARRAY ? !has_items(pn_value_get(received, m->key), m->value)
                                      : !includes_member(received, m))
            return false;
    }
    return true;
}

/* A list that `rendered` has not, such as the items of a configMap: no default makes one, and other
 * files are found under our names. */
static bool adds_list(struct pn_value received, struct pn_value rendered)
{
    bool added = false;
    for (uint32_t i = 0; received.kind == PN_OBJECT && !added && i < pn_value_count(received);
         i++) {
        const struct pn_member *m = pn_value_member(received, i);
        struct pn_value ours = pn_value_get(rendered, m->key);
        bool is_new = m->value.kind == PN_ARRAY && pn_own_is_zero(ours);
        added = is_new ? !pn_own_is_zero(m->value) : adds_list(m->value, ours);
    }
    for (uint32_t i = 0; received.kind == PN_ARRAY && !added && i < pn_value_count(rendered); i++)
        added = adds_list(pn_value_at(received, i), pn_value_at(rendered, i));
    return added;
}

bool pn_own_volume(struct pn_value rendered, struct pn_value received)
{
    for (uint32_t i = 0; i < pn_value_count(rendered); i++) {
        const struct pn_member *m = pn_value_member(rendered, i);
        struct pn_value other = pn_value_get(received, m->key);
        /* The source itself must be there, even when it sets nothing: `emptyDir: {}`. */
        if (pn_value_is_unset(other) || !pn_own_includes(other, m->value))
            return false;
    }
    return !adds_list(received, rendered);
}

bool pn_own_mount(struct pn_value received, struct pn_value rendered)
{
    struct pn_value x = PN_GET(received, "readOnly"), y = PN_GET(rendered, "readOnly");
    if ((x.kind == PN_BOOL && x.b) != (y.kind == PN_BOOL && y.b))
        return false;
    static const struct pn_str keys[] = {PN_STR_INIT("name"), PN_STR_INIT("subPath"),
                                         PN_STR_INIT("subPathExpr")};
    for (size_t i = 0; i < PN_COUNT_OF(keys); i++) {
        if (!pn_str_eq(pn_value_str(pn_value_get(received, keys[i])),
                       pn_value_str(pn_value_get(rendered, keys[i]))))
            return false;
    }
    return true;
}

bool pn_own_env(struct pn_value received, struct pn_value rendered)
{
    return pn_own_includes(received, rendered) && pn_own_is_zero(PN_GET(received, "valueFrom")) ==
                                                      pn_own_is_zero(PN_GET(rendered, "valueFrom"));
}

struct pn_str pn_own_repository(struct pn_str image)
{
    struct pn_str rest = image;
    image = pn_str_split(&rest, '@');
    for (size_t i = image.n; i > 0 && image.s[i - 1] != '/'; i--) {
        /* a colon before the last slash would be a registry's port */
        if (image.s[i - 1] == ':')
            return (struct pn_str){image.s, i - 1};
    }
    return image;
}

bool pn_own_is_our_image(const struct pn_template *t, struct pn_value rendered,
                         struct pn_value received)
{
    struct pn_str repository = pn_own_repository(pn_value_str(PN_GET(received, "image")));
    if (pn_str_eq(repository, pn_own_repository(pn_value_str(PN_GET(rendered, "image")))))
        return true;
    for (size_t i = 0; i < t->image_repositories.count; i++) {
        if (pn_str_eq(repository, t->image_repositories.items[i]))
            return true;
    }
    return false;
}

/* A member that is there and is another; one that is gone is missing, and gets repaired. */
static bool contradicts(struct pn_value received, struct pn_value rendered)
{
    for (uint32_t i = 0; i < pn_value_count(rendered); i++) {
        const struct pn_member *m = pn_value_member(rendered, i);
        struct pn_value theirs = pn_value_get(received, m->key);
        if (!pn_value_is_unset(theirs) && !pn_own_includes(theirs, m->value))
            return true;
    }
    return false;
}

static bool contradicts_item(struct pn_value received, struct pn_value rendered,
                             struct pn_str field, struct pn_str key,
                             bool (*same)(struct pn_value, struct pn_value))
{
    struct pn_value ours = pn_value_get(rendered, field);
    for (uint32_t i = 0; i < pn_value_count(ours); i++) {
        struct pn_value item = pn_value_at(ours, i);
        struct pn_value theirs = pn_plan_received_item(received, field, key, item);
        if (theirs.kind != PN_ABSENT && !same(theirs, item))
            return true;
    }
    return false;
}

/* Tokens: others mount them for everybody, also into a directory of ours. */
static bool is_token(struct pn_str path, struct pn_str ours)
{
    return pn_str_has_prefix(path, PN_STR("/var/run/secrets/")) &&
           !pn_str_contains(path, PN_STR("..")) &&
           pn_str_has_prefix(PN_STR("/var/run/secrets"), pn_plan_path(ours));
}

/* Something that we do not mount hides a part of what we do. */
static bool is_covered(struct pn_value received, struct pn_value rendered)
{
    const struct pn_str field = PN_STR("volumeMounts"), key = PN_STR("mountPath");
    struct pn_value mounts = pn_value_get(rendered, field), all = pn_value_get(received, field);
    for (uint32_t i = 0; i < pn_value_count(all); i++) {
        struct pn_value theirs = pn_value_at(all, i);
        struct pn_str path = pn_value_str(pn_value_get(theirs, key));
        if (pn_plan_received_item(rendered, field, key, theirs).kind != PN_ABSENT)
            continue;
        for (uint32_t k = 0; k < pn_value_count(mounts); k++) {
            struct pn_str ours = pn_value_str(pn_value_get(pn_value_at(mounts, k), key));
            if (pn_plan_is_inside(path, ours) && !is_token(path, ours))
                return true;
        }
    }
    return false;
}

/* A command besides ours that the kubelet runs in our container. Others rewrite probes by HTTP, and
 * give everybody a preStop hook to wait in: where we set none, that stays. */
static bool runs_another(struct pn_value received, struct pn_value rendered)
{
    struct pn_value theirs = PN_GET(PN_GET(received, "exec"), "command");
    return !pn_own_is_zero(theirs) &&
           !pn_value_equal(theirs, PN_GET(PN_GET(rendered, "exec"), "command"));
}

static const char *tampered_handler(struct pn_value rendered, struct pn_value received)
{
    static const struct pn_str probes[] = {
        PN_STR_INIT("startupProbe"), PN_STR_INIT("livenessProbe"), PN_STR_INIT("readinessProbe")};
    for (size_t i = 0; i < PN_COUNT_OF(probes); i++) {
        if (runs_another(pn_value_get(received, probes[i]), pn_value_get(rendered, probes[i])))
            return probes[i].s;
    }
    struct pn_value theirs = PN_GET(received, "lifecycle"), ours = PN_GET(rendered, "lifecycle");
    bool stops = PN_GET(ours, "preStop").kind == PN_OBJECT;
    return runs_another(PN_GET(theirs, "postStart"), PN_GET(ours, "postStart")) ||
                   (stops && runs_another(PN_GET(theirs, "preStop"), PN_GET(ours, "preStop")))
               ? "lifecycle"
               : NULL;
}

/* The field by which a container of our image is no longer what we rendered, or NULL. */
static const char *tampered_field(struct pn_value rendered, struct pn_value received)
{
    static const struct pn_str lists[] = {PN_STR_INIT("command"), PN_STR_INIT("args")};
    for (size_t i = 0; i < PN_COUNT_OF(lists); i++) {
        struct pn_value ours = pn_value_get(rendered, lists[i]);
        struct pn_value theirs = pn_value_get(received, lists[i]);
        if (pn_own_is_zero(ours) ? !pn_own_is_zero(theirs) : !pn_value_equal(ours, theirs))
            return lists[i].s;
    }
    /* They may have been stripped; but what is to end does not run on, nor the other way round, and
     * the command's own paths lead from where we say. */
    static const struct pn_str words[] = {PN_STR_INIT("restartPolicy"), PN_STR_INIT("workingDir")};
    for (size_t i = 0; i < PN_COUNT_OF(words); i++) {
        struct pn_value theirs = pn_value_get(received, words[i]);
        if (!pn_own_is_zero(theirs) && !pn_value_equal(theirs, pn_value_get(rendered, words[i])))
            return words[i].s;
    }
    if (contradicts(PN_GET(received, "securityContext"), PN_GET(rendered, "securityContext")))
        return "securityContext";
    if (contradicts_item(received, rendered, PN_STR("env"), PN_STR("name"), pn_own_env))
        return "env";
    if (contradicts_item(received, rendered, PN_STR("volumeMounts"), PN_STR("mountPath"),
                         pn_own_mount) ||
        is_covered(received, rendered))
        return "volumeMounts";
    return tampered_handler(rendered, received);
}

/* The received index of container `name`, or the list's count. */
static uint32_t find(const struct pn_containers *list, struct pn_str name)
{
    uint32_t i = 0;
    while (i < list->count && !pn_str_eq(list->items[i].name, name))
        i++;
    return i;
}

struct pn_own pn_own_container(const struct pn_pod *pod, const struct pn_template *t,
                               struct pn_value rendered, bool init)
{
    struct pn_str name = pn_value_str(PN_GET(rendered, "name"));
    const struct pn_containers *list = init ? &pod->init_containers : &pod->containers;
    const struct pn_containers *other = init ? &pod->containers : &pod->init_containers;
    uint32_t at = find(list, name);
    if (at == list->count) {
        at = find(other, name);
        if (at == other->count)
            return (struct pn_own){.state = PN_OWN_ABSENT, .init = init};
        return (struct pn_own){.state = PN_OWN_TAKEN,
                               .init = !init,
                               .at = at,
                               .field = init ? "it is no init container"
                                             : "it is an init container"};
    }
    struct pn_value received = list->items[at].value;
    if (!pn_own_is_our_image(t, rendered, received))
        return (struct pn_own){.state = PN_OWN_TAKEN, .init = init, .at = at, .field = NULL};
    const char *field = tampered_field(rendered, received);
    return (struct pn_own){.state = field != NULL ? PN_OWN_TAMPERED : PN_OWN_OURS,
                           .init = init,
                           .at = at,
                           .field = field};
}
