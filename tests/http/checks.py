# SPDX-License-Identifier: Apache-2.0
"""What the cases share: the program's arguments, the recorded reviews, and checks of responses."""

import base64
import json
import os
import sys

OPTIONS = dict(argument[2:].partition("=")[::2] for argument in sys.argv if argument.startswith("--"))
sys.argv[1:] = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
BINARY, REVIEWS, POLICIES = sys.argv[1:4]
MIB = 1 << 20
BODY_MAX = 8 * MIB  # PN_REVIEW_MAX_BYTES

with open(BINARY, "rb") as binary_file:
    binary_bytes = binary_file.read()
THREADS_SANITIZED = b"__tsan_init" in binary_bytes
SANITIZED = b"__asan_init" in binary_bytes or THREADS_SANITIZED

tests = []


def test(function):
    tests.append(function)
    return function


def read_review(name):
    with open(os.path.join(REVIEWS, name), "rb") as file:
        return file.read()


BARE = read_review("bare.json")


def changed(change, name="bare.json"):
    """A recorded review after `change` was applied to its parsed form."""
    review = json.loads(read_review(name))
    change(review)
    return json.dumps(review).encode()


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part) for part in what))


def check_status(response, code, *fragments):
    """The response is `code` with a Status object that says so, and its message holds `fragments`."""
    check(response.status == code, "status", response.status, "instead of", code, response.body[:300])
    check(response.headers.get("content-type") == "application/json", response.headers)
    check("retry-after" not in response.headers and "location" not in response.headers)
    status = response.json()
    check(status["kind"] == "Status" and status["apiVersion"] == "v1", status)
    check(status["status"] == "Failure" and status["code"] == code, status)
    check(status["reason"] and status["message"], status)
    for fragment in fragments:
        check(fragment in status["message"], repr(fragment), "is not in", repr(status["message"]))
    return status


def check_decision(response, body):
    """A valid admission.k8s.io/v1 response to `body`; returns (response object, patch or None)."""
    check(response.status == 200, "status", response.status, response.body[:300])
    check(response.headers.get("content-type") == "application/json", response.headers)
    review = response.json()
    check(review["apiVersion"] == "admission.k8s.io/v1", review)
    check(review["kind"] == "AdmissionReview", review)
    answer = review["response"]
    check(answer["uid"] == json.loads(body)["request"]["uid"], "another uid", answer)
    check(isinstance(answer["allowed"], bool), answer)
    check(("patch" in answer) == ("patchType" in answer), "patch without patchType", answer)
    if "patch" not in answer:
        return answer, None
    check(answer["patchType"] == "JSONPatch", answer)
    patch = json.loads(base64.b64decode(answer["patch"], validate=True))
    check(isinstance(patch, list) and patch, patch)
    for operation in patch:
        check(operation["op"] in ("add", "replace", "remove"), operation)
        check(operation["path"].startswith("/"), operation)
    return answer, patch


def check_allowed_unchanged(server, body):
    answer, patch = check_decision(server.review(body), body)
    check(answer["allowed"] is True and patch is None, answer)
