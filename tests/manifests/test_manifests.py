#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds manifests/ and the program together: test_manifests.py PROJECT PANNIER. (tests/e2e applies them to an API server.)"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

PROJECT, PANNIER = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
DEPLOYMENT = (PROJECT / "manifests/server/deployment.yaml").read_text()
REGISTRATIONS = ("manifests/base/webhooks.yaml", "docs/example/cluster/webhooks.yaml")


def registrations_are_what_the_command_prints():
    for path in REGISTRATIONS:
        command, rest = (PROJECT / path).read_text().split("\n", 1)
        arguments = re.fullmatch(r"# By: pannier (webhook-config .*)", command)[1].split()
        done = subprocess.run([PANNIER, *arguments], cwd=PROJECT, capture_output=True, text=True, check=True)
        assert rest == done.stdout, f"{path}: run its first line again"


def each_webhook_gets_the_ca_of_self_signed():
    """What the Job lists is what stands in the registrations (with what fail-closed adds)."""
    component = PROJECT / "manifests/components"
    added = re.findall(r"^  value: (\S+\.dev)$", (component / "fail-closed/mutating.yaml").read_text(), re.MULTILINE)
    for registrations, listed, more in (
            (REGISTRATIONS[0], component / "self-signed/certs/registrations.yaml", []),
            (REGISTRATIONS[0], PROJECT / "manifests/overlays/fail-closed/certs.yaml", added),
            (REGISTRATIONS[1], PROJECT / "docs/example/cluster/certs.yaml", [])):
        names = re.compile(r"^ *- name: (\S+\.dev)$", re.MULTILINE)
        want = names.findall((PROJECT / registrations).read_text()) + more
        assert want and names.findall(listed.read_text()) == want, f"{listed}: {want}"


def the_configmap_has_all_templates():
    listed = re.findall(r"^  - (\S+\.yaml)$", (PROJECT / "templates/Kustomization").read_text(), re.MULTILINE)
    assert listed == sorted(p.name for p in (PROJECT / "templates").glob("*.yaml")), listed


def the_server_starts_with_the_deployment_s_arguments():
    lines = re.findall(r"^        - (serve|--\S+)(?: +#.*)?$", DEPLOYMENT, re.MULTILINE)
    assert lines[0] == "serve" and len(lines) > 5, lines
    with tempfile.TemporaryDirectory() as tls:
        subprocess.run([PANNIER, "certs", "issue", "--san", "localhost", "--output-dir", tls], check=True, capture_output=True)
        arguments = [line.replace("/etc/pannier/policies", str(PROJECT / "templates")).replace("/etc/pannier/tls", tls)
                     .replace("=:8080", "=127.0.0.1:0") for line in lines]
        with subprocess.Popen([PANNIER, *arguments, "--bind-address=127.0.0.1", "--secure-port=0", "--log-format=json"],
                              stderr=subprocess.PIPE, text=True) as server:
            said = []
            for line in server.stderr:
                said.append(json.loads(line)["message"])
                if said[-1] in ("serving", "received SIGTERM: draining"):
                    server.terminate()  # the second signal ends it at once, if the first one was taken
    assert "serving" in said and server.returncode == 0, (said, server.returncode)


def the_version_is_one():
    want = re.search(r"^  version: '(.*)',$", (PROJECT / "meson.build").read_text(), re.MULTILINE)[1]
    for path, pattern in (("Dockerfile", r'image\.version="(.*)"'), ("manifests/server/kustomization.yaml", r"newTag: (.*)"),
                          ("docs/example/cluster/kustomization.yaml", r"newTag: (.*)"),
                          ("docs/install.md", r"/pannier:(\S+)")):
        found = set(re.findall(pattern, (PROJECT / path).read_text()))
        assert found == {want}, f"{path}: {found}, meson.build: {want}"


def what_ends_in_time():
    """The grace period has room for both phases of the drain."""
    seconds = {name: int(re.search(name + r"[=:] ?(\d+)", DEPLOYMENT)[1])
               for name in ("terminationGracePeriodSeconds", "--shutdown-delay", "--shutdown-timeout")}
    assert seconds["terminationGracePeriodSeconds"] > seconds["--shutdown-delay"] + seconds["--shutdown-timeout"], seconds


TESTS = [registrations_are_what_the_command_prints, each_webhook_gets_the_ca_of_self_signed, the_configmap_has_all_templates,
         the_server_starts_with_the_deployment_s_arguments, the_version_is_one, what_ends_in_time]


def main():
    failed = 0
    for number, test in enumerate(TESTS, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}")
        except Exception as wrong:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {test.__name__}\n# {wrong}")
    print(f"1..{len(TESTS)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
