# SPDX-License-Identifier: Apache-2.0
"""What users see when a policy cannot be followed, and when pannier cannot be asked."""

import json
import pathlib

from checks import (annotation, check, check_as_previewed, check_created, check_equal, created, names,
                    test)

REQUIRED = pathlib.Path(__file__).resolve().parent / "policies/required.yaml"
BARE = {"initContainers": [], "containers": ["app"]}


def pod(**env):
    """A Pod whose container sets these variables."""
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "app", "labels": {"inject.pannier.dev/logging": "enabled"}},
            "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1",
                                     "env": [{"name": key, "value": env[key]} for key in env]}]}}


@test
def required_sidecar_that_cannot_be_added(fixture):
    """Deny: 403 with the policy, the reason, and what is in the way; the same in a dry run."""
    with fixture.start_pannier("required", REQUIRED) as pannier:
        namespace = fixture.make_namespace("required", [pannier])
        for query in ({}, {"dryRun": "All"}):
            refused = fixture.client.create_pod(namespace, pod(GUARD="mine"), **query)
            check_equal("answer", (refused.status, refused.message), (
                403, 'admission webhook "pods.pannier.dev" denied the request: policy require-guard: '
                'env-taken: container app sets GUARD to something else already'))
        with created(fixture, namespace, pod()) as answer:
            check_equal("containers", names(check_created(answer))["initContainers"],
                        ["guard", "extra"])


@test
def optional_sidecar_that_cannot_be_added(fixture):
    """Skip: the Pod starts without it, and the user is told once."""
    manifest = pod(EXTRA="mine")
    with fixture.start_pannier("optional", REQUIRED) as pannier:
        namespace = fixture.make_namespace("optional", [pannier])
        entry = pannier.preview_pod(json.dumps(manifest).encode(), namespace)
        with created(fixture, namespace, manifest) as answer:
            check_as_previewed(check_created(answer, entry["warnings"]), entry)
            check_equal("warnings", answer.warnings, [
                "pannier: skipped policy add-extra: env-taken: container app sets EXTRA to something else "
                "already"])
            check_equal("containers", names(answer.object)["initContainers"], ["guard"])


@test
def pannier_is_down_and_may_be_ignored(fixture):
    with fixture.start_pannier("ignored", REQUIRED, failure_policy="Ignore") as pannier:
        namespace = fixture.make_namespace("ignored", [pannier])
        check_equal("exit code", pannier.stop(), 0)
        with created(fixture, namespace, pod()) as answer:
            check_equal("containers", names(check_created(answer)), BARE)
            check_equal("status annotation", annotation(answer.object), None)
            check_equal("failed open", [call.failed_open for call in fixture.cluster.calls(answer)], [True])


@test
def pannier_is_down_and_may_not_be_ignored(fixture):
    with fixture.start_pannier("missed", REQUIRED) as pannier:
        namespace = fixture.make_namespace("missed", [pannier])
        check_equal("exit code", pannier.stop(), 0)
        refused = fixture.client.create_pod(namespace, pod())
        check(refused.status == 500 and "failed calling webhook" in refused.message, refused)


@test
def certificate_that_is_not_trusted(fixture):
    """A caBundle that did not follow: the same as being down."""
    with fixture.start_pannier("untrusted", REQUIRED, failure_policy="Ignore",
                               ca_file=fixture.cluster.certificate) as pannier:
        namespace = fixture.make_namespace("untrusted", [pannier])
        with created(fixture, namespace, pod()) as answer:
            check_equal("containers", names(check_created(answer)), BARE)
            check_equal("failed open", [call.failed_open for call in fixture.cluster.calls(answer)], [True])
