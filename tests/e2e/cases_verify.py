# SPDX-License-Identifier: Apache-2.0
"""`pannier verify` on Pods as an API server lists them."""

import json
import subprocess

from cases_catalogue import SAMPLES
from cases_validate import REQUIRED, patch, pod
from checks import check, check_created, check_equal, created, test, test_each
from fixture import CATALOGUE

OLDER, NEWER = "example.com/extra:1.0", "example.com/extra:1.1"


def verified(fixture, namespace, policies):
    """(exit code, {Pod: {policy: state}}, the document) of the namespace's Pods."""
    listed = fixture.client.ask("GET", f"/api/v1/namespaces/{namespace}/pods")
    check(listed.status == 200 and "managedFields" in listed.text, "the list of Pods:", listed)
    done = subprocess.run([fixture.binary, "verify", "-f", "-", "-p", str(policies), "-o", "json"],
                          input=listed.text.encode(), capture_output=True, check=False, timeout=60)
    check(done.returncode in (0, 1), "verify:", done.returncode, done.stderr.decode())
    document = json.loads(done.stdout)
    return done.returncode, {entry["name"]: {policy["name"]: policy["state"] for policy in entry["policies"]}
                             for entry in document["pods"]}, document


def check_current(what, fixture, namespace, name):
    code, states, document = verified(fixture, namespace, CATALOGUE)
    check(states.get(name), f"{what}: no policy has to do with {name}")
    told = [policy for entry in document["pods"] for policy in entry["policies"]]
    check(all(policy["state"] in ("Current", "LeftOut") for policy in told) and code == 0, what, code, told)
    check_equal(f"{what}: current ones", "Current" in states[name].values(), True)


@test_each(SAMPLES)
def sample_is_current(fixture, sample):
    """As it was made, and where a LimitRange gave its containers limits."""
    for kind in ("catalogue", "limited"):
        namespace = f"{kind}-{sample.level}"
        with created(fixture, namespace, sample.text) as answer:
            name = check_created(answer)["metadata"]["name"]
            check_current(namespace, fixture, namespace, name)


@test
def verify_tells_what_became_of_pods(fixture):
    text = REQUIRED.read_text().replace(OLDER, NEWER)
    check(NEWER in text, OLDER, "is not in the policies")
    newer = fixture.cluster.write("verify-newer.yaml", text)
    with fixture.start_pannier("verify", REQUIRED) as pannier:
        bare = fixture.cluster.make_namespace("verify-bare", {})
        namespace = fixture.make_namespace("verify", [pannier])
        with created(fixture, namespace, pod()) as answer, created(fixture, bare, pod("old")):
            check_created(answer)
            check_equal("by the policies that it was made by", verified(fixture, namespace, REQUIRED)[:2],
                        (0, {"app": {"require-guard": "Current", "add-extra": "Current"}}))
            check_equal("after a change of a template", verified(fixture, namespace, newer)[:2],
                        (1, {"app": {"require-guard": "Current", "add-extra": "Stale"}}))
            check_equal("made without the webhook", verified(fixture, bare, REQUIRED)[:2],
                        (1, {"old": {"require-guard": "Missing", "add-extra": "Missing"}}))
            got = patch(fixture, namespace, {"op": "replace", "path": "/spec/initContainers/1/image",
                                             "value": "example.com/extra:0.1"})
            check_equal("the patch", got.status, 200)
            check_equal("another image", verified(fixture, namespace, REQUIRED)[:2],
                        (1, {"app": {"require-guard": "Current", "add-extra": "Tampered"}}))
