# SPDX-License-Identifier: Apache-2.0
"""Runs an injected Pod with the real programs, as a kubelet would, on one machine.

A container is a sandbox (bubblewrap): a read-only root with /usr and /etc of this machine, the
Pod's volumes as directories at their mount paths, the container's user, command, args and env.
All containers share one network namespace, which whoever runs this has made (`unshare -n`), so
that every port is free. Init containers start in order; a native sidecar is up when its startup
probe succeeds; at the end preStop hooks run, then SIGTERM, in reverse order.
"""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
PANNIER = pathlib.Path(os.environ.get("PANNIER", ROOT / "build/pannier")).resolve()


def inject(manifest, *policies):
    """The Pod as `pannier preview` leaves it; every policy given here that selects must be in it."""
    arguments = [part for p in policies for part in ("-p", str(ROOT / p))]
    done = subprocess.run([PANNIER, "preview", "-f", "-", "-o", "json", *arguments],
                          input=json.dumps(manifest), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"preview: exit {done.returncode}: {done.stderr}")
    result = json.loads(done.stdout)["objects"][0]
    if result["result"] != "injected" or result["warnings"]:
        raise AssertionError(f"preview: {result['result']}: {result['policies']}")
    return result["object"]


@dataclasses.dataclass
class Program:
    """What an image would hold: its entrypoint, and files of this machine at paths of its own."""
    entrypoint: list = dataclasses.field(default_factory=list)
    files: dict = dataclasses.field(default_factory=dict)  # path in the container -> path here
    environment: dict = dataclasses.field(default_factory=dict)
    real_uid: bool = False  # the uid as the kernel's firewall sees it, not one of a user namespace
    stop_signal: int = signal.SIGTERM


class Container:
    def __init__(self, pod, spec, program):
        self.pod, self.spec, self.program, self.process = pod, spec, program, None
        self.name = spec["name"]
        self.log = pod.folder / f"{self.name}.log"

    def environment(self):
        values = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                  "HOSTNAME": self.pod.spec["metadata"].get("name", "pod"),
                  **self.program.environment}
        for source in self.spec.get("envFrom", []):
            for kind in ("secretRef", "configMapRef"):
                if kind in source:
                    values |= self.pod.data[source[kind]["name"]]
        for variable in self.spec.get("env", []):
            value = self.pod.value_of(variable, self.spec)
            if value is not None:
                values[variable["name"]] = expand(value, values)
        return values

    def sandbox(self, command):
        """The command line of a process inside the container."""
        context = {**self.pod.spec["spec"].get("securityContext", {}),
                   **self.spec.get("securityContext", {})}
        line = ["bwrap", "--die-with-parent", "--unshare-pid", "--clearenv"]
        line += ["--ro-bind", "/usr", "/usr"]
        for path in sorted(pathlib.Path("/etc").iterdir()):  # one by one: a volume may be mounted below /etc
            line += ["--symlink", os.readlink(path), str(path)] if path.is_symlink() else \
                ["--ro-bind", str(path), str(path)]
        for name in ("bin", "sbin", "lib", "lib64"):
            line += ["--symlink", f"usr/{name}", f"/{name}"]
        line += ["--proc", "/proc", "--dev", "/dev"]
        for inside, here in self.program.files.items():
            line += ["--ro-bind", str(here), inside]
        for mount in self.spec.get("volumeMounts", []):
            source = self.pod.volume(mount["name"])
            if source is None:
                continue  # the API server's own token volume
            if "subPath" in mount:
                source = source / mount["subPath"]
            line += ["--ro-bind" if mount.get("readOnly") else "--bind", str(source),
                     mount["mountPath"]]
        if self.has_token():
            line += ["--ro-bind", str(self.pod.token_folder()), TOKEN_PATH]
        if context.get("readOnlyRootFilesystem"):
            line += ["--remount-ro", "/"]
        else:
            line += ["--tmpfs", "/tmp"]
        user = context.get("runAsUser")
        group = context.get("runAsGroup", user)
        if user and self.program.real_uid:
            command = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups",
                       "--bounding-set=-all", "--no-new-privs", *command]
        elif user:
            line += ["--unshare-user", "--uid", str(user), "--gid", str(group)]
        else:
            capabilities = context.get("capabilities", {})
            for key, option in (("drop", "--cap-drop"), ("add", "--cap-add")):
                for name in capabilities.get(key, []):
                    line += [option, name if name == "ALL" else f"CAP_{name}"]
        if "workingDir" in self.spec:
            line += ["--chdir", self.spec["workingDir"]]
        for name, value in self.environment().items():
            line += ["--setenv", name, value]
        return [*line, "--", *command]

    def has_token(self):
        """Whether the ServiceAccount plugin of the API server would mount the token."""
        mounts = {m["mountPath"] for m in self.spec.get("volumeMounts", [])
                  if not m["name"].startswith("kube-api-access-")}
        return (self.pod.token is not None and TOKEN_PATH not in mounts
                and self.pod.spec["spec"].get("automountServiceAccountToken", True))

    def command(self):
        values = self.environment()
        command = self.spec.get("command") or self.program.entrypoint
        return [expand(word, values) for word in [*command, *self.spec.get("args", [])]]

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.sandbox(self.command()), stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)

    def run(self, timeout=60):
        self.start()
        code = self.process.wait(timeout)
        if code != 0:
            raise AssertionError(f"{self.name} ended with {code}: {self.logs()}")

    def logs(self):
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def probe(self, probe):
        """True when the probe succeeds now."""
        seconds = max(2, probe.get("timeoutSeconds", 1))
        if "exec" in probe:
            try:
                return self.execute(probe["exec"]["command"], seconds) == 0
            except subprocess.TimeoutExpired:  # which is a failure to the kubelet, too
                return False
        if "httpGet" in probe:
            get = probe["httpGet"]
            port = self.port(get["port"])
            # The kubelet comes from outside: to the Pod's address, not to loopback.
            url = f"http://{self.pod.address}:{port}{get.get('path', '/')}"
            try:
                with urllib.request.urlopen(url, timeout=seconds) as answer:
                    return 200 <= answer.status < 400
            except (OSError, urllib.error.URLError):
                return False
        raise AssertionError(f"{self.name}: a probe that this runner does not know: {probe}")

    def port(self, port):
        if isinstance(port, int):
            return port
        return next(p["containerPort"] for p in self.spec["ports"] if p.get("name") == port)

    def execute(self, command, timeout=30):
        done = subprocess.run(self.sandbox(command), timeout=timeout, check=False,
                              capture_output=True, stdin=subprocess.DEVNULL)
        return done.returncode

    def wait_for(self, kind):
        probe = self.spec.get(kind)
        if probe is None:
            return
        # as long as the kubelet would, or longer: the machine may be busy with what else is tested
        ends = time.monotonic() + max(probe.get("failureThreshold", 3) * probe.get("periodSeconds", 10), 120)
        while not self.probe(probe):
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}: "
                                     f"{self.logs()}")
            if time.monotonic() > ends:
                raise AssertionError(f"{self.name}: its {kind} does not succeed: {self.logs()}")
            time.sleep(0.2)

    def programs(self):
        """The program of the sandbox: bubblewrap's grandchild (its child is the namespace's init)."""
        while self.process.poll() is None:
            found = [g for child in children(self.process.pid) for g in children(child)]
            if found:
                return found
            time.sleep(0.01)  # it was started a moment ago
        return []

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        hook = self.spec.get("lifecycle", {}).get("preStop", {}).get("exec")
        if hook:
            self.execute(hook["command"])
        for child in self.programs():
            os.kill(child, self.program.stop_signal)
        try:
            self.process.wait(self.pod.spec["spec"].get("terminationGracePeriodSeconds", 30))
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end after SIGTERM: {self.logs()}") from late


def children(pid):
    try:
        return [int(c) for c in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def expand(text, values):
    """$(NAME) as Kubernetes replaces it: what is not known stays, $$ is $."""
    return re.sub(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)",
                  lambda m: "$" if m.group(1) is None else values.get(m.group(1), m.group(0)), text)


class RunningPod:
    """`with RunningPod(pod, folder, programs, data) as p: ...`

    programs: container name -> Program; app containers without one are not started.
    data: name of a Secret or ConfigMap -> its keys and values; `files`: volume name -> folder.
    token: of the Pod's ServiceAccount, for containers and for projected volumes.
    """

    def __init__(self, pod, folder, programs, data=None, address="127.0.0.2", token=None):
        self.spec, self.folder, self.data, self.token = pod, pathlib.Path(folder), data or {}, token
        self.address = address
        self.folder.mkdir(parents=True, exist_ok=True)
        self.volumes = {v["name"]: v for v in pod["spec"].get("volumes", [])}
        self.containers = {}
        for kind in ("initContainers", "containers"):
            for spec in pod["spec"].get(kind, []):
                if kind == "initContainers" or spec["name"] in programs:
                    self.containers[spec["name"]] = Container(self, spec, programs[spec["name"]])
        self.started = []

    def volume(self, name):
        if name.startswith("kube-api-access-"):
            return None
        path = self.folder / "volumes" / name
        if not path.exists():
            path.mkdir(parents=True)
            path.chmod(0o777)
            files = {}
            for source in sources_of(self.volumes[name]):
                files |= self.files_of(source)
            if files:
                project(path, files)
        return path

    def token_folder(self):
        path = self.folder / "token"
        if not path.exists():
            path.mkdir()
            project(path, {"token": self.token,
                           "namespace": self.spec["metadata"].get("namespace", "default")})
        return path

    def update(self, name):
        """Writes a volume again from `data`, as the kubelet does some time after a change."""
        files = {}
        for source in sources_of(self.volumes[name]):
            files |= self.files_of(source)
        project(self.volume(name), files)

    def files_of(self, source):
        kind, volume = source
        if kind in ("configMap", "secret"):
            data = self.data[volume.get("name") or volume["secretName"]]
            paths = {i["key"]: i["path"] for i in volume.get("items", [])}
            return {paths.get(k, k): v for k, v in data.items() if not paths or k in paths}
        if kind == "downwardAPI":
            return {i["path"]: self.field(i["fieldRef"]["fieldPath"]) for i in volume["items"]}
        if kind == "serviceAccountToken":
            return {volume["path"]: self.token or "token"}
        return {}

    def field(self, path):
        special = {"status.podIP": self.address, "status.hostIP": self.address,
                   "spec.nodeName": "node", "spec.serviceAccountName": "default",
                   "metadata.uid": "0b64c1b5-2a3b-4c55-9b8e-1de3a6f2b001",
                   "metadata.namespace": self.spec["metadata"].get("namespace", "default"),
                   "metadata.name": self.spec["metadata"].get("name", "pod")}
        if path in special:
            return special[path]
        match = re.fullmatch(r"metadata\.(annotations|labels)(?:\['(.+)'\])?", path)
        values = self.spec["metadata"].get(match.group(1), {})
        if match.group(2):
            return values.get(match.group(2), "")
        return "".join(f"{k}={json.dumps(v)}\n" for k, v in sorted(values.items()))

    def value_of(self, variable, container):
        source = variable.get("valueFrom")
        if source is None:
            return variable.get("value", "")
        if "fieldRef" in source:
            return self.field(source["fieldRef"]["fieldPath"])
        if "resourceFieldRef" in source:
            return resource(container, source["resourceFieldRef"])
        reference = source.get("secretKeyRef") or source["configMapKeyRef"]
        value = self.data.get(reference["name"], {}).get(reference["key"])
        if value is None and not reference.get("optional"):
            raise AssertionError(f"env {variable['name']}: no {reference}")
        return value

    def __enter__(self):
        try:
            for spec in self.spec["spec"].get("initContainers", []):
                container = self.containers[spec["name"]]
                if spec.get("restartPolicy") != "Always":
                    container.run()
                    continue
                self.begin(container)
                container.wait_for("startupProbe")
            for spec in self.spec["spec"]["containers"]:
                if spec["name"] in self.containers:
                    self.begin(self.containers[spec["name"]])
                    self.containers[spec["name"]].wait_for("startupProbe")
        except BaseException:
            self.stop()
            raise
        return self

    def begin(self, container):
        container.start()
        self.started.append(container)

    def __exit__(self, *unused):
        self.stop()

    def stop(self):
        for container in reversed(self.started):
            container.stop()
        self.started = []


def project(folder, files):
    """Files as the kubelet writes them: links through ..data to a directory that is swapped whole."""
    old = folder / os.readlink(folder / "..data") if (folder / "..data").is_symlink() else None
    new = pathlib.Path(tempfile.mkdtemp(prefix="..", dir=folder))
    new.chmod(0o755)
    for name, text in files.items():
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).write_text(text)
    (folder / "..data_tmp").symlink_to(new.name)
    (folder / "..data_tmp").rename(folder / "..data")
    tops = {pathlib.PurePath(name).parts[0] for name in files}
    for top in tops:
        if not (folder / top).is_symlink():
            (folder / top).symlink_to(f"..data/{top}")
    for entry in folder.iterdir():
        if not entry.name.startswith("..") and entry.name not in tops:
            entry.unlink()
    if old is not None:
        shutil.rmtree(old)


def sources_of(volume):
    for kind, source in volume.items():
        if kind == "projected":
            yield from (item for s in source["sources"] for item in s.items())
        elif kind != "name":
            yield kind, source


def resource(container, reference):
    kind, name = reference["resource"].split(".")
    text = container["resources"][kind][name]
    scale = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "m": 0.001}
    number, unit = re.fullmatch(r"([0-9.]+)(\D*)", text).groups()
    return str(int(-(-float(number) * scale.get(unit, 1) // 1)))
