/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/level.h"

#include "base/err.h"
#include "base/limits.h"
#include "engine/fragment_check.h"
#include "kube/security.h"

const char *const pn_level_words[] = {"Privileged", "Baseline", "Restricted", NULL};

/* Of what may fail: the field that it hangs on, below securityContext of a container, and what to
 * write. */
static const struct {
    const char *path[2];
    const char *help;
} rules[PN_SECURITY_CHECKS] = {
    [PN_SECURITY_APPARMOR] = {{"appArmorProfile"},
                              "write appArmorProfile: {type: RuntimeDefault}; in an annotation, "
                              "runtime/default"},
    [PN_SECURITY_CAPABILITIES_BASELINE] = {{"capabilities"},
                                           "add what container runtimes give at most: AUDIT_WRITE, "
                                           "CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, "
                                           "NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, "
                                           "SYS_CHROOT"},
    [PN_SECURITY_HOST_PATH] = {{NULL}, "take another source than hostPath"},
    [PN_SECURITY_HOST_PORTS] = {{NULL}, "leave hostPort out"},
    [PN_SECURITY_HOST_PROBES] = {{NULL}, "leave host out: the Pod itself is asked"},
    [PN_SECURITY_PRIVILEGED_CONTAINERS] = {{"privileged"}, "leave privileged out"},
    [PN_SECURITY_PROC_MOUNT_BASELINE] = {{"procMount"}, "leave procMount out"},
    [PN_SECURITY_SE_LINUX] = {{"seLinuxOptions"},
                              "leave user and role out, and write type: container_t"},
    [PN_SECURITY_SECCOMP_BASELINE] = {{"seccompProfile"},
                                      "write seccompProfile: {type: RuntimeDefault}"},
    [PN_SECURITY_HOST_PROCESS] = {{"windowsOptions", "hostProcess"}, "leave hostProcess out"},
    [PN_SECURITY_ESCALATION] = {{"allowPrivilegeEscalation"},
                                "write securityContext: {allowPrivilegeEscalation: false}"},
    [PN_SECURITY_CAPABILITIES_RESTRICTED] = {{"capabilities"},
                                             "write securityContext: {capabilities: {drop: "
                                             "[ALL]}}, and add NET_BIND_SERVICE at most"},
    [PN_SECURITY_PROC_MOUNT_RESTRICTED] = {{"procMount"}, "leave procMount out"},
    [PN_SECURITY_VOLUMES] = {{NULL},
                             "take one of configMap, csi, downwardAPI, emptyDir, ephemeral, image, "
                             "persistentVolumeClaim, projected, secret"},
    [PN_SECURITY_NON_ROOT] = {{"runAsNonRoot"}, "write securityContext: {runAsNonRoot: true}"},
    [PN_SECURITY_RUN_AS_USER] = {{"runAsUser"}, "write any runAsUser but 0, or leave it out"},
    [PN_SECURITY_SECCOMP_RESTRICTED] = {{"seccompProfile"},
                                        "write securityContext: {seccompProfile: {type: "
                                        "RuntimeDefault}}"},
};

static enum pn_security_level level_of(const struct pn_template *t)
{
    return (enum pn_security_level)t->pod_security;
}

/* The checks of the declared level that fail. */
static uint32_t failing(const struct pn_template *t, const struct pn_security *security)
{
    return security->failed & pn_security_checks(level_of(t));
}

/* spec.os of a Pod, for Windows or for no system in particular. */
static int make_os(struct pn_value *ret, struct pn_arena *a, bool windows)
{
    struct pn_member name = {PN_STR("name"), pn_string(PN_STR("windows"))};
    *ret = PN_VALUE_ABSENT;
    return windows ? pn_object_new(ret, a, &name, 1) : 0;
}

/* ---- at load --------------------------------------------------------------------------- */

static bool has_computed(const struct pn_node *node)
{
    if (pn_is_computed(node))
        return true;
    if (node->kind == PN_NODE_SEQUENCE) {
        for (uint32_t i = 0; i < node->sequence.count; i++) {
            if (has_computed(node->sequence.items[i]))
                return true;
        }
    }
    for (uint32_t i = 0; node->kind == PN_NODE_MAPPING && i < node->mapping.count; i++) {
        if (has_computed(node->mapping.entries[i].value))
            return true;
    }
    return false;
}

/* The member, unless it is computed. */
static const struct pn_node *get_static(const struct pn_node *mapping, const char *key)
{
    const struct pn_node *node = pn_node_get(mapping, key);
    return node != NULL && !pn_is_computed(node) ? node : NULL;
}

/* The first hostPort that is written out and is one. */
static const struct pn_node *find_host_port(const struct pn_node *container)
{
    const struct pn_node *list = get_static(container, "ports");
    for (uint32_t i = 0; list != NULL && list->kind == PN_NODE_SEQUENCE && i < list->sequence.count;
         i++) {
        const struct pn_node *item = list->sequence.items[i];
        const struct pn_node *port = pn_is_computed(item) ? NULL : pn_node_get(item, "hostPort");
        if (port != NULL && port->kind == PN_NODE_INT && port->i != 0)
            return port;
    }
    return NULL;
}

/* The first host of a probe or handler that is written out and is one. */
static const struct pn_node *find_host(const struct pn_node *container)
{
    static const char *const probes[] = {"livenessProbe", "readinessProbe", "startupProbe"};
    static const char *const hooks[] = {"postStart", "preStop"};
    static const char *const kinds[] = {"httpGet", "tcpSocket"};
    const struct pn_node *handlers[5];
    const struct pn_node *lifecycle = get_static(container, "lifecycle");
    size_t n = 0;
    for (size_t i = 0; i < PN_COUNT_OF(probes); i++)
        handlers[n++] = get_static(container, probes[i]);
    for (size_t i = 0; i < PN_COUNT_OF(hooks); i++)
        handlers[n++] = get_static(lifecycle, hooks[i]);
    for (size_t i = 0; i < n * PN_COUNT_OF(kinds); i++) {
        const struct pn_node *handler = get_static(handlers[i / 2], kinds[i % 2]);
        const struct pn_node *host = get_static(handler, "host");
        if (host != NULL && pn_node_str(host).n > 0)
            return host;
    }
    return NULL;
}

/* Where a container fails: the field, or what should hold it. NULL: it hangs on an expression. */
static const struct pn_node *find_field(const struct pn_node *container,
                                        enum pn_security_check check)
{
    const struct pn_node *node = pn_node_get(container, "securityContext");
    if (check == PN_SECURITY_HOST_PORTS)
        return find_host_port(container);
    if (check == PN_SECURITY_HOST_PROBES)
        return find_host(container);
    if (node == NULL)
        return container;
    for (size_t i = 0; i < PN_COUNT_OF(rules[check].path) && rules[check].path[i] != NULL; i++) {
        const struct pn_node *next = pn_node_get(node, rules[check].path[i]);
        if (pn_is_computed(node))
            return NULL;
        if (next == NULL)
            return node;
        node = next;
    }
    return has_computed(node) ? NULL : node;
}

static void fault(struct pn_decoder *d, const struct pn_template *t, const struct pn_node *node,
                  const struct pn_security *security, enum pn_security_check check,
                  const char *what)
{
    pn_decode_fault(d, node, "pod-security-violation",
                    "%s: spec.podSecurity is %s, and this fails its check %s: %s", what,
                    pn_level_words[level_of(t)], pn_security_check_id(check),
                    pn_security_reason(security, check));
    pn_diags_help(d->diags, "%s", rules[check].help);
}

/* Judges one item as the only one of a list of the Pod. */
static bool judge_item(struct pn_security *ret, struct pn_decoder *d, const struct pn_template *t,
                       const struct pn_node *item, struct pn_str list_name)
{
    struct pn_member members[] = {{PN_STR("os"), {0}}, {list_name, {0}}};
    struct pn_value spec, v;
    int r = pn_value_from_node(&v, item, d->arena);
    if (r == 0)
        r = pn_array_new(&members[1].value, d->arena, &v, 1);
    if (r == 0)
        r = make_os(&members[0].value, d->arena, !t->supports_linux);
    if (r == 0)
        r = pn_object_new(&spec, d->arena, members, PN_COUNT_OF(members));
    if (r < 0)
        d->out_of_memory = true;
    if (r == 0)
        pn_security_judge(ret, PN_VALUE_ABSENT, spec);
    return r == 0;
}

/* The items of a list that are written out: what is none has been told already. */
static const struct pn_node *item_of(const struct pn_node *list, uint32_t i)
{
    const struct pn_node *item = list->sequence.items[i];
    return item->kind == PN_NODE_MAPPING && !pn_is_computed(item) ? item : NULL;
}

static bool has_items(const struct pn_template *t, const struct pn_node *list)
{
    return level_of(t) != PN_SECURITY_PRIVILEGED && list != NULL &&
           list->kind == PN_NODE_SEQUENCE && list->sequence.count <= PN_TEMPLATE_LIST_MAX;
}

void pn_level_check_containers(struct pn_decoder *d, const struct pn_template *t,
                               const struct pn_node *list, const char *what)
{
    struct pn_security security;
    struct pn_err path;
    for (uint32_t i = 0; has_items(t, list) && i < list->sequence.count; i++) {
        const struct pn_node *item = item_of(list, i);
        if (item == NULL || !judge_item(&security, d, t, item, PN_STR("containers")))
            continue;
        pn_err_set(&path, 0, "%s[%u]", what, i);
        for (int check = 0; check < PN_SECURITY_CHECKS; check++) {
            const struct pn_node *node = NULL;
            if ((failing(t, &security) & UINT32_C(1) << check) != 0)
                node = find_field(item, check);
            if (node != NULL)
                fault(d, t, node, &security, check, path.text);
        }
    }
}

void pn_level_check_volumes(struct pn_decoder *d, const struct pn_template *t,
                            const struct pn_node *list)
{
    struct pn_security security;
    struct pn_err path;
    for (uint32_t i = 0; has_items(t, list) && i < list->sequence.count; i++) {
        const struct pn_node *item = item_of(list, i);
        if (item == NULL || !judge_item(&security, d, t, item, PN_STR("volumes")))
            continue;
        pn_err_set(&path, 0, "volumes[%u]", i);
        for (uint32_t k = 0; failing(t, &security) != 0 && k < item->mapping.count; k++) {
            const struct pn_node_entry *e = &item->mapping.entries[k];
            if (e->value->kind == PN_NODE_MAPPING && !pn_is_computed(e->value))
                fault(d, t, e->key, &security,
                      level_of(t) == PN_SECURITY_RESTRICTED ? PN_SECURITY_VOLUMES
                                                            : PN_SECURITY_HOST_PATH,
                      path.text);
        }
    }
}

void pn_level_check_annotations(struct pn_decoder *d, const struct pn_template *t,
                                const struct pn_node *node)
{
    for (uint32_t i = 0; level_of(t) != PN_SECURITY_PRIVILEGED && node != NULL &&
                         node->kind == PN_NODE_MAPPING && i < node->mapping.count;
         i++) {
        const struct pn_node_entry *e = &node->mapping.entries[i];
        struct pn_member annotation = {e->key->s, pn_string(pn_node_str(e->value))};
        struct pn_value annotations, metadata;
        struct pn_security security;
        struct pn_err path;
        if (pn_is_computed(e->value))
            continue;
        if (pn_object_new(&annotations, d->arena, &annotation, 1) != 0 ||
            pn_object_with(&metadata, d->arena, PN_VALUE_ABSENT, PN_STR("annotations"),
                           annotations) != 0) {
            d->out_of_memory = true;
            return;
        }
        pn_security_judge(&security, metadata, PN_VALUE_ABSENT);
        if (failing(t, &security) == 0)
            continue;
        pn_err_set(&path, 0, "annotation %.*s", PN_STR_ARG(e->key->s));
        fault(d, t, e->value, &security, PN_SECURITY_APPARMOR, path.text);
    }
}

/* ---- when it is rendered --------------------------------------------------------------- */

/* A spec to look up in: what the fragment has none of is a member that is absent. */
static int make_spec(struct pn_value *ret, const struct pn_fragment *f, bool windows,
                     struct pn_arena *a)
{
    struct pn_member members[] = {{PN_STR("os"), {0}},
                                  {PN_STR("initContainers"), f->init_containers},
                                  {PN_STR("containers"), f->containers},
                                  {PN_STR("volumes"), f->volumes}};
    int r = make_os(&members[0].value, a, windows);
    return r == 0 ? pn_object_new(ret, a, members, PN_COUNT_OF(members)) : r;
}

static int judge(struct pn_security *ret, struct pn_value spec, struct pn_value annotations,
                 struct pn_arena *a)
{
    struct pn_value metadata = PN_VALUE_ABSENT;
    int r = annotations.kind != PN_ABSENT
                ? pn_object_with(&metadata, a, metadata, PN_STR("annotations"), annotations)
                : 0;
    if (r == 0)
        pn_security_judge(ret, metadata, spec);
    return r;
}

/* The first check that fails; there is one. */
static int refuse(const struct pn_template *t, const struct pn_security *security,
                  struct pn_arena *a, struct pn_reason *ret_reason)
{
    int check = 0;
    while ((failing(t, security) & UINT32_C(1) << check) == 0)
        check++;
    bool volume = check == PN_SECURITY_VOLUMES || check == PN_SECURITY_HOST_PATH;
    struct pn_str culprit = pn_arena_format(a, "%s %.*s", volume ? "volume" : "container",
                                            PN_STR_ARG(security->culprits[check]));
    *ret_reason = PN_REASON(a, PN_REASON_POD_SECURITY_VIOLATION, {"template", t->name},
                            {"level", pn_str_of(pn_level_words[level_of(t)])}, {"culprit", culprit},
                            {"check", pn_str_of(pn_security_check_id(check))},
                            {"detail", pn_str_of(pn_security_reason(security, check))});
    return PN_LEVEL_E_REASON;
}

int pn_level_judge(const struct pn_template *t, const struct pn_fragment *fragment, bool windows,
                   struct pn_arena *a, struct pn_reason *ret_reason)
{
    struct pn_value spec, appended = fragment->append_annotations;
    struct pn_security security;
    if (level_of(t) == PN_SECURITY_PRIVILEGED)
        return 0;
    int r = make_spec(&spec, fragment, windows || !t->supports_linux, a);
    if (r == 0)
        r = judge(&security, spec, fragment->annotations, a);
    /* What is appended may be the whole of an annotation. */
    if (r == 0 && failing(t, &security) == 0 && appended.kind != PN_ABSENT)
        r = judge(&security, PN_VALUE_ABSENT, appended, a);
    return r == 0 && failing(t, &security) != 0 ? refuse(t, &security, a, ret_reason) : r;
}
