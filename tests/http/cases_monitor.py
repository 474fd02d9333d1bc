# SPDX-License-Identifier: Apache-2.0
"""The port for metrics and probes: what it serves, what it does not, and what it counts."""

import contextlib
import os
import re
import socket
import ssl
import tempfile
import time

from checks import BARE, BINARY, POLICIES, changed, check, check_decision, check_status, test
from harness import EVENT_SECONDS, Closed, Connection, Server, fail_to_start, wait_until

SAMPLE = re.compile(r'([a-z_:][a-z0-9_:]*)(\{([a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (\S+)')
HEAD = re.compile(r"# (HELP|TYPE) ([a-z_]+) (.+)")


def parse(text):
    """{family: (type, {series: value})}; fails on what the format does not allow."""
    check(text.endswith("\n"), "no line break at the end")
    families, name = {}, None
    for line in text.splitlines():
        head = HEAD.fullmatch(line)
        if head and head[1] == "HELP":
            name = head[2]
            check(name not in families, name, "stands twice")
            families[name] = [None, {}]
        elif head:
            check(head[2] == name and families[name][0] is None, "TYPE without its HELP:", line)
            families[name][0] = head[3]
        else:
            sample = SAMPLE.fullmatch(line)
            check(sample, "not a sample:", line)
            check(sample[1].removeprefix(name) in ("", "_bucket", "_sum", "_count"), line, "in", name)
            series = line.rpartition(" ")[0]
            check(series not in families[name][1], series, "stands twice")
            families[name][1][series] = float(sample[4])
    return families


@test
def metrics_are_in_the_text_format(server):
    with server.connect_monitor() as connection:
        response = connection.ask("GET", "/metrics")
        check(response.status == 200, response.status)
        check(response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8",
              response.headers)
        families = parse(response.body.decode())
        check(connection.ask("HEAD", "/metrics").status == 200)  # and the connection goes on
    for name, (kind, samples) in families.items():
        check(kind in ("counter", "gauge", "histogram"), name, kind)
        check((kind == "counter") == name.endswith("_total"), name, kind)
        if kind == "histogram":
            counts = [value for series, value in samples.items()
                      if series.startswith(name + "_bucket") and "/validate" not in series]
            check(counts == sorted(counts), name, counts)
            check(counts[-1] == next(v for s, v in samples.items() if s.startswith(name + "_count")),
                  name)


@test
def probes_are_answered_on_the_monitor_too(server):
    with server.connect_monitor() as connection:
        for path in ("/livez", "/readyz", "/healthz"):
            response = connection.ask("GET", path)
            check(response.status == 200 and response.body == b"ok", path, response.status)


@test
def reviews_and_metrics_have_a_port_each(server):
    check_status(server.ask("GET", "/metrics"), 404, "/metrics")
    with server.connect_monitor() as connection:
        for path in ("/mutate", "/validate"):
            check_status(connection.ask("POST", path, BARE), 404, path)
        check_status(connection.ask("POST", "/metrics", b"x" * 100_000), 405, "GET")
        check(connection.ask("GET", "/livez").status == 200)


@contextlib.contextmanager
def server_of_its_own():
    """Whose clients are the case's: those of earlier cases are counted when the server notices that they are gone."""
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", "0s", policies=POLICIES)
        try:
            yield server
        finally:
            server.stop()


@test
def requests_are_counted_before_they_are_answered(_):
    with server_of_its_own() as server:
        check_counts(server)


def check_counts(server):
    series = 'pannier_requests_total{path="%s",code="%s",outcome="%s"}'
    duration = 'pannier_request_duration_seconds_count{path="%s"}'
    allowed = series % ("/mutate", 200, "allowed")
    for path, body, wanted in (("/mutate", BARE, allowed), ("/mutate", b"no", series % ("/mutate", 400, "error")),
                               ("/validate", BARE, series % ("/validate", 200, "allowed"))):
        before, times = server.metric(wanted), server.metric(duration % path)
        server.review(body, path)
        check(server.metric(wanted) == before + 1, wanted)
        check(server.metric(duration % path) == times + 1, path)
    before = server.metric(series % ("other", 404, "error"))
    server.ask("GET", "/nothing")
    check(server.metric(series % ("other", 404, "error")) == before + 1)
    text = server.metrics_text()
    server.ask("GET", "/livez")
    counted = [line for line in text.splitlines() if line.startswith("pannier_requests_total")]
    again = server.metrics_text().splitlines()
    check(all(line in again for line in counted), "a probe is counted")


@test
def a_client_that_leaves_is_counted(_):
    series = 'pannier_requests_total{path="/mutate",code="none",outcome="unanswered"}'
    with server_of_its_own() as server:
        connection = server.connect()
        connection.request("POST", "/mutate", BARE[:100], length=len(BARE))
        connection.close()
        wait_until(lambda: server.metric(series) == 1, "it is counted")


@test
def decisions_are_counted_by_policy_and_reason(server):
    def change(review):
        review["request"]["object"]["metadata"].setdefault("labels", {})[
            "inject.pannier.dev/logging"] = "enabled"

    body = changed(change, "web.json")
    text = server.metrics_text()
    _, patch = check_decision(server.review(body), body)
    check(patch, "the sample is not injected")
    grown = set(server.metrics_text().splitlines()) - set(text.splitlines())
    for start in ("pannier_decisions_total{policy=", "pannier_added_requests_total{policy=",
                  "pannier_patch_bytes_count "):
        check(any(line.startswith(start) for line in grown), start, grown)


@test
def the_server_tells_how_it_is(_):
    with server_of_its_own() as server:
        check_told(server)


def check_told(server):
    text = server.metrics_text()
    values = {name: samples for name, (_, samples) in parse(text).items()}
    check(list(values["pannier_ready"].values()) == [1])
    check(list(values["pannier_policy_load_failed"].values()) == [0])
    check(re.search(r'^pannier_policy_set_info\{hash="[0-9a-f]{16}"\} 1$', text, re.M), text)
    check(values["pannier_policies"]["pannier_policies"] > 0)
    expiry = values["pannier_certificate_expiry_timestamp_seconds"].popitem()[1]
    with server.connect() as connection:
        served = ssl.cert_time_to_seconds(connection.sock.getpeercert()["notAfter"])
    check(expiry == served, "the certificate ends", served, "and not", expiry)
    check(abs(values["process_start_time_seconds"].popitem()[1] - time.time()) < 600)
    check(values["process_resident_memory_bytes"].popitem()[1] / 1024 < 2 * server.resident_kib())
    fds = len(os.listdir(f"/proc/{server.process.pid}/fd"))
    check(abs(values["process_open_fds"].popitem()[1] - fds) < 20, fds)
    with server.connect() as one, server.connect() as two:
        one.ask("GET", "/livez")
        two.ask("GET", "/livez")
        check(server.metric("pannier_connections") >= 2)


@test
def equal_policies_have_an_equal_hash(server):
    info = re.compile(r"^pannier_policy_set_info.*$", re.M)
    with tempfile.TemporaryDirectory() as directory:
        other = Server(BINARY, directory, "--shutdown-delay", "0s", policies=POLICIES)
        check(info.search(other.metrics_text())[0] == info.search(server.metrics_text())[0])
        other.stop()


@test
def a_crowd_on_the_monitor_is_bounded_and_goes(_):
    with server_of_its_own() as server:
        check_crowd(server)


def check_crowd(server):
    address = server.monitor_address()
    crowd = [socket.create_connection(address) for _ in range(64)]
    server.find_line(message="refused a connection: too many are open")  # and not only cut later, for its silence
    check_decision(server.review(BARE), BARE)  # reviews do not notice
    for sock in crowd[-32:]:
        sock.settimeout(EVENT_SECONDS)
        check(sock.recv(1) == b"", "one too many is open")
    wait_until(lambda: is_ready(server), "the silent ones go")
    for sock in crowd:
        sock.close()


def is_ready(server):
    try:
        return server.metric("pannier_ready") == 1
    except (Closed, OSError):  # there is no room for us yet
        return False


@test
def a_full_table_is_told(_):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", "0s", policies=POLICIES, files=200)
        most = server.metric("pannier_connections_max")
        crowd = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(300)]
        server.find_line(message="refused a connection: too many are open")
        wait_until(lambda: server.metric("pannier_connections_refused_total") >= 300 - most, most, "are let in")
        check(server.metric("pannier_connections") <= most < 200)
        for sock in crowd:
            sock.close()
        server.stop()


@test
def the_monitor_goes_on_while_it_drains(_):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(BINARY, directory, "--shutdown-delay", "600s", policies=POLICIES)
        server.drain()
        with server.connect_monitor() as connection:
            check_status(connection.ask("GET", "/readyz"), 503, "shutting down")
        server.signal()
        check(server.wait() == 0)


@test
def the_monitor_may_be_left_out(_):
    for nowhere in ("0", ""):
        with tempfile.TemporaryDirectory() as directory:
            server = Server(BINARY, directory, "--shutdown-delay", "0s", "--metrics-bind-address",
                            nowhere, policies=POLICIES)
            check("metrics" not in server.line, server.line)
            check_decision(server.review(BARE), BARE)
            server.stop()


@test
def addresses_of_the_monitor(server):
    with tempfile.TemporaryDirectory() as directory:
        other = Server(BINARY, directory, "--shutdown-delay", "0s", "--metrics-bind-address", ":0",
                       policies=POLICIES)
        port = other.monitor_address()[1]
        with Connection(socket.create_connection(("127.0.0.1", port), 10)) as connection:
            check(connection.ask("GET", "/livez").status == 200)
        other.stop()
    taken = "127.0.0.1:%d" % server.monitor_address()[1]
    for address, fragment in ((taken, "taken"), ("127.0.0.1", "expected ADDRESS:PORT"),
                              ("127.0.0.1:x", "expected ADDRESS:PORT"), ("::1:80", "expected ADDRESS:PORT"),
                              ("127.0.0.1:65536", "expected ADDRESS:PORT"), ("nowhere:80", "nowhere"),
                              ("x" * 100 + ":80", "expected ADDRESS:PORT")):
        code, said = fail_to_start(BINARY, "-p", POLICIES, "--secure-port", "0",
                                   "--metrics-bind-address", address)
        check(code == 2 and fragment in said, address, code, said)
        check(len(said.strip().splitlines()) == 1, said)
