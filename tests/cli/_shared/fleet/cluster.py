#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays a cluster for `pannier verify`: what a kubelet would run, as `kubectl get pods -o json` has it.

  cluster.py run POLICIES WORKLOAD...     a List of the Pods of the workloads on stdout
  cluster.py edit NAME CODE               the List on stdin with CODE run on each `pod` so named

A WORKLOAD is KIND/NAMESPACE/NAME[*REPLICAS][,LABEL...]. The Pods are as controllers and the API server make
them (owner, defaults, token volume); `pannier preview` injects them with POLICIES ("-": nobody does); then come
the scheduler's and the kubelet's parts.
"""

import json
import re
import subprocess
import sys

TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
WORKLOAD = re.compile(r"([A-Za-z]+)/([a-z-]+)/([a-z-]+)(?:\*(\d+))?((?:,[a-z-]+)*)$")


def owner_of(kind, name):
    """(kind, name) of the controller, what its Pods are named by, their further labels."""
    if kind == "Deployment":
        return "ReplicaSet", f"{name}-5d9f8c7b6", {"pod-template-hash": "5d9f8c7b6"}
    if kind == "CronJob":
        return "Job", f"{name}-29600000", {"job-name": f"{name}-29600000"}
    return kind, name, {"job-name": name} if kind == "Job" else {}


def made(kind, namespace, name, number, words):
    """A Pod as a controller creates it and the API server defaults it, in front of webhooks."""
    owner_kind, owner_name, labels = owner_of(kind, name)
    ends = owner_kind == "Job"
    metadata = {"name": name if kind == "Pod" else f"{owner_name}-{number:05d}", "namespace": namespace,
                "labels": {**{word: "yes" for word in words}, **labels}}
    if kind != "Pod":
        metadata["generateName"] = f"{owner_name}-"
        metadata["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": owner_kind, "name": owner_name,
                                        "uid": "3f0c4e0e-9d0f-4d37-9c57-0f52b1f0a001", "controller": True,
                                        "blockOwnerDeletion": True}]
    app = {"name": "app", "image": "example.com/app:7", "imagePullPolicy": "IfNotPresent",
           "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}},
           "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
           "volumeMounts": [{"name": "kube-api-access-x7k2p", "mountPath": TOKEN_PATH, "readOnly": True}]}
    token = {"name": "kube-api-access-x7k2p", "projected": {"defaultMode": 420, "sources": [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}]}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {
        "containers": [app], "volumes": [token], "restartPolicy": "OnFailure" if ends else "Always",
        "dnsPolicy": "ClusterFirst", "enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority",
        "priority": 0, "schedulerName": "default-scheduler", "securityContext": {},
        "serviceAccount": "default", "serviceAccountName": "default", "terminationGracePeriodSeconds": 30,
        "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists",
                         "effect": "NoExecute", "tolerationSeconds": 300}]}}


def injected(pods, policies):
    done = subprocess.run(["pannier", "preview", "-f", "-", "-p", policies, "-o", "json", "--namespace-labels",
                           "tier=gold"], input=json.dumps({"apiVersion": "v1", "kind": "List", "items": pods}),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True)
    return [shown["object"] for shown in json.loads(done.stdout)["objects"]]


def runs(pod, number):
    """Defaults of what was added, the token in it, a node and a status."""
    spec = pod["spec"]
    statuses = {}
    for field in ("initContainers", "containers"):
        for container in spec.get(field, []):
            for key, value in (("imagePullPolicy", "IfNotPresent"), ("terminationMessagePath", "/dev/termination-log"),
                               ("terminationMessagePolicy", "File"), ("resources", {})):
                container.setdefault(key, value)
            mounts = container.setdefault("volumeMounts", [])
            if not any(mount["mountPath"] == TOKEN_PATH for mount in mounts):
                mounts.append({"name": "kube-api-access-x7k2p", "mountPath": TOKEN_PATH, "readOnly": True})
            statuses.setdefault(field, []).append({"name": container["name"], "ready": True, "restartCount": 0})
    spec["nodeName"] = "node-1"
    pod["metadata"].update(uid=f"00000000-0000-4000-8000-{number:012d}", resourceVersion=str(1000 + number),
                           creationTimestamp="2026-11-02T08:00:00Z")
    pod["status"] = {"phase": "Running", "podIP": "10.1.0.7", "qosClass": "Burstable",
                     "containerStatuses": statuses["containers"],
                     "initContainerStatuses": statuses.get("initContainers", [])}
    return pod


def run(policies, *workloads):
    pods = []
    for workload in workloads:
        kind, namespace, name, replicas, words = WORKLOAD.match(workload).groups()
        for number in range(int(replicas or 1)):
            pods.append(made(kind, namespace, name, number, words.split(",")[1:]))
    pods = pods if policies == "-" else injected(pods, policies)
    return {"apiVersion": "v1", "items": [runs(pod, number) for number, pod in enumerate(pods)], "kind": "List",
            "metadata": {"resourceVersion": ""}}


def edit(name, code):
    pods = json.load(sys.stdin)
    found = [pod for pod in pods["items"] if pod["metadata"]["name"] == name]
    assert found, f"no Pod is named {name}"
    for pod in found:
        exec(code, {"pod": pod})  # pylint: disable=exec-used
    return pods


if __name__ == "__main__":
    print(json.dumps({"run": run, "edit": edit}[sys.argv[1]](*sys.argv[2:]), indent=4))
