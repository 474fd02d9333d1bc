# SPDX-License-Identifier: Apache-2.0
"""Who is selected, a second time: by docs/policies.md, without an index."""

import re

from document import items

NAME_LABEL = "kubernetes.io/metadata.name"
UNKNOWN = object()
# The conditions that are generated. Those that count containers are left out where some of them
# may be ours, since they speak of the Pod minus those.
CONDITIONS = {
    "pod.spec.restartPolicy == 'Always'": lambda pod, _: pod["spec"].get("restartPolicy") == "Always",
    "!(pod.spec.hostNetwork)": lambda pod, _: not pod["spec"].get("hostNetwork"),
    "namespace.name != 'payments'": lambda _, namespace: namespace != "payments",
    "pod.metadata.labels['app'] == 'web'": lambda pod, _: (pod["metadata"].get("labels") or {}).get("app") == "web",
    "pod.metadata.labels['app'] in ['web', 'db']":
        lambda pod, _: (pod["metadata"].get("labels") or {}).get("app") in ("web", "db"),
}
COUNTING = {
    "len(pod.spec.containers) < 3": lambda pod, _: len(pod["spec"]["containers"]) < 3,
    "len(pod.spec.initContainers) < 2": lambda pod, _: len(items(pod["spec"], "initContainers")) < 2,
}


def matches(selector, labels, known=None):
    """True, False, or UNKNOWN where a label is asked for that nobody told (not among `known`)."""
    asked = [(k, "In", [v]) for k, v in (selector.get("matchLabels") or {}).items()]
    asked += [(e["key"], e["operator"], e.get("values", []))
              for e in selector.get("matchExpressions") or []]
    result = True
    for key, operator, values in asked:
        if known is not None and key not in known:
            result = UNKNOWN
            continue
        value = labels.get(key)
        if not {"In": value is not None and value in values, "NotIn": value is None or value not in values,
                "Exists": value is not None, "DoesNotExist": value is None}[operator]:
            return False
    return result


def workload(metadata):
    """Whose Pod it is: the same for all Pods of one Deployment, Job or StatefulSet."""
    owner = next((o for o in items(metadata, "ownerReferences") if o.get("controller")), None)
    if owner is None:
        return metadata.get("generateName") or metadata.get("name", "")
    name, suffix = owner["name"], (metadata.get("labels") or {}).get("pod-template-hash")
    if owner["kind"] == "ReplicaSet" and suffix:
        return name.removesuffix("-" + suffix)
    return re.sub(r"-\d{8,10}$", "", name) if owner["kind"] == "Job" else name


def fnv(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return value


def _opts_out(categories, annotations):
    if annotations.get("pannier.dev/inject") == "false":
        return True
    skipped = {w.strip(" \t\r\n") for w in (annotations.get("pannier.dev/skip") or "").split(",")}
    return any(c in skipped for c in categories)


def verdict(policy, templates, pod, namespace):
    """The reason why the policy does not select the Pod; "" when it does; None: cannot be told."""
    spec, metadata = policy["spec"], pod["metadata"]
    match, annotations = spec["match"], metadata.get("annotations") or {}
    inside = matches(match.get("namespaceSelector", {}), {NAME_LABEL: namespace}, {NAME_LABEL})
    if inside is False:
        return "namespace-selector-mismatch"
    if matches(match["podSelector"], (metadata.get("labels") or {})) is not True:
        return "pod-selector-mismatch"
    if any(annotations.get(k) != v for k, v in match.get("podAnnotations", {}).items()):
        return "pod-annotation-mismatch"
    categories = [templates[i["templateRef"]["name"]]["spec"]["category"] for i in spec["inject"]]
    if spec.get("optOut") != "Forbidden" and _opts_out(categories, annotations):
        return "opted-out"
    rollout = spec.get("rollout", {"percent": 100})
    salt = rollout.get("salt") or policy["metadata"]["name"]
    if fnv(f"{salt}/{namespace}/{workload(metadata)}") % 10000 >= rollout["percent"] * 100:
        return "outside-rollout"
    if inside is UNKNOWN:
        return "namespace-labels-unknown"
    return _condition(match.get("when"), templates, pod, namespace)


def _condition(when, templates, pod, namespace):
    if when is None:
        return ""
    if when in COUNTING:
        ours = {c["name"] for t in templates.values() for k in ("initContainers", "containers")
                for c in t["spec"].get("pod", {}).get("spec", {}).get(k) or []}
        theirs = {c["name"] for k in ("initContainers", "containers") for c in items(pod["spec"], k)}
        if ours & theirs:
            return None
    holds = {**CONDITIONS, **COUNTING}[when]
    return "" if holds(pod, namespace) else "condition-false"
