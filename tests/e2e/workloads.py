# SPDX-License-Identifier: Apache-2.0
"""Workloads created by kubectl, and the Pods that Kubernetes' controllers make of them."""

import datetime
import json

from checks import LISTS, check, settled
from client import MERGE_PATCH
from cluster import wait_until

PODS_SECONDS = 180
BETWEEN = ("replicasets", "jobs")  # what may stand between a Pod and its workload
GROUPS = {"replicasets": "apps", "jobs": "batch", "cronjobs": "batch", "deployments": "apps"}
# Labels that differ from one creation to the next.
FRESH_LABELS = ("pod-template-hash", "controller-revision-hash", "controller-uid", "job-name",
                "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")
JOB_INDEX = "JOB_COMPLETION_INDEX"  # for every container of an Indexed Job's template: for previewed ones


def path(namespace, resource, name=""):
    return f"/apis/{GROUPS[resource]}/v1/namespaces/{namespace}/{resource}/{name}".rstrip("/")


def patch(fixture, where, change):
    answer = fixture.client.ask("PATCH", where, change, MERGE_PATCH)
    check(answer.status == 200, "PATCH", where, answer)


def hours_ago(hours):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=hours)


def create(fixture, namespace, manifest):
    """Creates a manifest; a CronJob has missed its last run, so it has one at once. Returns the objects."""
    objects = fixture.cluster.kubectl_objects("create", "--validate=strict", "-n", namespace, "-f", "-",
                                              stdin=manifest)
    for found in objects:
        if found["kind"] == "CronJob":
            last_run(fixture, namespace, found["metadata"]["name"], hours_ago(25))
    return objects


def last_run(fixture, namespace, name, when):
    patch(fixture, path(namespace, "cronjobs", name) + "/status",
          {"status": {"lastScheduleTime": when.strftime("%Y-%m-%dT%H:%M:%SZ")}})


def key(found):
    return f"{found['kind']}/{found['metadata']['name']}"


def template(workload):
    """The Pod that a workload, or Pod, describes."""
    if workload["kind"] == "Pod":
        return workload
    spec = workload["spec"]
    return (spec["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else spec)["template"]


def pods_wanted(found):
    """How many Pods there are as long as none of them is ever ready."""
    spec = found.get("spec", {})
    if found["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    if found["kind"] in ("Job", "CronJob"):
        return spec.get("parallelism", 1)
    if found["kind"] == "StatefulSet":
        return spec["replicas"] if spec["podManagementPolicy"] == "Parallel" else 1
    if found["kind"] in ("Deployment", "ReplicaSet", "ReplicationController"):
        return spec["replicas"]
    return int(found["kind"] in ("Pod", "DaemonSet"))


def listed(fixture, where):
    return fixture.client.ask("GET", where).object["items"]


def controller(found):
    return next((owner for owner in found["metadata"].get("ownerReferences") or []
                 if owner.get("controller")), None)


def pods_by_workload(fixture, namespace):
    """{KIND/NAME of the outermost controller: [Pod]}"""
    between = {found["metadata"]["uid"]: found for resource in BETWEEN
               for found in listed(fixture, path(namespace, resource))}
    pods = {}
    for pod in listed(fixture, f"/api/v1/namespaces/{namespace}/pods"):
        owner = controller(pod)
        if owner and owner["uid"] in between:
            owner = controller(between[owner["uid"]]) or owner
        name = f"{owner['kind']}/{owner['name']}" if owner else f"Pod/{pod['metadata']['name']}"
        pods.setdefault(name, []).append({"apiVersion": "v1", "kind": "Pod", **pod})
    return pods


def wait_for_pods(fixture, namespace, objects):
    """All Pods that the objects ask for, by workload; else what the controllers complained of."""
    wanted = {key(found): pods_wanted(found) for found in objects if pods_wanted(found)}

    def arrived():
        pods = pods_by_workload(fixture, namespace)
        return pods if all(len(pods.get(name, [])) >= count for name, count in wanted.items()) else None

    try:
        return wait_until(f"Pods in {namespace}", PODS_SECONDS, arrived)
    except RuntimeError as error:
        there = {name: len(pods) for name, pods in pods_by_workload(fixture, namespace).items()}
        events = {event["message"] for event in listed(fixture, f"/api/v1/namespaces/{namespace}/events")
                  if event["type"] != "Normal"}
        raise AssertionError("\n".join([str(error), f"wanted {wanted}", f"there are {there}",
                                        *sorted(events)])) from None


def kinds_of_pods(pods):
    """Each different Pod of a workload once, without what differs from one creation to the next."""
    return sorted({json.dumps(without_fresh(pod), sort_keys=True) for pod in pods})


def without_fresh(pod):
    seen = settled(pod)
    if controller(pod):
        del seen["metadata"]["name"]
    labels = seen["metadata"].get("labels") or {}
    seen["metadata"]["labels"] = {name: labels[name] for name in labels if name not in FRESH_LABELS}
    for container in (container for kind in LISTS for container in seen["spec"].get(kind) or []):
        env = [variable for variable in container.pop("env", []) if variable["name"] != JOB_INDEX]
        container.update({"env": env} if env else {})
    return seen
