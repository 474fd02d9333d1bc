# SPDX-License-Identifier: Apache-2.0
"""Probes, reviews, and HTTP as others speak it."""

import os

from checks import (BARE, BODY_MAX, MIB, REVIEWS, changed, check, check_decision, check_status,
                    read_review, test)

# ---- the probes -----------------------------------------------------------------------------


@test
def probes_say_ok(server):
    with server.connect() as connection:
        for path in ("/livez", "/readyz", "/healthz"):
            response = connection.ask("GET", path)
            check(response.status == 200 and response.body == b"ok", path, response.body)
            response = connection.ask("HEAD", path)
            check(response.status == 200 and response.headers["content-length"] == "2", path)


@test
def unknown_path_is_404(server):
    with server.connect() as connection:
        for path in ("/", "/mutate/", "/Mutate", "/livez/x", "//mutate", "/mutate%00", "/%6dutate"):
            check_status(connection.ask("POST", path, BARE), 404)
        check_status(connection.ask("GET", "/nope?x=1"), 404, "/nope")


@test
def wrong_method_is_405_and_names_the_right_one(server):
    with server.connect() as connection:
        for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
            response = connection.ask(method, "/mutate", BARE if method == "PUT" else None)
            check_status(response, 405, method)
            check(response.headers["allow"] == "POST", response.headers)
        response = connection.ask("HEAD", "/mutate")
        check(response.status == 405 and response.headers["allow"] == "POST", response.status)
        response = connection.ask("POST", "/livez", b"x")
        check_status(response, 405)
        check(response.headers["allow"] == "GET, HEAD", response.headers)


# ---- reviews ---------------------------------------------------------------------------------


@test
def every_recorded_review_gets_a_valid_response(server):
    names = sorted(name for name in os.listdir(REVIEWS) if name.endswith(".json"))
    check(len(names) > 10, "too few reviews in", REVIEWS)
    with server.connect() as connection:
        for name in names:
            body = read_review(name)
            answer, _ = check_decision(connection.ask("POST", "/mutate?timeout=10s", body), body)
            check(answer["allowed"], name, answer)


@test
def some_recorded_review_is_injected(server):
    patched = []
    for name in sorted(os.listdir(REVIEWS)):
        body = read_review(name)
        _, patch = check_decision(server.review(body), body)
        if patch:
            patched.append(name)
    check("web.json" in patched, "patched:", patched)


@test
def equal_reviews_get_equal_bytes(server):
    body = read_review("web.json")
    with server.connect() as connection:
        answers = {connection.ask("POST", "/mutate", body).body for _ in range(20)}
    check(len(answers) == 1, len(answers), "different answers")


@test
def content_type_is_json_with_parameters_in_any_case_or_missing(server):
    with server.connect() as connection:
        for value in ("application/json", "application/json; charset=utf-8",
                      "Application/JSON;charset=UTF-8", " application/json ; a=b", None):
            response = connection.ask("POST", "/mutate", BARE, [("Content-Type", value)])
            check_decision(response, BARE)
        for value in ("text/plain", "application/jsonx", "application/x-www-form-urlencoded", ";"):
            response = connection.ask("POST", "/mutate", BARE, [("Content-Type", value)])
            check_status(response, 415, value)


@test
def chunked_body_is_taken(server):
    def chunks(body, size):
        parts = [body[i:i + size] for i in range(0, len(body), size)]
        return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"

    big = read_review("big.json")
    with server.connect() as connection:
        for body, size in ((BARE, 100), (BARE, 1), (big, 9999)):
            connection.request("POST", "/mutate", chunks(body, size),
                               [("Transfer-Encoding", "chunked")])
            check_decision(connection.response(), body)


@test
def chunked_body_has_the_same_limit(server):
    chunk = b"%x\r\n%s\r\n" % (MIB, b" " * MIB)
    with server.connect() as connection:
        connection.request("POST", "/mutate", None, [("Transfer-Encoding", "chunked")])
        for _ in range(9):
            connection.send(chunk)
        connection.send(b"0\r\n\r\n")
        check_status(connection.response(), 413, str(BODY_MAX))
        check_decision(connection.ask("POST", "/mutate", BARE), BARE)


@test
def malformed_chunks_end_the_connection(server):
    with server.connect() as connection:
        connection.request("POST", "/mutate", b"xyz\r\nhello\r\n",
                           [("Transfer-Encoding", "chunked")])
        check(connection.response().status == 400)
        check(connection.is_closed())


@test
def other_transfer_encodings_are_501(server):
    with server.connect() as connection:
        connection.request("POST", "/mutate", BARE, [("Transfer-Encoding", "gzip")])
        response = connection.response()
        if response.status == 400:  # libmicrohttpd 1.0 refuses it before we see it
            return
        check_status(response, 501, "gzip")


@test
def without_a_length_it_is_411(server):
    with server.connect() as connection:
        response = connection.ask("POST", "/mutate", None, [("Content-Type", "application/json")])
        check_status(response, 411, "Content-Length")
        check(response.headers.get("connection") == "close", response.headers)
        check(connection.is_closed())


# ---- HTTP as others speak it ------------------------------------------------------------------


@test
def keep_alive_by_default(server):
    with server.connect() as connection:
        for _ in range(100):
            response = connection.ask("POST", "/mutate", BARE)
            check_decision(response, BARE)
            check(response.headers.get("connection", "").lower() != "close", response.headers)


@test
def connection_close_is_honoured(server):
    with server.connect() as connection:
        response = connection.ask("POST", "/mutate", BARE, [("Connection", "close")])
        check_decision(response, BARE)
        check(response.headers.get("connection") == "close", response.headers)
        check(connection.is_closed())


@test
def http_1_0_works(server):
    with server.connect() as connection:
        check_decision(connection.ask("POST", "/mutate", BARE, version="HTTP/1.0"), BARE)
        check(connection.is_closed())
    with server.connect() as connection:
        for _ in range(2):
            response = connection.ask("GET", "/livez", version="HTTP/1.0",
                                      headers=[("Connection", "Keep-Alive")])
            check(response.status == 200 and response.body == b"ok", response.status)


@test
def pipelined_requests_are_answered_in_order(server):
    bodies = [changed(lambda review, i=i: review["request"].update(uid=f"uid-{i}"))
              for i in range(20)]
    with server.connect() as connection:
        for body in bodies:
            connection.request("POST", "/mutate", body)
        for body in bodies:
            check_decision(connection.response(), body)


@test
def expect_100_continue_works(server):
    huge = read_review("huge.json")
    with server.connect() as connection:
        for _ in range(2):
            connection.request("POST", "/mutate", None,
                               [("Expect", "100-continue"), ("Content-Length", len(huge)),
                                ("Content-Type", "application/json")])
            check(connection.response().status == 100)
            connection.send(huge)
            check_decision(connection.response(), huge)


@test
def expect_100_continue_is_refused_before_the_body(server):
    for path, length, kind, code in (("/nope", 10, "application/json", 404),
                                     ("/mutate", 9 * MIB, "application/json", 413),
                                     ("/mutate", 10, "text/plain", 415)):
        with server.connect() as connection:
            connection.request("POST", path, None,
                               [("Expect", "100-continue"), ("Content-Length", length),
                                ("Content-Type", kind)])
            check_status(connection.response(), code)
            check(connection.is_closed())


@test
def refused_body_is_read_and_the_connection_goes_on(server):
    with server.connect() as connection:
        check_status(connection.ask("POST", "/nope", b"x" * MIB), 404)
        check_status(connection.ask("POST", "/mutate", b"x" * MIB, [("Content-Type", "a/b")]), 415)
        check(connection.ask("GET", "/livez", b"x" * MIB).status == 200)
        check_decision(connection.ask("POST", "/mutate", BARE), BARE)
