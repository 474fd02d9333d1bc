# SPDX-License-Identifier: Apache-2.0
"""What a patch may do to a Pod: everything that was there is there still, but for what docs allow."""

import re

from document import Number, items, write
from quantity import parse

STATUS = "pannier.dev/status"
FILLED = {"initContainers", "containers", "volumes", "imagePullSecrets", "annotations",
          "volumeMounts", "env", "envFrom"}
PATHS = re.compile(r"/spec/(initContainers|containers)(/\d+(/(volumeMounts|env|envFrom)(/-)?)?)?"
                   r"|/spec/(volumes|imagePullSecrets)(/-)?|/spec/resources/requests(/[^/]+)?"
                   r"|/metadata/annotations(/[^/]+)?")
# Of a container of ours: what it has lost is put back.
REPAIRS = re.compile(r"/spec/(initContainers|containers)/(\d+)/[^/]+(/-)?")


def _is_unset(value):
    return not isinstance(value, Number) and value in (None, "", False, [], {})


def check_paths(pod, patch, ours):
    """A complaint about an operation that is none of ours, or about its parent."""
    for operation in patch:
        path = operation["path"]
        repair = REPAIRS.fullmatch(path)
        if repair and not PATHS.fullmatch(path):
            there = items(pod["spec"], repair[1])[int(repair[2])]
            if there["name"] not in ours:
                return f"{path}: a field of container {there['name']}, which is not ours"
        elif not PATHS.fullmatch(path):
            return f"{path}: nothing that we may add"
        parent = path.rpartition("/")[0]
        if path.endswith("/-") and not _at(pod, parent):
            return f"{path}: a parent that is absent, null or empty"
    return None


def _at(value, path):
    for key in path.split("/")[1:]:
        value = value[int(key)] if isinstance(value, list) else (value or {}).get(key)
    return value


class Comparison:
    """Collects what of `before` is not in `after`."""

    def __init__(self, ours, appended):
        self.ours, self.appended, self.complaints = ours, appended, []

    def complain(self, path, text):
        self.complaints.append(f"/{'/'.join(path)}: {text}")

    def compare(self, before, after, path=()):
        if write(before) == write(after):
            return
        if path[:1] == ("metadata",) and path[1:2] == ("annotations",) and len(path) == 3:
            self.annotation(before, after, path)
        elif _is_unset(before) and path and path[-1] in FILLED and isinstance(after, (list, dict)):
            return
        elif len(path) > 3 and path[2] in self.ours and path[1] in ("initContainers", "containers"):
            self.repaired(before, after, path)
        elif isinstance(before, dict) and isinstance(after, dict):
            self.objects(before, after, path)
        elif isinstance(before, list) and isinstance(after, list):
            self.lists(before, after, path)
        elif path[:3] == ("spec", "resources", "requests") and parse(after) > parse(before):
            return
        else:
            self.complain(path, f"{write(before)} became {write(after)}")

    def annotation(self, before, after, path):
        grown = path[2] in self.appended and isinstance(after, str) and after.startswith(before)
        if path[2] != STATUS and not grown:
            self.complain(path, f"{write(before)} became {write(after)}")

    def repaired(self, before, after, path):
        """A field of our own container: what is there stays, what is gone may come back."""
        if _is_unset(before):
            return
        if isinstance(before, dict) and isinstance(after, dict):
            for key in before:
                self.compare(before[key], after.get(key), path + (key,))
        elif isinstance(before, list) and isinstance(after, list) and write(after[:len(before)]) == write(before):
            return
        else:
            self.complain(path, f"{write(before)} became {write(after)}")

    def objects(self, before, after, path):
        for key, value in before.items():
            if key in after:
                self.compare(value, after[key], path + (key,))
            else:
                self.complain(path + (key,), "is gone")
        for key in after.keys() - before.keys():
            new = key in FILLED or path[:2] == ("metadata", "annotations") or \
                path == ("spec", "resources", "requests") or (path == ("spec", "resources") and key == "requests") or \
                (len(path) == 3 and path[2] in self.ours)
            if not new:
                self.complain(path + (key,), "is new")

    def lists(self, before, after, path):
        if path in (("spec", "initContainers"), ("spec", "containers")):
            there = {c["name"]: c for c in after}
            names = [c["name"] for c in after if c["name"] in {b["name"] for b in before}]
            if names != [c["name"] for c in before]:
                self.complain(path, f"{[c['name'] for c in before]} became {names}")
                return
            for container in before:
                self.compare(container, there[container["name"]], path + (container["name"],))
        elif not (path[-1] in FILLED and write(after[:len(before)]) == write(before)):
            self.complain(path, f"{write(before)} became {write(after)}")


def check(before, after, ours, appended):
    """A complaint, or None."""
    comparison = Comparison(ours, appended)
    comparison.compare(before, after)
    return comparison.complaints[0] if comparison.complaints else None
