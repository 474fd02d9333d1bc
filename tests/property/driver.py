# SPDX-License-Identifier: Apache-2.0
"""The engine in a process of its own: tests/property/driver.c."""

import json
import subprocess

from document import read, write

ALL_REASONS, VALIDATE = 1, 2


class Broken(Exception):
    """The driver ended: a crash, a sanitizer's report, or an error of the engine itself."""


class BadReview(Exception):
    """The engine does not take the review at all."""


def review_text(pod, request, old=None):
    """An AdmissionReview with the Pod as it is spelled."""
    metadata = pod.get("metadata") or {}
    review = {
        "uid": "00000000-0000-4000-8000-000000000001",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "name": metadata.get("name", ""),
        "namespace": metadata.get("namespace", "default"),
        "operation": "CREATE" if old is None else "UPDATE",
        "userInfo": {"username": "test"},
        "object": pod,
        "oldObject": old,
        "dryRun": False,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
    }
    review.update(request)
    return write({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": review})


class Decision:
    """What the engine answered, with what tests ask of it."""

    def __init__(self, answer):
        self.response = answer["response"]["response"]
        self.patch = answer["patch"]
        self.review = answer["review"]["reason"]
        self.verdicts = answer["verdicts"]
        self.allowed = self.response["allowed"]
        self.reasons = {v["policy"]: v["verdict"]["reason"] for v in self.verdicts}
        self.message = self.response.get("status", {}).get("message")
        self.warnings = self.response.get("warnings", [])
        self.audit = self.response.get("auditAnnotations", {})

    def applied(self):
        """Names of the policies whose content is in the Pod now."""
        return [p for p in self.audit.get("applied", "").split(",") if p]


class Driver:
    def __init__(self, program):
        self.program, self.process, self.loaded = program, None, None
        self.calls = self.most_used = 0

    def _ask(self, request):
        if self.process is None:
            self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE)
        self.calls += 1
        try:
            self.process.stdin.write(json.dumps(request, ensure_ascii=False).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = b""
        if not line:
            code = self.close()
            raise Broken(f"the driver ended with {code}")
        return read(line.decode())

    def close(self):
        """The driver's exit code."""
        process, self.process, self.loaded = self.process, None, None
        if process is None:
            return 0
        process.stdin.close()
        process.stdout.close()
        return process.wait(timeout=60)

    def load(self, documents):
        """The faults of a policy set; it is loaded when there are none."""
        text = "\n---\n".join(write(d) for d in documents)
        if text == self.loaded:
            return []
        answer = self._ask({"policies": text})
        self.loaded = None if "faults" in answer else text
        return answer.get("faults", [])

    def decide(self, pod, request, flags=0, old=None):
        answer = self._ask({"review": review_text(pod, request, old), "flags": flags})
        if "bad" in answer:
            raise BadReview(answer["bad"])
        if answer["used"] > answer["cap"]:
            raise Broken(f"{answer['used']} bytes of memory, {answer['cap']} are allowed")
        self.most_used = max(self.most_used, answer["used"])
        return Decision(answer["decision"])
