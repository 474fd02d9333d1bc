# SPDX-License-Identifier: Apache-2.0
"""Envoy as templates/envoy-proxy.yaml sets it up, with the real Envoy and real connections."""

import contextlib
import json
import socket
import subprocess
import threading
import time
import urllib.request

import pod as pods
from servers import ENVOY, certificates, echo_server, echoed, get, http_server, stat, wait_until

TEMPLATE = "templates/envoy-proxy.yaml"
HOSTS = ("127.0.0.1 localhost\n127.0.0.3 catalog.shop.svc\n127.0.0.4 half.shop.svc\n"
         "127.0.0.5 half.shop.svc\n127.0.0.3 other.shop.svc\n")


def pod_with(annotations, mesh="enabled"):
    return pods.inject({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "shop", "namespace": "shop",
                     "labels": {"inject.pannier.dev/mesh": mesh},
                     "annotations": {f"envoy.pannier.dev/{k}": v for k, v in annotations.items()}},
        "spec": {"containers": [{"name": "app", "image": "app:1"}]}}, TEMPLATE)


def running(manifest, folder, data=None, real_uid=False, files=None, **programs):
    folder.mkdir(exist_ok=True)
    (folder / "hosts").write_text(HOSTS)
    envoy = pods.Program(["/envoy/envoy"], real_uid=real_uid, files={
        "/envoy/envoy": ENVOY, "/etc/hosts": folder / "hosts", **(files or {})})
    return pods.RunningPod(manifest, folder, {"envoy-proxy": envoy, **programs,
                                              "envoy-intercept": pods.Program()}, data)


def test_forwards_http_and_tcp(folder):
    manifest = pod_with({"upstream-9001": "http://catalog.shop.svc:7001",
                         "upstream-9002": "tcp://127.0.0.3:7002"})
    with http_server(("127.0.0.3", 7001)), echo_server(("127.0.0.3", 7002)), \
            running(manifest, folder) as pod:
        status, body = get("http://127.0.0.1:9001/")
        headers = json.loads(body)
        assert status == 200 and headers["host"] == "catalog.shop.svc:7001", body
        assert not [h for h in headers if h.startswith("x-envoy")] and \
            "x-forwarded-proto" not in headers, body
        assert echoed(9002, b"hello") == b"HELLO"
        assert stat("envoy_cluster_upstream_rq_total", "upstream_9001") >= 1
        envoy = pod.containers["envoy-proxy"]
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            assert envoy.probe(envoy.spec[kind]), kind
        assert envoy.execute([*envoy.command(), "--mode", "validate"]) == 0


def test_only_two_things_leave_the_pod(folder):
    with running(pod_with({"upstream-9001": "http://catalog.shop.svc:7001"}), folder):
        for path in ("/", "/config_dump", "/certs", "/quitquitquit", "/stats", "/ready/x"):
            assert get(f"http://127.0.0.2:9902{path}")[0] == 404, path
        request = urllib.request.Request("http://127.0.0.2:9902/ready", method="POST")
        assert get(request)[0] == 404
        assert get("http://127.0.0.1:9901/ready")[0] == 200
        for port in (9901, 9001):  # the administration and the upstreams are for the Pod itself
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port), 2)
                raise AssertionError(f"port {port} listens on the Pod's address")


def test_an_address_that_is_dead_is_tried_elsewhere(folder):
    manifest = pod_with({"upstream-9001": "http://half.shop.svc:7001",
                         "upstream-9002": "tcp://half.shop.svc:7002"})
    with http_server(("127.0.0.4", 7001)) as server, echo_server(("127.0.0.4", 7002)), \
            running(manifest, folder):
        assert [get("http://127.0.0.1:9001/")[0] for _ in range(10)] == [200] * 10
        assert len(server.requests) == 10
        assert [echoed(9002, b"x") for _ in range(10)] == [b"X"] * 10
        assert stat("envoy_cluster_upstream_rq_retry", "upstream_9001") > 0


def test_retries_what_the_pod_asks_for(folder):
    manifest = pod_with({"upstream-9001": "http://catalog.shop.svc:7001", "retries": "3",
                         "retry-on": "5xx,reset"})
    statuses = iter([503, 500, 502, 200, 503, 503, 503, 503])
    with http_server(("127.0.0.3", 7001), answer=lambda _: next(statuses)) as server, \
            running(manifest, folder):
        assert get("http://127.0.0.1:9001/")[0] == 200 and len(server.requests) == 4
        assert get("http://127.0.0.1:9001/")[0] == 503 and len(server.requests) == 8


def test_does_not_retry_an_answer_unasked(folder):
    with http_server(("127.0.0.3", 7001), answer=lambda _: 503) as server, \
            running(pod_with({"upstream-9001": "http://catalog.shop.svc:7001"}), folder):
        assert get("http://127.0.0.1:9001/")[0] == 503 and len(server.requests) == 1


def test_time_out_and_circuit_breaker(folder):
    manifest = pod_with({"upstream-9001": "http://catalog.shop.svc:7001", "timeout-seconds": "8",
                         "max-requests": "1", "retries": "0"})

    over = threading.Event()

    def slowly(request):
        if request.path == "/slow":
            over.wait(120)
        return 200

    with http_server(("127.0.0.3", 7001), answer=slowly) as server, running(manifest, folder):
        slow = []
        thread = threading.Thread(target=lambda: slow.append(get("http://127.0.0.1:9001/slow")[0]))
        begin = time.monotonic()
        thread.start()
        wait_until(lambda: server.requests)
        assert get("http://127.0.0.1:9001/")[0] == 503  # at once: later none is in flight
        thread.join()
        assert slow == [504] and time.monotonic() - begin > 7.5, slow
        over.set()
        assert get("http://127.0.0.1:9001/")[0] == 200
        assert stat("envoy_cluster_upstream_rq_active_overflow", "upstream_9001") == 1


def test_upstreams_with_tls_are_verified(folder):
    ca, server = certificates(folder)
    manifest = pod_with({"upstream-9001": "https://catalog.shop.svc:7001",
                         "upstream-9002": "tls://catalog.shop.svc:7002",
                         "upstream-9003": "https://other.shop.svc:7001", "ca-configmap": "ca"})
    with http_server(("127.0.0.3", 7001), server) as https, \
            echo_server(("127.0.0.3", 7002), server), \
            running(manifest, folder / "pod", {"ca": {"ca.crt": ca}}):
        status, body = get("http://127.0.0.1:9001/")
        assert status == 200 and json.loads(body)["host"] == "catalog.shop.svc:7001", body
        assert echoed(9002, b"hello") == b"HELLO"
        assert get("http://127.0.0.1:9003/")[0] == 503  # the certificate is for another name
        assert len(https.requests) == 1


def test_upstream_of_another_ca_is_refused(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()
    ca, _ = certificates(folder / "a")
    _, server = certificates(folder / "b")
    manifest = pod_with({"upstream-9001": "https://catalog.shop.svc:7001", "ca-secret": "ca",
                         "ca-key": "bundle.pem"})
    with http_server(("127.0.0.3", 7001), server) as https, \
            running(manifest, folder / "pod", {"ca": {"bundle.pem": ca}}):
        assert get("http://127.0.0.1:9001/")[0] == 503 and not https.requests


def test_the_images_own_certificates_are_the_default(folder):
    _, server = certificates(folder)
    manifest = pod_with({"upstream-9001": "https://catalog.shop.svc:7001"})
    own = {"/etc/ssl/certs/ca-certificates.crt": folder / "ca.pem"}
    with http_server(("127.0.0.3", 7001), server), running(manifest, folder / "pod", files=own):
        assert get("http://127.0.0.1:9001/")[0] == 200


HTTP = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3" \
       ".HttpConnectionManager"
ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
SERVER_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
SAYS_HOW_IT_IS_ASKED = f"""
static_resources:
  listeners:
  - name: upstream
    address: {{socket_address: {{address: 127.0.0.3, port_value: 7001}}}}
    filter_chains:
    - transport_socket:
        name: tls
        typed_config:
          "@type": {SERVER_TLS}
          common_tls_context:
            alpn_protocols: [h2, http/1.1]
            tls_certificates:
            - {{certificate_chain: {{filename: tls.pem}}, private_key: {{filename: tls.key}}}}
      filters:
      - name: http
        typed_config:
          "@type": {HTTP}
          stat_prefix: upstream
          http_filters: [{{name: router, typed_config: {{"@type": {ROUTER}}}}}]
          route_config:
            virtual_hosts:
            - name: upstream
              domains: ["*"]
              response_headers_to_add: [{{header: {{key: asked-by, value: "%PROTOCOL%"}}}}]
              routes: [{{match: {{prefix: /}}, direct_response: {{status: 200}}}}]
"""


def test_http2_stays_http2(folder):
    """gRPC needs it, and nginx asks by 1.0."""
    ca, _ = certificates(folder)
    manifest = pod_with({"upstream-9001": "https://catalog.shop.svc:7001", "ca-configmap": "ca"})
    with subprocess.Popen([ENVOY, "--disable-hot-restart", "--concurrency", "1", "-l", "off",
                           "--config-yaml", SAYS_HOW_IT_IS_ASKED], cwd=folder,
                          stderr=subprocess.DEVNULL) as upstream:
        try:
            with running(manifest, folder / "pod", {"ca": {"ca.crt": ca}}):
                for option, version in (("--http2-prior-knowledge", "2"), ("--http1.1", "1.1"),
                                        ("--http1.0", "1.1")):
                    done = subprocess.run(
                        ["curl", "-si", "--retry", "5", "--retry-all-errors", "--fail", option,
                         "http://127.0.0.1:9001/"], capture_output=True, text=True, check=True)
                    assert f"asked-by: HTTP/{version}\n" in done.stdout.replace("\r", ""), \
                        done.stdout
        finally:
            upstream.terminate()


BOOTSTRAP = f"""
admin: {{address: {{socket_address: {{address: 0.0.0.0, port_value: 9999}}}}}}
static_resources:
  listeners:
  - name: own
    address: {{socket_address: {{address: 127.0.0.1, port_value: 9100}}}}
    filter_chains:
    - filters:
      - name: http
        typed_config:
          "@type": {HTTP}
          stat_prefix: own
          http_filters: [{{name: router, typed_config: {{"@type": {ROUTER}}}}}]
          route_config:
            virtual_hosts:
            - name: own
              domains: ["*"]
              routes: [{{match: {{prefix: /}}, direct_response: {{status: 202}}}}]
"""


def test_a_bootstrap_of_ones_own_is_joined_with_ours(folder):
    manifest = pod_with({"bootstrap-configmap": "own",
                         "upstream-9001": "http://catalog.shop.svc:7001"})
    with http_server(("127.0.0.3", 7001)), \
            running(manifest, folder, {"own": {"envoy.yaml": BOOTSTRAP}}):
        assert get("http://127.0.0.1:9100/")[0] == 202
        assert get("http://127.0.0.1:9001/")[0] == 200
        assert get("http://127.0.0.1:9901/ready")[0] == 200
        with contextlib.suppress(ConnectionRefusedError):  # the administration is where we say
            socket.create_connection(("127.0.0.1", 9999), 2)
            raise AssertionError("the administration listens where the ConfigMap says")


POLICY = """\
apiVersion: pannier.dev/v1alpha1
kind: InjectionPolicy
metadata: {name: own}
spec:
  match: {podSelector: {matchLabels: {own: mesh}}}
  inject:
  - templateRef: {name: envoy-proxy}
    parameters:
      upstreams: {"9001": "http://catalog.shop.svc:7001", "9002": "http://nowhere.invalid:80"}
      healthAddress: "::"
      concurrency: 2
    overrides:
    - {parameter: podUpstreams, podAnnotationPrefix: envoy.pannier.dev/upstream-}
"""


def test_a_policy_of_ones_own(folder):
    """Its upstreams are for all Pods; a Pod adds some, or leads one elsewhere."""
    (folder / "own.yaml").write_text(POLICY)
    manifest = pods.inject({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "shop", "labels": {"own": "mesh"}, "annotations": {
            "envoy.pannier.dev/upstream-9002": "http://other.shop.svc:7001",
            "envoy.pannier.dev/upstream-9003": "http://catalog.shop.svc:7001"}},
        "spec": {"containers": [{"name": "app", "image": "app:1"}]}}, TEMPLATE, folder / "own.yaml")
    with http_server(("127.0.0.3", 7001)), running(manifest, folder / "pod"):
        hosts = [json.loads(get(f"http://127.0.0.1:{port}/")[1])["host"]
                 for port in (9001, 9002, 9003)]
        assert hosts == ["catalog.shop.svc:7001", "other.shop.svc:7001", "catalog.shop.svc:7001"]
        assert get("http://[::1]:9902/ready")[0] == get("http://127.0.0.2:9902/ready")[0] == 200


LAST_WORDS = """
import signal, sys, time, urllib.request
def stop(*unused):
    time.sleep(1)  # whatever an app does at its end
    with urllib.request.urlopen("http://127.0.0.1:9001/slow", timeout=10) as answer:
        print("last words:", answer.status, flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("up", flush=True)
while True:
    time.sleep(1)
"""


def test_forwards_until_the_app_has_ended(folder):
    """The app has its upstreams while it stops; Envoy ends after it, at once."""
    manifest = pod_with({"upstream-9001": "http://catalog.shop.svc:7001"})
    app = pods.Program(["/usr/bin/python3", "-c", LAST_WORDS])

    def slowly(request):
        time.sleep(1 if request.path == "/slow" else 0)
        return 200

    with http_server(("127.0.0.3", 7001), answer=slowly):
        with running(manifest, folder, app=app) as pod:
            wait_until(lambda: "up" in pod.containers["app"].logs())
            pod.containers["app"].stop()
            begin = time.monotonic()
        assert time.monotonic() - begin < 20  # Envoy's own end
        assert "last words: 200" in pod.containers["app"].logs(), pod.containers["app"].logs()
        assert pod.containers["envoy-proxy"].process.returncode == 0


def test_a_name_that_nobody_knows_does_not_keep_the_pod_from_starting(folder):
    with running(pod_with({"upstream-9001": "http://nowhere.invalid:80"}), folder):
        assert get("http://127.0.0.1:9001/")[0] == 503


def test_interception(folder):
    """Connections to other machines' port 8080 go through Envoy; others do not."""
    own = "10.99.0.1"
    subprocess.run(["ip", "address", "replace", f"{own}/32", "dev", "lo"], check=True)
    manifest = pod_with({"intercept-ports": "8080,8081"}, mesh="intercept")
    failed_once = iter([503])
    try:
        with http_server((own, 8080), answer=lambda _: next(failed_once, 200)) as server, \
                http_server((own, 8090)), echo_server((own, 8081)), \
                running(manifest, folder, real_uid=True):
            assert get(f"http://{own}:8080/")[0] == 503
            assert get(f"http://{own}:8080/")[0] == 200
            assert json.loads(get(f"http://{own}:8080/")[1])["host"] == f"{own}:8080"
            assert [r.client_address[0] for r in server.requests] == [own] * 3
            with socket.create_connection((own, 8081), 60) as s:
                s.sendall(b"no http\n")
                assert s.recv(100) == b"NO HTTP\n"
            assert get(f"http://{own}:8090/")[0] == 200  # not among the ports
            assert stat("envoy_http_downstream_rq_total", "pannier_intercept_http") == 3
            assert stat("envoy_tcp_downstream_cx_total", "pannier_intercept_tcp") == 1
            with socket.create_connection(("127.0.0.1", 15001), 60) as s:  # who comes by himself
                s.sendall(b"GET / HTTP/1.1\r\n\r\n")
                with contextlib.suppress(ConnectionResetError):
                    assert s.recv(100) == b""
    finally:
        subprocess.run(["nft", "delete", "table", "ip", "pannier_envoy"], check=False)
