/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/security_check.h"

#include <errno.h>

#include "engine/fragment_check.h"
#include "engine/plan.h"

const char *const pn_security_words[] = {"Privileged", "Baseline", "Restricted", NULL};

/* What to write; NULL: what is there has to go. */
static const char *help_of(enum pn_security_check check)
{
    switch (check) {
    case PN_SECURITY_ESCALATION:
        return "write securityContext: {allowPrivilegeEscalation: false}";
    case PN_SECURITY_CAPABILITIES_RESTRICTED:
        return "write securityContext: {capabilities: {drop: [ALL]}}; only NET_BIND_SERVICE may "
               "be added";
    case PN_SECURITY_NON_ROOT:
        return "write securityContext: {runAsNonRoot: true}";
    case PN_SECURITY_SECCOMP_RESTRICTED:
        return "write securityContext: {seccompProfile: {type: RuntimeDefault}}";
    case PN_SECURITY_VOLUMES:
        return "allowed are configMap, csi, downwardAPI, emptyDir, ephemeral, "
               "persistentVolumeClaim, projected and secret";
    default:
        return NULL;
    }
}

/* The first check of the level that fails, or PN_SECURITY_CHECKS. */
static enum pn_security_check first_failed(const struct pn_security *s,
                                           enum pn_security_level level)
{
    uint32_t failed = s->failed & pn_security_checks(level);
    enum pn_security_check check = 0;
    while (check < PN_SECURITY_CHECKS && (failed & (UINT32_C(1) << check)) == 0)
        check++;
    return check;
}

/* ---- at load --------------------------------------------------------------------------- */

/* Nothing in it is computed: a string with ${...} in an image's place decides nothing, but what
 * stands for an object or a number might. */
static bool is_written_out(const struct pn_node *node)
{
    if (node == NULL)
        return true;
    if (pn_is_computed(node))
        return false;
    for (uint32_t i = 0; node->kind == PN_NODE_MAPPING && i < node->mapping.count; i++) {
        if (!is_written_out(node->mapping.entries[i].value))
            return false;
    }
    for (uint32_t i = 0; node->kind == PN_NODE_SEQUENCE && i < node->sequence.count; i++) {
        if (!is_written_out(node->sequence.items[i]))
            return false;
    }
    return true;
}

/* The fields of a container that the checks look at. */
static bool decides_at_load(const struct pn_node *container)
{
    static const char *const fields[] = {"name",          "securityContext", "ports",
                                         "livenessProbe", "readinessProbe",  "startupProbe",
                                         "lifecycle"};
    if (container->kind != PN_NODE_MAPPING || pn_is_computed(container))
        return false;
    for (size_t i = 0; i < PN_COUNT_OF(fields); i++) {
        if (!is_written_out(pn_node_get(container, fields[i])))
            return false;
    }
    return true;
}

/* One container or volume, as the only one of a Pod. */
static void check_item(struct pn_decoder *d, enum pn_security_level level,
                       const struct pn_node *item, const char *list)
{
    struct pn_value value, items, spec;
    struct pn_security judged;
    int r = pn_value_from_node(&value, item, d->arena);
    if (r == PN_VALUE_E_DUPLICATE_KEY)
        return; /* told before */
    if (r == 0)
        r = pn_array_new(&items, d->arena, &value, 1);
    if (r == 0)
        r = pn_object_new(&spec, d->arena, &(struct pn_member){pn_str_of(list), items}, 1);
    if (r != 0) {
        d->out_of_memory = true;
        return;
    }
    pn_security_judge(&judged, PN_VALUE_ABSENT, spec);
    enum pn_security_check check = first_failed(&judged, level);
    if (check == PN_SECURITY_CHECKS)
        return;
    const struct pn_node *name = pn_node_get(item, "name");
    pn_decode_fault(d, name != NULL ? name : item, "pod-security-violation",
                    "`%.*s` is not of the level %s that spec.podSecurity declares: %s (%s)",
                    PN_STR_ARG(pn_plan_name(value)), pn_security_words[level],
                    pn_security_reason(&judged, check), pn_security_check_id(check));
    if (help_of(check) != NULL)
        pn_diags_help(d->diags, "%s", help_of(check));
}

static bool is_list(const struct pn_node *list)
{
    return list != NULL && list->kind == PN_NODE_SEQUENCE && !pn_is_computed(list);
}

void pn_check_security(struct pn_decoder *d, enum pn_security_level level,
                       const struct pn_node *init_containers, const struct pn_node *containers,
                       const struct pn_node *volumes)
{
    for (uint32_t i = 0; is_list(init_containers) && i < init_containers->sequence.count; i++) {
        if (decides_at_load(init_containers->sequence.items[i]))
            check_item(d, level, init_containers->sequence.items[i], "initContainers");
    }
    for (uint32_t i = 0; is_list(containers) && i < containers->sequence.count; i++) {
        if (decides_at_load(containers->sequence.items[i]))
            check_item(d, level, containers->sequence.items[i], "containers");
    }
    for (uint32_t i = 0; is_list(volumes) && i < volumes->sequence.count; i++) {
        const struct pn_node *volume = volumes->sequence.items[i];
        if (volume->kind == PN_NODE_MAPPING && !pn_is_computed(volume))
            check_item(d, level, volume, "volumes");
    }
}

/* ---- after rendering ------------------------------------------------------------------- */

int pn_fragment_security_fault(struct pn_str *ret, const struct pn_fragment *f,
                               enum pn_security_level level, struct pn_arena *a)
{
    struct pn_member members[] = {{PN_STR("initContainers"), f->init_containers},
                                  {PN_STR("containers"), f->containers},
                                  {PN_STR("volumes"), f->volumes}};
    struct pn_value spec, metadata;
    struct pn_security judged;
    int r = pn_object_new(&spec, a, members, PN_COUNT_OF(members));
    if (r == 0)
        r = pn_object_new(&metadata, a, &(struct pn_member){PN_STR("annotations"), f->annotations},
                          1);
    if (r != 0)
        return r;
    *ret = PN_STR_NULL;
    pn_security_judge(&judged, metadata, spec);
    enum pn_security_check check = first_failed(&judged, level);
    if (check == PN_SECURITY_CHECKS)
        return 0;
    struct pn_str culprit = judged.culprits[check];
    *ret = pn_arena_format(a, "%.*s%s%s (%s) is not %s", PN_STR_ARG(culprit),
                           culprit.n > 0 ? ": " : "", pn_security_reason(&judged, check),
                           pn_security_check_id(check), pn_security_words[level]);
    return ret->s != NULL ? 0 : -ENOMEM;
}
