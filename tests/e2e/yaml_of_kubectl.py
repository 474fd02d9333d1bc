# SPDX-License-Identifier: Apache-2.0
"""YAML read by kubectl itself: these tests need no YAML library."""

import json


def documents(fixture, text):
    """The objects of a YAML text, in order."""
    code, output = fixture.cluster.kubectl("annotate", "--local", "-o", "json", "-f", "-", "nothing-",
                                           stdin=text.encode())
    if code != 0:
        raise RuntimeError(output)
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(output):
        value, at = decoder.raw_decode(output, at)
        found.extend(value["items"] if value["kind"] == "List" else [value])
        while at < len(output) and output[at].isspace():
            at += 1
    return found


def text(objects):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
