# SPDX-License-Identifier: Apache-2.0
"""manifests/: each overlay rendered by kubectl, and what comes out in front of the API server."""

import base64
import contextlib
import pathlib
import shutil
import subprocess

import yaml_of_kubectl
from checks import check, check_equal, test, test_each
from fixture import ROOT
from webhooks import CONFIGURATIONS, Validation

MANIFESTS = ROOT / "manifests"
OVERLAYS = sorted(path.parent.name for path in (MANIFESTS / "overlays").glob("*/kustomization.yaml"))
NAMESPACE = "pannier-system"
# cert-manager's own are not here: anything passes for them.
FOREIGN = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %(plural)s.cert-manager.io}
spec:
  group: cert-manager.io
  scope: Namespaced
  names: {kind: %(kind)s, plural: %(plural)s, singular: %(singular)s}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


def render(fixture, name):
    """The objects of a directory below manifests; of registrations, whose names are taken here, with others."""
    code, output = fixture.cluster.kubectl("kustomize", str(MANIFESTS / name))
    check(code == 0, output)
    objects = yaml_of_kubectl.documents(fixture, output)
    for one in objects:
        if one["kind"].endswith("WebhookConfiguration"):
            one["metadata"]["name"] = one["metadata"]["name"].replace("pannier", "deployed")
    return objects


def of_kind(objects, kind, name=None):
    found = [o for o in objects if o["kind"] == kind and name in (None, o["metadata"]["name"])]
    check(len(found) == 1, kind, [o["metadata"]["name"] for o in objects if o["kind"] == kind])
    return found[0]


def apply(fixture, objects, *arguments):
    code, output = fixture.cluster.kubectl("apply", "--server-side", "--force-conflicts", "--validate=strict", "-f", "-",
                                           *arguments, stdin=yaml_of_kubectl.text(objects).encode())
    check(code == 0, output)
    return output


@contextlib.contextmanager
def installed(fixture, objects):
    """The namespace and the registrations: what a Job of the overlay finds there."""
    apply(fixture, [of_kind(objects, "Namespace")])
    registrations = [o for o in objects if o["kind"].endswith("WebhookConfiguration")]
    apply(fixture, registrations)
    try:
        yield registrations
    finally:
        for path in (CONFIGURATIONS + "/zz-deployed", Validation.path + "/deployed"):
            fixture.client.ask("DELETE", path)


@test_each(OVERLAYS)
def overlay_is_accepted(fixture, overlay):
    """By its schemas, unknown fields are errors; its Pods by the level of its own namespace."""
    objects = render(fixture, f"overlays/{overlay}")
    for kind in ("Issuer", "Certificate"):
        fixture.cluster.kubectl("apply", "-f", "-", stdin=(FOREIGN % {
            "kind": kind, "plural": kind.lower() + "s", "singular": kind.lower()}).encode())
    fixture.cluster.kubectl("wait", "--for=condition=Established", "crd/issuers.cert-manager.io",
                            "crd/certificates.cert-manager.io", "--timeout=30s")
    apply(fixture, [of_kind(objects, "Namespace")] + [o for o in objects if o["kind"] == "ServiceAccount"])
    apply(fixture, objects, "--dry-run=server")
    templates = [o["spec"]["template"] for o in objects if o["kind"] in ("Deployment", "Job")]
    templates += [o["spec"]["jobTemplate"]["spec"]["template"] for o in objects if o["kind"] == "CronJob"]
    for number, template in enumerate(templates):
        pod = {"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
               "metadata": {"name": f"pod-{number}", "labels": template.get("metadata", {}).get("labels", {})}}
        answer = fixture.client.create_pod(NAMESPACE, pod, dryRun="All")
        check(answer.status == 201, answer)


@test
def images_and_names_are_one_set(fixture):
    """Each mount has its ConfigMap or Secret, the Service its Pods."""
    objects = render(fixture, "overlays/self-signed")
    deployment = of_kind(objects, "Deployment")
    volumes = {v["name"]: v for v in deployment["spec"]["template"]["spec"]["volumes"]}
    policies = of_kind(objects, "ConfigMap", volumes["policies"]["configMap"]["name"])
    check(policies["immutable"], policies["metadata"])
    check_equal("policies", sorted(policies["data"]), sorted(p.name for p in (ROOT / "templates").glob("*.yaml")))
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget"):
        selector = of_kind(objects, kind)["spec"]["selector"]
        selector = selector.get("matchLabels", selector)
        check(selector and selector.items() <= labels.items(), kind, selector, labels)


def play(fixture, job, work):
    """The containers of the Job, one after the other, with its volumes as directories below `work`."""
    spec = job["spec"]["template"]["spec"]

    def local(argument):
        return argument.replace("/work", f"{work}/work").replace("/ca", f"{work}/ca")
    (issue,), (write,) = spec["initContainers"], spec["containers"]
    done = subprocess.run([fixture.binary, *map(local, issue["args"])], capture_output=True, timeout=60, check=False)
    check(done.returncode == 0, done.stderr.decode())
    code, output = fixture.cluster.kubectl(*map(local, write["args"]))
    check(code == 0, output)


@test_each(["self-signed", "fail-closed"])
def job_brings_a_certificate_and_brings_another_of_the_same_ca(fixture, overlay):
    objects = render(fixture, f"overlays/{overlay}")
    job = of_kind(objects, "Job")
    check_equal("what the CronJob does", of_kind(objects, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"],
                job["spec"]["template"]["spec"])
    with installed(fixture, objects) as registrations:
        seen = []
        for turn in ("first", "again"):
            work = pathlib.Path(fixture.cluster.directory) / f"{overlay}-{turn}"
            shutil.rmtree(work, ignore_errors=True)
            (work / "work").mkdir(parents=True)
            (work / "ca").mkdir()
            files = next(o for o in objects if o["kind"] == "ConfigMap" and
                         o["metadata"]["name"].startswith("pannier-certs"))
            for name, text in files["data"].items():
                (work / "work" / name).write_text(text.replace("zz-pannier", "zz-deployed"), encoding="utf-8")
            if seen:
                for name in ("ca.crt", "ca.key"):
                    (work / "ca" / name).write_bytes(base64.b64decode(seen[0]["ca"][name]))
            play(fixture, job, work)
            path = f"/api/v1/namespaces/{NAMESPACE}/secrets/"
            mutating = fixture.client.ask("GET", CONFIGURATIONS + "/zz-deployed").object
            seen.append({"tls": fixture.client.ask("GET", path + "pannier-tls").object["data"],
                         "ca": fixture.client.ask("GET", path + "pannier-ca").object["data"],
                         "bundles": [w["clientConfig"]["caBundle"] for w in mutating["webhooks"]]})
            done = subprocess.run([fixture.binary, "certs", "check", work / "work", "--service", "pannier",
                                   "--namespace", NAMESPACE], capture_output=True, timeout=60, check=False)
            check(done.returncode == 0, done.stdout.decode())
        for state in seen:
            check_equal("caBundle", set(state["bundles"]), {state["ca"]["ca.crt"]})
        check_equal("the CA", seen[0]["ca"], seen[1]["ca"])
        check(seen[0]["tls"]["tls.crt"] != seen[1]["tls"]["tls.crt"])
        webhooks = next(o for o in registrations if o["kind"].startswith("Mutating"))["webhooks"]
        for sent, stored in zip(webhooks, mutating["webhooks"]):  # only the CA is another
            check_equal("service", stored["clientConfig"]["service"], sent["clientConfig"]["service"])
            check_equal("failurePolicy", stored["failurePolicy"], sent["failurePolicy"])
