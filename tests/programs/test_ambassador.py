# SPDX-License-Identifier: Apache-2.0
"""templates/ambassador.yaml with the real Envoy, Redis, PgBouncer and PostgreSQL."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time

import pod as pods
from servers import ENVOY, certificates, get, http_server, stat, wait_until

TEMPLATE = "templates/ambassador.yaml"
HOSTS = "127.0.0.1 localhost\n127.0.0.3 redis.example.com db.example.com api.example.com\n"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def pod_with(kinds, annotations, containers=None):
    return pods.inject({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "shop", "namespace": "shop",
                     "labels": {"inject.pannier.dev/ambassador": kinds},
                     "annotations": {f"ambassador.pannier.dev/{k}": v
                                     for k, v in annotations.items()}},
        "spec": {"containers": containers or [{"name": "app", "image": "app:1"}]}}, TEMPLATE)


def running(manifest, folder, data=None, **programs):
    folder.mkdir(exist_ok=True)
    (folder / "hosts").write_text(HOSTS)
    files = {"/etc/hosts": folder / "hosts"}
    envoy = pods.Program(["/envoy/envoy"], files={"/envoy/envoy": ENVOY, **files})
    return pods.RunningPod(manifest, folder, {
        "ambassador-redis": envoy, "ambassador-http": envoy,
        "ambassador-postgres": pods.Program(files=files), **programs}, data)


def app_env(manifest):
    """What the app is told."""
    return {e["name"]: e["value"] for e in manifest["spec"]["containers"][0]["env"]}


@contextlib.contextmanager
def process(*line, **options):
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          **options) as child:
        try:
            yield child
        finally:
            child.send_signal(signal.SIGINT)  # PostgreSQL would wait for its clients after SIGTERM


# ---- Redis ---------------------------------------------------------------------------------------


def redis_cli(*line, port="6379", host="127.0.0.1"):
    return subprocess.run(["redis-cli", "-h", host, "-p", port, *line], capture_output=True,
                          text=True, check=False, timeout=10).stdout.strip()


@contextlib.contextmanager
def redis_server(folder, *options):
    with process("redis-server", "--bind", "127.0.0.3", "--save", "", "--dir", str(folder),
                 *options):
        wait_until(lambda: subprocess.run(["ss", "-Hltn", "src 127.0.0.3:6380"], check=True,
                                          capture_output=True, text=True).stdout)
        yield


def test_redis_as_bytes(folder):
    """Without a Secret: every command goes through, also those that Envoy does not know."""
    manifest = pod_with("redis", {"redis": "redis.example.com:6380"})
    env = app_env(manifest)
    assert env == {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "6379"}, env
    with redis_server(folder, "--port", "6380"), running(manifest, folder / "pod") as pod:
        assert redis_cli("SET", "greeting", "hello") == "OK"
        assert redis_cli("GET", "greeting") == "hello"
        assert redis_cli("CLIENT", "SETNAME", "app") == "OK"
        assert stat("envoy_tcp_downstream_cx_total", "redis", 9904) == 3
        envoy = pod.containers["ambassador-redis"]
        assert envoy.probe(envoy.spec["livenessProbe"])


def test_redis_with_tls_and_password(folder):
    """The app says neither."""
    ca, _ = certificates(folder, "redis.example.com")
    manifest = pod_with("redis", {
        "redis": "redis.example.com:6380", "redis-tls": "true", "redis-ca-configmap": "ca",
        "redis-secret": "redis", "redis-username-key": "user", "redis-port": "6390",
        "redis-host-env": "CACHE_HOST", "redis-port-env": "CACHE_PORT"})
    env = app_env(manifest)
    assert env == {"CACHE_HOST": "127.0.0.1", "CACHE_PORT": "6390"}, env
    data = {"redis": {"password": "s3cret", "user": "shop"}, "ca": {"ca.crt": ca}}
    tls = ["--port", "0", "--tls-port", "6380", "--tls-auth-clients", "no",
           "--user", "default", "off", "--user", "shop", "on", ">s3cret", "~*", "+@all",
           *(part for name, file in (("cert", "tls.pem"), ("key", "tls.key"), ("ca-cert", "ca.pem"))
             for part in (f"--tls-{name}-file", str(folder / file)))]
    with redis_server(folder, *tls), \
            running(manifest, folder / "pod", data) as pod:
        assert redis_cli("SET", "greeting", "hello", port="6390") == "OK"
        assert redis_cli("GET", "greeting", port="6390") == "hello"
        assert stat("envoy_redis_command_set_success", "redis", 9904) == 1
        assert "s3cret" not in json.dumps(manifest)
        envoy = pod.containers["ambassador-redis"]
        assert envoy.execute([*envoy.command(), "--mode", "validate"]) == 0
    data["redis"]["password"] = "wrong"
    with redis_server(folder, *tls), \
            running(manifest, folder / "other", data):
        assert "hello" not in redis_cli("GET", "greeting", port="6390")


# ---- PostgreSQL ----------------------------------------------------------------------------------


USER, PASSWORD = "o'brien \"x\"", "p'a\"ss\\ $x%;#"  # what quoting is for


@contextlib.contextmanager
def postgres_server(folder, *options):
    """A database `shop` with the user, on db.example.com:7432."""
    programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                   key=lambda path: int(path.parent.name))
    folder.mkdir()
    folder.chmod(0o777)
    folder.parent.chmod(0o755)
    subprocess.run([*NOBODY, programs / "initdb", "-D", folder / "data", "-A", "trust", "-U",
                    "postgres", "--no-sync"], check=True, capture_output=True, cwd="/")
    (folder / "data/pg_hba.conf").write_text("host all postgres all trust\n"
                                             "host all all all scram-sha-256\n")
    with process(*NOBODY, programs / "postgres", "-D", folder / "data", "-k", "", "-p", "7432",
                 "-c", "listen_addresses=127.0.0.3", "-c", "fsync=off", *options, cwd="/"):
        def ready():
            return subprocess.run(["pg_isready", "-q", "-h", "127.0.0.3", "-p", "7432"],
                                  check=False).returncode == 0
        wait_until(ready)
        admin = {"host": "127.0.0.3", "port": "7432", "user": "postgres"}
        quoted = USER.replace('"', '""')
        literal = PASSWORD.replace("'", "''")
        psql(f"CREATE ROLE \"{quoted}\" LOGIN PASSWORD '{literal}'", **admin)
        psql(f"CREATE DATABASE shop OWNER \"{quoted}\"", **admin)
        yield admin


def psql(statement, host="127.0.0.1", port="5432", user="whoever", dbname="postgres"):
    done = subprocess.run(["psql", "-XAt", "-h", host, "-p", port, "-U", user, "-d", dbname, "-c",
                           statement], capture_output=True, text=True, check=False,
                          timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


DATA = {"db": {"username": USER, "password": PASSWORD}}


def test_postgres(folder):
    """The app logs in as anybody; PgBouncer as the user of the Secret."""
    manifest = pod_with("postgres", {"postgres": "db.example.com:7432", "postgres-secret": "db",
                                     "postgres-pool-mode": "transaction",
                                     "postgres-pool-size": "2"})
    env = app_env(manifest)
    assert env == {"DB_HOST": "127.0.0.1", "DB_PORT": "5432"}, env
    with postgres_server(folder / "postgres") as admin, \
            running(manifest, folder / "pod", DATA) as pod:
        assert psql("SELECT current_user", dbname="shop") == USER
        psql("CREATE TABLE orders (id int); INSERT INTO orders VALUES (7)", dbname="shop")
        with contextlib.ExitStack() as clients:
            for _ in range(8):
                clients.enter_context(process("psql", "-XAt", "-h", "127.0.0.1", "-U", "app", "-d",
                                              "shop", "-c", "SELECT pg_sleep(0.5)", "-c",
                                              "SELECT pg_sleep(2)"))
            def count():
                return psql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop'", **admin)

            wait_until(lambda: count() == "2")
            time.sleep(1)
            assert count() == "2", count()  # eight clients, two connections
        container = pod.containers["ambassador-postgres"]
        for _ in range(3):
            assert container.probe(container.spec["livenessProbe"])
        log = container.logs()
        assert "probe" not in log and PASSWORD not in log and "error" not in log.lower(), log
        environ = pathlib.Path(f"/proc/{container.programs()[0]}/environ")
        assert b"p'a" not in environ.read_bytes()
        assert PASSWORD not in json.dumps(manifest)
        begin = time.monotonic()
    assert time.monotonic() - begin < 20  # it ends at once when nobody is connected


def test_postgres_with_tls(folder):
    """verify-full: the right CA and name, or none at all."""
    keys = folder / "keys"
    keys.mkdir()
    ca, _ = certificates(keys, "db.example.com")
    other = folder / "other-keys"
    other.mkdir()
    other_ca, _ = certificates(other, "db.example.com")
    for file in ("tls.key", "tls.pem"):
        os.chown(keys / file, 65534, 65534)
        (keys / file).chmod(0o600)
    keys.chmod(0o755)
    manifest = pod_with("postgres", {"postgres": "db.example.com:7432", "postgres-secret": "db",
                                     "postgres-ssl-mode": "verify-full",
                                     "postgres-ca-secret": "ca", "postgres-port": "6432",
                                     "postgres-host-env": "PGHOST", "postgres-port-env": "PGPORT"})
    tls = ["ssl=on", f"ssl_cert_file={keys}/tls.pem", f"ssl_key_file={keys}/tls.key"]
    with postgres_server(folder / "postgres", *(part for t in tls for part in ("-c", t))):
        with running(manifest, folder / "pod", {**DATA, "ca": {"ca.crt": ca}}):
            assert psql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", port="6432",
                        dbname="shop") == "t"
        with running(manifest, folder / "other", {**DATA, "ca": {"ca.crt": other_ca}}) as pod:
            with process("psql", "-h", "127.0.0.1", "-p", "6432", "-d", "shop", "-c", "SELECT 1"):
                wait_until(lambda: "certificate verify failed" in
                           pod.containers["ambassador-postgres"].logs())


def test_postgres_starts_without_its_database(folder):
    """What stands outside of the Pod may come later."""
    manifest = pod_with("postgres", {"postgres": "db.example.com:7432", "postgres-secret": "db"})
    with running(manifest, folder / "pod", DATA) as pod:
        container = pod.containers["ambassador-postgres"]
        assert container.probe(container.spec["livenessProbe"])
        with postgres_server(folder / "postgres"):
            assert psql("SELECT current_user", dbname="shop") == USER


# ---- HTTP, and all together ----------------------------------------------------------------------


def test_http_with_tls(folder):
    ca, server = certificates(folder, "api.example.com")
    manifest = pod_with("http", {"http": "https://api.example.com:443", "http-ca-configmap": "ca",
                                 "http-retries": "3", "http-retry-on": "5xx"})
    env = app_env(manifest)
    assert env == {"API_HOST": "127.0.0.1", "API_PORT": "8001"}, env
    statuses = iter([503, 503, 200])
    with http_server(("127.0.0.3", 443), server, lambda _: next(statuses)) as https, \
            running(manifest, folder / "pod", {"ca": {"ca.crt": ca}}) as pod:
        status, body = get("http://127.0.0.1:8001/")
        headers = json.loads(body)
        assert status == 200 and len(https.requests) == 3
        assert headers["host"] == "api.example.com" and "x-forwarded-proto" not in headers, body
        assert stat("envoy_cluster_upstream_rq_retry", "http", 9906) == 2
        envoy = pod.containers["ambassador-http"]
        assert envoy.execute([*envoy.command(), "--mode", "validate"]) == 0


APP = """
import os, urllib.request, subprocess
url = f"http://{os.environ['API_HOST']}:{os.environ['API_PORT']}/"
print("http", urllib.request.urlopen(url, timeout=10).status)
print("redis", subprocess.check_output(["redis-cli", "-h", os.environ["REDIS_HOST"], "-p",
                                        os.environ["REDIS_PORT"], "INCR", "starts"], text=True))
"""


def test_several_in_one_pod_and_an_init_container_that_uses_them(folder):
    manifest = pods.inject({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "shop", "labels": {"inject.pannier.dev/ambassador": "redis.http"},
                     "annotations": {"ambassador.pannier.dev/redis": "redis.example.com:6380",
                                     "ambassador.pannier.dev/http": "http://api.example.com:7001"}},
        "spec": {"initContainers": [{"name": "migrate", "image": "app:1"}],
                 "containers": [{"name": "app", "image": "app:1"}]}}, TEMPLATE)
    program = pods.Program(["/usr/bin/python3", "-c", APP])
    with redis_server(folder, "--port", "6380"), http_server(("127.0.0.3", 7001)), \
            running(manifest, folder / "pod", migrate=program, app=program) as pod:
        pod.containers["app"].process.wait(20)
        assert "http 200\nredis 1" in pod.containers["migrate"].logs()
        assert "http 200\nredis 2" in pod.containers["app"].logs(), pod.containers["app"].logs()
