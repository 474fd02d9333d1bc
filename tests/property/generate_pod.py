# SPDX-License-Identifier: Apache-2.0
"""Pods: usual ones, strange ones, and some that hold what a template adds already."""

import pools
from document import Number, clone
from pools import chance, names, pairs, some

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


def _maybe_list(rng, holder, key, values):
    """The list; or, where there is nothing, one of the ways to say so."""
    if values:
        holder[key] = values
    else:
        said = rng.choice(["absent", "absent", "null", "empty"])
        if said != "absent":
            holder[key] = None if said == "null" else []


def resources(rng, density=0.6):
    result = {}
    for kind in ("requests", "limits"):
        if not chance(rng, density):
            continue
        amounts = {}
        if chance(rng, 0.8):
            amounts["cpu"] = rng.choice(pools.CPU)
        if chance(rng, 0.8):
            amounts["memory"] = rng.choice(pools.MEMORY)
        if chance(rng, 0.1):
            amounts[rng.choice(pools.EXTRA)] = rng.choice(["1", 2, "1Gi"])
        result[kind] = amounts if amounts or chance(rng, 0.7) else None
    return result


def _guaranteed(rng):
    cpu, memory = rng.choice(["100m", "1", Number("0.5")]), rng.choice(["64Mi", "1Gi"])
    limits = {"cpu": cpu, "memory": memory}
    if chance(rng, 0.4):
        return {"limits": limits}  # requests come of them
    return {"limits": limits, "requests": {"cpu": cpu, "memory": memory}}


def volume(rng, name):
    source = rng.choice([{"emptyDir": {}}, {"emptyDir": {"sizeLimit": rng.choice(["1Gi", 1073741824])}},
                         {"configMap": {"name": "c"}}, {"secret": {"secretName": "s"}},
                         {"emptyDir": {"medium": "Memory"}}])
    return {"name": name, **clone(source)}


def mounts(rng, volumes, most, templates=False):
    """At different paths; /data and /data/ are one."""
    result = {}
    for path in names(rng, pools.PATHS, most, templates) if volumes else []:
        mount = {"name": rng.choice(volumes), "mountPath": path}
        if chance(rng, 0.3):
            mount["readOnly"] = chance(rng, 0.6)
        if chance(rng, 0.1):
            mount["subPath"] = "part"
        result.setdefault(path.rstrip("/"), mount)
    return list(result.values())


def variable(rng, name):
    if chance(rng, 0.2):
        return {"name": name, "valueFrom": rng.choice(
            [{"fieldRef": {"fieldPath": "metadata.name"}},
             {"secretKeyRef": {"name": "s", "key": "k"}}])}
    return {"name": name, "value": rng.choice(pools.ENV_VALUES)}


def env_from(rng):
    result = rng.choice([{"configMapRef": {"name": "c"}}, {"secretRef": {"name": "s"}},
                         {"configMapRef": {"name": "c", "optional": False}}])
    return {"prefix": "P_", **result} if chance(rng, 0.3) else clone(result)


def ports(rng, most, templates=False):
    result = []
    for number in names(rng, pools.PORTS, most, templates):
        port = {"containerPort": number}
        if chance(rng, 0.25):
            port["name"] = rng.choice(pools.PORT_NAMES)
        if chance(rng, 0.3):
            port["protocol"] = rng.choice(["TCP", "UDP"])
        if chance(rng, 0.15):
            port["hostPort"] = rng.choice(pools.PORTS)
            if chance(rng, 0.3):
                port["hostIP"] = rng.choice(["127.0.0.1", "10.0.0.1", "0.0.0.0"])
        result.append(port)
    return result


def container(rng, name, init, volumes, guaranteed):
    result = {"name": name, "image": f"example.com/{rng.choice(['app', name])}:{rng.randint(1, 2)}"}
    if init and chance(rng, 0.35):
        result["restartPolicy"] = "Always"
    asked = _guaranteed(rng) if guaranteed else resources(rng)
    if asked or chance(rng, 0.5):
        result["resources"] = asked
    _maybe_list(rng, result, "ports", ports(rng, 2))
    _maybe_list(rng, result, "volumeMounts", mounts(rng, volumes, 2))
    _maybe_list(rng, result, "env", [variable(rng, n) for n in names(rng, pools.ENV, 2, False)])
    _maybe_list(rng, result, "envFrom", [env_from(rng)] if chance(rng, 0.15) else [])
    if chance(rng, 0.2):
        result["command"] = ["run"]
    if chance(rng, 0.1):
        result["securityContext"] = {"runAsNonRoot": True}
    if chance(rng, 0.1):
        result["x-unknown"] = rng.choice([Number("1.10"), Number("1E300"), None, {"a": [Number("-0")]}])
    return result


def _metadata(rng):
    metadata = {"labels": pairs(rng, pools.LABELS, 0.6)}
    if chance(rng, 0.7):
        metadata["name"] = rng.choice(["web-0", "tiny", "job-29384756-abcde"])
    else:
        metadata["generateName"] = rng.choice(["web-7d4f9c-", "tiny-"])
    if chance(rng, 0.2):
        metadata["labels"]["pod-template-hash"] = "7d4f9c"
    if chance(rng, 0.35):
        metadata["ownerReferences"] = [
            {"apiVersion": "apps/v1", "uid": "u", "controller": chance(rng, 0.8), **rng.choice(
                [{"kind": "ReplicaSet", "name": "web-7d4f9c"}, {"kind": "Job", "name": "job-29384756"},
                 {"kind": "StatefulSet", "name": "web"}])}]
    if chance(rng, 0.3):
        metadata["creationTimestamp"] = None
    if chance(rng, 0.1):
        metadata["x-unknown"] = {"deep": [Number("0.10"), "\u0000", "é"]}
    annotations = {**pairs(rng, pools.SELECTED_ANNOTATIONS, 0.4), **pairs(rng, pools.OVERRIDES, 0.25)}
    if chance(rng, 0.15):
        annotations[rng.choice(pools.SET_ANNOTATIONS)] = rng.choice(["1", "2"])
    if chance(rng, 0.2):
        annotations[rng.choice(pools.APPENDED_ANNOTATIONS)] = rng.choice(["data", "x , logs", "", "data,", "é"])
    if chance(rng, 0.06):
        annotations["pannier.dev/inject"] = rng.choice(["false", "false", "true", "no"])
    if chance(rng, 0.08):
        annotations["pannier.dev/skip"] = rng.choice(["logging", "mesh, vault", "nothing", "mesh,,", ""])
    if chance(rng, 0.05):
        annotations["pannier.dev/status"] = rng.choice(
            ['{"v":1,"applied":{"p0":{"rev":"0","containers":["log"]}},"skipped":{}}', "{", "x"])
    if annotations or chance(rng, 0.3):
        metadata["annotations"] = annotations
    elif chance(rng, 0.3):
        metadata["annotations"] = None
    return metadata


def _pod_level(rng, spec):
    if chance(rng, 0.12):
        spec["resources"] = rng.choice([
            {"requests": {"cpu": "2", "memory": "2Gi"}}, {"limits": {"cpu": "4", "memory": Number("4e9")}},
            {"requests": {"cpu": Number("0.3")}, "limits": {"cpu": "300m", "memory": "512Mi"}},
            {"requests": {"cpu": "1", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "128Mi"}},
            {"requests": None}, {}, {"requests": {"cpu": Number("1.50"), "x-unknown": "1"}}])
    if chance(rng, 0.1):
        spec["overhead"] = {"cpu": "10m", "memory": Number("1e7")}


def pod(rng):
    called = rng.sample(pools.CONTAINERS[:4], 4) if chance(rng, 0.8) else rng.sample(pools.CONTAINERS, 6)
    init_count = rng.choice([0, 0, 0, 1, 1, 2, 2, 3, 4])
    count = rng.choice([1, 1, 1, 2, 2, 3, 4])
    called = (called + [f"extra{i}" for i in range(5)])[:init_count + count]
    volumes = [volume(rng, name) for name in names(rng, pools.VOLUMES, 2, False)]
    guaranteed = chance(rng, 0.15)
    made = [container(rng, name, i < init_count, [v["name"] for v in volumes], guaranteed)
            for i, name in enumerate(called)]
    spec = {}
    _maybe_list(rng, spec, "initContainers", made[:init_count])
    spec["containers"] = made[init_count:]
    _maybe_list(rng, spec, "volumes", volumes)
    _maybe_list(rng, spec, "imagePullSecrets", [{"name": n} for n in some(rng, pools.SECRETS, 1)])
    if chance(rng, 0.4):
        spec["restartPolicy"] = rng.choice(["Always", "Always", "Always", "OnFailure", "Never"])
    if chance(rng, 0.08):
        spec["hostNetwork"] = chance(rng, 0.7)
    if chance(rng, 0.06):
        spec.update(rng.choice([{"os": {"name": "windows"}}, {"os": {"name": "linux"}}, {"os": None},
                                {"nodeSelector": {"kubernetes.io/os": "windows"}}]))
    if chance(rng, 0.1):
        spec["automountServiceAccountToken"] = False
    if chance(rng, 0.3):
        spec["terminationGracePeriodSeconds"] = rng.choice([0, 5, 30])
    if chance(rng, 0.1):
        spec["x-unknown"] = [Number("1e5"), {"null": None}]
    _pod_level(rng, spec)
    kinds = {"apiVersion": "v1", "kind": "Pod"}
    return {**kinds, "metadata": _metadata(rng), "spec": spec} if chance(rng, 0.9) else \
        {"spec": spec, "metadata": _metadata(rng), **kinds}


def with_copies(rng, original, templates):
    """Sometimes the Pod has a container of a template already, as it is or changed."""
    if not chance(rng, 0.2):
        return original
    result = clone(original)
    for template in templates:
        spec = template["spec"].get("pod", {}).get("spec", {})
        for key in ("initContainers", "containers"):
            for ours in spec.get(key) or []:
                if chance(rng, 0.5):
                    _copy(rng, result["spec"], key, ours, spec.get("volumes") or [])
    return result


def _copy(rng, spec, key, ours, volumes):
    others = [c["name"] for k in ("initContainers", "containers") for c in spec.get(k) or []]
    if ours["name"] in others or "$" in str(ours):
        return
    copied = clone(ours)
    changes = {"tag": lambda: copied.update(image=copied["image"].split(":")[0] + ":9"),
               "image": lambda: copied.update(image="example.com/else:1"),
               "args": lambda: copied.update(args=["other"]),
               "policy": lambda: copied.pop("restartPolicy", None),
               "mounts": lambda: copied.pop("volumeMounts", None),
               "env": lambda: copied.pop("env", None),
               "resources": lambda: copied.pop("resources", None),
               "more": lambda: copied.update(livenessProbe={"tcpSocket": {"port": 1}})}
    for change in some(rng, changes, 1):
        changes[change]()
    there = spec.get(key) or []
    there.insert(rng.randint(0, len(there)), copied)
    spec[key] = there
    have = [v["name"] for v in spec.get("volumes") or []]
    needed = {m["name"] for m in copied.get("volumeMounts") or []}
    more = [clone(v) for v in volumes if v["name"] in needed and v["name"] not in have]
    if more:
        spec["volumes"] = (spec.get("volumes") or []) + more
