#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of `pannier serve` over real TLS: test_http.py [--OPTION=VALUE...] PANNIER REVIEWS POLICIES [WORD...]

PANNIER is the binary, REVIEWS a directory of recorded AdmissionReviews, POLICIES what -p takes. With
WORDs only the cases run whose names (file.function) hold one of them. Writes TAP; exits with 1 when a case failed.
Options: --without=FILE,..., cases to leave out; --sigterms=N, how often a server is ended under load (30);
--clock=FILE, a library for LD_PRELOAD (clock.c).
"""

import sys
import tempfile
import threading
import time
import traceback

sys.dont_write_bytecode = True  # the source tree stays as it is

# Importing the cases registers them, in this order.
import cases_http  # noqa: F401
import cases_bad_bodies  # noqa: F401
import cases_connections  # noqa: F401
import cases_lifecycle  # noqa: F401
import cases_reload  # noqa: F401
import cases_faults  # noqa: F401
import cases_certificates  # noqa: F401
import cases_clients  # noqa: F401
import cases_log  # noqa: F401
import cases_monitor  # noqa: F401
from checks import BARE, BINARY, OPTIONS, POLICIES, SANITIZED, check, check_decision, read_review, tests
from harness import EVENT_SECONDS, Server, wait_until

RESIDENT_GROWTH_KIB = 8 * 1024


class SlowClient(threading.Thread):
    """One byte a second: each byte restarts the library's own time-out, but not the sweep's."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.seconds = None
        self.start()

    def run(self):
        began = time.monotonic()
        with self.server.connect() as connection:
            connection.request("POST", "/mutate", None, [("Content-Length", 100)])
            connection.sock.settimeout(1)
            while time.monotonic() - began < EVENT_SECONDS:
                try:
                    connection.send(b"x")
                    if connection.sock.recv(1) == b"":
                        break
                except TimeoutError:
                    continue
                except OSError:
                    break
            self.seconds = time.monotonic() - began

    def check(self):
        self.join(2 * EVENT_SECONDS)
        check(self.seconds is not None and self.seconds < EVENT_SECONDS, "the slow client is still connected")
        check(self.seconds >= 9, "dropped after", self.seconds, "seconds")
        wait_until(lambda: any("requests that took longer" in line.get("message", "")
                               for line in list(self.server.lines)), "a line in the log")


def check_memory(server, before_kib):
    """Given back within some sweeps of the control thread."""
    if SANITIZED:
        return
    wait_until(lambda: server.resident_kib() - before_kib < RESIDENT_GROWTH_KIB, "no more than", before_kib, "KiB and",
               RESIDENT_GROWTH_KIB)


def check_end(server):
    check_decision(server.review(BARE), BARE)
    server.signal()
    check(server.wait() == 0, "exit code", server.process.returncode)
    text = "".join(server.text)
    check("Sanitizer" not in text and "runtime error" not in text, text[-3000:])


def run(name, number, function, *arguments):
    began = time.monotonic()
    try:
        function(*arguments)
    except Exception:  # pylint: disable=broad-except
        print(f"not ok {number} - {name}")
        for line in traceback.format_exc().splitlines():
            print("# " + line[:600])
        return False
    finally:
        sys.stdout.flush()
    print(f"ok {number} - {name} # {time.monotonic() - began:.1f} s", flush=True)
    return True


def main():
    without = OPTIONS.get("without", "").split(",")
    chosen = [function for function in tests if function.__module__ not in without and
              (len(sys.argv) < 5 or any(word in f"{function.__module__}.{function.__name__}" for word in sys.argv[4:]))]
    print(f"1..{len(chosen) + 3}")
    passed = number = 0
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", "0s", policies=POLICIES)
        for name in ("web.json", "bare.json"):
            for _ in range(20):
                server.review(read_review(name))
        before_kib = server.resident_kib()
        slow = SlowClient(server)
        for function in chosen:
            number += 1
            passed += run(function.__name__, number, function, server)
        for name, function, arguments in (
                ("a_slow_client_is_dropped", slow.check, ()),
                ("memory_returns_to_where_it_was", check_memory, (server, before_kib)),
                ("it_still_serves_and_ends_well", check_end, (server,))):
            number += 1
            passed += run(name, number, function, *arguments)
        if server.process.poll() is None:
            server.process.kill()
    print(f"# {passed} passed, {number - passed} failed")
    return 0 if passed == number else 1


if __name__ == "__main__":
    sys.exit(main())
