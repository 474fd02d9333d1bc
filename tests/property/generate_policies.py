# SPDX-License-Identifier: Apache-2.0
"""Policy sets that load: templates, policies and budgets over the same small pools as the Pods."""

import json

import pools
from document import clone
from generate_pod import env_from, mounts, ports, variable, volume
from pools import chance, names, pairs, some

API = "pannier.dev/v1alpha1"
PARAMETERS = {
    "level": {"type": "string", "default": "info", "enum": ["debug", "info", "warn"]},
    "port": {"type": "integer", "default": 8080, "minimum": 80, "maximum": 65535},
    "cpu": {"type": "quantity", "default": "10m", "minimum": "0", "maximum": "2"},
    "text": {"type": "string", "default": "x", "pattern": "[a-z]*"},
}
# What an expression says of the Pod, and what it is worth beside a template.
TEXTS = ["${pod.metadata.namespace}", "${pod.spec.restartPolicy}", "${namespace.name}-${policy.name}",
         "${pod.spec.containers[0].name}", "n${len(pod.spec.volumes)}", "${pod.spec.serviceAccountName}",
         "${pod.metadata.labels['app']}", "${template.category}", "$${kept}"]


class Template:
    """What one template is made of, while it is made."""

    def __init__(self, rng, name, order, cache):
        self.rng, self.name, self.order, self.cache = rng, name, order, cache
        self.parameters = []
        if chance(rng, 0.3):
            self.parameters = some(rng, PARAMETERS, 2)

    def text(self, plain):
        """A plain text, or one that is computed."""
        rng = self.rng
        if "text" in self.parameters and chance(rng, 0.3):
            return "${parameters.text}"
        if "level" in self.parameters and chance(rng, 0.3):
            return "${parameters.level}"
        return rng.choice(TEXTS) if chance(rng, 0.06) else plain

    def env(self, most):
        found = []
        for name in names(self.rng, pools.ENV, most, True):
            one = variable(self.rng, name)
            if "value" in one:
                one["value"] = self.text(one["value"])
            found.append(one)
        if found and chance(self.rng, 0.08):
            return {"$if": "pod.spec.hostNetwork", "then": [], "else": found}
        return found

    def resources(self):
        cpu, memory = self.rng.choice(pools.CPU_PAIRS), self.rng.choice(pools.MEMORY_PAIRS)
        if "cpu" in self.parameters:
            cpu = ("${parameters.cpu}", "50" if chance(self.rng, 0.3) else None)
        result = {"requests": {"cpu": cpu[0], "memory": memory[0]}}
        limits = {k: v for k, v in (("cpu", cpu[1]), ("memory", memory[1])) if v is not None}
        if chance(self.rng, 0.1):
            result["requests"]["ephemeral-storage"] = limits["ephemeral-storage"] = "1Gi"
        return {**result, "limits": limits} if limits else result

    def ports(self):
        found = ports(self.rng, 1, True)
        if found and "port" in self.parameters and chance(self.rng, 0.5):
            found[0]["containerPort"] = {"$eval": "parameters.port"}
        return found

    def container(self, name, kind, volumes):
        rng = self.rng
        if (name, kind) in self.cache and chance(rng, 0.4):
            return self._again(name, kind, volumes)
        result = {"name": name, "image": f"example.com/{name}:1", "resources": self.resources()}
        if kind == "native":
            result["restartPolicy"] = "Always"
        for key, value in (("ports", self.ports()), ("env", self.env(2)),
                           ("volumeMounts", mounts(rng, volumes, 2, True)),
                           ("envFrom", [env_from(rng)] if chance(rng, 0.1) else [])):
            if value or chance(rng, 0.1):
                result[key] = value
        if chance(rng, 0.3):
            result["args"] = [self.text("run")]
        if chance(rng, 0.15):
            result["securityContext"] = {"runAsNonRoot": chance(rng, 0.7), "capabilities": {"drop": ["ALL"]}}
        if kind != "init" and chance(rng, 0.1):
            result["livenessProbe"] = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5}
        if chance(rng, 0.1):
            result["imagePullPolicy"] = rng.choice(["Always", ""])
        self.cache[name, kind] = result
        return clone(result)

    def _again(self, name, kind, volumes):
        """The same container as in another template, as far as this one has its volumes."""
        result = clone(self.cache[name, kind])
        if "parameters." in json.dumps(result):
            return {"name": name, "image": f"example.com/{name}:1",
                    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
                    **({"restartPolicy": "Always"} if kind == "native" else {})}
        kept = [m for m in result.get("volumeMounts", []) if m["name"] in volumes]
        if "volumeMounts" in result:
            result["volumeMounts"] = kept
        return result

    def app_rule(self, volumes):
        rng = self.rng
        rule = {"names": ["*"] if chance(rng, 0.8) else names(rng, pools.CONTAINERS[:4], 2, False) or ["app"],
                "initContainers": chance(rng, 0.3)}
        if chance(rng, 0.06):
            rule["names"] = {"$map": {"$eval": "pod.spec.containers"}, "each(c)": "${c.name}"}
        gives = {"volumeMounts": mounts(rng, volumes, 2, True), "env": self.env(2),
                 "envFrom": [env_from(rng)] if chance(rng, 0.15) else []}
        rule.update({k: v for k, v in gives.items() if v})
        if len(rule) == 2:
            rule["env"] = [{"name": "A", "value": "1"}]
        return rule

    def placement(self, init):
        rng, result = self.rng, []
        for container in init:
            if chance(rng, 0.3):
                continue
            at = self.order.index(container["name"])
            one = {"container": container["name"]}
            if chance(rng, 0.8):
                one["position"] = rng.choice(["First", "BeforeInit", "AfterInit", "Last"])
            if chance(rng, 0.3):
                one["after"] = some(rng, self.order[:at], 2)
            if chance(rng, 0.25):
                one["before"] = some(rng, self.order[at + 1:], 2)
            result.append(one)
        return result

    def document(self):
        rng = self.rng
        kinds = [(n, rng.choice(["native", "native", "init", "classic"]))
                 for n in names(rng, pools.CONTAINERS, rng.choice([1, 2, 3]), True)]
        volumes = [volume(rng, name) for name in names(rng, pools.VOLUMES, 2, True)]
        called = [v["name"] for v in volumes]
        made = {kind: [self.container(n, kind, called) for n, k in kinds if k == kind]
                for kind in ("native", "init", "classic")}
        init = made["init"] + made["native"]
        rng.shuffle(init)
        parts = {"initContainers": init, "containers": made["classic"], "volumes": volumes,
                 "imagePullSecrets": [{"name": n} for n in some(rng, pools.SECRETS, 1)]}
        spec = {"category": rng.choice(pools.CATEGORIES)}
        if self.parameters:
            spec["parameters"] = [{"name": n, **PARAMETERS[n]} for n in self.parameters]
        if chance(rng, 0.5):
            spec["supports"] = {"hostNetwork": chance(rng, 0.7)}
            if chance(rng, 0.15):
                spec["supports"]["os"] = rng.choice([["linux"], ["windows"], ["linux", "windows"]])
        spec["pod"] = {"spec": {k: v for k, v in parts.items() if v or chance(rng, 0.15)}}
        if chance(rng, 0.25):
            spec["pod"]["metadata"] = {"annotations": {
                k: self.text(rng.choice(["1", "2"])) for k in some(rng, pools.SET_ANNOTATIONS, 2)}}
        if chance(rng, 0.45):
            spec["appContainers"] = [self.app_rule(called) for _ in range(rng.choice([1, 1, 2]))]
        if chance(rng, 0.2):
            spec["appendAnnotations"] = {
                k: ",".join(some(rng, pools.WORDS, 2)) for k in some(rng, pools.APPENDED_ANNOTATIONS, 2)}
        if init and chance(rng, 0.6):
            spec["placement"] = self.placement(init)
        if chance(rng, 0.2):
            spec["serviceAccountToken"] = rng.choice(["Mount", "None", "Default"])
        if chance(rng, 0.1):
            spec["identity"] = {"imageRepositories": ["mirror.example.com/ours"]}
        if not kinds and not spec.get("appContainers"):
            spec["appContainers"] = [{"names": ["*"], "env": [{"name": "A", "value": "1"}]}]
        return {"apiVersion": API, "kind": "SidecarTemplate", "metadata": {"name": self.name}, "spec": spec}


def _expression(rng):
    key, values = rng.choice(list(pools.LABELS.items()))
    operator = rng.choice(["Exists", "DoesNotExist", "In", "NotIn"])
    return {"key": key, "operator": operator, **({"values": values[:2]} if "In" in operator else {})}


def selector(rng):
    if chance(rng, 0.7):
        return {}
    result = {"matchLabels": pairs(rng, pools.LABELS, 0.3)} if chance(rng, 0.6) else {}
    if chance(rng, 0.5):
        result["matchExpressions"] = [_expression(rng) for _ in range(rng.randint(0, 2))]
    return result


def namespace_selector(rng):
    name = "kubernetes.io/metadata.name"
    return rng.choice([
        {}, {"matchLabels": {name: rng.choice(pools.NAMESPACES)}},
        {"matchExpressions": [{"key": name, "operator": rng.choice(["In", "NotIn"]),
                               "values": some(rng, pools.NAMESPACES, 2) or ["shop"]}]},
        {"matchExpressions": [{"key": "team", "operator": "Exists"}]}])


WHEN = ["pod.spec.restartPolicy == 'Always'", "!(pod.spec.hostNetwork)", "len(pod.spec.containers) < 3",
        "namespace.name != 'payments'", "pod.metadata.labels['app'] == 'web'",
        "len(pod.spec.initContainers) < 2", "pod.metadata.labels['app'] in ['web', 'db']"]


def _inject(rng, template):
    item = {"templateRef": {"name": template["metadata"]["name"]}}
    declared = [p["name"] for p in template["spec"].get("parameters", [])]
    overridden = [n for n in declared if chance(rng, 0.5)]
    if overridden:
        item["overrides"] = [{"parameter": n, "podAnnotation": f"say.example.com/{n}"} for n in overridden]
    if "level" in declared and chance(rng, 0.4):
        item["parameters"] = {"level": rng.choice(["debug", "warn"])}
    return item


def _agree(one, other):
    """Two templates that one policy may inject together."""
    def parts(template):
        pod = template["spec"].get("pod", {})
        spec = pod.get("spec", {})
        called = [c["name"] for k in ("initContainers", "containers") for c in spec.get(k) or []]
        rest = {("volume", v["name"]): v for v in spec.get("volumes") or []}
        rest.update({("annotation", k): v for k, v in pod.get("metadata", {}).get("annotations", {}).items()})
        return set(called), rest
    (own, rest), (others, more) = parts(one), parts(other)
    return not own & others and all(more.get(k, v) == v for k, v in rest.items())


def policy(rng, name, templates):
    chosen = [rng.choice(templates)]
    if chance(rng, 0.25):
        chosen += [t for t in some(rng, templates, 1) if t not in chosen and _agree(chosen[0], t)]
    match = {"podSelector": selector(rng)}
    if chance(rng, 0.12):
        match["podAnnotations"] = pairs(rng, pools.SELECTED_ANNOTATIONS, 0.6)
    if chance(rng, 0.15):
        match["namespaceSelector"] = namespace_selector(rng)
    if chance(rng, 0.15):
        match["when"] = rng.choice(WHEN)
    spec = {"match": match, "inject": [_inject(rng, t) for t in chosen]}
    for key, values, probability in (
            ("priority", [1, 2, 3, -1], 0.6), ("onFailure", ["Deny", "Skip"], 0.4),
            ("optOut", ["Forbidden", "Allowed"], 0.3), ("mode", ["Audit", "Enforce"], 0.15)):
        if chance(rng, probability):
            spec[key] = rng.choice(values)
    if chance(rng, 0.1):
        spec["rollout"] = {"percent": rng.choice([0, 50, 80, 100])}
        if chance(rng, 0.5):
            spec["rollout"]["salt"] = rng.choice(["a", "b"])
    return {"apiVersion": API, "kind": "InjectionPolicy", "metadata": {"name": name}, "spec": spec}


def budget(rng, name):
    cpu, memory = ["0", "20m", "100m", "0.25", "1"], ["0", "16Mi", "64Mi", "134217728", "1Gi"]
    bounds = {
        "sidecars": lambda: rng.randint(0, 4), "perCategory": lambda: rng.randint(0, 2),
        "added": lambda: {k: pairs(rng, {"cpu": cpu, "memory": memory}, 0.6) for k in some(rng, ["requests", "limits"], 2)},
        "podGrowth": lambda: {"requests": pairs(rng, {"cpu": cpu, "memory": memory}, 0.7)},
        "shareOfApp": lambda: {
            k: {"percent": rng.choice([0, 50, 100, 333]), **({"floor": rng.choice(f)} if chance(rng, 0.5) else {})}
            for k, f in (("cpu", cpu), ("memory", memory)) if chance(rng, 0.7)}}
    spec = {"match": {"podSelector": selector(rng)}, "max": {k: make() for k, make in bounds.items() if chance(rng, 0.3)}}
    if chance(rng, 0.3):
        spec["match"]["namespaceSelector"] = namespace_selector(rng)
    if chance(rng, 0.4):
        spec["knownSidecars"] = some(rng, pools.CONTAINERS, 2)
    for key, values in (("onExceeded", ["Trim", "Warn"]), ("podLevelResources", ["Raise", "Skip"]),
                        ("guaranteedPods", ["RaiseRequests", "Skip", "Allow"])):
        if chance(rng, 0.4):
            spec[key] = rng.choice(values)
    return {"apiVersion": API, "kind": "InjectionBudget", "metadata": {"name": name}, "spec": spec}


def policy_set(rng):
    order, cache = rng.sample(pools.CONTAINERS, len(pools.CONTAINERS)), {}
    templates = [Template(rng, f"t{i}", order, cache).document() for i in range(rng.randint(1, 4))]
    policies = [policy(rng, f"p{i}", templates) for i in range(rng.randint(1, 5))]
    budgets = [budget(rng, f"b{i}") for i in range(rng.choice([0, 0, 1, 1, 2]))]
    return templates + policies + budgets
