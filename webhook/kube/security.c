/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/security.h"

#include "base/cleanup.h"
#include "base/number.h"

/* ---- the checks ------------------------------------------------------------------------ */

static const struct {
    const char *id, *reason;
} checks[PN_SECURITY_CHECKS] = {
    [PN_SECURITY_APPARMOR] = {"appArmorProfile", "forbidden AppArmor profile"},
    [PN_SECURITY_CAPABILITIES_BASELINE] = {"capabilities_baseline", "non-default capabilities"},
    [PN_SECURITY_HOST_NAMESPACES] = {"hostNamespaces", "host namespaces"},
    [PN_SECURITY_HOST_PATH] = {"hostPathVolumes", "hostPath volumes"},
    [PN_SECURITY_HOST_PORTS] = {"hostPorts", "hostPort"},
    [PN_SECURITY_HOST_PROBES] = {"hostProbesAndHostLifecycle", "probe or lifecycle host"},
    [PN_SECURITY_PRIVILEGED_CONTAINERS] = {"privileged", "privileged"},
    [PN_SECURITY_PROC_MOUNT_BASELINE] = {"procMount", "procMount"},
    [PN_SECURITY_SE_LINUX] = {"seLinuxOptions", "seLinuxOptions"},
    [PN_SECURITY_SECCOMP_BASELINE] = {"seccompProfile_baseline", "seccompProfile"},
    [PN_SECURITY_SYSCTLS] = {"sysctls", "forbidden sysctls"},
    [PN_SECURITY_HOST_PROCESS] = {"windowsHostProcess", "hostProcess"},
    [PN_SECURITY_ESCALATION] = {"allowPrivilegeEscalation", "allowPrivilegeEscalation != false"},
    [PN_SECURITY_CAPABILITIES_RESTRICTED] = {"capabilities_restricted",
                                             "unrestricted capabilities"},
    [PN_SECURITY_PROC_MOUNT_RESTRICTED] = {"procMount_restricted", "procMount"},
    [PN_SECURITY_VOLUMES] = {"restrictedVolumes", "restricted volume types"},
    [PN_SECURITY_NON_ROOT] = {"runAsNonRoot", "runAsNonRoot != true"},
    [PN_SECURITY_RUN_AS_USER] = {"runAsUser", "runAsUser=0"},
    [PN_SECURITY_SECCOMP_RESTRICTED] = {"seccompProfile_restricted", "seccompProfile"},
};

#define BIT(check) (UINT32_C(1) << (check))

uint32_t pn_security_checks(enum pn_security_level level)
{
    const uint32_t baseline = BIT(PN_SECURITY_ESCALATION) - 1;
    const uint32_t replaced = BIT(PN_SECURITY_CAPABILITIES_BASELINE) | BIT(PN_SECURITY_HOST_PATH) |
                              BIT(PN_SECURITY_PROC_MOUNT_BASELINE) |
                              BIT(PN_SECURITY_SECCOMP_BASELINE);
    if (level == PN_SECURITY_RESTRICTED)
        return (BIT(PN_SECURITY_CHECKS) - 1) & ~replaced;
    return level == PN_SECURITY_BASELINE ? baseline : 0;
}

enum pn_security_level pn_security_level_of(const struct pn_security *security)
{
    if ((security->failed & pn_security_checks(PN_SECURITY_RESTRICTED)) == 0)
        return PN_SECURITY_RESTRICTED;
    return (security->failed & pn_security_checks(PN_SECURITY_BASELINE)) == 0
               ? PN_SECURITY_BASELINE
               : PN_SECURITY_PRIVILEGED;
}

const char *pn_security_level_name(enum pn_security_level level)
{
    static const char *const names[] = {"privileged", "baseline", "restricted"};
    return names[level];
}

const char *pn_security_check_id(enum pn_security_check check)
{
    return checks[check].id;
}

const char *pn_security_reason(const struct pn_security *security, enum pn_security_check check)
{
    if (check == PN_SECURITY_APPARMOR && security->several_profiles)
        return "forbidden AppArmor profiles";
    return checks[check].reason;
}

/* ---- the walk -------------------------------------------------------------------------- */

struct walk {
    struct pn_security *ret;
    struct pn_value spec;
    bool windows, host_network;
    bool own_users;         /* hostUsers false: root within is nobody outside */
    bool non_root, seccomp; /* the Pod's context says so for all containers */
    struct pn_str apparmor; /* the first forbidden type; s == NULL: none */
};

static void fail(struct walk *w, enum pn_security_check check, struct pn_str culprit)
{
    if ((w->ret->failed & BIT(check)) == 0)
        w->ret->culprits[check] = culprit;
    w->ret->failed |= BIT(check);
}

static void fail_if(struct walk *w, bool failed, enum pn_security_check check,
                    struct pn_str culprit)
{
    if (failed)
        fail(w, check, culprit);
}

static bool is_true(struct pn_value v)
{
    return v.kind == PN_BOOL && v.b;
}

static bool is_false(struct pn_value v)
{
    return v.kind == PN_BOOL && !v.b;
}

/* Also of an integer that was kept as it was written. */
static bool read_int(int64_t *ret, struct pn_value v)
{
    if (v.kind == PN_INT)
        *ret = v.i;
    return v.kind == PN_INT || (v.kind == PN_RAW && pn_number_read_int(ret, pn_value_str(v)));
}

static bool is_other_than_zero(struct pn_value v)
{
    int64_t i = 0;
    return read_int(&i, v) && i != 0;
}

static bool is_any(struct pn_value text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (pn_value_is_string(text, words[i]))
            return true;
    }
    return false;
}

/* ---- contexts: the Pod's, and those of containers -------------------------------------- */

/* One more forbidden profile; the plugin counts different types, and annotations. */
static void forbid_apparmor(struct walk *w, struct pn_str type, struct pn_str culprit)
{
    if (w->apparmor.s != NULL && !pn_str_eq(w->apparmor, type))
        w->ret->several_profiles = true;
    if (w->apparmor.s == NULL)
        w->apparmor = type.s != NULL ? type : PN_STR("");
    fail(w, PN_SECURITY_APPARMOR, culprit);
}

/* What is judged alike in both kinds of contexts. */
static void judge_context(struct walk *w, struct pn_value context, struct pn_str culprit)
{
    static const char *const types[] = {"", "container_t", "container_init_t", "container_kvm_t",
                                        "container_engine_t"};
    struct pn_value se = PN_GET(context, "seLinuxOptions");
    struct pn_value type = PN_GET(se, "type");
    struct pn_value apparmor = PN_GET(context, "appArmorProfile");
    struct pn_value windows = PN_GET(context, "windowsOptions");
    int64_t user = 0;
    fail_if(w, type.kind == PN_STRING && !is_any(type, types, PN_COUNT_OF(types)),
            PN_SECURITY_SE_LINUX, culprit);
    fail_if(w, pn_value_str(PN_GET(se, "user")).n > 0 || pn_value_str(PN_GET(se, "role")).n > 0,
            PN_SECURITY_SE_LINUX, culprit);
    fail_if(w, read_int(&user, PN_GET(context, "runAsUser")) && user == 0 && !w->own_users,
            PN_SECURITY_RUN_AS_USER, culprit);
    fail_if(w, is_true(PN_GET(windows, "hostProcess")), PN_SECURITY_HOST_PROCESS, culprit);
    if (apparmor.kind == PN_OBJECT &&
        !pn_value_is_string(PN_GET(apparmor, "type"), "RuntimeDefault") &&
        !pn_value_is_string(PN_GET(apparmor, "type"), "Localhost"))
        forbid_apparmor(w, pn_value_str(PN_GET(apparmor, "type")), culprit);
}

/* The profile is there and one of those that are allowed; false and a failure: it is another. */
static bool judge_seccomp(struct walk *w, struct pn_value context, struct pn_str culprit)
{
    struct pn_value profile = PN_GET(context, "seccompProfile");
    struct pn_value type = PN_GET(profile, "type");
    if (profile.kind != PN_OBJECT)
        return false;
    if (pn_value_is_string(type, "RuntimeDefault") || pn_value_is_string(type, "Localhost"))
        return true;
    fail(w, PN_SECURITY_SECCOMP_BASELINE, culprit);
    fail_if(w, !w->windows, PN_SECURITY_SECCOMP_RESTRICTED, culprit);
    return false;
}

static void judge_capabilities(struct walk *w, struct pn_value capabilities, struct pn_str name)
{
    static const char *const ordinary[] = {
        "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",       "MKNOD",
        "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT",
    };
    struct pn_value add = PN_GET(capabilities, "add"), drop = PN_GET(capabilities, "drop");
    bool drops_all = false;
    for (uint32_t i = 0; add.kind == PN_ARRAY && i < pn_value_count(add); i++) {
        struct pn_value one = pn_value_at(add, i);
        fail_if(w, !is_any(one, ordinary, PN_COUNT_OF(ordinary)), PN_SECURITY_CAPABILITIES_BASELINE,
                name);
        fail_if(w, !pn_value_is_string(one, "NET_BIND_SERVICE") && !w->windows,
                PN_SECURITY_CAPABILITIES_RESTRICTED, name);
    }
    for (uint32_t i = 0; drop.kind == PN_ARRAY && i < pn_value_count(drop); i++)
        drops_all = drops_all || pn_value_is_string(pn_value_at(drop, i), "ALL");
    fail_if(w, !drops_all && !w->windows, PN_SECURITY_CAPABILITIES_RESTRICTED, name);
}

static void judge_container_context(struct walk *w, struct pn_value context, struct pn_str name)
{
    struct pn_value non_root = PN_GET(context, "runAsNonRoot");
    struct pn_value proc_mount = PN_GET(context, "procMount");
    bool unmasked = proc_mount.kind == PN_STRING && !pn_value_is_string(proc_mount, "Default");
    bool has_seccomp = PN_GET(context, "seccompProfile").kind == PN_OBJECT;
    judge_context(w, context, name);
    judge_seccomp(w, context, name);
    judge_capabilities(w, PN_GET(context, "capabilities"), name);
    fail_if(w, !has_seccomp && !w->seccomp && !w->windows, PN_SECURITY_SECCOMP_RESTRICTED, name);
    fail_if(w, is_true(PN_GET(context, "privileged")), PN_SECURITY_PRIVILEGED_CONTAINERS, name);
    fail_if(w, !is_false(PN_GET(context, "allowPrivilegeEscalation")) && !w->windows,
            PN_SECURITY_ESCALATION, name);
    fail_if(w, unmasked && !w->own_users, PN_SECURITY_PROC_MOUNT_BASELINE, name);
    fail_if(w, unmasked, PN_SECURITY_PROC_MOUNT_RESTRICTED, name);
    if (!w->own_users && !is_true(non_root))
        fail_if(w, is_false(non_root) || !w->non_root, PN_SECURITY_NON_ROOT, name);
}

/* ---- containers ------------------------------------------------------------------------ */

/* A probe or a handler speaks to another host than the Pod. */
static bool names_host(struct pn_value handler)
{
    return pn_value_str(PN_GET(PN_GET(handler, "httpGet"), "host")).n > 0 ||
           pn_value_str(PN_GET(PN_GET(handler, "tcpSocket"), "host")).n > 0;
}

static void judge_ports(struct walk *w, struct pn_value ports, bool defaulted, struct pn_str name)
{
    for (uint32_t i = 0; ports.kind == PN_ARRAY && i < pn_value_count(ports); i++) {
        struct pn_value port = pn_value_at(ports, i);
        bool on_host = is_other_than_zero(PN_GET(port, "hostPort")) ||
                       (defaulted && is_other_than_zero(PN_GET(port, "containerPort")));
        fail_if(w, on_host, PN_SECURITY_HOST_PORTS, name);
    }
}

static void judge_container(struct walk *w, struct pn_value container, bool ephemeral)
{
    struct pn_str name = pn_value_str(PN_GET(container, "name"));
    struct pn_value ports = PN_GET(container, "ports"), lifecycle = PN_GET(container, "lifecycle");
    judge_container_context(w, PN_GET(container, "securityContext"), name);
    judge_ports(w, ports, w->host_network && !ephemeral, name);
    fail_if(w,
            names_host(PN_GET(container, "livenessProbe")) ||
                names_host(PN_GET(container, "readinessProbe")) ||
                names_host(PN_GET(container, "startupProbe")) ||
                names_host(PN_GET(lifecycle, "postStart")) ||
                names_host(PN_GET(lifecycle, "preStop")),
            PN_SECURITY_HOST_PROBES, name);
}

static void judge_containers(struct walk *w, struct pn_value list, bool ephemeral)
{
    for (uint32_t i = 0; list.kind == PN_ARRAY && i < pn_value_count(list); i++)
        judge_container(w, pn_value_at(list, i), ephemeral);
}

/* ---- volumes --------------------------------------------------------------------------- */

static bool has_any(struct pn_value volume, const char *const *sources, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (pn_value_get(volume, pn_str_of(sources[i])).kind == PN_OBJECT)
            return true;
    }
    return false;
}

static void judge_volumes(struct walk *w, struct pn_value list)
{
    static const char *const allowed[] = {
        "emptyDir",  "configMap", "projected",   "secret", "persistentVolumeClaim",
        "ephemeral", "csi",       "downwardAPI", "image",
    };
    static const char *const others[] = {
        "hostPath",
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "gitRepo",
        "nfs",
        "iscsi",
        "glusterfs",
        "rbd",
        "flexVolume",
        "cinder",
        "cephfs",
        "flocker",
        "fc",
        "azureFile",
        "vsphereVolume",
        "quobyte",
        "azureDisk",
        "portworxVolume",
        "photonPersistentDisk",
        "scaleIO",
        "storageos",
    };
    for (uint32_t i = 0; list.kind == PN_ARRAY && i < pn_value_count(list); i++) {
        struct pn_value volume = pn_value_at(list, i);
        struct pn_str name = pn_value_str(PN_GET(volume, "name"));
        fail_if(w, PN_GET(volume, "hostPath").kind == PN_OBJECT, PN_SECURITY_HOST_PATH, name);
        fail_if(w,
                !has_any(volume, allowed, PN_COUNT_OF(allowed)) &&
                    has_any(volume, others, PN_COUNT_OF(others)),
                PN_SECURITY_VOLUMES, name);
    }
}

/* ---- the Pod --------------------------------------------------------------------------- */

static void judge_sysctls(struct walk *w, struct pn_value list)
{
    static const char *const safe[] = {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    };
    for (uint32_t i = 0; list.kind == PN_ARRAY && i < pn_value_count(list); i++)
        fail_if(w, !is_any(PN_GET(pn_value_at(list, i), "name"), safe, PN_COUNT_OF(safe)),
                PN_SECURITY_SYSCTLS, PN_STR_NULL);
}

/* Each annotation is a profile of its own to the plugin, whatever it says. */
static void judge_annotations(struct walk *w, struct pn_value annotations)
{
    static const struct pn_str prefix = PN_STR_INIT(
        "container.apparmor.security.beta.kubernetes.io/");
    for (uint32_t i = 0; annotations.kind == PN_OBJECT && i < pn_value_count(annotations); i++) {
        const struct pn_member *m = pn_value_member(annotations, i);
        struct pn_str profile = pn_value_str(m->value);
        if (!pn_str_has_prefix(m->key, prefix) || profile.n == 0 ||
            pn_str_is(profile, "runtime/default") ||
            pn_str_has_prefix(profile, PN_STR("localhost/")))
            continue;
        forbid_apparmor(w, m->key, (struct pn_str){m->key.s + prefix.n, m->key.n - prefix.n});
    }
}

static void judge_pod(struct walk *w)
{
    struct pn_value spec = w->spec, context = PN_GET(spec, "securityContext");
    struct pn_value non_root = PN_GET(context, "runAsNonRoot");
    w->windows = pn_value_is_string(PN_GET(PN_GET(spec, "os"), "name"), "windows");
    w->own_users = is_false(PN_GET(spec, "hostUsers"));
    w->host_network = is_true(PN_GET(spec, "hostNetwork"));
    w->non_root = is_true(non_root);
    fail_if(w,
            w->host_network || is_true(PN_GET(spec, "hostPID")) || is_true(PN_GET(spec, "hostIPC")),
            PN_SECURITY_HOST_NAMESPACES, PN_STR_NULL);
    judge_context(w, context, PN_STR_NULL);
    w->seccomp = judge_seccomp(w, context, PN_STR_NULL);
    fail_if(w, is_false(non_root) && !w->own_users, PN_SECURITY_NON_ROOT, PN_STR_NULL);
    judge_sysctls(w, PN_GET(context, "sysctls"));
    judge_volumes(w, PN_GET(spec, "volumes"));
}

void pn_security_judge(struct pn_security *ret, struct pn_value metadata, struct pn_value spec)
{
    *ret = (struct pn_security){0};
    struct walk w = {.ret = ret, .spec = spec};
    judge_pod(&w);
    judge_containers(&w, PN_GET(spec, "initContainers"), false);
    judge_containers(&w, PN_GET(spec, "containers"), false);
    judge_containers(&w, PN_GET(spec, "ephemeralContainers"), true);
    judge_annotations(&w, PN_GET(metadata, "annotations"));
}
