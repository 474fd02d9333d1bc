# SPDX-License-Identifier: Apache-2.0
"""Certificates between the API server and pannier: both sides show theirs, and ours is replaced."""

import os
import subprocess

from checks import check_created, check_equal, created, names, test
from cluster import make_certificate, wait_until
from load import Load
from webhooks import REACH_SECONDS

POLICIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "policies/required.yaml")
ROTATIONS = 3
MORE = 20  # Pods, with each certificate


def pod(name="app"):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": name + "-"},
            "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]}}


def has_guard(received):
    return "guard" in names(received)["initContainers"]


def issue(fixture, directory):
    subprocess.run([fixture.binary, "certs", "issue", "--san", "127.0.0.1", "-d", directory],
                   check=True, capture_output=True, timeout=60)


@test
def certificate_rotates_under_load_without_one_failed_call(fixture):
    """failurePolicy is Fail: a call that fails is a Pod that is refused."""
    directory = os.path.join(fixture.cluster.directory, "rotated")
    issue(fixture, directory)
    with fixture.start_pannier("rotated", POLICIES, certificates=directory) as pannier:
        namespace = fixture.make_namespace("rotated", [pannier])
        with Load(fixture, namespace, pod(), has_guard) as load:
            for done in range(1, ROTATIONS + 1):
                issue(fixture, directory)
                wait_until("the new certificate is taken", REACH_SECONDS,
                           lambda done=done: pannier.told("took a new certificate") >= done)
                load.wait_for_more(MORE)
        return load.check()


@test
def api_server_shows_its_client_certificate(fixture):
    ca = fixture.cluster.client_certificate  # signed by itself
    with fixture.start_pannier("mutual", POLICIES, flags=("--client-ca-file", ca)) as pannier:
        namespace = fixture.make_namespace("mutual", [pannier])
        with created(fixture, namespace, pod()) as answer:
            check_equal("containers", names(check_created(answer))["initContainers"], ["guard", "extra"])


@test
def api_server_with_another_client_certificate_is_refused(fixture):
    other, _ = make_certificate(fixture.cluster.directory, "other-client")
    with fixture.start_pannier("stranger", POLICIES, flags=("--client-ca-file", other)) as pannier:
        fixture.cluster.make_namespace("stranger", {pannier.label: "called"})

        def refused():
            answer = fixture.client.create_pod("stranger", pod(), dryRun="All")
            return answer.status == 500 and "client certificate was not verified" in answer.message

        wait_until("the API server's calls are refused", REACH_SECONDS, refused)
