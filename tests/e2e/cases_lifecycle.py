# SPDX-License-Identifier: Apache-2.0
"""Pannier under load while its policies change and while replicas end. failurePolicy is Fail: a call that
fails is a Pod that is refused."""

import os
import pathlib
import shutil
import subprocess

from checks import check, check_equal, names, test
from cluster import wait_until
from load import Balancer, Load
from webhooks import REACH_SECONDS, Server, Validation, make_namespace

POLICIES = pathlib.Path(__file__).resolve().parent / "policies/required.yaml"
IMAGE = "example.com/guard:1."
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "app-"},
       "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]}}
VERSIONS = 4
MORE = 20            # Pods, between one event and the next
ENDINGS = 5
DELAY = "5s"         # many times what the balancer needs to see that a replica ends, on a busy machine, too


class MountedPolicies:
    """A directory that changes as a kubelet changes a mounted ConfigMap: by the link ..data."""

    def __init__(self, directory):
        self.directory, self.version = directory, None
        os.mkdir(directory)
        os.symlink("..data/policies.yaml", os.path.join(directory, "policies.yaml"))

    def swap(self, version, text):
        place = os.path.join(self.directory, f"..{version}")
        os.mkdir(place)
        with open(os.path.join(place, "policies.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        link = os.path.join(self.directory, "..data_tmp")
        os.symlink(f"..{version}", link)
        os.rename(link, os.path.join(self.directory, "..data"))
        if self.version is not None:
            shutil.rmtree(os.path.join(self.directory, f"..{self.version}"))
        self.version = version


def has_both(pod):
    return names(pod)["initContainers"] == ["guard", "extra"]


def guard_image(pod):
    return pod["spec"]["initContainers"][0]["image"]


@test
def policies_reload_under_load_without_one_failed_call(fixture):
    """Added by one version and validated by another, too. A broken version changes nothing."""
    text = POLICIES.read_text(encoding="utf-8")
    mounted = MountedPolicies(os.path.join(fixture.cluster.directory, "mounted-policies"))
    mounted.swap(0, text)

    def image():
        return guard_image(fixture.client.create_pod(namespace, POD, dryRun="All").object)

    with fixture.start_pannier("reloaded", mounted.directory) as pannier:
        namespace = fixture.make_namespace("reloaded", [pannier])
        with Validation(pannier, namespace), Load(fixture, namespace, POD, has_both) as load:
            check_equal("image", image(), IMAGE + "0")
            for version in range(1, VERSIONS):
                mounted.swap(version, text.replace(IMAGE + "0", f"{IMAGE}{version}"))
                wait_until("policies are reloaded", REACH_SECONDS, lambda version=version:
                           image() == f"{IMAGE}{version}")
                load.wait_for_more(MORE)
            mounted.swap("broken", text.replace("onFailure: Deny", "onFailure: Perhaps"))
            wait_until("a fault is told", REACH_SECONDS, lambda: pannier.told(
                "policies not reloaded: those from before serve on"))
            load.wait_for_more(MORE)
            check_equal("image", image(), f"{IMAGE}{VERSIONS - 1}")
        check(pannier.validations() > load.answers, pannier.validations(), "validated of", load.answers)
        return load.check()


@test
def replicas_end_under_load_without_one_failed_call(fixture):
    """Of two behind a balancer, the older one ends, and a new one comes instead; over and over."""
    certificates = os.path.join(fixture.cluster.directory, "replicas")
    subprocess.run([fixture.binary, "certs", "issue", "--san", "127.0.0.1", "-d", certificates],
                   check=True, capture_output=True, timeout=60)
    replicas = []

    def start():
        server = Server(fixture.cluster, fixture.binary, f"replica-{len(replicas)}", str(POLICIES),
                        certificates=certificates, delay=DELAY)
        replicas.append(server)
        balancer.add(server)

    with Balancer(fixture.cluster, "zz-replicas") as balancer:
        start()
        start()
        balancer.register_pannier(replicas[0], balancer.port, replicas[0].ca_file)
        namespace = make_namespace(fixture.cluster, "replicas", [balancer])
        with Load(fixture, namespace, POD, has_both) as load:
            for ending in range(ENDINGS):
                load.wait_for_more(MORE)
                check_equal("exit code", replicas[ending].stop(), 0)
                load.wait_for_more(MORE)
                start()
        note = load.check()
        check_equal("connections without a replica", balancer.missed, 0)
        decided = [server.told("decided") for server in replicas[:ENDINGS]]
        check(all(decided), "a replica had nothing to do:", decided)
        check_equal("exit codes of the last", [server.stop() for server in replicas[ENDINGS:]], [0, 0])
        return note
