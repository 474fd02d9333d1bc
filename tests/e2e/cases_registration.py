# SPDX-License-Identifier: Apache-2.0
"""`pannier webhook-config`: its output applied by kubectl, and whom the API server then asks about."""

import contextlib
import pathlib
import subprocess

from checks import check, check_equal, names, test
from cluster import wait_until
from fixture import CATALOGUE
from webhooks import CONFIGURATIONS, REACH_SECONDS, Validation

REGISTERED = pathlib.Path(__file__).resolve().parent / "policies/registered.yaml"
NAME = "zz-registered"


def pod(labels=None, annotations=None):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"generateName": "app-", "labels": labels or {}, "annotations": annotations or {}},
            "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]}}


def many_policies(fixture, count):
    """A file with so many policies that deny, each with a label of its own."""
    text = REGISTERED.read_text(encoding="utf-8").split("---")[0]
    for i in range(count):
        text += f"""---
apiVersion: pannier.dev/v1alpha1
kind: InjectionPolicy
metadata: {{name: p{i}}}
spec:
  match: {{podSelector: {{matchLabels: {{inject.example.com/label-{i}: enabled}}}}}}
  inject: [{{templateRef: {{name: guard}}}}]
  onFailure: Deny
"""
    return pathlib.Path(fixture.cluster.write(f"many-{count}.yaml", text))


def webhook_config(fixture, policies, *arguments):
    done = subprocess.run([fixture.binary, "webhook-config", "-p", str(policies), "--name", "registered",
                           *arguments], capture_output=True, timeout=60, check=False)
    check(done.returncode == 0, done.stderr.decode())
    return done.stdout


def apply(fixture, manifest, *arguments):
    """Unknown fields are errors, and what it warns of is one, too."""
    code, output = fixture.cluster.kubectl("apply", "--validate=strict", "--warnings-as-errors", "-f", "-",
                                           *arguments, stdin=manifest)
    check(code == 0, output)
    return output


@contextlib.contextmanager
def registered(fixture, pannier, policies):
    manifest = webhook_config(fixture, policies, "--url", f"https://127.0.0.1:{pannier.port}",
                              "--ca-file", pannier.ca_file)
    output = apply(fixture, manifest)
    check("zz-registered created" in output and "/registered created" in output, output)
    try:
        yield manifest
    finally:
        for path in (CONFIGURATIONS + "/" + NAME, Validation.path + "/registered"):
            fixture.client.ask("DELETE", path)


def is_asked(fixture, namespace, sent):
    answer = fixture.client.create_pod(namespace, sent, dryRun="All")
    check(answer.status == 201, answer)
    return any(call.configuration == NAME for call in fixture.cluster.calls(answer))


def is_validated(fixture, pannier, namespace, sent):
    before = pannier.validations()
    fixture.client.create_pod(namespace, sent, dryRun="All")
    return pannier.validations() > before


@test
def registration_for_a_service_is_accepted(fixture):
    """For each template of the catalogue, for all of them, and for what must be there."""
    for policies in (CATALOGUE, REGISTERED, many_policies(fixture, 101), *sorted(CATALOGUE.glob("*.yaml"))):
        manifest = webhook_config(fixture, policies, "--service", "pannier", "-n", "pannier-system",
                                  "--ca-file", fixture.pannier.ca_file)
        output = apply(fixture, manifest, "--dry-run=server")
        check("zz-registered created" in output and "/registered created" in output, policies, output)


@test
def registration_asks_about_pods_that_policies_may_select(fixture):
    with fixture.start_pannier("asked", REGISTERED) as pannier, \
            registered(fixture, pannier, REGISTERED) as manifest:
        fixture.cluster.make_namespace("elsewhere", {})
        wait_until("the registration counts", REACH_SECONDS,
                   lambda: is_asked(fixture, "elsewhere", pod({"guard": "please"})))
        for labels, annotations in (({"guard": "yes"}, None), ({"guard": "must"}, None),
                                    ({"guard-anywhere": "must"}, None),
                                    (None, {"example.com/guard": "please"})):
            check(is_asked(fixture, "elsewhere", pod(labels, annotations)), labels, annotations)
        for labels in ({}, {"app": "x"}):
            check(not is_asked(fixture, "elsewhere", pod(labels)), labels)
        answer = fixture.client.create_pod("elsewhere", pod({"guard": "please"}), dryRun="All")
        check_equal("containers", names(answer.object)["initContainers"], ["guard"])
        check_equal("applied again", [line.rsplit(" ", 1)[1] for line in apply(fixture, manifest).splitlines()],
                    ["unchanged", "unchanged"])


@test
def registration_fails_closed_only_where_namespaces_are_named(fixture):
    must, anywhere, other = {"guard": "must"}, {"guard-anywhere": "must"}, {"guard": "please"}

    def created(namespace, labels):
        answer = fixture.client.create_pod(namespace, pod(labels), dryRun="All")
        return answer.status, names(answer.object).get("initContainers") if answer.status == 201 else None

    for namespace in ("named-too", "elsewhere-closed"):
        fixture.cluster.make_namespace(namespace, {})
    with fixture.start_pannier("closed", REGISTERED) as pannier, \
            registered(fixture, pannier, REGISTERED):
        wait_until("the registration counts", REACH_SECONDS,
                   lambda: created("named-too", must) == (201, ["guard"]))
        check_equal("anywhere", created("elsewhere-closed", anywhere), (201, ["guard"]))
        pannier.stop()
        wait_until("the server is gone", REACH_SECONDS,
                   lambda: created("elsewhere-closed", other) != (201, ["guard"]))
        answer = fixture.client.create_pod("named-too", pod(must), dryRun="All")
        check(answer.status == 500 and "required.pannier.dev" in answer.message, answer)
        for namespace, labels in (("elsewhere-closed", must), ("elsewhere-closed", anywhere),
                                  ("named-too", other), ("named-too", None)):
            check_equal(f"{labels} in {namespace}", created(namespace, labels)[0], 201)


@test
def registration_without_requirements_takes_those_of_before_away(fixture):
    with fixture.start_pannier("taken-away", REGISTERED) as pannier, \
            registered(fixture, pannier, REGISTERED):
        without = webhook_config(fixture, CATALOGUE / "log-shipper.yaml", "--url",
                                 f"https://127.0.0.1:{pannier.port}", "--ca-file", pannier.ca_file)
        apply(fixture, without)
        answer = fixture.client.ask("GET", Validation.path + "/registered")
        check_equal("webhooks", answer.object.get("webhooks") or [], [])


@test
def registration_with_as_many_labels_as_a_condition_may_have(fixture):
    policies = many_policies(fixture, 100)  # CONDITION_KEYS_MAX
    with fixture.start_pannier("many", policies) as pannier, registered(fixture, pannier, policies) as manifest:
        check(b"inject.example.com/label-99" in manifest, "no condition")
        fixture.cluster.make_namespace("many", {})
        sent = pod({"inject.example.com/label-99": "enabled"})
        wait_until("the registration counts", REACH_SECONDS, lambda: is_asked(fixture, "many", sent))
        check(not is_asked(fixture, "many", pod({"inject.example.com/label-100": "enabled"})))
        answer = fixture.client.create_pod("many", sent)
        check_equal("containers", names(answer.object)["initContainers"], ["guard"])
        wait_until("it is validated", REACH_SECONDS, lambda: is_validated(fixture, pannier, "many", sent))
        before = pannier.validations()
        path = f"/api/v1/namespaces/many/pods/{answer.object['metadata']['name']}"
        operation = [{"op": "remove", "path": "/metadata/labels/inject.example.com~1label-99"}]
        got = fixture.client.ask("PATCH", path, operation, "application/json-patch+json")
        check_equal("without its label", got.status, 200)
        wait_until("the old Pod's label counts", REACH_SECONDS, lambda: pannier.validations() > before)
        fixture.client.delete_pod("many", answer.object["metadata"]["name"])
