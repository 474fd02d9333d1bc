# SPDX-License-Identifier: Apache-2.0
"""What goes wrong around the server: signals at a bad moment, no descriptors, a wrong clock."""

import itertools
import os
import random
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import time

from cases_reload import KEPT, RELOADED, policy, serving, wait_lines, write
from checks import (BARE, BINARY, OPTIONS, POLICIES, SANITIZED, changed, check, check_decision,
                    test)
from harness import Closed, Server, wait_until

# ---- signals ---------------------------------------------------------------------------------


class Load:
    """Clients that go on asking until the listener is closed, and follow Connection: close. A client that the machine
    kept from hearing and speaking for so long that the server had to take it for idle has lost nothing."""

    IDLE_SECONDS = 0.9  # less than --shutdown-delay: who asks again within that is told to close

    def __init__(self, server, clients=4):
        self.server, self.answers, self.lost = server, [], []
        self.threads = [threading.Thread(target=self.ask, args=(number % 2,))
                        for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def ask(self, keeps):
        while True:
            asked = time.monotonic()  # before the server can have begun to take us for idle
            try:
                connection = self.server.connect()
            except OSError:
                return  # before a request was sent: the listener is closed
            try:
                while True:
                    spoke = None
                    asks = time.monotonic()
                    connection.request("POST", "/mutate", BARE)
                    spoke = time.monotonic()
                    response = connection.response()
                    asked = asks
                    self.answers.append(response.status)
                    if not keeps or response.headers.get("connection") == "close":
                        break
            except (Closed, OSError) as error:
                if (spoke or time.monotonic()) - asked < self.IDLE_SECONDS:
                    self.lost.append(error)
            connection.close()

    def wait(self):
        """Until it is one."""
        wait_until(lambda: len(self.answers) > len(self.threads), "answers")

    def check(self):
        for thread in self.threads:
            thread.join()
        check(not self.lost, len(self.lost), "lost of", len(self.answers), self.lost[:1])
        check(set(self.answers) == {200}, set(self.answers))


@test
def sigterm_under_load_loses_nothing(_):
    """As often as --sigterms=N says, three servers at a time."""
    rounds, failed, lock = iter(range(int(OPTIONS.get("sigterms", 30)))), [], threading.Lock()

    def one(number):
        with tempfile.TemporaryDirectory() as directory:
            server = Server(BINARY, directory, "--shutdown-delay", "1s", "--workers",
                            str(1 + number % 3), policies=POLICIES)
            load = Load(server)
            try:
                load.wait()
                time.sleep(random.Random(number).uniform(0.0, 0.5))
                server.signal()
                check(server.wait() == 0, "exit code", server.process.returncode)
            finally:
                server.process.kill()  # the clients go on until it is gone
            load.check()
            check(not any("in flight" in line.get("message", "") for line in server.lines))

    def many():
        while not failed:
            with lock:
                number = next(rounds, None)
            if number is None:
                return
            try:
                one(number)
            except Exception as error:  # pylint: disable=broad-except
                failed.append((number, error))

    threads = [threading.Thread(target=many) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not failed, failed[:1])


def start(policies, delay):
    return subprocess.Popen([BINARY, "serve", "--bind-address", "127.0.0.1", "--secure-port", "0",
                             "--metrics-bind-address", "127.0.0.1:0", "--shutdown-delay", delay, "-p", policies],
                            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)


def holds_sigterm(process):
    with open(f"/proc/{process.pid}/status") as status:
        blocked = next(line for line in status if line.startswith("SigBlk:"))
    return int(blocked.split()[1], 16) >> (signal.SIGTERM - 1) & 1


def end_during_the_start(directory, number):
    """What it says when it is ended while it loads its policies, unless the machine had no time for us until then."""
    process = start(directory, "5s")
    wait_until(lambda: process.poll() is not None or holds_sigterm(process), "it holds signals")
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    check(process.returncode == 0 and '"stopped"' in said, process.returncode, said[-500:])
    return said


def is_told_during_the_start(said):
    return "told to end during the start" in said


@test
def sigterm_during_the_start_ends_it(_):
    with tempfile.TemporaryDirectory() as directory:
        write(os.path.join(directory, "a.yaml"),  # so many that loading them takes a while
              "---\n".join(policy(f"p{i}") for i in range(3000)))
        for number in (signal.SIGTERM, signal.SIGINT):
            said = next(filter(is_told_during_the_start, (end_during_the_start(directory, number) for _ in range(10))),
                        None)
            check(said is not None and '"serving"' not in said, said)
        # Whenever else: before it holds signals it dies of it, later it drains.
        for step in range(20):
            process = start(POLICIES, "0s")
            time.sleep(step * 0.003)
            process.terminate()
            _, said = process.communicate(timeout=60)
            check(process.returncode in (0, -signal.SIGTERM), process.returncode, said[-500:])
            check(process.returncode != 0 or "stopped" in said, said)


@test
def sighup_is_no_reason_to_end(_):
    with serving() as (server, _):
        for _ in range(50):
            server.signal(signal.SIGHUP)
        wait_lines(server, RELOADED, 1)
        check_decision(server.review(BARE), BARE)
    with tempfile.TemporaryDirectory() as directory:  # nor to hurry while it drains
        server = Server(BINARY, directory, "--shutdown-delay", "600s", policies=POLICIES)
        server.drain()
        server.signal(signal.SIGHUP)
        wait_lines(server, RELOADED, 1)
        check(server.process.poll() is None and server.ask("GET", "/livez").status == 200, "it ended")
        server.signal()
        check(server.wait() == 0)


# ---- descriptors and connections -----------------------------------------------------------------


def cpu_seconds(server):
    with open(f"/proc/{server.process.pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def file_limit(soft):
    """For the child: a soft limit that it may raise."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def decides(server):
    try:
        check_decision(server.review(BARE), BARE)
    except (Closed, OSError):
        return False
    return True


@test
def no_descriptors_neither_spin_nor_stop_it(_):
    with serving(files=50) as (server, _):
        began = time.monotonic()
        crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(80)]
        line = server.find_line(message="cannot accept connections")
        check(line["detail"] == "Too many open files", line)
        server.signal(signal.SIGHUP)
        check("Too many open files" in wait_lines(server, KEPT, 1)[0]["fault"])
        before = cpu_seconds(server)
        time.sleep(2)
        used = cpu_seconds(server) - before
        check(SANITIZED or used < 0.4, used, "seconds of CPU in 2 seconds")
        told = sum(line.get("message") == "cannot accept connections" for line in server.lines)
        # ten times a second, that is: PN_LOG_LIMIT_PER_SECOND
        check(told <= 10 * (time.monotonic() - began + 2), told, "lines")
        for sock in crowd:
            sock.close()
        wait_until(lambda: decides(server), "the server has seen that they are gone")
        wait_lines(server, RELOADED, 1)  # tried again, and told once
        check(len(wait_lines(server, KEPT, 1)) == 1)


@test
def a_thousand_idle_connections_cost_little_and_leave_nothing(_):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    with serving(before=file_limit(256)) as (server, _):
        for _ in range(50):
            check_decision(server.review(BARE), BARE)
        before_kib = server.resident_kib()
        crowd = [server.connect() for _ in range(1000)]
        for connection in crowd:
            check(connection.ask("GET", "/livez").status == 200)
        took_kib = server.resident_kib() - before_kib
        check(SANITIZED or took_kib < 48 * 1000, took_kib, "KiB for 1000 connections")
        before = cpu_seconds(server)
        time.sleep(2.5)
        used = cpu_seconds(server) - before
        check(SANITIZED or used < 0.4, used, "seconds of CPU in 2.5 seconds")
        check_decision(server.review(BARE), BARE)
        for connection in crowd[::50]:
            check_decision(connection.ask("POST", "/mutate", BARE), BARE)
        for connection in crowd:
            connection.close()
        wait_until(lambda: SANITIZED or server.resident_kib() - before_kib <= 8 * 1024, "few stay of", took_kib, "KiB")
        print(f"# 1000 connections: {took_kib} KiB, {max(server.resident_kib() - before_kib, 0)} KiB after them")


@test
def as_many_requests_at_once_as_the_library_looks_at(_):
    """128 events at once, and none after them: no request may wait for another one to come."""
    for clients in (127, 128, 129, 256):
        with tempfile.TemporaryDirectory() as directory:
            server = Server(BINARY, directory, "--workers", "1", "--shutdown-delay", "0s", policies=POLICIES)
            try:
                crowd = [server.connect() for _ in range(clients)]
                for connection in crowd:
                    check_decision(connection.ask("POST", "/mutate", BARE), BARE)
                server.signal(signal.SIGSTOP)
                for connection in crowd:
                    connection.request("POST", "/mutate", BARE)
                server.signal(signal.SIGCONT)
                for connection in crowd:
                    check_decision(connection.response(), BARE)
                    connection.close()
            finally:
                server.stop()


# ---- the clock -------------------------------------------------------------------------------

YEAR = 365 * 24 * 3600


@test
def a_clock_that_jumps_changes_no_time_out(_):
    if SANITIZED or "clock" not in OPTIONS:
        return  # a sanitizer's library has to be the first one
    with tempfile.TemporaryDirectory() as directory:
        file = os.path.join(directory, "clock")
        numbers = itertools.count()
        env = dict(os.environ, LD_PRELOAD=OPTIONS["clock"], PN_TEST_CLOCK=file)

        def jump(years):
            write(file + ".tmp", str(years * YEAR))
            os.rename(file + ".tmp", file)

        def year_of_a_line():
            uid = f"clock-{next(numbers)}"
            body = changed(lambda review: review["request"].update(uid=uid))
            check_decision(server.review(body), body)
            return int(server.find_line(uid=uid)["time"][:4])

        with serving("--shutdown-delay", "1s", env=env) as (server, policies):
            now = year_of_a_line()
            with server.connect() as idle, server.connect() as half, server.connect() as late:
                check(idle.ask("GET", "/livez").status == 200)
                began = time.monotonic()  # before the requests began
                half.request("POST", "/mutate", BARE[:1000], length=len(BARE))
                late.request("POST", "/mutate", BARE[:1000], length=len(BARE))
                server.wait_in_flight(2)
                jump(10)
                check(year_of_a_line() >= now + 9, "the clock did not jump")
                time.sleep(2.5)  # two sweeps at least
                half.send(BARE[1000:])
                check_decision(half.response(), BARE)
                check(idle.ask("GET", "/livez").status == 200)
                jump(-10)
                check(year_of_a_line() <= now - 9, "the clock did not jump back")
                check(late.is_closed())
                check(time.monotonic() - began >= 9, "cut after", time.monotonic() - began)
            write(os.path.join(policies, "more.yaml"), policy("more"))
            wait_lines(server, RELOADED, 1)
            began = time.monotonic()
            server.signal()
            time.sleep(0.3)
            jump(20)
            check(server.wait() == 0 and time.monotonic() - began >= 0.9)
