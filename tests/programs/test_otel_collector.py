# SPDX-License-Identifier: Apache-2.0
"""templates/otel-collector.yaml with a collector that is built of the same release's modules."""

import contextlib
import json
import subprocess

from kit import eventually, program, sink
from pod import Program, RunningPod, inject

TEMPLATE = "templates/otel-collector.yaml"
AUTHORIZATION = "Bearer s3cret"

# Sends a span where the env variables say, writes a log line, and serves one metric.
APP = r"""
import http.server, json, os, pathlib, time, urllib.request
span = {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "checkout",
        "kind": 2, "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000"}
body = {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]},
                           "scopeSpans": [{"spans": [span]}]}]}
assert os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "http/protobuf"
urllib.request.urlopen(urllib.request.Request(os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces",
                       json.dumps(body).encode(), {"Content-Type": "application/json"}), timeout=60)
logs = pathlib.Path("/var/log/app")
if logs.exists():
    time.sleep(4)  # the collector looks every 200 ms; what is there at its first look is old to it
    with (logs / "web.log").open("a") as log:
        log.write("order 7 taken\n")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(b"# TYPE shop_orders_total counter\nshop_orders_total 7\n")
http.server.HTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
"""


def manifest(annotations):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "web-0", "namespace": "shop",
                         "labels": {"inject.pannier.dev/observability": "otel"},
                         "annotations": {f"observability.pannier.dev/{k}": v for k, v in annotations.items()}},
            "spec": {"containers": [{"name": "app", "image": "example.com/app:1",
                                     "command": ["python3", "-c", APP]}]}}


def run_pod(folder, pod, data=None):
    image = Program(["/otelcol"], {"/otelcol": program("otelcol")})
    return RunningPod(inject(pod, TEMPLATE), folder, {"otel-collector": image, "app": Program()}, data)


def run(folder, annotations, data=None):
    return run_pod(folder, manifest(annotations), data)


def probe(p):
    collector = p.containers["otel-collector"]
    assert collector.probe(collector.spec["livenessProbe"]), collector.logs()


def test_traces_logs_and_metrics_over_http(folder):
    with sink() as (port, posted):
        annotations = {"endpoint": f"http://127.0.0.1:{port}/otlp", "protocol": "http/protobuf", "secret": "otlp",
                       "log-path": "/var/log/app", "scrape-port": "8080"}
        with run(folder, annotations, {"otlp": {"authorization": AUTHORIZATION}}) as p:
            for path, text in (("traces", b"checkout"), ("logs", b"order 7 taken"),
                               ("metrics", b"shop_orders_total")):
                # The first scrape is at a moment of its own within the interval of 30 seconds.
                headers, body = eventually(lambda: next(
                    ((h, b) for where, h, b in posted if where == f"/otlp/v1/{path}" and text in b), None))
                assert headers["Authorization"] == AUTHORIZATION, headers
                for attribute in (b"k8s.namespace.name", b"shop", b"k8s.pod.name", b"web-0", b"k8s.node.name"):
                    assert attribute in body, (path, attribute)
            probe(p)


def test_without_its_secret(folder):
    """The app runs, and the backend says what is wrong."""
    with sink() as (port, posted):
        with run(folder, {"endpoint": f"http://127.0.0.1:{port}", "protocol": "http/protobuf", "secret": "otlp"}):
            eventually(lambda: posted)
    assert not posted[0][1].get("Authorization"), posted[0][1]


def test_a_restart_sends_nothing_twice(folder):
    with sink() as (port, posted):
        def sent(text):
            return sum(b.count(text) for _, _, b in posted)
        annotations = {"endpoint": f"http://127.0.0.1:{port}", "protocol": "http/protobuf",
                       "log-path": "/var/log/app"}
        with run(folder, annotations) as p:
            eventually(lambda: sent(b"order 7 taken"))
            collector = p.containers["otel-collector"]
            collector.stop()
            with (folder / "volumes/pannier-otel-logs/web.log").open("a", encoding="utf-8") as log:
                log.write("order 8 taken\n")
            collector.start()
            eventually(lambda: sent(b"order 8 taken"))
        assert (sent(b"order 7 taken"), sent(b"order 8 taken")) == (1, 1)


def test_the_pods_own_volume(folder):
    old = folder / "volumes/logs/web.log"
    old.parent.mkdir(parents=True)
    old.write_text("of an earlier Pod\n", encoding="utf-8")
    with sink() as (port, posted):
        pod = manifest({"endpoint": f"http://127.0.0.1:{port}", "protocol": "http/protobuf",
                        "log-path": "/var/log/web", "log-volume": "logs"})
        pod["spec"]["volumes"] = [{"name": "logs", "emptyDir": {}}]
        pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "logs", "mountPath": "/var/log/app"}]
        with run_pod(folder, pod):
            eventually(lambda: any(b"order 7 taken" in body for _, _, body in posted))
    assert not any(b"of an earlier Pod" in body for _, _, body in posted)


def test_what_cannot_be_sent_is_sent_later(folder):
    annotations = {"endpoint": "http://127.0.0.1:14318", "protocol": "http/protobuf", "log-path": "/var/log/app"}
    with run(folder, annotations) as p:
        eventually(lambda: "Will retry the request" in p.containers["otel-collector"].logs())
        with sink(14318) as (_, posted):
            for text in (b"checkout", b"order 7 taken"):
                eventually(lambda: any(text in body for _, _, body in posted))


@contextlib.contextmanager
def backend(folder):
    """A collector that takes OTLP over gRPC on port 14317 and prints all of it."""
    config = {"receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:14317"}}}},
              "exporters": {"debug": {"verbosity": "detailed"}},
              "service": {"telemetry": {"metrics": {"level": "none"}},
                          "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["debug"]}}}}
    log = folder / "backend.log"
    with log.open("wb") as out, subprocess.Popen(
            [program("otelcol"), f"--config=yaml:{json.dumps(config)}"],
            stdout=out, stderr=out) as process:
        try:
            yield log.read_text
        finally:
            process.terminate()


def test_traces_over_grpc(folder):
    with backend(folder) as printed, run(folder / "pod", {"endpoint": "http://127.0.0.1:14317"}) as p:
        eventually(lambda: "Name           : checkout" in printed())
        assert "k8s.pod.name: Str(web-0)" in printed(), printed()
        probe(p)


def test_what_the_app_sent_last_is_sent(folder):
    """Ended at once after the app: what is still in the batch goes out first."""
    with sink() as (port, posted):
        with run(folder, {"endpoint": f"http://127.0.0.1:{port}", "protocol": "http/protobuf",
                          "config": "more"},
                 {"more": {"collector.yaml": "processors: {batch: {timeout: 60s}}\n"}}) as p:
            eventually(lambda: subprocess.run(
                ["bash", "-c", ": </dev/tcp/127.0.0.1/8080"], check=False, capture_output=True).returncode == 0)
            assert not posted
            probe(p)
        assert any(b"checkout" in body for _, _, body in posted)
