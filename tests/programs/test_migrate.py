# SPDX-License-Identifier: Apache-2.0
"""migrate and migrate-files against PostgreSQL: psql as the app's own command, and golang-migrate."""

import pathlib
import subprocess
import threading

from pod import ROOT, Program, RunningPod, inject
from vault_server import BINARY, VaultServer

URL = "postgres://shop:p%40ss@127.0.0.1:5432/postgres?sslmode=disable"
MIGRATE = Program(["/opt/bin/migrate"], {"/opt/bin/migrate": ROOT / "build/programs/migrate"})


def postgres(folder):
    """A PostgreSQL server, as a Pod that becomes ready when it answers."""
    folder.mkdir()
    (folder / "passwd").write_text("postgres:x:1000:1000::/data:/bin/sh\n")
    (folder / "password").write_text("p@ss")
    start = ("initdb -U shop --pwfile=/password --auth=scram-sha-256 --locale=C.UTF-8 -D /data/db >/dev/null"
             " && exec postgres -D /data/db -c listen_addresses=127.0.0.1 -c unix_socket_directories=")
    binaries = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
    return RunningPod(
        {"metadata": {"name": "db"},
         "spec": {"containers": [{
             "name": "postgres", "command": ["/bin/sh", "-c", start],
             "securityContext": {"runAsUser": 1000},
             "startupProbe": {"exec": {"command": ["pg_isready", "-h", "127.0.0.1"]},
                              "periodSeconds": 1, "failureThreshold": 60},
             "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
             "volumes": [{"name": "data", "emptyDir": {}}]}},
        folder / "pod",
        {"postgres": Program(files={"/etc/passwd": folder / "passwd", "/password": folder / "password"},
                             environment={"PATH": f"{binaries}:/usr/bin:/bin"})})


def query(sql):
    done = subprocess.run(["psql", "-XAt", "-c", sql, URL], capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip()


def by_files(**annotations):
    return inject({"apiVersion": "v1", "kind": "Pod",
                   "metadata": {"name": "shop", "labels": {"inject.pannier.dev/migrate": "files"},
                                "annotations": {"migrate.pannier.dev/configmap": "shop-migrations",
                                                "migrate.pannier.dev/secret": "shop-db", **annotations}},
                   "spec": {"containers": [{"name": "shop", "image": "registry.example.com/shop:1"}]}},
                  "templates/migrate.yaml")


def by_app(command, app=None, volumes=(), **annotations):
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "shop", "labels": {"inject.pannier.dev/migrate": "app"},
                         "annotations": {"migrate.pannier.dev/command": command, **annotations}},
            "spec": {"securityContext": {"runAsUser": 1234},
                     "containers": [{"name": "shop", "image": "registry.example.com/shop:1",
                                     **(app or {})}],
                     "volumes": list(volumes)}}


def fails(pod, folder, programs, data):
    try:
        with RunningPod(pod, folder, programs, data):
            raise RuntimeError("the Pod started")
    except AssertionError as failure:
        return str(failure)


def test_files_of_a_config_map(folder):
    data = {"shop-db": {"url": URL},
            "shop-migrations": {"1_users.up.sql": "CREATE TABLE users (name text);",
                                "1_users.down.sql": "DROP TABLE users;",
                                "2_first.up.sql": "INSERT INTO users VALUES ('ada');",
                                "2_first.down.sql": "DELETE FROM users;"}}
    with postgres(folder / "db"):
        for round_ in ("first", "second"):
            with RunningPod(by_files(), folder / round_, {"migrate-files": MIGRATE}, data) as pod:
                log = pod.containers["migrate-files"].logs()
            assert query("SELECT * FROM users") == "ada", query("SELECT * FROM users")
            assert ("1/u users" in log) == (round_ == "first"), log
            assert ("no change" in log) == (round_ == "second"), log
        data["shop-migrations"]["3_broken.up.sql"] = "CREATE TABEL orders ();"
        log = fails(by_files(), folder / "third", {"migrate-files": MIGRATE}, data)
        assert "syntax error" in log and "ended with 1" in log, log
        log = fails(by_files(), folder / "fourth", {"migrate-files": MIGRATE}, data)
        assert "Dirty database version 3" in log, log


def test_two_pods_at_once(folder):
    """What would fail when it ran twice, slowly; the second Pod waits for the first one's lock."""
    data = {"shop-db": {"dsn": URL},
            "shop-migrations": {"1_users.up.sql": "CREATE TABLE users (name text); SELECT pg_sleep(2);"}}
    logs = {}

    def run(name):
        pod = by_files(**{"migrate.pannier.dev/secret-key": "dsn"})
        with RunningPod(pod, folder / name, {"migrate-files": MIGRATE}, data) as running:
            logs[name] = running.containers["migrate-files"].logs()

    with postgres(folder / "db"):
        threads = [threading.Thread(target=run, args=(name,)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(logs) == 2, "one of the two failed"
    assert sorted("no change" in log for log in logs.values()) == [False, True], logs


def test_a_command_of_the_app(folder):
    pod = inject(by_app(
        "psql -X -v ON_ERROR_STOP=1 -f schema.sql $(DATABASE_URL)",
        {"workingDir": "/srv/shop", "envFrom": [{"secretRef": {"name": "shop-db"}}],
         "env": [{"name": "SCHEMA", "valueFrom": {"configMapKeyRef": {"name": "shop", "key": "schema"}}}],
         "volumeMounts": [{"name": "sql", "mountPath": "/srv/shop", "readOnly": True}]},
        [{"name": "sql", "configMap": {"name": "shop-sql"}}],
        **{"migrate.pannier.dev/env-PGAPPNAME": "migration of shop"}), "templates/migrate.yaml")
    data = {"shop-db": {"DATABASE_URL": URL}, "shop": {"schema": "orders"},
            "shop-sql": {"schema.sql": "\\getenv schema SCHEMA\nCREATE TABLE :schema AS"
                                       " SELECT current_setting('application_name') AS by;\n"}}
    with postgres(folder / "db"):
        with RunningPod(pod, folder / "first", {"migrate": Program()}, data) as running:
            assert running.containers["migrate"].spec["image"] == "registry.example.com/shop:1"
        assert query("SELECT * FROM orders") == "migration of shop", query("SELECT * FROM orders")
        log = fails(pod, folder / "second", {"migrate": Program()}, data)
        assert 'relation "orders" already exists' in log and "ended with 3" in log, log


def test_after_vault_agent(folder):
    pod = inject(by_app(
        "cp /vault/secrets/db /out/db", {"volumeMounts": [{"name": "out", "mountPath": "/out"}]},
        [{"name": "out", "emptyDir": {}}],
        **{"vault.hashicorp.com/agent-inject": "true", "vault.hashicorp.com/role": "shop",
           "vault.hashicorp.com/service": VaultServer.address,
           "vault.hashicorp.com/agent-pre-populate-only": "true",
           "vault.hashicorp.com/agent-inject-secret-db": "secret/data/shop/db",
           "migrate.pannier.dev/mount-vault-secrets": "/vault/secrets"}),
        "templates/vault-agent.yaml", "templates/migrate.yaml")
    agent = Program(files={"/opt/bin/vault": BINARY}, environment={"PATH": "/opt/bin:/usr/bin"})
    with VaultServer(folder / "vault") as vault:
        vault.write("secret/data/shop/db", password="p@ss")
        vault.allow("shop", "secret/data/shop/*")
        with RunningPod(pod, folder / "pod", {"vault-agent-init": agent, "migrate": Program()},
                        token=vault.token()) as running:
            assert "p@ss" in (running.volume("out") / "db").read_text()
