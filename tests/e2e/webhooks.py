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

REACH_SECONDS = 120
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
# Its label makes it a Pod that the API server asks about, where a registration has conditions.
PROBE = {"metadata": {"generateName": "probe-", "labels": {"inject.pannier.dev/logging": "enabled"}},
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

    def register(self, webhook):
        """`webhook` is one of a MutatingWebhookConfiguration."""
        webhook.setdefault("namespaceSelector", {}).setdefault("matchLabels", {})[self.label] = "called"
        self.cluster.client.create(CONFIGURATIONS, {"metadata": {"name": self.name}, "webhooks": [webhook]})

    def register_pannier(self, server, port, ca_file, failure_policy="Fail"):
        """As `pannier webhook-config` says, apart from what would hide failures, Ignore, and from what would make one of
        a busy machine, a short time-out."""
        registration, _ = registrations(server, port, ca_file)
        (webhook,) = registration["webhooks"]
        self.register({**webhook, "failurePolicy": failure_policy, "timeoutSeconds": 30})

    def is_called(self, namespace):
        answer = self.cluster.client.create_pod(namespace, PROBE, dryRun="All")
        return any(call.configuration == self.name for call in self.cluster.calls(answer))


def registrations(server, port, ca_file):
    """What `pannier webhook-config` says of a server that listens there: (mutating, validating)."""
    done = subprocess.run(
        [server.binary, "webhook-config", "-p", server.policies, "--url", f"https://127.0.0.1:{port}",
         "--ca-file", ca_file], capture_output=True, timeout=60, check=True)
    return server.cluster.kubectl_objects("create", "--dry-run=client", "-f", "-", stdin=done.stdout)


class Validation:
    """Pannier's /validate for one namespace, while its `with` lasts; anything it refuses, fails."""

    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"

    def __init__(self, pannier, namespace):
        self.client, self.name = pannier.cluster.client, f"validate-{namespace}"
        _, registration = registrations(pannier, pannier.port, pannier.ca_file)
        for webhook in registration["webhooks"]:
            webhook["namespaceSelector"]["matchLabels"] = {"kubernetes.io/metadata.name": namespace}
            webhook.update(failurePolicy="Fail", timeoutSeconds=30)
        self.client.create(self.path, {**registration, "metadata": {"name": self.name}})

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


class Server:
    """`pannier serve`; with a certificate of its own, or with those of a directory."""

    def __init__(self, cluster, binary, name, policies, certificates=None, delay="0s", flags=()):
        self.cluster, self.binary, self.policies = cluster, binary, policies
        own = os.path.join(cluster.directory, name)
        served = ["--cert-dir", own] if certificates is None else [
            "--tls-cert-file", os.path.join(certificates, "tls.crt"),
            "--tls-private-key-file", os.path.join(certificates, "tls.key")]
        self.program = cluster.run(name, [
            binary, "serve", "--bind-address", "127.0.0.1", "--secure-port", "0",
            "--metrics-bind-address", "0", "--log-level", "debug",
            "--shutdown-delay", delay, "-p", policies, *served, *flags])
        serving = wait_until(f"{name} serves", REACH_SECONDS, self.serving_line)
        self.port, self.ca_file = serving["port"], os.path.join(certificates or own, "ca.crt")

    def serving_line(self):
        self.program.check_runs()
        return next((line for line in self.log_lines() if line["message"] == "serving"), None)

    def validations(self):
        """How many Pods it has validated."""
        return self.told("validated")

    def log_lines(self):
        """The whole lines of its log."""
        return [json.loads(line) for line in self.program.read_log().splitlines(keepends=True)
                if line.endswith("\n")]

    def told(self, message):
        """How many lines of its log say this."""
        return sum(line["message"] == message for line in self.log_lines())

    def stop(self):
        """Returns the exit code."""
        return self.program.stop()

    def preview(self, manifest, output, *flags):
        """`pannier preview` with the policies that this server has."""
        return preview(self.binary, self.policies, manifest, output, *flags)

    def preview_pod(self, manifest, namespace):
        return preview_pod(self.binary, self.policies, manifest, namespace)


class Pannier(Server, Webhook):
    """A server that is registered."""

    def __init__(self, cluster, binary, name, policies, failure_policy="Fail", ca_file=None, **options):
        """`ca_file`: a registration with another one than the server's."""
        Webhook.__init__(self, cluster, f"zz-{name}")
        Server.__init__(self, cluster, binary, name, policies, **options)
        self.register_pannier(self, self.port, ca_file or self.ca_file, failure_policy)


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
        with open(certificate, "rb") as file:
            ca = base64.b64encode(file.read()).decode()
        self.register({
            "name": "pods.example.com",
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                       "resources": ["pods"], "scope": "Namespaced"}],
            "clientConfig": {"url": f"https://127.0.0.1:{self.server.server_port}", "caBundle": ca},
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "reinvocationPolicy": "IfNeeded",
            "failurePolicy": "Fail"})

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
