# SPDX-License-Identifier: Apache-2.0
"""What an API server and its other plugins do to a Pod before us, and between the rounds."""

from document import clone, containers, is_sidecar, items
from quantity import canonical
from resources import of_containers

TOKEN = {"name": "kube-api-access-x7f2q", "readOnly": True,
         "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
# Lists, texts and booleans that Go leaves out when they are empty. emptyDir: {} and pointers stay.
LEFT_OUT = {"initContainers", "volumes", "imagePullSecrets", "annotations", "labels", "ports", "env",
            "envFrom", "volumeMounts", "command", "args", "value", "readOnly", "hostNetwork",
            "requests", "limits", "imagePullPolicy", "subPath", "prefix", "items"}


def encoded(value):
    """Read and written by Go: null and what is empty is gone."""
    if isinstance(value, dict):
        kept = ((k, encoded(v)) for k, v in value.items() if v is not None)
        return {k: v for k, v in kept if k not in LEFT_OUT or v not in ("", False, [], {})}
    return [encoded(v) for v in value] if isinstance(value, list) else value


def _default_resources(resources):
    for kind in ("requests", "limits"):
        if kind in resources:
            resources[kind] = {k: canonical(v, rounds=True) for k, v in resources[kind].items()}


def _default_container(container, host_network):
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", "IfNotPresent")
    for port in items(container, "ports"):
        port.setdefault("protocol", "TCP")
        if host_network:
            port.setdefault("hostPort", port["containerPort"])
    for variable in items(container, "env"):
        if "fieldRef" in variable.get("valueFrom", {}):
            variable["valueFrom"]["fieldRef"].setdefault("apiVersion", "v1")
    probe = container.get("livenessProbe")
    if probe is not None:
        for key, value in {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1,
                           "failureThreshold": 3}.items():
            probe.setdefault(key, value)
        probe.get("httpGet", {}).setdefault("scheme", "HTTP")
    resources = container.setdefault("resources", {})
    _default_resources(resources)
    missing = {k: v for k, v in resources.get("limits", {}).items() if k not in resources.get("requests", {})}
    if missing:
        resources["requests"] = {**resources.get("requests", {}), **missing}


def _default_pod_level(pod):
    """defaultPodRequests: only where there are limits of the Pod."""
    resources = pod["spec"].get("resources")
    if resources is None or not resources.get("limits"):
        return
    requests = resources.setdefault("requests", {})
    for name, amount in of_containers(pod).items():
        if name in ("cpu", "memory") and name not in requests:
            requests[name] = canonical(f"{int(amount * 1000)}m")
    for name, amount in resources["limits"].items():
        requests.setdefault(name, amount)


def default(pod):
    pod = encoded(pod)
    spec = pod["spec"]
    for key, value in {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "securityContext": {},
                       "terminationGracePeriodSeconds": 30, "schedulerName": "default-scheduler",
                       "enableServiceLinks": True}.items():
        spec.setdefault(key, value)
    for _, container in containers(pod):
        _default_container(container, spec.get("hostNetwork", False))
    for volume in items(spec, "volumes"):
        for source in ("secret", "configMap", "projected"):
            if source in volume:
                volume[source].setdefault("defaultMode", 420)
        if "sizeLimit" in volume.get("emptyDir", {}):
            volume["emptyDir"]["sizeLimit"] = canonical(volume["emptyDir"]["sizeLimit"])
    if "overhead" in spec:
        spec["overhead"] = {k: canonical(v, rounds=True) for k, v in spec["overhead"].items()}
    if "resources" in spec:
        _default_resources(spec["resources"])
        _default_pod_level(pod)
    return pod


def service_account(pod):
    """A token in every container that mounts nothing there."""
    pod = clone(pod)
    spec = pod["spec"]
    spec.setdefault("serviceAccountName", "default")
    if spec.get("automountServiceAccountToken") is False:
        return pod
    there = [v["name"] for v in items(spec, "volumes") if v["name"].startswith("kube-api-access-")]
    needed = False
    for _, container in containers(pod):
        mounts = items(container, "volumeMounts")
        if not any(m["mountPath"] == TOKEN["mountPath"] for m in mounts):
            container["volumeMounts"] = mounts + [{**TOKEN, "name": there[0] if there else TOKEN["name"]}]
            needed = True
    if needed and not there:
        spec["volumes"] = items(spec, "volumes") + [
            {"name": TOKEN["name"], "projected": {"defaultMode": 420, "sources": []}}]
    return pod


def limit_ranger(pod):
    """Limits and requests where a container has none."""
    pod = clone(pod)
    for _, container in containers(pod):
        resources = container.setdefault("resources", {})
        for kind, amounts in (("limits", {"cpu": "8", "memory": "16Gi"}),
                              ("requests", {"cpu": "100m", "memory": "64Mi"})):
            resources[kind] = {**amounts, **resources.get(kind, {})}
    annotations = pod["metadata"].setdefault("annotations", {})
    annotations["kubernetes.io/limit-ranger"] = "LimitRanger plugin set: cpu, memory"
    return pod


def foreign(pod, native, first):
    """Another injector's sidecar, at either end of its list."""
    pod = clone(pod)
    sidecar = {"name": "foreign-proxy", "image": "foreign.example.com/proxy:1"}
    if native:
        sidecar["restartPolicy"] = "Always"
    if "resources" not in pod["spec"]:
        sidecar["resources"] = {"requests": {"cpu": "5m", "memory": "8Mi"}}
    key = "initContainers" if native else "containers"
    there = items(pod["spec"], key)
    pod["spec"][key] = [sidecar] + there if first else there + [sidecar]
    return pod


def rewrite_images(pod, names, mirror=None):
    """A webhook that pins digests, or that sends images to a mirror."""
    pod = clone(pod)
    for _, container in containers(pod):
        if container["name"] in names:
            repository = mirror or container["image"].split("@")[0].rsplit(":", 1)[0]
            container["image"] = repository + "@sha256:" + "0" * 64
    return pod


def strip_restart_policy(pod, names):
    """What a mutating webhook does that knows no native sidecars."""
    pod = clone(pod)
    for init, container in containers(pod):
        if container["name"] in names and is_sidecar(init, container):
            del container["restartPolicy"]
    return pod


