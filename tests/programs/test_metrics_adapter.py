# SPDX-License-Identifier: Apache-2.0
"""templates/metrics-adapter.yaml: the exporters beside running servers."""

import contextlib
import re
import signal

from kit import eventually, get, program
from pod import Program, RunningPod, inject

TEMPLATE = "templates/metrics-adapter.yaml"
SERVER = {"runAsNonRoot": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
          "seccompProfile": {"type": "RuntimeDefault"}}


def manifest(kind, container, annotations=None, volumes=None):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "server", "labels": {"inject.pannier.dev/metrics": kind},
                         "annotations": {f"metrics.pannier.dev/{k}": v
                                         for k, v in (annotations or {}).items()}},
            "spec": {"containers": [{"name": "server", "image": "example.com/server:1",
                                     "securityContext": {**SERVER, "runAsUser": 101}, **container}],
                     "volumes": volumes or []}}


def exporter(name):
    """The exporter as its image has it: one static file."""
    return Program([f"/{name}"], {f"/{name}": program(name)})


@contextlib.contextmanager
def running(folder, pod, exporter_program, data=None, server=None):
    """The injected Pod, and a function that reads the samples where Prometheus is told to."""
    injected = inject(pod, TEMPLATE)
    marks = injected["metadata"]["annotations"]
    sidecar = injected["spec"]["initContainers"][0]
    assert marks["prometheus.io/scrape"] == "true", marks
    programs = {sidecar["name"]: exporter_program, "server": server or Program()}
    with RunningPod(injected, folder, programs, data) as p:
        url = f"http://{p.address}:{marks['prometheus.io/port']}{marks['prometheus.io/path']}"
        yield p, lambda: samples(get(url))
        assert p.containers[sidecar["name"]].probe(sidecar["livenessProbe"]), "liveness"


def samples(text):
    """name -> value, or name{labels} -> value, of the exposition format."""
    return {m[1]: float(m[2]) for m in re.finditer(r"^([a-zA-Z_:][^ \n]*(?:\{.*\})?) (\S+)$", text, re.M)}


# ---- nginx ------------------------------------------------------------------------------------------

NGINX = """
worker_processes 1;
error_log /dev/stderr;
pid /tmp/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server { listen 8081; location /nginx/status { stub_status; } location / { return 204; } }
}
"""


def test_nginx(folder):
    pod = manifest("nginx", {"command": ["nginx", "-c", "/config/nginx.conf", "-g", "daemon off;"],
                             "volumeMounts": [{"name": "config", "mountPath": "/config"}]},
                   {"nginx-port": "8081", "nginx-path": "/nginx/status"},
                   [{"name": "config", "configMap": {"name": "nginx"}}])
    with running(folder, pod, exporter("nginx-prometheus-exporter"),
                 {"nginx": {"nginx.conf": NGINX}}) as (p, metrics):
        eventually(lambda: metrics()["nginx_up"] == 1)
        before = metrics()["nginx_http_requests_total"]
        for _ in range(5):
            get("http://127.0.0.1:8081/")
        assert metrics()["nginx_http_requests_total"] >= before + 5
        p.containers["server"].stop()
        assert metrics()["nginx_up"] == 0


# ---- Redis ------------------------------------------------------------------------------------------

REDIS = {"command": ["redis-server", "--port", "6379", "--save", "", "--dir", "/tmp",
                     "--requirepass", "s3cret words"]}


def test_redis_with_a_password(folder):
    with running(folder, manifest("redis", REDIS, {"redis-secret": "redis"}), exporter("redis_exporter"),
                 {"redis": {"password": "s3cret words"}}) as (_, metrics):
        eventually(lambda: metrics()["redis_up"] == 1)
        assert metrics()["redis_connected_clients"] >= 1


def test_redis_without_its_secret(folder):
    """The app runs, and the metrics say what is wrong."""
    with running(folder, manifest("redis", REDIS, {"redis-secret": "redis"}),
                 exporter("redis_exporter")) as (p, metrics):
        eventually(lambda: "Ready to accept connections" in p.containers["server"].logs())
        assert metrics()["redis_up"] == 0
        assert any("NOAUTH" in name or "Authentication" in name for name in metrics()), metrics()


def test_redis_on_other_ports(folder):
    pod = manifest("redis", {"command": ["redis-server", "--port", "6380", "--dir", "/tmp"]},
                   {"redis-port": "6380", "port": "9200"})
    with running(folder, pod, exporter("redis_exporter")) as (_, metrics):
        eventually(lambda: metrics()["redis_up"] == 1)
        assert get("http://127.0.0.2:9200/metrics")


# ---- PostgreSQL -------------------------------------------------------------------------------------

POSTGRES = r"""
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' :)
printf %s "$PASSWORD" >/tmp/password
initdb -D /data/db -U monitor --pwfile /tmp/password --auth scram-sha-256 >/dev/null || exit
exec postgres -D /data/db -k /tmp -h 127.0.0.1 -p 5433
"""


# As docker.io/library/postgres says. With SIGTERM it would wait for the exporter's connection.
SERVER_OF_POSTGRES = Program(stop_signal=signal.SIGINT)


def postgres():
    return manifest("postgres", {
        "command": ["sh", "-c", POSTGRES],
        "securityContext": {**SERVER, "runAsUser": 65534},  # initdb wants a user with a name
        "env": [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "own", "key": "password"}}}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}]},
        {"postgres-secret": "monitor", "postgres-port": "5433"}, [{"name": "data", "emptyDir": {}}])


def test_postgres(folder):
    login = {"username": "monitor", "password": "p@ss:w/rd"}
    with running(folder, postgres(), exporter("postgres_exporter"),
                 {"own": login, "monitor": login}, SERVER_OF_POSTGRES) as (_, metrics):
        eventually(lambda: metrics()["pg_up"] == 1)
        assert metrics()['pg_database_size_bytes{datname="postgres"}'] > 0


def test_postgres_without_its_secret(folder):
    with running(folder, postgres(), exporter("postgres_exporter"),
                 {"own": {"password": "x"}}, SERVER_OF_POSTGRES) as (p, metrics):
        eventually(lambda: "ready to accept connections" in p.containers["server"].logs())
        assert metrics()["pg_up"] == 0


# ---- StatsD -----------------------------------------------------------------------------------------

# A datagram may be lost, and the exporter listens for them a moment after it answers over HTTP.
SENDER = """
import os, socket, time
to = (os.environ["STATSD_HOST"], int(os.environ["STATSD_PORT"]))
with socket.create_connection(to) as tcp:
    tcp.sendall(b"shop.carts:7|c\\n")
for _ in range(50):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"shop.orders:3|g", to)
    time.sleep(0.2)
"""


def test_statsd(folder):
    pod = manifest("statsd", {"command": ["python3", "-c", SENDER]})
    with running(folder, pod, exporter("statsd_exporter")) as (_, metrics):
        assert eventually(lambda: metrics().get("shop_orders")) == 3
        assert eventually(lambda: metrics().get("shop_carts")) == 7


def test_statsd_with_a_mapping(folder):
    pod = manifest("statsd", {"command": ["python3", "-c", SENDER]},
                   {"statsd-mapping": "mapping", "statsd-port": "8125"})
    # Of gauges only: a counter of that name, if it came first, would keep the gauge out.
    mapping = 'mappings: [{match: "shop.*", match_metric_type: gauge, name: shop_events, labels: {event: "$1"}}]\n'
    with running(folder, pod, exporter("statsd_exporter"),
                 {"mapping": {"mapping.yaml": mapping}}) as (_, metrics):
        assert eventually(lambda: metrics().get('shop_events{event="orders"}')) == 3


# ---- JMX --------------------------------------------------------------------------------------------

APP = "class App { public static void main(String[] a) throws Exception { Thread.sleep(600000); } }"
JMX = ["-Dcom.sun.management.jmxremote.port=9999", "-Dcom.sun.management.jmxremote.rmi.port=9999",
       "-Dcom.sun.management.jmxremote.host=127.0.0.1", "-Djava.rmi.server.hostname=127.0.0.1",
       "-Dcom.sun.management.jmxremote.authenticate=false", "-Dcom.sun.management.jmxremote.ssl=false"]


def test_jmx(folder):
    pod = manifest("jmx", {"command": ["java", *JMX, "/app/App.java"],
                           "volumeMounts": [{"name": "app", "mountPath": "/app"}]},
                   {"jmx-image": "registry.example.com/jmx-exporter:1.0.1"},
                   [{"name": "app", "configMap": {"name": "app"}}])
    jar = program("jmx_prometheus_httpserver.jar")
    image = Program(["java", "-jar", "/exporter.jar"], {"/exporter.jar": jar})
    with running(folder, pod, image, {"app": {"App.java": APP}}) as (p, metrics):
        eventually(lambda: metrics().get("java_lang_memory_heapmemoryusage_used"))
        assert metrics()["jmx_scrape_error"] == 0
        p.containers["server"].stop()
        eventually(lambda: metrics()["jmx_scrape_error"] == 1)  # it is told one scrape late
