# SPDX-License-Identifier: Apache-2.0
"""What the log says of a review, and on which level."""

import contextlib
import json
import os
import pty
import re
import socket
import ssl
import subprocess
import tempfile

from checks import BINARY, POLICIES, changed, check, check_decision, test
from harness import ANSWER_SECONDS, EVENT_SECONDS, Connection, Server, wait_until

POLICY = """apiVersion: pannier.dev/v1alpha1
kind: SidecarTemplate
metadata: {name: NAME}
spec: {category: NAME, pod: {spec: {initContainers: [{name: NAME, image: 'i:1', restartPolicy: Always,
  resources: {requests: {cpu: 1m, memory: 1Mi}}}]}}}
---
apiVersion: pannier.dev/v1alpha1
kind: InjectionPolicy
metadata: {name: NAME}
spec: {match: {podSelector: {matchLabels: {NAME: "yes"}}}, inject: [{templateRef: {name: NAME}}], MORE}
---
"""


@contextlib.contextmanager
def server_with(*flags):
    """A server with the policies guard (onFailure Deny), audited (mode Audit) and extra."""
    with tempfile.TemporaryDirectory() as directory:
        policies = os.path.join(directory, "policies.yaml")
        with open(policies, "w", encoding="utf-8") as file:
            for name, more in (("guard", "onFailure: Deny"), ("audited", "mode: Audit"),
                               ("extra", "optOut: Allowed")):
                file.write(POLICY.replace("NAME", name).replace("MORE", more))
        server = Server(BINARY, directory, "--shutdown-delay", "0s", *flags, policies=policies)
        try:
            yield server
        finally:
            server.stop()


def pod(uid, *labels, containers=(), annotations=None, **request):
    """A review of a Pod with these labels and further containers."""
    def change(review):
        review["request"]["uid"] = uid
        review["request"].update(request)
        metadata = review["request"]["object"]["metadata"]
        metadata["labels"] = {label: "yes" for label in labels}
        metadata["annotations"] = annotations or {}
        review["request"]["object"]["spec"]["containers"] += [
            {"name": name, "image": "other:1"} for name in containers]

    return changed(change)


@test
def a_pod_that_policies_select_is_told(_):
    with server_with() as server:
        body = pod("u-1", "guard", "extra", "audited", annotations={"pannier.dev/skip": "extra"})
        check_decision(server.review(body), body)
        line = server.find_line(uid="u-1")
        check(line["message"] == "decided" and line["level"] == "info", line)
        check(line["decision"] == "patched" and line["patchBytes"] > 0, line)
        check(line["policies"] == {"guard": "injected", "extra": "opted-out"}, line)
        check(line["audited"] == {"audited": "would-inject"}, line)
        check("dryRun" not in line and "review" not in line, line)
        check(list(line)[:9] == ["time", "level", "message", "uid", "operation", "namespace", "pod",
                                 "workload", "decision"], line)
        body = pod("u-2", "guard", dryRun=True)
        check_decision(server.review(body), body)
        check(server.find_line(uid="u-2")["dryRun"] is True)


@test
def a_refusal_is_told_with_what_refuses(_):
    with server_with() as server:
        body = pod("u-3", "guard", "extra", containers=["guard"])
        answer, patch = check_decision(server.review(body), body)
        check(answer["allowed"] is False and patch is None, answer)
        line = server.find_line(uid="u-3")
        check(line["level"] == "info" and line["decision"] == "denied", line)
        check(line["policies"] == {"guard": "container-name-taken"}, line)  # nothing of "extra" is added
        check(line["patchBytes"] == 0, line)


@test
def validation_tells_what_is_missing(_):
    with server_with() as server:
        body = pod("u-4", "guard", "extra")
        answer, _ = check_decision(server.review(body, "/validate"), body)
        check(answer["allowed"] is False, answer)
        line = server.find_line(uid="u-4")
        check(line["message"] == "validated" and line["level"] == "info", line)
        check(line["decision"] == "denied" and line["policies"]["guard"] == "missing", line)


@test
def the_rest_is_told_on_level_debug(_):
    def ask(server):
        for body, path in ((pod("u-5"), "/mutate"), (pod("u-6", "extra"), "/validate"),
                           (pod("u-7", "extra", namespace="kube-system"), "/mutate"),
                           (pod("u-8", operation="DELETE"), "/mutate")):
            check_decision(server.review(body, path), body)
        body = pod("u-9", "extra")
        check_decision(server.review(body), body)

    with server_with("--log-level", "debug") as server:
        ask(server)
        server.find_line(uid="u-9")
        reviews = {line["uid"]: line.get("review") for line in server.lines if line["level"] == "debug"}
        check(reviews == {"u-5": "no-policy-selected", "u-6": None, "u-7": "protected-namespace",
                          "u-8": "not-create"}, reviews)
    with server_with() as server:
        ask(server)
        server.find_line(uid="u-9")
        check([line["uid"] for line in server.lines if "uid" in line] == ["u-9"], server.lines)


@test
def nothing_below_the_level_is_told(_):
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            [BINARY, "serve", "--bind-address", "127.0.0.1", "--secure-port", "0", "--metrics-bind-address", "0",
             "-p", POLICIES, "--cert-dir", directory, "--shutdown-delay", "0s", "--log-level", "warn"],
            stderr=subprocess.PIPE, text=True)
        ca = os.path.join(directory, "ca.crt")
        wait_until(lambda: os.path.exists(ca), ca, "is there")
        plain = socket.create_connection(("127.0.0.1", listening_port(process)), ANSWER_SECONDS)
        context = ssl.create_default_context(cafile=ca)
        with Connection(context.wrap_socket(plain, server_hostname="localhost")) as connection:
            check(connection.ask("GET", "/livez").status == 200)
        process.terminate()
        check(process.communicate(timeout=EVENT_SECONDS)[1] == "" and process.returncode == 0)


def listening_port(process):
    """Of a process that does not tell it. It listens before its certificate is there."""
    files = f"/proc/{process.pid}/fd"
    inodes = {os.readlink(f"{files}/{fd}")[8:-1] for fd in os.listdir(files)}  # of "socket:[INODE]"
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [row.split() for row in table]
    return next(int(row[1].partition(":")[2], 16) for row in rows if row[9] in inodes and row[3] == "0A")


@test
def a_terminal_gets_text(_):
    with tempfile.TemporaryDirectory() as directory:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [BINARY, "serve", "--bind-address", "127.0.0.1", "--secure-port", "0", "--metrics-bind-address", "0",
             "-p", POLICIES, "--cert-dir", directory, "--shutdown-delay", "0s"], stderr=theirs)
        os.close(theirs)
        text = ""
        while not re.search(" serving .*\n", text):  # lines come as they are written; at the end of the process, EIO
            text += os.read(ours, 4096).decode()
        process.terminate()
        check(process.wait(EVENT_SECONDS) == 0)
        os.close(ours)
        check(" INFO  serving address=127.0.0.1 port=" in text, text)


@test
def a_pod_of_many_policies_is_one_line_that_ends(_):
    with tempfile.TemporaryDirectory() as directory:
        policies = os.path.join(directory, "policies.yaml")
        with open(policies, "w", encoding="utf-8") as file:
            file.write(POLICY.replace("NAME", "base").replace("MORE", "priority: 0"))
            for i in range(400):
                file.write(POLICY.split("---\n")[1].replace("{name: NAME}}]", "{name: base}}]").replace(
                    "NAME:", "base:").replace("NAME", f"policy-{i:03}").replace("MORE", f"priority: {400 - i}")
                    + "---\n")
        server = Server(BINARY, directory, "--shutdown-delay", "0s", policies=policies)
        body = pod("u-10", "base")
        check_decision(server.review(body), body)
        line = server.find_line(uid="u-10")
        check(line["cut"] is True and 50 < len(line["policies"]) < 400, len(line["policies"]))
        check(len(json.dumps(line)) < 9000 and "policy-000" in line["policies"], line)
        server.stop()


@test
def what_a_stranger_writes_stays_a_value(_):
    def change(review):
        review["request"]["uid"] = "u-11"
        review["request"]["object"]["metadata"].pop("name", None)
        review["request"]["object"]["metadata"]["generateName"] = 'x"\n{"level":"error"}\x1b[2J' + "y" * 20000
        review["request"]["object"]["metadata"]["labels"] = {"inject.pannier.dev/logging": "enabled"}

    body = changed(change)
    with server_with("--log-level", "debug") as own:
        check(own.review(body).status == 200)
        line = own.find_line(uid="u-11")
        check(line["cut"] is True and "pod" not in line, line)  # too long: left out
        check(line["review"] == "no-policy-selected", line)
        check(not any("\x1b" in text or len(text) > 8192 for text in own.text))
