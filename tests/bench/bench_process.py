# SPDX-License-Identifier: Apache-2.0
"""The process: memory, start, sizes. With the shipped policies and as many workers as there are CPUs."""

import http.client
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

from figures import at_most
from processes import Pannier, load, wait_until

OPEN_CONNECTIONS = 1000
REVIEWS_SECONDS = 200
NOISE_MIB = 0.25  # what two measurements of the same server differ by: over a million reviews, a quarter of a byte for each


def start(run, policies=None):
    return Pannier(run, run.pair, policies or run.templates)


def settled_mib(target):
    """Resident memory once it no longer changes: the server gives back what it no longer needs."""
    last = [-1.0, target.memory_mib()]

    def same():
        time.sleep(0.5)
        last[:] = last[1], target.memory_mib()
        return last[0] == last[1]
    wait_until(same, 10)
    return last[1]


def loads_so_far(target):
    found = re.search(r'^pannier_policy_loads_total\{result="success"\} (\d+)$', target.server.metrics_text(), re.M)
    return int(found[1])


def reload(target, times):
    for _ in range(times):
        before = loads_so_far(target)
        target.server.signal(signal.SIGHUP)
        if not wait_until(lambda: loads_so_far(target) > before, 10):
            raise RuntimeError("the policies were not loaded anew")


def trimmed_mib(target):
    """The same just after the server has given back what is free: it does so after a reload."""
    reload(target, 1)
    time.sleep(2)  # it looks once a second
    return settled_mib(target)


def connections_come_and_go(run, target):
    before = settled_mib(target)
    body = run.review("web").read_bytes()
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
                                                resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    opened = []
    for _ in range(OPEN_CONNECTIONS):
        opened.append(target.connect())
        opened[-1].ask("POST", "/mutate", body)
    during = target.memory_mib()
    for connection in opened:
        connection.close()
    wait_until(lambda: target.memory_mib() - before <= 2, 10)
    run.figures.add("memory-connection", f"for each of {OPEN_CONNECTIONS:,} open connections",
                    (during - before) * 1024 / OPEN_CONNECTIONS, "KiB")
    run.figures.add("memory-closed", "  after they are closed, above before", settled_mib(target) - before, "MiB", at_most(2))


def answer_reviews(run, target, count, until):
    """Answers that many, or as many as there is time for: (how many, the least that was resident meanwhile)."""
    done, least = 0, []
    while not least or (done < count and time.monotonic() < until):
        done += load(target, 16, run.choose(10, 2), run.review("web"))["requests"]
        least.append(settled_mib(target))
    return done, min(least)


def many_reviews(run):
    """What is free and not given back yet comes and goes; what leaks stays. The first reviews find what the heap needs."""
    until = time.monotonic() + REVIEWS_SECONDS
    with start(run, run.policies) as target:
        answer_reviews(run, target, run.choose(100_000, 1), until - REVIEWS_SECONDS / 2)
        _, before = answer_reviews(run, target, run.choose(100_000, 1), until - REVIEWS_SECONDS / 2)
        done, after = answer_reviews(run, target, run.choose(1_000_000, 1), until)
    run.figures.add("memory-reviews", f"growth over {done:,} more reviews", after - before, "MiB",
                    None if run.quick else at_most(0, NOISE_MIB))


def many_reloads(run):
    times = run.choose(1000, 50)
    with start(run) as target:
        reload(target, 20)
        before = trimmed_mib(target)
        reload(target, times)
        run.figures.add("memory-reloads", f"growth over {times:,} reloads of the shipped policies",
                        trimmed_mib(target) - before, "MiB", at_most(0, NOISE_MIB))


def memory(run):
    """Resident memory, the certificate given as files."""
    run.figures.begin("Resident memory")
    with start(run) as target:
        run.figures.add("memory-idle", "idle, shipped policies", settled_mib(target), "MiB", at_most(12))
        connections_come_and_go(run, target)
    with start(run) as target:
        load(target, 128, 3, run.review("web"))
        run.figures.add("memory-load", "at most under load of 128 connections", target.memory_mib("VmHWM"), "MiB")
    many_reviews(run)
    many_reloads(run)


# ---- start -------------------------------------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def is_ready(port):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def start_once(run, *certificate):
    """Milliseconds from the start of the process until it says that it is ready."""
    port = free_port()
    command = [run.pannier, "serve", "--bind-address", "127.0.0.1", "--secure-port", "0", "--metrics-bind-address",
               f"127.0.0.1:{port}", "-p", run.templates, "--shutdown-delay", "0s", *certificate]
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() - began > 10:
                raise RuntimeError("the server did not become ready")
            time.sleep(0.0005)
        return (time.monotonic() - began) * 1000
    finally:
        process.terminate()
        process.wait(30)


def ready(run):
    """From nothing to serving the shipped policies."""
    times = run.choose(20, 5)
    files = ["--tls-cert-file", run.pair[0], "--tls-private-key-file", run.pair[1]]
    run.figures.begin("Start to ready, shipped policies")
    run.figures.add("start-files", "certificate from files", [start_once(run, *files) for _ in range(times)], "ms", at_most(50))
    run.figures.add("start-own", "certificate of its own", [start_once(run) for _ in range(times)], "ms", at_most(50))


# ---- sizes -------------------------------------------------------------------------------------------


def libraries_of(binary):
    """The files of the shared libraries that it loads, the loader among them."""
    listed = subprocess.run(["ldd", binary], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {pathlib.Path(path).resolve() for path in re.findall(r"(/\S+) \(0x", listed)}


def size(run):
    """What the image holds, by this system's packages."""
    stripped = run.work / "pannier-stripped"
    subprocess.run(["strip", "-o", stripped, run.pannier], check=True)
    own = stripped.stat().st_size
    libraries = libraries_of(stripped)
    held = [own] + [p.stat().st_size for p in [*libraries, *run.templates.glob("*.yaml")]]
    run.figures.begin("Size")
    run.figures.add("size-binary", "binary, stripped", own / 2**20, "MiB")
    run.figures.add("size-image", f"image: binary, {len(libraries)} libraries, templates", sum(held) / 2**20, "MiB")
