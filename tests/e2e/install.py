# SPDX-License-Identifier: Apache-2.0
"""An installation by manifests/ whose containers run on this machine: kubelet's and kube-proxy's part, for two Pods.

What containers get comes from the API server: the ConfigMaps and Secrets that the rendered objects name. Paths of mounts become
directories below the cluster's.
"""

import base64
import json
import pathlib
import shutil
import ssl
import subprocess
import urllib.request

from checks import check, check_equal
from cluster import wait_until
from webhooks import CONFIGURATIONS, REACH_SECONDS, Validation

NAMESPACE = "pannier-system"
SECRETS = ("pannier-tls", "pannier-ca")


def as_list(objects):
    """What kubectl reads."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}).encode()


class Installation:
    """Use it in a `with`, at whose end its objects are gone, but for the namespace."""

    def __init__(self, fixture, objects):
        self.fixture, self.cluster, self.client = fixture, fixture.cluster, fixture.client
        self.objects = objects
        self.root = pathlib.Path(self.cluster.directory) / "installed"
        self.server = None

    def __enter__(self):
        shutil.rmtree(self.root, ignore_errors=True)
        code, output = self.cluster.kubectl("apply", "--server-side", "-f", "-",
                                            stdin=as_list([self.of_kind("Namespace")]))
        check(code == 0, output)
        return self

    def __exit__(self, *_):
        self.remove_registrations()
        if self.server:
            self.server.stop()
        self.cluster.kubectl("delete", "--wait=false", "-f", "-", stdin=as_list(
            [o for o in self.objects if o["kind"] != "Namespace"]))
        for secret in SECRETS:
            self.client.ask("DELETE", self.path("secrets", secret))
        self.cluster.network.ports.clear()

    def of_kind(self, kind):
        return next(o for o in self.objects if o["kind"] == kind)

    @staticmethod
    def path(resource, name):
        return f"/api/v1/namespaces/{NAMESPACE}/{resource}/{name}"

    def registration(self):
        return self.client.ask("GET", CONFIGURATIONS + "/zz-pannier").object

    def remove_registrations(self):
        for path in (CONFIGURATIONS + "/zz-pannier", Validation.path + "/pannier"):
            self.client.ask("DELETE", path)

    def allow_critical_pods(self):
        """What the controller of quotas would write."""
        path = self.path("resourcequotas", "pannier-critical")
        quota = self.client.ask("GET", path).object
        hard = quota["spec"]["hard"]
        quota["status"] = {"hard": hard, "used": {key: "0" for key in hard}}
        check_equal("status of the quota", self.client.ask("PUT", path + "/status", quota).status, 200)

    # ---- volumes -----------------------------------------------------------------------------------

    def write(self, directory, files):
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            part = directory / f".{name}"
            part.write_bytes(content)
            part.rename(directory / name)

    def secret(self, name):
        """Its files; none when it is not there."""
        answer = self.client.ask("GET", self.path("secrets", name))
        return {key: base64.b64decode(value) for key, value in answer.object["data"].items()} if answer.status == 200 else {}

    def fill(self, volume, directory):
        if "secret" in volume:
            files = self.secret(volume["secret"]["secretName"])
            check(files or volume["secret"].get("optional"), "no Secret for", volume)
        elif "configMap" in volume:
            data = self.client.ask("GET", self.path("configmaps", volume["configMap"]["name"])).object["data"]
            files = {key: value.encode() for key, value in data.items()}
        else:
            files = {}
        self.write(directory, files)

    def mounts(self, spec, container, root):
        """{path in the container: path here}"""
        volumes = {v["name"]: v for v in spec["volumes"]}
        found = {}
        for mount in container["volumeMounts"]:
            if "subPath" in mount:  # into another mount's directory
                self.fill(volumes[mount["name"]], root / mount["name"])
                parent, name = mount["mountPath"].rsplit("/", 1)
                shutil.copy(root / mount["name"] / mount["subPath"], pathlib.Path(found[parent]) / name)
            else:
                self.fill(volumes[mount["name"]], root / mount["name"])
                found[mount["mountPath"]] = str(root / mount["name"])
        return found

    def arguments(self, spec, container, root):
        mounts = self.mounts(spec, container, root)
        return [next((argument.replace(path, here) for path, here in mounts.items() if path in argument), argument)
                for argument in container["args"]]

    # ---- programs ----------------------------------------------------------------------------------

    def play_job(self):
        """The Job's Pod, with the rights of its own ServiceAccount; returns the Secrets."""
        spec = self.of_kind("Job")["spec"]["template"]["spec"]
        check_equal("what the CronJob does",
                    self.of_kind("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"], spec)
        root = self.root / "job"
        shutil.rmtree(root, ignore_errors=True)
        (issue,), (write,) = spec["initContainers"], spec["containers"]
        done = subprocess.run([self.fixture.binary, *self.arguments(spec, issue, root)], capture_output=True, timeout=60,
                              check=False)
        check(done.returncode == 0, done.stderr.decode())
        who = f"--as=system:serviceaccount:{NAMESPACE}:{spec['serviceAccountName']}"
        wait_until("its rights count", REACH_SECONDS, lambda: self.cluster.kubectl(
            "auth", "can-i", "patch", "secret/pannier-tls", "-n", NAMESPACE, who)[0] == 0)
        code, output = self.cluster.kubectl(*self.arguments(spec, write, root), who)
        check(code == 0, output)
        return {name: self.secret(name) for name in SECRETS}

    def bring_certificate(self):
        self.write(self.root / "server/tls", self.secret("pannier-tls"))

    def start_server(self):
        """The Deployment's container, behind the Service."""
        spec = self.of_kind("Deployment")["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        arguments = [a for a in self.arguments(spec, container, self.root / "server")
                     if a.split("=")[0] not in ("--metrics-bind-address", "--shutdown-delay")]
        self.server = self.cluster.run("installed", [
            self.fixture.binary, *arguments, "--shutdown-delay=0s", "--metrics-bind-address=0",
            "--bind-address=127.0.0.1", "--secure-port=0"])
        port = wait_until("it serves", REACH_SECONDS, self.port)
        self.cluster.network.ports[self.service_address(container)] = port
        for probe in ("readinessProbe", "livenessProbe"):
            self.check_probe(container[probe]["httpGet"], port)
        return self.server

    @staticmethod
    def check_probe(probe, port):
        """As a kubelet does: it verifies no certificate."""
        check_equal("probe", (probe["scheme"], probe["port"]), ("HTTPS", "webhook"))
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(f"https://127.0.0.1:{port}{probe['path']}", context=context, timeout=60) as answer:
            check_equal(probe["path"], answer.status, 200)

    def port(self):
        self.server.check_runs()
        lines = [json.loads(line) for line in self.server.read_log().splitlines(keepends=True) if line.endswith("\n")]
        return next((line["port"] for line in lines if line["message"] == "serving"), None)

    def service_address(self, container):
        service = self.client.ask("GET", self.path("services", "pannier")).object["spec"]
        (port,) = service["ports"]
        ports = {p["name"]: p["containerPort"] for p in container["ports"]}
        check_equal("the Service's target", ports[port["targetPort"]], 8443)  # --secure-port's default
        return f"{service['clusterIP']}:{port['port']}"
