# SPDX-License-Identifier: Apache-2.0
"""Start, drain and stop: each case runs servers of its own."""

import os
import signal
import socket
import tempfile
import time

from checks import BARE, BINARY, POLICIES, check, check_decision, check_status, test
from harness import EVENT_SECONDS, Closed, Connection, Server, fail_to_start, wait_until

LONG = "600s"  # a delay that no machine outlasts: a second signal ends it

# ---- servers of their own ---------------------------------------------------------------------


@test
def a_log_that_nobody_reads_stops_nothing(_):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", "0s", "--log-level", "debug",
                        policies=POLICIES)
        server.may_read.clear()
        check(server.ask("GET", "/livez").status == 200)
        with server.connect() as connection:
            for _ in range(8000):  # nearly 2 MiB of lines
                check_decision(connection.ask("POST", "/mutate", BARE), BARE)
        server.may_read.set()
        line = server.find_line(message="log lines were dropped")
        check(line["lines"] > 0 and line["level"] == "warn", line)
        decided = sum(line.get("message") == "decided" for line in server.lines)
        check(decided + line["lines"] >= 8000, decided, line)
        server.signal()
        check(server.wait() == 0)


@test
def a_log_that_nobody_reads_does_not_hold_up_the_end(_):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", "0s", "--log-level", "debug",
                        policies=POLICIES)
        server.may_read.clear()
        with server.connect() as connection:
            for _ in range(8000):
                connection.ask("POST", "/mutate", BARE)
        server.signal()
        check(server.process.wait(EVENT_SECONDS) == 0)
        server.may_read.set()


@test
def sigterm_ends_with_code_0(_):
    for number in (signal.SIGTERM, signal.SIGINT):
        with tempfile.TemporaryDirectory() as directory:
            server = Server(BINARY, directory, "--shutdown-delay", "0s", policies=POLICIES)
            with server.connect() as idle:
                check(idle.ask("GET", "/readyz").status == 200)
                server.signal(number)
                check(server.wait() == 0)
                check(idle.is_closed())


@test
def not_ready_while_it_drains(_):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", LONG, policies=POLICIES)
        with server.connect() as old:
            check(old.ask("GET", "/readyz").status == 200)
            server.drain()
            response = old.ask("POST", "/mutate", BARE)
            check_decision(response, BARE)
            check(response.headers.get("connection") == "close", response.headers)
        check_status(server.ask("GET", "/readyz"), 503, "shutting down")
        check(server.ask("GET", "/livez").status == 200)
        server.signal()
        check(server.wait() == 0)


@test
def requests_in_flight_are_finished(_):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", "0s", "--shutdown-timeout", LONG,
                        policies=POLICIES)
        with server.connect() as busy, server.connect() as idle:
            check(idle.ask("GET", "/livez").status == 200)
            busy.request("POST", "/mutate", BARE[:1000], length=len(BARE))
            server.wait_in_flight(1)
            server.signal()
            check(idle.is_closed())
            time.sleep(0.5)  # some looks at what is in flight
            check(server.process.poll() is None, "it did not wait")
            busy.send(BARE[1000:])
            response = busy.response()
            check_decision(response, BARE)
            check(response.headers.get("connection") == "close", response.headers)
        check(server.wait() == 0)


@test
def a_second_signal_ends_at_once(_):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", LONG, policies=POLICIES)
        with server.connect() as busy:
            busy.request("POST", "/mutate", BARE[:1000], length=len(BARE))
            server.wait_in_flight(1)
            server.signal()
            server.find_line(message="received SIGTERM: draining")
            server.signal()
            check(server.wait() == 0)


@test
def a_full_table_refuses_and_recovers(_):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", "0s", policies=POLICIES, files=200)
        crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(300)]
        server.find_line(message="refused a connection: too many are open")
        for sock in crowd:
            sock.close()
        wait_until(lambda: is_alive(server), "the server has seen that they are gone")
        server.signal()
        check(server.wait() == 0)


def is_alive(server):
    try:
        return server.ask("GET", "/livez").status == 200
    except (Closed, OSError):
        return False


@test
def the_timeout_bounds_the_drain(_):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", "0s", "--shutdown-timeout", "1s",
                        policies=POLICIES)
        with server.connect() as busy:
            busy.request("POST", "/mutate", BARE[:1000], length=len(BARE))
            server.wait_in_flight(1)
            server.signal()
            check(server.wait() == 0)
            # and not because the request was cut, which had nine seconds left
            server.find_line(message="stopping with 1 requests in flight")


@test
def certificate_files_are_served(server):
    with tempfile.TemporaryDirectory() as directory:
        other = Server(BINARY, directory, "--shutdown-delay", "0s", "--tls-cert-file",
                       os.path.join(server.directory, "tls.crt"), "--tls-private-key-file",
                       os.path.join(server.directory, "tls.key"), policies=POLICIES,
                       own_cert=False)
        other.context = server.context
        check_decision(other.review(BARE), BARE)
        other.stop()
        check(os.listdir(directory) == [])


@test
def what_cannot_be_served_is_said(server):
    cert = os.path.join(server.directory, "tls.crt")
    key = os.path.join(server.directory, "tls.key")
    ca = os.path.join(server.directory, "ca.crt")
    with tempfile.TemporaryDirectory() as directory:
        fifo = os.path.join(directory, "fifo")
        os.mkfifo(fifo)
        plain = os.path.join(directory, "file")
        with open(plain, "w", encoding="utf-8") as file:
            file.write("hello\n")
        cases = [
            (["--secure-port", str(server.port)], str(server.port)),
            (["--tls-cert-file", cert], "private key"),
            (["--tls-private-key-file", key], "certificate"),
            (["--tls-cert-file", ca, "--tls-private-key-file", key], "does not belong"),
            (["--tls-cert-file", "/nope.crt", "--tls-private-key-file", key], "/nope.crt"),
            (["--tls-cert-file", cert, "--tls-private-key-file", "/nope.key"], "/nope.key"),
            (["--tls-cert-file", fifo, "--tls-private-key-file", key], "regular"),
            (["--tls-cert-file", directory, "--tls-private-key-file", key], "regular"),
            (["--tls-cert-file", plain, "--tls-private-key-file", key], "PEM"),
            (["--tls-cert-file", cert, "--tls-private-key-file", plain], "PEM"),
            (["--bind-address", "nowhere"], "nowhere"),
            (["--bind-address", "192.0.2.77"], "192.0.2.77"),
            (["--cert-dir", os.path.join(plain, "x")], plain),
        ]
        for arguments, fragment in cases:
            if "--secure-port" not in arguments:
                arguments = ["--secure-port", "0", *arguments]
            code, said = fail_to_start(BINARY, "-p", POLICIES, *arguments)
            check(code not in (0, -6, -11), arguments, code)
            check(fragment in said, repr(fragment), "is not in", repr(said))
            check(len(said.strip().splitlines()) <= 2, "more than one message:", said)


@test
def ipv6_is_served(_):
    with tempfile.TemporaryDirectory() as directory:
        try:
            server = Server(BINARY, directory, "--bind-address", "::1", "--shutdown-delay", "0s",
                            policies=POLICIES)
        except RuntimeError as error:
            check("cannot listen" in str(error), error)
            return  # a machine without IPv6
        check(server.line["address"] == "::1", server.line)
        plain = socket.create_connection(("::1", server.port), 10)
        with Connection(server.context.wrap_socket(plain, server_hostname="::1")) as connection:
            check(connection.ask("GET", "/livez").body == b"ok")
        server.stop()
