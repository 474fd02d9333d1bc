# SPDX-License-Identifier: Apache-2.0
"""manifests/: all of it rendered by kubectl, accepted by the API server, and played: the Job, the server, the end."""

from checks import check, check_equal, names, test, test_each
from cluster import wait_until
from fixture import ROOT
from install import NAMESPACE, Installation, as_list
from webhooks import REACH_SECONDS

EXAMPLE = "docs/example/cluster"
WHOLE = ["manifests/base", *sorted(str(path.parent.relative_to(ROOT))
                                   for path in ROOT.glob("manifests/overlays/*/kustomization.yaml")), EXAMPLE]
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


def render(fixture, directory):
    """The objects that a directory of the project says."""
    code, output = fixture.cluster.kubectl("kustomize", str(ROOT / directory))
    check(code == 0, output)
    return fixture.cluster.kubectl_objects("annotate", "--local", "-f", "-", "nothing-", stdin=output.encode())


def of_kind(objects, kind, name=None):
    found = [o for o in objects if o["kind"] == kind and name in (None, o["metadata"]["name"])]
    check(len(found) == 1, kind, [o["metadata"]["name"] for o in objects if o["kind"] == kind])
    return found[0]


def apply(fixture, objects, *arguments):
    code, output = fixture.cluster.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", *arguments,
                                           stdin=as_list(objects))
    check(code == 0, output)
    return output


@test_each(WHOLE)
def kustomization_is_accepted(fixture, directory):
    """By its schemas, unknown fields are errors; its Pods by the level of its own namespace."""
    objects = render(fixture, directory)
    for kind in ("Issuer", "Certificate"):
        fixture.cluster.kubectl("apply", "-f", "-", stdin=(FOREIGN % {
            "kind": kind, "plural": kind.lower() + "s", "singular": kind.lower()}).encode())
    fixture.cluster.kubectl("wait", "--for=condition=Established", "crd/issuers.cert-manager.io",
                            "crd/certificates.cert-manager.io", "--timeout=30s")
    apply(fixture, [of_kind(objects, "Namespace")] + [o for o in objects if o["kind"] == "ServiceAccount"])
    apply(fixture, objects, "--dry-run=server")
    for number, spec in enumerate(pod_specs(objects)):
        pod = {"apiVersion": "v1", "kind": "Pod", "spec": spec, "metadata": {"name": f"pod-{number}"}}
        answer = fixture.client.create_pod(NAMESPACE, pod, dryRun="All")
        check(answer.status == 201, answer)


def pod_specs(objects):
    specs = [o["spec"]["template"]["spec"] for o in objects if o["kind"] in ("Deployment", "Job")]
    return specs + [o["spec"]["jobTemplate"]["spec"]["template"]["spec"] for o in objects if o["kind"] == "CronJob"]


@test_each(WHOLE)
def images_and_names_are_one_set(fixture, directory):
    """Pannier's image is one and has a tag, each mount has its ConfigMap, the Service and the budget their Pods."""
    objects = render(fixture, directory)
    images = {c["image"] for spec in pod_specs(objects) for c in spec.get("initContainers", []) + spec["containers"]
              if not c["image"].startswith("registry.k8s.io/kubectl:v")}
    check(len(images) == 1 and images.pop().endswith("pannier:0.1.0"), images)
    deployment = of_kind(objects, "Deployment")
    volumes = {v["name"]: v for v in deployment["spec"]["template"]["spec"]["volumes"]}
    policies = of_kind(objects, "ConfigMap", volumes["policies"]["configMap"]["name"])
    check(policies["immutable"], policies["metadata"])
    files = ROOT / EXAMPLE / "policies" if directory == EXAMPLE else ROOT / "templates"
    check_equal("policies", sorted(policies["data"]), sorted(p.name for p in files.glob("*.yaml")))
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget"):
        selector = of_kind(objects, kind)["spec"]["selector"]
        selector = selector.get("matchLabels", selector)
        check(selector and selector.items() <= labels.items(), kind, selector, labels)
    for job in (o for o in objects if o["kind"] in ("Job", "CronJob")):  # their Pods do not serve
        template = job["spec"].get("jobTemplate", job)["spec"]["template"]
        check(not template.get("metadata", {}).get("labels"), template)


# ---- from the first apply to the last ------------------------------------------------------------------


def asked_for(fixture, namespace, **labels):
    """The status of a dry run of a Pod with these labels, and its init containers."""
    answer = fixture.client.create_pod(namespace, {
        "metadata": {"generateName": "app-", "labels": labels},
        "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]}}, dryRun="All")
    return answer.status, names(answer.object)["initContainers"] if answer.status == 201 else answer.message


def wait_asked(fixture, namespace, labels, want):
    wait_until(f"{namespace} {labels}: {want}", REACH_SECONDS,
               lambda: asked_for(fixture, namespace, **labels) == want)


@test
def install_with_required_sidecars(fixture):
    """docs/example/cluster: the Service answers, with the CA that the Job wrote; a renewal is not noticed; what is required
    holds while nobody answers; and the order of docs/install.md takes it all away."""
    objects = render(fixture, EXAMPLE)
    please = {"guard": "please"}
    for namespace in ("payments", "orders"):
        fixture.cluster.make_namespace(namespace, {})
    with Installation(fixture, objects) as installation:
        apply(fixture, objects)
        wait_until("what is required is refused", REACH_SECONDS, lambda: asked_for(fixture, "payments")[0] == 500)
        check_equal("others, before there is a server", asked_for(fixture, "orders", **please), (201, []))

        first = installation.play_job()
        server = installation.start_server()
        wait_asked(fixture, "orders", please, (201, ["guard"]))
        wait_asked(fixture, "payments", {}, (201, ["guard"]))
        check_equal("who does not ask", asked_for(fixture, "orders"), (201, []))
        check_equal("its own namespace", asked_for(fixture, NAMESPACE, **please)[0], 403)  # by Pod Security alone

        again = installation.play_job()
        check_equal("the CA", again["pannier-ca"], first["pannier-ca"])
        check(again["pannier-tls"]["tls.crt"] != first["pannier-tls"]["tls.crt"], "the same certificate")
        installation.bring_certificate()
        wait_until("it takes the new certificate", REACH_SECONDS,
                   lambda: "took a new certificate" in server.read_log())
        check_equal("with it", asked_for(fixture, "payments"), (201, ["guard"]))
        apply(fixture, objects)  # an upgrade
        check_equal("the CA stays", asked_for(fixture, "payments"), (201, ["guard"]))

        check_equal("it ends", server.stop(), 0)
        check_equal("while it is down", asked_for(fixture, "payments")[0], 500)
        installation.remove_registrations()
        wait_asked(fixture, "payments", {}, (201, []))


@test
def install_that_fails_closed(fixture):
    """Where a namespace asks for it, and nowhere else; pannier's own Pods never wait for it."""
    objects = render(fixture, "manifests/overlays/fail-closed")
    logs = {"inject.pannier.dev/logging": "enabled"}
    fixture.cluster.make_namespace("closed", {"inject.pannier.dev/fail-closed": "true"})
    fixture.cluster.make_namespace("open", {})
    own = {"metadata": {"name": "pannier", "labels": logs}, "spec": of_kind(objects, "Deployment")["spec"]["template"]["spec"]}
    with Installation(fixture, objects) as installation:
        apply(fixture, objects)
        wait_until("it is closed", REACH_SECONDS, lambda: asked_for(fixture, "closed", **logs)[0] == 500)
        check_equal("who asks for nothing", asked_for(fixture, "closed"), (201, []))
        check_equal("elsewhere", asked_for(fixture, "open", **logs), (201, []))
        fixture.client.ask("PATCH", f"/api/v1/namespaces/{NAMESPACE}", {"metadata": {"labels": {
            "inject.pannier.dev/fail-closed": "true"}}}, "application/merge-patch+json")
        installation.allow_critical_pods()
        wait_until("pannier's own Pod is accepted", REACH_SECONDS,
                   lambda: fixture.client.create_pod(NAMESPACE, own, dryRun="All").status == 201)
        installation.play_job()
        installation.start_server()
        for namespace in ("closed", "open"):
            wait_asked(fixture, namespace, logs, (201, ["log-shipper"]))


@test
def install_that_fails_closed_no_longer(fixture):
    """The Job's half of a webhook that is taken away goes first: docs/install.md has it as "apply again"."""
    fewer = render(fixture, "manifests/overlays/self-signed")
    with Installation(fixture, render(fixture, "manifests/overlays/fail-closed")) as installation:
        apply(fixture, installation.objects)
        installation.play_job()
        fixture.cluster.kubectl("delete", "job", "pannier-certs", "-n", NAMESPACE)
        code, output = fixture.cluster.kubectl("apply", "--server-side", "-f", "-",
                                               stdin=as_list(fewer))
        check(code == 1 and output.count("is invalid") == 1 and '"zz-pannier" is invalid' in output, output)
        installation.objects = fewer
        installation.play_job()
        apply(fixture, fewer)
        check_equal("webhooks", [w["name"] for w in installation.registration()["webhooks"]], ["pods.pannier.dev"])
