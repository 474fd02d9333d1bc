# SPDX-License-Identifier: Apache-2.0
"""What a Pod requests, a second time (k8s.io/component-helpers/resource, apis/core/v1/helper/qos)."""

from document import containers, is_sidecar, runs_for_long
from quantity import milli


def amounts(holder, kind):
    """{resource: amount} of a container's (or a Pod's own) requests or limits."""
    resources = holder.get("resources") or {}
    return {k: milli(v) for k, v in (resources.get(kind) or {}).items() if v is not None}


def requests_of(container):
    """A limit without a request is the request: SetDefaults_Pod."""
    return {**amounts(container, "limits"), **amounts(container, "requests")}


def add(*many):
    total = {}
    for one in many:
        for name, amount in one.items():
            total[name] = total.get(name, 0) + amount
    return total


def most(*many):
    total = {}
    for one in many:
        for name, amount in one.items():
            total[name] = max(total.get(name, amount), amount)
    return total


def of_containers(pod, of=requests_of):
    """The scheduler's formula: what runs together, or the most while init containers run."""
    running, sidecars, peak = {}, {}, {}
    for init, container in containers(pod):
        asked = of(container)
        if is_sidecar(init, container):
            sidecars = add(sidecars, asked)
            peak = most(peak, sidecars)
        elif init:
            peak = most(peak, add(sidecars, asked))
        else:
            running = add(running, asked)
    return most(add(running, sidecars), peak)


def plain_sum(pod, names, of=requests_of):
    """Over the named containers that run for long."""
    return add(*(of(c) for init, c in containers(pod)
                 if c.get("name") in names and runs_for_long(init, c)))


def is_guaranteed(pod):
    """Of a Pod without spec.resources."""
    for _, container in containers(pod):
        limits, requests = amounts(container, "limits"), requests_of(container)
        for name in ("cpu", "memory"):
            if not limits.get(name) or limits[name] != requests.get(name):
                return False
    return True


def beyond_pod_level(pod):
    """Resources of which the containers request more than spec.resources has for them."""
    stated = {**amounts(pod["spec"], "limits"), **amounts(pod["spec"], "requests")}
    return [name for name, amount in of_containers(pod).items()
            if name in ("cpu", "memory") and name in stated and amount > stated[name]]
