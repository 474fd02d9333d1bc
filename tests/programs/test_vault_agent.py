# SPDX-License-Identifier: Apache-2.0
"""templates/vault-agent.yaml with a real Vault: what is asked for by annotations ends up in files."""

import time

from pod import Program, RunningPod, inject
from vault_server import BINARY, VaultServer

PREFIX = "vault.hashicorp.com/"
VAULT = Program(files={"/opt/bin/vault": BINARY}, environment={"PATH": "/opt/bin:/usr/bin"})
PROGRAMS = {"vault-agent-init": VAULT, "vault-agent": VAULT}
SHELL = Program(entrypoint=["/bin/sh"])

ONE_CONTAINER = """
apiVersion: pannier.dev/v1alpha1
kind: InjectionPolicy
metadata: {name: one}
spec:
  match: {podSelector: {matchLabels: {vault: one}}}
  inject:
  - templateRef: {name: vault-agent}
    parameters: {oneContainer: true, role: shop, address: "http://127.0.0.1:8200"}
    overrides: [{parameter: secrets, podAnnotationPrefix: secret.example.com/}]
"""


def shop(**annotations):
    names = {PREFIX + k.replace("_", "-"): v for k, v in annotations.items()}
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "shop", "annotations": {
                PREFIX + "agent-inject": "true", PREFIX + "role": "shop",
                PREFIX + "service": VaultServer.address, **names}},
            "spec": {"containers": [{"name": "app", "image": "app:1",
                                     "command": ["/bin/sh", "-c", "sleep 60"]}]}}


class Scene:
    """A Vault with two secrets, and a Pod that runs beside it."""

    def __init__(self, folder, ttl="1h"):
        self.folder, self.vault, self.ttl = folder, VaultServer(folder / "server"), ttl

    def __enter__(self):
        self.vault.__enter__()
        self.vault.write("secret/data/shop/db", user="shop", password="s3cret")
        self.vault.write("kv/shop/old", user="old")
        self.vault.allow("shop", "secret/data/shop/*", "kv/shop/*", ttl=self.ttl)
        return self

    def __exit__(self, *unused):
        self.vault.stop()

    def run(self, pod, **programs):
        return RunningPod(pod, self.folder / "pod", {**PROGRAMS, **programs},
                          token=self.vault.token())


def read(pod, name):
    return (pod.volume("vault-secrets") / name).read_text()


def wait_until(what, seconds=120):
    ends = time.monotonic() + seconds
    while not what():
        if time.monotonic() > ends:
            raise AssertionError("it did not happen in time")
        time.sleep(0.2)


def test_both_containers_and_both_engines(folder):
    pod = inject(shop(agent_inject_secret_db="secret/data/shop/db", agent_inject_secret_old="kv/shop/old"),
                 "templates/vault-agent.yaml")
    with Scene(folder) as scene, scene.run(pod) as running:
        assert read(running, "db") == "password: s3cret\nuser: shop\n", read(running, "db")
        assert read(running, "old") == "user: old\n", read(running, "old")


def test_templates_files_and_modes(folder):
    pod = inject(shop(
        agent_inject_secret_db="secret/data/shop/db", agent_inject_file_db="conf/db.env",
        agent_inject_perms_db="0400",
        agent_inject_template_db='{{- with secret "secret/data/shop/db" -}}\nDB="{{ .Data.data.user }}:${x}$(Y)"\n{{- end }}\n',
        agent_inject_secret_all="secret/data/shop/db", agent_inject_default_template="json",
        agent_inject_token="true"), "templates/vault-agent.yaml")
    with Scene(folder) as scene, scene.run(pod) as running:
        assert read(running, "conf/db.env") == 'DB="shop:${x}$(Y)"\n', read(running, "conf/db.env")
        assert (running.volume("vault-secrets") / "conf/db.env").stat().st_mode & 0o777 == 0o400
        assert read(running, "all") == '{"password":"s3cret","user":"shop"}\n', read(running, "all")
        assert len(read(running, "token")) > 20


def test_app_and_its_init_containers_see_the_files(folder):
    manifest = shop(agent_inject_secret_db="secret/data/shop/db")
    look = "grep -q s3cret /vault/secrets/db && ! touch /vault/secrets/x"
    manifest["spec"]["initContainers"] = [{"name": "migrate", "image": "app:1",
                                           "command": ["/bin/sh", "-c", look]}]
    manifest["spec"]["containers"][0]["startupProbe"] = {"exec": {"command": ["/bin/sh", "-c", look]}}
    with Scene(folder) as scene, scene.run(inject(manifest, "templates/vault-agent.yaml"), migrate=SHELL, app=SHELL):
        pass  # both have looked


def test_init_only_ends(folder):
    pod = inject(shop(agent_inject_secret_db="secret/data/shop/db", agent_pre_populate_only="true"),
                 "templates/vault-agent.yaml")
    assert [c["name"] for c in pod["spec"]["initContainers"]] == ["vault-agent-init"]
    with Scene(folder) as scene, scene.run(pod) as running:
        assert read(running, "db").startswith("password: s3cret"), read(running, "db")


def test_one_container_waits_for_every_file(folder):
    policy = folder / "one.yaml"
    policy.write_text(ONE_CONTAINER)
    manifest = shop()
    manifest["metadata"] = {"name": "shop", "labels": {"vault": "one"}, "annotations": {
        "secret.example.com/db": "secret/data/shop/db", "secret.example.com/old": "kv/shop/old"}}
    pod = inject(manifest, "templates/vault-agent.yaml", policy)
    with Scene(folder) as scene:
        with scene.run(pod) as running:
            agent = running.containers["vault-agent"]
            assert read(running, "old") == "user: old\n"
            assert agent.probe(agent.spec["startupProbe"])
            (running.volume("vault-secrets") / "old").unlink()
            assert not agent.probe(agent.spec["startupProbe"]), "a file is missing"
        tokens = scene.vault.call("GET", "auth/token/accessors?list=true")["data"]["keys"]
        assert len(tokens) == 2, tokens  # root's, and of one login


def test_sidecar_writes_what_changes(folder):
    pod = inject(shop(agent_inject_secret_db="secret/data/shop/db",
                      template_static_secret_render_interval="1s"), "templates/vault-agent.yaml")
    with Scene(folder) as scene, scene.run(pod) as running:
        scene.vault.write("secret/data/shop/db", user="shop", password="another")
        wait_until(lambda: "another" in read(running, "db"))


def test_token_of_the_pods_own_volume(folder):
    manifest = shop(agent_inject_secret_db="secret/data/shop/db")
    manifest["spec"]["automountServiceAccountToken"] = False
    pod = inject(manifest, "templates/vault-agent.yaml")
    with Scene(folder) as scene, scene.run(pod) as running:
        assert "s3cret" in read(running, "db")


def test_ends_at_once(folder):
    pod = inject(shop(agent_inject_secret_db="secret/data/shop/db"), "templates/vault-agent.yaml")
    with Scene(folder) as scene, scene.run(pod) as running:
        agent = running.containers["vault-agent"]
        began = time.monotonic()
        agent.stop()
        assert time.monotonic() - began < 20, "SIGTERM did not reach it"
