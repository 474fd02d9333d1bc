# SPDX-License-Identifier: Apache-2.0
"""The servers that are compared, the load on them, and what the system tells of a process."""

import http.client
import json
import os
import pathlib
import socket
import ssl
import struct
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "http"))
from harness import Connection, Server  # noqa: E402  pylint: disable=wrong-import-position

HERE = pathlib.Path(__file__).resolve().parent
CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPUS, LOAD_CPUS = {CPUS[0]}, {CPUS[-1]}


def pin(cpus):
    """For a child, before it becomes the program."""
    return lambda: os.sched_setaffinity(0, cpus)


def make_certificate(directory, kind):
    """(certificate, key) of localhost, signed by itself; kind: ecdsa, rsa."""
    how = {"ecdsa": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["-newkey", "rsa:2048"]}
    cert, key = directory / f"{kind}.crt", directory / f"{kind}.key"
    subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", *how[kind], "-keyout", key, "-out", cert],
                   check=True, stderr=subprocess.DEVNULL)
    return cert, key


class Target:
    """A server under load."""

    def __init__(self, process, port, pair):
        self.process, self.port = process, port
        self.context = ssl.create_default_context(cafile=pair[0])

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), 30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Connection(self.context.wrap_socket(plain, server_hostname="localhost"))

    def cpu_seconds(self):
        """Of user and system."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self, field="VmRSS"):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"no {field}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Pannier(Target):
    started = 0

    def __init__(self, run, pair, policies, *arguments, cpus=None, env=None):
        Pannier.started += 1  # several of them live at a time
        self.server = Server(str(run.pannier), "", "--tls-cert-file", str(pair[0]), "--tls-private-key-file", str(pair[1]),
                             "--shutdown-delay", "0s", *arguments, policies=str(policies), own_cert=False,
                             before=pin(cpus) if cpus else None, env={**os.environ, **(env or {})},
                             log=run.work / f"pannier-{Pannier.started}.log")  # to read it here would take a CPU from those that are measured
        super().__init__(self.server.process, self.server.port, pair)

    def stop(self):
        self.server.stop()


class Program(Target):
    """A server that prints its port and ends when its standard input does."""

    def __init__(self, run, program, argument, env=None):
        with open(run.work / f"{pathlib.Path(program).name}.log", "ab") as log:
            process = subprocess.Popen([program, *run.pair, argument], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=log, preexec_fn=pin(SERVER_CPUS), env={**os.environ, **(env or {})})
        port = process.stdout.readline()
        if not port:
            raise RuntimeError(f"{program} did not start: see {log.name}")
        super().__init__(process, int(port), run.pair)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def answer_of(target, review):
    """The body of the answer to a review."""
    connection = http.client.HTTPSConnection("localhost", target.port, timeout=30, context=target.context)
    connection.request("POST", "/mutate", review.read_bytes(), {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"HTTP {response.status}: {body[:200]!r}")
    return body


def load(target, connections, seconds, review=None, close=False):
    """What wrk counted, with the CPU seconds that the server spent. Without a review: GET /livez."""
    env = {**os.environ, "BENCH_CONNECTION": "close" if close else "keep-alive"}
    if review:
        env["BENCH_REVIEW"] = str(review)
    path = "mutate" if review else "livez"
    before = target.cpu_seconds()
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s",
                           HERE / "post.lua", f"https://127.0.0.1:{target.port}/{path}"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, preexec_fn=pin(LOAD_CPUS),
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"wrk: {done.stdout}")
    counted = json.loads(done.stdout.splitlines()[-1])
    if counted["errors"]:
        raise RuntimeError(f"wrk counted errors: {counted}")
    if not counted["requests"]:
        raise RuntimeError(f"nothing was answered in {seconds} s: the machine is too busy")
    counted["cpu_seconds"] = target.cpu_seconds() - before
    return counted


def paced_load(run, target, connections, rate, seconds):
    """The same by bench-paced, `rate` requests a second; 0: as many as are answered."""
    done = subprocess.run([run.tool("bench-paced"), str(target.port), str(connections), str(rate), str(seconds), run.review("web")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, preexec_fn=pin(LOAD_CPUS), check=False)
    if done.returncode != 0:
        raise RuntimeError(f"bench-paced: {done.stdout}")
    return json.loads(done.stdout)


class Allocations:
    """Counts the heap allocations of a server that runs with `env`."""

    def __init__(self, run, name):
        self.path = run.work / f"allocations-{name}"
        self.env = {"LD_PRELOAD": str(run.tool("allocations.so")), "BENCH_ALLOCATIONS": str(self.path)}

    def count(self):
        return struct.unpack("=Q", self.path.read_bytes())[0]


def wait_until(predicate, seconds):
    """True as soon as the predicate is; False when it was not for `seconds`."""
    until = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
