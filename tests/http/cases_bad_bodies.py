# SPDX-License-Identifier: Apache-2.0
"""Bodies that are no review, or one that no API server would send."""

import copy
import json

from checks import (BARE, BODY_MAX, MIB, changed, check, check_allowed_unchanged, check_decision,
                    check_status, test)
from harness import Closed

# ---- bad bodies ------------------------------------------------------------------------------


@test
def not_json_is_400(server):
    with server.connect() as connection:
        for body in (b"", b" ", b"hello", b"{", b"[1,2", b"{'a':1}", b"\x00", b"\xff\xfe", b"{}x",
                     BARE + b"{}", b"\xef\xbb\xbf", BARE.replace(b'"', b"'")):
            check_status(connection.ask("POST", "/mutate", body), 400)


@test
def json_of_another_kind_is_400(server):
    with server.connect() as connection:
        for body in (b"null", b"1", b'"x"', b"[]", b"{}", b"true"):
            check_status(connection.ask("POST", "/mutate", body), 400)


@test
def a_review_cut_at_every_byte_is_400(server):
    whole = BARE.rstrip()
    connection = server.connect()
    for n in range(len(whole)):
        if n % 500 == 499:  # connections of different ages
            connection.close()
            connection = server.connect()
        check_status(connection.ask("POST", "/mutate", whole[:n]), 400)
    check_decision(connection.ask("POST", "/mutate", whole), whole)
    connection.close()


@test
def depth_of_100_000_is_refused(server):
    deep = b"[" * 100_000 + b"]" * 100_000
    objects = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    inside = BARE.rstrip()[:-1] + b',"x":' + deep + b"}"
    spec = changed(lambda review: review["request"]["object"]["spec"].update(x="DEEP"))
    with server.connect() as connection:
        for body in (deep, objects, b"[" * 100_000, spec.replace(b'"DEEP"', deep)):
            response = connection.ask("POST", "/mutate", body)
            check_status(response, 413 if response.status == 413 else 400)  # very dense, too
        # What stands outside of the Pod is not looked at; but it must do no harm.
        check(connection.ask("POST", "/mutate", inside).status in (200, 400))


@test
def too_large_bodies_are_413(server):
    for size in (BODY_MAX + 1, 9 * MIB, 15 * MIB):
        with server.connect() as connection:
            response = connection.ask("POST", "/mutate", b" " * size)
            check_status(response, 413, str(BODY_MAX))
            check_decision(connection.ask("POST", "/mutate", BARE), BARE)


@test
def the_largest_body_is_read(server):
    with server.connect() as connection:
        body = BARE + b" " * (BODY_MAX - len(BARE))
        check_decision(connection.ask("POST", "/mutate", body), BARE)


@test
def far_too_large_bodies_are_cut_off(server):
    """More than the server discards: 413 or a closed connection, whatever arrives first."""
    with server.connect() as connection:
        try:
            connection.request("POST", "/mutate", None,
                               [("Content-Length", 64 * MIB), ("Content-Type", "application/json")])
            for _ in range(64):
                connection.send(b" " * MIB)
            check_status(connection.response(), 413)
        except (Closed, OSError):
            pass


@test
def bad_content_lengths_are_refused(server):
    for value in ("-1", "x", "1x", "99999999999999999999999", "0x10", "1.5"):
        with server.connect() as connection:
            connection.request("POST", "/mutate", None,
                               [("Content-Length", value), ("Content-Type", "application/json")])
            check(connection.response().status in (400, 413), value)
            while not connection.is_closed():  # the library may repeat its own error page
                pass


@test
def content_length_that_is_too_long(server):
    """The client ends before its announced length: no answer, and nothing is decided."""
    with server.connect() as connection:
        connection.request("POST", "/mutate", BARE, length=len(BARE) + 100)
        connection.sock.unwrap()  # TLS close_notify
        check(connection.is_closed())
    with server.connect() as connection:
        connection.request("POST", "/mutate", BARE, length=len(BARE) + 100)


@test
def content_length_that_is_too_short(server):
    """The rest of the body is no request: 400, and the connection ends."""
    with server.connect() as connection:
        connection.request("POST", "/mutate", BARE, length=len(BARE) - 100)
        check_status(connection.response(), 400)
        try:
            check(connection.response().status == 400)
        except Closed:
            pass
        connection.send(b"\r\n\r\n")
        check(connection.is_closed())


@test
def wrong_kind_or_version_is_400(server):
    for key, value in (("kind", "Pod"), ("kind", ""), ("kind", 1), ("kind", None),
                       ("apiVersion", "admission.k8s.io/v1beta1"), ("apiVersion", "v1"),
                       ("apiVersion", None), ("apiVersion", [])):
        body = changed(lambda review: review.update({key: value}))
        check_status(server.review(body), 400, key)
    for key in ("kind", "apiVersion"):
        check_status(server.review(changed(lambda review: review.pop(key))), 400, key)


@test
def without_request_or_object_it_is_400(server):
    check_status(server.review(changed(lambda review: review.pop("request"))), 400, "request")
    for value in (None, 1, "x", [], {}):
        check_status(server.review(changed(lambda review: review.update(request=value))), 400,
                     "request")
    check_status(server.review(changed(lambda review: review["request"].pop("object"))), 400,
                 "request.object")
    for value in (None, 1, "x", [], {}):
        body = changed(lambda review: review["request"].update(object=value))
        check_status(server.review(body), 400, "request.object")
    check_status(server.review(changed(lambda review: review["request"].pop("uid"))), 400, "uid")


@test
def pods_without_containers_are_left_alone(server):
    def spec(review):
        return review["request"]["object"]["spec"]

    check_allowed_unchanged(server, changed(lambda review: spec(review).update(containers=None)))
    check_allowed_unchanged(server, changed(lambda review: spec(review).update(containers=[])))
    check_allowed_unchanged(server, changed(lambda review: spec(review).pop("containers")))


@test
def containers_of_a_wrong_type_are_400(server):
    for value in ("x", 1, {}, [1], ["x"], [None], [[]], [{"name": 1}]):
        body = changed(lambda review: review["request"]["object"]["spec"].update(containers=value))
        check_status(server.review(body), 400, "containers")


@test
def labels_null_is_fine_and_of_a_wrong_type_is_400(server):
    def metadata(review):
        return review["request"]["object"]["metadata"]

    body = changed(lambda review: metadata(review).update(labels=None))
    check_decision(server.review(body), body)
    for value in ("x", 1, [], ["x"], {"a": 1}, {"a": {}}, {"a": []}, {"a": True}):
        body = changed(lambda review: metadata(review).update(labels=value))
        check_status(server.review(body), 400, "labels")
    for value in ("x", [], {"a": 1}):
        body = changed(lambda review: metadata(review).update(annotations=value))
        check_status(server.review(body), 400, "annotations")


@test
def nul_in_names_is_compared_with_its_length(server):
    def container(review):
        review["request"]["object"]["spec"]["containers"][0]["name"] = "app\0x"

    def label(review):  # cut at the NUL it would be selected
        metadata = review["request"]["object"]["metadata"]
        metadata["labels"] = {"inject.pannier.dev/logging": "enabled\0",
                              "inject.pannier.dev/logging\0": "enabled"}

    check_allowed_unchanged(server, changed(container, "web.json"))
    check_allowed_unchanged(server, changed(label))
    body = changed(lambda review: review["request"].update(uid="a\0b", namespace="shop\0x"))
    check_decision(server.review(body), body)


@test
def duplicate_keys_are_400(server):
    for old, new in ((b'"uid"', b'"uid":"x","uid"'), (b'"request"', b'"request":{},"request"'),
                     (b'"kind":"AdmissionReview"', b'"kind":"A","kind":"AdmissionReview"'),
                     (b'"containers"', b'"containers":[],"containers"'),
                     (b'"metadata"', b'"metadata":{},"metadata"')):
        check(old in BARE, old)
        check_status(server.review(BARE.replace(old, new, 1)), 400, "twice")


@test
def invalid_utf8_is_400(server):
    name = json.loads(BARE)["request"]["object"]["spec"]["containers"][0]["name"].encode()
    for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"):
        check_status(server.review(BARE.replace(b'"' + name + b'"', b'"a' + bad + b'"')), 400)


@test
def numbers_out_of_range_do_no_harm(server):
    def put(review):
        review["request"]["object"]["spec"]["terminationGracePeriodSeconds"] = "NUMBER"

    body = changed(put)
    for number in (b"1e999", b"-1e999"):
        check_status(server.review(body.replace(b'"NUMBER"', number)), 400)
    for number in (b"9223372036854775808", b"-9223372036854775809", b"1" + b"0" * 300, b"1e-999",
                   b"0.1", b"1e308", b"-0"):
        sent = body.replace(b'"NUMBER"', number)
        answer, _ = check_decision(server.review(sent), sent)
        check(answer["allowed"], number, answer)


@test
def two_thousand_containers_are_decided(server):
    def grow(review):
        containers = review["request"]["object"]["spec"]["containers"]
        review["request"]["object"]["spec"]["containers"] = [
            dict(copy.deepcopy(containers[0]), name=f"c{i}") for i in range(2000)]

    for name in ("bare.json", "web.json"):
        body = changed(grow, name)
        answer, _ = check_decision(server.review(body), body)
        check(answer["allowed"], name, answer)


@test
def very_dense_json_is_answered(server):
    """Small values cost many times their bytes in memory: 413, not a killed server."""
    body = changed(lambda review: review["request"]["object"]["spec"].update(x="DENSE"))
    for dense in (b"[" + b"0," * (3 * MIB) + b"0]", b"[" + b"{}," * (2 * MIB) + b"0]"):
        response = server.review(body.replace(b'"DENSE"', dense))
        check(response.status in (200, 413), response.status, response.body[:200])
