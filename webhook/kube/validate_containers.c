/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/names.h"
#include "kube/validate_walk.h"

static const struct pn_field container_fields[PN_C_FIELDS] = {
    [PN_C_NAME] = PN_FIELD("name", STRING),
    [PN_C_IMAGE] = PN_FIELD("image", STRING),
    [PN_C_COMMAND] = PN_FIELD("command", LIST),
    [PN_C_ARGS] = PN_FIELD("args", LIST),
    [PN_C_WORKING_DIR] = PN_FIELD("workingDir", STRING),
    [PN_C_PORTS] = PN_FIELD("ports", LIST),
    [PN_C_ENV_FROM] = PN_FIELD("envFrom", LIST),
    [PN_C_ENV] = PN_FIELD("env", LIST),
    [PN_C_RESOURCES] = PN_FIELD("resources", OBJECT),
    [PN_C_RESIZE_POLICY] = PN_FIELD("resizePolicy", LIST),
    [PN_C_RESTART_POLICY] = PN_FIELD("restartPolicy", STRING),
    [PN_C_RESTART_RULES] = PN_FIELD("restartPolicyRules", LIST),
    [PN_C_MOUNTS] = PN_FIELD("volumeMounts", LIST),
    [PN_C_DEVICES] = PN_FIELD("volumeDevices", LIST),
    [PN_C_LIVENESS] = PN_FIELD("livenessProbe", OBJECT),
    [PN_C_READINESS] = PN_FIELD("readinessProbe", OBJECT),
    [PN_C_STARTUP] = PN_FIELD("startupProbe", OBJECT),
    [PN_C_LIFECYCLE] = PN_FIELD("lifecycle", OBJECT),
    [PN_C_MESSAGE_PATH] = PN_FIELD("terminationMessagePath", STRING),
    [PN_C_MESSAGE_POLICY] = PN_FIELD("terminationMessagePolicy", STRING),
    [PN_C_PULL_POLICY] = PN_FIELD("imagePullPolicy", STRING),
    [PN_C_SECURITY] = PN_FIELD("securityContext", OBJECT),
    [PN_C_TARGET] = PN_FIELD("targetContainerName", STRING),
};

/* ---- one container --------------------------------------------------------------------- */

/* validateContainerCommon, but for its parts. */
static void walk_plain_fields(struct pn_validate *v, const struct pn_at *at,
                              const struct pn_value *f)
{
    struct pn_str name = pn_value_str(f[PN_C_NAME]), image = pn_value_str(f[PN_C_IMAGE]);
    struct pn_str pull = pn_value_str(f[PN_C_PULL_POLICY]);
    struct pn_str message = pn_value_str(f[PN_C_MESSAGE_POLICY]);
    if (name.n == 0)
        pn_validate_require(v, PN_AT(at, "name"), name);
    else if (!pn_name_is_dns_label(name))
        pn_validate_add(v, PN_AT(at, "name"), PN_VALIDATE_INVALID, "must be %s",
                        PN_NAME_DNS_LABEL_RULE);
    if (image.n == 0)
        pn_validate_require(v, PN_AT(at, "image"), image);
    else if (pn_validate_is_padded(image))
        pn_validate_add(v, PN_AT(at, "image"), PN_VALIDATE_INVALID,
                        "must not begin or end with white space");
    if (pull.n > 0)
        pn_validate_choice(v, PN_AT(at, "imagePullPolicy"), pull, "IfNotPresent,Always,Never");
    if (message.n > 0)
        pn_validate_choice(v, PN_AT(at, "terminationMessagePolicy"), message,
                           "File,FallbackToLogsOnError");
}

/* Of init containers, sidecars alone run long enough for these (validateInitContainers). */
static void forbid_probes(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f)
{
    static const uint8_t forbidden[] = {PN_C_LIFECYCLE, PN_C_LIVENESS, PN_C_READINESS,
                                        PN_C_STARTUP};
    for (size_t i = 0; i < PN_COUNT_OF(forbidden); i++) {
        if (f[forbidden[i]].kind == PN_OBJECT)
            pn_validate_add(v, PN_AT(at, container_fields[forbidden[i]].name),
                            PN_VALIDATE_FORBIDDEN,
                            "must not be set for an init container without restartPolicy Always");
    }
}

/* A struct in Go, which is set when one of its fields is. */
static bool has_resources(struct pn_value resources)
{
    return !pn_value_is_unset(PN_GET(resources, "limits")) ||
           !pn_value_is_unset(PN_GET(resources, "requests")) ||
           !pn_value_is_unset(PN_GET(resources, "claims"));
}

/* What validateEphemeralContainers adds; no ephemeral container can be there on creation. */
static void walk_ephemeral(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f)
{
    static const uint8_t forbidden[] = {
        PN_C_PORTS,    PN_C_RESOURCES, PN_C_RESIZE_POLICY, PN_C_RESTART_POLICY, PN_C_RESTART_RULES,
        PN_C_LIVENESS, PN_C_READINESS, PN_C_STARTUP,       PN_C_LIFECYCLE,
    };
    for (size_t i = 0; i < PN_COUNT_OF(forbidden); i++) {
        struct pn_value value = f[forbidden[i]];
        bool set = forbidden[i] == PN_C_RESOURCES ? has_resources(value) : value.kind != PN_ABSENT;
        if (set)
            pn_validate_add(v, PN_AT(at, container_fields[forbidden[i]].name),
                            PN_VALIDATE_FORBIDDEN, "must not be set for an ephemeral container");
    }
}

static void walk_container(struct pn_validate *v, const struct pn_at *at, struct pn_value container,
                           enum pn_container_list which)
{
    struct pn_value f[PN_C_FIELDS] = {{0}};
    PN_PICK(v, at, container, container_fields, f);
    pn_names_add(v, &v->containers, pn_value_str(f[PN_C_NAME]));
    walk_plain_fields(v, at, f);
    if (pn_value_count(f[PN_C_PORTS]) > 0)
        pn_validate_ports(v, PN_AT(at, "ports"), f[PN_C_PORTS], which);
    pn_validate_env(v, PN_AT(at, "env"), f[PN_C_ENV]);
    pn_validate_env_from(v, PN_AT(at, "envFrom"), f[PN_C_ENV_FROM]);
    if (pn_value_count(f[PN_C_MOUNTS]) + pn_value_count(f[PN_C_DEVICES]) > 0)
        pn_validate_mounts(v, at, f, which);
    pn_validate_resources(v, PN_AT(at, "resources"), f[PN_C_RESOURCES], which);
    if (pn_value_count(f[PN_C_RESIZE_POLICY]) > 0)
        pn_validate_resize_policy(v, at, f, which);
    pn_validate_security(v, at, f);
    if (which == PN_EPHEMERAL_CONTAINERS)
        walk_ephemeral(v, at, f);
    else
        pn_validate_restart_policy(v, at, f, which);
    bool always = pn_value_is_string(f[PN_C_RESTART_POLICY], "Always");
    if (which == PN_CONTAINERS || (which == PN_INIT_CONTAINERS && always))
        pn_validate_probes(v, at, f);
    else if (which == PN_INIT_CONTAINERS)
        forbid_probes(v, at, f);
}

/* ---- all of them ----------------------------------------------------------------------- */

static const struct {
    uint8_t field; /* of the spec */
    char name[20];
} lists[] = {
    [PN_CONTAINERS] = {PN_S_CONTAINERS, "containers"},
    [PN_INIT_CONTAINERS] = {PN_S_INIT_CONTAINERS, "initContainers"},
    [PN_EPHEMERAL_CONTAINERS] = {PN_S_EPHEMERAL_CONTAINERS, "ephemeralContainers"},
};

/* Whether container i of all has the name of one before it. Init containers without a name are not
 * compared with each other. */
static bool is_namesake(const struct pn_validate *v, struct pn_str name, uint32_t i,
                        enum pn_container_list which)
{
    uint32_t first = pn_names_first(&v->containers, name);
    if (which == PN_INIT_CONTAINERS && name.n == 0)
        return first < pn_value_count(v->spec[PN_S_CONTAINERS]);
    return first < i;
}

static void walk_target(struct pn_validate *v, const struct pn_at *at, struct pn_value container)
{
    struct pn_str target = pn_value_str(PN_GET(container, "targetContainerName"));
    uint32_t others = pn_value_count(v->spec[PN_S_CONTAINERS]) +
                      pn_value_count(v->spec[PN_S_INIT_CONTAINERS]);
    if (target.n > 0 && pn_names_first(&v->containers, target) >= others)
        pn_validate_add(v, PN_AT(at, "targetContainerName"), PN_VALIDATE_NOT_FOUND,
                        "there is no container \"%.*s\"", PN_STR_ARG(target));
}

static void walk_names(struct pn_validate *v, const struct pn_at *spec)
{
    uint32_t k = 0;
    pn_names_sort(v, &v->containers);
    for (unsigned which = PN_CONTAINERS; which < PN_COUNT_OF(lists); which++) {
        struct pn_value list = v->spec[lists[which].field];
        for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++, k++) {
            const struct pn_at *at = PN_AT_ITEM(PN_AT(spec, lists[which].name), i);
            struct pn_str name = v->containers.items[k];
            if (is_namesake(v, name, k, (enum pn_container_list)which))
                pn_validate_add(v, PN_AT(at, "name"), PN_VALIDATE_DUPLICATE,
                                "another container is named \"%.*s\" too", PN_STR_ARG(name));
            if (which == PN_EPHEMERAL_CONTAINERS)
                walk_target(v, at, pn_value_at(list, i));
        }
    }
}

void pn_validate_containers(struct pn_validate *v, const struct pn_at *spec)
{
    const struct pn_at *ephemeral = PN_AT(spec, "ephemeralContainers");
    if (pn_value_count(v->spec[PN_S_CONTAINERS]) == 0)
        pn_validate_add(v, PN_AT(spec, "containers"), PN_VALIDATE_REQUIRED,
                        "must have at least one");
    if (pn_value_count(v->spec[PN_S_EPHEMERAL_CONTAINERS]) > 0)
        pn_validate_add(v, ephemeral, PN_VALIDATE_FORBIDDEN, "must not be set on creation");
    for (unsigned which = PN_CONTAINERS; which < PN_COUNT_OF(lists); which++) {
        struct pn_value list = v->spec[lists[which].field];
        const struct pn_at *at = PN_AT(spec, lists[which].name);
        for (uint32_t i = 0; i < pn_value_count(list) && !v->done; i++)
            walk_container(v, PN_AT_ITEM(at, i), pn_value_at(list, i),
                           (enum pn_container_list)which);
    }
    if (v->done)
        return;
    walk_names(v, spec);
    pn_validate_host_ports(v, PN_AT(spec, "containers"));
}
