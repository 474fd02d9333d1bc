#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server under mixed load for a while: soak.py [--seconds=N] PANNIER REVIEWS POLICIES

Good, bad and slow clients, while policies are swapped and broken, certificates are replaced and SIGHUP
arrives. A first round warms the server up; after it and after the main round the clients leave, and what
the server then holds is compared. Writes a line for each thing that must hold; the last line is
"N passed, N failed".
"""

import contextlib
import glob
import os
import random
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True  # the source tree stays as it is

from cases_certificates import fingerprint, issue, served
from checks import BARE, BINARY, BODY_MAX, OPTIONS, POLICIES, REVIEWS, SANITIZED, check_decision, read_review
from harness import EVENT_SECONDS, Closed, Server, wait_until

SECONDS = float(OPTIONS.get("seconds", 60))
WARM_UP = max(SECONDS / 4, 4)
REST_SECONDS = 4  # sweeps of the control thread, which give memory back
GROWTH_KIB = 4 * 1024  # of a quiet server, from after the warm-up to the end
PEAK_KIB = 48 * 1024  # under load, over a quiet server
GOOD, BAD, SLOW = 4, 2, 2
BROKEN = "apiVersion: pannier.dev/v1alpha1\nkind: InjectionPolicy\nmetadata: {name: broken}\nspec: [\n"


class Tally:
    """What the clients saw: counts by name, and what went wrong."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts, self.errors = {}, []

    def add(self, name):
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + 1

    def fail(self, name):
        with self.lock:
            self.counts["errors"] = self.counts.get("errors", 0) + 1
            if len(self.errors) < 5:
                self.errors.append(f"{name}: {traceback.format_exc()[-1500:]}")

    def __getitem__(self, name):
        return self.counts.get(name, 0)


class Round:
    """Threads that call a function until the round is over."""

    def __init__(self, tally):
        self.tally, self.over, self.threads = tally, threading.Event(), []

    def start(self, function, *arguments, times=1, pause=0.0):
        def loop(seed):
            rng = random.Random(f"{function.__name__} {seed}")
            while not self.over.is_set():
                try:
                    function(rng, *arguments)
                except Exception:  # pylint: disable=broad-except
                    self.tally.fail(function.__name__)
                self.over.wait(pause)
        for seed in range(times):
            self.threads.append(threading.Thread(target=loop, args=(seed,), daemon=True))
            self.threads[-1].start()

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(2 * EVENT_SECONDS)
        return not any(thread.is_alive() for thread in self.threads)


# ---- clients ----------------------------------------------------------------------------------------

def good(rng, server, tally, bodies):
    """Some requests on one connection, each of which is answered as it should be."""
    with server.connect() as connection:
        for _ in range(rng.choice([1, 5, 50])):
            body = rng.choice(bodies)
            path = "/validate" if rng.random() < 0.2 else "/mutate"
            check_decision(connection.ask("POST", path, body), body)
            tally.add("decisions")


def is_refused(server, connection, status):
    """The status that was to be expected, or the connection closed without an answer."""
    try:
        response = connection.response()
    except (Closed, ConnectionError, ssl.SSLError, ValueError, IndexError):
        return True
    if response.status != status:
        raise AssertionError(f"{response.status} instead of {status}: {response.body[:200]}")
    return True


def bad(rng, server, tally):
    kind = rng.choice(["json", "review", "path", "method", "length", "type", "plain", "abort", "cut", "header"])
    if kind in ("plain", "cut"):
        with server.connect_plain() as connection:
            connection.send(b"GET / HTTP/1.1\r\n\r\n" if kind == "plain" else b"\x16\x03\x01\x02\x00\x01")
            if kind == "plain":
                is_refused(server, connection, 400)
        tally.add("bad")
        return
    with server.connect() as connection:
        if kind == "json":
            connection.request("POST", "/mutate", BARE[:rng.randrange(1, len(BARE))])
            is_refused(server, connection, 400)
        elif kind == "review":
            connection.request("POST", "/mutate", b'{"kind":"Pod"}')
            is_refused(server, connection, 400)
        elif kind == "path":
            connection.request("GET", "/nowhere/%d" % rng.randrange(1000))
            is_refused(server, connection, 404)
        elif kind == "method":
            connection.request("DELETE", "/mutate")
            is_refused(server, connection, 405)
        elif kind == "length":
            connection.request("POST", "/mutate", b"", length=BODY_MAX + 1)
            is_refused(server, connection, 413)
        elif kind == "type":
            connection.request("POST", "/mutate", BARE, [("Content-Type", "text/plain")])
            is_refused(server, connection, 415)
        elif kind == "header":
            connection.send(b"POST /mutate HTTP/1.1\r\n" + b"x" * rng.randrange(1, 100000))
        else:  # gone in the middle of a body, without a word
            connection.request("POST", "/mutate", BARE[:100], length=len(BARE))
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    tally.add("bad")


def slow(rng, server, tally, over):
    """Dribbles a request, or only the handshake, until it is over or the server has enough."""
    with contextlib.suppress(OSError, Closed):
        with (server.connect_plain() if rng.random() < 0.3 else server.connect()) as connection:
            connection.sock.settimeout(0.3)
            text = b"POST /mutate HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + b"{" * 1000
            for i in range(0, rng.randrange(10, 60)):
                connection.send(text[i:i + 1])
                if over.wait(0.2):
                    break
    tally.add("slow")


def probe(_, server, tally):
    with server.connect() as connection:
        status = connection.ask("GET", "/readyz").status
        if status != 200:
            raise AssertionError(f"/readyz says {status}")
    if "pannier_ready 1" not in server.metrics_text():
        raise AssertionError("/metrics says that it is not ready")
    tally.add("probes")


# ---- what changes under it ----------------------------------------------------------------------------

def write(path, text):
    """As deployment tools do."""
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".tmp", path)


def change_policies(rng, server, tally, directory):
    path = os.path.join(directory, "extra.yaml")
    kind = rng.choice(["broken", "other", "other", "gone"])
    if kind == "gone":
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)
    else:
        write(path, BROKEN if kind == "broken" else POLICY.replace("NAME", f"n{rng.randrange(1000)}"))
    if rng.random() < 0.5:
        server.signal(signal.SIGHUP)
        tally.add("hangups")
    tally.add("changes")


POLICY = """apiVersion: pannier.dev/v1alpha1
kind: SidecarTemplate
metadata: {name: NAME}
spec:
  category: soak
  pod: {metadata: {annotations: {soak.example.com/NAME: here}}}
---
apiVersion: pannier.dev/v1alpha1
kind: InjectionPolicy
metadata: {name: NAME}
spec: {match: {podSelector: {}}, inject: [{templateRef: {name: NAME}}]}
"""


def rotate(_, server, tally, directory):
    """Another certificate by the same CA, which must be served in the end."""
    issue(directory)
    wait_until(lambda: served(server) == fingerprint(os.path.join(directory, "tls.crt")), "the new certificate is served")
    tally.add("rotations")


# ---- what it holds ------------------------------------------------------------------------------------

class Holds:
    def __init__(self, server):
        process = f"/proc/{server.process.pid}"
        self.resident_kib = server.resident_kib()
        self.files = len(os.listdir(process + "/fd"))
        self.threads = len(os.listdir(process + "/task"))

    def is_more(self, before):
        return self.files > before.files or not SANITIZED and self.resident_kib - before.resident_kib >= GROWTH_KIB

    def __str__(self):
        return f"{self.resident_kib} KiB, {self.files} files, {self.threads} threads"


def loads_of(server, result):
    return server.metric('pannier_policy_loads_total{result="%s"}' % result)


def has_happened(server, tally):
    """Of each kind something, which a busy machine may not have had time for yet."""
    return (all(tally[name] for name in ("decisions", "bad", "slow", "probes", "rotations")) and
            loads_of(server, "success") > 2 and loads_of(server, "failure") > 0)


def load(server, tally, seconds, certs, policies, is_enough=lambda: True):
    """One round of all of it, until it is enough. Returns the most that the server held, and whether all clients left."""
    bodies = [read_review(os.path.basename(path)) for path in sorted(glob.glob(os.path.join(REVIEWS, "*.json")))
              if os.path.getsize(path) < 200 * 1024]
    work = Round(tally)
    work.start(good, server, tally, bodies, times=GOOD)
    work.start(bad, server, tally, times=BAD, pause=0.01)
    work.start(slow, server, tally, work.over, times=SLOW)
    work.start(probe, server, tally, pause=0.5)
    work.start(change_policies, server, tally, policies, pause=0.7)
    work.start(rotate, server, tally, certs, pause=1)
    until, most = time.monotonic() + seconds, 0
    while time.monotonic() < until or not is_enough() and time.monotonic() < until + 2 * EVENT_SECONDS:
        most = max(most, server.resident_kib())
        time.sleep(0.2)
    return most, work.end()


def settle(server, policies, before=None):
    """The same policies as in the beginning, no client, and time to give memory back; the connection that asked for
    the metrics just now may take a moment, too."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(os.path.join(policies, "extra.yaml"))
    server.signal(signal.SIGHUP)
    time.sleep(REST_SECONDS)
    until = time.monotonic() + EVENT_SECONDS
    while server.metric("pannier_connections") > 0 and time.monotonic() < until:
        time.sleep(0.5)  # a client that left without a word is found by the sweep
    holds = Holds(server)
    while before is not None and holds.is_more(before) and time.monotonic() < until:
        time.sleep(0.5)
        holds = Holds(server)
    return holds


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def hold(self, what, holds, *details):
        print("ok" if holds else "not ok", "-", what, *details, flush=True)
        self.passed += bool(holds)
        self.failed += not holds


def judge(report, server, tally, before, after, most, left):
    for text in tally.errors:
        print("# " + text.replace("\n", "\n# "))
    report.hold("every client was answered as it should be", tally["errors"] == 0 and tally["decisions"] > 0,
                tally["decisions"], "decisions,", tally["errors"], "errors")
    report.hold("bad and slow clients came and went", tally["bad"] > 0 and tally["slow"] > 0 and left,
                tally["bad"], "bad,", tally["slow"], "slow")
    report.hold("it was always ready", tally["probes"] > 0, tally["probes"], "probes")
    loads, failures = loads_of(server, "success"), loads_of(server, "failure")
    report.hold("policies were reloaded and refused", loads > 2 and failures > 0,
                tally["changes"], "changes,", tally["hangups"], "SIGHUPs,", int(loads), "loads,", int(failures), "refused")
    report.hold("certificates were replaced", tally["rotations"] > 0, tally["rotations"], "times")
    internal = [line for line in server.lines if "internal error" in str(line.get("message"))]
    report.hold("no internal error in the log", not internal, *internal[:1])
    print(f"# quiet after the warm-up: {before}; at the end: {after}; most under load: {most} KiB")
    report.hold("its files are what they were", after.files <= before.files, before.files, "->", after.files)
    report.hold("its threads are what they were", after.threads == before.threads, before.threads, "->", after.threads)
    grown = after.resident_kib - before.resident_kib
    report.hold("its memory is what it was", SANITIZED or grown < GROWTH_KIB, grown, "KiB more")
    report.hold("its memory under load is bounded", SANITIZED or most - before.resident_kib < PEAK_KIB,
                most - before.resident_kib, "KiB more than quiet")


def main():
    report, tally = Report(), Tally()
    with tempfile.TemporaryDirectory() as certs, tempfile.TemporaryDirectory() as policies:
        issue(certs)
        for path in glob.glob(os.path.join(POLICIES, "*.yaml")):
            shutil.copy(path, policies)
        server = Server(BINARY, certs, "--shutdown-delay", "0s", "--tls-cert-file", os.path.join(certs, "tls.crt"),
                        "--tls-private-key-file", os.path.join(certs, "tls.key"), policies=policies, own_cert=False)
        server.context = ssl.create_default_context(cafile=os.path.join(certs, "ca.crt"))
        try:
            load(server, tally, WARM_UP, certs, policies)
            before = settle(server, policies)
            most, left = load(server, tally, SECONDS, certs, policies, lambda: has_happened(server, tally))
            after = settle(server, policies, before)
            judge(report, server, tally, before, after, most, left)
            server.signal()
            code = server.wait()
            text = "".join(server.text)
            clean = "Sanitizer" not in text and "runtime error" not in text
            if not clean:
                at = max(text.find("Sanitizer"), text.find("runtime error"))
                print("# " + text[max(at - 100, 0):at + 4000].replace("\n", "\n# "))
            report.hold("it ends well", code == 0 and clean, "code", code)
        finally:
            if server.process.poll() is None:
                server.process.kill()
            print(f"{report.passed} passed, {report.failed} failed", flush=True)
    return 0 if report.passed and not report.failed else 1


if __name__ == "__main__":
    sys.exit(main())
