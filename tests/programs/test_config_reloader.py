# SPDX-License-Identifier: Apache-2.0
"""config-reloader with prometheus-config-reloader, and an app that reads its files when it is told to."""

import http.server
import pathlib
import threading
import time
import urllib.request

from kit import eventually
from pod import ROOT, Program, RunningPod, inject

RELOADER = Program(["/opt/bin/prometheus-config-reloader"],
                   {"/opt/bin/prometheus-config-reloader":
                    ROOT / "build/programs/prometheus-config-reloader"})


def manifest(volumes="config", **annotations):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "shop", "labels": {"inject.pannier.dev/config-reloader": "enabled"},
                         "annotations": {"reload.pannier.dev/volumes": volumes,
                                         "reload.pannier.dev/port": "8080", **{
                                             f"reload.pannier.dev/{k.replace('_', '-')}": v
                                             for k, v in annotations.items()}}},
            "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}],
                     "volumes": [{"name": "config", "configMap": {"name": "shop"}},
                                 {"name": "tls", "secret": {"secretName": "shop-tls"}}]}}


class App:
    """Notes each request: method, path, and what its file says at that moment."""

    def __init__(self, path, answers=()):
        self.path, self.answers, self.requests = pathlib.Path(path), list(answers), []
        app = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self):
                app.requests.append((self.command, self.path, app.path.read_text()))
                self.send_response(app.answers.pop(0) if app.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST = handle_any

            def log_message(self, *unused):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, count):
        eventually(lambda: len(self.requests) >= count)


def metric(pod, name):
    with urllib.request.urlopen(f"http://{pod.address}:9533/metrics", timeout=60) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    raise AssertionError(f"no metric {name}")


def test_posts_when_the_kubelet_writes(folder):
    pod = inject(manifest(path="/admin/reload?from=disk"), "templates/config-reloader.yaml")
    data = {"shop": {"greeting": "hello\n"}, "shop-tls": {"tls.crt": "1"}}
    with RunningPod(pod, folder, {"config-reloader": RELOADER}, data) as running, \
            App(running.volume("config") / "greeting") as app:
        sidecar = running.containers["config-reloader"]
        assert sidecar.probe(sidecar.spec["livenessProbe"])
        time.sleep(2)
        assert app.requests == [], "it posts although nothing has changed"
        data["shop"]["greeting"] = "good morning\n"
        running.update("config")
        app.wait_for(1)
        time.sleep(3)
        assert app.requests == [("POST", "/admin/reload?from=disk", "good morning\n")], app.requests
        data["shop"]["more"] = "x"
        running.update("config")
        app.wait_for(2)
        eventually(lambda: metric(running, "reloader_reloads_total") == 2)  # it counts once it has the answer
        assert metric(running, "reloader_last_reload_successful") == 1
        started = time.monotonic()
    assert time.monotonic() - started < 20, "it does not end in time"


def test_tells_again_until_the_app_has_done_it(folder):
    pod = inject(manifest("config,tls", http_port="9600"), "templates/config-reloader.yaml")
    data = {"shop": {"greeting": "hello"}, "shop-tls": {"tls.crt": "1"}}
    with RunningPod(pod, folder, {"config-reloader": RELOADER}, data) as running, \
            App(running.volume("tls") / "tls.crt", answers=[500, 204]) as app:
        data["shop-tls"]["tls.crt"] = "2"
        running.update("tls")
        app.wait_for(3)                    # 204 is not enough: it asks for 200
        assert [text for _, _, text in app.requests] == ["2"] * 3
        time.sleep(7)
        assert len(app.requests) == 3, "it posts after the app has answered 200"
