# SPDX-License-Identifier: Apache-2.0
"""Two rounds of admission: another injector that stands before pannier or after it."""

import json

from checks import (annotation, check, check_created, check_equal, created, names, settled_name, test)
from webhooks import Injector

EARLY, OURS, LATE = "aa-injector", "zz-catalogue", "zzz-injector"  # they are called in order of their names
MOUNT = "/var/log/app"                       # what ship-logs gives to the app's containers
POD = {"metadata": {"name": "web", "labels": {"inject.pannier.dev/logging": "enabled"}},
       "spec": {"containers": [{"name": "web", "image": "registry.example.com/shop/web:2.14.3"}]}}
DIGEST = "@sha256:" + "0123456789abcdef" * 4


# ---- what other injectors do: functions from a Pod to a JSON Patch --------------------------------

def add_container(kind, container):
    def change(pod):
        there = pod["spec"].get(kind) or []
        if any(other["name"] == container["name"] for other in there):
            return []
        if not there:
            return [{"op": "add", "path": f"/spec/{kind}", "value": [container]}]
        return [{"op": "add", "path": f"/spec/{kind}/-", "value": container}]
    return change


def pin_images(pod):
    """Digests in place of tags, as a policy of signed images would have it."""
    return [{"op": "replace", "path": f"/spec/{kind}/{index}/image", "value": container["image"] + DIGEST}
            for kind in ("initContainers", "containers")
            for index, container in enumerate(pod["spec"].get(kind) or [])
            if "@" not in container["image"]]


NATIVE = add_container("initContainers", {"name": "mesh-proxy", "image": "example.com/mesh/proxy:1.9",
                                          "restartPolicy": "Always"})
CLASSIC = add_container("containers", {"name": "mesh-agent", "image": "example.com/mesh/agent:1.9"})


# ---- what is seen of them ---------------------------------------------------------------------------

def rounds(fixture, answer):
    """(round, webhook, did it change something), in order."""
    return [(call.round, call.configuration, call.mutated) for call in fixture.cluster.calls(answer)]


def log_mounts(pod):
    return {container["name"]: [mount["mountPath"] for mount in container.get("volumeMounts", [])
                                if mount["name"] == "pannier-logs"]
            for container in pod["spec"]["containers"]}


def check_settled_for_good(fixture, answer):
    """What is stored has our sidecar once, and would be left alone."""
    pod = check_created(answer)
    check_equal("log shippers", names(pod)["initContainers"].count("log-shipper"), 1)
    check_equal("patch for it", fixture.pannier.preview(answer.text.encode(), "patch"), b"[]\n")
    return pod


@test
def token_mount_brings_a_second_round(fixture):
    """Without any other injector: ServiceAccount admission mounts the token into our sidecar."""
    namespace = fixture.make_namespace("alone", [fixture.pannier])
    with created(fixture, namespace, POD) as answer:
        pod = check_settled_for_good(fixture, answer)
        check_equal("calls", rounds(fixture, answer), [(0, OURS, True), (1, OURS, False)])
        check_equal("our audit annotation",
                    fixture.cluster.audit_annotations(answer).get("pods.pannier.dev/applied"), "ship-logs")
        (shipper,) = pod["spec"]["initContainers"]
        check_equal("volumes of the sidecar",
                    [settled_name(mount["name"]) for mount in shipper["volumeMounts"]],
                    ["pannier-logs", "pannier-log-state", "kube-api-access-"])


@test
def native_sidecar_after_us(fixture):
    with Injector(fixture.cluster, LATE, NATIVE) as late:
        namespace = fixture.make_namespace("native-after", [fixture.pannier, late])
        with created(fixture, namespace, POD) as answer:
            pod = check_settled_for_good(fixture, answer)
            check_equal("calls", rounds(fixture, answer),
                        [(0, OURS, True), (0, LATE, True), (1, OURS, False), (1, LATE, False)])
            check_equal("containers", names(pod), {"initContainers": ["log-shipper", "mesh-proxy"],
                                                   "containers": ["web"]})


@test
def classic_sidecar_after_us(fixture):
    """It cannot be told from an app, so the second round gives it the log volume as well."""
    with Injector(fixture.cluster, LATE, CLASSIC) as late:
        namespace = fixture.make_namespace("classic-after", [fixture.pannier, late])
        with created(fixture, namespace, POD) as answer:
            pod = check_settled_for_good(fixture, answer)
            check_equal("calls", rounds(fixture, answer),
                        [(0, OURS, True), (0, LATE, True), (1, OURS, True), (1, LATE, False)])
            check_equal("mounts", log_mounts(pod), {"web": [MOUNT], "mesh-agent": [MOUNT]})


@test
def images_pinned_after_us(fixture):
    with Injector(fixture.cluster, LATE, pin_images) as late:
        namespace = fixture.make_namespace("pinned-after", [fixture.pannier, late])
        with created(fixture, namespace, POD) as answer:
            pod = check_settled_for_good(fixture, answer)
            check_equal("calls", rounds(fixture, answer),
                        [(0, OURS, True), (0, LATE, True), (1, OURS, False), (1, LATE, False)])
            check(pod["spec"]["initContainers"][0]["image"].endswith(DIGEST), "the image is ours again")


@test
def injectors_before_and_after_us(fixture):
    with Injector(fixture.cluster, EARLY, NATIVE) as early, \
            Injector(fixture.cluster, LATE, pin_images) as late:
        namespace = fixture.make_namespace("between", [early, fixture.pannier, late])
        with created(fixture, namespace, POD) as answer:
            pod = check_settled_for_good(fixture, answer)
            check_equal("calls", rounds(fixture, answer),
                        [(0, EARLY, True), (0, OURS, True), (0, LATE, True),
                         (1, EARLY, False), (1, OURS, False), (1, LATE, False)])
            check_equal("containers", names(pod), {"initContainers": ["mesh-proxy", "log-shipper"],
                                                   "containers": ["web"]})


@test
def patch_is_the_one_of_the_recorded_review(fixture):
    """What the API server got from pannier is what preview says of the very review, in both rounds."""
    pod = {**POD, "metadata": {"generateName": "web-", "labels": POD["metadata"]["labels"]}}
    with Injector(fixture.cluster, EARLY) as recorder:
        namespace = fixture.make_namespace("recorded", [recorder, fixture.pannier])
        with created(fixture, namespace, pod) as answer:
            check_settled_for_good(fixture, answer)
            ours = [call for call in fixture.cluster.calls(answer) if call.configuration == OURS]
            check_equal("rounds that the recorder saw", len(recorder.reviews), len(ours))
            for call, review in zip(ours, recorder.reviews):
                previewed = json.loads(fixture.pannier.preview(review, "patch"))
                check_equal(f"patch of round {call.round}", call.patch, previewed)
            check(ours[0].patch and not ours[1].patch, "patches:", [call.patch for call in ours])
            check(annotation(answer.object), "no status annotation")
