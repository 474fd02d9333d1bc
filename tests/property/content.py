# SPDX-License-Identifier: Apache-2.0
"""What a policy adds, read off its templates where they compute nothing, is in the Pod."""

from document import containers, is_sidecar, items, write

LISTS = ("initContainers", "containers")


def is_computed(part):
    return "$" in write(part)


def _named(found, name):
    return next((x for x in found if x.get("name") == name), None)


def _find_container_fault(template, pod, new):
    spec = template["spec"].get("pod", {}).get("spec", {})
    for key in LISTS:
        for ours in spec.get(key) or []:
            there = _named(items(pod["spec"], key), ours["name"])
            if there is None:
                return f"no container {ours['name']} in {key}"
            if ours["name"] not in new:
                continue
            # Requests may be raised, and a token mount may be added.
            for field in ours.keys() - {"resources", "volumeMounts"}:
                if write(there.get(field)) != write(ours[field]):
                    return f"{field} of {ours['name']} is {write(there.get(field))}"
            mounts = items(ours, "volumeMounts")
            if write(items(there, "volumeMounts")[:len(mounts)]) != write(mounts):
                return f"volumeMounts of {ours['name']}"
    return None


def _find_pod_fault(template, pod):
    part = template["spec"].get("pod", {})
    spec = part.get("spec", {})
    for key in ("volumes", "imagePullSecrets"):
        for ours in spec.get(key) or []:
            if _named(items(pod["spec"], key), ours["name"]) is None:
                return f"nothing named {ours['name']} in {key}"
    annotations = pod["metadata"].get("annotations") or {}
    for key, value in (part.get("metadata", {}).get("annotations") or {}).items():
        if annotations.get(key) != value:
            return f"annotation {key} is {annotations.get(key)}"
    for key, words in template["spec"].get("appendAnnotations", {}).items():
        have = {w.strip() for w in (annotations.get(key) or "").split(",")}
        missing = {w.strip() for w in words.split(",")} - {""} - have
        if missing:
            return f"annotation {key} has not {sorted(missing)}"
    return None


def _same_mount(one, other):
    def part(mount):
        return mount["name"], mount.get("subPath") or "", bool(mount.get("readOnly"))
    return part(one) == part(other)


def _find_app_fault(rule, container):
    for mount in rule.get("volumeMounts") or []:
        there = [m for m in items(container, "volumeMounts")
                 if m["mountPath"].rstrip("/") == mount["mountPath"].rstrip("/")]
        if not there or not _same_mount(there[-1], mount):
            return f"{mount['mountPath']} of {container['name']} is {write(there)}"
    for variable in rule.get("env") or []:
        there = [v for v in items(container, "env") if v["name"] == variable["name"]]
        if not there or (there[-1].get("value") or "") != (variable.get("value") or "") or \
                ("valueFrom" in there[-1]) != ("valueFrom" in variable):
            return f"{variable['name']} of {container['name']} is {write(there)}"
    for source in rule.get("envFrom") or []:
        kind = next(k for k in source if k.endswith("Ref"))
        if not any(e.get("prefix", "") == source.get("prefix", "") and
                   (e.get(kind) or {}).get("name") == source[kind]["name"] for e in items(container, "envFrom")):
            return f"envFrom of {container['name']} has not {write(source)}"
    return None


def find_fault(templates, pod, sent, some_of_ours):
    """What an applied template sets and the Pod has not, or None. `some_of_ours`: their names."""
    new = {c["name"] for _, c in containers(pod)} - {c["name"] for _, c in containers(sent)}
    for template in templates:
        if is_computed(template["spec"]):
            continue
        fault = _find_container_fault(template, pod, new) or _find_pod_fault(template, pod)
        for rule in template["spec"].get("appContainers", []):
            for init, container in containers(pod):
                is_meant = ("*" in rule["names"] or container["name"] in rule["names"]) and \
                    (not init or rule.get("initContainers"))
                if is_meant and not is_sidecar(init, container) and container["name"] not in some_of_ours:
                    fault = fault or _find_app_fault(rule, container)
        if fault:
            return f"{template['metadata']['name']}: {fault}"
    return None
