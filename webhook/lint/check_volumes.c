/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/model.h"

static const char *const sockets[] = {"docker.sock", "containerd.sock", "crio.sock",
                                      "cri-dockerd.sock", "podman.sock"};

static bool is_socket(struct pn_str path)
{
    for (size_t i = 0; i < PN_COUNT_OF(sockets); i++) {
        if (pn_str_has_suffix(path, pn_str_of(sockets[i])))
            return true;
    }
    return false;
}

static void check_host_path(struct pn_lint *l, struct pn_str name, const struct pn_trace *source)
{
    const struct pn_trace *path = pn_trace_get(source, "path");
    struct pn_str text = pn_trace_str(path);
    if (is_socket(text)) {
        pn_lint_report(l, PN_RULE_RUNTIME_SOCKET, path->at,
                       "volume `%.*s` is the container runtime's socket: who can write to it is "
                       "root on the node",
                       PN_STR_ARG(name));
        pn_lint_help(l, "build images without a daemon, and ask the API server about containers");
        return;
    }
    pn_lint_report(l, PN_RULE_HOST_PATH,
                   path != NULL && path->at.node != NULL ? path->at : source->at,
                   "volume `%.*s` is a directory of the node, which Pod Security allows at level "
                   "privileged only",
                   PN_STR_ARG(name));
    pn_lint_help(l,
                 "what needs the node's files is better one DaemonSet than a sidecar of each Pod");
}

/* ---- the cluster autoscaler ------------------------------------------------------------ */

/* False when it is not known. */
static bool is_safe_to_evict(bool *ret, const struct pn_lint_injection *in, struct pn_str volume)
{
    const char *const key = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes";
    const struct pn_trace *annotations = pn_trace_path(in->pod, "metadata.annotations");
    const struct pn_trace *lists[] = {pn_trace_get(in->append, key),
                                      pn_trace_get(annotations, key)};
    const struct pn_trace *all = pn_trace_get(annotations,
                                              "cluster-autoscaler.kubernetes.io/safe-to-evict");
    *ret = pn_str_is(pn_trace_str(all), "true");
    if (all != NULL && all->kind == PN_TRACE_UNKNOWN)
        return false;
    for (size_t i = 0; i < PN_COUNT_OF(lists); i++) {
        if (lists[i] != NULL && lists[i]->kind == PN_TRACE_UNKNOWN)
            return false;
        *ret = *ret || pn_str_lists(pn_trace_str(lists[i]), volume);
    }
    return true;
}

static void check_scale_down(struct pn_lint *l, const struct pn_lint_injection *in,
                             struct pn_str name, const struct pn_trace *volume,
                             const struct pn_trace *source)
{
    bool safe = false;
    /* Memory is given back with the Pod anyway; the autoscaler does not count it as local. */
    const struct pn_trace *medium = pn_trace_get(source, "medium");
    if (pn_str_is(pn_trace_str(medium), "Memory") ||
        (medium != NULL && medium->kind == PN_TRACE_UNKNOWN) ||
        !is_safe_to_evict(&safe, in, name) || safe)
        return;
    const struct pn_trace *at = pn_trace_get(volume, "name");
    pn_lint_report(l, PN_RULE_BLOCKS_SCALE_DOWN, at->at,
                   "local volume `%.*s` keeps the cluster autoscaler from removing the node of "
                   "each Pod that gets it",
                   PN_STR_ARG(name));
    pn_lint_help(l,
                 "appendAnnotations: {cluster-autoscaler.kubernetes.io/"
                 "safe-to-evict-local-volumes: %.*s}, if its content may be lost",
                 PN_STR_ARG(name));
}

/* ---- volumes that nobody mounts -------------------------------------------------------- */

/* True too when a mount's name is not known. */
static bool is_in_list(const struct pn_trace *list, struct pn_str volume)
{
    if (list != NULL && (list->kind == PN_TRACE_UNKNOWN || list->open))
        return true;
    for (uint32_t i = 0; i < pn_trace_count(list); i++) {
        const struct pn_trace *name = pn_trace_get(pn_trace_item(list, i), "name");
        if (name == NULL || name->kind == PN_TRACE_UNKNOWN || pn_str_eq(pn_trace_str(name), volume))
            return true;
    }
    return false;
}

static bool is_mounted(const struct pn_lint_injection *in, struct pn_str volume)
{
    const struct pn_trace *spec = pn_trace_get(in->pod, "spec");
    const char *const lists[] = {"initContainers", "containers"};
    for (size_t k = 0; k < 2; k++) {
        const struct pn_trace *list = pn_trace_get(spec, lists[k]);
        if (list != NULL && (list->kind == PN_TRACE_UNKNOWN || list->open))
            return true;
    }
    if (in->app != NULL && (in->app->kind == PN_TRACE_UNKNOWN || in->app->open))
        return true;
    for (size_t i = 0; i < in->container_count; i++) {
        if (is_in_list(pn_trace_get(in->containers[i].trace, "volumeMounts"), volume) ||
            is_in_list(pn_trace_get(in->containers[i].trace, "volumeDevices"), volume))
            return true;
    }
    for (uint32_t i = 0; i < pn_trace_count(in->app); i++) {
        if (is_in_list(pn_trace_get(pn_trace_item(in->app, i), "volumeMounts"), volume))
            return true;
    }
    return false;
}

static void check_use(struct pn_lint *l, const struct pn_lint_injection *in, struct pn_str name,
                      const struct pn_trace *volume)
{
    if (is_mounted(in, name))
        return;
    pn_lint_report(l, PN_RULE_UNUSED_VOLUME, pn_trace_get(volume, "name")->at,
                   "volume `%.*s` is mounted by no container of the template, nor by the app's",
                   PN_STR_ARG(name));
    pn_lint_help(l, "mount it, or remove it");
}

void pn_lint_check_volumes(struct pn_lint *l, const struct pn_lint_injection *in)
{
    const struct pn_trace *volumes = pn_trace_path(in->pod, "spec.volumes");
    for (uint32_t i = 0; i < pn_trace_count(volumes); i++) {
        const struct pn_trace *volume = pn_trace_item(volumes, i);
        struct pn_str name = pn_trace_str(pn_trace_get(volume, "name"));
        const struct pn_trace *empty = pn_trace_get(volume, "emptyDir");
        const struct pn_trace *host = pn_trace_get(volume, "hostPath");
        if (volume->kind != PN_TRACE_MAP || volume->open || name.n == 0)
            continue;
        check_use(l, in, name, volume);
        if (!pn_trace_is_unset(host)) {
            check_host_path(l, name, host);
            check_scale_down(l, in, name, volume, host);
        }
        if (empty == NULL || empty->kind != PN_TRACE_MAP)
            continue;
        check_scale_down(l, in, name, volume, empty);
        if (!empty->open && pn_trace_get(empty, "sizeLimit") == NULL) {
            pn_lint_report(l, PN_RULE_UNBOUNDED_EMPTY_DIR, empty->at,
                           "emptyDir `%.*s` has no sizeLimit: it may fill the node's disk",
                           PN_STR_ARG(name));
            pn_lint_help(l, "emptyDir: {sizeLimit: 64Mi}");
        }
    }
}
