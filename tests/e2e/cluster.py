# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes control plane on the loopback: etcd, kube-apiserver, and the controllers of workloads.

Nothing runs Pods. Of kube-controller-manager, which may be missing, only those run that make Pods, so
the harness makes what others would: the ServiceAccount of a namespace, the status of a quota.
"""

import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time

from client import MERGE_PATCH, Client
from network import Network

START_SECONDS = 300  # these are for what never comes: a busy machine may take its time
STOP_SECONDS = AUDIT_SECONDS = 60
PORTS = range(20000, 30000)  # below those that Linux gives to outgoing connections

# What happened in admission is read from the API server's own audit log.
AUDIT_POLICY = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
                "rules": [{"level": "Request", "verbs": ["create", "patch"],
                           "resources": [{"group": "", "resources": ["pods"]}]},
                          {"level": "None"}]}
# What it shows to webhooks that ask for a client certificate.
ADMISSION = """apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: MutatingAdmissionWebhook
  configuration: &webhooks
    apiVersion: apiserver.config.k8s.io/v1
    kind: WebhookAdmissionConfiguration
    kubeConfigFile: {kubeconfig}
- name: ValidatingAdmissionWebhook
  configuration: *webhooks
"""
KUBECONFIG = """apiVersion: v1
kind: Config
users:
- name: "*"
  user: {{client-certificate: {certificate}, client-key: {key}}}
"""
CONTROLLERS = ("cronjob", "daemonset", "deployment", "job", "replicaset", "replicationcontroller",
               "statefulset")
CONTROLLERS_KUBECONFIG = """apiVersion: v1
kind: Config
clusters:
- name: e2e
  cluster: {{server: "https://127.0.0.1:{port}", certificate-authority: {ca}}}
users:
- name: e2e
  user: {{token: {token}}}
contexts:
- name: e2e
  context: {{cluster: e2e, user: e2e}}
current-context: e2e
"""
WEBHOOK_CALL = ".webhook.admission.k8s.io/round_"  # a key is mutation.webhook...round_0_index_1


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_ports(count):
    return [port for port in random.sample(PORTS, 200) if is_free(port)][:count]


def wait_until(what, seconds, condition):
    """The first true value that `condition` gives."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise RuntimeError(f"{what}: not within {seconds} seconds")
        time.sleep(0.05)


def make_certificate(directory, name):
    """A self-signed certificate for the loopback, which is its own CA: (certificate, key)."""
    certificate, key = (os.path.join(directory, name + end) for end in (".crt", ".key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key,
                    "-out", certificate], check=True, capture_output=True)
    return certificate, key


class Program:
    """A child process with its output in a file, ended by its id."""

    def __init__(self, directory, name, command):
        self.name = name
        self.log = os.path.join(directory, name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)

    def check_runs(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.tail(20)}")

    def read_log(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def tail(self, lines):
        return "\n".join(line[:600] for line in self.read_log().splitlines()[-lines:])

    def stop(self):
        """Returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()


class Call:
    """One call of a mutating webhook, as the audit log has it."""

    def __init__(self, round_number):
        self.round = round_number
        self.configuration, self.mutated, self.patch, self.failed_open = None, False, [], False


class Cluster:
    """Use it in a `with`. `assets` is a directory with etcd, kube-apiserver and kubectl, and perhaps
    kube-controller-manager: `has_controllers`."""

    def __init__(self, assets, directory):
        self.assets, self.directory = assets, directory
        self.programs = []
        self.controller_manager = os.path.join(assets, "kube-controller-manager")
        self.has_controllers = os.access(self.controller_manager, os.X_OK)
        self.data = os.path.join(directory, "etcd.data")
        self.audit_log = os.path.join(directory, "audit.log")
        self.audit_offset, self.audit_events = 0, {}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for program in reversed(self.programs):
            program.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def run(self, name, command):
        """Starts a program that ends with the cluster, or earlier."""
        program = Program(self.directory, name, command)
        self.programs.append(program)
        return program

    def program(self, name):
        return next(program for program in self.programs if program.name == name)

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self):
        etcd, peer, self.port = free_ports(3)
        etcd, peer = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
        self.run("etcd", [
            os.path.join(self.assets, "etcd"), "--data-dir", self.data, "--unsafe-no-fsync",
            "--log-level=warn", "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", f"default={peer}"])
        self.certificate, key = make_certificate(self.directory, "kube-apiserver")
        self.client_certificate, client_key = make_certificate(self.directory, "client")
        kubeconfig = self.write("webhooks.yaml", KUBECONFIG.format(
            certificate=os.path.abspath(self.client_certificate), key=os.path.abspath(client_key)))
        admission = ADMISSION.format(kubeconfig=os.path.abspath(kubeconfig))
        self.token = secrets.token_hex(16)
        self.network = Network(self.directory)
        self.run("kube-apiserver", [
            os.path.join(self.assets, "kube-apiserver"), "--etcd-servers", etcd,
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={self.port}",
            "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.0.0.0/24",
            f"--tls-cert-file={self.certificate}", f"--tls-private-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.certificate}",
            f"--service-account-signing-key-file={key}",
            "--token-auth-file=" + self.write("tokens", f"{self.token},e2e,e2e,system:masters\n"),
            "--authorization-mode=RBAC", "--profiling=false", "--allow-privileged=true",
            "--admission-control-config-file=" + self.write("admission.yaml", admission),
            "--egress-selector-config-file=" + self.write("egress.json", self.network.configuration()),
            "--audit-policy-file=" + self.write("audit-policy.json", json.dumps(AUDIT_POLICY)),
            f"--audit-log-path={self.audit_log}", "--audit-log-mode=blocking"])
        self.client = Client(self.port, self.certificate, self.token)
        wait_until("kube-apiserver is ready", START_SECONDS, self.is_ready)
        self.version = self.client.ask("GET", "/version").object["gitVersion"]
        if self.has_controllers:
            self.start_controllers()

    def start_controllers(self):
        """And one node, for DaemonSets."""
        kubeconfig = CONTROLLERS_KUBECONFIG.format(
            port=self.port, ca=os.path.abspath(self.certificate), token=self.token)
        self.run("kube-controller-manager", [
            self.controller_manager, "--kubeconfig=" + self.write("controllers.yaml", kubeconfig),
            "--controllers=" + ",".join(f"{name}-controller" for name in CONTROLLERS),
            "--secure-port=0", "--leader-elect=false", "--kube-api-qps=500", "--kube-api-burst=1000"])
        self.client.create("/api/v1/nodes", {"metadata": {"name": "node"}})
        untainted = {"spec": {"taints": None}}  # a new node is not ready
        answer = self.client.ask("PATCH", "/api/v1/nodes/node", untainted, MERGE_PATCH)
        if answer.status != 200:
            raise RuntimeError(f"taints of the node: {answer}")

    def is_ready(self):
        for program in self.programs:
            program.check_runs()
        try:
            return self.client.ask("GET", "/readyz").status == 200
        except OSError:
            return False

    def make_namespace(self, name, labels):
        self.client.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
        self.client.create(f"/api/v1/namespaces/{name}/serviceaccounts",
                           {"metadata": {"name": "default"}})
        return name

    def make_quota(self, namespace, hard):
        path = f"/api/v1/namespaces/{namespace}/resourcequotas"
        quota = self.client.create(path, {"metadata": {"name": "quota"}, "spec": {"hard": hard}}).object
        quota["status"] = {"hard": hard, "used": {key: "0" for key in hard}}
        answer = self.client.ask("PUT", path + "/quota/status", quota)
        if answer.status != 200:
            raise RuntimeError(f"status of the quota: {answer}")

    def kubectl(self, *arguments, stdin=b""):
        """Runs kubectl against this cluster; returns (exit code, both outputs as text)."""
        home = os.path.join(self.directory, "kubectl-home")
        done = subprocess.run(
            [os.path.join(self.assets, "kubectl"), f"--server=https://127.0.0.1:{self.port}",
             f"--certificate-authority={self.certificate}", f"--token={self.token}", *arguments],
            input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False,
            env={"HOME": home, "KUBECONFIG": os.path.join(home, "none"), "PATH": "/nowhere"})
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def kubectl_objects(self, *arguments, stdin):
        """The objects that kubectl prints."""
        code, output = self.kubectl(*arguments, "-o", "json", stdin=stdin)
        if code != 0:
            raise RuntimeError(f"kubectl {' '.join(arguments)} ended with {code}: {output}")
        rest = "".join(line for line in output.splitlines(keepends=True) if not line.startswith("Warning: "))
        objects, decoder = [], json.JSONDecoder()
        while rest := rest.lstrip():
            found, end = decoder.raw_decode(rest)
            objects.append(found)
            rest = rest[end:]
        return objects

    # ---- what happened in admission --------------------------------------------------------------

    def audit_event(self, audit_id):
        if os.path.exists(self.audit_log):
            with open(self.audit_log, "rb") as log:
                log.seek(self.audit_offset)
                for line in log:
                    if not line.endswith(b"\n"):
                        break  # still being written
                    self.audit_offset += len(line)
                    event = json.loads(line)
                    self.audit_events[event["auditID"]] = event
        return self.audit_events.get(audit_id)

    def audit_annotations(self, answer):
        """What admission wrote about the request of `answer` into the audit log."""
        event = wait_until("an audit event", AUDIT_SECONDS, lambda: self.audit_event(answer.audit_id))
        return event.get("annotations", {})

    def calls(self, answer):
        """The calls of webhooks that the request led to, in their order."""
        calls = {}
        for key, text in self.audit_annotations(answer).items():
            kind, found, place = key.partition(WEBHOOK_CALL)
            if not found:
                continue
            place = tuple(int(word) for word in place.split("_index_"))
            call = calls.setdefault(place, Call(place[0]))
            if kind == "mutation":
                said = json.loads(text)
                call.configuration, call.mutated = said["configuration"], said["mutated"]
            elif kind == "patch":
                call.patch = json.loads(text)["patch"]
            elif kind == "failed-open.mutation":
                call.failed_open = True
        return [calls[place] for place in sorted(calls)]
