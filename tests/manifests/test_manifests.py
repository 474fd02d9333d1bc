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
BASE = PROJECT / "manifests/base"


def registrations_are_what_the_command_prints():
    text = (BASE / "webhooks.yaml").read_text()
    command, rest = text.split("\n", 1)
    arguments = re.fullmatch(r"# By: pannier (webhook-config .*)", command)[1].split()
    done = subprocess.run([PANNIER, *arguments], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert rest == done.stdout, "manifests/base/webhooks.yaml: run its first line again"


def the_configmap_has_all_templates():
    listed = re.findall(r"^  - (\S+\.yaml)$", (PROJECT / "templates/Kustomization").read_text(), re.MULTILINE)
    assert listed == sorted(p.name for p in (PROJECT / "templates").glob("*.yaml")), listed


def the_server_starts_with_the_deployment_s_arguments():
    lines = re.findall(r"^        - (serve|--\S+)$", (BASE / "deployment.yaml").read_text(), re.MULTILINE)
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
                if said[-1] == "serving":
                    break
            server.terminate()
            server.terminate()  # the second signal ends it at once
            server.stderr.read()
    assert "serving" in said, said


def what_ends_in_time():
    """The grace period has room for both phases of the drain."""
    text = (BASE / "deployment.yaml").read_text()
    seconds = {name: int(re.search(name + r"[=:] ?(\d+)", text)[1])
               for name in ("terminationGracePeriodSeconds", "--shutdown-delay", "--shutdown-timeout")}
    assert seconds["terminationGracePeriodSeconds"] > seconds["--shutdown-delay"] + seconds["--shutdown-timeout"], seconds


TESTS = [registrations_are_what_the_command_prints, the_configmap_has_all_templates,
         the_server_starts_with_the_deployment_s_arguments, what_ends_in_time]


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
