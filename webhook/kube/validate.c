/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "kube/validate_walk.h"

const char *pn_validate_type_name(enum pn_validate_type type)
{
    switch (type) {
    case PN_VALIDATE_REQUIRED:
        return "FieldValueRequired";
    case PN_VALIDATE_INVALID:
        return "FieldValueInvalid";
    case PN_VALIDATE_DUPLICATE:
        return "FieldValueDuplicate";
    case PN_VALIDATE_NOT_FOUND:
        return "FieldValueNotFound";
    case PN_VALIDATE_NOT_SUPPORTED:
        return "FieldValueNotSupported";
    case PN_VALIDATE_FORBIDDEN:
        return "FieldValueForbidden";
    case PN_VALIDATE_TOO_LONG:
        return "FieldValueTooLong";
    case PN_VALIDATE_TOO_MANY:
        return "FieldValueTooMany";
    case PN_VALIDATE_TYPE_INVALID:
        return "FieldValueTypeInvalid";
    }
    return "";
}

static const struct pn_field spec_fields[PN_S_FIELDS] = {
    [PN_S_VOLUMES] = PN_FIELD("volumes", LIST),
    [PN_S_INIT_CONTAINERS] = PN_FIELD("initContainers", LIST),
    [PN_S_CONTAINERS] = PN_FIELD("containers", LIST),
    [PN_S_EPHEMERAL_CONTAINERS] = PN_FIELD("ephemeralContainers", LIST),
    [PN_S_RESTART_POLICY] = PN_FIELD("restartPolicy", STRING),
    [PN_S_GRACE_SECONDS] = PN_FIELD("terminationGracePeriodSeconds", INT64),
    [PN_S_SERVICE_ACCOUNT_NAME] = PN_FIELD("serviceAccountName", STRING),
    [PN_S_SERVICE_ACCOUNT] = PN_FIELD("serviceAccount", STRING),
    [PN_S_HOST_NETWORK] = PN_FIELD("hostNetwork", BOOL),
    [PN_S_HOST_PID] = PN_FIELD("hostPID", BOOL),
    [PN_S_HOST_IPC] = PN_FIELD("hostIPC", BOOL),
    [PN_S_SHARE_PROCESS_NAMESPACE] = PN_FIELD("shareProcessNamespace", BOOL),
    [PN_S_SECURITY] = PN_FIELD("securityContext", OBJECT),
    [PN_S_OS] = PN_FIELD("os", OBJECT),
    [PN_S_HOST_USERS] = PN_FIELD("hostUsers", BOOL),
    [PN_S_CLAIMS] = PN_FIELD("resourceClaims", LIST),
    [PN_S_RESOURCES] = PN_FIELD("resources", OBJECT),
};

/* terminationGracePeriodSeconds, when nothing is said (SetDefaults_PodSpec). */
enum { GRACE_SECONDS = 30 };

static void walk_metadata(struct pn_validate *v, struct pn_value metadata)
{
    static const struct pn_field rows[] = {
        PN_FIELD("name", STRING),
        PN_FIELD("labels", OBJECT),
        PN_FIELD("annotations", OBJECT),
    };
    const struct pn_at *at = PN_AT(NULL, "metadata");
    struct pn_value f[PN_COUNT_OF(rows)] = {{0}};
    PN_PICK(v, at, metadata, rows, f);
    v->pod_name = pn_value_str(f[0]);
    v->annotations = f[2];
    pn_validate_labels(v, PN_AT(at, "labels"), f[1]);
    pn_validate_annotations(v, PN_AT(at, "annotations"), f[2]);
    pn_validate_known_annotations(v, PN_AT(at, "annotations"));
}

/* What other rules ask of the Pod as a whole (validateOS, validateRestartPolicy). */
static void read_facts(struct pn_validate *v, const struct pn_at *spec)
{
    const struct pn_value *s = v->spec;
    struct pn_str policy = pn_value_str(s[PN_S_RESTART_POLICY]);
    const struct pn_at *os = PN_AT(spec, "os");
    struct pn_str name = pn_value_str(pn_validate_one(v, os, s[PN_S_OS], "name", PN_FIELD_STRING));
    v->host_network = pn_field_true(s[PN_S_HOST_NETWORK]);
    v->host_users = s[PN_S_HOST_USERS].kind == PN_ABSENT || s[PN_S_HOST_USERS].b;
    v->restarts_never = pn_str_is(policy, "Never");
    v->grace_seconds = s[PN_S_GRACE_SECONDS].kind == PN_INT ? s[PN_S_GRACE_SECONDS].i
                                                            : GRACE_SECONDS;
    if (v->grace_seconds < 0) /* the API server reads 1 */
        v->grace_seconds = 1;
    v->host_process = PN_GET(PN_GET(s[PN_S_SECURITY], "windowsOptions"), "hostProcess");
    v->windows_os = pn_str_is(name, "windows");
    v->linux_os = pn_str_is(name, "linux");
    if (policy.n > 0)
        pn_validate_choice(v, PN_AT(spec, "restartPolicy"), policy, "Always,OnFailure,Never");
    if (s[PN_S_OS].kind == PN_ABSENT)
        return;
    if (name.n == 0)
        pn_validate_require(v, PN_AT(os, "name"), name);
    else
        pn_validate_choice(v, os, name, "linux,windows");
}

static void walk_spec(struct pn_validate *v, struct pn_value spec)
{
    const struct pn_at *at = PN_AT(NULL, "spec");
    PN_PICK(v, at, spec, spec_fields, v->spec);
    read_facts(v, at);
    pn_validate_volumes(v, PN_AT(at, "volumes"));
    pn_validate_claims(v, PN_AT(at, "resourceClaims"));
    pn_validate_containers(v, at);
    pn_validate_pod_resources(v, PN_AT(at, "resources"));
    pn_validate_pod_security(v, at);
    pn_validate_pod_profile(v, PN_AT(at, "securityContext"));
    pn_validate_annotated_containers(v);
}

int pn_validate_pod(struct pn_validate_errors *ret, struct pn_value metadata, struct pn_value spec,
                    enum pn_validate_mode mode, struct pn_arena *a)
{
    struct pn_validate v = {.arena = a, .first_only = mode == PN_VALIDATE_FIRST};
    v.volumes.names = pn_names_start(&v, PN_NAMES_VOLUMES);
    v.claims = pn_names_start(&v, PN_NAMES_CLAIMS);
    v.containers = pn_names_start(&v, PN_NAMES_CONTAINERS);
    v.host_ports = pn_names_start(&v, PN_NAMES_HOST_PORTS);
    walk_metadata(&v, metadata);
    if (!v.done)
        walk_spec(&v, spec);
    if (v.failed)
        return -ENOMEM;
    *ret = (struct pn_validate_errors){v.errors, v.count, v.found - v.count};
    return 0;
}
