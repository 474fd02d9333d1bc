# SPDX-License-Identifier: Apache-2.0
"""What the cases get: the cluster, pannier with the shipped policies in front of it, namespaces.

Of each level of the Pod Security Standards there is a namespace `catalogue-LEVEL`, where pannier is
called, `limited-LEVEL`, where a LimitRange and a quota hold too, and `plain-LEVEL` without pannier.
"""

import pathlib

from webhooks import Pannier, make_namespace, preview_pod

ROOT = pathlib.Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "templates"
TEMPLATES = sorted(path.stem for path in CATALOGUE.glob("*.yaml"))
LEVELS = ("restricted", "baseline", "privileged")

QUOTA = {"pods": "100", "requests.cpu": "100", "requests.memory": "100Gi", "limits.cpu": "200",
         "limits.memory": "200Gi"}
LIMIT_RANGE = {"metadata": {"name": "limits"}, "spec": {"limits": [
    {"type": "Container", "default": {"cpu": "2", "memory": "2Gi"},
     "defaultRequest": {"cpu": "100m", "memory": "128Mi"}, "min": {"cpu": "5m", "memory": "4Mi"},
     "max": {"cpu": "8", "memory": "16Gi"}},
    {"type": "Pod", "max": {"cpu": "32", "memory": "64Gi"}}]}}


class Fixture:
    def __init__(self, cluster, binary):
        self.cluster, self.client, self.binary = cluster, cluster.client, binary
        self.pannier = self.start_pannier("catalogue", CATALOGUE)
        for level in LEVELS:
            labels = {"pod-security.kubernetes.io/enforce": level}
            cluster.make_namespace(f"plain-{level}", labels)
            self.make_namespace(f"catalogue-{level}", [self.pannier], labels)
            limited = self.make_namespace(f"limited-{level}", [self.pannier], labels)
            self.client.create(f"/api/v1/namespaces/{limited}/limitranges", LIMIT_RANGE)
            cluster.make_quota(limited, QUOTA)

    def start_pannier(self, name, policies, **registration):
        return Pannier(self.cluster, self.binary, name, str(policies), **registration)

    def make_namespace(self, name, webhooks, labels=None):
        return make_namespace(self.cluster, name, webhooks, labels)

    def preview_by(self, template, manifest):
        """preview_pod() with the policies of one file of the catalogue."""
        return preview_pod(self.binary, CATALOGUE / f"{template}.yaml", manifest, "default")
