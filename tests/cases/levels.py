#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the shipped templates to the Pod Security level that they declare, by rules of its own.

What each template adds to the sample Pods of tests/e2e/pods must be of its level by itself, whatever the Pod says. A
template that declares less than Restricted needs a sample that shows why.
"""

import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tap import finish, report  # pylint: disable=wrong-import-position

ROOT, PANNIER = (pathlib.Path(a).resolve() for a in sys.argv[1:])
LEVELS = ["Privileged", "Baseline", "Restricted"]
ORDINARY = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
            "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"}
RESTRICTED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
                      "projected", "secret"}
PROFILES = {"RuntimeDefault", "Localhost"}

def read_templates():
    """Levels of templates, and the templates of policies."""
    levels, policies = {}, {}
    for path in sorted((ROOT / "templates").glob("*.yaml")):
        for document in path.read_text(encoding="utf-8").split("\n---\n"):
            name = re.search(r"^metadata:(?:\n  | \{)name: ([\w-]+)", document, re.M)[1]
            if "\nkind: SidecarTemplate\n" in document:
                level = re.search(r"^  podSecurity: (\w+)", document, re.M)
                levels[name] = level[1] if level else None
            else:
                policies[name] = re.findall(r"templateRef: \{name: ([\w-]+)\}", document)
    return levels, policies


def of_level(container):
    """The highest level that a container is of by itself."""
    context = container.get("securityContext", {})
    capabilities = context.get("capabilities", {})
    added = set(capabilities.get("add", []))
    seccomp = context.get("seccompProfile", {}).get("type")
    if added - ORDINARY or context.get("privileged") or "procMount" in context or \
            seccomp not in PROFILES | {None} or any("hostPort" in p for p in container.get("ports", [])):
        return "Privileged"
    restricted = context.get("allowPrivilegeEscalation") is False and seccomp in PROFILES and \
        context.get("runAsNonRoot") is True and context.get("runAsUser") != 0 and \
        "ALL" in capabilities.get("drop", []) and not added - {"NET_BIND_SERVICE"}
    return "Restricted" if restricted else "Baseline"


def of_volume(volume):
    if "hostPath" in volume:
        return "Privileged"
    return "Restricted" if set(volume) - {"name"} <= RESTRICTED_VOLUMES else "Baseline"


def preview(sample):
    done = subprocess.run([PANNIER, "preview", "-f", sample, "-p", ROOT / "templates", "-o", "json"],
                          capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)["objects"][0]


def added(patch, field):
    """What the patch adds to a list of the Pod."""
    for operation in patch:
        if operation["path"].split("/")[1:3] == ["spec", field] and len(operation["path"].split("/")) < 5:
            value = operation["value"]
            yield from value if isinstance(value, list) else [value]


def seen_levels(policies):
    """(sample, template, what, level) of all that is added to the samples."""
    for sample in sorted((ROOT / "tests/e2e/pods").glob("*.yaml")):
        entry = preview(sample)
        status = json.loads(entry["object"]["metadata"]["annotations"]["pannier.dev/status"])["applied"]
        templates = {name for policy in status for name in policies[policy]}
        of_containers = {part["name"]: of_level(part) for field in ("initContainers", "containers")
                         for part in added(entry["patch"], field)}
        for policy, applied in status.items():
            for name in applied["containers"]:
                yield sample.name, policies[policy][0], f"container {name}", of_containers[name]
        for template in templates:
            for volume in added(entry["patch"], "volumes"):
                yield sample.name, template, f"volume {volume['name']}", of_volume(volume)


def main():
    levels, policies = read_templates()
    report("every template declares a level",
           [f"{name}: {level}" for name, level in levels.items() if level not in LEVELS])
    seen = list(seen_levels(policies))
    report("every template has a sample", sorted(set(levels) - {template for _, template, _, _ in seen}))
    report("what is added is of the level that its template declares",
           [f"{sample}: {what} of {template} is {level}" for sample, template, what, level in seen
            if LEVELS.index(level) < LEVELS.index(levels[template])])
    report("a lower level than Restricted has a reason",
           [f"{template} could be more than {declared}" for template, declared in levels.items()
            if declared != "Restricted" and declared not in {s[3] for s in seen if s[1] == template}])
    sys.exit(finish())


main()
