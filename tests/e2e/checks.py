# SPDX-License-Identifier: Apache-2.0
"""What the cases share: how they are registered, and checks of Pods."""

import contextlib
import difflib
import json

STATUS = "pannier.dev/status"
LISTS = ("initContainers", "containers")

tests = []  # (name, function of the fixture)


def test(function):
    tests.append((function.__name__, function))
    return function


def test_each(items):
    """Registers a case for each item, which the function gets as its second argument."""
    def register(function):
        for item in items:
            tests.append((f"{function.__name__}: {item}",
                          lambda fixture, item=item: function(fixture, item)))
        return function
    return register


class Skipped(Exception):
    """What a case raises that cannot run here."""


def needs_controllers(fixture):
    if not fixture.cluster.has_controllers:
        raise Skipped("there is no kube-controller-manager")


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


def check_equal(what, got, want):
    if got != want:
        lines = [json.dumps(value, indent=2, default=repr).splitlines() for value in (want, got)]
        raise AssertionError("\n".join([f"{what} (- wanted, + got)",
                                        *difflib.unified_diff(*lines, lineterm="", n=5)]))


@contextlib.contextmanager
def created(fixture, namespace, pod):
    """Creates a Pod for the time of a `with`; gives the answer."""
    answer = fixture.client.create_pod(namespace, pod)
    try:
        yield answer
    finally:
        if answer.status == 201:
            fixture.client.delete_pod(namespace, answer.object["metadata"]["name"])


def check_created(answer, warnings=()):
    check(answer.status == 201, "not created:", answer)
    check_equal("warnings", answer.warnings, list(warnings))
    return answer.object


def names(pod):
    """The names of all containers, in order."""
    return {kind: [container["name"] for container in pod["spec"].get(kind) or []] for kind in LISTS}


def annotation(pod, key=STATUS):
    return (pod["metadata"].get("annotations") or {}).get(key)


def check_as_previewed(pod, entry):
    """The Pod has what `entry`, of preview's JSON, says of the same manifest."""
    check_equal("containers", names(pod), names(entry["object"]))
    check_equal("status annotation", annotation(pod), annotation(entry["object"]))


def settled(pod):
    """The Pod without what differs from one creation to the next. Volumes and mounts are in the
    order of their names: the API server puts the token's before ours or after."""
    metadata = {key: value for key, value in pod["metadata"].items()
                if key in ("name", "labels", "annotations")}
    spec = json.loads(json.dumps(pod["spec"]))
    for volume in spec.get("volumes") or []:
        volume["name"] = settled_name(volume["name"])
    spec.get("volumes", []).sort(key=lambda volume: volume["name"])
    for kind in LISTS:
        for container in spec.get(kind) or []:
            for mount in container.get("volumeMounts") or []:
                mount["name"] = settled_name(mount["name"])
            container.get("volumeMounts", []).sort(key=lambda mount: mount["mountPath"])
    return {"metadata": metadata, "spec": spec}


def settled_name(volume):
    return "kube-api-access-" if volume.startswith("kube-api-access-") else volume
