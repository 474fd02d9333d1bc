# SPDX-License-Identifier: Apache-2.0
"""templates/log-shipper.yaml with Fluent Bit, where it is installed: no registry of packages has it."""

import base64
import json
import shutil
import ssl
import subprocess
import unittest

from kit import eventually, get, sink
from pod import Program, RunningPod, inject

TEMPLATE = "templates/log-shipper.yaml"
FOUND = shutil.which("fluent-bit", path="/opt/fluent-bit/bin:/usr/local/bin:/usr/bin")


def manifest(where, script, annotations=None, volumes=None, mounts=None):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "web", "namespace": "shop",
                         "labels": {"inject.pannier.dev/logging": where},
                         "annotations": {f"logs.pannier.dev/{k}": v
                                         for k, v in (annotations or {}).items()}},
            "spec": {"containers": [{"name": "app", "image": "example.com/app:1",
                                     "command": ["sh", "-c", script], "volumeMounts": mounts or []}],
                     "volumes": volumes or []}}


def run(folder, pod, data=None):
    if FOUND is None:
        raise unittest.SkipTest("there is no fluent-bit here")
    image = Program(["/fluent-bit/bin/fluent-bit"], {"/fluent-bit/bin/fluent-bit": FOUND})
    return RunningPod(inject(pod, TEMPLATE), folder, {"log-shipper": image, "app": Program()}, data)


def shipped(p):
    """The lines that Fluent Bit printed, as records."""
    lines = (line for line in p.containers["log-shipper"].logs().splitlines() if line[:1] == "{")
    return [json.loads(line)["log"] for line in lines]


def test_standard_output(folder):
    with run(folder, manifest("enabled", "echo hello >>/var/log/app/a.log; sleep 2")) as p:
        eventually(lambda: shipped(p) == ["hello"])
        sidecar = p.containers["log-shipper"]
        assert sidecar.probe(sidecar.spec["livenessProbe"])
        assert "fluentbit_input_records_total" in get(
            f"http://{p.address}:{sidecar.spec['ports'][0]['containerPort']}/api/v1/metrics/prometheus")


def test_a_restart_ships_nothing_twice(folder):
    pod = manifest("enabled", "echo one >>/var/log/app/a.log; sleep 600")
    with run(folder, pod) as p:
        eventually(lambda: shipped(p) == ["one"])
        sidecar = p.containers["log-shipper"]
        sidecar.stop()
        for name, text in (("a", "two"), ("b", "three")):
            with (folder / f"volumes/pannier-logs/{name}.log").open("a", encoding="utf-8") as log:
                log.write(text + "\n")
        sidecar.start()
        eventually(lambda: len(shipped(p)) == 3)
        assert sorted(shipped(p)) == ["one", "three", "two"], shipped(p)


def test_the_pods_own_volume(folder):
    old = folder / "volumes/data/old.log"
    old.parent.mkdir(parents=True)
    old.write_text("of an earlier Pod\n", encoding="utf-8")
    pod = manifest("enabled", "echo hello >>/data/logs/a.log; echo more >>/data/logs/old.log; sleep 600",
                   {"volume": "data"}, [{"name": "data", "emptyDir": {}}],
                   [{"name": "data", "mountPath": "/data/logs"}])
    with run(folder, pod) as p:
        eventually(lambda: len(shipped(p)) == 2)
        assert sorted(shipped(p)) == ["hello", "more"], shipped(p)


def test_elasticsearch(folder):
    with sink() as (port, posted):
        pod = manifest("elasticsearch", "echo hello >>/var/log/app/a.log; sleep 600",
                       {"host": "127.0.0.1", "port": str(port), "secret": "es", "index": "shop-logs"})
        with run(folder, pod, {"es": {"username": "ship", "password": "p=ss ${w}"}}):
            eventually(lambda: posted)
    path, headers, body = posted[0]
    assert path == "/_bulk", path
    login = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    assert login == "ship:p=ss ${w}", login
    action, record = (json.loads(line) for line in body.decode().splitlines())
    assert action == {"create": {"_index": "shop-logs"}}, action
    assert {k: record[k] for k in ("log", "namespace", "pod")} == \
        {"log": "hello", "namespace": "shop", "pod": "web"}, record


def test_elasticsearch_over_tls(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=localhost", "-keyout", folder / "key", "-out", folder / "crt"],
                   check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "crt", folder / "key")
    with sink(tls=tls) as (port, posted):
        to = {"host": "127.0.0.1", "port": str(port), "tls": "true"}
        script = "echo hello >>/var/log/app/a.log; sleep 600"
        with run(folder / "verified", manifest("elasticsearch", script, to)) as p:
            eventually(lambda: "failed to flush chunk" in p.containers["log-shipper"].logs())
        assert not posted
        with run(folder / "unverified", manifest("elasticsearch", script, to | {"tls-verify": "false"})):
            eventually(lambda: posted)


def test_loki(folder):
    with sink() as (port, posted):
        pod = manifest("loki", "echo hello >>/var/log/app/a.log; sleep 600",
                       {"host": "127.0.0.1", "port": str(port), "tenant": "shop",
                        "labels": "team=storefront,tier=web"})
        with run(folder, pod):
            eventually(lambda: posted)
    path, headers, body = posted[0]
    assert path == "/loki/api/v1/push", path
    assert headers["X-Scope-OrgID"] == "shop", headers
    (stream,) = json.loads(body)["streams"]
    assert stream["stream"] == {"namespace": "shop", "pod": "web", "team": "storefront",
                                "tier": "web"}, stream
    assert [value[1] for value in stream["values"]] == ["hello"], stream


def test_what_cannot_be_sent_is_sent_later(folder):
    pod = manifest("loki", "echo hello >>/var/log/app/a.log; sleep 600", {"host": "127.0.0.1"})
    with run(folder, pod) as p:
        # Twice: by Fluent Bit's default the lines would be lost now.
        eventually(lambda: p.containers["log-shipper"].logs().count("failed to flush chunk") >= 2)
        with sink(3100) as (_, posted):
            eventually(lambda: posted, 180)


PIPELINE = """
service: {flush: 1}
pipeline:
  inputs:
  - {name: tail, path: /var/log/app/*.txt, refresh_interval: 1, tag: app}
  outputs:
  - {name: stdout, match: '*', format: json_lines}
"""


def test_a_pipeline_of_ones_own(folder):
    pod = manifest("enabled", "echo hello >>/var/log/app/a.txt; sleep 600", {"config": "pipeline"})
    with run(folder, pod, {"pipeline": {"fluent-bit.yaml": PIPELINE}}) as p:
        eventually(lambda: shipped(p) == ["hello"])
        sidecar = p.containers["log-shipper"]
        assert sidecar.probe(sidecar.spec["livenessProbe"])
