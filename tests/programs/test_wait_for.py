# SPDX-License-Identifier: Apache-2.0
"""wait-for with busybox: its shell, nc, wget and timeout."""

import http.server
import shutil
import socket
import threading
import time

from kit import eventually
from pod import Program, RunningPod, inject

APP = {"name": "app", "image": "registry.example.com/app:1"}


def manifest(**annotations):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "shop", "labels": {"inject.pannier.dev/wait-for": "enabled"},
                         "annotations": {f"wait.pannier.dev/{k.replace('_', '-')}": v
                                         for k, v in annotations.items()}},
            "spec": {"initContainers": [{"name": "prepare", "image": APP["image"]}],
                     "containers": [APP]}}


def image(folder):
    """As the image is: nothing but busybox; and a file of host names that can be written to."""
    (folder / "bin").mkdir()
    shutil.copy(shutil.which("busybox"), folder / "bin/busybox")
    for applet in ("sh", "nc", "wget", "timeout", "sleep", "true"):
        (folder / "bin" / applet).symlink_to("busybox")
    (folder / "hosts").write_text("127.0.0.1 localhost\n")
    return Program(files={"/usr/bin": folder / "bin", "/etc/hosts": folder / "hosts"})


class Health(http.server.BaseHTTPRequestHandler):
    """/healthz leads to /ok, which is not well until `well` is set."""
    well = threading.Event()

    def do_GET(self):  # pylint: disable=invalid-name
        if self.path == "/healthz":
            self.send_response(302)
            self.send_header("Location", "/ok")
        else:
            self.send_response(200 if self.well.is_set() else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *unused):  # pylint: disable=arguments-differ
        pass


def test_ends_when_all_answer(folder):
    order, ended = [], threading.Event()

    def told(text):
        log = folder / "pod/wait-for.log"
        return log.exists() and text in log.read_text(encoding="utf-8")

    def appear():
        eventually(lambda: told("not yet: nc: bad address 'db'"))
        order.append("names")
        with (folder / "hosts").open("a") as hosts:
            hosts.write("127.0.0.1 db auth\n")
        eventually(lambda: told("Connection refused"))
        order.append("db")
        with socket.create_server(("127.0.0.1", 5432)):
            eventually(lambda: told("server returned error: HTTP/1.0 503"))
            order.append("auth")
            Health.well.set()
            ended.wait()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Thread(target=appear, daemon=True).start()
    pod = inject(manifest(tcp_db="db:5432", http_auth="http://auth:8080/healthz"),
                 "templates/wait-for.yaml")
    assert [c["name"] for c in pod["spec"]["initContainers"]] == ["wait-for", "prepare"]
    with RunningPod(pod, folder / "pod", {"wait-for": image(folder),
                                          "prepare": Program(["true"])}) as running:
        log = running.containers["wait-for"].logs()
    ended.set()
    server.shutdown()
    server.server_close()
    assert order == ["names", "db", "auth"], order
    for line in ("wait-for: db (db:5432): not yet: nc: bad address 'db'",
                 "Connection refused", "wait-for: db (db:5432): there",
                 "server returned error: HTTP/1.0 503",
                 "wait-for: auth (http://auth:8080/healthz): there"):
        assert line in log, f"no {line} in:\n{log}"


def test_fails_with_the_names_of_what_is_late(folder):
    pod = inject(manifest(tcp_here="localhost:7001", tcp_late="localhost:7002",
                          http_lost="http://nowhere/x", timeout="3"), "templates/wait-for.yaml")
    with socket.create_server(("127.0.0.1", 7001)):
        started = time.monotonic()
        try:
            with RunningPod(pod, folder / "pod", {"wait-for": image(folder),
                                                  "prepare": Program(["true"])}):
                raise RuntimeError("the Pod started")
        except AssertionError as failure:
            log = str(failure)
    assert "ended with 1" in log, log
    assert time.monotonic() - started >= 3
    assert "wait-for: here (localhost:7001): there" in log, log
    assert "wait-for: late (localhost:7002): given up after 3 seconds: nc: can't connect" in log, log
    assert "wait-for: lost (http://nowhere/x): given up after 3 seconds: wget: bad address" in log, log


def test_ends_at_once_when_the_pod_is_deleted(folder):
    pod = inject(manifest(tcp_late="localhost:7002"), "templates/wait-for.yaml")
    container = RunningPod(pod, folder / "pod", {"wait-for": image(folder), "prepare": Program()}
                           ).containers["wait-for"]
    container.start()
    while "not yet" not in container.logs():
        time.sleep(0.1)
    started = time.monotonic()
    container.stop()
    assert container.process.returncode == 143, container.process.returncode
    assert time.monotonic() - started < 20


def test_runs_nothing_of_its_arguments(folder):
    """The patterns let none of this through; the script would not run it either."""
    pod = inject(manifest(tcp_x="x:1", http_y="http://y/", timeout="1"), "templates/wait-for.yaml")
    pod["spec"]["initContainers"][0]["args"] = ["1"]
    for kind in ("tcp", "http"):
        for text in ("$(echo run >&2)", "`echo run >&2`", "x:1; echo run", "-e echo run", "'\"$$"):
            pod["spec"]["initContainers"][0]["args"] += [kind, text, text]
    container = RunningPod(pod, folder / "pod", {"wait-for": image(folder), "prepare": Program()}
                           ).containers["wait-for"]
    container.start()
    container.process.wait(60)
    log = container.log.read_text()
    assert log.count("given up") == 10 and "run" not in log.splitlines(), log
