/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/lone.h"
#include "lint/words.h"

/* What the literature on Pods of several containers warns of, as far as a template shows it. */

/* ---- programs that do not belong into a sidecar ---------------------------------------- */

/* By a word of the command line, or by the image's name. */
static const struct {
    const char *word;
    enum pn_rule_id rule;
    const char *is;
} programs[] = {
    {"supervisord", PN_RULE_SEVERAL_PROGRAMS, "a supervisor of several programs"},
    {"s6-svscan", PN_RULE_SEVERAL_PROGRAMS, "a supervisor of several programs"},
    {"runsvdir", PN_RULE_SEVERAL_PROGRAMS, "a supervisor of several programs"},
    {"systemd", PN_RULE_SEVERAL_PROGRAMS, "a supervisor of several programs"},
    {"crond", PN_RULE_SEVERAL_PROGRAMS, "a clock that starts programs"},
    {"cron", PN_RULE_SEVERAL_PROGRAMS, "a clock that starts programs"},
    {"supercronic", PN_RULE_SEVERAL_PROGRAMS, "a clock that starts programs"},
    {"sshd", PN_RULE_REMOTE_SHELL, "a server for remote shells"},
    {"openssh-server", PN_RULE_REMOTE_SHELL, "a server for remote shells"},
    {"dropbear", PN_RULE_REMOTE_SHELL, "a server for remote shells"},
    {"telnetd", PN_RULE_REMOTE_SHELL, "a server for remote shells"},
    {"ttyd", PN_RULE_REMOTE_SHELL, "a server for remote shells"},
    {"gotty", PN_RULE_REMOTE_SHELL, "a server for remote shells"},
};

static void say_program(struct pn_lint *l, const struct pn_lint_container *c, struct pn_place at,
                        size_t i)
{
    bool is_shell = programs[i].rule == PN_RULE_REMOTE_SHELL;
    pn_lint_report(l, programs[i].rule, at, "`%.*s` runs `%s`, %s", PN_STR_ARG(c->name),
                   programs[i].word, programs[i].is);
    pn_lint_note(l, is_shell ? "whoever gets in is in the network, and perhaps the files, of each "
                               "app; nothing of it is in the API server's audit log"
                             : "the kubelet sees one container: it neither restarts, nor limits, "
                               "nor shows the logs of the others");
    pn_lint_help(l, is_shell
                        ? "kubectl exec and kubectl debug need no server in the Pod"
                        : "one program for each container; what runs by the clock is a CronJob");
}

/* Where the container's command line `line` starts the program; false: it does not. */
static bool starts(struct pn_place *ret_at, const struct pn_lint_container *c, struct pn_str line,
                   const char *program)
{
    const struct pn_trace *lists[] = {pn_trace_get(c->trace, "command"),
                                      pn_trace_get(c->trace, "args")};
    struct pn_str name = pn_str_of(program);
    if (!pn_words_start(line, program))
        return false;
    for (size_t i = 0; i < PN_COUNT_OF(lists); i++) {
        for (uint32_t k = 0; k < pn_trace_count(lists[i]); k++) {
            const struct pn_trace *word = pn_trace_item(lists[i], k);
            *ret_at = word->at;
            if (pn_str_contains(pn_trace_str(word), name))
                return true;
        }
    }
    return false;
}

static void check_programs(struct pn_lint *l, const struct pn_lint_container *c, struct pn_str line)
{
    const struct pn_trace *image = pn_trace_get(c->trace, "image");
    struct pn_str name = pn_lone_image(c);
    for (size_t i = 0; i < PN_COUNT_OF(programs); i++) {
        struct pn_place at = image != NULL ? image->at : c->trace->at;
        if (!pn_str_is(name, programs[i].word) && !starts(&at, c, line, programs[i].word))
            continue;
        say_program(l, c, at, i);
        return;
    }
}

static void check_node_entry(struct pn_lint *l, const struct pn_lint_container *c,
                             struct pn_str line)
{
    struct pn_place at;
    if (!starts(&at, c, line, "nsenter"))
        return;
    pn_lint_report(l, PN_RULE_ENTERS_NODE, at,
                   "`%.*s` runs nsenter: it would need the node's processes, which a template "
                   "cannot ask for",
                   PN_STR_ARG(c->name));
    pn_lint_note(l, "hostPID and hostNetwork are of the Pod, and so of the app");
    pn_lint_help(l, "what works on the node is a DaemonSet of its own");
}

static void check_command(struct pn_lint *l, const struct pn_lint_container *c)
{
    PN_CLEANUP(pn_buf_deinit) struct pn_buf line = PN_BUF_INIT;
    pn_words_join(&line, pn_trace_get(c->trace, "command"));
    pn_words_join(&line, pn_trace_get(c->trace, "args"));
    l->out_of_memory = l->out_of_memory || line.failed;
    check_programs(l, c, pn_buf_view(&line));
    check_node_entry(l, c, pn_buf_view(&line));
}

/* ---- one for each node ----------------------------------------------------------------- */

static const char *const node_agents[] = {
    "node-exporter",   "cadvisor", "node-problem-detector", "falco",
    "falco-no-driver", "tetragon", "smartctl-exporter",     "ebpf-exporter"};

static void check_agent(struct pn_lint *l, const struct pn_lint_container *c)
{
    struct pn_str name = pn_lone_image(c);
    for (size_t i = 0; i < PN_COUNT_OF(node_agents); i++) {
        if (!pn_str_is(name, node_agents[i]))
            continue;
        pn_lint_report(l, PN_RULE_NODE_AGENT, pn_trace_get(c->trace, "image")->at,
                       "`%.*s` looks at the node, and would run once for each Pod of it",
                       PN_STR_ARG(c->name));
        pn_lint_help(l, "run it as a DaemonSet: once for each node");
    }
}

static void check_node_files(struct pn_lint *l, const struct pn_lint_injection *in)
{
    static const char *const folders[] = {"/var/log", "/var/lib/docker/containers", "/proc", "/sys",
                                          "/run/log/journal"};
    const struct pn_trace *volumes = pn_trace_path(in->pod, "spec.volumes");
    for (uint32_t i = 0; i < pn_trace_count(volumes); i++) {
        const struct pn_trace *path = pn_trace_path(pn_trace_item(volumes, i), "hostPath.path");
        for (size_t k = 0; k < PN_COUNT_OF(folders); k++) {
            struct pn_str folder = pn_str_of(folders[k]), text = pn_trace_str(path);
            if (!pn_str_has_prefix(text, folder) || (text.n > folder.n && text.s[folder.n] != '/'))
                continue;
            pn_lint_report(l, PN_RULE_NODE_AGENT, path->at,
                           "%.*s is about the node: a sidecar of each Pod would read it again and "
                           "again",
                           PN_STR_ARG(text));
            pn_lint_help(l, "read it once for each node, with a DaemonSet; a Pod's own logs can be "
                            "written to an emptyDir");
        }
    }
}

/* ---- identity -------------------------------------------------------------------------- */

/* Users whose traffic a mesh's own rules leave alone. */
static const struct {
    int64_t user;
    const char *mesh;
    const char *images[4];
} mesh_users[] = {
    {1337, "Istio", {"proxyv2", "pilot", "ztunnel", "install-cni"}},
    {2102, "Linkerd", {"proxy", "proxy-init", "cni-plugin", "controller"}},
};

static void check_user(struct pn_lint *l, const struct pn_lint_container *c)
{
    const struct pn_trace *user = pn_trace_path(c->trace, "securityContext.runAsUser");
    struct pn_str name = pn_lone_image(c);
    int64_t id;
    for (size_t i = 0; i < PN_COUNT_OF(mesh_users) && pn_trace_int(&id, user); i++) {
        bool is_its_own = false;
        for (size_t k = 0; k < PN_COUNT_OF(mesh_users[i].images); k++)
            is_its_own = is_its_own || pn_str_is(name, mesh_users[i].images[k]);
        if (id != mesh_users[i].user || is_its_own)
            continue;
        pn_lint_report(l, PN_RULE_MESH_USER, user->at,
                       "`%.*s` runs as user %lld, which is that of %s's proxy", PN_STR_ARG(c->name),
                       (long long)id, mesh_users[i].mesh);
        pn_lint_note(l,
                     "a mesh does not redirect what this user sends: it goes past encryption and "
                     "policy");
        pn_lint_help(l, "run it as another user");
    }
}

static void check_default_container(struct pn_lint *l, const struct pn_lint_injection *in)
{
    const struct pn_trace *annotations = pn_trace_path(in->pod, "metadata.annotations");
    const struct pn_trace *name = pn_trace_get(annotations,
                                               "kubectl.kubernetes.io/default-container");
    struct pn_str text = pn_trace_str(name);
    for (size_t i = 0; i < in->container_count && text.n > 0; i++) {
        if (!pn_str_eq(in->containers[i].name, text))
            continue;
        pn_lint_report(l, PN_RULE_DEFAULT_CONTAINER, name->at,
                       "kubectl logs and kubectl exec would take `%.*s` for the Pod, not the app",
                       PN_STR_ARG(text));
        pn_lint_help(l, "leave the annotation out: pannier puts what it adds behind the app's");
    }
}

/* ---- volumes --------------------------------------------------------------------------- */

/* The mount of the volume that may be written to, or NULL. */
static const struct pn_trace *find_writer(const struct pn_trace *mounts, struct pn_str volume)
{
    for (uint32_t i = 0; i < pn_trace_count(mounts); i++) {
        const struct pn_trace *mount = pn_trace_item(mounts, i);
        const struct pn_trace *read_only = pn_trace_get(mount, "readOnly");
        if (!mount->maybe && pn_str_eq(pn_trace_str(pn_trace_get(mount, "name")), volume) &&
            (pn_trace_is_unset(read_only) || pn_trace_is_bool(read_only, false)))
            return mount;
    }
    return NULL;
}

/* Those that run for long and may write to the volume. */
static size_t count_writers(const struct pn_lint_injection *in, struct pn_str volume,
                            const struct pn_trace **ret_first, const struct pn_trace **ret_last)
{
    size_t n = 0;
    for (size_t i = 0; i < in->container_count; i++) {
        const struct pn_lint_container *c = &in->containers[i];
        const struct pn_trace *mount = find_writer(pn_trace_get(c->trace, "volumeMounts"), volume);
        if (mount == NULL || !pn_lone_runs_for_long(c) || c->trace->maybe)
            continue;
        *ret_first = n == 0 ? mount : *ret_first;
        *ret_last = mount;
        n++;
    }
    return n;
}

static void check_volume(struct pn_lint *l, const struct pn_lint_injection *in, struct pn_str name,
                         const struct pn_trace *volume)
{
    const struct pn_trace *first = NULL, *last = NULL;
    if (pn_str_has_suffix(pn_trace_str(pn_trace_path(volume, "hostPath.path")), PN_STR(".sock")))
        return; /* who may connect to it decides, and that has a rule of its own */
    if (!pn_trace_is_unset(pn_trace_get(volume, "hostPath"))) {
        for (size_t i = 0; i < in->container_count; i++) {
            const struct pn_lint_container *c = &in->containers[i];
            const struct pn_trace *mount = find_writer(pn_trace_get(c->trace, "volumeMounts"),
                                                       name);
            if (mount == NULL)
                continue;
            pn_lint_report(l, PN_RULE_WRITABLE_HOST_PATH, mount->at,
                           "`%.*s` may write to a directory of the node", PN_STR_ARG(c->name));
            pn_lint_also(l, pn_trace_get(volume, "hostPath")->at, "the directory");
            pn_lint_help(l, "readOnly: true");
        }
        return;
    }
    if (count_writers(in, name, &first, &last) < 2)
        return;
    pn_lint_report(l, PN_RULE_SEVERAL_WRITERS, last->at, "two sidecars may write to volume `%.*s`",
                   PN_STR_ARG(name));
    pn_lint_also(l, first->at, "the other one");
    pn_lint_note(l, "nothing keeps them from overwriting each other's files");
    pn_lint_help(l, "readOnly: true for all but one");
}

void pn_lint_check_patterns(struct pn_lint *l, const struct pn_lint_injection *in)
{
    const struct pn_trace *volumes = pn_trace_path(in->pod, "spec.volumes");
    for (size_t i = 0; i < in->container_count; i++) {
        check_command(l, &in->containers[i]);
        check_agent(l, &in->containers[i]);
        check_user(l, &in->containers[i]);
    }
    check_node_files(l, in);
    check_default_container(l, in);
    for (uint32_t i = 0; i < pn_trace_count(volumes); i++) {
        const struct pn_trace *volume = pn_trace_item(volumes, i);
        struct pn_str name = pn_trace_str(pn_trace_get(volume, "name"));
        if (volume->kind == PN_TRACE_MAP && name.n > 0)
            check_volume(l, in, name, volume);
    }
}
