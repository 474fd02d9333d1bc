# SPDX-License-Identifier: Apache-2.0
"""TLS, many and strange connections, and what the log says of them."""

import contextlib
import os
import ssl
import threading
import time

from checks import (BARE, MIB, THREADS_SANITIZED, changed, check, check_decision, check_status, read_review,
                    test)
from harness import Closed

LINES_A_SECOND = 10  # PN_LOG_LIMIT_PER_SECOND

# ---- TLS and connections -----------------------------------------------------------------------


@test
def tls_1_2_and_1_3_are_spoken(server):
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        context = ssl.create_default_context(cafile=os.path.join(server.directory, "ca.crt"))
        context.minimum_version = context.maximum_version = version
        with server.connect(context) as connection:
            check(connection.sock.version() == name, connection.sock.version())
            check_decision(connection.ask("POST", "/mutate", BARE), BARE)


@test
def tls_1_0_and_1_1_are_refused(server):
    accepted = []
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        try:
            server.connect(context).close()
            accepted.append(version.name)
        except (ssl.SSLError, ConnectionError):
            pass
    check(accepted == ["TLSv1_2"], "accepted:", accepted)


@test
def certificate_is_for_the_names_it_should_be(server):
    for name in ("localhost", "127.0.0.1", "::1"):
        with server.connect(name=name) as connection:
            check(connection.ask("GET", "/livez").status == 200)
    try:
        server.connect(name="example.com").close()
    except ssl.SSLCertVerificationError:
        return
    raise AssertionError("the certificate is valid for example.com")


@test
def key_file_is_private(server):
    for name, mode in (("tls.key", 0o600), ("tls.crt", 0o644), ("ca.crt", 0o644)):
        found = os.stat(os.path.join(server.directory, name)).st_mode & 0o777
        check(found == mode, name, oct(found))
    check(sorted(os.listdir(server.directory)) == ["ca.crt", "tls.crt", "tls.key"])


@test
def alpn_offers_http_1_1(server):
    context = ssl.create_default_context(cafile=os.path.join(server.directory, "ca.crt"))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with server.connect(context) as connection:
        check(connection.sock.selected_alpn_protocol() == "http/1.1")
        check(connection.ask("GET", "/livez").status == 200)


@test
def plain_http_and_garbage_are_closed(server):
    for data in (b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 100,
                 bytes(range(256)) * 16, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\n" * 20):
        with server.connect_plain() as connection:
            connection.send(data)
            while True:  # an alert at most
                try:
                    got = connection.sock.recv(4096)
                except ConnectionError:
                    break
                check(not got.startswith(b"HTTP"), got)
                if not got:
                    break


@test
def abandoned_handshakes_do_no_harm(server):
    for _ in range(50):
        server.connect_plain().close()
    with server.connect_plain() as silent:
        check(server.ask("GET", "/livez").status == 200)
        silent.send(b"\x16")


@test
def garbage_inside_tls_is_refused(server):
    for data in (b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                 b"POST /mutate HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
                 b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n"):
        with server.connect() as connection:
            connection.sock.settimeout(2)  # what may still become a request is waited for
            try:
                connection.send(data)
                check(connection.response().status >= 400, data[:30])
            except (Closed, OSError):
                pass


@test
def two_hundred_connections_at_once(server):
    body = read_review("web.json")
    failures = []
    count = 50 if THREADS_SANITIZED else 200  # whose handshakes must be done before the first has idled too long
    barrier = threading.Barrier(count)

    def client():
        try:
            with server.connect() as connection:
                barrier.wait(100)  # the first must not have idled too long
                for _ in range(5):
                    check_decision(connection.ask("POST", "/mutate", body), body)
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=client) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not failures, len(failures), "failed, first:", failures[:1])


@test
def clients_that_vanish_do_no_harm(server):
    huge = read_review("huge.json")
    for i in range(100):
        connection = server.connect()
        connection.request("POST", "/mutate", huge[:len(huge) * (i % 10) // 10], length=len(huge))
        connection.close()
    check(server.ask("GET", "/livez").status == 200)


def ask_ten_at_once(server):
    part = b" " * (4 * MIB)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(10)]
        for connection in connections:
            connection.request("POST", "/mutate", part, length=len(part) + len(BARE))
        for connection in connections:
            connection.send(BARE)
        return [connection.response() for connection in connections]


@test
def bodies_in_total_are_bounded(server):
    """Ten bodies that take 8 MiB each, for which buffers double, do not fit: some are told so. Where the machine had no
    time for us, the server cut what took longer than it waits, and it is tried again."""
    for _ in range(10):
        began = time.monotonic()
        try:
            answers = ask_ten_at_once(server)
            break
        except (Closed, OSError):
            check(time.monotonic() - began > 9, "a connection was closed too early")
    else:
        raise AssertionError("the machine never had time")
    codes = sorted(answer.status for answer in answers)
    check(set(codes) <= {200, 503} and 200 in codes, codes)
    for answer in answers:
        if answer.status == 503:
            check_status(answer, 503, "too many")
    check(server.review(BARE).status == 200)


# ---- the log ---------------------------------------------------------------------------------


@test
def each_decision_is_one_line_without_contents(server):
    def change(review):
        review["request"]["uid"] = "uid-of-the-log-test"
        metadata = review["request"]["object"]["metadata"]
        metadata.setdefault("annotations", {})["example.com/token"] = "s3cret-annotation"
        review["request"]["object"]["spec"]["containers"][0]["env"] = [
            {"name": "PASSWORD", "value": "s3cret-env"}]

    body = changed(change, "web.json")
    check_decision(server.review(body), body)
    line = server.find_line(uid="uid-of-the-log-test")
    check(line["message"] == "decided" and line["level"] == "info", line)
    check(line["decision"] == "patched" and line["patchBytes"] > 0, line)
    check(line["durationMicros"] >= 0 and line["namespace"] and line["pod"], line)
    check(line["operation"] == "CREATE" and line["workload"] == "web", line)
    check(line["policies"]["ship-logs"] == "injected" and "audited" not in line, line)
    check(line["time"].endswith("Z") and "T" in line["time"], line)
    check(not any("s3cret" in text for text in server.text), "a secret is in the log")


@test
def refusals_are_logged_and_cannot_flood(server):
    time.sleep(1.1)  # a second of its own
    began = time.monotonic()
    with server.connect() as connection:
        for i in range(300):
            connection.ask("GET", f"/nope-{i}\x1b[31m")
        seconds = int(time.monotonic() - began) + 2  # that these lie in, at most
        body = changed(lambda review: review["request"].update(uid="after-refusals"), "web.json")
        check_decision(connection.ask("POST", "/mutate", body), body)
    server.find_line(uid="after-refusals")  # the log has a writer of its own
    lines = [line for line in server.lines if str(line.get("path", "")).startswith("/nope-")]
    check(lines and lines[0]["path"] == "/nope-0\x1b[31m", lines[:1])
    check(len(lines) <= LINES_A_SECOND * seconds, len(lines), "lines for 300 refusals in", seconds, "seconds")
    check(lines[0]["status"] == 404 and lines[0]["level"] == "warn", lines[0])
    check(not any("\x1b" in text for text in server.text), "a control character in the log")
