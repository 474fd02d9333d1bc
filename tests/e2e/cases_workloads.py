# SPDX-License-Identifier: Apache-2.0
"""Deployments, StatefulSets, Jobs, CronJobs: the Pods that Kubernetes' own controllers make of them."""

import itertools
import json
import pathlib
import shutil

from cases_manifests import HERE, MANIFESTS, read
from cases_rounds import DIGEST, LATE, pin_images
from cases_validate import REFUSED, REQUIRED, without_guard
from checks import LISTS, annotation, check, check_equal, names, needs_controllers, test, test_each
from cluster import wait_until
from fixture import CATALOGUE
from webhooks import Injector, Validation
from workloads import (create, hours_ago, key, kinds_of_pods, listed, patch, path, pods_by_workload,
                       template, wait_for_pods)

EXAMPLES = sorted(file.stem for file in (HERE / "examples").glob("*.yaml"))
EVERYWHERE = HERE / "policies/everywhere.yaml"
ROLLOUT = HERE / "policies/rollout.yaml"
WORKLOADS = "workloads.yaml"
EACH_KIND = 6
RUN_SECONDS = 120


def previewed(pannier, manifest, namespace):
    """The entries of preview's JSON, by KIND/NAME."""
    shown = json.loads(pannier.preview(manifest, "json", "-n", namespace))
    return {f"{entry['kind']}/{entry['name']}": entry for entry in shown["objects"]}


def check_as_templates(pods, entries):
    """Each Pod has what preview's entry says of the object it was made of. Returns what is reported."""
    for name, made in pods.items():
        wanted = template(entries[name]["object"])
        for pod in made:
            check_equal(f"containers for {name}", names(pod), names(wanted))
            check_equal(f"status annotation for {name}", annotation(pod), annotation(wanted))
    return f"{sum(map(len, pods.values()))} Pods of {len(pods)} workloads"


def check_pods(fixture, pannier, stem, manifest):
    """As many Pods as without pannier; and each is the Pod that comes of the previewed manifest. Returns
    what is reported."""
    plain, ready = (fixture.cluster.make_namespace(f"{stem}-{end}", {}) for end in ("plain", "previewed"))
    called = fixture.make_namespace(f"{stem}-called", [pannier])
    objects = create(fixture, plain, manifest)
    create(fixture, called, manifest)
    create(fixture, ready, pannier.preview(manifest, "yaml"))

    without = wait_for_pods(fixture, plain, objects)
    injected = wait_for_pods(fixture, called, objects)
    wanted = wait_for_pods(fixture, ready, objects)
    check(without, "there are no Pods")
    check_equal("workloads with Pods", sorted(injected), sorted(without))
    note = check_as_templates(injected, previewed(pannier, manifest, called))
    for workload, pods in injected.items():
        check_equal(f"Pods of {workload}", [json.loads(pod) for pod in kinds_of_pods(pods)],
                    [json.loads(pod) for pod in kinds_of_pods(wanted[workload])])
        check_equal(f"patch for a Pod of {workload}",
                    pannier.preview(json.dumps(pods[0]).encode(), "patch"), b"[]\n")
    return note


@test_each(MANIFESTS)
def pods_of_a_manifest_are_as_previewed(fixture, name):
    needs_controllers(fixture)
    return check_pods(fixture, fixture.pannier, name.removesuffix(".yaml"), read(name))


@test_each(EXAMPLES)
def pods_of_an_example_are_as_previewed(fixture, stem):
    needs_controllers(fixture)
    policies = pathlib.Path(fixture.cluster.directory) / f"example-{stem}.policies"
    policies.mkdir()
    for file in (CATALOGUE / "log-shipper.yaml", CATALOGUE / "envoy-proxy.yaml", EVERYWHERE):
        shutil.copy(file, policies)
    with fixture.start_pannier(f"example-{stem}", policies) as pannier:
        return check_pods(fixture, pannier, f"example-{stem}", (HERE / f"examples/{stem}.yaml").read_bytes())


@test
def pods_of_workloads_where_restricted_limits_and_a_quota_hold(fixture):
    needs_controllers(fixture)
    namespace, manifest = "limited-restricted", read(WORKLOADS)
    objects = create(fixture, namespace, manifest)
    pods = wait_for_pods(fixture, namespace, objects)
    check_equal("workloads with Pods", sorted(pods), sorted(map(key, objects)))
    return check_as_templates(pods, previewed(fixture.pannier, manifest, namespace))


@test
def pods_of_workloads_with_an_injector_after_us(fixture):
    """It changes our sidecars; nobody adds them a second time."""
    needs_controllers(fixture)
    manifest = read(WORKLOADS)
    with Injector(fixture.cluster, LATE, pin_images) as late:
        namespace = fixture.make_namespace("workloads-pinned", [fixture.pannier, late])
        pods = wait_for_pods(fixture, namespace, create(fixture, namespace, manifest))
        note = check_as_templates(pods, previewed(fixture.pannier, manifest, namespace))
        for pod in itertools.chain(*pods.values()):
            check(all(container["image"].endswith(DIGEST) for kind in LISTS
                      for container in pod["spec"].get(kind) or []), "an image is not pinned")
            check_equal("patch", fixture.pannier.preview(json.dumps(pod).encode(), "patch"), b"[]\n")
        return note


@test
def workload_that_loses_a_required_sidecar_gets_no_pods(fixture):
    """What its owner sees of it is an event."""
    needs_controllers(fixture)
    manifest = json.dumps(workload("Deployment", "stripped")).encode()
    with fixture.start_pannier("workload-stripped", REQUIRED) as pannier, \
            Injector(fixture.cluster, "zzz-stripper", without_guard) as stripper:
        namespace = fixture.make_namespace("workload-stripped", [pannier, stripper])
        with Validation(pannier, namespace):
            create(fixture, namespace, manifest)
            wait_until("the refusal is an event", RUN_SECONDS, lambda: any(
                event["reason"] == "FailedCreate" and f"{REFUSED}missing: container guard" in event["message"]
                for event in listed(fixture, f"/api/v1/namespaces/{namespace}/events")))
            check_equal("Pods", pods_by_workload(fixture, namespace), {})


# ---- half of the workloads ------------------------------------------------------------------------

def workload(kind, name):
    pod = {"metadata": {"labels": {"app": name}},
           "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]}}
    selector = {"selector": {"matchLabels": {"app": name}}, "template": pod}
    if kind == "Deployment":
        api, spec = "apps/v1", {"replicas": 3, **selector}
    elif kind == "StatefulSet":
        api, spec = "apps/v1", {"replicas": 2, "serviceName": name, "podManagementPolicy": "Parallel",
                                **selector}
    else:
        pod["spec"]["restartPolicy"] = "Never"
        api, spec = "batch/v1", {"parallelism": 2, "completions": 2, "template": pod}
    if kind == "CronJob":
        spec = {"schedule": at(2), "timeZone": "Etc/UTC", "jobTemplate": {"spec": spec}}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


def at(hours):
    """The schedule that had its last run then."""
    when = hours_ago(hours)
    return f"{when.minute} {when.hour} {when.day} {when.month} *"


def run_again(fixture, namespace, name):
    """Lets a CronJob that ran for two hours ago run for one hour ago."""
    where = path(namespace, "cronjobs", name)
    wait_until("the first run is noted", RUN_SECONDS, lambda: fixture.client.ask(
        "GET", where).object["status"]["lastScheduleTime"] > hours_ago(3).isoformat())
    patch(fixture, where, {"spec": {"schedule": at(1)}})
    # A change of the schedule is looked at when it is due the next time; any other one, at once.
    patch(fixture, where, {"metadata": {"annotations": {"example.com/again": "yes"}}})


def second_generations(fixture, namespace):
    """How many workloads have Pods of two ReplicaSets or Jobs."""
    return sum(len({pod["metadata"]["ownerReferences"][0]["uid"] for pod in pods}) == 2
               for pods in pods_by_workload(fixture, namespace).values())


@test
def rollout_takes_whole_workloads_as_previewed(fixture):
    """Half of them: all Pods of a workload or none, also those of its next ReplicaSet and its next Job."""
    needs_controllers(fixture)
    items = [workload(kind, f"{kind.lower()}-{i}") for i in range(EACH_KIND)
             for kind in ("Deployment", "StatefulSet", "Job", "CronJob")]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode()
    with fixture.start_pannier("rollout", ROLLOUT) as pannier:
        namespace = fixture.make_namespace("rollout", [pannier])
        entries = previewed(pannier, manifest, namespace)
        selected = [name for name, entry in entries.items()
                    if "half" in names(template(entry["object"]))["initContainers"]]
        check(len(entries) / 4 < len(selected) < len(entries) * 3 / 4, len(selected), "are selected")
        objects = create(fixture, namespace, manifest)
        check_as_templates(wait_for_pods(fixture, namespace, objects), entries)

        for found in objects:
            name = found["metadata"]["name"]
            if found["kind"] == "Deployment":
                patch(fixture, path(namespace, "deployments", name),
                      {"spec": {"template": {"metadata": {"annotations": {"example.com/again": "yes"}}}}})
            elif found["kind"] == "CronJob":
                run_again(fixture, namespace, name)
        wait_until("the second ReplicaSets and Jobs have Pods", RUN_SECONDS,
                   lambda: second_generations(fixture, namespace) == 2 * EACH_KIND)
        return check_as_templates(pods_by_workload(fixture, namespace), entries)
