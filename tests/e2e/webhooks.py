# SPDX-License-Identifier: Apache-2.0
"""Webhooks in front of the cluster: pannier itself, and other injectors written here."""

import base64
import http.server
import json
import os
import ssl
import subprocess
import threading

from cluster import make_certificate, wait_until

REACH_SECONDS = 30
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
PROBE = {"metadata": {"generateName": "probe-"},
         "spec": {"containers": [{"name": "probe", "image": "example.com/probe:1"}]}}


def preview(binary, policies, manifest, output, *flags):
    """What `pannier preview` prints about a manifest, or a review: bytes both."""
    done = subprocess.run([binary, "preview", "-f", "-", "-p", policies, "-o", output, *flags],
                          input=manifest, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"preview ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def preview_pod(binary, policies, manifest, namespace):
    """The entry of the one Pod in preview's JSON, with a reason from every policy."""
    shown = preview(binary, policies, manifest, "json", "--explain", "-n", namespace)
    (entry,) = json.loads(shown)["objects"]
    return entry


class Webhook:
    """Is called for the namespaces that `make_namespace` made with it, while its `with` lasts."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name  # the API server calls in order of the names
        self.label = f"e2e.pannier.dev/{name}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cluster.client.ask("DELETE", f"{CONFIGURATIONS}/{self.name}")
        self.stop()

    def register(self, port, ca_file, failure_policy="Fail"):
        with open(ca_file, "rb") as file:
            ca = base64.b64encode(file.read()).decode()
        self.cluster.client.create(CONFIGURATIONS, {"metadata": {"name": self.name}, "webhooks": [{
            "name": "pods.pannier.dev",
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                       "resources": ["pods"], "scope": "Namespaced"}],
            "clientConfig": {"url": f"https://127.0.0.1:{port}/mutate", "caBundle": ca},
            "namespaceSelector": {"matchLabels": {self.label: "called"}},
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "reinvocationPolicy": "IfNeeded",
            "failurePolicy": failure_policy,
            "timeoutSeconds": 10}]})

    def is_called(self, namespace):
        answer = self.cluster.client.create_pod(namespace, PROBE, dryRun="All")
        return any(call.configuration == self.name for call in self.cluster.calls(answer))


class Validation:
    """Pannier's /validate for one namespace, while its `with` lasts; anything it refuses, fails."""

    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"

    def __init__(self, pannier, namespace):
        self.client, self.name = pannier.cluster.client, f"validate-{namespace}"
        with open(pannier.ca_file, "rb") as file:
            ca = base64.b64encode(file.read()).decode()
        self.client.create(self.path, {"metadata": {"name": self.name}, "webhooks": [{
            "name": "required.pannier.dev",
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
                       "resources": ["pods"], "scope": "Namespaced"}],
            "clientConfig": {"url": f"https://127.0.0.1:{pannier.port}/validate", "caBundle": ca},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "timeoutSeconds": 10}]})

        def asked():
            self.client.create_pod(namespace, PROBE, dryRun="All")
            return pannier.validations() > before

        before = pannier.validations()
        wait_until(f"{self.name} is called", REACH_SECONDS, asked)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.ask("DELETE", f"{self.path}/{self.name}")


def make_namespace(cluster, name, webhooks, labels=None):
    """A namespace for which the API server calls these webhooks, from now on."""
    selected = {webhook.label: "called" for webhook in webhooks}
    cluster.make_namespace(name, {**selected, **(labels or {})})
    for webhook in webhooks:
        wait_until(f"{webhook.name} is called for namespace {name}", REACH_SECONDS,
                   lambda webhook=webhook: webhook.is_called(name))
    return name


class Pannier(Webhook):
    """`pannier serve`, registered; with a certificate of its own, or with those of a directory."""

    def __init__(self, cluster, binary, name, policies, failure_policy="Fail", ca_file=None,
                 certificates=None, flags=()):
        super().__init__(cluster, name)
        self.binary, self.policies = binary, policies
        own = os.path.join(cluster.directory, name)
        served = ["--cert-dir", own] if certificates is None else [
            "--tls-cert-file", os.path.join(certificates, "tls.crt"),
            "--tls-private-key-file", os.path.join(certificates, "tls.key")]
        self.program = cluster.run(name, [
            binary, "serve", "--bind-address", "127.0.0.1", "--secure-port", "0",
            "--metrics-bind-address", "0", "--log-level", "debug",
            "--shutdown-delay", "0s", "-p", policies, *served, *flags])
        serving = wait_until(f"{name} serves", REACH_SECONDS, self.serving_line)
        self.port, self.ca_file = serving["port"], os.path.join(certificates or own, "ca.crt")
        self.register(self.port, ca_file or self.ca_file, failure_policy)

    def serving_line(self):
        self.program.check_runs()
        return next((line for line in self.log_lines() if line["message"] == "serving"), None)

    def validations(self):
        """How many Pods it has validated."""
        return sum(line["message"] == "validated" for line in self.log_lines())

    def log_lines(self):
        """The whole lines of its log."""
        return [json.loads(line) for line in self.program.read_log().splitlines(keepends=True)
                if line.endswith("\n")]

    def stop(self):
        return self.program.stop()

    def preview(self, manifest, output, *flags):
        """`pannier preview` with the policies that this server has."""
        return preview(self.binary, self.policies, manifest, output, *flags)

    def preview_pod(self, manifest, namespace):
        return preview_pod(self.binary, self.policies, manifest, namespace)


class Injector(Webhook):
    """Another mutating webhook: `change` is a function from a Pod to a JSON Patch."""

    def __init__(self, cluster, name, change=lambda pod: []):
        super().__init__(cluster, name)
        self.change = change
        self.reviews = []  # of Pods, as they came; probes are not kept
        certificate, key = make_certificate(cluster.directory, name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.make_handler())
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,),
                                       daemon=True)
        self.thread.start()
        self.register(self.server.server_port, certificate)

    def make_handler(self):
        injector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = json.dumps(injector.answer(body)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, body):
        review = json.loads(body)
        pod = review["request"]["object"]
        response = {"uid": review["request"]["uid"], "allowed": True}
        if pod["metadata"].get("generateName") != PROBE["metadata"]["generateName"]:
            self.reviews.append(body)
            patch = self.change(pod)
            if patch:
                response["patchType"] = "JSONPatch"
                response["patch"] = base64.b64encode(json.dumps(patch).encode()).decode()
        return {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
