# SPDX-License-Identifier: Apache-2.0
"""What is required is there: /validate as a ValidatingWebhookConfiguration, behind all mutation."""

import pathlib

from checks import check, check_created, check_equal, created, names, test
from webhooks import Injector, Validation

REQUIRED = pathlib.Path(__file__).resolve().parent / "policies/required.yaml"
PATCH = "application/json-patch+json"
REFUSED = 'admission webhook "required-anywhere.pannier.dev" denied the request: policy require-guard: '


def pod(name="app", **metadata):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata},
            "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]}}


def patch(fixture, namespace, *operations, name="app"):
    return fixture.client.ask("PATCH", f"/api/v1/namespaces/{namespace}/pods/{name}",
                              list(operations), PATCH)


def without_guard(received):
    """A webhook that does not like sidecars of others."""
    for i, container in enumerate(received["spec"].get("initContainers") or []):
        if container["name"] == "guard":
            return [{"op": "remove", "path": f"/spec/initContainers/{i}"}]
    return []


@test
def what_was_injected_is_valid(fixture):
    with fixture.start_pannier("valid", REQUIRED) as pannier:
        namespace = fixture.make_namespace("valid", [pannier])
        with Validation(pannier, namespace), created(fixture, namespace, pod()) as answer:
            check_equal("containers", names(check_created(answer))["initContainers"], ["guard", "extra"])
            changes = {"replace a tag": ("/spec/initContainers/0/image", "example.com/guard:1.1"),
                       "the app's image": ("/spec/containers/0/image", "registry.example.com/app:2")}
            for what, (path, value) in changes.items():
                got = patch(fixture, namespace, {"op": "replace", "path": path, "value": value})
                check_equal(what, (got.status, got.message), (200, ""))
            got = patch(fixture, namespace, {"op": "replace", "path": "/spec/initContainers/0/image",
                                             "value": "example.com/nothing:1"})
            check_equal("another image", (got.status, got.message), (
                403, REFUSED + "container-name-taken: container guard exists already: its image is "
                "example.com/nothing:1"))
            got = patch(fixture, namespace, {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}})
            check_equal("a label", (got.status, got.message), (200, ""))


@test
def sidecar_stripped_by_a_later_webhook(fixture):
    with fixture.start_pannier("stripped", REQUIRED) as pannier, \
            Injector(fixture.cluster, "zzz-stripper", without_guard) as stripper:
        namespace = fixture.make_namespace("stripped", [pannier, stripper])
        with created(fixture, namespace, pod()) as answer:
            check_equal("without validation", names(answer.object)["initContainers"], ["extra"])
        with Validation(pannier, namespace):
            refused = fixture.client.create_pod(namespace, pod())
            check_equal("answer", (refused.status, refused.message),
                        (403, REFUSED + "missing: container guard"))


@test
def made_while_nothing_was_injected(fixture):
    """The mutating side is not there. What was made before is left in peace: its finalizer can go."""
    with fixture.start_pannier("unmutated", REQUIRED) as pannier:
        namespace = "unmutated"
        fixture.cluster.make_namespace(namespace, {})
        old = pod("old", finalizers=["example.com/wait"])
        check(fixture.client.create_pod(namespace, old).status == 201, "the old Pod")
        with Validation(pannier, namespace):
            refused = fixture.client.create_pod(namespace, pod())
            check_equal("answer", (refused.status, refused.message),
                        (403, REFUSED + "missing: container guard"))
            got = patch(fixture, namespace, {"op": "remove", "path": "/metadata/finalizers"}, name="old")
            check_equal("finalizer", (got.status, got.message), (200, ""))
        fixture.client.delete_pod(namespace, "old")
