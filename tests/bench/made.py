# SPDX-License-Identifier: Apache-2.0
"""Reviews and policies that are made in any size."""

import json

TEAMS = 50  # policies of one team share what they are told apart by, as in a company of this many teams


class Made:
    """Writes what it makes to a directory of the run."""

    def __init__(self, directory, base_review):
        self.directory = directory
        self.base = json.loads(base_review.read_text(encoding="utf-8"))
        directory.mkdir(parents=True, exist_ok=True)

    def review(self, name, change):
        """A copy of the base review whose Pod was changed by `change`."""
        review = json.loads(json.dumps(self.base))
        change(review["request"]["object"])
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(review, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        return path

    def with_overrides(self):
        """The base review's Pod, with annotations that choose parameters of the three templates."""
        return self.review("overrides", lambda pod: pod["metadata"]["annotations"].update({
            "envoy.pannier.dev/log-level": "info", "envoy.pannier.dev/upstream-9001": "orders.shop.svc:8080",
            "envoy.pannier.dev/upstream-9002": "search.shop.svc:9200", "logs.pannier.dev/path": "/var/log/web",
            "metrics.pannier.dev/nginx-container": "nginx"}))

    def with_env(self, count):
        def change(pod):
            pod["spec"]["containers"][0]["env"] += [{"name": f"SETTING_{i}", "value": f"value-{i} of this setting"}
                                                    for i in range(count)]
        return self.review(f"env-{count}", change)

    def with_containers(self, count):
        def change(pod):
            pod["spec"]["containers"] += [
                {"name": f"part-{i}", "image": f"registry.example.com/shop/part:{i}",
                 "ports": [{"containerPort": 20000 + i, "protocol": "TCP"}],
                 "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
                 "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]} for i in range(count)]
        return self.review(f"containers-{count}", change)

    def with_labels(self, count):
        def change(pod):
            pod["metadata"]["labels"].update({f"example.com/label-{i}": f"value-{i}" for i in range(count)})
        return self.review(f"labels-{count}", change)

    def policies(self, count, others):
        """A directory of `count` policies: those of `others`, and the rest for Pods that are not ours. They share
        templates, and select by what policies select by: labels, sets of labels, namespaces, annotations."""
        directory = self.directory / f"policies-{count}"
        directory.mkdir(exist_ok=True)
        texts = [path.read_text(encoding="utf-8") for path in sorted(others.glob("*.yaml"))]
        own = sum(text.count("\nkind: InjectionPolicy\n") for text in texts)
        texts += [TEMPLATE.format(team=i) for i in range(min(TEAMS, count - own))]
        texts += [POLICY.format(i=i, team=i % TEAMS, match=MATCHES[i % len(MATCHES)].format(i=i))
                  for i in range(count - own)]
        for at in range(0, len(texts), 1000):  # files of the size that a ConfigMap can have
            (directory / f"{at:06}.yaml").write_text("---\n".join(texts[at:at + 1000]), encoding="utf-8")
        return directory

    def selected_policies(self, count):
        """A directory of `count` policies that all select the base review's Pod, with a sidecar each."""
        directory = self.directory / f"selected-{count}"
        directory.mkdir(exist_ok=True)
        texts = [TEMPLATE.format(team=i) + "---\n" +
                 POLICY.format(i=i, team=i, match="podSelector: {matchLabels: {team: storefront}}") for i in range(count)]
        (directory / "policies.yaml").write_text("---\n".join(texts), encoding="utf-8")
        return directory


MATCHES = [
    "podSelector: {{matchLabels: {{app: service-{i}}}}}",
    "podSelector: {{matchLabels: {{app: service-{i}, team: storefront}}}}",
    "podSelector: {{matchExpressions: [{{key: app, operator: In, values: [service-{i}, worker-{i}]}}]}}",
    "podSelector: {{matchExpressions: [{{key: example.com/agent-{i}, operator: Exists}}]}}",
    "podSelector: {{}}\n    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: team-{i}}}}}",
    "podSelector: {{}}\n    podAnnotations: {{example.com/agent: agent-{i}}}",
]

TEMPLATE = """\
apiVersion: pannier.dev/v1alpha1
kind: SidecarTemplate
metadata: {{name: agent-{team}}}
spec:
  category: agent-{team}
  parameters:
  - {{name: image, type: string, default: "registry.example.com/agents/agent-{team}:1.4.2"}}
  - {{name: level, type: string, default: info, enum: [debug, info, warn]}}
  pod:
    spec:
      initContainers:
      - name: agent-{team}
        restartPolicy: Always
        image: "${{parameters.image}}"
        args: ["--level=${{parameters.level}}"]
        resources: {{requests: {{cpu: 10m, memory: 16Mi}}, limits: {{cpu: 50m, memory: 32Mi}}}}
        securityContext: {{allowPrivilegeEscalation: false, runAsNonRoot: true, runAsUser: 65532}}
  placement:
  - {{container: agent-{team}, position: AfterInit}}
"""

POLICY = """\
apiVersion: pannier.dev/v1alpha1
kind: InjectionPolicy
metadata: {{name: policy-{i}}}
spec:
  match:
    {match}
  inject:
  - templateRef: {{name: agent-{team}}}
    overrides: [{{parameter: level, podAnnotation: agents.example.com/level-{team}}}]
  priority: 10
"""
