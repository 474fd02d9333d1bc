/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/validate_walk.h"

enum {
    CAPABILITIES,
    PRIVILEGED,
    SE_LINUX_OPTIONS,
    WINDOWS_OPTIONS,
    RUN_AS_USER,
    RUN_AS_GROUP,
    RUN_AS_NON_ROOT,
    READ_ONLY_ROOT,
    ESCALATION,
    PROC_MOUNT,
    SECCOMP,
    APPARMOR,
    FIELDS,
};

static const struct pn_field context_fields[FIELDS] = {
    [CAPABILITIES] = PN_FIELD("capabilities", OBJECT),
    [PRIVILEGED] = PN_FIELD("privileged", BOOL),
    [SE_LINUX_OPTIONS] = PN_FIELD("seLinuxOptions", OBJECT),
    [WINDOWS_OPTIONS] = PN_FIELD("windowsOptions", OBJECT),
    [RUN_AS_USER] = PN_FIELD("runAsUser", INT64),
    [RUN_AS_GROUP] = PN_FIELD("runAsGroup", INT64),
    [RUN_AS_NON_ROOT] = PN_FIELD("runAsNonRoot", BOOL),
    [READ_ONLY_ROOT] = PN_FIELD("readOnlyRootFilesystem", BOOL),
    [ESCALATION] = PN_FIELD("allowPrivilegeEscalation", BOOL),
    [PROC_MOUNT] = PN_FIELD("procMount", STRING),
    [SECCOMP] = PN_FIELD("seccompProfile", OBJECT),
    [APPARMOR] = PN_FIELD("appArmorProfile", OBJECT),
};

/* ---- profiles -------------------------------------------------------------------------- */

static const struct pn_field profile_fields[] = {
    PN_FIELD("type", STRING),
    PN_FIELD("localhostProfile", STRING),
};

/* The type, and that a file is named for Localhost alone; true: it is Localhost, with a file. */
static bool walk_profile_type(struct pn_validate *v, const struct pn_at *at,
                              const struct pn_value *f)
{
    struct pn_str type = pn_value_str(f[0]);
    const struct pn_at *file = PN_AT(at, "localhostProfile");
    bool given = f[1].kind == PN_STRING;
    if (pn_str_is(type, "Localhost")) {
        if (!given)
            pn_validate_add(v, file, PN_VALIDATE_REQUIRED, "must be given for type Localhost");
        return given;
    }
    if (type.n == 0)
        pn_validate_require(v, PN_AT(at, "type"), type);
    else
        pn_validate_choice(v, PN_AT(at, "type"), type, "Localhost,RuntimeDefault,Unconfined");
    return false;
}

/* Beside another type than Localhost; AppArmor's rule says so of the types it knows alone. */
static void forbid_file(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f,
                        bool of_known_types)
{
    struct pn_str type = pn_value_str(f[0]);
    bool known = pn_str_is(type, "RuntimeDefault") || pn_str_is(type, "Unconfined");
    if (f[1].kind == PN_STRING && !pn_str_is(type, "Localhost") && (known || !of_known_types))
        pn_validate_add(v, PN_AT(at, "localhostProfile"), PN_VALIDATE_INVALID,
                        "must not be given without type Localhost");
}

/* validateSeccompProfileField. */
static void walk_seccomp(struct pn_validate *v, const struct pn_at *at, struct pn_value profile)
{
    struct pn_value f[PN_COUNT_OF(profile_fields)] = {{0}};
    if (profile.kind != PN_OBJECT)
        return;
    PN_PICK(v, at, profile, profile_fields, f);
    if (walk_profile_type(v, at, f))
        pn_validate_descending(v, PN_AT(at, "localhostProfile"), pn_value_str(f[1]));
    forbid_file(v, at, f, false);
}

/* ValidateAppArmorProfileField. */
static void walk_apparmor(struct pn_validate *v, const struct pn_at *at, struct pn_value profile)
{
    enum { PROFILE_MAX_BYTES = 4095 };
    struct pn_value f[PN_COUNT_OF(profile_fields)] = {{0}};
    const struct pn_at *file = PN_AT(at, "localhostProfile");
    if (profile.kind != PN_OBJECT)
        return;
    PN_PICK(v, at, profile, profile_fields, f);
    forbid_file(v, at, f, true);
    if (!walk_profile_type(v, at, f))
        return;
    pn_validate_require(v, file, pn_value_str(f[1]));
    if (pn_validate_is_padded(pn_value_str(f[1])))
        pn_validate_add(v, file, PN_VALIDATE_INVALID, "must not begin or end with white space");
    if (pn_value_str(f[1]).n > PROFILE_MAX_BYTES)
        pn_validate_add(v, file, PN_VALIDATE_TOO_LONG, "must have at most %d bytes",
                        PROFILE_MAX_BYTES);
}

/* ---- a container's context ------------------------------------------------------------- */

static void walk_id(struct pn_validate *v, const struct pn_at *at, struct pn_value id)
{
    if (id.kind == PN_INT)
        pn_validate_range(v, at, id.i, 0, INT32_MAX);
}

/* `forbidden` are rows of `rows` that the Pod's system knows nothing of. */
static void forbid_fields(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f,
                          const struct pn_field *rows, const uint8_t *forbidden, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (f[forbidden[i]].kind != PN_ABSENT)
            pn_validate_add(v, PN_AT(at, rows[forbidden[i]].name), PN_VALIDATE_FORBIDDEN,
                            "must not be set for this spec.os.name");
    }
}

static void walk_escalation(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f)
{
    const struct pn_at *capabilities = PN_AT(at, "capabilities");
    struct pn_value add = pn_validate_one(v, capabilities, f[CAPABILITIES], "add", PN_FIELD_LIST);
    if (f[ESCALATION].kind != PN_BOOL || f[ESCALATION].b)
        return;
    if (pn_field_true(f[PRIVILEGED]))
        pn_validate_add(v, at, PN_VALIDATE_INVALID,
                        "must not be privileged with allowPrivilegeEscalation false");
    for (uint32_t i = 0; i < pn_value_count(add) && !v->done; i++) {
        if (pn_value_is_string(pn_value_at(add, i), "CAP_SYS_ADMIN"))
            pn_validate_add(v, at, PN_VALIDATE_INVALID,
                            "must not add CAP_SYS_ADMIN with allowPrivilegeEscalation false");
    }
}

/* validateWindowsHostProcessPod, of one container. */
static void walk_host_process(struct pn_validate *v, const struct pn_at *at,
                              struct pn_value options)
{
    const struct pn_at *place = PN_AT(at, "windowsOptions");
    struct pn_value own = pn_validate_one(v, place, options, "hostProcess", PN_FIELD_BOOL);
    if (own.kind == PN_BOOL && v->host_process.kind == PN_BOOL && own.b != v->host_process.b)
        pn_validate_add(v, PN_AT(place, "hostProcess"), PN_VALIDATE_INVALID,
                        "must be what the Pod's windowsOptions say");
    if (pn_field_true(own.kind == PN_BOOL ? own : v->host_process))
        v->host_processes++;
}

/* ValidateSecurityContext, and what validateWindows and validateLinux say of it. */
void pn_validate_security(struct pn_validate *v, const struct pn_at *container,
                          const struct pn_value *fields)
{
    static const uint8_t not_windows[] = {
        APPARMOR,   SE_LINUX_OPTIONS, SECCOMP,    CAPABILITIES, READ_ONLY_ROOT,
        PRIVILEGED, ESCALATION,       PROC_MOUNT, RUN_AS_USER,  RUN_AS_GROUP,
    };
    static const uint8_t not_linux[] = {WINDOWS_OPTIONS};
    struct pn_value f[FIELDS] = {{0}};
    const struct pn_at *at = PN_AT(container, "securityContext");
    PN_PICK(v, at, fields[PN_C_SECURITY], context_fields, f);
    walk_host_process(v, at, f[WINDOWS_OPTIONS]);
    if (v->annotates_apparmor || v->annotates_seccomp)
        pn_validate_profiles(v, at, pn_value_str(fields[PN_C_NAME]), fields[PN_C_SECURITY]);
    if (fields[PN_C_SECURITY].kind != PN_OBJECT)
        return;
    walk_id(v, PN_AT(at, "runAsUser"), f[RUN_AS_USER]);
    walk_id(v, PN_AT(at, "runAsGroup"), f[RUN_AS_GROUP]);
    if (f[PROC_MOUNT].kind == PN_STRING)
        pn_validate_choice(v, PN_AT(at, "procMount"), pn_value_str(f[PROC_MOUNT]),
                           "Default,Unmasked");
    if (pn_value_is_string(f[PROC_MOUNT], "Unmasked") && v->host_users)
        pn_validate_add(v, PN_AT(at, "procMount"), PN_VALIDATE_INVALID,
                        "must not be Unmasked unless hostUsers is false");
    walk_escalation(v, at, f);
    walk_seccomp(v, PN_AT(at, "seccompProfile"), f[SECCOMP]);
    walk_apparmor(v, PN_AT(at, "appArmorProfile"), f[APPARMOR]);
    if (v->windows_os)
        forbid_fields(v, at, f, context_fields, not_windows, sizeof not_windows);
    if (v->linux_os)
        forbid_fields(v, at, f, context_fields, not_linux, sizeof not_linux);
}

/* ---- the Pod's context ----------------------------------------------------------------- */

enum {
    P_SE_LINUX_OPTIONS,
    P_WINDOWS_OPTIONS,
    P_RUN_AS_USER,
    P_RUN_AS_GROUP,
    P_RUN_AS_NON_ROOT,
    P_GROUPS,
    P_GROUPS_POLICY,
    P_FS_GROUP,
    P_FS_GROUP_POLICY,
    P_SECCOMP,
    P_APPARMOR,
    P_FIELDS,
};

static const struct pn_field pod_fields[P_FIELDS] = {
    [P_SE_LINUX_OPTIONS] = PN_FIELD("seLinuxOptions", OBJECT),
    [P_WINDOWS_OPTIONS] = PN_FIELD("windowsOptions", OBJECT),
    [P_RUN_AS_USER] = PN_FIELD("runAsUser", INT64),
    [P_RUN_AS_GROUP] = PN_FIELD("runAsGroup", INT64),
    [P_RUN_AS_NON_ROOT] = PN_FIELD("runAsNonRoot", BOOL),
    [P_GROUPS] = PN_FIELD("supplementalGroups", LIST),
    [P_GROUPS_POLICY] = PN_FIELD("supplementalGroupsPolicy", STRING),
    [P_FS_GROUP] = PN_FIELD("fsGroup", INT64),
    [P_FS_GROUP_POLICY] = PN_FIELD("fsGroupChangePolicy", STRING),
    [P_SECCOMP] = PN_FIELD("seccompProfile", OBJECT),
    [P_APPARMOR] = PN_FIELD("appArmorProfile", OBJECT),
};

static void walk_groups(struct pn_validate *v, const struct pn_at *at, const struct pn_value *f)
{
    const struct pn_at *groups = PN_AT(at, "supplementalGroups");
    for (uint32_t i = 0; i < pn_value_count(f[P_GROUPS]) && !v->done; i++) {
        struct pn_value group = pn_value_at(f[P_GROUPS], i);
        if (group.kind == PN_INT)
            walk_id(v, PN_AT_ITEM(groups, i), group);
        else if (!pn_value_is_unset(group))
            pn_validate_add(v, PN_AT_ITEM(groups, i), PN_VALIDATE_TYPE_INVALID,
                            "must be an integer");
    }
    walk_id(v, PN_AT(at, "fsGroup"), f[P_FS_GROUP]);
    if (f[P_FS_GROUP_POLICY].kind == PN_STRING)
        pn_validate_choice(v, PN_AT(at, "fsGroupChangePolicy"), pn_value_str(f[P_FS_GROUP_POLICY]),
                           "Always,OnRootMismatch");
    if (f[P_GROUPS_POLICY].kind == PN_STRING)
        pn_validate_choice(v, PN_AT(at, "supplementalGroupsPolicy"),
                           pn_value_str(f[P_GROUPS_POLICY]), "Merge,Strict");
}

/* Of spec itself: host namespaces beside a user namespace, and on Windows. */
static void walk_namespaces(struct pn_validate *v, const struct pn_at *spec)
{
    static const struct {
        uint8_t field; /* of the spec */
        char name[22];
        char name_beside_users[12];
    } namespaces[] = {
        {PN_S_HOST_NETWORK, "", "hostNetwork"},
        {PN_S_HOST_PID, "hostPID", "HostPID"}, /* their spelling */
        {PN_S_HOST_IPC, "hostIPC", "HostIPC"},
        {PN_S_HOST_USERS, "hostUsers", ""},
        {PN_S_SHARE_PROCESS_NAMESPACE, "shareProcessNamespace", ""},
    };
    for (size_t i = 0; i < PN_COUNT_OF(namespaces); i++) {
        struct pn_value value = v->spec[namespaces[i].field];
        bool pointer = namespaces[i].name_beside_users[0] == '\0'; /* false is set too */
        if (value.kind != PN_BOOL || (!value.b && !pointer))
            continue;
        if (!pointer && !v->host_users)
            pn_validate_add(v, PN_AT(spec, namespaces[i].name_beside_users), PN_VALIDATE_FORBIDDEN,
                            "must not be set when hostUsers is false");
        if (namespaces[i].name[0] != '\0' && v->windows_os)
            pn_validate_add(v, PN_AT(spec, namespaces[i].name), PN_VALIDATE_FORBIDDEN,
                            "must not be set for a Windows Pod");
    }
}

static void walk_all_host_processes(struct pn_validate *v, const struct pn_at *spec)
{
    if (v->host_processes == 0)
        return;
    if (v->host_processes != v->containers.count)
        pn_validate_add(v, spec, PN_VALIDATE_INVALID,
                        "must have HostProcess containers only, if there is one");
    if (!v->host_network)
        pn_validate_add(v, PN_AT(spec, "hostNetwork"), PN_VALIDATE_INVALID,
                        "must be true for HostProcess containers");
}

void pn_validate_pod_security(struct pn_validate *v, const struct pn_at *spec)
{
    static const uint8_t not_windows[] = {
        P_APPARMOR,    P_SE_LINUX_OPTIONS, P_SECCOMP, P_FS_GROUP,      P_FS_GROUP_POLICY,
        P_RUN_AS_USER, P_RUN_AS_GROUP,     P_GROUPS,  P_GROUPS_POLICY,
    };
    static const uint8_t not_linux[] = {P_WINDOWS_OPTIONS};
    struct pn_value f[P_FIELDS] = {{0}};
    const struct pn_at *at = PN_AT(spec, "securityContext");
    PN_PICK(v, at, v->spec[PN_S_SECURITY], pod_fields, f);
    walk_id(v, PN_AT(at, "runAsUser"), f[P_RUN_AS_USER]);
    walk_id(v, PN_AT(at, "runAsGroup"), f[P_RUN_AS_GROUP]);
    walk_groups(v, at, f);
    walk_seccomp(v, PN_AT(at, "seccompProfile"), f[P_SECCOMP]);
    walk_apparmor(v, PN_AT(at, "appArmorProfile"), f[P_APPARMOR]);
    if (pn_field_true(v->spec[PN_S_SHARE_PROCESS_NAMESPACE]) &&
        pn_field_true(v->spec[PN_S_HOST_PID]))
        pn_validate_add(v, PN_AT(at, "shareProcessNamespace"), PN_VALIDATE_INVALID,
                        "must not be true beside hostPID");
    walk_namespaces(v, spec);
    walk_all_host_processes(v, spec);
    if (v->windows_os)
        forbid_fields(v, at, f, pod_fields, not_windows, sizeof not_windows);
    if (v->linux_os)
        forbid_fields(v, at, f, pod_fields, not_linux, sizeof not_linux);
}
