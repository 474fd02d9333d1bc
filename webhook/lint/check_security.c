/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/security.h"
#include "lint/image.h"
#include "lint/model.h"
#include "lint/words.h"

/* Where to say that something is missing: the security context, or else the name. */
static struct pn_place place_of(const struct pn_lint_container *c)
{
    const struct pn_trace *context = pn_trace_get(c->trace, "securityContext");
    const struct pn_trace *name = pn_trace_get(c->trace, "name");
    if (context != NULL && context->at.node != NULL)
        return context->at;
    return name != NULL && name->at.node != NULL ? name->at : c->trace->at;
}

/* ---- one container --------------------------------------------------------------------- */

static void check_privileged(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *privileged = pn_trace_path(c->trace, "securityContext.privileged");
    if (!pn_trace_is_bool(privileged, true))
        return;
    pn_lint_report(l, PN_RULE_PRIVILEGED, privileged->at,
                   "`%.*s` is privileged: it is root on the node, next to each Pod that gets it",
                   PN_STR_ARG(c->name));
    pn_lint_help(l, "add the capabilities that it needs, or run it as a DaemonSet");
}

static void check_escalation(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *allowed = pn_trace_path(c->trace,
                                                   "securityContext.allowPrivilegeEscalation");
    if (allowed != NULL && !pn_trace_is_bool(allowed, true))
        return;
    pn_lint_report(l, PN_RULE_PRIVILEGE_ESCALATION, allowed != NULL ? allowed->at : place_of(c),
                   "`%.*s` may gain privileges by a setuid program", PN_STR_ARG(c->name));
    pn_lint_note(l, "a namespace of level restricted would refuse each Pod that gets it");
    pn_lint_help(l, "securityContext: {allowPrivilegeEscalation: false}");
}

static void check_user(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *user = pn_trace_path(c->trace, "securityContext.runAsUser");
    const struct pn_trace *not_root = pn_trace_path(c->trace, "securityContext.runAsNonRoot");
    int64_t id;
    if (pn_trace_int(&id, user) && id == 0) {
        pn_lint_report(l, PN_RULE_MAY_RUN_AS_ROOT, user->at, "`%.*s` runs as root",
                       PN_STR_ARG(c->name));
        pn_lint_help(l, "run it as another user, with runAsNonRoot: true");
    } else if (pn_trace_is_unset(user) && pn_trace_is_unset(not_root)) {
        pn_lint_report(l, PN_RULE_MAY_RUN_AS_ROOT, place_of(c),
                       "`%.*s` runs as root where its image and the Pod do not say otherwise",
                       PN_STR_ARG(c->name));
        pn_lint_weigh(l, PN_RULE_MAY_RUN_AS_ROOT, PN_SEVERITY_INFO);
        pn_lint_help(l, "securityContext: {runAsNonRoot: true}, and a runAsUser if the image has "
                        "none");
    }
}

/* Those that make a container the node's root, or let it see what others do. */
static const char *const powerful[] = {
    "ALL", "SYS_ADMIN", "SYS_MODULE",      "SYS_PTRACE", "SYS_RAWIO",   "SYS_BOOT",
    "BPF", "PERFMON",   "DAC_READ_SEARCH", "MAC_ADMIN",  "MAC_OVERRIDE"};

static void check_added(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *add = pn_trace_path(c->trace, "securityContext.capabilities.add");
    for (uint32_t i = 0; i < pn_trace_count(add); i++) {
        const struct pn_trace *item = pn_trace_item(add, i);
        struct pn_str name = pn_trace_str(item);
        /* The one that level restricted allows. */
        if (name.n == 0 || pn_str_is(name, "NET_BIND_SERVICE"))
            continue;
        pn_lint_report(l, PN_RULE_ADDED_CAPABILITY, item->at, "`%.*s` gets capability %.*s",
                       PN_STR_ARG(c->name), PN_STR_ARG(name));
        for (size_t k = 0; k < PN_COUNT_OF(powerful); k++) {
            if (pn_str_is(name, powerful[k]))
                pn_lint_weigh(l, PN_RULE_ADDED_CAPABILITY, PN_SEVERITY_ERROR);
        }
        pn_lint_note(l, "a namespace of level restricted would refuse each Pod that gets it");
    }
}

static bool drops_all(const struct pn_trace *drop)
{
    bool found = drop != NULL && (drop->kind == PN_TRACE_UNKNOWN || drop->open);
    for (uint32_t i = 0; i < pn_trace_count(drop); i++)
        found = found || pn_str_is(pn_trace_str(pn_trace_item(drop, i)), "ALL");
    return found;
}

static void check_hardening(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *root = pn_trace_path(c->trace, "securityContext.readOnlyRootFilesystem");
    const struct pn_trace *seccomp = pn_trace_path(c->trace, "securityContext.seccompProfile");
    if (root == NULL || pn_trace_is_bool(root, false)) {
        pn_lint_report(l, PN_RULE_WRITABLE_ROOT, root != NULL ? root->at : place_of(c),
                       "`%.*s` may write to its image's files", PN_STR_ARG(c->name));
        pn_lint_help(l, "securityContext: {readOnlyRootFilesystem: true}, and an emptyDir where it "
                        "writes");
    }
    if (!drops_all(pn_trace_path(c->trace, "securityContext.capabilities.drop"))) {
        pn_lint_report(l, PN_RULE_CAPABILITIES_NOT_DROPPED, place_of(c),
                       "`%.*s` keeps the capabilities that the runtime gives", PN_STR_ARG(c->name));
        pn_lint_help(l, "securityContext: {capabilities: {drop: [ALL]}}");
    }
    if (seccomp == NULL) {
        pn_lint_report(l, PN_RULE_NO_SECCOMP_PROFILE, place_of(c),
                       "`%.*s` states no seccomp profile", PN_STR_ARG(c->name));
        pn_lint_help(l, "securityContext: {seccompProfile: {type: RuntimeDefault}}");
    }
}

static void check_host_ports(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *ports = pn_trace_get(c->trace, "ports");
    for (uint32_t i = 0; i < pn_trace_count(ports); i++) {
        const struct pn_trace *port = pn_trace_get(pn_trace_item(ports, i), "hostPort");
        int64_t number;
        if (!pn_trace_int(&number, port) || number == 0)
            continue;
        pn_lint_report(l, PN_RULE_HOST_PORT, port->at,
                       "`%.*s` takes port %lld of the node: one Pod that gets it fits on a node",
                       PN_STR_ARG(c->name), (long long)number);
        pn_lint_help(l, "remove hostPort; a Service reaches the Pod without it");
    }
}

static void check_docker(struct pn_lint *l, const struct pn_lint_container *c)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf words = PN_BUF_INIT;
    const struct pn_trace *image = pn_trace_get(c->trace, "image");
    const struct pn_trace *command = pn_trace_get(c->trace, "command");
    struct pn_image parts = pn_image_parse(pn_trace_str(image));
    bool is_image = pn_str_is(pn_image_name(parts.repository), "docker") &&
                    pn_str_contains(parts.tag, PN_STR("dind"));
    pn_words_join(&words, command);
    l->out_of_memory = l->out_of_memory || words.failed;
    bool is_command = pn_words_hold(pn_buf_view(&words), "dockerd");
    if (!is_image && !is_command)
        return;
    pn_lint_report(l, PN_RULE_DOCKER_IN_DOCKER, is_image ? image->at : command->at,
                   "`%.*s` runs a Docker daemon in the Pod, which has to be privileged",
                   PN_STR_ARG(c->name));
    pn_lint_help(l, "build images with a tool that needs no daemon (BuildKit rootless, Buildah)");
}

/* ---- what Pod Security refuses beside --------------------------------------------------- */

/* The others have rules of their own, which point at the value. */
static const enum pn_security_check checks[] = {
    PN_SECURITY_APPARMOR, PN_SECURITY_HOST_PROBES,      PN_SECURITY_PROC_MOUNT_BASELINE,
    PN_SECURITY_SE_LINUX, PN_SECURITY_SECCOMP_BASELINE, PN_SECURITY_HOST_PROCESS,
};

static const struct pn_lint_container *find_container(const struct pn_lint_injection *in,
                                                      struct pn_str name)
{
    for (size_t i = 0; i < in->container_count; i++) {
        if (pn_str_eq(in->containers[i].name, name))
            return &in->containers[i];
    }
    return NULL;
}

static void check_baseline(struct pn_lint *l, const struct pn_lint_injection *in)
{
    struct pn_value spec, metadata;
    struct pn_security security;
    bool whole = true;
    if (pn_trace_value(&spec, &whole, pn_trace_get(in->pod, "spec"), l->arena) != 0 ||
        pn_trace_value(&metadata, &whole, pn_trace_get(in->pod, "metadata"), l->arena) != 0) {
        l->out_of_memory = true;
        return;
    }
    pn_security_judge(&security, metadata, spec);
    for (size_t i = 0; i < PN_COUNT_OF(checks); i++) {
        if ((security.failed & (UINT32_C(1) << checks[i])) == 0)
            continue;
        const struct pn_lint_container *c = find_container(in, security.culprits[checks[i]]);
        const struct pn_place at = c != NULL ? place_of(c) : in->pod->at;
        pn_lint_report(l, PN_RULE_BREAKS_BASELINE, at,
                       "`%.*s` is refused in namespaces of level baseline: Pod Security says %s",
                       PN_STR_ARG(security.culprits[checks[i]]),
                       pn_security_reason(&security, checks[i]));
        pn_lint_note(l, "each Pod that gets it would be refused there");
    }
}

void pn_lint_check_security(struct pn_lint *l, const struct pn_lint_injection *in)
{
    for (size_t i = 0; i < in->container_count; i++) {
        const struct pn_lint_container *c = &in->containers[i];
        check_privileged(l, c);
        check_escalation(l, c);
        check_user(l, c);
        check_added(l, c);
        check_hardening(l, c);
        check_host_ports(l, c);
        check_docker(l, c);
    }
    if (in->pod != NULL)
        check_baseline(l, in);
}
